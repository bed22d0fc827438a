/*
 * fee_fold - see fee_fold.h.
 *
 * Events name their row by the order's id, those that answer a refund by the
 * refund's.
 */
#include "fee_fold.h"

#include <stddef.h>

#define COLUMN(type, field) { #field, type, offsetof(struct fee_order, field) }

static const struct column columns[] = {
	COLUMN(DB_TEXT, order_id), COLUMN(DB_UUID, dossier), COLUMN(DB_TEXT, state),
	COLUMN(DB_INT8, phi), COLUMN(DB_INT8, le_phi), COLUMN(DB_INT8, amount),
	COLUMN(DB_TEXT, citation), COLUMN(DB_TIME, ordered_at), COLUMN(DB_TIME, expires_at),
	COLUMN(DB_TIME, paid_at), COLUMN(DB_TEXT, transaction_id), COLUMN(DB_TEXT, refund_id),
	COLUMN(DB_TEXT, refund_transaction), COLUMN(DB_BOOL, unsure), COLUMN(DB_INT4, version),
};

/* The row that the event is about, marked as changed; NULL when there is none. */
static struct fee_order *
order_touch(const struct event *event, struct fold_rows *rows)
{
	struct fee_order *order;

	for (int i = 0; i < rows->n; i++) {
		order = rows->row[i];
		if (text_is_equal(order->order_id, event->order) ||
		    (text_is_absent(event->order) && !text_is_absent(event->refund) &&
		    text_is_equal(order->refund_id, event->refund))) {
			rows->changed[i] = true;
			order->version = event->version;
			return order;
		}
	}
	return NULL;
}

static bool
order_add(const struct event *event, struct fold_rows *rows, struct arena *arena)
{
	struct fee_order *order = fold_add(&fee_fold, rows, arena);

	if (order == NULL)
		return false;
	order->order_id = event->order;
	memcpy(order->dossier, event->dossier, UUID_BYTES);
	order->state = TEXT("ordered");
	order->phi = event->phi;
	order->le_phi = event->le_phi;
	order->amount = event->amount;
	order->citation = event->citation;
	order->ordered_at = event->at;
	order->expires_at = event->expires_at;
	order->unsure = false;
	order->version = event->version;
	return true;
}

/* Proof of a payment, in time or too late. */
static void
order_pay(struct fee_order *order, const struct event *event)
{
	if (!text_is_absent(event->transaction))
		order->transaction_id = event->transaction;
	if (event->paid_at != TIME_NONE)
		order->paid_at = event->paid_at;
	order->unsure = false;
}

/* Placed late, it can be paid longer: then the event says until when. */
static void
order_place(struct fee_order *order, const struct event *event)
{
	if (text_is(order->state, "ordered"))
		order->state = TEXT("placed");
	if (event->expires_at != TIME_NONE)
		order->expires_at = event->expires_at;
	order->unsure = false;
}

static void
order_refund(struct fee_order *order, const struct event *event)
{
	order_pay(order, event);
	order->state = TEXT("refunding");
	order->refund_id = event->refund;
}

static void
order_refunded(struct fee_order *order, const struct event *event)
{
	order->state = TEXT("refunded");
	order->refund_transaction = event->transaction;
	order->unsure = false;
}

static void
order_move(struct fee_order *order, const struct event *event)
{
	switch (event->type) {
	case EV_FEE_PLACED:
		order_place(order, event);
		break;
	case EV_FEE_ORDER_UNSURE:
	case EV_FEE_REFUND_UNSURE:
		order->unsure = true;
		break;
	case EV_FEE_PAID:
		order_pay(order, event);
		order->state = TEXT("paid");
		break;
	case EV_FEE_EXPIRED:
		order->state = TEXT("expired");
		break;
	case EV_FEE_CANCELLED:
		order->state = TEXT("cancelled");
		break;
	case EV_FEE_REFUND_ORDERED:
		order_refund(order, event);
		break;
	default:
		order_refunded(order, event);
	}
}

static enum fault
fee_apply(const struct event *event, struct fold_rows *rows, struct arena *arena, struct err *err)
{
	struct fee_order *order;

	switch (event->type) {
	case EV_FEE_ORDERED:
		return order_add(event, rows, arena) ? FAULT_NONE : fold_misfit(&fee_fold, event, err);
	case EV_FEE_PLACED:
	case EV_FEE_ORDER_UNSURE:
	case EV_FEE_REFUND_UNSURE:
	case EV_FEE_PAID:
	case EV_FEE_EXPIRED:
	case EV_FEE_CANCELLED:
	case EV_FEE_REFUND_ORDERED:
	case EV_FEE_REFUNDED:
		order = order_touch(event, rows);
		if (order == NULL)
			return fold_misfit(&fee_fold, event, err);
		order_move(order, event);
		return FAULT_NONE;
	default:	/* says something about the dossier, nothing about an order */
		return FAULT_NONE;
	}
}

const struct fold fee_fold = {
	.table = "fee.order",
	.stage = STAGE_FEE,
	.columns = columns,
	.n_columns = sizeof columns / sizeof *columns,
	.row_bytes = sizeof(struct fee_order),
	.apply = fee_apply,
};
