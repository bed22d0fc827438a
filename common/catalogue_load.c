/*
 * catalogue_load - the catalogue of the database; see catalogue.h.
 *
 * Everything is read at once: it is the law, and it is small.  A mark over the
 * digests of all rows tells cheaply whether it has changed since.
 */
#include "catalogue_set.h"
#include "catalogue_sql.h"

/* A row names itself in the text of the fault. */
static enum fault
row_add(struct catalogue *cat, struct text kind, struct text code, struct text digest, struct text body,
    struct err *err)
{
	struct err why;
	enum fault fault;

	if (digest.n != DIGEST_BYTES)
		return err_set(err, FAULT_FATAL, "catalogue_load", "digest", "%.*s %.*s has no digest of 32 bytes",
		    TEXT_ARG(kind), TEXT_ARG(code));
	if (text_is(kind, "procedure"))
		fault = catalogue_add_procedure(cat, body, &why);
	else if (text_is(kind, "agency"))
		fault = catalogue_add_agency(cat, body, &why);
	else
		fault = catalogue_add_calendar(cat, body, &why);
	if (fault != FAULT_NONE)
		return err_set(err, FAULT_FATAL, "catalogue_load", why.code, "%.*s %.*s: %s", TEXT_ARG(kind),
		    TEXT_ARG(code), why.text);
	return FAULT_NONE;
}

/* The digest that stands in the row is the one that rule sets are made of. */
static void
row_digest_take(struct catalogue *cat, struct text kind, struct text digest)
{
	if (text_is(kind, "procedure"))
		memcpy(((struct procedure *)cat->procedures.row[cat->procedures.n - 1])->digest, digest.s, DIGEST_BYTES);
	else if (text_is(kind, "agency"))
		memcpy(((struct agency *)cat->agencies.row[cat->agencies.n - 1])->digest, digest.s, DIGEST_BYTES);
}

static enum fault
rows_add_all(struct catalogue *cat, const struct rows *rows, struct err *err)
{
	struct digest *mark = digest_new();
	enum fault fault = FAULT_NONE;

	digest_begin(mark);
	for (int i = 0; i < rows_count(rows) && fault == FAULT_NONE; i++) {
		struct text kind = rows_text(rows, i, 0), digest = rows_text(rows, i, 3);

		fault = row_add(cat, kind, rows_text(rows, i, 1), digest, rows_text(rows, i, 4), err);
		if (fault == FAULT_NONE) {
			row_digest_take(cat, kind, digest);
			digest_raw(mark, digest.s, digest.n);
		}
	}
	digest_end(mark, cat->mark);
	digest_free(mark);
	return fault;
}

static enum fault
catalogue_read(struct db *db, struct catalogue **out, struct err *err)
{
	struct catalogue *cat;
	const struct rows *rows;
	struct err why;

	if (db_run(db, &catalogue_sql[SQL_CATALOGUE_ROWS], NULL, &rows, err) != FAULT_NONE)
		return err->fault;
	cat = catalogue_new();
	if (rows_add_all(cat, rows, err) != FAULT_NONE) {
		catalogue_free(cat);
		return err->fault;
	}
	if (cat->procedures.n == 0 || cat->agencies.n == 0) {
		catalogue_free(cat);
		return err_set(err, FAULT_FATAL, "catalogue_load", "empty",
		    "no procedure or no agency in core.catalogue: run dossierctl catalogue apply");
	}
	if (catalogue_seal(cat, &why) != FAULT_NONE) {
		catalogue_free(cat);
		return err_set(err, FAULT_FATAL, "catalogue_load", why.code, "%s", why.text);
	}
	*out = cat;
	return FAULT_NONE;
}

enum fault
catalogue_load(struct db *db, struct catalogue **out, struct err *err)
{
	if (db_prepare(db, catalogue_sql, SQL_CATALOGUE_COUNT, err) != FAULT_NONE)
		return err->fault;
	return catalogue_read(db, out, err);
}

/* A connection that was made anew does not know our statements yet: 26000, invalid_sql_statement_name. */
static enum fault
mark_read(struct db *db, const struct rows **rows, struct err *err)
{
	enum fault fault = db_run(db, &catalogue_sql[SQL_CATALOGUE_MARK], NULL, rows, err);

	if (fault == FAULT_NONE || strcmp(err->code, "26000") != 0)
		return fault;
	if (db_prepare(db, catalogue_sql, SQL_CATALOGUE_COUNT, err) != FAULT_NONE)
		return err->fault;
	return db_run(db, &catalogue_sql[SQL_CATALOGUE_MARK], NULL, rows, err);
}

enum fault
catalogue_refresh(struct db *db, struct catalogue **catalogue, struct err *err)
{
	struct catalogue *fresh;
	const struct rows *rows;
	struct text mark;

	if (mark_read(db, &rows, err) != FAULT_NONE)
		return err->fault;
	mark = rows_text(rows, 0, 0);
	if (mark.n == DIGEST_BYTES && memcmp(mark.s, (*catalogue)->mark, DIGEST_BYTES) == 0)
		return FAULT_NONE;
	if (catalogue_read(db, &fresh, err) != FAULT_NONE)
		return err->fault;
	fresh->before = *catalogue;
	*catalogue = fresh;
	return FAULT_NONE;
}
