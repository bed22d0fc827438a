/* mem - see mem.h. */
#include "mem.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "err.h"

/* Large enough to be mapped by themselves, so that what a big turn took goes back. */
enum { ARENA_BLOCK_BYTES = 256 * 1024, ARENA_ALIGN = 16 };

struct block {
	struct block	*next;
	size_t		size;	/* of bytes[] */
	size_t		used;
	_Alignas(ARENA_ALIGN) unsigned char bytes[];
};

struct arena {
	struct block	*first;
	struct block	*now;	/* the block being filled */
	size_t		used;
	size_t		keep_bytes;
	size_t		block_bytes;
};

void *
mem_new(size_t count, size_t size)
{
	void *p = calloc(count != 0 ? count : 1, size != 0 ? size : 1);

	if (p == NULL)
		bug("out of memory: %zu x %zu bytes", count, size);
	return p;
}

void *
mem_grow(void *block, size_t count, size_t size)
{
	void *p = reallocarray(block, count != 0 ? count : 1, size);

	if (p == NULL)
		bug("out of memory: %zu x %zu bytes", count, size);
	return p;
}

char *
mem_copy_text(const char *s)
{
	size_t n = strlen(s) + 1;

	return memcpy(mem_new(n, 1), s, n);
}

static struct block *
block_new(size_t size)
{
	struct block *block = malloc(sizeof *block + size);

	if (block == NULL)
		bug("out of memory: block of %zu bytes", size);
	block->next = NULL;
	block->size = size;
	block->used = 0;
	return block;
}

static struct arena *
arena_of_blocks(size_t block_bytes, size_t keep_bytes)
{
	struct arena *arena = mem_new(1, sizeof *arena);

	arena->keep_bytes = keep_bytes;
	arena->block_bytes = block_bytes;
	arena->first = arena->now = block_new(block_bytes);
	return arena;
}

struct arena *
arena_new(size_t keep_bytes)
{
	return arena_of_blocks(ARENA_BLOCK_BYTES, keep_bytes);
}

struct arena *
arena_new_small(size_t block_bytes)
{
	return arena_of_blocks(block_bytes, 0);
}

static void
blocks_free(struct block *block)
{
	while (block != NULL) {
		struct block *next = block->next;

		free(block);
		block = next;
	}
}

void
arena_free(struct arena *arena)
{
	if (arena == NULL)
		return;
	blocks_free(arena->first);
	free(arena);
}

void
arena_reset(struct arena *arena)
{
	struct block **next = &arena->first->next;
	size_t kept = arena->first->size;

	/* The first block always stays; of the others what fits, so that one big turn is forgotten. */
	arena->first->used = 0;
	while (*next != NULL) {
		struct block *b = *next;

		if (kept + b->size > arena->keep_bytes) {
			*next = b->next;
			free(b);
			continue;
		}
		kept += b->size;
		b->used = 0;
		next = &b->next;
	}
	arena->now = arena->first;
	arena->used = 0;
}

size_t
arena_used(const struct arena *arena)
{
	return arena->used;
}

/* Make a block with room for n bytes the current one. */
static void
arena_advance(struct arena *arena, size_t n)
{
	while (arena->now->next != NULL) {
		arena->now = arena->now->next;
		if (arena->now->size - arena->now->used >= n)
			return;
	}
	arena->now->next = block_new(n > arena->block_bytes ? n : arena->block_bytes);
	arena->now = arena->now->next;
}

static size_t
aligned(size_t n)
{
	return (n + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
}

static void *
arena_raw(struct arena *arena, size_t n)
{
	void *p;

	if (n > SIZE_MAX / 2)
		bug("arena: %zu bytes", n);
	n = aligned(n);
	if (arena->now->size - arena->now->used < n)
		arena_advance(arena, n);
	p = arena->now->bytes + arena->now->used;
	arena->now->used += n;
	arena->used += n;
	return p;
}

void *
arena_take(struct arena *arena, size_t count, size_t size)
{
	size_t n;

	if (__builtin_mul_overflow(count, size, &n))
		bug("arena: %zu x %zu bytes", count, size);
	return memset(arena_raw(arena, n), 0, n);
}

void *
arena_grow(struct arena *arena, void *run, size_t n, size_t size, size_t more)
{
	struct block *now = arena->now;
	size_t had = aligned(size), wants = aligned(more);
	void *p;

	if (run != NULL && more < SIZE_MAX / 2 && (unsigned char *)run + had == now->bytes + now->used &&
	    wants - had <= now->size - now->used) {
		now->used += wants - had;
		arena->used += wants - had;
		return run;
	}
	p = arena_raw(arena, more);
	if (n > 0)
		memcpy(p, run, n);
	return p;
}

struct text
arena_copy(struct arena *arena, const void *bytes, size_t n)
{
	char *p = arena_raw(arena, n + 1);

	if (n > 0)
		memcpy(p, bytes, n);
	p[n] = '\0';
	return (struct text){ p, n };
}

struct text
arena_text(struct arena *arena, struct text t)
{
	return t.s != NULL ? arena_copy(arena, t.s, t.n) : t;
}

struct text
arena_printf(struct arena *arena, const char *fmt, ...)
{
	va_list ap, again;
	char line[256], *p;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	p = arena_raw(arena, (size_t)n + 1);
	if ((size_t)n < sizeof line)
		memcpy(p, line, (size_t)n + 1);
	else
		vsnprintf(p, (size_t)n + 1, fmt, again);
	va_end(again);
	return (struct text){ p, (size_t)n };
}
