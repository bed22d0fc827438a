/*
 * operation - a command that changes something: shown first, done with --yes,
 * and recorded with who and why (core.operation).
 *
 * A command chooses what it would change, prints it, and asks
 * operation_begin: without --yes it ends there.  Each thing that it then does
 * is recorded in the statement that does it, so that what stands in
 * core.operation_item has happened and nothing else has.
 */
#ifndef OPERATION_H
#define OPERATION_H

#include "session.h"

struct operation_options {
	const char	*why, *who;
	bool		yes;
	int64_t		rate, wait_s;
};
extern struct operation_options operation_opt;

/* Rows of a command's table of options. */
#define OPERATION_OPTIONS \
	{ "yes", OPTION_FLAG, &operation_opt.yes, NULL, "do it; without it only show what would be done", 0, 0 }, \
	{ "why", OPTION_TEXT, &operation_opt.why, "TEXT", "the reason, which is recorded; needed with --yes", 0, 0 }, \
	{ "who", OPTION_TEXT, &operation_opt.who, "NAME", "who does it, where that is not the account's name", 0, 0 }
#define RATE_OPTION \
	{ "rate", OPTION_INT, &operation_opt.rate, "N", "at most so many a second (50)", 1, 100000 }
#define WAIT_OPTION \
	{ "wait", OPTION_INT, &operation_opt.wait_s, "SECONDS", "for what becomes of it (10)", 0, 3600 }

struct operation {
	int64_t		id;
	int64_t		done;
};

/* Is the usage right?  --yes wants --why. */
bool operation_usage(const struct ctl *ctl);

/* Records the beginning of what the options asked for. */
ERR_CHECK enum fault operation_begin(struct ctl *ctl, struct session *session, int64_t planned,
    struct operation *out, struct err *err);

/* Records its end. */
ERR_CHECK enum fault operation_end(struct ctl *ctl, struct session *session,
    const struct operation *operation, struct err *err);

/* How many to do at once so that --rate is kept, and the wait between two such. */
int operation_slice(void);
void operation_pace(int n);
void operation_nap(void);	/* between two looks at what becomes of it */

/* "… would be done; to do it: --yes --why TEXT": the last line of a preview, for people. */
void operation_preview(const struct ctl *ctl, int64_t n, const char *what);

#endif
