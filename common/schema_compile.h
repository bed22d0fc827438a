/* schema_compile - what the keyword compilers share; for the schema files alone. */
#ifndef SCHEMA_COMPILE_H
#define SCHEMA_COMPILE_H

#include <stdio.h>

#include "schema_program.h"

/* The kinds of instance that a keyword looks at. */
enum {
	K_NUMBER = 1 << DOC_INT | 1 << DOC_REAL,
	K_TEXT = 1 << DOC_TEXT,
	K_ARRAY = 1 << DOC_ARRAY,
	K_OBJECT = 1 << DOC_OBJECT,
	K_ANY = 1 << DOC_NULL | 1 << DOC_BOOL | K_NUMBER | K_TEXT | K_ARRAY | K_OBJECT,
};

/* FAULT_PARK: "keyword" of the place being compiled, and why; compile_wrong: the keyword of op. */
enum fault compile_refuse(struct compiler *c, const char *keyword, const char *why);
enum fault compile_wrong(struct compiler *c, const struct op *op, const char *why);

/* The subschema that stands at node. */
enum fault compile_schema(struct compiler *c, const struct doc_node *node, const struct schema_node **out);

bool compile_count_read(const struct doc_node *value, uint64_t *out);
enum fault compile_pattern_take(struct compiler *c, struct text source, const struct pattern **out);

/* schema_compile_values.c, schema_compile_nested.c */
enum fault compile_dialect(struct compiler *c, const struct doc_node *value, struct op *op);
enum fault compile_defs(struct compiler *c, const struct doc_node *value, struct op *op);
enum fault compile_type(struct compiler *c, const struct doc_node *value, struct op *op);
enum fault compile_const(struct compiler *c, const struct doc_node *value, struct op *op);
enum fault compile_enum(struct compiler *c, const struct doc_node *value, struct op *op);
enum fault compile_number(struct compiler *c, const struct doc_node *value, struct op *op);
enum fault compile_multiple(struct compiler *c, const struct doc_node *value, struct op *op);
enum fault compile_count(struct compiler *c, const struct doc_node *value, struct op *op);
enum fault compile_format(struct compiler *c, const struct doc_node *value, struct op *op);
enum fault compile_pattern(struct compiler *c, const struct doc_node *value, struct op *op);
enum fault compile_unique(struct compiler *c, const struct doc_node *value, struct op *op);
enum fault compile_items(struct compiler *c, const struct doc_node *value, struct op *op);
enum fault compile_contains(struct compiler *c, const struct doc_node *value, struct op *op);
enum fault compile_required(struct compiler *c, const struct doc_node *value, struct op *op);
enum fault compile_dependent(struct compiler *c, const struct doc_node *value, struct op *op);
enum fault compile_one(struct compiler *c, const struct doc_node *value, struct op *op);
enum fault compile_members(struct compiler *c, const struct doc_node *value, struct op *op);
enum fault compile_list(struct compiler *c, const struct doc_node *value, struct op *op);
enum fault compile_if(struct compiler *c, const struct doc_node *value, struct op *op);
enum fault compile_unevaluated(struct compiler *c, const struct doc_node *value, struct op *op);

/* schema_compile.c */
enum fault compile_ref(struct compiler *c, const struct doc_node *value, struct op *op);
enum fault compile_dynamic_ref(struct compiler *c, const struct doc_node *value, struct op *op);

/* Run another schema at the frame's value; what it evaluated counts if it was valid. */
bool schema_beside(struct run *run, const struct frame *frame, const struct schema_node *schema);

/* schema_apply.c, schema_branch.c: keywords that run other schemas, here or below. */
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
