/*
 * worker_pause - a stage that an operator has paused.
 *
 * It takes nothing new: no message, no due job, no timer, no answer of a
 * register.  It keeps its lanes, publishes what is committed and lets effects
 * under way land; what is held and not begun is not begun.  How far in time it
 * has read stands still, so that nobody's timer fires over what it has not
 * read (promise 8).  While it works, the question goes along with the poll for
 * due jobs and costs no trip.
 */
#include "log.h"
#include "worker.h"

enum { LOOK_US = 250 * 1000 };

static struct db_args *
of_stage(struct worker *w)
{
	struct db_args *args = db_args_new(w->arena, 1);

	db_put_int2(args, (int)w->stage);
	return args;
}

int
pause_queue(struct worker *w)
{
	return db_queue(w->db, core_stmt(SQL_STAGE_PAUSED), of_stage(w));
}

void
pause_learn(struct worker *w, const struct rows *rows)
{
	bool paused = rows_count(rows) > 0;

	w->pause_known = true;
	w->pause_look_us = clock_span_us() + LOOK_US;
	if (paused == w->paused)
		return;
	w->paused = paused;
	w->note_at_us = 0;
	w->due_poll_us = 0;
	log_event(LOG_WARN, paused ? "paused" : "resumed", LOG_STR("by", "operator"));
}

/* Before anything is taken: at first, after a claim, and as long as it is paused. */
enum fault
pause_look(struct worker *w, struct err *err)
{
	const struct rows *rows;
	enum fault fault;

	if (w->pause_known && (!w->paused || clock_span_us() < w->pause_look_us))
		return FAULT_NONE;
	fault = db_run(w->db, core_stmt(SQL_STAGE_PAUSED), of_stage(w), &rows, err);
	if (fault == FAULT_NONE)
		pause_learn(w, rows);
	return fault;
}
