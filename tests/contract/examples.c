/*
 * examples - every file of schemas/messages/examples against its contract.
 *
 *   examples SCHEMAS
 *   examples SCHEMAS - <LINES      {"type":"vn.dossier.….v1","data":…}: must be valid
 *
 * A good one must be valid.  A bad one must be invalid, and every line of the
 * .expect beside it ("POINTER RULE") must be among its errors, in both
 * languages.  Exit 1 on any failure.
 */
#include <glob.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>

#include "file.h"
#include "schema.h"

enum { FILE_BYTES_MAX = 1 << 20 };

static struct {
	struct arena		*arena;
	struct schema_set	*set;
	int			passed, failed;
} run;

static struct text
whole_of(const char *path)
{
	struct text whole;
	struct err err;

	if (file_read(run.arena, path, FILE_BYTES_MAX, &whole, &err) != FAULT_NONE) {
		fprintf(stderr, "examples: %s\n", err.text);
		exit(2);
	}
	return whole;
}

static void
each(const char *pattern, void (*visit)(const char *path))
{
	glob_t found;

	if (glob(pattern, 0, NULL, &found) != 0) {
		fprintf(stderr, "examples: nothing like %s\n", pattern);
		exit(2);
	}
	for (size_t i = 0; i < found.gl_pathc; i++)
		visit(found.gl_pathv[i]);
	globfree(&found);
}

static void
schema_add(const char *path)
{
	struct err err;

	if (schema_set_add(run.set, NULL, whole_of(path), &err) != FAULT_NONE) {
		fprintf(stderr, "examples: %s: %s\n", path, err.text);
		exit(2);
	}
}

static const struct schema *
schema_of_type(const char *type)
{
	static char last[300];
	static const struct schema *schema;
	char uri[300];
	struct err err;

	if (strlen(type) < strlen("vn.dossier."))
		type = "vn.dossier.of no type";
	snprintf(uri, sizeof uri, "urn:vn:dossier:schema:%.200s", type + strlen("vn.dossier."));
	if (strcmp(uri, last) == 0)
		return schema;
	if (schema_compile(run.set, uri, &schema, &err) != FAULT_NONE) {
		fprintf(stderr, "examples: %s: %s\n", uri, err.text);
		exit(2);
	}
	memcpy(last, uri, sizeof last);
	return schema;
}

/* The folder's name is the message's type. */
static const struct schema *
schema_of(const char *path)
{
	char *copy = (char *)(uintptr_t)arena_text(run.arena, text_of(path)).s;

	return schema_of_type(basename(dirname(copy)));
}

static void
errors_print(const struct schema_errors *errors)
{
	for (int i = 0; i < errors->n; i++)
		printf("examples:   %.*s %s\n", TEXT_ARG(errors->list[i].pointer), errors->list[i].rule);
}

static bool
is_listed(const struct schema_errors *errors, const char *line, size_t n)
{
	for (int i = 0; i < errors->n; i++) {
		const struct schema_error *e = &errors->list[i];
		struct text said = arena_printf(run.arena, "%.*s %s", TEXT_ARG(e->pointer), e->rule);

		if (said.n == n && memcmp(said.s, line, n) == 0)
			return e->message_vi.n > 0 && e->message_en.n > 0;
	}
	return false;
}

static bool
expected_all(const char *path, const struct schema_errors *errors)
{
	struct text expect = whole_of(arena_printf(run.arena, "%.*s.expect",
	    (int)(strlen(path) - strlen(".json")), path).s);
	int lines = 0;

	for (const char *line = expect.s, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		lines++;
		if (!is_listed(errors, line, (size_t)(end - line))) {
			printf("examples: %s: not said: %.*s\n", path, (int)(end - line), line);
			return false;
		}
	}
	return lines > 0;
}

static bool
example_is_right(const char *path)
{
	const struct schema *schema = schema_of(path);
	const struct doc_node *data;
	struct schema_errors errors;
	struct doc_error why;
	bool good = strstr(path, "/good-") != NULL;

	if (doc_parse(run.arena, whole_of(path), NULL, &data, &why) != FAULT_NONE) {
		printf("examples: %s: %s\n", path, why.rule);
		return false;
	}
	if (schema_check(schema, data, run.arena, SCHEMA_ERRORS_MAX, &errors) != good) {
		printf("examples: %s: %s\n", path, good ? "is invalid" : "is valid");
		errors_print(&errors);
		return false;
	}
	return good || expected_all(path, &errors);
}

static void
example_run(const char *path)
{
	if (example_is_right(path))
		run.passed++;
	else
		run.failed++;
}

/* What was published: the data of one message a line. */
static void
lines_run(FILE *in)
{
	static const struct doc_limits limits = { .max_bytes = 4 << 20, .max_depth = 40 };
	char *line = NULL;
	size_t size = 0;
	ssize_t n;

	while ((n = getline(&line, &size, in)) > 0) {
		const struct doc_node *m;
		struct schema_errors errors = { .n = 0 };
		struct doc_error why;

		if (doc_parse(run.arena, (struct text){ line, (size_t)n }, &limits, &m, &why) == FAULT_NONE &&
		    schema_check(schema_of_type(arena_text(run.arena, doc_get_text(m, "type")).s),
		    doc_get(m, "data"), run.arena, SCHEMA_ERRORS_MAX, &errors)) {
			run.passed++;
			continue;
		}
		run.failed++;
		printf("examples: %.300s", line);
		errors_print(&errors);
	}
	free(line);
}

int
main(int argc, char **argv)
{
	if (argc != 2 && argc != 3) {
		fputs("usage: examples SCHEMAS [-]\n", stderr);
		return 2;
	}
	run.arena = arena_new(0);
	run.set = schema_set_new(SCHEMA_STRICT);
	each(arena_printf(run.arena, "%s/messages/vn.*.json", argv[1]).s, schema_add);
	if (argc == 3)
		lines_run(stdin);
	else
		each(arena_printf(run.arena, "%s/messages/examples/*/*.json", argv[1]).s, example_run);
	printf("examples: %d passed, %d failed\n", run.passed, run.failed);
	schema_set_free(run.set);
	arena_free(run.arena);
	return run.failed > 0 || run.passed == 0;
}
