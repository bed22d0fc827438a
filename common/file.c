/* file - see file.h. */
#include "file.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static enum fault
failed(const char *op, const char *path, struct err *err)
{
	return err_set(err, FAULT_FATAL, op, NULL, "%s: %s", path, strerror(errno));
}

enum fault
file_read(struct arena *arena, const char *path, size_t max_bytes, struct text *out,
    struct err *err)
{
	FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
	char *bytes;
	size_t n;
	bool torn;

	if (in == NULL)
		return failed("open a file", path, err);
	bytes = mem_new(max_bytes + 2, 1);
	n = fread(bytes, 1, max_bytes + 1, in);
	torn = ferror(in) != 0;
	if (in != stdin)
		fclose(in);
	if (!torn && n <= max_bytes)
		*out = arena_copy(arena, bytes, n);
	free(bytes);
	if (torn)
		return failed("read a file", path, err);
	if (n > max_bytes)
		return err_set(err, FAULT_FATAL, "read a file", "size", "%s: more than %zu bytes",
		    path, max_bytes);
	return FAULT_NONE;
}

bool
file_is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool
ends_with(const char *name, const char *suffix)
{
	size_t n = strlen(name), k = strlen(suffix);

	return n > k && strcmp(name + n - k, suffix) == 0 && name[0] != '.';
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

enum fault
file_list(struct arena *arena, const char *folder, const char *suffix, const char ***names,
    int *n, struct err *err)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	const char **list = NULL, **kept;
	int k = 0;

	if (dir == NULL)
		return failed("open a folder", folder, err);
	while ((entry = readdir(dir)) != NULL) {
		if (!ends_with(entry->d_name, suffix))
			continue;
		list = mem_grow(list, (size_t)k + 1, sizeof *list);
		list[k++] = arena_copy(arena, entry->d_name, strlen(entry->d_name) + 1).s;
	}
	closedir(dir);
	if (k > 0)
		qsort(list, (size_t)k, sizeof *list, compare_names);
	kept = ARENA_ARRAY(arena, const char *, (size_t)k + 1);
	if (k > 0)
		memcpy(kept, list, (size_t)k * sizeof *list);
	free(list);
	*names = kept;
	*n = k;
	return FAULT_NONE;
}
