/*
 * control - the paths for whoever runs the test.
 *
 *	GET /health                 up, and whether the bridges are
 *	GET /counts                 counters of every service
 *	GET /ledger/<service>       lines of JSON
 *	POST /behaviour             more rules, or other ones
 *	POST /pay {"order":"…"}     the citizen pays now
 */
#include <unistd.h>

#include "bridge.h"
#include "serve.h"

static const char ledger_path[] = "/ledger/";

static void
health(struct request *request)
{
	const char *bridge = !bridge_is_open() ? "none" : bridge_is_reading() ? "up" : "waiting";

	serve_plain(request, 200, arena_printf(request->arena,
	    "{\"status\":\"up\",\"bridge\":\"%s\",\"rules\":%zu}\n", bridge, behave_rules()));
}

static void
counts(struct request *request)
{
	struct buf buf = buf_in(request->arena);

	ledger_counts(&buf);
	serve_plain(request, 200, buf_get(&buf));
}

static void
ledger(struct request *request)
{
	enum service service = service_find(text_of(request->path + strlen(ledger_path)));
	struct answer answer = { .status = 200, .type = "application/x-ndjson", .has_file = true };
	int64_t size = 0;

	if (service == SERVICES) {
		serve_plain(request, 404, TEXT("{\"error\":\"no such service\"}\n"));
		return;
	}
	answer.file = ledger_file(service, &size);
	answer.file_bytes = (size_t)size;
	if (size == 0) {
		if (answer.file != -1)
			close(answer.file);
		answer = (struct answer){ .status = 200, .type = answer.type, .body = TEXT("") };
	}
	web_answer(request, &answer);
}

static void
behaviour(struct request *request)
{
	struct err err;

	if (behave_load(request->body, &err) != FAULT_NONE) {
		struct buf buf = buf_in(request->arena);

		buf_puts(&buf, "{\"error\":");
		buf_json_text(&buf, text_of(err.text));
		buf_puts(&buf, "}\n");
		serve_plain(request, 400, buf_get(&buf));
		return;
	}
	serve_plain(request, 200, arena_printf(request->arena, "{\"rules\":%zu}\n", behave_rules()));
}

static void
pay(struct request *request)
{
	const struct doc_node *body = serve_body(request);
	int64_t amount = 0;

	doc_get_int64(body, "amount", &amount);
	if (payment_force(doc_get_text(body, "order"), amount, text_is(doc_get_text(body, "outcome"), "failed")))
		serve_plain(request, 200, TEXT("{\"paid\":true}\n"));
	else
		serve_plain(request, 404, TEXT("{\"error\":\"no such order\"}\n"));
}

void
control_request(struct request *request)
{
	bool is_post = strcmp(request->method, "POST") == 0;

	if (!is_post && strcmp(request->path, "/health") == 0)
		health(request);
	else if (!is_post && strcmp(request->path, "/counts") == 0)
		counts(request);
	else if (!is_post && strncmp(request->path, ledger_path, strlen(ledger_path)) == 0)
		ledger(request);
	else if (is_post && strcmp(request->path, "/behaviour") == 0)
		behaviour(request);
	else if (is_post && strcmp(request->path, "/pay") == 0)
		pay(request);
	else
		serve_plain(request, 404, TEXT("{\"error\":\"no such path\"}\n"));
}
