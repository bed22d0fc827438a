/*
 * digest - SHA-256, random bytes and derived identifiers; the only module
 * that includes OpenSSL's digest headers.
 */
#ifndef DIGEST_H
#define DIGEST_H

#include <stdint.h>

#include "text.h"

enum { DIGEST_BYTES = 32, SALT_BYTES = 16, INPUT_BYTES = 16, UUID_BYTES = 16, UUID_TEXT_BYTES = 37 };

/* An incremental digest; every part goes in length-prefixed unless said otherwise. */
struct digest;

struct digest *digest_new(void);
void digest_free(struct digest *digest);
void digest_begin(struct digest *digest);
void digest_raw(struct digest *digest, const void *bytes, size_t n);
void digest_lp(struct digest *digest, struct text t);
void digest_end(struct digest *digest, uint8_t out[DIGEST_BYTES]);

/* One shot over plain bytes. */
void digest_bytes(const void *bytes, size_t n, uint8_t out[DIGEST_BYTES]);

/* SHA-256 over salt and bytes: what a journal says about a content. */
void digest_salted(const uint8_t salt[SALT_BYTES], struct text body, uint8_t out[DIGEST_BYTES]);

/*
 * The dossier id of a submission: UUIDv8 from SHA-256 over the length-prefixed
 * source and id of its CloudEvent, so that a portal computes it before it
 * hears from us.
 */
void dossier_id_derive(struct text source, struct text id, uint8_t out[UUID_BYTES]);

/* What the dossier row remembers of an outside message. */
void input_digest(struct text source, struct text id, uint8_t out[INPUT_BYTES]);

void random_bytes(void *out, size_t n);

void uuid_to_text(const uint8_t uuid[UUID_BYTES], char out[UUID_TEXT_BYTES]);
bool uuid_from_text(struct text t, uint8_t out[UUID_BYTES]);

#endif
