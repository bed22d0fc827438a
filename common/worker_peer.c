/*
 * worker_peer - which of the peers outside does not answer.
 *
 * Said once when it begins, again when the reason is another one, and when it
 * is over: an operator reads a name and a reason, not a thousand lines about
 * dossiers that wait.  One fault alone is none of his business.
 */
#include "log.h"
#include "worker.h"

enum { TELL_FROM = 3, TELL_AGAIN_US = 10 * 1000 * 1000, OLD_US = 60 * 1000 * 1000 };

static struct peer *
find(struct worker *w, const char *name)
{
	for (int i = 0; i < PEERS_MAX; i++) {
		if (w->peers[i].name == NULL)
			w->peers[i].name = name;
		if (strcmp(w->peers[i].name, name) == 0)
			return &w->peers[i];
	}
	bug("more than %d peers", PEERS_MAX);
}

/* Static text. "status": see there; "answer": whole and good, but not what was asked for. */
static const char *
reason_of(const struct http_call *call)
{
	if (call->end != HTTP_ANSWERED)
		return call->reason;
	return call->status == 200 ? "answer" : "status";
}

static void
fails(struct peer *o, const struct http_call *call)
{
	int64_t now_us = clock_span_us();
	const char *reason = reason_of(call);

	o->failed_us = now_us;
	if (o->failures++ == 0)
		o->since_us = now_us;
	if (o->failures < TELL_FROM || (o->told_us != 0 && (now_us < o->told_us + TELL_AGAIN_US ||
	    (strcmp(reason, o->reason) == 0 && call->status == o->status))))
		return;
	o->reason = reason;
	o->status = call->status;
	o->told_us = now_us;
	log_event(LOG_WARN, "peer_down", LOG_STR("peer", o->name), LOG_STR("reason", reason),
	    LOG_INT("status", call->status), LOG_INT("failures", o->failures));
}

void
worker_peer(struct worker *w, const char *name, const struct http_call *call, bool is_good)
{
	struct peer *o = find(w, name);

	if (!is_good) {
		fails(o, call);
		return;
	}
	if (o->told_us != 0)
		log_event(LOG_INFO, "peer_up", LOG_STR("peer", name),
		    LOG_INT("failures", o->failures),
		    LOG_INT("seconds", (clock_span_us() - o->since_us) / SECOND_US));
	*o = (struct peer){ .name = name, .held_until_us = o->held_until_us, .breaker = o->breaker, .shown = o->shown };
}

void
worker_watch(struct worker *w, const char *name, const struct breaker *breaker)
{
	find(w, name)->breaker = breaker;
	show_breaker(w, name, breaker->state, false);
}

bool
peer_is_down(const struct peer *o)
{
	if (o->breaker != NULL)
		return o->breaker->state != BREAKER_CLOSED;
	return o->told_us != 0 && clock_span_us() - o->failed_us < OLD_US;
}

/* --- effects -------------------------------------------------------------------- */

void
peer_of_effect(struct worker *w, const struct effect *effect, const struct job *job)
{
	const struct http_call *call = job->flight->call;
	bool is_whole = call != NULL && call->end == HTTP_ANSWERED && call->status < 500 &&
	    call->status != 408 && call->status != 429;

	if (call != NULL)
		worker_peer(w, effect->peer, call, is_whole && (job->end == END_DONE ||
		    (job->flight->asking && text_is(job->reason, "telling"))));
}

void
peer_hold(struct worker *w, const struct effect *effect, const struct http_call *call)
{
	struct peer *o;
	int64_t until_us;

	if (call->retry_after_s == 0)
		return;
	o = find(w, effect->peer);
	until_us = clock_span_us() + call->retry_after_s * SECOND_US;
	if (until_us > o->held_until_us)
		o->held_until_us = until_us;
}

int64_t
peer_held_us(struct worker *w, const struct effect *effect)
{
	const struct peer *o = find(w, effect->peer);
	int64_t now_us;

	if (o->held_until_us == 0)
		return 0;
	now_us = clock_span_us();
	return o->held_until_us > now_us ? o->held_until_us - now_us : 0;
}
