/* payment_order - see payment_order.h. */
#include "payment_order.h"

#include <stdio.h>

#include "bridge.h"
#include "ledger.h"
#include "table.h"

enum { PAY_LATE_MS = 60000, SHORT_BY_DONG = 1000 };

static const char topic[] = "payment.results";
static struct table orders;

struct order *
order_find(struct text id)
{
	return table_find(&orders, hash_text(0, id));
}

struct order *
order_new(struct text id)
{
	struct order *order;

	if (id.n >= ORDER_ID_BYTES)
		return NULL;
	order = mem_new(1, sizeof *order);
	memcpy(order->id, id.s, id.n);
	order->state = ORDER_PENDING;
	*table_slot(&orders, hash_text(0, id)) = order;
	return order;
}

void
order_transaction(const struct order *order, int attempt, char out[TRANSACTION_BYTES])
{
	uint64_t hash = hash_int(hash_text(sim_options.seed, text_of(order->id)), (uint64_t)attempt);

	snprintf(out, TRANSACTION_BYTES, "T%012llu", (unsigned long long)(hash % UINT64_C(1000000000000)));
}

/* --- the platform tells ---------------------------------------------------- */

struct payment {
	const struct order	*order;
	struct text		transaction;
	int64_t			amount;
	bool			fails;
	struct text		at;		/* RFC 3339 */
};

static struct text
event_id(const struct order *order, struct text transaction, char *out, size_t size)
{
	int n = snprintf(out, size, "%s/%.*s", order->id, TEXT_ARG(transaction));

	return (struct text){ out, (size_t)n };
}

static void
tell(const struct payment *payment)
{
	const struct order *order = payment->order;
	char value[512], id[ORDER_ID_BYTES + TRANSACTION_BYTES + 2];
	int n = snprintf(value, sizeof value, "{\"order\":\"%s\",\"amount\":%lld,\"currency\":\"VND\",\"outcome\":\"%s\","
	    "\"transaction\":\"%.*s\",\"paid_at\":\"%.*s\",\"bank\":\"VCB\"}", order->id, (long long)payment->amount,
	    payment->fails ? "failed" : "paid", TEXT_ARG(payment->transaction), TEXT_ARG(payment->at));

	bridge_send(&(struct message){ .topic = topic, .partition = PARTITION_BY_KEY,
	    .type = "vn.dossier.payment.result.v1", .source = TEXT("/bridge/payment"),
	    .id = event_id(order, payment->transaction, id, sizeof id),
	    .dossier = sim_dossier_of(text_of(order->id)), .value = { value, (size_t)n } });
}

static void
settle(const struct payment *payment, struct order *order)
{
	order->attempts++;
	snprintf(order->transaction, sizeof order->transaction, "%.*s", TEXT_ARG(payment->transaction));
	if (payment->fails) {
		order->state = order->state == ORDER_PAID ? ORDER_PAID : ORDER_FAILED;
		return;
	}
	order->state = ORDER_PAID;
	order->paid_amount = payment->amount;
}

void
order_pay(struct order *order, int64_t amount, bool fails)
{
	char transaction[TRANSACTION_BYTES], at[TIME_TEXT_BYTES];
	struct payment payment = { order, TEXT_NONE, amount != 0 ? amount : order->amount, fails, TEXT_NONE };
	struct subject about = { .service = SERVICE_PAYMENT, .op = "pay", .key = text_of(order->id),
	    .dossier = sim_dossier_of(text_of(order->id)), .amount = payment.amount };

	order_transaction(order, order->attempts, transaction);
	time_to_text(clock_now_us(), at);
	payment.transaction = text_of(transaction);
	payment.at = text_of(at);
	settle(&payment, order);
	ledger_note(&(struct entry){ .about = &about, .outcome = fails ? "failed" : "paid",
	    .deed = order->plan.deed != DO_USUAL ? deed_names[order->plan.deed] : NULL,
	    .extra = { { "transaction", payment.transaction }, { "at", payment.at } } });
	tell(&payment);
	if (order->plan.deed == DO_TWICE)
		tell(&payment);
}

void
order_recall(struct order *order, struct text transaction, int64_t amount, bool fails, struct text at)
{
	struct payment payment = { order, transaction, amount, fails, at };
	char id[ORDER_ID_BYTES + TRANSACTION_BYTES + 2];

	settle(&payment, order);
	if (!bridge_has_sent(topic, event_id(order, transaction, id, sizeof id)))
		tell(&payment);
}

/* --- the citizen acts ------------------------------------------------------- */

static bool
pays_again(const struct order *order)
{
	return order->attempts == 1 && (order->plan.deed == DO_TWICE_OTHER || order->plan.deed == DO_FAIL_FIRST);
}

static int64_t
wrong_amount(const struct order *order)
{
	if (order->plan.amount != 0)
		return order->plan.amount;
	return order->amount > SHORT_BY_DONG ? order->amount - SHORT_BY_DONG : order->amount + SHORT_BY_DONG;
}

static void
act(void *arg)
{
	struct order *order = arg;
	int64_t amount = order->plan.deed == DO_WRONG_AMOUNT ? wrong_amount(order) : 0;

	order_pay(order, amount, order->plan.deed == DO_FAIL_FIRST && order->attempts == 0);
	order_live(order);
}

void
order_live(struct order *order)
{
	int64_t ms = behave_setting(SERVICE_PAYMENT, SET_AFTER);

	if (order->plan.deed == DO_NEVER || order->is_refund || (order->attempts > 0 && !pays_again(order)))
		return;
	if (order->plan.deed == DO_PAY_LATE)
		ms = PAY_LATE_MS;
	if (order->plan.ms >= 0)
		ms = order->plan.ms;
	timer_start(&order->timer, ms, act, order);
}
