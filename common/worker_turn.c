/*
 * worker_turn - one batch, from what is there to the commit.
 *
 *     receive ─► inquire ─► trip 1: BEGIN, fence, lock ─► decide ─► trip 2: write, COMMIT ─► publish
 *
 * Whatever fails, nothing of the batch has happened: the messages are still
 * in hand, the drafts of the lanes are forgotten, and the turn is taken again.
 * Only a lost answer to COMMIT is unsure, and then the database is asked.
 */
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "kill_point.h"
#include "log.h"
#include "worker.h"

enum { TABLE_SIZE = 2048 };

void *
list_add(struct arena *arena, struct list *list, size_t size)
{
	if (list->n == list->size) {
		int grown = list->size > 0 ? list->size * 2 : 64;
		void *items = arena_take(arena, (size_t)grown, size);

		if (list->n > 0)
			memcpy(items, list->items, (size_t)list->n * size);
		list->items = items;
		list->size = grown;
	}
	return memset((char *)list->items + (size_t)list->n++ * size, 0, size);
}

bool
wakes(const struct service *service, enum event_type type)
{
	for (int i = 0; i < service->n_wakes; i++)
		if (service->wakes[i] == type)
			return true;
	return false;
}

static struct turn *
turn_new(struct worker *w)
{
	struct turn *t;

	arena_reset(w->arena);
	t = ARENA_NEW(w->arena, struct turn);
	t->worker = w;
	t->now = worker_now(w);
	if (w->producer != NULL)
		producer_set_time(w->producer, t->now / 1000);
	t->began_us = clock_span_us();
	t->only_alone = w->alone_next;
	w->alone_next = false;
	t->table_size = TABLE_SIZE;
	t->table = ARENA_ARRAY(w->arena, struct entry *, TABLE_SIZE);
	for (int i = 0; i <= w->most_lane; i++)
		if (w->lanes[i] != NULL)
			lane_begin(w->lanes[i]);
	asking_keep_all(w);
	return t;
}

/* Ids are digests: any bytes of them spread well. */
static struct entry **
slot_of(struct turn *t, const uint8_t *dossier)
{
	uint32_t h;

	memcpy(&h, dossier, sizeof h);
	return &t->table[h & (uint32_t)(t->table_size - 1)];
}

struct entry *
entry_find(struct turn *t, const uint8_t *dossier)
{
	for (struct entry *e = *slot_of(t, dossier); e != NULL; e = e->next)
		if (memcmp(e->dos.id, dossier, UUID_BYTES) == 0)
			return e;
	return NULL;
}

static void
entry_add(struct turn *t, const uint8_t *dossier)
{
	struct entry **slot = slot_of(t, dossier), *e;

	if (entry_find(t, dossier) != NULL)
		return;
	e = ARENA_NEW(t->worker->arena, struct entry);
	dossier_init(&e->dos, dossier);
	e->next = *slot;
	*slot = e;
	*(struct entry **)list_add(t->worker->arena, &t->entries, sizeof e) = e;
}

struct block *
turn_block(struct turn *t, struct lane *lane)
{
	struct lane_block *blocks = t->blocks.items, *fresh;

	for (int i = 0; i < t->blocks.n; i++)
		if (blocks[i].lane == lane)
			return &blocks[i].block;
	fresh = list_add(t->worker->arena, &t->blocks, sizeof *fresh);
	fresh->lane = lane;
	return &fresh->block;
}

/* --- receiving -------------------------------------------------------------- */

/* What is in hand, as far as there is room for its jobs; a lane that steps lets only one into the turn. */
static void
receive_items(struct turn *t)
{
	struct worker *w = t->worker;
	int limit = is_stepping(w) ? 1 - t->jobs.n : care_room(w, (int)w->set.batch);

	if (!hand_is_due(w) && w->n_ready == 0 && !flights_wait(w))
		return;
	if (inquiries_catch_up(w))
		limit = 0;
	for (; t->n_items < w->n_items; t->n_items++) {
		struct item *item = &w->items[t->n_items];
		const struct lane *lane = owned_lane(w, item->place.partition);

		/* Of a lane that is not ours any more, or fetched twice. */
		if (lane == NULL || lane->epoch != item->epoch ||
		    item->place.offset < lane->draft.next_offset[item->place.topic])
			hand_drop(w, item);
		if (item->n == 0)
			continue;
		if (item->message != NULL && t->n_messages >= limit)
			break;
		receive_item(t, item);
	}
}

/*
 * What is in hand: messages and ended effects.  While a lane steps, a turn has
 * one job only, and these two and stored jobs take turns, so that none hides
 * the others.
 */
static void
receive_in_hand(struct turn *t)
{
	struct worker *w = t->worker;

	w->step_side = (w->step_side + 1) % SIDES;
	if (w->paused || t->only_alone) {
		flights_answered(t);
		return;
	}
	if (is_stepping(w) && w->step_side == SIDE_STORED)
		return;
	if (is_stepping(w) && w->step_side == SIDE_FLIGHTS)
		flights_answered(t);
	receive_items(t);
	flights_answered(t);
}

/* --- trip 1 ------------------------------------------------------------------- */

static int
touched_lanes(struct worker *w, struct lane **out)
{
	int n = 0;

	for (int i = 0; i <= w->most_lane; i++) {
		struct lane *lane = owned_lane(w, i);

		if (lane != NULL && lane->touched)
			out[n++] = lane;
	}
	return n;
}

enum which { ALL, FREE, KNOWN_LOCKED };

static struct db_args *
entry_ids(struct turn *t, bool with_stage, enum which which)
{
	struct entry *const *entries = t->entries.items;
	struct db_args *args = db_args_new(t->worker->arena, 2);
	struct db_array *ids;

	if (with_stage)
		db_put_int2(args, (int)t->worker->stage);
	ids = db_put_array(args, DB_UUID);
	for (int i = 0; i < t->entries.n; i++)
		if (which == ALL || locked_known(t->worker, entries[i]->dos.id) == (which == KNOWN_LOCKED))
			db_add_uuid(ids, entries[i]->dos.id);
	return args;
}

/* What is locked. */
static void
fill_dossiers(struct turn *t, const struct rows *rows)
{
	for (int r = 0; r < rows_count(rows); r++) {
		struct entry *e = entry_find(t, rows_uuid(rows, r, 0));

		columns_get(rows, r, 0, dossier_columns, dossier_n_columns, t->worker->arena, &e->dos);
		e->before = e->dos;
		memcpy(e->place, rows_tid(rows, r, dossier_n_columns), TID_BYTES);
		e->exists = true;
	}
}

/* Of those that somebody else had locked: what is free by now, and what is not, as it was committed. */
static void
fill_locked(struct turn *t, const struct rows *free, const struct rows *all)
{
	fill_dossiers(t, free);
	for (int r = 0; r < rows_count(all); r++) {
		struct entry *e = entry_find(t, rows_uuid(all, r, 0));

		locked_tried(t->worker, e->dos.id, e->exists);
		if (e->exists)
			continue;
		columns_get(all, r, 0, dossier_columns, dossier_n_columns, t->worker->arena, &e->dos);
		e->exists = e->locked_out = true;
	}
}

static void
fill_stored(struct turn *t, const struct rows *rows)
{
	struct stored *all = ARENA_ARRAY(t->worker->arena, struct stored, (size_t)rows_count(rows));

	for (int r = 0; r < rows_count(rows); r++) {
		struct entry *e = entry_find(t, rows_uuid(rows, r, 4));

		all[r] = (struct stored){ .lane = rows_int4(rows, r, 0), .origin = rows_int4(rows, r, 1),
		    .ord = rows_int8(rows, r, 2), .kind = rows_int4(rows, r, 3),
		    .due_at = rows_time(rows, r, 5), .parked = rows_bool(rows, r, 6), .leads = rows_bool(rows, r, 7) };
		/* Rows come dossier by dossier, so those of one lie side by side. */
		if (e->n_stored++ == 0)
			e->stored = &all[r];
		if (all[r].kind != JOB_TIMER)
			e->waits = true;
	}
}

static void
fill_folds(struct turn *t, const struct rows *rows)
{
	const struct fold *fold = t->worker->service->fold;

	for (int r = 0; r < rows_count(rows); r++) {
		struct entry *e = entry_find(t, rows_uuid(rows, r, 1));
		void *row = fold_add(fold, &e->rows, t->worker->arena);

		if (row == NULL)
			bug("%s: more than %d rows of one dossier", fold->table, FOLD_ROWS_MAX);
		e->rows.changed[e->rows.n - 1] = false;
		columns_get(rows, r, 0, fold->columns, fold->n_columns, t->worker->arena, row);
	}
}

/*
 * May core.job have messages or timers of the turn's dossiers?  A lane counts its rows, and of these the effects under way
 * here are known: where there are no others, nobody has to look for them dossier by dossier.  What came back from the table
 * looks in any case: hand-overs are counted by the lane that they come from, and a timer waits for messages in all lanes.
 */
static bool
may_be_stored(struct turn *t, struct lane *const *lanes, int n_lanes)
{
	struct job *const *jobs = t->jobs.items;
	const int64_t *flights = flights_by_lane(t->worker);

	for (int i = 0; i < t->jobs.n; i++)
		if (jobs[i]->stored && jobs[i]->flight == NULL)
			return true;
	for (int i = 0; i < n_lanes; i++) {
		const struct counters *c = &lanes[i]->state.counters;

		if (c->waiting + c->parked != flights[lanes[i]->lane])
			return true;
	}
	return false;
}

static enum fault
trip_one(struct turn *t, struct lane **lanes, int n_lanes, struct err *err)
{
	struct worker *w = t->worker;
	int64_t asked_us = clock_span_us();
	int fence, dossiers = -1, locked = -1, stored = -1, folds = -1;
	enum fault fault;

	db_queue_begin(w->db);
	fence = lane_queue_fence(w->db, w->arena, w->stage, lanes, n_lanes);
	if (t->entries.n > 0) {
		dossiers = db_queue(w->db, core_stmt(SQL_DOSSIER_LOCK), entry_ids(t, false, FREE));
		if (w->n_locked > 0) {
			locked = db_queue(w->db, core_stmt(SQL_DOSSIER_LOCK_FREE), entry_ids(t, false, KNOWN_LOCKED));
			db_queue(w->db, core_stmt(SQL_DOSSIER_LOAD), entry_ids(t, false, KNOWN_LOCKED));
		}
		if (may_be_stored(t, lanes, n_lanes))
			stored = db_queue(w->db, core_stmt(SQL_JOB_OF), entry_ids(t, true, ALL));
		if (w->service->fold != NULL)
			folds = db_queue(w->db, w->service->fold_load, entry_ids(t, false, ALL));
	}
	fault = db_trip(w->db, false, err);
	if (fault != FAULT_NONE)
		return fault;
	if (lane_check_time(w->db, fence) != TIME_NONE) {
		clock_learn(w, lane_check_time(w->db, fence), asked_us);
		t->locked_at = lane_check_time(w->db, fence) + clock_span_us() - asked_us;
	}
	if (lane_check(w->db, fence, lanes, n_lanes) > 0) {
		db_rollback(w->db);
		lanes_dropped(w);
		w->want_reassign = true;
		w->reclaim_at_us = clock_span_us() + SECOND_US;
		return err_set(err, FAULT_RETRY, "fence", "fenced", "a lane has another owner");
	}
	if (dossiers >= 0) {
		fill_dossiers(t, db_rows(w->db, dossiers));
		if (locked >= 0)
			fill_locked(t, db_rows(w->db, locked), db_rows(w->db, locked + 1));
	}
	if (stored >= 0)
		fill_stored(t, db_rows(w->db, stored));
	if (folds >= 0)
		fill_folds(t, db_rows(w->db, folds));
	return FAULT_NONE;
}

/* --- after the commit ------------------------------------------------------------ */

static void
log_job(struct turn *t, const struct job *job)
{
	static const char *const ends[] = { "open", "done", "repeated", "dead", "handed", "wait",
	    "parked" };
	char uuid[UUID_TEXT_BYTES] = "";

	if (job->has_dossier)
		uuid_to_text(job->dossier, uuid);
	log_event(job->end == END_PARKED || job->end == END_DEAD ? LOG_ERROR : LOG_INFO, "job",
	    LOG_STR("end", ends[job->end]), LOG_STR("dossier", uuid), LOG_TEXT("cause", job->cause),
	    LOG_INT("lane", job->lane), LOG_TEXT("reason", job->reason),
	    LOG_STR("code", job->why.code), LOG_STR("text", job->why.text),
	    LOG_INT("us", clock_span_us() - t->began_us));
}

static void
log_turn(const struct turn *t)
{
	log_event(LOG_DEBUG, "turn", LOG_INT("jobs", t->jobs.n), LOG_INT("dossiers", t->entries.n),
	    LOG_INT("gather_us", t->gathered_us - t->began_us),
	    LOG_INT("trip1_us", t->locked_us - t->gathered_us),
	    LOG_INT("decide_us", t->decided_us - t->locked_us),
	    LOG_INT("trip2_us", clock_span_us() - t->decided_us),
	    LOG_INT("arena", (int64_t)arena_used(t->worker->arena)));
}

static void
announce_all_dead(struct turn *t)
{
	struct job *const *jobs = t->dead.items;

	for (int i = 0; i < t->dead.n; i++) {
		bool seen = false;

		for (int k = 0; k < i; k++)
			seen |= jobs[k]->lane == jobs[i]->lane;
		if (!seen)
			announce_dead(t->worker, jobs[i]->lane);
	}
}

static void
after_commit(struct turn *t, struct lane **lanes, int n_lanes)
{
	struct worker *w = t->worker;
	struct job *const *jobs = t->jobs.items;

	kill_point(KILL_COMMIT_ANSWERED);
	log_turn(t);
	count_turn(t, lanes, n_lanes);
	for (int i = 0; i < n_lanes; i++) {
		lane_committed(lanes[i]);
		if (lanes[i]->saved_acked < lanes[i]->acked)
			kill_point(KILL_PUBLISH_SAVED);
		lanes[i]->saved_acked = lanes[i]->acked;
		lanes[i]->saved_unclean = lanes[i]->unclean;
	}
	if (t->jobs.n == 0)
		kill_point(KILL_UPKEEP_SAVED);
	publish_blocks(t);
	flights_settled(t);
	effects_start(t);
	announce_all_dead(t);
	asking_free_used(w);
	care_committed(t);
	slow_committed(t);
	refused_committed(t);
	for (int i = 0; i < t->jobs.n; i++)
		if (w->set.log_jobs || jobs[i]->end == END_DEAD || jobs[i]->end == END_PARKED)
			log_job(t, jobs[i]);
	hand_done(w, t->n_items);
	w->decided += t->jobs.n;
	w->batches++;
	w->last_commit_us = clock_span_us();
	w->turn_us = w->last_commit_us - t->began_us;
	w->turn_ended_us = w->last_commit_us;
	step_on(w, t->jobs.n);
	kill_point(KILL_TURN_OVER);
}

/*
 * The answer to COMMIT was lost.  Locking the lanes waits for the old
 * transaction; the count of turns tells whether it has happened (promise 2).
 */
static enum fault
ask_commit(struct turn *t, struct lane **lanes, int n_lanes, bool *happened, struct err *err)
{
	struct worker *w = t->worker;
	const struct rows *rows;
	int index;
	enum fault fault = connect_database(w, err);

	if (fault != FAULT_NONE)
		return fault;
	db_queue_begin(w->db);
	index = lane_queue_fence(w->db, w->arena, w->stage, lanes, n_lanes);
	db_queue_commit(w->db);
	fault = db_trip(w->db, false, err);
	if (fault != FAULT_NONE)
		return fault;
	rows = db_rows(w->db, index);
	*happened = false;
	for (int i = 0; i < n_lanes; i++) {
		lanes[i]->owned = false;
		for (int r = 0; r < rows_count(rows); r++)
			if (rows_int4(rows, r, 0) == lanes[i]->lane &&
			    lane_is_ours(lanes[i], rows_int8(rows, r, 1), rows_text(rows, r, 5))) {
				lanes[i]->owned = true;
				*happened |= rows_int8(rows, r, 3) == lanes[i]->draft.turns;
			}
		if (!lanes[i]->owned)
			w->want_reassign = true;
	}
	return FAULT_NONE;
}

static enum fault
settle_unsure(struct turn *t, struct lane **lanes, int n_lanes, struct err *err)
{
	bool happened = false;
	struct err why = *err;
	int64_t until_us = clock_span_us() + 20 * SECOND_US;

	beat(t->worker);
	tell_fault(t->worker, "commit_unsure", err);
	kill_point(KILL_COMMIT_UNSURE);
	while (ask_commit(t, lanes, n_lanes, &happened, err) != FAULT_NONE) {
		if (err->fault == FAULT_FATAL || clock_span_us() > until_us) {
			/* The claim of the next owner, or of ours, finds out as well. */
			for (int i = 0; i < n_lanes; i++)
				lanes[i]->owned = false;
			lanes_dropped(t->worker);
			t->worker->want_reassign = true;
			return err->fault == FAULT_FATAL ? FAULT_FATAL : FAULT_RETRY;
		}
		health_refresh(t->worker, false);
		nanosleep(&(struct timespec){ .tv_nsec = 300 * 1000 * 1000 }, NULL);
	}
	log_event(LOG_WARN, "commit_settled", LOG_INT("happened", happened));
	kill_point(KILL_COMMIT_SETTLED);
	*err = why;
	return happened ? FAULT_NONE : FAULT_RETRY;
}

/* --- the turn ----------------------------------------------------------------------- */

static enum fault
gather(struct turn *t, struct err *err)
{
	struct worker *w = t->worker;
	enum fault fault = FAULT_NONE;

	if (!w->paused)
		fault = receive_stored(t, err);
	if (fault == FAULT_NONE && t->jobs.n > 0)
		fault = care_take(t, err);
	if (fault != FAULT_NONE)
		return fault;
	receive_contents(t);
	if (w->fatal.fault == FAULT_NONE && w->service->inquires != NULL)
		fault = inquiries_begin(t, err);
	if (fault == FAULT_NONE && t->jobs.n + t->n_items > 0 && w->service->prepare != NULL)
		fault = w->service->prepare(w, t->jobs.items, t->jobs.n, err);
	if (fault != FAULT_NONE)
		slow_look(t, err);
	return fault;
}

enum fault
turn_run(struct worker *w, struct err *err)
{
	struct turn *t = turn_new(w);
	struct lane **lanes = ARENA_ARRAY(w->arena, struct lane *, (size_t)w->most_lane + 1);
	struct job *const *jobs;
	enum fault fault = FAULT_NONE;
	int n_lanes;

	if (db_is_broken(w->db))
		fault = connect_database(w, err);
	if (fault == FAULT_NONE && !w->is_vetted && count_owned(w) > 0)
		fault = vet_database(w, err);
	if (fault == FAULT_NONE)
		fault = pause_look(w, err);
	if (fault != FAULT_NONE)
		return fault;
	receive_in_hand(t);
	if (t->jobs.n > 0)
		kill_point(KILL_RECEIVED);
	touch_idle(t);
	fault = gather(t, err);
	if (w->fatal.fault != FAULT_NONE)
		return *err = w->fatal, FAULT_FATAL;
	if (fault != FAULT_NONE)
		return fault;
	park_refused(t);
	jobs = t->jobs.items;
	for (int i = 0; i < t->jobs.n; i++)
		if (jobs[i]->has_dossier && (jobs[i]->end == END_OPEN || jobs[i]->end == END_WAIT || jobs[i]->stored))
			entry_add(t, jobs[i]->dossier);
	n_lanes = touched_lanes(w, lanes);
	if (n_lanes == 0) {
		step_on(w, 0);
		return FAULT_NONE;
	}
	t->gathered_us = clock_span_us();
	doing(w, "lock rows in the database");
	kill_point(KILL_GATHERED);
	fault = trip_one(t, lanes, n_lanes, err);
	if (fault != FAULT_NONE && strcmp(err->code, "55P03") == 0)
		return locked_look(t, lanes, n_lanes, err);
	t->locked_us = clock_span_us();
	if (fault == FAULT_NONE) {
		kill_point(KILL_LOCKED);
		decide_all(t);
		t->decided_us = clock_span_us();
		kill_point(KILL_DECIDED);
		if (w->fatal.fault != FAULT_NONE) {
			db_rollback(w->db);
			return *err = w->fatal, FAULT_FATAL;
		}
		queue_writes(t);
		lane_queue_save(w->db, w->arena, w->stage, lanes, n_lanes);
		db_queue_commit(w->db);
		doing(w, "commit to the database");
		kill_point(KILL_QUEUED);
		fault = db_trip(w->db, true, err);
		if (fault == FAULT_NONE)
			versions_check(t);
	}
	doing(w, "work");
	if (fault == FAULT_PARK)
		return refused_data(t, err);
	if (fault == FAULT_UNSURE)
		fault = settle_unsure(t, lanes, n_lanes, err);
	if (fault != FAULT_NONE) {
		slow_look(t, err);
		return fault;
	}
	after_commit(t, lanes, n_lanes);
	return FAULT_NONE;
}
