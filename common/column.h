/*
 * column - one description of a row, for loading, saving, comparing, printing.
 *
 * A struct that mirrors a table lists its columns once; statements name them
 * in the same order.  C types of fields: DB_BOOL bool, DB_INT2 and DB_INT4
 * int32_t, DB_INT8 int64_t (INT_NONE = null), DB_TEXT and DB_BYTEA struct text
 * (absent = null), DB_UUID uint8_t[16], DB_TIME time_us (TIME_NONE = null).
 */
#ifndef COLUMN_H
#define COLUMN_H

#include "buf.h"
#include "db.h"

struct column {
	const char	*name;
	enum db_type	type;
	size_t		offset;
};

/* One array parameter a column, in order; rows are pointers to the structs. */
void columns_put(struct db_args *args, const struct column *columns, int n,
    const void *const *rows, size_t n_rows);

/* Columns first… of a result row into a struct; texts are copied into the arena. */
void columns_get(const struct rows *rows, int row, int first, const struct column *columns,
    int n, struct arena *arena, void *out);

/* A fresh struct has no null by itself: numbers and times start absent. */
void columns_clear(const struct column *columns, int n, void *row);

/* NULL when equal, else the first column that differs. */
const struct column *columns_differ(const struct column *columns, int n, const void *a,
    const void *b);

/* The value as text for people and for JSON (null, quoted, number). */
void column_write(const struct column *column, const void *row, struct buf *buf);

#endif
