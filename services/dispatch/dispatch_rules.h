/*
 * dispatch_rules - how a result goes out, and what news of a parcel means.
 *
 * Pure: the locked row, the parcel's row and the news go in, the event to give
 * comes out.  The post tells its news when it likes, twice and out of order:
 * what moves the parcel on is applied, what is old or known already is noted,
 * what cannot be about this parcel is refused.
 */
#ifndef DISPATCH_RULES_H
#define DISPATCH_RULES_H

#include "dispatch_fold.h"
#include "dossier.h"
#include "schema.h"

/* The way out that was chosen; EVENT_TYPES when the result is on its way already. */
enum event_type dispatch_way(const struct dossier *dos);

/* What the post told. */
struct postal_news {
	struct text	parcel, item_code, state;
	time_us		at;
	int64_t		attempt;	/* INT_NONE: not said */
};

/* Reads a postal.update that keeps its contract; arrived_at stands in for a time that is missing. */
void postal_news_read(const struct doc_node *data, time_us arrived_at, struct postal_news *out);

/* parcel: the row that the news names, NULL for none.  *why is set with EV_DISPATCH_REFUSED. */
enum event_type dispatch_judge_news(const struct dossier *dos, const struct parcel *parcel,
    const struct postal_news *news, const struct rule_error **why);

/*
 * The post has taken the order: placed, or noted where it has moved on
 * already; EVENT_TYPES when that says nothing new.
 */
enum event_type dispatch_judge_placed(const struct dossier *dos, const struct parcel *parcel, struct text item_code);

#endif
