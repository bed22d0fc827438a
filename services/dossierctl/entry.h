/*
 * entry - single entries of the journals, read out of the blocks of the database.
 */
#ifndef ENTRY_H
#define ENTRY_H

#include "event.h"
#include "session.h"

struct entry {
	struct record	record;		/* borrowed from the command's arena */
	struct event	*event;
};

/*
 * The entry of that number.  FAULT_PARK when the blocks do not have it, or it
 * is no event of ours: what the database says of itself does not hold.
 */
ERR_CHECK enum fault entry_read(struct ctl *ctl, struct session *session, enum stage stage,
    int lane, int64_t number, struct entry *out, struct err *err);

/* "fee/3/1841" -> stage, lane, number; false for any other cause. */
bool cause_is_entry(struct text cause, enum stage *stage, int *lane, int64_t *number);

#endif
