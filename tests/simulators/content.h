/*
 * content - objects whose bytes follow from their name, and digests.
 *
 * A name that ends in -<size> has as content "<name>\n", again and again, cut
 * to size: whoever knows the name can tell size and digest without the store.
 */
#ifndef CONTENT_H
#define CONTENT_H

#include "mem.h"
#include "text.h"

enum { SHA256_HEX_BYTES = 65, CONTENT_BYTES_MAX = 200 * 1024 * 1024 };

/* false if the name says no size, or too large a one. */
bool content_size(struct text name, size_t *out);

/* Bytes from pos on, n of them, into out. */
void content_fill(struct text name, size_t pos, char *out, size_t n);

void content_sha256(struct text name, size_t size, char out[SHA256_HEX_BYTES]);
void text_sha256(struct text t, char out[SHA256_HEX_BYTES]);

#endif
