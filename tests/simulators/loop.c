/* loop - see loop.h.  Timers stand in a binary heap, the next one first. */
#include "loop.h"

#include <errno.h>
#include <sys/epoll.h>

#include "clock.h"
#include "err.h"
#include "mem.h"

enum { EVENTS = 64, TURNS_MAX = 8, WATCHES_MAX = 16, IDLE_MS = 1000 };

struct watch {
	void	(*ready)(void *arg);
	void	*arg;
};

static struct {
	int		epoll;
	bool		stopped;
	struct timer	**heap;		/* from 1 */
	size_t		n;
	size_t		size;
	struct watch	watches[WATCHES_MAX];
	int		watch_n;
	bool		(*turns[TURNS_MAX])(void);
	int		turn_n;
} loop = { .epoll = -1 };

static void
heap_put(size_t place, struct timer *timer)
{
	loop.heap[place] = timer;
	timer->place = place;
}

static void
heap_up(size_t place, struct timer *timer)
{
	while (place > 1 && loop.heap[place / 2]->due_us > timer->due_us) {
		heap_put(place, loop.heap[place / 2]);
		place /= 2;
	}
	heap_put(place, timer);
}

static void
heap_down(size_t place, struct timer *timer)
{
	for (size_t child; (child = place * 2) <= loop.n; place = child) {
		if (child < loop.n && loop.heap[child + 1]->due_us < loop.heap[child]->due_us)
			child++;
		if (timer->due_us <= loop.heap[child]->due_us)
			break;
		heap_put(place, loop.heap[child]);
	}
	heap_put(place, timer);
}

void
timer_stop(struct timer *timer)
{
	size_t place = timer->place;
	struct timer *last;

	if (place == 0)
		return;
	timer->place = 0;
	last = loop.heap[loop.n--];
	if (last == timer)
		return;
	if (place > 1 && loop.heap[place / 2]->due_us > last->due_us)
		heap_up(place, last);
	else
		heap_down(place, last);
}

void
timer_start(struct timer *timer, int64_t ms, void (*fire)(void *arg), void *arg)
{
	timer_stop(timer);
	timer->due_us = clock_span_us() + ms * 1000;
	timer->fire = fire;
	timer->arg = arg;
	if (loop.n + 1 >= loop.size) {
		loop.size = loop.size != 0 ? loop.size * 2 : 1024;
		loop.heap = mem_grow(loop.heap, loop.size, sizeof loop.heap[0]);
	}
	heap_up(++loop.n, timer);
}

static int
wait_ms(void)
{
	int64_t us;

	if (loop.n == 0)
		return IDLE_MS;
	us = loop.heap[1]->due_us - clock_span_us();
	if (us <= 0)
		return 0;
	return us > IDLE_MS * 1000 ? IDLE_MS : (int)((us + 999) / 1000);
}

static void
fire_due(void)
{
	int64_t now_us = clock_span_us();

	while (loop.n > 0 && loop.heap[1]->due_us <= now_us) {
		struct timer *timer = loop.heap[1];

		timer_stop(timer);
		timer->fire(timer->arg);
	}
}

static void
open_once(void)
{
	if (loop.epoll == -1 && (loop.epoll = epoll_create1(EPOLL_CLOEXEC)) == -1)
		bug("epoll_create1: %d", errno);
}

void
loop_watch(int fd, void (*ready)(void *arg), void *arg)
{
	struct watch *watch = &loop.watches[loop.watch_n];
	struct epoll_event event = { .events = EPOLLIN, .data = { .ptr = watch } };

	open_once();
	if (loop.watch_n++ == WATCHES_MAX)
		bug("too many watches");
	*watch = (struct watch){ ready, arg };
	if (epoll_ctl(loop.epoll, EPOLL_CTL_ADD, fd, &event) == -1)
		bug("epoll_ctl: %d", errno);
}

void
loop_each_turn(bool (*turn)(void))
{
	if (loop.turn_n == TURNS_MAX)
		bug("too many turn hooks");
	loop.turns[loop.turn_n++] = turn;
}

void
loop_stop(void)
{
	loop.stopped = true;
}

void
loop_run(void)
{
	struct epoll_event events[EVENTS];
	bool at_once = true;

	open_once();
	while (!loop.stopped) {
		int n = epoll_wait(loop.epoll, events, EVENTS, at_once ? 0 : wait_ms());

		for (int i = 0; i < n; i++) {
			struct watch *watch = events[i].data.ptr;

			watch->ready(watch->arg);
		}
		fire_due();
		at_once = false;
		for (int i = 0; i < loop.turn_n; i++)
			at_once |= loop.turns[i]();
	}
}
