/*
 * bench_load - portals under load: publishes submissions at a rate or as fast
 * as they go, and watches when each dossier is ready for the officer and when
 * its result is out.
 *
 *   bench_load --broker H:P [--count N] [--rate R] [--warm N] [--mix plain|full]
 *              [--partitions N] [--run NAME] [--limit SECONDS]
 *
 * Prints one JSON line.  Rates are over the time from the first counted
 * submission to the last counted end; the first --warm dossiers are left out.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "buf.h"
#include "digest.h"
#include "kafka_producer.h"
#include "kafka_reader.h"
#include "log.h"

enum { TRACK_BITS = 22 };

struct options {
	const char	*broker, *mix, *run;
	int64_t		count, rate, warm, limit_s, in_flight;
	int		partitions;
};

struct track {
	uint8_t		id[UUID_BYTES];
	int64_t		sent_us, ready_us, done_us;
};

struct load {
	struct options	o;
	struct producer	*producer;
	struct reader	*cases, *ends;
	struct arena	*arena;
	struct track	*tracks;
	uint32_t	*table;		/* by id: index + 1 */
	int64_t		sent, acked, ready, done;
};

static const char *const given[] = { "An", "Bình", "Chi", "Dũng", "Hạnh", "Lan", "Minh", "Phúc" };
static const char *const family[] = { "Nguyễn Thị", "Trần Văn", "Lê Hoàng", "Phạm Thu", "Võ Đức" };

/* --- submissions ---------------------------------------------------------- */

enum { KINDS = 97, FILE_BYTES = 20000 };

/* What is drawn for the n-th dossier; the same in every run. */
struct draw {
	bool	paid;		/* a residence with its fee; else a birth, free of charge */
	bool	postal;
	bool	lacking;	/* its first component is left out, and supplemented later */
};

static struct draw
draw(const struct load *l, int64_t n)
{
	if (l->o.mix[0] != 'f')
		return (struct draw){ false, false, false };
	return (struct draw){ n % 10 < 6, (n / 10) % 10 < 4, (n / 3) % 10 == 7 };
}

/* One file of 20 kB by the simulator's rule: its name and a newline, repeated, cut to size. */
static void
put_file(struct load *l, struct buf *buf, int kind, int i)
{
	char name[64], hex[2 * DIGEST_BYTES + 1];
	uint8_t digest[DIGEST_BYTES];
	struct buf content = buf_in(l->arena);
	int length = snprintf(name, sizeof name, "load-%d-%d-%d", kind, i, FILE_BYTES);

	while (content.n < FILE_BYTES) {
		buf_put(&content, name, (size_t)length);
		buf_puts(&content, "\n");
	}
	digest_bytes(content.s, FILE_BYTES, digest);
	text_hex(digest, DIGEST_BYTES, hex);
	buf_printf(buf, "{\"name\":\"%s.pdf\",\"uri\":\"%s\",\"size\":%d,\"sha256\":\"%s\","
	    "\"media_type\":\"application/pdf\"}", name, name, FILE_BYTES, hex);
}

/* Three files in three components; digests are reckoned once for each of the kinds. */
static const char *
components(struct load *l, int64_t n, struct draw d)
{
	static char *made[KINDS][2][2];
	static const char *const codes[2][3] = { { "TP01", "TP02", "TP03" }, { "TP01", "TP02", NULL } };
	int kind = (int)(n % KINDS);
	char **slot = &made[kind][d.paid][d.lacking];
	struct buf buf = buf_in(l->arena);

	if (*slot != NULL)
		return *slot;
	for (int i = d.lacking; i < 3 && codes[d.paid][i] != NULL; i++) {
		buf_printf(&buf, "%s{\"code\":\"%s\",\"kind\":\"electronic\",\"files\":[",
		    i > d.lacking ? "," : "", codes[d.paid][i]);
		put_file(l, &buf, kind, i);
		if (d.paid && i == 1) {
			buf_puts(&buf, ",");
			put_file(l, &buf, kind, 2);
		}
		buf_puts(&buf, "]}");
	}
	*slot = mem_copy_text(buf_get(&buf).s);
	return *slot;
}

static void
put_form(struct buf *buf, int64_t n, struct draw d)
{
	int year = 60 + (int)(n % 40), serial = (int)(n * 7919 % 900000), house = (int)(n % 200);

	if (d.paid)
		buf_printf(buf, "{\"move_in_date\":\"2026-10-01\",\"new_address\":{\"province\":\"19\","
		    "\"commune\":\"05443\",\"detail\":\"Số %d, đường Bắc Kạn\"},\"former_address\":"
		    "{\"province\":\"24\",\"commune\":\"07204\",\"detail\":\"Thôn Đông, xã Tân Mỹ\"},"
		    "\"household_head\":{\"name\":\"%s %s\",\"number\":\"0191%02d%06d\","
		    "\"relation\":\"self\"},\"members\":[]}", house, family[n % 5], given[n % 8], year, serial);
	else
		buf_printf(buf, "{\"child\":{\"name\":\"Trần Gia %s\",\"birth_date\":\"2026-10-30\","
		    "\"sex\":\"male\",\"ethnicity\":\"Kinh\",\"nationality\":\"VN\",\"birth_place\":"
		    "\"Bệnh viện A Thái Nguyên, tỉnh Thái Nguyên\",\"home_town\":\"Xã Tân Cương, tỉnh Thái "
		    "Nguyên\"},\"mother\":{\"name\":\"%s %s\",\"birth_year\":19%02d,\"number\":"
		    "\"0191%02d%06d\",\"address\":{\"province\":\"19\",\"commune\":\"05443\",\"detail\":"
		    "\"Số %d, tổ 4\"}},\"father\":{\"name\":\"Trần Văn Minh\",\"birth_year\":1988,"
		    "\"number\":\"019088004321\"},\"relation\":\"mother\",\"copies\":2}", given[n % 8],
		    family[n % 5], given[n % 8], year, year, serial, house);
}

static struct text
submission(struct load *l, int64_t n)
{
	struct buf buf = buf_in(l->arena);
	struct draw d = draw(l, n);
	int year = 60 + (int)(n % 40);

	buf_printf(&buf, "{\"procedure\":\"%s\",\"agency\":\"H55.242\",\"case\":\"default\","
	    "\"channel\":\"online\",\"language\":\"vi\",\"applicant\":{\"kind\":\"citizen\","
	    "\"name\":\"%s %s\",\"number\":\"0191%02d%06d\",\"birth_date\":\"19%02d-05-17\","
	    "\"phone\":\"+849%08d\",\"address\":{\"province\":\"19\",\"commune\":\"05443\","
	    "\"detail\":\"Số %d, tổ 4\"}},\"form\":", d.paid ? "1.004222" : "1.001193", family[n % 5],
	    given[n % 8], year, (int)(n * 7919 % 900000), year, (int)(n % 100000000), (int)(n % 200));
	put_form(&buf, n, d);
	buf_printf(&buf, ",\"components\":[%s],", components(l, n, d));
	buf_puts(&buf, d.postal ? "\"delivery\":{\"method\":\"postal\",\"address\":{\"name\":\"Nguyễn "
	    "Thị An\",\"phone\":\"+84912345678\",\"province\":\"19\",\"commune\":\"05443\","
	    "\"detail\":\"Số 1\"}}," : "\"delivery\":{\"method\":\"online\"},");
	buf_puts(&buf, "\"declared\":{\"accepted\":true,\"text_version\":\"2026-07\","
	    "\"at\":\"2026-11-20T09:15:00+07:00\"}}");
	return buf_get(&buf);
}

static uint32_t *
slot(struct load *l, const uint8_t *id)
{
	uint32_t h;

	memcpy(&h, id, sizeof h);
	for (h &= (1u << TRACK_BITS) - 1; l->table[h] != 0; h = (h + 1) & ((1u << TRACK_BITS) - 1))
		if (memcmp(l->tracks[l->table[h] - 1].id, id, UUID_BYTES) == 0)
			break;
	return &l->table[h];
}

static void
send_one(struct load *l)
{
	static const char source[] = "/portal/bench";
	struct record record = { .n_headers = 0 };
	struct track *track = &l->tracks[l->sent];
	char id[64], key[UUID_TEXT_BYTES], stamp[TIME_TEXT_BYTES];
	struct err err;

	snprintf(id, sizeof id, "%s-%lld", l->o.run, (long long)l->sent);
	dossier_id_derive(text_of(source), text_of(id), track->id);
	uuid_to_text(track->id, key);
	time_to_text(clock_now_us(), stamp);
	record.key = text_of(key);
	record.value = submission(l, l->sent);
	record_header(&record, "ce_specversion", TEXT("1.0"));
	record_header(&record, "ce_id", text_of(id));
	record_header(&record, "ce_source", text_of(source));
	record_header(&record, "ce_type", TEXT("vn.dossier.submitted.v1"));
	record_header(&record, "ce_time", text_of(stamp));
	record_header(&record, "content-type", TEXT("application/json"));
	while (producer_send(l->producer, "dossier.submissions", (int)(l->sent % l->o.partitions), &record,
	    (struct header){ 0 }, (struct mark){ 0, 0, l->sent }, &err) != FAULT_NONE) {
		if (producer_failed(l->producer, &err)) {
			fprintf(stderr, "bench_load: %s\n", err.text);
			exit(2);
		}
		producer_poll(l->producer, 5);
	}
	track->sent_us = clock_span_us();
	*slot(l, track->id) = (uint32_t)(l->sent + 1);
	l->sent++;
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
	if (track != NULL && !end && track->ready_us == 0 &&
	    text_is(type, "vn.dossier.casework.opened.v1")) {
		track->ready_us = clock_span_us();
		l->ready++;
	} else if (track != NULL && end && track->done_us == 0 &&
	    (text_is(type, "vn.dossier.dispatch.released.v1") ||
	    text_is(type, "vn.dossier.dispatch.parcel_delivered.v1"))) {
		track->done_us = clock_span_us();
		l->done++;
	}
	consumer_release(&m);
	return true;
}

static void
watch(struct load *l, int budget)
{
	while (budget-- > 0 && (int)watch_one(l, l->cases, false) + (int)watch_one(l, l->ends, true) > 0)
		;
	producer_poll(l->producer, 0);
}

static struct reader *
follow(struct load *l, const char *topic)
{
	struct reader *reader;
	struct err err;
	int *partitions = mem_new((size_t)l->o.partitions, sizeof *partitions);
	int64_t *offsets = mem_new((size_t)l->o.partitions, sizeof *offsets), low;
	enum fault fault = reader_open(l->o.broker, "bench", NULL, &reader, &err);

	for (int i = 0; fault == FAULT_NONE && i < l->o.partitions; i++) {
		partitions[i] = i;
		fault = reader_range(reader, topic, i, 5000, &low, &offsets[i], &err);
	}
	if (fault == FAULT_NONE)
		fault = reader_assign(reader, topic, partitions, offsets, l->o.partitions, &err);
	if (fault != FAULT_NONE) {
		fprintf(stderr, "bench_load: %s: %s\n", topic, err.text);
		exit(2);
	}
	free(partitions);
	free(offsets);
	return reader;
}

/* --- the run ---------------------------------------------------------------------- */

static void
run(struct load *l)
{
	int64_t start_us = clock_span_us(), end_us = start_us + l->o.limit_s * SECOND_US;

	while (l->done < l->o.count && clock_span_us() < end_us) {
		int64_t due = l->o.rate > 0
		    ? (clock_span_us() - start_us) * l->o.rate / SECOND_US + 1 : l->o.count;
		int64_t until = l->sent + 200;

		while (l->sent < l->o.count && l->sent < due && l->sent < until &&
		    l->sent - l->done < l->o.in_flight)
			send_one(l);
		arena_reset(l->arena);
		watch(l, 2000);
		if (l->sent == l->o.count || l->sent >= due || l->sent - l->done >= l->o.in_flight)
			usleep(1000);
	}
}

static int
compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static void
print_quantiles(const char *name, int64_t *values, int64_t n)
{
	if (n == 0) {
		printf(",\"%s_ms\":null", name);
		return;
	}
	qsort(values, (size_t)n, sizeof *values, compare);
	printf(",\"%s_ms\":{\"p50\":%.1f,\"p95\":%.1f,\"p99\":%.1f,\"max\":%.1f}", name,
	    (double)values[n / 2] / 1e3, (double)values[n * 95 / 100] / 1e3,
	    (double)values[n * 99 / 100] / 1e3, (double)values[n - 1] / 1e3);
}

/* Ends per second between the first and the last counted end: what the pipeline sustains. */
static double
rate_of(int64_t *ends_us, int64_t n)
{
	qsort(ends_us, (size_t)n, sizeof *ends_us, compare);
	return n > 1 ? (double)(n - 1) * 1e6 / (double)(ends_us[n - 1] - ends_us[0]) : 0;
}

static void
report(struct load *l)
{
	int64_t *ready = mem_new((size_t)l->o.count, sizeof *ready), n_ready = 0, n_done = 0;
	int64_t *done = mem_new((size_t)l->o.count, sizeof *done);
	int64_t *ends_us = mem_new((size_t)l->o.count, sizeof *ends_us);

	for (int64_t i = l->o.warm; i < l->sent; i++) {
		struct track *t = &l->tracks[i];

		if (t->ready_us != 0)
			ready[n_ready++] = t->ready_us - t->sent_us;
		if (t->done_us == 0)
			continue;
		ends_us[n_done] = t->done_us;
		done[n_done++] = t->done_us - t->sent_us;
	}
	printf("{\"mix\":\"%s\",\"sent\":%lld,\"done\":%lld,\"counted\":%lld,\"per_second\":%.0f",
	    l->o.mix, (long long)l->sent, (long long)l->done, (long long)n_done, rate_of(ends_us, n_done));
	print_quantiles("ready", ready, n_ready);
	print_quantiles("end", done, n_done);
	puts("}");
	free(ready);
	free(done);
	free(ends_us);
}

static void
on_delivered(void *ctx, struct mark mark, int64_t offset)
{
	struct load *l = ctx;

	(void)mark;
	(void)offset;
	l->acked++;
}

static void
read_options(struct options *o, int argc, char **argv)
{
	static const struct option longs[] = { { "broker", 1, 0, 'b' }, { "count", 1, 0, 'c' },
	    { "rate", 1, 0, 'r' }, { "warm", 1, 0, 'w' }, { "mix", 1, 0, 'm' },
	    { "partitions", 1, 0, 'p' }, { "run", 1, 0, 'n' }, { "limit", 1, 0, 'l' },
	    { "in-flight", 1, 0, 'f' }, { 0 } };
	int c;

	*o = (struct options){ .mix = "plain", .run = "run", .count = 10000, .limit_s = 120,
	    .partitions = 8, .in_flight = 20000 };
	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (c) {
		case 'b': o->broker = optarg; break;
		case 'm': o->mix = optarg; break;
		case 'n': o->run = optarg; break;
		case 'c': o->count = atoll(optarg); break;
		case 'r': o->rate = atoll(optarg); break;
		case 'w': o->warm = atoll(optarg); break;
		case 'l': o->limit_s = atoll(optarg); break;
		case 'f': o->in_flight = atoll(optarg); break;
		case 'p': o->partitions = atoi(optarg); break;
		default: exit(2);
		}
	}
	if (o->broker == NULL || o->count < 1 || o->count > 1 << (TRACK_BITS - 1) || o->partitions < 1) {
		fprintf(stderr, "usage: bench_load --broker HOST:PORT [--count N] [--rate R] …\n");
		exit(2);
	}
}

int
main(int argc, char **argv)
{
	struct load l = { .sent = 0 };
	struct producer_options options = { .client = "bench", .message_timeout_ms = 30000, .ctx = &l,
	    .delivered = on_delivered };
	struct err err;

	read_options(&l.o, argc, argv);
	log_open("bench", LOG_LOGFMT, LOG_ERROR);
	options.bootstrap = l.o.broker;
	l.arena = arena_new(8 << 20);
	l.tracks = mem_new((size_t)l.o.count, sizeof *l.tracks);
	l.table = mem_new((size_t)1 << TRACK_BITS, sizeof *l.table);
	if (producer_open(&options, &l.producer, &err) != FAULT_NONE) {
		fprintf(stderr, "bench_load: %s\n", err.text);
		return 2;
	}
	l.cases = follow(&l, "dossier.casework");
	l.ends = follow(&l, "dossier.dispatch");
	run(&l);
	report(&l);
	reader_close(l.cases);
	reader_close(l.ends);
	producer_free(l.producer);
	arena_free(l.arena);
	free(l.tracks);
	free(l.table);
	return l.done == l.o.count ? 0 : 1;
}
