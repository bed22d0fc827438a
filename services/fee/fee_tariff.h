/*
 * fee_tariff - what an applicant owes.
 *
 * Pure: tariff rows, exemption grounds and the circumstances go in, amounts
 * and their legal basis come out.  Money is whole dong.  Two things are owed
 * and are kept apart for ever, because they belong to different ledgers (Law
 * on Fees and Charges 97/2015/QH13, Art. 3): phi pays for a service, le phi is
 * a charge for state management.
 *
 * The tariff is the one in force on the day of reception, and nobody may ask
 * for more than it says (Decision 45/2016/QD-TTg, Art. 13(6)).
 */
#ifndef FEE_TARIFF_H
#define FEE_TARIFF_H

#include "err.h"
#include "mem.h"
#include "text.h"

enum fee_kind { FEE_PHI = 1, FEE_LE_PHI = 2, FEE_EVERY_KIND = 3 };
enum fee_channel { FEE_ONLINE, FEE_COUNTER, FEE_POSTAL };

/* The codes of the national exchange; they add up to a set. */
enum fee_moment { FEE_AT_RECEPTION = 1, FEE_AT_SUPPLEMENT = 2, FEE_AT_RESULT = 4, FEE_EVERY_MOMENT = 7 };

#define FEE_NOT_REDUCED INT64_C(-1)	/* no online amount */
#define FEE_OPEN_END INT64_MAX		/* effective_to of a rule still in force */

struct fee_tariff_row {
	struct text	code;
	struct text	name_vi;
	struct text	name_en;
	enum fee_kind	kind;
	int64_t		amount_dong;
	int64_t		online_dong;	/* FEE_NOT_REDUCED, or at most amount_dong */
	struct text	online_citation;	/* present with an online amount */
	enum fee_moment	moment;
	int64_t		effective_from;	/* local days since 1970, both inside */
	int64_t		effective_to;
	struct text	citation;
};

struct fee_exemption {
	struct text	code;
	struct text	citation;
	int		percent;	/* 1..100; 100 frees */
	int		kinds;		/* set of enum fee_kind that it covers */
	int64_t		effective_from;
	int64_t		effective_to;
};

struct fee_request {
	const struct fee_tariff_row	*rows;
	size_t				n_rows;
	const struct fee_exemption	*exemptions;
	size_t				n_exemptions;
	enum fee_channel		channel;	/* of the submission */
	struct text			exemption_code;	/* declared and shown; absent = none */
	int64_t				reception_day;
	int				moments;	/* set of enum fee_moment that is asked about */
};

struct fee_line {			/* one tariff row that applies */
	struct text	code;
	struct text	name_vi;
	struct text	name_en;
	enum fee_kind	kind;
	enum fee_moment	moment;
	int64_t		tariff_dong;	/* the full amount */
	int64_t		due_dong;	/* after online reduction, then exemption */
	bool		is_reduced;
	bool		is_exempted;	/* wholly or in part */
	struct text	citation;
};

struct fee_due {
	int64_t		phi_dong;
	int64_t		le_phi_dong;
	int64_t		total_dong;
	struct fee_line	*lines;		/* in the order of the rows; in the arena */
	size_t		n_lines;
	bool		is_reduced;	/* some line is */
	struct text	reduction_citation;	/* of the first such line */
	bool		is_exempted;
	int		exemption_percent;
	struct text	exemption_citation;
	/* Declared, but unknown or not in force: owed in full, and somebody must say so. */
	bool		is_exemption_unknown;
};

/*
 * Texts in out are those of the request, borrowed.  No rows at all: the
 * procedure is free.  PARK, with err.code, for
 *   no_tariff  rows there are, but none in force on that day (never "free")
 *   ambiguous  one code twice in force on that day
 *   bad_row    an amount below zero, an online amount above the full one or
 *              without a citation, no citation, unknown kind or moment
 *   bad_exemption  a percentage outside 1..100, no citation, no kind
 *   overflow   a sum that does not fit
 * A partial exemption leaves a part of a dong to the applicant: the amount
 * owed is rounded down.  It is taken from the amount after online reduction.
 */
enum fault fee_reckon(const struct fee_request *request, struct arena *arena, struct fee_due *out,
    struct err *err) ERR_CHECK;

#endif
