/*
 * buf - growable bytes in an arena; the only place that concatenates.
 *
 * A buf is made for one arena and dies with it.  The buf_json_ calls append
 * JSON: strings are escaped, and commas are the caller's.
 */
#ifndef BUF_H
#define BUF_H

#include <stdint.h>

#include "mem.h"

struct buf {
	struct arena	*arena;
	char		*s;
	size_t		n;
	size_t		size;
};

struct buf buf_in(struct arena *arena);
void buf_put(struct buf *buf, const void *bytes, size_t n);
void buf_text(struct buf *buf, struct text t);
void buf_puts(struct buf *buf, const char *s);
void buf_int(struct buf *buf, int64_t value);
void buf_printf(struct buf *buf, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Big-endian 32 bits and then the bytes: the length prefix of hashes and blocks. */
void buf_lp(struct buf *buf, const void *bytes, size_t n);

void buf_json_text(struct buf *buf, struct text t);	/* quoted; absent = null */

/* What has been written; valid until the arena is reset.  NUL-terminated beyond its length. */
struct text buf_get(struct buf *buf);

#endif
