/*
 * replay_dossier - one dossier: every entry that its trail names is folded, and
 * the row, its orders and its parcels are compared; those in the range are
 * looked for in the topics too.
 */
#include "dossier_find.h"
#include "moment.h"
#include "replay_range.h"

struct one {
	struct dossier	dos;		/* as the database has it */
	struct fold_rows stored[MOMENT_FOLDS];
	struct moment	moment;
};

static const int fold_statements[MOMENT_FOLDS] = { SQL_RANGE_ORDERS, SQL_RANGE_PARCELS };

/* --- what the database has, in one snapshot ------------------------------------------ */

static enum fault
read_fold(struct range *range, struct one *one, int f, struct err *err)
{
	struct arena *arena = range->r.ctl->arena;
	struct db_args *args = db_args_new(arena, 1);
	const struct rows *rows;

	db_put_uuid(args, one->dos.id);
	if (session_run(range->r.session, fold_statements[f], args, &rows, err) != FAULT_NONE)
		return err->fault;
	for (int i = 0; i < rows_count(rows); i++) {
		void *row = fold_add(moment_folds[f], &one->stored[f], arena);

		if (row == NULL)
			return err_set(err, FAULT_PARK, "read the rows of a dossier", NULL, "%s has more than %d of one dossier",
			    moment_folds[f]->table, FOLD_ROWS_MAX);
		columns_get(rows, i, 0, moment_folds[f]->columns, moment_folds[f]->n_columns, arena, row);
	}
	return FAULT_NONE;
}

static enum fault
read_stored(struct range *range, struct one *one, bool *found, struct err *err)
{
	struct session *session = range->r.session;
	enum fault fault = session_script(session, "begin transaction isolation level repeatable read read only", err);

	if (fault == FAULT_NONE)
		fault = dossier_find(range->r.ctl, session, range->options->dossier, &one->dos, found, err);
	for (int f = 0; f < MOMENT_FOLDS && fault == FAULT_NONE && *found; f++)
		fault = read_fold(range, one, f, err);
	if (fault != FAULT_NONE) {
		session_rollback(session);
		return fault;
	}
	return session_script(session, "commit", err);
}

/* --- the entries ------------------------------------------------------------------------ */

static bool
is_before(const struct bound *b, int version, time_us at)
{
	return b->given && (b->is_time ? at < b->at : version < b->number);
}

static bool
is_after(const struct bound *b, int version, time_us at)
{
	return b->given && (b->is_time ? at > b->at : version > b->number);
}

static void
differ(struct range *range, const struct dossier *dos, const char *column, const char *what)
{
	char uuid[UUID_TEXT_BYTES];

	uuid_to_text(dos->id, uuid);
	replay_differ(&range->r, &(struct difference){ .table = "core.dossier", .key = text_of(uuid), .column = column,
	    .what = what });
}

/* The entry of a step: of this dossier, of this version?  Then it is folded; false: the fold ends. */
static bool
fold_step(struct range *range, struct one *one, int i, const struct entry *entry)
{
	struct err err;

	if (memcmp(entry->event->dossier, one->dos.id, UUID_BYTES) != 0 || entry->event->version != i + 1) {
		differ(range, &one->dos, "trail", arena_printf(range->r.ctl->arena, "step %d names an entry of another dossier or "
		    "version", i + 1).s);
		return false;
	}
	if (moment_apply(&one->moment, entry->event, range->r.ctl->arena, &err) != FAULT_NONE) {
		differ(range, &one->dos, NULL, arena_printf(range->r.ctl->arena, "step %d: %s", i + 1, err.text).s);
		return false;
	}
	range->versions++;
	return true;
}

static enum fault
pass_steps(struct range *range, struct one *one, bool *whole, struct err *err)
{
	int before = 0, after = 0;

	moment_begin(&one->moment, one->dos.id);
	*whole = false;
	for (int i = 0; i < dossier_steps(&one->dos); i++) {
		enum stage stage;
		int64_t number;
		struct entry entry;
		enum fault fault;

		dossier_step(&one->dos, i, &stage, &number);
		if (stage >= STAGES) {
			differ(range, &one->dos, "trail", arena_printf(range->r.ctl->arena, "step %d names no stage", i + 1).s);
			return FAULT_NONE;
		}
		fault = entry_read(range->r.ctl, range->r.session, stage, one->dos.home, number, &entry, err);
		if (fault == FAULT_PARK) {
			differ(range, &one->dos, "trail", arena_printf(range->r.ctl->arena, "step %d: %s", i + 1, err->text).s);
			return FAULT_NONE;
		}
		if (fault != FAULT_NONE)
			return fault;
		if (!fold_step(range, one, i, &entry))
			return FAULT_NONE;
		if (is_before(&range->from, i + 1, entry.event->at))
			before++;
		else if (is_after(&range->to, i + 1, entry.event->at))
			after++;
		else if (range_walk(range, stage, one->dos.home, number, number, NULL, NULL, err) != FAULT_NONE)
			return err->fault;
	}
	if (before + after > 0)
		range_unchecked(range, "%d versions outside the range against the topics (they were folded out of core.journal)",
		    before + after);
	*whole = true;
	return FAULT_NONE;
}

/* --- comparing ------------------------------------------------------------------------------ */

static void
compare(struct range *range, const char *table, struct text key, const struct column *columns, int n, const void *journal,
    const void *database)
{
	struct arena *arena = range->r.ctl->arena;

	range->rows++;
	for (int c = 0; c < n; c++) {
		struct buf a = buf_in(arena), b = buf_in(arena);

		if (columns_differ(&columns[c], 1, journal, database) == NULL)
			continue;
		column_write(&columns[c], journal, &a);
		column_write(&columns[c], database, &b);
		replay_differ(&range->r, &(struct difference){ .table = table, .key = key, .column = columns[c].name,
		    .journal = buf_get(&a), .database = buf_get(&b), .what = "the values differ" });
	}
}

static struct text
key_of(const struct fold *fold, const void *row)
{
	return *(const struct text *)(const void *)((const char *)row + fold->columns[0].offset);
}

static void
compare_fold(struct range *range, const struct fold *fold, const struct fold_rows *journal, const struct fold_rows *database)
{
	for (int i = 0; i < journal->n; i++) {
		struct text key = key_of(fold, journal->row[i]);
		int k = fold_find(fold, database, key);

		if (k >= 0)
			compare(range, fold->table, key, fold->columns, fold->n_columns, journal->row[i], database->row[k]);
		else
			replay_differ(&range->r, &(struct difference){ .table = fold->table, .key = key,
			    .what = "the journals tell of it, the database has it not" });
	}
	for (int k = 0; k < database->n; k++)
		if (fold_find(fold, journal, key_of(fold, database->row[k])) < 0)
			replay_differ(&range->r, &(struct difference){ .table = fold->table, .key = key_of(fold, database->row[k]),
			    .what = "the database has it, no journal tells of it" });
}

enum fault
range_dossier(struct range *range, bool *found, struct err *err)
{
	struct one *one = ARENA_NEW(range->r.ctl->arena, struct one);
	char uuid[UUID_TEXT_BYTES];
	bool whole;

	if (read_stored(range, one, found, err) != FAULT_NONE)
		return err->fault;
	if (!*found)
		return FAULT_NONE;
	if (pass_steps(range, one, &whole, err) != FAULT_NONE)
		return err->fault;
	range->dossiers = 1;
	range_unchecked(range, "what the journals hold before each of these entries (their chains begin at core.journal's heads); "
	    "answers, which change nothing; other dossiers: dossierctl replay --verify --home %d", one->dos.home);
	if (!whole)
		return FAULT_NONE;
	uuid_to_text(one->dos.id, uuid);
	compare(range, "core.dossier", text_of(uuid), dossier_columns, dossier_n_columns, &one->moment.dos, &one->dos);
	for (int f = 0; f < MOMENT_FOLDS; f++)
		compare_fold(range, moment_folds[f], &one->moment.rows[f], &one->stored[f]);
	return FAULT_NONE;
}
