/*
 * population - the national population database (CSDL quoc gia ve dan cu).
 *
 * Operation TraCuuThongTinCongDan.  It knows everybody, as whoever is asked
 * for: the name that came is split into Ho, ChuDem and Ten and echoed with
 * number and birth date.  Numbers of people end with what goes wrong with them
 * (see README.md), or rules say so.
 */
#include "serve.h"

struct person {
	struct text	number, name, birth_date;
};

static void
put_name(struct buf *buf, struct text name)
{
	size_t first = 0, last = name.n;

	while (first < name.n && name.s[first] != ' ')
		first++;
	while (last > first && name.s[last - 1] != ' ')
		last--;
	buf_puts(buf, "{\"Ho\":");
	buf_json_text(buf, (struct text){ name.s, first });
	buf_puts(buf, ",\"ChuDem\":");
	if (last > first + 1)
		buf_json_text(buf, (struct text){ name.s + first + 1, last - first - 2 });
	else
		buf_puts(buf, "\"\"");
	buf_puts(buf, ",\"Ten\":");
	buf_json_text(buf, (struct text){ name.s + last, name.n - last });
	buf_puts(buf, "}");
}

/* The fourth digit of a number tells century and sex: even is male (Law on Identity 2023, Art. 12). */
static int
sex_of(struct text number)
{
	return number.n > 3 && (number.s[3] - '0') % 2 == 1 ? 2 : 1;
}

static struct text
person_write(struct arena *arena, const struct person *person)
{
	struct buf buf = buf_in(arena);
	struct text year = { person->birth_date.s, person->birth_date.n < 4 ? 0 : 4 };

	buf_puts(&buf, "{\"MaLoi\":\"000\",\"CongdanCollection\":{\"CongDan\":[{\"SoDinhDanh\":");
	buf_json_text(&buf, person->number);
	buf_puts(&buf, ",\"HoVaTen\":");
	put_name(&buf, person->name);
	buf_printf(&buf, ",\"GioiTinh\":%d,\"NgayThangNamSinh\":{\"Nam\":", sex_of(person->number));
	buf_json_text(&buf, year);
	buf_puts(&buf, ",\"NgayThangNam\":");
	buf_json_text(&buf, person->birth_date);
	buf_puts(&buf, "},\"ThuongTru\":{\"MaTinhThanh\":\"01\",\"MaPhuongXa\":\"00004\","
	    "\"ChiTiet\":\"Số 12 ngõ 34 phố Huế\"}}]}}");
	return buf_get(&buf);
}

/* Somebody else's number: the last digit is another. */
static struct text
other_number(struct arena *arena, struct text number)
{
	struct buf buf = buf_in(arena);

	buf_put(&buf, number.s, number.n - 1);
	buf_puts(&buf, number.s[number.n - 1] == '9' ? "0" : "9");
	return buf_get(&buf);
}

static struct reply
look_up(struct arena *arena, const struct conduct *conduct, struct person person)
{
	struct reply reply = { .status = 200, .outcome = "match" };

	if (conduct->deed == DO_NOT_FOUND) {
		reply.outcome = "not_found";
		reply.body = TEXT("{\"MaLoi\":\"000\",\"CongdanCollection\":{\"CongDan\":[]}}");
		return reply;
	}
	if (conduct->deed == DO_NO_RIGHT) {
		reply.outcome = "no_right";
		reply.body = TEXT("{\"MaLoi\":\"004\"}");
		return reply;
	}
	if (conduct->deed == DO_MISMATCH) {
		reply.outcome = "mismatch";
		person.name = TEXT("Phan Thị Hoàng Oanh");
	}
	if (conduct->deed == DO_WRONG_PERSON) {
		reply.outcome = "wrong_person";
		person.number = other_number(arena, person.number);
	}
	reply.body = person_write(arena, &person);
	return reply;
}

void
population_request(struct request *request)
{
	const struct doc_node *body = serve_body(request);
	struct person person = { doc_get_text(body, "SoDinhDanh"), doc_get_text(body, "HoVaTen"),
	    doc_get_text(body, "NgayThangNamSinh") };
	struct subject subject = { .service = SERVICE_POPULATION, .op = "lookup",
	    .key = doc_get_text(body, "MaYeuCau"), .dossier = doc_get_text(body, "MaHoSo"),
	    .procedure = doc_get_text(body, "MaDVC"), .agency = doc_get_text(body, "MaCoQuan"),
	    .number = person.number };
	struct conduct conduct;
	struct reply reply;

	if (text_is_absent(subject.key) || text_is_absent(person.name) || text_is_absent(person.birth_date) ||
	    person.number.n == 0) {
		serve_bad(request, &subject, "MaYeuCau, SoDinhDanh, HoVaTen and NgayThangNamSinh are needed");
		return;
	}
	conduct = behave(&subject, PHASE_ANSWER);
	if (serve_fault(request, &subject, &conduct))
		return;
	reply = look_up(request->arena, &conduct, person);
	serve_answer(request, &subject, &conduct, &reply);
}
