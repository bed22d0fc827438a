/*
 * worker_publish - what was committed goes to the broker, and what arrived is
 * remembered as the acknowledged prefix (promise 4).
 *
 * Sent from memory after the commit.  When anything fails the producer is
 * spent: a new one sends every lane again from its acknowledged prefix, out of
 * the journal table.  Readers drop what they have.
 */
#include <stdio.h>
#include <stdlib.h>

#include "kill_point.h"
#include "log.h"
#include "worker.h"

enum { MARK_JOURNAL, MARK_SNAPSHOT };	/* and MARK_OPTIONAL: notices of dead letters */

void
on_delivered(void *ctx, struct mark mark, int64_t offset)
{
	struct worker *w = ctx;
	struct lane *lane;

	note_broker(w, NULL);
	/* Snapshots that were given up may still arrive: only those of now count. */
	if (mark.kind != MARK_JOURNAL && mark.number == w->snapshot_generation)
		w->snapshots_pending--;
	if (mark.kind != MARK_JOURNAL)
		return;
	kill_point(KILL_PUBLISH_DELIVERED);
	lane = owned_lane(w, mark.lane);
	if (lane == NULL || mark.number != lane->acked + 1)
		return;
	lane->acked = mark.number;
	/* A duplicate is acknowledged without its place; an earlier one is right too. */
	if (offset >= 0)
		lane->acked_offset = offset;
	kill_point(KILL_PUBLISH_ACKED);
}

enum fault
open_producer(struct worker *w, struct err *err)
{
	struct producer_options options = { .bootstrap = w->set.broker, .client = w->name,
	    .message_timeout_ms = w->set.message_timeout_ms, .pass = w->params.pass, .ctx = w,
	    .delivered = on_delivered };

	enum fault fault = producer_open(&options, &w->producer, err);

	if (fault == FAULT_NONE)
		producer_set_time(w->producer, worker_now(w) / 1000);
	return fault;
}

/* A full queue empties at the broker's pace; without a broker the producer fails in time. */
static enum fault
send_patiently(struct worker *w, enum stage stage, int lane, int64_t number, struct text packed,
    const uint8_t *hash, struct err *err)
{
	for (;;) {
		enum fault fault = journal_send(w->producer, stage, lane, number, packed, hash, err);
		struct err why;

		if (fault != FAULT_RETRY || producer_failed(w->producer, &why))
			return fault;
		producer_poll(w->producer, 10);
	}
}

static void
send_block(struct worker *w, struct lane *lane, const struct block *block)
{
	struct err err;

	/* After a failure everything from the prefix on is sent anew: not twice here, and nothing past what has failed. */
	if (block->n == 0 || block->first != lane->sent + 1 || producer_failed(w->producer, &err))
		return;
	kill_point(KILL_PUBLISH_BLOCK);
	for (int i = 0; i < block->n; i++) {
		enum fault fault = send_patiently(w, w->stage, lane->lane, block->first + i,
		    block->packed[i], block->hash[i], &err);

		if (fault == FAULT_FATAL && w->fatal.fault == FAULT_NONE)
			w->fatal = err;
		if (fault != FAULT_NONE)
			return;
		lane->sent = block->first + i;
		if (i + 1 == block->n / 2)
			kill_point(KILL_PUBLISH_HALF);
	}
	kill_point(KILL_PUBLISH_SENT);
}

void
publish_blocks(struct turn *t)
{
	struct lane_block *blocks = t->blocks.items;

	for (int i = 0; i < t->blocks.n; i++)
		if (blocks[i].lane->owned)
			send_block(t->worker, blocks[i].lane, &blocks[i].block);
	producer_poll(t->worker->producer, 0);
}

void
publish_lane(struct worker *w, struct lane *lane, const struct block *tail)
{
	struct block rest = *tail;
	int64_t skip = tail->n > 0 ? lane->acked + 1 - tail->first : 0;

	lane->sent = lane->acked;
	if (tail->n == 0 || skip >= tail->n)
		return;
	if (skip > 0) {
		rest.first += skip;
		rest.n -= (int)skip;
		rest.packed += skip;
		rest.hash += skip;
	}
	send_block(w, lane, &rest);
}

static void
publish_again(struct worker *w)
{
	struct arena *arena = arena_new(0);
	struct err err = { .fault = FAULT_NONE };

	for (int i = 0; i <= w->most_lane; i++) {
		struct lane *lane = owned_lane(w, i);
		struct block tail;

		if (lane == NULL)
			continue;
		lane->sent = lane->acked;
		if (lane->acked == lane->state.given)
			continue;
		if (db_is_broken(w->db) || journal_load_tail(w->db, arena, w->stage, i, lane->acked,
		    &tail, &err) != FAULT_NONE) {
			w->publish_late = true;
			continue;
		}
		publish_lane(w, lane, &tail);
	}
	arena_free(arena);
}

/* At once, but not again and again: a broker that refuses us refuses the next producer too. */
static bool
may_renew(struct worker *w)
{
	enum { LEAST_MS = 50, MOST_MS = 2000, CALM_MS = 10000 };
	int64_t now_us = clock_span_us(), since_ms = (now_us - w->renew_at_us) / 1000;

	if (since_ms < 0)
		return false;
	w->renew_ms = since_ms > CALM_MS || w->renew_ms == 0 ? LEAST_MS : w->renew_ms * 2;
	if (w->renew_ms > MOST_MS)
		w->renew_ms = MOST_MS;
	w->renew_at_us = now_us + w->renew_ms * 1000;
	return true;
}

void
publish_serve(struct worker *w)
{
	struct err err = { .fault = FAULT_NONE };

	if (w->producer == NULL)
		return;
	producer_poll(w->producer, 0);
	if (producer_failed(w->producer, &err) && may_renew(w)) {
		tell_fault(w, "producer_spent", &err);
		note_broker(w, &err);
		kill_point(KILL_PRODUCER_SPENT);
		producer_free(w->producer);
		w->producer = NULL;
		w->snapshot_failed = w->snapshots_pending > 0;
		w->snapshots_pending = 0;
		w->snapshot_generation++;
		if (open_producer(w, &err) != FAULT_NONE) {
			w->fatal = err;
			return;
		}
		kill_point(KILL_PRODUCER_RENEWED);
		w->publish_late = true;
	}
	if (w->publish_late) {
		w->publish_late = false;
		publish_again(w);
	}
}

/* --- snapshots --------------------------------------------------------------------- */

static void
send_counted(struct worker *w, const char *topic, int partition, const struct record *record,
    unsigned kind)
{
	struct err err, why;
	enum fault fault;

	do {
		fault = producer_send(w->producer, topic, partition, record, (struct header){ 0 },
		    (struct mark){ kind, 0, w->snapshot_generation }, &err);
		if (fault == FAULT_RETRY)
			producer_poll(w->producer, 10);
	} while (fault == FAULT_RETRY && !producer_failed(w->producer, &why));
	if (fault == FAULT_NONE)
		w->snapshots_pending++;
	else
		w->snapshot_failed = true;
}

void
worker_snapshot(struct worker *w, const char *topic, int partition, const struct record *record)
{
	send_counted(w, topic, partition, record, MARK_SNAPSHOT);
	kill_point(KILL_SNAPSHOT_SENT);
}

enum fault
worker_flush(struct worker *w, struct err *err)
{
	enum { FLUSH_MS = 3000 };
	int64_t deadline_us = clock_span_us() + FLUSH_MS * 1000;
	struct err why;

	while (w->snapshots_pending > 0 && clock_span_us() < deadline_us &&
	    !producer_failed(w->producer, &why))
		producer_poll(w->producer, 5);
	if (w->snapshots_pending == 0 && !w->snapshot_failed) {
		kill_point(KILL_SNAPSHOT_FLUSHED);
		return FAULT_NONE;
	}
	w->snapshots_pending = 0;
	w->snapshot_generation++;
	w->snapshot_failed = false;
	return err_set(err, FAULT_RETRY, "send snapshots", "timeout",
	    "the broker has not acknowledged them");
}

/* --- dead letters -------------------------------------------------------------------- */

static void
dead_notice(struct worker *w, const struct rows *rows, int r, struct record *out)
{
	struct buf buf = buf_in(w->arena);
	struct text topic = rows_text(rows, r, 0), reason = rows_text(rows, r, 4);
	char hex[2 * DIGEST_BYTES + 1], stamp[TIME_TEXT_BYTES];

	text_hex(rows_text(rows, r, 5).s, DIGEST_BYTES, hex);
	time_to_text(rows_time(rows, r, 3), stamp);
	buf_printf(&buf, "{\"stage\":\"%s\",\"topic\":\"%.*s\",\"partition\":%d,\"offset\":%lld,"
	    "\"at\":\"%s\",\"reason\":", stage_name(w->stage), TEXT_ARG(topic), rows_int4(rows, r, 1),
	    (long long)rows_int8(rows, r, 2), stamp);
	buf_json_text(&buf, (struct text){ reason.s, strcspn(reason.s, ":") < reason.n
	    ? strcspn(reason.s, ":") : reason.n });
	buf_printf(&buf, ",\"digest\":\"%s\",\"size\":%lld}", hex, (long long)rows_int8(rows, r, 6));
	*out = (struct record){ .value = buf_get(&buf), .key = arena_printf(w->arena, "%.*s/%d/%lld",
	    TEXT_ARG(topic), rows_int4(rows, r, 1), (long long)rows_int8(rows, r, 2)) };
	record_header(out, "ce_specversion", TEXT("1.0"));
	record_header(out, "ce_id", out->key);
	record_header(out, "ce_source", text_of(stage_source(w->stage)));
	record_header(out, "ce_type", TEXT("vn.dossier.deadletter.v1"));
	record_header(out, "content-type", TEXT("application/json"));
}

static void
note_announced(struct worker *w, const struct rows *rows, struct db_args *args)
{
	struct db_array *topics, *partitions, *offsets;

	db_put_int2(args, (int)w->stage);
	topics = db_put_array(args, DB_TEXT);
	partitions = db_put_array(args, DB_INT4);
	offsets = db_put_array(args, DB_INT8);
	for (int r = 0; r < rows_count(rows); r++) {
		db_add_text(topics, rows_text(rows, r, 0));
		db_add_int4(partitions, rows_int4(rows, r, 1));
		db_add_int8(offsets, rows_int8(rows, r, 2));
	}
}

/*
 * Notices on dossier.deadletter: place, reason, digest; the bytes stay in the
 * table, which also remembers what is announced, so that a crash in between
 * only delays a notice until the lane's next claim.
 */
void
announce_dead(struct worker *w, int lane)
{
	struct db_args *args = db_args_new(w->arena, 2);
	const struct rows *rows;
	struct err err = { .fault = FAULT_NONE };
	enum fault fault;

	db_put_int2(args, (int)w->stage);
	db_put_int4(args, lane);
	fault = db_run(w->db, core_stmt(SQL_DEADLETTER_UNANNOUNCED), args, &rows, &err);
	if (fault == FAULT_NONE && rows_count(rows) == 0)
		return;
	for (int r = 0; fault == FAULT_NONE && r < rows_count(rows); r++) {
		struct record record;

		dead_notice(w, rows, r, &record);
		send_counted(w, "dossier.deadletter", rows_int4(rows, r, 1), &record, MARK_OPTIONAL);
	}
	if (fault == FAULT_NONE) {
		kill_point(KILL_DEAD_SENT);
		fault = worker_flush(w, &err);
	}
	if (fault == FAULT_NONE) {
		kill_point(KILL_DEAD_ANNOUNCED);
		args = db_args_new(w->arena, 4);
		note_announced(w, rows, args);
		fault = db_run(w->db, core_stmt(SQL_DEADLETTER_ANNOUNCED), args, NULL, &err);
	}
	if (fault != FAULT_NONE)
		tell_fault(w, "deadletter_unannounced", &err);
}
