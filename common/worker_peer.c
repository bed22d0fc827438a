/*
 * worker_peer - the peers outside: who does not answer, and who is to be left
 * alone.
 *
 * Said once when it begins, again when the reason is another one, and when it
 * is over: an operator reads a name and a reason, not a thousand lines about
 * dossiers that wait.  One fault alone is none of his business.
 *
 * Effects share a breaker for each peer.  While it is open they become rows
 * that are due later, spread out; one at a time is tried; and the first that
 * is answered lets the others go.  (Inquiries have the breakers of their
 * services: there each asks for itself how long to wait.)
 */
#include "log.h"
#include "worker.h"

enum { TELL_FROM = 3, TELL_AGAIN_US = 10 * 1000 * 1000, SPREAD_US = 8 * 1000 * 1000, TRY_US = 500 * 1000,
    PROBE_MARGIN_MS = 5000, OLD_US = 60 * 1000 * 1000 };

static const struct breaker_rule rule = { .failures = 5, .window = 20, .failed_percent = 50,
    .delay = { 500, 5000 }, .probe_ms = EFFECT_TIMEOUT_MOST_MS + PROBE_MARGIN_MS };

struct peer *
peer_of(struct worker *w, const char *name)
{
	for (int i = 0; i < PEERS_MAX; i++) {
		if (w->peers[i].name == NULL)
			w->peers[i].name = name;
		if (strcmp(w->peers[i].name, name) == 0)
			return &w->peers[i];
	}
	bug("more than %d peers", PEERS_MAX);
}

/* --- telling the operator --------------------------------------------------------- */

/* Static text. "status": see there; "answer": whole and good, but not what was asked for. */
static const char *
reason_of(const struct http_call *call)
{
	if (call->end != HTTP_ANSWERED)
		return call->reason;
	return call->status == 200 ? "answer" : "status";
}

static void
fails(struct peer *p, const struct http_call *call)
{
	int64_t now_us = clock_span_us();
	const char *reason = reason_of(call);

	p->failed_us = now_us;
	if (p->failures++ == 0)
		p->since_us = now_us;
	if (p->failures < TELL_FROM || (p->told_us != 0 && (now_us < p->told_us + TELL_AGAIN_US ||
	    (strcmp(reason, p->reason) == 0 && call->status == p->status))))
		return;
	p->reason = reason;
	p->status = call->status;
	p->told_us = now_us;
	log_event(LOG_WARN, "peer_down", LOG_STR("peer", p->name), LOG_STR("reason", reason),
	    LOG_INT("status", call->status), LOG_INT("failures", p->failures));
}

void
worker_peer(struct worker *w, const char *name, const struct http_call *call, bool is_good)
{
	struct peer *p = peer_of(w, name);

	if (!is_good) {
		fails(p, call);
		return;
	}
	if (p->told_us != 0)
		log_event(LOG_INFO, "peer_up", LOG_STR("peer", name), LOG_INT("failures", p->failures),
		    LOG_INT("seconds", (clock_span_us() - p->since_us) / SECOND_US));
	p->failures = 0;
	p->told_us = 0;
}

void
worker_distrust(struct worker *w, const struct http_call *call)
{
	worker_count(w, "stray_answer");
	http_distrust(w->http, call);
}

void
worker_watch(struct worker *w, const char *name, const struct breaker *breaker)
{
	peer_of(w, name)->breaker = breaker;
	show_breaker(w, name, breaker->state, false);
}

/* Where nothing was tried for a while, nobody knows: that is no reason not to be ready. */
bool
peer_is_down(const struct peer *p)
{
	if (p->breaker == NULL || p->breaker->state == BREAKER_CLOSED)
		return p->breaker == NULL && p->told_us != 0 && clock_span_us() - p->failed_us < OLD_US;
	return p->breaker != &p->effects || clock_span_us() - p->failed_us < OLD_US;
}

/* --- effects ---------------------------------------------------------------------- */

static bool
is_whole(const struct http_call *call)
{
	return call->end == HTTP_ANSWERED && call->status < 500 && call->status != 408 && call->status != 429;
}

void
peer_judged(struct worker *w, const struct job *job)
{
	const struct flight *f = job->flight;

	if (f->call != NULL)
		worker_peer(w, f->effect->peer, f->call, is_whole(f->call) && (job->end == END_DONE ||
		    (f->asking && text_is(job->reason, "telling"))));
}

static struct peer *
find_effects(struct worker *w, const struct effect *effect)
{
	struct peer *p = peer_of(w, effect->peer);

	if (p->breaker == NULL) {
		breaker_init(&p->effects, &rule);
		worker_watch(w, p->name, &p->effects);
	}
	return p;
}

bool
peer_enter(struct worker *w, struct flight *f)
{
	f->ticket = breaker_enter(&find_effects(w, f->effect)->effects, clock_span_us(), (uint64_t)f->ord);
	return f->ticket != 0;
}

void
peer_leave(struct worker *w, const struct flight *f)
{
	struct breaker *breaker = &find_effects(w, f->effect)->effects;
	int64_t now_us = clock_span_us();

	breaker_leave(breaker, f->ticket, !is_whole(f->call), now_us, (uint64_t)f->ord);
	if (f->call->retry_after_s > 0)
		breaker_hold(breaker, now_us + f->call->retry_after_s * SECOND_US);
}

int64_t
peer_wait_us(struct worker *w, const struct effect *effect, int64_t ord)
{
	struct peer *p = find_effects(w, effect);
	int64_t now_us, wait_us = 0;

	if (p->effects.state == BREAKER_CLOSED)
		return 0;
	now_us = clock_span_us();
	if (p->effects.state == BREAKER_OPEN) {
		wait_us = breaker_next_us(&p->effects) - now_us;
		if (wait_us <= 0 && now_us >= p->tried_us + TRY_US) {
			p->tried_us = now_us;
			return 0;
		}
	}
	return (wait_us > 0 ? wait_us : 0) + TRY_US + (int64_t)(backoff_mix((uint64_t)ord) % SPREAD_US);
}
