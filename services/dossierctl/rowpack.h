/*
 * rowpack - a row as bytes: small to keep by the million, equal when the rows are.
 */
#ifndef ROWPACK_H
#define ROWPACK_H

#include "column.h"

struct packed {
	char		*bytes;		/* allocated; NULL: no row */
	uint32_t	n, room;
};

/* Keeps the row in out, whose room is used again.  scratch is only passed through. */
void row_pack(const struct column *columns, int n, const void *row, struct arena *scratch,
    struct packed *out);

/* The reverse; texts are borrowed from packed and die when it changes. */
void row_unpack(const struct column *columns, int n, const struct packed *packed, void *row);

bool packed_equal(const struct packed *a, const struct packed *b);
void packed_free(struct packed *packed);

#endif
