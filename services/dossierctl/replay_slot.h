/* replay_slot - the inside of a replayed home; private to replay_home.c and replay_compare.c. */
#ifndef REPLAY_SLOT_H
#define REPLAY_SLOT_H

#include "replay_home.h"
#include "rowpack.h"

/* An event whose turn has not come, packed as a record. */
struct early {
	struct early	*next;		/* by version */
	int32_t		version;
	size_t		n;
	char		packed[];
};

struct fold_pair {
	struct packed	rebuilt, stored;
};

struct fold_pairs {
	struct fold_pair *rows;
	int		n;
};

struct slot {
	uint8_t			id[UUID_BYTES];
	int32_t			version;	/* of the rebuilt row */
	bool			broken;		/* an event could not be applied; said already */
	struct packed		rebuilt, stored;
	struct fold_pairs	folds[REPLAY_FOLDS];
	struct early		*early;
};

struct replay_home {
	struct replay_home_options options;
	struct arena		*scratch;
	struct slot		**slots;
	size_t			size, n;	/* size is a power of two */
	int64_t			applied, waiting;
};

#endif
