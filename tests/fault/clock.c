/*
 * clock - a wall clock that steps, for one program or for a whole world: LD_PRELOAD=build/test/clock.so TEST_CLOCK=FILE.
 *
 * FILE holds three numbers of 64 bits, which whoever tests may change at any time: nanoseconds to add, parts in a million by which
 * the clock is fast, and since when (UTC, in nanoseconds). Only the wall clock is changed, as an operator or a time server would
 * change it: what runs on (CLOCK_MONOTONIC, CLOCK_BOOTTIME, relative time-outs) does so. Who waits for a wall-clock time (librdkafka
 * and its condition variables) is woken when that clock says so, as the kernel does it: early after a step forward, late after one back.
 *
 * (libfaketime does not know the waits of C11, by which librdkafka waits: its clients end at their start.)
 */
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

enum { SLICE_NS = 20000000 };
#define SECOND_NS 1000000000LL

static const volatile int64_t *set;	/* of the file; NULL: the clock is right */

__attribute__((constructor)) static void
open_clock(void)
{
	const char *path = getenv("TEST_CLOCK");
	int file = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *at = file >= 0 ? mmap(NULL, 3 * sizeof *set, PROT_READ, MAP_SHARED, file, 0) : MAP_FAILED;

	if (path != NULL && at == MAP_FAILED)
		_exit(112);
	if (file >= 0)
		close(file);
	set = at != MAP_FAILED ? at : NULL;
}

static int64_t
real_ns(clockid_t id)
{
	struct timespec at = { 0 };

	syscall(SYS_clock_gettime, id, &at);
	return at.tv_sec * SECOND_NS + at.tv_nsec;
}

static int64_t
wall_ns(void)
{
	int64_t now = real_ns(CLOCK_REALTIME);

	return set == NULL ? now : now + set[0] + (int64_t)((double)(now - set[2]) * ((double)set[1] / 1e6));
}

static struct timespec
spec_of(int64_t ns)
{
	return (struct timespec){ .tv_sec = ns / SECOND_NS, .tv_nsec = ns % SECOND_NS };
}

int
clock_gettime(clockid_t id, struct timespec *at)
{
	if (id != CLOCK_REALTIME && id != CLOCK_REALTIME_COARSE)
		return (int)syscall(SYS_clock_gettime, id, at);
	*at = spec_of(wall_ns());
	return 0;
}

int
gettimeofday(struct timeval *restrict at, void *restrict zone)
{
	int64_t now = wall_ns();

	(void)zone;
	*at = (struct timeval){ .tv_sec = now / SECOND_NS, .tv_usec = now % SECOND_NS / 1000 };
	return 0;
}

time_t
time(time_t *at)
{
	time_t now = wall_ns() / SECOND_NS;

	if (at != NULL)
		*at = now;
	return now;
}

int
timespec_get(struct timespec *at, int base)
{
	*at = spec_of(wall_ns());
	return base;
}

/* An instant before 2001 is one of the clock since boot: the condition variable was made for that one. */
static int
wait_until(pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *until)
{
	int64_t end = until->tv_sec * SECOND_NS + until->tv_nsec, left;
	struct timespec slice;
	int code;

	if (until->tv_sec < 1000000000)
		return pthread_cond_clockwait(cond, mutex, CLOCK_MONOTONIC, until);
	do {
		left = end - wall_ns();
		left = left < 0 ? 0 : left < SLICE_NS ? left : SLICE_NS;
		slice = spec_of(real_ns(CLOCK_MONOTONIC) + left);
		code = pthread_cond_clockwait(cond, mutex, CLOCK_MONOTONIC, &slice);
	} while (code == ETIMEDOUT && wall_ns() < end);
	return code;
}

int
pthread_cond_timedwait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex, const struct timespec *restrict until)
{
	return wait_until(cond, mutex, until);
}

/* glibc makes both kinds of one thing. */
int
cnd_timedwait(cnd_t *restrict cond, mtx_t *restrict mutex, const struct timespec *restrict until)
{
	int code = wait_until((pthread_cond_t *)cond, (pthread_mutex_t *)mutex, until);

	return code == 0 ? thrd_success : code == ETIMEDOUT ? thrd_timedout : thrd_error;
}
