/* load_stages - see load_stages.h. */
#include "load_stages.h"

#include <stdlib.h>

#include "dossier.h"

enum { OUTSIDE = 5, SOURCES = STAGES + OUTSIDE, PARTITIONS_MAX = 256, ASK_MS = 5000, READ_MS = 10000, LAST_BITS = 20 };

/* When each message of a partition was sent: by number in a journal, by offset elsewhere. */
struct series {
	int64_t	begin, end;	/* offsets, of what we read */
	int64_t	first;		/* number of at[0], 0: none yet */
	int64_t	n, size;
	time_us	*at;
};

/* An entry and its cause. */
struct effect {
	enum stage	stage;
	int		source, partition;	/* source -1: an effect of its own, caused at cause_at */
	int64_t		number;
	time_us		cause_at, at;
};

struct times {
	double	*ms;
	int64_t	n, size;
};

/* The last entry of a dossier in a journal, by id; a newer dossier in the slot forgets it. */
struct last {
	uint8_t	id[UUID_BYTES];
	time_us	at;
};

struct stages {
	struct reader	*reader;
	int		partitions;
	struct series	series[SOURCES][PARTITIONS_MAX];
	struct effect	*effects;
	int64_t		n, size;
	struct last	*last;
	struct times	times[STAGES][2];
};

static const char *const outside[OUTSIDE] = { "dossier.submissions", "citizen.requests", "payment.results",
	"agency.actions", "postal.updates" };

static const char *
topic_of(int source)
{
	return source < STAGES ? stage_journal((enum stage)source) : outside[source - STAGES];
}

enum fault
stages_open(const char *broker, int partitions, struct stages **out, struct err *err)
{
	struct stages *s = mem_new(1, sizeof *s);
	enum fault fault = reader_open(broker, "bench-stages", NULL, &s->reader, err);
	int64_t low;

	if (partitions > PARTITIONS_MAX)
		bug("%d partitions", partitions);
	s->partitions = partitions;
	for (int t = 0; t < SOURCES && fault == FAULT_NONE; t++)
		for (int p = 0; p < partitions && fault == FAULT_NONE; p++)
			fault = reader_range(s->reader, topic_of(t), p, ASK_MS, &low, &s->series[t][p].begin, err);
	if (fault != FAULT_NONE) {
		stages_close(s);
		return fault;
	}
	*out = s;
	return FAULT_NONE;
}

void
stages_close(struct stages *s)
{
	for (int t = 0; t < SOURCES; t++)
		for (int p = 0; p < s->partitions; p++)
			free(s->series[t][p].at);
	for (int t = 0; t < STAGES; t++) {
		free(s->times[t][0].ms);
		free(s->times[t][1].ms);
	}
	reader_close(s->reader);
	free(s->effects);
	free(s->last);
	free(s);
}

/* --- reading ------------------------------------------------------------------ */

/* A repeat stands at a number that is there already; the first sending counts. */
static void
note_time(struct series *series, int64_t number, time_us at)
{
	if (series->n == 0)
		series->first = number;
	if (number != series->first + series->n)
		return;
	if (series->n == series->size) {
		series->size = series->size > 0 ? series->size * 2 : 1024;
		series->at = mem_grow(series->at, (size_t)series->size, sizeof *series->at);
	}
	series->at[series->n++] = at;
}

/* "lookup/3/17" or "agency.actions/3/17" */
static bool
read_cause(struct text cause, struct effect *effect)
{
	for (int t = 0; t < SOURCES; t++) {
		const char *name = t < STAGES ? stage_name((enum stage)t) : outside[t - STAGES];
		size_t n = strlen(name);
		char rest[48], *slash;

		if (cause.n <= n + 3 || cause.n >= n + sizeof rest || memcmp(cause.s, name, n) != 0 || cause.s[n] != '/')
			continue;
		memcpy(rest, cause.s + n + 1, cause.n - n - 1);
		rest[cause.n - n - 1] = '\0';
		effect->source = t;
		effect->partition = (int)strtol(rest, &slash, 10);
		effect->number = *slash == '/' ? strtoll(slash + 1, NULL, 10) : -1;
		return effect->partition >= 0 && effect->number >= 0;
	}
	return false;
}

static void
note_effect(struct stages *s, enum stage stage, const struct message *m, struct last *last)
{
	struct effect e = { .stage = stage, .source = -1, .at = m->place.at };
	struct text cause = record_find(&m->record, "ce_cause");

	if (text_has_prefix(cause, "effect:") && last != NULL && last->at != 0)
		e.cause_at = last->at;
	else if (text_is_absent(cause) || !read_cause(cause, &e) || e.partition >= s->partitions)
		return;
	if (s->n == s->size) {
		s->size = s->size > 0 ? s->size * 2 : 4096;
		s->effects = mem_grow(s->effects, (size_t)s->size, sizeof *s->effects);
	}
	s->effects[s->n++] = e;
}

static void
take(struct stages *s, int source, const struct message *m)
{
	struct series *series = &s->series[source][m->place.partition];
	uint8_t id[UUID_BYTES];
	struct last *last;
	uint32_t h;
	int64_t number;

	if (source >= STAGES) {
		note_time(series, m->place.offset, m->place.at);
		return;
	}
	if (!text_to_int64(record_find(&m->record, "ce_sequence"), &number) ||
	    !uuid_from_text(record_find(&m->record, "ce_subject"), id) || (series->n > 0 && number < series->first + series->n))
		return;
	note_time(series, number, m->place.at);
	memcpy(&h, id, sizeof h);
	last = &s->last[h & ((1u << LAST_BITS) - 1)];
	note_effect(s, (enum stage)source, m, memcmp(last->id, id, UUID_BYTES) == 0 ? last : NULL);
	memcpy(last->id, id, UUID_BYTES);
	last->at = m->place.at;
}

/* Until all partitions have been read to the end that they have now. */
static enum fault
read_topic(struct stages *s, int source, struct err *err)
{
	int partitions[PARTITIONS_MAX], n = 0;
	int64_t offsets[PARTITIONS_MAX], low, deadline_us;
	enum fault fault;

	memset(s->last, 0, ((size_t)1 << LAST_BITS) * sizeof *s->last);
	for (int p = 0; p < s->partitions; p++) {
		struct series *series = &s->series[source][p];

		fault = reader_range(s->reader, topic_of(source), p, ASK_MS, &low, &series->end, err);
		if (fault != FAULT_NONE)
			return fault;
		if (series->end > series->begin) {
			partitions[n] = p;
			offsets[n++] = series->begin;
		}
	}
	if (n == 0)
		return FAULT_NONE;
	fault = reader_assign(s->reader, topic_of(source), partitions, offsets, n, err);
	deadline_us = clock_span_us() + READ_MS * INT64_C(1000);
	while (fault == FAULT_NONE && n > 0) {
		struct message m;
		struct err why = { .fault = FAULT_NONE };

		if (!reader_poll(s->reader, 100, &m, &why)) {
			if (clock_span_us() > deadline_us)
				return err_set(err, FAULT_RETRY, "read a topic", "timeout", "%s", topic_of(source));
			continue;
		}
		deadline_us = clock_span_us() + READ_MS * INT64_C(1000);
		if (m.place.offset < s->series[source][m.place.partition].end)
			take(s, source, &m);
		n -= m.place.offset == s->series[source][m.place.partition].end - 1;
		consumer_release(&m);
	}
	return fault;
}

/* --- reckoning ------------------------------------------------------------------ */

static time_us
caused_at(const struct stages *s, const struct effect *e)
{
	const struct series *series;

	if (e->source < 0)
		return e->cause_at;
	series = &s->series[e->source][e->partition];
	return e->number >= series->first && e->number < series->first + series->n
	    ? series->at[e->number - series->first] : TIME_NONE;
}

static void
add_time(struct times *times, time_us span)
{
	if (times->n == times->size) {
		times->size = times->size > 0 ? times->size * 2 : 4096;
		times->ms = mem_grow(times->ms, (size_t)times->size, sizeof *times->ms);
	}
	times->ms[times->n++] = (double)span / 1e3;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

enum fault
stages_read(struct stages *s, time_us from, time_us to, struct err *err)
{
	enum fault fault = FAULT_NONE;

	s->last = mem_new((size_t)1 << LAST_BITS, sizeof *s->last);
	for (int t = 0; t < SOURCES && fault == FAULT_NONE; t++)
		fault = read_topic(s, t, err);
	for (int64_t i = 0; i < s->n && fault == FAULT_NONE; i++) {
		const struct effect *e = &s->effects[i];
		time_us cause = caused_at(s, e);

		if (cause != TIME_NONE && cause >= from && cause < to)
			add_time(&s->times[e->stage][e->source < 0], e->at - cause);
	}
	for (int t = 0; t < STAGES; t++)
		for (int k = 0; k < 2; k++)
			if (s->times[t][k].n > 0)
				qsort(s->times[t][k].ms, (size_t)s->times[t][k].n, sizeof(double), compare);
	return fault;
}

const double *
stages_of(struct stages *s, enum stage stage, bool effects, int64_t *n)
{
	*n = s->times[stage][effects].n;
	return s->times[stage][effects].ms;
}
