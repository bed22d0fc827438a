/*
 * lane: whose a row is (promise 2), and whether its counters balance (10).
 */
#include <criterion/criterion.h>

#include "lane.h"

Test(lane, owner)
{
	static const struct { int64_t epoch; const char *owner; bool ours; } cases[] = {
		{ 7, "a:1", true },
		{ 8, "a:1", false },
		{ 6, "a:1", false },
		{ 7, "a:12", false },	/* a failover has lost the epoch between: two owners have the same */
		{ 7, "b:1", false },
		{ 7, "", false },
		{ 7, NULL, false },	/* given back */
	};
	struct lane lane = { .epoch = 7, .owner = "a:1" };

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		cr_expect_eq(lane_is_ours(&lane, cases[i].epoch, cases[i].owner != NULL ? text_of(cases[i].owner) : TEXT_NONE),
		    cases[i].ours, "case %zu", i);
}

Test(lane, balance)
{
	struct counters even = { .taken = 5, .handed_in = 1, .ordered = 2, .done = 3, .repeated = 1, .dead = 1, .handed_out = 1,
	    .waiting = 1, .parked = 1 };
	struct counters odd = even, negative = even;

	odd.taken++;
	negative.waiting = -1;
	negative.done += 2;
	cr_expect(counters_balance(&even));
	cr_expect_not(counters_balance(&odd));
	cr_expect_not(counters_balance(&negative));
}
