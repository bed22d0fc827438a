/*
 * worker_upkeep - how far in time idle lanes have read, kept up to date, so
 * that timers of the whole stage may fire (promise 8).
 */
#include "log.h"
#include "worker.h"

enum { AWAY_US = 5 * 1000 * 1000 };

/* Where the lane stands in a topic, markers of transactions behind the last message included. */
static int64_t
position(const struct lane *lane, int topic)
{
	int64_t at = lane->draft.next_offset[topic] > 0 ? lane->draft.next_offset[topic] : 0;

	return lane->eof[topic] > at ? lane->eof[topic] : at;
}

static void
alarm_gap(struct worker *w, struct lane *lane, int topic)
{
	if (stands(lane, topic))
		log_event(LOG_ERROR, "journal_stands", LOG_STR("topic", w->topics[topic]),
		    LOG_INT("lane", lane->lane), LOG_INT("want", lane->state.seen[topic] + 1),
		    LOG_INT("seconds", (clock_span_us() - lane->gap_since_us[topic]) / SECOND_US));
}

/*
 * Idle lanes keep up how far in time they have read.  They have, when what the
 * broker holds, uncommitted messages too, ends where we met the end.
 */
static bool
keep_up(struct worker *w, struct lane *lane, int topic)
{
	time_us now = worker_now(w), before = now - w->set.skew_ms * 1000;
	bool is_kept = lane->draft.read_to[topic] >= before && lane->draft.read_to[topic] <= now;
	struct err err;
	int64_t end;

	alarm_gap(w, lane, topic);
	if (is_kept || lane->eof[topic] < lane->draft.next_offset[topic])
		return true;
	if (producer_end(w->producer, w->topics[topic], lane->lane, 1000, &end, &err) != FAULT_NONE) {
		note_broker(w, &err);
		/* A broker that is away is not waited for at every turn. */
		w->upkeep_at_us = clock_span_us() + AWAY_US;
		return false;
	}
	note_broker(w, NULL);
	if (end < lane->state.next_offset[topic]) {
		/* Not in the midst of a turn that may have jobs of it. */
		w->short_lane = lane->lane;
		(void)err_set(&w->short_why, FAULT_PARK, "read a topic", "shorter", "%s/%d ends at %lld, before "
		    "our position %lld: the broker has lost messages, or the topic was made anew",
		    w->topics[topic], lane->lane, (long long)end, (long long)lane->state.next_offset[topic]);
		return false;
	}
	if (end > position(lane, topic))
		return true;
	lane->draft.next_offset[topic] = position(lane, topic);
	lane->draft.read_to[topic] = before;
	lane->touched = true;
	return true;
}

void
touch_idle(struct turn *t)
{
	struct worker *w = t->worker;

	if (clock_span_us() < w->upkeep_at_us)
		return;
	/* With messages still in hand the end that the consumer met lies beyond them. */
	if (!w->paused && (w->n_items > t->n_items || w->want_reassign))
		return;
	w->upkeep_at_us = clock_span_us() + w->set.upkeep_ms * 1000;
	for (int i = 0; i <= w->most_lane; i++) {
		struct lane *lane = owned_lane(w, i);

		/* A paused one shows that it lives, and does not go on. */
		for (int k = 0; lane != NULL && !w->paused && k < w->n_topics; k++)
			if (!keep_up(w, lane, k))
				return;
		if (lane != NULL && (w->paused || lane->acked != lane->saved_acked ||
		    lane->unclean != lane->saved_unclean))
			lane->touched = true;
	}
}
