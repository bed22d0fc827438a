/*
 * replay_snapshot - what the database says of one home, at one instant.
 */
#ifndef REPLAY_SNAPSHOT_H
#define REPLAY_SNAPSHOT_H

#include "replay_home.h"
#include "session.h"

struct lane_end {
	bool	there;			/* is there such a lane? */
	int64_t	given;			/* last number given */
	int64_t	acked;			/* as the owner last noted */
	int64_t	stored;			/* last number in core.journal */
	uint8_t	hash[DIGEST_BYTES];	/* the chain's value there */
};

/* Fills the home with stored rows; a short transaction of its own. */
ERR_CHECK enum fault snapshot_read(struct session *session, struct replay_home *home, int lane,
    struct lane_end ends[STAGES], int64_t *n_dossiers, struct err *err);

#endif
