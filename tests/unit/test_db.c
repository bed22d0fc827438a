/*
 * db: parameters in PostgreSQL's binary forms, against bytes made by hand from
 * its documentation and sources.
 *
 * With TEST_DATABASE set to a libpq connection string, values also go to a
 * server and come back; nothing is written there.
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>

#include "db_args.h"

static struct arena *arena;
static struct db_args *args;

static const uint8_t uuid[16] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 255 };

static void
setup(void)
{
	arena = arena_new(0);
	args = db_args_new(arena, 64);
}

static void
teardown(void)
{
	arena_free(arena);
}

TestSuite(db, .init = setup, .fini = teardown);

/* The i-th parameter is binary and exactly these bytes. */
static void
expect_bytes(int i, const char *what, const char *bytes, size_t n)
{
	cr_expect_eq(args->formats[i], 1, "%s", what);
	cr_assert_eq(args->lengths[i], (int)n, "%s: %d bytes, not %zu", what, args->lengths[i], n);
	cr_assert_not_null(args->values[i], "%s", what);
	cr_expect_eq(memcmp(args->values[i], bytes, n), 0, "%s", what);
}

#define EXPECT(put, bytes) do { \
	put; \
	expect_bytes(args->n - 1, #put, bytes, sizeof(bytes) - 1); \
} while (0)

#define EXPECT_NULL(put) do { \
	put; \
	cr_expect_null(args->values[args->n - 1], "%s", #put); \
} while (0)

/* --- single values ------------------------------------------------------- */

Test(db, numbers)
{
	EXPECT(db_put_bool(args, true), "\1");
	EXPECT(db_put_bool(args, false), "\0");
	EXPECT(db_put_int2(args, 0), "\0\0");
	EXPECT(db_put_int2(args, 258), "\1\2");
	EXPECT(db_put_int2(args, -1), "\xff\xff");
	EXPECT(db_put_int2(args, INT16_MAX), "\x7f\xff");
	EXPECT(db_put_int2(args, INT16_MIN), "\x80\0");
	EXPECT(db_put_int4(args, 0x01020304), "\1\2\3\4");
	EXPECT(db_put_int4(args, -2), "\xff\xff\xff\xfe");
	EXPECT(db_put_int4(args, INT32_MAX), "\x7f\xff\xff\xff");
	EXPECT(db_put_int4(args, INT32_MIN), "\x80\0\0\0");
	EXPECT(db_put_int8(args, INT64_C(0x0102030405060708)), "\1\2\3\4\5\6\7\x08");
	EXPECT(db_put_int8(args, -2), "\xff\xff\xff\xff\xff\xff\xff\xfe");
	EXPECT(db_put_int8(args, INT64_MAX), "\x7f\xff\xff\xff\xff\xff\xff\xff");
	EXPECT(db_put_int8(args, INT64_MIN + 1), "\x80\0\0\0\0\0\0\1");
	EXPECT_NULL(db_put_int8(args, INT_NONE));
}

Test(db, texts_and_bytes)
{
	EXPECT(db_put_text(args, TEXT("hồ")), "h\xe1\xbb\x93");
	EXPECT(db_put_text(args, TEXT("")), "");
	EXPECT(db_put_text(args, ((struct text){ "cut here", 3 })), "cut");
	EXPECT_NULL(db_put_text(args, TEXT_NONE));
	EXPECT(db_put_bytea(args, TEXT("\0\xff\0")), "\0\xff\0");
	EXPECT(db_put_bytea(args, TEXT("")), "");
	EXPECT_NULL(db_put_bytea(args, TEXT_NONE));
	EXPECT(db_put_uuid(args, uuid), "\0\1\2\3\4\5\6\7\x08\x09\x0a\x0b\x0c\x0d\x0e\xff");
	EXPECT_NULL(db_put_uuid(args, NULL));
}

/* PostgreSQL counts from 2000-01-01: microseconds, days. */
Test(db, times)
{
	EXPECT(db_put_time(args, INT64_C(946684800) * SECOND_US), "\0\0\0\0\0\0\0\0");
	EXPECT(db_put_time(args, INT64_C(946684800) * SECOND_US + 1), "\0\0\0\0\0\0\0\1");
	EXPECT(db_put_time(args, INT64_C(946684800) * SECOND_US - 1), "\xff\xff\xff\xff\xff\xff\xff\xff");
	EXPECT(db_put_time(args, 0), "\xff\xfc\xa2\xfe\xc4\xc8\x20\x00");
	EXPECT(db_put_time(args, TIME_INFINITY), "\x7f\xff\xff\xff\xff\xff\xff\xff");
	EXPECT_NULL(db_put_time(args, TIME_NONE));
	EXPECT(db_put_date(args, 10957), "\0\0\0\0");
	EXPECT(db_put_date(args, 10958), "\0\0\0\1");
	EXPECT(db_put_date(args, 10956), "\xff\xff\xff\xff");
	EXPECT(db_put_date(args, 0), "\xff\xff\xd5\x33");
}

Test(db, values_do_not_depend_on_their_source)
{
	uint8_t id[16];

	memcpy(id, uuid, sizeof id);
	db_put_uuid(args, id);
	memset(id, 0xee, sizeof id);
	expect_bytes(0, "uuid", (const char *)uuid, sizeof uuid);
}

Test(db, as_many_as_there_is_room_for)
{
	struct db_args *two = db_args_new(arena, 2);

	db_put_bool(two, true);
	db_put_array(two, DB_TEXT);
	cr_assert_eq(two->n, 2);
}

Test(db, one_too_many_is_our_bug, .signal = SIGABRT)
{
	struct db_args *two = db_args_new(arena, 2);

	db_put_bool(two, true);
	db_put_bool(two, true);
	db_put_bool(two, true);
}

/* --- arrays: dimensions, null flag, element type; length, lower bound; length-prefixed elements ------------- */

#define HEAD(oid, nulls, n) "\0\0\0\1" "\0\0\0" nulls "\0\0" oid "\0\0\0" n "\0\0\0\1"
#define NULL_ELEMENT "\xff\xff\xff\xff"

Test(db, arrays_of_nothing)
{
	static const struct { const char *name; enum db_type type; const char *oid; } cases[] = {
		{ "boolean", DB_BOOL, "\0\x10" }, { "smallint", DB_INT2, "\0\x15" }, { "integer", DB_INT4, "\0\x17" },
		{ "bigint", DB_INT8, "\0\x14" }, { "text", DB_TEXT, "\0\x19" }, { "bytea", DB_BYTEA, "\0\x11" },
		{ "uuid", DB_UUID, "\x0b\x86" }, { "timestamptz", DB_TIME, "\x04\xa0" }, { "date", DB_DATE, "\x04\x3a" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char bytes[12] = { 0 };

		memcpy(bytes + 10, cases[i].oid, 2);
		db_put_array(args, cases[i].type);
		expect_bytes((int)i, cases[i].name, bytes, sizeof bytes);
	}
}

#define EXPECT_ARRAY(what, type, bytes, ...) do { \
	struct db_array *a = db_put_array(args, type); \
	__VA_ARGS__ \
	expect_bytes(args->n - 1, what, bytes, sizeof(bytes) - 1); \
} while (0)

Test(db, arrays_of_every_type)
{
	EXPECT_ARRAY("boolean", DB_BOOL, HEAD("\0\x10", "\0", "\2") "\0\0\0\1\1" "\0\0\0\1\0",
	    db_add_bool(a, true); db_add_bool(a, false););
	EXPECT_ARRAY("smallint", DB_INT2, HEAD("\0\x15", "\0", "\2") "\0\0\0\2\1\2" "\0\0\0\2\x80\0",
	    db_add_int2(a, 258); db_add_int2(a, INT16_MIN););
	EXPECT_ARRAY("integer", DB_INT4, HEAD("\0\x17", "\0", "\2") "\0\0\0\4\1\2\3\4" "\0\0\0\4\xff\xff\xff\xff",
	    db_add_int4(a, 0x01020304); db_add_int4(a, -1););
	EXPECT_ARRAY("bigint", DB_INT8, HEAD("\0\x14", "\0", "\1") "\0\0\0\x08\1\2\3\4\5\6\7\x08",
	    db_add_int8(a, INT64_C(0x0102030405060708)););
	EXPECT_ARRAY("text", DB_TEXT, HEAD("\0\x19", "\0", "\2") "\0\0\0\4h\xe1\xbb\x93" "\0\0\0\0",
	    db_add_text(a, TEXT("hồ")); db_add_text(a, TEXT("")););
	EXPECT_ARRAY("bytea", DB_BYTEA, HEAD("\0\x11", "\0", "\1") "\0\0\0\3\0\xff\0",
	    db_add_text(a, TEXT("\0\xff\0")););
	EXPECT_ARRAY("uuid", DB_UUID, HEAD("\x0b\x86", "\0", "\1")
	    "\0\0\0\x10\0\1\2\3\4\5\6\7\x08\x09\x0a\x0b\x0c\x0d\x0e\xff", db_add_uuid(a, uuid););
	EXPECT_ARRAY("timestamptz", DB_TIME, HEAD("\x04\xa0", "\0", "\2") "\0\0\0\x08\xff\xfc\xa2\xfe\xc4\xc8\x20\x00"
	    "\0\0\0\x08\x7f\xff\xff\xff\xff\xff\xff\xff", db_add_time(a, 0); db_add_time(a, TIME_INFINITY););
}

Test(db, arrays_with_nulls)
{
	EXPECT_ARRAY("bigint", DB_INT8, HEAD("\0\x14", "\1", "\2") NULL_ELEMENT "\0\0\0\x08\0\0\0\0\0\0\0\0",
	    db_add_int8(a, INT_NONE); db_add_int8(a, 0););
	EXPECT_ARRAY("text", DB_TEXT, HEAD("\0\x19", "\1", "\3") "\0\0\0\0" NULL_ELEMENT "\0\0\0\1x",
	    db_add_text(a, TEXT("")); db_add_text(a, TEXT_NONE); db_add_text(a, TEXT("x")););
	EXPECT_ARRAY("uuid", DB_UUID, HEAD("\x0b\x86", "\1", "\1") NULL_ELEMENT, db_add_uuid(a, NULL););
	EXPECT_ARRAY("timestamptz", DB_TIME, HEAD("\x04\xa0", "\1", "\1") NULL_ELEMENT, db_add_time(a, TIME_NONE););
}

/* Arrays are filled side by side, and each grows past every allocation. */
Test(db, arrays_that_grow)
{
	struct db_array *numbers = db_put_array(args, DB_INT4), *texts = db_put_array(args, DB_TEXT);
	enum { N = 70000 };

	for (int i = 0; i < N; i++) {
		db_add_int4(numbers, i);
		db_add_text(texts, i % 2 == 0 ? TEXT("even") : TEXT_NONE);
	}
	cr_assert_eq(args->lengths[0], 20 + 8 * N);
	cr_assert_eq(args->lengths[1], 20 + 4 * N + 4 * (N / 2));
	cr_expect_arr_eq(args->values[0], "\0\0\0\1\0\0\0\0\0\0\0\x17\0\1\x11\x70\0\0\0\1", 20);
	cr_expect_arr_eq(args->values[1], "\0\0\0\1\0\0\0\1\0\0\0\x19\0\1\x11\x70\0\0\0\1", 20);
	for (int i = 0; i < N; i++) {
		const unsigned char *p = (const unsigned char *)args->values[0] + 20 + 8 * i;

		cr_assert_eq((p[4] << 24 | p[5] << 16 | p[6] << 8 | p[7]), i);
	}
}

/* --- there and back ------------------------------------------------------ */

static struct db *
opened(void)
{
	const char *conninfo = getenv("TEST_DATABASE");
	struct db_options options = { .conninfo = conninfo, .role = "postgres", .application = "test_db" };
	struct db *db = NULL;
	struct err err = { 0 };

	if (conninfo == NULL)
		cr_skip("TEST_DATABASE is not set");
	cr_assert_eq(db_open(&options, &db, &err), FAULT_NONE, "%s", err.text);
	return db;
}

static const struct rows *
answer(struct db *db, const struct stmt *stmt)
{
	const struct rows *rows = NULL;
	struct err err = { 0 };

	cr_assert_eq(db_prepare(db, stmt, 1, &err), FAULT_NONE, "%s", err.text);
	cr_assert_eq(db_run(db, stmt, args, &rows, &err), FAULT_NONE, "%s", err.text);
	return rows;
}

Test(db, values_there_and_back)
{
	static const struct stmt stmt = { "values", "select $1::boolean, $2::smallint, $3::integer, $4::bigint, $5::text, "
	    "$6::bytea, $7::uuid, $8::timestamptz, $9::date, $10::bigint, $11::text, $12::uuid, $13::timestamptz, "
	    "$14::timestamptz, $15::text, $8::timestamptz = '2026-11-22 04:30:22.000123+00', $9::date = '2026-11-22', "
	    "$13::timestamptz = 'infinity', array[1, -2, $4::bigint], 1.5::double precision" };
	struct db *db = opened();
	const struct rows *rows;
	int64_t three[3] = { 0 };

	db_put_bool(args, true);
	db_put_int2(args, -300);
	db_put_int4(args, INT32_MIN);
	db_put_int8(args, INT64_MIN + 1);
	db_put_text(args, TEXT("hồ sơ"));
	db_put_bytea(args, TEXT("\0\xff"));
	db_put_uuid(args, uuid);
	db_put_time(args, INT64_C(1795321822000123));
	db_put_date(args, days_from_civil(2026, 11, 22));
	db_put_int8(args, INT_NONE);
	db_put_text(args, TEXT_NONE);
	db_put_uuid(args, NULL);
	db_put_time(args, TIME_INFINITY);
	db_put_time(args, TIME_NONE);
	db_put_text(args, TEXT(""));
	rows = answer(db, &stmt);
	cr_assert_eq(rows_count(rows), 1);
	cr_assert_eq(rows_columns(rows), 20);
	cr_expect(rows_bool(rows, 0, 0));
	cr_expect_eq(rows_int4(rows, 0, 1), -300);
	cr_expect_eq(rows_int8(rows, 0, 1), -300);
	cr_expect_eq(rows_int4(rows, 0, 2), INT32_MIN);
	cr_expect_eq(rows_int8(rows, 0, 3), INT64_MIN + 1);
	cr_expect(text_is(rows_text(rows, 0, 4), "hồ sơ"));
	cr_expect(text_is_equal(rows_text(rows, 0, 5), TEXT("\0\xff")));
	cr_expect_arr_eq(rows_uuid(rows, 0, 6), uuid, 16);
	cr_expect_eq(rows_time(rows, 0, 7), INT64_C(1795321822000123));
	cr_expect_eq(rows_date(rows, 0, 8), days_from_civil(2026, 11, 22));
	cr_expect(rows_null(rows, 0, 9));
	cr_expect_eq(rows_int8(rows, 0, 9), INT_NONE);
	cr_expect(text_is_absent(rows_text(rows, 0, 10)));
	cr_expect_null(rows_uuid(rows, 0, 11));
	cr_expect_eq(rows_time(rows, 0, 12), TIME_INFINITY);
	cr_expect_eq(rows_time(rows, 0, 13), TIME_NONE);
	cr_expect(text_is(rows_text(rows, 0, 14), "") && !rows_null(rows, 0, 14));
	cr_expect(rows_bool(rows, 0, 15), "the server's own reading of the time");
	cr_expect(rows_bool(rows, 0, 16), "the server's own reading of the date");
	cr_expect(rows_bool(rows, 0, 17), "the server's own infinity");
	rows_int8s(rows, 0, 18, three, 3);
	cr_expect(three[0] == 1 && three[1] == -2 && three[2] == INT64_MIN + 1);
	cr_expect_float_eq(rows_float8(rows, 0, 19), 1.5, 0);
	db_close(db);
}

Test(db, arrays_there_and_back)
{
	static const struct stmt stmt = { "arrays", "select * from unnest($1::boolean[], $2::smallint[], $3::integer[], "
	    "$4::bigint[], $5::text[], $6::bytea[], $7::uuid[], $8::timestamptz[])" };
	enum { N = 300 };
	struct db *db = opened();
	struct db_array *a[8];
	const struct rows *rows;

	for (int t = 0; t < 8; t++)
		a[t] = db_put_array(args, (enum db_type)t);
	for (int i = 0; i < N; i++) {
		bool null = i % 3 == 0;

		db_add_bool(a[0], i % 2 == 0);
		db_add_int2(a[1], i - 150);
		db_add_int4(a[2], i * 1000000);
		db_add_int8(a[3], null ? INT_NONE : -i);
		db_add_text(a[4], null ? TEXT_NONE : arena_printf(arena, "%*s", i, ""));
		db_add_text(a[5], null ? TEXT_NONE : TEXT("\0\1"));
		db_add_uuid(a[6], null ? NULL : uuid);
		db_add_time(a[7], null ? TIME_NONE : i == 1 ? TIME_INFINITY : i * DAY_US);
	}
	rows = answer(db, &stmt);
	cr_assert_eq(rows_count(rows), N);
	for (int i = 0; i < N; i++) {
		bool null = i % 3 == 0;

		cr_assert_eq(rows_bool(rows, i, 0), i % 2 == 0);
		cr_assert_eq(rows_int4(rows, i, 1), i - 150);
		cr_assert_eq(rows_int4(rows, i, 2), i * 1000000);
		for (int c = 3; c < 8; c++)
			cr_assert_eq(rows_null(rows, i, c), null, "%d, column %d", i, c);
		if (null)
			continue;
		cr_assert_eq(rows_int8(rows, i, 3), -i);
		cr_assert_eq(rows_text(rows, i, 4).n, (size_t)i);
		cr_assert(text_is_equal(rows_text(rows, i, 5), TEXT("\0\1")));
		cr_assert_arr_eq(rows_uuid(rows, i, 6), uuid, 16);
		cr_assert_eq(rows_time(rows, i, 7), i == 1 ? TIME_INFINITY : i * DAY_US);
	}
	db_close(db);
}

Test(db, arrays_of_nothing_there_and_back)
{
	static const struct stmt stmt = { "nothing", "select cardinality($1::bigint[]), cardinality($2::text[]), "
	    "cardinality($3::uuid[]), cardinality($4::timestamptz[]), cardinality($5::bytea[]), cardinality($6::boolean[]), "
	    "cardinality($7::date[])" };
	static const enum db_type types[] = { DB_INT8, DB_TEXT, DB_UUID, DB_TIME, DB_BYTEA, DB_BOOL, DB_DATE };
	struct db *db = opened();
	const struct rows *rows;

	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		db_put_array(args, types[i]);
	rows = answer(db, &stmt);
	for (int i = 0; i < 7; i++)
		cr_expect_eq(rows_int8(rows, 0, i), 0, "$%d", i + 1);
	db_close(db);
}

/* What the server refuses, by the class of its code. */
Test(db, faults_by_sqlstate)
{
	static const struct { const char *name, *sql; enum fault fault; const char *code; } cases[] = {
		{ "bad number", "select 'x'::text::integer", FAULT_PARK, "22P02" },
		{ "division by zero", "select 1 / (length('x') - 1)", FAULT_PARK, "22012" },
		{ "raised", "do $$ begin raise exception 'no'; end $$", FAULT_RETRY, "P0001" },
		{ "serialization", "do $$ begin raise exception 'no' using errcode = '40001'; end $$", FAULT_RETRY, "40001" },
		{ "unique", "do $$ begin raise exception 'no' using errcode = '23505'; end $$", FAULT_PARK, "23505" },
		{ "corrupted", "do $$ begin raise exception 'no' using errcode = 'XX001'; end $$", FAULT_FATAL, "XX001" },
		{ "no such table", "select * from no_such_table", FAULT_FATAL, "42P01" },
	};
	struct db *db = opened();

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct stmt stmt = { cases[i].name, cases[i].sql };
		struct err err = { 0 };
		enum fault fault = db_prepare(db, &stmt, 1, &err);

		if (fault == FAULT_NONE)
			fault = db_run(db, &stmt, NULL, NULL, &err);
		cr_expect_eq(fault, cases[i].fault, "%s", cases[i].name);
		cr_expect_str_eq(err.code, cases[i].code, "%s", cases[i].name);
		cr_expect(!db_is_broken(db), "%s", cases[i].name);
	}
	db_close(db);
}
