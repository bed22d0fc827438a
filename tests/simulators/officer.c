/*
 * officer - the agency's case software with somebody quick in front of it.
 *
 *	opened, reopened    something missing: ask for it, which the law allows once, then refuse; else accept
 *	accepted, resumed   decide: granted, with a document
 *	counter_ready       hand the result over
 *
 * unless a rule has it refuse, deny, ask to supplement or do nothing.
 */
#include <stdio.h>

#include "actor.h"
#include "content.h"
#include "table.h"

enum { ROUNDS_MAX = 1, NAME_BYTES = 64 };

#define OFFICER "{\"officer\":{\"id\":\"officer-01\"}"
#define CITATION "Nghị định 118/2025/NĐ-CP, Điều 17"

static void
send(const struct cause *cause, const char *type, struct text value, const char *outcome)
{
	struct text agency = !text_is_absent(cause->facts.agency) ? cause->facts.agency : TEXT("officer");
	struct message message = { .topic = "agency.actions", .type = type, .value = value,
	    .source = arena_printf(cause->arena, "/agency/%.*s", TEXT_ARG(agency)),
	    .id = arena_printf(cause->arena, "%s:%.*s", cause->op, TEXT_ARG(cause->id)) };

	actor_send(cause, &message, outcome);
}

static void
supplement(const struct cause *cause, struct text components)
{
	send(cause, "vn.dossier.action.supplement.v1", arena_printf(cause->arena,
	    OFFICER ",\"components\":%.*s,\"reason\":\"missing_component\",\"citation\":\"" CITATION "\"}",
	    TEXT_ARG(components)), "supplement");
}

static void
refuse(const struct cause *cause, const char *reason)
{
	struct text told = !text_is_absent(cause->plan.reason) ? cause->plan.reason : text_of(reason);

	send(cause, "vn.dossier.action.refuse.v1", arena_printf(cause->arena,
	    OFFICER ",\"reason\":\"%.*s\",\"citation\":\"" CITATION "\"}", TEXT_ARG(told)), "refuse");
}

static void
ask_by_rule(const struct cause *cause)
{
	supplement(cause, !text_is_absent(cause->plan.components) ? cause->plan.components : TEXT("[\"TP01\"]"));
}

static void
on_open(const struct cause *cause)
{
	const struct doc_node *missing = doc_get(cause->data, "missing");
	int64_t round = 0;

	doc_get_int64(cause->data, "round", &round);
	if (cause->plan.deed == DO_REFUSE)
		refuse(cause, "not_eligible");
	else if (cause->plan.deed == DO_SUPPLEMENT)
		ask_by_rule(cause);
	else if (doc_length(missing) > 0 && round >= ROUNDS_MAX)
		refuse(cause, "not_supplemented");
	else if (doc_length(missing) > 0) {
		struct buf buf = buf_in(cause->arena);

		doc_write(&buf, missing);
		supplement(cause, buf_get(&buf));
	} else
		send(cause, "vn.dossier.action.accept.v1", TEXT(OFFICER "}"), "accept");
}

static void
grant(const struct cause *cause)
{
	int64_t size = behave_setting(SERVICE_OFFICER, SET_BYTES);
	struct text name = arena_printf(cause->arena, "result-%08x-%lld",
	    (unsigned)hash_text(0, cause->dossier), (long long)size);
	char sha256[SHA256_HEX_BYTES];

	content_sha256(name, (size_t)size, sha256);
	send(cause, "vn.dossier.action.decide.v1", arena_printf(cause->arena, OFFICER ",\"result\":\"granted\","
	    "\"document\":{\"uri\":\"%.*s\",\"sha256\":\"%s\",\"size\":%lld}}", TEXT_ARG(name), sha256,
	    (long long)size), "granted");
}

static void
on_accepted(const struct cause *cause)
{
	if (cause->plan.deed == DO_SUPPLEMENT)
		ask_by_rule(cause);
	else if (cause->plan.deed == DO_DENY)
		send(cause, "vn.dossier.action.decide.v1",
		    TEXT(OFFICER ",\"result\":\"denied\",\"citation\":\"" CITATION "\"}"), "denied");
	else
		grant(cause);
}

static void
on_counter(const struct cause *cause)
{
	send(cause, "vn.dossier.action.hand_over.v1", TEXT(OFFICER
	    ",\"receiver\":{\"relation\":\"owner\",\"document_kind\":\"identity_card\"}}"), "hand_over");
}

static const struct duty duties[] = {
	{ "vn.dossier.casework.opened.v1", "open", on_open },
	{ "vn.dossier.casework.reopened.v1", "open", on_open },
	{ "vn.dossier.casework.accepted.v1", "decide", on_accepted },
	{ "vn.dossier.casework.resumed.v1", "decide", on_accepted },
	{ "vn.dossier.dispatch.counter_ready.v1", "hand_over", on_counter },
	{ NULL, NULL, NULL }
};

void
officer_see(const struct arrival *arrival)
{
	actor_take(SERVICE_OFFICER, duties, arrival);
}
