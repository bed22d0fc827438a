/*
 * intake_dates - days in a form that must not lie in the future.
 *
 * A form schema marks them with "x-date": "past", which JSON Schema cannot
 * check: it knows no today.  The places are found once per procedure, through
 * properties, items, references within the schema and its alternatives.
 */
#ifndef INTAKE_DATES_H
#define INTAKE_DATES_H

#include "intake_error.h"

enum { DATE_DEPTH_MAX = 12, DATE_PLACES_MAX = 64 };

/* A way through a form: names of members, absent for "every element". */
struct date_place {
	int		n;
	struct text	step[DATE_DEPTH_MAX];
};

struct date_places {
	int			n;
	struct date_place	*place;	/* in the arena */
};

/* Deeper and further places than the limits are not looked for. */
void date_places_find(const struct doc_node *schema, struct arena *arena, struct date_places *out);

/* Adds date.future and date.ancient for days after today, or before 1900; pointers begin with prefix. */
void date_places_check(const struct date_places *places, const struct doc_node *form, int64_t today,
    const char *prefix, struct intake_errors *errors);

/* "2026-11-22", or the day on which an instant with offset lies in Viet Nam.  False when t is neither. */
bool date_day(struct text t, int64_t *day);

/* Is that day too long ago for anything a living person declares? */
bool date_is_ancient(int64_t day);

#endif
