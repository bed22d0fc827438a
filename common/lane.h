/*
 * lane - one lane (stage, partition): whose it is and how far it has come.
 *
 * The owner keeps two states of each lane: as committed, and the draft that
 * the running batch builds.  A commit makes the draft the state; anything else
 * forgets it.  The epoch fences: a batch locks its lanes first, and goes on
 * only where epoch and position are still what it knows (promise 2).
 */
#ifndef LANE_H
#define LANE_H

#include "db.h"
#include "digest.h"
#include "kafka_consumer.h"
#include "stage.h"

/* taken + handed_in + ordered = done + repeated + dead + handed_out + waiting + parked (promise 10) */
struct counters {
	int64_t taken, handed_in, ordered, done, repeated, dead, handed_out, waiting, parked;
};

struct lane_state {
	int64_t		next_offset[TOPICS_MAX];
	int64_t		read_to[TOPICS_MAX];	/* broker time, microseconds since 1970; 0: nothing yet */
	int64_t		seen[TOPICS_MAX];	/* last journal number taken */
	uint8_t		seen_hash[TOPICS_MAX][DIGEST_BYTES];
	int64_t		given;			/* last journal number given */
	uint8_t		given_hash[DIGEST_BYTES];
	int64_t		job_ord;
	int64_t		turns;
	struct counters	counters;
};

/* How far what is in hand of a topic goes beyond the state: worker_hand.c. */
struct ahead {
	int	n_items;		/* in hand; 0: the rest says nothing */
	int64_t	last;			/* the last of them */
	int64_t	seen;
	uint8_t	hash[DIGEST_BYTES];
};

struct lane {
	int			lane;
	bool			owned;
	int64_t			epoch;
	const char		*owner;		/* who we are, for the row: "host:pid"; lives as long as the process */
	struct lane_state	state;		/* as committed */
	struct lane_state	draft;		/* what this batch makes of it */
	bool			touched;	/* by this batch */
	struct ahead		ahead[TOPICS_MAX];
	int64_t			ahead_epoch;	/* the epoch in which that was true */
	int64_t			acked;		/* contiguous prefix acknowledged by the broker */
	int64_t			acked_offset;
	int64_t			saved_acked;	/* as the database has it */
	int64_t			sent;		/* last number handed to the producer */
	time_us			born_at;
	int			unclean, saved_unclean;	/* ends without release, lately; as the database has it */
	char			*suspects;	/* what the last owner was trying when it died, or NULL */
	bool			has_convict;	/* a stored job that has killed three times: */
	int			convict_origin;
	int64_t			convict_ord;
	int64_t			claimed_us;	/* span clock */
	time_us			claimed_at;	/* by the database */
	bool			stepping;	/* few messages at a time, or one */
	int64_t			gap_since_us[TOPICS_MAX];	/* n+1 has not come since; 0: no gap */
	int64_t			stands_until_us, said_us;	/* it cannot be read on: not tried before; last told (0: it can) */
	int64_t			eof[TOPICS_MAX];	/* where the consumer last met the end; -1: not yet */
	char			*note;		/* what operators were told last of it … */
	int64_t			note_epoch;	/* … under this epoch */
	int64_t			noted_acked, acked_us;	/* acked, and when it was seen to move or had nowhere to go */
};

#define LANE_LOCKED "locked"		/* code of a claim that failed because somebody has the row */

/* Claim from the database into lane, without waiting. FAULT_RETRY while it is busy; FATAL: no such lane. */
ERR_CHECK enum fault lane_claim(struct db *db, struct arena *arena, enum stage stage, int number,
    const char *owner, const char *release, struct lane *lane, struct err *err);

/*
 * The claim is complete; from now on an end without release counts against it.
 * After an unclean one what the dead owner was trying becomes suspect, and the
 * others have an alibi (promise 9).
 */
ERR_CHECK enum fault lane_begun(struct db *db, struct arena *arena, enum stage stage,
    struct lane *lane, struct err *err);

/* Is a row with that epoch and owner ours?  After a failover that lost commits another owner may have our epoch. */
bool lane_is_ours(const struct lane *lane, int64_t epoch, struct text owner);

/* Is it still ours? Waits for whoever has it locked. */
ERR_CHECK enum fault lane_ask(struct db *db, struct arena *arena, enum stage stage,
    const struct lane *lane, bool *ours, struct err *err);

/* Give it back in good order. */
ERR_CHECK enum fault lane_release(struct db *db, struct arena *arena, enum stage stage,
    const struct lane *lane, struct err *err);

/* Queue the fence over these lanes; lane_check reads its answer: a lane whose
 * epoch, owner or position is not ours is marked not owned. Returns how many are lost. */
int lane_queue_fence(struct db *db, struct arena *arena, enum stage stage,
    struct lane *const *lanes, int n);
int lane_check(struct db *db, int index, struct lane *const *lanes, int n);
time_us lane_check_time(struct db *db, int index);	/* the database's clock at the fence */

/* Queue the save of the lanes' drafts. */
void lane_queue_save(struct db *db, struct arena *arena, enum stage stage, struct lane *const *lanes, int n);

/* The draft starts as the state, and becomes it. */
void lane_begin(struct lane *lane);
void lane_committed(struct lane *lane);

/* Say of these lanes what is about to be tried, lest it be forgotten with the process. */
ERR_CHECK enum fault lane_note(struct db *db, struct arena *arena, enum stage stage,
    struct lane *const *lanes, const struct text *notes, int n, struct err *err);

/* Does the balance of promise 10 hold? */
bool counters_balance(const struct counters *c);

#endif
