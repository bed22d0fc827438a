/* fold - see fold.h. */
#include "fold.h"

void *
fold_add(const struct fold *fold, struct fold_rows *rows, struct arena *arena)
{
	void *row;

	if (rows->n == FOLD_ROWS_MAX)
		return NULL;
	row = arena_take(arena, 1, fold->row_bytes);
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

enum fault
fold_misfit(const struct fold *fold, const struct event *event, struct err *err)
{
	return err_set(err, FAULT_PARK, "fold an event", "misfit", "%s fits no row of %s",
	    event_type_name(event->type), fold->table);
}
