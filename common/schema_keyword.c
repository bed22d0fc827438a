/*
 * schema_keyword - the table of keywords, and how each becomes an op.
 *
 * The order is that of checking: what is cheap first, unevaluated… last, as it
 * depends on all others.  A row without a compile function is an annotation
 * (or is read together with the keyword it belongs to).
 */
#include "schema_compile.h"

#include <stdlib.h>

enum {
	K_NUMBER = 1 << DOC_INT | 1 << DOC_REAL,
	K_TEXT = 1 << DOC_TEXT,
	K_ARRAY = 1 << DOC_ARRAY,
	K_OBJECT = 1 << DOC_OBJECT,
	K_ANY = 1 << DOC_NULL | 1 << DOC_BOOL | K_NUMBER | K_TEXT | K_ARRAY | K_OBJECT,
};

static enum fault
wrong(struct compiler *c, const struct op *op, const char *why)
{
	return compile_refuse(c, op->keyword->name, why);
}

/* --- values ------------------------------------------------------------------ */

static unsigned
type_bits(struct text name)
{
	static const struct { const char *name; unsigned bits; } types[] = {
		{ "null", 1 << DOC_NULL }, { "boolean", 1 << DOC_BOOL }, { "number", K_NUMBER },
		{ "integer", TYPE_INTEGER | 1 << DOC_INT }, { "string", K_TEXT }, { "array", K_ARRAY },
		{ "object", K_OBJECT },
	};

	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (text_is(name, types[i].name))
			return types[i].bits;
	return 0;
}

static enum fault
compile_type(struct compiler *c, const struct doc_node *value, struct op *op)
{
	unsigned bits;

	if (doc_kind(value) == DOC_TEXT)
		op->types = type_bits(doc_text(value));
	for (struct doc_iter it = doc_iter(value); doc_next(&it); op->types |= bits)
		if ((bits = type_bits(doc_text(it.value))) == 0)
			return wrong(c, op, "names an unknown type");
	return op->types != 0 ? FAULT_NONE : wrong(c, op, "names an unknown type");
}

static enum fault
compile_const(struct compiler *c, const struct doc_node *value, struct op *op)
{
	op->values.list = ARENA_ARRAY(c->set->arena, const struct doc_node *, 1);
	op->values.list[0] = value;
	op->values.n = 1;
	return FAULT_NONE;
}

static int
values_compare(const void *a, const void *b)
{
	return doc_compare(*(const struct doc_node *const *)a, *(const struct doc_node *const *)b);
}

static enum fault
compile_enum(struct compiler *c, const struct doc_node *value, struct op *op)
{
	if (doc_kind(value) != DOC_ARRAY)
		return wrong(c, op, "must be an array");
	op->values.list = ARENA_ARRAY(c->set->arena, const struct doc_node *, doc_length(value));
	for (struct doc_iter it = doc_iter(value); doc_next(&it); )
		op->values.list[op->values.n++] = it.value;
	qsort(op->values.list, op->values.n, sizeof op->values.list[0], values_compare);
	return FAULT_NONE;
}

static bool
count_read(const struct doc_node *value, uint64_t *out)
{
	double real;

	if (!schema_number_is_integral(value) || !doc_real(value, &real) || real < 0 || real > 1e15)
		return false;
	*out = (uint64_t)real;
	return true;
}

static enum fault
compile_count(struct compiler *c, const struct doc_node *value, struct op *op)
{
	return count_read(value, &op->count) ? FAULT_NONE : wrong(c, op, "must be a count");
}

static enum fault
compile_number(struct compiler *c, const struct doc_node *value, struct op *op)
{
	op->number = value;
	return doc_kind(value) == DOC_INT || doc_kind(value) == DOC_REAL ? FAULT_NONE :
	    wrong(c, op, "must be a number");
}

static enum fault
compile_multiple(struct compiler *c, const struct doc_node *value, struct op *op)
{
	double real;

	if (!doc_real(value, &real) || real <= 0)
		return wrong(c, op, "must be a number above zero");
	return compile_number(c, value, op);
}

static enum fault
compile_unique(struct compiler *c, const struct doc_node *value, struct op *op)
{
	bool unique;

	if (!doc_bool(value, &unique))
		return wrong(c, op, "must be a boolean");
	if (!unique)
		op->kinds = 0;
	return FAULT_NONE;
}

/* --- texts ------------------------------------------------------------------- */

static enum fault
pattern_take(struct compiler *c, struct text source, const struct pattern **out)
{
	struct schema_set *set = c->set;
	struct pattern *pattern;
	struct err err;

	if (text_is_absent(source))
		return compile_refuse(c, "pattern", "must be a text");
	if (pattern_new(source, &pattern, &err) != FAULT_NONE)
		return compile_refuse(c, "pattern", err.text);
	set->patterns = mem_grow(set->patterns, set->n_patterns + 1, sizeof *set->patterns);
	set->patterns[set->n_patterns++] = pattern;
	*out = pattern;
	return FAULT_NONE;
}

static enum fault
compile_pattern(struct compiler *c, const struct doc_node *value, struct op *op)
{
	return pattern_take(c, doc_text(value), &op->pattern);
}

static enum fault
compile_format(struct compiler *c, const struct doc_node *value, struct op *op)
{
	if (doc_kind(value) != DOC_TEXT)
		return wrong(c, op, "must be a text");
	if (c->set->option & SCHEMA_FORMAT_ANNOTATES) {
		op->kinds = 0;
		return FAULT_NONE;
	}
	op->format.check = schema_format_find(doc_text(value), &op->format.name);
	return op->format.check != NULL ? FAULT_NONE : wrong(c, op, "is not a supported format");
}

/* --- names ------------------------------------------------------------------- */

static enum fault
names_read(struct compiler *c, const struct doc_node *value, const struct op *op, struct names *out)
{
	if (doc_kind(value) != DOC_ARRAY)
		return wrong(c, op, "must be an array of names");
	out->list = ARENA_ARRAY(c->set->arena, struct text, doc_length(value));
	for (struct doc_iter it = doc_iter(value); doc_next(&it); out->n++)
		if (text_is_absent(out->list[out->n] = doc_text(it.value)))
			return wrong(c, op, "must be an array of names");
	return FAULT_NONE;
}

static enum fault
compile_required(struct compiler *c, const struct doc_node *value, struct op *op)
{
	return names_read(c, value, op, &op->required);
}

static enum fault
compile_dependent(struct compiler *c, const struct doc_node *value, struct op *op)
{
	bool schemas = op->keyword->shape == SHAPE_MAP;
	enum fault fault = FAULT_NONE;

	if (doc_kind(value) != DOC_OBJECT)
		return wrong(c, op, "must be an object");
	op->dependencies.list = ARENA_ARRAY(c->set->arena, struct dependency, doc_length(value));
	for (struct doc_iter it = doc_iter(value); fault == FAULT_NONE && doc_next(&it); ) {
		struct dependency *d = &op->dependencies.list[op->dependencies.n++];

		d->name = it.key;
		fault = schemas ? compile_schema(c, it.value, &d->schema) :
		    names_read(c, it.value, op, &d->names);
	}
	return fault;
}

/* --- subschemas -------------------------------------------------------------- */

static enum fault
compile_one(struct compiler *c, const struct doc_node *value, struct op *op)
{
	return compile_schema(c, value, &op->schema);
}

static enum fault
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
		return wrong(c, op, "must be an array of schemas, not empty");
	*list = ARENA_ARRAY(c->set->arena, const struct schema_node *, doc_length(value));
	for (struct doc_iter it = doc_iter(value); fault == FAULT_NONE && doc_next(&it); )
		fault = compile_schema(c, it.value, &(*list)[(*n)++]);
	return fault;
}

static enum fault
compile_list(struct compiler *c, const struct doc_node *value, struct op *op)
{
	return schemas_read(c, value, op, &op->schemas.list, &op->schemas.n);
}

static enum fault
schema_beside(struct compiler *c, const char *keyword, const struct schema_node **out)
{
	const struct doc_node *value = doc_get(c->place->node, keyword);

	return value != NULL ? compile_schema(c, value, out) : FAULT_NONE;
}

static enum fault
compile_if(struct compiler *c, const struct doc_node *value, struct op *op)
{
	enum fault fault = compile_schema(c, value, &op->condition.test);

	if (fault == FAULT_NONE)
		fault = schema_beside(c, "then", &op->condition.then);
	if (fault == FAULT_NONE)
		fault = schema_beside(c, "else", &op->condition.otherwise);
	return fault;
}

/* minContains and maxContains belong to contains and mean nothing without it. */
static enum fault
compile_contains(struct compiler *c, const struct doc_node *value, struct op *op)
{
	const struct doc_node *least = doc_get(c->place->node, "minContains");
	const struct doc_node *most = doc_get(c->place->node, "maxContains");

	op->contains.least = 1;
	op->contains.most = UINT64_MAX;
	if ((least != NULL && !count_read(least, &op->contains.least)) ||
	    (most != NULL && !count_read(most, &op->contains.most)))
		return wrong(c, op, "has a minContains or maxContains that is no count");
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
static enum fault
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
		return wrong(c, op, "is an array: draft 2020-12 says prefixItems");
	return fault == FAULT_NONE ? schema_beside(c, "items", &op->items.rest) : fault;
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

		fault = pattern_take(c, it.key, &p->pattern);
		if (fault == FAULT_NONE)
			fault = compile_schema(c, it.value, &p->schema);
	}
	return fault;
}

/* properties, patternProperties and additionalProperties are one op, made for the first of them. */
static enum fault
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
	return fault == FAULT_NONE ? schema_beside(c, order[2], &op->members.rest) : fault;
}

static enum fault
compile_dialect(struct compiler *c, const struct doc_node *value, struct op *op)
{
	op->kinds = 0;
	return text_is(doc_text(value), "https://json-schema.org/draft/2020-12/schema") ? FAULT_NONE :
	    wrong(c, op, "must be draft 2020-12");
}

/* Their contents are compiled when something refers to them, and checked here at once. */
static enum fault
compile_defs(struct compiler *c, const struct doc_node *value, struct op *op)
{
	const struct schema_node *ignored;
	enum fault fault = FAULT_NONE;

	op->kinds = 0;
	if (doc_kind(value) != DOC_OBJECT)
		return wrong(c, op, "must be an object");
	for (struct doc_iter it = doc_iter(value); fault == FAULT_NONE && doc_next(&it); )
		fault = compile_schema(c, it.value, &ignored);
	return fault;
}

/* --- the table --------------------------------------------------------------- */

const struct keyword schema_keywords[] = {
	{ "$schema", SHAPE_VALUE, K_ANY, compile_dialect, NULL },
	{ "$defs", SHAPE_MAP, K_ANY, compile_defs, NULL },

	{ "type", SHAPE_VALUE, K_ANY, compile_type, check_type },
	{ "const", SHAPE_VALUE, K_ANY, compile_const, check_values },
	{ "enum", SHAPE_VALUE, K_ANY, compile_enum, check_values },

	{ "minimum", SHAPE_VALUE, K_NUMBER, compile_number, check_minimum },
	{ "maximum", SHAPE_VALUE, K_NUMBER, compile_number, check_maximum },
	{ "exclusiveMinimum", SHAPE_VALUE, K_NUMBER, compile_number, check_above },
	{ "exclusiveMaximum", SHAPE_VALUE, K_NUMBER, compile_number, check_below },
	{ "multipleOf", SHAPE_VALUE, K_NUMBER, compile_multiple, check_multiple },

	{ "minLength", SHAPE_VALUE, K_TEXT, compile_count, check_length_least },
	{ "maxLength", SHAPE_VALUE, K_TEXT, compile_count, check_length_most },
	{ "format", SHAPE_VALUE, K_TEXT, compile_format, check_format },
	{ "pattern", SHAPE_VALUE, K_TEXT, compile_pattern, check_pattern },

	{ "minItems", SHAPE_VALUE, K_ARRAY, compile_count, check_least },
	{ "maxItems", SHAPE_VALUE, K_ARRAY, compile_count, check_most },
	{ "uniqueItems", SHAPE_VALUE, K_ARRAY, compile_unique, check_unique },
	{ "prefixItems", SHAPE_LIST, K_ARRAY, compile_items, check_items },
	{ "items", SHAPE_SCHEMA, K_ARRAY, compile_items, check_items },
	{ "contains", SHAPE_SCHEMA, K_ARRAY, compile_contains, check_contains },

	{ "required", SHAPE_VALUE, K_OBJECT, compile_required, check_required },
	{ "dependentRequired", SHAPE_VALUE, K_OBJECT, compile_dependent, check_dependent_required },
	{ "minProperties", SHAPE_VALUE, K_OBJECT, compile_count, check_least },
	{ "maxProperties", SHAPE_VALUE, K_OBJECT, compile_count, check_most },
	{ "propertyNames", SHAPE_SCHEMA, K_OBJECT, compile_one, check_property_names },
	{ "properties", SHAPE_MAP, K_OBJECT, compile_members, check_members },
	{ "patternProperties", SHAPE_MAP, K_OBJECT, compile_members, check_members },
	{ "additionalProperties", SHAPE_SCHEMA, K_OBJECT, compile_members, check_members },
	{ "dependentSchemas", SHAPE_MAP, K_OBJECT, compile_dependent, check_dependent_schemas },

	{ "$ref", SHAPE_VALUE, K_ANY, compile_ref, check_ref },
	{ "$dynamicRef", SHAPE_VALUE, K_ANY, compile_dynamic_ref, check_dynamic_ref },
	{ "allOf", SHAPE_LIST, K_ANY, compile_list, check_all_of },
	{ "if", SHAPE_SCHEMA, K_ANY, compile_if, check_condition },
	{ "anyOf", SHAPE_LIST, K_ANY, compile_list, check_any_of },
	{ "oneOf", SHAPE_LIST, K_ANY, compile_list, check_one_of },
	{ "not", SHAPE_SCHEMA, K_ANY, compile_one, check_not },

	{ "unevaluatedItems", SHAPE_SCHEMA, K_ARRAY, compile_unevaluated, check_unevaluated },
	{ "unevaluatedProperties", SHAPE_SCHEMA, K_OBJECT, compile_unevaluated, check_unevaluated },

	/* Read with "if" and "contains". */
	{ "then", SHAPE_SCHEMA, 0, NULL, NULL },
	{ "else", SHAPE_SCHEMA, 0, NULL, NULL },
	{ "minContains", SHAPE_VALUE, 0, NULL, NULL },
	{ "maxContains", SHAPE_VALUE, 0, NULL, NULL },

	/* Read when the document is added. */
	{ "$id", SHAPE_VALUE, 0, NULL, NULL },
	{ "$anchor", SHAPE_VALUE, 0, NULL, NULL },
	{ "$dynamicAnchor", SHAPE_VALUE, 0, NULL, NULL },

	/* Annotations. */
	{ "$comment", SHAPE_VALUE, 0, NULL, NULL },
	{ "$vocabulary", SHAPE_VALUE, 0, NULL, NULL },
	{ "title", SHAPE_VALUE, 0, NULL, NULL },
	{ "description", SHAPE_VALUE, 0, NULL, NULL },
	{ "default", SHAPE_VALUE, 0, NULL, NULL },
	{ "examples", SHAPE_VALUE, 0, NULL, NULL },
	{ "deprecated", SHAPE_VALUE, 0, NULL, NULL },
	{ "readOnly", SHAPE_VALUE, 0, NULL, NULL },
	{ "writeOnly", SHAPE_VALUE, 0, NULL, NULL },
	{ "contentMediaType", SHAPE_VALUE, 0, NULL, NULL },
	{ "contentEncoding", SHAPE_VALUE, 0, NULL, NULL },
	{ "contentSchema", SHAPE_SCHEMA, 0, NULL, NULL },
};

const size_t schema_n_keywords = sizeof schema_keywords / sizeof schema_keywords[0];

const struct keyword *
schema_keyword_find(struct text name)
{
	for (size_t i = 0; i < schema_n_keywords; i++)
		if (text_is(name, schema_keywords[i].name))
			return &schema_keywords[i];
	return NULL;
}
