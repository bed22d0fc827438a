/*
 * log: one line per event in either format, nothing in a value can forge
 * another, and a line has an end however much it was to hold.  What is written
 * is read back from a pipe in the place of standard error.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "clock.h"
#include "doc.h"
#include "log.h"

enum { LINE_BYTES = 2048 };

static struct arena *arena;
static int ends[2], saved = -1;

static void
setup(void)
{
	arena = arena_new(0);
	cr_assert_eq(pipe(ends), 0);
	cr_assert_eq(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
	saved = dup(STDERR_FILENO);
	cr_assert_eq(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
}

static void
teardown(void)
{
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(ends[0]);
	close(ends[1]);
	arena_free(arena);
}

TestSuite(log, .init = setup, .fini = teardown);

/* What was logged since the last call; "" when nothing was. */
static struct text
written(void)
{
	char bytes[4 * LINE_BYTES];
	ssize_t n = read(ends[0], bytes, sizeof bytes);

	return arena_copy(arena, bytes, n > 0 ? (size_t)n : 0);
}

/* The line without its time, which is checked to be one. */
static const char *
told(void)
{
	struct text line = written();
	const char *stamp = strstr(line.s, "20");
	time_us t;

	cr_assert_gt(line.n, 0, "nothing was written");
	cr_assert_eq(line.s[line.n - 1], '\n');
	cr_assert_eq(strlen(line.s), line.n, "a NUL in a line");
	cr_assert_eq(strchr(line.s, '\n'), line.s + line.n - 1, "more than one line: %s", line.s);
	cr_assert_not_null(stamp);
	cr_assert(time_from_text((struct text){ stamp, 24 }, &t), "%.24s", stamp);
	cr_assert_leq(t, clock_now_us());
	cr_assert_geq(t, clock_now_us() - MINUTE_US);
	return arena_printf(arena, "%.*s...%.*s", (int)(stamp - line.s), line.s,
	    (int)(line.n - (size_t)(stamp - line.s) - 25), stamp + 24).s;
}

Test(log, logfmt)
{
	log_open("intake", LOG_LOGFMT, LOG_INFO);
	log_event(LOG_INFO, "lane_claimed", LOG_INT("lane", 3), LOG_STR("owner", "host:1"),
	    LOG_TEXT("note", ((struct text){ "two words, cut", 9 })));
	cr_expect_str_eq(told(), "ts=... level=info worker=intake event=lane_claimed lane=3 owner=host:1 note=\"two words\"");
	log_fields(LOG_WARN, "alone", NULL, 0);
	cr_expect_str_eq(told(), "ts=... level=warn worker=intake event=alone");
	log_event(LOG_ERROR, "limits", LOG_INT("least", INT64_MIN), LOG_INT("greatest", INT64_MAX), LOG_INT("zero", 0));
	cr_expect_str_eq(told(), "ts=... level=error worker=intake event=limits least=-9223372036854775808 "
	    "greatest=9223372036854775807 zero=0");
}

Test(log, json)
{
	log_open("fee", LOG_JSON, LOG_DEBUG);
	log_event(LOG_DEBUG, "lane_claimed", LOG_INT("lane", 3), LOG_STR("owner", "host:1"));
	cr_expect_str_eq(told(), "{\"ts\":\"...\",\"level\":\"debug\",\"worker\":\"fee\",\"event\":\"lane_claimed\","
	    "\"lane\":3,\"owner\":\"host:1\"}");
	log_fields(LOG_INFO, "alone", NULL, 0);
	cr_expect_str_eq(told(), "{\"ts\":\"...\",\"level\":\"info\",\"worker\":\"fee\",\"event\":\"alone\"}");
}

#define BYTES(literal) { literal, sizeof(literal) - 1 }

static const struct {
	const char	*name;
	struct text	value;
	const char	*logfmt, *json;		/* json: where it differs */
} values[] = {
	{ "plain", BYTES("abc"), "abc", "\"abc\"" },
	{ "absent", { NULL, 0 }, "\"\"", NULL },
	{ "empty", BYTES(""), "\"\"", NULL },
	{ "blank", BYTES("a b"), "\"a b\"", NULL },
	{ "quote", BYTES("a\"b"), "\"a\\\"b\"", NULL },
	{ "backslash", BYTES("a\\b"), "\"a\\\\b\"", NULL },
	{ "equals sign", BYTES("a=b"), "\"a=b\"", NULL },
	{ "new line", BYTES("a\nlevel=error"), "\"a\\u000alevel=error\"", NULL },
	{ "carriage return", BYTES("a\rb"), "\"a\\u000db\"", NULL },
	{ "NUL", BYTES("a\0b"), "\"a\\u0000b\"", NULL },
	{ "tab", BYTES("a\tb"), "\"a\\u0009b\"", NULL },
	{ "escape", BYTES("\x1b[31m"), "\"\\u001b[31m\"", NULL },
	{ "last control character", BYTES("\x1f"), "\"\\u001f\"", NULL },
	{ "delete", BYTES("\x7f"), "\"\\u007f\"", NULL },
	{ "exclamation mark", BYTES("!"), "!", "\"!\"" },
	{ "tilde", BYTES("~"), "~", "\"~\"" },
	{ "Vietnamese", BYTES("hồ-sơ"), "hồ-sơ", "\"hồ-sơ\"" },
	{ "another field", BYTES("x\" event=\"forged"), "\"x\\\" event=\\\"forged\"", NULL },
};

Test(log, nothing_in_a_value_forges_a_line)
{
	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		const char *json = values[i].json != NULL ? values[i].json : values[i].logfmt;

		log_open("w", LOG_LOGFMT, LOG_INFO);
		log_event(LOG_INFO, "e", LOG_TEXT("k", values[i].value), LOG_INT("n", 1));
		cr_expect_str_eq(told(), arena_printf(arena, "ts=... level=info worker=w event=e k=%s n=1",
		    values[i].logfmt).s);
		log_open("w", LOG_JSON, LOG_INFO);
		log_event(LOG_INFO, "e", LOG_TEXT("k", values[i].value), LOG_INT("n", 1));
		cr_expect_str_eq(told(), arena_printf(arena, "{\"ts\":\"...\",\"level\":\"info\",\"worker\":\"w\","
		    "\"event\":\"e\",\"k\":%s,\"n\":1}", json).s);
	}
}

Test(log, json_is_json)
{
	log_open("w", LOG_JSON, LOG_INFO);
	for (int c = 1; c < 0x80; c++) {
		char s[] = { 'x', (char)c, 'y' };
		struct text value = { s, sizeof s }, line;
		const struct doc_node *root;
		struct doc_error why;

		log_event(LOG_INFO, "e", LOG_TEXT("k", value));
		line = written();
		cr_assert_eq(doc_parse(arena, line, NULL, &root, &why), FAULT_NONE, "%02x: %s", c, line.s);
		cr_expect(text_is_equal(doc_get_text(root, "k"), value), "%02x: %s", c, line.s);
	}
}

Test(log, levels)
{
	static const char *const names[] = { "debug", "info", "warn", "error" };

	for (int least = LOG_DEBUG; least <= LOG_ERROR; least++) {
		log_open("w", LOG_LOGFMT, (enum log_level)least);
		for (int level = LOG_DEBUG; level <= LOG_ERROR; level++) {
			struct text line;

			log_event((enum log_level)level, "e", LOG_INT("n", 1));
			line = written();
			cr_expect_eq(line.n > 0, level >= least, "%s, least %s", names[level], names[least]);
			if (line.n > 0)
				cr_expect_not_null(strstr(line.s, names[level]));
		}
	}
}

Test(log, faults)
{
	static const struct {
		enum fault	fault;
		const char	*line;
	} cases[] = {
		{ FAULT_RETRY, "level=warn worker=w event=turn fault=retry" },
		{ FAULT_UNSURE, "level=warn worker=w event=turn fault=unsure" },
		{ FAULT_PARK, "level=error worker=w event=turn fault=park" },
		{ FAULT_FATAL, "level=error worker=w event=turn fault=fatal" },
	};
	struct err err;

	log_open("w", LOG_LOGFMT, LOG_INFO);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		cr_expect_eq(err_set(&err, cases[i].fault, "commit", "08006", "gone\naway"), cases[i].fault);
		log_fault("turn", &err);
		cr_expect_str_eq(told(), arena_printf(arena, "ts=... %s op=commit code=08006 text=\"gone away\"",
		    cases[i].line).s);
	}
	err_set(&err, FAULT_RETRY, "commit", NULL, "%s", "");
	log_fault("turn", &err);
	cr_expect_str_eq(told(), "ts=... level=warn worker=w event=turn fault=retry op=commit code=\"\" text=\"\"");
}

Test(log, fault_texts_are_cut_visibly)
{
	struct err err;

	for (int n = 228; n <= 236; n++) {
		size_t room = sizeof err.text - 1, kept = (size_t)n <= room ? (size_t)n : room;

		err_set(&err, FAULT_PARK, "x", "a code that is longer than the room that is there for one", "%*d", n, 1);
		cr_expect_eq(strlen(err.text), kept, "%d", n);
		cr_expect_str_eq(err.text + kept - 1, (size_t)n <= room ? "1" : ".", "%d", n);
		cr_expect_eq(strcmp(err.text + kept - 3, "...") == 0, (size_t)n > room, "%d", n);
		cr_expect_str_eq(err.code, "a code that is longer than the room tha");
	}
}

/* However long: one line, one end; a value is whole, or shows that it was cut. */
Test(log, long_lines_end)
{
	char *big = arena_take(arena, 8001, 1);
	int n_cut = 0;

	log_open("w", LOG_LOGFMT, LOG_INFO);
	for (int n = LINE_BYTES - 120; n < LINE_BYTES + 120; n++) {
		struct text line;
		const char *value;

		memset(big, 'x', (size_t)n);
		log_event(LOG_INFO, "e", LOG_TEXT("k", ((struct text){ big, (size_t)n })));
		line = written();
		cr_assert_leq(line.n, (size_t)LINE_BYTES, "%d", n);
		cr_assert_eq(line.s[line.n - 1], '\n', "%d", n);
		cr_assert_eq(strchr(line.s, '\n'), line.s + line.n - 1, "%d", n);
		value = strstr(line.s, " k=") + 3;
		if (*value == '"' && strcmp(value + strlen(value) - 5, "...\"\n") == 0) {
			cr_assert_gt(line.n, (size_t)LINE_BYTES - 32, "%d: cut without need", n);
			n_cut++;
		} else
			cr_assert_eq(strspn(value + (*value == '"'), "x"), (size_t)n, "%d", n);
	}
	cr_expect(n_cut > 100 && n_cut < 239, "%d cut", n_cut);
}

Test(log, long_lines_of_escapes_end)
{
	char *big = arena_take(arena, 8001, 1);
	struct text line;

	log_open("w", LOG_LOGFMT, LOG_INFO);
	memset(big, '\n', 8000);
	log_event(LOG_INFO, "e", LOG_TEXT("k", ((struct text){ big, 8000 })), LOG_INT("n", 1));
	line = written();
	cr_assert_leq(line.n, (size_t)LINE_BYTES);
	cr_assert_eq(strchr(line.s, '\n'), line.s + line.n - 1);
}

static struct text
logged_as_json(struct text value)
{
	log_open("w", LOG_JSON, LOG_INFO);
	log_event(LOG_INFO, "e", LOG_TEXT("k", value));
	return written();
}

/* Bug B3: a long line was cut in the middle of its value, without closing quote and brace.  Both sides of the cut. */
Test(log, bug_3_a_long_json_line_is_json)
{
	char *big = arena_take(arena, 3001, 1);

	memset(big, 'x', 3000);
	for (size_t n = LINE_BYTES - 150; n <= 3000; n += n < LINE_BYTES + 50 ? 1 : 10) {
		struct text line = logged_as_json((struct text){ big, n });
		const struct doc_node *root;
		struct doc_error why;

		cr_assert_leq(line.n, (size_t)LINE_BYTES, "%zu", n);
		cr_assert_eq(doc_parse(arena, line, NULL, &root, &why), FAULT_NONE, "%zu: %s", n, why.rule);
	}
}

/* Bug B4: what is no UTF-8 went out as it was, and no reader of JSON takes that. */
Test(log, bug_4_bytes_that_are_no_utf8_are_json)
{
	static const struct text cases[] = { TEXT("\xff"), TEXT("a\xc3"), TEXT("\xe1\xbb"), TEXT("\xed\xa0\x80"),
	    TEXT("\xc0\x80"), TEXT("\xf4\x90\x80\x80"), TEXT("\x80z") };

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct doc_node *root;
		struct doc_error why;

		cr_expect_eq(doc_parse(arena, logged_as_json(cases[i]), NULL, &root, &why), FAULT_NONE, "case %zu: %s",
		    i, why.rule);
	}
}

/* The same where the line itself ends in the middle of a letter. */
Test(log, bug_4_a_long_line_of_letters_is_json)
{
	char *big = arena_take(arena, 6001, 1);

	for (int i = 0; i < 2000; i++)
		memcpy(big + 3 * i, "ồ", 3);
	for (int skip = 0; skip < 6; skip++) {
		struct text value = { big + 3 * 600 - skip, 3 * 300 };
		const struct doc_node *root;
		struct doc_error why;

		memset(big + 3 * 600 - skip, 'a', (size_t)skip);
		value.n = 6000 - (size_t)(3 * 600 - skip);
		cr_expect_eq(doc_parse(arena, logged_as_json(value), NULL, &root, &why), FAULT_NONE, "%d: %s", skip,
		    why.rule);
	}
}

/* And err_set cut a server's Vietnamese text in the middle of a letter. */
Test(log, bug_4_a_fault_text_is_cut_between_letters)
{
	char s[400] = "";

	for (int i = 0; i < 80; i++)
		strcat(s, "ồ");
	for (int ahead = 0; ahead < 4; ahead++) {
		struct err err;

		err_set(&err, FAULT_RETRY, "x", NULL, "%.*s%s", ahead, "abc", s);
		cr_expect(text_is_utf8(text_of(err.text)), "%d: %s", ahead, err.text);
		cr_expect_not_null(strstr(err.text, "ồ"), "%d", ahead);
	}
}
