/*
 * dossier_save - how a stage writes new versions of dossiers.
 *
 * A dossier has some thirty columns that change, and an event changes a few.
 * PostgreSQL takes as long over the columns of an update, each an array, as
 * over the rest of it; so each stage has a statement of its own with what its
 * events change, and one with everything for a dossier of which more has
 * changed: the list is for speed, and decides nothing.
 *
 * Rows are found by where they are (ctid), as they were locked in the same
 * transaction: what is locked is not moved by anybody else.
 */
#ifndef DOSSIER_SAVE_H
#define DOSSIER_SAVE_H

#include "column.h"
#include "dossier.h"

enum { DOSSIER_COLUMNS_MAX = 48, DOSSIER_SAVE_BYTES = 2048 };

struct dossier_save {
	struct stmt	stmt;		/* $1 tid[], then an array for each of saved */
	struct column	saved[DOSSIER_COLUMNS_MAX], others[DOSSIER_COLUMNS_MAX];	/* of those that change */
	int		n_saved, n_others;
	char		name[32], text[DOSSIER_SAVE_BYTES];
};

/* What the events of a stage change. */
void dossier_save_stage(struct dossier_save *save, enum stage stage);

/* Every column that is not fixed. */
void dossier_save_all(struct dossier_save *save);

/* Has nothing changed but what it saves? */
bool dossier_save_covers(const struct dossier_save *save, const struct dossier *before, const struct dossier *after);

#endif
