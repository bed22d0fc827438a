/*
 * worker_watch - what a worker knows of what it needs; private to
 * worker_ready.c, which finds it out, and worker_health.c, which shows it.
 */
#ifndef WORKER_WATCH_H
#define WORKER_WATCH_H

#include <pthread.h>
#include <stdatomic.h>

#include "health.h"
#include "worker.h"

enum { BROKEN_MAX = 32 };

/* Something that this worker needs, and that does not do what it should. */
struct broken {
	char	what[64];	/* "database", "lookup.population" */
	char	why[256];
	time_us	since;
};

struct broken_list {
	int		n;
	struct broken	item[BROKEN_MAX];
};

struct watch {
	pthread_mutex_t		lock;		/* of shown */
	struct broken_list	shown;
	_Atomic int64_t		beat_us;	/* when the loop turned last */
	_Atomic(const char *)	doing;		/* what it may be waiting in */
	struct health		*health;

	/* the loop's alone */
	struct broken_list	found;
	struct err		database, broker, claim;	/* what stands in the way; fault NONE: nothing */
	bool			is_up, is_stopping;
	int64_t			refresh_at_us, probe_at_us;
};

/* Finds out what is broken, into w->watch->found. */
void find_broken(struct worker *w);

#endif
