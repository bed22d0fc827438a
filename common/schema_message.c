/*
 * schema_message - errors for people, in two languages.
 *
 * A message is built of the field's title (the schema's words), a sentence from
 * the table, and the schema's hint.  What fills the place in a sentence comes from
 * the schema too: nothing of the instance gets here but names of fields, and
 * those only into pointers and only when they are plain.
 */
#include "schema_program.h"

struct sentence {
	const char	*rule;
	const char	*vi, *en;	/* one %s at most: the detail */
	bool		hinted;
};

static const struct sentence sentences[] = {
	{ "type", "Sai kiểu dữ liệu. Hãy gửi %s.", "Wrong type. Send %s.", true },
	{ "const", "Giá trị không được chấp nhận. Hãy gửi đúng %s.",
	    "This value is not accepted. Send exactly %s.", true },
	{ "enum", "Giá trị không nằm trong danh mục. Hãy chọn một trong: %s.",
	    "This value is not in the list. Choose one of: %s.", true },
	{ "minimum", "Số quá nhỏ. Hãy nhập số từ %s trở lên.",
	    "The number is too small. Enter %s or more.", false },
	{ "maximum", "Số quá lớn. Hãy nhập số không quá %s.",
	    "The number is too large. Enter %s or less.", false },
	{ "exclusiveMinimum", "Số quá nhỏ. Hãy nhập số lớn hơn %s.",
	    "The number is too small. Enter more than %s.", false },
	{ "exclusiveMaximum", "Số quá lớn. Hãy nhập số nhỏ hơn %s.",
	    "The number is too large. Enter less than %s.", false },
	{ "multipleOf", "Số không đúng bước quy định. Hãy nhập bội số của %s.",
	    "The number does not fit the step. Enter a multiple of %s.", false },
	{ "minLength", "Nội dung quá ngắn. Hãy nhập ít nhất %s ký tự.",
	    "The text is too short. Enter at least %s characters.", false },
	{ "maxLength", "Nội dung quá dài. Hãy nhập không quá %s ký tự.",
	    "The text is too long. Enter at most %s characters.", false },
	{ "pattern", "Nội dung không đúng mẫu quy định. Hãy kiểm tra và nhập lại.",
	    "The text does not have the required form. Check it and enter it again.", true },
	{ "format", "Nội dung không đúng định dạng. Hãy nhập %s.",
	    "The text is not in the right format. Enter %s.", true },
	{ "minItems", "Danh sách còn thiếu. Hãy gửi ít nhất %s mục.",
	    "The list is too short. Send at least %s entries.", false },
	{ "maxItems", "Danh sách quá dài. Hãy gửi không quá %s mục.",
	    "The list is too long. Send at most %s entries.", false },
	{ "uniqueItems", "Danh sách có mục trùng nhau. Hãy bỏ mục trùng.",
	    "The list holds the same entry twice. Remove one.", false },
	{ "contains", "Danh sách thiếu mục bắt buộc. Hãy bổ sung ít nhất %s mục đúng yêu cầu.",
	    "The list lacks a required entry. Add at least %s that fits.", true },
	{ "minContains", "Danh sách thiếu mục bắt buộc. Hãy bổ sung ít nhất %s mục đúng yêu cầu.",
	    "The list lacks required entries. Add at least %s that fit.", true },
	{ "maxContains", "Danh sách có quá nhiều mục cùng loại. Hãy giữ không quá %s mục.",
	    "The list holds too many entries of one kind. Keep at most %s.", true },
	{ "required", "Thiếu trường bắt buộc. Hãy điền trường này.",
	    "A required field is missing. Fill it in.", true },
	{ "dependentRequired", "Thiếu trường phải có khi đã khai trường khác. Hãy điền trường này.",
	    "A field is missing that another one calls for. Fill it in.", true },
	{ "minProperties", "Còn thiếu thông tin. Hãy điền ít nhất %s trường.",
	    "Too little is given. Fill in at least %s fields.", false },
	{ "maxProperties", "Có quá nhiều trường. Hãy gửi không quá %s trường.",
	    "Too many fields. Send at most %s.", false },
	{ "additionalProperties", "Trường này không có trong biểu mẫu. Hãy bỏ hoặc kiểm tra lại tên trường.",
	    "The form has no such field. Remove it or check its name.", false },
	{ "unevaluatedProperties", "Trường này không có trong biểu mẫu. Hãy bỏ hoặc kiểm tra lại tên trường.",
	    "The form has no such field. Remove it or check its name.", false },
	{ "false", "Không được khai thông tin ở đây. Hãy bỏ phần này.",
	    "Nothing may stand here. Remove it.", false },
	{ "anyOf", "Thông tin không đúng trường hợp nào được phép. Hãy kiểm tra lại theo biểu mẫu.",
	    "This fits none of the allowed cases. Check it against the form.", true },
	{ "oneOf", "Thông tin phải thuộc đúng một trường hợp. Hãy kiểm tra lại theo biểu mẫu.",
	    "This must fit exactly one of the allowed cases. Check it against the form.", true },
	{ "not", "Thông tin này không được phép. Hãy sửa hoặc bỏ.",
	    "This is not allowed. Change or remove it.", true },
	{ "pattern.limit", "Nội dung quá phức tạp để kiểm tra. Hãy rút gọn và gửi lại.",
	    "The text is too complex to be checked. Shorten it and send it again.", false },
	{ "schema.effort", "Tài liệu quá phức tạp để kiểm tra. Hãy rút gọn và gửi lại.",
	    "The document is too complex to be checked. Shorten it and send it again.", false },
	{ "schema.depth", "Biểu mẫu có lỗi. Hãy báo cho cơ quan quản lý biểu mẫu.",
	    "The form is faulty. Tell the agency that keeps it.", false },
};

/* Words that a detail may consist of. */
static const struct { const char *word, *vi, *en; } words[] = {
	{ "string", "chuỗi ký tự", "a text" }, { "number", "số", "a number" },
	{ "integer", "số nguyên", "an integer" }, { "boolean", "true hoặc false", "true or false" },
	{ "array", "danh sách", "an array" }, { "object", "nhóm trường (đối tượng)", "an object" },
	{ "null", "null", "null" },
	{ "date", "ngày có thật dạng 2026-12-31", "an existing date like 2026-12-31" },
	{ "time", "giờ dạng 08:30:00+07:00", "a time like 08:30:00+07:00" },
	{ "date-time", "thời điểm dạng 2026-12-31T08:30:00+07:00", "a time like 2026-12-31T08:30:00+07:00" },
	{ "email", "địa chỉ thư điện tử dạng ten@example.vn", "an e-mail address like name@example.vn" },
	{ "uri", "địa chỉ đầy đủ dạng https://example.vn/tep", "a full address like https://example.vn/file" },
	{ "uuid", "mã UUID dạng 8-4-4-4-12 chữ số thập lục phân", "a UUID, 8-4-4-4-12 hexadecimal digits" },
	{ "phone-vn", "số điện thoại Việt Nam dạng 09xxxxxxxx hoặc +849xxxxxxxx",
	    "a Vietnamese phone number like 09xxxxxxxx or +849xxxxxxxx" },
	{ "personal-id-vn", "số định danh cá nhân gồm 12 chữ số", "the personal identification number of 12 digits" },
	{ "tax-code-vn", "mã số thuế 10 chữ số (thêm -001 nếu là đơn vị phụ thuộc) hoặc 12 chữ số",
	    "the tax code of 10 digits (with -001 for a branch) or 12 digits" },
};

static const struct sentence *
sentence_find(const char *rule)
{
	for (size_t i = 0; i < sizeof sentences / sizeof sentences[0]; i++)
		if (strcmp(sentences[i].rule, rule) == 0)
			return &sentences[i];
	bug("no message for rule %s", rule);
}

static void
put_word(struct buf *buf, struct text word, bool vi)
{
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (text_is(word, words[i].word)) {
			buf_puts(buf, vi ? words[i].vi : words[i].en);
			return;
		}
	buf_text(buf, word);
}

/* "string null": each word in the language, with "or" between. */
static void
put_detail(struct buf *buf, const char *rule, struct text detail, bool vi)
{
	bool worded = strcmp(rule, "type") == 0 || strcmp(rule, "format") == 0;

	if (detail.n == 0)
		buf_puts(buf, vi ? "giá trị theo biểu mẫu" : "a value that the form allows");
	if (!worded) {
		buf_text(buf, detail);
		return;
	}
	for (size_t from = 0, to; from < detail.n; from = to + 1) {
		for (to = from; to < detail.n && detail.s[to] != ' '; to++)
			continue;
		if (from > 0)
			buf_puts(buf, vi ? " hoặc " : " or ");
		put_word(buf, (struct text){ detail.s + from, to - from }, vi);
	}
}

static struct text
message(struct run *run, const struct sentence *s, bool vi, struct text title, struct text hint,
    struct text detail)
{
	struct buf buf = buf_in(run->arena);
	const char *sentence = vi ? s->vi : s->en, *place = strstr(sentence, "%s");

	if (title.n > 0) {
		buf_puts(&buf, vi ? "“" : "\"");
		buf_text(&buf, title);
		buf_puts(&buf, vi ? "”: " : "\": ");
	}
	if (place != NULL) {
		buf_put(&buf, sentence, (size_t)(place - sentence));
		put_detail(&buf, s->rule, detail, vi);
		sentence = place + 2;
	}
	buf_puts(&buf, sentence);
	if (s->hinted && hint.n > 0) {
		buf_puts(&buf, " ");
		buf_text(&buf, hint);
	}
	return buf_get(&buf);
}

/* --- who is named ------------------------------------------------------------ */

/* A schema without words of its own speaks with those of the one it refers to. */
static const struct schema_node *
speaker(const struct schema_node *schema)
{
	for (int hops = 0; schema != NULL && hops < 4; hops++) {
		const struct schema_node *next = NULL;

		if (schema->title_vi.n > 0 || schema->title_en.n > 0)
			return schema;
		for (uint32_t i = 0; i < schema->n_ops; i++)
			if (strcmp(schema->ops[i].keyword->name, "$ref") == 0)
				next = schema->ops[i].schema;
		schema = next;
	}
	return NULL;
}

static const struct schema_node *
member_schema(const struct schema_node *schema, struct text name)
{
	for (uint32_t i = 0; schema != NULL && i < schema->n_ops; i++) {
		const struct op *op = &schema->ops[i];

		if (strcmp(op->keyword->name, "properties") != 0)
			continue;
		for (size_t j = 0; j < op->members.n; j++)
			if (text_is_equal(op->members.list[j].name, name))
				return op->members.list[j].schema;
	}
	return NULL;
}

/* --- where ------------------------------------------------------------------- */

/* False when a name on the way is not to be shown: then nothing below it is. */
static bool
put_path(struct buf *buf, const struct path *path)
{
	if (path == NULL)
		return true;
	if (!put_path(buf, path->up))
		return false;
	if (text_is_absent(path->key)) {
		buf_printf(buf, "/%zu", path->index);
		return true;
	}
	if (!doc_name_is_plain(path->key))
		return false;
	buf_printf(buf, "/%.*s", TEXT_ARG(path->key));
	return true;
}

struct text
schema_path_text(struct arena *arena, const struct path *path)
{
	struct buf buf = buf_in(arena);

	put_path(&buf, path);
	return buf_get(&buf);
}

/* --- reporting --------------------------------------------------------------- */

static bool
report(struct run *run, const struct path *path, const char *rule, const struct schema_node *named,
    const struct schema_node *hinting, struct text detail)
{
	struct schema_errors *errors = run->errors;
	const struct schema_node *who = speaker(named);
	const struct sentence *s;
	struct schema_error *e;

	if (errors == NULL || run->gave_up != NULL)
		return false;
	if (errors->n == run->max) {
		errors->more = true;
		return false;
	}
	if (errors->list == NULL)
		errors->list = ARENA_ARRAY(run->arena, struct schema_error, (size_t)run->max);
	s = sentence_find(rule);
	e = &errors->list[errors->n++];
	e->pointer = schema_path_text(run->arena, path);
	e->rule = s->rule;
	e->message_vi = message(run, s, true, who != NULL ? who->title_vi : TEXT_NONE,
	    hinting != NULL ? hinting->hint_vi : TEXT_NONE, detail);
	e->message_en = message(run, s, false, who != NULL ? who->title_en : TEXT_NONE,
	    hinting != NULL ? hinting->hint_en : TEXT_NONE, detail);
	return false;
}

bool
schema_report(struct run *run, const struct frame *frame, const char *rule, struct text detail)
{
	if (run->errors == NULL)
		return false;
	return report(run, frame->path, rule, speaker(frame->top) != NULL ? frame->top : frame->schema,
	    frame->schema, detail);
}

bool
schema_report_count(struct run *run, const struct frame *frame, const char *rule, uint64_t count)
{
	if (run->errors == NULL)
		return false;
	return schema_report(run, frame, rule,
	    arena_printf(run->arena, "%llu", (unsigned long long)count));
}

bool
schema_report_member(struct run *run, const struct frame *frame, const char *rule, struct text name,
    const struct schema_node *schema)
{
	struct path path = { frame->path, name, 0 };
	const struct schema_node *member = member_schema(schema, name);

	if (member == NULL && schema != NULL)
		member = member_schema(frame->top, name);
	return report(run, &path, rule, member, member, TEXT_NONE);
}

void
schema_errors_write(struct buf *buf, const struct schema_errors *errors)
{
	const char *comma = "[";

	if (errors->n == 0)
		buf_puts(buf, comma);
	for (int i = 0; i < errors->n; i++, comma = ",") {
		const struct schema_error *e = &errors->list[i];

		buf_puts(buf, comma);
		buf_puts(buf, "{\"pointer\":");
		buf_json_text(buf, e->pointer);
		buf_puts(buf, ",\"rule\":");
		buf_json_text(buf, text_of(e->rule));
		buf_puts(buf, ",\"message_vi\":");
		buf_json_text(buf, e->message_vi);
		buf_puts(buf, ",\"message_en\":");
		buf_json_text(buf, e->message_en);
		buf_puts(buf, "}");
	}
	buf_puts(buf, "]");
}

struct text
rule_error_list(const struct rule_error *error, struct arena *arena)
{
	struct schema_error one = { text_of(error->pointer), error->rule, text_of(error->message_vi),
	    text_of(error->message_en) };
	struct schema_errors list = { &one, 1, false };
	struct buf buf = buf_in(arena);

	schema_errors_write(&buf, &list);
	return buf_get(&buf);
}
