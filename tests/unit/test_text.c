/* text: numbers to their limits, well-formed UTF-8 and nothing else, hexadecimal both ways. */
#include <criterion/criterion.h>

#include "text.h"

#define BYTES(literal) { literal, sizeof(literal) - 1 }

Test(text, absent_is_not_empty)
{
	cr_assert(text_is_absent(TEXT_NONE));
	cr_assert(text_is_absent(text_of(NULL)));
	cr_assert(!text_is_absent(text_of("")));
	cr_assert(!text_is_absent(TEXT("")));
	cr_assert_eq(text_of("").n, 0);
	cr_assert_eq(TEXT("a\0b").n, 3);
	cr_assert_eq(text_of("a\0b").n, 1);
}

Test(text, equality)
{
	static const struct {
		const char	*name;
		struct text	a, b;
		bool		equal;
	} cases[] = {
		{ "both absent", { NULL, 0 }, { NULL, 0 }, true },
		{ "absent and empty have the same bytes", { NULL, 0 }, BYTES(""), true },
		{ "same", BYTES("abc"), BYTES("abc"), true },
		{ "last byte", BYTES("abc"), BYTES("abd"), false },
		{ "first byte", BYTES("abc"), BYTES("bbc"), false },
		{ "prefix", BYTES("abc"), BYTES("ab"), false },
		{ "beyond a NUL", BYTES("a\0b"), BYTES("a\0c"), false },
		{ "case", BYTES("a"), BYTES("A"), false },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		cr_expect_eq(text_is_equal(cases[i].a, cases[i].b), cases[i].equal, "%s", cases[i].name);
		cr_expect_eq(text_is_equal(cases[i].b, cases[i].a), cases[i].equal, "%s", cases[i].name);
	}
}

Test(text, is_a_literal)
{
	cr_assert(text_is(TEXT("abc"), "abc"));
	cr_assert(text_is(TEXT(""), ""));
	cr_assert(!text_is(TEXT_NONE, ""), "an absent text is no text at all");
	cr_assert(!text_is(TEXT("abc"), "ab"));
	cr_assert(!text_is(TEXT("ab"), "abc"));
	cr_assert(!text_is(TEXT("ab\0"), "ab"));
}

Test(text, prefix)
{
	cr_assert(text_has_prefix(TEXT("vn.dossier.x"), "vn.dossier."));
	cr_assert(text_has_prefix(TEXT("vn"), "vn"));
	cr_assert(text_has_prefix(TEXT("vn"), ""));
	cr_assert(!text_has_prefix(TEXT("vn"), "vn."));
	cr_assert(!text_has_prefix(TEXT("vm.x"), "vn"));
	cr_assert(!text_has_prefix(TEXT(""), "v"));
	cr_assert(!text_has_prefix(TEXT_NONE, "v"));
}

/* Bug B6: memcmp was called with NULL, which UBSan sees. */
Test(text, bug_6_everything_begins_with_nothing)
{
	cr_assert(text_has_prefix(TEXT_NONE, ""));
	cr_assert(text_has_prefix(TEXT(""), ""));
}

Test(text, int64)
{
	static const struct {
		const char	*s;
		bool		ok;
		int64_t		value;
	} cases[] = {
		{ "0", true, 0 }, { "-0", true, 0 }, { "7", true, 7 }, { "-7", true, -7 },
		{ "007", true, 7 }, { "1234567890", true, 1234567890 },
		{ "9223372036854775806", true, INT64_MAX - 1 },
		{ "9223372036854775807", true, INT64_MAX },
		{ "9223372036854775808", false, 0 },
		{ "9223372036854775810", false, 0 },
		{ "10000000000000000000", false, 0 },
		{ "92233720368547758070", false, 0 },
		{ "-9223372036854775807", true, INT64_MIN + 1 },
		{ "-9223372036854775808", true, INT64_MIN },
		{ "-9223372036854775809", false, 0 },
		{ "-92233720368547758080", false, 0 },
		{ "000000000000000000000000000001", true, 1 },
		{ "", false, 0 }, { "-", false, 0 }, { "+1", false, 0 }, { "--1", false, 0 },
		{ " 1", false, 0 }, { "1 ", false, 0 }, { "1.0", false, 0 }, { "1e3", false, 0 },
		{ "0x10", false, 0 }, { "1-", false, 0 }, { "/", false, 0 }, { ":", false, 0 },
		{ "\xd9\xa1", false, 0 },	/* an Arabic digit */
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int64_t out = 4711;

		cr_expect_eq(text_to_int64(text_of(cases[i].s), &out), cases[i].ok, "\"%s\"", cases[i].s);
		cr_expect_eq(out, cases[i].ok ? cases[i].value : 4711, "\"%s\"", cases[i].s);
	}
}

Test(text, int64_of_bytes_and_of_nothing)
{
	int64_t out = 4711;

	cr_assert(!text_to_int64(TEXT_NONE, &out));
	cr_assert(!text_to_int64(TEXT("1\0"), &out));
	cr_assert(!text_to_int64(TEXT("1\0002"), &out));
	cr_assert_eq(out, 4711);
	cr_assert(text_to_int64((struct text){ "12345", 3 }, &out), "no more than its length");
	cr_assert_eq(out, 123);
}

static const struct {
	const char	*name;
	struct text	t;
	bool		ok;
	size_t		length;		/* where it is well-formed */
} utf8[] = {
	{ "nothing", BYTES(""), true, 0 },
	{ "ascii", BYTES("abc"), true, 3 },
	{ "NUL is a code point", BYTES("a\0b"), true, 3 },
	{ "U+007F", BYTES("\x7f"), true, 1 },
	{ "Vietnamese", BYTES("hồ sơ"), true, 5 },
	{ "decomposed", BYTES("o\xcc\x82\xcc\x80"), true, 3 },
	{ "U+0080, the least of two bytes", BYTES("\xc2\x80"), true, 1 },
	{ "U+07FF, the greatest of two bytes", BYTES("\xdf\xbf"), true, 1 },
	{ "U+0800, the least of three", BYTES("\xe0\xa0\x80"), true, 1 },
	{ "U+D7FF, before the surrogates", BYTES("\xed\x9f\xbf"), true, 1 },
	{ "U+E000, after the surrogates", BYTES("\xee\x80\x80"), true, 1 },
	{ "U+FFFF", BYTES("\xef\xbf\xbf"), true, 1 },
	{ "U+FEFF", BYTES("\xef\xbb\xbf" "a"), true, 2 },
	{ "U+10000, the least of four", BYTES("\xf0\x90\x80\x80"), true, 1 },
	{ "U+10FFFF, the greatest", BYTES("\xf4\x8f\xbf\xbf"), true, 1 },

	{ "U+110000", BYTES("\xf4\x90\x80\x80"), false, 0 },
	{ "f5", BYTES("\xf5\x80\x80\x80"), false, 0 },
	{ "five bytes", BYTES("\xf8\x88\x80\x80\x80"), false, 0 },
	{ "six bytes", BYTES("\xfc\x84\x80\x80\x80\x80"), false, 0 },
	{ "fe", BYTES("\xfe"), false, 0 },
	{ "ff", BYTES("\xff"), false, 0 },
	{ "overlong NUL", BYTES("\xc0\x80"), false, 0 },
	{ "overlong U+007F", BYTES("\xc1\xbf"), false, 0 },
	{ "overlong slash in three", BYTES("\xe0\x80\xaf"), false, 0 },
	{ "overlong U+07FF", BYTES("\xe0\x9f\xbf"), false, 0 },
	{ "overlong U+FFFF", BYTES("\xf0\x8f\xbf\xbf"), false, 0 },
	{ "U+D800, first surrogate", BYTES("\xed\xa0\x80"), false, 0 },
	{ "U+DFFF, last surrogate", BYTES("\xed\xbf\xbf"), false, 0 },
	{ "a pair of surrogates", BYTES("\xed\xa0\xbd\xed\xb8\x80"), false, 0 },
	{ "a lone continuation, least", BYTES("\x80"), false, 0 },
	{ "a lone continuation, greatest", BYTES("\xbf"), false, 0 },
	{ "continuation after ascii", BYTES("a\x80"), false, 0 },
	{ "two bytes, one there", BYTES("\xc3"), false, 0 },
	{ "two bytes, then ascii", BYTES("\xc3" "a"), false, 0 },
	{ "two bytes, then c0", BYTES("\xc3\xc0"), false, 0 },
	{ "three bytes, one there", BYTES("\xe1"), false, 0 },
	{ "three bytes, two there", BYTES("\xe1\xba"), false, 0 },
	{ "three bytes, third is ascii", BYTES("\xe1\xba" "a"), false, 0 },
	{ "three bytes, second is ascii", BYTES("\xe1" "a\x80"), false, 0 },
	{ "four bytes, three there", BYTES("\xf0\x9f\x98"), false, 0 },
	{ "four bytes, fourth is ascii", BYTES("\xf0\x9f\x98" "a"), false, 0 },
	{ "four bytes, third is ascii", BYTES("\xf0\x9f" "a\x80"), false, 0 },
	{ "four bytes, second is ascii", BYTES("\xf0" "a\x80\x80"), false, 0 },
	{ "good, then bad", BYTES("hồ sơ\xff"), false, 0 },
};

Test(text, utf8)
{
	for (size_t i = 0; i < sizeof utf8 / sizeof *utf8; i++) {
		cr_expect_eq(text_is_utf8(utf8[i].t), utf8[i].ok, "%s", utf8[i].name);
		if (utf8[i].ok)
			cr_expect_eq(text_length(utf8[i].t), utf8[i].length, "%s", utf8[i].name);
	}
	cr_assert(text_is_utf8(TEXT_NONE));
	cr_assert_eq(text_length(TEXT_NONE), 0);
}

static size_t
utf8_encode(uint32_t c, char *out)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

Test(text, every_code_point_and_none_cut_short)
{
	char s[4];

	for (uint32_t c = 0; c <= 0x110fff; c++) {
		size_t n = utf8_encode(c, s);
		bool ok = c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);

		cr_assert_eq(text_is_utf8((struct text){ s, n }), ok, "U+%04X", c);
		for (size_t k = 1; k < n; k++)
			cr_assert(!text_is_utf8((struct text){ s, k }), "U+%04X in %zu bytes", c, k);
		if (ok)
			cr_assert_eq(text_length((struct text){ s, n }), 1, "U+%04X", c);
	}
}

Test(text, hex_both_ways)
{
	unsigned char all[256], back[256];
	char hex[2 * sizeof all + 1];

	for (int i = 0; i < 256; i++)
		all[i] = (unsigned char)i;
	memset(hex, 'x', sizeof hex);
	text_hex(all, sizeof all, hex);
	cr_assert_eq(strlen(hex), 512);
	cr_assert_eq(strncmp(hex, "000102", 6), 0);
	cr_assert_str_eq(hex + 506, "fdfeff");
	cr_assert_eq(strspn(hex, "0123456789abcdef"), 512);
	cr_assert(text_unhex(text_of(hex), back, sizeof back));
	cr_assert_arr_eq(back, all, sizeof all);
	text_hex(all, 0, hex);
	cr_assert_str_eq(hex, "");
}

Test(text, unhex)
{
	static const struct {
		const char	*name;
		struct text	t;
		bool		ok;
	} cases[] = {
		{ "lower case", BYTES("0aff"), true },
		{ "upper case", BYTES("0AFF"), true },
		{ "mixed", BYTES("0aFf"), true },
		{ "one short", BYTES("0af"), false },
		{ "two short", BYTES("0a"), false },
		{ "one long", BYTES("0aff0"), false },
		{ "a byte long", BYTES("0aff00"), false },
		{ "before 0", BYTES("0af/"), false }, { "after 9", BYTES("0af:"), false },
		{ "before A", BYTES("0af@"), false }, { "after F", BYTES("0afG"), false },
		{ "before a", BYTES("0af`"), false }, { "after f", BYTES("0afg"), false },
		{ "first digit bad", BYTES("xaff"), false },
		{ "blank", BYTES("0af "), false },
		{ "NUL", BYTES("0af\0"), false },
		{ "0x", BYTES("0x0a"), false },
		{ "absent", { NULL, 0 }, false },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		unsigned char out[2] = { 0x55, 0x55 };

		cr_expect_eq(text_unhex(cases[i].t, out, 2), cases[i].ok, "%s", cases[i].name);
		cr_expect_eq(out[0], cases[i].ok ? 0x0a : 0x55, "%s: untouched when refused", cases[i].name);
		cr_expect_eq(out[1], cases[i].ok ? 0xff : 0x55, "%s: untouched when refused", cases[i].name);
	}
	cr_assert(text_unhex(TEXT(""), NULL, 0));
}
