/*
 * fold - a stage's own rows about money or parcels, as pure folds of its journal.
 *
 * The worker applies every event that its stage gives; a replay applies the
 * same events and must arrive at the same rows (promise 6).  The first column
 * is the text key, the second the dossier's id.
 */
#ifndef FOLD_H
#define FOLD_H

#include "column.h"
#include "event.h"

enum { FOLD_ROWS_MAX = 16 };

/* The rows of one dossier. */
struct fold_rows {
	int	n;
	void	*row[FOLD_ROWS_MAX];
	bool	changed[FOLD_ROWS_MAX];
};

struct fold {
	const char		*table;		/* "fee.order" */
	enum stage		stage;		/* whose events it folds */
	const struct column	*columns;
	int			n_columns;
	size_t			row_bytes;
	/*
	 * Apply one applied event: change a row (and mark it), or add one with
	 * fold_add.  Reads nothing but its arguments.  An event that fits no row
	 * is our own bug.
	 */
	void			(*apply)(const struct event *event, struct fold_rows *rows, struct arena *arena);
};

/* A fresh row with nulls absent, marked as changed. */
void *fold_add(const struct fold *fold, struct fold_rows *rows, struct arena *arena);

/* The row with that key, or -1. */
int fold_find(const struct fold *fold, const struct fold_rows *rows, struct text key);

#endif
