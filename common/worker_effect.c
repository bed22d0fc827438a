/*
 * worker_effect - what happens outside, after the commit that ordered it.
 *
 * The process that committed the job starts the call at once and ends it
 * within effect.timeout (promise 7).  What it cannot start at once, because it
 * is late or enough is under way, it holds: it knows that nothing went out, so
 * it may begin under a new window later.  The row is due only when both, and a
 * margin, have passed: whoever finds it due asks what happened, and tells
 * again only if it did not.  Where nobody can be asked, it is never repeated.
 *
 *     told ──answered──► decide
 *       ├─ not sent ──► due soon, told anew under a new window
 *       └─ unknown ───► due soon ─► asked ─ happened ─► decide
 *                                     ├─── not ──────► told anew under a new window
 *                                     └─── unclear ──► due soon
 */
#include <stdlib.h>

#include "kill_point.h"
#include "log.h"
#include "worker.h"

enum { START_WITHIN_US = 2 * 1000 * 1000, MARGIN_US = 1000 * 1000, LANDED_MAX = 600 /* answers a turn */ };

int64_t
effect_window_us(const struct worker *w)
{
	return START_WITHIN_US + w->set.effect_timeout_ms * 1000 + MARGIN_US;
}

const struct effect *
effect_find(const struct worker *w, struct text purpose)
{
	for (const struct effect *e = w->service->effects; e != NULL && e->purpose != NULL; e++)
		if (text_is(purpose, e->purpose))
			return e;
	bug("no effect \"%.*s\"", TEXT_ARG(purpose));
}

static struct flight **
bucket_of(struct worker *w, int64_t ord)
{
	return &w->flights[ord & (FLIGHT_BUCKETS - 1)];
}

bool
flight_exists(const struct worker *w, int lane, int origin, int64_t ord)
{
	for (const struct flight *f = w->flights[ord & (FLIGHT_BUCKETS - 1)]; f != NULL; f = f->chain)
		if (f->ord == ord && f->lane == lane && f->origin == origin)
			return true;
	return false;
}

static void
count_flights(const struct worker *w, const struct flight *list, int64_t *counts)
{
	for (; list != NULL; list = list->next) {
		const struct lane *lane = owned_lane(w, list->lane);

		if (lane != NULL && lane->epoch == list->epoch)
			counts[list->lane]++;
	}
}

const int64_t *
flights_by_lane(struct worker *w)
{
	int64_t *counts = ARENA_ARRAY(w->arena, int64_t, (size_t)w->most_lane + 1);

	count_flights(w, w->flying, counts);
	count_flights(w, w->landed, counts);
	count_flights(w, w->held, counts);
	return counts;
}

static void
list_push(struct flight **list, struct flight *f)
{
	f->next = *list;
	f->before = list;
	if (*list != NULL)
		(*list)->before = &f->next;
	*list = f;
}

static void
list_drop(struct worker *w, struct flight *f)
{
	*f->before = f->next;
	if (f->next != NULL)
		f->next->before = f->before;
	if (w->held_end == &f->next)
		w->held_end = f->before;
}

static void
hold(struct worker *w, struct flight *f)
{
	f->next = NULL;
	f->before = w->held_end;
	*w->held_end = f;
	w->held_end = &f->next;
	w->n_held++;
}

/* --- taking off --------------------------------------------------------------- */

static struct flight *
flight_new(struct worker *w, const struct job *job, bool asking)
{
	struct flight *f = mem_new(1, sizeof *f);
	struct arena *arena = f->arena = arena_new_small(2048);

	f->lane = job->lane;
	f->origin = job->origin;
	f->ord = job->ord;
	f->epoch = owned_lane(w, job->lane)->epoch;
	f->effect = effect_find(w, job->purpose);
	f->asking = asking;
	f->job = *job;
	f->job.purpose = text_of(f->effect->purpose);
	f->job.key = arena_text(arena, job->key);
	f->job.body = arena_text(arena, job->body);
	f->job.trace = arena_text(arena, job->trace);
	f->job.reason = f->job.cause = TEXT_NONE;
	f->job.flight = NULL;
	f->job.outcome = NULL;
	/* What an operator or an appeal made due again was counted out of the parked ones with this commit. */
	f->job.parked = false;
	f->chain = *bucket_of(w, f->ord);
	*bucket_of(w, f->ord) = f;
	return f;
}

static void
take_off(struct worker *w, struct flight *f)
{
	struct http_request request = { .timeout_ms = w->set.effect_timeout_ms,
	    .answer_max_bytes = 64 * 1024, .peer = f->effect->peer };

	if (f->asking)
		f->effect->ask(w, &f->job, &request, f->arena);
	else
		f->effect->tell(w, &f->job, &request, f->arena);
	/* The window holds whatever the service's own time-out says. */
	if (request.timeout_ms <= 0 || request.timeout_ms > w->set.effect_timeout_ms)
		request.timeout_ms = w->set.effect_timeout_ms;
	request.not_after_us = f->not_after_us;
	request.owner = f;
	request.tag = FLIGHT_TAG;
	kill_point(KILL_EFFECT_START);
	list_push(&w->flying, f);
	w->n_flying++;
	http_start(w->http, &request);
	kill_point(KILL_EFFECT_STARTED);
}

void
effects_start(struct turn *t)
{
	struct worker *w = t->worker;
	struct job_row *rows = t->effects.items;

	for (int i = 0; i < t->effects.n; i++) {
		struct flight *f;

		if (owned_lane(w, rows[i].lane) == NULL)
			continue;
		f = flight_new(w, rows[i].job, rows[i].kind == JOB_MESSAGE);
		f->not_after_us = t->locked_us + START_WITHIN_US;
		hold(w, f);
	}
	flights_launch(w);
}

/* Within its window a held one begins at once; past it a turn opens a new window first. */
void
flights_launch(struct worker *w)
{
	int64_t now_us;

	if (w->n_held == 0 || w->paused)
		return;
	now_us = clock_span_us();
	for (struct flight *f = w->held, *next; f != NULL && w->n_flying < FLYING_MAX; f = next) {
		struct lane *lane = owned_lane(w, f->lane);

		next = f->next;
		if (now_us > f->not_after_us || lane == NULL || lane->epoch != f->epoch || !peer_enter(w, f))
			continue;
		list_drop(w, f);
		w->n_held--;
		take_off(w, f);
	}
}

/* --- landing --------------------------------------------------------------------- */

static void
flight_free(struct worker *w, struct flight *f)
{
	struct flight **p = bucket_of(w, f->ord);

	while (*p != f)
		p = &(*p)->chain;
	*p = f->chain;
	list_drop(w, f);
	if (f->call != NULL)
		http_call_free(f->call);
	arena_free(f->arena);
	free(f);
}

void
flight_end(struct worker *w, struct http_call *call)
{
	struct flight *f = call->owner;

	kill_point(KILL_EFFECT_ANSWERED);
	f->call = call;
	peer_leave(w, f);
	list_drop(w, f);
	list_push(&w->landed, f);
	w->n_flying--;
	w->n_landed++;
}

static int
forget_list(struct worker *w, struct flight *list, bool all)
{
	int n = 0;

	for (struct flight *f = list, *next; f != NULL; f = next) {
		struct lane *lane = owned_lane(w, f->lane);

		next = f->next;
		if (!all && lane != NULL && lane->epoch == f->epoch)
			continue;
		if (f->call == NULL)
			http_forget(w->http, f);
		flight_free(w, f);
		n++;
	}
	return n;
}

/* All, or those of lanes that are not ours any more: their new owners ask what happened. */
void
flights_forget(struct worker *w, bool all)
{
	w->n_flying -= forget_list(w, w->flying, all);
	w->n_landed -= forget_list(w, w->landed, all);
	w->n_held -= forget_list(w, w->held, all);
}

/* Answers for dossiers that somebody else has locked do not count: they would keep us turning for nothing. */
static bool
one_waits(const struct worker *w, const struct flight *list, int64_t now_us)
{
	for (; list != NULL; list = list->next)
		if ((list->call != NULL || now_us > list->not_after_us) && !locked_waits(w, list->job.dossier))
			return true;
	return false;
}

bool
landed_wait(const struct worker *w)
{
	return w->n_landed > 0 && (w->n_locked == 0 || one_waits(w, w->landed, 0));
}

bool
flights_wait(const struct worker *w)
{
	int64_t now_us;

	if (landed_wait(w))
		return true;
	if (w->held == NULL || w->paused || w->n_flying >= FLYING_MAX / 2)
		return false;
	now_us = clock_span_us();
	return now_us > w->held->not_after_us && (w->n_locked == 0 || one_waits(w, w->held, now_us));
}

/* The answer as the turn needs it: copied, because the flight ends here. */
static struct outcome *
read_outcome(struct turn *t, const struct flight *f)
{
	struct arena *arena = t->worker->arena;
	struct outcome *o = ARENA_NEW(arena, struct outcome);
	struct doc_error why;

	o->asked = f->asking;
	if (f->call == NULL || f->call->end != HTTP_ANSWERED)
		return o;
	o->status = f->call->status;
	if (doc_parse(arena, f->call->body, NULL, &o->body, &why) != FAULT_NONE)
		o->body = NULL;
	return o;
}

void
flight_read(struct turn *t, struct job *job)
{
	job->outcome = read_outcome(t, job->flight);
}

static void
take_landed(struct turn *t, struct flight *f)
{
	struct worker *w = t->worker;
	struct lane *lane = owned_lane(w, f->lane);
	struct job *job;

	if (lane == NULL || lane->epoch != f->epoch || locked_waits(w, f->job.dossier) ||
	    !care_admits(t, &f->job))
		return;
	job = ARENA_NEW(w->arena, struct job);
	*job = f->job;
	job->key = arena_text(w->arena, f->job.key);
	job->body = arena_text(w->arena, f->job.body);
	job->trace = arena_text(w->arena, f->job.trace);
	job->stored = true;
	job->end = END_OPEN;
	job->cause = arena_printf(w->arena, "effect:%s", f->effect->purpose);
	job->flight = f;
	lane->touched = true;
	*(struct job **)list_add(w->arena, &t->jobs, sizeof job) = job;
}

void
flights_answered(struct turn *t)
{
	struct worker *w = t->worker;
	/* Beside the messages, however many these are: else a backlog of them would keep us from telling. */
	int most = is_stepping(w) ? 1 : t->jobs.n + (takes_few(w) ? care_room(w, 0) : LANDED_MAX), room = FLYING_MAX - w->n_flying;

	for (struct flight *f = w->landed; f != NULL && t->jobs.n < most; f = f->next)
		take_landed(t, f);
	if (w->n_flying >= FLYING_MAX / 2 || w->paused)
		return;
	for (struct flight *f = w->held; f != NULL && room > 0 && t->jobs.n < most; f = f->next)
		if (clock_span_us() > f->not_after_us) {
			take_landed(t, f);
			room--;
		}
}

/* After the commit that used their answers. */
void
flights_settled(struct turn *t)
{
	struct worker *w = t->worker;
	struct job *const *jobs = t->jobs.items;

	for (int i = 0; i < t->jobs.n; i++) {
		struct flight *f = jobs[i]->flight;

		if (f == NULL)
			continue;
		kill_point(KILL_EFFECT_SETTLED);
		if (f->call != NULL)
			w->n_landed--;
		else
			w->n_held--;
		flight_free(w, f);
		jobs[i]->flight = NULL;
	}
}

/* --- judging --------------------------------------------------------------------- */

static bool
wait_and(struct turn *t, struct job *job, const char *reason)
{
	int shift = job->attempts < 6 ? job->attempts : 6;

	job->attempts++;
	job->end = END_WAIT;
	job->due_at = t->now + (SECOND_US / 4 << shift);
	job->reason = text_of(reason);
	return false;
}

/* Its peer is to be left alone; what is known of the effect stays as it is. */
static bool
wait_for_peer(struct turn *t, struct job *job, int64_t wait_us)
{
	job->end = END_WAIT;
	job->due_at = t->now + wait_us;
	if (job->flight != NULL)
		job->reason = job->flight->asking ? TEXT("unsure") : TEXT("not_sent");
	return false;
}

/* It may still stand in the peer's queue: nobody asks before its window has passed (promise 7). */
static bool
wait_window(struct job *job)
{
	job->end = END_WAIT;
	job->reason = TEXT("unsure");
	return false;
}

/* A new window is committed first; the call starts after that (kind tells which). */
static bool
start_after_commit(struct turn *t, struct job *job, bool asking)
{
	struct job_row *row = list_add(t->worker->arena, &t->effects, sizeof *row);

	if (!asking)
		job->attempts++;
	job->end = END_WAIT;
	job->due_at = t->locked_at + effect_window_us(t->worker);
	job->reason = asking ? TEXT("asking") : TEXT("telling");
	*row = (struct job_row){ .job = job, .lane = job->lane, .origin = job->origin,
	    .ord = job->ord, .kind = asking ? JOB_MESSAGE : JOB_EFFECT };
	return false;
}

static bool
judge_told(struct turn *t, struct job *job, const struct effect *effect)
{
	const struct http_call *call = job->flight->call;

	if (call->end == HTTP_NOT_SENT)
		return wait_and(t, job, "not_sent");
	if (call->end == HTTP_ANSWERED && call->status < 500 && call->status != 429 &&
	    call->status != 408)
		return true;
	/* 429: the peer says that it has done nothing. */
	if (call->end == HTTP_ANSWERED && call->status == 429)
		return wait_and(t, job, "not_sent");
	if (effect->askable)
		return wait_window(job);
	((struct outcome *)(uintptr_t)job->outcome)->unsure = true;
	return true;
}

static bool
judge_asked(struct turn *t, struct job *job, const struct effect *effect)
{
	const struct http_call *call = job->flight->call;
	enum asked answer = ASKED_UNCLEAR;

	if (call->end == HTTP_ANSWERED)
		answer = effect->asked(job, call->status, job->outcome->body);
	if (answer == ASKED_HAPPENED)
		return true;
	if (answer == ASKED_NOT)
		return start_after_commit(t, job, false);
	if (call->end == HTTP_ANSWERED && call->status == 200)
		worker_distrust(t->worker, call);
	return wait_and(t, job, "unsure");
}

/* Is it certain that nobody has been told? */
static bool
is_unsent(const struct job *job)
{
	if (job->flight != NULL)
		return !job->flight->asking;	/* not begun in its window */
	return text_is(job->reason, "not_sent") || text_is(job->reason, "again");
}

bool
judge_effect(struct turn *t, struct job *job)
{
	const struct effect *effect = effect_find(t->worker, job->purpose);
	bool unsent = is_unsent(job);
	struct outcome *unsure;
	int64_t wait_us;

	if (job->flight != NULL && job->flight->call != NULL)
		return job->flight->asking ? judge_asked(t, job, effect) : judge_told(t, job, effect);
	/* Found due: its teller is gone, or has said that nothing was sent. */
	if ((unsent || effect->askable) && (wait_us = peer_wait_us(t->worker, effect, job->ord)) > 0)
		return wait_for_peer(t, job, wait_us);
	if (unsent || effect->askable)
		return start_after_commit(t, job, !unsent);
	unsure = ARENA_NEW(t->worker->arena, struct outcome);
	unsure->unsure = true;
	job->outcome = unsure;
	return true;
}
