/*
 * worker_claim - lanes come and go.
 *
 * A claim is: raise the epoch; in a second statement, so that it is no old
 * snapshot, read what was left unpublished; compare the topic's tail with it
 * (promises 2 and 4); publish the rest; go on from the positions of the row.
 */
#include <stdlib.h>
#include <unistd.h>

#include "kill_point.h"
#include "log.h"
#include "version.h"
#include "worker.h"

struct lane *
owned_lane(const struct worker *w, int lane)
{
	return lane >= 0 && lane < LANE_LIMIT && w->lanes[lane] != NULL && w->lanes[lane]->owned
	    ? w->lanes[lane] : NULL;
}

enum fault
connect_database(struct worker *w, struct err *err)
{
	char role[64];
	struct db_options options = { .conninfo = w->set.database, .application = w->name,
	    .role = role, .worker = true };
	enum fault fault;

	snprintf(role, sizeof role, "dossier_%s", stage_name(w->stage));
	db_close(w->db);
	w->db = NULL;
	w->is_vetted = false;
	doing(w, "connect to the database");
	fault = db_open(&options, &w->db, err);
	if (fault == FAULT_NONE)
		fault = core_prepare(w->db, err);
	if (fault == FAULT_NONE)
		fault = db_prepare(w->db, &w->save.stmt, 1, err);
	if (fault == FAULT_NONE)
		fault = db_prepare(w->db, &w->save_all.stmt, 1, err);
	if (fault == FAULT_NONE)
		fault = schema_compare(w, err);
	if (fault == FAULT_NONE)
		fault = clock_ask(w, err);
	if (fault == FAULT_NONE && w->service->n_sql > 0)
		fault = db_prepare(w->db, w->service->sql, w->service->n_sql, err);
	if (fault == FAULT_FATAL)
		fault = schema_explain(w, err);
	if (fault != FAULT_NONE) {
		db_close(w->db);
		w->db = NULL;
	}
	doing(w, "work");
	count_connect(w, fault == FAULT_NONE);
	note_database(w, fault == FAULT_NONE ? NULL : err);
	return fault;
}

/*
 * The topic has what the table has not.  Before saying that the database has
 * lost commits: is the lane still ours?  A newer owner may have gone on while
 * this process stood still.
 */
static enum fault
blame_carefully(struct worker *w, const struct lane *lane, struct arena *arena, struct err *err)
{
	struct err why = *err;
	bool ours = true;

	if (lane_ask(w->db, arena, w->stage, lane, &ours, err) != FAULT_NONE)
		return err->fault;
	if (!ours)
		return err_set(err, FAULT_RETRY, "claim a lane", "fenced", "lane %d has another owner by now",
		    lane->lane);
	*err = why;
	return why.fault;
}

static enum fault
check_tail(struct worker *w, struct lane *lane, struct arena *arena, struct block *tail,
    struct err *err)
{
	enum fault fault = journal_load_tail(w->db, arena, w->stage, lane->lane, lane->acked, tail,
	    err);

	kill_point(KILL_CLAIM_TAIL);
	if (fault == FAULT_NONE && w->reader == NULL)
		fault = reader_open(w->set.broker, w->name, w->params.pass, &w->reader, err);
	if (fault == FAULT_NONE)
		fault = journal_check_topic(w->reader, w->stage, lane, tail, err);
	if (fault == FAULT_FATAL)
		fault = blame_carefully(w, lane, arena, err);
	return fault;
}

static enum fault
claim(struct worker *w, struct lane *lane, int number, struct arena *arena, struct err *err)
{
	struct block tail;
	int64_t known = lane->state.given;	/* what this process has seen committed */
	enum fault fault = FAULT_NONE;

	if (db_is_broken(w->db))
		fault = connect_database(w, err);
	if (fault == FAULT_NONE)
		fault = vet_database(w, err);
	if (fault == FAULT_NONE)
		fault = lane_claim(w->db, arena, w->stage, number, w->owner, DOSSIER_VERSION, lane, err);
	/* It may still be on its way to the broker: the same numbers must not be given anew. */
	if (fault == FAULT_NONE && lane->state.given < known)
		fault = journal_lost_commits(err, w->stage, number, known, "or soon has it; this process has "
		    "committed it");
	if (fault == FAULT_NONE) {
		kill_point(KILL_CLAIM_RAISED);
		fault = check_positions(w, lane, err);
	}
	if (fault == FAULT_NONE)
		fault = check_tail(w, lane, arena, &tail, err);
	if (fault == FAULT_NONE) {
		kill_point(KILL_CLAIM_COMPARED);
		fault = lane_begun(w->db, arena, w->stage, lane, err);
	}
	if (fault != FAULT_NONE)
		return fault;
	care_begin(w, lane);
	kill_point(KILL_CLAIM_BEGUN);
	lane->owned = true;
	lane->stands_until_us = lane->said_us = 0;
	publish_lane(w, lane, &tail);
	kill_point(KILL_CLAIM_SENT);
	log_event(LOG_INFO, "lane_claimed", LOG_INT("lane", number), LOG_INT("epoch", lane->epoch),
	    LOG_INT("offset", lane->state.next_offset[0]), LOG_INT("given", lane->state.given),
	    LOG_INT("unpublished", lane->state.given - lane->acked),
	    LOG_INT("unclean", lane->unclean));
	return FAULT_NONE;
}

/* The lane's row is locked: by an old owner that was stopped in the midst of a trip? */
static void
end_stopped(struct worker *w, struct arena *arena)
{
	const struct rows *rows;
	struct err err = { .fault = FAULT_NONE };

	if (db_run(w->db, core_stmt(SQL_END_STOPPED), db_args_new(arena, 0), &rows, &err) != FAULT_NONE)
		tell_fault(w, "end_stopped_failed", &err);
	else if (rows_int8(rows, 0, 0) > 0)
		log_event(LOG_WARN, "stopped_sessions_ended", LOG_INT("n", rows_int8(rows, 0, 0)));
}

/* One partition's leader is away, while brokers answer. */
static bool
is_leaderless(const struct err *err)
{
	return strcmp(err->code, "LEADER_NOT_AVAILABLE") == 0 || strncmp(err->code, "NOT_LEADER", strlen("NOT_LEADER")) == 0;
}

bool
claim_lane(void *ctx, int number, int64_t *positions)
{
	struct worker *w = ctx;
	struct arena *arena = arena_new(0);
	struct err err = { .fault = FAULT_NONE };
	struct lane *lane;
	enum fault fault;

	if (number >= LANE_LIMIT)
		bug("lane %d", number);
	if (w->lanes[number] == NULL)
		w->lanes[number] = mem_new(1, sizeof *w->lanes[number]);
	lane = w->lanes[number];
	lane->owned = false;
	if (number > w->most_lane)
		w->most_lane = number;
	/* One that has just failed speaks for the others: they are tried with it, later. */
	if (w->is_closing || clock_span_us() < lane->stands_until_us || clock_span_us() < w->claims_rest_us) {
		arena_free(arena);
		return false;
	}
	beat(w);
	doing(w, "claim a lane");
	kill_point(KILL_CLAIM_BEGIN);
	fault = claim(w, lane, number, arena, &err);
	doing(w, "work");
	note_claim(w, fault == FAULT_NONE ? NULL : &err);
	if (fault != FAULT_NONE && strcmp(err.code, LANE_LOCKED) == 0)
		end_stopped(w, arena);
	arena_free(arena);
	if (fault == FAULT_NONE) {
		memcpy(positions, lane->state.next_offset, sizeof lane->state.next_offset);
		if (w->service->claimed != NULL)
			w->service->claimed(w, number);
		announce_dead(w, number);
		w->due_poll_us = 0;
		w->pause_known = false;
		kill_point(KILL_CLAIM_DONE);
		return true;
	}
	if (fault == FAULT_PARK) {
		lane_stands(w, number, &err);
		return false;
	}
	if (topic_is_missing(&err)) {
		topic_missing(w, &err);
		return false;
	}
	tell_fault(w, "claim_failed", &err);
	if (fault == FAULT_FATAL)
		w->fatal = err;
	/* A row that somebody has locked says nothing about other lanes, nor does a leader that is away. */
	if (strcmp(err.code, LANE_LOCKED) == 0 || (w->is_vetted && is_leaderless(&err))) {
		w->locked_lane_us = clock_span_us() + SECOND_US;
		return false;
	}
	w->want_reassign = true;
	w->claims_rest_us = w->reclaim_at_us = clock_span_us() + SECOND_US / 2;
	return false;
}

const int64_t *
lane_positions(void *ctx, int number)
{
	struct lane *lane = owned_lane(ctx, number);

	return lane != NULL ? lane->state.next_offset : NULL;
}

static void
release(struct worker *w, struct lane *lane, struct arena *arena)
{
	struct err err = { .fault = FAULT_NONE };

	/* Without the database the next owner sees an unclean end, which is true. */
	if (!db_is_broken(w->db) &&
	    lane_release(w->db, arena, w->stage, lane, &err) != FAULT_NONE)
		tell_fault(w, "release_failed", &err);
	log_event(LOG_INFO, "lane_released", LOG_INT("lane", lane->lane),
	    LOG_INT("offset", lane->state.next_offset[0]));
}

void
give_back(struct worker *w, struct lane *lane)
{
	struct arena *arena = arena_new(0);

	release(w, lane, arena);
	lane->owned = false;
	arena_free(arena);
}

void
release_all(struct worker *w)
{
	for (int i = 0; i <= w->most_lane; i++)
		if (owned_lane(w, i) != NULL)
			give_back(w, w->lanes[i]);
}

void
revoke_lanes(void *ctx, bool lost)
{
	struct worker *w = ctx;

	count_rebalance(w, lost);
	kill_point(KILL_REVOKED);
	/* What was lost may have another owner: its epoch decides, nothing to give back. */
	if (lost)
		for (int i = 0; i <= w->most_lane; i++)
			if (w->lanes[i] != NULL)
				w->lanes[i]->owned = false;
	for (int i = 0; i <= w->most_lane; i++)
		if (w->lanes[i] != NULL)
			w->lanes[i]->stands_until_us = 0;
	release_all(w);
	kill_point(KILL_RELEASED);
	lanes_dropped(w);
}

void
lanes_dropped(struct worker *w)
{
	flights_forget(w, false);
	inquiries_forget(w, false);
}
