/*
 * intake_event - what the events of a submission say, and the digest of its content.  Pure.
 *
 * Journals carry a salted digest of the content and never the content; the
 * salt is kept beside the content and goes when it goes (promise 13).
 */
#ifndef INTAKE_EVENT_H
#define INTAKE_EVENT_H

#include "event.h"
#include "intake_rules.h"
#include "job.h"

/*
 * Nobody can guess it without the process's secret, and one message has one
 * salt in one process: it is recorded with the content, not drawn in decide.
 */
void intake_salt_make(struct digest *digest, const uint8_t secret[DIGEST_BYTES], const struct job *job,
    uint8_t salt[SALT_BYTES]);

/* SHA-256 over salt, LP(type), LP(data as it came), hexadecimal. */
struct text intake_content_digest(struct digest *digest, struct arena *arena, const struct job *job,
    const uint8_t salt[SALT_BYTES]);

/* What registered and rejected have in common: whence, when, which content. */
void intake_put_submission(struct event *event, const struct job *job, struct text digest);

/* The law it was received under, and what was declared of it. */
void intake_put_law(struct event *event, const struct doc_node *data, const struct intake_verdict *verdict);

#endif
