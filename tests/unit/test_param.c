/*
 * param: who wins, what is refused and in which words, that no secret is ever
 * printed, and that what is printed can be read back.
 */
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "param.h"

static const char *database, *url, *secret;
static int64_t timeout_ms, cache_bytes, workers;
static bool is_strict;

static const struct param common_rows[] = {
	{ .name = "database", .type = PARAM_TEXT, .target = &database, .doc = "Where PostgreSQL is." },
	{ .name = "cache", .type = PARAM_INT, .target = &cache_bytes, .fallback = "1MiB", .least = 1024,
	    .most = 1 << 30, .unit = "bytes", .doc = "Bytes kept." },
	{ .name = "workers", .type = PARAM_INT, .target = &workers, .fallback = "4", .least = 1, .most = 64,
	    .doc = "How many." },
	{ .name = NULL },
};
static const struct param fee_rows[] = {
	{ .name = "fee.url", .type = PARAM_TEXT, .target = &url, .fallback = "", .doc = "The platform." },
	{ .name = "fee.timeout", .type = PARAM_INT, .target = &timeout_ms, .fallback = "2s", .least = 10,
	    .most = 60000, .unit = "ms", .doc = "How long." },
	{ .name = "fee.secret", .type = PARAM_SECRET, .target = &secret, .fallback = "", .doc = "The key." },
	{ .name = "fee.strict", .type = PARAM_BOOL, .target = &is_strict, .fallback = "no", .doc = "Strictly?" },
	{ .name = NULL },
};

static struct param_set
set_of_fee(void)
{
	return (struct param_set){ .program = "dossier-fee", .summary = "what is owed",
	    .tables = { common_rows, fee_rows } };
}

/* A file without a name to clean up; path holds 32 bytes. */
static const char *
file_of(const char *content, size_t n, char *path)
{
	int fd = memfd_create("param", 0);

	cr_assert_eq(write(fd, content, n), (ssize_t)n);
	snprintf(path, 32, "/proc/self/fd/%d", fd);
	return path;
}

/* Loads with up to four arguments and a file's content (or NULL). */
static enum fault
load(struct param_set *set, const char *content, const char *a, const char *b, struct err *err)
{
	char path[32], config[64], program[] = "dossier-fee", *argv[5] = { program };
	char one[256], two[256];
	int argc = 1;
	bool help = false;

	if (content != NULL) {
		snprintf(config, sizeof config, "--config=%s", file_of(content, strlen(content), path));
		argv[argc++] = config;
	}
	if (a != NULL)
		argv[argc++] = memcpy(one, a, strlen(a) + 1);
	if (b != NULL)
		argv[argc++] = memcpy(two, b, strlen(b) + 1);
	return param_load(set, argc, argv, &help, err);
}

static void
refused(const char *content, const char *a, const char *b, const char *words)
{
	struct param_set set = set_of_fee();
	struct err err = { 0 };

	cr_assert_eq(load(&set, content, a, b, &err), FAULT_FATAL, "%s %s: not refused", content, a);
	cr_assert_not_null(strstr(err.text, words), "\"%s\" has no \"%s\"", err.text, words);
	cr_assert_null(strstr(err.text, "hunter2"), "%s", err.text);
	cr_assert_null(set.values);
	cr_assert_null(set.pass);
}

Test(param, defaults)
{
	struct param_set set = set_of_fee();
	struct err err;

	cr_assert_eq(load(&set, NULL, "--database=host=db", NULL, &err), FAULT_NONE, "%s", err.text);
	cr_assert_str_eq(database, "host=db");
	cr_assert_str_eq(url, "");
	cr_assert_eq(timeout_ms, 2000);
	cr_assert_eq(cache_bytes, 1 << 20);
	cr_assert_eq(workers, 4);
	cr_assert(!is_strict);
	param_done(&set);
}

Test(param, argument_over_environment_over_file)
{
	struct param_set set = set_of_fee();
	struct err err;

	setenv("DOSSIER_FEE_TIMEOUT", "200ms", 1);
	setenv("DOSSIER_WORKERS", "8", 1);
	setenv("DOSSIER_CACHE", "", 1);		/* empty: not set */
	cr_assert_eq(load(&set, "database = a\nfee.timeout = 100\nworkers = 7\ncache = 4KiB\n",
	    "--workers", "9", &err), FAULT_NONE, "%s", err.text);
	cr_assert_eq(timeout_ms, 200);
	cr_assert_eq(workers, 9);
	cr_assert_eq(cache_bytes, 4096);
	cr_assert_not_null(set.file);
	param_done(&set);
}

Test(param, lines_of_a_file)
{
	static const struct { const char *line, *url; } cases[] = {
		{ "fee.url = http://a/b#c", "http://a/b#c" },
		{ "fee.url=x", "x" },
		{ "  fee.url\t=  x y  # comment", "x y" },
		{ "fee.url = # nothing", "" },
		{ "fee.url =", "" },
		{ "fee.url = \"a # b \\\" \\\\ \" # comment", "a # b \" \\ " },
		{ "fee.url = 'a\\b \"'\r", "a\\b \"" },
		{ "#fee.url = x", "" },
		{ "fee.url = Đồng", "Đồng" },
		{ "\xef\xbb\xbf" "fee.url = x", "x" },
		{ "dispatch.url = other\nlookup.x.y = z\nfee.url = x", "x" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct param_set set = set_of_fee();
		struct err err;

		cr_assert_eq(load(&set, cases[i].line, "--database=a", NULL, &err), FAULT_NONE, "%s: %s",
		    cases[i].line, err.text);
		cr_assert_str_eq(url, cases[i].url);
		param_done(&set);
	}
}

Test(param, numbers_and_units)
{
	static const struct { const char *text; int64_t ms; } cases[] = {
		{ "10", 10 }, { "60000", 60000 }, { "10ms", 10 }, { "60s", 60000 }, { "60 s", 60000 },
		{ "1m", 60000 },
	};
	static const char *const wrong[] = {
		"9", "60001", "61s", "1h", "2m", "", "s", "1 ", "1.5s", "-1", "1KiB", "1sec", "0x10",
		"99999999999999999999", "9999999999999999h",
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct param_set set = set_of_fee();
		struct err err;

		cr_assert_eq(load(&set, "database=a", "--fee.timeout", cases[i].text, &err), FAULT_NONE, "%s",
		    err.text);
		cr_assert_eq(timeout_ms, cases[i].ms, "%s", cases[i].text);
		param_done(&set);
	}
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		refused("database = a", "--fee.timeout", wrong[i], "10 to 60000 ms");
}

Test(param, refusals)
{
	static const struct { const char *file, *a, *b, *words; } cases[] = {
		{ NULL, NULL, NULL, "database must be given (--database=, DOSSIER_DATABASE" },
		{ "database = \"\"", NULL, NULL, "database must be given" },
		{ "database = a\nfee.timout = 3", NULL, NULL, ":2: unknown parameter fee.timout; did you mean fee.timeout?" },
		{ "zebra = 3", NULL, NULL, "unknown parameter zebra; --help" },
		{ "database = a\n\ndatabase = b", NULL, NULL, ":3: database is given twice; first at" },
		{ NULL, "--workers=1", "--workers=2", "--workers: workers is given twice" },
		{ "workers = 65", NULL, NULL, ":1: workers: 65 is out of range; allowed: 1 to 64" },
		{ "fee.strict = maybe", NULL, NULL, "neither true nor false" },
		{ "fee.secret hunter2", NULL, NULL, ":1: expected: name = value" },
		{ "fee.secret = \"hunter2", NULL, NULL, "closing quote is missing" },
		{ "fee.secret = \"x\" hunter2", NULL, NULL, "only a comment" },
		{ "Fee.url = x", NULL, NULL, "expected: name = value" },
		{ "fee.url = \xff", NULL, NULL, "not text in UTF-8" },
		{ NULL, "--fee.secert=hunter2", NULL, "--fee.secert: unknown parameter fee.secert; did you mean fee.secret?" },
		{ NULL, "--fee.secert", "hunter2", "unknown parameter fee.secert" },
		{ NULL, "--fee.secret=@hunter2", NULL, "fee.secret: its file cannot be opened" },
		{ NULL, "hunter2", NULL, "argument 1 is no option" },
		{ NULL, "--database", NULL, "--database: needs a value" },
		{ NULL, "--kafka.client.id", NULL, "--kafka.client.id: needs a value" },
		{ NULL, "--=hunter2", NULL, "argument 1 has no name" },
		{ NULL, "--dispatch.url=x", NULL, "unknown parameter dispatch.url" },
		{ NULL, "--config=/nowhere/x.conf", NULL, "cannot open the configuration /nowhere/x.conf" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		refused(cases[i].file, cases[i].a, cases[i].b, cases[i].words);
}

Test(param, zero_byte_in_the_file)
{
	struct param_set set = set_of_fee();
	char path[32], program[] = "x", option[] = "--config", *argv[] = { program, option, path, NULL };
	struct err err = { 0 };
	bool help = false;

	file_of("database = a\0b\n", 15, path);
	cr_assert_eq(param_load(&set, 3, argv, &help, &err), FAULT_FATAL);
	cr_assert_not_null(strstr(err.text, ":1: not text"), "%s", err.text);
}

Test(param, failure_changes_nothing)
{
	struct param_set set = set_of_fee();
	struct err err;

	workers = -1;
	url = "before";
	cr_assert_eq(load(&set, "workers = 5\nfee.url = x\nfee.timeout = never", NULL, NULL, &err), FAULT_FATAL);
	cr_assert_eq(workers, -1);
	cr_assert_str_eq(url, "before");
}

Test(param, secrets)
{
	static const struct { const char *value; const char *file; const char *got; } cases[] = {
		{ "plain", NULL, "plain" }, { "@@home", NULL, "@home" }, { NULL, "key\n", "key" },
		{ NULL, "@key\r\n", "@key" }, { NULL, "a\nb\n", "a\nb" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char path[32];
		struct param_set set = set_of_fee();
		struct err err;

		if (cases[i].file != NULL)
			setenv("DOSSIER_FEE_SECRET_FILE", file_of(cases[i].file, strlen(cases[i].file), path), 1);
		else
			setenv("DOSSIER_FEE_SECRET", cases[i].value, 1);
		cr_assert_eq(load(&set, "database = a", NULL, NULL, &err), FAULT_NONE, "%s", err.text);
		cr_assert_str_eq(secret, cases[i].got);
		param_done(&set);
		unsetenv("DOSSIER_FEE_SECRET_FILE");
		unsetenv("DOSSIER_FEE_SECRET");
	}
	setenv("DOSSIER_FEE_SECRET_FILE", "/dev/null", 1);
	refused("database = a", NULL, NULL, "DOSSIER_FEE_SECRET_FILE: fee.secret: its file is empty");
	setenv("DOSSIER_FEE_SECRET", "hunter2", 1);
	setenv("DOSSIER_FEE_SECRET_FILE", "/dev/zero", 1);
	refused("database = a", NULL, NULL, "its file is too long");
}

Test(param, kafka_names_pass)
{
	struct param_set set = set_of_fee();
	struct err err;

	setenv("DOSSIER_KAFKA_BOOTSTRAP_SERVERS", "b:9092", 1);
	cr_assert_eq(load(&set, "database=a\nkafka.bootstrap.servers = a:9092\nkafka.consumer.fetch.wait.max.ms = 5",
	    "--kafka.topic.metadata.refresh.interval.ms=9", "--kafka.producer.linger.ms=1", &err), FAULT_NONE,
	    "%s", err.text);
	cr_assert_str_eq(set.pass->name, "kafka.bootstrap.servers");
	cr_assert_str_eq(set.pass->value, "b:9092");
	cr_assert_str_eq(set.pass->next->name, "kafka.consumer.fetch.wait.max.ms");
	cr_assert_str_eq(set.pass->next->next->next->value, "1");
	cr_assert_null(set.pass->next->next->next->next);
	param_done(&set);
}

Test(param, kafka_invariants_stand)
{
	static const char *const names[] = {
		"enable.auto.commit", "enable.auto.offset.store", "enable.idempotence", "acks", "isolation.level",
		"partition.assignment.strategy", "group.id", "auto.offset.reset", "enable.partition.eof",
		"request.required.acks", "auto.commit.enable", "transactional.id", "consumer.group.id",
		"producer.acks", "topic.acks", "producer.topic.acks",
	};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		char line[128];

		snprintf(line, sizeof line, "kafka.%s = x", names[i]);
		refused(line, NULL, NULL, " cannot be changed: ");
		snprintf(line, sizeof line, "--kafka.%s=x", names[i]);
		refused(NULL, line, NULL, " cannot be changed: ");
	}
	refused("kafka.consumer. = x", NULL, NULL, "names no setting");
	refused("kafka.a = 1\nkafka.a = 2", NULL, NULL, ":2: kafka.a is given twice");
	setenv("DOSSIER_KAFKA_ACKS", "0", 1);
	refused(NULL, NULL, NULL, "DOSSIER_KAFKA_ACKS: kafka.acks cannot be changed");
}

Test(param, operands)
{
	struct param_set set = set_of_fee();
	char a[] = "dossierctl", b[] = "--database=a", c[] = "journal", d[] = "--resend";
	char *argv[] = { a, b, c, d, NULL };
	bool help = true;
	struct err err;

	set.operands = true;
	cr_assert_eq(param_load(&set, 4, argv, &help, &err), FAULT_NONE, "%s", err.text);
	cr_assert_eq(set.operand, 2);
	cr_assert(!help);
	param_done(&set);
}

/* What the program prints for one argument, in a static buffer. */
static const char *
printed(const char *content, const char *argument)
{
	static char text[8192];
	struct param_set set = set_of_fee();
	struct err err = { 0 };
	char path[32], a[] = "x", option[] = "--config", b[64], *argv[] = { a, option, path, b, NULL };
	bool help = false;
	FILE *from;
	size_t n;

	cr_redirect_stdout();
	snprintf(b, sizeof b, "%s", argument);
	file_of(content, strlen(content), path);
	cr_assert_eq(param_load(&set, 4, argv, &help, &err), FAULT_NONE, "%s", err.text);
	cr_assert(help);
	cr_assert_null(set.values);
	fflush(stdout);
	fclose(stdout);
	from = cr_get_redirected_stdout();
	n = fread(text, 1, sizeof text - 1, from);
	text[n] = '\0';
	return text;
}

Test(param, help)
{
	const char *text = printed("broken", "--help");

	cr_assert_not_null(strstr(text, "dossier-fee - what is owed\n"), "%s", text);
	cr_assert_not_null(strstr(text, "--fee.timeout=N"), "%s", text);
	cr_assert_not_null(strstr(text, "(10 to 60000 ms; default 2s)"), "%s", text);
	cr_assert_not_null(strstr(text, "(text; must be given)"), "%s", text);
	cr_assert_not_null(strstr(text, "Examples:"), "%s", text);
}

Test(param, version)
{
	cr_assert_eq(strncmp(printed("broken", "--version"), "dossier-fee ", 12), 0);
}

Test(param, print_config)
{
	const char *text;

	setenv("DOSSIER_WORKERS", "3", 1);
	text = printed("database = host=a password=hunter2 port=1\nfee.secret = hunter2\n"
	    "fee.url = http://me:hunter2@h:80/x?password=hunter2&a\nkafka.sasl.password = hunter2\n"
	    "kafka.client.id = \"a \\\" b\"", "--print-config");
	cr_assert_null(strstr(text, "hunter2"), "%s", text);
	cr_assert_not_null(strstr(text, "database = \"host=a password=*** port=1\"\t# /proc/"), "%s", text);
	cr_assert_not_null(strstr(text, "fee.url = http://me:***@h:80/x?password=***&a\t"), "%s", text);
	cr_assert_not_null(strstr(text, "fee.secret = ***\t"), "%s", text);
	cr_assert_not_null(strstr(text, "workers = 3\t# DOSSIER_WORKERS\n"), "%s", text);
	cr_assert_not_null(strstr(text, "fee.timeout = 2s\t# default\n"), "%s", text);
	cr_assert_not_null(strstr(text, "kafka.sasl.password = ***\t"), "%s", text);
	cr_assert_not_null(strstr(text, "kafka.client.id = \"a \\\" b\"\t"), "%s", text);
}

Test(param, reference_and_sample)
{
	struct param_set set = set_of_fee(), again = set_of_fee();
	char *text;
	size_t n;
	FILE *out = open_memstream(&text, &n);
	struct err err;

	param_write_reference(&set, out);
	fflush(out);
	cr_assert_not_null(strstr(text,
	    "| `fee.timeout` | `DOSSIER_FEE_TIMEOUT` | 10 to 60000 ms | `2s` | How long. |\n"), "%s", text);
	rewind(out);
	param_write_sample(&set, out);
	fclose(out);
	cr_assert_not_null(strstr(text, "\ndatabase =\n"), "%s", text);
	cr_assert_not_null(strstr(text, "\n#fee.timeout = 2s\n"), "%s", text);
	/* The sample is read without complaint, but for what must be given. */
	setenv("DOSSIER_DATABASE", "a", 1);
	cr_assert_eq(load(&again, text, NULL, NULL, &err), FAULT_NONE, "%s", err.text);
	param_done(&again);
	free(text);
}
