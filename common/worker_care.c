/*
 * worker_care - finding the message that kills its worker (promise 9).
 *
 *     first end     in some batch; nobody knows more than the lane
 *     second        its next owner takes few at a time and says in the lane's row what it is about to try:
 *                   that is suspect, set apart for a moment, and tried alone while the others go on
 *     third         alone: parked
 *
 * The row says with each name how often it will have killed if this process
 * dies now, so that the third time is the third also where the first was noted.
 *
 * A kill from outside looks the same once.  So all ends have to be those of
 * one job, without another end of its lane in between: one at which it was not
 * being tried is its alibi, and while it waits apart the others give it one.
 * What has been parked nevertheless is tried once more, alone, when the lane
 * has had one owner for long; what kills then stays parked.
 *
 * What takes the database too long is found and parked by the same means:
 * worker_slow.c.
 */
#include <stdlib.h>

#include "kill_point.h"
#include "log.h"
#include "worker.h"

enum { CARE_US = 30 * 1000 * 1000, APART_US = 3 * 1000 * 1000, KILLS_MOST = 3 };

/* --- few at a time -------------------------------------------------------------- */

void
care_begin(struct worker *w, struct lane *lane)
{
	lane->saved_unclean = lane->unclean;
	if (lane->unclean > 0)
		w->careful_until_us = clock_span_us() + CARE_US;
}

bool
is_careful(const struct worker *w)
{
	return w->careful_until_us != 0;
}

/* How many of each kind a turn takes; most when there is no need for care. */
int
care_room(const struct worker *w, int most)
{
	return is_stepping(w) ? 1 : takes_few(w) ? CARE_MOST : most;
}

/* Time in which nothing could be tried does not count. */
void
care_longer(struct worker *w)
{
	if (is_careful(w))
		w->careful_until_us = clock_span_us() + CARE_US;
}

static void
care_end(struct worker *w)
{
	if (!is_careful(w) || clock_span_us() < w->careful_until_us)
		return;
	w->careful_until_us = 0;
	for (int i = 0; i <= w->most_lane; i++)
		if (owned_lane(w, i) != NULL)
			w->lanes[i]->unclean = 0;
}

/* --- alone ------------------------------------------------------------------------ */

/* May this one be in the turn?  What was suspect, or parked, is tried alone. */
bool
care_admits(struct turn *t, const struct job *job)
{
	bool alone = job->suspect > 0 || job->parked;

	if (alone == t->only_alone && (!alone || t->jobs.n == 0))
		return true;
	t->worker->alone_next |= alone;
	return false;
}

static struct text
name_of(struct turn *t, const struct job *job)
{
	struct arena *arena = t->worker->arena;

	return job->stored
	    ? arena_printf(arena, "job %d/%lld", job->origin, (long long)job->ord)
	    : arena_printf(arena, "message %s/%d/%lld", t->worker->topics[job->place.topic],
	    job->place.partition, (long long)job->place.offset);
}

/* How often this message has killed, as the last owner's note has it; 0: it was not being tried. */
static int
kills_noted(struct turn *t, const struct lane *lane, const struct job *job)
{
	struct text name;

	if (lane->suspects == NULL || job->stored)
		return 0;
	name = name_of(t, job);
	for (const char *at = lane->suspects; *at != '\0'; at += strspn(at, ", ")) {
		const char *end = at + strcspn(at, ","), *blank = memchr(at, ' ', (size_t)(end - at));

		if (blank != NULL && text_is_equal((struct text){ blank + 1, (size_t)(end - blank) - 1 }, name))
			return atoi(at);
		at = end;
	}
	return 0;
}

/* The kills it will have on its account if this process dies now. */
static int
kills_next(const struct lane *lane, const struct job *job)
{
	time_us since = job->stored ? job->created_at : job->place.at;

	if (job->parked)
		return KILLS_MOST;
	if (job->suspect > 0)
		return job->suspect + 1;
	/* It may have been in the last owner's hands, unless it is younger than that one's end. */
	return lane->unclean > 0 && since < lane->claimed_at ? 2 : 1;
}

static bool
is_convict(const struct lane *lane, const struct job *job)
{
	return job->stored && lane->has_convict && lane->convict_origin == job->origin &&
	    lane->convict_ord == job->ord;
}

static void
convict(struct job *job)
{
	/* One that was parked for it before has had its appeal. */
	bool again = text_has_prefix(job->reason, "kills");

	job->end = END_PARKED;
	err_set(&job->why, FAULT_PARK, "decide", again ? "kills_again" : "kills", again
	    ? "its worker died again when it was tried alone, much later"
	    : "its worker died three times while it was tried, the last time alone");
}

/* The reason in a row says what is known: that stays.  And nobody asks about an effect before its window has passed. */
void
set_apart(struct turn *t, struct job *job, int times, int64_t us)
{
	job->end = END_WAIT;
	job->apart = true;
	job->suspect = times;
	if (job->kind != JOB_EFFECT || job->due_at < t->now + us)
		job->due_at = t->now + us;
	if (!job->stored)
		job->reason = TEXT(REASON_SUSPECT);
}

/* --- saying what is tried ------------------------------------------------------------ */

static void
note_add(struct turn *t, struct buf *note, const struct lane *lane, const struct job *job)
{
	if (note->arena == NULL)
		*note = buf_in(t->worker->arena);
	buf_printf(note, "%s%d ", note->n > 0 ? ", " : "", kills_next(lane, job));
	buf_text(note, name_of(t, job));
}

static enum fault
notes_write(struct turn *t, struct buf *notes, struct err *err)
{
	struct worker *w = t->worker;
	struct lane **lanes = ARENA_ARRAY(w->arena, struct lane *, (size_t)w->most_lane + 1);
	struct text *texts = ARENA_ARRAY(w->arena, struct text, (size_t)w->most_lane + 1);
	enum fault fault;
	int n = 0;

	for (int i = 0; i <= w->most_lane; i++)
		if (notes[i].n > 0) {
			lanes[n] = w->lanes[i];
			texts[n++] = buf_get(&notes[i]);
		}
	if (n == 0)
		return FAULT_NONE;
	fault = lane_note(w->db, w->arena, w->stage, lanes, texts, n, err);
	if (fault == FAULT_NONE)
		kill_point(KILL_STEP_NOTED);
	return fault;
}

/* Before anybody looks into the jobs of this turn: who is suspect, and what is going to be tried. */
enum fault
care_take(struct turn *t, struct err *err)
{
	struct worker *w = t->worker;
	struct job *const *jobs = t->jobs.items;
	struct buf *notes = ARENA_ARRAY(w->arena, struct buf, (size_t)w->most_lane + 1);

	for (int i = 0; i < t->jobs.n; i++) {
		struct job *job = jobs[i];
		struct lane *lane = owned_lane(w, job->lane);
		int kills;

		if (lane == NULL || job->end != END_OPEN)
			continue;
		if (is_convict(lane, job))
			convict(job);
		else if ((kills = kills_noted(t, lane, job)) > 0)
			set_apart(t, job, kills, APART_US);
		else if (!slow_judge(t, job) && (t->only_alone || (is_careful(w) && lane->unclean > 0)))
			note_add(t, &notes[job->lane], lane, job);
	}
	return notes_write(t, notes, err);
}

/* It is parked; if it comes again, by appeal or by an operator's hand, it is tried. */
void
care_committed(struct turn *t)
{
	struct job *const *jobs = t->jobs.items;

	for (int i = 0; i < t->jobs.n; i++)
		if (jobs[i]->end == END_PARKED && owned_lane(t->worker, jobs[i]->lane) != NULL &&
		    is_convict(t->worker->lanes[jobs[i]->lane], jobs[i]))
			t->worker->lanes[jobs[i]->lane]->has_convict = false;
}

/* --- appeal -------------------------------------------------------------------------- */

static struct db_args *
calm_lanes(struct worker *w, int *n)
{
	struct db_args *args = db_args_new(w->arena, 2);
	struct db_array *lanes;

	db_put_int2(args, (int)w->stage);
	lanes = db_put_array(args, DB_INT4);
	for (int i = *n = 0; i <= w->most_lane; i++)
		if (owned_lane(w, i) != NULL &&
		    clock_span_us() - w->lanes[i]->claimed_us > w->set.appeal_ms * 1000) {
			db_add_int4(lanes, i);
			++*n;
		}
	return args;
}

/* Between turns: care ends, and who was parked for killing may be tried once more. */
void
care_serve(struct worker *w)
{
	struct db_args *args;
	const struct rows *rows;
	struct err err;
	int n;

	care_end(w);
	if (clock_span_us() < w->appeal_at_us || w->paused || db_is_broken(w->db))
		return;
	w->appeal_at_us = clock_span_us() + w->set.appeal_ms * 1000 / 4;
	args = calm_lanes(w, &n);
	if (n > 0 && db_run(w->db, core_stmt(SQL_JOB_APPEAL), args, &rows, &err) == FAULT_NONE &&
	    rows_affected(rows) > 0)
		log_event(LOG_WARN, "tried_once_more", LOG_INT("parked", rows_affected(rows)));
}
