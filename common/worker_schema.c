/*
 * worker_schema - does the database have the schema that this release works
 * with?
 *
 * Older than the release: it needs what is not there yet.  Newer is welcome,
 * because a migration only widens, unless one has said that it needs programs
 * that know it: it has a row in dossier_meta.needs.
 */
#include "version.h"
#include "worker.h"

/* What is missing when a statement cannot be prepared: table, column, function, schema, anything else. */
static bool
is_missing(const char *code)
{
	static const char *const codes[] = { "42P01", "42703", "42883", "3F000", "42704" };

	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		if (strcmp(code, codes[i]) == 0)
			return true;
	return false;
}

enum fault
schema_explain(struct worker *w, struct err *err)
{
	struct err why = *err;

	if (!is_missing(why.code))
		return why.fault;
	/* With the numbers, where they can be had. */
	if (!db_is_broken(w->db) && schema_compare(w, err) == FAULT_FATAL && !is_missing(err->code))
		return err->fault;
	return err_set(err, FAULT_FATAL, "look at the schema", "schema_old", "the database has no schema, or an "
	    "older one than this release needs (%d): run dossierctl db migrate (%s)", DOSSIER_SCHEMA, why.text);
}

enum fault
schema_compare(struct worker *w, struct err *err)
{
	const struct rows *rows;
	enum fault fault = db_run(w->db, core_stmt(SQL_SCHEMA_VERSION), NULL, &rows, err);
	int is, needs;

	if (fault != FAULT_NONE)
		return fault;
	is = rows_int4(rows, 0, 0);
	needs = rows_int4(rows, 0, 1);
	if (is < DOSSIER_SCHEMA)
		return err_set(err, FAULT_FATAL, "look at the schema", "schema_old", "the database's schema is %d, this "
		    "release needs %d: run dossierctl db migrate", is, DOSSIER_SCHEMA);
	if (needs > DOSSIER_SCHEMA)
		return err_set(err, FAULT_FATAL, "look at the schema", "schema_new", "the database's schema is %d and "
		    "needs programs that know %d; this release knows %d: install a newer one", is, needs, DOSSIER_SCHEMA);
	return FAULT_NONE;
}
