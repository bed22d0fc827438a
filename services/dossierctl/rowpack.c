/* rowpack - see rowpack.h. */
#include "rowpack.h"

#include <stdlib.h>

#include "digest.h"

/* Bytes of a field that has a fixed size; 0: a text. */
static size_t
field_bytes(enum db_type type)
{
	switch (type) {
	case DB_BOOL:
		return sizeof(bool);
	case DB_INT2:
	case DB_INT4:
		return sizeof(int32_t);
	case DB_INT8:
	case DB_TIME:
	case DB_DATE:
		return sizeof(int64_t);
	case DB_UUID:
		return UUID_BYTES;
	case DB_TID:
		return TID_BYTES;
	case DB_TEXT:
	case DB_BYTEA:
		return 0;
	}
	return 0;
}

static void
text_pack(struct buf *buf, struct text t)
{
	uint32_t n = t.s == NULL ? UINT32_MAX : (uint32_t)t.n;

	buf_put(buf, &n, sizeof n);
	if (t.s != NULL)
		buf_put(buf, t.s, t.n);
}

void
row_pack(const struct column *columns, int n, const void *row, struct arena *scratch,
    struct packed *out)
{
	struct buf buf = buf_in(scratch);

	for (int c = 0; c < n; c++) {
		const char *field = (const char *)row + columns[c].offset;
		size_t size = field_bytes(columns[c].type);

		if (size > 0)
			buf_put(&buf, field, size);
		else
			text_pack(&buf, *(const struct text *)(const void *)field);
	}
	if (out->room < buf.n) {
		out->room = (uint32_t)(buf.n + buf.n / 4);
		out->bytes = mem_grow(out->bytes, out->room, 1);
	}
	memcpy(out->bytes, buf.s, buf.n);
	out->n = (uint32_t)buf.n;
}

void
row_unpack(const struct column *columns, int n, const struct packed *packed, void *row)
{
	const char *p = packed->bytes;

	for (int c = 0; c < n; c++) {
		char *field = (char *)row + columns[c].offset;
		size_t size = field_bytes(columns[c].type);
		uint32_t length;

		if (size > 0) {
			memcpy(field, p, size);
			p += size;
			continue;
		}
		memcpy(&length, p, sizeof length);
		p += sizeof length;
		*(struct text *)(void *)field = length == UINT32_MAX ? TEXT_NONE :
		    (struct text){ p, length };
		p += length == UINT32_MAX ? 0 : length;
	}
}

bool
packed_equal(const struct packed *a, const struct packed *b)
{
	return a->n == b->n && (a->n == 0 || memcmp(a->bytes, b->bytes, a->n) == 0);
}

void
packed_free(struct packed *packed)
{
	free(packed->bytes);
	*packed = (struct packed){ NULL, 0, 0 };
}
