/*
 * worker_stored - rows of core.job come back as jobs: those that are due, and
 * those whose answers have come.
 */
#include "kill_point.h"
#include "worker.h"

enum { DUE_POLL_US = 200 * 1000, STORED_ROWS_MAX = 100000 };

/* --- packing --------------------------------------------------------------- */

static void
put64(struct buf *buf, int64_t v)
{
	unsigned char bytes[8];

	for (int i = 0; i < 8; i++)
		bytes[i] = (unsigned char)((uint64_t)v >> (56 - 8 * i));
	buf_put(buf, bytes, sizeof bytes);
}

static int64_t
take64(const char *p)
{
	uint64_t v = 0;

	for (int i = 0; i < 8; i++)
		v = v << 8 | (unsigned char)p[i];
	return (int64_t)v;
}

enum { PLACE_BYTES = 32 };

struct text
job_pack(struct arena *arena, const struct job *job)
{
	struct buf buf = buf_in(arena);
	struct record effect = { .key = job->key, .value = job->body };

	put64(&buf, job->place.topic);
	put64(&buf, job->place.partition);
	put64(&buf, job->place.offset);
	put64(&buf, job->place.at);
	if (job->kind == JOB_MESSAGE || job->kind == JOB_HANDOVER)
		record_pack(&job->record, &buf);
	else
		record_pack(&effect, &buf);
	return buf_get(&buf);
}

static void
job_unpack(struct text packed, struct job *job)
{
	if (packed.n < PLACE_BYTES || !record_unpack((struct text){ packed.s + PLACE_BYTES,
	    packed.n - PLACE_BYTES }, &job->record))
		bug("a job whose message is torn");
	job->place = (struct place){ (int)take64(packed.s), (int)take64(packed.s + 8),
	    take64(packed.s + 16), take64(packed.s + 24) };
	job->key = job->record.key;
	job->body = job->record.value;
}

/* --- reading --------------------------------------------------------------- */

static struct job *
job_from_row(struct turn *t, const struct rows *rows, int r)
{
	struct arena *arena = t->worker->arena;
	struct job *job = ARENA_NEW(arena, struct job);
	const uint8_t *dossier = rows_uuid(rows, r, 4);

	job->stored = true;
	job->parked = rows_bool(rows, r, 11);
	job->suspect = rows_int4(rows, r, 12);
	job->is_coming = rows_columns(rows) > 13 && rows_bool(rows, r, 13);
	job->lane = rows_int4(rows, r, 0);
	job->origin = rows_int4(rows, r, 1);
	job->ord = rows_int8(rows, r, 2);
	job->kind = (enum job_kind)rows_int4(rows, r, 3);
	if (dossier != NULL)
		memcpy(job->dossier, dossier, UUID_BYTES);
	job->has_dossier = dossier != NULL;
	job->due_at = rows_time(rows, r, 5);
	job->attempts = rows_int4(rows, r, 6);
	job->purpose = arena_text(arena, rows_text(rows, r, 7));
	job->reason = arena_text(arena, rows_text(rows, r, 8));
	job->unread = text_is(job->reason, REASON_SUSPECT);
	job->created_at = rows_time(rows, r, 9);
	job_unpack(arena_text(arena, rows_text(rows, r, 10)), job);
	return job;
}

static bool
already_here(const struct turn *t, const struct job *job)
{
	struct job *const *jobs = t->jobs.items;

	for (int i = 0; i < t->jobs.n; i++)
		if (jobs[i]->stored && jobs[i]->lane == job->lane && jobs[i]->origin == job->origin &&
		    jobs[i]->ord == job->ord)
			return true;
	return false;
}

static bool
take_row(struct turn *t, const struct rows *rows, int r)
{
	struct worker *w = t->worker;
	struct job *job = job_from_row(t, rows, r);
	struct lane *lane = owned_lane(w, job->lane);

	if (lane == NULL || already_here(t, job) || (job->has_dossier && locked_waits(w, job->dossier)))
		return false;
	/* An effect under way in this process will come back by itself. */
	if (job->kind == JOB_EFFECT && flight_exists(w, job->lane, job->origin, job->ord))
		return false;
	if ((is_stepping(w) && t->jobs.n > 0) || !care_admits(t, job) || t->n_rows >= care_room(w, STORED_ROWS_MAX)) {
		inquiry_call_again(w, job);
		return false;
	}
	t->n_rows++;
	lane->touched = true;
	if (job->kind == JOB_HANDOVER)
		lane->draft.counters.handed_in++;
	if (job->kind == JOB_MESSAGE || job->kind == JOB_HANDOVER) {
		if (!w->is_journal[job->place.topic])
			receive_outside(t, job);
	} else if (job->kind == JOB_TIMER)
		job->cause = TEXT("timer");
	else
		job->cause = arena_printf(w->arena, "effect:%.*s", TEXT_ARG(job->purpose));
	*(struct job **)list_add(w->arena, &t->jobs, sizeof job) = job;
	return true;
}

/* Stage, my lanes, and a share for each: no lane starves another. */
static struct db_args *
due_args(struct worker *w, int n_lanes)
{
	struct db_args *args = db_args_new(w->arena, 4);
	struct db_array *lanes;

	db_put_int2(args, (int)w->stage);
	lanes = db_put_array(args, DB_INT4);
	for (int i = 0; i <= w->most_lane; i++)
		if (owned_lane(w, i) != NULL)
			db_add_int4(lanes, i);
	db_put_int4(args, STORED_MAX / n_lanes > 10 ? STORED_MAX / n_lanes : 10);
	return args;
}

static struct db_args *
stage_args(struct worker *w, enum stage stage)
{
	struct db_args *args = db_args_new(w->arena, 1);

	db_put_int2(args, (int)stage);
	return args;
}

int
count_owned(const struct worker *w)
{
	int n = 0;

	for (int i = 0; i <= w->most_lane; i++)
		n += owned_lane(w, i) != NULL;
	return n;
}

static enum fault
read_due(struct turn *t, struct err *err)
{
	struct worker *w = t->worker;
	int n = count_owned(w), due, timers, own, intake, dead, paused;
	struct db_args *args;
	enum fault fault;
	bool more = false;

	w->due_poll_us = clock_span_us() + DUE_POLL_US;
	if (n == 0)
		return FAULT_NONE;
	due = db_queue(w->db, core_stmt(SQL_JOB_DUE), due_args(w, n));
	args = due_args(w, n);
	db_put_int8(args, w->set.skew_ms * 1000);
	timers = db_queue(w->db, core_stmt(SQL_JOB_TIMERS), args);
	own = db_queue(w->db, core_stmt(SQL_LANE_READ_TO), stage_args(w, w->stage));
	intake = db_queue(w->db, core_stmt(SQL_LANE_READ_TO), stage_args(w, STAGE_INTAKE));
	dead = db_queue(w->db, core_stmt(SQL_DEADLETTER_DUE), due_args(w, n));
	paused = pause_queue(w);
	fault = db_trip(w->db, false, err);
	if (fault != FAULT_NONE)
		return fault;
	pause_learn(w, db_rows(w->db, paused));
	if (w->paused)
		return FAULT_NONE;
	t->read_to = rows_int8(db_rows(w->db, own), 0, 0);
	t->intake_read_to = rows_int8(db_rows(w->db, intake), 0, 0);
	for (int r = 0; r < rows_count(db_rows(w->db, due)); r++)
		more |= take_row(t, db_rows(w->db, due), r);
	for (int r = 0; r < rows_count(db_rows(w->db, timers)); r++)
		more |= take_row(t, db_rows(w->db, timers), r);
	for (int r = 0; r < rows_count(db_rows(w->db, dead)); r++)
		more |= redrive_take(t, db_rows(w->db, dead), r);
	/* As long as something is due, look again at once. */
	if (w->alone_next)
		w->due_poll_us = 0;
	if (more) {
		w->due_poll_us = 0;
		kill_point(KILL_STORED_READ);
	}
	return FAULT_NONE;
}

static enum fault
read_ready(struct turn *t, struct err *err)
{
	struct worker *w = t->worker;
	const uint8_t (*ids)[UUID_BYTES];
	int n = inquiry_ready(w, &ids);
	struct db_args *args;
	struct db_array *array;
	const struct rows *rows;
	enum fault fault;

	if (n == 0)
		return FAULT_NONE;
	args = db_args_new(w->arena, 2);
	db_put_int2(args, (int)w->stage);
	array = db_put_array(args, DB_UUID);
	for (int i = 0; i < n; i++)
		db_add_uuid(array, ids[i]);
	fault = db_run(w->db, core_stmt(SQL_JOB_READY), args, &rows, err);
	for (int r = 0; fault == FAULT_NONE && r < rows_count(rows); r++)
		(void)take_row(t, rows, r);
	return fault;
}

enum fault
receive_stored(struct turn *t, struct err *err)
{
	enum fault fault = FAULT_NONE;

	/* One job only, and it is there. */
	if (is_stepping(t->worker) && t->jobs.n > 0)
		return FAULT_NONE;
	if (clock_span_us() >= t->worker->due_poll_us)
		fault = read_due(t, err);
	if (fault == FAULT_NONE && (!is_stepping(t->worker) || t->jobs.n == 0))
		fault = read_ready(t, err);
	return fault;
}
