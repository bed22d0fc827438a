/*
 * schema_compile_nested - keywords that hold schemas.
 *
 * Keywords that only make sense together become one op: properties with
 * patternProperties and additionalProperties, prefixItems with items, if with
 * then and else, contains with its counts.
 */
#include "schema_compile.h"

#include <stdlib.h>

enum fault
compile_one(struct compiler *c, const struct doc_node *value, struct op *op)
{
	return compile_schema(c, value, &op->schema);
}

enum fault
compile_unevaluated(struct compiler *c, const struct doc_node *value, struct op *op)
{
	c->node->tracks = true;
	return compile_one(c, value, op);
}

static enum fault
schemas_read(struct compiler *c, const struct doc_node *value, const struct op *op,
    const struct schema_node ***list, size_t *n)
{
	enum fault fault = FAULT_NONE;

	if (doc_kind(value) != DOC_ARRAY || doc_length(value) == 0)
		return compile_wrong(c, op, "must be an array of schemas, not empty");
	*list = ARENA_ARRAY(c->set->arena, const struct schema_node *, doc_length(value));
	for (struct doc_iter it = doc_iter(value); fault == FAULT_NONE && doc_next(&it); )
		fault = compile_schema(c, it.value, &(*list)[(*n)++]);
	return fault;
}

enum fault
compile_list(struct compiler *c, const struct doc_node *value, struct op *op)
{
	return schemas_read(c, value, op, &op->schemas.list, &op->schemas.n);
}

static enum fault
compile_beside(struct compiler *c, const char *keyword, const struct schema_node **out)
{
	const struct doc_node *value = doc_get(c->place->node, keyword);

	return value != NULL ? compile_schema(c, value, out) : FAULT_NONE;
}

enum fault
compile_if(struct compiler *c, const struct doc_node *value, struct op *op)
{
	enum fault fault = compile_schema(c, value, &op->condition.test);

	if (fault == FAULT_NONE)
		fault = compile_beside(c, "then", &op->condition.then);
	if (fault == FAULT_NONE)
		fault = compile_beside(c, "else", &op->condition.otherwise);
	return fault;
}

/* minContains and maxContains belong to contains and mean nothing without it. */
enum fault
compile_contains(struct compiler *c, const struct doc_node *value, struct op *op)
{
	const struct doc_node *least = doc_get(c->place->node, "minContains");
	const struct doc_node *most = doc_get(c->place->node, "maxContains");

	op->contains.least = 1;
	op->contains.most = UINT64_MAX;
	if ((least != NULL && !compile_count_read(least, &op->contains.least)) ||
	    (most != NULL && !compile_count_read(most, &op->contains.most)))
		return compile_wrong(c, op, "has a minContains or maxContains that is no count");
	return compile_schema(c, value, &op->contains.schema);
}

static bool
has_before(const struct compiler *c, const char *const *keywords)
{
	for (; *keywords != NULL; keywords++)
		if (doc_get(c->place->node, *keywords) != NULL)
			return true;
	return false;
}

/* prefixItems and items are one op, made where the first of them stands in the table. */
enum fault
compile_items(struct compiler *c, const struct doc_node *value, struct op *op)
{
	bool prefix = text_is(text_of(op->keyword->name), "prefixItems");
	enum fault fault = FAULT_NONE;

	if (!prefix && has_before(c, (const char *const[]){ "prefixItems", NULL })) {
		op->kinds = 0;
		return FAULT_NONE;
	}
	if (prefix)
		fault = schemas_read(c, value, op, &op->items.prefix, &op->items.n);
	if (fault == FAULT_NONE && doc_kind(doc_get(c->place->node, "items")) == DOC_ARRAY)
		return compile_wrong(c, op, "is an array: draft 2020-12 says prefixItems");
	return fault == FAULT_NONE ? compile_beside(c, "items", &op->items.rest) : fault;
}

static int
property_compare(const void *a, const void *b)
{
	return doc_key_compare(((const struct property *)a)->name, ((const struct property *)b)->name);
}

static enum fault
properties_read(struct compiler *c, const struct doc_node *value, struct op *op)
{
	enum fault fault = FAULT_NONE;

	op->members.list = ARENA_ARRAY(c->set->arena, struct property, doc_length(value));
	for (struct doc_iter it = doc_iter(value); fault == FAULT_NONE && doc_next(&it); ) {
		struct property *property = &op->members.list[op->members.n++];

		property->name = it.key;
		fault = compile_schema(c, it.value, &property->schema);
	}
	qsort(op->members.list, op->members.n, sizeof op->members.list[0], property_compare);
	return fault;
}

static enum fault
pattern_properties_read(struct compiler *c, const struct doc_node *value, struct op *op)
{
	enum fault fault = FAULT_NONE;

	op->members.patterns = ARENA_ARRAY(c->set->arena, struct pattern_property, doc_length(value));
	for (struct doc_iter it = doc_iter(value); fault == FAULT_NONE && doc_next(&it); ) {
		struct pattern_property *p = &op->members.patterns[op->members.n_patterns++];

		fault = compile_pattern_take(c, it.key, &p->pattern);
		if (fault == FAULT_NONE)
			fault = compile_schema(c, it.value, &p->schema);
	}
	return fault;
}

/* properties, patternProperties and additionalProperties are one op, made for the first of them. */
enum fault
compile_members(struct compiler *c, const struct doc_node *value, struct op *op)
{
	static const char *const order[] = { "properties", "patternProperties", "additionalProperties" };
	const struct doc_node *schema = c->place->node;
	enum fault fault;

	(void)value;
	for (size_t i = 0; !text_is(text_of(op->keyword->name), order[i]); i++)
		if (doc_get(schema, order[i]) != NULL) {
			op->kinds = 0;
			return FAULT_NONE;
		}
	for (size_t i = 0; i < 2; i++)
		if (doc_get(schema, order[i]) != NULL && doc_kind(doc_get(schema, order[i])) != DOC_OBJECT)
			return compile_refuse(c, order[i], "must be an object");
	fault = properties_read(c, doc_get(schema, order[0]), op);
	if (fault == FAULT_NONE)
		fault = pattern_properties_read(c, doc_get(schema, order[1]), op);
	return fault == FAULT_NONE ? compile_beside(c, order[2], &op->members.rest) : fault;
}

enum fault
compile_dialect(struct compiler *c, const struct doc_node *value, struct op *op)
{
	op->kinds = 0;
	return text_is(doc_text(value), "https://json-schema.org/draft/2020-12/schema") ? FAULT_NONE :
	    compile_wrong(c, op, "must be draft 2020-12");
}

/* Their contents are compiled when something refers to them, and checked here at once. */
enum fault
compile_defs(struct compiler *c, const struct doc_node *value, struct op *op)
{
	const struct schema_node *ignored;
	enum fault fault = FAULT_NONE;

	op->kinds = 0;
	if (doc_kind(value) != DOC_OBJECT)
		return compile_wrong(c, op, "must be an object");
	for (struct doc_iter it = doc_iter(value); fault == FAULT_NONE && doc_next(&it); )
		fault = compile_schema(c, it.value, &ignored);
	return fault;
}
