/*
 * intake_error - what is wrong with a submission, for people and for programs.
 *
 * One table holds the sentences of every rule in both languages.  They speak
 * of fields, never of what stands in them; what fills a place in a sentence
 * comes from the catalogue.
 */
#ifndef INTAKE_ERROR_H
#define INTAKE_ERROR_H

#include "schema.h"

enum { INTAKE_ERRORS_MAX = 60 };

struct intake_errors {
	struct arena		*arena;
	int			n;
	struct schema_error	*list;	/* NULL while there is none */
};

/* detail_vi and detail_en fill the place in the sentence; NULL where it has none.  What exceeds the most is dropped. */
void intake_error_add(struct intake_errors *errors, struct text pointer, const char *rule,
    const char *detail_vi, const char *detail_en);

/* The errors of a schema, each pointer after prefix ("/form"). */
void intake_error_take(struct intake_errors *errors, const char *prefix, const struct schema_errors *found);

/* [{"pointer":…,"rule":…,"message_vi":…,"message_en":…}, …] */
struct text intake_errors_json(const struct intake_errors *errors);

/* Just one. */
struct text intake_error_json(struct arena *arena, const char *rule);

/* The i-th rule that has a sentence; NULL after the last. */
const char *intake_rule_name(size_t i);

#endif
