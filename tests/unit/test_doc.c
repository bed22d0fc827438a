/*
 * test_doc - what is read, what is refused with which rule, and where.
 *
 * jansson, strict and refusing double keys, is the second opinion: on random
 * small documents both must agree.
 */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "doc.h"

struct bad {
	struct text	json;
	const char	*rule;
	size_t		offset;
	const char	*pointer;
};

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

TestSuite(doc, .init = setup, .fini = teardown);

static const struct doc_node *
parse(struct text json)
{
	const struct doc_node *root = NULL;
	struct doc_error why;

	cr_assert_eq(doc_parse(arena, json, NULL, &root, &why), FAULT_NONE, "%.*s: %s", TEXT_ARG(json),
	    why.rule);
	return root;
}

static const struct bad bads[] = {
	/* B1: equal keys, also after unescaping; with more keys than are compared in pairs */
	{ TEXT("{\"fee\":1,\"fee\":2}"), "json.duplicate_key", 9, "/fee" },
	{ TEXT("{\"fee\":1,\"f\\u0065e\":2}"), "json.duplicate_key", 9, "/fee" },
	{ TEXT("{\"a\":{\"b\":[0,{\"c\":1,\"c\":1}]}}"), "json.duplicate_key", 20, "/a/b/1/c" },
	{ TEXT("{\"\":1,\"\":2}"), "json.duplicate_key", 6, "" },
	{ TEXT("{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1,\"i\":1,\"j\":1,\"k\":1,"
	    "\"l\":1,\"m\":1,\"n\":1,\"o\":1,\"p\":1,\"q\":1,\"c\":1}"), "json.duplicate_key", 103, "/c" },
	{ TEXT("{\"Nguyễn Văn A\":1,\"Nguyễn Văn A\":2}"), "json.duplicate_key", 21, "" },
	/* B3, B4: numbers */
	{ TEXT("1e400"), "json.number", 0, "" }, { TEXT("-1e400"), "json.number", 0, "" },
	{ TEXT("{\"a\":9223372036854775808}"), "json.number", 5, "/a" },
	{ TEXT("-9223372036854775809"), "json.number", 0, "" },
	{ TEXT("123456789012345678901234567890"), "json.number", 0, "" },
	{ TEXT("0.1234567890123456789012345678901234567890123456789012345678901234"), "json.number", 0, "" },
	{ TEXT("NaN"), "json.number", 0, "" }, { TEXT("Infinity"), "json.number", 0, "" },
	{ TEXT("-Infinity"), "json.number", 0, "" }, { TEXT("0x1f"), "json.trailing", 1, "" },
	{ TEXT("01"), "json.number", 0, "" }, { TEXT("-01"), "json.number", 0, "" },
	{ TEXT("+1"), "json.number", 0, "" }, { TEXT(".5"), "json.number", 0, "" },
	{ TEXT("1."), "json.number", 0, "" }, { TEXT("1e"), "json.number", 0, "" },
	{ TEXT("1e+"), "json.number", 0, "" }, { TEXT("-"), "json.number", 0, "" },
	/* B5: encodings */
	{ TEXT("\xef\xbb\xbf{}"), "json.encoding", 0, "" }, { TEXT("{\0}\0"), "json.encoding", 0, "" },
	{ TEXT("\0{\0}"), "json.encoding", 0, "" }, { TEXT("\xff\xfe{\0}\0"), "json.encoding", 0, "" },
	{ TEXT("[\"a\xc0\xaf\"]"), "json.encoding", 3, "/0" }, { TEXT("[\"ế\xff\"]"), "json.encoding", 5, "/0" },
	{ TEXT("\"\xed\xa0\x80\""), "json.encoding", 1, "" }, { TEXT("\"\xf4\x90\x80\x80\""), "json.encoding", 1, "" },
	{ TEXT("\"ab\xe1\xba\""), "json.encoding", 3, "" }, { TEXT("\"\\ud800\""), "json.encoding", 2, "" },
	{ TEXT("\"\\ud800x\""), "json.encoding", 2, "" }, { TEXT("\"\\ud800\\u0041\""), "json.encoding", 2, "" },
	{ TEXT("\"\\udc00\""), "json.encoding", 2, "" }, { TEXT("\xff"), "json.encoding", 0, "" },
	/* B6, B7: NUL and other control characters */
	{ TEXT("[\"a\0b\"]"), "json.nul", 3, "/0" }, { TEXT("[\"\\u0000\"]"), "json.nul", 3, "/0" },
	{ TEXT("1\0"), "json.nul", 1, "" }, { TEXT("[1,\0]"), "json.nul", 3, "/1" },
	{ TEXT("\"a\nb\""), "json.control", 2, "" }, { TEXT("\"\x1f\""), "json.control", 1, "" },
	/* B9: nothing, too much, unfinished */
	{ TEXT(""), "json.empty", 0, "" }, { TEXT(" \n\t "), "json.empty", 4, "" },
	{ TEXT("{}x"), "json.trailing", 2, "" }, { TEXT("{} {}"), "json.trailing", 3, "" },
	{ TEXT("1,"), "json.trailing", 1, "" }, { TEXT("{"), "json.syntax", 1, "" },
	{ TEXT("[1"), "json.syntax", 2, "/1" }, { TEXT("[1,]"), "json.syntax", 3, "/1" },
	{ TEXT("{\"a\":1,}"), "json.syntax", 7, "" }, { TEXT("{\"a\"}"), "json.syntax", 4, "/a" },
	{ TEXT("{a:1}"), "json.syntax", 1, "" }, { TEXT("{'a':1}"), "json.syntax", 1, "" },
	{ TEXT("[1}"), "json.syntax", 2, "/1" }, { TEXT("\"abc"), "json.syntax", 4, "" },
	{ TEXT("\"\\x\""), "json.syntax", 2, "" }, { TEXT("\"\\u12\""), "json.syntax", 2, "" },
	{ TEXT("\"\\"), "json.syntax", 2, "" }, { TEXT("tru"), "json.syntax", 0, "" },
	{ TEXT("nul"), "json.syntax", 0, "" }, { TEXT("TRUE"), "json.syntax", 0, "" },
	{ TEXT("[1 2]"), "json.syntax", 3, "/1" }, { TEXT("\f1"), "json.syntax", 0, "" },
	{ TEXT("// x\n1"), "json.syntax", 0, "" }, { TEXT("ế"), "json.syntax", 0, "" },
};

Test(doc, bad)
{
	for (size_t i = 0; i < sizeof bads / sizeof bads[0]; i++) {
		const struct bad *b = &bads[i];
		const struct doc_node *root = NULL;
		struct doc_error why = { .rule = "none" };
		enum fault fault = doc_parse(arena, b->json, NULL, &root, &why);

		cr_expect(fault == FAULT_PARK && root == NULL, "%zu taken: %.*s", i, TEXT_ARG(b->json));
		if (fault == FAULT_NONE)
			continue;
		cr_expect_str_eq(why.rule, b->rule, "%zu: %.*s: %s", i, TEXT_ARG(b->json), why.rule);
		cr_expect_eq(why.offset, b->offset, "%zu: %.*s: at %zu", i, TEXT_ARG(b->json), why.offset);
		cr_expect(text_is(why.pointer, b->pointer), "%zu: %.*s: %s", i, TEXT_ARG(b->json),
		    why.pointer.s);
		cr_expect(why.message_vi[0] != '\0' && why.message_en[0] != '\0');
	}
}

/* Read and written again: the same bytes, but for space and escapes. */
static const struct { const char *in, *out; } goods[] = {
	{ "{}", NULL }, { "[]", NULL }, { "null", NULL }, { "true", NULL }, { "false", NULL },
	{ "\"\"", NULL }, { "0", NULL }, { "-1", NULL }, { "-0", "0" },
	{ "9223372036854775807", NULL }, { "-9223372036854775808", NULL }, { "9007199254740993", NULL },
	{ "1.10", NULL }, { "1e308", NULL }, { "-0.0", NULL }, { "1E+2", NULL },
	{ "0.12345678901234567890123456789012345678901234567890123456789012", NULL },
	{ " { \"b\" : 1 ,\n\"a\" :\t[ 1 , 2 ] } \r\n", "{\"b\":1,\"a\":[1,2]}" },
	{ "\"Hồ sơ Nguyễn Thị Ánh\"", NULL }, { "\"\\u1ebf\\/\\b\\f\\t\"", "\"ế/\\u0008\\u000c\\u0009\"" },
	{ "\"\\ud83d\\ude00\"", "\"😀\"" }, { "\"\\\"\\\\\\n\"", NULL }, { "\"\\u007f\\u0080\"", "\"\x7f\xc2\x80\"" },
	{ "{\"\":{\"\":[[],{}]}}", NULL },
};

Test(doc, good)
{
	for (size_t i = 0; i < sizeof goods / sizeof goods[0]; i++) {
		struct buf buf = buf_in(arena);

		doc_write(&buf, parse(text_of(goods[i].in)));
		cr_expect_str_eq(buf_get(&buf).s, goods[i].out != NULL ? goods[i].out : goods[i].in);
	}
}

/* n brackets, closed or not, of kind. */
static struct text
nested(const char *open, const char *inside, const char *close, size_t n)
{
	struct buf buf = buf_in(arena);

	for (size_t i = 0; i < n; i++)
		buf_puts(&buf, open);
	buf_puts(&buf, inside);
	for (size_t i = 0; i < n; i++)
		buf_puts(&buf, close);
	return buf_get(&buf);
}

Test(doc, depth)	/* B2 */
{
	const struct doc_node *root;
	struct doc_error why = { .rule = "" };
	size_t before;

	parse(nested("[", "1", "]", 32));
	parse(nested("{\"a\":", "1", "}", 32));
	cr_expect_eq(doc_parse(arena, nested("[", "", "]", 33), NULL, &root, &why), FAULT_PARK);
	cr_expect_str_eq(why.rule, "json.depth");
	cr_expect_eq(why.offset, 32);
	cr_expect_eq(doc_parse(arena, nested("{\"a\":", "1", "}", 33), NULL, &root, &why), FAULT_PARK);
	cr_expect_str_eq(why.rule, "json.depth");
	cr_expect_eq(doc_parse(arena, nested("[", "", "", 100000), NULL, &root, &why), FAULT_PARK);
	cr_expect_str_eq(why.rule, "json.depth");
	before = arena_used(arena);
	cr_expect_eq(doc_parse(arena, nested("[", "", "", 1 << 19), NULL, &root, &why), FAULT_PARK);
	cr_expect_lt(arena_used(arena) - before, 1 << 23);
}

Test(doc, size)		/* B10 */
{
	struct doc_limits limits = { .max_bytes = 8, .max_depth = 4 };
	const struct doc_node *root;
	struct doc_error why = { .rule = "" };
	struct buf buf = buf_in(arena);

	cr_expect_eq(doc_parse(arena, TEXT("[123456]"), &limits, &root, &why), FAULT_NONE);
	cr_expect_eq(doc_parse(arena, TEXT("[1234567]"), &limits, &root, &why), FAULT_PARK);
	cr_expect_str_eq(why.rule, "json.size");
	/* Many small keys stay fast and are found. */
	for (int i = 0; i < 80000; i++)
		buf_printf(&buf, "%s\"k%d\":%d", i == 0 ? "{" : ",", i, i);
	buf_puts(&buf, "}");
	limits = (struct doc_limits){ .max_bytes = 2 << 20, .max_depth = 1 };
	cr_assert_eq(doc_parse(arena, buf_get(&buf), &limits, &root, &why), FAULT_NONE);
	for (int64_t i = 0, got = -1; i < 80000; i += 7919) {
		cr_expect(doc_get_int64(root, arena_printf(arena, "k%d", (int)i).s, &got));
		cr_expect_eq(got, i);
	}
	cr_expect_null(doc_get(root, "k80000"));
}

Test(doc, access)
{
	const struct doc_node *root = parse(TEXT("{\"a\":{\"b\":[10,\"x\",null,true,1.5]},\"a/b\":{\"~\":7},\"t\":\"ế\"}"));
	struct text t = TEXT("before");
	int64_t n = -1;
	double real = 0;
	bool yes = false;
	struct err err;

	cr_expect_eq(doc_kind(root), DOC_OBJECT);
	cr_expect_eq(doc_length(root), 3);
	cr_expect(doc_int64(doc_pointer(root, "/a/b/0"), &n) && n == 10);
	cr_expect(text_is(doc_text(doc_pointer(root, "/a/b/1")), "x"));
	cr_expect_eq(doc_kind(doc_pointer(root, "/a/b/2")), DOC_NULL);
	cr_expect(doc_bool(doc_pointer(root, "/a/b/3"), &yes) && yes);
	cr_expect(doc_real(doc_pointer(root, "/a/b/4"), &real) && real == 1.5);
	cr_expect(doc_int64(doc_pointer(root, "/a~1b/~0"), &n) && n == 7);
	cr_expect_eq(doc_pointer(root, ""), root);
	for (const char *const *p = (const char *const[]){ "/a/b/5", "/a/b/00", "/a/b/-", "/a/b/-0", "a", "/x/y",
	    "/a/b/1/0", NULL }; *p != NULL; p++)
		cr_expect_null(doc_pointer(root, *p), "%s", *p);
	cr_expect_eq(doc_kind(NULL), DOC_ABSENT);
	cr_expect_null(doc_get(doc_get(NULL, "a"), "b"));
	cr_expect(text_is_absent(doc_get_text(root, "a")));
	cr_expect_not(doc_next(&(struct doc_iter){ .left = doc_iter(NULL).left }));
	n = 5;
	cr_expect_not(doc_get_int64(root, "t", &n));
	cr_expect_eq(n, 5);
	cr_expect_eq(doc_need_text(root, "t", &t, &err), FAULT_NONE);
	cr_expect(text_is(t, "ế"));
	cr_expect_eq(doc_need_text(root, "a", &t, &err), FAULT_PARK);
	cr_expect_str_eq(err.text, "\"a\" is an object, not a text");
	cr_expect_eq(doc_need_int64(root, "none", &n, &err), FAULT_PARK);
	cr_expect_str_eq(err.text, "\"none\" is nothing, not an integer");
}

Test(doc, iterates_in_order)
{
	static const char *const keys[] = { "z", "a", "m" };
	int i = 0;

	for (struct doc_iter it = doc_iter(parse(TEXT("{\"z\":[1,2],\"a\":{\"q\":1},\"m\":3}"))); doc_next(&it); i++)
		cr_expect(text_is(it.key, keys[i]));
	cr_expect_eq(i, 3);
}

static const struct { const char *a, *b; bool equal; } pairs[] = {
	{ "1", "1.0", true }, { "1", "1e0", true }, { "0", "-0.0", true }, { "1", "\"1\"", false },
	{ "9007199254740993", "9007199254740992.0", false }, { "9007199254740992", "9007199254740992.0", true },
	{ "true", "1", false }, { "false", "0", false }, { "null", "false", false },
	{ "{\"a\":1,\"b\":[2]}", "{\"b\":[2.0],\"a\":1}", true }, { "{\"a\":1}", "{\"a\":1,\"b\":1}", false },
	{ "{\"a\":1}", "{\"b\":1}", false }, { "[1,2]", "[2,1]", false }, { "[]", "{}", false },
	{ "\"ế\"", "\"\\u1ebf\"", true }, { "[[1]]", "[[1.0]]", true },
};

Test(doc, equality)
{
	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		const struct doc_node *a = parse(text_of(pairs[i].a)), *b = parse(text_of(pairs[i].b));

		cr_expect_eq(doc_equal(a, b), pairs[i].equal, "%s %s", pairs[i].a, pairs[i].b);
		cr_expect_eq(doc_compare(a, b) < 0, doc_compare(b, a) > 0, "%s %s", pairs[i].a, pairs[i].b);
	}
}

/* Random small documents, most of them broken: jansson has the same opinion. */
Test(doc, agrees_with_jansson)
{
	static const char *const bits[] = { "{", "}", "[", "]", ",", ":", "\"a\"", "\"b\"", "1", "-2", "1.5e1", "true",
		"null", " ", "\"\\u00e9\"", "\"ế\"", "0", "\"\\\\\"", ",\"c\":", ",3" };
	uint64_t seed = 20261122;
	int taken = 0;

	for (int i = 0; i < 200000; i++) {
		char json[256] = "";
		const struct doc_node *root;
		struct doc_error why;
		json_error_t error;
		json_t *theirs;
		bool ours;

		for (int n = (int)(i % 9) + 1; n > 0; n--) {
			seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
			strcat(json, bits[(seed >> 33) % (sizeof bits / sizeof bits[0])]);
		}
		theirs = json_loads(json, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
		ours = doc_parse(arena, text_of(json), NULL, &root, &why) == FAULT_NONE;
		cr_expect_eq(ours, theirs != NULL, "%s: %s", json, ours ? "taken" : why.rule);
		taken += ours;
		json_decref(theirs);
		arena_reset(arena);
	}
	cr_expect_gt(taken, 1000);
}
