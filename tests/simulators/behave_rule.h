/* behave_rule - rules as they lie in memory; for the behave files alone. */
#ifndef BEHAVE_RULE_H
#define BEHAVE_RULE_H

#include "behave.h"
#include "table.h"

enum field {
	FIELD_NUMBER, FIELD_DOSSIER, FIELD_KEY, FIELD_NAME, FIELD_PROCEDURE, FIELD_AGENCY, FIELD_EVENT,
	FIELDS
};

/* "before*after": a text that begins and ends so; without a star, exactly before. */
struct pattern {
	struct text	before;
	struct text	after;
	bool		has_star;
};

struct rule {
	uint64_t	id;			/* for counting */
	enum service	service;
	struct text	op;			/* absent = any */
	bool		is_asked[FIELDS];
	struct pattern	match[FIELDS];
	int64_t		amount;			/* asked amount; 0 = any */
	int64_t		times;			/* so often for each subject; 0 = always */
	int64_t		total;			/* so often in all; 0 = always */
	int64_t		used;
	struct conduct	conduct;
};

struct behaviour {
	struct rule	*rules;
	size_t		n;
	double		chance[SERVICES][DEED_N];
	int64_t		settings[SERVICES][SETTINGS];
	struct table	companies;		/* struct company, by tax code */
	bool		has_no_magic;
};

extern const enum phase deed_phases[DEED_N];
extern const struct behaviour behaviour_default;

/* Read json over base into out; everything lives in arena.  FAULT_PARK when it is wrong. */
ERR_CHECK enum fault behaviour_read(struct arena *arena, const struct doc_node *root,
    const struct behaviour *base, struct behaviour *out, struct err *err);

#endif
