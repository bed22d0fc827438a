/*
 * worker_vet - does this database know all that was published?
 *
 * A claim compares its own lane's journal with the table (promise 4).  Where
 * commits are lost, lanes that have lost nothing must not go on either: what
 * they decided would stand in a database that nobody can keep, and the one
 * that has everything could not be brought back any more.  So before a worker
 * writes to a server for the first time, it compares the journals of all
 * lanes of all stages.  A server is another one when it runs since another
 * moment: restarted, restored, a promoted standby.
 *
 * What was published was committed before.  So the ends of the topics are read
 * first, the table after that: where the topic goes on after the table's last
 * entry, with a chain that fits, commits are lost.  (Without one it is nobody's,
 * and dropped by every reader.)  Entries are read only where there are more behind
 * the acknowledged prefix than the table has.
 */
#include "log.h"
#include "worker.h"

enum { ENDS_TIMEOUT_MS = 5000 };

static enum fault
read_given(struct worker *w, const struct rows **rows, struct err *err)
{
	return db_run(w->db, core_stmt(SQL_LANE_GIVEN), NULL, rows, err);
}

static enum fault
read_ends(struct worker *w, struct arena *arena, const struct rows *rows, struct topic_offset **out,
    struct err *err)
{
	int n = rows_count(rows);
	struct topic_offset *ends = ARENA_ARRAY(arena, struct topic_offset, (size_t)n + 1);
	enum fault fault = FAULT_NONE;

	for (int i = 0; i < n; i++)
		ends[i] = (struct topic_offset){ stage_journal((enum stage)rows_int4(rows, i, 0)),
		    rows_int4(rows, i, 1), OFFSET_END, OFFSET_ABSENT };
	if (w->reader == NULL)
		fault = reader_open(w->set.broker, w->name, w->params.pass, &w->reader, err);
	if (fault == FAULT_NONE && n > 0)
		fault = reader_offsets(w->reader, ends, n, ENDS_TIMEOUT_MS, err);
	*out = ends;
	return fault;
}

static const struct topic_offset *
end_of(const struct topic_offset *ends, int n, enum stage stage, int lane)
{
	for (int i = 0; i < n; i++)
		if (ends[i].partition == lane && strcmp(ends[i].topic, stage_journal(stage)) == 0)
			return &ends[i];
	return NULL;	/* a lane that was added just now */
}

static enum fault
compare(struct worker *w, const struct rows *rows, int r, const struct topic_offset *end, struct err *err)
{
	enum stage stage = (enum stage)rows_int4(rows, r, 0);
	int lane = rows_int4(rows, r, 1);
	int64_t given = rows_int8(rows, r, 2), acked = rows_int8(rows, r, 3), from = rows_int8(rows, r, 4) + 1;
	struct text hash = rows_text(rows, r, 5);
	bool goes_on = false;
	enum fault fault;

	/* Entries stand there in order: no more of them, no higher number. */
	if (end == NULL || end->offset - from <= given - acked)
		return FAULT_NONE;
	fault = journal_goes_on(w->reader, stage, lane, from, end->offset, given, (const uint8_t *)hash.s,
	    &goes_on, err);
	if (fault == FAULT_NONE && goes_on)
		return journal_lost_commits(err, stage, lane, given + 1, "which the table does not have");
	return fault;
}

static enum fault
vet(struct worker *w, struct arena *arena, struct err *err)
{
	const struct rows *rows;
	struct topic_offset *ends;
	int n;
	enum fault fault = read_given(w, &rows, err);

	if (fault != FAULT_NONE)
		return fault;
	n = rows_count(rows);
	fault = read_ends(w, arena, rows, &ends, err);
	if (fault == FAULT_NONE)
		fault = read_given(w, &rows, err);
	for (int r = 0; fault == FAULT_NONE && r < rows_count(rows); r++)
		fault = compare(w, rows, r, end_of(ends, n, (enum stage)rows_int4(rows, r, 0),
		    rows_int4(rows, r, 1)), err);
	return fault;
}

/* Nothing may be given back to a database that is refused: what it lacks must stay seen. */
static void
disown_all(struct worker *w)
{
	for (int i = 0; i <= w->most_lane; i++)
		if (w->lanes[i] != NULL)
			w->lanes[i]->owned = false;
	lanes_dropped(w);
}

enum fault
vet_database(struct worker *w, struct err *err)
{
	struct arena *arena;
	const struct rows *rows;
	time_us since;
	enum fault fault;

	if (w->is_vetted)
		return FAULT_NONE;
	arena = arena_new(0);
	fault = db_run(w->db, core_stmt(SQL_SERVER_SINCE), NULL, &rows, err);
	if (fault == FAULT_NONE) {
		since = rows_time(rows, 0, 0);
		if (since != w->vetted_since)
			fault = vet(w, arena, err);
		if (fault == FAULT_NONE) {
			w->vetted_since = since;
			w->is_vetted = true;
		}
	}
	if (fault == FAULT_FATAL)
		disown_all(w);
	arena_free(arena);
	return fault;
}
