/*
 * width - how wide a terminal shows a text, and making it safe to show.
 *
 * Vietnamese may arrive composed or with combining marks; marks take no
 * column.  Wide are the letters of East Asia.  Control characters, of both
 * sets, become a visible substitute.
 */
#include "clock.h"
#include "table.h"

/* Decodes the letter at *at; bytes that are no UTF-8 count as U+FFFD, one each. */
static uint32_t
letter_at(struct text t, size_t *at)
{
	const unsigned char *p = (const unsigned char *)t.s + *at;
	size_t left = t.n - *at;
	size_t n = p[0] < 0x80 ? 1 : p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : p[0] >= 0xc2 ? 2 : 0;
	uint32_t letter;

	if (n == 0 || n > left || !text_is_utf8((struct text){ (const char *)p, n })) {
		*at += 1;
		return 0xfffd;
	}
	*at += n;
	if (n == 1)
		return p[0];
	letter = p[0] & (0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++)
		letter = letter << 6 | (p[i] & 0x3f);
	return letter;
}

static bool
is_mark(uint32_t c)
{
	return (c >= 0x300 && c <= 0x36f) || (c >= 0x1ab0 && c <= 0x1aff) ||
	    (c >= 0x20d0 && c <= 0x20ff) || (c >= 0x200b && c <= 0x200f) ||
	    (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

static bool
is_wide(uint32_t c)
{
	return (c >= 0x1100 && c <= 0x115f) || (c >= 0x2e80 && c <= 0xa4cf) ||
	    (c >= 0xac00 && c <= 0xd7a3) || (c >= 0xf900 && c <= 0xfaff) ||
	    (c >= 0xfe30 && c <= 0xfe6f) || (c >= 0xff00 && c <= 0xff60) ||
	    (c >= 0x1f300 && c <= 0x1faff) || (c >= 0x20000 && c <= 0x3fffd);
}

static bool
is_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x202a && c <= 0x202e) ||
	    (c >= 0x2066 && c <= 0x2069);
}

int
text_width(struct text t)
{
	int width = 0;

	for (size_t at = 0; at < t.n; ) {
		uint32_t c = letter_at(t, &at);

		width += is_mark(c) ? 0 : is_wide(c) ? 2 : 1;
	}
	return width;
}

struct text
text_shown(struct arena *arena, struct text t)
{
	struct buf buf = buf_in(arena);

	for (size_t at = 0; at < t.n; ) {
		size_t from = at;
		uint32_t c = letter_at(t, &at);

		if (c == 0xfffd)
			buf_puts(&buf, "\xef\xbf\xbd");
		else if (c == '\n' || c == '\t')
			buf_puts(&buf, " ");
		else if (is_control(c))
			buf_puts(&buf, "\xc2\xb7");	/* a middle dot */
		else
			buf_put(&buf, t.s + from, at - from);
	}
	return buf_get(&buf);
}

struct text
time_shown(struct arena *arena, time_us t)
{
	char stamp[TIME_TEXT_BYTES];

	if (t == TIME_NONE)
		return TEXT_NONE;
	if (t == TIME_INFINITY)
		return TEXT("infinity");
	time_to_text(t + LOCAL_OFFSET_US, stamp);
	stamp[10] = ' ';
	return arena_copy(arena, stamp, 19);
}
