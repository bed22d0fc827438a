/*
 * calendar: the base week, what departs from it, working time, and that the
 * calendars of the catalogue load.  Run from the top of the tree.
 */
#include <criterion/criterion.h>
#include <stdio.h>

#include "calendar.h"
#include "doc.h"
#include "file.h"

/* "2026-11-24": a local day; "2026-11-24 17:00": an instant of local time. */
static int64_t
day_of(const char *s)
{
	int64_t day = 0;

	cr_assert(calendar_date_from_text((struct text){ s, 10 }, &day), "%s", s);
	return day;
}

static time_us
at(const char *s)
{
	int hour = 0, minute = 0;

	cr_assert_eq(sscanf(s + 10, "%d:%d", &hour, &minute), 2, "%s", s);
	return calendar_instant(day_of(s), hour * 60 + minute);
}

/* Out holds 17 bytes: local time as text. */
static const char *
shown(time_us t, char *out)
{
	calendar_date_text(calendar_local_day(t), out);
	snprintf(out + 10, 16, " %02d:%02d", (calendar_local_minute(t) / 60) % 24,
	    calendar_local_minute(t) % 60);
	return out;
}

/* --- the calendars of the catalogue ---------------------------------------------- */

static void
add_file(struct calendar *cal, struct arena *arena, int year)
{
	char path[64];
	const struct doc_node *root = NULL, *days;
	struct doc_error why = { 0 };
	struct calendar_row rows[64];
	struct err err = { 0 };
	struct text whole, date, kind;
	size_t i;
	int64_t number = 0;

	snprintf(path, sizeof path, "schemas/catalogue/calendar/%d.json", year);
	cr_assert_eq(file_read(arena, path, 65536, &whole, &err), FAULT_NONE, "%s: run from the top of the tree", err.text);
	cr_assert_eq(doc_parse(arena, whole, NULL, &root, &why), FAULT_NONE,
	    "%s: %s", path, why.message_en);
	cr_assert(doc_get_int64(root, "year", &number) && number == year);
	days = doc_get(root, "days");
	cr_assert_leq(doc_length(days), 64);
	for (i = 0; i < doc_length(days); i++) {
		const struct doc_node *row = doc_at(days, i);

		date = doc_get_text(row, "date");
		kind = doc_get_text(row, "kind");
		cr_assert(calendar_date_from_text(date, &rows[i].day), "%s row %zu", path, i);
		cr_assert(calendar_kind_from_text(kind, &rows[i].kind), "%s row %zu", path, i);
		rows[i].name_vi = doc_get_text(row, "name_vi");
		rows[i].name_en = doc_get_text(row, "name_en");
		cr_assert(rows[i].name_vi.n > 0 && rows[i].name_en.n > 0, "%s row %zu", path, i);
		cr_assert(doc_get_text(row, "confidence").n > 0, "%s row %zu", path, i);
	}
	cr_assert_eq(calendar_add_year(cal, year, doc_get_text(root, "citation"), rows, i, &err),
	    FAULT_NONE, "%s", err.text);
}

static struct arena *arena;
static struct calendar *cal;

static void
setup(void)
{
	arena = arena_new(0);
	cal = calendar_new(NULL);
	for (int year = 2025; year <= 2027; year++)
		add_file(cal, arena, year);
}

static void
teardown(void)
{
	calendar_free(cal);
	arena_free(arena);
}

TestSuite(calendar, .init = setup, .fini = teardown);

Test(calendar, days)
{
	static const struct {
		const char		*day;
		enum calendar_kind	kind;
		bool			working;
	} cases[] = {
		{ "2026-11-20", CALENDAR_WORKDAY, true },		/* Friday */
		{ "2026-11-21", CALENDAR_WEEKEND, false },
		{ "2026-11-22", CALENDAR_WEEKEND, false },
		{ "2026-11-23", CALENDAR_WORKDAY, true },		/* Monday */
		{ "2026-11-24", CALENDAR_HOLIDAY, false },		/* culture day */
		{ "2025-11-24", CALENDAR_WORKDAY, true },		/* not before 2026 */
		{ "2026-01-01", CALENDAR_HOLIDAY, false },
		{ "2026-01-02", CALENDAR_COMPENSATORY_OFF, false },	/* swapped with */
		{ "2026-01-10", CALENDAR_WORKING_WEEKEND, true },	/* this Saturday */
		{ "2026-01-11", CALENDAR_WEEKEND, false },
		{ "2026-02-13", CALENDAR_WORKDAY, true },		/* both sides of Tet */
		{ "2026-02-16", CALENDAR_HOLIDAY, false },
		{ "2026-02-20", CALENDAR_HOLIDAY, false },
		{ "2026-02-23", CALENDAR_WORKDAY, true },
		{ "2026-04-26", CALENDAR_HOLIDAY, false },		/* Hung Kings, a Sunday */
		{ "2026-04-27", CALENDAR_COMPENSATORY_OFF, false },
		{ "2026-04-28", CALENDAR_WORKDAY, true },
		{ "2026-08-22", CALENDAR_WORKING_WEEKEND, true },
		{ "2026-08-31", CALENDAR_COMPENSATORY_OFF, false },
		{ "2026-09-03", CALENDAR_WORKDAY, true },
		{ "2025-04-26", CALENDAR_WORKING_WEEKEND, true },
		{ "2025-05-02", CALENDAR_COMPENSATORY_OFF, false },
		{ "2025-12-31", CALENDAR_WORKDAY, true },
		{ "2027-05-01", CALENDAR_HOLIDAY, false },		/* a Saturday */
		{ "2027-05-03", CALENDAR_COMPENSATORY_OFF, false },
		{ "2027-12-31", CALENDAR_WORKDAY, true },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct calendar_day got;
		struct err err = { 0 };
		bool working;

		cr_assert_eq(calendar_day_get(cal, day_of(cases[i].day), &got, &err), FAULT_NONE);
		cr_expect_eq(got.kind, cases[i].kind, "%s: %s", cases[i].day,
		    calendar_kind_name(got.kind));
		cr_expect_eq(got.is_working, cases[i].working, "%s", cases[i].day);
		cr_assert_eq(calendar_is_working(cal, day_of(cases[i].day), &working, &err),
		    FAULT_NONE);
		cr_expect_eq(working, cases[i].working, "%s", cases[i].day);
		cr_expect_eq(text_is_absent(got.name_vi),
		    got.kind == CALENDAR_WORKDAY || got.kind == CALENDAR_WEEKEND, "%s",
		    cases[i].day);
	}
}

/* Labour Code Art. 112: 11 days, 12 from 2026; each one on a weekend is made up for. */
Test(calendar, days_off_of_a_year)
{
	static const struct { int year, holidays, compensations, swapped_in; } cases[] = {
		{ 2025, 11, 1, 1 }, { 2026, 12, 3, 2 }, { 2027, 12, 3, 0 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int seen[5] = { 0 }, holidays_at_weekend = 0;

		for (int64_t d = days_from_civil(cases[i].year, 1, 1);
		    d < days_from_civil(cases[i].year + 1, 1, 1); d++) {
			struct calendar_day got;
			struct err err;

			cr_assert_eq(calendar_day_get(cal, d, &got, &err), FAULT_NONE);
			seen[got.kind]++;
			holidays_at_weekend += got.kind == CALENDAR_HOLIDAY && (d + 3) % 7 >= 5;
		}
		cr_expect_eq(seen[CALENDAR_HOLIDAY], cases[i].holidays, "%d", cases[i].year);
		cr_expect_eq(seen[CALENDAR_COMPENSATORY_OFF], cases[i].compensations);
		cr_expect_eq(seen[CALENDAR_WORKING_WEEKEND], cases[i].swapped_in);
		cr_expect_eq(seen[CALENDAR_COMPENSATORY_OFF],
		    holidays_at_weekend + seen[CALENDAR_WORKING_WEEKEND], "%d", cases[i].year);
		cr_expect(calendar_citation(cal, cases[i].year).n > 0);
	}
}

Test(calendar, add_days)
{
	static const struct {
		const char	*from;
		int		n;
		const char	*to;
	} cases[] = {
		{ "2026-11-23", 0, "2026-11-23" },
		{ "2026-11-22", 0, "2026-11-22" },	/* itself, though a Sunday */
		{ "2026-11-20", 1, "2026-11-23" },	/* over a weekend */
		{ "2026-11-23", 1, "2026-11-25" },	/* over a holiday */
		{ "2026-11-25", -1, "2026-11-23" },
		{ "2026-11-23", 3, "2026-11-27" },
		{ "2026-01-09", 1, "2026-01-10" },	/* into a working Saturday */
		{ "2026-01-10", 1, "2026-01-12" },
		{ "2026-01-12", -1, "2026-01-10" },
		{ "2025-12-31", 1, "2026-01-05" },	/* over New Year and the swap */
		{ "2026-01-05", -1, "2025-12-31" },
		{ "2026-02-13", 1, "2026-02-23" },	/* over Tet */
		{ "2026-02-13", 15, "2026-03-13" },
		{ "2026-04-24", 1, "2026-04-28" },
		{ "2026-04-29", 1, "2026-05-04" },
		{ "2026-08-21", 2, "2026-08-24" },
		{ "2026-08-28", 1, "2026-09-03" },
		{ "2025-04-25", 2, "2025-04-28" },
		{ "2025-04-29", 1, "2025-05-05" },
		{ "2026-11-21", -1, "2026-11-20" },
		{ "2026-01-05", 240, "2026-12-21" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int64_t got = 0;
		struct err err = { 0 };
		char text[CALENDAR_DATE_BYTES];

		cr_assert_eq(calendar_add_days(cal, day_of(cases[i].from), cases[i].n, &got, &err),
		    FAULT_NONE, "%s", err.text);
		calendar_date_text(got, text);
		cr_expect_str_eq(text, cases[i].to, "%s %+d: %s, not %s", cases[i].from, cases[i].n,
		    text, cases[i].to);
	}
}

Test(calendar, next_and_previous)
{
	int64_t day;
	struct err err;

	cr_assert_eq(calendar_next_working(cal, day_of("2026-11-23"), &day, &err), FAULT_NONE);
	cr_expect_eq(day, day_of("2026-11-25"));
	cr_assert_eq(calendar_previous_working(cal, day_of("2026-11-23"), &day, &err), FAULT_NONE);
	cr_expect_eq(day, day_of("2026-11-20"));
}

Test(calendar, add_minutes)
{
	static const struct {
		const char	*from;
		int		minutes;
		const char	*to;
	} cases[] = {
		{ "2026-11-23 08:00", 0, "2026-11-23 08:00" },
		{ "2026-11-23 07:59", 0, "2026-11-23 08:00" },
		{ "2026-11-23 07:59", 1, "2026-11-23 08:01" },
		{ "2026-11-23 11:59", 1, "2026-11-23 12:00" },	/* ends with the span */
		{ "2026-11-23 11:59", 2, "2026-11-23 13:01" },
		{ "2026-11-23 12:00", 0, "2026-11-23 13:00" },
		{ "2026-11-23 12:00", 1, "2026-11-23 13:01" },
		{ "2026-11-23 12:30", 240, "2026-11-23 17:00" },
		{ "2026-11-23 13:00", 240, "2026-11-23 17:00" },	/* not the next morning */
		{ "2026-11-23 13:00", 241, "2026-11-25 08:01" },
		{ "2026-11-23 16:59", 1, "2026-11-23 17:00" },
		{ "2026-11-23 17:00", 0, "2026-11-25 08:00" },
		{ "2026-11-23 17:00", 1, "2026-11-25 08:01" },
		{ "2026-11-23 23:59", 1, "2026-11-25 08:01" },
		{ "2026-11-24 10:00", 1, "2026-11-25 08:01" },		/* a holiday */
		{ "2026-11-21 10:00", 480, "2026-11-23 17:00" },	/* a Saturday */
		{ "2026-11-23 15:00", 480, "2026-11-25 15:00" },
		{ "2026-11-23 10:00", 1440, "2026-11-27 10:00" },
		{ "2026-01-09 16:00", 120, "2026-01-10 09:00" },	/* working Saturday */
		{ "2025-12-31 16:00", 120, "2026-01-05 09:00" },	/* New Year */
		{ "2026-02-13 16:30", 60, "2026-02-23 08:30" },		/* Tet */
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		time_us got = 0;
		struct err err = { 0 };
		char text[32];

		cr_assert_eq(calendar_add_minutes(cal, at(cases[i].from), cases[i].minutes, &got,
		    &err), FAULT_NONE, "%s", err.text);
		cr_expect_eq(got, at(cases[i].to), "%s + %d: %s, not %s", cases[i].from,
		    cases[i].minutes, shown(got, text), cases[i].to);
	}
}

Test(calendar, add_keeps_seconds)
{
	time_us got;
	struct err err;

	cr_assert_eq(calendar_add_us(cal, at("2026-11-23 16:59") + 30 * SECOND_US, MINUTE_US, &got,
	    &err), FAULT_NONE);
	cr_expect_eq(got, at("2026-11-25 08:00") + 30 * SECOND_US);
	cr_assert_eq(calendar_add_us(cal, at("2026-11-23 16:59") + 30 * SECOND_US, 30 * SECOND_US,
	    &got, &err), FAULT_NONE);
	cr_expect_eq(got, at("2026-11-23 17:00"));
	cr_assert_eq(calendar_add_us(cal, at("2026-11-23 17:00") - 1, 0, &got, &err), FAULT_NONE);
	cr_expect_eq(got, at("2026-11-23 17:00") - 1);
}

Test(calendar, minutes_between)
{
	static const struct {
		const char	*from, *to;
		int		minutes;
	} cases[] = {
		{ "2026-11-23 08:00", "2026-11-23 08:00", 0 },
		{ "2026-11-23 08:00", "2026-11-23 08:01", 1 },
		{ "2026-11-23 00:00", "2026-11-24 00:00", 480 },
		{ "2026-11-23 07:00", "2026-11-23 09:30", 90 },
		{ "2026-11-23 11:30", "2026-11-23 13:30", 60 },
		{ "2026-11-23 12:00", "2026-11-23 13:00", 0 },
		{ "2026-11-23 16:00", "2026-11-25 09:00", 120 },
		{ "2026-11-25 09:00", "2026-11-23 16:00", -120 },
		{ "2026-11-21 00:00", "2026-11-23 00:00", 0 },
		{ "2026-01-10 00:00", "2026-01-11 00:00", 480 },
		{ "2026-02-14 00:00", "2026-02-23 08:00", 0 },
		{ "2027-12-31 16:00", "2028-01-01 00:00", 60 },	/* 2028 is not asked */
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int64_t got = 0;
		struct err err = { 0 };

		cr_assert_eq(calendar_minutes_between(cal, at(cases[i].from), at(cases[i].to), &got,
		    &err), FAULT_NONE, "%s", err.text);
		cr_expect_eq(got, cases[i].minutes, "%s to %s: %ld", cases[i].from, cases[i].to,
		    (long)got);
	}
}

/* What add says, between finds again, from every hour of two months around Tet. */
Test(calendar, add_and_between_agree)
{
	for (time_us from = at("2026-01-20 00:00"); from < at("2026-03-20 00:00");
	    from += 37 * MINUTE_US)
		for (int minutes = 0; minutes <= 1500; minutes += 125) {
			time_us to = 0;
			int64_t back = 0;
			struct err err;

			cr_assert_eq(calendar_add_minutes(cal, from, minutes, &to, &err), FAULT_NONE);
			cr_assert_eq(calendar_minutes_between(cal, from, to, &back, &err), FAULT_NONE);
			cr_assert_eq(back, minutes);
			cr_assert_geq(to, from);
		}
}

Test(calendar, year_not_loaded)
{
	int64_t day = 42;
	time_us t = 42;
	bool working = true;
	struct err err = { 0 };

	cr_expect_eq(calendar_is_working(cal, day_of("2028-01-03"), &working, &err), FAULT_PARK);
	cr_expect_eq(err.fault, FAULT_PARK);
	cr_expect_not_null(strstr(err.text, "2028"), "%s", err.text);
	cr_expect_not_null(strstr(err.text, "not loaded"), "%s", err.text);
	cr_expect_eq(calendar_next_working(cal, day_of("2027-12-31"), &day, &err), FAULT_PARK);
	cr_expect_eq(calendar_previous_working(cal, day_of("2025-01-02"), &day, &err), FAULT_PARK);
	cr_expect_not_null(strstr(err.text, "2024"), "%s", err.text);
	cr_expect_eq(calendar_add_minutes(cal, at("2027-12-31 16:00"), 61, &t, &err), FAULT_PARK);
	cr_expect_eq(calendar_minutes_between(cal, at("2027-12-31 16:00"), at("2028-01-01 00:01"),
	    &t, &err), FAULT_PARK);
	cr_expect_eq(calendar_is_working(cal, INT64_MAX / DAY_US, &working, &err), FAULT_PARK);
	cr_expect_eq(calendar_is_working(cal, INT64_MIN, &working, &err), FAULT_PARK);
	cr_expect_eq(calendar_is_working(cal, INT64_MAX, &working, &err), FAULT_PARK);
	cr_expect(day == 42 && t == 42 && working, "outputs are untouched");
	cr_expect_eq(calendar_add_minutes(cal, at("2027-12-31 16:00"), 60, &t, &err), FAULT_NONE);
	cr_expect_eq(t, at("2027-12-31 17:00"));
}

Test(calendar, bad_years)
{
	static const struct {
		const char		*day;
		enum calendar_kind	kind;
		const char		*text;
	} cases[] = {
		{ "2027-12-31", CALENDAR_HOLIDAY, "outside" },
		{ "2029-01-01", CALENDAR_HOLIDAY, "outside" },
		{ "2028-03-01", CALENDAR_WORKDAY, "no kind" },
		{ "2028-03-04", CALENDAR_WEEKEND, "no kind" },
		{ "2028-03-03", CALENDAR_WORKING_WEEKEND, "weekday" },	/* Friday */
		{ "2028-03-04", CALENDAR_COMPENSATORY_OFF, "weekend" },	/* Saturday */
		{ "2028-01-01", CALENDAR_HOLIDAY, "twice" },
	};
	struct calendar_row rows[2] = { { day_of("2028-01-01"), CALENDAR_HOLIDAY, TEXT("a"), TEXT("b") } };
	struct err err = { 0 };

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		rows[1] = (struct calendar_row){ day_of(cases[i].day), cases[i].kind, TEXT_NONE, TEXT_NONE };
		cr_expect_eq(calendar_add_year(cal, 2028, TEXT("c"), rows, 2, &err), FAULT_FATAL);
		cr_expect_not_null(strstr(err.text, cases[i].text), "%s", err.text);
		cr_expect_not(calendar_has_year(cal, 2028));
	}
	cr_expect_eq(calendar_add_year(cal, 2027, TEXT("c"), rows, 0, &err), FAULT_FATAL);
	cr_expect_not_null(strstr(err.text, "loaded already"));
	cr_expect_eq(calendar_add_year(cal, 0, TEXT("c"), rows, 0, &err), FAULT_FATAL);
}

/* 29 February, and day 366. */
Test(calendar, leap_year)
{
	struct calendar_row rows[] = {
		{ day_of("2028-02-29"), CALENDAR_HOLIDAY, TEXT("Ngày nhuận"), TEXT("Leap day") },
		{ day_of("2028-12-31"), CALENDAR_WORKING_WEEKEND, TEXT("x"), TEXT("y") },
	};
	struct err err = { 0 };
	struct calendar_day got;
	int64_t day;

	cr_assert_eq(calendar_add_year(cal, 2028, TEXT("c"), rows, 2, &err), FAULT_NONE, "%s", err.text);
	rows[0].name_vi = TEXT("gone");	/* texts were copied */
	cr_assert_eq(calendar_day_get(cal, day_of("2028-02-29"), &got, &err), FAULT_NONE);
	cr_expect(!got.is_working && text_is(got.name_vi, "Ngày nhuận"));
	cr_assert_eq(calendar_next_working(cal, day_of("2028-02-28"), &day, &err), FAULT_NONE);
	cr_expect_eq(day, day_of("2028-03-01"));
	cr_assert_eq(calendar_day_get(cal, day_of("2028-12-31"), &got, &err), FAULT_NONE);
	cr_expect(got.is_working);
}

Test(calendar, other_hours)
{
	static const struct calendar_hours summer = { { { 7 * 60, 11 * 60 + 30 }, { 13 * 60 + 30, 17 * 60 } }, 2 };
	struct calendar *other = calendar_new(&summer);
	struct err err;
	time_us t;

	cr_assert_eq(calendar_add_year(other, 2026, TEXT("c"), NULL, 0, &err), FAULT_NONE);
	cr_expect_eq(calendar_work_minutes(other), 480);
	cr_expect_eq(calendar_opening_minute(other), 420);
	cr_expect_eq(calendar_closing_minute(other), 1020);
	cr_expect_eq(calendar_work_minutes(cal), 480);
	cr_assert_eq(calendar_add_minutes(other, at("2026-11-23 11:00"), 60, &t, &err), FAULT_NONE);
	cr_expect_eq(t, at("2026-11-23 14:00"));
	calendar_free(other);
	calendar_free(NULL);
}

Test(calendar, local_time)
{
	static const struct {
		const char	*utc, *day;
		int		minute;
	} cases[] = {
		{ "2026-11-22T16:59:59.999999Z", "2026-11-22", 1439 },
		{ "2026-11-22T17:00:00Z", "2026-11-23", 0 },
		{ "2026-11-23T01:00:00Z", "2026-11-23", 480 },
		{ "2026-12-31T17:00:00Z", "2027-01-01", 0 },
		{ "2028-02-28T17:00:30Z", "2028-02-29", 0 },
		{ "1969-12-31T17:00:00Z", "1970-01-01", 0 },
		{ "1969-12-31T16:59:59Z", "1969-12-31", 1439 },
		{ "1960-01-01T00:00:00Z", "1960-01-01", 420 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		time_us t;

		cr_assert(time_from_text(text_of(cases[i].utc), &t));
		cr_expect_eq(calendar_local_day(t), day_of(cases[i].day), "%s", cases[i].utc);
		cr_expect_eq(calendar_local_minute(t), cases[i].minute, "%s", cases[i].utc);
	}
	cr_expect_lt(calendar_local_day(INT64_MIN), 0);
	cr_expect_gt(calendar_local_day(INT64_MAX), 0);
	cr_expect_eq(calendar_instant(day_of("2026-11-23"), 1440), at("2026-11-24 00:00"));
}

Test(calendar, dates_and_kinds_as_text)
{
	static const char *const bad[] = { "", "2026-11-2", "2026-11-244", "2026/11/24", "2026-13-01",
	    "2026-02-29", "2026-00-10", "0000-01-01", "2026-1a-01", "20261-1-01" };
	int64_t day = 7;
	enum calendar_kind kind = CALENDAR_WORKDAY;
	char out[CALENDAR_DATE_BYTES];

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		cr_expect_not(calendar_date_from_text(text_of(bad[i]), &day), "%s", bad[i]);
	cr_expect_not(calendar_date_from_text(TEXT_NONE, &day));
	cr_expect_eq(day, 7);
	cr_expect(calendar_date_from_text(TEXT("2028-02-29"), &day));
	calendar_date_text(day, out);
	cr_expect_str_eq(out, "2028-02-29");
	calendar_date_text(INT64_MAX, out);
	cr_expect(calendar_kind_from_text(TEXT("working_weekend"), &kind));
	cr_expect_eq(kind, CALENDAR_WORKING_WEEKEND);
	cr_expect_not(calendar_kind_from_text(TEXT("weekend"), &kind));
	cr_expect_not(calendar_kind_from_text(TEXT_NONE, &kind));
	cr_expect_eq(kind, CALENDAR_WORKING_WEEKEND);
}
