/*
 * worker_slow - what is too much for the database, and whose fault it is
 * (promise 9).
 *
 * A statement that is given up (57014), for which there is no room, or that
 * ends with an exception of somebody's trigger or an internal error, fails the
 * whole turn.  It may be that many are too much at once, or one of them by
 * itself, or that it is the database's trouble with everybody:
 *
 *     many      smaller turns (worker_step.c)
 *     one       set apart, as what kills its worker is (worker_care.c): tried
 *               alone, later, while the others go on; parked at the third time
 *     all       nothing goes through any more, so nothing is anybody's fault:
 *               a time counts only when the database has done some other job
 *               since it was too much the last time
 *
 * The third time comes after the second by `appeal`: what is slow for a moment
 * for some has passed by then.
 */
#include "log.h"
#include "worker.h"

enum { BY_ONE_US = 5 * 1000 * 1000, APART_US = 3 * 1000 * 1000, TIMES_MOST = 3 };

static bool
is_too_much(const char *code)
{
	static const char *const codes[] = { "57014", "54", "53200", "53400", "P0001", "XX000" };

	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		if (strncmp(code, codes[i], strlen(codes[i])) == 0)
			return true;
	return false;
}

void
slow_look(struct turn *t, const struct err *err)
{
	struct worker *w = t->worker;
	struct job *const *jobs = t->jobs.items;
	bool served = w->through > w->through_before;

	if (!is_too_much(err->code))
		return;
	w->through_before = w->through;
	/* A group that fails costs another time-out: where turns are quick, one by one is quicker. */
	if (t->jobs.n > 1)
		start_stepping(t, t->jobs.n * w->turn_us < BY_ONE_US);
	else if (t->jobs.n == 1)
		suspect_add(&w->slow, jobs[0], err)->counts = served;
}

static void
park(struct job *job, const struct err *why)
{
	job->end = END_PARKED;
	err_set(&job->why, FAULT_PARK, "write", "slow", "the database gave it up %d times, while others went "
	    "through: SQLSTATE %s in %s", TIMES_MOST, why->code, why->op);
}

bool
slow_judge(struct turn *t, struct job *job)
{
	struct worker *w = t->worker;
	const struct suspect *s = suspect_find(&w->slow, job);
	int times;

	if (s == NULL)
		return false;
	/* What had been parked, and was made due again, has had its three. */
	times = job->parked ? TIMES_MOST - 1 : job->suspect;
	times = times == 0 ? 1 : times + (s->counts ? 1 : 0);
	if (times >= TIMES_MOST)
		park(job, &s->why);
	else
		set_apart(t, job, times, times == 1 ? APART_US : w->set.appeal_ms * 1000);
	return true;
}

void
slow_committed(struct turn *t)
{
	struct worker *w = t->worker;
	struct job *const *jobs = t->jobs.items;

	for (int i = 0; i < t->jobs.n; i++) {
		struct suspect *s = suspect_find(&w->slow, jobs[i]);

		w->through += jobs[i]->end == END_DONE;
		if (s == NULL)
			continue;
		s->known = false;
		if (jobs[i]->apart)
			log_event(LOG_WARN, "set_apart", LOG_TEXT("cause", jobs[i]->cause),
			    LOG_INT("lane", jobs[i]->lane), LOG_INT("times", jobs[i]->suspect),
			    LOG_STR("code", s->why.code));
	}
}
