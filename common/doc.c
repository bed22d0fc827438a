/* doc - reading the nodes of a document; see doc.h and doc_node.h. */
#include "doc_node.h"

#include <stdlib.h>

bool
doc_name_is_plain(struct text name)
{
	if (name.n < 1 || name.n > 64)
		return false;
	for (size_t i = 0; i < name.n; i++) {
		char c = name.s[i];

		if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
		    c == '_' || c == '.' || c == '-'))
			return false;
	}
	return true;
}

enum doc_kind
doc_kind(const struct doc_node *node)
{
	return node != NULL ? (enum doc_kind)node->kind : DOC_ABSENT;
}

static bool
is(const struct doc_node *node, enum doc_kind kind)
{
	return node != NULL && node->kind == kind;
}

struct text
doc_text(const struct doc_node *node)
{
	return is(node, DOC_TEXT) ? node_text(node) : TEXT_NONE;
}

struct text
doc_digits(const struct doc_node *node)
{
	return is(node, DOC_REAL) ? node_text(node) : TEXT_NONE;
}

bool
doc_int64(const struct doc_node *node, int64_t *out)
{
	if (!is(node, DOC_INT))
		return false;
	*out = node->integer;
	return true;
}

bool
doc_real(const struct doc_node *node, double *out)
{
	if (is(node, DOC_INT))
		*out = (double)node->integer;
	else if (is(node, DOC_REAL))
		*out = strtod(node->s, NULL);
	else
		return false;
	return true;
}

bool
doc_bool(const struct doc_node *node, bool *out)
{
	if (!is(node, DOC_BOOL))
		return false;
	*out = node->integer != 0;
	return true;
}

size_t
doc_length(const struct doc_node *node)
{
	return is(node, DOC_ARRAY) || is(node, DOC_OBJECT) ? node->n : 0;
}

/* --- one of many ---------------------------------------------------------- */

struct doc_iter
doc_iter(const struct doc_node *container)
{
	struct doc_iter it = { .left = (uint32_t)doc_length(container) };

	if (it.left > 0) {
		it.rest = container + 1;
		it.has_keys = is(container, DOC_OBJECT);
	}
	return it;
}

bool
doc_next(struct doc_iter *it)
{
	if (it->left == 0)
		return false;
	it->left--;
	if (it->has_keys) {
		it->name = it->rest++;
		it->key = node_text(it->name);
	}
	it->value = it->rest;
	it->rest += it->value->span;
	return true;
}

const struct doc_node *
doc_at(const struct doc_node *array, size_t i)
{
	const struct doc_node *item;

	if (!is(array, DOC_ARRAY) || i >= array->n)
		return NULL;
	if (array->index != NULL)
		return array + array->index[i];
	for (item = array + 1; i > 0; i--)
		item += item->span;
	return item;
}

static const struct doc_node *
find_indexed(const struct doc_node *object, struct text key)
{
	uint32_t low = 0, high = object->n;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const struct doc_node *name = object + object->index[middle];
		int order = doc_key_compare(key, node_text(name));

		if (order == 0)
			return name + 1;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

const struct doc_node *
doc_find(const struct doc_node *object, struct text key)
{
	const struct doc_node *name;

	if (!is(object, DOC_OBJECT))
		return NULL;
	if (object->index != NULL)
		return find_indexed(object, key);
	name = object + 1;
	for (uint32_t i = 0; i < object->n; i++) {
		if (text_is_equal(node_text(name), key))
			return name + 1;
		name += 1 + name[1].span;
	}
	return NULL;
}

const struct doc_node *
doc_get(const struct doc_node *object, const char *key)
{
	return doc_find(object, text_of(key));
}

/* One step of a pointer; token is still escaped. */
static const struct doc_node *
pointer_step(const struct doc_node *node, struct text token)
{
	char name[256];
	size_t n = 0;
	int64_t i;

	if (is(node, DOC_ARRAY)) {
		if ((token.n > 1 && token.s[0] == '0') || !text_to_int64(token, &i) || token.s[0] == '-')
			return NULL;
		return doc_at(node, (size_t)i);
	}
	for (size_t from = 0; from < token.n; from++, n++) {
		if (n == sizeof name)
			return NULL;
		name[n] = token.s[from];
		if (name[n] == '~' && from + 1 < token.n)
			name[n] = token.s[++from] == '0' ? '~' : '/';
	}
	return doc_find(node, (struct text){ name, n });
}

const struct doc_node *
doc_pointer(const struct doc_node *node, const char *pointer)
{
	while (node != NULL && *pointer != '\0') {
		size_t n;

		if (*pointer++ != '/')
			return NULL;
		n = strcspn(pointer, "/");
		node = pointer_step(node, (struct text){ pointer, n });
		pointer += n;
	}
	return node;
}

/* --- members by type ------------------------------------------------------ */

struct text
doc_get_text(const struct doc_node *object, const char *key)
{
	return doc_text(doc_get(object, key));
}

bool
doc_get_int64(const struct doc_node *object, const char *key, int64_t *out)
{
	return doc_int64(doc_get(object, key), out);
}

bool
doc_get_bool(const struct doc_node *object, const char *key, bool *out)
{
	return doc_bool(doc_get(object, key), out);
}

enum fault
doc_need(const struct doc_node *object, const char *key, enum doc_kind kind,
    const struct doc_node **out, struct err *err)
{
	static const char *const names[] = { [DOC_ABSENT] = "nothing", [DOC_NULL] = "null",
		[DOC_BOOL] = "a boolean", [DOC_INT] = "an integer", [DOC_REAL] = "a decimal",
		[DOC_TEXT] = "a text", [DOC_ARRAY] = "an array", [DOC_OBJECT] = "an object" };
	const struct doc_node *node = doc_get(object, key);

	if (!is(node, kind))
		return err_set(err, FAULT_PARK, "doc_need", NULL, "\"%s\" is %s, not %s", key,
		    names[doc_kind(node)], names[kind]);
	*out = node;
	return FAULT_NONE;
}

enum fault
doc_need_text(const struct doc_node *object, const char *key, struct text *out, struct err *err)
{
	const struct doc_node *node;
	enum fault fault = doc_need(object, key, DOC_TEXT, &node, err);

	if (fault == FAULT_NONE)
		*out = node_text(node);
	return fault;
}

enum fault
doc_need_int64(const struct doc_node *object, const char *key, int64_t *out, struct err *err)
{
	const struct doc_node *node;
	enum fault fault = doc_need(object, key, DOC_INT, &node, err);

	if (fault == FAULT_NONE)
		*out = node->integer;
	return fault;
}

/* --- writing -------------------------------------------------------------- */

static void
write_container(struct buf *buf, const struct doc_node *node)
{
	bool object = node->kind == DOC_OBJECT;
	const char *comma = object ? "{" : "[";

	if (node->n == 0)
		buf_puts(buf, comma);
	for (struct doc_iter it = doc_iter(node); doc_next(&it); comma = ",") {
		buf_puts(buf, comma);
		if (object) {
			buf_json_text(buf, it.key);
			buf_puts(buf, ":");
		}
		doc_write(buf, it.value);
	}
	buf_puts(buf, object ? "}" : "]");
}

void
doc_write(struct buf *buf, const struct doc_node *node)
{
	switch (doc_kind(node)) {
	case DOC_ABSENT:
	case DOC_NULL:
		buf_puts(buf, "null");
		break;
	case DOC_BOOL:
		buf_puts(buf, node->integer != 0 ? "true" : "false");
		break;
	case DOC_INT:
		buf_int(buf, node->integer);
		break;
	case DOC_REAL:
		buf_text(buf, node_text(node));
		break;
	case DOC_TEXT:
		buf_json_text(buf, node_text(node));
		break;
	case DOC_ARRAY:
	case DOC_OBJECT:
		write_container(buf, node);
		break;
	}
}
