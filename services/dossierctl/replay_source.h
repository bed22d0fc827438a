/*
 * replay_source - one journal's partition, read from the broker entry by entry.
 *
 * Reads without a group, follows the chain, and, when it has a database,
 * compares each entry with the block that holds it, byte for byte.
 */
#ifndef REPLAY_SOURCE_H
#define REPLAY_SOURCE_H

#include "chain_follow.h"
#include "kafka_reader.h"
#include "session.h"

enum source_state {
	SOURCE_HEAD,		/* an entry is at hand */
	SOURCE_END,		/* all entries wanted have been taken */
	SOURCE_SHORT		/* the topic ends before that */
};

struct source {
	enum stage		stage;
	int			lane;
	struct reader		*reader;
	struct digest		*digest;
	struct arena		*arena;		/* of the entry at hand */
	struct follow		follow;
	int64_t			from;		/* first number wanted */
	int64_t			until;		/* last number wanted; INT64_MAX: to the end of the topic */
	int64_t			next_offset, end_offset;
	int64_t			wait_ms;	/* for entries that are not published yet */
	int64_t			deadline_us;	/* on the span clock, once the end was met; 0: not yet */
	int64_t			heard_us;	/* when the last message came */
	enum source_state	state;
	struct record		record;		/* the entry at hand, without its chain; in the arena */
	struct event		*event;
	struct text		packed;

	/* the blocks of the database */
	struct session		*session;	/* NULL: none */
	struct arena		*blocks;
	struct text		entries[8];
	int64_t			first[8];
	struct text		heads[8];
	int			n_blocks, block;
	size_t			at;		/* in the block */
	int64_t			unlike;		/* first entry that the block has otherwise; 0: none */
	int64_t			torn;		/* first number that no block holds; 0: none */
};

ERR_CHECK enum fault source_open(struct source *source, const char *broker, enum stage stage,
    struct session *session, struct err *err);
void source_close(struct source *source);

/* Turn to a lane: entries 1 to until, waiting at most wait_ms for those not published yet. */
ERR_CHECK enum fault source_begin(struct source *source, int lane, int64_t until, int64_t wait_ms,
    struct err *err);

/*
 * The same from entry `from` on, when the chain's value before it is known: it
 * is looked for where it can stand at the earliest, because numbers are dense.
 */
ERR_CHECK enum fault source_begin_at(struct source *source, int lane, int64_t from,
    const uint8_t before[DIGEST_BYTES], int64_t until, int64_t wait_ms, struct err *err);

/* The chain's value before entry `from`, by core.journal. FAULT_PARK: it has not got it. */
ERR_CHECK enum fault source_anchor(struct session *session, enum stage stage, int lane, int64_t from,
    uint8_t out[DIGEST_BYTES], struct err *err);

/* Bring the next entry to hand, or find out that there is none (source->state). */
ERR_CHECK enum fault source_next(struct source *source, struct err *err);

/*
 * Read what the topic had when we began beyond the entries wanted: follows the
 * chain and compares with the blocks, and brings nothing to hand.
 */
ERR_CHECK enum fault source_drain(struct source *source, struct err *err);

#endif
