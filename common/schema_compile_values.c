/* schema_compile_values - keywords that hold values, patterns and names. */
#include "schema_compile.h"

#include <stdlib.h>

enum fault
compile_wrong(struct compiler *c, const struct op *op, const char *why)
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

enum fault
compile_type(struct compiler *c, const struct doc_node *value, struct op *op)
{
	unsigned bits;

	if (doc_kind(value) == DOC_TEXT)
		op->types = type_bits(doc_text(value));
	for (struct doc_iter it = doc_iter(value); doc_next(&it); op->types |= bits)
		if ((bits = type_bits(doc_text(it.value))) == 0)
			return compile_wrong(c, op, "names an unknown type");
	return op->types != 0 ? FAULT_NONE : compile_wrong(c, op, "names an unknown type");
}

enum fault
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

enum fault
compile_enum(struct compiler *c, const struct doc_node *value, struct op *op)
{
	if (doc_kind(value) != DOC_ARRAY)
		return compile_wrong(c, op, "must be an array");
	op->values.list = ARENA_ARRAY(c->set->arena, const struct doc_node *, doc_length(value));
	for (struct doc_iter it = doc_iter(value); doc_next(&it); )
		op->values.list[op->values.n++] = it.value;
	qsort(op->values.list, op->values.n, sizeof op->values.list[0], values_compare);
	return FAULT_NONE;
}

bool
compile_count_read(const struct doc_node *value, uint64_t *out)
{
	double real;

	if (!schema_number_is_integral(value) || !doc_real(value, &real) || real < 0 || real > 1e15)
		return false;
	*out = (uint64_t)real;
	return true;
}

enum fault
compile_count(struct compiler *c, const struct doc_node *value, struct op *op)
{
	return compile_count_read(value, &op->count) ? FAULT_NONE : compile_wrong(c, op, "must be a count");
}

enum fault
compile_number(struct compiler *c, const struct doc_node *value, struct op *op)
{
	op->number = value;
	return doc_kind(value) == DOC_INT || doc_kind(value) == DOC_REAL ? FAULT_NONE :
	    compile_wrong(c, op, "must be a number");
}

enum fault
compile_multiple(struct compiler *c, const struct doc_node *value, struct op *op)
{
	double real;

	if (!doc_real(value, &real) || real <= 0)
		return compile_wrong(c, op, "must be a number above zero");
	return compile_number(c, value, op);
}

enum fault
compile_unique(struct compiler *c, const struct doc_node *value, struct op *op)
{
	bool unique;

	if (!doc_bool(value, &unique))
		return compile_wrong(c, op, "must be a boolean");
	if (!unique)
		op->kinds = 0;
	return FAULT_NONE;
}

/* --- texts ------------------------------------------------------------------- */

enum fault
compile_pattern_take(struct compiler *c, struct text source, const struct pattern **out)
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

enum fault
compile_pattern(struct compiler *c, const struct doc_node *value, struct op *op)
{
	return compile_pattern_take(c, doc_text(value), &op->pattern);
}

enum fault
compile_format(struct compiler *c, const struct doc_node *value, struct op *op)
{
	if (doc_kind(value) != DOC_TEXT)
		return compile_wrong(c, op, "must be a text");
	if (c->set->option & SCHEMA_FORMAT_ANNOTATES) {
		op->kinds = 0;
		return FAULT_NONE;
	}
	op->format.check = schema_format_find(doc_text(value), &op->format.name);
	return op->format.check != NULL ? FAULT_NONE : compile_wrong(c, op, "is not a supported format");
}

/* --- names ------------------------------------------------------------------- */

static enum fault
names_read(struct compiler *c, const struct doc_node *value, const struct op *op, struct names *out)
{
	if (doc_kind(value) != DOC_ARRAY)
		return compile_wrong(c, op, "must be an array of names");
	out->list = ARENA_ARRAY(c->set->arena, struct text, doc_length(value));
	for (struct doc_iter it = doc_iter(value); doc_next(&it); out->n++)
		if (text_is_absent(out->list[out->n] = doc_text(it.value)))
			return compile_wrong(c, op, "must be an array of names");
	return FAULT_NONE;
}

enum fault
compile_required(struct compiler *c, const struct doc_node *value, struct op *op)
{
	return names_read(c, value, op, &op->required);
}

enum fault
compile_dependent(struct compiler *c, const struct doc_node *value, struct op *op)
{
	bool schemas = op->keyword->shape == SHAPE_MAP;
	enum fault fault = FAULT_NONE;

	if (doc_kind(value) != DOC_OBJECT)
		return compile_wrong(c, op, "must be an object");
	op->dependencies.list = ARENA_ARRAY(c->set->arena, struct dependency, doc_length(value));
	for (struct doc_iter it = doc_iter(value); fault == FAULT_NONE && doc_next(&it); ) {
		struct dependency *d = &op->dependencies.list[op->dependencies.n++];

		d->name = it.key;
		fault = schemas ? compile_schema(c, it.value, &d->schema) :
		    names_read(c, it.value, op, &d->names);
	}
	return fault;
}
