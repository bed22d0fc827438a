/*
 * metric - what a process counts about itself, for whoever watches it.
 *
 * A family is a row of a static table: name, help, kind, label names.  Its
 * series come into being when they are first asked for and stay.  One thread
 * writes and another one reads, without a lock: every value is a word of its
 * own, so a reader may see one sum a moment before the next, and never half a
 * number.
 *
 * Values are integers in the family's own small unit (microseconds); per_unit
 * of them are one of the unit in its name (seconds).  Labels are names and
 * codes of ours, few and known; what comes beyond series_max is counted under
 * "other".  Never a dossier, a person or a text from outside.
 *
 * Written out in Prometheus' text format, version 0.0.4.  Pure.
 */
#ifndef METRIC_H
#define METRIC_H

#include <stdint.h>

#include "buf.h"

enum metric_kind { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

enum { METRIC_LABELS = 3, METRIC_BOUNDS = 16 };

#define METRIC_ABSENT INT64_MIN		/* a gauge of what is not there: not shown */

struct metric_family {
	const char	*name, *help;
	enum metric_kind kind;
	int64_t		per_unit;		/* 0: 1 */
	const char	*labels[METRIC_LABELS];	/* names; the first NULL ends them */
	int64_t		bounds[METRIC_BOUNDS];	/* of a histogram, rising; 0 ends them */
	int		series_max;		/* 0: 64 */
};

struct metrics;
struct metric;

/* rows are borrowed.  constant: labels of every series, as written ('stage="fee"'), or NULL. */
struct metrics *metrics_new(const struct metric_family *rows, int n, const char *constant);
void metrics_free(struct metrics *metrics);

/*
 * The series of a family with these label values, made when there is none; values
 * beyond the family's labels are NULL.  A new counter or histogram stands at
 * 0, a new gauge is absent.  By the writer alone.
 */
struct metric *metric_of(struct metrics *metrics, int family, const char *first, const char *second,
    const char *third);

void metric_add(struct metric *metric, int64_t n);
void metric_set(struct metric *metric, int64_t value);		/* of gauges, and counters kept elsewhere */
void metric_observe(struct metric *metric, int64_t value);	/* of histograms */
int64_t metric_value(const struct metric *metric);

/* The first series of a family (after NULL), the next one, NULL; and its first label value. */
const struct metric *metric_next(const struct metrics *metrics, int family, const struct metric *after);
const char *metric_label(const struct metric *metric);

/* All families that have a series, in the order of the rows.  By any thread. */
void metrics_write(const struct metrics *metrics, struct buf *out);

/* One family that is not in a registry: its head, and one line of it.  For what is read when it is asked for. */
void metric_write_head(struct buf *out, const struct metric_family *family);
void metric_write_line(struct buf *out, const struct metric_family *family, const char *labels, int64_t value);

/* name="value", escaped. */
void metric_write_label(struct buf *out, const char *name, const char *value);

#endif
