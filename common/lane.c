/* lane - see lane.h. */
#include "lane.h"

#include <stdlib.h>

#include "buf.h"
#include "core_stmt.h"

static void
put_int8s(struct db_args *args, const int64_t *values, int n)
{
	struct db_array *array = db_put_array(args, DB_INT8);

	for (int i = 0; i < n; i++)
		db_add_int8(array, values[i]);
}

static int
n_topics_of(enum stage stage)
{
	int n;

	(void)stage_topics(stage, &n);
	return n;
}

static void
read_claim(const struct rows *rows, int n_topics, struct lane *lane)
{
	struct lane_state *s = &lane->state;
	struct text hashes = rows_text(rows, 0, 4), given_hash = rows_text(rows, 0, 6);
	struct text note = rows_text(rows, 0, 21);
	int64_t *counters = &s->counters.taken;

	lane->epoch = rows_int8(rows, 0, 0);
	rows_int8s(rows, 0, 1, s->next_offset, n_topics);
	rows_int8s(rows, 0, 2, s->read_to, n_topics);
	rows_int8s(rows, 0, 3, s->seen, n_topics);
	if (hashes.n != (size_t)n_topics * DIGEST_BYTES || given_hash.n != DIGEST_BYTES)
		bug("lane %d: hashes of %zu and %zu bytes", lane->lane, hashes.n, given_hash.n);
	memcpy(s->seen_hash, hashes.s, hashes.n);
	s->given = rows_int8(rows, 0, 5);
	memcpy(s->given_hash, given_hash.s, DIGEST_BYTES);
	lane->acked = lane->saved_acked = rows_int8(rows, 0, 7);
	lane->acked_offset = rows_int8(rows, 0, 8);
	s->job_ord = rows_int8(rows, 0, 9);
	s->turns = rows_int8(rows, 0, 10);
	for (int i = 0; i < 9; i++)
		counters[i] = rows_int8(rows, 0, 11 + i);
	lane->unclean = rows_int4(rows, 0, 20);
	free(lane->suspects);
	lane->suspects = note.s != NULL ? mem_copy_text(note.s) : NULL;
	lane->has_convict = lane->stepping = false;
	lane->born_at = rows_time(rows, 0, 22);
	lane->claimed_at = rows_time(rows, 0, 23);
}

static enum fault
why_not_claimed(struct db *db, struct arena *arena, enum stage stage, int number, struct err *err)
{
	struct db_args *args = db_args_new(arena, 2);
	const struct rows *rows;

	db_put_int2(args, (int)stage);
	db_put_int4(args, number);
	if (db_run(db, core_stmt(SQL_LANE_EXISTS), args, &rows, err) != FAULT_NONE)
		return err->fault;
	if (rows_count(rows) == 1)
		return err_set(err, FAULT_RETRY, "claim a lane", LANE_LOCKED, "%s/%d: somebody has its row locked",
		    stage_name(stage), number);
	return err_set(err, FAULT_FATAL, "claim a lane", "no_lane",
	    "%s/%d has no row in core.lane; run dossierctl topics apply", stage_name(stage), number);
}

enum fault
lane_claim(struct db *db, struct arena *arena, enum stage stage, int number, const char *owner,
    const char *release, struct lane *lane, struct err *err)
{
	struct db_args *args = db_args_new(arena, 4);
	const struct rows *rows;
	int n_topics = n_topics_of(stage);
	enum fault fault;

	db_put_int2(args, (int)stage);
	db_put_int4(args, number);
	db_put_text(args, text_of(owner));
	db_put_text(args, text_of(release));
	fault = db_run(db, core_stmt(SQL_LANE_CLAIM), args, &rows, err);
	if (fault != FAULT_NONE)
		return fault;
	if (rows_count(rows) != 1)
		return why_not_claimed(db, arena, stage, number, err);
	memset(lane->gap_since_us, 0, sizeof lane->gap_since_us);
	memset(lane->eof, 0xff, sizeof lane->eof);
	lane->lane = number;
	lane->owner = owner;
	read_claim(rows, n_topics, lane);
	lane->sent = lane->acked;
	lane->touched = false;
	lane->claimed_us = clock_span_us();
	lane_begin(lane);
	return FAULT_NONE;
}

/* Only what is tried alone comes so far: there is one at most. */
static void
read_convict(const struct rows *rows, struct lane *lane)
{
	for (int r = 0; r < rows_count(rows); r++)
		if (rows_bool(rows, r, 2)) {
			lane->has_convict = true;
			lane->convict_origin = rows_int4(rows, r, 0);
			lane->convict_ord = rows_int8(rows, r, 1);
		}
}

static struct db_args *
suspect_args(struct arena *arena, enum stage stage, const struct lane *lane)
{
	struct db_args *args = db_args_new(arena, 4);

	db_put_int2(args, (int)stage);
	db_put_int4(args, lane->lane);
	db_put_int8(args, lane->epoch);
	db_put_text(args, lane->suspects != NULL ? text_of(lane->suspects) : TEXT_NONE);
	return args;
}

enum fault
lane_begun(struct db *db, struct arena *arena, enum stage stage, struct lane *lane, struct err *err)
{
	struct db_args *args = db_args_new(arena, 3);
	int begun, suspect = -1;
	enum fault fault;

	db_put_int2(args, (int)stage);
	db_put_int4(args, lane->lane);
	db_put_int8(args, lane->epoch);
	/* One trip without BEGIN is one transaction too: the note goes as it is heeded. */
	begun = db_queue(db, core_stmt(SQL_LANE_BEGIN), args);
	db_queue(db, core_stmt(SQL_JOB_RECALL), args);
	if (lane->unclean > 0)
		suspect = db_queue(db, core_stmt(SQL_JOB_SUSPECT), suspect_args(arena, stage, lane));
	fault = db_trip(db, false, err);
	if (fault != FAULT_NONE)
		return fault;
	if (rows_affected(db_rows(db, begun)) != 1)
		return err_set(err, FAULT_RETRY, "claim a lane", "fenced", "%s/%d has another owner by now",
		    stage_name(stage), lane->lane);
	if (suspect >= 0)
		read_convict(db_rows(db, suspect), lane);
	return FAULT_NONE;
}

bool
lane_is_ours(const struct lane *lane, int64_t epoch, struct text owner)
{
	return epoch == lane->epoch && text_is(owner, lane->owner);
}

enum fault
lane_ask(struct db *db, struct arena *arena, enum stage stage, const struct lane *lane, bool *ours,
    struct err *err)
{
	struct db_args *args = db_args_new(arena, 2);
	const struct rows *rows;
	enum fault fault;

	db_put_int2(args, (int)stage);
	db_add_int4(db_put_array(args, DB_INT4), lane->lane);
	fault = db_run(db, core_stmt(SQL_LANE_FENCE), args, &rows, err);
	if (fault == FAULT_NONE)
		*ours = rows_count(rows) == 1 && lane_is_ours(lane, rows_int8(rows, 0, 1), rows_text(rows, 0, 5));
	return fault;
}

enum fault
lane_release(struct db *db, struct arena *arena, enum stage stage, const struct lane *lane,
    struct err *err)
{
	struct db_args *args = db_args_new(arena, 6);

	db_put_int2(args, (int)stage);
	db_put_int4(args, lane->lane);
	db_put_int8(args, lane->epoch);
	db_put_int8(args, lane->acked);
	db_put_int8(args, lane->acked_offset);
	put_int8s(args, lane->state.read_to, n_topics_of(stage));
	return db_run(db, core_stmt(SQL_LANE_RELEASE), args, NULL, err);
}

int
lane_queue_fence(struct db *db, struct arena *arena, enum stage stage, struct lane *const *lanes,
    int n)
{
	struct db_args *args = db_args_new(arena, 2);
	struct db_array *numbers;

	db_put_int2(args, (int)stage);
	numbers = db_put_array(args, DB_INT4);
	for (int i = 0; i < n; i++)
		db_add_int4(numbers, lanes[i]->lane);
	return db_queue(db, core_stmt(SQL_LANE_FENCE), args);
}

time_us
lane_check_time(struct db *db, int index)
{
	const struct rows *rows = db_rows(db, index);

	return rows_count(rows) > 0 ? rows_time(rows, 0, 4) : TIME_NONE;
}

int
lane_check(struct db *db, int index, struct lane *const *lanes, int n)
{
	const struct rows *rows = db_rows(db, index);
	int lost = 0;

	for (int i = 0; i < n; i++) {
		bool mine = false;

		for (int r = 0; r < rows_count(rows); r++)
			if (rows_int4(rows, r, 0) == lanes[i]->lane)
				mine = lane_is_ours(lanes[i], rows_int8(rows, r, 1), rows_text(rows, r, 5)) &&
				    rows_int8(rows, r, 3) == lanes[i]->state.turns;
		if (!mine) {
			lanes[i]->owned = false;
			lost++;
		}
	}
	return lost;
}

/* "{1,2,3}": an array within an array. */
static struct text
int8s_text(struct arena *arena, const int64_t *values, int n)
{
	struct buf buf = buf_in(arena);

	for (int i = 0; i < n; i++) {
		buf_puts(&buf, i == 0 ? "{" : ",");
		buf_int(&buf, values[i]);
	}
	buf_puts(&buf, "}");
	return buf_get(&buf);
}

void
lane_queue_save(struct db *db, struct arena *arena, enum stage stage, struct lane *const *lanes, int n_lanes)
{
	enum { COLUMNS = 22, FIRST_COUNTER = 12, UNCLEAN = 21 };
	static const enum db_type types[COLUMNS] = { DB_INT4, DB_INT8, DB_TEXT, DB_TEXT, DB_TEXT, DB_BYTEA, DB_INT8,
	    DB_BYTEA, DB_INT8, DB_INT8, DB_INT8, DB_INT8, DB_INT8, DB_INT8, DB_INT8, DB_INT8, DB_INT8, DB_INT8, DB_INT8,
	    DB_INT8, DB_INT8, DB_INT4 };
	struct db_args *args = db_args_new(arena, COLUMNS + 1);
	struct db_array *column[COLUMNS];
	int n = n_topics_of(stage);

	db_put_int2(args, (int)stage);
	for (int c = 0; c < COLUMNS; c++)
		column[c] = db_put_array(args, types[c]);
	for (int i = 0; i < n_lanes; i++) {
		const struct lane_state *d = &lanes[i]->draft;
		const int64_t *counters = &d->counters.taken;

		if (!counters_balance(&d->counters))
			bug("%s/%d: the counters do not balance", stage_name(stage), lanes[i]->lane);
		db_add_int4(column[0], lanes[i]->lane);
		db_add_int8(column[1], lanes[i]->epoch);
		db_add_text(column[2], int8s_text(arena, d->next_offset, n));
		db_add_text(column[3], int8s_text(arena, d->read_to, n));
		db_add_text(column[4], int8s_text(arena, d->seen, n));
		db_add_text(column[5], (struct text){ (const char *)d->seen_hash, (size_t)n * DIGEST_BYTES });
		db_add_int8(column[6], d->given);
		db_add_text(column[7], (struct text){ (const char *)d->given_hash, DIGEST_BYTES });
		db_add_int8(column[8], lanes[i]->acked);
		db_add_int8(column[9], lanes[i]->acked_offset);
		db_add_int8(column[10], d->job_ord);
		db_add_int8(column[11], d->turns);
		for (int k = 0; k < 9; k++)
			db_add_int8(column[FIRST_COUNTER + k], counters[k]);
		db_add_int4(column[UNCLEAN], lanes[i]->unclean);
	}
	db_queue(db, core_stmt(SQL_LANE_SAVE), args);
}

void
lane_begin(struct lane *lane)
{
	lane->draft = lane->state;
	lane->draft.turns++;
	lane->touched = false;
}

void
lane_committed(struct lane *lane)
{
	lane->state = lane->draft;
}

enum fault
lane_note(struct db *db, struct arena *arena, enum stage stage, struct lane *const *lanes,
    const struct text *notes, int n, struct err *err)
{
	struct db_args *args = db_args_new(arena, 4);
	struct db_array *numbers, *epochs, *texts;
	const struct rows *rows;
	enum fault fault;

	db_put_int2(args, (int)stage);
	numbers = db_put_array(args, DB_INT4);
	epochs = db_put_array(args, DB_INT8);
	texts = db_put_array(args, DB_TEXT);
	for (int i = 0; i < n; i++) {
		db_add_int4(numbers, lanes[i]->lane);
		db_add_int8(epochs, lanes[i]->epoch);
		db_add_text(texts, notes[i]);
	}
	fault = db_run(db, core_stmt(SQL_LANE_NOTE), args, &rows, err);
	if (fault == FAULT_NONE && rows_affected(rows) != n)
		return err_set(err, FAULT_RETRY, "note what is tried", "fenced", "a lane of %s is not ours any more",
		    stage_name(stage));
	return fault;
}

bool
counters_balance(const struct counters *c)
{
	return c->taken + c->handed_in + c->ordered == c->done + c->repeated + c->dead +
	    c->handed_out + c->waiting + c->parked && c->waiting >= 0 && c->parked >= 0;
}
