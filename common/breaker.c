/* breaker - see breaker.h.  State changes only in enter_state. */
#include "breaker.h"

#include "err.h"

enum { WINDOW_MOST = 64 };

static void
enter_state(struct breaker *breaker, enum breaker_state state, int64_t until_us)
{
	breaker->state = state;
	breaker->until_us = until_us;
	breaker->failures = 0;
	breaker->calls = 0;
	breaker->failed = 0;
	if (++breaker->era == 0)
		breaker->era = 1;
}

void
breaker_init(struct breaker *breaker, const struct breaker_rule *rule)
{
	if (rule->window < 0 || rule->window > WINDOW_MOST || rule->failures < 0)
		bug("breaker: window %d, failures %d", rule->window, rule->failures);
	*breaker = (struct breaker){ .rule = rule };
	enter_state(breaker, BREAKER_CLOSED, INT64_MIN);
}

static void
open_up(struct breaker *breaker, int64_t now_us, uint64_t seed)
{
	int64_t ceiling_us = backoff_ceiling_ms(&breaker->rule->delay, ++breaker->openings) * 1000;
	int64_t half_us = ceiling_us / 2;
	uint64_t jitter = backoff_mix(seed) % ((uint64_t)(ceiling_us - half_us) + 1);

	enter_state(breaker, BREAKER_OPEN, now_us + half_us + (int64_t)jitter);
}

uint32_t
breaker_enter(struct breaker *breaker, int64_t now_us, uint64_t seed)
{
	if (breaker->state == BREAKER_CLOSED)
		return breaker->era;
	if (now_us < breaker->until_us)
		return 0;
	if (breaker->state == BREAKER_PROBING) {
		/* The probe never came back. */
		open_up(breaker, now_us, seed);
		return 0;
	}
	enter_state(breaker, BREAKER_PROBING, now_us + breaker->rule->probe_ms * 1000);
	return breaker->era;
}

/* Has this failure been one too many? */
static bool
is_too_many(const struct breaker *breaker)
{
	const struct breaker_rule *rule = breaker->rule;

	if (rule->failures > 0 && breaker->failures >= rule->failures)
		return true;
	return rule->window > 0 && breaker->calls >= rule->window &&
	    __builtin_popcountll(breaker->failed) * 100 >= rule->failed_percent * rule->window;
}

static void
count(struct breaker *breaker, bool has_failed)
{
	int window = breaker->rule->window;

	breaker->failures = has_failed ? breaker->failures + 1 : 0;
	if (window == 0)
		return;
	breaker->failed = breaker->failed << 1 | has_failed;
	if (window < WINDOW_MOST)
		breaker->failed &= (UINT64_C(1) << window) - 1;
	if (breaker->calls < window)
		breaker->calls++;
}

void
breaker_leave(struct breaker *breaker, uint32_t ticket, bool has_failed, int64_t now_us, uint64_t seed)
{
	if (ticket != breaker->era || breaker->state == BREAKER_OPEN)
		return;
	if (breaker->state == BREAKER_PROBING && !has_failed) {
		enter_state(breaker, BREAKER_CLOSED, INT64_MIN);
		breaker->openings = 0;
		return;
	}
	count(breaker, has_failed);
	if (breaker->state == BREAKER_PROBING || (has_failed && is_too_many(breaker)))
		open_up(breaker, now_us, seed);
}

void
breaker_hold(struct breaker *breaker, int64_t until_us)
{
	if (breaker->state != BREAKER_OPEN)
		enter_state(breaker, BREAKER_OPEN, until_us);
	else if (breaker->until_us < until_us)
		breaker->until_us = until_us;
}

int64_t
breaker_next_us(const struct breaker *breaker)
{
	return breaker->until_us;
}

const char *
breaker_state_name(enum breaker_state state)
{
	static const char *const names[] = {
		[BREAKER_CLOSED] = "closed", [BREAKER_OPEN] = "open", [BREAKER_PROBING] = "probing",
	};

	return names[state];
}
