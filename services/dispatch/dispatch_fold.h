/*
 * dispatch_fold - the rows of dispatch.parcel as a pure fold of the journal of
 * dispatch.
 *
 * One row a parcel.  Its state is the parcel's last news, in the words of
 * schemas/states/dispatch.moves; attempts counts how often the post stood
 * before a closed door.  A replay rebuilds the rows from dossier.dispatch
 * alone (promise 6).
 */
#ifndef DISPATCH_FOLD_H
#define DISPATCH_FOLD_H

#include "fold.h"

struct parcel {
	struct text	parcel_id;		/* "<dossier>.P<version>" */
	uint8_t		dossier[UUID_BYTES];
	struct text	state;
	struct text	item_code;		/* of the post; absent until it is known */
	time_us		ordered_at;
	time_us		updated_at;
	int32_t		attempts;
	bool		unsure;			/* it may lie at the post, and nobody can tell */
	int32_t		version;		/* of the dossier, when this row last changed */
};

extern const struct fold dispatch_fold;

#endif
