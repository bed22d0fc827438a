/*
 * payment_order - an order at the payment platform, and the citizen who pays it.
 *
 *	pending ──► paid            (or failed first, then paid)
 *
 * The citizen acts as the conduct of the order says, after a while; each
 * attempt is a line in the ledger and a message on payment.results.
 */
#ifndef PAYMENT_ORDER_H
#define PAYMENT_ORDER_H

#include "behave.h"
#include "loop.h"

/* As the platform's QUERY tells it (TrangThaiGD). */
enum order_state { ORDER_PAID = 1, ORDER_PENDING = 3, ORDER_FAILED = 4 };

enum { ORDER_ID_BYTES = 128, TRANSACTION_BYTES = 20 };

struct order {
	char			id[ORDER_ID_BYTES];	/* also of a refund */
	char			content[17];		/* what was agreed, as a digest */
	int64_t			amount;
	int64_t			paid_amount;
	int64_t			refunded_amount;
	enum order_state	state;
	bool			is_refund;
	char			transaction[TRANSACTION_BYTES];	/* of the last attempt */
	int			attempts;
	struct conduct		plan;
	struct timer		timer;
};

struct order *order_find(struct text id);
struct order *order_new(struct text id);	/* NULL if the id is too long */

/* Begin or go on with the citizen's life, as plan says. */
void order_live(struct order *order);

/* An attempt now.  amount 0 = what is owed. */
void order_pay(struct order *order, int64_t amount, bool fails);

/* "T" and 12 digits that follow from seed, id and number of the attempt. */
void order_transaction(const struct order *order, int attempt, char out[TRANSACTION_BYTES]);

/* A "pay" line of a former life: taken over, and sent again if the broker has not got it. */
void order_recall(struct order *order, struct text transaction, int64_t amount, bool fails, struct text at);

#endif
