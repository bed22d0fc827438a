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

/* An idle lane may be said to have read to here. */
static time_us
upkept_to(const struct worker *w, time_us now)
{
	return now - w->set.skew_ms * 1000;
}

/* Read to the end that we met, as far as we know, and not told so yet; or said to have read into the future. */
static bool
is_idle(const struct worker *w, const struct lane *lane, int topic, time_us now)
{
	time_us read_to = lane->draft.read_to[topic];

	return (read_to < upkept_to(w, now) || read_to > now) && lane->eof[topic] >= lane->draft.next_offset[topic];
}

static int
list_idle(struct worker *w, time_us now, struct topic_offset *out)
{
	int n = 0;

	for (int i = 0; i <= w->most_lane; i++) {
		struct lane *lane = owned_lane(w, i);

		for (int k = 0; lane != NULL && k < w->n_topics; k++) {
			alarm_gap(w, lane, k);
			if (is_idle(w, lane, k, now))
				out[n++] = (struct topic_offset){ w->topics[k], i, OFFSET_END, 0 };
		}
	}
	return n;
}

static void
note_end(struct worker *w, struct lane *lane, int topic, int64_t end, time_us now)
{
	int64_t ours = lane->state.next_offset[topic];

	if (end > position(lane, topic))
		return;
	if (end >= ours) {
		lane->draft.next_offset[topic] = position(lane, topic);
		lane->draft.read_to[topic] = upkept_to(w, now);
		lane->touched = true;
	} else if (w->short_why.fault == FAULT_NONE) {
		/* Not in the midst of a turn that may have jobs of it. */
		w->short_lane = lane->lane;
		(void)err_set(&w->short_why, FAULT_PARK, "read a topic", "shorter", "%s/%d ends at %lld, before "
		    "our position %lld: the broker has lost messages, or the topic was made anew",
		    w->topics[topic], lane->lane, (long long)end, (long long)ours);
	}
}

/*
 * Idle lanes keep up how far in time they have read.  They have, when what the
 * broker holds, uncommitted messages too, ends where we met the end.  All are
 * asked for at once.
 */
static void
keep_up(struct worker *w)
{
	time_us now = worker_now(w);
	struct topic_offset *ends = ARENA_ARRAY(w->arena, struct topic_offset,
	    ((size_t)w->most_lane + 1) * (size_t)w->n_topics);
	int n = list_idle(w, now, ends), next = 0;
	struct err err;

	if (n == 0)
		return;
	if (producer_offsets(w->producer, ends, n, 1000, &err) != FAULT_NONE) {
		note_broker(w, &err);
		/* A broker that is away is not waited for at every turn. */
		w->upkeep_at_us = clock_span_us() + AWAY_US;
		return;
	}
	note_broker(w, NULL);
	for (int i = 0; i <= w->most_lane; i++) {
		struct lane *lane = owned_lane(w, i);

		/* In the order of the list, which left out the same ones. */
		for (int k = 0; lane != NULL && k < w->n_topics; k++)
			if (is_idle(w, lane, k, now))
				note_end(w, lane, k, ends[next++].offset, now);
	}
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
	/* A paused one shows that it lives, and does not go on. */
	if (!w->paused)
		keep_up(w);
	for (int i = 0; i <= w->most_lane; i++) {
		struct lane *lane = owned_lane(w, i);

		if (lane != NULL && (w->paused || lane->acked != lane->saved_acked ||
		    lane->unclean != lane->saved_unclean))
			lane->touched = true;
	}
}
