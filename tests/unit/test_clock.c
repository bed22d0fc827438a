/* clock: RFC 3339 both ways, dates that exist, times before 1970, and two clocks that go forward. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <time.h>

#include "clock.h"

#define DAY(n) ((n) * DAY_US)

Test(clock, reads_rfc3339)
{
	static const struct {
		const char	*s;
		time_us		t;
	} cases[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "1970-01-01T00:00:00z", 0 },
		{ "1970-01-01t00:00:00Z", 0 },
		{ "1970-01-01T00:00:00.000001Z", 1 },
		{ "1970-01-01T00:00:00.1Z", 100000 },
		{ "1970-01-01T00:00:00.123456Z", 123456 },
		{ "1970-01-01T00:00:00.1234569Z", 123456 },
		{ "1970-01-01T00:00:00.000000999999999999999999999999Z", 0 },
		{ "1969-12-31T23:59:59.999999Z", -1 },
		{ "1969-12-31T23:59:59Z", -SECOND_US },
		{ "1969-12-31T00:00:00Z", -DAY_US },
		{ "2000-01-01T00:00:00Z", INT64_C(946684800) * SECOND_US },
		{ "2026-11-22T04:30:22.000123Z", INT64_C(1795321822) * SECOND_US + 123 },
		{ "2026-11-22T11:30:22.000123+07:00", INT64_C(1795321822) * SECOND_US + 123 },
		{ "2026-11-21T23:30:22.000123-05:00", INT64_C(1795321822) * SECOND_US + 123 },
		{ "1970-01-01T00:00:00+00:00", 0 },
		{ "1970-01-01T00:00:00-00:00", 0 },
		{ "1970-01-01T23:59:00+23:59", 0 },
		{ "1969-12-31T00:01:00-23:59", 0 },
		{ "1970-01-01T05:45:00.5+05:45", SECOND_US / 2 },
		{ "0001-01-01T00:00:00Z", INT64_C(-62135596800) * SECOND_US },
		{ "9999-12-31T23:59:59.999999Z", INT64_C(253402300800) * SECOND_US - 1 },
		{ "2016-12-31T23:59:60Z", INT64_C(1483228800) * SECOND_US },	/* a leap second */
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		time_us t = 4711;

		cr_expect(time_from_text(text_of(cases[i].s), &t), "%s", cases[i].s);
		cr_expect_eq(t, cases[i].t, "%s: %lld", cases[i].s, (long long)t);
	}
}

Test(clock, refuses_what_is_no_time)
{
	static const char *const cases[] = {
		"", "Z", "2026-11-22", "2026-11-22T04:30:22", "2026-11-22T04:30Z", "2026-11-22 04:30:22Z",
		"2026-11-22T04:30:22Z ", " 2026-11-22T04:30:22Z", "2026-11-22T04:30:22ZZ", "2026-11-22T04:30:22.Z",
		"2026-11-22T04:30:22.", "2026-11-22T04:30:22.1", "2026-11-22T04:30:22,1Z", "2026-11-22T04:30:22.1.2Z",
		"2026-11-22T04:30:22+07", "2026-11-22T04:30:22+0700", "2026-11-22T04:30:22+7:00",
		"2026-11-22T04:30:22+24:00", "2026-11-22T04:30:22+07:60", "2026-11-22T04:30:22+07:00Z",
		"2026-11-22T04:30:22 +07:00", "2026-11-22T04:30:22*07:00", "2026-11-22T04:30:22+07-00",
		"2026-11-22T24:00:00Z", "2026-11-22T23:60:00Z", "2026-11-22T23:59:61Z", "2026-11-22T-1:00:00Z",
		"2026-00-22T04:30:22Z", "2026-13-22T04:30:22Z", "2026-11-00T04:30:22Z", "2026-11-31T04:30:22Z",
		"0000-01-01T00:00:00Z", "-001-01-01T00:00:00Z", "+026-01-01T00:00:00Z", "12026-01-01T00:00:00Z",
		"26-11-22T04:30:22Z", "2026/11/22T04:30:22Z", "2026-11/22T04:30:22Z", "2026-1122T04:30:22Z0",
		"2026-11-22T04.30:22Z", "2026-11-22T04:30.22Z", "2026-1a-22T04:30:22Z", "2O26-11-22T04:30:22Z",
		"2026-W47-7T04:30:22Z", "now", "infinity",
	};
	time_us t = 4711;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		cr_expect(!time_from_text(text_of(cases[i]), &t), "%s", cases[i]);
	cr_assert(!time_from_text(TEXT_NONE, &t));
	cr_assert(!time_from_text((struct text){ "2026-11-22T04:30:22Z", 19 }, &t), "its length counts");
	cr_assert(!time_from_text(TEXT("2026-11-22T04:30:22\0"), &t));
	cr_assert_eq(t, 4711, "untouched when refused");
}

Test(clock, no_prefix_of_a_time_is_one)
{
	static const char whole[] = "2026-11-22T11:30:22.000123+07:00";
	time_us t;

	for (size_t n = 0; n < sizeof whole - 1; n++) {
		char part[sizeof whole];

		memcpy(part, whole, n);		/* exactly n bytes, so that reading beyond shows */
		cr_expect(!time_from_text((struct text){ part, n }, &t), "%.*s", (int)n, whole);
	}
	cr_assert(time_from_text(text_of(whole), &t));
}

static bool
is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int
month_days(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return days[month - 1] + (month == 2 && is_leap(year));
}

Test(clock, february)
{
	static const struct { int year; bool leap; } cases[] = {
		{ 4, true }, { 100, false }, { 400, true }, { 1600, true }, { 1900, false }, { 1996, true },
		{ 1999, false }, { 2000, true }, { 2023, false }, { 2024, true }, { 2026, false }, { 2028, true },
		{ 2100, false }, { 2400, true }, { 9996, true }, { 9999, false },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char s[40];
		time_us t;

		cr_expect_eq(civil_exists(cases[i].year, 2, 29), cases[i].leap, "%d", cases[i].year);
		cr_expect(civil_exists(cases[i].year, 2, 28), "%d", cases[i].year);
		cr_expect(!civil_exists(cases[i].year, 2, 30), "%d", cases[i].year);
		snprintf(s, sizeof s, "%04d-02-29T00:00:00Z", cases[i].year);
		cr_expect_eq(time_from_text(text_of(s), &t), cases[i].leap, "%s", s);
	}
}

Test(clock, civil_dates_that_do_not_exist)
{
	static const int cases[][3] = {
		{ 0, 1, 1 }, { -1, 1, 1 }, { 10000, 1, 1 }, { 2026, 0, 1 }, { 2026, 13, 1 }, { 2026, 1, 0 },
		{ 2026, 1, 32 }, { 2026, 4, 31 }, { 2026, 6, 31 }, { 2026, 9, 31 }, { 2026, 11, 31 }, { 2026, -1, 1 },
		{ 2026, 1, -1 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		cr_expect(!civil_exists(cases[i][0], cases[i][1], cases[i][2]), "%d-%d-%d", cases[i][0],
		    cases[i][1], cases[i][2]);
	cr_assert(civil_exists(1, 1, 1));
	cr_assert(civil_exists(9999, 12, 31));
}

/* One day after the other through all years: no gap, no repeat, and back again. */
Test(clock, every_day)
{
	int64_t n = days_from_civil(1, 1, 1);
	int y, m, d;

	cr_assert_eq(n, -719162);
	for (int year = 1; year <= 9999; year++)
		for (int month = 1; month <= 12; month++)
			for (int day = 1; day <= month_days(year, month); day++, n++) {
				if (days_from_civil(year, month, day) != n)
					cr_assert_fail("%d-%d-%d is not day %lld", year, month, day, (long long)n);
				civil_from_days(n, &y, &m, &d);
				if (y != year || m != month || d != day)
					cr_assert_fail("day %lld is %d-%d-%d", (long long)n, y, m, d);
			}
	cr_assert_eq(n, 2932897);
}

Test(clock, writes_rfc3339)
{
	static const struct {
		time_us		t;
		const char	*s;
	} cases[] = {
		{ TIME_NONE, "" },
		{ 0, "1970-01-01T00:00:00.000000Z" },
		{ 1, "1970-01-01T00:00:00.000001Z" },
		{ -1, "1969-12-31T23:59:59.999999Z" },
		{ DAY_US - 1, "1970-01-01T23:59:59.999999Z" },
		{ DAY_US, "1970-01-02T00:00:00.000000Z" },
		{ -DAY_US, "1969-12-31T00:00:00.000000Z" },
		{ -DAY_US - 1, "1969-12-30T23:59:59.999999Z" },
		{ -DAY_US + 1, "1969-12-31T00:00:00.000001Z" },
		{ INT64_C(1795321822) * SECOND_US + 123, "2026-11-22T04:30:22.000123Z" },
		{ INT64_C(951782400) * SECOND_US, "2000-02-29T00:00:00.000000Z" },
		{ INT64_C(-62135596800) * SECOND_US, "0001-01-01T00:00:00.000000Z" },
		{ INT64_C(253402300800) * SECOND_US - 1, "9999-12-31T23:59:59.999999Z" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char out[TIME_TEXT_BYTES] = "untouched";

		time_to_text(cases[i].t, out);
		cr_expect_str_eq(out, cases[i].s);
	}
}

Test(clock, infinity_fits_its_text)
{
	struct { char out[TIME_TEXT_BYTES]; char guard; } text = { .guard = 'g' };

	time_to_text(TIME_INFINITY, text.out);
	cr_assert_lt(strlen(text.out), (size_t)TIME_TEXT_BYTES);
	cr_assert_eq(text.guard, 'g');
}

/* Against the C library, at instants spread over all years. */
Test(clock, round_trip)
{
	const time_us first = INT64_C(-62135596800) * SECOND_US, end = INT64_C(253402300800) * SECOND_US;
	uint64_t seed = 20261122;

	for (int i = 0; i < 200000; i++) {
		time_us t, back = 0;
		char out[TIME_TEXT_BYTES], libc[64], fraction[16];
		time_t seconds;
		struct tm tm;

		seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
		t = first + (time_us)((seed >> 1) % (uint64_t)(end - first));
		time_to_text(t, out);
		if (!time_from_text(text_of(out), &back) || back != t)
			cr_assert_fail("%lld: %s", (long long)t, out);
		seconds = (time_t)((t - ((t % SECOND_US) + SECOND_US) % SECOND_US) / SECOND_US);
		gmtime_r(&seconds, &tm);
		snprintf(libc, sizeof libc, "%04d-%02d-%02dT%02d:%02d:%02d", tm.tm_year + 1900, tm.tm_mon + 1,
		    tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
		snprintf(fraction, sizeof fraction, ".%06dZ", (int)(t - seconds * SECOND_US));
		if (strncmp(out, libc, 19) != 0 || strcmp(out + 19, fraction) != 0)
			cr_assert_fail("%s is %s%s", out, libc, fraction);
	}
}

Test(clock, an_offset_is_taken_away)
{
	for (int minutes = -23 * 60 - 59; minutes <= 23 * 60 + 59; minutes++) {
		int size = minutes < 0 ? -minutes : minutes;
		char s[40];
		time_us t = 0;

		snprintf(s, sizeof s, "2026-06-15T12:00:00%c%02d:%02d", minutes < 0 ? '-' : '+', size / 60, size % 60);
		cr_assert(time_from_text(text_of(s), &t), "%s", s);
		cr_assert_eq(t, DAY(days_from_civil(2026, 6, 15)) + 12 * HOUR_US - minutes * MINUTE_US, "%s", s);
	}
}

/*
 * Bug B1: a local year in range whose UTC year is not was taken, printed with
 * another year, and could not be read again.  Both sides of both ends.
 */
Test(clock, bug_1_what_is_taken_can_be_written_and_read_again)
{
	static const struct {
		const char	*s;
		bool		taken;
	} cases[] = {
		{ "0001-01-01T00:00:00+07:00", false },
		{ "0001-01-01T06:59:59.999999+07:00", false },
		{ "0001-01-01T07:00:00+07:00", true },
		{ "9999-12-31T16:59:59.999999-07:00", true },
		{ "9999-12-31T17:00:00-07:00", false },
		{ "9999-12-31T23:59:59-07:00", false },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char out[TIME_TEXT_BYTES];
		time_us t, back;

		cr_expect_eq(time_from_text(text_of(cases[i].s), &t), cases[i].taken, "%s", cases[i].s);
		if (!time_from_text(text_of(cases[i].s), &t))
			continue;
		time_to_text(t, out);
		cr_expect(time_from_text(text_of(out), &back) && back == t, "%s: %s", cases[i].s, out);
	}
}

/* Bug B5: a signed overflow (seen by UBSan), and infinity as a plausible date. */
Test(clock, bug_5_what_is_no_date_is_not_written_as_one)
{
	static const time_us cases[] = { INT64_MIN + 1, TIME_INFINITY - 1, TIME_INFINITY,
	    INT64_C(-62135596800) * SECOND_US - 1, INT64_C(253402300800) * SECOND_US };

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char out[TIME_TEXT_BYTES];
		time_us t;

		time_to_text(cases[i], out);
		cr_expect(!time_from_text(text_of(out), &t) || t == cases[i], "%lld: %s", (long long)cases[i], out);
	}
}

Test(clock, both_clocks_tell_the_time)
{
	time_us wall = clock_now_us();
	int64_t span = clock_span_us(), before = (int64_t)time(NULL) - 2;

	cr_assert_geq(wall, before * SECOND_US);
	cr_assert_leq(wall, (before + 60) * SECOND_US);
	cr_assert_gt(span, 0);
	for (int i = 0; i < 1000; i++) {
		int64_t next = clock_span_us();

		cr_assert_geq(next, span);
		span = next;
	}
}
