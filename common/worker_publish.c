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

#include "log.h"
#include "worker.h"

enum { MARK_JOURNAL, MARK_SNAPSHOT, MARK_DEAD };

void
on_delivered(void *ctx, struct mark mark, int64_t offset)
{
	struct worker *w = ctx;
	struct lane *lane;

	if (mark.kind == MARK_SNAPSHOT)
		w->snapshots_pending--;
	if (mark.kind != MARK_JOURNAL)
		return;
	lane = owned_lane(w, mark.lane);
	if (lane == NULL || mark.number != lane->acked + 1)
		return;
	lane->acked = mark.number;
	lane->acked_offset = offset;
}

enum fault
open_producer(struct worker *w, struct err *err)
{
	struct producer_options options = { .bootstrap = w->set.broker, .client = w->name,
	    .message_timeout_ms = w->set.message_timeout_ms, .pass = w->params.pass, .ctx = w,
	    .delivered = on_delivered };

	return producer_open(&options, &w->producer, err);
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

	/* After a failure everything from the prefix on is sent anew; not twice here. */
	if (block->n == 0 || block->first != lane->sent + 1)
		return;
	for (int i = 0; i < block->n; i++) {
		enum fault fault = send_patiently(w, w->stage, lane->lane, block->first + i,
		    block->packed[i], block->hash[i], &err);

		if (fault == FAULT_FATAL && w->fatal.fault == FAULT_NONE)
			w->fatal = err;
		if (fault != FAULT_NONE)
			return;
		lane->sent = block->first + i;
	}
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

void
publish_serve(struct worker *w)
{
	struct err err = { .fault = FAULT_NONE };

	if (w->producer == NULL)
		return;
	producer_poll(w->producer, 0);
	if (producer_failed(w->producer, &err)) {
		log_fault("producer_spent", &err);
		producer_free(w->producer);
		w->producer = NULL;
		w->snapshot_failed = w->snapshots_pending > 0;
		w->snapshots_pending = 0;
		if (open_producer(w, &err) != FAULT_NONE) {
			w->fatal = err;
			return;
		}
		w->publish_late = true;
	}
	if (w->publish_late) {
		w->publish_late = false;
		publish_again(w);
	}
}

/* --- snapshots --------------------------------------------------------------------- */

void
worker_snapshot(struct worker *w, const char *topic, int partition, const struct record *record)
{
	struct err err, why;
	enum fault fault;

	do {
		fault = producer_send(w->producer, topic, partition, record, (struct header){ 0 },
		    (struct mark){ MARK_SNAPSHOT, 0, 0 }, &err);
		if (fault == FAULT_RETRY)
			producer_poll(w->producer, 10);
	} while (fault == FAULT_RETRY && !producer_failed(w->producer, &why));
	if (fault == FAULT_NONE)
		w->snapshots_pending++;
	else
		w->snapshot_failed = true;
}

enum fault
worker_flush(struct worker *w, struct err *err)
{
	enum { FLUSH_MS = 5000 };
	int64_t deadline_us = clock_span_us() + FLUSH_MS * 1000;
	struct err why;

	while (w->snapshots_pending > 0 && clock_span_us() < deadline_us &&
	    !producer_failed(w->producer, &why))
		producer_poll(w->producer, 5);
	if (w->snapshots_pending == 0 && !w->snapshot_failed)
		return FAULT_NONE;
	w->snapshots_pending = 0;
	w->snapshot_failed = false;
	return err_set(err, FAULT_RETRY, "send snapshots", "timeout",
	    "the broker has not acknowledged them");
}

/* --- dead letters -------------------------------------------------------------------- */

/* A notice on dossier.deadletter: place, reason, digest; the bytes stay in the table. */
void
announce_dead(struct turn *t)
{
	struct worker *w = t->worker;
	struct job *const *jobs = t->dead.items;

	for (int i = 0; i < t->dead.n; i++) {
		const struct job *job = jobs[i];
		struct buf packed = buf_in(w->arena), buf = buf_in(w->arena);
		struct record record = { .n_headers = 0 };
		uint8_t digest[DIGEST_BYTES];
		char hex[2 * DIGEST_BYTES + 1], stamp[TIME_TEXT_BYTES];
		struct err err;

		record_pack(&job->record, &packed);
		digest_bytes(buf_get(&packed).s, buf_get(&packed).n, digest);
		text_hex(digest, DIGEST_BYTES, hex);
		time_to_text(job->place.at, stamp);
		buf_printf(&buf, "{\"stage\":\"%s\",\"topic\":\"%s\",\"partition\":%d,\"offset\":%lld,"
		    "\"at\":\"%s\",\"reason\":\"%s\",\"digest\":\"%s\",\"size\":%zu}",
		    stage_name(w->stage), w->topics[job->place.topic], job->place.partition,
		    (long long)job->place.offset, stamp, job->why.code, hex, job->record.value.n);
		record.value = buf_get(&buf);
		record.key = arena_printf(w->arena, "%s/%d/%lld", w->topics[job->place.topic],
		    job->place.partition, (long long)job->place.offset);
		record_header(&record, "ce_specversion", TEXT("1.0"));
		record_header(&record, "ce_id", record.key);
		record_header(&record, "ce_source", arena_printf(w->arena, "/dossier/%s",
		    stage_name(w->stage)));
		record_header(&record, "ce_type", TEXT("vn.dossier.deadletter.v1"));
		record_header(&record, "content-type", TEXT("application/json"));
		/* A notice that is lost is no loss: the letter is in the table. */
		if (producer_send(w->producer, "dossier.deadletter", job->place.partition, &record,
		    (struct header){ 0 }, (struct mark){ MARK_DEAD, 0, 0 }, &err) != FAULT_NONE)
			log_fault("deadletter_unannounced", &err);
	}
}
