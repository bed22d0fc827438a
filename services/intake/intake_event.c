/* intake_event - see intake_event.h. */
#include "intake_event.h"

void
intake_salt_make(struct digest *digest, const uint8_t secret[DIGEST_BYTES], const struct job *job,
    uint8_t salt[SALT_BYTES])
{
	uint8_t full[DIGEST_BYTES];

	digest_begin(digest);
	digest_raw(digest, secret, DIGEST_BYTES);
	digest_lp(digest, (struct text){ (const char *)job->dossier, UUID_BYTES });
	digest_lp(digest, job->ce_source);
	digest_lp(digest, job->ce_id);
	digest_end(digest, full);
	memcpy(salt, full, SALT_BYTES);
}

struct text
intake_content_digest(struct digest *digest, struct arena *arena, const struct job *job,
    const uint8_t salt[SALT_BYTES])
{
	char *hex = arena_take(arena, 2 * DIGEST_BYTES + 1, 1);
	uint8_t full[DIGEST_BYTES];

	digest_begin(digest);
	digest_raw(digest, salt, SALT_BYTES);
	digest_lp(digest, job->ce_type);
	digest_lp(digest, job->record.value);
	digest_end(digest, full);
	text_hex(full, sizeof full, hex);
	return (struct text){ hex, 2 * DIGEST_BYTES };
}

void
intake_put_submission(struct event *event, const struct job *job, struct text digest)
{
	event->home = job->lane;
	event->input = TEXT_NONE;	/* the dossier's id is the digest of it already */
	event->source = job->ce_source;
	event->submission = job->ce_id;
	event->received_at = job->place.at;
	event->digest = digest;
}

void
intake_put_law(struct event *event, const struct doc_node *data, const struct intake_verdict *verdict)
{
	event->procedure = verdict->procedure->code;
	event->procedure_version = verdict->procedure->version;
	event->agency = verdict->agency->code;
	event->level = doc_get_text(verdict->procedure->body, "level");
	event->rule_set = text_of(intake_rule_set(verdict->procedure, verdict->agency));
	event->case_code = doc_get_text(data, "case");
	event->channel = doc_get_text(data, "channel");
	event->applicant_kind = doc_get_text(doc_get(data, "applicant"), "kind");
	event->language = doc_get_text(data, "language");
	if (text_is_absent(event->language))
		event->language = TEXT("vi");
	event->exemption = doc_get_text(data, "exemption");
	event->delivery = doc_get_text(doc_get(data, "delivery"), "method");
	event->round = 0;
}
