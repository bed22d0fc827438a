/* digest - see digest.h. */
#include "digest.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>

#include "err.h"
#include "mem.h"

/* Records are hashed in some seventy pieces of a few bytes: a call for each costs more than hashing them. */
enum { GATHERED_BYTES = 2048 };

struct digest {
	EVP_MD_CTX	*ctx;
	EVP_MD		*md;	/* fetched once: looking it up costs more than hashing */
	size_t		n;	/* gathered, and not hashed yet */
	uint8_t		gathered[GATHERED_BYTES];
};

struct digest *
digest_new(void)
{
	struct digest *digest = mem_new(1, sizeof *digest);

	digest->ctx = EVP_MD_CTX_new();
	digest->md = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (digest->ctx == NULL || digest->md == NULL)
		bug("no SHA-256");
	return digest;
}

void
digest_free(struct digest *digest)
{
	if (digest == NULL)
		return;
	EVP_MD_CTX_free(digest->ctx);
	EVP_MD_free(digest->md);
	free(digest);
}

void
digest_begin(struct digest *digest)
{
	if (EVP_DigestInit_ex2(digest->ctx, digest->md, NULL) != 1)
		bug("digest init");
	digest->n = 0;
}

static void
update(struct digest *digest, const void *bytes, size_t n)
{
	if (n > 0 && EVP_DigestUpdate(digest->ctx, bytes, n) != 1)
		bug("digest update");
}

void
digest_raw(struct digest *digest, const void *bytes, size_t n)
{
	if (n > GATHERED_BYTES - digest->n) {
		update(digest, digest->gathered, digest->n);
		digest->n = 0;
		if (n > GATHERED_BYTES) {
			update(digest, bytes, n);
			return;
		}
	}
	if (n > 0)
		memcpy(digest->gathered + digest->n, bytes, n);
	digest->n += n;
}

void
digest_lp(struct digest *digest, struct text t)
{
	uint8_t length[4] = { (uint8_t)(t.n >> 24), (uint8_t)(t.n >> 16), (uint8_t)(t.n >> 8),
	    (uint8_t)t.n };

	digest_raw(digest, length, sizeof length);
	digest_raw(digest, t.s, t.n);
}

void
digest_end(struct digest *digest, uint8_t out[DIGEST_BYTES])
{
	update(digest, digest->gathered, digest->n);
	digest->n = 0;
	if (EVP_DigestFinal_ex(digest->ctx, out, NULL) != 1)
		bug("digest final");
}

/* For one-shot calls: making a context costs more than hashing.  One thread. */
static struct digest *
shared(void)
{
	static struct digest *digest;

	if (digest == NULL)
		digest = digest_new();
	digest_begin(digest);
	return digest;
}

void
digest_bytes(const void *bytes, size_t n, uint8_t out[DIGEST_BYTES])
{
	struct digest *digest = shared();

	digest_raw(digest, bytes, n);
	digest_end(digest, out);
}

void
digest_salted(const uint8_t salt[SALT_BYTES], struct text body, uint8_t out[DIGEST_BYTES])
{
	struct digest *digest = shared();

	digest_raw(digest, salt, SALT_BYTES);
	digest_raw(digest, body.s, body.n);
	digest_end(digest, out);
}

static void
derive(struct text source, struct text id, uint8_t out[DIGEST_BYTES])
{
	struct digest *digest = shared();

	digest_lp(digest, source);
	digest_lp(digest, id);
	digest_end(digest, out);
}

void
dossier_id_derive(struct text source, struct text id, uint8_t out[UUID_BYTES])
{
	uint8_t full[DIGEST_BYTES];

	derive(source, id, full);
	memcpy(out, full, UUID_BYTES);
	out[6] = (uint8_t)((out[6] & 0x0f) | 0x80);
	out[8] = (uint8_t)((out[8] & 0x3f) | 0x80);
}

void
input_digest(struct text source, struct text id, uint8_t out[INPUT_BYTES])
{
	uint8_t full[DIGEST_BYTES];

	derive(source, id, full);
	memcpy(out, full, INPUT_BYTES);
}

void
random_bytes(void *out, size_t n)
{
	if (RAND_bytes(out, (int)n) != 1)
		bug("no random bytes");
}

void
uuid_to_text(const uint8_t uuid[UUID_BYTES], char out[UUID_TEXT_BYTES])
{
	static const int ends[] = { 4, 6, 8, 10, UUID_BYTES };
	int from = 0;

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		size_t n = (size_t)(ends[i] - from);

		text_hex(uuid + from, n, out);
		out += 2 * n;
		if (ends[i] < UUID_BYTES)
			*out++ = '-';
		from = ends[i];
	}
}

bool
uuid_from_text(struct text t, uint8_t out[UUID_BYTES])
{
	char hex[2 * UUID_BYTES];
	size_t n = 0;

	if (t.n != UUID_TEXT_BYTES - 1)
		return false;
	for (size_t i = 0; i < t.n; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash != (t.s[i] == '-'))
			return false;
		if (!dash)
			hex[n++] = t.s[i];
	}
	return text_unhex((struct text){ hex, n }, out, UUID_BYTES);
}
