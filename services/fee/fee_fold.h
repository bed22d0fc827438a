/*
 * fee_fold - the rows of fee.order as a pure fold of the journal of fee.
 *
 * One row an order.  It says what was asked for, what is proven paid and what
 * was given back; the worker writes it, an auditor's replay rebuilds it from
 * dossier.fee alone and compares (promise 6).
 *
 *   ordered ─► placed ─► paid ─────┐
 *      │         ├─► expired ──────┼─► refunding ─► refunded
 *      └─────────┴─► cancelled ────┘
 *
 * "placed" is told by the payment platform and may come late: it never takes
 * a row back.  unsure is set when a call may have reached the platform and
 * nobody can tell; whatever proves that it did clears it.
 */
#ifndef FEE_FOLD_H
#define FEE_FOLD_H

#include "fold.h"

struct fee_order {
	struct text	order_id;		/* "<dossier>.F<version>" */
	uint8_t		dossier[UUID_BYTES];
	struct text	state;
	int64_t		phi, le_phi, amount;	/* dong */
	struct text	citation;
	time_us		ordered_at;
	time_us		expires_at;
	time_us		paid_at;
	struct text	transaction_id;		/* of the bank */
	struct text	refund_id;		/* "<dossier>.R<version>" */
	struct text	refund_transaction;
	bool		unsure;
	int32_t		version;		/* of the dossier, when this row last changed */
};

extern const struct fold fee_fold;

#endif
