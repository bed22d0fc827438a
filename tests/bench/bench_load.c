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

static void
component(struct load *l, struct buf *buf, int i, const char *code, int64_t n)
{
	char name[64], hex[2 * DIGEST_BYTES + 1];
	uint8_t digest[DIGEST_BYTES];
	struct buf content = buf_in(l->arena);
	int length = snprintf(name, sizeof name, "load-%d-%d-20000", (int)(n % 97), i);

	/* The simulator's rule: the name and a newline, repeated, cut to size. */
	while (content.n < 20000) {
		buf_put(&content, name, (size_t)length);
		buf_puts(&content, "\n");
	}
	digest_bytes(content.s, 20000, digest);
	text_hex(digest, DIGEST_BYTES, hex);
	buf_printf(buf, "%s{\"code\":\"%s\",\"kind\":\"electronic\",\"files\":[{\"name\":\"%s.pdf\","
	    "\"uri\":\"%s\",\"size\":20000,\"sha256\":\"%s\",\"media_type\":\"application/pdf\"}]}",
	    i > 0 ? "," : "", code, code, name, hex);
}

/* Birth registration in time (free), about 2 kB; or a criminal record (fee), for the full mix. */
static struct text
submission(struct load *l, int64_t n, bool paid, bool postal)
{
	struct buf buf = buf_in(l->arena);
	static char *parts[97][2];
	int kind = (int)(n % 97);

	if (parts[kind][0] == NULL) {
		struct buf three = buf_in(l->arena);

		component(l, &three, 0, "TP01", n);
		if (paid) {
			component(l, &three, 1, "TP02", n);
		} else {
			component(l, &three, 1, "TP02", n);
			component(l, &three, 2, "TP03", n);
		}
		parts[kind][0] = mem_copy_text(buf_get(&three).s);
	}
	buf_printf(&buf, "{\"procedure\":\"1.001193\",\"agency\":\"H55.242\",\"case\":\"default\","
	    "\"channel\":\"online\",\"language\":\"vi\",\"applicant\":{\"kind\":\"citizen\","
	    "\"name\":\"%s %s\",\"number\":\"0191%02d%06d\",\"birth_date\":\"19%02d-05-17\","
	    "\"phone\":\"+849%08d\",\"address\":{\"province\":\"19\",\"commune\":\"05443\","
	    "\"detail\":\"Số %d, tổ 4\"}},", family[n % 5], given[n % 8], 60 + (int)(n % 40),
	    (int)(n * 7919 % 900000), 60 + (int)(n % 40), (int)(n % 100000000), (int)(n % 200));
	buf_printf(&buf, "\"form\":{\"child\":{\"name\":\"Trần Gia %s\",\"birth_date\":\"2026-10-30\","
	    "\"sex\":\"male\",\"ethnicity\":\"Kinh\",\"nationality\":\"VN\",\"birth_place\":\"Bệnh viện A "
	    "Thái Nguyên, tỉnh Thái Nguyên\",\"home_town\":\"Xã Tân Cương, tỉnh Thái Nguyên\"},"
	    "\"mother\":{\"name\":\"%s %s\",\"birth_year\":19%02d,\"number\":\"0191%02d%06d\","
	    "\"address\":{\"province\":\"19\",\"commune\":\"05443\",\"detail\":\"Số %d, tổ 4\"}},"
	    "\"father\":{\"name\":\"Trần Văn Minh\",\"birth_year\":1988,\"number\":\"019088004321\"},"
	    "\"relation\":\"mother\",\"copies\":2},\"components\":[%s],", given[n % 8], family[n % 5],
	    given[n % 8], 60 + (int)(n % 40), 60 + (int)(n % 40), (int)(n * 7919 % 900000),
	    (int)(n % 200), parts[kind][0]);
	buf_puts(&buf, postal ? "\"delivery\":{\"method\":\"postal\",\"address\":{\"name\":\"Nguyễn Thị An\","
	    "\"phone\":\"+84912345678\",\"province\":\"19\",\"commune\":\"05443\",\"detail\":\"Số 1\"}},"
	    : "\"delivery\":{\"method\":\"online\"},");
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
	record.value = submission(l, l->sent, false, l->o.mix[0] == 'f' && l->sent % 5 < 2);
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

static void
report(struct load *l)
{
	int64_t *ready = mem_new((size_t)l->o.count, sizeof *ready);
	int64_t *done = mem_new((size_t)l->o.count, sizeof *done), n_ready = 0, n_done = 0;
	int64_t first_us = INT64_MAX, last_us = 0, warm_us = 0;

	for (int64_t i = 0; i < l->sent; i++) {
		struct track *t = &l->tracks[i];

		if (i < l->o.warm) {
			warm_us = t->done_us > warm_us ? t->done_us : warm_us;
			continue;
		}
		if (t->ready_us != 0)
			ready[n_ready++] = t->ready_us - t->sent_us;
		if (t->done_us == 0)
			continue;
		done[n_done++] = t->done_us - t->sent_us;
		first_us = t->sent_us < first_us ? t->sent_us : first_us;
		last_us = t->done_us > last_us ? t->done_us : last_us;
	}
	if (warm_us > first_us)
		first_us = warm_us;
	printf("{\"mix\":\"%s\",\"sent\":%lld,\"done\":%lld,\"counted\":%lld,\"seconds\":%.2f,"
	    "\"per_second\":%.0f", l->o.mix, (long long)l->sent, (long long)l->done,
	    (long long)n_done, n_done > 0 ? (double)(last_us - first_us) / 1e6 : 0,
	    n_done > 0 ? (double)n_done * 1e6 / (double)(last_us - first_us) : 0);
	print_quantiles("ready", ready, n_ready);
	print_quantiles("end", done, n_done);
	puts("}");
	free(ready);
	free(done);
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
