/*
 * postal - the public postal operator: orders and their tracking.
 *
 * An order is idempotent by its OrderNumber: "100" the first time, then "101"
 * with the same ItemCode.  A parcel then goes its way (postal_parcel.c).
 */
#include "postal_parcel.h"
#include "serve.h"

static bool
has_address(const struct doc_node *body)
{
	static const char *const needed[] = { "ReceiverName", "ReceiverAddress", "ReceiverTel", "ReceiverProvince" };

	for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
		if (doc_get_text(body, needed[i]).n == 0)
			return false;
	return true;
}

static struct text
put_text(struct arena *arena, struct text before, struct text value)
{
	struct buf buf = buf_in(arena);

	buf_text(&buf, before);
	buf_json_text(&buf, value);
	return buf_get(&buf);
}

static void
answer(struct request *request, const struct subject *subject, const struct conduct *conduct, const char *status,
    const char *outcome, const struct parcel *parcel)
{
	struct reply reply = { .status = 200, .outcome = outcome };

	reply.body = arena_printf(request->arena, "{\"Status\":\"%s\",\"Message\":\"%s\",\"OrderNumber\":", status, outcome);
	reply.body = put_text(request->arena, reply.body, subject->key);
	if (parcel != NULL) {
		reply.body = arena_printf(request->arena, "%.*s,\"ItemCode\":\"%s\"", TEXT_ARG(reply.body),
		    parcel->item_code);
		reply.extra[0] = (struct extra){ "item_code", text_of(parcel->item_code) };
		reply.extra[1] = (struct extra){ "agency", subject->agency };
		reply.extra[2] = (struct extra){ "way", text_of(deed_names[parcel->plan.deed]) };
	}
	if (parcel != NULL && strcmp(subject->op, "query") == 0)
		reply.body = arena_printf(request->arena, "%.*s,\"State\":\"%s\"", TEXT_ARG(reply.body), parcel->state);
	reply.body = arena_printf(request->arena, "%.*s}", TEXT_ARG(reply.body));
	serve_answer(request, subject, conduct, &reply);
}

static void
order(struct request *request)
{
	const struct doc_node *body = serve_body(request);
	struct text id = doc_get_text(body, "OrderNumber");
	struct subject subject = { .service = SERVICE_POSTAL, .op = "order", .key = id,
	    .dossier = sim_dossier_of(id), .agency = doc_get_text(body, "CustomerCode"),
	    .number = doc_get_text(body, "ReceiverTel") };
	struct parcel *parcel = parcel_find(id);
	struct conduct conduct;

	doc_get_int64(body, "CODAmount", &subject.amount);
	if (id.n == 0 || !text_is_equal(id, web_header(request, "Idempotency-Key"))) {
		serve_bad(request, &subject, "OrderNumber and an Idempotency-Key equal to it");
		return;
	}
	conduct = behave(&subject, PHASE_ANSWER);
	if (serve_fault(request, &subject, &conduct))
		return;
	if (parcel != NULL)
		answer(request, &subject, &conduct, "101", "repeated", parcel);
	else if (!has_address(body))
		answer(request, &subject, &conduct, "400", "bad_address", NULL);
	else if (conduct.deed == DO_FORGET)
		answer(request, &subject, &conduct, "100", "forgotten", &(struct parcel){ .item_code = "EA000000005VN" });
	else if ((parcel = parcel_new(id)) == NULL)
		answer(request, &subject, &conduct, "400", "malformed", NULL);
	else {
		parcel->plan = behave(&subject, PHASE_LIFE);
		answer(request, &subject, &conduct, "100", "accepted", parcel);
		parcel_live(parcel);
	}
}

static void
query(struct request *request, struct text id)
{
	struct subject subject = { .service = SERVICE_POSTAL, .op = "query", .key = id, .dossier = sim_dossier_of(id) };
	struct conduct conduct = behave(&subject, PHASE_ANSWER);
	const struct parcel *parcel = conduct.deed != DO_NOT_FOUND ? parcel_find(id) : NULL;

	if (serve_fault(request, &subject, &conduct))
		return;
	answer(request, &subject, &conduct, parcel != NULL ? "100" : "404", parcel != NULL ? parcel->state : "not_found",
	    parcel);
}

void
postal_request(struct request *request)
{
	static const char orders[] = "/postal/orders";
	const char *rest = request->path + strlen(orders);

	if (strcmp(request->path, orders) == 0 && strcmp(request->method, "POST") == 0)
		order(request);
	else if (strncmp(request->path, orders, strlen(orders)) == 0 && rest[0] == '/' &&
	    strcmp(request->method, "GET") == 0)
		query(request, text_of(rest + 1));
	else
		serve_plain(request, 404, TEXT("{\"error\":\"no such operation\"}\n"));
}

/* --- a former life ------------------------------------------------------------ */

static void
recall(const struct doc_node *line)
{
	struct text op = doc_get_text(line, "op"), id = doc_get_text(line, "key"), number = doc_get_text(line, "update");
	struct parcel *parcel = parcel_find(id);
	enum deed way;
	int64_t step;

	if (text_is(op, "update") && parcel != NULL && text_to_int64(number, &step))
		parcel_recall(parcel, step, doc_get_text(line, "at"));
	if (!text_is(doc_get_text(line, "outcome"), "accepted") || !text_is(op, "order") || parcel != NULL ||
	    (parcel = parcel_new(id)) == NULL)
		return;
	parcel->plan = behave(&(struct subject){ .service = SERVICE_POSTAL, .op = "order", .key = text_of(parcel->id),
	    .dossier = sim_dossier_of(text_of(parcel->id)), .agency = doc_get_text(line, "agency") }, PHASE_LIFE);
	/* The dice knew more than the ledger keeps: the telephone, the amount. */
	if ((way = deed_find(doc_get_text(line, "way"))) != DEED_N)
		parcel->plan.deed = way;
}

static void
go_on(const struct doc_node *line)
{
	struct parcel *parcel = parcel_find(doc_get_text(line, "key"));

	if (parcel != NULL && text_is(doc_get_text(line, "op"), "order") &&
	    text_is(doc_get_text(line, "outcome"), "accepted"))
		parcel_live(parcel);
}

void
postal_open(void)
{
	ledger_read(SERVICE_POSTAL, recall);
	ledger_read(SERVICE_POSTAL, go_on);
}
