/* content - see content.h. */
#include "content.h"

#include "digest.h"

enum { CHUNK_BYTES = 32 * 1024, NAME_MAX_BYTES = 1024 };

bool
content_size(struct text name, size_t *out)
{
	size_t from = name.n;
	int64_t size;

	while (from > 0 && name.s[from - 1] >= '0' && name.s[from - 1] <= '9')
		from--;
	if (from == 0 || from == name.n || name.s[from - 1] != '-' || name.n > NAME_MAX_BYTES)
		return false;
	if (!text_to_int64((struct text){ name.s + from, name.n - from }, &size) || size > CONTENT_BYTES_MAX)
		return false;
	*out = (size_t)size;
	return true;
}

void
content_fill(struct text name, size_t pos, char *out, size_t n)
{
	size_t unit = name.n + 1, done;

	for (done = 0; done < n && done < unit; done++) {
		size_t at = (pos + done) % unit;

		out[done] = at < name.n ? name.s[at] : '\n';
	}
	while (done < n) {	/* done is a multiple of the unit here */
		size_t more = done < n - done ? done : n - done;

		memcpy(out + done, out, more);
		done += more;
	}
}

void
text_sha256(struct text t, char out[SHA256_HEX_BYTES])
{
	uint8_t digest[DIGEST_BYTES];

	digest_bytes(t.s, t.n, digest);
	text_hex(digest, sizeof digest, out);
}

void
content_sha256(struct text name, size_t size, char out[SHA256_HEX_BYTES])
{
	static char chunk[CHUNK_BYTES];
	static struct digest *digest;
	uint8_t sum[DIGEST_BYTES];

	if (digest == NULL)
		digest = digest_new();
	digest_begin(digest);
	for (size_t pos = 0; pos < size; ) {
		size_t n = size - pos < sizeof chunk ? size - pos : sizeof chunk;

		content_fill(name, pos, chunk, n);
		digest_raw(digest, chunk, n);
		pos += n;
	}
	digest_end(digest, sum);
	text_hex(sum, sizeof sum, out);
}
