/*
 * tracking_again - which lanes have to send their snapshots again, and how far
 * that has come.
 *
 * A snapshot that a predecessor had handed to its producer may reach the
 * broker after ours and would then be the one that compaction keeps.  So a new
 * owner of a lane reads its journals again from T ago, for status alone, at
 * the claim and once more T later, T being how long a producer goes on trying.
 * The work is done in small pieces between turns.
 */
#ifndef TRACKING_AGAIN_H
#define TRACKING_AGAIN_H

#include "dossier.h"

enum { AGAIN_LANES_MAX = 1024 };

struct again_lane {
	int64_t	due_us[2];	/* span clock of the two passes; 0: none */
	int	pass;		/* under way: 0 or 1; -1: none */
	int	stage;		/* the next piece: journal … */
	int64_t	last;		/* … and number to go on behind */
	time_us	since;
};

struct again {
	int			most_lane;
	struct again_lane	lanes[AGAIN_LANES_MAX];
};

/* A lane was claimed now: plan both passes. */
void again_claim(struct again *again, int lane, int64_t span_us, int64_t t_us);

/* A lane with a piece to do, or -1; a pass that has become due is begun. */
int again_next(struct again *again, int64_t span_us, time_us now, int64_t t_us);

/* A piece brought this many blocks, the last of them ending with that number: go on behind it. */
void again_done(struct again *again, int lane, int blocks, int most, int64_t last);

/* The dossier of the next entry of a block from *at on whose event shows; false at the end. */
bool again_dossier(struct text entries, size_t *at, uint8_t id[UUID_BYTES]);

#endif
