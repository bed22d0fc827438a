/*
 * record - a Kafka message as we keep it: key, headers in order, value.
 *
 * The packed form is length-prefixed throughout, so that it can be hashed,
 * stored and sent again byte for byte:
 *   LP(key) count32 { LP(name) LP(value) }* LP(value)
 */
#ifndef RECORD_H
#define RECORD_H

#include "buf.h"
#include "clock.h"

enum { RECORD_HEADERS_MAX = 24 };

struct header {
	struct text	name;
	struct text	value;
};

struct record {
	struct text	key;		/* absent: none */
	struct text	value;		/* absent: none (a tombstone) */
	int		n_headers;
	struct header	headers[RECORD_HEADERS_MAX];
};

/* Where and when the broker has it. */
struct place {
	int		topic;		/* index into the stage's topics */
	int		partition;
	int64_t		offset;
	time_us		at;		/* the broker's time */
};

/* Adds a header; false when there are too many. */
bool record_header(struct record *record, const char *name, struct text value);

/* The first header of that name, or absent.  Names are compared without case. */
struct text record_find(const struct record *record, const char *name);

/* "name/partition/number": how messages and entries are cited. */
struct text record_place(struct arena *arena, const char *name, int partition, int64_t number);

void record_pack(const struct record *record, struct buf *buf);

/* Borrowed from packed.  False when it is not a packed record. */
bool record_unpack(struct text packed, struct record *out);

/* One length-prefixed run; an absent one is told from an empty one. */
void record_pack_run(struct buf *buf, struct text t);

/* Reads one LP run at *at; false at the end or when torn. */
bool lp_take(struct text bytes, size_t *at, struct text *out);

#endif
