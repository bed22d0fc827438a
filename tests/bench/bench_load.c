/*
 * bench_load - portals under load: publishes submissions, watches their
 * results come out, and says when the steady window begins and ends.
 *
 *   bench_load --broker HOST:PORT [OPTION…]
 *
 *   --mix plain|full       what a dossier is (load_mix.c)           plain
 *   --run NAME             begins the ids of its messages           run
 *   --partitions N         of every topic                           8
 *   --in-flight N          closed loop: so many under way           6000
 *   --rate N               or open: so many a second
 *   --warm SECONDS         before the window begins                 5
 *   --seconds SECONDS      the window's length                      60
 *   --count N              or its length in dossiers that have ended
 *   --malformed PERCENT    of all messages that it sends            0
 *   --repeated PERCENT     of all messages: a submission again      0
 *   --enterprise PERCENT   of the dossiers ask another register, and are
 *                          neither counted nor waited for in the loop
 *   --stages               times of each stage, read from the topics afterwards
 *   --limit SECONDS        for those still under way at the end, and      60
 *                          without any end before it is trouble
 *   --parent PID           end with that process
 *
 * One JSON line each: when the window begins, when it ends, and when all have
 * ended or the limit is over.  A closed loop's window begins when as many have
 * ended as it has under way, and its --warm is over.  Latency is of dossiers
 * that were sent in the window: from the call that publishes to the entry in
 * the hands of a reader.  Exit 0: all have ended; 1: some have not; 2: trouble.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "digest.h"
#include "kafka_producer.h"
#include "load_mix.h"
#include "load_stages.h"
#include "log.h"

enum { TABLE_BITS = 23, TRACKS_MAX = 1 << (TABLE_BITS - 1), REPEAT_WITHIN = 2000 };

struct options {
	const char	*broker, *run;
	struct mix	mix;
	int64_t		in_flight, rate, warm_s, seconds, count, limit_s;
	double		malformed, repeated;
	bool		stages;
	int		partitions;
};

struct track {
	uint8_t		id[UUID_BYTES];
	int64_t		sent_us, ready_us, done_us;
};

struct load {
	struct options	o;
	struct producer	*producer;
	struct reader	*cases, *ends;		/* cases only where latency is asked for */
	struct stages	*stages;
	struct arena	*arena;
	struct track	*tracks;
	int64_t		tracks_size;
	uint32_t	*table;			/* by id: index + 1 */
	int64_t		sent, done;		/* all dossiers */
	int64_t		counted, ended;		/* without those of the other register */
	int64_t		malformed, repeated, acked, messages;
	double		owed_malformed, owed_repeated;
	int64_t		started_us, last_us;		/* when the last one has ended */
	int64_t		begin_us, end_us;		/* of the window; 0: not yet */
	time_us		begin_at, end_at;
	int64_t		begin_sent, end_sent;		/* dossiers sent in the window */
	int64_t		begin_ended, end_ended;
};

static void
trouble(const char *what, const struct err *err)
{
	fprintf(stderr, "bench_load: %s%s\n", what, err->text);
	exit(2);
}

/* --- sending ---------------------------------------------------------------- */

static uint32_t *
slot(struct load *l, const uint8_t *id)
{
	uint32_t h;

	memcpy(&h, id, sizeof h);
	for (h &= (1u << TABLE_BITS) - 1; l->table[h] != 0; h = (h + 1) & ((1u << TABLE_BITS) - 1))
		if (memcmp(l->tracks[l->table[h] - 1].id, id, UUID_BYTES) == 0)
			break;
	return &l->table[h];
}

static void
send_record(struct load *l, struct record *record, int partition)
{
	struct err err;

	while (producer_send(l->producer, "dossier.submissions", partition, record, (struct header){ 0 },
	    (struct mark){ 0, 0, l->messages }, &err) != FAULT_NONE) {
		if (producer_failed(l->producer, &err))
			trouble("", &err);
		producer_poll(l->producer, 5);
	}
	l->messages++;
}

/* A submission under this id; type absent: the message lacks it. */
static void
send_message(struct load *l, struct text id, struct text value, struct text type, int partition, uint8_t *dossier)
{
	static const char source[] = "/portal/bench";
	struct record record = { .n_headers = 0 };
	char key[UUID_TEXT_BYTES], stamp[TIME_TEXT_BYTES];

	dossier_id_derive(text_of(source), id, dossier);
	uuid_to_text(dossier, key);
	time_to_text(clock_now_us(), stamp);
	record.key = text_of(key);
	record.value = value;
	record_header(&record, "ce_specversion", TEXT("1.0"));
	record_header(&record, "ce_id", id);
	record_header(&record, "ce_source", text_of(source));
	if (!text_is_absent(type))
		record_header(&record, "ce_type", type);
	record_header(&record, "ce_time", text_of(stamp));
	record_header(&record, "content-type", TEXT("application/json"));
	send_record(l, &record, partition);
}

static struct text
id_of(struct load *l, const char *kind, int64_t n)
{
	return arena_printf(l->arena, "%s%s-%lld", l->o.run, kind, (long long)n);
}

static void
send_submission(struct load *l, int64_t n, uint8_t *dossier)
{
	send_message(l, id_of(l, "", n), mix_submission(&l->o.mix, n, l->arena), TEXT("vn.dossier.submitted.v1"),
	    (int)(n % l->o.partitions), dossier);
}

static void
send_malformed(struct load *l)
{
	enum mix_wrong wrong = (enum mix_wrong)(l->malformed % WRONGS);
	uint8_t unused[UUID_BYTES];

	send_message(l, id_of(l, "-bad", l->malformed), mix_malformed(&l->o.mix, wrong, l->malformed, l->arena),
	    wrong == WRONG_NAMELESS ? TEXT_NONE : TEXT("vn.dossier.submitted.v1"),
	    (int)(l->malformed % l->o.partitions), unused);
	l->malformed++;
}

/* One that was sent lately: some of them have ended, most are under way. */
static void
send_again(struct load *l)
{
	int64_t within = l->sent < REPEAT_WITHIN ? l->sent : REPEAT_WITHIN;
	uint8_t unused[UUID_BYTES];

	send_submission(l, l->sent - 1 - l->repeated * 7919 % within, unused);
	l->repeated++;
}

static void
send_one(struct load *l)
{
	double good = 100 - l->o.malformed - l->o.repeated;
	struct track *track;

	if (l->sent == l->tracks_size) {
		l->tracks_size *= 2;
		l->tracks = mem_grow(l->tracks, (size_t)l->tracks_size, sizeof *l->tracks);
	}
	track = &l->tracks[l->sent];
	*track = (struct track){ .sent_us = clock_span_us() };
	send_submission(l, l->sent, track->id);
	*slot(l, track->id) = (uint32_t)(l->sent + 1);
	l->counted += !mix_asks_enterprise(&l->o.mix, l->sent);
	l->sent++;
	for (l->owed_malformed += l->o.malformed / good; l->owed_malformed >= 1; l->owed_malformed--)
		send_malformed(l);
	for (l->owed_repeated += l->o.repeated / good; l->owed_repeated >= 1; l->owed_repeated--)
		send_again(l);
}

/* --- watching ------------------------------------------------------------------ */

static struct track *
track_of(struct load *l, const struct message *m)
{
	uint8_t id[UUID_BYTES];
	uint32_t *at;

	if (!uuid_from_text(record_find(&m->record, "ce_subject"), id))
		return NULL;
	at = slot(l, id);
	return *at != 0 ? &l->tracks[*at - 1] : NULL;
}

static void
note_end(struct load *l, struct track *track)
{
	track->done_us = l->last_us = clock_span_us();
	l->done++;
	l->ended += !mix_asks_enterprise(&l->o.mix, track - l->tracks);
}

static bool
watch_one(struct load *l, struct reader *reader, bool end)
{
	struct message m;
	struct err err = { .fault = FAULT_NONE };
	struct track *track;
	struct text type;

	if (!reader_poll(reader, 0, &m, &err))
		return false;
	type = record_find(&m.record, "ce_type");
	track = track_of(l, &m);
	if (track != NULL && !end && track->ready_us == 0 && text_is(type, "vn.dossier.casework.opened.v1"))
		track->ready_us = clock_span_us();
	else if (track != NULL && end && track->done_us == 0 &&
	    (text_is(type, "vn.dossier.dispatch.released.v1") ||
	    text_is(type, "vn.dossier.dispatch.parcel_delivered.v1")))
		note_end(l, track);
	consumer_release(&m);
	return true;
}

static void
watch(struct load *l, int budget)
{
	bool more = true;

	while (more && budget-- > 0) {
		more = watch_one(l, l->ends, true);
		if (l->cases != NULL)
			more |= watch_one(l, l->cases, false);
	}
	producer_poll(l->producer, 0);
}

/*
 * In a closed loop nobody looks at single dossiers: larger requests, so that
 * the load takes little from what it measures.
 */
static const struct param_pass *
unhurried(const struct load *l)
{
	static char names[3][40] = { "kafka.producer.linger.ms", "kafka.consumer.fetch.min.bytes",
	    "kafka.consumer.fetch.wait.max.ms" }, values[3][8] = { "20", "200000", "50" };
	static struct param_pass wait = { names[2], values[2], NULL }, fetch = { names[1], values[1], &wait },
	    linger = { names[0], values[0], &fetch };

	return l->o.rate > 0 ? NULL : &linger;
}

static struct reader *
follow(struct load *l, const char *topic)
{
	struct reader *reader;
	struct err err;
	int *partitions = mem_new((size_t)l->o.partitions, sizeof *partitions);
	int64_t *offsets = mem_new((size_t)l->o.partitions, sizeof *offsets), low;
	enum fault fault = reader_open(l->o.broker, "bench", unhurried(l), &reader, &err);

	for (int i = 0; fault == FAULT_NONE && i < l->o.partitions; i++) {
		partitions[i] = i;
		fault = reader_range(reader, topic, i, 5000, &low, &offsets[i], &err);
	}
	if (fault == FAULT_NONE)
		fault = reader_assign(reader, topic, partitions, offsets, l->o.partitions, &err);
	if (fault != FAULT_NONE)
		trouble(topic, &err);
	free(partitions);
	free(offsets);
	return reader;
}

/* --- the run ---------------------------------------------------------------------- */

static bool
is_warm(const struct load *l, int64_t now_us)
{
	return now_us - l->started_us >= l->o.warm_s * SECOND_US &&
	    (l->o.rate > 0 || l->ended >= l->o.in_flight);
}

static bool
is_long_enough(const struct load *l, int64_t now_us)
{
	if (l->o.count > 0)
		return l->ended - l->begin_ended >= l->o.count;
	return now_us - l->begin_us >= l->o.seconds * SECOND_US;
}

/* The load shares the machine with what it measures: what it uses is told. */
static double
cpu_s(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void
begin_window(struct load *l, int64_t now_us)
{
	l->begin_us = now_us;
	l->begin_at = clock_now_us();
	l->begin_ended = l->ended;
	l->begin_sent = l->sent;
	printf("{\"at\":\"begin\",\"sent\":%lld,\"ended\":%lld,\"cpu_s\":%.3f}\n", (long long)l->sent, (long long)l->ended, cpu_s());
	fflush(stdout);
}

static void
end_window(struct load *l, int64_t now_us)
{
	double seconds = (double)(now_us - l->begin_us) / 1e6;

	l->end_us = now_us;
	l->end_at = clock_now_us();
	l->end_ended = l->ended;
	l->end_sent = l->sent;
	printf("{\"at\":\"end\",\"sent\":%lld,\"ended\":%lld,\"cpu_s\":%.3f,\"seconds\":%.3f,\"per_second\":%.1f}\n",
	    (long long)l->sent, (long long)l->ended, cpu_s(), seconds, (double)(l->end_ended - l->begin_ended) / seconds);
	fflush(stdout);
}

/* How many may be sent by now? */
static int64_t
allowance(const struct load *l, int64_t now_us)
{
	if (l->end_us != 0 || l->sent == TRACKS_MAX)
		return 0;
	if (l->o.rate > 0)
		return (now_us - l->started_us) * l->o.rate / SECOND_US + 1 - l->counted;
	return l->o.in_flight - (l->counted - l->ended);
}

static void
run(struct load *l)
{
	l->started_us = l->last_us = clock_span_us();
	for (;;) {
		int64_t now_us = clock_span_us(), more;

		if (l->begin_us == 0 && is_warm(l, now_us))
			begin_window(l, now_us);
		else if (l->begin_us != 0 && l->end_us == 0 && is_long_enough(l, now_us))
			end_window(l, now_us);
		if (l->end_us != 0 && (l->done == l->sent || now_us > l->end_us + l->o.limit_s * SECOND_US))
			return;
		if (l->end_us == 0 && now_us > l->last_us + l->o.limit_s * SECOND_US) {
			fprintf(stderr, "bench_load: of %lld dossiers %lld have ended, and none for %lld s\n", (long long)l->sent,
			    (long long)l->done, (long long)l->o.limit_s);
			exit(2);
		}
		more = allowance(l, now_us);
		/* What comes back is looked at between handfuls, so that it does not seem late. */
		for (int64_t until = l->sent + (more < 100 ? more : 100); l->sent < until; )
			send_one(l);
		arena_reset(l->arena);
		watch(l, 1000);
		if (more <= 0)
			usleep(l->o.rate > 0 ? 1000 : 5000);
	}
}

/* --- the report --------------------------------------------------------------------- */

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void
print_sorted(const char *name, const double *ms, int64_t n)
{
	if (n == 0)
		printf("\"%s\":null", name);
	else
		printf("\"%s\":{\"n\":%lld,\"p50\":%.1f,\"p95\":%.1f,\"p99\":%.1f,\"max\":%.1f}", name, (long long)n,
		    ms[n / 2], ms[n * 95 / 100], ms[n * 99 / 100], ms[n - 1]);
}

static void
print_latency(const struct load *l, bool ready)
{
	double *ms = mem_new((size_t)(l->end_sent - l->begin_sent + 1), sizeof *ms);
	int64_t n = 0;

	for (int64_t i = l->begin_sent; i < l->end_sent; i++) {
		const struct track *t = &l->tracks[i];
		int64_t at = ready ? t->ready_us : t->done_us;

		if (at != 0 && !mix_asks_enterprise(&l->o.mix, i))
			ms[n++] = (double)(at - t->sent_us) / 1e3;
	}
	qsort(ms, (size_t)n, sizeof *ms, compare);
	putchar(',');
	print_sorted(ready ? "ready_ms" : "end_ms", ms, n);
	free(ms);
}

static void
print_stages(struct load *l)
{
	struct err err;

	if (stages_read(l->stages, l->begin_at, l->end_at, &err) != FAULT_NONE)
		trouble("", &err);
	for (int effects = 0; effects < 2; effects++) {
		printf(",\"%s\":{", effects ? "effects_ms" : "stages_ms");
		for (int stage = 0; stage < STAGES; stage++) {
			int64_t n;
			const double *ms = stages_of(l->stages, (enum stage)stage, effects, &n);

			if (stage > 0)
				putchar(',');
			print_sorted(stage_name((enum stage)stage), ms, n);
		}
		putchar('}');
	}
}

static void
report(struct load *l)
{
	printf("{\"at\":\"drained\",\"sent\":%lld,\"done\":%lld,\"malformed\":%lld,\"dead\":%lld,\"repeated\":%lld,"
	    "\"messages\":%lld,\"acked\":%lld", (long long)l->sent, (long long)l->done, (long long)l->malformed,
	    (long long)((l->malformed + WRONGS - 1 - WRONG_NAMELESS) / WRONGS), (long long)l->repeated,
	    (long long)l->messages, (long long)l->acked);
	if (l->cases != NULL)
		print_latency(l, true);
	print_latency(l, false);
	if (l->stages != NULL)
		print_stages(l);
	puts("}");
}

static void
on_delivered(void *ctx, struct mark mark, int64_t offset)
{
	struct load *l = ctx;

	(void)mark;
	(void)offset;
	l->acked++;
}

/* --- options --------------------------------------------------------------------------- */

static void
usage(void)
{
	fprintf(stderr, "usage: bench_load --broker HOST:PORT [OPTION…]; see the head of tests/bench/bench_load.c\n");
	exit(2);
}

static void
end_with(const char *parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != atoi(parent))
		exit(2);
}

static void
read_options(struct options *o, int argc, char **argv)
{
	static const struct option longs[] = { { "broker", 1, NULL, 'b' }, { "mix", 1, NULL, 'm' },
	    { "run", 1, NULL, 'n' }, { "partitions", 1, NULL, 'p' }, { "in-flight", 1, NULL, 'f' }, { "rate", 1, NULL, 'r' },
	    { "warm", 1, NULL, 'w' }, { "seconds", 1, NULL, 's' }, { "count", 1, NULL, 'c' }, { "malformed", 1, NULL, 'M' },
	    { "repeated", 1, NULL, 'R' }, { "enterprise", 1, NULL, 'e' }, { "stages", 0, NULL, 'S' },
	    { "limit", 1, NULL, 'l' }, { "parent", 1, NULL, 'P' }, { NULL, 0, NULL, 0 } };
	int c;

	*o = (struct options){ .run = "run", .partitions = 8, .in_flight = 6000, .warm_s = 5, .seconds = 60, .limit_s = 60 };
	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (c) {
		case 'b': o->broker = optarg; break;
		case 'm': o->mix.full = strcmp(optarg, "full") == 0; break;
		case 'n': o->run = optarg; break;
		case 'p': o->partitions = atoi(optarg); break;
		case 'f': o->in_flight = atoll(optarg); break;
		case 'r': o->rate = atoll(optarg); break;
		case 'w': o->warm_s = atoll(optarg); break;
		case 's': o->seconds = atoll(optarg); break;
		case 'c': o->count = atoll(optarg); break;
		case 'M': o->malformed = atof(optarg); break;
		case 'R': o->repeated = atof(optarg); break;
		case 'e': o->mix.enterprise = atoi(optarg); break;
		case 'S': o->stages = true; break;
		case 'l': o->limit_s = atoll(optarg); break;
		case 'P': end_with(optarg); break;
		default: usage();
		}
	}
	if (o->broker == NULL || o->partitions < 1 || o->in_flight < 1 || o->malformed + o->repeated > 90 || optind < argc)
		usage();
}

int
main(int argc, char **argv)
{
	struct load l = { .tracks_size = 1 << 16 };
	struct producer_options options = { .client = "bench", .message_timeout_ms = 30000, .ctx = &l,
	    .delivered = on_delivered };
	struct err err;

	read_options(&l.o, argc, argv);
	log_open("bench", LOG_LOGFMT, LOG_ERROR);
	options.bootstrap = l.o.broker;
	options.pass = unhurried(&l);
	l.arena = arena_new(8 << 20);
	l.tracks = mem_new((size_t)l.tracks_size, sizeof *l.tracks);
	l.table = mem_new((size_t)1 << TABLE_BITS, sizeof *l.table);
	if (producer_open(&options, &l.producer, &err) != FAULT_NONE ||
	    (l.o.stages && stages_open(l.o.broker, l.o.partitions, &l.stages, &err) != FAULT_NONE))
		trouble("", &err);
	l.ends = follow(&l, "dossier.dispatch");
	l.cases = l.o.stages ? follow(&l, "dossier.casework") : NULL;
	run(&l);
	report(&l);
	reader_close(l.cases);
	reader_close(l.ends);
	producer_free(l.producer);
	if (l.stages != NULL)
		stages_close(l.stages);
	arena_free(l.arena);
	free(l.tracks);
	free(l.table);
	return l.done == l.sent ? 0 : 1;
}
