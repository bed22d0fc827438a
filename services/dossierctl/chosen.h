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

/* What a command does with them. */
struct chosen_work {
	/*
	 * Those that may fit: a statement whose first parameters are stage, lane, reason, since and until (null: any) and whose last
	 * one choose_put adds; and a row of it, false when it does not fit. Texts of the item may be those of the row.
	 */
	int		choose;
	void		(*choose_put)(struct db_args *args, const struct chosen *chosen);
	bool		(*fits)(const struct chosen *chosen, const struct rows *rows, int row, struct item *out);
	/*
	 * Do a slice and record it: a statement whose first parameters are the operation and the number of the slice's first, and
	 * whose others, the items' columns, deed_put adds. Those that are done already are no rows of it.
	 */
	int		deed;
	void		(*deed_put)(struct db_args *args, const struct item *items, int n);
	int		watch;		/* statement: $1 operation; rows: not finished, set aside again */
	const char	*nothing, *would, *done, *again, *waiting;	/* words for people */
};

/* Choose, show; with --yes do, record, wait and tell. The exit status. */
int chosen_run(struct ctl *ctl, const struct chosen_work *work);

#endif
