/*
 * suite - the official JSON Schema test suite against common/schema.
 *
 *   suite SUITE METASCHEMAS
 *
 * SUITE holds tests/draft2020-12 and remotes; METASCHEMAS the draft's own
 * schemas.  Every group is compiled in a set of its own.  Of optional/, only
 * the formats that are asserted here are run, with assertion on.  A group
 * whose schema is refused counts as refused by design, if its keyword is in the list
 * below, else as failed.  Exit 1 on any failure.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "file.h"
#include "schema.h"

/* Keywords whose refusal is meant, and why. */
static const char *const refusable[] = {
	"$schema",	/* dialects other than draft 2020-12 */
	"json.nul",	/* NUL in a text, which PostgreSQL cannot hold: no document may have one */
};
enum { REFUSABLE = sizeof refusable / sizeof refusable[0], REMOTES_MAX = 400 };

#define STAND_IN_ESCAPED "\\uf8ff"
#define STAND_IN "\xef\xa3\xbf"

static const char *const formats[] = { "date", "time", "date-time", "email", "uri", "uuid" };

struct document {
	char		uri[256];
	struct text	json;
};

static struct {
	struct arena	*arena;		/* of the program */
	struct document	remotes[REMOTES_MAX];
	int		n_remotes;
	int		passed, failed, refused;
	int		refused_by[REFUSABLE];
} suite;

enum { FILE_BYTES_MAX = 8 << 20 };

static struct text
whole_of(const char *path)
{
	struct text whole;
	struct err err;

	if (file_read(suite.arena, path, FILE_BYTES_MAX, &whole, &err) != FAULT_NONE) {
		fprintf(stderr, "suite: %s\n", err.text);
		exit(2);
	}
	return whole;
}

/* --- what a group may refer to ----------------------------------------------- */

static void
remotes_read(const char *folder, const char *uri)
{
	DIR *dir = opendir(folder);
	char path[1024], name[256];

	if (dir == NULL) {
		perror(folder);
		exit(2);
	}
	for (struct dirent *e; (e = readdir(dir)) != NULL; ) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
		snprintf(name, sizeof name, "%.120s/%.120s", uri, e->d_name);
		if (e->d_type == DT_DIR) {
			remotes_read(path, name);
		} else if (suite.n_remotes < REMOTES_MAX) {
			struct document *d = &suite.remotes[suite.n_remotes++];

			memcpy(d->uri, name, sizeof name);
			d->json = whole_of(path);
		}
	}
	closedir(dir);
}

/* Documents of other drafts may carry names that are taken: they are not for these tests. */
static void
remotes_add(struct schema_set *set)
{
	struct err err;

	for (int i = 0; i < suite.n_remotes; i++)
		if (schema_set_add(set, suite.remotes[i].uri, suite.remotes[i].json, &err) != FAULT_NONE &&
		    strstr(suite.remotes[i].uri, "2020-12") != NULL)
			printf("suite: remote: %s\n", err.text);
}

/* A NUL would refuse the whole file: stand-ins, by which its groups are known. */
static struct text
nul_replace(struct text json)
{
	for (char *s = (char *)(uintptr_t)json.s; (s = strstr(s, "\\u0000")) != NULL; s += 6)
		memcpy(s, STAND_IN_ESCAPED, 6);
	return json;
}

static bool
has_stand_in(const struct doc_node *group)
{
	struct buf json = buf_in(suite.arena);

	doc_write(&json, group);
	return strstr(buf_get(&json).s, STAND_IN) != NULL;
}

/* --- one group --------------------------------------------------------------- */

static void
refusal_count(const char *where, struct text group, const struct err *err, int tests)
{
	for (int i = 0; i < REFUSABLE; i++)
		if (strcmp(err->code, refusable[i]) == 0) {
			suite.refused += tests;
			suite.refused_by[i] += tests;
			return;
		}
	suite.failed += tests;
	printf("suite: %s: %.*s: refused: %s\n", where, TEXT_ARG(group), err->text);
}

static void
tests_run(const char *where, const struct doc_node *group, const struct schema *schema)
{
	struct arena *arena = arena_new(1 << 20);

	for (struct doc_iter it = doc_iter(doc_get(group, "tests")); doc_next(&it); ) {
		struct schema_errors errors;
		bool expected = false, valid, quiet;

		doc_get_bool(it.value, "valid", &expected);
		valid = schema_check(schema, doc_get(it.value, "data"), arena, SCHEMA_ERRORS_MAX, &errors);
		quiet = schema_check(schema, doc_get(it.value, "data"), arena, 0, NULL);
		if (valid == expected && quiet == expected && (errors.n == 0) == valid) {
			suite.passed++;
		} else {
			suite.failed++;
			printf("suite: %s: %.*s: %.*s: %s, %s, %d errors\n", where,
			    TEXT_ARG(doc_get_text(group, "description")),
			    TEXT_ARG(doc_get_text(it.value, "description")),
			    valid ? "valid" : "invalid", quiet ? "valid" : "invalid", errors.n);
		}
		arena_reset(arena);
	}
	arena_free(arena);
}

static void
group_run(const char *where, const struct doc_node *group, enum schema_option option)
{
	struct schema_set *set = schema_set_new(option);
	const struct doc_node *node = doc_get(group, "schema");
	const char *uri = doc_kind(doc_get(node, "$id")) == DOC_TEXT ? NULL : "suite:/group";
	struct buf json = buf_in(suite.arena);
	const struct schema *schema;
	struct err err = { .code = "json.nul" };
	enum fault fault;

	if (has_stand_in(group)) {
		refusal_count(where, doc_get_text(group, "description"), &err,
		    (int)doc_length(doc_get(group, "tests")));
		schema_set_free(set);
		return;
	}
	/* An "$id" that is relative needs a place where the group was found. */
	if (uri == NULL && strchr(doc_get_text(node, "$id").s, ':') == NULL)
		uri = "suite:/group";
	remotes_add(set);
	doc_write(&json, node);
	fault = schema_set_add(set, uri, buf_get(&json), &err);
	if (fault == FAULT_NONE)
		fault = schema_compile(set, uri != NULL ? uri : doc_get_text(node, "$id").s, &schema, &err);
	if (fault == FAULT_NONE)
		tests_run(where, group, schema);
	else
		refusal_count(where, doc_get_text(group, "description"), &err,
		    (int)doc_length(doc_get(group, "tests")));
	schema_set_free(set);
}

static void
file_run(const char *path, const char *where, enum schema_option option)
{
	static const struct doc_limits limits = { .max_bytes = 4 << 20, .max_depth = DOC_DEPTH_MAX };
	const struct doc_node *groups;
	struct doc_error why;

	if (doc_parse(suite.arena, nul_replace(whole_of(path)), &limits, &groups, &why) != FAULT_NONE) {
		printf("suite: %s: %s at byte %zu\n", where, why.rule, why.offset);
		suite.failed++;
		return;
	}
	for (struct doc_iter it = doc_iter(groups); doc_next(&it); )
		group_run(where, it.value, option);
}

static void
folder_run(const char *root)
{
	char folder[512], path[1024];
	struct dirent **list;
	int n;

	snprintf(folder, sizeof folder, "%s/tests/draft2020-12", root);
	n = scandir(folder, &list, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof path, "%s/%s", folder, list[i]->d_name);
		if (strstr(list[i]->d_name, ".json") != NULL)
			file_run(path, list[i]->d_name, SCHEMA_FORMAT_ANNOTATES);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
		snprintf(path, sizeof path, "%s/optional/format/%s.json", folder, formats[i]);
		file_run(path, formats[i], SCHEMA_STRICT);
	}
}

int
main(int argc, char **argv)
{
	char folder[512];

	if (argc != 3) {
		fputs("usage: suite SUITE METASCHEMAS\n", stderr);
		return 2;
	}
	suite.arena = arena_new(0);
	snprintf(folder, sizeof folder, "%s/remotes", argv[1]);
	remotes_read(folder, "http://localhost:1234");
	remotes_read(argv[2], "https://json-schema.org/draft/2020-12");
	folder_run(argv[1]);
	printf("suite: %d passed, %d failed, %d refused by design", suite.passed, suite.failed, suite.refused);
	for (int i = 0; i < REFUSABLE; i++)
		printf("%s%s %d", i == 0 ? " (" : ", ", refusable[i], suite.refused_by[i]);
	puts(")");
	arena_free(suite.arena);
	return suite.failed > 0 || suite.passed == 0;
}
