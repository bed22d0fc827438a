/*
 * postal_parcel - a parcel and its way, a step at a time.
 *
 *	accepted ─► posted ─► in_transit ─► delivered
 *	                           ├─► attempt_failed ─► delivered
 *	                           └─► attempt_failed ─► attempt_failed ─► returned
 */
#ifndef POSTAL_PARCEL_H
#define POSTAL_PARCEL_H

#include "behave.h"
#include "loop.h"

enum { PARCEL_ID_BYTES = 128, ITEM_CODE_BYTES = 14 };

struct parcel {
	char		id[PARCEL_ID_BYTES];
	char		item_code[ITEM_CODE_BYTES];	/* S10 of the Universal Postal Union */
	int		step;				/* updates told so far */
	const char	*state;				/* static */
	struct conduct	plan;
	struct timer	timer;
};

struct parcel *parcel_find(struct text id);
struct parcel *parcel_new(struct text id);	/* NULL if the id is too long */

/* Begin or go on with its way, as plan says. */
void parcel_live(struct parcel *parcel);

/* An "update" line of a former life: taken over, and sent again if the broker has not got it. */
void parcel_recall(struct parcel *parcel, int64_t step, struct text at);

#endif
