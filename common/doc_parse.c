/*
 * doc_parse - one pass from bytes to nodes.
 *
 * Why not jansson, which the design names: it takes 46 µs for a dossier of
 * 2 kB (33 µs with memory that costs nothing), more than half of what all
 * workers together may spend on a dossier.  This reader takes a few µs,
 * and finds what has to be refused on the way (depth, keys, numbers, NUL)
 * instead of before it.  The unit test holds it against jansson.
 *
 * The bytes are copied once and decoded in place, which is safe because no
 * escape is shorter than what it stands for.  A NUL after the copy ends every
 * loop; NUL is never allowed, so a loop that stops on one has failed or is at
 * the end.  Recursion is bounded by max_depth.
 */
#include "doc_node.h"

#include <math.h>
#include <stdlib.h>

const struct doc_limits doc_limits_default = { .max_bytes = 1024 * 1024, .max_depth = 32 };

struct rule {
	const char	*name;
	const char	*message_vi;
	const char	*message_en;
};

static const struct rule rule_size = { "json.size",
	"Dữ liệu lớn hơn mức cho phép. Hãy gửi tệp đính kèm riêng và rút gọn nội dung.",
	"The document is larger than allowed. Send files apart and shorten it." };
static const struct rule rule_empty = { "json.empty",
	"Dữ liệu trống. Hãy gửi một tài liệu JSON.",
	"The document is empty. Send a JSON document." };
static const struct rule rule_depth = { "json.depth",
	"Dữ liệu lồng nhau quá nhiều tầng. Hãy giảm số tầng ngoặc.",
	"The document is nested too deeply. Use fewer levels of brackets." };
static const struct rule rule_duplicate = { "json.duplicate_key",
	"Một tên trường xuất hiện hai lần trong cùng một đối tượng. Hãy giữ lại một lần.",
	"A field name stands twice in one object. Keep it once." };
static const struct rule rule_encoding = { "json.encoding",
	"Dữ liệu không phải UTF-8 hợp lệ. Hãy gửi bằng UTF-8, không có dấu BOM.",
	"The document is not well-formed UTF-8. Send UTF-8 without a byte order mark." };
static const struct rule rule_nul = { "json.nul",
	"Dữ liệu có ký tự NUL. Hãy bỏ ký tự này.",
	"The document holds a NUL character. Remove it." };
static const struct rule rule_control = { "json.control",
	"Chuỗi có ký tự điều khiển chưa được mã hóa. Hãy bỏ hoặc viết dạng \\n, \\t, \\u00XX.",
	"A text holds a raw control character. Remove it or escape it." };
static const struct rule rule_number = { "json.number",
	"Số viết sai hoặc vượt quá giới hạn. Hãy dùng số nguyên trong 64 bit hoặc số thập phân ngắn.",
	"A number is malformed or out of range. Use integers within 64 bits or short decimals." };
static const struct rule rule_trailing = { "json.trailing",
	"Có dữ liệu thừa sau tài liệu JSON. Hãy gửi mỗi lần một tài liệu.",
	"There is something after the JSON document. Send one document at a time." };
static const struct rule rule_syntax = { "json.syntax",
	"Dữ liệu không đúng cú pháp JSON. Hãy kiểm tra dấu ngoặc, dấu phẩy và dấu nháy.",
	"The document is not JSON. Check its brackets, commas and quotes." };

struct reader {
	struct arena	*arena;
	char		*start;
	char		*end;	/* where the NUL stands */
	char		*at;	/* next byte */

	struct doc_node	*nodes;
	uint32_t	n;
	uint32_t	size;

	int		depth;
	int		max_depth;
	uint32_t	open[DOC_DEPTH_MAX + 1];	/* containers around at, from 1 */
	uint32_t	key[DOC_DEPTH_MAX + 1];		/* and the member being read; 0 none */

	const struct rule *rule;	/* broken one */
	const char	*bad;		/* where */
};

static bool value(struct reader *r);

static bool
fail(struct reader *r, const struct rule *rule, const char *bad)
{
	r->rule = rule;
	r->bad = bad;
	return false;
}

/* A byte that cannot stand here: say what is odd about it. */
static bool
fail_at(struct reader *r)
{
	unsigned char c = (unsigned char)*r->at;

	if (c == '\0' && r->at < r->end)
		return fail(r, &rule_nul, r->at);
	if (c >= 0x80 && !text_is_utf8((struct text){ r->at, (size_t)(r->end - r->at) }))
		return fail(r, &rule_encoding, r->at);
	return fail(r, &rule_syntax, r->at);
}

static void
skip_space(struct reader *r)
{
	while (*r->at == ' ' || *r->at == '\n' || *r->at == '\r' || *r->at == '\t')
		r->at++;
}

/* Valid until the next push. */
static struct doc_node *
push(struct reader *r, enum doc_kind kind)
{
	struct doc_node *node;

	if (r->n == r->size) {
		struct doc_node *more = ARENA_ARRAY(r->arena, struct doc_node, 2 * (size_t)r->size);

		memcpy(more, r->nodes, r->n * sizeof *more);
		r->nodes = more;
		r->size *= 2;
	}
	node = &r->nodes[r->n++];
	node->kind = (uint8_t)kind;
	node->span = 1;
	return node;
}

/* --- texts ---------------------------------------------------------------- */

static const bool ends_run[256] = {
	[0 ... 31] = true, ['"'] = true, ['\\'] = true,
};

static bool
hex4(const char *s, unsigned *out)
{
	unsigned char bytes[2];

	/* Stops at the NUL after the document: no digit. */
	for (int i = 0; i < 4; i++)
		if (s[i] == '\0')
			return false;
	if (!text_unhex((struct text){ s, 4 }, bytes, 2))
		return false;
	*out = (unsigned)bytes[0] << 8 | bytes[1];
	return true;
}

static char *
put_utf8(char *to, unsigned c)
{
	if (c < 0x80) {
		*to++ = (char)c;
		return to;
	}
	if (c < 0x800) {
		*to++ = (char)(0xc0 | c >> 6);
	} else {
		if (c < 0x10000) {
			*to++ = (char)(0xe0 | c >> 12);
		} else {
			*to++ = (char)(0xf0 | c >> 18);
			*to++ = (char)(0x80 | (c >> 12 & 0x3f));
		}
		*to++ = (char)(0x80 | (c >> 6 & 0x3f));
	}
	*to++ = (char)(0x80 | (c & 0x3f));
	return to;
}

/* "uXXXX", a pair of surrogates together; at stands on the u. */
static bool
escape_unicode(struct reader *r, char **to)
{
	unsigned c, low;
	char *from = r->at;

	if (!hex4(from + 1, &c))
		return fail(r, &rule_syntax, from);
	r->at = from + 5;
	if (c == 0)
		return fail(r, &rule_nul, from);
	if (c >= 0xdc00 && c <= 0xdfff)
		return fail(r, &rule_encoding, from);
	if (c >= 0xd800 && c <= 0xdbff) {
		if (r->at[0] != '\\' || r->at[1] != 'u' || !hex4(r->at + 2, &low) ||
		    low < 0xdc00 || low > 0xdfff)
			return fail(r, &rule_encoding, from);
		r->at += 6;
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
	}
	*to = put_utf8(*to, c);
	return true;
}

static bool
escape(struct reader *r, char **to)
{
	static const char plain[256] = {
		['"'] = '"', ['\\'] = '\\', ['/'] = '/', ['b'] = '\b',
		['f'] = '\f', ['n'] = '\n', ['r'] = '\r', ['t'] = '\t',
	};
	char c = plain[(unsigned char)*r->at];

	if (*r->at == 'u')
		return escape_unicode(r, to);
	if (c == '\0')
		return fail_at(r);
	*(*to)++ = c;
	r->at++;
	return true;
}

static bool
fail_utf8(struct reader *r, char *s, size_t n)
{
	size_t good = 0;

	/* Step by whole sequences, so that the offset is that of the bad one. */
	for (size_t step = 1; good < n; good += step) {
		for (step = 1; step < 4 && good + step <= n; step++)
			if (text_is_utf8((struct text){ s + good, step }))
				break;
		if (good + step > n || !text_is_utf8((struct text){ s + good, step }))
			break;
	}
	return fail(r, &rule_encoding, s + good);
}

static bool
run_check(struct reader *r, char *from, unsigned char high)
{
	size_t n = (size_t)(r->at - from);

	return high < 0x80 || text_is_utf8((struct text){ from, n }) || fail_utf8(r, from, n);
}

/* at stands on the opening quote. */
static bool
string(struct reader *r)
{
	char *first = ++r->at, *to = first;
	struct doc_node *node;

	for (;;) {
		char *from = r->at;
		unsigned char high = 0;

		while (!ends_run[(unsigned char)*r->at])
			high |= (unsigned char)*r->at++;
		if (!run_check(r, from, high))
			return false;
		if (to != from)
			memmove(to, from, (size_t)(r->at - from));
		to += r->at - from;
		if (*r->at == '"')
			break;
		if (*r->at != '\\')
			return r->at == r->end ? fail(r, &rule_syntax, r->at) :
			    fail(r, *r->at == '\0' ? &rule_nul : &rule_control, r->at);
		r->at++;
		if (!escape(r, &to))
			return false;
	}
	r->at++;
	*to = '\0';
	node = push(r, DOC_TEXT);
	node->s = first;
	node->n = (uint32_t)(to - first);
	return true;
}

/* --- numbers and words ---------------------------------------------------- */

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
digits(struct reader *r)
{
	if (!is_digit(*r->at))
		return false;
	while (is_digit(*r->at))
		r->at++;
	return true;
}

/* The grammar of RFC 8259, 6: does a number stand here, and has it a fraction or an exponent? */
static bool
number_scan(struct reader *r, bool *real)
{
	*real = false;
	if (*r->at == '-')
		r->at++;
	if (r->at[0] == '0' && is_digit(r->at[1]))
		return false;
	if (!digits(r))
		return false;
	if (*r->at == '.') {
		*real = true;
		r->at++;
		if (!digits(r))
			return false;
	}
	if (*r->at == 'e' || *r->at == 'E') {
		*real = true;
		r->at++;
		if (*r->at == '+' || *r->at == '-')
			r->at++;
		return digits(r);
	}
	return true;
}

static bool
number(struct reader *r)
{
	char *from = r->at;
	bool real;
	struct text t;
	struct doc_node *node;
	int64_t integer;

	if (!number_scan(r, &real))
		return fail(r, &rule_number, from);
	t = (struct text){ from, (size_t)(r->at - from) };
	if (t.n > DOC_NUMBER_BYTES)
		return fail(r, &rule_number, from);
	if (real) {
		/* No program here leaves the C locale; what follows a number stops strtod. */
		if (!isfinite(strtod(from, NULL)))
			return fail(r, &rule_number, from);
		node = push(r, DOC_REAL);
		node->s = t.s;
		node->n = (uint32_t)t.n;
		return true;
	}
	if (!text_to_int64(t, &integer))
		return fail(r, &rule_number, from);
	push(r, DOC_INT)->integer = integer;
	return true;
}

static bool
word(struct reader *r, const char *expected, enum doc_kind kind, int64_t integer)
{
	size_t n = strlen(expected);

	if (strncmp(r->at, expected, n) != 0)
		return fail(r, &rule_syntax, r->at);
	r->at += n;
	push(r, kind)->integer = integer;
	return true;
}

/* --- containers ----------------------------------------------------------- */

static bool
container_open(struct reader *r, enum doc_kind kind)
{
	if (r->depth == r->max_depth)
		return fail(r, &rule_depth, r->at);
	r->depth++;
	r->open[r->depth] = r->n;
	r->key[r->depth] = 0;
	push(r, kind);
	r->at++;
	skip_space(r);
	return true;
}

static int
offsets_by_key(const void *a, const void *b, void *container)
{
	const struct doc_node *self = container;

	return doc_key_compare(node_text(self + *(const uint32_t *)a),
	    node_text(self + *(const uint32_t *)b));
}

/* Offset of the second of two equal keys, or 0. */
static uint32_t
duplicate_find(const struct doc_node *self, const uint32_t *at, uint32_t n, bool sorted)
{
	for (uint32_t i = 1; i < n; i++)
		for (uint32_t j = sorted ? i - 1 : 0; j < i; j++)
			if (text_is_equal(node_text(self + at[i]), node_text(self + at[j])))
				return at[i] > at[j] ? at[i] : at[j];
	return 0;
}

/* The container is complete: its span, its index, no key twice. */
static bool
container_close(struct reader *r)
{
	uint32_t small[DOC_SMALL], *at = small, offset = 1, twice;
	struct doc_node *self = &r->nodes[r->open[r->depth]];
	bool keys = self->kind == DOC_OBJECT, big = self->n > DOC_SMALL;

	self->span = (uint32_t)(&r->nodes[r->n] - self);
	if (big)
		self->index = at = ARENA_ARRAY(r->arena, uint32_t, self->n);
	for (uint32_t i = 0; (keys || big) && i < self->n; i++) {
		at[i] = offset;
		offset += keys;
		offset += self[offset].span;
	}
	if (keys && big)
		qsort_r(at, self->n, sizeof *at, offsets_by_key, self);
	twice = keys ? duplicate_find(self, at, self->n, big) : 0;
	if (twice != 0) {
		r->key[r->depth] = r->open[r->depth] + twice;
		return fail(r, &rule_duplicate, self[twice].s - 1);
	}
	r->depth--;
	r->at++;
	return true;
}

static bool
member_key(struct reader *r)
{
	if (*r->at != '"')
		return fail_at(r);
	if (!string(r))
		return false;
	r->key[r->depth] = r->n - 1;
	skip_space(r);
	if (*r->at != ':')
		return fail_at(r);
	r->at++;
	skip_space(r);
	return true;
}

static bool
container(struct reader *r, enum doc_kind kind, char close)
{
	if (!container_open(r, kind))
		return false;
	if (*r->at == close)
		return container_close(r);
	for (;;) {
		if (kind == DOC_OBJECT && !member_key(r))
			return false;
		if (!value(r))
			return false;
		r->nodes[r->open[r->depth]].n++;
		r->key[r->depth] = 0;
		skip_space(r);
		if (*r->at == close)
			return container_close(r);
		if (*r->at != ',')
			return fail_at(r);
		r->at++;
		skip_space(r);
	}
}

static bool
value(struct reader *r)
{
	switch (*r->at) {
	case '{':
		return container(r, DOC_OBJECT, '}');
	case '[':
		return container(r, DOC_ARRAY, ']');
	case '"':
		return string(r);
	case 't':
		return word(r, "true", DOC_BOOL, 1);
	case 'f':
		return word(r, "false", DOC_BOOL, 0);
	case 'n':
		return word(r, "null", DOC_NULL, 0);
	case '-': case '+': case '.': case 'N': case 'I':	/* the last four never begin one */
	case '0': case '1': case '2': case '3': case '4':
	case '5': case '6': case '7': case '8': case '9':
		return number(r);
	default:
		return fail_at(r);
	}
}

/* --- the whole ------------------------------------------------------------ */

/* A mark of another encoding, or the NULs of UTF-16 without one. */
static bool
is_foreign(struct text bytes)
{
	return text_has_prefix(bytes, "\xef\xbb\xbf") || text_has_prefix(bytes, "\xfe\xff") ||
	    text_has_prefix(bytes, "\xff\xfe") ||
	    (bytes.n >= 4 && bytes.n % 2 == 0 && (bytes.s[0] == '\0') != (bytes.s[1] == '\0') &&
	    (bytes.s[2] == '\0') != (bytes.s[3] == '\0'));
}

static bool
document(struct reader *r, struct text bytes, const struct doc_limits *limits)
{
	if (bytes.n > limits->max_bytes || bytes.n > INT32_MAX)
		return fail(r, &rule_size, r->start + limits->max_bytes);
	if (is_foreign(bytes))
		return fail(r, &rule_encoding, r->start);
	r->start = r->at = (char *)(uintptr_t)arena_copy(r->arena, bytes.s, bytes.n).s;
	r->end = r->start + bytes.n;
	r->size = (uint32_t)(bytes.n / 8 + 16);
	r->nodes = ARENA_ARRAY(r->arena, struct doc_node, r->size);
	skip_space(r);
	if (r->at == r->end)
		return fail(r, &rule_empty, r->at);
	if (!value(r))
		return false;
	skip_space(r);
	if (r->at != r->end)
		return fail(r, *r->at == '\0' ? &rule_nul : &rule_trailing, r->at);
	return true;
}

static struct text
pointer_of(const struct reader *r)
{
	struct buf buf = buf_in(r->arena);

	for (int i = 1; i <= r->depth; i++) {
		const struct doc_node *self = &r->nodes[r->open[i]];
		struct text name = r->key[i] != 0 ? node_text(&r->nodes[r->key[i]]) : TEXT_NONE;

		if (self->kind == DOC_ARRAY)
			buf_printf(&buf, "/%u", self->n);
		else if (doc_name_is_plain(name))
			buf_printf(&buf, "/%.*s", TEXT_ARG(name));
		else
			break;
	}
	return buf_get(&buf);
}

enum fault
doc_parse(struct arena *arena, struct text bytes, const struct doc_limits *limits,
    const struct doc_node **root, struct doc_error *why)
{
	struct reader r = { .arena = arena, .start = (char *)(uintptr_t)bytes.s };

	if (limits == NULL)
		limits = &doc_limits_default;
	r.max_depth = limits->max_depth < DOC_DEPTH_MAX ? limits->max_depth : DOC_DEPTH_MAX;
	if (document(&r, bytes, limits)) {
		*root = r.nodes;
		return FAULT_NONE;
	}
	*why = (struct doc_error){ .rule = r.rule->name, .offset = (size_t)(r.bad - r.start),
	    .pointer = pointer_of(&r), .message_vi = r.rule->message_vi,
	    .message_en = r.rule->message_en };
	return FAULT_PARK;
}
