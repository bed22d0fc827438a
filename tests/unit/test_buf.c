/* buf: bytes that grow, length prefixes, and JSON texts that a parser gives back as they were. */
#include <criterion/criterion.h>

#include "buf.h"
#include "doc.h"

static struct arena *arena;

static void
setup(void)
{
	arena = arena_new(0);
}

static void
teardown(void)
{
	arena_free(arena);
}

TestSuite(buf, .init = setup, .fini = teardown);

Test(buf, nothing_is_an_empty_text)
{
	struct buf buf = buf_in(arena);
	struct text t = buf_get(&buf);

	cr_assert_eq(t.n, 0);
	cr_assert_not_null(t.s);
	cr_assert_eq(t.s[0], '\0');
	buf_put(&buf, NULL, 0);
	buf_text(&buf, TEXT_NONE);
	buf_puts(&buf, "");
	cr_assert_eq(buf_get(&buf).n, 0);
}

Test(buf, appends)
{
	struct buf buf = buf_in(arena);

	buf_puts(&buf, "a");
	buf_text(&buf, TEXT("b\0c"));
	buf_put(&buf, "def", 2);
	buf_int(&buf, 0);
	buf_int(&buf, INT64_MIN);
	buf_int(&buf, INT64_MAX);
	buf_printf(&buf, "<%s|%5d>", "x", 7);
	cr_assert(text_is_equal(buf_get(&buf),
	    TEXT("ab\0cde0-92233720368547758089223372036854775807<x|    7>")));
	cr_assert_eq(buf_get(&buf).s[buf_get(&buf).n], '\0');
}

/* Every size around the first allocation and its doublings, put at once, by bytes, and printed. */
Test(buf, grows)
{
	static const size_t around[] = { 1, 255, 256, 257, 511, 512, 513, 1023, 1024, 1025, 65535, 65536, 65537, 200000 };

	for (size_t i = 0; i < sizeof around / sizeof *around; i++) {
		size_t n = around[i];
		char *bytes = arena_take(arena, n + 1, 1);
		struct buf once = buf_in(arena), printed = buf_in(arena), slowly = buf_in(arena);

		for (size_t k = 0; k < n; k++)
			bytes[k] = (char)('a' + k % 26);
		buf_put(&once, bytes, n);
		buf_printf(&printed, "%s", bytes);
		for (size_t k = 0; k < n; k++)
			buf_put(&slowly, bytes + k, 1);
		cr_expect(text_is(buf_get(&once), bytes), "%zu at once", n);
		cr_expect(text_is(buf_get(&printed), bytes), "%zu printed", n);
		cr_expect(text_is(buf_get(&slowly), bytes), "%zu by bytes", n);
		cr_expect_eq(buf_get(&once).s[n], '\0');
		cr_expect_eq(buf_get(&printed).s[n], '\0');
		cr_expect_eq(buf_get(&slowly).s[n], '\0');
	}
}

Test(buf, two_grow_side_by_side)
{
	struct buf a = buf_in(arena), b = buf_in(arena);

	for (int i = 0; i < 5000; i++) {
		buf_puts(&a, "a");
		buf_puts(&b, "bb");
	}
	cr_assert_eq(buf_get(&a).n, 5000);
	cr_assert_eq(buf_get(&b).n, 10000);
	cr_assert_eq(strspn(buf_get(&a).s, "a"), 5000);
	cr_assert_eq(strspn(buf_get(&b).s, "b"), 10000);
}

Test(buf, length_prefix)
{
	static const struct {
		const char	*name;
		size_t		n;
		const char	*prefix;
	} cases[] = {
		{ "nothing", 0, "\0\0\0\0" }, { "one", 1, "\0\0\0\1" }, { "255", 255, "\0\0\0\xff" },
		{ "256", 256, "\0\0\1\0" }, { "65535", 65535, "\0\0\xff\xff" }, { "65536", 65536, "\0\1\0\0" },
		{ "2^24", 1 << 24, "\1\0\0\0" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf buf = buf_in(arena);
		char *bytes = arena_take(arena, cases[i].n, 1);

		memset(bytes, 'x', cases[i].n);
		buf_lp(&buf, bytes, cases[i].n);
		cr_expect_eq(buf_get(&buf).n, cases[i].n + 4, "%s", cases[i].name);
		cr_expect_arr_eq(buf_get(&buf).s, cases[i].prefix, 4, "%s", cases[i].name);
		cr_expect_arr_eq(buf_get(&buf).s + 4, bytes, cases[i].n, "%s", cases[i].name);
	}
}

#define BYTES(literal) { literal, sizeof(literal) - 1 }

Test(buf, json_text)
{
	static const struct {
		const char	*name;
		struct text	t;
		const char	*json;
	} cases[] = {
		{ "absent", { NULL, 0 }, "null" },
		{ "empty", BYTES(""), "\"\"" },
		{ "plain", BYTES("abc"), "\"abc\"" },
		{ "quote", BYTES("a\"b"), "\"a\\\"b\"" },
		{ "backslash", BYTES("a\\b"), "\"a\\\\b\"" },
		{ "slash stays", BYTES("a/b"), "\"a/b\"" },
		{ "new line", BYTES("a\nb"), "\"a\\nb\"" },
		{ "NUL", BYTES("a\0b"), "\"a\\u0000b\"" },
		{ "least", BYTES("\x01"), "\"\\u0001\"" },
		{ "tab", BYTES("\t"), "\"\\u0009\"" },
		{ "carriage return", BYTES("\r"), "\"\\u000d\"" },
		{ "last control character", BYTES("\x1f"), "\"\\u001f\"" },
		{ "blank is none", BYTES("\x20"), "\" \"" },
		{ "delete may stand", BYTES("\x7f"), "\"\x7f\"" },
		{ "Vietnamese stays", BYTES("Nguyễn Thị Ổn"), "\"Nguyễn Thị Ổn\"" },
		{ "four bytes stay", BYTES("\xf0\x9f\x87\xbb"), "\"\xf0\x9f\x87\xbb\"" },
		{ "all at the ends", BYTES("\"\n\\"), "\"\\\"\\n\\\\\"" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf buf = buf_in(arena);

		buf_json_text(&buf, cases[i].t);
		cr_expect(text_is(buf_get(&buf), cases[i].json), "%s: %s", cases[i].name, buf_get(&buf).s);
	}
}

/* Every byte that a text may hold, alone and amid others, comes back from the parser. */
Test(buf, json_text_is_what_the_parser_reads)
{
	for (int c = 1; c < 0x80; c++) {
		char s[] = { 'x', (char)c, (char)c, 'y' };
		struct buf buf = buf_in(arena);
		const struct doc_node *root;
		struct doc_error why;

		buf_json_text(&buf, (struct text){ s, sizeof s });
		cr_assert_eq(doc_parse(arena, buf_get(&buf), NULL, &root, &why), FAULT_NONE, "%02x", c);
		cr_expect(text_is_equal(doc_text(root), (struct text){ s, sizeof s }), "%02x", c);
	}
}
