/*
 * intake_code - the dossier code (mã hồ sơ) and the serial numbers in it.
 *
 * Circular 01/2018/TT-VPCP Art. 19 (form A) and Circular 03/2025/TT-VPCP
 * Art. 13, as amended by Circular 04/2025/TT-VPCP Art. 23 (forms B and C):
 *
 *	A  000.00.01.H55-261122-0042	groups in the order of 2018
 *	B  H55.242-261122-0042
 *	C  G01.012-261122-010042	two digits of the owner of the central system
 *
 * The date is the local day of reception.  The serial has at least four digits
 * and widens past 9999; it never wraps.
 */
#ifndef INTAKE_CODE_H
#define INTAKE_CODE_H

#include "catalogue.h"

/* PARK when the agency's row does not say how: nothing is made up. */
ERR_CHECK enum fault intake_code_make(struct arena *arena, const struct agency *agency, int64_t day,
    int64_t serial, struct text *out, struct err *err);

/*
 * Serial numbers taken from the database in blocks, per agency and day.  What
 * is in hand was committed as taken, so nobody else has it; what is left over
 * at the end is burnt.
 */
struct serials;

/* What a turn needs of one agency and day. */
struct serial_need {
	struct text	agency;
	int64_t		day;
	int64_t		n;	/* needed; after serials_short: to be taken from the database */
};

struct serials *serials_new(void);
void serials_free(struct serials *serials);

/* Counts one more for (agency, day) in needs[], which has room for another; returns how many needs there are. */
int serial_need_add(struct serial_need *needs, int n, struct text agency, int64_t day);

/*
 * Keeps those needs that what is in hand does not cover, ordered by agency
 * and day, n raised to a block that will last a while; returns how many.
 */
int serials_short(const struct serials *serials, struct serial_need *needs, int n, int64_t block);

/* A block [next - n, next) was taken. What was left of an earlier block of that agency and day is used first. */
void serials_put(struct serials *serials, struct text agency, int64_t day, int64_t next, int64_t n);

/* The next one, or 0 when there is none in hand. */
int64_t serials_take(struct serials *serials, struct text agency, int64_t day);

#endif
