/* column - see column.h. */
#include "column.h"

#include "digest.h"

static const void *
field(const struct column *column, const void *row)
{
	return (const char *)row + column->offset;
}

static void
add_field(struct db_array *array, const struct column *column, const void *p)
{
	switch (column->type) {
	case DB_BOOL:
		db_add_bool(array, *(const bool *)p);
		break;
	case DB_INT2:
		db_add_int2(array, *(const int32_t *)p);
		break;
	case DB_INT4:
		db_add_int4(array, *(const int32_t *)p);
		break;
	case DB_INT8:
		db_add_int8(array, *(const int64_t *)p);
		break;
	case DB_TEXT:
	case DB_BYTEA:
		db_add_text(array, *(const struct text *)p);
		break;
	case DB_UUID:
		db_add_uuid(array, p);
		break;
	case DB_TIME:
		db_add_time(array, *(const time_us *)p);
		break;
	case DB_DATE:
	case DB_TID:
		bug("a column of dates or places");
	}
}

void
columns_put(struct db_args *args, const struct column *columns, int n, const void *const *rows,
    size_t n_rows)
{
	for (int c = 0; c < n; c++) {
		struct db_array *array = db_put_array(args, columns[c].type);

		for (size_t r = 0; r < n_rows; r++)
			add_field(array, &columns[c], field(&columns[c], rows[r]));
	}
}

static void
get_field(const struct rows *rows, int row, int at, const struct column *column,
    struct arena *arena, void *p)
{
	switch (column->type) {
	case DB_BOOL:
		*(bool *)p = rows_bool(rows, row, at);
		break;
	case DB_INT2:
	case DB_INT4:
		*(int32_t *)p = rows_int4(rows, row, at);
		break;
	case DB_INT8:
		*(int64_t *)p = rows_int8(rows, row, at);
		break;
	case DB_TEXT:
	case DB_BYTEA:
		*(struct text *)p = arena_text(arena, rows_text(rows, row, at));
		break;
	case DB_UUID:
		memcpy(p, rows_uuid(rows, row, at), UUID_BYTES);
		break;
	case DB_TIME:
		*(time_us *)p = rows_time(rows, row, at);
		break;
	case DB_DATE:
	case DB_TID:
		bug("a column of dates or places");
	}
}

void
columns_get(const struct rows *rows, int row, int first, const struct column *columns, int n,
    struct arena *arena, void *out)
{
	for (int c = 0; c < n; c++)
		get_field(rows, row, first + c, &columns[c], arena,
		    (char *)out + columns[c].offset);
}

void
columns_clear(const struct column *columns, int n, void *row)
{
	for (int c = 0; c < n; c++) {
		if (columns[c].type == DB_INT8)
			*(int64_t *)((char *)row + columns[c].offset) = INT_NONE;
		else if (columns[c].type == DB_TIME)
			*(time_us *)((char *)row + columns[c].offset) = TIME_NONE;
	}
}

static bool
field_equal(enum db_type type, const void *a, const void *b)
{
	const struct text *x = a, *y = b;

	switch (type) {
	case DB_BOOL:
		return *(const bool *)a == *(const bool *)b;
	case DB_INT2:
	case DB_INT4:
		return *(const int32_t *)a == *(const int32_t *)b;
	case DB_TEXT:
	case DB_BYTEA:
		return text_is_absent(*x) == text_is_absent(*y) && text_is_equal(*x, *y);
	case DB_UUID:
		return memcmp(a, b, UUID_BYTES) == 0;
	default:
		return *(const int64_t *)a == *(const int64_t *)b;
	}
}

const struct column *
columns_differ(const struct column *columns, int n, const void *a, const void *b)
{
	for (int c = 0; c < n; c++)
		if (!field_equal(columns[c].type, field(&columns[c], a), field(&columns[c], b)))
			return &columns[c];
	return NULL;
}

static void
write_bytes(struct buf *buf, struct text t)
{
	char hex[3];

	for (size_t i = 0; i < t.n; i++) {
		text_hex(t.s + i, 1, hex);
		buf_puts(buf, hex);
	}
}

void
column_write(const struct column *column, const void *row, struct buf *buf)
{
	const void *p = field(column, row);
	char stamp[TIME_TEXT_BYTES], uuid[UUID_TEXT_BYTES];

	switch (column->type) {
	case DB_BOOL:
		buf_puts(buf, *(const bool *)p ? "true" : "false");
		break;
	case DB_INT2:
	case DB_INT4:
		buf_int(buf, *(const int32_t *)p);
		break;
	case DB_INT8:
		if (*(const int64_t *)p == INT_NONE)
			buf_puts(buf, "null");
		else
			buf_int(buf, *(const int64_t *)p);
		break;
	case DB_TEXT:
		buf_json_text(buf, *(const struct text *)p);
		break;
	case DB_BYTEA:
		buf_puts(buf, "\"");
		write_bytes(buf, *(const struct text *)p);
		buf_puts(buf, "\"");
		break;
	case DB_UUID:
		uuid_to_text(p, uuid);
		buf_json_text(buf, text_of(uuid));
		break;
	case DB_TID:
		bug("a column of places");
	case DB_TIME:
	case DB_DATE:
		time_to_text(*(const time_us *)p, stamp);
		buf_json_text(buf, *(const time_us *)p == TIME_NONE ? TEXT_NONE : text_of(stamp));
		break;
	}
}
