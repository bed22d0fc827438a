/*
 * text - a borrowed run of bytes with a length.
 *
 * A text owns nothing: it points into an arena, a message or a literal, and
 * dies with it.  An absent text has s == NULL; an empty one does not.
 */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct text {
	const char	*s;
	size_t		n;
};

/* For printf("%.*s", TEXT_ARG(t)). */
#define TEXT_ARG(t) (int)(t).n, (t).s != NULL ? (t).s : ""
#define TEXT(literal) ((struct text){ (literal), sizeof(literal) - 1 })
#define TEXT_NONE ((struct text){ NULL, 0 })

static inline struct text
text_of(const char *s)
{
	return (struct text){ s, s != NULL ? strlen(s) : 0 };
}

static inline bool
text_is_absent(struct text t)
{
	return t.s == NULL;
}

static inline bool
text_is_equal(struct text a, struct text b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.s, b.s, a.n) == 0);
}

static inline bool
text_is(struct text a, const char *b)
{
	return a.s != NULL && strlen(b) == a.n && memcmp(a.s, b, a.n) == 0;
}

bool text_has_prefix(struct text t, const char *prefix);

/* Whole text as a decimal number that fits; false otherwise, out untouched. */
bool text_to_int64(struct text t, int64_t *out);

/* Is t well-formed UTF-8 (no overlong form, no surrogate, at most U+10FFFF)? */
bool text_is_utf8(struct text t);

/* Length of the well-formed sequence that s begins with (n > 0 bytes of it), or 0. */
size_t text_utf8_sequence(const char *s, size_t n);

/* Number of code points of well-formed UTF-8. */
size_t text_length(struct text t);

/* Lower-case hexadecimal; out holds 2 * n + 1 bytes. */
void text_hex(const void *bytes, size_t n, char *out);

/* The reverse; false unless t is exactly 2 * n hexadecimal digits. */
bool text_unhex(struct text t, void *out, size_t n);

/* A number as "%lld" writes it, many times faster; returns its length. */
enum { TEXT_DECIMAL_BYTES = 24 };
size_t text_decimal(int64_t value, char out[TEXT_DECIMAL_BYTES]);

#endif
