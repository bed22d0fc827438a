/*
 * replay_report - what a replay found, for people and for programs.
 */
#ifndef REPLAY_REPORT_H
#define REPLAY_REPORT_H

#include "replay_snapshot.h"
#include "replay_source.h"
#include "table.h"

/* One replay, from its first home to its last. */
struct replay {
	struct ctl		*ctl;
	bool			verify;		/* compare with the database */
	int64_t			limit;		/* differences to print */
	struct session		*session;	/* NULL without --verify */
	struct source		sources[STAGES];
	struct lane_end		ends[STAGES];
	int			home;
	int64_t			differences;
	bool			incomplete;	/* somewhere the topics do not reach far enough */
	bool			unreadable;	/* an entry of this home could not be read */
	struct table		*heads;
	struct {
		int64_t		homes, entries, applied, dropped, dossiers, rows, stored;
	} count;
};

/* Counts a difference and prints it, up to the limit; ctx is the replay. */
void replay_differ(void *ctx, const struct difference *difference);

/* A difference of a journal's entry. */
void replay_differ_entry(struct replay *r, const struct source *s, int64_t number, const char *what);

/* Does the entry at hand stand where its event belongs: stage, home, key?  If not, that is a difference. */
bool replay_check_place(struct replay *r, const struct source *s);

void replay_put_head(struct replay *r, const struct source *s);

/* The verdict and the counts, in one line. */
void replay_print_summary(const struct replay *r, int64_t span_us);

#endif
