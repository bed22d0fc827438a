/* The places at which a worker ends at once: what may be said, and that it happens at the visit that was named. */
#include <criterion/criterion.h>
#include <signal.h>
#include <unistd.h>

#include "kill_point.h"

static bool
arms(const char *setting)
{
	struct err err = { .fault = FAULT_NONE };

	return kill_points_arm(setting, &err) == FAULT_NONE;
}

Test(kill_point, nothing_is_armed_by_itself)
{
	cr_assert(arms(NULL));
	cr_assert(arms(""));
	cr_assert_not(kill_points_armed);
	for (int i = 0; i < KILL_POINTS_N; i++)
		kill_point((enum kill_point)i);
}

Test(kill_point, settings)
{
	static const struct { const char *setting; bool good; } cases[] = {
		{ "turn.locked", true }, { "turn.locked:3", true }, { "turn.locked:3:stop", true },
		{ "turn.locked:3:kill", true }, { "turn.locked,commit.sent:2", true }, { "random:7:20", true },
		{ "random:7:20,claim.begin", true }, { "turn.lock", false }, { "turn.lockedx", false },
		{ "turn.locked:0", false }, { "turn.locked:-1", false }, { "turn.locked:x", false },
		{ "turn.locked:1:die", false }, { "turn.locked::stop", false }, { "turn.locked,", false },
		{ "random", false }, { "random:7", false }, { "random:7:x", false }, { "list", false },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		cr_expect_eq(arms(cases[i].setting), cases[i].good, "%s", cases[i].setting);
}

Test(kill_point, happens_at_the_visit_that_was_named, .signal = SIGKILL)
{
	cr_assert(arms("commit.sent:3,turn.locked:9"));
	for (int i = 0; i < 2; i++) {
		kill_point(KILL_COMMIT_SENT);
		kill_point(KILL_LOCKED);
	}
	cr_assert(kill_points_armed);
	kill_point(KILL_COMMIT_SENT);
	_exit(0);
}

Test(kill_point, others_pass)
{
	cr_assert(arms("commit.sent:3"));
	kill_point(KILL_COMMIT_SENT);
	kill_point(KILL_COMMIT_SENT);
	for (int i = 0; i < KILL_POINTS_N; i++)
		if (i != KILL_COMMIT_SENT)
			kill_point((enum kill_point)i);
}

Test(kill_point, chance_strikes_in_the_end, .signal = SIGKILL)
{
	cr_assert(arms("random:1:100"));
	for (int i = 0; i < 10000; i++)
		kill_point(KILL_RECEIVED);
	_exit(0);
}

Test(kill_point, chance_of_none_never_does)
{
	cr_assert(arms("random:1:0"));
	for (int i = 0; i < 10000; i++)
		kill_point(KILL_RECEIVED);
}
