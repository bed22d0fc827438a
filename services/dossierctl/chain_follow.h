/*
 * chain_follow - which of the messages of a journal's partition are its entries.
 *
 * Pure.  The rule of every reader: take the first message whose number is the
 * next and whose chain fits; drop everything else and read on.  Repeats, what a
 * fenced worker still sent, and broker surprises are harmless by this rule;
 * what it cannot bridge is a missing or altered entry.
 */
#ifndef CHAIN_FOLLOW_H
#define CHAIN_FOLLOW_H

#include "event.h"

struct follow {
	int64_t		number;			/* of the last entry taken; 0: none */
	uint8_t		hash[DIGEST_BYTES];	/* the chain's value there */
	int64_t		repeated;		/* dropped: number taken before */
	int64_t		misfits;		/* dropped: the next number, but the chain does not fit */
	int64_t		beyond;			/* dropped: a number after the next */
	int64_t		strange;		/* dropped: no number at all */
};

/* Is this the next entry?  If so the chain has moved over it. */
bool follow_take(struct follow *follow, struct digest *digest, const struct record *record);

#endif
