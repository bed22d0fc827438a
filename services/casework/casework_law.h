/*
 * casework_law - what a procedure's row of the catalogue says about time and
 * components, read once per procedure version and kept in its cache.
 */
#ifndef CASEWORK_LAW_H
#define CASEWORK_LAW_H

#include "casework_deadline.h"
#include "catalogue.h"

struct casework_case {
	struct text		code;
	const struct doc_node	*node;		/* for its components */
	struct deadline_rule	rule;
};

struct casework_law {
	struct casework_case	*cases;
	size_t			n_cases;
	int			supplement_days;
};

/* For catalogue_prepare: fills procedure->cache with a struct casework_law. */
void casework_law_make(struct procedure *procedure, struct arena *arena);

/* The case that was declared, or NULL. */
const struct casework_case *casework_law_case(const struct casework_law *law, struct text code);

#endif
