/*
 * worker_write - trip 2: everything that the turn decided, set-based.
 */
#include "worker.h"

static void
queue_new_dossiers(struct turn *t)
{
	struct worker *w = t->worker;
	struct entry *const *entries = t->entries.items;
	const void **rows = ARENA_ARRAY(w->arena, const void *, (size_t)t->entries.n);
	struct db_args *args;
	size_t n = 0;

	for (int i = 0; i < t->entries.n; i++)
		if (entries[i]->dirty && entries[i]->is_new)
			rows[n++] = &entries[i]->dos;
	if (n == 0)
		return;
	args = db_args_new(w->arena, dossier_n_columns);
	columns_put(args, dossier_columns, dossier_n_columns, rows, n);
	db_queue(w->db, core_stmt(SQL_DOSSIER_INSERT), args);
}

/* New versions: of those of which only what is usual has changed, or of the others. */
static void
queue_versions(struct turn *t, const struct dossier_save *save, bool usual)
{
	struct worker *w = t->worker;
	struct entry *const *entries = t->entries.items;
	const void **rows = ARENA_ARRAY(w->arena, const void *, (size_t)t->entries.n);
	struct db_args *args = db_args_new(w->arena, 1 + save->n_saved);
	struct db_array *places = db_put_array(args, DB_TID);
	size_t n = 0;

	for (int i = 0; i < t->entries.n; i++) {
		const struct entry *e = entries[i];

		if (!e->dirty || e->is_new || dossier_save_covers(&w->save, &e->before, &e->dos) != usual)
			continue;
		db_add_tid(places, e->place);
		rows[n++] = &e->dos;
	}
	if (n == 0)
		return;
	columns_put(args, save->saved, save->n_saved, rows, n);
	t->versions[t->n_versions].index = db_queue(w->db, &save->stmt, args);
	t->versions[t->n_versions++].n = n;
}

void
versions_check(const struct turn *t)
{
	for (int i = 0; i < t->n_versions; i++) {
		int64_t n = rows_affected(db_rows(t->worker->db, t->versions[i].index));

		if (n != (int64_t)t->versions[i].n)
			bug("%zu dossiers were locked, and %lld of them were where they had been", t->versions[i].n, (long long)n);
	}
}

static void
queue_contents(struct turn *t)
{
	struct worker *w = t->worker;
	const struct content_row *rows = t->contents.items;
	struct db_args *args = db_args_new(w->arena, 6);
	struct db_array *ids = db_put_array(args, DB_UUID), *versions = db_put_array(args, DB_INT4),
	    *rounds = db_put_array(args, DB_INT4), *kinds = db_put_array(args, DB_TEXT),
	    *salts = db_put_array(args, DB_BYTEA), *bodies = db_put_array(args, DB_BYTEA);

	for (int i = 0; i < t->contents.n; i++) {
		db_add_uuid(ids, rows[i].dossier);
		db_add_int4(versions, rows[i].version);
		db_add_int4(rounds, rows[i].round);
		db_add_text(kinds, rows[i].kind);
		db_add_text(salts, rows[i].salt);
		db_add_text(bodies, rows[i].body);
	}
	db_queue(w->db, core_stmt(SQL_CONTENT_INSERT), args);
}

static void
queue_folds(struct turn *t)
{
	const struct service *s = t->worker->service;
	struct entry *const *entries = t->entries.items;
	const void **rows = ARENA_ARRAY(t->worker->arena, const void *,
	    (size_t)t->entries.n * FOLD_ROWS_MAX);
	struct db_args *args;
	size_t n = 0;

	for (int i = 0; i < t->entries.n; i++)
		for (int r = 0; r < entries[i]->rows.n; r++)
			if (entries[i]->rows.changed[r])
				rows[n++] = entries[i]->rows.row[r];
	if (n == 0)
		return;
	args = db_args_new(t->worker->arena, s->fold->n_columns);
	columns_put(args, s->fold->columns, s->fold->n_columns, rows, n);
	db_queue(t->worker->db, s->fold_save, args);
}

/* Rows that decide added, one statement a set. */
static void
queue_rows(struct turn *t)
{
	struct worker *w = t->worker;
	const struct row_of *all = t->rows.items;
	const void **rows = ARENA_ARRAY(w->arena, const void *, (size_t)t->rows.n);

	for (int i = 0; i < t->rows.n; i++) {
		struct db_args *args;
		bool seen = false;
		size_t n = 0;

		for (int k = 0; k < i; k++)
			seen |= all[k].set == all[i].set;
		if (seen)
			continue;
		for (int k = i; k < t->rows.n; k++)
			if (all[k].set == all[i].set)
				rows[n++] = all[k].row;
		args = db_args_new(w->arena, all[i].set->n_columns);
		columns_put(args, all[i].set->columns, all[i].set->n_columns, rows, n);
		db_queue(w->db, all[i].set->insert, args);
	}
}

/* What names a row of core.job within its stage; kept before all other columns. */
struct keys {
	struct db_array	*lanes, *origins, *ords;
};

static struct keys
put_keys(struct db_args *args, enum stage stage)
{
	struct keys keys;

	db_put_int2(args, (int)stage);
	keys.lanes = db_put_array(args, DB_INT4);
	keys.origins = db_put_array(args, DB_INT4);
	keys.ords = db_put_array(args, DB_INT8);
	return keys;
}

static void
add_key(const struct keys *keys, const struct job_row *row)
{
	db_add_int4(keys->lanes, row->lane);
	db_add_int4(keys->origins, row->origin);
	db_add_int8(keys->ords, row->ord);
}

static void
queue_inserts(struct turn *t)
{
	struct worker *w = t->worker;
	const struct job_row *rows = t->inserts.items;
	struct db_args *args = db_args_new(w->arena, 12);
	struct keys keys = put_keys(args, w->stage);
	struct db_array *kinds = db_put_array(args, DB_INT2), *ids = db_put_array(args, DB_UUID),
	    *dues = db_put_array(args, DB_TIME), *attempts = db_put_array(args, DB_INT4),
	    *purposes = db_put_array(args, DB_TEXT), *reasons = db_put_array(args, DB_TEXT),
	    *messages = db_put_array(args, DB_BYTEA), *suspects = db_put_array(args, DB_INT2);

	for (int i = 0; i < t->inserts.n; i++) {
		add_key(&keys, &rows[i]);
		db_add_int2(kinds, rows[i].kind);
		db_add_uuid(ids, rows[i].dossier);
		db_add_time(dues, rows[i].due_at);
		db_add_int4(attempts, rows[i].attempts);
		db_add_text(purposes, rows[i].purpose);
		db_add_text(reasons, rows[i].reason);
		db_add_text(messages, rows[i].message);
		db_add_int2(suspects, rows[i].suspect);
	}
	db_queue(w->db, core_stmt(SQL_JOB_INSERT), args);
}

static void
queue_updates(struct turn *t)
{
	struct worker *w = t->worker;
	const struct job_row *rows = t->updates.items;
	struct db_args *args = db_args_new(w->arena, 8);
	struct keys keys = put_keys(args, w->stage);
	struct db_array *dues = db_put_array(args, DB_TIME), *attempts = db_put_array(args, DB_INT4),
	    *reasons = db_put_array(args, DB_TEXT), *suspects = db_put_array(args, DB_INT2);

	for (int i = 0; i < t->updates.n; i++) {
		add_key(&keys, &rows[i]);
		db_add_time(dues, rows[i].due_at);
		db_add_int4(attempts, rows[i].attempts);
		db_add_text(reasons, rows[i].reason);
		db_add_int2(suspects, rows[i].suspect);
	}
	db_queue(w->db, core_stmt(SQL_JOB_UPDATE), args);
}

static void
queue_deletes(struct turn *t)
{
	struct worker *w = t->worker;
	const struct job_row *rows = t->deletes.items;
	struct db_args *args = db_args_new(w->arena, 4);
	struct keys keys = put_keys(args, w->stage);

	for (int i = 0; i < t->deletes.n; i++)
		add_key(&keys, &rows[i]);
	db_queue(w->db, core_stmt(SQL_JOB_DELETE), args);
}

static void
queue_dead(struct turn *t)
{
	struct worker *w = t->worker;
	struct job *const *jobs = t->dead.items;
	struct db_args *args = db_args_new(w->arena, 9);
	struct db_array *topics, *partitions, *offsets, *ats, *reasons, *messages, *digests, *lanes;

	db_put_int2(args, (int)w->stage);
	topics = db_put_array(args, DB_TEXT);
	partitions = db_put_array(args, DB_INT4);
	offsets = db_put_array(args, DB_INT8);
	ats = db_put_array(args, DB_TIME);
	reasons = db_put_array(args, DB_TEXT);
	messages = db_put_array(args, DB_BYTEA);
	digests = db_put_array(args, DB_BYTEA);
	lanes = db_put_array(args, DB_INT4);
	for (int i = 0; i < t->dead.n; i++) {
		const struct job *job = jobs[i];
		struct buf buf = buf_in(w->arena);
		uint8_t digest[DIGEST_BYTES];

		if (text_is_absent(job->packed))
			record_pack(&job->record, &buf);
		else
			buf_text(&buf, job->packed);
		digest_bytes(buf_get(&buf).s, buf_get(&buf).n, digest);
		db_add_text(topics, text_of(w->topics[job->place.topic]));
		db_add_int4(partitions, job->place.partition);
		db_add_int8(offsets, job->place.offset);
		db_add_time(ats, job->place.at);
		db_add_text(reasons, arena_printf(w->arena, "%s: %s", job->why.code, job->why.text));
		db_add_text(messages, buf_get(&buf));
		db_add_text(digests, (struct text){ (const char *)digest, DIGEST_BYTES });
		db_add_int4(lanes, job->lane);
	}
	db_queue(w->db, core_stmt(SQL_DEADLETTER_INSERT), args);
}

void
queue_writes(struct turn *t)
{
	struct worker *w = t->worker;

	/* New dossiers first: who loses a race for one must not have waited in vain. */
	queue_new_dossiers(t);
	queue_versions(t, &w->save, true);
	queue_versions(t, &w->save_all, false);
	if (t->contents.n > 0)
		queue_contents(t);
	if (w->service->fold != NULL)
		queue_folds(t);
	if (t->rows.n > 0)
		queue_rows(t);
	if (t->blocks.n > 0)
		journal_queue_insert(w->db, w->arena, w->stage, t->blocks.items, t->blocks.n, t->now);
	if (t->inserts.n > 0)
		queue_inserts(t);
	if (t->updates.n > 0)
		queue_updates(t);
	if (t->deletes.n > 0)
		queue_deletes(t);
	if (t->dead.n > 0)
		queue_dead(t);
	redrive_write(t);
}
