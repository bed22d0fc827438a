/* replay_source - see replay_source.h. */
#include "replay_source.h"

#include <stdio.h>
#include <strings.h>

#include "journal.h"

enum { TIMEOUT_MS = 10000, POLL_MS = 100, KEEP_BYTES = 1 << 16, BLOCKS_KEEP_BYTES = 1 << 22,
    BLOCKS_MAX = 8,
    SILENCE_S = 30 };

enum fault
source_open(struct source *source, const char *broker, enum stage stage, struct session *session,
    struct err *err)
{
	struct reader *reader;
	enum fault fault = reader_open(broker, "dossierctl", NULL, &reader, err);

	if (fault != FAULT_NONE)
		return fault;
	memset(source, 0, sizeof *source);
	source->stage = stage;
	source->reader = reader;
	source->session = session;
	source->digest = digest_new();
	source->arena = arena_new(KEEP_BYTES);
	source->blocks = arena_new(BLOCKS_KEEP_BYTES);
	return FAULT_NONE;
}

void
source_close(struct source *source)
{
	if (source->reader == NULL)
		return;
	reader_close(source->reader);
	digest_free(source->digest);
	arena_free(source->arena);
	arena_free(source->blocks);
	source->reader = NULL;
}

enum fault
source_begin(struct source *s, int lane, int64_t until, int64_t wait_ms, struct err *err)
{
	static const uint8_t nothing[DIGEST_BYTES];

	return source_begin_at(s, lane, 1, nothing, until, wait_ms, err);
}

enum fault
source_begin_at(struct source *s, int lane, int64_t from, const uint8_t before[DIGEST_BYTES], int64_t until,
    int64_t wait_ms, struct err *err)
{
	enum fault fault = reader_range(s->reader, stage_journal(s->stage), lane, TIMEOUT_MS,
	    &s->next_offset, &s->end_offset, err);

	/* n entries stand before number n + 1, so its offset is n at the least. */
	if (fault == FAULT_NONE && s->next_offset < from - 1 && from - 1 <= s->end_offset)
		s->next_offset = from - 1;
	if (fault == FAULT_NONE)
		fault = reader_assign(s->reader, stage_journal(s->stage), &lane, &s->next_offset, 1, err);
	if (fault != FAULT_NONE)
		return fault;
	s->lane = lane;
	s->from = from;
	s->until = until;
	memset(&s->follow, 0, sizeof s->follow);
	s->follow.number = from - 1;
	memcpy(s->follow.hash, before, DIGEST_BYTES);
	s->wait_ms = wait_ms;
	s->deadline_us = 0;
	s->heard_us = clock_span_us();
	s->n_blocks = s->block = 0;
	s->at = 0;
	s->unlike = s->torn = 0;
	return FAULT_NONE;
}

/* --- the blocks of the database ------------------------------------------ */

/* Blocks are dense: the entry at hand is the first of the first one, but where we began within it. */
static bool
skip_to(struct source *s, int64_t number)
{
	struct text packed;

	if (s->first[0] > number)
		return false;
	for (int64_t n = s->first[0]; n < number; n++)
		if (!journal_unpack(s->entries[0], &s->at, &packed))
			return false;
	return true;
}

static enum fault
load_blocks(struct source *s, struct err *err)
{
	struct db_args *args;
	const struct rows *rows;
	enum fault fault;

	arena_reset(s->blocks);
	args = db_args_new(s->blocks, 4);
	db_put_int2(args, (int)s->stage);
	db_put_int4(args, s->lane);
	db_put_int8(args, s->follow.number - 1);
	db_put_int8(args, BLOCKS_MAX);
	fault = session_run(s->session, SQL_REPLAY_BLOCKS, args, &rows, err);
	if (fault != FAULT_NONE)
		return fault;
	s->n_blocks = rows_count(rows);
	s->block = 0;
	s->at = 0;
	for (int i = 0; i < s->n_blocks; i++) {
		s->first[i] = rows_int8(rows, i, 0);
		s->heads[i] = arena_text(s->blocks, rows_text(rows, i, 1));
		s->entries[i] = arena_text(s->blocks, rows_text(rows, i, 2));
	}
	if (s->n_blocks == 0 || (s->first[0] != s->follow.number &&
	    (s->follow.number != s->from || !skip_to(s, s->follow.number))))
		s->torn = s->follow.number;
	return FAULT_NONE;
}

/* The entry just taken against the database's bytes, and the block's head at its end. */
static enum fault
compare_entry(struct source *s, struct err *err)
{
	struct text head = { (const char *)s->follow.hash, DIGEST_BYTES }, packed;
	enum fault fault = FAULT_NONE;

	if (s->session == NULL || s->torn != 0)
		return FAULT_NONE;
	if (s->block == s->n_blocks)
		fault = load_blocks(s, err);
	if (fault != FAULT_NONE || s->torn != 0)
		return fault;
	if (!journal_unpack(s->entries[s->block], &s->at, &packed)) {
		s->torn = s->follow.number;
		return FAULT_NONE;
	}
	if (s->unlike == 0 && !text_is_equal(packed, s->packed))
		s->unlike = s->follow.number;
	if (s->at < s->entries[s->block].n)
		return FAULT_NONE;
	if (s->unlike == 0 && !text_is_equal(s->heads[s->block], head))
		s->unlike = s->follow.number;
	s->block++;
	s->at = 0;
	if (s->block < s->n_blocks && s->first[s->block] != s->follow.number + 1 &&
	    s->follow.number < s->until)
		s->torn = s->follow.number + 1;
	return FAULT_NONE;
}

/* --- the topic ----------------------------------------------------------- */

/* The chain is no part of what was packed and stored. */
static void
drop_chain(struct record *record)
{
	for (int i = 0; i < record->n_headers; i++) {
		const struct header *h = &record->headers[i];

		if (h->name.n != sizeof HEADER_CHAIN - 1 ||
		    strncasecmp(h->name.s, HEADER_CHAIN, h->name.n) != 0)
			continue;
		record->n_headers--;
		memmove(&record->headers[i], &record->headers[i + 1],
		    (size_t)(record->n_headers - i) * sizeof *record->headers);
		i--;
	}
}

/* Keep the entry beyond its message: packed once, for comparing and for reading. */
static enum fault
take_entry(struct source *s, struct record *record, bool decode, struct err *err)
{
	struct buf buf;
	enum fault fault;

	arena_reset(s->arena);
	drop_chain(record);
	buf = buf_in(s->arena);
	record_pack(record, &buf);
	s->packed = buf_get(&buf);
	if (!record_unpack(s->packed, &s->record))
		bug("a packed record cannot be unpacked");
	fault = compare_entry(s, err);
	if (fault == FAULT_NONE && decode)
		fault = event_decode(&s->record, s->arena, &s->event, err);
	if (fault == FAULT_PARK) {
		struct err why = *err;

		return err_set(err, strcmp(why.code, "unknown_type") == 0 ? FAULT_FATAL : FAULT_PARK,
		    "read an entry", why.code, "%s/%d/%lld: %s", stage_name(s->stage), s->lane,
		    (long long)s->follow.number, why.text);
	}
	s->state = SOURCE_HEAD;
	return fault;
}

/* At the end of what was there: is there more by now, is more wanted, may we wait? */
static enum fault
at_the_end(struct source *s, struct err *err)
{
	int64_t low, now_us = clock_span_us();
	enum fault fault;

	if (s->until == INT64_MAX) {
		s->state = SOURCE_END;
		return FAULT_NONE;
	}
	if (s->deadline_us == 0)
		s->deadline_us = now_us + s->wait_ms * 1000;
	fault = reader_range(s->reader, stage_journal(s->stage), s->lane, TIMEOUT_MS, &low,
	    &s->end_offset, err);
	if (fault == FAULT_NONE && s->next_offset >= s->end_offset && now_us >= s->deadline_us)
		s->state = SOURCE_SHORT;
	return fault;
}

/* One poll; *taken when it brought the next entry. */
static enum fault
poll_once(struct source *s, bool decode, bool *taken, struct err *err)
{
	struct message message;
	enum fault fault = FAULT_NONE;

	err->fault = FAULT_NONE;
	*taken = false;
	if (!reader_poll(s->reader, POLL_MS, &message, err)) {
		if (err->fault == FAULT_NONE && s->next_offset < s->end_offset &&
		    clock_span_us() - s->heard_us > SILENCE_S * SECOND_US)
			return err_set(err, FAULT_RETRY, "read a topic", "timeout",
			    "%s/%d: no message for %d seconds, at offset %lld of %lld",
			    stage_journal(s->stage), s->lane, SILENCE_S, (long long)s->next_offset,
			    (long long)s->end_offset);
		return err->fault;
	}
	s->heard_us = clock_span_us();
	s->next_offset = message.place.offset + 1;
	if (!message.torn && follow_take(&s->follow, s->digest, &message.record)) {
		*taken = true;
		fault = take_entry(s, &message.record, decode, err);
	}
	consumer_release(&message);
	return fault;
}

enum fault
source_next(struct source *s, struct err *err)
{
	enum fault fault = FAULT_NONE;
	bool taken = false;

	s->state = s->follow.number >= s->until ? SOURCE_END : SOURCE_HEAD;
	while (s->state == SOURCE_HEAD && !taken && fault == FAULT_NONE) {
		if (s->next_offset >= s->end_offset)
			fault = at_the_end(s, err);
		if (fault == FAULT_NONE && s->state == SOURCE_HEAD)
			fault = poll_once(s, true, &taken, err);
	}
	return fault;
}

enum fault
source_drain(struct source *s, struct err *err)
{
	enum fault fault = FAULT_NONE;
	bool taken;

	s->heard_us = clock_span_us();
	while (s->next_offset < s->end_offset && s->torn == 0 && fault == FAULT_NONE)
		fault = poll_once(s, false, &taken, err);
	return fault;
}

/* --- beginning in the middle ------------------------------------------------ */

static struct db_args *
place_args(struct arena *arena, enum stage stage, int lane, int64_t number)
{
	struct db_args *args = db_args_new(arena, 4);

	db_put_int2(args, (int)stage);
	db_put_int4(args, lane);
	db_put_int8(args, number);
	return args;
}

/* Through a block's entries up to the one before `from`. */
static bool
chain_through(struct text entries, int64_t first, int64_t from, uint8_t chain[DIGEST_BYTES])
{
	struct digest *digest = digest_new();
	struct record record;
	struct text packed;
	size_t at = 0;
	bool good = true;

	for (int64_t n = first; n < from && good; n++) {
		good = journal_unpack(entries, &at, &packed) && record_unpack(packed, &record);
		if (good)
			chain_hash(digest, chain, n, &record, chain);
	}
	digest_free(digest);
	return good;
}

static enum fault
read_anchor(struct session *session, struct arena *arena, enum stage stage, int lane, int64_t from,
    uint8_t chain[DIGEST_BYTES], bool *found, struct err *err)
{
	struct db_args *args = place_args(arena, stage, lane, from - 1);
	const struct rows *rows;
	struct text entries;
	int64_t first;

	*found = false;
	db_put_int8(args, 1);
	if (session_run(session, SQL_REPLAY_BLOCKS, args, &rows, err) != FAULT_NONE)
		return err->fault;
	if (rows_count(rows) == 0 || (first = rows_int8(rows, 0, 0)) > from)
		return FAULT_NONE;
	entries = arena_text(arena, rows_text(rows, 0, 2));
	if (first > 1) {
		if (session_run(session, SQL_JOURNAL_HEAD, place_args(arena, stage, lane, first - 1), &rows, err) != FAULT_NONE)
			return err->fault;
		if (rows_count(rows) == 0 || rows_text(rows, 0, 0).n != DIGEST_BYTES)
			return FAULT_NONE;
		memcpy(chain, rows_text(rows, 0, 0).s, DIGEST_BYTES);
	}
	*found = chain_through(entries, first, from, chain);
	return FAULT_NONE;
}

enum fault
source_anchor(struct session *session, enum stage stage, int lane, int64_t from, uint8_t out[DIGEST_BYTES],
    struct err *err)
{
	struct arena *arena = arena_new(KEEP_BYTES);
	uint8_t chain[DIGEST_BYTES] = { 0 };
	bool found;
	enum fault fault = read_anchor(session, arena, stage, lane, from, chain, &found, err);

	arena_free(arena);
	if (fault != FAULT_NONE)
		return fault;
	if (!found)
		return err_set(err, FAULT_PARK, "find where to begin", "missing", "core.journal does not hold %s/%d/%lld, or what "
		    "its chain begins with", stage_name(stage), lane, (long long)from);
	memcpy(out, chain, DIGEST_BYTES);
	return FAULT_NONE;
}
