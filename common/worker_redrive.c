/*
 * worker_redrive - dead letters that an operator wants tried again.
 *
 * dossierctl marks the row; the lane's owner takes the stored bytes as a
 * message of their first place and time, within a turn of its own lane: the
 * position does not move, no time is lost, and one transaction counts it out
 * of the dead and in to whatever becomes of it, and takes the mark away.
 * Killed before the commit, nothing has happened and the mark stands; after
 * it, the mark is gone.  What is dead again stands as before, its attempt
 * counted (promise 10).
 */
#include "worker.h"

static int
topic_find(const struct worker *w, struct text name)
{
	for (int i = 0; i < w->n_topics; i++)
		if (text_is(name, w->topics[i]) && !w->is_journal[i])
			return i;
	return -1;
}

bool
redrive_take(struct turn *t, const struct rows *rows, int r)
{
	struct worker *w = t->worker;
	struct arena *arena = w->arena;
	struct lane *lane = owned_lane(w, rows_int4(rows, r, 0));
	int topic = topic_find(w, rows_text(rows, r, 1));
	struct text bytes;
	struct job *job;

	if (lane == NULL || topic < 0 || t->only_alone || (is_stepping(w) && t->jobs.n > 0))
		return false;
	job = ARENA_NEW(arena, struct job);
	job->kind = JOB_MESSAGE;
	job->redriven = true;
	job->lane = lane->lane;
	job->place = (struct place){ topic, rows_int4(rows, r, 2), rows_int8(rows, r, 3),
	    rows_time(rows, r, 4) };
	job->is_coming = rows_bool(rows, r, 6);
	job->reason = TEXT("redriven");
	bytes = arena_text(arena, rows_text(rows, r, 5));
	if (record_unpack(bytes, &job->record))
		receive_outside(t, job);
	else
		receive_torn(t, job, bytes);
	lane->touched = true;
	lane->draft.counters.dead--;
	*(struct job **)list_add(arena, &t->jobs, sizeof job) = job;
	return true;
}

void
redrive_write(struct turn *t)
{
	struct worker *w = t->worker;
	struct job *const *jobs = t->jobs.items;
	struct db_args *args = db_args_new(w->arena, 4);
	struct db_array *topics, *partitions, *offsets;
	int n = 0;

	db_put_int2(args, (int)w->stage);
	topics = db_put_array(args, DB_TEXT);
	partitions = db_put_array(args, DB_INT4);
	offsets = db_put_array(args, DB_INT8);
	for (int i = 0; i < t->jobs.n; i++) {
		const struct job *job = jobs[i];

		if (!job->redriven || job->end == END_DEAD)
			continue;
		n++;
		db_add_text(topics, text_of(w->topics[job->place.topic]));
		db_add_int4(partitions, job->place.partition);
		db_add_int8(offsets, job->place.offset);
	}
	if (n > 0)
		db_queue(w->db, core_stmt(SQL_DEADLETTER_REDRIVEN), args);
}
