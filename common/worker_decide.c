/*
 * worker_decide - every job of the turn, on the locked rows.
 *
 * Order (promise 9): a dossier's stored messages, then its new ones, and the
 * first that cannot finish stops those behind it; then effects, which never
 * queue; timers last, when nothing of the dossier waits any more.
 */
#include <stdlib.h>

#include "worker.h"

enum { ASKING_RETRY_US = 15 * 1000 * 1000, ROOM_RETRY_US = 250 * 1000, UNKNOWN_RETRY_US = 300 * 1000, INPUTS_MAX = 256 };

/* --- giving ----------------------------------------------------------------- */

static void
number_event(struct turn *t, struct event *event)
{
	struct lane *lane = owned_lane(t->worker, event->home);

	event->number = lane->draft.given + 1;
	journal_append(t->worker->digest, t->worker->arena, lane, turn_block(t, lane), event);
}

struct event *
decide_event(struct decision *d, enum event_type type)
{
	struct event *event = event_new(d->arena, type);

	memcpy(event->dossier, d->dos->id, UUID_BYTES);
	event->home = d->job->lane;
	event->at = d->now;
	event->cause = d->job->cause;
	event->trace = d->job->trace;
	if (d->job->outside)
		event->input = text_of(d->job->input);
	return event;
}

void
decide_give(struct decision *d, struct event *event)
{
	struct worker *w = d->worker;
	struct entry *entry = entry_find(d->turn, d->dos->id);
	struct lane *lane = owned_lane(w, event->home);
	struct err err;

	if (event_is_answer(event->type)) {
		number_event(d->turn, event);
		return;
	}
	event->version = d->dos->version + 1;
	event->number = lane->draft.given + 1;
	if (d->dos->version == 0)
		entry->is_new = entry->exists = true;
	if (dossier_apply(d->dos, event, d->arena, &err) != FAULT_NONE)
		bug("%s: %s", err.code, err.text);
	entry->dirty = true;
	if (w->service->fold != NULL &&
	    w->service->fold->apply(event, &entry->rows, d->arena, &err) != FAULT_NONE)
		bug("%s: %s", err.code, err.text);
	number_event(d->turn, event);
}

void
decide_effect(struct decision *d, const char *purpose, struct text key, struct text body)
{
	struct turn *t = d->turn;
	struct lane *lane = lane_of(t, d->job);
	struct job *job = ARENA_NEW(d->arena, struct job);
	struct job_row *row, *start;
	int64_t wait_us;

	job->kind = JOB_EFFECT;
	job->lane = job->origin = lane->lane;
	job->ord = ++lane->draft.job_ord;
	memcpy(job->dossier, d->dos->id, UUID_BYTES);
	job->has_dossier = true;
	job->purpose = text_of(purpose);
	job->key = key;
	job->body = body;
	job->trace = d->job->trace;
	job->attempts = 1;
	wait_us = peer_wait_us(t->worker, effect_find(t->worker, job->purpose), job->ord);
	job->due_at = wait_us > 0 ? t->now + wait_us : t->locked_at + effect_window_us(t->worker);
	job->reason = wait_us > 0 ? TEXT("not_sent") : TEXT_NONE;
	row = list_add(d->arena, &t->inserts, sizeof *row);
	*row = (struct job_row){ .job = job, .lane = lane->lane, .origin = lane->lane,
	    .kind = JOB_EFFECT, .ord = job->ord, .due_at = job->due_at,
	    .attempts = 1, .purpose = job->purpose, .reason = job->reason, .message = job_pack(d->arena, job),
	    .dossier = job->dossier };
	lane->draft.counters.ordered++;
	lane->draft.counters.waiting++;
	if (wait_us > 0)
		return;		/* its peer is down: somebody tells it when it is due */
	start = list_add(d->arena, &t->effects, sizeof *start);
	*start = *row;
}

void
decide_timer(struct decision *d, time_us due_at)
{
	struct entry *entry = entry_find(d->turn, d->dos->id);

	entry->timer_set = true;
	entry->timer_due = due_at;
}

void
decide_content(struct decision *d, const char *kind, const uint8_t salt[SALT_BYTES],
    struct text body)
{
	struct content_row *row = list_add(d->arena, &d->turn->contents, sizeof *row);

	*row = (struct content_row){ .dossier = d->dos->id, .version = d->dos->version,
	    .round = d->dos->round, .kind = text_of(kind),
	    .salt = arena_copy(d->arena, salt, SALT_BYTES),
	    .body = text_is_absent(body) ? TEXT("") : body };
}

void
decide_row(struct decision *d, const struct rowset *set, const void *row)
{
	struct row_of *item = list_add(d->arena, &d->turn->rows, sizeof *item);

	item->set = set;
	item->row = row;
}

void
decide_wait(struct decision *d, time_us due_at, const char *reason)
{
	d->job->end = END_WAIT;
	d->job->due_at = due_at;
	d->job->reason = text_of(reason);
}

void
decide_again(struct decision *d)
{
	int shift = d->job->attempts < 8 ? d->job->attempts : 8;

	d->job->attempts++;
	decide_wait(d, d->now + (SECOND_US << shift), "again");
}

void
decide_unclear(struct decision *d)
{
	int shift = d->job->attempts < 6 ? d->job->attempts : 6;

	worker_distrust(d->worker, d->job->flight->call);
	d->job->attempts++;
	decide_wait(d, d->now + (SECOND_US / 4 << shift), "unsure");
}

/* --- what the skeleton decides by itself ------------------------------------------ */

void
give_answer(struct turn *t, struct job *job, struct entry *entry, enum event_type type)
{
	struct decision d = { .worker = t->worker, .arena = t->worker->arena, .job = job,
	    .dos = &entry->dos, .now = t->now, .turn = t };
	struct event *event = decide_event(&d, type);

	event->request = job->ce_type;
	if (!text_is_absent(job->errors))
		event->errors = job->errors;
	decide_give(&d, event);
}

static bool
is_submission(const struct job *job)
{
	return job->outside && text_is(job->ce_type, "vn.dossier.submitted.v1");
}

static void
wait_until(struct job *job, time_us due_at, const char *reason)
{
	job->end = END_WAIT;
	job->due_at = due_at;
	job->reason = text_of(reason);
}

/*
 * Is there such a dossier?  Only when all of intake has read past the moment
 * at which this message came can the answer be no (promise 8).
 */
static bool
settle_unknown(struct turn *t, struct job *job, struct entry *entry)
{
	if (entry->exists)
		return false;
	if (!job->is_coming && t->intake_read_to > job->place.at + t->worker->set.skew_ms * 1000) {
		give_answer(t, job, entry, t->worker->service->ev_unknown);
		job->end = END_DONE;
	} else {
		int shift = job->attempts < 5 ? job->attempts : 5;

		job->attempts++;
		wait_until(job, t->now + (UNKNOWN_RETRY_US << shift), "unknown_dossier");
	}
	return true;
}

/* Repeats and broken contracts of what came from outside for a dossier that exists. */
static bool
settle_outside(struct turn *t, struct job *job, struct entry *entry)
{
	const struct service *s = t->worker->service;
	uint8_t input[INPUT_BYTES];

	if (!text_unhex(text_of(job->input), input, INPUT_BYTES))
		bug("an input digest that is none");
	if (dossier_has_input(&entry->dos, input)) {
		give_answer(t, job, entry, s->ev_repeated);
		job->end = END_REPEATED;
		return true;
	}
	if (entry->dos.inputs.n >= (size_t)INPUTS_MAX * INPUT_BYTES) {
		job->errors = TEXT("[{\"pointer\":\"\",\"rule\":\"request.too_many\",\"message_vi\":\"Hồ sơ đã nhận "
		    "quá nhiều yêu cầu; yêu cầu này không được xử lý.\",\"message_en\":\"Too many requests have been "
		    "made about this dossier; this one is not handled.\"}]");
		give_answer(t, job, entry, s->ev_unknown);
		job->end = END_DONE;
		return true;
	}
	if (text_is_absent(job->errors))
		return false;
	give_answer(t, job, entry, dossier_may(&entry->dos, s->ev_refused) ? s->ev_refused
	    : s->ev_unknown);
	job->end = END_DONE;
	return true;
}

/* --- messages ------------------------------------------------------------------- */

/*
 * Does a message of this dossier stand before this one in its lane?  Other
 * lanes' rows do not count: their locks are not ours, and between partitions
 * no order is promised.  A submission that brings a dossier forth stands behind
 * one that came before it, but not behind those that ask for the dossier.
 */
static bool
is_behind(const struct entry *entry, const struct job *job)
{
	const struct blocked *blocked = entry->blocked.items;
	bool any = entry->exists || !is_submission(job);

	for (int i = 0; i < entry->blocked.n; i++)
		if (blocked[i].lane == job->lane && (any || blocked[i].leads))
			return true;
	for (int i = 0; i < entry->n_stored; i++) {
		const struct stored *s = &entry->stored[i];

		if (s->kind == JOB_MESSAGE && !s->gone && s->lane == job->lane && (any || s->leads) &&
		    (!job->stored || job->kind == JOB_HANDOVER || s->ord < job->ord))
			return true;
	}
	return false;
}

static void
ask_service(struct turn *t, struct job *job, struct entry *entry, struct asking *asking)
{
	struct decision d = { .worker = t->worker, .arena = t->worker->arena, .job = job,
	    .dos = &entry->dos, .rows = &entry->rows, .inquiry = asking != NULL ? &asking->q : NULL,
	    .now = t->now, .turn = t };

	t->worker->service->decide(&d);
	if (job->end == END_OPEN)
		job->end = END_DONE;
	/* Facts are for one decision: a job that is tried again asks again. */
	if (asking != NULL && job->end != END_WAIT && !asking->used) {
		asking->used = true;
		t->worker->n_used++;
	}
}

static struct asking *
facts_for(struct turn *t, struct job *job, bool *ready)
{
	const struct service *s = t->worker->service;
	struct asking *asking;

	*ready = true;
	if (s->inquires == NULL || !s->inquires(t->worker, job))
		return NULL;
	asking = asking_find(t->worker, job->dossier, inquiry_number(job));
	*ready = asking != NULL && asking_is_complete(asking);
	return asking;
}

static void
decide_message(struct turn *t, struct job *job, struct entry *entry)
{
	struct asking *asking;
	bool ready;

	if (is_behind(entry, job)) {
		wait_until(job, TIME_INFINITY, "behind");
		return;
	}
	if (entry->locked_out) {
		wait_until(job, t->now + SECOND_US, "locked");
		return;
	}
	if (entry->exists && entry->dos.home != job->lane) {
		if (!job->outside)
			bug("an event of a dossier that lives in lane %d", entry->dos.home);
		job->end = END_HANDED;
		return;
	}
	if (!entry->exists && job->event != NULL) {
		err_set(&t->worker->fatal, FAULT_FATAL, "decide", "lost_commits",
		    "a journal speaks of a dossier that the database does not have");
		wait_until(job, TIME_INFINITY, "no_dossier");
		return;
	}
	if (job->outside && !is_submission(job) &&
	    (settle_unknown(t, job, entry) || settle_outside(t, job, entry)))
		return;
	asking = facts_for(t, job, &ready);
	if (!ready) {
		/* Nobody calls up one for whose inquiry there was no room. */
		wait_until(job, t->now + (asking != NULL ? ASKING_RETRY_US : ROOM_RETRY_US), "asking");
		return;
	}
	ask_service(t, job, entry, asking);
}

/* --- effects and timers -------------------------------------------------------------- */

static void
decide_effect_job(struct turn *t, struct job *job, struct entry *entry)
{
	if (!entry->exists)
		bug("an effect of a dossier that is not there");
	if (judge_effect(t, job))
		ask_service(t, job, entry, NULL);
	if (job->flight != NULL)
		peer_judged(t->worker, job);
}

/* A timer fires only when all lanes of the stage have read past it (promise 8). */
static void
decide_timer_job(struct turn *t, struct job *job, struct entry *entry)
{
	if (entry->waits || t->read_to <= job->due_at + t->worker->set.skew_ms * 1000)
		return;
	ask_service(t, job, entry, NULL);
	/* Unless decide has set it anew, a timer that fired is gone. */
	if (!entry->timer_set) {
		entry->timer_set = true;
		entry->timer_due = TIME_NONE;
	}
}

/* --- all of them ------------------------------------------------------------------------ */

/* Stored messages, hand-overs, dead letters tried again, new ones, then effects, then timers; each in order. */
static int
rank(const struct job *job)
{
	if (job->kind == JOB_EFFECT)
		return 4;
	if (job->kind == JOB_TIMER)
		return 5;
	if (job->kind == JOB_HANDOVER)
		return 1;
	return job->stored ? 0 : job->redriven ? 2 : 3;
}

static void
mark_taken(struct turn *t)
{
	struct job *const *jobs = t->jobs.items;

	for (int i = 0; i < t->jobs.n; i++) {
		struct entry *entry = jobs[i]->stored && jobs[i]->has_dossier
		    ? entry_find(t, jobs[i]->dossier) : NULL;
		struct stored *s = entry != NULL ? stored_of(entry, jobs[i]) : NULL;

		if (s != NULL)
			s->taken = true;
	}
}

static int
compare_jobs(const void *a, const void *b)
{
	const struct job *x = *(struct job *const *)a, *y = *(struct job *const *)b;

	if (rank(x) != rank(y))
		return rank(x) - rank(y);
	if (x->stored && y->stored && x->ord != y->ord)
		return x->ord < y->ord ? -1 : 1;
	return 0;
}

static void
sort_stored(struct turn *t, struct job **sorted)
{
	int n = 0;

	/* New messages keep their order of arrival; only what was stored is sorted. */
	for (int pass = 0; pass <= 5; pass++) {
		int from = n;
		struct job *const *jobs = t->jobs.items;

		for (int i = 0; i < t->jobs.n; i++)
			if (rank(jobs[i]) == pass)
				sorted[n++] = jobs[i];
		if (pass == 0 || pass == 1)
			qsort(sorted + from, (size_t)(n - from), sizeof *sorted, compare_jobs);
	}
}

static void
decide_one(struct turn *t, struct job *job)
{
	struct entry *entry = job->has_dossier ? entry_find(t, job->dossier) : NULL;
	bool decided_before = job->end != END_OPEN;

	if (!decided_before && entry != NULL && entry->locked_out && leave_alone(t, job))
		return;
	if (!decided_before && job->kind == JOB_EFFECT)
		decide_effect_job(t, job, entry);
	else if (!decided_before && job->kind == JOB_TIMER)
		decide_timer_job(t, job, entry);
	else if (!decided_before)
		decide_message(t, job, entry);
	if (job->kind == JOB_TIMER && job->end != END_PARKED && !job->apart)
		return;		/* its row is settled with the dossier's timer */
	end_job(t, job, entry);
}

void
decide_all(struct turn *t)
{
	struct job **sorted = ARENA_ARRAY(t->worker->arena, struct job *, (size_t)t->jobs.n);
	struct entry *const *entries = t->entries.items;

	mark_taken(t);
	sort_stored(t, sorted);
	for (int i = 0; i < t->jobs.n; i++)
		decide_one(t, sorted[i]);
	for (int i = 0; i < t->entries.n; i++)
		if (entries[i]->timer_set)
			settle_timer(t, entries[i]);
}
