/*
 * fee_law - what a procedure's row of the catalogue says about money.
 *
 * Read once per procedure version and kept in its cache, so that reckoning a
 * fee touches no JSON.  Which tariff rows apply depends on the declared case;
 * they are sorted out here.
 */
#ifndef FEE_LAW_H
#define FEE_LAW_H

#include "catalogue.h"
#include "fee_tariff.h"

struct fee_case {
	struct text			code;
	const struct fee_tariff_row	*rows;		/* those that apply in this case */
	size_t				n_rows;
	bool				has_later;	/* some fall due after reception */
};

struct fee_law {
	struct fee_case			*cases;
	size_t				n_cases;
	struct fee_exemption		*exemptions;
	size_t				n_exemptions;
	int64_t				term_us;	/* how long an order can be paid */
	bool				is_refundable;
	struct text			name_vi;
};

/* For catalogue_prepare: fills procedure->cache with a struct fee_law. */
void fee_law_make(struct procedure *procedure, struct arena *arena);

/* The case that was declared, or NULL. */
const struct fee_case *fee_law_case(const struct fee_law *law, struct text code);

#endif
