/*
 * objects - the store of attachments, for reading.
 *
 * Nothing is stored: an object's name says what it contains (see content.h).
 */
#include "content.h"
#include "serve.h"

void
objects_request(struct request *request)
{
	struct text name = text_of(request->path + strlen("/objects/"));
	struct subject subject = { .service = SERVICE_OBJECTS, .op = "get", .key = name, .name = name };
	struct conduct conduct = behave(&subject, PHASE_ANSWER);
	struct reply reply = { .status = 200, .outcome = "sent", .content = name };

	if (serve_fault(request, &subject, &conduct))
		return;
	if (conduct.deed == DO_NOT_FOUND || !content_size(name, &reply.content_bytes)) {
		reply = (struct reply){ .status = 404, .outcome = "not_found", .body = TEXT("{\"error\":\"no such object\"}") };
	} else if (conduct.deed == DO_WRONG_BYTES) {
		reply.outcome = "wrong_bytes";
		reply.content = arena_printf(request->arena, "~%.*s", TEXT_ARG(name));
	} else if (conduct.deed == DO_SHORT && reply.content_bytes > 0) {
		reply.outcome = "short";
		reply.content_bytes--;
	} else if (conduct.deed == DO_LONG) {
		reply.outcome = "long";
		reply.content_bytes++;
	}
	serve_answer(request, &subject, &conduct, &reply);
}
