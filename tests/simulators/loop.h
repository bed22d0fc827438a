/*
 * loop - one epoll loop and its timers: everything here runs in one thread.
 *
 * Timers are embedded in what they belong to; starting a running one moves it.
 * Spans are milliseconds on a clock that never steps.
 */
#ifndef LOOP_H
#define LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct timer {
	int64_t	due_us;
	size_t	place;		/* in the heap, from 1; 0 = not running */
	void	(*fire)(void *arg);
	void	*arg;
};

void timer_start(struct timer *timer, int64_t ms, void (*fire)(void *arg), void *arg);
void timer_stop(struct timer *timer);

/* Call ready whenever fd can be read; level-triggered.  fd stays the caller's. */
void loop_watch(int fd, void (*ready)(void *arg), void *arg);

/* Called at the end of every turn; returns true when it wants the next turn at once. */
void loop_each_turn(bool (*turn)(void));

void loop_run(void);	/* until loop_stop */
void loop_stop(void);

#endif
