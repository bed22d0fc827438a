/*
 * replay_range - a part of the journals instead of all: one dossier, a span of
 * time, or numbers of one journal.
 *
 * Its chains begin at core.journal's own heads, and it says what was checked
 * and what was not.
 */
#ifndef REPLAY_RANGE_H
#define REPLAY_RANGE_H

#include "replay_report.h"

struct range_options {
	const char	*from, *to, *dossier, *stage;
	int64_t		home, wait_ms;
};

/* The exit status. */
int replay_range(struct ctl *ctl, const struct range_options *options, int64_t limit);

/* --- private to replay_range.c, replay_dossier.c and replay_span.c ------------- */

struct bound {
	bool	given, is_time;
	int64_t	number;
	time_us	at;
};

struct range {
	struct replay		r;
	const struct range_options *options;
	struct bound		from, to;
	struct buf		unchecked;	/* what was not checked, in words; separated by "; " */
	int64_t			checked;	/* entries found in the topics */
	int64_t			versions, rows;	/* folded; compared */
	int64_t			dossiers;
};

void range_unchecked(struct range *range, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Looks for entries first to last of a journal in its topic; take (or NULL) is called with each. */
ERR_CHECK enum fault range_walk(struct range *range, enum stage stage, int home, int64_t first, int64_t last,
    void (*take)(struct range *range, const struct source *source, void *ctx), void *ctx, struct err *err);

/* replay_dossier.c; *found is false when there is no such dossier. */
ERR_CHECK enum fault range_dossier(struct range *range, bool *found, struct err *err);

/* replay_span.c */
ERR_CHECK enum fault range_span(struct range *range, struct err *err);

#endif
