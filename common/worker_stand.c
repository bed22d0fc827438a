/*
 * worker_stand - lanes that cannot be read on.
 *
 * One of a lane's topics no longer has its position, or is another topic of
 * the same name: messages are gone that nobody has read.  The lane never jumps
 * over them: it is given back, says so, and stands; the others go on.  What was
 * lost is for people to find out, and the position for them to move (see
 * deploy/README.md).  It is tried again every few seconds.
 *
 * A topic that is missing altogether is waited for, for a while: one made just
 * before may not be known everywhere yet.  All lanes are given back meanwhile,
 * because what comes back may be another topic of that name.
 */
#include "log.h"
#include "worker.h"

enum { STAND_US = 5 * 1000 * 1000, SAY_US = 60 * 1000 * 1000, ASK_MS = 3000, MISSING_US = 10 * 1000 * 1000 };

/*
 * A topic of outside that was made anew has no offset in common with the old
 * one, but the same numbers: what lies before our position came later than all
 * that we have read.  (The broker stamps these topics, and nobody has read past
 * the database's now, so what their clocks may differ by is allowed for.  In
 * journals numbers and chain tell.)
 */
static enum fault
check_same(struct worker *w, const struct lane *lane, int topic, struct err *err)
{
	const struct lane_state *s = &lane->state;
	struct topic_offset younger = { w->topics[topic], lane->lane, s->read_to[topic] / 1000 + w->set.skew_ms + 1, 0 };
	enum fault fault;

	if (w->is_journal[topic] || s->next_offset[topic] <= 0 || s->read_to[topic] == 0)
		return FAULT_NONE;
	fault = producer_offsets(w->producer, &younger, 1, ASK_MS, err);
	if (fault != FAULT_NONE || younger.offset < 0 || younger.offset >= s->next_offset[topic])
		return fault;
	return err_set(err, FAULT_PARK, "read a topic", "made_anew", "%s/%d: message %lld, before our position "
	    "%lld, is younger than all we have read: the topic was made anew", w->topics[topic], lane->lane,
	    (long long)younger.offset, (long long)s->next_offset[topic]);
}

/* Of all topics of a lane. */
static enum fault
ask_all(struct worker *w, int lane, int64_t at, struct topic_offset *out, struct err *err)
{
	for (int k = 0; k < w->n_topics; k++)
		out[k] = (struct topic_offset){ w->topics[k], lane, at, 0 };
	return producer_offsets(w->producer, out, w->n_topics, ASK_MS, err);
}

/* Where a lane already stands, its assignment would only fail again: asked before. */
static enum fault
check_range(struct worker *w, const struct lane *lane, struct err *err)
{
	struct topic_offset low[TOPICS_MAX], high[TOPICS_MAX];
	enum fault fault = ask_all(w, lane->lane, OFFSET_FIRST, low, err);

	if (fault == FAULT_NONE)
		fault = ask_all(w, lane->lane, OFFSET_END, high, err);
	for (int k = 0; fault == FAULT_NONE && k < w->n_topics; k++) {
		int64_t at = lane->state.next_offset[k];

		if (at >= 0 && (at < low[k].offset || at > high[k].offset))
			fault = err_set(err, FAULT_PARK, "read a topic", "out_of_range", "%s/%d has %lld to %lld, our "
			    "position is %lld: messages were deleted before we read them, or the topic was made anew",
			    w->topics[k], lane->lane, (long long)low[k].offset, (long long)high[k].offset, (long long)at);
	}
	return fault;
}

enum fault
check_positions(struct worker *w, const struct lane *lane, struct err *err)
{
	enum fault fault = lane->said_us != 0 ? check_range(w, lane, err) : FAULT_NONE;

	for (int k = 0; fault == FAULT_NONE && k < w->n_topics; k++)
		fault = check_same(w, lane, k, err);
	return fault;
}

void
lane_stands(struct worker *w, int number, const struct err *why)
{
	struct lane *lane = number >= 0 && number < LANE_LIMIT ? w->lanes[number] : NULL;
	int64_t now_us = clock_span_us();

	if (lane == NULL)
		return;
	if (lane->said_us == 0 || now_us - lane->said_us > SAY_US) {
		log_event(LOG_ERROR, "lane_stands", LOG_INT("lane", number), LOG_STR("code", why->code),
		    LOG_STR("text", why->text));
		lane->said_us = now_us;
	}
	/* Claimed half-way or owned: in both cases nobody has it now, and its position may be moved. */
	if (lane->owned) {
		w->want_reassign = true;
		w->reclaim_at_us = now_us;
	}
	give_back(w, lane);
	note_standing(w, lane, why);
	lanes_dropped(w);
	lane->stands_until_us = now_us + STAND_US;
}

bool
topic_is_missing(const struct err *err)
{
	return strcmp(err->code, "UNKNOWN_TOPIC_OR_PART") == 0 || strcmp(err->code, "_UNKNOWN_TOPIC") == 0 ||
	    strcmp(err->code, "_UNKNOWN_PARTITION") == 0;
}

void
topic_missing(struct worker *w, const struct err *err)
{
	int64_t now_us = clock_span_us();

	tell_fault(w, "topic_missing", err);
	if (w->missing_us == 0)
		w->missing_us = now_us;
	release_all(w);
	lanes_dropped(w);
	w->want_reassign = true;
	w->claims_rest_us = w->reclaim_at_us = now_us + SECOND_US;
}

/* The client tells only once of a lead that is missing: so the broker is asked whether it still is. */
static void
ask_missing(struct worker *w)
{
	struct err err;
	struct topic_offset ends[TOPICS_MAX];

	if (ask_all(w, 0, OFFSET_END, ends, &err) == FAULT_NONE)
		w->missing_us = 0;
	else if (topic_is_missing(&err))
		(void)err_set(&w->fatal, FAULT_FATAL, err.op, err.code, "%s; run dossierctl topics apply", err.text);
	else
		w->missing_us += SECOND_US;
}

void
try_standing(struct worker *w)
{
	bool due = false;

	if (w->short_why.fault != FAULT_NONE && owned_lane(w, w->short_lane) != NULL)
		lane_stands(w, w->short_lane, &w->short_why);
	w->short_why.fault = FAULT_NONE;
	for (int i = 0; i <= w->most_lane; i++)
		if (w->lanes[i] != NULL && w->lanes[i]->stands_until_us != 0 && !w->lanes[i]->owned)
			due |= clock_span_us() >= w->lanes[i]->stands_until_us;
	if (due && !w->want_reassign)
		consumer_claim_rest(w->consumer);
	if (w->missing_us != 0 && clock_span_us() - w->missing_us >= MISSING_US)
		ask_missing(w);
}
