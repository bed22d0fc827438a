/*
 * worker_clock - what time it is: by the database's clock, carried on by the
 * clock of this machine that counts sleep and never steps.
 *
 * What is due, the windows of effects, terms, and how far lanes have read are
 * rows that several workers and the database compare with its now().  So the
 * wall clocks of the workers' machines decide nothing: they may step, drift,
 * or be an hour apart.  They are used before the database has first been seen,
 * and for lines in the log.
 *
 * An answer to "what time is it" is somewhat old when it is read, by an unknown
 * part of the time that asking took.  What is kept never runs ahead of the
 * database: a timer may fire late, not early.
 */
#include "worker.h"

void
clock_learn(struct worker *w, time_us now, int64_t asked_us)
{
	int64_t least = now - clock_span_us(), most = now - asked_us;

	/* Better than what is known; or that clock has been set back, or runs slower than ours. */
	if (!w->clock_known || least > w->clock_ahead_us || most < w->clock_ahead_us)
		w->clock_ahead_us = least;
	w->clock_known = true;
}

time_us
worker_now(const struct worker *w)
{
	return w->clock_known ? clock_span_us() + w->clock_ahead_us : clock_now_us();
}

enum fault
clock_ask(struct worker *w, struct err *err)
{
	int64_t asked_us = clock_span_us();
	struct arena *arena = arena_new(0);
	const struct rows *rows;
	enum fault fault = db_run(w->db, core_stmt(SQL_CLOCK), db_args_new(arena, 0), &rows, err);

	if (fault == FAULT_NONE)
		clock_learn(w, rows_time(rows, 0, 0), asked_us);
	arena_free(arena);
	return fault;
}
