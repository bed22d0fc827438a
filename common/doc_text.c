/*
 * doc_text - the texts of a document: escapes and UTF-8.
 *
 * Runs without escapes stay where they are; the rest is moved down behind
 * what has been decoded.  The closing quote becomes the NUL after the text.
 */
#include "doc_reader.h"

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
		return doc_fail(r, &doc_rule_syntax, from);
	r->at = from + 5;
	if (c == 0)
		return doc_fail(r, &doc_rule_nul, from);
	if (c >= 0xdc00 && c <= 0xdfff)
		return doc_fail(r, &doc_rule_encoding, from);
	if (c >= 0xd800 && c <= 0xdbff) {
		if (r->at[0] != '\\' || r->at[1] != 'u' || !hex4(r->at + 2, &low) ||
		    low < 0xdc00 || low > 0xdfff)
			return doc_fail(r, &doc_rule_encoding, from);
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
		return doc_fail_at(r);
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
	return doc_fail(r, &doc_rule_encoding, s + good);
}

static bool
run_check(struct reader *r, char *from, unsigned char high)
{
	size_t n = (size_t)(r->at - from);

	return high < 0x80 || text_is_utf8((struct text){ from, n }) || fail_utf8(r, from, n);
}

bool
doc_read_text(struct reader *r)
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
			return r->at == r->end ? doc_fail(r, &doc_rule_syntax, r->at) :
			    doc_fail(r, *r->at == '\0' ? &doc_rule_nul : &doc_rule_control, r->at);
		r->at++;
		if (!escape(r, &to))
			return false;
	}
	r->at++;
	*to = '\0';
	node = doc_push(r, DOC_TEXT);
	node->s = first;
	node->n = (uint32_t)(to - first);
	return true;
}
