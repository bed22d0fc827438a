/*
 * db - PostgreSQL; the only module that includes libpq.
 *
 * Everything is prepared, binary, and goes in trips: queue statements, then
 * one round trip for all of them (libpq's pipeline mode).  A trip has a
 * deadline.  A broken connection answers FAULT_RETRY, or FAULT_UNSURE when the
 * trip held the COMMIT: then the caller asks the database what became of it.
 */
#ifndef DB_H
#define DB_H

#include <stdint.h>

#include "clock.h"
#include "err.h"
#include "mem.h"

/* A named statement; tables of them are generated from .sql files. */
struct stmt {
	const char	*name;
	const char	*text;
};

enum db_type { DB_BOOL, DB_INT2, DB_INT4, DB_INT8, DB_TEXT, DB_BYTEA, DB_UUID, DB_TIME, DB_DATE, DB_TID };

enum { TID_BYTES = 6 };	/* where a row is: ctid, as PostgreSQL sends it */

#define INT_NONE INT64_MIN		/* null of DB_INT8 */

struct db;
struct db_args;
struct rows;

struct db_options {
	const char	*conninfo;	/* passed to libpq as it is: string or URI */
	const char	*role;		/* user, where conninfo names none */
	const char	*application;
	bool		worker;		/* short time-outs, plans by index only */
	int		statement_timeout_ms;
};

enum fault db_open(const struct db_options *options, struct db **out, struct err *err) ERR_CHECK;
void db_close(struct db *db);
bool db_is_broken(const struct db *db);

/* Prepares every statement, so that a bad one stops the process at start. */
enum fault db_prepare(struct db *db, const struct stmt *stmts, int n, struct err *err) ERR_CHECK;

/* Runs text that is not prepared (migrations): may hold several statements. */
enum fault db_script(struct db *db, const char *sql, struct err *err) ERR_CHECK;

/* Parameters, in order.  They live in the arena. */
struct db_args *db_args_new(struct arena *arena, int n_max);
void db_put_bool(struct db_args *args, bool v);
void db_put_int2(struct db_args *args, int v);
void db_put_int4(struct db_args *args, int32_t v);
void db_put_int8(struct db_args *args, int64_t v);
void db_put_text(struct db_args *args, struct text v);		/* absent = null */
void db_put_bytea(struct db_args *args, struct text v);
void db_put_uuid(struct db_args *args, const uint8_t v[16]);	/* NULL = null */
void db_put_time(struct db_args *args, time_us v);		/* TIME_NONE = null */
void db_put_date(struct db_args *args, int64_t days);		/* since 1970 */

/* An array parameter grows as elements are added; several may be filled side by side. */
struct db_array;
struct db_array *db_put_array(struct db_args *args, enum db_type type);
void db_add_bool(struct db_array *array, bool v);
void db_add_int2(struct db_array *array, int v);
void db_add_int4(struct db_array *array, int32_t v);
void db_add_int8(struct db_array *array, int64_t v);		/* INT_NONE = null */
void db_add_text(struct db_array *array, struct text v);	/* also DB_BYTEA */
void db_add_uuid(struct db_array *array, const uint8_t v[16]);
void db_add_time(struct db_array *array, time_us v);
void db_add_tid(struct db_array *array, const uint8_t v[TID_BYTES]);

/* Queue a statement for the next trip; the index of its rows after it. args may be NULL. */
int db_queue(struct db *db, const struct stmt *stmt, struct db_args *args);

/* Queue the ends of a transaction. */
void db_queue_begin(struct db *db);
void db_queue_commit(struct db *db);

/*
 * Send what is queued and read all answers.  On failure nothing of the
 * transaction stays (the connection is rolled back or broken) and err names
 * the statement.  commits: the trip ends a transaction.
 */
enum fault db_trip(struct db *db, bool commits, struct err *err) ERR_CHECK;

/* One statement, one trip. */
enum fault db_run(struct db *db, const struct stmt *stmt, struct db_args *args,
    const struct rows **out, struct err *err) ERR_CHECK;

/* Roll back whatever is open; a connection that cannot is marked broken. */
void db_rollback(struct db *db);

/* Answers of the last trip; they die with the next one. */
const struct rows *db_rows(const struct db *db, int index);
int rows_count(const struct rows *rows);
int rows_columns(const struct rows *rows);
int64_t rows_affected(const struct rows *rows);
bool rows_null(const struct rows *rows, int row, int column);
bool rows_bool(const struct rows *rows, int row, int column);
int32_t rows_int4(const struct rows *rows, int row, int column);	/* int2 too */
int64_t rows_int8(const struct rows *rows, int row, int column);	/* any integer; null = INT_NONE */
struct text rows_text(const struct rows *rows, int row, int column);	/* borrowed; null = absent */
time_us rows_time(const struct rows *rows, int row, int column);	/* null = TIME_NONE */
int64_t rows_date(const struct rows *rows, int row, int column);
const uint8_t *rows_uuid(const struct rows *rows, int row, int column);
const uint8_t *rows_tid(const struct rows *rows, int row, int column);
/* int8[] of exactly n elements into out; aborts otherwise: the schema promises it. */
void rows_int8s(const struct rows *rows, int row, int column, int64_t *out, int n);
double rows_float8(const struct rows *rows, int row, int column);

#endif
