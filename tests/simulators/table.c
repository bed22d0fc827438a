/* table - see table.h.  Open addressing, at most half full. */
#include "table.h"

#include <stdlib.h>

#include "mem.h"

enum { FIRST_SIZE = 1024 };

uint64_t
hash_int(uint64_t from, uint64_t value)
{
	uint64_t h = (from ^ value) + UINT64_C(0x9e3779b97f4a7c15);

	h = (h ^ h >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	h = (h ^ h >> 27) * UINT64_C(0x94d049bb133111eb);
	h ^= h >> 31;
	return h != 0 ? h : 1;
}

uint64_t
hash_text(uint64_t from, struct text t)
{
	uint64_t h = hash_int(from, t.n), word;
	size_t i;

	for (i = 0; i + 8 <= t.n; i += 8) {
		memcpy(&word, t.s + i, 8);
		h = hash_int(h, word);
	}
	word = 0;
	if (i < t.n)
		memcpy(&word, t.s + i, t.n - i);
	return hash_int(h, word);
}

/* Where that hash stands, or would. */
static size_t
place_of(const struct table *table, uint64_t hash)
{
	size_t i = hash & (table->size - 1);

	while (table->hashes[i] != 0 && table->hashes[i] != hash)
		i = (i + 1) & (table->size - 1);
	return i;
}

static void
table_double(struct table *table)
{
	struct table old = *table;

	table->size = old.size != 0 ? old.size * 2 : FIRST_SIZE;
	table->hashes = mem_new(table->size, sizeof table->hashes[0]);
	table->values = mem_new(table->size, sizeof table->values[0]);
	for (size_t i = 0; i < old.size; i++) {
		size_t place;

		if (old.hashes[i] == 0)
			continue;
		place = place_of(table, old.hashes[i]);
		table->hashes[place] = old.hashes[i];
		table->values[place] = old.values[i];
	}
	free(old.hashes);
	free(old.values);
}

void **
table_slot(struct table *table, uint64_t hash)
{
	size_t place;

	if (table->n * 2 >= table->size)
		table_double(table);
	place = place_of(table, hash);
	if (table->hashes[place] == 0) {
		table->hashes[place] = hash;
		table->n++;
	}
	return &table->values[place];
}

void *
table_find(const struct table *table, uint64_t hash)
{
	return table->size != 0 ? table->values[place_of(table, hash)] : NULL;
}

uint32_t
table_count(struct table *table, uint64_t hash)
{
	void **slot = table_slot(table, hash);
	uintptr_t count = (uintptr_t)*slot + 1;

	*slot = (void *)count;
	return (uint32_t)count;
}
