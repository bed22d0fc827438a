/* clock - see clock.h. */
#include "clock.h"

#include <stdio.h>
#include <time.h>

time_us
clock_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * SECOND_US + now.tv_nsec / 1000;
}

int64_t
clock_span_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * SECOND_US + now.tv_nsec / 1000;
}

/* Howard Hinnant's civil-day arithmetic: eras of 400 years that start in March. */
int64_t
days_from_civil(int year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
	    day_of_year - 719468;
}

void
civil_from_days(int64_t days, int *year, int *month, int *day)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t day_of_era = z - era * 146097;
	int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 -
	    day_of_era / 146096) / 365;
	int64_t day_of_year = day_of_era -
	    (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t shifted = (5 * day_of_year + 2) / 153;

	*day = (int)(day_of_year - (153 * shifted + 2) / 5 + 1);
	*month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
	*year = (int)(year_of_era + era * 400 + (*month <= 2));
}

bool
civil_exists(int year, int month, int day)
{
	int y, m, d;

	if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > 31)
		return false;
	civil_from_days(days_from_civil(year, month, day), &y, &m, &d);
	return y == year && m == month && d == day;
}

static void
put_digits(char *out, int n, int64_t value)
{
	for (; n > 0; value /= 10)
		out[--n] = (char)('0' + value % 10);
}

void
time_to_text(time_us t, char *out)
{
	int64_t days, rest;
	int y, m, d;

	if (t == TIME_NONE || t == TIME_INFINITY) {
		strcpy(out, t == TIME_NONE ? "" : "infinity");
		return;
	}
	if (t < TIME_LEAST || t > TIME_MOST) {
		strcpy(out, "out of range");
		return;
	}
	days = (t >= 0 ? t : t - DAY_US + 1) / DAY_US;
	rest = t - days * DAY_US;
	civil_from_days(days, &y, &m, &d);
	strcpy(out, "0000-00-00T00:00:00.000000Z");
	put_digits(out, 4, y);
	put_digits(out + 5, 2, m);
	put_digits(out + 8, 2, d);
	put_digits(out + 11, 2, rest / HOUR_US);
	put_digits(out + 14, 2, rest / MINUTE_US % 60);
	put_digits(out + 17, 2, rest / SECOND_US % 60);
	put_digits(out + 20, 6, rest % SECOND_US);
}

static bool
digits(struct text t, size_t at, size_t n, int *out)
{
	int value = 0;

	if (at + n > t.n)
		return false;
	for (size_t i = at; i < at + n; i++) {
		if (t.s[i] < '0' || t.s[i] > '9')
			return false;
		value = value * 10 + (t.s[i] - '0');
	}
	*out = value;
	return true;
}

/* ".123456789" at *at: microseconds, the rest cut. */
static bool
fraction(struct text t, size_t *at, int64_t *us)
{
	int64_t unit = SECOND_US / 10;
	size_t i = *at;

	*us = 0;
	if (i >= t.n || t.s[i] != '.')
		return true;
	for (i++; i < t.n && t.s[i] >= '0' && t.s[i] <= '9'; i++, unit /= 10)
		*us += (t.s[i] - '0') * unit;
	if (i == *at + 1)
		return false;
	*at = i;
	return true;
}

/* "Z" or "+07:00", to the end of the text. */
static bool
offset(struct text t, size_t at, int64_t *us)
{
	int hours, minutes;

	if (at + 1 == t.n && (t.s[at] == 'Z' || t.s[at] == 'z')) {
		*us = 0;
		return true;
	}
	if (at + 6 != t.n || (t.s[at] != '+' && t.s[at] != '-') || t.s[at + 3] != ':' ||
	    !digits(t, at + 1, 2, &hours) || !digits(t, at + 4, 2, &minutes) ||
	    hours > 23 || minutes > 59)
		return false;
	*us = (hours * HOUR_US + minutes * MINUTE_US) * (t.s[at] == '-' ? -1 : 1);
	return true;
}

bool
time_from_text(struct text t, time_us *out)
{
	int y, m, d, hour, minute, second;
	int64_t us, shift;
	size_t at = 19;

	if (t.n < 20 || t.s[4] != '-' || t.s[7] != '-' || (t.s[10] != 'T' && t.s[10] != 't') ||
	    t.s[13] != ':' || t.s[16] != ':' ||
	    !digits(t, 0, 4, &y) || !digits(t, 5, 2, &m) || !digits(t, 8, 2, &d) ||
	    !digits(t, 11, 2, &hour) || !digits(t, 14, 2, &minute) || !digits(t, 17, 2, &second) ||
	    !civil_exists(y, m, d) || hour > 23 || minute > 59 || second > 60 ||
	    !fraction(t, &at, &us) || !offset(t, at, &shift))
		return false;
	us += days_from_civil(y, m, d) * DAY_US + hour * HOUR_US + minute * MINUTE_US +
	    second * SECOND_US - shift;
	/* What is read must be writable in UTC, or our own journal could not be read again. */
	if (us < TIME_LEAST || us > TIME_MOST)
		return false;
	*out = us;
	return true;
}
