/* schema_assert - keywords that look at a value and need no other schema. */
#include "schema_compile.h"

#include <stdlib.h>

enum { FEW = 8 };

/* --- any value --------------------------------------------------------------- */

/* The names of a "type", as schema_message.c knows them. */
static struct text
type_names(struct run *run, unsigned types)
{
	static const struct { unsigned bits; const char *name; } names[] = {
		{ 1 << DOC_TEXT, "string" }, { 1 << DOC_REAL, "number" }, { TYPE_INTEGER, "integer" },
		{ 1 << DOC_BOOL, "boolean" }, { 1 << DOC_ARRAY, "array" }, { 1 << DOC_OBJECT, "object" },
		{ 1 << DOC_NULL, "null" },
	};
	struct buf buf = buf_in(run->arena);

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (types & names[i].bits)
			buf_printf(&buf, "%s%s", buf.n > 0 ? " " : "", names[i].name);
	return buf_get(&buf);
}

bool
check_type(struct run *run, const struct op *op, const struct frame *frame)
{
	if (op->types & 1u << doc_kind(frame->value))
		return true;
	if (op->types & TYPE_INTEGER && schema_number_is_integral(frame->value))
		return true;
	return run->errors != NULL && schema_report(run, frame, "type", type_names(run, op->types));
}

/* The allowed values as people may read them: a few short ones, or none. */
static struct text
values_text(struct run *run, const struct op *op)
{
	struct buf buf = buf_in(run->arena);

	for (size_t i = 0; i < op->values.n; i++) {
		if (i > 0)
			buf_puts(&buf, ", ");
		doc_write(&buf, op->values.list[i]);
		if (buf.n > 160)
			return TEXT_NONE;
	}
	return buf_get(&buf);
}

static int
find_compare(const void *key, const void *member)
{
	return doc_compare(key, *(const struct doc_node *const *)member);
}

bool
check_values(struct run *run, const struct op *op, const struct frame *frame)
{
	if (op->values.n > FEW) {
		if (bsearch(frame->value, op->values.list, op->values.n, sizeof op->values.list[0],
		    find_compare) != NULL)
			return true;
	} else {
		for (size_t i = 0; i < op->values.n; i++)
			if (doc_equal(frame->value, op->values.list[i]))
				return true;
	}
	return run->errors != NULL && schema_report(run, frame, op->keyword->name, values_text(run, op));
}

/* --- counts ------------------------------------------------------------------ */

bool
check_least(struct run *run, const struct op *op, const struct frame *frame)
{
	return doc_length(frame->value) >= op->count ||
	    schema_report_count(run, frame, op->keyword->name, op->count);
}

bool
check_most(struct run *run, const struct op *op, const struct frame *frame)
{
	return doc_length(frame->value) <= op->count ||
	    schema_report_count(run, frame, op->keyword->name, op->count);
}

bool
check_length_least(struct run *run, const struct op *op, const struct frame *frame)
{
	struct text t = doc_text(frame->value);

	/* A code point takes one to four bytes: often there is nothing to count. */
	if (t.n >= op->count && (t.n / 4 >= op->count || text_length(t) >= op->count))
		return true;
	return schema_report_count(run, frame, "minLength", op->count);
}

bool
check_length_most(struct run *run, const struct op *op, const struct frame *frame)
{
	struct text t = doc_text(frame->value);

	return t.n <= op->count || text_length(t) <= op->count ||
	    schema_report_count(run, frame, "maxLength", op->count);
}

/* --- texts ------------------------------------------------------------------- */

bool
check_pattern(struct run *run, const struct op *op, const struct frame *frame)
{
	switch (pattern_match(op->pattern, doc_text(frame->value))) {
	case PATTERN_YES:
		return true;
	case PATTERN_LIMIT:
		return schema_give_up(run, frame, "pattern.limit");
	case PATTERN_NO:
		break;
	}
	return schema_report(run, frame, "pattern", TEXT_NONE);
}

bool
check_format(struct run *run, const struct op *op, const struct frame *frame)
{
	return op->format.check(doc_text(frame->value)) ||
	    schema_report(run, frame, "format", text_of(op->format.name));
}

/* --- numbers ----------------------------------------------------------------- */

static bool
report_number(struct run *run, const struct op *op, const struct frame *frame)
{
	struct buf buf;

	if (run->errors == NULL)
		return false;
	buf = buf_in(run->arena);
	doc_write(&buf, op->number);
	return schema_report(run, frame, op->keyword->name, buf_get(&buf));
}

bool
check_minimum(struct run *run, const struct op *op, const struct frame *frame)
{
	return doc_compare(frame->value, op->number) >= 0 || report_number(run, op, frame);
}

bool
check_maximum(struct run *run, const struct op *op, const struct frame *frame)
{
	return doc_compare(frame->value, op->number) <= 0 || report_number(run, op, frame);
}

bool
check_above(struct run *run, const struct op *op, const struct frame *frame)
{
	return doc_compare(frame->value, op->number) > 0 || report_number(run, op, frame);
}

bool
check_below(struct run *run, const struct op *op, const struct frame *frame)
{
	return doc_compare(frame->value, op->number) < 0 || report_number(run, op, frame);
}

bool
check_multiple(struct run *run, const struct op *op, const struct frame *frame)
{
	return schema_number_is_multiple(frame->value, op->number) || report_number(run, op, frame);
}

/* --- arrays and objects ------------------------------------------------------ */

static int
nodes_compare(const void *a, const void *b)
{
	return doc_compare(*(const struct doc_node *const *)a, *(const struct doc_node *const *)b);
}

/* Sorted, so that equal elements are neighbours: no hash that an input could aim at. */
bool
check_unique(struct run *run, const struct op *op, const struct frame *frame)
{
	size_t n = doc_length(frame->value), i = 0;
	const struct doc_node **list;

	if (n < 2)
		return true;
	list = ARENA_ARRAY(run->arena, const struct doc_node *, n);
	for (struct doc_iter it = doc_iter(frame->value); doc_next(&it); )
		list[i++] = it.value;
	qsort(list, n, sizeof *list, nodes_compare);
	for (i = 1; i < n; i++)
		if (doc_equal(list[i - 1], list[i]))
			return schema_report(run, frame, op->keyword->name, TEXT_NONE);
	return true;
}

static bool
names_check(struct run *run, const struct frame *frame, const char *rule, const struct names *names)
{
	bool valid = true;

	for (size_t i = 0; i < names->n; i++) {
		if (doc_find(frame->value, names->list[i]) != NULL)
			continue;
		valid = schema_report_member(run, frame, rule, names->list[i], frame->schema);
		if (run->errors == NULL || run->errors->more)
			break;
	}
	return valid;
}

bool
check_required(struct run *run, const struct op *op, const struct frame *frame)
{
	return names_check(run, frame, "required", &op->required);
}

bool
check_dependent_required(struct run *run, const struct op *op, const struct frame *frame)
{
	bool valid = true;

	for (size_t i = 0; i < op->dependencies.n; i++) {
		const struct dependency *d = &op->dependencies.list[i];

		if (doc_find(frame->value, d->name) != NULL)
			valid &= names_check(run, frame, "dependentRequired", &d->names);
	}
	return valid;
}
