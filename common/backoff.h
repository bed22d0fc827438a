/*
 * backoff - how long to wait before the next attempt.  Pure: the seed is an
 * input, so that a replay waits as long.
 */
#ifndef BACKOFF_H
#define BACKOFF_H

#include <stdint.h>

struct backoff {
	int64_t	first_ms;	/* ceiling before the second attempt */
	int64_t	most_ms;	/* no ceiling is higher */
};

/* first_ms doubled failures - 1 times, at most most_ms; 0 for no failure. */
int64_t backoff_ceiling_ms(const struct backoff *backoff, int failures);

/*
 * Full jitter: anything from 0 to the ceiling, evenly, told by the seed and
 * the number of failures.  The seed is best what is being retried (some bytes
 * of its id), so that many things that failed together come back apart.
 */
int64_t backoff_ms(const struct backoff *backoff, int failures, uint64_t seed);

/* Any bits to evenly spread ones (splitmix64). */
uint64_t backoff_mix(uint64_t seed);

#endif
