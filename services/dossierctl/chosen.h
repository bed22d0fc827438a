/*
 * chosen - which of those that were set aside: options of "parked release" and
 * "deadletter redrive", and what fits them.
 */
#ifndef CHOSEN_H
#define CHOSEN_H

#include "digest.h"
#include "operation.h"
#include "pieces.h"
#include "stage.h"
#include "table.h"

struct chosen_options {
	const char	*stage, *reason, *since, *until, *dossier, *place;
	int64_t		lane;
	bool		all;
};
extern struct chosen_options chosen_opt;

#define CHOSEN_OPTIONS \
	{ "stage", OPTION_TEXT, &chosen_opt.stage, "STAGE", "of this stage", 0, 0 }, \
	{ "lane", OPTION_INT, &chosen_opt.lane, "N", "of this lane", 0, 16383 }, \
	{ "reason", OPTION_TEXT, &chosen_opt.reason, "TEXT", "whose reason begins so", 0, 0 }, \
	{ "since", OPTION_TEXT, &chosen_opt.since, "TIME", "set aside (dead letters: arrived) since then", 0, 0 }, \
	{ "until", OPTION_TEXT, &chosen_opt.until, "TIME", "and before then", 0, 0 }, \
	{ "dossier", OPTION_TEXT, &chosen_opt.dossier, "CODE|ID", "of this dossier", 0, 0 }, \
	{ "place", OPTION_TEXT, &chosen_opt.place, "TOPIC/PARTITION/OFFSET", "the message that came from there", 0, 0 }, \
	{ "all", OPTION_FLAG, &chosen_opt.all, NULL, "all of them", 0, 0 }

/* What the options say, read. */
struct chosen {
	bool		by_stage, by_dossier, by_place;
	enum stage	stage;
	time_us		since, until;
	uint8_t		dossier[UUID_BYTES];
	struct text	topic;
	int64_t		partition, offset;
};

/* One that fits: what tells it from others, and why it was set aside. */
struct item {
	int		stage, lane, origin;	/* origin: of a job; partition of a dead letter */
	int64_t		number;			/* ord, or offset */
	struct text	topic;			/* of a dead letter */
	struct text	reason;
	time_us		at;
};

struct items {
	struct item	*list;
	int		n, size;
};

/* CTL_YES, or what the command ends with: a wrong option, no such dossier, no database. */
int chosen_read(struct ctl *ctl, struct session *session, struct chosen *out);

/* The first parameters of a statement: stage, lane, reason, since, until; null: any. */
void chosen_put(struct db_args *args, const struct chosen *chosen);

void items_add(struct ctl *ctl, struct items *items, const struct item *item);

/* By stage and reason: how many, the first, the last. */
void items_print(struct ctl *ctl, const struct items *items, const char *empty);

/* What a command does with them. */
struct chosen_work {
	enum fault	(*read)(struct ctl *ctl, struct session *session, const struct chosen *chosen, struct items *items,
			    struct err *err);
	/* Do a slice and record it, in one statement; those that are done already are left out. */
	enum fault	(*slice)(struct arena *arena, struct session *session, struct operation *operation,
			    const struct items *items, int from, int n, struct err *err);
	int		watch;		/* statement: $1 operation; rows: not finished, set aside again */
	const char	*nothing, *would, *done, *again, *waiting;	/* words for people */
};

/* Choose, show; with --yes do, record, wait and tell. The exit status. */
int chosen_run(struct ctl *ctl, const struct chosen_work *work);

#endif
