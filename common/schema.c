/*
 * schema - the set: documents, their subschemas by address, names and anchors.
 *
 * When a document is added it is walked once, through the keywords that hold
 * schemas and no others: an "$id" within an enum or an example names nothing.
 * The walk meets the subschemas in document order, so that a place is found by
 * its address.  Keywords are not judged here but when a schema is compiled.
 */
#include "schema_program.h"

#include <stdlib.h>

enum { KEEP_BYTES = 0 };

static const struct doc_limits schema_limits = { .max_bytes = 4 * 1024 * 1024, .max_depth = DOC_DEPTH_MAX };

struct schema_set *
schema_set_new(enum schema_option option)
{
	struct schema_set *set = mem_new(1, sizeof *set);

	set->arena = arena_new(KEEP_BYTES);
	set->option = option;
	return set;
}

void
schema_set_free(struct schema_set *set)
{
	if (set == NULL)
		return;
	for (size_t i = 0; i < set->n_patterns; i++)
		pattern_free(set->patterns[i]);
	free(set->patterns);
	arena_free(set->arena);
	free(set);
}

/* --- finding ---------------------------------------------------------------- */

struct resource *
schema_resource_find(struct schema_set *set, struct text uri)
{
	for (struct resource *r = set->resources; r != NULL; r = r->next)
		if (text_is_equal(r->uri, uri))
			return r;
	return NULL;
}

struct anchor *
schema_anchor_find(const struct resource *resource, struct text name)
{
	for (struct anchor *a = resource->anchors; a != NULL; a = a->next)
		if (text_is_equal(a->name, name))
			return a;
	return NULL;
}

static int
place_compare(const void *key, const void *member)
{
	const struct doc_node *node = ((const struct place *)member)->node;

	return (const struct doc_node *)key < node ? -1 : (const struct doc_node *)key > node;
}

struct place *
schema_place_find(struct schema_set *set, const struct doc_node *node)
{
	for (struct source *s = set->sources; s != NULL && node != NULL; s = s->next) {
		struct place *place = bsearch(node, s->places, s->n, sizeof *place, place_compare);

		if (place != NULL)
			return place;
	}
	return NULL;
}

struct text
schema_pointer_of(struct arena *arena, const struct doc_node *root, const struct doc_node *node)
{
	struct buf buf = buf_in(arena);

	while (root != node) {
		const struct doc_node *inner = NULL;
		struct text key = TEXT_NONE;
		int index = -1;

		for (struct doc_iter it = doc_iter(root); doc_next(&it) && it.value <= node; index++) {
			inner = it.value;
			key = it.key;
		}
		if (inner == NULL)
			break;
		if (text_is_absent(key))
			buf_printf(&buf, "/%d", index);
		else
			buf_printf(&buf, "/%.*s", TEXT_ARG(key));
		root = inner;
	}
	return buf_get(&buf);
}

/* --- adding ----------------------------------------------------------------- */

struct walk {
	struct schema_set	*set;
	struct source		*source;
	struct err		*err;
};

static enum fault walk_schema(struct walk *w, const struct doc_node *node, struct resource *resource);

static enum fault
resource_add(struct walk *w, struct text uri, const struct doc_node *root, struct resource **out)
{
	struct resource *resource;

	if (schema_resource_find(w->set, uri) != NULL)
		return err_set(w->err, FAULT_PARK, "schema_set_add", NULL, "%.*s is there already",
		    TEXT_ARG(uri));
	resource = ARENA_NEW(w->set->arena, struct resource);
	*resource = (struct resource){ .next = w->set->resources, .uri = uri, .root = root,
	    .source = w->source };
	w->set->resources = resource;
	*out = resource;
	return FAULT_NONE;
}

static enum fault
anchor_add(struct walk *w, struct resource *resource, const struct doc_node *node, bool dynamic)
{
	struct text name = doc_get_text(node, dynamic ? "$dynamicAnchor" : "$anchor");
	struct anchor *anchor;

	if (text_is_absent(name))
		return FAULT_NONE;
	anchor = schema_anchor_find(resource, name);
	if (anchor != NULL && anchor->node != node)
		return err_set(w->err, FAULT_PARK, "schema_set_add", NULL, "anchor %.*s stands twice in %.*s",
		    TEXT_ARG(name), TEXT_ARG(resource->uri));
	if (anchor == NULL) {
		anchor = ARENA_NEW(w->set->arena, struct anchor);
		anchor->next = resource->anchors;
		anchor->name = name;
		anchor->node = node;
		resource->anchors = anchor;
	}
	anchor->dynamic |= dynamic;
	return FAULT_NONE;
}

static void
place_add(struct walk *w, const struct doc_node *node, struct resource *resource)
{
	struct source *s = w->source;

	if (s->n == s->size) {
		struct place *more = ARENA_ARRAY(w->set->arena, struct place, s->size * 2 + 16);

		if (s->n > 0)
			memcpy(more, s->places, s->n * sizeof *more);
		s->places = more;
		s->size = s->size * 2 + 16;
	}
	s->places[s->n++] = (struct place){ .node = node, .resource = resource };
}

static enum fault
walk_members(struct walk *w, const struct doc_node *node, struct resource *resource)
{
	enum fault fault = FAULT_NONE;

	for (struct doc_iter it = doc_iter(node); fault == FAULT_NONE && doc_next(&it); ) {
		const struct keyword *keyword = schema_keyword_find(it.key);
		enum shape shape = keyword != NULL ? keyword->shape : SHAPE_VALUE;

		if (shape == SHAPE_SCHEMA)
			fault = walk_schema(w, it.value, resource);
		else if (shape == SHAPE_LIST || shape == SHAPE_MAP)
			for (struct doc_iter in = doc_iter(it.value); fault == FAULT_NONE && doc_next(&in); )
				fault = walk_schema(w, in.value, resource);
	}
	return fault;
}

static enum fault
walk_schema(struct walk *w, const struct doc_node *node, struct resource *resource)
{
	struct text id = doc_get_text(node, "$id"), fragment, uri;
	enum fault fault = FAULT_NONE;

	if (!text_is_absent(id)) {
		uri = schema_uri_resolve(w->set->arena, resource->uri, id);
		uri = schema_uri_split(w->set->arena, uri, &fragment);
		if (!text_is_equal(uri, resource->uri))
			fault = resource_add(w, uri, node, &resource);
	}
	if (fault != FAULT_NONE)
		return fault;
	place_add(w, node, resource);
	fault = anchor_add(w, resource, node, false);
	if (fault == FAULT_NONE)
		fault = anchor_add(w, resource, node, true);
	return fault == FAULT_NONE ? walk_members(w, node, resource) : fault;
}

enum fault
schema_set_add(struct schema_set *set, const char *uri, struct text json, struct err *err)
{
	struct walk w = { set, ARENA_NEW(set->arena, struct source), err };
	struct resource *resource, *before = set->resources;
	struct doc_error why;
	struct text base, fragment;
	enum fault fault;

	if (doc_parse(set->arena, json, &schema_limits, &w.source->root, &why) != FAULT_NONE)
		return err_set(err, FAULT_PARK, "schema_set_add", NULL, "%s: %s at byte %zu: %s",
		    uri != NULL ? uri : "schema", why.rule, why.offset, why.message_en);
	base = uri != NULL ? arena_copy(set->arena, uri, strlen(uri)) : doc_get_text(w.source->root, "$id");
	if (base.n == 0)
		return err_set(err, FAULT_PARK, "schema_set_add", NULL, "a schema needs an absolute \"$id\"");
	base = schema_uri_split(set->arena, base, &fragment);
	fault = resource_add(&w, base, w.source->root, &resource);
	if (fault == FAULT_NONE)
		fault = walk_schema(&w, w.source->root, resource);
	if (fault != FAULT_NONE) {
		set->resources = before;
		return fault;
	}
	w.source->next = set->sources;
	set->sources = w.source;
	return FAULT_NONE;
}
