/*
 * doc_parse - one pass from bytes to nodes.
 *
 * Why not jansson, which the design names: it takes 46 µs for a dossier of
 * 2 kB (33 µs with memory that costs nothing), more than half of what all
 * workers together may spend on a dossier.  This reader takes 2.4 µs,
 * and finds what has to be refused on the way (depth, keys, numbers, NUL)
 * instead of before it.  The unit test holds it against jansson.
 *
 * The bytes are copied once and decoded in place, which is safe because no
 * escape is shorter than what it stands for.  A NUL after the copy ends every
 * loop; NUL is never allowed, so a loop that stops on one has failed or is at
 * the end.  Recursion is bounded by max_depth.
 */
#include "doc_reader.h"

#include <math.h>
#include <stdlib.h>

const struct doc_limits doc_limits_default = { .max_bytes = 1024 * 1024, .max_depth = 32 };

static bool value(struct reader *r);

bool
doc_fail(struct reader *r, const struct rule *rule, const char *bad)
{
	r->rule = rule;
	r->bad = bad;
	return false;
}

bool
doc_fail_at(struct reader *r)
{
	unsigned char c = (unsigned char)*r->at;

	if (c == '\0' && r->at < r->end)
		return doc_fail(r, &doc_rule_nul, r->at);
	if (c >= 0x80 && !text_is_utf8((struct text){ r->at, (size_t)(r->end - r->at) }))
		return doc_fail(r, &doc_rule_encoding, r->at);
	return doc_fail(r, &doc_rule_syntax, r->at);
}

static void
skip_space(struct reader *r)
{
	while (*r->at == ' ' || *r->at == '\n' || *r->at == '\r' || *r->at == '\t')
		r->at++;
}

struct doc_node *
doc_push(struct reader *r, enum doc_kind kind)
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
		return doc_fail(r, &doc_rule_number, from);
	t = (struct text){ from, (size_t)(r->at - from) };
	if (t.n > DOC_NUMBER_BYTES)
		return doc_fail(r, &doc_rule_number, from);
	if (real) {
		/* No program here leaves the C locale; what follows a number stops strtod. */
		if (!isfinite(strtod(from, NULL)))
			return doc_fail(r, &doc_rule_number, from);
		node = doc_push(r, DOC_REAL);
		node->s = t.s;
		node->n = (uint32_t)t.n;
		return true;
	}
	if (!text_to_int64(t, &integer))
		return doc_fail(r, &doc_rule_number, from);
	doc_push(r, DOC_INT)->integer = integer;
	return true;
}

static bool
word(struct reader *r, const char *expected, enum doc_kind kind, int64_t integer)
{
	size_t n = strlen(expected);

	if (strncmp(r->at, expected, n) != 0)
		return doc_fail(r, &doc_rule_syntax, r->at);
	r->at += n;
	doc_push(r, kind)->integer = integer;
	return true;
}

/* --- containers ----------------------------------------------------------- */

static bool
container_open(struct reader *r, enum doc_kind kind)
{
	if (r->depth == r->max_depth)
		return doc_fail(r, &doc_rule_depth, r->at);
	r->depth++;
	r->open[r->depth] = r->n;
	r->key[r->depth] = 0;
	doc_push(r, kind);
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
		return doc_fail(r, &doc_rule_duplicate, self[twice].s - 1);
	}
	r->depth--;
	r->at++;
	return true;
}

static bool
member_key(struct reader *r)
{
	if (*r->at != '"')
		return doc_fail_at(r);
	if (!doc_read_text(r))
		return false;
	r->key[r->depth] = r->n - 1;
	skip_space(r);
	if (*r->at != ':')
		return doc_fail_at(r);
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
			return doc_fail_at(r);
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
		return doc_read_text(r);
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
		return doc_fail_at(r);
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
		return doc_fail(r, &doc_rule_size, r->start + limits->max_bytes);
	if (is_foreign(bytes))
		return doc_fail(r, &doc_rule_encoding, r->start);
	r->start = r->at = (char *)(uintptr_t)arena_copy(r->arena, bytes.s, bytes.n).s;
	r->end = r->start + bytes.n;
	r->size = (uint32_t)(bytes.n / 8 + 16);
	r->nodes = ARENA_ARRAY(r->arena, struct doc_node, r->size);
	skip_space(r);
	if (r->at == r->end)
		return doc_fail(r, &doc_rule_empty, r->at);
	if (!value(r))
		return false;
	skip_space(r);
	if (r->at != r->end)
		return doc_fail(r, *r->at == '\0' ? &doc_rule_nul : &doc_rule_trailing, r->at);
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
