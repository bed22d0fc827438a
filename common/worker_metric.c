/*
 * worker_metric - what every worker counts about itself (see metric.h).
 *
 * Counters are this process's own, since it started; what is waiting and
 * parked is of the lanes it owns.  All of it is added up once a turn from what
 * the turn knows anyway; gauges are set now and then by metrics_refresh.
 */
#include <stdio.h>
#include <stdlib.h>

#include "breaker.h"
#include "log.h"
#include "metric.h"
#include "version.h"
#include "worker.h"

enum family {
	M_BUILD, M_RECEIVED, M_FINISHED, M_DEAD, M_PARKINGS, M_WAITING, M_PARKED, M_LAG, M_LAG_MESSAGES, M_STAGE, M_BATCH,
	M_PHASE, M_TURNS, M_LAST_COMMIT, M_GIVEN, M_OWNED, M_STEPPING, M_PAUSED, M_STANDING, M_CLAIMS, M_REBALANCES,
	M_CONNECTS, M_ERRORS, M_UNACKED, M_QUEUED, M_INQUIRIES, M_EFFECTS, M_HTTP, M_HTTP_TIME, M_BREAKER, M_OPENINGS,
	M_EVENTS, FAMILIES
};

#define TIMES { 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000, 2500000, 5000000, 10000000 }
#define LONG_TIMES { 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000, 2500000, 10000000, 60000000, \
	600000000, 3600000000, 86400000000 }

static const struct metric_family families[FAMILIES] = {
	[M_BUILD] = { "dossier_build_info", "Release of this program; always 1.", METRIC_GAUGE, .labels = { "version" } },
	[M_RECEIVED] = { "dossier_jobs_received_total", "Jobs taken from topics, handed in by other lanes, and ordered by decisions.",
	    METRIC_COUNTER, .labels = { "way" } },
	[M_FINISHED] = { "dossier_jobs_finished_total", "Jobs that have ended, by how.", METRIC_COUNTER, .labels = { "end" } },
	[M_DEAD] = { "dossier_dead_letters_total", "Messages from outside that could not be read, by why.", METRIC_COUNTER,
	    .labels = { "reason" } },
	[M_PARKINGS] = { "dossier_parkings_total", "Jobs set aside for an operator, by why.", METRIC_COUNTER, .labels = { "reason" } },
	[M_WAITING] = { "dossier_jobs_waiting", "Unfinished jobs of the owned lanes that go on by themselves, timers included.", METRIC_GAUGE, .per_unit = 1 },
	[M_PARKED] = { "dossier_jobs_parked", "Jobs of the owned lanes that wait for an operator.", METRIC_GAUGE, .per_unit = 1 },
	[M_LAG] = { "dossier_lag_seconds", "Time since the instant up to which a lane has read all of its topics.", METRIC_GAUGE,
	    1000000, { "lane" }, .series_max = LANE_LIMIT },
	[M_LAG_MESSAGES] = { "dossier_lag_messages", "Messages before the end of its topics, as last heard from the broker.", METRIC_GAUGE,
	    .labels = { "lane" }, .series_max = LANE_LIMIT },
	[M_STAGE] = { "dossier_stage_duration_seconds", "Time from a message's arrival at the broker to the commit that finished it.",
	    METRIC_HISTOGRAM, 1000000, .bounds = LONG_TIMES },
	[M_BATCH] = { "dossier_batch_jobs", "Jobs of one transaction.", METRIC_HISTOGRAM,
	    .bounds = { 1, 2, 5, 10, 20, 50, 100, 200, 300, 400, 500, 700 } },
	[M_PHASE] = { "dossier_batch_duration_seconds", "Time of one transaction, by phase.", METRIC_HISTOGRAM, 1000000, { "phase" },
	    .bounds = TIMES },
	[M_TURNS] = { "dossier_turns_total", "Turns of the loop that committed or failed; a failed one is taken again.", METRIC_COUNTER,
	    .labels = { "outcome" } },
	[M_LAST_COMMIT] = { "dossier_last_commit_timestamp_seconds", "When the last turn committed.", METRIC_GAUGE, .per_unit = 1000000 },
	[M_GIVEN] = { "dossier_lanes_given", "Lanes that the consumer group has handed to this process.", METRIC_GAUGE, .per_unit = 1 },
	[M_OWNED] = { "dossier_lanes_owned", "Lanes that it has claimed.", METRIC_GAUGE, .per_unit = 1 },
	[M_STEPPING] = { "dossier_lanes_stepping", "Owned lanes that go one message at a time.", METRIC_GAUGE, .per_unit = 1 },
	[M_PAUSED] = { "dossier_lanes_paused", "Owned lanes that are not read: an operator has paused the stage, or too much is under way.", METRIC_GAUGE, .per_unit = 1 },
	[M_STANDING] = { "dossier_journals_standing", "Journals whose next entry has not come for 30 seconds though later ones have.", METRIC_GAUGE, .per_unit = 1 },
	[M_CLAIMS] = { "dossier_lane_claims_total", "Attempts to claim a lane.", METRIC_COUNTER, .labels = { "result" } },
	[M_REBALANCES] = { "dossier_rebalances_total", "Times that the group took all lanes away, to hand them out anew.", METRIC_COUNTER,
	    .labels = { "kind" } },
	[M_CONNECTS] = { "dossier_database_connects_total", "Attempts to connect to the database.", METRIC_COUNTER, .labels = { "result" } },
	[M_ERRORS] = { "dossier_errors_total", "Faults that were logged, by class, operation and code.", METRIC_COUNTER,
	    .labels = { "fault", "op", "code" } },
	[M_UNACKED] = { "dossier_publish_unacknowledged", "Committed journal entries that the broker has not acknowledged.", METRIC_GAUGE, .per_unit = 1 },
	[M_QUEUED] = { "dossier_publish_queued", "Messages in the producer's queue.", METRIC_GAUGE, .per_unit = 1 },
	[M_INQUIRIES] = { "dossier_inquiries", "Inquiries outside in progress.", METRIC_GAUGE, .per_unit = 1 },
	[M_EFFECTS] = { "dossier_effects", "Effects outside in hand: under way, answered, not begun.", METRIC_GAUGE, .labels = { "state" } },
	[M_HTTP] = { "dossier_http_requests_total", "Requests to peers outside that have ended, by how.", METRIC_COUNTER,
	    .labels = { "peer", "outcome" } },
	[M_HTTP_TIME] = { "dossier_http_request_duration_seconds", "Time of requests to peers outside, waiting for a connection included.",
	    METRIC_HISTOGRAM, 1000000, { "peer" }, .bounds = TIMES },
	[M_BREAKER] = { "dossier_breaker_state", "1 for the state in which the breaker of a peer is.", METRIC_GAUGE,
	    .labels = { "peer", "state" } },
	[M_OPENINGS] = { "dossier_breaker_openings_total", "Times that the breaker of a peer has opened.", METRIC_COUNTER, .labels = { "peer" } },
	[M_EVENTS] = { "dossier_service_events_total", "What the service itself finds worth counting.", METRIC_COUNTER, .labels = { "event" } },
};

/* What is counted often is at hand. */
struct meters {
	struct metric	*taken, *handed_in, *ordered, *done, *repeated, *dead, *handed_out;
	struct metric	*stage, *batch, *gather, *trip1, *decide, *trip2, *last_commit;
	struct metric	*lag[LANE_LIMIT], *lag_messages[LANE_LIMIT];
};

static struct metric *
plain(const struct worker *w, enum family family)
{
	return metric_of(w->metrics, (int)family, NULL, NULL, NULL);
}

static struct metric *
one_of(const struct worker *w, enum family family, const char *label)
{
	return metric_of(w->metrics, (int)family, label, NULL, NULL);
}

void
metrics_begin(struct worker *w)
{
	struct meters *m = w->meters = mem_new(1, sizeof *m);
	char stage[32];

	snprintf(stage, sizeof stage, "stage=\"%s\"", stage_name(w->stage));
	w->metrics = metrics_new(families, FAMILIES, stage);
	metric_set(one_of(w, M_BUILD, DOSSIER_VERSION), 1);
	m->taken = one_of(w, M_RECEIVED, "taken");
	m->handed_in = one_of(w, M_RECEIVED, "handed_in");
	m->ordered = one_of(w, M_RECEIVED, "ordered");
	m->done = one_of(w, M_FINISHED, "done");
	m->repeated = one_of(w, M_FINISHED, "repeated");
	m->dead = one_of(w, M_FINISHED, "dead");
	m->handed_out = one_of(w, M_FINISHED, "handed_out");
	m->stage = plain(w, M_STAGE);
	m->batch = plain(w, M_BATCH);
	m->gather = one_of(w, M_PHASE, "gather");
	m->trip1 = one_of(w, M_PHASE, "trip1");
	m->decide = one_of(w, M_PHASE, "decide");
	m->trip2 = one_of(w, M_PHASE, "trip2");
	m->last_commit = plain(w, M_LAST_COMMIT);
	/* At 0 from the start, so that the first one shows as a rise. */
	(void)one_of(w, M_TURNS, "committed");
	(void)one_of(w, M_TURNS, "failed");
	(void)one_of(w, M_CLAIMS, "ok");
	(void)one_of(w, M_CLAIMS, "failed");
	(void)one_of(w, M_REBALANCES, "revoked");
	(void)one_of(w, M_REBALANCES, "lost");
	(void)one_of(w, M_CONNECTS, "ok");
	(void)one_of(w, M_CONNECTS, "failed");
}

void
metrics_end(struct worker *w)
{
	metrics_free(w->metrics);
	free(w->meters);
}

/* --- of a turn --------------------------------------------------------------- */

static void
count_lane(struct meters *m, const struct lane *lane)
{
	const struct counters *now = &lane->draft.counters, *before = &lane->state.counters;

	metric_add(m->taken, now->taken - before->taken);
	metric_add(m->handed_in, now->handed_in - before->handed_in);
	metric_add(m->ordered, now->ordered - before->ordered);
	metric_add(m->done, now->done - before->done);
	metric_add(m->repeated, now->repeated - before->repeated);
	metric_add(m->dead, now->dead - before->dead);
	metric_add(m->handed_out, now->handed_out - before->handed_out);
}

static void
count_job(struct worker *w, const struct job *job, time_us now)
{
	if (job->end == END_DEAD)
		metric_add(one_of(w, M_DEAD, job->why.code), 1);
	if (job->end == END_PARKED)
		metric_add(one_of(w, M_PARKINGS, job->why.code), 1);
	if (job->end == END_DONE && (job->kind == JOB_MESSAGE || job->kind == JOB_HANDOVER))
		metric_observe(w->meters->stage, now > job->place.at ? now - job->place.at : 0);
}

/* After the commit, while draft and state of the lanes still differ by this turn. */
void
count_turn(struct turn *t, struct lane *const *lanes, int n_lanes)
{
	struct worker *w = t->worker;
	struct meters *m = w->meters;
	struct job *const *jobs = t->jobs.items;
	time_us now = worker_now(w);

	for (int i = 0; i < n_lanes; i++)
		count_lane(m, lanes[i]);
	for (int i = 0; i < t->jobs.n; i++)
		count_job(w, jobs[i], now);
	metric_set(m->last_commit, now);
	metric_add(one_of(w, M_TURNS, "committed"), 1);
	if (t->jobs.n == 0)
		return;
	metric_observe(m->batch, t->jobs.n);
	metric_observe(m->gather, t->gathered_us - t->began_us);
	metric_observe(m->trip1, t->locked_us - t->gathered_us);
	metric_observe(m->decide, t->decided_us - t->locked_us);
	metric_observe(m->trip2, clock_span_us() - t->decided_us);
}

/* --- now and then ------------------------------------------------------------- */

void
tell_fault(struct worker *w, const char *event, const struct err *err)
{
	log_fault(event, err);
	metric_add(metric_of(w->metrics, M_ERRORS, fault_traits(err->fault)->name, err->op != NULL ? err->op : "",
	    err->code), 1);
	if (strcmp(event, "turn_failed") == 0)
		metric_add(one_of(w, M_TURNS, "failed"), 1);
}

void
count_claim(struct worker *w, bool ok)
{
	metric_add(one_of(w, M_CLAIMS, ok ? "ok" : "failed"), 1);
}

void
count_rebalance(struct worker *w, bool lost)
{
	metric_add(one_of(w, M_REBALANCES, lost ? "lost" : "revoked"), 1);
}

void
count_connect(struct worker *w, bool ok)
{
	metric_add(one_of(w, M_CONNECTS, ok ? "ok" : "failed"), 1);
}

void
worker_count(struct worker *w, const char *what)
{
	metric_add(one_of(w, M_EVENTS, what), 1);
}

void
metrics_tell(const struct worker *w)
{
	for (const struct metric *m = NULL; (m = metric_next(w->metrics, M_EVENTS, m)) != NULL; )
		log_event(LOG_INFO, "counted", LOG_STR("what", metric_label(m)), LOG_INT("n", metric_value(m)));
}

void
count_call(struct worker *w, const struct http_call *call)
{
	static const char *const classes[] = { "1xx", "2xx", "3xx", "4xx", "5xx" };
	const char *outcome = call->reason != NULL ? call->reason : "failed";

	if (call->end == HTTP_ANSWERED)
		outcome = call->status >= 100 && call->status < 600 ? classes[call->status / 100 - 1] : "other";
	metric_add(metric_of(w->metrics, M_HTTP, call->peer, outcome, NULL), 1);
	metric_observe(one_of(w, M_HTTP_TIME, call->peer), call->took_us);
}

/* --- gauges -------------------------------------------------------------------- */

/* A lane that is not ours any more has no lag here. */
static void
show_lag(struct worker *w, int number, time_us now)
{
	struct meters *m = w->meters;
	const struct lane *lane = owned_lane(w, number);
	time_us oldest = now;
	int64_t messages = 0;
	char label[16];

	if (lane == NULL && m->lag[number] == NULL)
		return;
	if (m->lag[number] == NULL) {
		snprintf(label, sizeof label, "%d", number);
		m->lag[number] = one_of(w, M_LAG, label);
		m->lag_messages[number] = one_of(w, M_LAG_MESSAGES, label);
	}
	for (int k = 0; lane != NULL && k < w->n_topics; k++) {
		int64_t at = lane->state.next_offset[k] > 0 ? lane->state.next_offset[k] : 0;
		int64_t end = consumer_end(w->consumer, w->topics[k], number);
		time_us read_to = lane->state.read_to[k] > 0 ? lane->state.read_to[k] : w->started_at;

		oldest = read_to < oldest ? read_to : oldest;
		messages += end > at ? end - at : 0;
	}
	metric_set(m->lag[number], lane != NULL ? now - oldest : METRIC_ABSENT);
	metric_set(m->lag_messages[number], lane != NULL ? messages : METRIC_ABSENT);
}

static void
show_lanes(struct worker *w, time_us now)
{
	int64_t owned = 0, stepping = 0, waiting = 0, parked = 0, unacked = 0, standing = 0;
	int given = 0;

	for (int i = 0; i <= w->most_lane; i++) {
		const struct lane *lane = owned_lane(w, i);

		show_lag(w, i, now);
		if (lane == NULL)
			continue;
		owned++;
		stepping += lane->stepping;
		waiting += lane->state.counters.waiting;
		parked += lane->state.counters.parked;
		unacked += lane->state.given - lane->acked;
		for (int k = 0; k < w->n_topics; k++)
			standing += stands(lane, k);
	}
	if (w->consumer != NULL)
		(void)consumer_lanes(w->consumer, &given);
	metric_set(plain(w, M_GIVEN), given);
	metric_set(plain(w, M_OWNED), owned);
	metric_set(plain(w, M_STEPPING), stepping);
	metric_set(plain(w, M_PAUSED), w->is_full || w->paused ? owned : 0);
	metric_set(plain(w, M_WAITING), waiting);
	metric_set(plain(w, M_PARKED), parked);
	metric_set(plain(w, M_UNACKED), unacked);
	metric_set(plain(w, M_STANDING), standing);
}

void
show_breaker(struct worker *w, const char *peer, enum breaker_state state, bool has_opened)
{
	for (int i = BREAKER_CLOSED; i <= BREAKER_PROBING; i++)
		metric_set(metric_of(w->metrics, M_BREAKER, peer, breaker_state_name((enum breaker_state)i), NULL),
		    i == (int)state);
	metric_add(one_of(w, M_OPENINGS, peer), has_opened);
}

void
metrics_refresh(struct worker *w)
{
	show_lanes(w, worker_now(w));
	metric_set(plain(w, M_QUEUED), w->producer != NULL ? producer_pending(w->producer) : 0);
	metric_set(plain(w, M_INQUIRIES), w->n_asking);
	metric_set(one_of(w, M_EFFECTS, "flying"), w->n_flying);
	metric_set(one_of(w, M_EFFECTS, "landed"), w->n_landed);
	metric_set(one_of(w, M_EFFECTS, "held"), w->n_held);
}
