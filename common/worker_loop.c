/*
 * worker_loop - the loop: collect what is there, take a turn, again.
 *
 * Never waits to fill a batch.  Whatever goes wrong with a turn, the messages
 * stay in hand and polling goes on, so that the group does not give the lanes
 * away for a database that is down for a moment (promise 9).
 */
#include <malloc.h>
#include <unistd.h>

#include "log.h"
#include "worker.h"

enum { IDLE_MS = 50, DRAIN_MS = 5, TELL_US = 5 * 1000 * 1000, TICK_US = 1000 * 1000, BACKOFF_LEAST_MS = 20,
    BACKOFF_MOST_MS = 2000, HELD_MAX = 2000 };

/* One poll; a message that there is no room for is fetched again later. */
static bool
poll_once(struct worker *w, int timeout_ms, int room)
{
	struct err err = { .fault = FAULT_NONE };
	struct message *m = hand_spare(w);
	struct lane *lane;

	if (!consumer_poll(w->consumer, timeout_ms, m, &err)) {
		if (err.fault == FAULT_RETRY)
			topic_missing(w, &err);
		else if (err.fault == FAULT_PARK)
			lane_stands(w, m->place.partition, &err);
		else if (err.fault != FAULT_NONE)
			w->fatal = err;
		return false;
	}
	note_broker(w, NULL);
	lane = owned_lane(w, m->place.partition);
	if (m->end) {
		/* Not while a message before it was left behind and is fetched again. */
		if (lane != NULL && !w->want_reassign)
			lane->eof[m->place.topic] = m->place.offset;
		return true;
	}
	if (lane == NULL || !hand_has_room(w, room)) {
		w->want_reassign |= lane != NULL;
		consumer_release(m);
		return true;
	}
	hand_take(w, lane, m);
	return true;
}

/* How long may we wait for a message? */
static int
patience_ms(const struct worker *w)
{
	int64_t left_ms = (w->due_poll_us - clock_span_us()) / 1000;

	if (w->paused)
		return landed_wait(w) ? 0 : IDLE_MS;
	if (flights_wait(w) || w->n_ready > 0 || left_ms <= 0)
		return 0;
	return left_ms < IDLE_MS ? (int)left_ms : IDLE_MS;
}

/* Nothing new comes, but the group, and what is under way outside, must be heard. */
static void
collect_paused(struct worker *w)
{
	int wait_ms = patience_ms(w);

	consumer_pause(w->consumer, true);
	if (http_in_flight(w->http) > 0) {
		drive_http(w, wait_ms);
		wait_ms = 0;
	}
	(void)poll_once(w, wait_ms, BATCH_MAX);
}

static void
note_full(struct worker *w, bool full)
{
	if (!full)
		w->full_us = 0;
	else if (w->full_us == 0)
		w->full_us = clock_span_us();
	w->is_full = full;
}

/* Until then, rounded up. */
static int
span_left_ms(int64_t until_us)
{
	int64_t left_us = until_us - clock_span_us();

	return left_us <= 0 ? 0 : (int)((left_us + 999) / 1000);
}

/*
 * A turn costs nearly as much for one message as for fifty, at the database
 * and at the broker.  So the next one gathers for twice as long as the last one
 * took: nothing to speak of at rest, and fewer, larger turns under load.
 */
static int
pause_ms(const struct worker *w)
{
	int64_t most_us = w->set.pause_ms * 1000;
	int64_t pause_us = 2 * w->turn_us < most_us ? 2 * w->turn_us : most_us;

	return is_stepping(w) ? 0 : span_left_ms(w->turn_ended_us + pause_us);
}

/* Is there something that is worth a turn? */
static bool
has_work(const struct worker *w)
{
	return w->n_messages > 0 || w->n_ready > 0 || flights_wait(w);
}

/* Also what waits for a producer that is refused: all of it is read into memory to be sent again. */
static int64_t
unpublished(const struct worker *w)
{
	int64_t n = 0;

	for (int i = 0; i <= w->most_lane; i++)
		if (owned_lane(w, i) != NULL)
			n += w->lanes[i]->state.given - w->lanes[i]->acked;
	return n;
}

static void
collect(struct worker *w)
{
	int room = care_room(w, (int)w->set.batch);
	/* What has been ordered outside and not done yet is in memory too: no more of it than this.
	 * Stopping and starting costs what was fetched ahead, so it is not done for a few. */
	bool full = producer_pending(w->producer) > w->set.backlog || unpublished(w) > w->set.backlog ||
	    w->n_held + w->n_landed > (w->is_full ? HELD_MAX / 8 : HELD_MAX);
	bool calls = http_in_flight(w->http) > 0 || w->n_asking > 0;
	int wait_ms = patience_ms(w);
	int64_t until_us;

	note_full(w, full);
	consumer_pause(w->consumer, full);
	/* With calls under way both they and the broker wake us. */
	if (calls) {
		drive_http(w, wait_ms);
		wait_ms = DRAIN_MS;
	}
	/* What gets ready goes together, even when nothing new is taken up. */
	while (inquiries_catch_up(w) && pause_ms(w) > 0)
		drive_http_alone(w, pause_ms(w));
	until_us = clock_span_us() + wait_ms * INT64_C(1000);
	while (hand_has_room(w, room)) {
		bool idle = !has_work(w);
		int left_ms = idle ? span_left_ms(until_us) : pause_ms(w);

		if (poll_once(w, calls ? 0 : left_ms, room)) {
			/* What wakes nobody does not keep us from the rest of the loop. */
			if (idle && !has_work(w) && clock_span_us() >= until_us)
				break;
			continue;
		}
		if (idle || left_ms == 0)
			break;
		if (calls)
			drive_http(w, left_ms);
	}
}

static void
housekeeping(struct worker *w)
{
	int64_t now_us = clock_span_us();

	publish_serve(w);
	flights_launch(w);
	care_serve(w);
	notes_tell(w);
	health_refresh(w, false);
	try_standing(w);
	if (w->want_reassign && now_us >= w->reclaim_at_us) {
		w->want_reassign = false;
		consumer_reassign(w->consumer);
	}
	if (w->locked_lane_us != 0 && now_us >= w->locked_lane_us) {
		w->locked_lane_us = 0;
		consumer_claim_rest(w->consumer);
	}
	/* Claims are rare: the client that checks the journals' tails is not kept. */
	if (w->reader != NULL && !w->want_reassign) {
		reader_close(w->reader);
		w->reader = NULL;
	}
	if (now_us >= w->tell_at_us) {
		consumer_tell(w->consumer);
		/* Messages live and die in no order: whole pages between them go back now and then. */
		malloc_trim(0);
		w->tell_at_us = now_us + TELL_US;
	}
	if (!db_is_broken(w->db))
		law_tick(w);
	if (now_us >= w->tick_at_us && w->service->tick != NULL && !db_is_broken(w->db)) {
		w->service->tick(w);
		w->tick_at_us = now_us + TICK_US;
	}
}

/* Keep what is in hand, keep polling, try again later. */
static void
back_off(struct worker *w, const struct err *err, int *wait_ms)
{
	int64_t until_us = clock_span_us() + *wait_ms * INT64_C(1000);

	tell_fault(w, "turn_failed", err);
	care_longer(w);
	note_turn(w, err);
	health_refresh(w, true);
	consumer_pause(w->consumer, true);
	while (clock_span_us() < until_us && !worker_stopping() && w->fatal.fault == FAULT_NONE)
		poll_once(w, 10, BATCH_MAX);
	*wait_ms = *wait_ms * 2 < BACKOFF_MOST_MS ? *wait_ms * 2 : BACKOFF_MOST_MS;
}

void
loop_run(struct worker *w)
{
	int wait_ms = BACKOFF_LEAST_MS;

	while (!worker_stopping() && w->fatal.fault == FAULT_NONE) {
		struct err err = { .fault = FAULT_NONE };
		enum fault fault;

		beat(w);
		housekeeping(w);
		if (w->paused)
			collect_paused(w);
		else
			collect(w);
		fault = turn_run(w, &err);
		if (fault == FAULT_NONE) {
			note_turn(w, NULL);
			wait_ms = BACKOFF_LEAST_MS;
			continue;
		}
		if (fault == FAULT_FATAL)
			w->fatal = err;
		else if (strcmp(err.code, "met") != 0)
			back_off(w, &err, &wait_ms);
	}
	alarm(0);
}
