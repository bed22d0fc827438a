/*
 * kill_point - named places at which a worker ends at once, for tests.
 *
 *     DOSSIER_KILL_POINT=NAME[:NTH[:ACTION]][,...]     at the NTH visit (1); kill (default) or stop
 *     DOSSIER_KILL_POINT=random:SEED:PER_MILLE         at any visit of any place, with that chance
 *     DOSSIER_KILL_POINT=list                          print them all and end
 *
 * kill is SIGKILL to itself: nothing is flushed, nothing given back.  stop is
 * SIGSTOP to itself: a worker that stands there until somebody continues it.
 * One line "kill_point NAME" on standard error comes first, so that a test can
 * count.  Without the variable a place costs one branch that is never taken.
 */
#ifndef KILL_POINT_H
#define KILL_POINT_H

#include <stdbool.h>
#include <stdio.h>

#include "err.h"

/* In the order in which a worker meets them. */
#define KILL_POINTS(X) \
	X(CLAIM_BEGIN,		"claim.begin",		"a lane is to be claimed, nothing is done yet") \
	X(CLAIM_RAISED,		"claim.raised",		"its epoch is raised") \
	X(CLAIM_TAIL,		"claim.tail",		"what was left unpublished is read") \
	X(CLAIM_COMPARED,	"claim.compared",	"the topic is compared with it") \
	X(CLAIM_BEGUN,		"claim.begun",		"the claim is noted as complete") \
	X(CLAIM_SENT,		"claim.sent",		"what was left unpublished is sent") \
	X(CLAIM_DONE,		"claim.done",		"dead letters are announced, positions go to the consumer") \
	X(CLAIM_ASSIGNED,	"claim.assigned",	"all lanes that were given are assigned") \
	X(RECEIVED,		"turn.received",	"messages and answers in hand have become jobs") \
	X(STORED_READ,		"turn.stored",		"stored jobs that are due are read") \
	X(STEP_NOTED,		"step.noted",		"what is tried with care is noted") \
	X(INQUIRY_BEGUN,	"inquiry.begun",	"questions of this turn are under way") \
	X(INQUIRY_ANSWERED,	"inquiry.answered",	"an answer came, nobody has looked at it") \
	X(SERIAL_TAKEN,		"serial.taken",		"a block of serial numbers is taken, none is used") \
	X(SNAPSHOT_SENT,	"snapshot.sent",	"a snapshot is handed to the producer") \
	X(SNAPSHOT_FLUSHED,	"snapshot.flushed",	"the broker has all snapshots of the turn") \
	X(GATHERED,		"turn.gathered",	"all is known that a decision needs, nothing is locked") \
	X(FENCE_SENT,		"fence.sent",		"a transaction is begun; whether it has its locks is not read") \
	X(LOCKED,		"turn.locked",		"lanes and dossiers are locked") \
	X(DECIDED,		"turn.decided",		"all is decided, in memory") \
	X(QUEUED,		"turn.queued",		"writes and commit are queued") \
	X(COMMIT_SENT,		"commit.sent",		"they are sent, the answer is not read") \
	X(COMMIT_ANSWERED,	"commit.answered",	"the commit is answered, nothing is told to anybody") \
	X(COMMIT_UNSURE,	"commit.unsure",	"its answer was lost, the database is not asked yet") \
	X(COMMIT_SETTLED,	"commit.settled",	"the database has told what became of it") \
	X(PUBLISH_BLOCK,	"publish.block",	"a block of the journal is to be sent") \
	X(PUBLISH_HALF,		"publish.half",		"half of it is with the producer") \
	X(PUBLISH_SENT,		"publish.sent",		"all of it is") \
	X(PUBLISH_DELIVERED,	"publish.delivered",	"the broker has an entry, we have not noted it") \
	X(PUBLISH_ACKED,	"publish.acked",	"noted in memory") \
	X(PUBLISH_SAVED,	"publish.saved",	"noted in the database by a commit") \
	X(EFFECT_SETTLED,	"effect.settled",	"an effect's answer is committed, memory still holds it") \
	X(EFFECT_START,		"effect.start",		"an effect is committed and about to be told") \
	X(EFFECT_STARTED,	"effect.started",	"the request is made") \
	X(EFFECT_ANSWERED,	"effect.answered",	"the outside has answered, nothing is recorded") \
	X(DEAD_SENT,		"dead.sent",		"notices of dead letters are with the producer") \
	X(DEAD_ANNOUNCED,	"dead.announced",	"the broker has them, the table does not know") \
	X(TURN_OVER,		"turn.over",		"all that follows a commit is done") \
	X(UPKEEP_SAVED,		"upkeep.saved",		"an idle lane has noted how far in time it has read") \
	X(PRODUCER_SPENT,	"producer.spent",	"the producer has given up") \
	X(PRODUCER_RENEWED,	"producer.renewed",	"a new one is made, nothing is sent again yet") \
	X(REVOKED,		"revoke.begin",		"lanes are to be given back") \
	X(RELEASED,		"revoke.done",		"they are given back in the database") \
	X(STOP_BEGIN,		"stop.begin",		"SIGTERM is heeded, nothing is drained") \
	X(STOP_LANDED,		"stop.landed",		"effects under way are answered or given up") \
	X(STOP_FLUSHED,		"stop.flushed",		"the producer is empty")

enum kill_point {
#define KILL_POINT_ENUM(id, name, text) KILL_##id,
	KILL_POINTS(KILL_POINT_ENUM)
#undef KILL_POINT_ENUM
	KILL_POINTS_N
};

extern bool kill_points_armed;

/* setting may be NULL: none. FAULT_FATAL when it cannot be read. */
ERR_CHECK enum fault kill_points_arm(const char *setting, struct err *err);

/* Names and meanings, one a line. */
void kill_points_list(FILE *out);

void kill_point_visit(enum kill_point point);

static inline void
kill_point(enum kill_point point)
{
	if (__builtin_expect(kill_points_armed, false))
		kill_point_visit(point);
}

#endif
