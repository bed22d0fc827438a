/*
 * breaker and backoff: both sides of every threshold, late answers, a lost
 * probe, delays that grow to a limit.  Nothing waits: the clock is a number.
 */
#include <criterion/criterion.h>

#include "breaker.h"

static const struct breaker_rule in_a_row = {
	.failures = 3, .delay = { .first_ms = 1000, .most_ms = 8000 }, .probe_ms = 500,
};
static const struct breaker_rule by_rate = {
	.window = 10, .failed_percent = 50, .delay = { .first_ms = 1000, .most_ms = 8000 }, .probe_ms = 500,
};

/* One call from begin to end; false when it was not let in. */
static bool
call(struct breaker *b, bool has_failed, int64_t now_us)
{
	uint32_t ticket = breaker_enter(b, now_us, 1);

	if (ticket != 0)
		breaker_leave(b, ticket, has_failed, now_us, 1);
	return ticket != 0;
}

static void
fail_open(struct breaker *b, int64_t now_us)
{
	for (int i = 0; i < 3; i++)
		cr_assert(call(b, true, now_us));
	cr_assert_eq(b->state, BREAKER_OPEN);
}

Test(breaker, opens_at_the_nth_failure_in_a_row)
{
	struct breaker b;

	breaker_init(&b, &in_a_row);
	for (int i = 0; i < 20; i++)
		cr_assert(call(&b, i % 3 != 2, 0));	/* never three in a row */
	cr_assert_eq(b.state, BREAKER_CLOSED);
	cr_assert(call(&b, false, 0));
	cr_assert(call(&b, true, 0));
	cr_assert(call(&b, true, 0));
	cr_assert_eq(b.state, BREAKER_CLOSED);
	cr_assert(call(&b, true, 0));
	cr_assert_eq(b.state, BREAKER_OPEN);
	cr_assert(!call(&b, false, 0));
	cr_assert_str_eq(breaker_state_name(b.state), "open");
}

Test(breaker, opens_by_rate_of_a_full_window)
{
	struct breaker b;

	breaker_init(&b, &by_rate);
	for (int i = 0; i < 9; i++)
		cr_assert(call(&b, true, 0), "%d: not full yet", i);
	cr_assert(call(&b, true, 0));
	cr_assert_eq(b.state, BREAKER_OPEN);
	breaker_init(&b, &by_rate);
	for (int i = 0; i < 100; i++)
		cr_assert(call(&b, i % 10 < 4, 0));	/* 40 % */
	cr_assert_eq(b.state, BREAKER_CLOSED);
	for (int i = 0; i < 5 && b.state == BREAKER_CLOSED; i++)
		call(&b, true, 0);			/* the fifth makes 50 % */
	cr_assert_eq(b.state, BREAKER_OPEN);
}

Test(breaker, whole_width_of_the_window)
{
	static const struct breaker_rule wide = { .window = 64, .failed_percent = 100,
	    .delay = { .first_ms = 10, .most_ms = 10 }, .probe_ms = 1 };
	struct breaker b;

	breaker_init(&b, &wide);
	for (int i = 0; i < 63; i++)
		cr_assert(call(&b, true, 0));
	cr_assert_eq(b.state, BREAKER_CLOSED);
	cr_assert(call(&b, true, 0));
	cr_assert_eq(b.state, BREAKER_OPEN);
}

Test(breaker, one_probe_at_a_time_and_success_closes)
{
	struct breaker b;
	uint32_t probe;
	int64_t at_us;

	breaker_init(&b, &in_a_row);
	fail_open(&b, 0);
	at_us = breaker_next_us(&b);
	cr_assert(at_us >= 500 * 1000 && at_us <= 1000 * 1000);
	cr_assert_eq(breaker_enter(&b, at_us - 1, 1), 0);
	cr_assert_neq(probe = breaker_enter(&b, at_us, 1), 0);
	cr_assert_eq(b.state, BREAKER_PROBING);
	cr_assert_eq(breaker_enter(&b, at_us, 1), 0);
	breaker_leave(&b, probe, false, at_us + 1, 1);
	cr_assert_eq(b.state, BREAKER_CLOSED);
	cr_assert_neq(breaker_enter(&b, at_us + 1, 1), 0);
}

Test(breaker, delay_grows_to_its_limit_and_starts_over)
{
	struct breaker b;
	int64_t now_us = 0, ceiling_us = 1000 * 1000;

	breaker_init(&b, &in_a_row);
	fail_open(&b, 0);
	for (int i = 0; i < 10; i++) {
		int64_t delay_us = breaker_next_us(&b) - now_us;

		cr_assert(delay_us >= ceiling_us / 2 && delay_us <= ceiling_us, "%d", i);
		now_us = breaker_next_us(&b);
		cr_assert(call(&b, true, now_us));	/* the probe fails */
		cr_assert_eq(b.state, BREAKER_OPEN);
		ceiling_us = ceiling_us * 2 < 8000 * 1000 ? ceiling_us * 2 : 8000 * 1000;
	}
	now_us = breaker_next_us(&b);
	cr_assert(call(&b, false, now_us));
	fail_open(&b, now_us);
	cr_assert_leq(breaker_next_us(&b) - now_us, 1000 * 1000);
}

Test(breaker, late_answers_say_nothing)
{
	struct breaker b;
	uint32_t early, probe;

	breaker_init(&b, &in_a_row);
	early = breaker_enter(&b, 0, 1);
	fail_open(&b, 0);
	breaker_leave(&b, early, false, 1, 1);
	cr_assert_eq(b.state, BREAKER_OPEN);
	probe = breaker_enter(&b, breaker_next_us(&b), 1);
	breaker_leave(&b, early, true, 2, 1);
	cr_assert_eq(b.state, BREAKER_PROBING);
	breaker_leave(&b, probe, false, 3, 1);
	breaker_leave(&b, probe, true, 3, 1);
	breaker_leave(&b, early, true, 3, 1);
	cr_assert_eq(b.state, BREAKER_CLOSED);
	cr_assert_eq(b.failures, 0);
}

Test(breaker, lost_probe_counts_as_failed)
{
	struct breaker b;
	int64_t at_us;

	breaker_init(&b, &in_a_row);
	fail_open(&b, 0);
	at_us = breaker_next_us(&b);
	cr_assert_neq(breaker_enter(&b, at_us, 1), 0);
	cr_assert_eq(breaker_next_us(&b), at_us + 500 * 1000);
	cr_assert_eq(breaker_enter(&b, at_us + 500 * 1000 - 1, 1), 0);
	cr_assert_eq(b.state, BREAKER_PROBING);
	cr_assert_eq(breaker_enter(&b, at_us + 500 * 1000, 1), 0);
	cr_assert_eq(b.state, BREAKER_OPEN);
	cr_assert_eq(b.openings, 2);
}

Test(backoff, ceilings)
{
	static const struct backoff b = { .first_ms = 100, .most_ms = 1000 };
	static const struct backoff huge = { .first_ms = 1, .most_ms = INT64_MAX };
	static const int64_t expected[] = { 0, 100, 200, 400, 800, 1000, 1000 };

	for (int i = 0; i < 7; i++)
		cr_assert_eq(backoff_ceiling_ms(&b, i), expected[i], "%d", i);
	cr_assert_eq(backoff_ceiling_ms(&b, -1), 0);
	cr_assert_eq(backoff_ceiling_ms(&b, INT32_MAX), 1000);
	cr_assert_eq(backoff_ceiling_ms(&huge, INT32_MAX), INT64_MAX);
	cr_assert_geq(backoff_ms(&huge, 500, 7), 0);
	cr_assert_eq(backoff_ceiling_ms(&(struct backoff){ 0, 1000 }, INT32_MAX), 0);
	cr_assert_eq(backoff_ceiling_ms(&(struct backoff){ 500, 100 }, 1), 100);
}

Test(backoff, jitter_is_full_even_and_told_by_the_seed)
{
	static const struct backoff b = { .first_ms = 99, .most_ms = 1000 };
	int tenths[10] = { 0 };

	for (uint64_t seed = 0; seed < 10000; seed++) {
		int64_t ms = backoff_ms(&b, 1, seed);

		cr_assert(ms >= 0 && ms <= 99);
		cr_assert_eq(ms, backoff_ms(&b, 1, seed));
		tenths[ms / 10]++;
	}
	for (int i = 0; i < 10; i++)
		cr_assert(tenths[i] > 850 && tenths[i] < 1150, "%d: %d", i, tenths[i]);
	cr_assert_eq(backoff_ms(&b, 0, 5), 0);
}

/* A peer that asks not to be called is not called, whatever the delay says; a probe follows. */
Test(breaker, hold)
{
	struct breaker b;
	uint32_t ticket;

	breaker_init(&b, &in_a_row);
	breaker_hold(&b, 60 * 1000000);
	cr_assert(!call(&b, false, 59 * 1000000));
	breaker_hold(&b, 30 * 1000000);		/* not sooner */
	cr_assert(!call(&b, false, 59 * 1000000));
	ticket = breaker_enter(&b, 60 * 1000000, 1);
	cr_assert_neq(ticket, 0);
	breaker_leave(&b, ticket, true, 60 * 1000000, 1);
	cr_assert_eq(b.state, BREAKER_OPEN);
	breaker_hold(&b, 90 * 1000000);
	cr_assert(!call(&b, false, 89 * 1000000));
	cr_assert(call(&b, false, 90 * 1000000));
	cr_assert_eq(b.state, BREAKER_CLOSED);
}
