/* catalogue_shipped - the repository's own catalogue, for the tests of services. */
#ifndef CATALOGUE_SHIPPED_H
#define CATALOGUE_SHIPPED_H

#include <criterion/criterion.h>
#include <glob.h>
#include <stdio.h>

#include "catalogue.h"

static inline struct text
shipped_file(struct arena *arena, const char *path)
{
	FILE *in = fopen(path, "rb");
	struct buf buf = buf_in(arena);
	char block[4096];
	size_t n;

	cr_assert_not_null(in, "%s: run the tests from the root of the repository", path);
	while ((n = fread(block, 1, sizeof block, in)) > 0)
		buf_put(&buf, block, n);
	fclose(in);
	return buf_get(&buf);
}

static inline void
shipped_add(struct catalogue *cat, struct arena *arena, const char *pattern,
    enum fault (*add)(struct catalogue *, struct text, struct err *))
{
	struct err err = { 0 };
	glob_t found;

	cr_assert_eq(glob(pattern, 0, NULL, &found), 0, "%s: run the tests from the root of the repository", pattern);
	for (size_t i = 0; i < found.gl_pathc; i++)
		cr_assert_eq(add(cat, shipped_file(arena, found.gl_pathv[i]), &err), FAULT_NONE, "%s: %s",
		    found.gl_pathv[i], err.text);
	globfree(&found);
}

static inline struct catalogue *
shipped_catalogue(struct arena *arena)
{
	struct catalogue *cat = catalogue_new();
	struct err err = { 0 };

	shipped_add(cat, arena, "schemas/catalogue/procedures/*.json", catalogue_add_procedure);
	shipped_add(cat, arena, "schemas/catalogue/agencies/*.json", catalogue_add_agency);
	shipped_add(cat, arena, "schemas/catalogue/calendar/*.json", catalogue_add_calendar);
	cr_assert_eq(catalogue_seal(cat, &err), FAULT_NONE, "%s", err.text);
	return cat;
}

static inline const struct doc_node *
shipped_doc(struct arena *arena, struct text json)
{
	const struct doc_node *root = NULL;
	struct doc_error why;

	cr_assert_eq(doc_parse(arena, json, NULL, &root, &why), FAULT_NONE, "%.200s", json.s);
	return root;
}

#endif
