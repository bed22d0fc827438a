/*
 * worker_step - smaller turns, where something is refused by the database or
 * too much for it (promise 9).
 *
 * After a turn that failed, as many jobs as it had go in small groups, and as
 * many as the group had that fails go one at a time.  So what is to blame
 * fails alone soon, and the others are held up for little.
 */
#include "log.h"
#include "worker.h"

enum { GROUP_MOST = SIDES * CARE_MOST, EMPTY_MOST = SIDES };

bool
is_stepping(const struct worker *w)
{
	return w->singles > 0;
}

bool
takes_few(const struct worker *w)
{
	return w->few > 0 || is_careful(w);
}

void
start_stepping(struct turn *t, bool by_one)
{
	struct worker *w = t->worker;

	if (by_one || takes_few(w) || t->jobs.n <= GROUP_MOST)
		w->singles = t->jobs.n;
	else
		w->few = t->jobs.n;
	w->n_empty = 0;
	/* What is stored is looked for as eagerly as what comes. */
	w->due_poll_us = 0;
	for (int i = 0; i <= w->most_lane; i++)
		if (owned_lane(w, i) != NULL)
			w->lanes[i]->stepping |= w->lanes[i]->touched;
}

static void
stop_stepping(struct worker *w)
{
	w->few = w->singles = 0;
	for (int i = 0; i <= w->most_lane; i++)
		if (owned_lane(w, i) != NULL && w->lanes[i]->stepping) {
			w->lanes[i]->stepping = false;
			log_event(LOG_INFO, "lane_steps_no_more", LOG_INT("lane", i));
		}
}

/* A turn is over; when there is nothing to do on any side, nothing is left to be found. */
void
step_on(struct worker *w, int n_jobs)
{
	if (w->few == 0 && w->singles == 0)
		return;
	w->n_empty = n_jobs > 0 ? 0 : w->n_empty + 1;
	w->few = w->few > n_jobs ? w->few - n_jobs : 0;
	w->singles = w->singles > n_jobs ? w->singles - n_jobs : 0;
	if ((w->few == 0 && w->singles == 0) || w->n_empty > EMPTY_MOST)
		stop_stepping(w);
}

static bool
is_same(const struct suspect *s, const struct suspect *other)
{
	return s->known && s->stored == other->stored && s->lane == other->lane &&
	    s->topic == other->topic && s->number == other->number;
}

static struct suspect
suspect_of(const struct job *job)
{
	return (struct suspect){ .known = true, .stored = job->stored, .lane = job->lane,
	    .topic = job->stored ? job->origin : job->place.topic,
	    .number = job->stored ? job->ord : job->place.offset };
}

struct suspect *
suspect_find(struct suspects *list, const struct job *job)
{
	struct suspect wanted = suspect_of(job);

	for (size_t i = 0; i < sizeof list->all / sizeof *list->all; i++)
		if (is_same(&list->all[i], &wanted))
			return &list->all[i];
	return NULL;
}

struct suspect *
suspect_add(struct suspects *list, const struct job *job, const struct err *why)
{
	struct suspect *s = suspect_find(list, job);

	if (s == NULL) {
		s = &list->all[list->next];
		list->next = (list->next + 1) % (int)(sizeof list->all / sizeof *list->all);
	}
	*s = suspect_of(job);
	s->why = *why;
	return s;
}

/*
 * Data that the database refuses: among others they go one at a time, alone it
 * is remembered, and parked when it comes again.
 */
enum fault
refused_data(struct turn *t, struct err *err)
{
	struct worker *w = t->worker;
	struct job *const *jobs = t->jobs.items;

	/* Another lane met the same new dossier at the same time: ours takes its turn again. */
	if (strcmp(err->op, "dossier_insert") == 0 && strstr(err->text, "dossier_pkey") != NULL) {
		err->fault = FAULT_RETRY;
		snprintf(err->code, sizeof err->code, "met");
		return FAULT_RETRY;
	}
	tell_fault(w, "batch_refused", err);
	if (t->jobs.n == 1 && suspect_find(&w->refused, jobs[0]) != NULL) {
		err->fault = FAULT_FATAL;	/* even parking it is refused */
		return FAULT_FATAL;
	}
	if (t->jobs.n == 1)
		suspect_add(&w->refused, jobs[0], err);
	else
		start_stepping(t, false);
	err->fault = FAULT_RETRY;
	return FAULT_RETRY;
}

void
park_refused(struct turn *t)
{
	struct job *const *jobs = t->jobs.items;

	for (int i = 0; i < t->jobs.n; i++) {
		const struct suspect *s = jobs[i]->end == END_OPEN ? suspect_find(&t->worker->refused, jobs[i]) : NULL;

		if (s == NULL)
			continue;
		jobs[i]->end = END_PARKED;
		/* Class 22 may quote what it could not take; a constraint only names itself. */
		err_set(&jobs[i]->why, FAULT_PARK, "write", "data",
		    "the database refuses its data: SQLSTATE %s in %s%s%s", s->why.code, s->why.op,
		    s->why.code[1] == '3' ? ": " : "", s->why.code[1] == '3' ? s->why.text : "");
	}
}

/* Whatever has become of them: if they come again, they are tried. */
void
refused_committed(struct turn *t)
{
	struct job *const *jobs = t->jobs.items;

	for (int i = 0; i < t->jobs.n; i++) {
		struct suspect *s = suspect_find(&t->worker->refused, jobs[i]);

		if (s != NULL)
			s->known = false;
	}
}
