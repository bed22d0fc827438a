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
	 * fold_add.  Reads nothing but its arguments.  FAULT_PARK, and nothing
	 * changed, when it fits no row or there are too many: for our own code
	 * that is a bug, for a replay a difference.
	 */
	ERR_CHECK enum fault	(*apply)(const struct event *event, struct fold_rows *rows, struct arena *arena,
				    struct err *err);
};

/* A fresh row with nulls absent, marked as changed; NULL when there are FOLD_ROWS_MAX of them. */
void *fold_add(const struct fold *fold, struct fold_rows *rows, struct arena *arena);

/* The row with that key, or -1. */
int fold_find(const struct fold *fold, const struct fold_rows *rows, struct text key);

/* What apply answers to an event that fits no row. */
enum fault fold_misfit(const struct fold *fold, const struct event *event, struct err *err);

#endif
