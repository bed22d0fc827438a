/* journal - see journal.h. */
#include "journal.h"

#include <strings.h>

#include "core_stmt.h"

static void
block_grow(struct arena *arena, struct block *block)
{
	struct text *packed;
	uint8_t (*hash)[DIGEST_BYTES];
	int size = block->size > 0 ? block->size * 2 : 32;

	if (block->n < block->size)
		return;
	packed = ARENA_ARRAY(arena, struct text, (size_t)size);
	hash = arena_take(arena, (size_t)size, DIGEST_BYTES);
	if (block->n > 0) {
		memcpy(packed, block->packed, (size_t)block->n * sizeof *packed);
		memcpy(hash, block->hash, (size_t)block->n * DIGEST_BYTES);
	}
	block->packed = packed;
	block->hash = hash;
	block->size = size;
}

static void
block_add(struct arena *arena, struct block *block, int64_t number, struct text packed,
    const uint8_t *hash)
{
	block_grow(arena, block);
	if (block->n == 0)
		block->first = number;
	block->packed[block->n] = packed;
	if (hash != NULL)
		memcpy(block->hash[block->n], hash, DIGEST_BYTES);
	block->n++;
}

void
journal_append(struct digest *digest, struct arena *arena, struct lane *lane, struct block *block,
    const struct event *event)
{
	struct lane_state *draft = &lane->draft;
	struct record record;
	struct buf buf = buf_in(arena);

	if (event->number != draft->given + 1)
		bug("entry %lld after %lld", (long long)event->number, (long long)draft->given);
	event_encode(event, arena, &record);
	chain_hash(digest, draft->given_hash, event->number, &record, draft->given_hash);
	draft->given = event->number;
	record_pack(&record, &buf);
	block_add(arena, block, event->number, buf_get(&buf), draft->given_hash);
}

struct text
journal_pack(struct arena *arena, const struct block *block)
{
	struct buf buf = buf_in(arena);

	for (int i = 0; i < block->n; i++)
		buf_lp(&buf, block->packed[i].s, block->packed[i].n);
	return buf_get(&buf);
}

bool
journal_unpack(struct text entries, size_t *at, struct text *packed)
{
	return lp_take(entries, at, packed);
}

void
journal_queue_insert(struct db *db, struct arena *arena, enum stage stage,
    const struct lane_block *blocks, int n, time_us now)
{
	struct db_args *args = db_args_new(arena, 7);
	struct db_array *lanes, *first, *last, *at, *head, *entries;

	db_put_int2(args, (int)stage);
	lanes = db_put_array(args, DB_INT4);
	first = db_put_array(args, DB_INT8);
	last = db_put_array(args, DB_INT8);
	at = db_put_array(args, DB_TIME);
	head = db_put_array(args, DB_BYTEA);
	entries = db_put_array(args, DB_BYTEA);
	for (int i = 0; i < n; i++) {
		const struct block *b = &blocks[i].block;

		db_add_int4(lanes, blocks[i].lane->lane);
		db_add_int8(first, b->first);
		db_add_int8(last, b->first + b->n - 1);
		db_add_time(at, now);
		db_add_text(head, (struct text){ (const char *)b->hash[b->n - 1], DIGEST_BYTES });
		db_add_text(entries, journal_pack(arena, b));
	}
	db_queue(db, core_stmt(SQL_JOURNAL_INSERT), args);
}

enum fault
journal_send(struct producer *producer, enum stage stage, int lane, int64_t number,
    struct text packed, const uint8_t hash[DIGEST_BYTES], struct err *err)
{
	struct record record;
	char hex[2 * DIGEST_BYTES + 1];

	if (!record_unpack(packed, &record))
		bug("%s/%d: entry %lld is torn", stage_name(stage), lane, (long long)number);
	text_hex(hash, DIGEST_BYTES, hex);
	return producer_send(producer, stage_journal(stage), lane, &record,
	    (struct header){ TEXT(HEADER_CHAIN), text_of(hex) },
	    (struct mark){ 0, lane, number }, err);
}

/* --- recovery ------------------------------------------------------------ */

/* Entries of one stored block: the chain goes through all, those after `after` are kept. */
static enum fault
load_block(struct digest *digest, struct arena *arena, const struct rows *rows, int row,
    int64_t after, uint8_t chain[DIGEST_BYTES], struct block *out, struct err *err)
{
	struct text entries = arena_text(arena, rows_text(rows, row, 3)), packed;
	int64_t number = rows_int8(rows, row, 0), last = rows_int8(rows, row, 1);
	struct record record;
	size_t at = 0;

	if (out->n > 0 && number != out->first + out->n)
		return err_set(err, FAULT_FATAL, "read the journal table", "gap",
		    "entry %lld is missing", (long long)(out->first + out->n));
	for (; number <= last; number++) {
		if (!journal_unpack(entries, &at, &packed) || !record_unpack(packed, &record))
			return err_set(err, FAULT_FATAL, "read the journal table", "torn",
			    "entry %lld is torn", (long long)number);
		chain_hash(digest, chain, number, &record, chain);
		if (number > after)
			block_add(arena, out, number, packed, chain);
		else
			memcpy(out->before, chain, DIGEST_BYTES);
	}
	if (at != entries.n)
		return err_set(err, FAULT_FATAL, "read the journal table", "torn",
		    "there is more in the block that ends with %lld", (long long)last);
	if (!text_is_equal(rows_text(rows, row, 2), (struct text){ (const char *)chain, DIGEST_BYTES }))
		return err_set(err, FAULT_FATAL, "read the journal table", "chain",
		    "the block that ends with %lld has another hash than its entries", (long long)last);
	return FAULT_NONE;
}

enum fault
journal_load_tail(struct db *db, struct arena *arena, enum stage stage, int lane, int64_t after,
    struct block *out, struct err *err)
{
	struct db_args *args = db_args_new(arena, 3);
	const struct rows *rows;
	struct digest *digest;
	uint8_t chain[DIGEST_BYTES] = { 0 };
	enum fault fault;

	db_put_int2(args, (int)stage);
	db_put_int4(args, lane);
	db_put_int8(args, after);
	fault = db_run(db, core_stmt(SQL_JOURNAL_TAIL), args, &rows, err);
	if (fault != FAULT_NONE)
		return fault;
	memset(out, 0, sizeof *out);
	digest = digest_new();
	for (int r = 0; fault == FAULT_NONE && r < rows_count(rows); r++) {
		if (rows_null(rows, r, 3)) {
			memcpy(chain, rows_text(rows, r, 2).s, DIGEST_BYTES);
			memcpy(out->before, chain, DIGEST_BYTES);
		} else
			fault = load_block(digest, arena, rows, r, after, chain, out, err);
	}
	digest_free(digest);
	return fault;
}

enum fault
journal_lost_commits(struct err *err, enum stage stage, int lane, int64_t number, const char *how)
{
	return err_set(err, FAULT_FATAL, "check the journal's tail", "lost_commits",
	    "%s/%d: the topic has entry %lld, %s: the database has lost commits that were "
	    "published; do not go on, restore it to a later state", stage_journal(stage), lane,
	    (long long)number, how);
}

/* Is it entry number of a chain that has this value before it? Only then a reader takes it. */
static bool
fits(const struct message *m, int64_t number, const uint8_t *before, struct digest *digest,
    uint8_t hash[DIGEST_BYTES])
{
	uint8_t claimed[DIGEST_BYTES];
	int64_t n;

	if (m->torn || !event_number(&m->record, &n) || n != number)
		return false;
	chain_hash(digest, before, number, &m->record, hash);
	return text_unhex(record_find(&m->record, HEADER_CHAIN), claimed, DIGEST_BYTES) &&
	    memcmp(hash, claimed, DIGEST_BYTES) == 0;
}

static enum fault
check_entry(const struct message *m, enum stage stage, struct lane *lane, const struct block *tail,
    struct digest *digest, struct err *err)
{
	const uint8_t *before = lane->state.given_hash;
	uint8_t hash[DIGEST_BYTES];
	int64_t number = lane->acked + 1;

	if (number <= lane->state.given)
		before = number == tail->first ? tail->before : tail->hash[number - 1 - tail->first];
	if (!fits(m, number, before, digest, hash))
		return FAULT_NONE;
	if (number > lane->state.given)
		return journal_lost_commits(err, stage, lane->lane, number, "which the table does not have");
	if (memcmp(hash, tail->hash[number - tail->first], DIGEST_BYTES) != 0)
		return journal_lost_commits(err, stage, lane->lane, number, "which the table has otherwise");
	lane->acked = number;
	lane->acked_offset = m->place.offset;
	return FAULT_NONE;
}

enum fault
journal_check_topic(struct reader *reader, enum stage stage, struct lane *lane,
    const struct block *tail, struct err *err)
{
	enum { TIMEOUT_MS = 3000 };
	int64_t low, high, from, deadline_us = clock_span_us() + 30 * SECOND_US;
	struct digest *digest;
	struct message m;
	enum fault fault = reader_range(reader, stage_journal(stage), lane->lane, TIMEOUT_MS, &low,
	    &high, err);

	if (fault != FAULT_NONE)
		return fault;
	if (tail->n != lane->state.given - lane->acked)
		return err_set(err, FAULT_FATAL, "check the journal's tail", "gap",
		    "%s/%d: the table has %d entries after %lld, the lane has given %lld", stage_journal(stage),
		    lane->lane, tail->n, (long long)lane->acked, (long long)lane->state.given);
	if (high <= lane->acked_offset)
		return err_set(err, FAULT_FATAL, "check the journal's tail", "topic_lost",
		    "%s/%d ends at %lld, before what the broker had acknowledged (%lld): the topic has "
		    "lost data", stage_journal(stage), lane->lane, (long long)high,
		    (long long)lane->acked_offset);
	from = lane->acked_offset + 1 > low ? lane->acked_offset + 1 : low;
	if (from >= high)
		return FAULT_NONE;
	digest = digest_new();
	fault = reader_assign(reader, stage_journal(stage), &lane->lane, &from, 1, err);
	while (fault == FAULT_NONE && from < high) {
		if (clock_span_us() > deadline_us) {
			fault = err_set(err, FAULT_RETRY, "check the journal's tail", "timeout",
			    "%s/%d", stage_journal(stage), lane->lane);
			continue;
		}
		err->fault = FAULT_NONE;
		if (!reader_poll(reader, 100, &m, err)) {
			fault = err->fault;
			continue;
		}
		fault = check_entry(&m, stage, lane, tail, digest, err);
		from = m.place.offset + 1;
		consumer_release(&m);
	}
	digest_free(digest);
	return fault;
}

enum fault
journal_goes_on(struct reader *reader, enum stage stage, int lane, int64_t from, int64_t to,
    int64_t given, const uint8_t given_hash[DIGEST_BYTES], bool *out, struct err *err)
{
	int64_t deadline_us = clock_span_us() + 30 * SECOND_US;
	struct digest *digest = digest_new();
	struct message m;
	uint8_t hash[DIGEST_BYTES];
	enum fault fault = reader_assign(reader, stage_journal(stage), &lane, &from, 1, err);

	*out = false;
	while (fault == FAULT_NONE && from < to && !*out) {
		if (clock_span_us() > deadline_us) {
			fault = err_set(err, FAULT_RETRY, "look at the end of a journal", "timeout", "%s/%d",
			    stage_journal(stage), lane);
			continue;
		}
		err->fault = FAULT_NONE;
		if (!reader_poll(reader, 100, &m, err)) {
			fault = err->fault;
			continue;
		}
		*out = fits(&m, given + 1, given_hash, digest, hash);
		from = m.place.offset + 1;
		consumer_release(&m);
	}
	digest_free(digest);
	return fault;
}
