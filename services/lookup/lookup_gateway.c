/* lookup_gateway - see lookup_gateway.h. */
#include "lookup_gateway.h"

#include "viet.h"

/* --- requests ------------------------------------------------------------------ */

struct text
lookup_request_id(struct arena *arena, struct text dossier, int round, const struct lookup_question *question)
{
	return arena_printf(arena, "%.*s/%d/%s/%.*s", TEXT_ARG(dossier), round,
	    lookup_registry_name(question->registry), TEXT_ARG(question->subject));
}

static void
put_member(struct buf *buf, const char *name, struct text value)
{
	buf_puts(buf, buf->n > 1 ? ",\"" : "\"");
	buf_puts(buf, name);
	buf_puts(buf, "\":");
	buf_json_text(buf, text_is_absent(value) ? TEXT("") : value);
}

/* "1990-05-17" as the register writes it: "19900517". */
static struct text
birth_compact(struct arena *arena, struct text birth)
{
	if (birth.n != 10)
		return TEXT("");
	return arena_printf(arena, "%.4s%.2s%.2s", birth.s, birth.s + 5, birth.s + 8);
}

struct text
population_request(struct arena *arena, const struct lookup_caller *caller, struct text request_id,
    const struct lookup_question *question)
{
	struct buf buf = buf_in(arena);

	buf_puts(&buf, "{");
	put_member(&buf, "MaYeuCau", request_id);
	put_member(&buf, "MaTichHop", text_of(caller->integration));
	put_member(&buf, "MaDVC", caller->procedure);
	put_member(&buf, "MaCanBo", text_of(caller->application));
	put_member(&buf, "MaCoQuan", caller->agency);
	put_member(&buf, "MaHoSo", caller->dossier);
	put_member(&buf, "MucDich", question->purpose);
	put_member(&buf, "CanCuPhapLy", question->legal_basis);
	put_member(&buf, "SoDinhDanh", doc_get_text(question->person, "number"));
	put_member(&buf, "HoVaTen", doc_get_text(question->person, "name"));
	put_member(&buf, "NgayThangNamSinh", birth_compact(arena, doc_get_text(question->person, "birth_date")));
	buf_puts(&buf, "}");
	return buf_get(&buf);
}

/* RFC 3986: everything but unreserved characters as %XX; headers carry ASCII only. */
static struct text
percent_encode(struct arena *arena, struct text t)
{
	struct buf buf = buf_in(arena);

	buf_puts(&buf, "");
	for (size_t i = 0; i < t.n; i++) {
		char c = t.s[i];

		if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
		    (c != '\0' && strchr("-._~", c) != NULL))
			buf_put(&buf, &c, 1);
		else
			buf_printf(&buf, "%%%02X", (unsigned char)c);
	}
	return buf_get(&buf);
}

struct text
enterprise_path(struct arena *arena, const struct lookup_question *question)
{
	struct text code = percent_encode(arena, doc_get_text(question->person, "tax_code"));

	return arena_printf(arena, "/ChiTietDoanhNghiep?msdn=%.*s", TEXT_ARG(code));
}

static const char *
header(struct arena *arena, const char *name, struct text value)
{
	struct text encoded = percent_encode(arena, value);

	return arena_printf(arena, "%s: %.*s", name, TEXT_ARG(encoded)).s;
}

void
enterprise_headers(struct arena *arena, const struct lookup_caller *caller, struct text request_id,
    const struct lookup_question *question, const char *headers[6])
{
	/* A derived id has nothing but letters, digits and . _ - / in it. */
	headers[0] = arena_printf(arena, "X-Request-Id: %.*s", TEXT_ARG(request_id)).s;
	headers[1] = header(arena, "X-Purpose", question->purpose);
	headers[2] = header(arena, "X-Legal-Basis", question->legal_basis);
	headers[3] = header(arena, "X-Agency", caller->agency);
	headers[4] = header(arena, "X-Dossier", caller->dossier);
	headers[5] = NULL;
}

/* --- answers ------------------------------------------------------------------- */

/* What a register supplies beyond what was declared. */
struct filling {
	struct buf	json, names;
	int		n;
};

static struct filling
filling_begin(struct arena *arena)
{
	struct filling filling = { buf_in(arena), buf_in(arena), 0 };

	buf_puts(&filling.json, "{");
	buf_puts(&filling.names, "[");
	return filling;
}

static void
fill(struct filling *filling, const char *name, const struct doc_node *value)
{
	if (value == NULL || doc_kind(value) == DOC_NULL || (doc_kind(value) == DOC_TEXT && doc_text(value).n == 0))
		return;
	buf_printf(&filling->json, "%s\"%s\":", filling->n > 0 ? "," : "", name);
	doc_write(&filling->json, value);
	buf_printf(&filling->names, "%s\"%s\"", filling->n++ > 0 ? "," : "", name);
}

static void
filling_end(struct filling *filling, struct lookup_answer *answer)
{
	if (filling->n == 0)
		return;
	buf_puts(&filling->json, "}");
	buf_puts(&filling->names, "]");
	answer->filled = buf_get(&filling->json);
	answer->filled_names = buf_get(&filling->names);
}

static const struct doc_node *
body_read(struct arena *arena, struct text body)
{
	const struct doc_node *root = NULL;
	struct doc_error why;

	return doc_parse(arena, body, NULL, &root, &why) == FAULT_NONE && doc_kind(root) == DOC_OBJECT ? root : NULL;
}

bool
lookup_is_document(struct arena *arena, struct text body)
{
	return body_read(arena, body) != NULL;
}

/* Ho, ChuDem and Ten, those there are, with blanks between; or one text. */
static struct text
person_name(struct arena *arena, const struct doc_node *name)
{
	static const char *const parts[] = { "Ho", "ChuDem", "Ten" };
	struct buf buf = buf_in(arena);

	if (doc_kind(name) == DOC_TEXT)
		return doc_text(name);
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		struct text part = doc_get_text(name, parts[i]);

		if (part.n == 0)
			continue;
		if (buf.n > 0)
			buf_puts(&buf, " ");
		buf_text(&buf, part);
	}
	return buf.n > 0 ? buf_get(&buf) : TEXT_NONE;
}

static bool
all_digits(struct text t)
{
	for (size_t i = 0; i < t.n; i++)
		if (t.s[i] < '0' || t.s[i] > '9')
			return false;
	return t.n > 0;
}

/* {"Nam", "NgayThangNam"}: the whole day where it is known, as "yyyy-mm-dd", else the year. */
static struct text
person_birth(struct arena *arena, const struct doc_node *birth)
{
	struct text day = doc_get_text(birth, "NgayThangNam"), year = doc_get_text(birth, "Nam");

	if (day.n == 8 && all_digits(day))
		return arena_printf(arena, "%.4s-%.2s-%.2s", day.s, day.s + 4, day.s + 6);
	if (day.n == 6 && all_digits(day))
		return arena_printf(arena, "%.4s-%.2s", day.s, day.s + 4);
	return year;
}

/* The one with the number asked for, where there are several. */
static const struct doc_node *
person_choose(const struct doc_node *people, struct text number)
{
	for (struct doc_iter it = doc_iter(people); doc_next(&it); )
		if (text_is_equal(doc_get_text(it.value, "SoDinhDanh"), number))
			return it.value;
	return doc_at(people, 0);
}

static bool
is_of_another(const struct doc_node *person, struct text number)
{
	struct text said = doc_get_text(person, "SoDinhDanh");

	return said.n > 0 && !text_is_equal(said, number);
}

bool
population_answer(struct arena *arena, const struct lookup_question *question, struct text body,
    struct lookup_answer *answer)
{
	const struct doc_node *root = body_read(arena, body), *people, *person;
	struct lookup_person known;
	struct filling filling = filling_begin(arena);

	if (!text_is(doc_get_text(root, "MaLoi"), "000"))
		return false;
	people = doc_get(doc_get(root, "CongdanCollection"), "CongDan");
	if (doc_kind(people) != DOC_ARRAY)
		return false;
	person = person_choose(people, doc_get_text(question->person, "number"));
	/* Somebody else's record is no answer about this person: the register has mixed something up. */
	answer->is_stray = is_of_another(person, doc_get_text(question->person, "number"));
	if (answer->is_stray)
		return false;
	known = (struct lookup_person){ person_name(arena, doc_get(person, "HoVaTen")),
	    doc_get_text(person, "SoDinhDanh"), person_birth(arena, doc_get(person, "NgayThangNamSinh")) };
	fill(&filling, "sex", doc_get(person, "GioiTinh"));
	if (doc_get(question->person, "birth_date") == NULL)
		fill(&filling, "birth_date", doc_get(person, "NgayThangNamSinh"));
	if (doc_get(question->person, "address") == NULL)
		fill(&filling, "address", doc_get(person, "ThuongTru"));
	filling_end(&filling, answer);
	lookup_judge_person(arena, question, person != NULL ? &known : NULL, answer);
	return true;
}

/* A record may be relied on while the business works; a register that says nothing of it has nothing against it. */
static bool
status_is_good(struct arena *arena, struct text status)
{
	return status.n == 0 || text_is_equal(viet_key(arena, status), viet_key(arena, TEXT("Đang hoạt động")));
}

/* Representatives come as a list, or one alone as an object. */
static const struct doc_node *
representative_name(const struct doc_node *data)
{
	const struct doc_node *them = doc_get(data, "Representatives");

	return doc_get(doc_kind(them) == DOC_ARRAY ? doc_at(them, 0) : them, "FULL_NAME");
}

bool
enterprise_answer(struct arena *arena, const struct lookup_question *question, struct text body,
    struct lookup_answer *answer)
{
	const struct doc_node *root = body_read(arena, body), *data = doc_get(root, "Data"),
	    *main = doc_get(data, "MainInformation");
	struct lookup_business known = { .tax_code = doc_get_text(main, "ENTERPRISE_GDT_CODE"),
	    .name = doc_get_text(main, "NAME"),
	    .is_usable = status_is_good(arena, doc_get_text(main, "ENTERPRISE_STATUS_NAME")) };
	struct filling filling = filling_begin(arena);

	if (doc_kind(data) == DOC_NULL) {
		lookup_judge_business(arena, question, NULL, answer);
		return true;
	}
	if (doc_kind(main) != DOC_OBJECT)
		return false;
	fill(&filling, "type", doc_get(main, "ENTERPRISE_TYPE_NAME"));
	fill(&filling, "founded_on", doc_get(main, "FOUNDING_DATE"));
	fill(&filling, "registered_office", doc_get(doc_get(data, "HOAdress"), "AddressFullText"));
	fill(&filling, "representative", representative_name(data));
	filling_end(&filling, answer);
	lookup_judge_business(arena, question, &known, answer);
	return true;
}
