/* db_args - parameters in PostgreSQL's binary forms; see db.h. */
#include "db_args.h"

static const struct { uint32_t oid; } types[] = {
	[DB_BOOL] = { 16 }, [DB_INT2] = { 21 }, [DB_INT4] = { 23 }, [DB_INT8] = { 20 },
	[DB_TEXT] = { 25 }, [DB_BYTEA] = { 17 }, [DB_UUID] = { 2950 }, [DB_TIME] = { 1184 },
	[DB_DATE] = { 1082 }, [DB_TID] = { 27 },
};

enum { ARRAY_HEAD_BYTES = 20 };

static void
store32(char *out, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		out[i] = (char)(v >> (24 - 8 * i));
}

static void
store64(char *out, uint64_t v)
{
	store32(out, (uint32_t)(v >> 32));
	store32(out + 4, (uint32_t)v);
}

static int64_t
pg_time(time_us v)
{
	return v == TIME_INFINITY ? INT64_MAX : v - PG_EPOCH_US;
}

struct db_args *
db_args_new(struct arena *arena, int n_max)
{
	struct db_args *args = ARENA_NEW(arena, struct db_args);

	args->arena = arena;
	args->n_max = n_max;
	args->values = ARENA_ARRAY(arena, const char *, (size_t)n_max);
	args->lengths = ARENA_ARRAY(arena, int, (size_t)n_max);
	args->formats = ARENA_ARRAY(arena, int, (size_t)n_max);
	return args;
}

static void
put(struct db_args *args, const char *value, size_t n)
{
	if (args->n == args->n_max)
		bug("more than %d parameters", args->n_max);
	args->values[args->n] = value;
	args->lengths[args->n] = (int)n;
	args->formats[args->n++] = 1;
}

static void
put_number(struct db_args *args, uint64_t v, size_t n)
{
	char bytes[8];

	store64(bytes, v);
	put(args, arena_copy(args->arena, bytes + 8 - n, n).s, n);
}

void db_put_bool(struct db_args *args, bool v) { put_number(args, v, 1); }
void db_put_int2(struct db_args *args, int v) { put_number(args, (uint64_t)v, 2); }
void db_put_int4(struct db_args *args, int32_t v) { put_number(args, (uint64_t)v, 4); }

void
db_put_int8(struct db_args *args, int64_t v)
{
	if (v == INT_NONE)
		put(args, NULL, 0);
	else
		put_number(args, (uint64_t)v, 8);
}

void
db_put_text(struct db_args *args, struct text v)
{
	/* libpq takes NULL for null, so an empty text needs an address. */
	put(args, v.s != NULL && v.n == 0 ? "" : v.s, v.n);
}

void
db_put_bytea(struct db_args *args, struct text v)
{
	db_put_text(args, v);
}

void
db_put_uuid(struct db_args *args, const uint8_t v[16])
{
	put(args, v != NULL ? arena_copy(args->arena, v, 16).s : NULL, v != NULL ? 16 : 0);
}

void
db_put_time(struct db_args *args, time_us v)
{
	if (v == TIME_NONE)
		put(args, NULL, 0);
	else
		put_number(args, (uint64_t)pg_time(v), 8);
}

void
db_put_date(struct db_args *args, int64_t days)
{
	put_number(args, (uint64_t)(days - PG_EPOCH_DAYS), 4);
}

/* --- arrays -------------------------------------------------------------- */

/* The head says how many elements follow; an array without any has no dimension. */
static void
store_head(struct db_array *array)
{
	char *head = array->buf.s;

	store32(head, array->n > 0);
	store32(head + 4, array->has_null);
	store32(head + 8, types[array->type].oid);
	if (array->n > 0) {
		store32(head + 12, (uint32_t)array->n);
		store32(head + 16, 1);
	}
	array->args->values[array->index] = head;
	array->args->lengths[array->index] = array->n > 0 ? (int)array->buf.n : 12;
}

struct db_array *
db_put_array(struct db_args *args, enum db_type type)
{
	struct db_array *array = ARENA_NEW(args->arena, struct db_array);
	char head[ARRAY_HEAD_BYTES] = { 0 };

	put(args, "", 0);
	array->args = args;
	array->index = args->n - 1;
	array->type = type;
	array->buf = buf_in(args->arena);
	buf_put(&array->buf, head, sizeof head);
	store_head(array);
	return array;
}

static void
add(struct db_array *array, const void *bytes, size_t n)
{
	char length[4];

	store32(length, bytes != NULL ? (uint32_t)n : UINT32_MAX);
	buf_put(&array->buf, length, sizeof length);
	if (bytes != NULL)
		buf_put(&array->buf, bytes, n);
	else
		array->has_null = true;
	array->n++;
	store_head(array);
}

static void
add_number(struct db_array *array, uint64_t v, size_t n)
{
	char bytes[8];

	store64(bytes, v);
	add(array, bytes + 8 - n, n);
}

void db_add_bool(struct db_array *array, bool v) { add_number(array, v, 1); }
void db_add_int2(struct db_array *array, int v) { add_number(array, (uint64_t)v, 2); }
void db_add_int4(struct db_array *array, int32_t v) { add_number(array, (uint64_t)v, 4); }

void
db_add_int8(struct db_array *array, int64_t v)
{
	if (v == INT_NONE)
		add(array, NULL, 0);
	else
		add_number(array, (uint64_t)v, 8);
}

void
db_add_text(struct db_array *array, struct text v)
{
	add(array, v.s != NULL && v.n == 0 ? "" : v.s, v.n);
}

void
db_add_uuid(struct db_array *array, const uint8_t v[16])
{
	add(array, v, 16);
}

void
db_add_tid(struct db_array *array, const uint8_t v[TID_BYTES])
{
	add(array, v, TID_BYTES);
}

void
db_add_time(struct db_array *array, time_us v)
{
	if (v == TIME_NONE)
		add(array, NULL, 0);
	else
		add_number(array, (uint64_t)pg_time(v), 8);
}
