/*
 * worker_locked - dossiers and lanes that somebody else has locked for long.
 *
 * A lock is waited for as long as lock_timeout says: other stages hold theirs
 * for milliseconds.  A turn that was stopped by one looks which it was, and
 * from then on goes round it (promise 9):
 *
 *     dossier   tried once a second, without waiting; meanwhile its new
 *               messages become jobs that wait, and its jobs and answers stay
 *               where they are
 *     lane      dropped, and claimed again when its row is free
 */
#include "log.h"
#include "worker.h"

enum { TRY_US = 1000 * 1000 };

static int
find(const struct worker *w, const uint8_t *dossier)
{
	for (int i = 0; i < w->n_locked; i++)
		if (memcmp(w->locked[i].dossier, dossier, UUID_BYTES) == 0)
			return i;
	return -1;
}

bool
locked_known(const struct worker *w, const uint8_t *dossier)
{
	return find(w, dossier) >= 0;
}

bool
locked_waits(const struct worker *w, const uint8_t *dossier)
{
	int i = find(w, dossier);

	return i >= 0 && clock_span_us() < w->locked[i].try_us;
}

/* Where there is no room, one gives way that has not been asked for in the longest time. */
static void
add(struct worker *w, const uint8_t *dossier)
{
	struct locked *place = w->locked;

	if (w->n_locked < LOCKED_MAX)
		place = &w->locked[w->n_locked++];
	else
		for (int i = 1; i < LOCKED_MAX; i++)
			if (w->locked[i].try_us < place->try_us)
				place = &w->locked[i];
	memcpy(place->dossier, dossier, UUID_BYTES);
	place->try_us = clock_span_us();
}

void
locked_tried(struct worker *w, const uint8_t *dossier, bool is_free)
{
	int i = find(w, dossier);

	if (i >= 0 && is_free)
		w->locked[i] = w->locked[--w->n_locked];
	else if (i >= 0)
		w->locked[i].try_us = clock_span_us() + TRY_US;
}

/* --- which was it? ---------------------------------------------------------- */

static bool
has_dossier(const struct rows *rows, const uint8_t *dossier)
{
	for (int r = 0; r < rows_count(rows); r++)
		if (memcmp(rows_uuid(rows, r, 0), dossier, UUID_BYTES) == 0)
			return true;
	return false;
}

static struct db_args *
ids_of(struct turn *t)
{
	struct entry *const *entries = t->entries.items;
	struct db_args *args = db_args_new(t->worker->arena, 1);
	struct db_array *ids = db_put_array(args, DB_UUID);

	for (int i = 0; i < t->entries.n; i++)
		db_add_uuid(ids, entries[i]->dos.id);
	return args;
}

static enum fault
look_at_dossiers(struct turn *t, struct err *err)
{
	struct worker *w = t->worker;
	int free = db_queue(w->db, core_stmt(SQL_DOSSIER_LOCK_FREE), ids_of(t));
	int all = db_queue(w->db, core_stmt(SQL_DOSSIER_LOAD), ids_of(t));
	const struct rows *rows;

	/* Locks of this trip go with it. */
	if (db_trip(w->db, false, err) != FAULT_NONE)
		return err->fault;
	rows = db_rows(w->db, all);
	for (int r = 0; r < rows_count(rows); r++) {
		const uint8_t *id = rows_uuid(rows, r, 0);
		char uuid[UUID_TEXT_BYTES];

		if (has_dossier(db_rows(w->db, free), id) || locked_known(w, id))
			continue;
		add(w, id);
		uuid_to_text(id, uuid);
		log_event(LOG_WARN, "dossier_locked", LOG_STR("dossier", uuid));
	}
	return FAULT_NONE;
}

static bool
has_lane(const struct rows *rows, int lane)
{
	for (int r = 0; r < rows_count(rows); r++)
		if (rows_int4(rows, r, 0) == lane)
			return true;
	return false;
}

static enum fault
look_at_lanes(struct turn *t, struct lane **lanes, int n, struct err *err)
{
	struct worker *w = t->worker;
	struct db_args *args = db_args_new(w->arena, 2);
	struct db_array *numbers;
	const struct rows *rows;

	db_put_int2(args, (int)w->stage);
	numbers = db_put_array(args, DB_INT4);
	for (int i = 0; i < n; i++)
		db_add_int4(numbers, lanes[i]->lane);
	if (db_run(w->db, core_stmt(SQL_LANE_FREE), args, &rows, err) != FAULT_NONE)
		return err->fault;
	for (int i = 0; i < n; i++) {
		if (has_lane(rows, lanes[i]->lane))
			continue;
		lanes[i]->owned = false;
		w->locked_lane_us = clock_span_us() + TRY_US;
		log_event(LOG_WARN, "lane_locked", LOG_INT("lane", lanes[i]->lane));
	}
	lanes_dropped(w);
	return FAULT_NONE;
}

/* What stopped the turn stays what is told. */
enum fault
locked_look(struct turn *t, struct lane **lanes, int n, struct err *err)
{
	struct err why = *err;
	enum fault fault = FAULT_NONE;

	if (strcmp(why.op, "lane_fence") == 0)
		fault = look_at_lanes(t, lanes, n, err);
	else if (strcmp(why.op, "dossier_lock") == 0)
		fault = look_at_dossiers(t, err);
	if (fault != FAULT_NONE)
		return fault;
	*err = why;
	return why.fault;
}

/* --- going round it ---------------------------------------------------------- */

/* Its rows stay as they are, and an answer from outside stays in hand; only new messages are taken in. */
bool
leave_alone(struct turn *t, struct job *job)
{
	if (!job->stored)
		return false;
	if (job->kind == JOB_HANDOVER)
		lane_of(t, job)->draft.counters.handed_in--;
	job->flight = NULL;
	job->end = END_WAIT;
	job->reason = TEXT("locked");
	return true;
}
