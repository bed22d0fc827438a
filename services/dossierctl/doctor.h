/*
 * doctor - what is broken, and what to do about it; private to doctor_*.c.
 *
 * Each part looks at one thing and adds findings.  What cannot be asked (the
 * database, the broker) is a finding too, and the others go on without it.
 */
#ifndef DOCTOR_H
#define DOCTOR_H

#include "lag_read.h"
#include "table.h"

/* One thing that is not as it should be. */
struct finding {
	const char	*code;		/* stable name, for programs */
	bool		is_note;	/* worth knowing, nothing to do now */
	int		stage;		/* -1: none */
	int		n_lanes;
	const int	*lanes;		/* of the stage */
	int64_t		count;		/* INT_NONE: none */
	time_us		since;		/* TIME_NONE: not known */
	struct text	what, todo;	/* sentences; todo names the next command */
};

struct doctor {
	struct ctl	*ctl;
	time_us		now;
	struct session	*session;	/* NULL: the database cannot be asked */
	struct reader	*reader;	/* NULL: the broker cannot be asked */
	struct lane_row	*lanes;
	struct lag	*lags;		/* NULL: not known */
	int		n_lanes;
	int64_t		lag_s, stuck_s, recent_s;
	struct finding	*findings;
	int		n, size;
};

/* Adds one; what it points to lives in the command's arena. */
void doctor_say(struct doctor *d, const struct finding *finding);

/* doctor_servers.c: opens what can be opened. */
void doctor_servers(struct doctor *d);

/* doctor_lanes.c */
void doctor_lanes(struct doctor *d);

/* doctor_work.c: jobs, effects, timers, dead letters */
void doctor_work(struct doctor *d);

#endif
