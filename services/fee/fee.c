/*
 * NAME
 *	dossier-fee - what an applicant owes, and whether it is proven paid
 *
 * SUMMARY
 *	lookup's answer -> reckon the fee -> payment order -> proof of payment
 *
 * DESCRIPTION
 *	Once a dossier is complete, the tariff in force on the day of reception
 *	says what is owed: phi and le phi apart, less online, nothing for who is
 *	exempt.  What is owed is ordered from the national payment platform and
 *	can be paid for a term that the procedure names.  A payment counts when
 *	the platform says so by order and amount, and it counts from the moment
 *	the broker had the news, however late this worker reads it.
 *
 *	Money that cannot buy anything any more is given back in full.  Where
 *	a procedure is refundable, so is a fee for work that was never begun.
 *
 * INPUT
 *	dossier.lookup (answered), dossier.casework (withdrawn, stopped, refused),
 *	payment.results; dossier.dispatch is read for cash on delivery to come.
 *
 * OUTPUT
 *	dossier.fee.  Effects "order" and "refund" at the platform, under the ids
 *	<dossier>.F<version> and <dossier>.R<version>; both can be asked about.
 *
 * FAULTS
 *	An order that the platform refuses for a reason of ours (seal, content)
 *	is parked, not failed: the applicant has done nothing wrong.  An order
 *	that never reached the platform does not run out, and one that reached
 *	it late can be paid as much longer.  Law that is not loaded makes the
 *	dossier wait, law that cannot be applied parks it.
 *
 * PARAMETERS
 *	See the table below, or --help.
 *
 * LIMITS
 *	One order a dossier, at reception: tariffs with later moments are parked.
 *	A second payment by another transaction is refused visibly and left to
 *	reconciliation, for the order's row keeps one transaction.
 */
#include <stdlib.h>

#include "fee_gateway.h"
#include "fee_rules.h"

#include "fee_sql.h"

static struct fee_platform platform;
static int64_t term_ms;

static const struct param params[] = {
	{ .name = "fee.payment.url", .type = PARAM_TEXT, .target = &platform.url,
	  .doc = "Address of the payment platform, before /init, /query and /refund." },
	{ .name = "fee.payment.partner", .type = PARAM_TEXT, .target = &platform.partner, .fallback = "DVC",
	  .doc = "Our name at the platform (MaDoiTac)." },
	{ .name = "fee.payment.secret", .type = PARAM_SECRET, .target = &platform.secret,
	  .doc = "Seals what goes to the platform and proves what comes from it." },
	{ .name = "fee.payment.timeout", .type = PARAM_INT, .target = &platform.timeout_ms, .fallback = "10s",
	  .least = 100, .most = 60000, .unit = "ms", .doc = "How long one call to the platform may take." },
	{ .name = "fee.term_ms", .type = PARAM_INT, .target = &term_ms, .fallback = "0", .least = 0,
	  .most = INT64_C(31536000000), .unit = "ms",
	  .doc = "Term of payment instead of each procedure's own; 0 keeps theirs.  For demonstrations." },
	{ .name = NULL },
};

/* --- leaves -------------------------------------------------------------------- */

static void
park(struct decision *d, const struct err *why)
{
	d->job->end = END_PARKED;
	d->job->why = *why;
}

/* NULL, and the job waits, while the law it was received under is not loaded here. */
static const struct fee_law *
law_of(struct decision *d)
{
	const struct procedure *procedure = decide_procedure(d);

	return procedure != NULL ? procedure->cache : NULL;
}

/* "<dossier>.F<version>" of the event that is about to be given. */
static struct text
next_id(const struct decision *d, char kind)
{
	char id[UUID_TEXT_BYTES];

	uuid_to_text(d->dos->id, id);
	return arena_printf(d->arena, "%s.%c%d", id, kind, d->dos->version + 1);
}

static const struct fee_order *
order_of(const struct decision *d, struct text id)
{
	int i = fold_find(&fee_fold, d->rows, id);

	return i >= 0 ? d->rows->row[i] : NULL;
}

/* --- what is owed -------------------------------------------------------------- */

static void
give_order(struct decision *d, const struct fee_law *law, const struct fee_answer *answer)
{
	struct event *event = decide_event(d, EV_FEE_ORDERED);

	event->round = d->job->event->round;
	event->order = next_id(d, 'F');
	event->phi = answer->due.phi_dong;
	event->le_phi = answer->due.le_phi_dong;
	event->amount = answer->due.total_dong;
	event->citation = answer->citation;
	event->expires_at = answer->expires_at;
	decide_give(d, event);
	decide_effect(d, "order", event->order, fee_init_body(d->dos, event, &answer->due, law, d->arena));
	decide_timer(d, event->expires_at);
}

static void
on_answered(struct decision *d)
{
	const struct fee_law *law = law_of(d);
	struct fee_answer answer;
	struct event *event;
	struct err err;

	if (law == NULL)
		return;
	if (fee_assess(d->dos, law, d->job->event->missing, d->now, term_ms * 1000, d->arena, &answer,
	    &err) != FAULT_NONE) {
		park(d, &err);
		return;
	}
	if (answer.type == EVENT_TYPES)
		return;
	if (answer.type == EV_FEE_ORDERED) {
		give_order(d, law, &answer);
		return;
	}
	event = decide_event(d, answer.type);
	event->round = d->job->event->round;
	event->reason = text_of(answer.reason);
	event->citation = answer.citation;
	decide_give(d, event);
}

/* --- deeds --------------------------------------------------------------------- */

static void
give_refused(struct decision *d, const struct rule_error *why)
{
	struct event *event = decide_event(d, EV_FEE_REFUSED);

	event->request = d->job->ce_type;
	event->input = text_of(d->job->input);
	event->errors = rule_error_list(why, d->arena);
	decide_give(d, event);
}

static void
give_end(struct decision *d, enum event_type type, const char *reason)
{
	struct event *event = decide_event(d, type);

	event->order = d->dos->fee_order;
	event->reason = text_of(reason);
	decide_give(d, event);
	decide_timer(d, TIME_NONE);
}

/* payment NULL: it was taken before, and the case has ended since. */
static void
give_refund(struct decision *d, const struct fee_payment *payment, const char *reason)
{
	struct event *event = decide_event(d, EV_FEE_REFUND_ORDERED);

	event->refund = next_id(d, 'R');
	event->order = d->dos->fee_order;
	event->amount = d->dos->amount;
	event->reason = text_of(reason);
	if (payment != NULL) {
		event->transaction = payment->transaction;
		event->paid_at = payment->paid_at;
		event->input = text_of(d->job->input);
	}
	decide_give(d, event);
	decide_effect(d, "refund", event->refund, fee_refund_body(event, d->arena));
}

static void
give_paid(struct decision *d, const struct fee_payment *payment)
{
	struct event *event = decide_event(d, EV_FEE_PAID);

	event->order = payment->order;
	event->amount = payment->amount;
	event->transaction = payment->transaction;
	event->paid_at = payment->paid_at;
	event->input = text_of(d->job->input);
	decide_give(d, event);
	decide_timer(d, TIME_NONE);
}

/* --- payments ------------------------------------------------------------------ */

static void
on_payment(struct decision *d)
{
	struct fee_payment payment;
	const struct rule_error *why = NULL;
	const char *reason = NULL;

	fee_payment_read(d->job->data, d->job->place.at, &payment);
	switch (fee_judge_payment(d->dos, order_of(d, payment.order), &payment, &why, &reason)) {
	case FEE_DO_PAY:
		give_paid(d, &payment);
		break;
	case FEE_DO_EXPIRE_REFUND:
		give_end(d, EV_FEE_EXPIRED, NULL);
		give_refund(d, &payment, reason);
		break;
	case FEE_DO_CANCEL_REFUND:
		give_end(d, EV_FEE_CANCELLED, reason);
		give_refund(d, &payment, reason);
		break;
	case FEE_DO_REFUND:
		give_refund(d, &payment, reason);
		break;
	default:
		give_refused(d, why);
		break;
	}
}

static void
on_end(struct decision *d)
{
	const struct fee_law *law;
	const char *reason;

	if (d->dos->state[STAGE_FEE] != FEE_OWED && d->dos->state[STAGE_FEE] != FEE_PAID)
		return;
	law = law_of(d);
	if (law == NULL)
		return;
	switch (fee_judge_end(d->dos, law, d->job->event->type, &reason)) {
	case FEE_DO_CANCEL:
		give_end(d, EV_FEE_CANCELLED, reason);
		break;
	case FEE_DO_REFUND:
		give_refund(d, NULL, reason);
		break;
	default:
		break;
	}
}

static void
on_timer(struct decision *d)
{
	const struct fee_order *order = order_of(d, d->dos->fee_order);

	switch (fee_judge_term(d->dos, order, d->now)) {
	case FEE_DO_EXPIRE:
		give_end(d, EV_FEE_EXPIRED, NULL);
		break;
	case FEE_DO_WAIT:
		decide_timer(d, d->now < order->expires_at ? order->expires_at : d->now + 10 * MINUTE_US);
		break;
	default:
		break;
	}
}

/* --- the platform's answers ---------------------------------------------------- */

static void
give_placed(struct decision *d)
{
	const struct fee_order *order = order_of(d, d->job->key);
	struct event *event;

	if (order == NULL || !dossier_may(d->dos, EV_FEE_PLACED))
		return;
	event = decide_event(d, EV_FEE_PLACED);
	event->order = d->job->key;
	if (d->dos->state[STAGE_FEE] == FEE_OWED)
		event->expires_at = fee_extend(order, d->now);
	decide_give(d, event);
	if (event->expires_at != TIME_NONE)
		decide_timer(d, event->expires_at);
}

static void
give_refunded(struct decision *d)
{
	struct text transaction = doc_get_text(d->job->outcome->body, "MaGiaoDich");
	struct event *event;

	if (!dossier_may(d->dos, EV_FEE_REFUNDED))
		return;
	event = decide_event(d, EV_FEE_REFUNDED);
	event->refund = d->job->key;
	event->transaction = transaction.n > 0 ? transaction : d->job->key;
	decide_give(d, event);
}

static void
give_unsure(struct decision *d, bool is_order)
{
	enum event_type type = is_order ? EV_FEE_ORDER_UNSURE : EV_FEE_REFUND_UNSURE;
	struct event *event;

	if (!dossier_may(d->dos, type))
		return;
	event = decide_event(d, type);
	if (is_order)
		event->order = d->job->key;
	else
		event->refund = d->job->key;
	event->reason = TEXT("no_answer");
	decide_give(d, event);
}

static void
on_effect(struct decision *d)
{
	const struct outcome *outcome = d->job->outcome;
	bool is_order = text_is(d->job->purpose, "order");
	struct err err;

	if (outcome->unsure) {
		give_unsure(d, is_order);
		return;
	}
	switch (fee_reply(outcome, d->job->key, platform.secret, &err)) {
	case FEE_REPLY_DONE:
		if (is_order)
			give_placed(d);
		else
			give_refunded(d);
		break;
	case FEE_REPLY_LATER:
		decide_again(d);
		break;
	case FEE_REPLY_UNCLEAR:
		decide_unclear(d);
		break;
	case FEE_REPLY_NEVER:
		park(d, &err);
		break;
	}
}

static void
tell_order(struct worker *worker, const struct job *job, struct http_request *out, struct arena *arena)
{
	(void)worker;
	fee_request(&platform, "/init", job->key, job->body, out, arena);
}

static void
tell_refund(struct worker *worker, const struct job *job, struct http_request *out, struct arena *arena)
{
	(void)worker;
	fee_request(&platform, "/refund", job->key, job->body, out, arena);
}

static void
ask_platform(struct worker *worker, const struct job *job, struct http_request *out, struct arena *arena)
{
	(void)worker;
	fee_request(&platform, "/query", job->key, fee_query_body(job->key, arena), out, arena);
}

static enum asked
asked_platform(const struct job *job, int status, const struct doc_node *body)
{
	return fee_asked(status, body, job->key, platform.secret);
}

/* --- callbacks ----------------------------------------------------------------- */

static void
fee_decide(struct decision *d)
{
	if (d->job->kind == JOB_TIMER)
		on_timer(d);
	else if (d->job->kind == JOB_EFFECT)
		on_effect(d);
	else if (d->job->outside)
		on_payment(d);
	else if (d->job->event->type == EV_LOOKUP_ANSWERED)
		on_answered(d);
	else
		on_end(d);
}

static const enum event_type wakes[] = { EV_LOOKUP_ANSWERED, EV_CASEWORK_WITHDRAWN, EV_CASEWORK_STOPPED,
    EV_CASEWORK_REFUSED };
static const struct outside_type outside[] = {
	{ "payment.results", "vn.dossier.payment.result.v1", "urn:vn:dossier:schema:payment.result.v1" },
	{ NULL, NULL, NULL },
};
static const struct effect effects[] = {
	{ "order", "payment", true, tell_order, ask_platform, asked_platform },
	{ "refund", "payment", true, tell_refund, ask_platform, asked_platform },
	{ .purpose = NULL },
};

static const struct service service = {
	.stage = STAGE_FEE,
	.summary = "what an applicant owes, and whether it is proven paid",
	.params = params,
	.sql = fee_sql, .n_sql = SQL_FEE_COUNT,
	.wakes = wakes, .n_wakes = sizeof wakes / sizeof *wakes,
	.outside = outside,
	.ev_unknown = EV_FEE_UNKNOWN, .ev_repeated = EV_FEE_REPEATED, .ev_refused = EV_FEE_REFUSED,
	.fold = &fee_fold,
	.fold_load = &fee_sql[SQL_FEE_LOAD], .fold_save = &fee_sql[SQL_FEE_SAVE],
	.effects = effects,
	.read_law = fee_law_make,
	.decide = fee_decide,
};

int
main(int argc, char **argv)
{
	return worker_main(&service, argc, argv);
}
