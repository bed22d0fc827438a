/*
 * journal: entries with dense numbers and their chain, computed here a second
 * time from the packed bytes alone; blocks packed, unpacked and torn.
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>

#include "journal.h"

enum { ENTRIES = 100 };		/* more than a block's first room, twice grown */

static struct arena *arena;
static struct digest *digest;
static struct lane lane;

static void
setup(void)
{
	arena = arena_new(1 << 20);
	digest = digest_new();
	memset(&lane, 0, sizeof lane);
	lane.state.given = 41;
	memset(lane.state.given_hash, 0x5a, DIGEST_BYTES);
	lane_begin(&lane);
}

static void
teardown(void)
{
	digest_free(digest);
	arena_free(arena);
}

TestSuite(journal, .init = setup, .fini = teardown);

static struct event *
entry(int64_t number)
{
	struct event *event = event_new(arena, (enum event_type)(number % EVENT_TYPES));

	event->dossier[15] = (uint8_t)number;
	event->version = (int32_t)number;
	event->home = 2;
	event->number = number;
	event->at = number * SECOND_US;
	event->cause = TEXT("cause");
	event->reason = arena_printf(arena, "%*d", (int)(number % 37), 1);
	return event;
}

static struct block
filled(int n)
{
	struct block block = { .n = 0 };

	for (int i = 0; i < n; i++)
		journal_append(digest, arena, &lane, &block, entry(lane.draft.given + 1));
	return block;
}

Test(journal, numbers_are_dense)
{
	struct block block = filled(ENTRIES);

	cr_assert_eq(block.n, ENTRIES);
	cr_assert_eq(block.first, 42);
	cr_assert_eq(lane.draft.given, 41 + ENTRIES);
	cr_assert_eq(lane.state.given, 41, "what is committed waits for the commit");
	for (int i = 0; i < ENTRIES; i++) {
		struct record record;
		struct event *event = NULL;
		struct err err;
		int64_t number = 0;

		cr_assert(record_unpack(block.packed[i], &record));
		cr_assert(event_number(&record, &number));
		cr_expect_eq(number, 42 + i);
		cr_assert_eq(event_decode(&record, arena, &event, &err), FAULT_NONE);
		cr_expect_eq(event->version, 42 + i);
		cr_expect(text_is_absent(record_find(&record, HEADER_CHAIN)), "the chain is no part of what it hashes");
	}
}

/* Over the packed bytes: length-prefixed runs as they stand, without the counts and with the number before them. */
static void
hash_by_hand(const uint8_t before[DIGEST_BYTES], int64_t number, struct text packed, uint8_t out[DIGEST_BYTES])
{
	struct buf buf = buf_in(arena);
	struct record record;
	struct text decimal = arena_printf(arena, "%lld", (long long)number);

	cr_assert(record_unpack(packed, &record));
	buf_put(&buf, before, DIGEST_BYTES);
	buf_lp(&buf, decimal.s, decimal.n);
	buf_lp(&buf, record.key.s, record.key.n);
	for (int i = 0; i < record.n_headers; i++) {
		buf_lp(&buf, record.headers[i].name.s, record.headers[i].name.n);
		buf_lp(&buf, record.headers[i].value.s, record.headers[i].value.n);
	}
	buf_lp(&buf, record.value.s, record.value.n);
	digest_bytes(buf_get(&buf).s, buf_get(&buf).n, out);
}

Test(journal, each_entry_hangs_on_the_one_before)
{
	struct block block = filled(ENTRIES);
	uint8_t chain[DIGEST_BYTES];

	memset(chain, 0x5a, sizeof chain);
	for (int i = 0; i < ENTRIES; i++) {
		hash_by_hand(chain, 42 + i, block.packed[i], chain);
		cr_assert_arr_eq(block.hash[i], chain, DIGEST_BYTES, "entry %d", i);
	}
	cr_assert_arr_eq(lane.draft.given_hash, chain, DIGEST_BYTES);
	for (int i = 0; i < DIGEST_BYTES; i++)
		cr_assert_eq(lane.state.given_hash[i], 0x5a);
}

/* The next batch goes on where the committed one ended; one that failed leaves no trace. */
Test(journal, from_batch_to_batch)
{
	struct block first = filled(3), lost, again;

	lane_committed(&lane);
	lane_begin(&lane);
	cr_assert_eq(lane.draft.given, 44);
	lost = filled(2);
	lane_begin(&lane);
	cr_assert_eq(lane.draft.given, 44, "forgotten");
	again = filled(2);
	cr_assert_eq(again.first, first.first + first.n);
	cr_assert_arr_eq(again.hash[1], lost.hash[1], DIGEST_BYTES);
	cr_assert(text_is_equal(again.packed[1], lost.packed[1]));
}

Test(journal, the_first_entry_of_all)
{
	static const uint8_t zero[DIGEST_BYTES];
	struct block block;
	uint8_t hash[DIGEST_BYTES];

	memset(&lane, 0, sizeof lane);
	lane_begin(&lane);
	block = filled(1);
	cr_assert_eq(block.first, 1);
	hash_by_hand(zero, 1, block.packed[0], hash);
	cr_assert_arr_eq(block.hash[0], hash, DIGEST_BYTES);
}

Test(journal, a_gap_is_our_bug, .signal = SIGABRT)
{
	struct block block = { .n = 0 };

	journal_append(digest, arena, &lane, &block, entry(43));
}

Test(journal, a_repeat_is_our_bug, .signal = SIGABRT)
{
	struct block block = { .n = 0 };

	journal_append(digest, arena, &lane, &block, entry(41));
}

/* --- blocks -------------------------------------------------------------- */

Test(journal, blocks_there_and_back)
{
	static const int sizes[] = { 1, 2, 31, 32, 33, 64, 65, ENTRIES };

	for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
		struct block block = filled(sizes[k]);
		struct text entries = journal_pack(arena, &block), packed;
		size_t at = 0;

		for (int i = 0; i < block.n; i++) {
			cr_assert(journal_unpack(entries, &at, &packed), "%d of %d", i, block.n);
			cr_assert(text_is_equal(packed, block.packed[i]), "%d of %d", i, block.n);
			cr_assert(packed.s > entries.s && packed.s < entries.s + entries.n, "borrowed");
		}
		cr_assert_eq(at, entries.n);
		cr_assert(!journal_unpack(entries, &at, &packed), "no entry after the last");
		cr_assert_eq(at, entries.n);
	}
}

Test(journal, a_block_of_nothing)
{
	struct block block = { .n = 0 };
	struct text entries = journal_pack(arena, &block), packed;
	size_t at = 0;

	cr_assert_eq(entries.n, 0);
	cr_assert(!journal_unpack(entries, &at, &packed));
	cr_assert(!journal_unpack(TEXT_NONE, &at, &packed));
}

/* How many entries of these bytes are whole; each in a block of its own size, so that reading beyond shows. */
static int
whole_entries(struct text entries)
{
	char *copy = mem_new(entries.n, 1);
	struct text alone = { copy, entries.n }, packed;
	struct record record;
	size_t at = 0;
	int n = 0;

	if (entries.n > 0)
		memcpy(copy, entries.s, entries.n);
	while (journal_unpack(alone, &at, &packed) && record_unpack(packed, &record))
		n++;
	free(copy);
	return n;
}

Test(journal, torn_at_every_length)
{
	struct block block = filled(3);
	struct text entries = journal_pack(arena, &block);
	size_t end = 0;
	int whole = 0;

	for (size_t n = 0; n <= entries.n; n++) {
		if (whole < block.n && n == end + 4 + block.packed[whole].n) {
			end = n;
			whole++;
		}
		cr_assert_eq(whole_entries((struct text){ entries.s, n }), whole, "%zu of %zu bytes", n, entries.n);
	}
	cr_assert_eq(whole, 3);
}

/* A length that is not the entry's: what follows it does not come out as it was. Never a crash. */
Test(journal, wrong_lengths)
{
	struct block block = filled(2);
	struct text entries = journal_pack(arena, &block);

	for (size_t at = 0; at < 4; at++)
		for (int change = 1; change < 256; change++) {
			struct text wrong = arena_copy(arena, entries.s, entries.n);

			((char *)(uintptr_t)wrong.s)[at] ^= (char)change;
			cr_assert_eq(whole_entries(wrong), 0, "byte %zu ^ %d", at, change);
		}
}

/* Any other byte changed shows in the chain. */
Test(journal, one_wrong_byte_breaks_the_chain)
{
	struct block block = filled(1);
	struct text packed = block.packed[0];
	uint8_t before[DIGEST_BYTES], hash[DIGEST_BYTES];

	memset(before, 0x5a, sizeof before);
	for (size_t at = 0; at < packed.n; at++) {
		struct text wrong = arena_copy(arena, packed.s, packed.n);
		struct record record;

		((char *)(uintptr_t)wrong.s)[at] ^= 1;
		if (!record_unpack(wrong, &record))
			continue;
		chain_hash(digest, before, 42, &record, hash);
		cr_assert_neq(memcmp(hash, block.hash[0], DIGEST_BYTES), 0, "byte %zu", at);
	}
}
