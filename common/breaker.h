/*
 * breaker - stop asking who does not answer, and find out when to begin again.
 *
 *            N failures in a row, or too many of the last
 *   CLOSED ───────────────────────────────────────────────► OPEN ◄────────┐
 *      ▲                                                      │ delay     │ failure:
 *      │ success of a probe                                   ▼           │ longer delay
 *      └────────────────────────────────────────────────── PROBING ───────┘
 *
 * Pure: the clock and the seed of the jitter are inputs.  Times are spans
 * (clock_span_us).  What a failure is, is the caller's: an answer that says
 * no is none.
 */
#ifndef BREAKER_H
#define BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#include "backoff.h"

enum breaker_state { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_PROBING };

struct breaker_rule {
	int		failures;	/* in a row; 0: this is not looked at */
	int		window;		/* of the last so many calls, at most 64; 0: this is not looked at */
	int		failed_percent;	/* of a full window */
	struct backoff	delay;		/* how long open: half of the ceiling, and up to another half of jitter */
	int64_t		probe_ms;	/* a probe that has not ended after so long counts as failed */
};

struct breaker {
	const struct breaker_rule *rule;
	enum breaker_state	state;
	uint32_t		era;		/* grows with every change of state; never 0 */
	int			failures;	/* in a row */
	int			openings;	/* in a row, without a success between */
	int			calls;		/* in the window */
	uint64_t		failed;		/* one bit a call, the last one lowest */
	int64_t			until_us;	/* open, or the probe out, until then */
};

/* Closed; rule is borrowed. */
void breaker_init(struct breaker *breaker, const struct breaker_rule *rule);

/*
 * May a call begin now?  0: no.  Else a ticket to come back with; calls that
 * began before the last change of state say nothing any more.  While probing
 * there is one ticket at a time.
 */
uint32_t breaker_enter(struct breaker *breaker, int64_t now_us, uint64_t seed);

/* A call has ended. */
void breaker_leave(struct breaker *breaker, uint32_t ticket, bool has_failed, int64_t now_us, uint64_t seed);

/* The peer has asked not to be called for so long: open until then at least. */
void breaker_hold(struct breaker *breaker, int64_t until_us);

/* When a call may be tried again; now or earlier when it may at once. */
int64_t breaker_next_us(const struct breaker *breaker);

const char *breaker_state_name(enum breaker_state state);

#endif
