/*
 * schema_compile - from a subschema to a row of ops.
 *
 * One function per kind of keyword, called through the table in
 * schema_keyword.c in the order of that table.  A place is compiled once and
 * remembered before its contents are, so that schemas may refer to themselves.
 */
#include "schema_compile.h"

/* --- errors ------------------------------------------------------------------ */

enum fault
compile_refuse(struct compiler *c, const char *keyword, const char *why)
{
	struct text at = schema_pointer_of(c->set->arena, c->place->resource->source->root, c->place->node);

	return err_set(c->err, FAULT_PARK, "schema_compile", keyword, "%.*s#%.*s: \"%s\" %s",
	    TEXT_ARG(c->place->resource->uri), TEXT_ARG(at), keyword, why);
}

/* --- subschemas -------------------------------------------------------------- */

static void
people_read(struct schema_node *node, const struct doc_node *schema)
{
	struct text title = doc_get_text(schema, "title");

	node->title_vi = doc_get_text(schema, "x-title_vi");
	node->title_en = doc_get_text(schema, "x-title_en");
	if (text_is_absent(node->title_vi))
		node->title_vi = title;
	if (text_is_absent(node->title_en))
		node->title_en = title;
	node->hint_vi = doc_get_text(schema, "x-hint_vi");
	node->hint_en = doc_get_text(schema, "x-hint_en");
}

/* Every keyword is known, or an extension. */
static enum fault
keywords_check(struct compiler *c)
{
	char name[80];

	for (struct doc_iter it = doc_iter(c->place->node); doc_next(&it); ) {
		if (text_has_prefix(it.key, "x-") || schema_keyword_find(it.key) != NULL)
			continue;
		snprintf(name, sizeof name, "%.*s", TEXT_ARG(it.key));
		return compile_refuse(c, name, "is not a supported keyword");
	}
	return FAULT_NONE;
}

static enum fault
ops_compile(struct compiler *c)
{
	struct schema_node *node = c->node;
	const struct doc_node *schema = c->place->node;

	node->ops = ARENA_ARRAY(c->set->arena, struct op, doc_length(schema));
	for (size_t i = 0; i < schema_n_keywords; i++) {
		const struct keyword *keyword = &schema_keywords[i];
		const struct doc_node *value = doc_get(schema, keyword->name);
		struct op *op = &node->ops[node->n_ops];
		enum fault fault;

		if (value == NULL || keyword->compile == NULL)
			continue;
		op->keyword = keyword;
		op->kinds = keyword->kinds;
		fault = keyword->compile(c, value, op);
		if (fault != FAULT_NONE)
			return fault;
		/* A compile function that needs no op (or shares another's) clears kinds. */
		if (op->kinds != 0)
			node->n_ops++;
	}
	return FAULT_NONE;
}

static enum fault
place_compile(struct compiler *outer, struct place *place)
{
	struct compiler c = { outer->set, outer->err, place, NULL };
	bool verdict;
	enum fault fault;

	if (place->compiled != NULL)
		return FAULT_NONE;
	place->compiled = c.node = ARENA_NEW(c.set->arena, struct schema_node);
	c.node->resource = place->resource;
	place->resource->entered = true;
	if (doc_bool(place->node, &verdict)) {
		c.node->verdict = verdict ? VERDICT_TRUE : VERDICT_FALSE;
		return FAULT_NONE;
	}
	if (doc_kind(place->node) != DOC_OBJECT)
		return compile_refuse(&c, "schema", "must be an object or a boolean");
	people_read(c.node, place->node);
	fault = keywords_check(&c);
	return fault == FAULT_NONE ? ops_compile(&c) : fault;
}

enum fault
compile_schema(struct compiler *c, const struct doc_node *node, const struct schema_node **out)
{
	struct place *place = schema_place_find(c->set, node);
	enum fault fault;

	if (place == NULL)
		bug("subschema that the walk did not meet");
	fault = place_compile(c, place);
	if (fault == FAULT_NONE)
		*out = place->compiled;
	return fault;
}

/* --- references -------------------------------------------------------------- */

/* The place that uri, resolved against the place being compiled, names; or NULL. */
static struct place *
reference_find(struct compiler *c, struct text uri, const struct anchor **anchor)
{
	struct text fragment, base = schema_uri_split(c->set->arena, uri, &fragment);
	struct resource *resource = schema_resource_find(c->set, base);

	*anchor = NULL;
	if (resource == NULL)
		return NULL;
	if (fragment.n == 0)
		return schema_place_find(c->set, resource->root);
	if (fragment.s[0] == '/')
		return schema_place_find(c->set, doc_pointer(resource->root, fragment.s));
	*anchor = schema_anchor_find(resource, fragment);
	return *anchor != NULL ? schema_place_find(c->set, (*anchor)->node) : NULL;
}

static enum fault
reference(struct compiler *c, const struct doc_node *value, const char *keyword,
    const struct schema_node **out, const struct anchor **anchor)
{
	struct text uri = doc_text(value);
	struct place *place;
	enum fault fault;

	if (text_is_absent(uri))
		return compile_refuse(c, keyword, "must be a text");
	uri = schema_uri_resolve(c->set->arena, c->place->resource->uri, uri);
	place = reference_find(c, uri, anchor);
	if (place == NULL)
		return compile_refuse(c, keyword, "names no schema of this set");
	fault = place_compile(c, place);
	if (fault == FAULT_NONE)
		*out = place->compiled;
	return fault;
}

enum fault
compile_ref(struct compiler *c, const struct doc_node *value, struct op *op)
{
	const struct anchor *anchor;

	return reference(c, value, op->keyword->name, &op->schema, &anchor);
}

enum fault
compile_dynamic_ref(struct compiler *c, const struct doc_node *value, struct op *op)
{
	const struct anchor *anchor = NULL;
	enum fault fault = reference(c, value, op->keyword->name, &op->dynamic.initial, &anchor);

	if (fault != FAULT_NONE)
		return fault;
	if (anchor != NULL && anchor->dynamic)
		op->dynamic.anchor = anchor->name;
	c->set->dynamic = true;
	return FAULT_NONE;
}

/*
 * A $dynamicRef may end at the dynamic anchors of any resource that a check
 * passes through: compile those too, until no new resource is entered.
 */
static enum fault
dynamic_compile(struct compiler *c)
{
	for (bool again = true; again; ) {
		again = false;
		for (struct resource *r = c->set->resources; r != NULL; r = r->next)
			for (struct anchor *a = r->entered ? r->anchors : NULL; a != NULL; a = a->next) {
				struct place *place = schema_place_find(c->set, a->node);
				enum fault fault;

				if (!a->dynamic || place->compiled != NULL)
					continue;
				fault = place_compile(c, place);
				if (fault != FAULT_NONE)
					return fault;
				again = true;
			}
	}
	for (struct resource *r = c->set->resources; r != NULL; r = r->next)
		for (struct anchor *a = r->entered ? r->anchors : NULL; a != NULL; a = a->next)
			if (a->dynamic)
				a->compiled = schema_place_find(c->set, a->node)->compiled;
	return FAULT_NONE;
}

/* After a failure some places hold half of a program: compile anew next time. */
static void
forget(struct schema_set *set)
{
	for (struct source *s = set->sources; s != NULL; s = s->next)
		for (size_t i = 0; i < s->n; i++)
			s->places[i].compiled = NULL;
}

/* --- the whole --------------------------------------------------------------- */

enum fault
schema_compile(struct schema_set *set, const char *uri, const struct schema **out, struct err *err)
{
	struct compiler c = { .set = set, .err = err };
	const struct anchor *anchor;
	struct place *place = reference_find(&c, text_of(uri), &anchor);
	struct schema *schema;
	enum fault fault;

	if (place == NULL)
		return err_set(err, FAULT_PARK, "schema_compile", NULL, "%s names no schema of this set", uri);
	fault = place_compile(&c, place);
	if (fault == FAULT_NONE && set->dynamic)
		fault = dynamic_compile(&c);
	if (fault != FAULT_NONE) {
		forget(set);
		return fault;
	}
	schema = ARENA_NEW(set->arena, struct schema);
	schema->root = place->compiled;
	*out = schema;
	return FAULT_NONE;
}
