/*
 * worker_end - what becomes of a job: rows of core.job that come, change and
 * go, and the lane's counters with them (promise 10).
 */
#include "worker.h"

struct lane *
lane_of(struct turn *t, const struct job *job)
{
	struct lane *lane = owned_lane(t->worker, job->lane);

	if (lane == NULL)
		bug("a job of lane %d, which is not ours", job->lane);
	return lane;
}

struct stored *
stored_of(struct entry *entry, const struct job *job)
{
	for (int i = 0; job->stored && i < entry->n_stored; i++)
		if (entry->stored[i].lane == job->lane && entry->stored[i].origin == job->origin &&
		    entry->stored[i].ord == job->ord)
			return &entry->stored[i];
	return NULL;
}

/* Until it has been tried: set apart, or what it asked for and called for is still under way. */
static bool
stays_suspect(const struct job *job)
{
	return job->suspect > 0 && job->end == END_WAIT && (job->apart ||
	    text_is(job->reason, "asking") || text_is(job->reason, "telling"));
}

static struct job_row *
add_row(struct turn *t, struct list *list, const struct job *job)
{
	struct job_row *row = list_add(t->worker->arena, list, sizeof *row);

	*row = (struct job_row){ .job = job, .lane = job->lane, .origin = job->origin,
	    .kind = (int)job->kind, .ord = job->ord, .due_at = job->due_at, .attempts = job->attempts,
	    .purpose = job->purpose, .reason = job->reason, .suspect = stays_suspect(job) ? job->suspect : 0,
	    .dossier = job->has_dossier ? job->dossier : NULL };
	return row;
}

/* A row for a message that stays, in its own lane or (handed over) in its dossier's. */
static void
keep(struct turn *t, struct lane *lane, struct job *job, int to_lane, enum job_kind kind)
{
	struct job_row *row = add_row(t, &t->inserts, job);

	row->lane = to_lane;
	row->origin = lane->lane;
	row->ord = ++lane->draft.job_ord;
	row->kind = (int)kind;
	row->message = job_pack(t->worker->arena, job);
	if (job->end == END_PARKED) {
		row->due_at = TIME_NONE;
		row->reason = arena_printf(t->worker->arena, "%s: %s", job->why.code, job->why.text);
	} else if (job->end == END_HANDED)
		row->due_at = t->now;
}

/* Its end makes the next one of its dossier due, in the same transaction. */
static void
wake_next(struct turn *t, struct entry *entry, const struct job *job)
{
	for (int i = 0; i < entry->n_stored; i++) {
		struct stored *s = &entry->stored[i];
		struct job_row *row;

		if (s->kind != JOB_MESSAGE || s->gone || s->lane != job->lane)
			continue;
		if (!s->taken && s->due_at == TIME_INFINITY) {
			row = list_add(t->worker->arena, &t->updates, sizeof *row);
			*row = (struct job_row){ .lane = s->lane, .origin = s->origin, .ord = s->ord,
			    .due_at = t->now };
			s->due_at = t->now;
			t->worker->due_poll_us = 0;
		}
		return;
	}
}

static void
end_stored(struct turn *t, struct lane *lane, struct job *job, struct entry *entry)
{
	struct counters *c = &lane->draft.counters;
	struct stored *s = entry != NULL ? stored_of(entry, job) : NULL;

	/* One that was parked, and that an operator has made due, is counted as parked until now. */
	if (job->parked)
		c->parked--;
	else
		c->waiting--;
	if (job->end == END_WAIT) {
		add_row(t, &t->updates, job);
		c->waiting++;
		return;
	}
	if (job->end == END_PARKED) {
		struct job_row *row = add_row(t, &t->updates, job);

		row->due_at = TIME_NONE;
		row->reason = arena_printf(t->worker->arena, "%s: %s", job->why.code, job->why.text);
		c->parked++;
		return;
	}
	add_row(t, &t->deletes, job);
	if (job->end == END_HANDED) {
		c->handed_out++;
		keep(t, lane, job, entry->dos.home, JOB_HANDOVER);
	} else if (job->end == END_REPEATED)
		c->repeated++;
	else if (job->end == END_DEAD)
		c->dead++;
	else
		c->done++;
	if (s != NULL)
		s->gone = true;
	if (entry != NULL && job->kind == JOB_MESSAGE)
		wake_next(t, entry, job);
}

static void
end_fresh(struct turn *t, struct lane *lane, struct job *job, struct entry *entry)
{
	struct counters *c = &lane->draft.counters;

	switch (job->end) {
	case END_OPEN:
		bug("a job that was not decided");
	case END_DONE:
		c->done++;
		break;
	case END_REPEATED:
		c->repeated++;
		break;
	case END_DEAD:
		c->dead++;
		break;
	case END_HANDED:
		c->handed_out++;
		keep(t, lane, job, entry->dos.home, JOB_HANDOVER);
		break;
	case END_WAIT:
		c->waiting++;
		keep(t, lane, job, lane->lane, JOB_MESSAGE);
		break;
	case END_PARKED:
		c->parked++;
		keep(t, lane, job, lane->lane, JOB_MESSAGE);
		break;
	}
}

void
end_job(struct turn *t, struct job *job, struct entry *entry)
{
	struct lane *lane = lane_of(t, job);

	if (entry != NULL && (job->end == END_WAIT || job->end == END_PARKED) &&
	    (job->kind == JOB_MESSAGE || job->kind == JOB_HANDOVER)) {
		*(struct blocked *)list_add(t->worker->arena, &entry->blocked, sizeof(struct blocked)) =
		    (struct blocked){ job->lane, job->place.topic == 0 };
		entry->waits = true;
	}
	if (job->end == END_DEAD)
		*(struct job **)list_add(t->worker->arena, &t->dead, sizeof job) = job;
	if (job->kind == JOB_HANDOVER) {
		/* Taken in: the row of the other lane goes, and it is ours from here on. */
		add_row(t, &t->deletes, job);
		end_fresh(t, lane, job, entry);
	} else if (job->stored)
		end_stored(t, lane, job, entry);
	else
		end_fresh(t, lane, job, entry);
}

/* What decide wants of the dossier's timer, against the row that is there. */
void
settle_timer(struct turn *t, struct entry *entry)
{
	struct lane *lane = owned_lane(t->worker, entry->dos.home);
	struct stored *s = NULL;
	struct job_row *row;

	for (int i = 0; i < entry->n_stored; i++)
		if (entry->stored[i].kind == JOB_TIMER)
			s = &entry->stored[i];
	if (s != NULL && s->due_at == entry->timer_due && !s->parked)
		return;
	if (s == NULL && entry->timer_due == TIME_NONE)
		return;
	row = list_add(t->worker->arena, s == NULL ? &t->inserts : entry->timer_due == TIME_NONE
	    ? &t->deletes : &t->updates, sizeof *row);
	*row = (struct job_row){ .lane = lane->lane, .origin = s != NULL ? s->origin : lane->lane,
	    .ord = s != NULL ? s->ord : 0, .kind = JOB_TIMER, .due_at = entry->timer_due,
	    .dossier = entry->dos.id };
	if (s == NULL) {
		struct job timer = { .kind = JOB_TIMER };

		row->ord = ++lane->draft.job_ord;
		row->message = job_pack(t->worker->arena, &timer);
		lane->draft.counters.ordered++;
		lane->draft.counters.waiting++;
	} else if (entry->timer_due == TIME_NONE) {
		*(s->parked ? &lane->draft.counters.parked : &lane->draft.counters.waiting) -= 1;
		lane->draft.counters.done++;
	} else if (s->parked) {
		lane->draft.counters.parked--;
		lane->draft.counters.waiting++;
	}
}
