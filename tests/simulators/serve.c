/* serve - see serve.h. */
#include "serve.h"

enum { LATE_MS = 10000, DRIP_MS = 100 };

static const char html[] = "<!DOCTYPE html><html><head><title>Bao tri</title></head>"
    "<body><h1>He thong dang bao tri</h1></body></html>\n";

const struct doc_node *
serve_body(struct request *request)
{
	const struct doc_node *root;
	struct doc_error why;

	if (doc_parse(request->arena, request->body, NULL, &root, &why) != FAULT_NONE)
		return NULL;
	return root;
}

static int64_t
latency_ms(const struct subject *subject)
{
	return behave_setting(subject->service, SET_LATENCY);
}

static void
note(const struct subject *subject, const struct conduct *conduct, const char *outcome, int status,
    const struct extra extra[4])
{
	struct entry entry = { .about = subject, .outcome = outcome, .status = status, .is_request = true };

	if (conduct->deed != DO_NORMAL)
		entry.deed = deed_names[conduct->deed];
	if (extra != NULL)
		memcpy(entry.extra, extra, sizeof entry.extra);
	ledger_note(&entry);
}

bool
serve_fault(struct request *request, const struct subject *subject, const struct conduct *conduct)
{
	struct answer answer = { .status = 200, .delay_ms = latency_ms(subject) };

	if (conduct->deed == DO_FAIL) {
		answer.status = conduct->status != 0 ? (int)conduct->status : 503;
		answer.body = TEXT("{\"error\":\"unavailable\"}");
	} else if (conduct->deed == DO_HANG) {
		answer.wire = WIRE_NONE;
		answer.delay_ms = WEB_HANG_MS;
	} else if (conduct->deed == DO_RESET)
		answer.wire = WIRE_NONE;
	else if (conduct->deed == DO_GARBAGE)
		answer.body = TEXT("{\"MaLoi\":\"00\x01\xff,,[");
	else if (conduct->deed == DO_HTML) {
		answer.body = text_of(html);
		answer.type = "text/html";
	} else
		return false;
	if (conduct->ms >= 0)
		answer.delay_ms = conduct->ms;
	note(subject, conduct, "fault", answer.wire == WIRE_NONE ? 0 : answer.status, NULL);
	web_answer(request, &answer);
	return true;
}

/* The effect stands; only what is told of it changes. */
static void
spoil(struct answer *answer, const struct conduct *conduct)
{
	switch (conduct->deed) {
	case DO_LATE:
		answer->delay_ms = LATE_MS;
		break;
	case DO_DROP:
		answer->wire = WIRE_NONE;
		break;
	case DO_FAIL_AFTER:
		answer->status = conduct->status != 0 ? (int)conduct->status : 503;
		answer->content = TEXT_NONE;
		answer->body = TEXT("{\"error\":\"unavailable\"}");
		break;
	case DO_HALF:
		answer->wire = WIRE_HALF;
		break;
	case DO_ENDLESS:
		answer->wire = WIRE_ENDLESS;
		break;
	case DO_DRIP:
		answer->wire = WIRE_DRIP;
		answer->drip_ms = conduct->ms > 0 ? conduct->ms : DRIP_MS;
		return;
	default:
		break;
	}
	if (conduct->ms >= 0)
		answer->delay_ms = conduct->ms;
}

void
serve_answer(struct request *request, const struct subject *subject, const struct conduct *conduct,
    const struct reply *reply)
{
	struct answer answer = { .status = reply->status, .body = reply->body, .content = reply->content,
	    .content_bytes = reply->content_bytes, .delay_ms = latency_ms(subject) };

	if (reply->content.s != NULL)
		answer.type = "application/octet-stream";
	spoil(&answer, conduct);
	note(subject, conduct, reply->outcome, answer.wire == WIRE_NONE ? 0 : answer.status, reply->extra);
	web_answer(request, &answer);
}

void
serve_bad(struct request *request, const struct subject *subject, const char *why)
{
	struct answer answer = { .status = 400 };

	answer.body = arena_printf(request->arena, "{\"MaLoi\":\"400\",\"error\":\"%s\"}", why);
	note(subject, &(struct conduct){ .deed = DO_NORMAL }, "bad_request", 400, NULL);
	web_answer(request, &answer);
}

void
serve_plain(struct request *request, int status, struct text body)
{
	web_answer(request, &(struct answer){ .status = status, .body = body });
}
