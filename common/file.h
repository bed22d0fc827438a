/*
 * file - whole files and folders, for those that load them.
 */
#ifndef FILE_H
#define FILE_H

#include "err.h"
#include "mem.h"

/* The exact bytes; NUL stands after them.  "-" is standard input.  FAULT_FATAL names path and reason, or the limit. */
ERR_CHECK enum fault file_read(struct arena *arena, const char *path, size_t max_bytes,
    struct text *out, struct err *err);

bool file_is_folder(const char *path);

/* Names in a folder that end in suffix, in byte order. */
ERR_CHECK enum fault file_list(struct arena *arena, const char *folder, const char *suffix,
    const char ***names, int *n, struct err *err);

#endif
