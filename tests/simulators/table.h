/*
 * table - what is known of a key, by the key's 64-bit hash.
 *
 * Keys themselves are not kept: among ten million keys the odds that any two
 * share a hash are about three in a million, which a test tool can bear.
 * Nothing is ever taken out.
 */
#ifndef TABLE_H
#define TABLE_H

#include <stdint.h>

#include "text.h"

struct table {
	uint64_t	*hashes;	/* 0 = free */
	void		**values;
	size_t		n;
	size_t		size;		/* a power of two */
};

/* Chained: hash_text(hash_text(0, a), b).  Never 0. */
uint64_t hash_text(uint64_t from, struct text t);
uint64_t hash_int(uint64_t from, uint64_t value);

/* The place of that hash's value, NULL in it when new; valid until the next call. */
void **table_slot(struct table *table, uint64_t hash);
void *table_find(const struct table *table, uint64_t hash);

/* A table used for counting: raises and returns the count. */
uint32_t table_count(struct table *table, uint64_t hash);

#endif
