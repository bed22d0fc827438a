/*
 * catalogue_files - see catalogue_files.h: reading, and the schema of each file.
 *
 * What is loaded is the file's exact text, so that its digest can be compared
 * by anybody with sha256sum.
 */
#include "catalogue_files.h"

#include <stdarg.h>
#include <stdio.h>

#include "calendar.h"
#include "db.h"
#include "file.h"
#include "schema.h"

enum { FILE_BYTES_MAX = 1 << 20, FILES_MAX = 20000, VERSION_1 = 1 };

static const struct {
	const char *name, *folder, *schema_file, *schema_id;
} kinds[FILE_KINDS] = {
	[FILE_AGENCY] = { "agency", "agencies", "agency", "urn:vn:dossier:catalogue:agency" },
	[FILE_PROCEDURE] = { "procedure", "procedures", "procedure",
	    "urn:vn:dossier:catalogue:procedure" },
	[FILE_CALENDAR] = { "calendar", "calendar", "calendar", "urn:vn:dossier:catalogue:calendar" },
};

const char *
file_kind_name(enum file_kind kind)
{
	return kinds[kind].name;
}

void
catalogue_problem(struct catalogue_files *files, const struct catalogue_file *file,
    const char *pointer, const char *rule, const char *fmt, ...)
{
	char message[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof message, fmt, ap);
	va_end(ap);
	table_name(files->problems, file->path);
	table_name(files->problems, pointer);
	table_name(files->problems, rule);
	table_text(files->problems, arena_copy(files->ctl->arena, message, strlen(message)));
	table_end(files->problems);
}

/* --- one file ------------------------------------------------------------ */

static bool
day_of(const struct doc_node *body, const char *key, int64_t *out)
{
	if (doc_kind(doc_get(body, key)) == DOC_NULL) {
		*out = INT_NONE;
		return true;
	}
	return calendar_date_from_text(doc_get_text(body, key), out);
}

/* Its name in the database, once its schema has said that it is well formed. */
static void
identify(struct catalogue_files *files, struct catalogue_file *file)
{
	int64_t year = 0;

	file->version = VERSION_1;
	file->from_day = file->to_day = INT_NONE;
	if (file->kind == FILE_CALENDAR) {
		(void)doc_get_int64(file->body, "year", &year);
		file->code = arena_printf(files->ctl->arena, "%lld", (long long)year);
		return;
	}
	file->code = doc_get_text(file->body, "code");
	(void)doc_get_int64(file->body, "version", &file->version);
	if (!day_of(file->body, "effective_from", &file->from_day) ||
	    !day_of(file->body, "effective_to", &file->to_day))
		catalogue_problem(files, file, "", "date", "effective_from or effective_to is no date");
}

static bool
parse(struct catalogue_files *files, struct catalogue_file *file)
{
	struct doc_error why;

	if (doc_parse(files->ctl->arena, file->bytes, NULL, &file->body, &why) == FAULT_NONE)
		return true;
	catalogue_problem(files, file, "", why.rule, "byte %zu: %s", why.offset, why.message_en);
	return false;
}

/* Against the schema; a file that breaks it is not looked at further (body NULL). */
static void
check_schema(struct catalogue_files *files, struct catalogue_file *file,
    const struct schema *schema)
{
	struct schema_errors errors;

	if (!parse(files, file)) {
		file->body = NULL;
		return;
	}
	if (schema_check(schema, file->body, files->ctl->arena, SCHEMA_ERRORS_MAX, &errors)) {
		identify(files, file);
		return;
	}
	for (int i = 0; i < errors.n; i++)
		catalogue_problem(files, file,
		    arena_text(files->ctl->arena, errors.list[i].pointer).s, errors.list[i].rule,
		    "%.*s", TEXT_ARG(errors.list[i].message_en));
	file->body = NULL;
}

/* --- one folder ---------------------------------------------------------- */

static enum fault
schema_of(struct catalogue_files *files, struct schema_set *set, const char *root,
    enum file_kind kind, const struct schema **out, struct err *err)
{
	struct text json;
	const char *path = arena_printf(files->ctl->arena, "%s/schema/%s.schema.json", root,
	    kinds[kind].schema_file).s;
	enum fault fault = file_read(files->ctl->arena, path, FILE_BYTES_MAX, &json, err);

	if (fault == FAULT_NONE)
		fault = schema_set_add(set, NULL, json, err);
	return fault == FAULT_NONE ? schema_compile(set, kinds[kind].schema_id, out, err) : fault;
}

static enum fault
read_one(struct catalogue_files *files, const char *root, enum file_kind kind, const char *name,
    const struct schema *schema, struct err *err)
{
	struct catalogue_file *file = &files->list[files->n];
	struct arena *arena = files->ctl->arena;
	enum fault fault;

	memset(file, 0, sizeof *file);
	file->kind = kind;
	file->path = arena_printf(arena, "%s/%s", kinds[kind].folder, name).s;
	fault = file_read(arena, arena_printf(arena, "%s/%s", root, file->path).s, FILE_BYTES_MAX,
	    &file->bytes, err);
	if (fault != FAULT_NONE)
		return fault;
	digest_bytes(file->bytes.s, file->bytes.n, file->digest);
	check_schema(files, file, schema);
	files->n++;
	return FAULT_NONE;
}

static enum fault
read_folder(struct catalogue_files *files, const char *root, enum file_kind kind,
    const struct schema *schema, struct err *err)
{
	struct arena *arena = files->ctl->arena;
	const char **names, *folder = arena_printf(arena, "%s/%s", root, kinds[kind].folder).s;
	struct catalogue_file *more;
	int n;
	enum fault fault = file_list(arena, folder, ".json", &names, &n, err);

	if (fault != FAULT_NONE)
		return fault;
	if (n == 0 || n > FILES_MAX)
		return err_set(err, FAULT_FATAL, "read the catalogue", NULL,
		    "%s: %d files; 1 to %d are expected", folder, n, FILES_MAX);
	more = ARENA_ARRAY(arena, struct catalogue_file, (size_t)(files->n + n));
	if (files->n > 0)
		memcpy(more, files->list, (size_t)files->n * sizeof *more);
	files->list = more;
	for (int i = 0; i < n && fault == FAULT_NONE; i++)
		fault = read_one(files, root, kind, names[i], schema, err);
	return fault;
}

enum fault
catalogue_files_read(struct ctl *ctl, struct catalogue_files *out, struct err *err)
{
	static const struct table_column columns[] = {
		{ "FILE", "file", false }, { "WHERE", "pointer", false }, { "RULE", "rule", false },
		{ "PROBLEM", "message", false }
	};
	struct schema_set *set = schema_set_new(SCHEMA_STRICT);
	const struct schema *schema;
	const char *schemas, *root = NULL;
	enum fault fault = ctl_schemas(ctl, &schemas, err);

	*out = (struct catalogue_files){ .ctl = ctl, .problems = table_new(ctl, columns, 4) };
	if (fault == FAULT_NONE)
		root = arena_printf(ctl->arena, "%s/catalogue", schemas).s;
	for (int kind = 0; kind < FILE_KINDS && fault == FAULT_NONE; kind++) {
		fault = schema_of(out, set, root, (enum file_kind)kind, &schema, err);
		if (fault == FAULT_NONE)
			fault = read_folder(out, root, (enum file_kind)kind, schema, err);
	}
	schema_set_free(set);
	if (fault == FAULT_NONE)
		catalogue_check(out);
	return fault;
}
