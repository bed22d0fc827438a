/*
 * journal - what a lane gives: entries with dense numbers and a hash chain,
 * stored in blocks and sent to the broker after the commit (promise 4).
 */
#ifndef JOURNAL_H
#define JOURNAL_H

#include "event.h"
#include "kafka_producer.h"
#include "kafka_reader.h"
#include "lane.h"

/* The entries of one lane in one batch, in order, with the chain's value after each. */
struct block {
	int		n, size;
	int64_t		first;
	uint8_t		before[DIGEST_BYTES];	/* the chain's value before it, when it was read from the table */
	struct text	*packed;	/* record_pack, without the chain */
	uint8_t		(*hash)[DIGEST_BYTES];
};

/* Number, hash and pack an event; moves the draft's given and given_hash. */
void journal_append(struct digest *digest, struct arena *arena, struct lane *lane,
    struct block *block, const struct event *event);

/* Queue the blocks' rows. */
struct lane_block {
	struct lane	*lane;
	struct block	block;
};
void journal_queue_insert(struct db *db, struct arena *arena, enum stage stage,
    const struct lane_block *blocks, int n, time_us now);

/* The bytes of core.journal.entries, and back: entries borrowed from it. False when torn. */
struct text journal_pack(struct arena *arena, const struct block *block);
bool journal_unpack(struct text entries, size_t *at, struct text *packed);

/* Send one entry to its partition; its chain as the last header. */
ERR_CHECK enum fault journal_send(struct producer *producer, enum stage stage, int lane,
    int64_t number, struct text packed, const uint8_t hash[DIGEST_BYTES], struct err *err);

/*
 * Read what the journal table has after the number `after`, with hashes.
 * FAULT_FATAL when the table itself is torn or its chain broken.
 */
ERR_CHECK enum fault journal_load_tail(struct db *db, struct arena *arena, enum stage stage, int lane,
    int64_t after, struct block *out, struct err *err);

/*
 * The check of a claim: read the topic's partition from the acknowledged
 * prefix to its end as its readers do (the next number with a chain that fits;
 * all else is nobody's, and dropped) and compare with the table's tail.  Moves
 * lane->acked over what the topic already has.  FAULT_FATAL when readers take an
 * entry that the table does not know or knows otherwise: the database has
 * lost commits.
 */
ERR_CHECK enum fault journal_check_topic(struct reader *reader, enum stage stage, struct lane *lane,
    const struct block *tail, struct err *err);

/* Does a partition of a journal, from one offset up to another, have the entry that readers take after the last one given? */
ERR_CHECK enum fault journal_goes_on(struct reader *reader, enum stage stage, int lane, int64_t from,
    int64_t to, int64_t given, const uint8_t given_hash[DIGEST_BYTES], bool *out, struct err *err);

/* "the topic has entry N, …": the database has lost commits. FAULT_FATAL. */
enum fault journal_lost_commits(struct err *err, enum stage stage, int lane, int64_t number,
    const char *how);

#endif
