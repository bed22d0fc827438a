/* replay_snapshot - see replay_snapshot.h. */
#include "replay_snapshot.h"

enum { ROW_BYTES = 1 << 16 };

static struct db_args *
one_int(struct arena *arena, int v)
{
	struct db_args *args = db_args_new(arena, 1);

	db_put_int4(args, v);
	return args;
}

static enum fault
read_ends(struct session *session, struct arena *arena, int lane, struct lane_end ends[STAGES],
    struct err *err)
{
	const struct rows *rows;
	enum fault fault = session_run(session, SQL_REPLAY_LANES, one_int(arena, lane), &rows, err);

	memset(ends, 0, STAGES * sizeof *ends);
	for (int i = 0; fault == FAULT_NONE && i < rows_count(rows); i++) {
		struct lane_end *end = &ends[rows_int4(rows, i, 0)];
		struct text hash = rows_text(rows, i, 2);

		end->there = true;
		end->given = rows_int8(rows, i, 1);
		end->acked = rows_int8(rows, i, 3);
		end->stored = rows_int8(rows, i, 4);
		if (hash.n == DIGEST_BYTES)
			memcpy(end->hash, hash.s, DIGEST_BYTES);
	}
	return fault;
}

/* One row of a cursor into the home: fold -1 is a dossier. */
static void
keep_row(struct replay_home *home, const struct rows *rows, int i, struct arena *arena, int fold,
    const struct fold *f)
{
	struct dossier dos;
	void *row;

	arena_reset(arena);
	if (fold < 0) {
		columns_get(rows, i, 0, dossier_columns, dossier_n_columns, arena, &dos);
		replay_home_stored(home, &dos);
		return;
	}
	row = arena_take(arena, 1, f->row_bytes);
	columns_get(rows, i, 0, f->columns, f->n_columns, arena, row);
	replay_home_stored_row(home, fold, row);
}

static enum fault
read_cursor(struct session *session, struct replay_home *home, struct arena *arena, int lane,
    int open, int fold, int64_t *n, struct err *err)
{
	const struct rows *rows = NULL;
	const struct fold *f = fold < 0 ? NULL : replay_home_fold(home, fold);
	enum fault fault = session_run(session, open, one_int(arena, lane), NULL, err);

	do {
		if (fault == FAULT_NONE)
			fault = session_run(session, open + 1, NULL, &rows, err);
		for (int i = 0; fault == FAULT_NONE && i < rows_count(rows); i++)
			keep_row(home, rows, i, arena, fold, f);
		*n += fault == FAULT_NONE ? rows_count(rows) : 0;
	} while (fault == FAULT_NONE && rows_count(rows) > 0);
	return fault;
}

enum fault
snapshot_read(struct session *session, struct replay_home *home, int lane,
    struct lane_end ends[STAGES], int64_t *n_dossiers, struct err *err)
{
	struct arena *arena = arena_new(ROW_BYTES);
	int64_t n_rows = 0;
	enum fault fault = session_script(session,
	    "begin transaction isolation level repeatable read read only", err);

	_Static_assert(SQL_REPLAY_DOSSIERS_FETCH == SQL_REPLAY_DOSSIERS_OPEN + 1 &&
	    SQL_REPLAY_ORDERS_FETCH == SQL_REPLAY_ORDERS_OPEN + 1 &&
	    SQL_REPLAY_PARCELS_FETCH == SQL_REPLAY_PARCELS_OPEN + 1, "open, then fetch");
	if (fault == FAULT_NONE)
		fault = read_ends(session, arena, lane, ends, err);
	if (fault == FAULT_NONE)
		fault = read_cursor(session, home, arena, lane, SQL_REPLAY_DOSSIERS_OPEN, -1, n_dossiers,
		    err);
	if (fault == FAULT_NONE)
		fault = read_cursor(session, home, arena, lane, SQL_REPLAY_ORDERS_OPEN, 0, &n_rows, err);
	if (fault == FAULT_NONE)
		fault = read_cursor(session, home, arena, lane, SQL_REPLAY_PARCELS_OPEN, 1, &n_rows, err);
	if (fault == FAULT_NONE)
		fault = session_script(session, "commit", err);
	else
		session_rollback(session);
	arena_free(arena);
	return fault;
}
