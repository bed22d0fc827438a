/*
 * worker_ready - what this worker needs, and whether it does what it should.
 *
 * The loop notes what happens to it: answers and failures of database, broker
 * and peers outside.  A few times a second that becomes a list of what is
 * broken, each with why and since when (worker_health.c).
 */
#include <stdarg.h>
#include <stdio.h>

#include "worker_watch.h"

enum { GAP_S = 30, PROBE_MS = 250 };

/* --- what the loop notes --------------------------------------------------------- */

void
note_database(struct worker *w, const struct err *err)
{
	if (err != NULL)
		w->watch->database = *err;
	else
		w->watch->database.fault = FAULT_NONE;
}

void
note_broker(struct worker *w, const struct err *err)
{
	if (err != NULL)
		w->watch->broker = *err;
	else
		w->watch->broker.fault = FAULT_NONE;
}

void
note_claim(struct worker *w, const struct err *err)
{
	count_claim(w, err == NULL);
	if (err != NULL)
		w->watch->claim = *err;
	else
		w->watch->claim.fault = FAULT_NONE;
}

/* Five digits and capitals: SQLSTATE. */
static bool
is_sqlstate(const char *code)
{
	return strlen(code) == 5 && strspn(code, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 5;
}

void
note_turn(struct worker *w, const struct err *err)
{
	if (err == NULL) {
		w->failing_us = 0;
		w->watch->database.fault = FAULT_NONE;
		return;
	}
	if (w->failing_us == 0)
		w->failing_us = clock_span_us();
	w->failing = *err;
	if (is_sqlstate(err->code) || db_is_broken(w->db))
		w->watch->database = *err;
}

/* --- finding out what is broken ------------------------------------------------------ */

static void
add(struct watch *watch, const char *what, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void
add(struct watch *watch, const char *what, const char *fmt, ...)
{
	struct broken *b = &watch->found.item[watch->found.n];
	va_list ap;

	if (watch->found.n == BROKEN_MAX)
		return;
	watch->found.n++;
	memset(b, 0, sizeof *b);
	snprintf(b->what, sizeof b->what, "%s", what);
	va_start(ap, fmt);
	vsnprintf(b->why, sizeof b->why, fmt, ap);
	va_end(ap);
	b->since = clock_now_us();
	for (int i = 0; i < watch->shown.n; i++)
		if (strcmp(watch->shown.item[i].what, what) == 0)
			b->since = watch->shown.item[i].since;
}

static void
add_err(struct watch *watch, const char *what, const struct err *err)
{
	add(watch, what, "%s: %s%s%s", err->op != NULL ? err->op : "?", err->code, err->code[0] != '\0' ? " " : "",
	    err->text);
}

bool
stands(const struct lane *lane, int topic)
{
	return lane->gap_since_us[topic] != 0 && clock_span_us() - lane->gap_since_us[topic] > GAP_S * SECOND_US;
}

/* Lanes that the group has given are claimed, all of them; to be given none is as good. */
static void
find_lanes(struct worker *w)
{
	struct watch *watch = w->watch;
	int given = 0, owned = 0;

	for (int i = 0; i <= w->most_lane; i++) {
		const struct lane *lane = owned_lane(w, i);

		owned += lane != NULL;
		for (int k = 0; lane != NULL && k < w->n_topics; k++) {
			char what[64];

			snprintf(what, sizeof what, "%s/%d", w->topics[k], i);
			if (stands(lane, k))
				add(watch, what, "journal stands: entry %lld has not come",
				    (long long)lane->state.seen[k] + 1);
		}
	}
	if (w->consumer == NULL)
		return;
	if (!consumer_lanes(w->consumer, &given))
		add(watch, "lanes", "the group has handed out none so far");
	else if (owned < given)
		add(watch, "lanes", "%d of %d claimed%s%s", owned, given, watch->claim.fault != FAULT_NONE ? ": " : "",
		    watch->claim.fault != FAULT_NONE ? watch->claim.text : "");
}

static void
find_peer(struct worker *w, struct peer *peer)
{
	const char *reason = peer->reason != NULL ? peer->reason : "it fails";
	char what[64];

	snprintf(what, sizeof what, "%s.%s", stage_name(w->stage), peer->name);
	if (peer->breaker != NULL) {
		enum breaker_state state = peer->breaker->state;

		show_breaker(w, peer->name, state, state == BREAKER_OPEN && peer->shown != BREAKER_OPEN);
		peer->shown = state;
		if (peer_is_down(peer))
			add(w->watch, what, "breaker %s: %s", breaker_state_name(state), reason);
	} else if (peer_is_down(peer))
		add(w->watch, what, "%d calls in a row have failed: %s, HTTP %d", peer->failures, reason, peer->status);
}

/* A broker that was lost is asked for now and then, lest nobody notices that it is back. */
static void
find_broker(struct worker *w)
{
	struct watch *watch = w->watch;
	struct err err = { .fault = FAULT_NONE };

	if (w->consumer != NULL && consumer_trouble(w->consumer, &err))
		note_broker(w, &err);
	if (watch->broker.fault == FAULT_NONE)
		return;
	if (w->producer != NULL && clock_span_us() >= watch->probe_at_us) {
		struct topic_offset end = { w->topics[0], 0, OFFSET_END, 0 };
		enum fault fault = producer_offsets(w->producer, &end, 1, PROBE_MS, &err);

		watch->probe_at_us = clock_span_us() + w->set.upkeep_ms * 1000;
		if (fault == FAULT_NONE)
			note_broker(w, NULL);
	}
	if (watch->broker.fault != FAULT_NONE)
		add_err(watch, "broker", &watch->broker);
}

void
find_broken(struct worker *w)
{
	struct watch *watch = w->watch;

	watch->found.n = 0;
	if (watch->is_stopping)
		add(watch, "stop", "stopping");
	else if (!watch->is_up)
		add(watch, "start", "starting");
	if (watch->database.fault != FAULT_NONE)
		add_err(watch, "database", &watch->database);
	else if (watch->is_up && db_is_broken(w->db))
		add(watch, "database", "the connection is lost");
	else if (w->failing_us != 0)
		add_err(watch, "turn", &w->failing);
	if (w->paused)
		add(watch, "pause", "paused by an operator; dossierctl resume %s", stage_name(w->stage));
	find_broker(w);
	if (watch->is_up && !watch->is_stopping)
		find_lanes(w);
	for (int i = 0; i < PEERS_MAX && w->peers[i].name != NULL; i++)
		find_peer(w, &w->peers[i]);
}
