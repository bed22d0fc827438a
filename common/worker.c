/*
 * worker - start and stop of every worker; see worker.h for the loop.
 *
 * Start: arguments, parameters, log, database, all statements, contracts, the
 * service's own start, producer, consumer, one "up" line.  Stop on SIGTERM is
 * the reverse, bounded, and equal in effect to kill -9: all truth is in the
 * database.
 */
#include "worker.h"

#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "kill_point.h"
#include "log.h"
#include "version.h"

static volatile sig_atomic_t stop_signal;

bool
worker_stopping(void)
{
	return stop_signal != 0;
}

static void
on_signal(int number)
{
	stop_signal = number;
}

static void
catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* --- what services may ask --------------------------------------------------- */

void *worker_state(struct worker *w) { return w->state; }
void worker_set_state(struct worker *w, void *state) { w->state = state; }
struct db *worker_db(struct worker *w) { return w->db; }
struct arena *worker_arena(struct worker *w) { return w->arena; }

time_us
worker_lane_born(const struct worker *w, int lane)
{
	return owned_lane(w, lane) != NULL ? w->lanes[lane]->born_at : TIME_NONE;
}

/* Ids are digests: any bytes of them spread well. */
static uint32_t
bucket_of(const uint8_t *id, uint32_t size)
{
	uint32_t h;

	memcpy(&h, id, sizeof h);
	return h & (size - 1);
}

enum fault
worker_load(struct worker *w, struct arena *arena, const uint8_t (*ids)[UUID_BYTES], int n, struct dossier **out,
    struct err *err)
{
	enum { BUCKETS = 1024 };
	struct db_args *args = db_args_new(arena, 1);
	struct db_array *array = db_put_array(args, DB_UUID);
	/* Places of ids, 1 for the first: one for each bucket, and behind each the next in its bucket. */
	int *heads = ARENA_ARRAY(arena, int, BUCKETS), *next = ARENA_ARRAY(arena, int, (size_t)n + 1);
	const struct rows *rows;
	enum fault fault;

	for (int i = 0; i < n; i++)
		db_add_uuid(array, ids[i]);
	fault = db_run(w->db, core_stmt(SQL_DOSSIER_LOAD), args, &rows, err);
	if (fault != FAULT_NONE)
		return fault;
	memset(out, 0, (size_t)n * sizeof *out);
	for (int i = 1; i <= n; i++) {
		int *head = &heads[bucket_of(ids[i - 1], BUCKETS)];

		next[i] = *head;
		*head = i;
	}
	for (int r = 0; r < rows_count(rows); r++) {
		struct dossier *dos = ARENA_NEW(arena, struct dossier);

		columns_get(rows, r, 0, dossier_columns, dossier_n_columns, arena, dos);
		for (int i = heads[bucket_of(dos->id, BUCKETS)]; i != 0; i = next[i])
			if (memcmp(ids[i - 1], dos->id, UUID_BYTES) == 0)
				out[i - 1] = dos;
	}
	return FAULT_NONE;
}

/* --- parameters ------------------------------------------------------------------ */

static struct settings settings;

static const struct param common_params[] = {
	{ "database", PARAM_TEXT, &settings.database, NULL, 0, 0, NULL,
	    "libpq connection string or URI; the role dossier_<stage> is used unless it names a user" },
	{ "broker", PARAM_TEXT, &settings.broker, NULL, 0, 0, NULL, "Kafka bootstrap servers" },
	{ "group", PARAM_TEXT, &settings.group, "", 0, 0, NULL,
	    "consumer group that hands out the lanes; empty: the stage's name" },
	{ "schemas", PARAM_TEXT, &settings.schemas, "schemas", 0, 0, NULL,
	    "folder with the message contracts; where there is none of that name, the installed one" },
	{ "log.level", PARAM_TEXT, &settings.log_level, "info", 0, 0, NULL,
	    "least level that is logged: debug, info, warn, error" },
	{ "log.format", PARAM_TEXT, &settings.log_format, "logfmt", 0, 0, NULL, "logfmt or json" },
	{ "log.jobs", PARAM_BOOL, &settings.log_jobs, "true", 0, 0, NULL,
	    "one line for every job, not only for those that went wrong" },
	{ "batch", PARAM_INT, &settings.batch, "0", 0, BATCH_MAX, NULL,
	    "most messages of one transaction, those not counted that wake nobody in the stage; 0: 200; 100 for verification and lookup, which keep more of each; 500 for tracking, which must keep up with all the others" },
	{ "listen", PARAM_TEXT, &settings.listen, "", 0, 0, NULL,
	    "where to serve /livez, /readyz and /metrics: an address of this machine alone (127.0.0.1:9301; port 0: any); empty: nowhere" },
	{ "catalogue.refresh", PARAM_INT, &settings.catalogue_ms, "10000", 100, 3600000, "ms",
	    "how often to look whether the catalogue has changed" },
	{ "gather.budget", PARAM_INT, &settings.budget_ms, "20", 0, 1000, "ms",
	    "how long a turn waits for answers from outside" },
	{ "gather.pause", PARAM_INT, &settings.pause_ms, "15", 0, 1000, "ms",
	    "how long a turn waits for more messages at most; it waits no longer than twice what the turn before has taken" },
	{ "session.timeout", PARAM_INT, &settings.session_timeout_ms, "10000", 3000, 300000, "ms",
	    "after which the group gives the lanes of a silent worker to others" },
	{ "message.timeout", PARAM_INT, &settings.message_timeout_ms, "30000", 1000, 300000, "ms",
	    "after which an unacknowledged message makes the producer be renewed" },
	{ "clock.skew", PARAM_INT, &settings.skew_ms, "1000", 0, 60000, "ms",
	    "how far the clocks of broker and database may differ" },
	{ "upkeep", PARAM_INT, &settings.upkeep_ms, "3000", 100, 60000, "ms",
	    "how often idle lanes note how far in time they have read" },
	{ "effect.timeout", PARAM_INT, &settings.effect_timeout_ms, "10000", 100, EFFECT_TIMEOUT_MOST_MS, "ms",
	    "within which a call with an effect outside must end" },
	{ "inquiries", PARAM_INT, &settings.inquiries, "1000", 1, 100000, NULL,
	    "dossiers about which the outside is asked at once; more of them wait" },
	{ "appeal", PARAM_INT, &settings.appeal_ms, "60s", 1000, 86400000, "ms",
	    "after which, when a lane has kept its owner for so long, what was parked because its worker died is tried once more" },
	{ "http.connections", PARAM_INT, &settings.http_at_once, "256", 1, 4096, NULL,
	    "connections in all to the outside" },
	{ "http.connections.peer", PARAM_INT, &settings.http_per_host, "64", 1, 1024, NULL,
	    "connections to one peer; each register or gateway there counts for itself" },
	{ "http.ca", PARAM_TEXT, &settings.http_ca, "", 0, 0, NULL,
	    "file (PEM) with the authorities whose certificates are trusted over https; empty: the system's" },
	{ "backlog", PARAM_INT, &settings.backlog, "20000", 100, 45000, NULL,
	    "unacknowledged messages beyond which reading pauses" },
	{ "message.bytes", PARAM_INT, &settings.message_bytes, "1000000", 1000, 10000000, "bytes",
	    "largest data of a message from outside" },
	{ .name = NULL },
};

static enum fault
open_log(const struct worker *w, struct err *err)
{
	static const char *const levels[] = { "debug", "info", "warn", "error" };
	int level = -1;

	for (int i = 0; i < 4; i++)
		if (strcmp(w->set.log_level, levels[i]) == 0)
			level = i;
	if (level < 0)
		return err_set(err, FAULT_FATAL, "read parameters", "config",
		    "log.level is \"%s\"; it must be debug, info, warn or error", w->set.log_level);
	if (strcmp(w->set.log_format, "logfmt") != 0 && strcmp(w->set.log_format, "json") != 0)
		return err_set(err, FAULT_FATAL, "read parameters", "config",
		    "log.format is \"%s\"; it must be logfmt or json", w->set.log_format);
	log_open(stage_name(w->stage), w->set.log_format[0] == 'j' ? LOG_JSON : LOG_LOGFMT,
	    (enum log_level)level);
	return FAULT_NONE;
}

/* --- starting ------------------------------------------------------------------------ */

static struct worker *
worker_new(const struct service *service)
{
	struct worker *w = mem_new(1, sizeof *w);
	char host[64] = "?", text[128];
	enum stage unused;

	w->started_at = clock_now_us();
	w->service = service;
	w->stage = service->stage;
	dossier_save_stage(&w->save, w->stage);
	dossier_save_all(&w->save_all);
	w->topics = stage_topics(w->stage, &w->n_topics);
	for (int i = 0; i < w->n_topics; i++)
		w->is_journal[i] = stage_of_journal(text_of(w->topics[i]), &unused);
	snprintf(text, sizeof text, "dossier-%s", stage_name(w->stage));
	w->name = mem_copy_text(text);
	gethostname(host, sizeof host - 1);
	snprintf(text, sizeof text, "%s:%d", host, (int)getpid());
	w->owner = mem_copy_text(text);
	w->arena = arena_new(4 * 1024 * 1024);
	w->digest = digest_new();
	w->asking = mem_new(ASKING_BUCKETS, sizeof *w->asking);
	w->later_us = INT64_MAX;
	w->held_end = &w->held;
	hand_init(w);
	health_begin(w);
	return w;
}

/* A database that is still starting is waited for, a while. */
static enum fault
connect_patiently(struct worker *w, struct err *err)
{
	enum fault fault;

	for (int tries = 0; ; tries++) {
		beat(w);
		fault = connect_database(w, err);
		health_refresh(w, true);
		if (fault == FAULT_NONE || fault == FAULT_FATAL || tries == 60 || worker_stopping())
			return fault;
		if (tries == 0)
			tell_fault(w, "database_awaited", err);
		usleep(500 * 1000);
	}
}

static enum fault
open_consumer(struct worker *w, struct err *err)
{
	struct consumer_options options = { .bootstrap = w->set.broker,
	    .group = w->set.group[0] != '\0' ? w->set.group : stage_name(w->stage),
	    .client = w->name, .topics = w->topics, .n_topics = w->n_topics,
	    .session_timeout_ms = w->set.session_timeout_ms, .pass = w->params.pass, .ctx = w,
	    .claim = claim_lane, .revoke = revoke_lanes, .positions = lane_positions };

	return consumer_open(&options, &w->consumer, err);
}

static enum fault
worker_start(struct worker *w, struct err *err)
{
	enum fault fault = health_serve(w, err);

	if (fault == FAULT_NONE)
		fault = connect_patiently(w, err);
	if (fault == FAULT_NONE)
		fault = load_contracts(w, err);
	w->http = http_new((int)w->set.http_at_once, (int)w->set.http_per_host);
	if (w->set.http_ca[0] != '\0') {
		http_set_ca(w->http, w->set.http_ca);
		if (fault == FAULT_NONE && access(w->set.http_ca, R_OK) != 0)
			fault = err_set(err, FAULT_FATAL, "start", "http.ca", "http.ca: cannot read %s", w->set.http_ca);
	}
	if (fault == FAULT_NONE)
		fault = law_begin(w, err);
	if (fault == FAULT_NONE && w->service->start != NULL)
		fault = w->service->start(w, err);
	if (fault == FAULT_NONE)
		fault = open_producer(w, err);
	if (fault == FAULT_NONE)
		fault = open_consumer(w, err);
	if (fault == FAULT_NONE)
		log_event(LOG_INFO, "up", LOG_STR("release", DOSSIER_VERSION), LOG_STR("owner", w->owner),
		    LOG_STR("lead", w->topics[0]), LOG_STR("listen", health_listen(w)));
	if (fault == FAULT_NONE)
		health_is_up(w);
	return fault;
}

/* --- stopping ------------------------------------------------------------------------- */

/* Effects under way get a moment to be answered, so that nobody has to ask later. */
static void
land(struct worker *w)
{
	int64_t until_us = clock_span_us() + 2 * SECOND_US;
	struct err err;

	while (w->n_flying > 0 && clock_span_us() < until_us) {
		drive_http(w, 20);
		if (w->n_landed > 0 && turn_run(w, &err) != FAULT_NONE)
			return;
	}
}

static void
flush(struct worker *w)
{
	int64_t until_us = clock_span_us() + 3 * SECOND_US;
	struct err err;

	while (w->producer != NULL && producer_pending(w->producer) > 0 &&
	    clock_span_us() < until_us && !producer_failed(w->producer, &err))
		producer_poll(w->producer, 20);
}

static int stop_status;

/* Whatever still hangs, the client's threads most of all (2.0.2): all truth is in the database. */
static void
on_stop_alarm(int number)
{
	static const char line[] = "level=warn event=stop_timed_out\n";

	(void)number;
	if (write(STDERR_FILENO, line, sizeof line - 1) < 0)
		_exit(stop_status);
	_exit(stop_status);
}

static void
worker_stop(struct worker *w)
{
	health_is_stopping(w);
	enum { STOP_S = 9, FATAL_S = 5 };

	stop_status = fault_traits(w->fatal.fault)->exit_status;
	signal(SIGALRM, on_stop_alarm);
	alarm(w->fatal.fault != FAULT_NONE ? FATAL_S : STOP_S);
	kill_point(KILL_STOP_BEGIN);
	if (w->fatal.fault == FAULT_NONE && w->db != NULL && w->http != NULL) {
		hand_done(w, w->n_items);
		land(w);
		kill_point(KILL_STOP_LANDED);
		flush(w);
		kill_point(KILL_STOP_FLUSHED);
	}
	hand_done(w, w->n_items);
	if (w->db != NULL)
		release_all(w);
	/* Leaving the group may bring a last rebalance, and by then nothing is there to claim with. */
	w->is_closing = true;
	flights_forget(w, true);
	inquiries_forget(w, true);
	producer_free(w->producer);
	reader_close(w->reader);
	if (!consumer_close(w->consumer, 4000)) {
		log_event(LOG_WARN, "close_timed_out", LOG_STR("what", "consumer"));
		_exit(stop_status);
	}
	alarm(0);
}

static void
worker_free(struct worker *w)
{
	if (w->service->stop != NULL && w->state != NULL)
		w->service->stop(w);
	law_end(w);
	for (int i = 0; i < LANE_LIMIT; i++) {
		if (w->lanes[i] != NULL)
			free(w->lanes[i]->suspects);
		if (w->lanes[i] != NULL)
			free(w->lanes[i]->note);
		free(w->lanes[i]);
	}
	free(w->asking);
	health_end(w);
	http_free(w->http);
	schema_set_free(w->schemas);
	db_close(w->db);
	digest_free(w->digest);
	arena_free(w->arena);
	param_done(&w->params);
	free(w->name);
	free(w->owner);
	free(w);
}

/* For tests only, so it is no parameter. False: nothing more is to be done, and *status tells how it ends. */
static bool
arm_kill_points(int *status)
{
	const char *setting = getenv("DOSSIER_KILL_POINT");
	struct err err;

	*status = 0;
	if (setting != NULL && strcmp(setting, "list") == 0) {
		kill_points_list(stdout);
		return false;
	}
	if (kill_points_arm(setting, &err) == FAULT_NONE)
		return true;
	fprintf(stderr, "%s: %s. Names:\n", err.op, err.text);
	kill_points_list(stderr);
	*status = 2;
	return false;
}

int
worker_main(const struct service *service, int argc, char **argv)
{
	struct worker *w;
	struct err err = { .fault = FAULT_NONE };
	bool help = false;
	int status;

	if (!arm_kill_points(&status))
		return status;
	w = worker_new(service);
	/* One thread does the work: arenas for each of the client's threads only cost memory. */
	mallopt(M_ARENA_MAX, 1);
	mallopt(M_TRIM_THRESHOLD, 1 << 20);
	mallopt(M_MMAP_THRESHOLD, 128 * 1024);
	w->params = (struct param_set){ .program = w->name, .summary = service->summary,
	    .tables = { common_params, service->params } };
	catch_signals();
	if (param_load(&w->params, argc, argv, &help, &err) != FAULT_NONE) {
		fprintf(stderr, "%s: %s\n", w->name, err.text);
		worker_free(w);
		return 2;
	}
	w->set = settings;
	if (w->set.batch == 0)
		w->set.batch = service->passes != NULL ? 500 : service->answered != NULL ? 100 : 200;
	if (!help && open_log(w, &err) == FAULT_NONE && worker_start(w, &err) == FAULT_NONE) {
		loop_run(w);
		err = w->fatal;
	}
	if (err.fault != FAULT_NONE) {
		w->fatal = err;
		tell_fault(w, "down", &err);
	}
	if (!help)
		worker_stop(w);
	if (!help)
		metrics_tell(w);
	if (err.fault == FAULT_NONE && !help)
		log_event(LOG_INFO, "down", LOG_INT("decided", w->decided), LOG_INT("batches", w->batches));
	status = fault_traits(err.fault)->exit_status;
	worker_free(w);
	return status;
}
