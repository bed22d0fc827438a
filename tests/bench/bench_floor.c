/*
 * bench_floor - the least that the promises need of PostgreSQL, and nothing
 * else: what the pipeline's throughput is compared with.
 *
 *   bench_floor --database CONNINFO --content FILE --entries FILE [OPTION…]
 *   --stage NAME:VERSIONS:BATCH:BYTES   once a stage: versions that it gives a
 *                       dossier, dossiers a batch, bytes of a journal entry
 *   --content-bytes N   of what the applicant sent
 *   --row-bytes N       of a dossier's row, beside numbers and trail
 *   --lane-bytes N      of a lane's row
 *   --in-flight N       dossiers under way                          6000
 *   --warm SECONDS, --seconds SECONDS, --count N   as in bench_load
 *   --lock              read and lock the rows in a trip before, as who
 *                       decides on them must
 *   --parent PID        end with that process
 *
 * One connection and thread a stage, as there are workers.  The first inserts
 * contents and dossiers; each then gives every dossier its versions.  A batch
 * is one transaction in one trip (two with --lock): pipelined, binary,
 * prepared: one set-based HOT update (or the two inserts), one journal block,
 * one update of a lane.  FILEs hold bytes of the pipeline's own, so that they
 * compress as those do.  Prints two JSON lines, when the window begins and
 * when it ends, and exits 0.
 */
#include <arpa/inet.h>
#include <endian.h>
#include <getopt.h>
#include <libpq-fe.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { STAGES_MAX = 8, BATCH_MOST = 1000, ID_BYTES = 16, TRAIL_BYTES = 9, LANES = 8, STATEMENTS = 8 };
enum { OID_BYTEA = 17, OID_INT8 = 20, OID_INT4 = 23, OID_UUID = 2950 };

struct item {
	uint8_t	id[ID_BYTES];
	int	version;
	int	left;		/* versions that its stage still gives it */
};

struct file {
	char	*bytes;
	size_t	n, at;
};

struct stage {
	const char	*name;
	double		versions, owed;
	int		batch, number;
	size_t		entry_bytes;
	struct file	entries;	/* the same bytes for all, a place of its own */
	PGconn		*conn;
	pthread_t	thread;
	pthread_cond_t	more;
	struct item	*queue;		/* a ring of in_flight items */
	int64_t		head, n;
	int64_t		given, batches, dossiers, lane_given[LANES];
};

static struct {
	const char	*database;
	struct file	content, entries;
	size_t		content_bytes, row_bytes, lane_bytes;
	int64_t		in_flight, warm_s, seconds, count;
	bool		lock;
	struct stage	stages[STAGES_MAX];
	int		n_stages;
	pthread_mutex_t	mutex;
	int64_t		under_way, done;
	bool		over;
} all = { .content_bytes = 2000, .row_bytes = 500, .lane_bytes = 300, .in_flight = 6000, .warm_s = 3, .seconds = 10,
	.mutex = PTHREAD_MUTEX_INITIALIZER };

static const char schema[] =
	"set client_min_messages = warning;"
	"create table if not exists dossier (id uuid primary key, home int not null, version int not null, state int not null,"
	" at bigint not null, body bytea not null, trail bytea not null) with (fillfactor = 35, toast_tuple_target = 8000);"
	"alter table dossier alter body set storage external;"
	"create table if not exists content (dossier uuid, version int, body bytea not null, primary key (dossier, version));"
	"alter table content alter body set compression lz4;"
	"create table if not exists journal (stage smallint not null, lane int not null, first bigint not null, last bigint not null,"
	" at timestamptz not null, head bytea not null, entries bytea not null);"
	"alter table journal alter entries set compression lz4;"
	"create index if not exists journal_last on journal (stage, lane, last);"
	"create table if not exists lane (stage smallint, lane int, given bigint not null, turns bigint not null, state bytea not null,"
	" primary key (stage, lane)) with (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);"
	"insert into lane select s, l, 0, 0, '' from generate_series(0, 7) s, generate_series(0, 7) l on conflict do nothing";

enum statement { BEGIN, LOCK, INSERT, CONTENT, UPDATE, JOURNAL, LANE, COMMIT };

static const char *const statements[STATEMENTS] = {
	[BEGIN] = "begin",
	[LOCK] = "select id, version, state, body, trail from dossier where id = any($1::uuid[]) order by id for update",
	[INSERT] = "insert into dossier select id, 0, 1, 0, $2::int8, body, trail from unnest($1::uuid[], $3::bytea[], $4::bytea[])"
	    " u(id, body, trail)",
	[CONTENT] = "insert into content select id, 1, body from unnest($1::uuid[], $2::bytea[]) u(id, body)",
	[UPDATE] = "update dossier d set version = u.version, state = $3::int4, at = $4::int8, trail = d.trail || u.step"
	    " from unnest($1::uuid[], $2::int4[], $5::bytea[]) u(id, version, step) where d.id = u.id",
	[JOURNAL] = "insert into journal values ($1::int4, $2::int4, $3::int8, $4::int8, now(), $5::bytea, $6::bytea)",
	[LANE] = "update lane set given = $3::int8, turns = turns + 1, state = $4::bytea where stage = $1::int4 and lane = $2::int4",
	[COMMIT] = "commit",
};

static void __attribute__((noreturn, format(printf, 1, 2)))
fail(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fprintf(stderr, "bench_floor: ");
	vfprintf(stderr, fmt, args);
	fprintf(stderr, "\n");
	va_end(args);
	exit(2);
}

static int64_t
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000) + t.tv_nsec / 1000;
}

/* The next n bytes of a file that never ends. */
static void
file_take(struct file *file, char *out, size_t n)
{
	while (n > 0) {
		size_t part = file->n - file->at < n ? file->n - file->at : n;

		memcpy(out, file->bytes + file->at, part);
		file->at = (file->at + part) % file->n;
		out += part;
		n -= part;
	}
}

static void
file_load(struct file *file, const char *path)
{
	FILE *f = fopen(path, "rb");
	long n;

	if (f == NULL || fseek(f, 0, SEEK_END) != 0 || (n = ftell(f)) <= 0)
		fail("%s: nothing to read", path);
	rewind(f);
	file->n = (size_t)n;
	file->bytes = malloc(file->n);
	if (file->bytes == NULL || fread(file->bytes, 1, file->n, f) != file->n)
		fail("%s cannot be read", path);
	fclose(f);
}

/* --- parameters, in PostgreSQL's binary form ------------------------------------ */

struct args {
	int		n;
	const char	*values[8];
	int		lengths[8], formats[8];
	char		*room;		/* of the values, the caller's */
	size_t		used, size;
};

static char *
args_room(struct args *a, size_t n)
{
	char *at = a->room + a->used;

	if (a->used + n > a->size)
		fail("more than %zu bytes of parameters", a->size);
	a->used += n;
	return at;
}

static void
args_add(struct args *a, char *value, size_t n)
{
	a->values[a->n] = value;
	a->lengths[a->n] = (int)n;
	a->formats[a->n++] = 1;
}

static void
put_int4(struct args *a, int32_t v)
{
	uint32_t big = htonl((uint32_t)v);

	args_add(a, memcpy(args_room(a, 4), &big, 4), 4);
}

static void
put_int8(struct args *a, int64_t v)
{
	uint64_t big = htobe64((uint64_t)v);

	args_add(a, memcpy(args_room(a, 8), &big, 8), 8);
}

static void
put_file(struct args *a, struct file *file, size_t n)
{
	char *at = args_room(a, n);

	file_take(file, at, n);
	args_add(a, at, n);
}

/* The head of an array; its elements follow in the same room. */
static char *
array_begin(struct args *a, uint32_t oid, int n)
{
	uint32_t head[5] = { htonl(1), 0, htonl(oid), htonl((uint32_t)n), htonl(1) };

	return memcpy(args_room(a, sizeof head), head, sizeof head);
}

static char *
element(struct args *a, size_t n)
{
	uint32_t length = htonl((uint32_t)n);

	memcpy(args_room(a, 4), &length, 4);
	return args_room(a, n);
}

static void
array_end(struct args *a, char *begin)
{
	args_add(a, begin, (size_t)(a->room + a->used - begin));
}

static void
put_ids(struct args *a, const struct item *items, int n)
{
	char *begin = array_begin(a, OID_UUID, n);

	for (int i = 0; i < n; i++)
		memcpy(element(a, ID_BYTES), items[i].id, ID_BYTES);
	array_end(a, begin);
}

static void
put_files(struct args *a, struct file *file, size_t bytes, int n)
{
	char *begin = array_begin(a, OID_BYTEA, n);

	for (int i = 0; i < n; i++)
		file_take(file, element(a, bytes), bytes);
	array_end(a, begin);
}

/* --- one batch ----------------------------------------------------------------------- */

static void
queue(struct stage *s, enum statement statement, const struct args *a)
{
	static const struct args none = { .n = 0 };
	char name[8];

	snprintf(name, sizeof name, "s%d", statement);
	a = a != NULL ? a : &none;
	if (PQsendQueryPrepared(s->conn, name, a->n, a->values, a->lengths, a->formats, 1) != 1)
		fail("%s", PQerrorMessage(s->conn));
}

/* Every answer of what is queued, up to the sync. */
static void
trip(struct stage *s)
{
	PGresult *result;
	ExecStatusType status = PGRES_COMMAND_OK;

	if (PQpipelineSync(s->conn) != 1)
		fail("%s", PQerrorMessage(s->conn));
	while (status != PGRES_PIPELINE_SYNC) {
		result = PQgetResult(s->conn);
		if (result == NULL)
			continue;
		status = PQresultStatus(result);
		if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_PIPELINE_SYNC)
			fail("%s: %s", s->name, PQresultErrorMessage(result));
		PQclear(result);
	}
}

static void
queue_new(struct stage *s, struct args *a, const struct item *items, int n)
{
	char *begin;

	put_ids(a, items, n);
	put_int8(a, now_us());
	put_files(a, &all.content, all.row_bytes, n);
	begin = array_begin(a, OID_BYTEA, n);
	for (int i = 0; i < n; i++)
		memset(element(a, TRAIL_BYTES), s->number, TRAIL_BYTES);
	array_end(a, begin);
	queue(s, INSERT, a);
	a->n = 0;
	put_ids(a, items, n);
	put_files(a, &all.content, all.content_bytes, n);
	queue(s, CONTENT, a);
}

static void
queue_versions(struct stage *s, struct args *a, const struct item *items, int n)
{
	char *begin;

	put_ids(a, items, n);
	begin = array_begin(a, OID_INT4, n);
	for (int i = 0; i < n; i++) {
		uint32_t version = htonl((uint32_t)items[i].version + 1);

		memcpy(element(a, 4), &version, 4);
	}
	array_end(a, begin);
	put_int4(a, s->number);
	put_int8(a, now_us());
	begin = array_begin(a, OID_BYTEA, n);
	for (int i = 0; i < n; i++)
		memcpy(element(a, TRAIL_BYTES), items[i].id, TRAIL_BYTES);
	array_end(a, begin);
	queue(s, UPDATE, a);
}

static void
write_batch(struct stage *s, struct args *a, const struct item *items, int n)
{
	int lane = (int)(s->batches % LANES);

	a->used = 0;
	a->n = 0;
	queue(s, BEGIN, NULL);
	if (all.lock && s->number > 0) {
		put_ids(a, items, n);
		queue(s, LOCK, a);
		trip(s);
		a->n = 0;
	}
	(s->number == 0 ? queue_new : queue_versions)(s, a, items, n);
	a->n = 0;
	put_int4(a, s->number);
	put_int4(a, lane);
	put_int8(a, s->lane_given[lane] + 1);
	put_int8(a, s->lane_given[lane] += n);
	put_file(a, &s->entries, 32);
	put_file(a, &s->entries, s->entry_bytes * (size_t)n);
	queue(s, JOURNAL, a);
	a->n = 0;
	put_int4(a, s->number);
	put_int4(a, lane);
	put_int8(a, s->lane_given[lane]);
	put_file(a, &s->entries, all.lane_bytes);
	queue(s, LANE, a);
	queue(s, COMMIT, NULL);
	trip(s);
}

/* --- the stages ------------------------------------------------------------------------ */

/* Into the queue of the next stage that gives it a version, or out. The lock is held. */
static void
hand_on(int to, struct item item)
{
	for (; to < all.n_stages; to++) {
		struct stage *s = &all.stages[to];

		s->owed += s->versions;
		item.left = (int)s->owed;
		s->owed -= item.left;
		if (item.left == 0)
			continue;
		s->queue[(s->head + s->n++) % all.in_flight] = item;
		if (s->n >= s->batch)
			pthread_cond_signal(&s->more);
		return;
	}
	all.under_way--;
	all.done++;
	pthread_cond_signal(&all.stages[0].more);
}

static void
hand_back(struct stage *s, struct item *items, int n)
{
	pthread_mutex_lock(&all.mutex);
	s->batches++;
	s->dossiers += n;
	for (int i = 0; i < n; i++) {
		items[i].version++;
		if (--items[i].left > 0)
			s->queue[(s->head + s->n++) % all.in_flight] = items[i];
		else
			hand_on(s->number + 1, items[i]);
	}
	pthread_mutex_unlock(&all.mutex);
}

/* A batch of the pipeline's size; less only when no more has come for a while. */
static int
take_batch(struct stage *s, struct item *items)
{
	int n;

	pthread_mutex_lock(&all.mutex);
	while (!all.over) {
		int64_t there = s->number == 0 ? all.in_flight - all.under_way : s->n;
		struct timespec until;

		if (there >= s->batch)
			break;
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += 20 * 1000 * 1000;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		if (pthread_cond_timedwait(&s->more, &all.mutex, &until) != 0 &&
		    (s->number == 0 ? all.in_flight - all.under_way : s->n) > 0)
			break;
	}
	if (s->number == 0) {
		n = (int)(all.in_flight - all.under_way < s->batch ? all.in_flight - all.under_way : s->batch);
		all.under_way += n;
	} else
		for (n = 0; n < s->batch && s->n > 0; n++, s->n--)
			items[n] = s->queue[s->head++ % all.in_flight];
	n = all.over ? 0 : n;
	pthread_mutex_unlock(&all.mutex);
	return n;
}

static void
make_items(struct item *items, int n)
{
	static FILE *random;

	if (random == NULL && (random = fopen("/dev/urandom", "rb")) == NULL)
		fail("no /dev/urandom");
	for (int i = 0; i < n; i++) {
		items[i] = (struct item){ .left = 1 };
		if (fread(items[i].id, ID_BYTES, 1, random) != 1)
			fail("/dev/urandom ends");
	}
}

static int
by_id(const void *a, const void *b)
{
	return memcmp(((const struct item *)a)->id, ((const struct item *)b)->id, ID_BYTES);
}

static void *
work(void *arg)
{
	struct stage *s = arg;
	struct item *items = calloc(BATCH_MOST, sizeof *items);
	struct args a = { .size = BATCH_MOST * (all.content_bytes + all.row_bytes + s->entry_bytes + 200) + 65536 };
	int n;

	a.room = malloc(a.size);
	if (items == NULL || a.room == NULL)
		fail("out of memory");
	while ((n = take_batch(s, items)) > 0) {
		if (s->number == 0)
			make_items(items, n);
		/* Locks in one order: no two transactions wait for each other. */
		qsort(items, (size_t)n, sizeof *items, by_id);
		write_batch(s, &a, items, n);
		hand_back(s, items, n);
	}
	free(items);
	free(a.room);
	return NULL;
}

static void
stage_open(struct stage *s)
{
	s->conn = PQconnectdb(all.database);
	if (PQstatus(s->conn) != CONNECTION_OK)
		fail("%s", PQerrorMessage(s->conn));
	for (int i = 0; i < STATEMENTS; i++) {
		char name[16];
		PGresult *result;

		snprintf(name, sizeof name, "s%d", i);
		result = PQprepare(s->conn, name, statements[i], 0, NULL);
		if (PQresultStatus(result) != PGRES_COMMAND_OK)
			fail("%s", PQresultErrorMessage(result));
		PQclear(result);
	}
	/* As our workers do (common/db.c): plans by index, whatever the statistics say of a young table. */
	PQclear(PQexec(s->conn, "set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off;"
	    "set plan_cache_mode = force_generic_plan; set jit = off"));
	if (PQenterPipelineMode(s->conn) != 1)
		fail("no pipeline mode");
	s->queue = calloc((size_t)all.in_flight, sizeof *s->queue);
	if (s->queue == NULL)
		fail("out of memory");
}

/* --- the window --------------------------------------------------------------------------- */

static int64_t
done_now(void)
{
	int64_t done;

	pthread_mutex_lock(&all.mutex);
	done = all.done;
	pthread_mutex_unlock(&all.mutex);
	return done;
}

/* What this process has used so far: part of what a floor costs. */
static double
cpu_s(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void
nap(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 2 * 1000 * 1000 }, NULL);
}

static void
watch(void)
{
	int64_t start_us = now_us(), begin_us, begin, end;
	double seconds;

	while (now_us() < start_us + all.warm_s * 1000000 || done_now() < all.in_flight)
		nap();
	begin_us = now_us();
	begin = done_now();
	printf("{\"at\":\"begin\",\"ended\":%lld,\"cpu_s\":%.3f}\n", (long long)begin, cpu_s());
	fflush(stdout);
	while (all.count > 0 ? done_now() < begin + all.count : now_us() < begin_us + all.seconds * 1000000)
		nap();
	seconds = (double)(now_us() - begin_us) / 1e6;
	end = done_now();
	printf("{\"at\":\"end\",\"ended\":%lld,\"cpu_s\":%.3f,\"seconds\":%.3f,\"per_second\":%.1f,\"batches\":{", (long long)end,
	    cpu_s(), seconds, (double)(end - begin) / seconds);
	for (int i = 0; i < all.n_stages; i++)
		printf("%s\"%s\":%.0f", i > 0 ? "," : "", all.stages[i].name,
		    (double)all.stages[i].dossiers / (double)(all.stages[i].batches > 0 ? all.stages[i].batches : 1));
	puts("}}");
	fflush(stdout);
}

static void
add_stage(char *text)
{
	struct stage *s = &all.stages[all.n_stages];

	if (all.n_stages == STAGES_MAX)
		fail("more than %d stages", STAGES_MAX);
	s->number = all.n_stages++;
	s->name = strtok(text, ":");
	s->versions = atof(strtok(NULL, ":"));
	s->batch = atoi(strtok(NULL, ":"));
	s->entry_bytes = (size_t)atoi(strtok(NULL, ":"));
	if (s->batch < 1 || s->batch > BATCH_MOST)
		fail("%s: %d dossiers a batch", s->name, s->batch);
	pthread_cond_init(&s->more, NULL);
}

static void
read_options(int argc, char **argv)
{
	static const struct option longs[] = { { "database", 1, NULL, 'd' }, { "content", 1, NULL, 'c' },
	    { "entries", 1, NULL, 'e' }, { "stage", 1, NULL, 's' }, { "content-bytes", 1, NULL, 'C' },
	    { "row-bytes", 1, NULL, 'r' }, { "lane-bytes", 1, NULL, 'l' }, { "in-flight", 1, NULL, 'f' },
	    { "warm", 1, NULL, 'w' }, { "seconds", 1, NULL, 't' }, { "count", 1, NULL, 'n' }, { "lock", 0, NULL, 'L' },
	    { "parent", 1, NULL, 'P' }, { NULL, 0, NULL, 0 } };
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (c) {
		case 'd': all.database = optarg; break;
		case 'c': file_load(&all.content, optarg); break;
		case 'e': file_load(&all.entries, optarg); break;
		case 's': add_stage(optarg); break;
		case 'C': all.content_bytes = (size_t)atol(optarg); break;
		case 'r': all.row_bytes = (size_t)atol(optarg); break;
		case 'l': all.lane_bytes = (size_t)atol(optarg); break;
		case 'f': all.in_flight = atoll(optarg); break;
		case 'w': all.warm_s = atoll(optarg); break;
		case 't': all.seconds = atoll(optarg); break;
		case 'n': all.count = atoll(optarg); break;
		case 'L': all.lock = true; break;
		case 'P':
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			if (getppid() != atoi(optarg))
				exit(2);
			break;
		default: fail("see the head of tests/bench/bench_floor.c");
		}
	}
	if (all.database == NULL || all.n_stages == 0 || all.content.n == 0 || all.entries.n == 0 || all.in_flight < 1)
		fail("--database, --content, --entries and a --stage are needed");
}

int
main(int argc, char **argv)
{
	PGconn *conn;
	PGresult *result;

	read_options(argc, argv);
	conn = PQconnectdb(all.database);
	result = PQexec(conn, schema);
	if (PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK)
		fail("%s", PQerrorMessage(conn));
	PQclear(result);
	PQfinish(conn);
	for (int i = 0; i < all.n_stages; i++) {
		all.stages[i].entries = all.entries;
		stage_open(&all.stages[i]);
	}
	for (int i = 0; i < all.n_stages; i++)
		if (pthread_create(&all.stages[i].thread, NULL, work, &all.stages[i]) != 0)
			fail("no thread");
	watch();
	pthread_mutex_lock(&all.mutex);
	all.over = true;
	for (int i = 0; i < all.n_stages; i++)
		pthread_cond_broadcast(&all.stages[i].more);
	pthread_mutex_unlock(&all.mutex);
	for (int i = 0; i < all.n_stages; i++) {
		pthread_join(all.stages[i].thread, NULL);
		PQfinish(all.stages[i].conn);
		free(all.stages[i].queue);
	}
	free(all.content.bytes);
	free(all.entries.bytes);
	return 0;
}
