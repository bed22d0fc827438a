/*
 * db - see db.h.
 *
 * The connection is non-blocking: a trip writes and reads as the socket
 * allows, so that neither side waits on a full buffer, and its deadline holds
 * whatever the server does.
 */
#include "db.h"

#include <errno.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "db_args.h"
#include "kill_point.h"

enum { TRIP_MAX = 256, CONNECT_OPTIONS_MAX = 64 };

struct rows {
	PGresult	*result;
};

struct db {
	PGconn			*conn;
	int			timeout_ms;	/* of a trip */
	bool			broken;
	bool			prepares;	/* the trip at hand */
	int			n_queued;
	int			n_rows;
	const struct stmt	*queued[TRIP_MAX];
	struct rows		rows[TRIP_MAX];
};

static const struct stmt control[] = { { "begin", "begin" }, { "commit", "commit" } };

/* --- faults -------------------------------------------------------------- */

/* SQLSTATE (or its class) -> what now.  Unknown: retry, a human will see it repeat. */
static enum fault
fault_of_sqlstate(const char *state)
{
	static const struct { const char *prefix; enum fault fault; } table[] = {
		{ "22", FAULT_PARK }, { "23", FAULT_PARK },
		{ "28", FAULT_FATAL }, { "3D", FAULT_FATAL }, { "3F", FAULT_FATAL },
		{ "42", FAULT_FATAL }, { "0A", FAULT_FATAL }, { "XX001", FAULT_FATAL },
	};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (strncmp(state, table[i].prefix, strlen(table[i].prefix)) == 0)
			return table[i].fault;
	return FAULT_RETRY;
}

/* A demoted or stopping server: only another connection can help. */
static bool
is_gone(const char *state)
{
	return strcmp(state, "25006") == 0 || strncmp(state, "57P0", 4) == 0;
}

static enum fault
fault_of_result(const PGresult *result, const char *op, struct err *err)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	const char *constraint = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);

	/* Without a state it is libpq's own word: the connection is gone. */
	if (state == NULL)
		state = "08006";
	/* The detail may quote values of the row: never into a log. */
	return err_set(err, fault_of_sqlstate(state), op, state, "%s%s%s",
	    text != NULL ? text : PQresultErrorMessage(result),
	    constraint != NULL ? " constraint " : "", constraint != NULL ? constraint : "");
}

static enum fault
broken(struct db *db, bool commits, const char *op, struct err *err)
{
	db->broken = true;
	return err_set(err, commits ? FAULT_UNSURE : FAULT_RETRY, op, "08006", "database: %s",
	    PQerrorMessage(db->conn));
}

/* --- connecting ---------------------------------------------------------- */

struct settings {
	const char	*keys[CONNECT_OPTIONS_MAX];
	const char	*values[CONNECT_OPTIONS_MAX];
	int		n;
};

static void
setting(struct settings *s, const char *key, const char *value)
{
	for (int i = 0; i < s->n; i++)
		if (strcmp(s->keys[i], key) == 0)
			return;		/* what the operator said stands */
	s->keys[s->n] = key;
	s->values[s->n++] = value;
}

/*
 * A worker's session holds locks that other stages need, so whatever stops it
 * frees them soon (promise 11).  Its few statements all go by key: plans are
 * made once, while the tables are still empty, and must not become scans.
 */
static const char worker_session[] =
    "-c idle_in_transaction_session_timeout=5000 -c lock_timeout=4000 -c statement_timeout=6000 "
    "-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off "
    "-c plan_cache_mode=force_generic_plan -c jit=off -c timezone=UTC";

static enum fault
connect_with(const struct db_options *options, PQconninfoOption *given, PGconn **out,
    struct err *err)
{
	struct settings s = { .n = 0 };
	PGconn *conn;

	char session[1024] = "-c timezone=UTC";

	if (options->worker)
		snprintf(session, sizeof session, "%s", worker_session);
	for (PQconninfoOption *o = given; o->keyword != NULL && s.n < CONNECT_OPTIONS_MAX - 12; o++) {
		if (o->val == NULL)
			continue;
		/* The operator's options come first: ours, which bound every wait, stand behind them. */
		if (strcmp(o->keyword, "options") == 0)
			snprintf(session, sizeof session, "%s %s", o->val,
			    options->worker ? worker_session : "-c timezone=UTC");
		else
			setting(&s, o->keyword, o->val);
	}
	if (options->role != NULL)
		setting(&s, "user", options->role);
	setting(&s, "application_name", options->application);
	setting(&s, "connect_timeout", "5");
	setting(&s, "tcp_user_timeout", "5000");
	setting(&s, "keepalives_idle", "5");
	setting(&s, "target_session_attrs", "read-write");
	setting(&s, "options", session);
	s.keys[s.n] = s.values[s.n] = NULL;
	conn = PQconnectdbParams(s.keys, s.values, 0);
	if (conn == NULL)
		bug("out of memory");
	if (PQstatus(conn) != CONNECTION_OK) {
		err_set(err, FAULT_RETRY, "connect to the database", "08001", "%s",
		    PQerrorMessage(conn));
		PQfinish(conn);
		return err->fault;
	}
	*out = conn;
	return FAULT_NONE;
}

static void
notice_nothing(void *unused, const PGresult *result)
{
	(void)unused;
	(void)result;
}

enum fault
db_open(const struct db_options *options, struct db **out, struct err *err)
{
	char *why = NULL;
	PQconninfoOption *given = PQconninfoParse(options->conninfo, &why);
	PGconn *conn = NULL;
	enum fault fault;
	struct db *db;

	if (given == NULL) {
		fault = err_set(err, FAULT_FATAL, "read the database parameter", "config", "%s",
		    why != NULL ? why : "out of memory");
		PQfreemem(why);
		return fault;
	}
	fault = connect_with(options, given, &conn, err);
	PQconninfoFree(given);
	if (fault != FAULT_NONE)
		return fault;
	PQsetNoticeProcessor(conn, NULL, NULL);
	PQsetNoticeReceiver(conn, notice_nothing, NULL);
	db = mem_new(1, sizeof *db);
	db->conn = conn;
	db->timeout_ms = options->statement_timeout_ms > 0 ? options->statement_timeout_ms : 8000;
	fault = db_prepare(db, control, sizeof control / sizeof *control, err);
	if (fault != FAULT_NONE) {
		db_close(db);
		return fault;
	}
	*out = db;
	return FAULT_NONE;
}

static void
rows_clear(struct db *db)
{
	for (int i = 0; i < db->n_rows; i++) {
		PQclear(db->rows[i].result);
		db->rows[i].result = NULL;
	}
	db->n_rows = 0;
}

void
db_close(struct db *db)
{
	if (db == NULL)
		return;
	rows_clear(db);
	PQfinish(db->conn);
	free(db);
}

bool
db_is_broken(const struct db *db)
{
	return db == NULL || db->broken || PQstatus(db->conn) != CONNECTION_OK;
}

enum fault
db_script(struct db *db, const char *sql, struct err *err)
{
	PGresult *result = PQexec(db->conn, sql);
	enum fault fault = FAULT_NONE;

	if (PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK)
		fault = fault_of_result(result, "script", err);
	PQclear(result);
	return fault;
}

/* --- trips --------------------------------------------------------------- */

/* Before what is to be sent, the first of a trip. */
static void
trip_begin(struct db *db)
{
	if (db->n_queued == 0) {
		rows_clear(db);
		if (!db->broken && (PQsetnonblocking(db->conn, 1) != 0 ||
		    PQenterPipelineMode(db->conn) != 1))
			db->broken = true;
	}
	if (db->n_queued == TRIP_MAX)
		bug("more than %d statements in a trip", TRIP_MAX);
}

int
db_queue(struct db *db, const struct stmt *stmt, struct db_args *args)
{
	trip_begin(db);
	if (!db->broken && PQsendQueryPrepared(db->conn, stmt->name, args != NULL ? args->n : 0,
	    args != NULL ? args->values : NULL, args != NULL ? args->lengths : NULL,
	    args != NULL ? args->formats : NULL, 1) != 1)
		db->broken = true;
	db->queued[db->n_queued] = stmt;
	return db->n_queued++;
}

void
db_queue_begin(struct db *db)
{
	db_queue(db, &control[0], NULL);
}

void
db_queue_commit(struct db *db)
{
	db_queue(db, &control[1], NULL);
}

/* Wait until the socket can be read (or written, where there is something to write). */
static bool
wait_socket(struct db *db, int64_t deadline_us)
{
	int flush = PQflush(db->conn);
	int64_t left = (deadline_us - clock_span_us()) / 1000;
	struct pollfd fd = { .fd = PQsocket(db->conn),
	    .events = (short)(POLLIN | (flush == 1 ? POLLOUT : 0)) };

	int ready;

	if (flush < 0 || left < 0 || fd.fd < 0)
		return false;
	ready = poll(&fd, 1, (int)left + 1);
	/* A signal that tells us to stop has broken no connection: look again. */
	if (ready <= 0)
		return ready < 0 && errno == EINTR;
	return (fd.revents & (POLLIN | POLLERR | POLLHUP)) == 0 || PQconsumeInput(db->conn) == 1;
}

/* The next result, or NULL between statements; false when the connection is gone. */
static bool
next_result(struct db *db, int64_t deadline_us, PGresult **out)
{
	while (PQisBusy(db->conn)) {
		if (!wait_socket(db, deadline_us))
			return false;
	}
	*out = PQgetResult(db->conn);
	return true;
}

/* All results of statement i; its last one is kept.  False: connection gone. */
static bool
read_statement(struct db *db, int i, int64_t deadline_us, enum fault *fault, struct err *err)
{
	PGresult *result;

	for (;;) {
		ExecStatusType status;

		if (!next_result(db, deadline_us, &result))
			return false;
		if (result == NULL)
			return PQstatus(db->conn) == CONNECTION_OK;
		status = PQresultStatus(result);
		if (status == PGRES_FATAL_ERROR && *fault == FAULT_NONE) {
			*fault = fault_of_result(result, db->queued[i]->name, err);
			db->broken |= is_gone(err->code);
		}
		else if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK &&
		    status != PGRES_PIPELINE_ABORTED && *fault == FAULT_NONE)
			*fault = err_set(err, FAULT_RETRY, db->queued[i]->name, "protocol",
			    "unexpected answer %s", PQresStatus(status));
		PQclear(db->rows[i].result);
		db->rows[i].result = result;
		if (db->n_rows <= i)
			db->n_rows = i + 1;
	}
}

static bool
read_sync(struct db *db, int64_t deadline_us)
{
	PGresult *result;
	bool ok;

	if (!next_result(db, deadline_us, &result) || result == NULL)
		return false;
	ok = PQresultStatus(result) == PGRES_PIPELINE_SYNC;
	PQclear(result);
	return ok && PQexitPipelineMode(db->conn) == 1 && PQsetnonblocking(db->conn, 0) == 0;
}

/* The places between sending and reading: only when all of it has left. */
static void
pass_sent(struct db *db, bool commits, int64_t deadline_us)
{
	while (PQflush(db->conn) == 1)
		if (!wait_socket(db, deadline_us))
			return;
	if (commits)
		kill_point(KILL_COMMIT_SENT);
	else if (db->queued[0] == &control[0] && !db->prepares)
		kill_point(KILL_FENCE_SENT);
}

enum fault
db_trip(struct db *db, bool commits, struct err *err)
{
	int64_t deadline_us = clock_span_us() + db->timeout_ms * INT64_C(1000);
	enum fault fault = FAULT_NONE;
	int n = db->n_queued;

	db->n_queued = 0;
	if (n == 0)
		bug("empty trip");
	if (db->broken || PQpipelineSync(db->conn) != 1)
		return broken(db, commits, db->queued[n - 1]->name, err);
	if (kill_points_armed)
		pass_sent(db, commits, deadline_us);
	for (int i = 0; i < n; i++)
		if (!read_statement(db, i, deadline_us, &fault, err))
			return broken(db, commits, db->queued[i]->name, err);
	if (!read_sync(db, deadline_us))
		return broken(db, commits, "sync", err);
	if (fault == FAULT_NONE && commits && PQtransactionStatus(db->conn) != PQTRANS_IDLE)
		fault = err_set(err, FAULT_RETRY, "commit", "", "the transaction did not end");
	if (fault != FAULT_NONE)
		db_rollback(db);
	return fault;
}

/* In one trip: over a slow network a connection is ready as soon as that, and the deadline holds. */
enum fault
db_prepare(struct db *db, const struct stmt *stmts, int n, struct err *err)
{
	enum fault fault;

	for (int i = 0; i < n; i++) {
		trip_begin(db);
		if (!db->broken && PQsendPrepare(db->conn, stmts[i].name, stmts[i].text, 0, NULL) != 1)
			db->broken = true;
		db->queued[db->n_queued++] = &stmts[i];
	}
	if (n == 0)
		return FAULT_NONE;
	db->prepares = true;
	fault = db_trip(db, false, err);
	db->prepares = false;
	return fault;
}

enum fault
db_run(struct db *db, const struct stmt *stmt, struct db_args *args, const struct rows **out,
    struct err *err)
{
	enum fault fault;

	db_queue(db, stmt, args);
	fault = db_trip(db, false, err);
	if (fault == FAULT_NONE && out != NULL)
		*out = db_rows(db, 0);
	return fault;
}

void
db_rollback(struct db *db)
{
	int64_t deadline_us = clock_span_us() + db->timeout_ms * INT64_C(1000);
	PGresult *result = NULL;
	bool done = false;

	if (db_is_broken(db) || PQtransactionStatus(db->conn) == PQTRANS_IDLE)
		return;
	db->broken = PQsendQuery(db->conn, "rollback") != 1;
	while (!db->broken) {
		if (!next_result(db, deadline_us, &result))
			db->broken = true;
		else if (result == NULL)
			break;
		else {
			done = PQresultStatus(result) == PGRES_COMMAND_OK;
			PQclear(result);
		}
	}
	db->broken |= !done;
}

/* --- reading ------------------------------------------------------------- */

const struct rows *
db_rows(const struct db *db, int index)
{
	if (index >= db->n_rows)
		bug("no rows of statement %d", index);
	return &db->rows[index];
}

int
rows_count(const struct rows *rows)
{
	return PQntuples(rows->result);
}

int
rows_columns(const struct rows *rows)
{
	return PQnfields(rows->result);
}

int64_t
rows_affected(const struct rows *rows)
{
	return atoll(PQcmdTuples(rows->result));
}

bool
rows_null(const struct rows *rows, int row, int column)
{
	return PQgetisnull(rows->result, row, column) == 1;
}

static int64_t
big_endian(const char *value, int n)
{
	uint64_t v = (value[0] & 0x80) != 0 ? UINT64_MAX : 0;

	for (int i = 0; i < n; i++)
		v = v << 8 | (unsigned char)value[i];
	return (int64_t)v;
}

bool
rows_bool(const struct rows *rows, int row, int column)
{
	return !rows_null(rows, row, column) && PQgetvalue(rows->result, row, column)[0] != 0;
}

int64_t
rows_int8(const struct rows *rows, int row, int column)
{
	if (rows_null(rows, row, column))
		return INT_NONE;
	return big_endian(PQgetvalue(rows->result, row, column),
	    PQgetlength(rows->result, row, column));
}

int32_t
rows_int4(const struct rows *rows, int row, int column)
{
	return rows_null(rows, row, column) ? 0 : (int32_t)rows_int8(rows, row, column);
}

struct text
rows_text(const struct rows *rows, int row, int column)
{
	if (rows_null(rows, row, column))
		return TEXT_NONE;
	return (struct text){ PQgetvalue(rows->result, row, column),
	    (size_t)PQgetlength(rows->result, row, column) };
}

time_us
rows_time(const struct rows *rows, int row, int column)
{
	int64_t v = rows_int8(rows, row, column);

	if (v == INT_NONE)	/* null, and -infinity, which nobody writes */
		return TIME_NONE;
	return v == INT64_MAX ? TIME_INFINITY : v + PG_EPOCH_US;
}

int64_t
rows_date(const struct rows *rows, int row, int column)
{
	int64_t v = rows_int8(rows, row, column);

	return v == INT_NONE ? INT_NONE : v + PG_EPOCH_DAYS;
}

const uint8_t *
rows_uuid(const struct rows *rows, int row, int column)
{
	return rows_null(rows, row, column) ? NULL
	    : (const uint8_t *)PQgetvalue(rows->result, row, column);
}

const uint8_t *
rows_tid(const struct rows *rows, int row, int column)
{
	return (const uint8_t *)PQgetvalue(rows->result, row, column);
}

void
rows_int8s(const struct rows *rows, int row, int column, int64_t *out, int n)
{
	const char *p = PQgetvalue(rows->result, row, column);

	/* ndim, flags, element type, length, lower bound; then length-prefixed elements. */
	if (PQgetlength(rows->result, row, column) != 20 + 12 * n || big_endian(p + 12, 4) != n)
		bug("column %d: not an array of %d bigints", column, n);
	for (int i = 0; i < n; i++)
		out[i] = big_endian(p + 24 + 12 * i, 8);
}

double
rows_float8(const struct rows *rows, int row, int column)
{
	union { int64_t i; double d; } v = { .i = rows_int8(rows, row, column) };

	return rows_null(rows, row, column) ? 0 : v.d;
}
