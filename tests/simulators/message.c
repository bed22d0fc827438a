/*
 * message - the SMS gateway and the mail relay: sinks that cannot be asked afterwards.
 *
 * Whatever is accepted counts as delivered, a repeated key too: who sends
 * twice is seen twice (attempt 2 in the ledger).
 */
#include "serve.h"

static void
message_take(struct request *request, enum service service)
{
	const struct doc_node *body = serve_body(request);
	struct text key = web_header(request, "Idempotency-Key");
	struct subject subject = { .service = service, .op = "send", .key = key,
	    .dossier = sim_dossier_of(key), .number = doc_get_text(body, "to") };
	struct conduct conduct;
	struct reply reply = { .status = 202, .outcome = "sent" };

	if (text_is_absent(key) || text_is_absent(subject.number) || text_is_absent(doc_get_text(body, "text"))) {
		serve_bad(request, &subject, "Idempotency-Key, to and text are needed");
		return;
	}
	conduct = behave(&subject, PHASE_ANSWER);
	if (serve_fault(request, &subject, &conduct))
		return;
	if (conduct.deed == DO_FORGET)
		reply.outcome = "forgotten";
	reply.body = arena_printf(request->arena, "{\"id\":\"%s-%u\"}", service_names[service],
	    ledger_seen(service, subject.op, key) + 1);
	serve_answer(request, &subject, &conduct, &reply);
}

void
sms_request(struct request *request)
{
	message_take(request, SERVICE_SMS);
}

void
email_request(struct request *request)
{
	message_take(request, SERVICE_EMAIL);
}
