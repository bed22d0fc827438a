/*
 * viet - see viet.h.
 *
 * A Vietnamese vowel is one of twelve letters with one of six tones.  Reading
 * takes a letter apart into the two, combining marks change them in whatever
 * order they come, and writing puts them together again from one table.
 */
#include "viet.h"

#include "buf.h"

enum tone { LEVEL, GRAVE, HOOK, TILDE, ACUTE, DOT, TONES };
enum { VOWELS = 12, REPLACEMENT = 0xfffd };

/* [letter][tone]: upper and lower case code points. */
static const uint16_t upper_of[VOWELS][TONES] = {
	{ 'A',    0x00c0, 0x1ea2, 0x00c3, 0x00c1, 0x1ea0 },
	{ 0x0102, 0x1eb0, 0x1eb2, 0x1eb4, 0x1eae, 0x1eb6 },	/* Ă */
	{ 0x00c2, 0x1ea6, 0x1ea8, 0x1eaa, 0x1ea4, 0x1eac },	/* Â */
	{ 'E',    0x00c8, 0x1eba, 0x1ebc, 0x00c9, 0x1eb8 },
	{ 0x00ca, 0x1ec0, 0x1ec2, 0x1ec4, 0x1ebe, 0x1ec6 },	/* Ê */
	{ 'I',    0x00cc, 0x1ec8, 0x0128, 0x00cd, 0x1eca },
	{ 'O',    0x00d2, 0x1ece, 0x00d5, 0x00d3, 0x1ecc },
	{ 0x00d4, 0x1ed2, 0x1ed4, 0x1ed6, 0x1ed0, 0x1ed8 },	/* Ô */
	{ 0x01a0, 0x1edc, 0x1ede, 0x1ee0, 0x1eda, 0x1ee2 },	/* Ơ */
	{ 'U',    0x00d9, 0x1ee6, 0x0168, 0x00da, 0x1ee4 },
	{ 0x01af, 0x1eea, 0x1eec, 0x1eee, 0x1ee8, 0x1ef0 },	/* Ư */
	{ 'Y',    0x1ef2, 0x1ef6, 0x1ef8, 0x00dd, 0x1ef4 },
};

enum { A, AW, AA, E, EE, I, O, OO, OW, U, UW, Y };

/* A letter being read: vowel -1 is any other character. */
struct glyph {
	uint32_t	point;	/* upper case */
	int		vowel;
	int		tone;
};

/* --- UTF-8 --------------------------------------------------------------------- */

/* The next code point; bytes that are none give REPLACEMENT, one at a time. */
static uint32_t
point_next(struct text t, size_t *at)
{
	const unsigned char *p = (const unsigned char *)t.s + *at;
	size_t n = p[0] < 0x80 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	uint32_t point = p[0];

	if (n > t.n - *at || !text_is_utf8((struct text){ (const char *)p, n })) {
		*at += 1;
		return REPLACEMENT;
	}
	*at += n;
	if (n == 1)
		return point;
	point &= 0x7fu >> n;
	for (size_t i = 1; i < n; i++)
		point = point << 6 | (p[i] & 0x3f);
	return point;
}

static void
point_put(struct buf *buf, uint32_t c)
{
	unsigned char b[4];
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	for (size_t i = n - 1; i > 0; i--) {
		b[i] = (unsigned char)(0x80 | (c & 0x3f));
		c >>= 6;
	}
	b[0] = (unsigned char)(n == 1 ? c : (0xf00u >> n & 0xff) | c);
	buf_put(buf, b, n);
}

/* --- letters ------------------------------------------------------------------- */

/* Upper case of a Latin letter outside the vowel table. */
static uint32_t
latin_upper(uint32_t c)
{
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 'A';
	if (c == 0x00f0 || c == 0x00d0 || c == 0x0111 || c == 0x0189 || c == 0x0256)
		return 0x0110;		/* Đ, and eth and African d in its place */
	if (c >= 0x00e0 && c <= 0x00fe && c != 0x00f7)
		return c - 0x20;
	if (c == 0x00ff)
		return 0x0178;
	if (c == 0x0131)
		return 'I';
	/* Pairs that begin on an odd code point, then pairs that begin on an even one. */
	if ((c >= 0x0139 && c <= 0x0148) || (c >= 0x0179 && c <= 0x017e))
		return c % 2 == 0 ? c - 1 : c;
	if ((c >= 0x0100 && c <= 0x012f) || (c >= 0x0132 && c <= 0x0137) ||
	    (c >= 0x014a && c <= 0x0177) || (c >= 0x1e00 && c <= 0x1e95) ||
	    (c >= 0x1ea0 && c <= 0x1eff))
		return c & ~(uint32_t)1;
	return c == 0x01a1 || c == 0x01b0 ? c - 1 : c;
}

static struct glyph
glyph_of(uint32_t point)
{
	struct glyph g = { latin_upper(point), -1, LEVEL };

	/* Nothing above Ỹ is a vowel, and little below a. */
	if (g.point < 'A' || g.point > 0x1ef9)
		return g;
	for (int v = 0; v < VOWELS; v++)
		for (int tone = LEVEL; tone < TONES; tone++)
			if (upper_of[v][tone] == g.point)
				return (struct glyph){ g.point, v, tone };
	return g;
}

static int
tone_of_mark(uint32_t mark)
{
	switch (mark) {
	case 0x0300: case 0x0340: return GRAVE;
	case 0x0309: return HOOK;
	case 0x0303: return TILDE;
	case 0x0301: case 0x0341: return ACUTE;
	case 0x0323: return DOT;
	default: return LEVEL;
	}
}

/* Letter + mark that is another letter: of the alphabet, and of the minorities' alphabets. */
static const struct {
	uint16_t	letter, mark, result;
} shapes[] = {
	{ 'A', 0x0306, 0x0102 }, { 'A', 0x0302, 0x00c2 }, { 'E', 0x0302, 0x00ca },
	{ 'O', 0x0302, 0x00d4 }, { 'O', 0x031b, 0x01a0 }, { 'U', 0x031b, 0x01af },
	{ 'D', 0x0335, 0x0110 }, { 'D', 0x0336, 0x0110 }, { 'E', 0x0306, 0x0114 },
	{ 'I', 0x0306, 0x012c }, { 'O', 0x0306, 0x014e }, { 'U', 0x0306, 0x016c },
	{ 'N', 0x0303, 0x00d1 }, { 'C', 0x030c, 0x010c },
};

static bool
glyph_shape(struct glyph *g, uint32_t mark)
{
	uint32_t letter = g->vowel >= 0 ? upper_of[g->vowel][LEVEL] : g->point;
	struct glyph made;

	for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
		if (shapes[i].letter != letter || shapes[i].mark != mark)
			continue;
		made = glyph_of(shapes[i].result);
		if (made.vowel < 0 && g->tone != LEVEL)
			return false;
		made.tone = g->tone;
		*g = made;
		return true;
	}
	return false;
}

/* Take a combining mark into the letter; false when it does not fit there. */
static bool
glyph_mark(struct glyph *g, uint32_t mark)
{
	int tone = tone_of_mark(mark);

	if (g->vowel >= 0 && tone != LEVEL) {
		if (g->tone != LEVEL)
			return false;
		g->tone = tone;
		return true;
	}
	return glyph_shape(g, mark);
}

static uint32_t
glyph_point(struct glyph g)
{
	return g.vowel >= 0 ? upper_of[g.vowel][g.tone] : g.point;
}

/* --- the text ------------------------------------------------------------------ */

static bool
is_space(uint32_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r') || c == 0x85 || c == 0xa0 ||
	    c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 ||
	    c == 0x202f || c == 0x205f || c == 0x3000;
}

static bool
is_invisible(uint32_t c)
{
	return c == 0xad || (c >= 0x200b && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) ||
	    c == 0x2060 || c == 0xfeff;
}

static bool
is_apostrophe(uint32_t c)
{
	return c == 0x2018 || c == 0x2019 || c == 0x02bc || c == 0x02b9 || c == 0x00b4 || c == '`';
}

/* The next folded letter: spaces collapsed, marks taken in.  False at the end. */
static bool
glyph_next(struct text t, size_t *at, struct glyph *out)
{
	bool spaces = false;
	size_t ahead;
	uint32_t c = 0;

	for (;;) {
		if (*at == t.n)
			return false;
		ahead = *at;
		c = point_next(t, &ahead);
		if (!is_space(c) && !is_invisible(c))
			break;
		spaces |= is_space(c);
		*at = ahead;
	}
	if (spaces) {
		*out = (struct glyph){ ' ', -1, LEVEL };
		return true;
	}
	*at = ahead;
	*out = glyph_of(is_apostrophe(c) ? '\'' : c);
	while (ahead < t.n) {
		c = point_next(t, &ahead);
		if (!is_invisible(c) && !glyph_mark(out, c))
			break;
		*at = ahead;
	}
	return true;
}

/* OA, OE and UY carry their tone on the second letter, whoever typed them. */
static void
tone_move(struct glyph *first, struct glyph *second)
{
	bool pair = (first->vowel == O && (second->vowel == A || second->vowel == E)) ||
	    (first->vowel == U && second->vowel == Y);

	if (!pair || first->tone == LEVEL || second->tone != LEVEL)
		return;
	second->tone = first->tone;
	first->tone = LEVEL;
}

static struct text
fold(struct arena *arena, struct text t, bool moves_tones)
{
	struct buf buf = buf_in(arena);
	struct glyph held = { 0, -1, LEVEL }, next;
	size_t at = 0;
	bool holding = false;

	if (text_is_absent(t))
		return t;
	while (glyph_next(t, &at, &next)) {
		if (next.point == ' ' && !holding)
			continue;
		if (holding && moves_tones)
			tone_move(&held, &next);
		if (holding)
			point_put(&buf, glyph_point(held));
		held = next;
		holding = true;
	}
	if (holding)
		point_put(&buf, glyph_point(held));
	return holding ? buf_get(&buf) : TEXT("");
}

struct text
viet_fold(struct arena *arena, struct text t)
{
	return fold(arena, t, false);
}

struct text
viet_key(struct arena *arena, struct text t)
{
	return fold(arena, t, true);
}

static bool
is_letter(struct glyph g)
{
	return g.vowel >= 0 || (g.point >= 'A' && g.point <= 'Z') ||
	    (g.point >= 0xc0 && g.point != 0xd7 && g.point != REPLACEMENT &&
	    !(g.point >= 0x2000 && g.point < 0x2c00));
}

struct text
viet_initials(struct arena *arena, struct text name)
{
	struct buf buf = buf_in(arena);
	struct glyph g;
	size_t at = 0;
	bool begun = false;

	if (text_is_absent(name))
		return name;
	while (glyph_next(name, &at, &g)) {
		if (g.point == ' ') {
			begun = false;
		} else if (!begun && is_letter(g)) {
			g.tone = LEVEL;
			point_put(&buf, glyph_point(g));
			buf_puts(&buf, ".");
			begun = true;
		}
	}
	return buf.n > 0 ? buf_get(&buf) : TEXT("");
}
