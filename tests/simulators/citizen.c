/*
 * citizen - the applicant at the portal, who supplies what is asked for.
 *
 * Each missing component is one file, which the object store has because its
 * name says what it contains.
 */
#include <stdio.h>

#include "actor.h"
#include "content.h"
#include "table.h"

static void
send(const struct cause *cause, const char *type, struct text value, const char *outcome)
{
	struct message message = { .topic = "citizen.requests", .type = type, .value = value,
	    .source = sim_options.portal != NULL ? text_of(sim_options.portal) : cause->facts.source,
	    .id = arena_printf(cause->arena, "%s:%.*s", outcome, TEXT_ARG(cause->id)) };

	if (text_is_absent(message.source))
		actor_leave(cause, "no_portal");
	else
		actor_send(cause, &message, outcome);
}

static void
put_component(struct buf *buf, const struct cause *cause, struct text code)
{
	int64_t size = behave_setting(SERVICE_CITIZEN, SET_BYTES);
	uint64_t hash = hash_text(hash_text(0, cause->id), code);
	struct text name = arena_printf(cause->arena, "sup-%08x-%lld", (unsigned)hash, (long long)size);
	char sha256[SHA256_HEX_BYTES];

	content_sha256(name, (size_t)size, sha256);
	buf_puts(buf, "{\"code\":");
	buf_json_text(buf, code);
	buf_printf(buf, ",\"kind\":\"copy\",\"files\":[{\"name\":\"%.*s.pdf\",\"uri\":\"%.*s\",\"size\":%lld,"
	    "\"sha256\":\"%s\",\"media_type\":\"application/pdf\"}]}", TEXT_ARG(name), TEXT_ARG(name),
	    (long long)size, sha256);
}

static struct text
components_write(const struct cause *cause)
{
	const struct doc_node *missing = doc_get(cause->data, "missing");
	size_t n = cause->plan.deed == DO_PARTIAL && doc_length(missing) > 1 ? 1 : doc_length(missing);
	struct buf buf = buf_in(cause->arena);

	buf_puts(&buf, "[");
	for (size_t i = 0; i < n; i++) {
		buf_puts(&buf, i > 0 ? "," : "");
		put_component(&buf, cause, doc_text(doc_at(missing, i)));
	}
	buf_puts(&buf, "]");
	return buf_get(&buf);
}

static void
on_asked(const struct cause *cause)
{
	struct text components;

	if (cause->plan.deed == DO_WITHDRAW) {
		send(cause, "vn.dossier.withdrawal_requested.v1", TEXT("{\"reason\":\"Không còn nhu cầu\"}"), "withdraw");
		return;
	}
	components = !text_is_absent(cause->plan.components) ? cause->plan.components : components_write(cause);
	send(cause, "vn.dossier.supplemented.v1",
	    arena_printf(cause->arena, "{\"components\":%.*s}", TEXT_ARG(components)), "supplement");
}

static const struct duty duties[] = {
	{ "vn.dossier.casework.supplement_requested.v1", "supplement", on_asked },
	{ NULL, NULL, NULL }
};

void
citizen_see(const struct arrival *arrival)
{
	actor_take(SERVICE_CITIZEN, duties, arrival);
}
