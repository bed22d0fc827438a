/*
 * worker_step - one message at a time, where something is refused by the
 * database (promise 9).
 *
 * A lane steps after a batch whose data the database refused, until it is past
 * that batch.
 */
#include "log.h"
#include "worker.h"

bool
is_stepping(const struct worker *w)
{
	for (int i = 0; i <= w->most_lane; i++)
		if (owned_lane(w, i) != NULL && w->lanes[i]->stepping)
			return true;
	return false;
}

void
stop_stepping(struct worker *w)
{
	for (int i = 0; i <= w->most_lane; i++) {
		struct lane *lane = owned_lane(w, i);
		bool past = lane != NULL && lane->stepping;

		for (int k = 0; past && k < w->n_topics; k++) {
			int64_t at = lane->state.next_offset[k] > 0 ? lane->state.next_offset[k] : 0;

			past = at >= lane->step_until[k] || (lane->eof[k] >= 0 && at >= lane->eof[k]);
		}
		if (past) {
			lane->stepping = false;
			log_event(LOG_INFO, "lane_steps_no_more", LOG_INT("lane", i));
		}
	}
}

static void
start_stepping(struct worker *w)
{
	for (int i = 0; i <= w->most_lane; i++) {
		struct lane *lane = owned_lane(w, i);

		if (lane == NULL || !lane->touched)
			continue;
		lane->stepping = true;
		memcpy(lane->step_until, lane->draft.next_offset, sizeof lane->step_until);
	}
}

static struct suspect
suspect_of(const struct job *job)
{
	return (struct suspect){ .known = true, .stored = job->stored, .lane = job->lane,
	    .topic = job->stored ? job->origin : job->place.topic,
	    .number = job->stored ? job->ord : job->place.offset };
}

static bool
is_suspect(const struct suspect *s, const struct job *job)
{
	struct suspect other = suspect_of(job);

	return s->known && s->stored == other.stored && s->lane == other.lane &&
	    s->topic == other.topic && s->number == other.number;
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
	start_stepping(w);
	if (t->jobs.n == 1 && is_suspect(&w->suspect, jobs[0])) {
		err->fault = FAULT_FATAL;	/* even parking it is refused */
		return FAULT_FATAL;
	}
	if (t->jobs.n == 1) {
		w->suspect = suspect_of(jobs[0]);
		w->suspect.why = *err;
	}
	err->fault = FAULT_RETRY;
	return FAULT_RETRY;
}

void
park_suspect(struct turn *t)
{
	struct worker *w = t->worker;
	struct job *const *jobs = t->jobs.items;

	for (int i = 0; i < t->jobs.n; i++)
		if (jobs[i]->end == END_OPEN && is_suspect(&w->suspect, jobs[i])) {
			jobs[i]->end = END_PARKED;
			/* Class 22 may quote what it could not take; a constraint only names itself. */
			err_set(&jobs[i]->why, FAULT_PARK, "write", "data",
			    "the database refuses its data: SQLSTATE %s in %s%s%s", w->suspect.why.code,
			    w->suspect.why.op, w->suspect.why.code[1] == '3' ? ": " : "",
			    w->suspect.why.code[1] == '3' ? w->suspect.why.text : "");
		}
}

/* Too much for one statement or one commit: half of it next time. */
void
shrink_batch(struct worker *w, const struct err *err)
{
	static const char *const codes[] = { "57014", "54", "53200", "53400" };

	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		if (strncmp(err->code, codes[i], strlen(codes[i])) == 0 && w->batch_now > 1)
			w->batch_now /= 2;
}
