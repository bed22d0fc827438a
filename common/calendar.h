/*
 * calendar - which days and hours the state works.
 *
 * A day is an int64_t count of local days since 1970-01-01 (days_from_civil);
 * an instant is a time_us.  Local time is Asia/Ho_Chi_Minh, UTC+7.  The base
 * week is Monday to Friday (Decision 188/1999/QD-TTg); what departs from it is
 * data, one load per year, because the Prime Minister settles Tet and the day
 * beside 2 September every year (Labour Code 2019, Art. 112(3)).
 *
 * A year that is not loaded is FAULT_PARK with a text that names it, never "no
 * holidays": a due time reckoned on a guess is a promise that nobody made.
 */
#ifndef CALENDAR_H
#define CALENDAR_H

#include "clock.h"
#include "err.h"
#include "text.h"

enum calendar_kind {
	CALENDAR_WORKDAY,		/* Monday to Friday, nothing loaded */
	CALENDAR_WEEKEND,		/* Saturday, Sunday, nothing loaded */
	CALENDAR_HOLIDAY,		/* Labour Code Art. 112; Resolution 28/2026/QH16 */
	CALENDAR_COMPENSATORY_OFF,	/* Art. 111(3), and weekdays swapped away */
	CALENDAR_WORKING_WEEKEND	/* the weekend day a swap made a working day */
};

struct calendar_row {			/* one day that departs from the base week */
	int64_t			day;
	enum calendar_kind	kind;	/* one of the last three */
	struct text		name_vi;
	struct text		name_en;
};

struct calendar_span {			/* minutes of the local day; until is outside */
	int	from_minute;
	int	until_minute;
};

enum { CALENDAR_MOST_SPANS = 4, CALENDAR_DAY_MINUTES = 24 * 60 };

struct calendar_hours {
	struct calendar_span	span[CALENDAR_MOST_SPANS];
	int			n;
};

/*
 * 08:00-12:00 and 13:00-17:00: 8 hours (Labour Code Art. 105(1)).  No text read
 * says where the noon break lies; it is an assumption of ours.
 */
extern const struct calendar_hours calendar_office_hours;

struct calendar_day {			/* what is known of one day */
	enum calendar_kind	kind;
	bool			is_working;
	struct text		name_vi;	/* absent on an ordinary day; lives with the calendar */
	struct text		name_en;
};

struct calendar;

/* hours NULL: the office hours.  Spans are ascending and disjoint (else a bug). */
struct calendar *calendar_new(const struct calendar_hours *hours);
void calendar_free(struct calendar *cal);

/*
 * Load one year, copying rows and texts.  FATAL, with nothing loaded, when the
 * year is loaded already, a day is outside it or comes twice, a row's kind says
 * nothing, or it contradicts the week (a working weekend on a weekday, a
 * compensatory day on a weekend).  A new decision means a new calendar.
 */
enum fault calendar_add_year(struct calendar *cal, int year, struct text citation,
    const struct calendar_row *rows, size_t n, struct err *err) ERR_CHECK;

bool calendar_has_year(const struct calendar *cal, int year);
struct text calendar_citation(const struct calendar *cal, int year);	/* absent when not loaded */

/* "holiday", "compensatory_off", "working_weekend"; false for any other. */
bool calendar_kind_from_text(struct text name, enum calendar_kind *out);
const char *calendar_kind_name(enum calendar_kind kind);

/* The functions below answer PARK for a year not loaded, outputs untouched. */

enum fault calendar_day_get(const struct calendar *cal, int64_t day, struct calendar_day *out,
    struct err *err) ERR_CHECK;
enum fault calendar_is_working(const struct calendar *cal, int64_t day, bool *out,
    struct err *err) ERR_CHECK;

/* The first working day after (before) day, which itself is not asked. */
enum fault calendar_next_working(const struct calendar *cal, int64_t day, int64_t *out,
    struct err *err) ERR_CHECK;
enum fault calendar_previous_working(const struct calendar *cal, int64_t day, int64_t *out,
    struct err *err) ERR_CHECK;

/*
 * The nth working day after day, day not counted (Civil Code 2015, Art. 147(2));
 * before it for n < 0; day itself, working or not, for n = 0.
 */
enum fault calendar_add_days(const struct calendar *cal, int64_t day, int64_t n, int64_t *out,
    struct err *err) ERR_CHECK;

/*
 * The instant at which that much working time has passed since from (Civil
 * Code Art. 147(1)).  What ends with a span ends at its end: 17:00, not 08:00
 * of the next day.  Zero gives the first working instant at or after from.
 * span_us < 0 is a bug.
 */
enum fault calendar_add_us(const struct calendar *cal, time_us from, int64_t span_us, time_us *out,
    struct err *err) ERR_CHECK;
enum fault calendar_add_minutes(const struct calendar *cal, time_us from, int64_t minutes,
    time_us *out, struct err *err) ERR_CHECK;

/* Working time in [from, to); negative when to is earlier.  Minutes are whole ones, towards zero. */
enum fault calendar_us_between(const struct calendar *cal, time_us from, time_us to, int64_t *out,
    struct err *err) ERR_CHECK;
enum fault calendar_minutes_between(const struct calendar *cal, time_us from, time_us to,
    int64_t *out, struct err *err) ERR_CHECK;

/* Minutes of work in a working day (480), its first minute (480) and its end (1020). */
int calendar_work_minutes(const struct calendar *cal);
int calendar_opening_minute(const struct calendar *cal);
int calendar_closing_minute(const struct calendar *cal);

/* Between instants and local days. */
int64_t calendar_local_day(time_us t);
int calendar_local_minute(time_us t);			/* 0..1439, seconds cut */
time_us calendar_instant(int64_t day, int minute);	/* minute 1440 is the end of the day */

enum { CALENDAR_DATE_BYTES = 16 };
void calendar_date_text(int64_t day, char *out);	/* "2026-11-24" */
bool calendar_date_from_text(struct text t, int64_t *day);	/* exactly that form, existing */

#endif
