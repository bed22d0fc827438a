/*
 * fee_rules - what is owed for this dossier now, and what a payment means.
 *
 * Pure: the locked row, the order's row and the law go in, what to say comes
 * out.  Nothing here knows where messages come from.
 *
 * Two rules stand above the rest.  Money that cannot buy anything any more is
 * given back in full: paid too late, or for a dossier that has ended.  And an
 * order that the platform never had cannot run out: nobody could have paid it.
 */
#ifndef FEE_RULES_H
#define FEE_RULES_H

#include "dossier.h"
#include "fee_fold.h"
#include "fee_law.h"
#include "schema.h"

/* What to say after the registers have answered; EVENT_TYPES: nothing. */
struct fee_answer {
	enum event_type	type;
	const char	*reason;	/* of waived */
	struct text	citation;
	struct fee_due	due;		/* of ordered */
	time_us		expires_at;
};

/*
 * missing is the JSON list of components that round left open.  term_us > 0
 * overrides the procedure's term of payment.  PARK as fee_reckon does, and
 * with code "case" or "moment" for law that this release cannot apply.
 */
ERR_CHECK enum fault fee_assess(const struct dossier *dos, const struct fee_law *law, struct text missing,
    time_us now, int64_t term_us, struct arena *arena, struct fee_answer *out, struct err *err);

/* Is the JSON list empty (or absent)? */
bool fee_list_is_empty(struct text json);

/* What the payment platform told. */
struct fee_payment {
	struct text	order, currency, outcome, transaction;
	int64_t		amount;
	time_us		paid_at;
	time_us		arrived_at;	/* the broker's time: the legal one */
};

/* Reads a payment.result that keeps its contract; arrived_at is the broker's time. */
void fee_payment_read(const struct doc_node *data, time_us arrived_at, struct fee_payment *out);

enum fee_deed {
	FEE_DO_NOTHING,
	FEE_DO_REFUSE,		/* say what is wrong with the message */
	FEE_DO_PAY,
	FEE_DO_EXPIRE,
	FEE_DO_CANCEL,
	FEE_DO_REFUND,
	FEE_DO_EXPIRE_REFUND,	/* both, in this order */
	FEE_DO_CANCEL_REFUND,
	FEE_DO_WAIT		/* the order never reached the platform: look again later */
};

/* order: the row that the payment names, NULL for none.  *why is set for REFUSE; *reason, a code, for REFUND. */
enum fee_deed fee_judge_payment(const struct dossier *dos, const struct fee_order *order,
    const struct fee_payment *payment, const struct rule_error **why, const char **reason);

/* The case is over (withdrawn, stopped, refused): what becomes of the dossier's order, and why. */
enum fee_deed fee_judge_end(const struct dossier *dos, const struct fee_law *law, enum event_type ended,
    const char **reason);

/* The term of payment may have run out. */
enum fee_deed fee_judge_term(const struct dossier *dos, const struct fee_order *order, time_us now);

/*
 * When the platform took the order late, by more than a minute, the applicant
 * still has the whole term: the new end, else TIME_NONE.
 */
time_us fee_extend(const struct fee_order *order, time_us placed_at);

#endif
