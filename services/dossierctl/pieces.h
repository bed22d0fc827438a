/*
 * pieces - texts of several parts, taken apart.  Pure.
 */
#ifndef PIECES_H
#define PIECES_H

#include "mem.h"

/* "TOPIC/PARTITION/OFFSET" */
bool place_read(struct arena *arena, const char *word, struct text *topic, int64_t *partition, int64_t *offset);

/* The code of a reason: what stands before its colon. */
struct text reason_code(struct text reason);

/* One of those that a note consists of ("down population; stepping"), from *at on; false: no more. */
bool note_next(struct text note, size_t *at, struct text *out);

#endif
