/*
 * db - brings the database to the state that schemas/database describes.
 *
 * Forward only: NNNN_name.sql, in order, each in one transaction together with
 * the row that remembers its SHA-256.  One migration at a time in a database:
 * an advisory lock, waited for no longer than the lock time-out, and the list
 * of what is applied is read again under it.  A file that was applied and has
 * changed since is refused: write a new one.
 *
 * The list stands in a schema of its own, because core is made by the first
 * file.  A migration that programs must know inserts its number into
 * dossier_meta.needs: workers of an older release refuse to start from then on.
 */
#include <stdio.h>
#include <stdlib.h>

#include "digest.h"
#include "file.h"
#include "session.h"
#include "table.h"

enum { FILE_BYTES_MAX = 4 << 20, NUMBER_DIGITS = 4 };

static struct {
	const char	*role;
	int64_t		lock_timeout_s;
} opt = { "dossier_owner", 10 };

static const struct option_row options[] = {
	{ "role", OPTION_TEXT, &opt.role, "ROLE", "connect as this role (dossier_owner)", 0, 0 },
	{ "lock-timeout", OPTION_INT, &opt.lock_timeout_s, "SECONDS",
	    "wait this long for a lock (10)", 1, 3600 },
	{ .name = NULL }
};

struct migration {
	int		version;
	const char	*name;		/* of the file */
	struct text	sql;
	uint8_t		digest[DIGEST_BYTES];
};

enum state { PENDING, APPLIED, CHANGED, UNKNOWN };
static const char *const state_names[] = { "pending", "applied", "changed", "unknown" };

static const char prepare_list[] =
    "create schema if not exists dossier_meta;"
    "create table if not exists dossier_meta.migration ("
    "  version integer primary key, name text not null, digest bytea not null,"
    "  applied_at timestamptz not null default now(), applied_by text not null default current_user);"
    "create table if not exists dossier_meta.needs (version integer primary key);"
    "grant usage on schema dossier_meta to public;"
    "grant select on dossier_meta.migration, dossier_meta.needs to public;";

/* Of all who migrate this database; the number means nothing. */
static const char take_lock[] = "begin; select pg_advisory_xact_lock(7304412295801);";

/* --- the files ----------------------------------------------------------- */

static enum fault
migration_read(struct ctl *ctl, const char *folder, const char *name, struct migration *out,
    struct err *err)
{
	int64_t version;
	enum fault fault;

	if (strlen(name) < NUMBER_DIGITS + 2 || name[NUMBER_DIGITS] != '_' ||
	    !text_to_int64((struct text){ name, NUMBER_DIGITS }, &version))
		return err_set(err, FAULT_FATAL, "read the migrations", NULL,
		    "%s/%s: a migration is called NNNN_name.sql", folder, name);
	fault = file_read(ctl->arena, arena_printf(ctl->arena, "%s/%s", folder, name).s,
	    FILE_BYTES_MAX, &out->sql, err);
	if (fault != FAULT_NONE)
		return fault;
	out->version = (int)version;
	out->name = name;
	digest_bytes(out->sql.s, out->sql.n, out->digest);
	return FAULT_NONE;
}

/* In order, numbered without a gap from 1, or it is no history. */
static enum fault
migrations_read(struct ctl *ctl, struct migration **out, int *n, struct err *err)
{
	const char *schemas, *folder, **names;
	struct migration *list;
	enum fault fault = ctl_schemas(ctl, &schemas, err);

	if (fault != FAULT_NONE)
		return fault;
	folder = arena_printf(ctl->arena, "%s/database", schemas).s;
	fault = file_list(ctl->arena, folder, ".sql", &names, n, err);
	if (fault != FAULT_NONE)
		return fault;
	if (*n == 0)
		return err_set(err, FAULT_FATAL, "read the migrations", NULL, "%s: no .sql", folder);
	list = ARENA_ARRAY(ctl->arena, struct migration, (size_t)*n);
	for (int i = 0; i < *n && fault == FAULT_NONE; i++) {
		fault = migration_read(ctl, folder, names[i], &list[i], err);
		if (fault == FAULT_NONE && list[i].version != i + 1)
			fault = err_set(err, FAULT_FATAL, "read the migrations", NULL,
			    "%s/%s: number %d should stand here", folder, names[i], i + 1);
	}
	*out = list;
	return fault;
}

/* --- what is applied ----------------------------------------------------- */

struct applied {
	int		version;
	struct text	name;
	struct text	digest;
	time_us		at;
	struct text	by;
};

static enum fault
applied_read(struct ctl *ctl, struct session *session, struct applied **out, int *n,
    struct err *err)
{
	const struct rows *rows;
	enum fault fault = session_run(session, SQL_MIGRATIONS_EXIST, NULL, &rows, err);

	*n = 0;
	if (fault != FAULT_NONE || !rows_bool(rows, 0, 0))
		return fault;
	fault = session_run(session, SQL_MIGRATIONS_APPLIED, NULL, &rows, err);
	if (fault != FAULT_NONE)
		return fault;
	*n = rows_count(rows);
	*out = ARENA_ARRAY(ctl->arena, struct applied, (size_t)*n + 1);
	for (int i = 0; i < *n; i++)
		(*out)[i] = (struct applied){ rows_int4(rows, i, 0),
		    arena_text(ctl->arena, rows_text(rows, i, 1)),
		    arena_text(ctl->arena, rows_text(rows, i, 2)), rows_time(rows, i, 3),
		    arena_text(ctl->arena, rows_text(rows, i, 4)) };
	return FAULT_NONE;
}

static const struct applied *
applied_find(const struct applied *list, int n, int version)
{
	for (int i = 0; i < n; i++)
		if (list[i].version == version)
			return &list[i];
	return NULL;
}

static enum state
state_of(const struct migration *m, const struct applied *a)
{
	if (a == NULL)
		return PENDING;
	return a->digest.n == DIGEST_BYTES && memcmp(a->digest.s, m->digest, DIGEST_BYTES) == 0 ?
	    APPLIED : CHANGED;
}

/* --- migrate ------------------------------------------------------------- */

/* Under the lock: applied meanwhile by somebody else, or run now. */
static enum fault
migrate_locked(struct ctl *ctl, struct session *session, const struct migration *m, bool *ran,
    struct err *err)
{
	struct applied *list = NULL;
	struct db_args *args;
	int n;
	enum fault fault = applied_read(ctl, session, &list, &n, err);

	if (fault != FAULT_NONE)
		return fault;
	if (state_of(m, applied_find(list, n, m->version)) == CHANGED)
		return err_set(err, FAULT_FATAL, "migrate", "checksum",
		    "%s was applied and has changed since: put it back, and write a new file", m->name);
	if (applied_find(list, n, m->version) != NULL)
		return FAULT_NONE;
	fault = session_script(session, m->sql.s, err);
	if (fault != FAULT_NONE) {
		struct err why = *err;

		return err_set(err, fault, "migrate", why.code, "%s: %s", m->name, why.text);
	}
	args = db_args_new(ctl->arena, 3);
	db_put_int4(args, m->version);
	db_put_text(args, text_of(m->name));
	db_put_bytea(args, (struct text){ (const char *)m->digest, DIGEST_BYTES });
	*ran = true;
	return session_run(session, SQL_MIGRATION_ADD, args, NULL, err);
}

static enum fault
migrate_one(struct ctl *ctl, struct session *session, const struct migration *m, bool *ran,
    struct err *err)
{
	enum fault fault = session_script(session, take_lock, err);

	*ran = false;
	if (fault == FAULT_NONE)
		fault = migrate_locked(ctl, session, m, ran, err);
	if (fault == FAULT_NONE)
		fault = session_script(session, "commit", err);
	if (fault != FAULT_NONE)
		session_rollback(session);
	return fault;
}

static enum fault
migrate_begin(struct ctl *ctl, struct session *session, struct err *err)
{
	enum fault fault = session_script(session, arena_printf(ctl->arena,
	    "set lock_timeout = '%llds'; set client_min_messages = warning",
	    (long long)opt.lock_timeout_s).s, err);

	if (fault == FAULT_NONE)
		fault = session_script(session, take_lock, err);
	if (fault == FAULT_NONE)
		fault = session_script(session, prepare_list, err);
	return fault == FAULT_NONE ? session_script(session, "commit", err) : fault;
}

static enum fault
migrate_all(struct ctl *ctl, struct session *session, struct table *table, struct err *err)
{
	struct migration *list;
	int n;
	bool ran;
	enum fault fault = migrations_read(ctl, &list, &n, err);

	if (fault == FAULT_NONE)
		fault = migrate_begin(ctl, session, err);
	for (int i = 0; i < n && fault == FAULT_NONE; i++) {
		fault = migrate_one(ctl, session, &list[i], &ran, err);
		if (fault != FAULT_NONE)
			break;
		table_int(table, list[i].version);
		table_name(table, list[i].name);
		table_name(table, ran ? "applied now" : "applied before");
		table_tone(table, ran ? TONE_GOOD : TONE_PLAIN);
		table_end(table);
	}
	return fault;
}

static int
migrate(struct ctl *ctl)
{
	static const struct table_column columns[] = {
		{ "VERSION", "version", true }, { "FILE", "name", false }, { "STATE", "state", false }
	};
	struct table *table = table_new(ctl, columns, 3);
	struct session *session;
	struct err err;
	enum fault fault = session_open(ctl, opt.role, &session, &err);

	if (fault != FAULT_NONE)
		return ctl_fail(ctl, &err);
	fault = migrate_all(ctl, session, table, &err);
	session_close(session);
	table_print(table, NULL);
	return fault == FAULT_NONE ? CTL_YES : ctl_fail(ctl, &err);
}

/* --- status -------------------------------------------------------------- */

static void
status_row(struct table *table, int version, const char *name, enum state state,
    const struct applied *a)
{
	table_int(table, version);
	table_name(table, name);
	table_name(table, state_names[state]);
	table_tone(table, state == APPLIED ? TONE_GOOD : TONE_BAD);
	table_time(table, a != NULL ? a->at : TIME_NONE);
	table_text(table, a != NULL ? a->by : TEXT_NONE);
	table_end(table);
}

/* Also what the database has and the folder has not. */
static bool
status_rows(struct table *table, const struct migration *list, int n, const struct applied *done,
    int n_done)
{
	bool fine = true;

	for (int i = 0; i < n; i++) {
		const struct applied *a = applied_find(done, n_done, list[i].version);
		enum state state = state_of(&list[i], a);

		fine &= state == APPLIED;
		status_row(table, list[i].version, list[i].name, state, a);
	}
	for (int i = 0; i < n_done; i++)
		if (done[i].version > n) {
			fine = false;
			status_row(table, done[i].version, done[i].name.s, UNKNOWN, &done[i]);
		}
	return fine;
}

static int
status(struct ctl *ctl)
{
	static const struct table_column columns[] = {
		{ "VERSION", "version", true }, { "FILE", "name", false }, { "STATE", "state", false },
		{ "APPLIED", "applied_at", false }, { "BY", "applied_by", false }
	};
	struct table *table = table_new(ctl, columns, 5);
	struct migration *list;
	struct applied *done = NULL;
	struct session *session = NULL;
	struct err err;
	int n, n_done = 0;
	bool fine;
	enum fault fault = migrations_read(ctl, &list, &n, &err);

	if (fault == FAULT_NONE)
		fault = session_open(ctl, opt.role, &session, &err);
	if (fault == FAULT_NONE)
		fault = applied_read(ctl, session, &done, &n_done, &err);
	session_close(session);
	if (fault != FAULT_NONE)
		return ctl_fail(ctl, &err);
	fine = status_rows(table, list, n, done, n_done);
	table_print(table, NULL);
	return fine ? CTL_YES : CTL_NO;
}

const struct command db_migrate_command = {
	.path = "db migrate", .arguments = "", .run = migrate, .options = options,
	.summary = "bring the database to the newest schema",
	.about = "Applies what is missing of schemas/database/NNNN_name.sql, in order, each in a\n"
	    "transaction of its own. A second run changes nothing.\n",
	.exits = "Exit status: 0 the database is up to date, 2 it is not, and why.\n",
	.examples = "  dossierctl db migrate\n"
	    "  dossierctl db migrate --database 'host=db dbname=dossier' --lock-timeout 60\n",
};

const struct command db_status_command = {
	.path = "db status", .arguments = "", .run = status, .options = options,
	.summary = "which migrations are applied",
	.exits = "Exit status: 0 all applied, 1 pending, changed or unknown ones, 2 could not ask.\n",
	.examples = "  dossierctl db status\n"
	    "  dossierctl db status -o json | jq -r 'select(.state != \"applied\").name'\n",
};
