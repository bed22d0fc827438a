/*
 * mem - allocation that cannot fail, by lifetime.
 *
 * Three lifetimes: the process (mem_new), a batch (an arena, reset each turn),
 * a call (the stack).  Limits on what comes in stand before any allocation, so
 * running out means that the process is mis-sized: it says so and aborts.
 */
#ifndef MEM_H
#define MEM_H

#include <stdarg.h>
#include <stddef.h>

#include "text.h"

/* Zeroed; free with free(). */
void *mem_new(size_t count, size_t size);
void *mem_grow(void *block, size_t count, size_t size);
char *mem_copy_text(const char *s);

/*
 * An arena hands out zeroed memory that is freed together.  It keeps its
 * blocks over a reset, up to keep_bytes, so that a steady load allocates
 * nothing.
 */
struct arena;

struct arena *arena_new(size_t keep_bytes);
struct arena *arena_new_small(size_t block_bytes);	/* of many: begins and grows in small blocks, keeps one */
void arena_free(struct arena *arena);
void arena_reset(struct arena *arena);
size_t arena_used(const struct arena *arena);

void *arena_take(struct arena *arena, size_t count, size_t size);

/* Room for more bytes than the run has, its first n kept; in place where nothing was taken since. What is new is not zeroed. */
void *arena_grow(struct arena *arena, void *run, size_t n, size_t size, size_t more);
struct text arena_copy(struct arena *arena, const void *bytes, size_t n);
struct text arena_text(struct arena *arena, struct text t);	/* absent stays absent */
struct text arena_printf(struct arena *arena, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#define ARENA_NEW(arena, type) ((type *)arena_take((arena), 1, sizeof(type)))
#define ARENA_ARRAY(arena, type, n) ((type *)arena_take((arena), (n), sizeof(type)))

#endif
