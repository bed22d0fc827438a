/*
 * schema_apply - keywords that run other schemas: at the same value, or below.
 *
 * Where an unevaluated… keyword asks (frame->seen), every schema at the same
 * value notes what it evaluated in a set of its own, which is added to the
 * outer one when it was valid; and no branch is skipped.
 */
#include "schema_compile.h"

/* --- helpers ----------------------------------------------------------------- */

static void
seen_add(const struct frame *frame, size_t i)
{
	if (frame->seen != NULL)
		frame->seen->bits[i / 64] |= UINT64_C(1) << (i % 64);
}

static bool
seen_has(const struct seen *seen, size_t i)
{
	return seen->bits[i / 64] >> (i % 64) & 1;
}

bool
schema_beside(struct run *run, const struct frame *frame, const struct schema_node *schema)
{
	struct frame inner = *frame;
	struct seen seen;

	inner.schema = schema;
	inner.depth++;
	if (frame->seen != NULL) {
		seen.n = frame->seen->n;
		seen.bits = ARENA_ARRAY(run->arena, uint64_t, seen.n / 64 + 1);
		inner.seen = &seen;
	}
	if (!schema_run(run, &inner))
		return false;
	for (size_t i = 0; frame->seen != NULL && i < seen.n / 64 + 1; i++)
		frame->seen->bits[i] |= seen.bits[i];
	return true;
}

/* The same without a report, whatever the result. */
static bool
beside_quiet(struct run *run, const struct frame *frame, const struct schema_node *schema)
{
	struct schema_errors *errors = run->errors;
	bool valid;

	run->errors = NULL;
	valid = schema_beside(run, frame, schema);
	run->errors = errors;
	return valid;
}

static bool
below(struct run *run, const struct frame *frame, const struct schema_node *schema,
    const struct doc_node *value, struct text key, size_t index)
{
	struct path path = { frame->path, key, index };
	struct frame inner = { .schema = schema, .value = value, .path = &path, .top = schema,
	    .scope = frame->scope };

	return schema->verdict == VERDICT_TRUE || schema_run(run, &inner);
}

/* Go on after a failure?  Only to list more errors. */
static bool
is_over(const struct run *run, bool valid)
{
	return run->gave_up != NULL || (!valid && (run->errors == NULL || run->errors->more));
}

/* --- at the same value ------------------------------------------------------- */

bool
check_ref(struct run *run, const struct op *op, const struct frame *frame)
{
	return schema_beside(run, frame, op->schema);
}

/* The outermost resource on the way here that has the anchor decides. */
bool
check_dynamic_ref(struct run *run, const struct op *op, const struct frame *frame)
{
	const struct schema_node *target = op->dynamic.initial;

	for (const struct scope *s = frame->scope; s != NULL && !text_is_absent(op->dynamic.anchor); s = s->up) {
		const struct anchor *anchor = schema_anchor_find(s->resource, op->dynamic.anchor);

		if (anchor != NULL && anchor->dynamic && anchor->compiled != NULL)
			target = anchor->compiled;
	}
	return schema_beside(run, frame, target);
}

bool
check_all_of(struct run *run, const struct op *op, const struct frame *frame)
{
	bool valid = true;

	for (size_t i = 0; i < op->schemas.n && !is_over(run, valid); i++)
		valid &= schema_beside(run, frame, op->schemas.list[i]);
	return valid;
}

bool
check_not(struct run *run, const struct op *op, const struct frame *frame)
{
	struct frame inner = *frame;

	inner.seen = NULL;
	if (!beside_quiet(run, &inner, op->schema))
		return true;
	return schema_report(run, frame, "not", TEXT_NONE);
}

bool
check_condition(struct run *run, const struct op *op, const struct frame *frame)
{
	const struct schema_node *next = beside_quiet(run, frame, op->condition.test) ?
	    op->condition.then : op->condition.otherwise;

	return next == NULL || schema_beside(run, frame, next);
}

bool
check_dependent_schemas(struct run *run, const struct op *op, const struct frame *frame)
{
	bool valid = true;

	for (size_t i = 0; i < op->dependencies.n && !is_over(run, valid); i++)
		if (doc_find(frame->value, op->dependencies.list[i].name) != NULL)
			valid &= schema_beside(run, frame, op->dependencies.list[i].schema);
	return valid;
}

/* --- below: objects ---------------------------------------------------------- */

static const struct schema_node *
property_find(const struct op *op, struct text name)
{
	size_t low = 0, high = op->members.n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = doc_key_compare(name, op->members.list[middle].name);

		if (order == 0)
			return op->members.list[middle].schema;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

static bool
is_match(struct run *run, const struct frame *frame, const struct pattern *pattern, struct text name)
{
	enum pattern_verdict verdict = pattern_match(pattern, name);

	if (verdict == PATTERN_LIMIT)
		schema_give_up(run, frame, "pattern.limit");
	return verdict == PATTERN_YES;
}

static bool
member_run(struct run *run, const struct op *op, const struct frame *frame, const struct doc_iter *it,
    bool *evaluated)
{
	const struct schema_node *schema = property_find(op, it->key);
	bool valid = true;

	*evaluated = schema != NULL;
	if (schema != NULL)
		valid = below(run, frame, schema, it->value, it->key, 0);
	for (size_t i = 0; i < op->members.n_patterns; i++)
		if (is_match(run, frame, op->members.patterns[i].pattern, it->key)) {
			*evaluated = true;
			valid &= below(run, frame, op->members.patterns[i].schema, it->value, it->key, 0);
		}
	if (*evaluated || op->members.rest == NULL)
		return valid;
	*evaluated = true;
	if (op->members.rest->verdict == VERDICT_FALSE)
		return schema_report_member(run, frame, "additionalProperties", it->key, NULL);
	return below(run, frame, op->members.rest, it->value, it->key, 0);
}

bool
check_members(struct run *run, const struct op *op, const struct frame *frame)
{
	size_t i = 0;
	bool valid = true, evaluated;

	for (struct doc_iter it = doc_iter(frame->value); !is_over(run, valid) && doc_next(&it); i++) {
		valid &= member_run(run, op, frame, &it, &evaluated);
		if (evaluated)
			seen_add(frame, i);
	}
	return valid;
}

bool
check_property_names(struct run *run, const struct op *op, const struct frame *frame)
{
	struct frame inner = *frame;
	bool valid = true;

	inner.schema = inner.top = op->schema;
	inner.depth = 0;
	inner.seen = NULL;
	for (struct doc_iter it = doc_iter(frame->value); !is_over(run, valid) && doc_next(&it); ) {
		inner.value = it.name;
		if (!schema_run(run, &inner))
			valid = false;
	}
	return valid;
}

/* --- below: arrays ----------------------------------------------------------- */

bool
check_items(struct run *run, const struct op *op, const struct frame *frame)
{
	size_t i = 0;
	bool valid = true;

	for (struct doc_iter it = doc_iter(frame->value); !is_over(run, valid) && doc_next(&it); i++) {
		const struct schema_node *schema = i < op->items.n ? op->items.prefix[i] : op->items.rest;

		if (schema == NULL)
			break;
		valid &= below(run, frame, schema, it.value, TEXT_NONE, i);
		seen_add(frame, i);
	}
	return valid;
}

static uint64_t
contains_count(struct run *run, const struct op *op, const struct frame *frame)
{
	struct schema_errors *errors = run->errors;
	uint64_t count = 0;
	size_t i = 0;

	run->errors = NULL;
	for (struct doc_iter it = doc_iter(frame->value); run->gave_up == NULL && doc_next(&it); i++)
		if (below(run, frame, op->contains.schema, it.value, TEXT_NONE, i)) {
			seen_add(frame, i);
			count++;
		}
	run->errors = errors;
	return count;
}

bool
check_contains(struct run *run, const struct op *op, const struct frame *frame)
{
	uint64_t count = contains_count(run, op, frame);

	if (count < op->contains.least)
		return schema_report_count(run, frame, op->contains.least == 1 ? "contains" : "minContains",
		    op->contains.least);
	if (count > op->contains.most)
		return schema_report_count(run, frame, "maxContains", op->contains.most);
	return true;
}

/* --- what nobody has looked at ----------------------------------------------- */

bool
check_unevaluated(struct run *run, const struct op *op, const struct frame *frame)
{
	size_t i = 0;
	bool valid = true;

	for (struct doc_iter it = doc_iter(frame->value); !is_over(run, valid) && doc_next(&it); i++) {
		if (seen_has(frame->seen, i))
			continue;
		if (op->schema->verdict == VERDICT_FALSE && !text_is_absent(it.key))
			valid = schema_report_member(run, frame, op->keyword->name, it.key, NULL);
		else
			valid &= below(run, frame, op->schema, it.value, it.key, i);
		seen_add(frame, i);
	}
	return valid;
}
