/*
 * clock - the only source of time.
 *
 * Wall time is UTC in microseconds since 1970 (as PostgreSQL keeps it, other
 * epoch).  Spans are measured on a clock that counts sleep and never steps.
 * Local time is Asia/Ho_Chi_Minh, UTC+7 without daylight saving, since 1975.
 */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "text.h"

typedef int64_t time_us;	/* UTC, microseconds since 1970-01-01T00:00:00Z */

#define TIME_NONE ((time_us)INT64_MIN)	/* absent */
#define TIME_INFINITY ((time_us)INT64_MAX)	/* behind another; never by itself */
#define TIME_LEAST INT64_C(-62135596800000000)	/* 0001-01-01T00:00:00Z */
#define TIME_MOST INT64_C(253402300799999999)	/* 9999-12-31T23:59:59.999999Z */
#define SECOND_US INT64_C(1000000)
#define MINUTE_US (60 * SECOND_US)
#define HOUR_US (60 * MINUTE_US)
#define DAY_US (24 * HOUR_US)
#define LOCAL_OFFSET_US (7 * HOUR_US)

time_us clock_now_us(void);		/* wall */
int64_t clock_span_us(void);		/* CLOCK_BOOTTIME */

enum { TIME_TEXT_BYTES = 32 };

/* "2026-11-22T04:30:22.000123Z"; out holds TIME_TEXT_BYTES.  TIME_NONE gives "", TIME_INFINITY "infinity". */
void time_to_text(time_us t, char *out);

/* RFC 3339 with an offset; false unless it is one, the date exists, and in UTC its year is 1 to 9999. */
bool time_from_text(struct text t, time_us *out);

/* Days since 1970-01-01 of a civil date, and back (proleptic Gregorian). */
int64_t days_from_civil(int year, int month, int day);
void civil_from_days(int64_t days, int *year, int *month, int *day);
bool civil_exists(int year, int month, int day);

#endif
