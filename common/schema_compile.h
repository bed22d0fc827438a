/* schema_compile - what the keyword compilers share; for the schema files alone. */
#ifndef SCHEMA_COMPILE_H
#define SCHEMA_COMPILE_H

#include <stdio.h>

#include "schema_program.h"

/* FAULT_PARK: "keyword" of the place being compiled why. */
enum fault compile_refuse(struct compiler *c, const char *keyword, const char *why);

/* The subschema that stands at node. */
enum fault compile_schema(struct compiler *c, const struct doc_node *node, const struct schema_node **out);

/* schema_compile.c */
enum fault compile_ref(struct compiler *c, const struct doc_node *value, struct op *op);
enum fault compile_dynamic_ref(struct compiler *c, const struct doc_node *value, struct op *op);

/* schema_apply.c: keywords that run other schemas, here or below. */
bool check_ref(struct run *, const struct op *, const struct frame *);
bool check_dynamic_ref(struct run *, const struct op *, const struct frame *);
bool check_all_of(struct run *, const struct op *, const struct frame *);
bool check_any_of(struct run *, const struct op *, const struct frame *);
bool check_one_of(struct run *, const struct op *, const struct frame *);
bool check_not(struct run *, const struct op *, const struct frame *);
bool check_condition(struct run *, const struct op *, const struct frame *);
bool check_dependent_schemas(struct run *, const struct op *, const struct frame *);
bool check_members(struct run *, const struct op *, const struct frame *);
bool check_property_names(struct run *, const struct op *, const struct frame *);
bool check_items(struct run *, const struct op *, const struct frame *);
bool check_contains(struct run *, const struct op *, const struct frame *);
bool check_unevaluated(struct run *, const struct op *, const struct frame *);

/* schema_assert.c: keywords that look at the value alone. */
bool check_type(struct run *, const struct op *, const struct frame *);
bool check_values(struct run *, const struct op *, const struct frame *);
bool check_required(struct run *, const struct op *, const struct frame *);
bool check_dependent_required(struct run *, const struct op *, const struct frame *);
bool check_least(struct run *, const struct op *, const struct frame *);
bool check_most(struct run *, const struct op *, const struct frame *);
bool check_length_least(struct run *, const struct op *, const struct frame *);
bool check_length_most(struct run *, const struct op *, const struct frame *);
bool check_pattern(struct run *, const struct op *, const struct frame *);
bool check_format(struct run *, const struct op *, const struct frame *);
bool check_unique(struct run *, const struct op *, const struct frame *);
bool check_minimum(struct run *, const struct op *, const struct frame *);
bool check_maximum(struct run *, const struct op *, const struct frame *);
bool check_above(struct run *, const struct op *, const struct frame *);
bool check_below(struct run *, const struct op *, const struct frame *);
bool check_multiple(struct run *, const struct op *, const struct frame *);

#endif
