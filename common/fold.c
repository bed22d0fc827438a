/* fold - see fold.h. */
#include "fold.h"

void *
fold_add(const struct fold *fold, struct fold_rows *rows, struct arena *arena)
{
	void *row = arena_take(arena, 1, fold->row_bytes);

	if (rows->n == FOLD_ROWS_MAX)
		bug("%s: more than %d rows of one dossier", fold->table, FOLD_ROWS_MAX);
	columns_clear(fold->columns, fold->n_columns, row);
	rows->changed[rows->n] = true;
	rows->row[rows->n++] = row;
	return row;
}

int
fold_find(const struct fold *fold, const struct fold_rows *rows, struct text key)
{
	for (int i = 0; i < rows->n; i++) {
		const struct text *found = (const void *)((const char *)rows->row[i] +
		    fold->columns[0].offset);

		if (text_is_equal(*found, key))
			return i;
	}
	return -1;
}
