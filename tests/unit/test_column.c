/*
 * column: one description of a row for statements, comparison and print; and
 * of dossier_columns, that it is what the SQL says: every column of
 * core.dossier, of its type, in the order of every statement.
 *
 * With DATABASE set to a libpq connection string, rows also go to a server and
 * come back; nothing is written there.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "core_stmt.h"
#include "dossier_save.h"
#include "file.h"

static struct arena *arena;

static void
setup(void)
{
	arena = arena_new(1 << 20);
}

static void
teardown(void)
{
	arena_free(arena);
}

TestSuite(column, .init = setup, .fini = teardown);

/* A row with every column set, each differently; n tells rows apart. */
static struct dossier *
row_of(int n)
{
	struct dossier *dos = ARENA_NEW(arena, struct dossier);
	uint8_t id[UUID_BYTES] = { 0x52, (uint8_t)n };

	dossier_init(dos, id);
	for (int c = 0; c < dossier_n_columns; c++) {
		const struct column *column = &dossier_columns[c];
		void *p = (char *)dos + column->offset;

		switch (column->type) {
		case DB_BOOL:
			*(bool *)p = n % 2 == 0;
			break;
		case DB_INT2:
		case DB_INT4:
			*(int32_t *)p = 100 * c + n;
			break;
		case DB_INT8:
			*(int64_t *)p = n == 1 ? INT64_MAX : -c - n;
			break;
		case DB_TEXT:
			*(struct text *)p = arena_printf(arena, "%s \"đ\" %d", column->name, n);
			break;
		case DB_BYTEA:
			*(struct text *)p = arena_copy(arena, "\0\xff\x01\x80", (size_t)(n % 5));
			break;
		case DB_TIME:
			*(time_us *)p = c * DAY_US - n;
			break;
		default:
			break;
		}
	}
	return dos;
}

/* Nulls wherever a column may be null; the rest as it comes. */
static struct dossier *
row_of_nulls(void)
{
	static const uint8_t id[UUID_BYTES] = { 0xff };
	struct dossier *dos = ARENA_NEW(arena, struct dossier);

	dossier_init(dos, id);
	dos->inputs = dos->trail = TEXT_NONE;
	return dos;
}

static void
expect_equal(const struct dossier *a, const struct dossier *b, const char *what)
{
	const struct column *column = columns_differ(dossier_columns, dossier_n_columns, a, b);

	cr_expect_null(column, "%s: %s", what, column != NULL ? column->name : "");
}

/* --- what the SQL says --------------------------------------------------- */

static struct text
file_of(const char *path)
{
	struct text whole;
	struct err err;

	cr_assert_eq(file_read(arena, path, 1 << 20, &whole, &err), FAULT_NONE,
	    "%s: run the tests from the root of the repository", err.text);
	return whole;
}

static enum db_type
type_named(const char *name)
{
	static const struct { const char *name; enum db_type type; } types[] = {
		{ "uuid", DB_UUID }, { "integer", DB_INT4 }, { "smallint", DB_INT2 }, { "bigint", DB_INT8 },
		{ "text", DB_TEXT }, { "bytea", DB_BYTEA }, { "timestamptz", DB_TIME }, { "boolean", DB_BOOL },
		{ "date", DB_DATE }, { "tid", DB_TID },
	};
	size_t n = strcspn(name, " ,[])\n");

	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (strlen(types[i].name) == n && strncmp(types[i].name, name, n) == 0)
			return types[i].type;
	cr_assert_fail("no such type: %.20s", name);
	return DB_BOOL;
}

static int
column_named(const char *name)
{
	for (int c = 0; c < dossier_n_columns; c++)
		if (strcmp(dossier_columns[c].name, name) == 0)
			return c;
	return -1;
}

/* The table as this migration makes it. */
static void
expect_table(const char *path)
{
	struct text sql = file_of(path);
	const char *line = strstr(sql.s, "create table core.dossier (\n");
	int n = 0;

	cr_assert_not_null(line);
	for (line = strchr(line, '\n') + 1; *line != ')'; line = strchr(line, '\n') + 1, n++) {
		char name[64], type[64];
		int c;

		cr_assert_eq(sscanf(line, " %63s %63[a-z0-9]", name, type), 2, "%.60s", line);
		c = column_named(name);
		cr_assert_geq(c, 0, "%s is not in dossier_columns", name);
		cr_expect_eq(dossier_columns[c].type, type_named(type), "%s is %s", name, type);
	}
	cr_assert_eq(n, dossier_n_columns, "the table has %d columns", n);
}

Test(column, every_column_of_the_table)
{
	expect_table("schemas/database/0001_core.sql");
	expect_table("schemas/database/0007_order.sql");
}

Test(column, one_of_each_name_and_place)
{
	for (int c = 0; c < dossier_n_columns; c++)
		for (int d = 0; d < c; d++) {
			cr_expect_str_neq(dossier_columns[c].name, dossier_columns[d].name);
			cr_expect_neq(dossier_columns[c].offset, dossier_columns[d].offset, "%s and %s",
			    dossier_columns[c].name, dossier_columns[d].name);
		}
	cr_assert_gt(dossier_n_fixed, 0);
	cr_assert_lt(dossier_n_fixed, dossier_n_columns);
}

/* The words from s up to the first that is none of a list: "a, b,\n\tc". */
static int
words(const char *s, char out[][40], int max)
{
	int n = 0;

	for (s += strspn(s, " \n\t("); n < max; n++) {
		size_t length = strspn(s, "abcdefghijklmnopqrstuvwxyz_0123456789.");

		cr_assert_gt(length, 0);
		snprintf(out[n], 40, "%.*s", (int)length, s);
		s += length;
		if (*s != ',')
			return n + 1;
		s += 1 + strspn(s + 1, " \n\t");
	}
	return n;
}

/* The types of "$1::uuid[], $2::integer[] …", in order. */
static int
parameters(const char *s, enum db_type *out, int max)
{
	char mark[24];
	int n = 0;

	for (const char *at; n < max; s = at, n++) {
		snprintf(mark, sizeof mark, "$%d::", n + 1);
		at = strstr(s, mark);
		if (at == NULL)
			return n;
		out[n] = type_named(at + strlen(mark));
	}
	return n;
}

static void
expect_columns(const char *what, char list[][40], int n, int first)
{
	for (int i = 0; i < n; i++)
		cr_expect_str_eq(list[i], dossier_columns[first + i].name, "%s, %d: %s, not %s", what, i, list[i],
		    dossier_columns[first + i].name);
}

Test(column, statements_that_read)
{
	static const int statements[] = { SQL_DOSSIER_LOCK, SQL_DOSSIER_LOCK_FREE, SQL_DOSSIER_LOAD };
	char list[80][40];

	for (size_t i = 0; i < 3; i++) {
		const struct stmt *stmt = core_stmt(statements[i]);

		bool locks = strstr(stmt->text, "for update") != NULL;

		cr_assert_eq(words(strstr(stmt->text, "select") + 6, list, 80), dossier_n_columns + locks, "%s", stmt->name);
		expect_columns(stmt->name, list, dossier_n_columns, 0);
		if (locks)
			cr_expect_str_eq(list[dossier_n_columns], "ctid");
	}
}

Test(column, statement_that_inserts)
{
	const char *sql = core_stmt(SQL_DOSSIER_INSERT)->text;
	char list[80][40];
	enum db_type types[80];

	cr_assert_eq(words(strchr(sql, '('), list, 80), dossier_n_columns);
	expect_columns("insert", list, dossier_n_columns, 0);
	cr_assert_eq(parameters(sql, types, 80), dossier_n_columns);
	for (int c = 0; c < dossier_n_columns; c++)
		cr_expect_eq(types[c], dossier_columns[c].type, "$%d, %s", c + 1, dossier_columns[c].name);
}

/* Its parameters are the place and what it saves; each "x = u.x" sets itself. */
static void
expect_saves(const struct dossier_save *save)
{
	const char *at = strstr(save->text, " set ") + 5;
	char list[80][40];
	enum db_type types[80];

	cr_assert_eq(save->n_saved + save->n_others, dossier_n_columns - dossier_n_fixed);
	for (int i = 0; i < save->n_saved; i++) {
		char left[40], right[40];

		cr_assert_eq(sscanf(at, " %39[a-z_] = u.%39[a-z_]", left, right), 2, "%.40s", at);
		cr_expect_str_eq(left, save->saved[i].name);
		cr_expect_str_eq(right, left);
		at += strcspn(at, ", ");
		at = strstr(at, i + 1 < save->n_saved ? ", " : " from ");
		cr_assert_not_null(at);
		at += i + 1 < save->n_saved ? 2 : 1;
	}
	cr_assert_eq(strncmp(at, "from", 4), 0, "something else is set: %.40s", at);
	cr_assert_eq(parameters(save->text, types, 80), save->n_saved + 1);
	cr_assert_eq(words(strstr(save->text, "as u(") + 4, list, 80), save->n_saved + 1);
	cr_expect_eq(types[0], DB_TID);
	for (int i = 0; i < save->n_saved; i++) {
		cr_expect_str_eq(list[i + 1], save->saved[i].name);
		cr_expect_eq(types[i + 1], save->saved[i].type, "$%d, %s", i + 2, list[i + 1]);
	}
}

Test(column, statements_that_save)
{
	struct dossier_save save;

	dossier_save_all(&save);
	expect_saves(&save);
	cr_expect_eq(save.n_others, 0);
	for (int stage = 0; stage < STAGES; stage++) {
		dossier_save_stage(&save, (enum stage)stage);
		expect_saves(&save);
		cr_expect_gt(save.n_others, 10, "%s saves more than its own", stage_name((enum stage)stage));
	}
}

/* Every change but that of a column which it does not save. */
Test(column, what_a_statement_saves_and_what_not)
{
	struct dossier_save save;

	dossier_save_stage(&save, STAGE_LOOKUP);
	for (int c = dossier_n_fixed; c < dossier_n_columns; c++) {
		struct dossier *before = row_of(1), *after = row_of(1), *other = row_of(2);
		const struct column *column = &dossier_columns[c];
		bool is_saved = false, differs;

		for (int i = 0; i < save.n_saved; i++)
			is_saved |= save.saved[i].offset == column->offset;
		memcpy((char *)after + column->offset, (char *)other + column->offset, column->type == DB_TEXT ||
		    column->type == DB_BYTEA ? sizeof(struct text) : column->type == DB_BOOL ? sizeof(bool) :
		    column->type == DB_INT8 || column->type == DB_TIME ? 8 : 4);
		differs = columns_differ(dossier_columns, dossier_n_columns, before, after) != NULL;
		cr_expect_eq(dossier_save_covers(&save, before, after), is_saved || !differs, "%s", column->name);
	}
}

/* What an event of this type, as its contract's example has it, changes of a dossier that knows nothing so far. */
static void
expect_covered(enum event_type type)
{
	enum stage stage = event_stage(type);
	struct dossier *before = row_of_nulls(), *after = row_of_nulls();
	struct event *event = event_new(arena, type);
	struct dossier_save save;
	struct record record;
	struct err err;
	int to;

	after->inputs = after->trail = before->inputs = before->trail = TEXT("");
	event->version = 1;
	event->number = 1;
	event->at = 1;
	event->input = TEXT("00112233445566778899aabbccddeeff");
	event_encode(event, arena, &record);
	record.value = file_of(arena_printf(arena, "schemas/messages/examples/%s/good-1.json", event_type_name(type)).s);
	cr_assert_eq(event_decode(&record, arena, &event, &err), FAULT_NONE, "%s: %s", event_type_name(type), err.text);
	for (int state = 0; state < 16 && !move_find(type, after->state[stage], &to); state++)
		after->state[stage] = before->state[stage] = state;
	cr_assert_eq(dossier_apply(after, event, arena, &err), FAULT_NONE, "%s", err.text);
	dossier_save_stage(&save, stage);
	cr_expect(dossier_save_covers(&save, before, after), "%s changes %s", event_type_name(type),
	    dossier_save_covers(&save, before, after) ? "" : columns_differ(save.others, save.n_others, before, after)->name);
}

Test(column, what_events_change_is_saved_by_their_stage)
{
	int n = 0;

	for (int type = 0; type < EVENT_TYPES; type++)
		if (!event_is_answer((enum event_type)type)) {
			expect_covered((enum event_type)type);
			n++;
		}
	cr_expect_gt(n, 40);
}

/* --- comparing ----------------------------------------------------------- */

Test(column, equal_rows)
{
	struct dossier *a = row_of(1), *b = row_of(1);

	expect_equal(a, b, "made twice");
	expect_equal(a, a, "itself");
	expect_equal(row_of_nulls(), row_of_nulls(), "nulls");
}

Test(column, each_single_change_is_found)
{
	for (int c = 0; c < dossier_n_columns; c++) {
		const struct column *column = &dossier_columns[c];
		struct dossier *a = row_of(2), *b = row_of(2);
		void *p = (char *)b + column->offset;

		switch (column->type) {
		case DB_BOOL:
			*(bool *)p = !*(bool *)p;
			break;
		case DB_INT2:
		case DB_INT4:
			++*(int32_t *)p;
			break;
		case DB_INT8:
		case DB_TIME:
			++*(int64_t *)p;
			break;
		case DB_UUID:
			((uint8_t *)p)[UUID_BYTES - 1] ^= 1;
			break;
		default:
			((struct text *)p)->n--;
			break;
		}
		cr_expect_eq(columns_differ(dossier_columns, dossier_n_columns, a, b), column, "%s", column->name);
		cr_expect_eq(columns_differ(dossier_columns, dossier_n_columns, b, a), column, "%s", column->name);
		cr_expect_null(columns_differ(dossier_columns, c, a, b), "%s is found too early", column->name);
	}
}

Test(column, null_is_a_value_of_its_own)
{
	for (int c = 0; c < dossier_n_columns; c++) {
		const struct column *column = &dossier_columns[c];
		struct dossier *a = row_of(2), *b = row_of(2);

		if (column->type == DB_TEXT || column->type == DB_BYTEA) {
			*(struct text *)(void *)((char *)a + column->offset) = TEXT("");
			*(struct text *)(void *)((char *)b + column->offset) = TEXT_NONE;
		} else if (column->type == DB_INT8 || column->type == DB_TIME) {
			*(int64_t *)(void *)((char *)a + column->offset) = 0;
			*(int64_t *)(void *)((char *)b + column->offset) = INT_NONE;
		} else
			continue;
		cr_expect_eq(columns_differ(dossier_columns, dossier_n_columns, a, b), column, "%s", column->name);
	}
}

Test(column, cleared)
{
	struct dossier *dos = row_of(3), *as_it_was = row_of(3);

	columns_clear(dossier_columns, dossier_n_columns, dos);
	for (int c = 0; c < dossier_n_columns; c++) {
		const struct column *column = &dossier_columns[c];

		if (column->type == DB_INT8 || column->type == DB_TIME)
			cr_expect_eq(*(int64_t *)(void *)((char *)dos + column->offset), INT_NONE, "%s", column->name);
		else
			cr_expect_null(columns_differ(column, 1, dos, as_it_was), "%s", column->name);
	}
}

/* --- printing ------------------------------------------------------------ */

struct sample {
	bool		yes;
	int32_t		small, whole;
	int64_t		big, none;
	struct text	words, empty, absent, bytes, no_bytes;
	uint8_t		id[16];
	time_us		at, never;
};

static const struct {
	struct column	column;
	const char	*written;
} written[] = {
#define AT(type, field) { #field, type, offsetof(struct sample, field) }
	{ AT(DB_BOOL, yes), "true" }, { AT(DB_INT2, small), "-1" }, { AT(DB_INT4, whole), "2147483647" },
	{ AT(DB_INT8, big), "9223372036854775807" }, { AT(DB_INT8, none), "null" },
	{ AT(DB_TEXT, words), "\"a\\\"\\nđ\"" }, { AT(DB_TEXT, empty), "\"\"" }, { AT(DB_TEXT, absent), "null" },
	{ AT(DB_BYTEA, bytes), "\"00ff1a\"" }, { AT(DB_UUID, id), "\"00010203-0405-0607-0809-0a0b0c0d0e0f\"" },
	{ AT(DB_TIME, at), "\"1970-01-01T00:00:01.000002Z\"" }, { AT(DB_TIME, never), "null" },
};

Test(column, written_for_people)
{
	struct sample sample = { true, -1, INT32_MAX, INT64_MAX, INT_NONE, TEXT("a\"\nđ"), TEXT(""), TEXT_NONE,
	    TEXT("\0\xff\x1a"), TEXT_NONE, { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 }, 1000002, TIME_NONE };

	for (size_t i = 0; i < sizeof written / sizeof *written; i++) {
		struct buf buf = buf_in(arena);

		column_write(&written[i].column, &sample, &buf);
		cr_expect_str_eq(buf_get(&buf).s, written[i].written);
	}
	sample.yes = false;
	{
		struct buf buf = buf_in(arena);

		column_write(&written[0].column, &sample, &buf);
		cr_expect_str_eq(buf_get(&buf).s, "false");
	}
}

/* --- there and back ------------------------------------------------------ */

/* The "select * from unnest(…)" of the insert by itself: every column of every type, and no table. */
Test(column, round_trip_through_a_database)
{
	const char *conninfo = getenv("DATABASE");
	struct db_options options = { .conninfo = conninfo, .role = "postgres", .application = "test_column" };
	struct stmt stmt = { "there_and_back", strstr(core_stmt(SQL_DOSSIER_INSERT)->text, "select * from unnest") };
	const void *sent[6];
	struct db *db = NULL;
	struct db_args *args;
	const struct rows *rows = NULL;
	struct err err = { 0 };

	if (conninfo == NULL)
		cr_skip("DATABASE is not set");
	for (int i = 0; i < 5; i++)
		sent[i] = row_of(i);
	sent[5] = row_of_nulls();
	cr_assert_eq(db_open(&options, &db, &err), FAULT_NONE, "%s", err.text);
	cr_assert_eq(db_prepare(db, &stmt, 1, &err), FAULT_NONE, "%s", err.text);
	args = db_args_new(arena, dossier_n_columns);
	/* smallint is narrower than its C type. */
	for (int i = 0; i < 5; i++)
		for (int s = 0; s < STAGES; s++)
			((struct dossier *)(uintptr_t)sent[i])->state[s] = s == i ? INT16_MAX : s - 2;
	columns_put(args, dossier_columns, dossier_n_columns, sent, 6);
	cr_assert_eq(db_run(db, &stmt, args, &rows, &err), FAULT_NONE, "%s", err.text);
	cr_assert_eq(rows_count(rows), 6);
	for (int i = 0; i < 6; i++) {
		struct dossier back;

		memset(&back, 0xee, sizeof back);
		columns_get(rows, i, 0, dossier_columns, dossier_n_columns, arena, &back);
		expect_equal(sent[i], &back, arena_printf(arena, "row %d", i).s);
	}
	db_close(db);
}
