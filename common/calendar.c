/*
 * calendar - see calendar.h.
 *
 * A year is a table of what departs from the base week, one byte a day, and
 * the rows it points into.  Working time is walked day by day: terms are days
 * or weeks, seldom months, so nothing cleverer is worth its proof.
 */
#include "calendar.h"

#include <stdio.h>
#include <stdlib.h>

#include "mem.h"

enum { YEAR_DAYS = 366, MOST_ROWS = 255, MOST_YEARS = 64 };

struct year {
	int			year;
	int64_t			first_day;
	struct text		citation;
	struct calendar_row	*rows;
	unsigned char		row_of[YEAR_DAYS];	/* 0: the base week; else row + 1 */
};

struct calendar {
	struct arena		*arena;
	struct calendar_hours	hours;
	struct year		*years[MOST_YEARS];
	int			n_years;
};

const struct calendar_hours calendar_office_hours = {
	{ { 8 * 60, 12 * 60 }, { 13 * 60, 17 * 60 } }, 2
};

static const char *const kind_names[] = {
	[CALENDAR_WORKDAY]		= "working_day",
	[CALENDAR_WEEKEND]		= "weekend",
	[CALENDAR_HOLIDAY]		= "holiday",
	[CALENDAR_COMPENSATORY_OFF]	= "compensatory_off",
	[CALENDAR_WORKING_WEEKEND]	= "working_weekend",
};

/* --- building ------------------------------------------------------------------ */

static void
hours_check(const struct calendar_hours *hours)
{
	int last = -1;

	if (hours->n < 1 || hours->n > CALENDAR_MOST_SPANS)
		bug("calendar: %d spans of working hours", hours->n);
	for (int i = 0; i < hours->n; i++) {
		const struct calendar_span *span = &hours->span[i];

		if (span->from_minute <= last || span->until_minute <= span->from_minute ||
		    span->until_minute > CALENDAR_DAY_MINUTES)
			bug("calendar: span %d of working hours", i);
		last = span->until_minute;
	}
}

struct calendar *
calendar_new(const struct calendar_hours *hours)
{
	struct calendar *cal = mem_new(1, sizeof *cal);

	cal->hours = hours != NULL ? *hours : calendar_office_hours;
	hours_check(&cal->hours);
	cal->arena = arena_new(0);
	return cal;
}

void
calendar_free(struct calendar *cal)
{
	if (cal == NULL)
		return;
	arena_free(cal->arena);
	free(cal);
}

/* Monday is 0; 1970-01-01 was a Thursday. */
static int
weekday(int64_t day)
{
	return (int)(((day + 3) % 7 + 7) % 7);
}

static bool
is_weekend(int64_t day)
{
	return weekday(day) >= 5;
}

/* What is wrong with a row, or NULL. */
static const char *
row_trouble(const struct calendar_row *row, const struct year *year, int64_t next_year)
{
	if (row->day < year->first_day || row->day >= next_year)
		return "is outside the year";
	if (row->kind != CALENDAR_HOLIDAY && row->kind != CALENDAR_COMPENSATORY_OFF &&
	    row->kind != CALENDAR_WORKING_WEEKEND)
		return "has no kind that a row can have";
	if (row->kind == CALENDAR_WORKING_WEEKEND && !is_weekend(row->day))
		return "is a working weekend on a weekday";
	if (row->kind == CALENDAR_COMPENSATORY_OFF && is_weekend(row->day))
		return "is a compensatory day on a weekend";
	if (year->row_of[row->day - year->first_day] != 0)
		return "comes twice";
	return NULL;
}

static struct calendar_row *
rows_copy(struct arena *arena, const struct calendar_row *rows, size_t n)
{
	struct calendar_row *copy = ARENA_ARRAY(arena, struct calendar_row, n);

	for (size_t i = 0; i < n; i++) {
		copy[i] = rows[i];
		copy[i].name_vi = arena_text(arena, rows[i].name_vi);
		copy[i].name_en = arena_text(arena, rows[i].name_en);
	}
	return copy;
}

static const struct year *
year_find(const struct calendar *cal, int number)
{
	for (int i = 0; i < cal->n_years; i++)
		if (cal->years[i]->year == number)
			return cal->years[i];
	return NULL;
}

enum fault
calendar_add_year(struct calendar *cal, int year, struct text citation,
    const struct calendar_row *rows, size_t n, struct err *err)
{
	struct year made = { .year = year };
	int64_t next_year = days_from_civil(year + 1, 1, 1);
	const char *trouble;
	char date[CALENDAR_DATE_BYTES];

	if (year < 1 || year > 9998 || n > MOST_ROWS || cal->n_years == MOST_YEARS ||
	    year_find(cal, year) != NULL)
		return err_set(err, FAULT_FATAL, "calendar_add_year", NULL,
		    "calendar year %d: loaded already, not a year, or too large", year);
	made.first_day = days_from_civil(year, 1, 1);
	for (size_t i = 0; i < n; i++) {
		trouble = row_trouble(&rows[i], &made, next_year);
		if (trouble != NULL) {
			calendar_date_text(rows[i].day, date);
			return err_set(err, FAULT_FATAL, "calendar_add_year", NULL,
			    "calendar year %d: row %zu (%s) %s", year, i + 1, date, trouble);
		}
		made.row_of[rows[i].day - made.first_day] = (unsigned char)(i + 1);
	}
	made.rows = rows_copy(cal->arena, rows, n);
	made.citation = arena_text(cal->arena, citation);
	cal->years[cal->n_years] = ARENA_NEW(cal->arena, struct year);
	*cal->years[cal->n_years++] = made;
	return FAULT_NONE;
}

bool
calendar_has_year(const struct calendar *cal, int year)
{
	return year_find(cal, year) != NULL;
}

struct text
calendar_citation(const struct calendar *cal, int year)
{
	const struct year *found = year_find(cal, year);

	return found != NULL ? found->citation : TEXT_NONE;
}

bool
calendar_kind_from_text(struct text name, enum calendar_kind *out)
{
	for (int kind = CALENDAR_HOLIDAY; kind <= CALENDAR_WORKING_WEEKEND; kind++)
		if (text_is(name, kind_names[kind])) {
			*out = (enum calendar_kind)kind;
			return true;
		}
	return false;
}

const char *
calendar_kind_name(enum calendar_kind kind)
{
	return kind_names[kind];
}

/* --- days ---------------------------------------------------------------------- */

/* The loaded year that holds day. */
static enum fault
year_of(const struct calendar *cal, int64_t day, const struct year **out, struct err *err)
{
	int y = 0, m, d;

	/* Beyond some million years no int holds the year; none is loaded either way. */
	if (day > -INT64_C(100000000) && day < INT64_C(100000000))
		civil_from_days(day, &y, &m, &d);
	*out = year_find(cal, y);
	if (*out != NULL)
		return FAULT_NONE;
	return err_set(err, FAULT_PARK, "calendar", "no_calendar",
	    "the working calendar of %d is not loaded: load schemas/catalogue/calendar/%d.json "
	    "after the Prime Minister's decision, then redrive", y, y);
}

enum fault
calendar_day_get(const struct calendar *cal, int64_t day, struct calendar_day *out,
    struct err *err)
{
	const struct year *year;
	const struct calendar_row *row;
	enum fault fault = year_of(cal, day, &year, err);
	unsigned char at;

	if (fault != FAULT_NONE)
		return fault;
	at = year->row_of[day - year->first_day];
	if (at == 0) {
		*out = (struct calendar_day){
			.kind = is_weekend(day) ? CALENDAR_WEEKEND : CALENDAR_WORKDAY,
			.is_working = !is_weekend(day),
		};
		return FAULT_NONE;
	}
	row = &year->rows[at - 1];
	*out = (struct calendar_day){
		.kind = row->kind,
		.is_working = row->kind == CALENDAR_WORKING_WEEKEND,
		.name_vi = row->name_vi,
		.name_en = row->name_en,
	};
	return FAULT_NONE;
}

enum fault
calendar_is_working(const struct calendar *cal, int64_t day, bool *out, struct err *err)
{
	struct calendar_day found;
	enum fault fault = calendar_day_get(cal, day, &found, err);

	if (fault == FAULT_NONE)
		*out = found.is_working;
	return fault;
}

enum fault
calendar_add_days(const struct calendar *cal, int64_t day, int64_t n, int64_t *out,
    struct err *err)
{
	int step = n < 0 ? -1 : 1;
	bool working;
	enum fault fault;

	while (n != 0) {
		day += step;
		fault = calendar_is_working(cal, day, &working, err);
		if (fault != FAULT_NONE)
			return fault;
		n -= working ? step : 0;
	}
	*out = day;
	return FAULT_NONE;
}

enum fault
calendar_next_working(const struct calendar *cal, int64_t day, int64_t *out, struct err *err)
{
	return calendar_add_days(cal, day, 1, out, err);
}

enum fault
calendar_previous_working(const struct calendar *cal, int64_t day, int64_t *out, struct err *err)
{
	return calendar_add_days(cal, day, -1, out, err);
}

/* --- working time -------------------------------------------------------------- */

/*
 * Spend span_us within the working hours of day that lie at or after from.
 * True when it is spent (*at), otherwise *span_us is what is left.
 */
static bool
day_spend(const struct calendar *cal, int64_t day, time_us from, int64_t *span_us, time_us *at)
{
	for (int i = 0; i < cal->hours.n; i++) {
		time_us opens = calendar_instant(day, cal->hours.span[i].from_minute);
		time_us closes = calendar_instant(day, cal->hours.span[i].until_minute);

		if (from >= closes)
			continue;
		if (from > opens)
			opens = from;
		if (*span_us <= closes - opens) {
			*at = opens + *span_us;
			return true;
		}
		*span_us -= closes - opens;
	}
	return false;
}

enum fault
calendar_add_us(const struct calendar *cal, time_us from, int64_t span_us, time_us *out,
    struct err *err)
{
	bool working;
	enum fault fault;

	if (span_us < 0)
		bug("calendar: working time below zero");
	for (int64_t day = calendar_local_day(from);; day++) {
		fault = calendar_is_working(cal, day, &working, err);
		if (fault != FAULT_NONE)
			return fault;
		if (working && day_spend(cal, day, from, &span_us, out))
			return FAULT_NONE;
	}
}

enum fault
calendar_add_minutes(const struct calendar *cal, time_us from, int64_t minutes, time_us *out,
    struct err *err)
{
	return calendar_add_us(cal, from, minutes * MINUTE_US, out, err);
}

/* Working time of day within [from, to). */
static int64_t
day_overlap(const struct calendar *cal, int64_t day, time_us from, time_us to)
{
	int64_t sum = 0;

	for (int i = 0; i < cal->hours.n; i++) {
		time_us opens = calendar_instant(day, cal->hours.span[i].from_minute);
		time_us closes = calendar_instant(day, cal->hours.span[i].until_minute);

		if (opens < from)
			opens = from;
		if (closes > to)
			closes = to;
		if (opens < closes)
			sum += closes - opens;
	}
	return sum;
}

enum fault
calendar_us_between(const struct calendar *cal, time_us from, time_us to, int64_t *out,
    struct err *err)
{
	int sign = from <= to ? 1 : -1;
	time_us first = from <= to ? from : to, last = from <= to ? to : from;
	int64_t sum = 0;
	bool working;
	enum fault fault;

	for (int64_t day = calendar_local_day(first); calendar_instant(day, 0) < last; day++) {
		fault = calendar_is_working(cal, day, &working, err);
		if (fault != FAULT_NONE)
			return fault;
		if (working)
			sum += day_overlap(cal, day, first, last);
	}
	*out = sign * sum;
	return FAULT_NONE;
}

enum fault
calendar_minutes_between(const struct calendar *cal, time_us from, time_us to, int64_t *out,
    struct err *err)
{
	int64_t us;
	enum fault fault = calendar_us_between(cal, from, to, &us, err);

	if (fault == FAULT_NONE)
		*out = us / MINUTE_US;
	return fault;
}

int
calendar_work_minutes(const struct calendar *cal)
{
	int sum = 0;

	for (int i = 0; i < cal->hours.n; i++)
		sum += cal->hours.span[i].until_minute - cal->hours.span[i].from_minute;
	return sum;
}

int
calendar_opening_minute(const struct calendar *cal)
{
	return cal->hours.span[0].from_minute;
}

int
calendar_closing_minute(const struct calendar *cal)
{
	return cal->hours.span[cal->hours.n - 1].until_minute;
}

/* --- instants and local days --------------------------------------------------- */

int64_t
calendar_local_day(time_us t)
{
	/* Times before 1970 round down too; the offset comes last, so that nothing overflows. */
	int64_t rest = t % DAY_US, before = rest < 0;

	rest += before * DAY_US;
	return t / DAY_US - before + (rest >= DAY_US - LOCAL_OFFSET_US);
}

int
calendar_local_minute(time_us t)
{
	int64_t rest = (t % DAY_US + DAY_US + LOCAL_OFFSET_US) % DAY_US;

	return (int)(rest / MINUTE_US);
}

time_us
calendar_instant(int64_t day, int minute)
{
	return day * DAY_US + minute * MINUTE_US - LOCAL_OFFSET_US;
}

void
calendar_date_text(int64_t day, char *out)
{
	int y = 0, m = 0, d = 0;

	if (day > -INT64_C(100000000) && day < INT64_C(100000000))
		civil_from_days(day, &y, &m, &d);
	snprintf(out, CALENDAR_DATE_BYTES, "%04d-%02d-%02d", y % 10000, m % 100, d % 100);
}

bool
calendar_date_from_text(struct text t, int64_t *day)
{
	static const int power[] = { 1000, 100, 10, 1, 0, 10, 1, 0, 10, 1 };
	int part[3] = { 0, 0, 0 };

	if (t.n != 10 || t.s[4] != '-' || t.s[7] != '-')
		return false;
	for (int i = 0, k = 0; i < 10; i++) {
		if (power[i] == 0) {
			k++;
			continue;
		}
		if (t.s[i] < '0' || t.s[i] > '9')
			return false;
		part[k] += (t.s[i] - '0') * power[i];
	}
	if (!civil_exists(part[0], part[1], part[2]))
		return false;
	*day = days_from_civil(part[0], part[1], part[2]);
	return true;
}
