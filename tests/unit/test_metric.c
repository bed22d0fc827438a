/*
 * metric: what is written, byte for byte: heads, labels and their escapes,
 * decimals, histograms that add up, what is absent, what is too many.
 */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>

#include "metric.h"
#include "metric_process.h"

enum { JOBS, WAITING, LAG, SECONDS, SIZES, ERRORS, FEW, FAMILIES };

static const struct metric_family families[FAMILIES] = {
	[JOBS] = { "x_jobs_total", "Jobs.", METRIC_COUNTER, .labels = { "end" } },
	[WAITING] = { "x_waiting", "Line one\nand \\ two \"quoted\".", METRIC_GAUGE, .per_unit = 1 },
	[LAG] = { "x_lag_seconds", "Lag.", METRIC_GAUGE, 1000000, { "lane" } },
	[SECONDS] = { "x_duration_seconds", "Time.", METRIC_HISTOGRAM, 1000000, .bounds = { 500, 1000000, 2500000 } },
	[SIZES] = { "x_sizes", "Sizes.", METRIC_HISTOGRAM, .labels = { "kind" }, .bounds = { 1, 10 } },
	[ERRORS] = { "x_errors_total", "Errors.", METRIC_COUNTER, .labels = { "fault", "op", "code" } },
	[FEW] = { "x_few_total", "Few.", METRIC_COUNTER, .labels = { "name" }, .series_max = 3 },
};

static struct metrics *m;
static struct arena *arena;

static void
begin(void)
{
	m = metrics_new(families, FAMILIES, NULL);
	arena = arena_new(0);
}

static void
end(void)
{
	metrics_free(m);
	arena_free(arena);
}

TestSuite(metric, .init = begin, .fini = end);

static void
assert_written(const char *wanted)
{
	struct buf buf = buf_in(arena);

	buf_puts(&buf, "");
	metrics_write(m, &buf);
	cr_assert_str_eq(buf_get(&buf).s, wanted);
}

static struct metric *
one(int family, const char *label)
{
	return metric_of(m, family, label, NULL, NULL);
}

Test(metric, a_family_without_series_is_not_written)
{
	assert_written("");
}

Test(metric, a_counter_stands_at_0_and_rises)
{
	struct metric *done = one(JOBS, "done");

	assert_written("# HELP x_jobs_total Jobs.\n# TYPE x_jobs_total counter\nx_jobs_total{end=\"done\"} 0\n");
	metric_add(done, 3);
	metric_add(done, 39);
	cr_assert_eq(metric_value(done), 42);
	assert_written("# HELP x_jobs_total Jobs.\n# TYPE x_jobs_total counter\nx_jobs_total{end=\"done\"} 42\n");
}

Test(metric, the_same_labels_are_the_same_series)
{
	cr_assert_eq(one(JOBS, "done"), one(JOBS, "done"));
	cr_assert_neq(one(JOBS, "done"), one(JOBS, "dead"));
	cr_assert_eq(metric_of(m, ERRORS, "a", "b", "c"), metric_of(m, ERRORS, "a", "b", "c"));
	cr_assert_neq(metric_of(m, ERRORS, "a", "b", "c"), metric_of(m, ERRORS, "a", "c", "b"));
}

Test(metric, a_gauge_is_absent_until_it_is_set_and_when_it_is_absent)
{
	struct metric *waiting = one(WAITING, NULL);

	assert_written("");
	metric_set(waiting, -7);
	assert_written("# HELP x_waiting Line one\\nand \\\\ two \"quoted\".\n# TYPE x_waiting gauge\nx_waiting -7\n");
	metric_set(waiting, METRIC_ABSENT);
	assert_written("");
}

Test(metric, label_values_are_escaped)
{
	metric_set(one(LAG, "a\"b\\c\nd"), 0);
	assert_written("# HELP x_lag_seconds Lag.\n# TYPE x_lag_seconds gauge\nx_lag_seconds{lane=\"a\\\"b\\\\c\\nd\"} 0\n");
}

Test(metric, values_are_decimals_of_the_unit)
{
	static const struct { int64_t us; const char *text; } cases[] = {
		{ 0, "0" }, { 1, "0.000001" }, { 10, "0.00001" }, { 500000, "0.5" }, { 999999, "0.999999" },
		{ 1000000, "1" }, { 1000001, "1.000001" }, { 12340000, "12.34" }, { -1, "-0.000001" },
		{ -2500000, "-2.5" }, { 1800000000000000, "1800000000" }, { INT64_MAX, "9223372036854.775807" },
		{ INT64_MIN + 1, "-9223372036854.775807" },
	};
	char wanted[200];

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		metric_set(one(LAG, "3"), cases[i].us);
		snprintf(wanted, sizeof wanted, "# HELP x_lag_seconds Lag.\n# TYPE x_lag_seconds gauge\n"
		    "x_lag_seconds{lane=\"3\"} %s\n", cases[i].text);
		assert_written(wanted);
	}
}

Test(metric, a_histogram_adds_up_on_both_sides_of_its_bounds)
{
	struct metric *seconds = one(SECONDS, NULL);
	static const int64_t seen[] = { 0, 500, 501, 1000000, 1000001, 2500000, 2500001, 99000000 };

	for (size_t i = 0; i < sizeof seen / sizeof *seen; i++)
		metric_observe(seconds, seen[i]);
	assert_written("# HELP x_duration_seconds Time.\n# TYPE x_duration_seconds histogram\n"
	    "x_duration_seconds_bucket{le=\"0.0005\"} 2\n"
	    "x_duration_seconds_bucket{le=\"1\"} 4\n"
	    "x_duration_seconds_bucket{le=\"2.5\"} 6\n"
	    "x_duration_seconds_bucket{le=\"+Inf\"} 8\n"
	    "x_duration_seconds_sum 106.001003\n"
	    "x_duration_seconds_count 8\n");
}

Test(metric, buckets_have_the_series_labels_too)
{
	metric_observe(one(SIZES, "big"), 11);
	assert_written("# HELP x_sizes Sizes.\n# TYPE x_sizes histogram\n"
	    "x_sizes_bucket{kind=\"big\",le=\"1\"} 0\nx_sizes_bucket{kind=\"big\",le=\"10\"} 0\n"
	    "x_sizes_bucket{kind=\"big\",le=\"+Inf\"} 1\nx_sizes_sum{kind=\"big\"} 11\nx_sizes_count{kind=\"big\"} 1\n");
}

Test(metric, constant_labels_come_first)
{
	struct metrics *with = metrics_new(families, FAMILIES, "stage=\"fee\"");
	struct buf buf = buf_in(arena);

	metric_set(metric_of(with, WAITING, NULL, NULL, NULL), 1);
	metric_add(metric_of(with, JOBS, "done", NULL, NULL), 2);
	metrics_write(with, &buf);
	cr_assert(strstr(buf_get(&buf).s, "\nx_waiting{stage=\"fee\"} 1\n") != NULL);
	cr_assert(strstr(buf_get(&buf).s, "\nx_jobs_total{stage=\"fee\",end=\"done\"} 2\n") != NULL);
	metrics_free(with);
}

Test(metric, what_is_too_many_is_other)
{
	metric_add(one(FEW, "a"), 1);
	metric_add(one(FEW, "b"), 1);
	metric_add(one(FEW, "c"), 1);
	metric_add(one(FEW, "d"), 1);
	metric_add(one(FEW, "e"), 1);
	metric_add(one(FEW, "a"), 1);
	assert_written("# HELP x_few_total Few.\n# TYPE x_few_total counter\nx_few_total{name=\"a\"} 2\n"
	    "x_few_total{name=\"b\"} 1\nx_few_total{name=\"c\"} 1\nx_few_total{name=\"other\"} 2\n");
}

Test(metric, series_of_a_family_one_after_the_other)
{
	const struct metric *first, *second;

	cr_assert_null(metric_next(m, JOBS, NULL));
	metric_add(one(JOBS, "done"), 5);
	(void)one(JOBS, "dead");
	first = metric_next(m, JOBS, NULL);
	second = metric_next(m, JOBS, first);
	cr_assert_str_eq(metric_label(first), "done");
	cr_assert_str_eq(metric_label(second), "dead");
	cr_assert_null(metric_next(m, JOBS, second));
}

/* A reader beside the writer: whole series, buckets that add up, counters that never fall. */
static void *
read_along(void *arg)
{
	_Atomic bool *stop = arg;
	int64_t before = 0;

	while (!*stop) {
		struct arena *own = arena_new(0);
		struct buf buf = buf_in(own);
		const char *at;
		long long now = 0;

		buf_puts(&buf, "");
		metrics_write(m, &buf);
		at = strstr(buf_get(&buf).s, "\nx_duration_seconds_count ");
		if (at != NULL && sscanf(at, "\nx_duration_seconds_count %lld", &now) == 1) {
			cr_assert_geq(now, before);
			before = now;
		}
		arena_free(own);
	}
	return NULL;
}

Test(metric, is_read_while_it_is_written)
{
	_Atomic bool stop = false;
	pthread_t reader;
	char label[16];

	cr_assert_eq(pthread_create(&reader, NULL, read_along, &stop), 0);
	for (int i = 0; i < 20000; i++) {
		snprintf(label, sizeof label, "%d", i % 60);
		metric_add(one(JOBS, label), 1);
		metric_observe(one(SECONDS, NULL), i);
	}
	stop = true;
	pthread_join(reader, NULL);
	cr_assert_eq(metric_value(one(JOBS, "59")), 333);
}

Test(metric, of_this_process)
{
	static const char *const names[] = { "process_cpu_seconds_total", "process_resident_memory_bytes",
		"process_virtual_memory_bytes", "process_open_fds", "process_max_fds", "process_start_time_seconds" };
	struct buf buf = buf_in(arena);
	const char *start;

	metrics_write_process(&buf, 1700000000500000);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char line[80];

		snprintf(line, sizeof line, "\n%s ", names[i]);
		cr_assert(strstr(buf_get(&buf).s, line) != NULL, "%s", names[i]);
	}
	start = strstr(buf_get(&buf).s, "\nprocess_start_time_seconds ");
	cr_assert_str_eq(start, "\nprocess_start_time_seconds 1700000000.5\n");
}
