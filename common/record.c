/* record - see record.h. */
#include "record.h"

#include <strings.h>

enum { ABSENT = 0xff };

bool
record_header(struct record *record, const char *name, struct text value)
{
	if (record->n_headers == RECORD_HEADERS_MAX)
		return false;
	record->headers[record->n_headers++] = (struct header){ text_of(name), value };
	return true;
}

struct text
record_find(const struct record *record, const char *name)
{
	size_t n = strlen(name);

	for (int i = 0; i < record->n_headers; i++) {
		const struct header *h = &record->headers[i];

		/* Nearly all of ours begin alike: their ends tell them apart. */
		if (h->name.n == n && n > 0 && ((h->name.s[n - 1] ^ name[n - 1]) & ~0x20) == 0 &&
		    strncasecmp(h->name.s, name, n) == 0)
			return h->value;
	}
	return TEXT_NONE;
}

struct text
record_place(struct arena *arena, const char *name, int partition, int64_t number)
{
	char digits[2][TEXT_DECIMAL_BYTES];
	size_t n = strlen(name), n_partition = text_decimal(partition, digits[0]), n_number = text_decimal(number, digits[1]);
	char *p = arena_take(arena, n + n_partition + n_number + 3, 1);

	memcpy(p, name, n);
	p[n] = '/';
	memcpy(p + n + 1, digits[0], n_partition);
	p[n + 1 + n_partition] = '/';
	memcpy(p + n + 2 + n_partition, digits[1], n_number);
	return (struct text){ p, n + n_partition + n_number + 2 };
}

static void
put32(struct buf *buf, uint32_t v)
{
	unsigned char bytes[4] = { (unsigned char)(v >> 24), (unsigned char)(v >> 16),
	    (unsigned char)(v >> 8), (unsigned char)v };

	buf_put(buf, bytes, sizeof bytes);
}

/* An absent run is told from an empty one by a length that cannot be. */
void
record_pack_run(struct buf *buf, struct text t)
{
	if (t.s == NULL)
		put32(buf, UINT32_MAX);
	else
		buf_lp(buf, t.s, t.n);
}

void
record_pack(const struct record *record, struct buf *buf)
{
	record_pack_run(buf, record->key);
	put32(buf, (uint32_t)record->n_headers);
	for (int i = 0; i < record->n_headers; i++) {
		record_pack_run(buf, record->headers[i].name);
		record_pack_run(buf, record->headers[i].value);
	}
	record_pack_run(buf, record->value);
}

static bool
take32(struct text bytes, size_t *at, uint32_t *out)
{
	const unsigned char *p = (const unsigned char *)bytes.s + *at;

	if (bytes.n - *at < 4)
		return false;
	*out = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
	*at += 4;
	return true;
}

bool
lp_take(struct text bytes, size_t *at, struct text *out)
{
	uint32_t n;

	if (!take32(bytes, at, &n))
		return false;
	if (n == UINT32_MAX) {
		*out = TEXT_NONE;
		return true;
	}
	if (bytes.n - *at < n)
		return false;
	*out = (struct text){ bytes.s + *at, n };
	*at += n;
	return true;
}

bool
record_unpack(struct text packed, struct record *out)
{
	size_t at = 0;
	uint32_t n;

	memset(out, 0, sizeof *out);
	if (!lp_take(packed, &at, &out->key) || !take32(packed, &at, &n) || n > RECORD_HEADERS_MAX)
		return false;
	for (uint32_t i = 0; i < n; i++)
		if (!lp_take(packed, &at, &out->headers[i].name) ||
		    !lp_take(packed, &at, &out->headers[i].value))
			return false;
	out->n_headers = (int)n;
	return lp_take(packed, &at, &out->value) && at == packed.n;
}
