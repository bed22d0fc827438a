/*
 * replay_home - the dossiers of one home, rebuilt from events and compared.
 *
 * Pure: no broker, no database.  Events come in any order between stages and
 * in order within one; each dossier takes them by version, and what comes
 * early waits.  Beside each rebuilt row stands the row that the database has.
 * Memory is bounded by the dossiers of one home.
 */
#ifndef REPLAY_HOME_H
#define REPLAY_HOME_H

#include "dossier.h"
#include "fold.h"

enum { REPLAY_FOLDS = 2 };		/* fee.order, dispatch.parcel */

/* One thing that is not as it should be.  Texts die with the call. */
struct difference {
	const char	*table;		/* "core.dossier"; "dossier.fee" for a journal */
	struct text	key;		/* the dossier, order or parcel; or the entry */
	const char	*column;	/* NULL: the whole row */
	struct text	journal;	/* what the topics say, as JSON; absent: nothing */
	struct text	database;	/* what the database says, as JSON; absent: nothing */
	const char	*what;		/* in words */
};

struct replay_home;

struct replay_home_options {
	int				home;
	const struct fold *const	*folds;		/* REPLAY_FOLDS of them */
	void				*ctx;
	void				(*differ)(void *ctx, const struct difference *difference);
};

struct replay_home *replay_home_new(const struct replay_home_options *options);
void replay_home_free(struct replay_home *home);

const struct fold *replay_home_fold(const struct replay_home *home, int fold);

/* A row that the database has. */
void replay_home_stored(struct replay_home *home, const struct dossier *dos);
void replay_home_stored_row(struct replay_home *home, int fold, const void *row);

/*
 * One entry of a journal, whose chain has been checked.  An event that cannot
 * be applied is a difference, and its dossier is not compared further.
 */
void replay_home_apply(struct replay_home *home, const struct record *record,
    const struct event *event);

/* Names every difference: rows missing here or there, columns, events left over. */
void replay_home_compare(struct replay_home *home);

/* Rebuilt dossiers, and rows of the folds. */
int64_t replay_home_dossiers(const struct replay_home *home);
int64_t replay_home_rows(const struct replay_home *home);
int64_t replay_home_applied(const struct replay_home *home);
int64_t replay_home_waiting(const struct replay_home *home);	/* events that came early, now */

#endif
