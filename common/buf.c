/* buf - see buf.h. */
#include "buf.h"

#include <stdio.h>

enum { BUF_FIRST_BYTES = 256 };

struct buf
buf_in(struct arena *arena)
{
	return (struct buf){ .arena = arena };
}

static void
buf_reserve(struct buf *buf, size_t n)
{
	size_t size = buf->size != 0 ? buf->size : BUF_FIRST_BYTES;

	if (buf->size - buf->n > n)
		return;
	while (size - buf->n <= n)
		size *= 2;
	buf->s = arena_grow(buf->arena, buf->s, buf->n, buf->size, size);
	buf->s[buf->n] = '\0';
	buf->size = size;
}

void
buf_put(struct buf *buf, const void *bytes, size_t n)
{
	buf_reserve(buf, n);
	if (n > 0)
		memcpy(buf->s + buf->n, bytes, n);
	buf->n += n;
	buf->s[buf->n] = '\0';
}

void
buf_text(struct buf *buf, struct text t)
{
	buf_put(buf, t.s, t.n);
}

void
buf_puts(struct buf *buf, const char *s)
{
	buf_put(buf, s, strlen(s));
}

void
buf_int(struct buf *buf, int64_t value)
{
	char digits[TEXT_DECIMAL_BYTES];

	buf_put(buf, digits, text_decimal(value, digits));
}

void
buf_printf(struct buf *buf, const char *fmt, ...)
{
	va_list ap, again;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	buf_reserve(buf, 0);
	n = vsnprintf(buf->s + buf->n, buf->size - buf->n, fmt, ap);
	va_end(ap);
	if ((size_t)n >= buf->size - buf->n) {
		buf_reserve(buf, (size_t)n);
		vsnprintf(buf->s + buf->n, (size_t)n + 1, fmt, again);
	}
	va_end(again);
	buf->n += (size_t)n;
}

void
buf_lp(struct buf *buf, const void *bytes, size_t n)
{
	unsigned char length[4] = { (unsigned char)(n >> 24), (unsigned char)(n >> 16),
	    (unsigned char)(n >> 8), (unsigned char)n };

	buf_put(buf, length, sizeof length);
	buf_put(buf, bytes, n);
}

void
buf_json_text(struct buf *buf, struct text t)
{
	size_t from = 0;

	if (t.s == NULL) {
		buf_puts(buf, "null");
		return;
	}
	buf_puts(buf, "\"");
	for (size_t i = 0; i < t.n; i++) {
		unsigned char c = (unsigned char)t.s[i];

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		buf_put(buf, t.s + from, i - from);
		if (c == '"' || c == '\\')
			buf_printf(buf, "\\%c", c);
		else if (c == '\n')
			buf_puts(buf, "\\n");
		else
			buf_printf(buf, "\\u%04x", c);
		from = i + 1;
	}
	buf_put(buf, t.s + from, t.n - from);
	buf_puts(buf, "\"");
}

struct text
buf_get(struct buf *buf)
{
	if (buf->s == NULL)
		buf_reserve(buf, 0);
	return (struct text){ buf->s, buf->n };
}
