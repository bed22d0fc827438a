/*
 * moment - a dossier as it stood: the fold of its entries, from the first.
 *
 * Orders and parcels are folded with it.  The entries are those that the
 * trail in its row names, out of core.journal.
 */
#ifndef MOMENT_H
#define MOMENT_H

#include "dossier.h"
#include "entry.h"
#include "fold.h"

enum { MOMENT_FOLDS = 2 };
extern const struct fold *const moment_folds[MOMENT_FOLDS];	/* fee.order, dispatch.parcel */

struct moment {
	struct dossier		dos;
	struct fold_rows	rows[MOMENT_FOLDS];
};

void moment_begin(struct moment *moment, const uint8_t id[UUID_BYTES]);

/* The next event. FAULT_PARK: it may not happen now, or fits no row; then the moment is of no use any more. */
ERR_CHECK enum fault moment_apply(struct moment *moment, const struct event *event, struct arena *arena,
    struct err *err);

#endif
