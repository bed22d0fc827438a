/*
 * payment - the national payment platform: INIT, QUERY and REFUND, version 1.0.6.
 *
 * INIT is idempotent by its key: the same content has the same answer, another
 * content is refused.  The address to pay at is for people; the simulated
 * citizen needs none (payment_order.c).
 */
#include <stdio.h>

#include "content.h"
#include "payment_order.h"
#include "serve.h"

/* MaLoi */
#define CODE_OK "00"
#define CODE_UNKNOWN "01"
#define CODE_NOT_PAID "02"
#define CODE_MALFORMED "03"
#define CODE_CONFLICT "09"
#define CODE_SIGNATURE "97"

struct demand {
	struct request		*request;
	const struct doc_node	*body;
	struct subject		subject;
	struct conduct		conduct;
	const char		*kind;		/* LoaiBanTin */
	struct text		id;		/* MaThamChieu */
};

/* --- signatures -------------------------------------------------------------- */

/* SHA-256 over LoaiBanTin|MaThamChieu|SoTien|MaGiaoDich|secret; what is absent is empty. */
static struct text
sign(struct arena *arena, struct text kind, struct text id, struct text amount, struct text transaction)
{
	char hex[SHA256_HEX_BYTES];

	text_sha256(arena_printf(arena, "%.*s|%.*s|%.*s|%.*s|%s", TEXT_ARG(kind), TEXT_ARG(id), TEXT_ARG(amount),
	    TEXT_ARG(transaction), sim_options.secret), hex);
	return arena_copy(arena, hex, SHA256_HEX_BYTES - 1);
}

static bool
is_signed(const struct demand *demand)
{
	struct arena *arena = demand->request->arena;
	struct text amount = TEXT_NONE;

	if (demand->subject.amount != 0)
		amount = arena_printf(arena, "%lld", (long long)demand->subject.amount);
	return text_is_equal(doc_get_text(demand->body, "MaXacThuc"), sign(arena,
	    doc_get_text(demand->body, "LoaiBanTin"), demand->id, amount, doc_get_text(demand->body, "MaGiaoDich")));
}

/* --- answers ----------------------------------------------------------------- */

/* An answer with the members given, signed over those that the signature covers. */
static void
answer(struct demand *demand, const char *code, const char *outcome, struct text members, struct text amount,
    struct text transaction, const struct extra extra[3])
{
	struct arena *arena = demand->request->arena;
	struct buf buf = buf_in(arena);
	struct reply reply = { .status = 200, .outcome = outcome };

	buf_printf(&buf, "{\"MaLoi\":\"%s\",\"MaThamChieu\":", code);
	buf_json_text(&buf, demand->id);
	buf_text(&buf, members);
	buf_puts(&buf, ",\"MaXacThuc\":\"");
	buf_text(&buf, sign(arena, TEXT_NONE, demand->id, amount, transaction));
	buf_puts(&buf, "\"}");
	reply.body = buf_get(&buf);
	if (extra != NULL)
		memcpy(reply.extra, extra, 3 * sizeof extra[0]);
	serve_answer(demand->request, &demand->subject, &demand->conduct, &reply);
}

static void
refuse(struct demand *demand, const char *code, const char *outcome)
{
	answer(demand, code, outcome, TEXT(""), TEXT_NONE, TEXT_NONE, NULL);
}

/* --- INIT -------------------------------------------------------------------- */

/* What makes two orders the same; the time of asking does not. */
static void
content_of(const struct demand *demand, char out[17])
{
	static const char *const names[] = { "SoTien", "MaTienTe", "MaDoiTac", "ThongTinBienLai", "HanThanhToan" };
	struct buf buf = buf_in(demand->request->arena);
	char hex[SHA256_HEX_BYTES];

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		const struct doc_node *node = doc_get(demand->body, names[i]);

		if (node != NULL)
			doc_write(&buf, node);
		buf_puts(&buf, "|");
	}
	text_sha256(buf_get(&buf), hex);
	memcpy(out, hex, 16);
	out[16] = '\0';
}

static void
answer_init(struct demand *demand, const char *outcome, struct text content)
{
	struct text members = arena_printf(demand->request->arena,
	    ",\"UrlThanhToan\":\"https://thanhtoan.invalid/%.*s\"", TEXT_ARG(demand->id));

	answer(demand, CODE_OK, outcome, members, TEXT_NONE, TEXT_NONE,
	    (struct extra[3]){ { "content", content }, { "procedure", demand->subject.procedure },
	    { "agency", demand->subject.agency } });
}

static void
on_init(struct demand *demand)
{
	struct order *order = order_find(demand->id);
	char content[17];

	content_of(demand, content);
	if (order != NULL && strcmp(order->content, content) != 0)
		refuse(demand, CODE_CONFLICT, "conflict");
	else if (order != NULL)
		answer_init(demand, "repeated", text_of(content));
	else if (demand->conduct.deed == DO_FORGET)
		answer_init(demand, "forgotten", TEXT_NONE);
	else if (demand->subject.amount <= 0 || (order = order_new(demand->id)) == NULL)
		refuse(demand, CODE_MALFORMED, "malformed");
	else {
		order->amount = demand->subject.amount;
		memcpy(order->content, content, sizeof content);
		order->plan = behave(&demand->subject, PHASE_LIFE);
		answer_init(demand, "accepted", text_of(content));
		order_live(order);
	}
}

/* --- QUERY and REFUND --------------------------------------------------------- */

static void
on_query(struct demand *demand)
{
	static const char *const outcomes[] = { [ORDER_PAID] = "paid", [ORDER_PENDING] = "pending",
		[ORDER_FAILED] = "failed" };
	struct arena *arena = demand->request->arena;
	const struct order *order = order_find(demand->id);
	struct text amount, transaction, members;

	if (order == NULL || demand->conduct.deed == DO_NOT_FOUND) {
		refuse(demand, CODE_UNKNOWN, "not_found");
		return;
	}
	amount = arena_printf(arena, "%lld", (long long)(order->state == ORDER_PAID ? order->paid_amount : order->amount));
	transaction = order->transaction[0] != '\0' ? text_of(order->transaction) : TEXT_NONE;
	members = arena_printf(arena, ",\"TrangThaiGD\":%d,\"SoTien\":%.*s", order->state, TEXT_ARG(amount));
	if (!text_is_absent(transaction))
		members = arena_printf(arena, "%.*s,\"MaGiaoDich\":\"%.*s\"", TEXT_ARG(members), TEXT_ARG(transaction));
	answer(demand, CODE_OK, outcomes[order->state], members, amount, transaction, NULL);
}

static void
answer_refund(struct demand *demand, const char *outcome, const char *transaction, struct text original)
{
	struct text id = text_of(transaction);

	answer(demand, CODE_OK, outcome, arena_printf(demand->request->arena, ",\"MaGiaoDich\":\"%s\"", transaction),
	    TEXT_NONE, id, (struct extra[3]){ { "transaction", id }, { "original", original } });
}

static void
refund_make(struct order *refund, struct order *original, int64_t amount)
{
	refund->is_refund = true;
	refund->amount = refund->paid_amount = amount;
	refund->state = ORDER_PAID;
	order_transaction(refund, 0, refund->transaction);
	if (original != NULL)
		original->refunded_amount += amount;
}

static void
on_refund(struct demand *demand)
{
	struct text original_id = doc_get_text(demand->body, "MaThamChieuGoc");
	struct order *original = order_find(original_id), *refund = order_find(demand->id);
	int64_t amount = demand->subject.amount;

	if (refund != NULL && (refund->amount != amount || !refund->is_refund))
		refuse(demand, CODE_CONFLICT, "conflict");
	else if (refund != NULL)
		answer_refund(demand, "repeated", refund->transaction, original_id);
	else if (original == NULL || original->is_refund)
		refuse(demand, CODE_UNKNOWN, "not_found");
	else if (original->state != ORDER_PAID || amount > original->paid_amount - original->refunded_amount)
		refuse(demand, CODE_NOT_PAID, "not_paid");
	else if (demand->conduct.deed == DO_FORGET) {
		char transaction[TRANSACTION_BYTES];

		order_transaction(original, -1, transaction);
		answer_refund(demand, "forgotten", transaction, original_id);
	} else if (amount <= 0 || (refund = order_new(demand->id)) == NULL)
		refuse(demand, CODE_MALFORMED, "malformed");
	else {
		refund_make(refund, original, amount);
		answer_refund(demand, "accepted", refund->transaction, original_id);
	}
}

/* --- the door ----------------------------------------------------------------- */

static const struct door {
	const char	*path, *op, *kind;
	bool		has_key;
	void		(*handle)(struct demand *demand);
} doors[] = {
	{ "/payment/init", "init", "INIT", true, on_init },
	{ "/payment/query", "query", "QUERY", false, on_query },
	{ "/payment/refund", "refund", "REFUND", true, on_refund },
};

static void
demand_handle(struct demand *demand, const struct door *door)
{
	struct text key = web_header(demand->request, "Idempotency-Key");

	if (!text_is(doc_get_text(demand->body, "LoaiBanTin"), door->kind) || demand->id.n == 0 ||
	    (door->has_key && !text_is_equal(key, demand->id)))
		serve_bad(demand->request, &demand->subject, "LoaiBanTin, MaThamChieu and an Idempotency-Key equal to it");
	else if (!is_signed(demand))
		refuse(demand, CODE_SIGNATURE, "bad_signature");
	else if (!serve_fault(demand->request, &demand->subject, &demand->conduct))
		door->handle(demand);
}

void
payment_request(struct request *request)
{
	struct demand demand = { .request = request, .body = serve_body(request) };
	const struct doc_node *bill = doc_get(demand.body, "ThongTinBienLai");

	demand.id = doc_get_text(demand.body, "MaThamChieu");
	demand.subject = (struct subject){ .service = SERVICE_PAYMENT, .op = "none", .key = demand.id,
	    .dossier = sim_dossier_of(demand.id), .procedure = doc_get_text(bill, "MaTTHC"),
	    .agency = doc_get_text(bill, "MaDonVi") };
	doc_get_int64(demand.body, "SoTien", &demand.subject.amount);
	for (size_t i = 0; i < sizeof doors / sizeof doors[0]; i++)
		if (strcmp(request->path, doors[i].path) == 0) {
			demand.subject.op = doors[i].op;
			demand.conduct = behave(&demand.subject, PHASE_ANSWER);
			demand_handle(&demand, &doors[i]);
			return;
		}
	serve_bad(request, &demand.subject, "no such operation");
}

bool
payment_force(struct text id, int64_t amount, bool fails)
{
	struct order *order = order_find(id);

	if (order == NULL || order->is_refund)
		return false;
	timer_stop(&order->timer);
	order_pay(order, amount, fails);
	return true;
}

/* --- a former life ------------------------------------------------------------ */

static void
recall(const struct doc_node *line)
{
	struct text op = doc_get_text(line, "op"), id = doc_get_text(line, "key"), outcome = doc_get_text(line, "outcome");
	struct order *order = order_find(id);
	int64_t amount = 0;

	doc_get_int64(line, "amount", &amount);
	if (text_is(op, "pay") && order != NULL)
		order_recall(order, doc_get_text(line, "transaction"), amount, text_is(outcome, "failed"),
		    doc_get_text(line, "at"));
	if (!text_is(outcome, "accepted") || order != NULL || (order = order_new(id)) == NULL)
		return;
	if (text_is(op, "refund"))
		refund_make(order, order_find(doc_get_text(line, "original")), amount);
	else {
		struct subject about = { .service = SERVICE_PAYMENT, .op = "init", .key = text_of(order->id),
		    .dossier = sim_dossier_of(text_of(order->id)), .amount = amount,
		    .procedure = doc_get_text(line, "procedure"), .agency = doc_get_text(line, "agency") };

		order->amount = amount;
		snprintf(order->content, sizeof order->content, "%.*s", TEXT_ARG(doc_get_text(line, "content")));
		order->plan = behave(&about, PHASE_LIFE);
	}
}

static void
go_on(const struct doc_node *line)
{
	struct order *order = order_find(doc_get_text(line, "key"));

	if (order != NULL && text_is(doc_get_text(line, "outcome"), "accepted") && text_is(doc_get_text(line, "op"), "init"))
		order_live(order);
}

void
payment_open(void)
{
	ledger_read(SERVICE_PAYMENT, recall);
	ledger_read(SERVICE_PAYMENT, go_on);
}
