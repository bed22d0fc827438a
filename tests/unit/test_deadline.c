/*
 * casework_deadline: due times.  The calendar stands here, not in the
 * catalogue, so that a correction there does not change what is proven here.
 */
#include <criterion/criterion.h>
#include <stdio.h>

#include "../../services/casework/casework_deadline.h"

static const struct {
	const char	*day;
	char		kind;	/* H, C, W */
	const char	*name;
} special[] = {
	{ "2025-12-31", ' ', "" },
	{ "2026-01-01", 'H', "Tết Dương lịch" },
	{ "2026-01-02", 'C', "Tết Dương lịch (nghỉ hoán đổi)" },
	{ "2026-01-10", 'W', "Tết Dương lịch (làm bù)" },
	{ "2026-02-16", 'H', "Tết Âm lịch" },
	{ "2026-02-17", 'H', "Tết Âm lịch" },
	{ "2026-02-18", 'H', "Tết Âm lịch" },
	{ "2026-02-19", 'H', "Tết Âm lịch" },
	{ "2026-02-20", 'H', "Tết Âm lịch" },
	{ "2026-04-26", 'H', "Giỗ Tổ Hùng Vương" },
	{ "2026-04-27", 'C', "Giỗ Tổ Hùng Vương (nghỉ bù)" },
	{ "2026-04-30", 'H', "Ngày Chiến thắng" },
	{ "2026-05-01", 'H', "Ngày Quốc tế lao động" },
	{ "2026-08-22", 'W', "Quốc khánh (làm bù)" },
	{ "2026-08-31", 'C', "Quốc khánh (nghỉ hoán đổi)" },
	{ "2026-09-01", 'H', "Quốc khánh" },
	{ "2026-09-02", 'H', "Quốc khánh" },
	{ "2026-11-24", 'H', "Ngày Văn hóa Việt Nam" },
	{ "2027-01-01", 'H', "Tết Dương lịch" },
	{ "2028-01-01", 'H', "Tết Dương lịch" },
	{ "2028-01-03", 'C', "Tết Dương lịch (nghỉ bù)" },
};

static struct calendar *cal;
static struct arena *arena;

static int64_t
day_of(const char *s)
{
	int64_t day = 0;

	cr_assert(calendar_date_from_text((struct text){ s, 10 }, &day), "%s", s);
	return day;
}

/* "2026-11-24 17:00"; "24:00" is the end of the day; "" is TIME_NONE. */
static time_us
at(const char *s)
{
	int hour = 0, minute = 0;

	if (s == NULL || *s == '\0')
		return TIME_NONE;
	cr_assert_eq(sscanf(s + 10, "%d:%d", &hour, &minute), 2, "%s", s);
	return calendar_instant(day_of(s), hour * 60 + minute);
}

static const char *
shown(time_us t, char *out)
{
	if (t == TIME_NONE)
		return "none";
	calendar_date_text(calendar_local_day(t), out);
	snprintf(out + 10, 16, " %02d:%02d", calendar_local_minute(t) / 60,
	    calendar_local_minute(t) % 60);
	return out;
}

static void
setup(void)
{
	struct calendar_row rows[32];
	struct err err;

	arena = arena_new(0);
	cal = calendar_new(NULL);
	/* 2029 is not loaded. */
	for (int year = 2025; year <= 2028; year++) {
		size_t n = 0;

		for (size_t i = 0; i < sizeof special / sizeof *special; i++) {
			if (special[i].kind == ' ' || atoi(special[i].day) != year)
				continue;
			rows[n++] = (struct calendar_row){ day_of(special[i].day),
			    special[i].kind == 'H' ? CALENDAR_HOLIDAY :
			    special[i].kind == 'C' ? CALENDAR_COMPENSATORY_OFF :
			    CALENDAR_WORKING_WEEKEND, text_of(special[i].name), TEXT("x") };
		}
		cr_assert_eq(calendar_add_year(cal, year, TEXT("test"), rows, n, &err), FAULT_NONE,
		    "%s", err.text);
	}
}

static void
teardown(void)
{
	calendar_free(cal);
	arena_free(arena);
}

TestSuite(deadline, .init = setup, .fini = teardown);

enum { NONE = DEADLINE_NO_CUTOFF, FIVE = 17 * 60, THREE = 15 * 60 };
#define CIVIL DEADLINE_CIVIL
#define HOURS DEADLINE_HOURS
#define WDAY DEADLINE_WORKING_DAY
#define WHOUR DEADLINE_WORKING_HOUR
#define CDAY DEADLINE_CALENDAR_DAY
#define NOW DEADLINE_IMMEDIATE

struct plain_case {
	const char		*accepted;
	int			amount;
	enum deadline_unit	unit;
	enum deadline_mode	mode;
	int			cutoff;
	bool			last_hour;
	const char		*starts;
	const char		*due;
};

static void
expect_plain(const struct plain_case *c)
{
	struct deadline_rule rule = { .amount = c->amount, .unit = c->unit, .mode = c->mode,
	    .cutoff_minute = c->cutoff, .last_hour_rule = c->last_hour };
	struct deadline_facts facts = { .accepted_at = at(c->accepted), .paid_at = TIME_NONE };
	struct deadline got, bare;
	struct err err = { 0 };
	char a[32], b[32];

	cr_assert_eq(deadline_reckon(cal, &rule, &facts, arena, &got, &err), FAULT_NONE, "%s: %s",
	    c->accepted, err.text);
	cr_expect_eq(got.starts_at, at(c->starts), "%s + %d: starts %s, not %s", c->accepted,
	    c->amount, shown(got.starts_at, a), c->starts);
	cr_expect_eq(got.due_at, at(c->due), "%s + %d: due %s, not %s", c->accepted, c->amount,
	    shown(got.due_at, b), c->due);
	cr_expect(got.n_steps > 0);
	/* Without steps the answer is the same. */
	cr_assert_eq(deadline_reckon(cal, &rule, &facts, NULL, &bare, &err), FAULT_NONE);
	cr_expect(bare.due_at == got.due_at && bare.n_steps == 0 && bare.steps == NULL);
}

#define EXPECT_PLAIN(cases) \
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) \
		expect_plain(&cases[i])

/* The vectors of the working note on the law, 7.6. */
Test(deadline, vectors)
{
	static const struct plain_case cases[] = {
		{ "2026-11-23 10:00", 3, WDAY, CIVIL, FIVE, false, "2026-11-24 00:00", "2026-11-27 24:00" },
		{ "2026-11-23 10:00", 3, WDAY, HOURS, FIVE, false, "2026-11-23 10:00", "2026-11-27 10:00" },
		{ "2026-11-20 17:30", 3, WDAY, HOURS, FIVE, false, "2026-11-23 08:00", "2026-11-26 17:00" },
		{ "2026-11-20 16:30", 1, WDAY, HOURS, FIVE, true, "2026-11-23 08:00", "2026-11-23 17:00" },
	};
	struct deadline_rule rule = { .amount = 3, .cutoff_minute = FIVE };
	struct deadline_stop stop = { DEADLINE_STOP_SUPPLEMENT, at("2026-11-25 15:00"), at("2026-11-30 14:00") };
	struct deadline_facts facts = { at("2026-11-25 09:00"), TIME_NONE, &stop, 1 };
	struct deadline got;
	struct err err;
	time_us answer;

	EXPECT_PLAIN(cases);
	cr_assert_eq(deadline_first_answer(cal, at("2026-11-23 15:00"), DEADLINE_ONLINE, 0, &answer,
	    &err), FAULT_NONE);
	cr_expect_eq(answer, at("2026-11-25 15:00"));
	cr_assert_eq(deadline_reckon(cal, &rule, &facts, arena, &got, &err), FAULT_NONE);
	cr_expect_eq(got.received_at, at("2026-11-30 14:00"));
	cr_expect_eq(got.starts_at, at("2026-12-01 00:00"));
	cr_expect_eq(got.due_at, at("2026-12-03 24:00"));
}

/* Both sides of every cut-off.  "After 17:00" begins at 17:01; the last hour begins at 16:00. */
Test(deadline, cutoff)
{
	static const struct plain_case cases[] = {
		/* by hours, 17:00 */
		{ "2026-11-25 16:59", 1, WDAY, HOURS, FIVE, false, "2026-11-25 16:59", "2026-11-26 16:59" },
		{ "2026-11-25 17:00", 1, WDAY, HOURS, FIVE, false, "2026-11-26 08:00", "2026-11-26 17:00" },
		{ "2026-11-25 17:01", 1, WDAY, HOURS, FIVE, false, "2026-11-26 08:00", "2026-11-26 17:00" },
		{ "2026-11-25 08:00", 1, WDAY, HOURS, FIVE, false, "2026-11-25 08:00", "2026-11-25 17:00" },
		{ "2026-11-25 06:00", 1, WDAY, HOURS, FIVE, false, "2026-11-25 08:00", "2026-11-25 17:00" },
		{ "2026-11-25 00:00", 1, WDAY, HOURS, FIVE, false, "2026-11-25 08:00", "2026-11-25 17:00" },
		/* civil, 17:00: a minute costs a day */
		{ "2026-11-25 16:59", 1, WDAY, CIVIL, FIVE, false, "2026-11-26 00:00", "2026-11-26 24:00" },
		{ "2026-11-25 17:00", 1, WDAY, CIVIL, FIVE, false, "2026-11-26 00:00", "2026-11-26 24:00" },
		{ "2026-11-25 17:01", 1, WDAY, CIVIL, FIVE, false, "2026-11-27 00:00", "2026-11-27 24:00" },
		{ "2026-11-25 23:59", 1, WDAY, CIVIL, FIVE, false, "2026-11-27 00:00", "2026-11-27 24:00" },
		{ "2026-11-26 00:00", 1, WDAY, CIVIL, FIVE, false, "2026-11-27 00:00", "2026-11-27 24:00" },
		/* 15:00 */
		{ "2026-11-25 14:59", 1, WDAY, CIVIL, THREE, false, "2026-11-26 00:00", "2026-11-26 24:00" },
		{ "2026-11-25 15:00", 1, WDAY, CIVIL, THREE, false, "2026-11-26 00:00", "2026-11-26 24:00" },
		{ "2026-11-25 15:01", 1, WDAY, CIVIL, THREE, false, "2026-11-27 00:00", "2026-11-27 24:00" },
		{ "2026-11-25 14:59", 4, WHOUR, HOURS, THREE, false, "2026-11-25 14:59", "2026-11-26 09:59" },
		{ "2026-11-25 15:00", 4, WHOUR, HOURS, THREE, false, "2026-11-25 15:00", "2026-11-26 10:00" },
		{ "2026-11-25 15:01", 4, WHOUR, HOURS, THREE, false, "2026-11-26 08:00", "2026-11-26 12:00" },
		/* none */
		{ "2026-11-25 23:00", 1, WDAY, CIVIL, NONE, false, "2026-11-26 00:00", "2026-11-26 24:00" },
		{ "2026-11-25 23:00", 1, WDAY, HOURS, NONE, false, "2026-11-26 08:00", "2026-11-26 17:00" },
		/* last working hour */
		{ "2026-11-25 15:59", 1, WDAY, HOURS, FIVE, true, "2026-11-25 15:59", "2026-11-26 15:59" },
		{ "2026-11-25 16:00", 1, WDAY, HOURS, FIVE, true, "2026-11-26 08:00", "2026-11-26 17:00" },
		{ "2026-11-25 17:00", 1, WDAY, HOURS, FIVE, true, "2026-11-26 08:00", "2026-11-26 17:00" },
		{ "2026-11-25 15:59", 1, WDAY, CIVIL, NONE, true, "2026-11-26 00:00", "2026-11-26 24:00" },
		{ "2026-11-25 16:00", 1, WDAY, CIVIL, NONE, true, "2026-11-27 00:00", "2026-11-27 24:00" },
		/* Friday evening and days of rest */
		{ "2026-11-20 16:59", 1, WDAY, CIVIL, FIVE, false, "2026-11-21 00:00", "2026-11-23 24:00" },
		{ "2026-11-20 17:01", 1, WDAY, CIVIL, FIVE, false, "2026-11-24 00:00", "2026-11-25 24:00" },
		{ "2026-11-21 09:00", 1, WDAY, CIVIL, FIVE, false, "2026-11-24 00:00", "2026-11-25 24:00" },
		{ "2026-11-21 09:00", 1, WDAY, CIVIL, NONE, false, "2026-11-22 00:00", "2026-11-23 24:00" },
		{ "2026-11-22 23:59", 1, WDAY, HOURS, FIVE, false, "2026-11-23 08:00", "2026-11-23 17:00" },
		{ "2026-11-24 09:00", 1, WDAY, HOURS, FIVE, false, "2026-11-25 08:00", "2026-11-25 17:00" },
		{ "2026-11-23 17:01", 2, WDAY, HOURS, FIVE, false, "2026-11-25 08:00", "2026-11-26 17:00" },
	};

	EXPECT_PLAIN(cases);
}

Test(deadline, working_days)
{
	static const struct plain_case cases[] = {
		/* the noon break */
		{ "2026-11-25 12:00", 1, WDAY, HOURS, FIVE, false, "2026-11-25 13:00", "2026-11-26 12:00" },
		{ "2026-11-25 12:30", 4, WHOUR, HOURS, FIVE, false, "2026-11-25 13:00", "2026-11-25 17:00" },
		{ "2026-11-25 11:59", 1, WHOUR, HOURS, FIVE, false, "2026-11-25 11:59", "2026-11-25 13:59" },
		{ "2026-11-25 11:00", 1, WHOUR, HOURS, FIVE, false, "2026-11-25 11:00", "2026-11-25 12:00" },
		/* hours are hours whatever the mode says */
		{ "2026-11-25 10:00", 8, WHOUR, CIVIL, FIVE, false, "2026-11-25 10:00", "2026-11-26 10:00" },
		/* Tet */
		{ "2026-02-13 10:00", 1, WDAY, CIVIL, FIVE, false, "2026-02-14 00:00", "2026-02-23 24:00" },
		{ "2026-02-13 10:00", 1, WDAY, HOURS, FIVE, false, "2026-02-13 10:00", "2026-02-23 10:00" },
		{ "2026-02-13 17:01", 1, WDAY, CIVIL, FIVE, false, "2026-02-24 00:00", "2026-02-24 24:00" },
		{ "2026-02-12 10:00", 3, WDAY, CIVIL, FIVE, false, "2026-02-13 00:00", "2026-02-24 24:00" },
		{ "2026-02-17 09:00", 2, WHOUR, HOURS, FIVE, false, "2026-02-23 08:00", "2026-02-23 10:00" },
		{ "2026-02-10 08:00", 15, WDAY, CIVIL, FIVE, false, "2026-02-11 00:00", "2026-03-10 24:00" },
		/* the working Saturdays */
		{ "2026-01-09 10:00", 1, WDAY, CIVIL, FIVE, false, "2026-01-10 00:00", "2026-01-10 24:00" },
		{ "2026-01-09 10:00", 1, WDAY, HOURS, FIVE, false, "2026-01-09 10:00", "2026-01-10 10:00" },
		{ "2026-01-10 16:00", 1, WDAY, HOURS, FIVE, false, "2026-01-10 16:00", "2026-01-12 16:00" },
		{ "2026-01-10 17:01", 1, WDAY, CIVIL, FIVE, false, "2026-01-13 00:00", "2026-01-13 24:00" },
		{ "2026-08-21 09:00", 2, WDAY, CIVIL, FIVE, false, "2026-08-22 00:00", "2026-08-24 24:00" },
		{ "2026-08-28 09:00", 1, WDAY, CIVIL, FIVE, false, "2026-08-29 00:00", "2026-09-03 24:00" },
		{ "2026-08-31 09:00", 1, WDAY, CIVIL, FIVE, false, "2026-09-04 00:00", "2026-09-04 24:00" },
		/* compensatory Monday */
		{ "2026-04-24 09:00", 1, WDAY, CIVIL, FIVE, false, "2026-04-25 00:00", "2026-04-28 24:00" },
		{ "2026-04-24 09:00", 3, WDAY, HOURS, FIVE, false, "2026-04-24 09:00", "2026-05-04 09:00" },
		/* New Year */
		{ "2025-12-31 10:00", 1, WDAY, CIVIL, FIVE, false, "2026-01-01 00:00", "2026-01-05 24:00" },
		{ "2026-12-31 10:00", 1, WDAY, CIVIL, FIVE, false, "2027-01-01 00:00", "2027-01-04 24:00" },
		{ "2026-12-31 18:00", 1, WDAY, HOURS, FIVE, false, "2027-01-04 08:00", "2027-01-04 17:00" },
		{ "2027-12-31 10:00", 1, WDAY, CIVIL, FIVE, false, "2028-01-01 00:00", "2028-01-04 24:00" },
		/* the leap day, a Tuesday */
		{ "2028-02-28 10:00", 1, WDAY, CIVIL, FIVE, false, "2028-02-29 00:00", "2028-02-29 24:00" },
		{ "2028-02-28 10:00", 2, WDAY, CIVIL, FIVE, false, "2028-02-29 00:00", "2028-03-01 24:00" },
		{ "2028-02-29 10:00", 1, WDAY, HOURS, FIVE, false, "2028-02-29 10:00", "2028-03-01 10:00" },
		/* a long one */
		{ "2026-11-23 10:00", 30, WDAY, CIVIL, FIVE, false, "2026-11-24 00:00", "2027-01-06 24:00" },
	};

	EXPECT_PLAIN(cases);
}

Test(deadline, calendar_days_and_immediate)
{
	static const struct plain_case cases[] = {
		{ "2026-11-23 10:00", 2, CDAY, CIVIL, FIVE, false, "2026-11-24 00:00", "2026-11-25 24:00" },
		{ "2026-11-23 10:00", 1, CDAY, CIVIL, FIVE, false, "2026-11-24 00:00", "2026-11-25 24:00" },
		{ "2026-11-23 10:00", 3, CDAY, CIVIL, FIVE, false, "2026-11-24 00:00", "2026-11-26 24:00" },
		{ "2026-11-23 10:00", 5, CDAY, CIVIL, FIVE, false, "2026-11-24 00:00", "2026-11-30 24:00" },
		{ "2026-11-23 10:00", 5, CDAY, HOURS, FIVE, false, "2026-11-24 00:00", "2026-11-30 24:00" },
		{ "2026-11-20 17:01", 1, CDAY, CIVIL, FIVE, false, "2026-11-24 00:00", "2026-11-25 24:00" },
		{ "2026-02-10 10:00", 4, CDAY, CIVIL, FIVE, false, "2026-02-11 00:00", "2026-02-23 24:00" },
		{ "2026-01-05 10:00", 5, CDAY, CIVIL, FIVE, false, "2026-01-06 00:00", "2026-01-10 24:00" },
		{ "2028-02-01 10:00", 28, CDAY, CIVIL, FIVE, false, "2028-02-02 00:00", "2028-02-29 24:00" },
		{ "2028-02-01 10:00", 29, CDAY, CIVIL, FIVE, false, "2028-02-02 00:00", "2028-03-01 24:00" },

		{ "2026-11-25 10:00", 0, NOW, CIVIL, THREE, false, "2026-11-25 10:00", "2026-11-25 24:00" },
		{ "2026-11-25 15:00", 0, NOW, CIVIL, THREE, false, "2026-11-25 15:00", "2026-11-25 24:00" },
		{ "2026-11-25 15:01", 0, NOW, CIVIL, THREE, false, "2026-11-26 08:00", "2026-11-26 24:00" },
		{ "2026-11-25 10:00", 0, NOW, HOURS, THREE, false, "2026-11-25 10:00", "2026-11-25 17:00" },
		{ "2026-11-25 15:01", 0, NOW, HOURS, THREE, false, "2026-11-26 08:00", "2026-11-26 17:00" },
		{ "2026-11-25 18:00", 0, NOW, HOURS, NONE, false, "2026-11-26 08:00", "2026-11-26 17:00" },
		{ "2026-11-20 15:01", 0, NOW, CIVIL, THREE, false, "2026-11-23 08:00", "2026-11-23 24:00" },
		{ "2026-11-21 09:00", 0, NOW, CIVIL, NONE, false, "2026-11-21 09:00", "2026-11-23 24:00" },
	};

	EXPECT_PLAIN(cases);
}

Test(deadline, instants_are_taken_by_the_minute)
{
	struct deadline_rule rule = { .amount = 1, .mode = HOURS, .cutoff_minute = FIVE };
	struct deadline_facts facts = { .accepted_at = at("2026-11-25 17:00") + MINUTE_US - 1, .paid_at = TIME_NONE };
	struct deadline got;
	struct err err;

	cr_assert_eq(deadline_reckon(cal, &rule, &facts, NULL, &got, &err), FAULT_NONE);
	cr_expect_eq(got.received_at, at("2026-11-25 17:00"), "17:00:59 prints as 17:00");
	facts.accepted_at = at("2026-11-25 10:00") + 30 * SECOND_US;
	cr_assert_eq(deadline_reckon(cal, &rule, &facts, NULL, &got, &err), FAULT_NONE);
	cr_expect_eq(got.due_at, at("2026-11-26 10:00"));
}

struct stop_case {
	const char			*name;
	const char			*accepted;
	int				amount;
	enum deadline_mode		mode;
	enum deadline_supplement	supplement;
	struct { char kind; const char *from, *until; } stops[3];	/* S, P */
	const char			*due;
};

static struct deadline
reckon_stops(const struct stop_case *c, enum fault expected)
{
	struct deadline_rule rule = { .amount = c->amount, .mode = c->mode,
	    .supplement = c->supplement, .cutoff_minute = FIVE };
	struct deadline_stop stops[3];
	struct deadline_facts facts = { at(c->accepted), TIME_NONE, stops, 0 };
	struct deadline got = { 0 };
	struct err err = { 0 };

	for (; facts.n_stops < 3 && c->stops[facts.n_stops].kind != '\0'; facts.n_stops++)
		stops[facts.n_stops] = (struct deadline_stop){
		    c->stops[facts.n_stops].kind == 'S' ? DEADLINE_STOP_SUPPLEMENT : DEADLINE_STOP_PAYMENT,
		    at(c->stops[facts.n_stops].from), at(c->stops[facts.n_stops].until) };
	cr_assert_eq(deadline_reckon(cal, &rule, &facts, arena, &got, &err), expected, "%s: %s",
	    c->name, err.text);
	return got;
}

#define RESTART DEADLINE_RESTART
#define PAUSE DEADLINE_PAUSE

Test(deadline, stops)
{
	/* 2026-11-30 is a Monday. */
	static const struct stop_case cases[] = {
		{ "restart, civil", "2026-11-25 09:00", 3, CIVIL, RESTART,
		    { { 'S', "2026-11-25 15:00", "2026-11-30 14:00" } }, "2026-12-03 24:00" },
		{ "restart, by hours", "2026-11-25 09:00", 3, HOURS, RESTART,
		    { { 'S', "2026-11-25 15:00", "2026-11-30 14:00" } }, "2026-12-03 14:00" },
		{ "restart, completed at 17:00", "2026-11-25 09:00", 1, CIVIL, RESTART,
		    { { 'S', "2026-11-25 15:00", "2026-11-30 17:00" } }, "2026-12-01 24:00" },
		{ "restart, completed at 17:01", "2026-11-25 09:00", 1, CIVIL, RESTART,
		    { { 'S', "2026-11-25 15:00", "2026-11-30 17:01" } }, "2026-12-02 24:00" },
		{ "restart, completed on Sunday", "2026-11-25 09:00", 1, HOURS, RESTART,
		    { { 'S', "2026-11-25 15:00", "2026-11-29 10:00" } }, "2026-11-30 17:00" },
		{ "the last restart counts", "2026-11-25 09:00", 1, HOURS, RESTART,
		    { { 'S', "2026-11-25 15:00", "2026-11-26 10:00" },
		      { 'S', "2026-11-26 15:00", "2026-11-27 11:00" } }, "2026-11-30 11:00" },
		{ "payment before a restart is no pause", "2026-11-25 09:00", 1, HOURS, RESTART,
		    { { 'P', "2026-11-25 10:00", "2026-11-25 15:00" },
		      { 'S', "2026-11-26 08:30", "2026-11-27 11:00" } }, "2026-11-30 11:00" },
		{ "payment after a restart is one", "2026-11-25 09:00", 1, HOURS, RESTART,
		    { { 'S', "2026-11-25 15:00", "2026-11-26 10:00" },
		      { 'P', "2026-11-26 14:00", "2026-11-26 16:00" } }, "2026-11-27 12:00" },
		{ "open, restart", "2026-11-25 09:00", 3, CIVIL, RESTART,
		    { { 'S', "2026-11-25 15:00", "" } }, "" },
		{ "open, pause, civil", "2026-11-25 09:00", 3, CIVIL, PAUSE,
		    { { 'S', "2026-11-26 15:00", "" } }, "" },
		{ "open, pause, by hours", "2026-11-25 09:00", 3, HOURS, PAUSE,
		    { { 'S', "2026-11-26 15:00", "" } }, "" },
		{ "late already when stopped, by hours", "2026-11-25 09:00", 1, HOURS, PAUSE,
		    { { 'S', "2026-11-26 15:00", "" } }, "2026-11-26 09:00" },
		{ "late already when stopped, civil", "2026-11-25 09:00", 1, CIVIL, PAUSE,
		    { { 'S', "2026-11-27 08:00", "" } }, "2026-11-26 24:00" },
		{ "stopped on the last day", "2026-11-25 09:00", 1, CIVIL, PAUSE,
		    { { 'S', "2026-11-26 23:59", "" } }, "" },
		{ "stopped at the end of the last day", "2026-11-25 09:00", 1, CIVIL, PAUSE,
		    { { 'S', "2026-11-26 24:00", "" } }, "2026-11-26 24:00" },

		{ "pause within a day, by hours", "2026-11-25 09:00", 1, HOURS, PAUSE,
		    { { 'S', "2026-11-25 10:00", "2026-11-25 11:00" } }, "2026-11-26 10:00" },
		{ "pause over noon", "2026-11-25 09:00", 1, HOURS, PAUSE,
		    { { 'S', "2026-11-25 12:00", "2026-11-25 13:00" } }, "2026-11-26 09:00" },
		{ "pause over night", "2026-11-25 09:00", 1, HOURS, PAUSE,
		    { { 'P', "2026-11-25 17:00", "2026-11-26 08:00" } }, "2026-11-26 09:00" },
		{ "pause of two days, by hours", "2026-11-25 09:00", 2, HOURS, PAUSE,
		    { { 'S', "2026-11-26 09:00", "2026-11-30 09:00" } }, "2026-12-01 09:00" },
		{ "supplement at 17:30 goes on next morning", "2026-11-25 09:00", 1, HOURS, PAUSE,
		    { { 'S', "2026-11-25 11:00", "2026-11-25 17:30" } }, "2026-11-26 15:00" },
		{ "all spent as it stops", "2026-11-25 09:00", 1, HOURS, PAUSE,
		    { { 'S', "2026-11-26 09:00", "2026-11-30 09:00" } }, "2026-11-26 09:00" },
		{ "a minute left as it stops", "2026-11-25 09:00", 1, HOURS, PAUSE,
		    { { 'S', "2026-11-26 08:59", "2026-11-30 09:00" } }, "2026-11-30 09:01" },
		{ "two pauses", "2026-11-25 08:00", 1, HOURS, PAUSE,
		    { { 'S', "2026-11-25 09:00", "2026-11-25 10:00" },
		      { 'P', "2026-11-25 10:00", "2026-11-25 11:00" } }, "2026-11-26 10:00" },

		{ "pause within a day, civil", "2026-11-25 09:00", 3, CIVIL, PAUSE,
		    { { 'S', "2026-11-26 10:00", "2026-11-26 16:00" } }, "2026-11-30 24:00" },
		{ "pause over one night, civil", "2026-11-25 09:00", 3, CIVIL, PAUSE,
		    { { 'S', "2026-11-26 10:00", "2026-11-27 16:00" } }, "2026-12-01 24:00" },
		{ "completed after the cut-off, civil", "2026-11-25 09:00", 3, CIVIL, PAUSE,
		    { { 'S', "2026-11-26 10:00", "2026-11-27 17:01" } }, "2026-12-02 24:00" },
		{ "paid in the evening, civil: no cut-off", "2026-11-25 09:00", 3, CIVIL, PAUSE,
		    { { 'P', "2026-11-26 10:00", "2026-11-27 21:00" } }, "2026-12-01 24:00" },
		{ "pause over a weekend, civil", "2026-11-25 09:00", 3, CIVIL, PAUSE,
		    { { 'S', "2026-11-27 16:00", "2026-11-30 08:30" } }, "2026-12-01 24:00" },
		{ "pause on the day of reception", "2026-11-25 09:00", 1, CIVIL, PAUSE,
		    { { 'S', "2026-11-25 10:00", "2026-11-25 11:00" } }, "2026-11-26 24:00" },
		{ "pause from the day of reception", "2026-11-25 09:00", 1, CIVIL, PAUSE,
		    { { 'S', "2026-11-25 10:00", "2026-11-27 11:00" } }, "2026-11-27 24:00" },
		{ "over Tet", "2026-02-12 09:00", 3, CIVIL, PAUSE,
		    { { 'S', "2026-02-13 10:00", "2026-02-23 10:00" } }, "2026-02-25 24:00" },
	};
	char text[32];

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct deadline got = reckon_stops(&cases[i], FAULT_NONE);

		cr_expect_eq(got.due_at, at(cases[i].due), "%s: %s, not %s", cases[i].name,
		    shown(got.due_at, text), cases[i].due);
		cr_expect_neq(got.received_at, TIME_NONE);
	}
}

Test(deadline, stops_out_of_order)
{
	static const struct stop_case cases[] = {
		{ "ends before it begins", "2026-11-25 09:00", 1, CIVIL, PAUSE,
		    { { 'S', "2026-11-26 10:00", "2026-11-26 09:00" } }, "" },
		{ "overlap", "2026-11-25 09:00", 1, CIVIL, PAUSE,
		    { { 'S', "2026-11-26 10:00", "2026-11-26 12:00" },
		      { 'S', "2026-11-26 11:59", "2026-11-26 13:00" } }, "" },
		{ "open, then another", "2026-11-25 09:00", 1, CIVIL, PAUSE,
		    { { 'S', "2026-11-26 10:00", "" }, { 'S', "2026-11-27 10:00", "" } }, "" },
		{ "no beginning", "2026-11-25 09:00", 1, CIVIL, PAUSE,
		    { { 'S', "", "2026-11-27 10:00" } }, "" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		reckon_stops(&cases[i], FAULT_PARK);
}

/* A term that begins when the dossier is complete and paid. */
Test(deadline, from_payment)
{
	struct deadline_rule rule = { .amount = 1, .start = DEADLINE_FROM_PAID, .cutoff_minute = FIVE };
	static const struct { const char *accepted, *paid, *received, *due; } cases[] = {
		{ "2026-11-25 09:00", "", "", "" },
		{ "", "2026-11-25 09:00", "", "" },
		{ "2026-11-25 09:00", "2026-11-26 10:00", "2026-11-26 10:00", "2026-11-27 24:00" },
		{ "2026-11-25 09:00", "2026-11-26 17:00", "2026-11-26 17:00", "2026-11-27 24:00" },
		{ "2026-11-25 09:00", "2026-11-26 17:01", "2026-11-27 08:00", "2026-11-30 24:00" },
		{ "2026-11-25 09:00", "2026-11-24 10:00", "2026-11-25 09:00", "2026-11-26 24:00" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct deadline_facts facts = { at(cases[i].accepted), at(cases[i].paid), NULL, 0 };
		struct deadline got;
		struct err err;

		cr_assert_eq(deadline_reckon(cal, &rule, &facts, arena, &got, &err), FAULT_NONE);
		cr_expect_eq(got.received_at, at(cases[i].received), "%zu", i);
		cr_expect_eq(got.due_at, at(cases[i].due), "%zu", i);
	}
	/* A rule that does not wait for it does not read it. */
	rule.start = DEADLINE_FROM_ACCEPTED;
	struct deadline_facts facts = { at("2026-11-25 09:00"), at("2026-11-26 10:00"), NULL, 0 };
	struct deadline got;
	struct err err;
	cr_assert_eq(deadline_reckon(cal, &rule, &facts, arena, &got, &err), FAULT_NONE);
	cr_expect_eq(got.due_at, at("2026-11-26 24:00"));
}

Test(deadline, year_not_loaded)
{
	struct deadline_rule rule = { .amount = 3, .cutoff_minute = FIVE };
	struct deadline_facts facts = { .accepted_at = at("2028-12-28 09:00"), .paid_at = TIME_NONE };
	struct deadline got = { .due_at = 42 };
	struct err err = { 0 };

	cr_expect_eq(deadline_reckon(cal, &rule, &facts, arena, &got, &err), FAULT_PARK);
	cr_expect_not_null(strstr(err.text, "2029"), "%s", err.text);
	rule.mode = HOURS;
	cr_expect_eq(deadline_reckon(cal, &rule, &facts, arena, &got, &err), FAULT_PARK);
	rule.amount = 1;
	facts.accepted_at = at("2028-12-29 17:01");
	cr_expect_eq(deadline_reckon(cal, &rule, &facts, arena, &got, &err), FAULT_PARK);
	facts.accepted_at = INT64_MAX;
	cr_expect_eq(deadline_reckon(cal, &rule, &facts, arena, &got, &err), FAULT_PARK);
	facts.accepted_at = INT64_MIN + 1;
	cr_expect_eq(deadline_reckon(cal, &rule, &facts, arena, &got, &err), FAULT_PARK);
	cr_expect_eq(got.due_at, 42, "output untouched");
	/* The last Friday of 2028 is the last day that can be reckoned. */
	facts.accepted_at = at("2028-12-28 09:00");
	rule.mode = CIVIL;
	cr_expect_eq(deadline_reckon(cal, &rule, &facts, arena, &got, &err), FAULT_NONE);
	cr_expect_eq(got.due_at, at("2028-12-29 24:00"));
}

Test(deadline, bad_rules)
{
	static const struct { int amount; enum deadline_unit unit; int cutoff; enum fault fault; } cases[] = {
		{ 0, WDAY, FIVE, FAULT_PARK },
		{ -1, WHOUR, FIVE, FAULT_PARK },
		{ DEADLINE_MOST + 1, CDAY, FIVE, FAULT_PARK },
		{ 1, WDAY, -2, FAULT_PARK },
		{ 1, WDAY, 1441, FAULT_PARK },
		{ 1, WDAY, 1440, FAULT_NONE },
		{ 1, WDAY, -1, FAULT_NONE },
		{ 0, NOW, FIVE, FAULT_NONE },
		{ DEADLINE_MOST, WHOUR, FIVE, FAULT_NONE },
	};
	struct deadline_facts facts = { .accepted_at = at("2026-11-25 09:00"), .paid_at = TIME_NONE };

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct deadline_rule rule = { .amount = cases[i].amount, .unit = cases[i].unit,
		    .cutoff_minute = cases[i].cutoff };
		struct deadline got;
		struct err err;

		cr_expect_eq(deadline_reckon(cal, &rule, &facts, arena, &got, &err), cases[i].fault,
		    "%zu", i);
	}
}

static void
expect_steps(const struct deadline *got, const char *const *lines, size_t n)
{
	cr_expect_eq(got->n_steps, n, "%zu steps", got->n_steps);
	for (size_t i = 0; i < n && i < got->n_steps; i++)
		cr_expect(text_is(got->steps[i].text, lines[i]), "%.*s, not %s",
		    TEXT_ARG(got->steps[i].text), lines[i]);
}

Test(deadline, explanation)
{
	static const char *const civil[] = {
		"2026-11-20 accepted at 17:30",
		"2026-11-20 after the cut-off: counts as received at opening time of the next working day",
		"2026-11-23 day of reception, not counted",
		"2026-11-24 holiday: Ngày Văn hóa Việt Nam",
		"2026-11-25 working day 1 of 3",
		"2026-11-26 working day 2 of 3",
		"2026-11-27 working day 3 of 3",
		"2026-11-27 due at the end of this day",
	};
	static const char *const hours[] = {
		"2026-11-25 accepted at 10:00",
		"2026-11-25 1 h 00 min worked, 7 h 00 min left",
		"2026-11-25 stopped at 11:00",
		"2026-11-27 runs again from 16:00",
		"2026-11-27 1 h 00 min worked, 6 h 00 min left",
		"2026-11-28 weekend",
		"2026-11-29 weekend",
		"2026-11-30 6 h 00 min worked, 0 h 00 min left",
		"2026-11-30 due at 15:00",
	};
	static const struct stop_case a = { "civil", "2026-11-20 17:30", 3, CIVIL, RESTART, { { 0 } }, "" };
	static const struct stop_case b = { "hours", "2026-11-25 10:00", 1, HOURS, PAUSE,
	    { { 'S', "2026-11-25 11:00", "2026-11-27 16:00" } }, "" };
	struct deadline got = reckon_stops(&a, FAULT_NONE);

	expect_steps(&got, civil, sizeof civil / sizeof *civil);
	cr_expect_eq(got.steps[3].day, day_of("2026-11-24"));
	got = reckon_stops(&b, FAULT_NONE);
	expect_steps(&got, hours, sizeof hours / sizeof *hours);
}

Test(deadline, first_answer)
{
	static const struct {
		const char		*submitted;
		enum deadline_channel	channel;
		int			amount;
		const char		*due;
	} cases[] = {
		{ "2026-11-23 15:00", DEADLINE_ONLINE, 0, "2026-11-25 15:00" },
		{ "2026-11-25 08:00", DEADLINE_ONLINE, 0, "2026-11-25 17:00" },
		{ "2026-11-25 08:01", DEADLINE_ONLINE, 0, "2026-11-26 08:01" },
		{ "2026-11-25 17:00", DEADLINE_ONLINE, 0, "2026-11-26 17:00" },
		{ "2026-11-21 03:00", DEADLINE_ONLINE, 0, "2026-11-23 17:00" },
		{ "2026-11-25 08:00", DEADLINE_ONLINE, 4, "2026-11-25 12:00" },
		{ "2026-11-23 09:00", DEADLINE_COUNTER, 0, "2026-11-25 24:00" },
		{ "2026-11-23 16:59", DEADLINE_POSTAL, 0, "2026-11-25 24:00" },
		{ "2026-11-21 09:00", DEADLINE_COUNTER, 0, "2026-11-23 24:00" },
		{ "2026-11-23 09:00", DEADLINE_POSTAL, 2, "2026-11-26 24:00" },
	};
	char text[32];

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		time_us got = 0;
		struct err err;

		cr_assert_eq(deadline_first_answer(cal, at(cases[i].submitted), cases[i].channel,
		    cases[i].amount, &got, &err), FAULT_NONE);
		cr_expect_eq(got, at(cases[i].due), "%s: %s, not %s", cases[i].submitted,
		    shown(got, text), cases[i].due);
	}
}

Test(deadline, small_clocks)
{
	time_us got;
	struct err err;

	cr_assert_eq(deadline_officer_alert(cal, at("2026-11-23 16:00"), &got, &err), FAULT_NONE);
	cr_expect_eq(got, at("2026-11-25 09:00"));
	/* 15 working days, Tet between */
	cr_assert_eq(deadline_supplement_expiry(cal, at("2026-02-12 16:00"), 0, &got, &err), FAULT_NONE);
	cr_expect_eq(got, at("2026-03-12 24:00"));
	cr_assert_eq(deadline_supplement_expiry(cal, at("2026-11-23 16:00"), 0, &got, &err), FAULT_NONE);
	cr_expect_eq(got, at("2026-12-15 24:00"));
	cr_assert_eq(deadline_supplement_expiry(cal, at("2026-11-23 16:00"), 5, &got, &err), FAULT_NONE);
	cr_expect_eq(got, at("2026-12-01 24:00"));
	cr_assert_eq(deadline_return_by(cal, at("2026-11-23 16:00"), 0, &got, &err), FAULT_NONE);
	cr_expect_eq(got, at("2026-11-27 24:00"));
	cr_assert_eq(deadline_return_by(cal, at("2026-11-23 16:00"), 1, &got, &err), FAULT_NONE);
	cr_expect_eq(got, at("2026-11-25 24:00"));
	cr_expect_eq(deadline_supplement_expiry(cal, at("2028-12-20 16:00"), 0, &got, &err), FAULT_PARK);
}

Test(deadline, extend_by)
{
	static const struct { const char *due, *last; } cases[] = {
		{ "2026-11-27 24:00", "2026-11-26 24:00" },
		{ "2026-11-25 24:00", "2026-11-23 24:00" },	/* over the holiday */
		{ "2026-11-23 24:00", "2026-11-20 24:00" },	/* over the weekend */
		{ "2026-11-27 10:00", "2026-11-26 10:00" },
		{ "2026-11-23 17:00", "2026-11-20 17:00" },
		{ "2026-11-30 08:01", "2026-11-27 08:01" },
		{ "2026-01-12 09:00", "2026-01-10 09:00" },	/* a working Saturday */
		{ "2026-02-23 12:00", "2026-02-13 12:00" },	/* Tet */
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		time_us got = 0;
		struct err err;
		char text[32];

		cr_assert_eq(deadline_extend_by(cal, at(cases[i].due), &got, &err), FAULT_NONE);
		cr_expect_eq(got, at(cases[i].last), "%s: %s, not %s", cases[i].due,
		    shown(got, text), cases[i].last);
	}
}
