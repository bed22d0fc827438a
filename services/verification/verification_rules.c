/* verification_rules - see verification_rules.h. */
#include "verification_rules.h"

struct sentence {
	const char	*rule;
	const char	*vi, *en;
};

static const struct sentence sentences[] = {
	{ "component.kind", "Loại giấy tờ không được chấp nhận cho thành phần này. Hãy nộp đúng loại theo quy định.",
	    "This kind of paper is not accepted for the component. Send one that is." },
	{ "component.files", "Thành phần này có quá nhiều tệp. Hãy gộp hoặc bớt tệp.",
	    "The component has too many files. Put them together or send fewer." },
	{ "file.absent", "Không tìm thấy tệp trong kho lưu trữ. Hãy tải tệp lên lại.",
	    "The file is not in the object store. Upload it again." },
	{ "file.size", "Dung lượng tệp khác với khai báo. Hãy tải tệp lên lại.",
	    "The file has another size than declared. Upload it again." },
	{ "file.digest", "Nội dung tệp khác với khai báo. Hãy tải tệp lên lại.",
	    "The file has other contents than declared. Upload it again." },
};

static const char *const file_rules[FILE_STATES] = { [FILE_ABSENT] = "file.absent", [FILE_SIZE] = "file.size",
    [FILE_DIGEST] = "file.digest" };

const char *
verification_rule_name(size_t i)
{
	return i < sizeof sentences / sizeof *sentences ? sentences[i].rule : NULL;
}

/* --- files --------------------------------------------------------------------- */

enum file_state
file_state_of(int64_t declared_size, struct text declared_digest, uint64_t size, const uint8_t *digest)
{
	uint8_t declared[DIGEST_BYTES];

	if (digest == NULL || declared_size < 0 || (uint64_t)declared_size != size)
		return FILE_SIZE;
	if (!text_unhex(declared_digest, declared, sizeof declared) || memcmp(declared, digest, sizeof declared) != 0)
		return FILE_DIGEST;
	return FILE_GOOD;
}

/* 200: here it is.  404, 410: there is none.  Not 401, 403: that is about us. */
bool
file_status_is_certain(int status)
{
	return status == 200 || status == 404 || status == 410;
}

size_t
verification_files(const struct doc_node *data)
{
	size_t n = 0;

	for (struct doc_iter it = doc_iter(doc_get(data, "components")); doc_next(&it); )
		n += doc_length(doc_get(it.value, "files"));
	return n;
}

const struct doc_node *
verification_file(const struct doc_node *data, size_t i)
{
	for (struct doc_iter it = doc_iter(doc_get(data, "components")); doc_next(&it); ) {
		const struct doc_node *files = doc_get(it.value, "files");

		if (i < doc_length(files))
			return doc_at(files, i);
		i -= doc_length(files);
	}
	return NULL;
}

/* --- problems of this round ---------------------------------------------------- */

struct judging {
	const struct verification_request	*request;
	struct buf				problems;
	int					n_problems;
	const struct doc_node			*sent;	/* components of this round */
	bool					*unsound;	/* one a component of this round */
};

static void
problem_add(struct judging *judging, size_t component, int64_t file, const char *rule)
{
	const struct sentence *sentence = sentences;
	struct buf *buf = &judging->problems;

	while (strcmp(sentence->rule, rule) != 0)
		sentence++;
	buf_puts(buf, judging->n_problems++ > 0 ? ",{\"component\":" : "{\"component\":");
	buf_json_text(buf, doc_get_text(doc_at(judging->sent, component), "code"));
	if (file >= 0) {
		buf_puts(buf, ",\"file\":");
		buf_int(buf, file);
	}
	buf_puts(buf, ",\"rule\":");
	buf_json_text(buf, text_of(rule));
	buf_puts(buf, ",\"message_vi\":");
	buf_json_text(buf, text_of(sentence->vi));
	buf_puts(buf, ",\"message_en\":");
	buf_json_text(buf, text_of(sentence->en));
	buf_puts(buf, "}");
	judging->unsound[component] = true;
}

static void
judge_kind(struct judging *judging, size_t i)
{
	const struct doc_node *sent = doc_at(judging->sent, i);
	const struct doc_node *known = case_component(judging->request->its_case, doc_get_text(sent, "code"));
	int64_t max_files;

	if (known == NULL)
		return;		/* intake lets none in */
	if (!texts_hold(doc_get(known, "kinds"), doc_get_text(sent, "kind")))
		problem_add(judging, i, -1, "component.kind");
	if (doc_get_int64(known, "max_files", &max_files) && (int64_t)doc_length(doc_get(sent, "files")) > max_files)
		problem_add(judging, i, -1, "component.files");
}

static void
judge_sent(struct judging *judging)
{
	const struct verification_request *request = judging->request;
	size_t at = 0;

	for (size_t i = 0; i < doc_length(judging->sent); i++) {
		size_t files = doc_length(doc_get(doc_at(judging->sent, i), "files"));

		judge_kind(judging, i);
		for (size_t k = 0; k < files; k++, at++)
			if (at < request->n_files && file_rules[request->files[at]] != NULL)
				problem_add(judging, i, (int64_t)k, file_rules[request->files[at]]);
	}
}

/* --- what is missing ----------------------------------------------------------- */

/* Where in the components of this round; -1: not among them. */
static int
sent_find(const struct judging *judging, struct text code)
{
	for (size_t i = 0; i < doc_length(judging->sent); i++)
		if (text_is_equal(doc_get_text(doc_at(judging->sent, i), "code"), code))
			return (int)i;
	return -1;
}

static bool
was_sent_before(const struct verification_request *request, struct text code)
{
	for (int i = 0; i < request->n_rounds; i++) {
		if (request->rounds[i].round >= request->round)
			continue;
		for (struct doc_iter it = doc_iter(doc_get(request->rounds[i].data, "components")); doc_next(&it); )
			if (text_is_equal(doc_get_text(it.value, "code"), code))
				return true;
	}
	return false;
}

static bool
component_is_missing(const struct judging *judging, const struct doc_node *component)
{
	struct text code = doc_get_text(component, "code");
	bool is_required = false, is_asked = texts_hold(judging->request->asked, code);
	int sent = sent_find(judging, code);

	(void)doc_get_bool(component, "required", &is_required);
	if (sent >= 0)
		return judging->unsound[sent] && (is_required || is_asked);
	return is_asked || (is_required && !was_sent_before(judging->request, code));
}

static struct text
missing_write(const struct judging *judging, struct arena *arena, int *n)
{
	struct buf buf = buf_in(arena);

	buf_puts(&buf, "[");
	for (struct doc_iter it = doc_iter(doc_get(judging->request->its_case, "components")); doc_next(&it); ) {
		if (!component_is_missing(judging, it.value))
			continue;
		if ((*n)++ > 0)
			buf_puts(&buf, ",");
		buf_json_text(&buf, doc_get_text(it.value, "code"));
	}
	buf_puts(&buf, "]");
	return buf_get(&buf);
}

static const struct doc_node *
components_of(const struct verification_request *request, int round)
{
	for (int i = 0; i < request->n_rounds; i++)
		if (request->rounds[i].round == round)
			return doc_get(request->rounds[i].data, "components");
	return NULL;
}

void
verification_judge(const struct verification_request *request, struct arena *arena, struct verification_verdict *out)
{
	struct judging judging = { .request = request, .problems = buf_in(arena) };
	int n_missing = 0;

	judging.sent = components_of(request, request->round);
	judging.unsound = ARENA_ARRAY(arena, bool, doc_length(judging.sent) + 1);
	buf_puts(&judging.problems, "[");
	judge_sent(&judging);
	buf_puts(&judging.problems, "]");
	out->missing = missing_write(&judging, arena, &n_missing);
	out->problems = buf_get(&judging.problems);
	out->is_passed = n_missing == 0 && judging.n_problems == 0;
}
