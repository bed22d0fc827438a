/*
 * fee_rules - see fee_rules.h.
 */
#include "fee_rules.h"

enum { CITATION_CHARS_MAX = 300 };	/* of a citation in our contracts */

bool
fee_list_is_empty(struct text json)
{
	for (size_t i = 0; i < json.n; i++)
		if (json.s[i] == '"')
			return false;
	return true;
}

/* --- what is owed -------------------------------------------------------------- */

static enum fee_channel
channel_of(struct text channel)
{
	if (text_is(channel, "online"))
		return FEE_ONLINE;
	return text_is(channel, "postal") ? FEE_POSTAL : FEE_COUNTER;
}

/* Adds "; what" unless it stands there already or would not fit. */
static void
cite(struct buf *buf, struct text what)
{
	struct text so_far = buf_get(buf);

	if (what.n == 0 || (so_far.n > 0 && memmem(so_far.s, so_far.n, what.s, what.n) != NULL) ||
	    text_length(so_far) + text_length(what) + 2 > CITATION_CHARS_MAX)
		return;
	if (so_far.n > 0)
		buf_puts(buf, "; ");
	buf_text(buf, what);
}

/* On what ground exactly this much is owed. */
static struct text
citation_of(const struct fee_due *due, struct arena *arena)
{
	struct buf buf = buf_in(arena);

	for (size_t i = 0; i < due->n_lines; i++)
		cite(&buf, due->lines[i].citation);
	cite(&buf, due->reduction_citation);
	cite(&buf, due->exemption_citation);
	return buf_get(&buf);
}

static void
answer_free(const struct fee_due *due, struct fee_answer *out)
{
	out->type = EV_FEE_WAIVED;
	out->reason = due->is_exempted ? "exempt" : "no_fee";
	out->citation = due->is_exempted ? due->exemption_citation : due->reduction_citation;
}

static enum fault
assess_tariff(const struct dossier *dos, const struct fee_law *law, struct arena *arena, struct fee_due *due,
    struct err *err)
{
	const struct fee_case *its_case = fee_law_case(law, dos->case_code);
	struct fee_request request = { .channel = channel_of(dos->channel), .exemption_code = dos->exemption,
		.reception_day = calendar_local_day(dos->received_at), .moments = FEE_EVERY_MOMENT };

	if (its_case == NULL)
		return err_set(err, FAULT_PARK, "assess a fee", "case", "procedure %.*s has no case %.*s",
		    TEXT_ARG(dos->procedure), TEXT_ARG(dos->case_code));
	if (its_case->has_later)
		return err_set(err, FAULT_PARK, "assess a fee", "moment",
		    "procedure %.*s has fees that fall due after reception", TEXT_ARG(dos->procedure));
	request.rows = its_case->rows;
	request.n_rows = its_case->n_rows;
	request.exemptions = law->exemptions;
	request.n_exemptions = law->n_exemptions;
	return fee_reckon(&request, arena, due, err);
}

enum fault
fee_assess(const struct dossier *dos, const struct fee_law *law, struct text missing, time_us now,
    int64_t term_us, struct arena *arena, struct fee_answer *out, struct err *err)
{
	struct fee_answer answer = { .type = EVENT_TYPES, .expires_at = TIME_NONE };
	enum fault fault;

	if (!dossier_is_finished(dos)) {
		if (dossier_may(dos, EV_FEE_UNCHANGED))
			answer.type = EV_FEE_UNCHANGED;
		else if (dossier_may(dos, EV_FEE_ORDERED))
			answer.type = fee_list_is_empty(missing) ? EV_FEE_ORDERED : EV_FEE_DEFERRED;
	}
	if (answer.type == EV_FEE_ORDERED) {
		fault = assess_tariff(dos, law, arena, &answer.due, err);
		if (fault != FAULT_NONE)
			return fault;
		answer.expires_at = now + (term_us > 0 ? term_us : law->term_us);
		if (answer.due.total_dong == 0)
			answer_free(&answer.due, &answer);
		else
			answer.citation = citation_of(&answer.due, arena);
	}
	*out = answer;
	return FAULT_NONE;
}

/* --- payments ------------------------------------------------------------------ */

static const struct rule_error
unknown_order = { "", "payment.unknown_order", "Mã tham chiếu thanh toán không thuộc hồ sơ này.",
    "The payment order does not belong to this dossier." },
wrong_amount = { "", "payment.amount", "Số tiền hoặc loại tiền không đúng với yêu cầu thanh toán.",
    "Amount or currency differs from what was ordered." },
failed = { "", "payment.failed", "Giao dịch không thành công; khoản phải nộp vẫn giữ nguyên.",
    "The transaction failed; the amount is still owed." },
same_again = { "", "payment.repeated", "Khoản thanh toán này đã được ghi nhận.",
    "This payment has been taken already." },
twice = { "", "payment.twice", "Hồ sơ đã được thanh toán bằng giao dịch khác; giao dịch này cần được đối soát.",
    "The dossier was paid by another transaction; this one needs to be reconciled." };

void
fee_payment_read(const struct doc_node *data, time_us arrived_at, struct fee_payment *out)
{
	*out = (struct fee_payment){ .order = doc_get_text(data, "order"),
	    .currency = doc_get_text(data, "currency"), .outcome = doc_get_text(data, "outcome"),
	    .transaction = doc_get_text(data, "transaction"), .amount = -1, .arrived_at = arrived_at };
	doc_get_int64(data, "amount", &out->amount);
	if (!time_from_text(doc_get_text(data, "paid_at"), &out->paid_at))
		out->paid_at = arrived_at;
}

static enum fee_deed
judge_proven(const struct dossier *dos, const struct fee_order *order, const struct fee_payment *payment,
    const struct rule_error **why, const char **reason)
{
	switch (dos->state[STAGE_FEE]) {
	case FEE_OWED:
		if (dossier_is_finished(dos)) {
			*reason = "dossier_ended";
			return FEE_DO_CANCEL_REFUND;
		}
		if (payment->arrived_at <= order->expires_at || text_is(order->state, "ordered"))
			return FEE_DO_PAY;
		*reason = "paid_too_late";
		return FEE_DO_EXPIRE_REFUND;
	case FEE_EXPIRED:
		*reason = "paid_too_late";
		return FEE_DO_REFUND;
	case FEE_CANCELLED:
		*reason = "dossier_ended";
		return FEE_DO_REFUND;
	default:
		*why = text_is_equal(order->transaction_id, payment->transaction) ? &same_again : &twice;
		return FEE_DO_REFUSE;
	}
}

enum fee_deed
fee_judge_payment(const struct dossier *dos, const struct fee_order *order,
    const struct fee_payment *payment, const struct rule_error **why, const char **reason)
{
	if (order == NULL)
		*why = &unknown_order;
	else if (order->amount != payment->amount || !text_is(payment->currency, "VND"))
		*why = &wrong_amount;
	else if (!text_is(payment->outcome, "paid"))
		*why = &failed;
	else
		return judge_proven(dos, order, payment, why, reason);
	return FEE_DO_REFUSE;
}

/* --- the end of the case, the end of the term ---------------------------------- */

/*
 * Refundable, and the state has not done the work that was paid for: refused at
 * reception, or withdrawn before it was accepted.  Who lets a supplement lapse
 * gets nothing back.
 */
static bool
deserves_refund(const struct dossier *dos, const struct fee_law *law, enum event_type ended)
{
	if (!law->is_refundable || dos->accepted_at != TIME_NONE)
		return false;
	return ended == EV_CASEWORK_REFUSED || ended == EV_CASEWORK_WITHDRAWN;
}

enum fee_deed
fee_judge_end(const struct dossier *dos, const struct fee_law *law, enum event_type ended, const char **reason)
{
	*reason = ended == EV_CASEWORK_REFUSED ? "refused" :
	    ended == EV_CASEWORK_WITHDRAWN ? "withdrawn" : "stopped";
	if (dos->state[STAGE_FEE] == FEE_OWED)
		return FEE_DO_CANCEL;
	if (dos->state[STAGE_FEE] == FEE_PAID && deserves_refund(dos, law, ended))
		return FEE_DO_REFUND;
	return FEE_DO_NOTHING;
}

enum fee_deed
fee_judge_term(const struct dossier *dos, const struct fee_order *order, time_us now)
{
	if (dos->state[STAGE_FEE] != FEE_OWED || order == NULL)
		return FEE_DO_NOTHING;
	return now < order->expires_at || text_is(order->state, "ordered") ? FEE_DO_WAIT : FEE_DO_EXPIRE;
}

time_us
fee_extend(const struct fee_order *order, time_us placed_at)
{
	int64_t term_us = order->expires_at - order->ordered_at;

	if (!text_is(order->state, "ordered") || placed_at - order->ordered_at <= MINUTE_US)
		return TIME_NONE;
	return placed_at + term_us;
}
