/*
 * doc_order - one total order over JSON values.
 *
 * Equality, sorted tables and "no element twice" all rest on it: sorting needs
 * no hash and so has no worst case that an input could aim at.  Integers and
 * decimals are compared as numbers, in long double, which holds every 64-bit
 * integer exactly on the machines this runs on.
 */
#include "doc_node.h"

#include <float.h>
#include <stdlib.h>

_Static_assert(LDBL_MANT_DIG >= 64, "long double must hold every int64_t");

/* Kinds of one rank are compared by value. */
static const int rank[] = {
	[DOC_ABSENT] = 0, [DOC_NULL] = 1, [DOC_BOOL] = 2, [DOC_INT] = 3, [DOC_REAL] = 3,
	[DOC_TEXT] = 4, [DOC_ARRAY] = 5, [DOC_OBJECT] = 6,
};

int
doc_key_compare(struct text a, struct text b)
{
	if (a.n != b.n)
		return a.n < b.n ? -1 : 1;
	return a.n > 0 ? memcmp(a.s, b.s, a.n) : 0;
}

static long double
value_of(const struct doc_node *node)
{
	return node->kind == DOC_INT ? (long double)node->integer : (long double)strtod(node->s, NULL);
}

static int
compare_numbers(const struct doc_node *a, const struct doc_node *b)
{
	long double x, y;

	if (a->kind == DOC_INT && b->kind == DOC_INT)
		return a->integer < b->integer ? -1 : a->integer > b->integer;
	x = value_of(a);
	y = value_of(b);
	return x < y ? -1 : x > y;
}

static int
compare_arrays(const struct doc_node *a, const struct doc_node *b)
{
	struct doc_iter x = doc_iter(a), y = doc_iter(b);

	while (doc_next(&x) && doc_next(&y)) {
		int order = doc_compare(x.value, y.value);

		if (order != 0)
			return order;
	}
	return 0;
}

/* Offsets of the keys in their order; small objects are sorted into room. */
static const uint32_t *
keys_sorted(const struct doc_node *object, uint32_t *room)
{
	uint32_t offset = 1;

	if (object->index != NULL)
		return object->index;
	for (uint32_t i = 0; i < object->n; i++) {
		uint32_t j = i;

		for (; j > 0 && doc_key_compare(node_text(object + room[j - 1]),
		    node_text(object + offset)) > 0; j--)
			room[j] = room[j - 1];
		room[j] = offset;
		offset += 1 + object[offset + 1].span;
	}
	return room;
}

static int
compare_objects(const struct doc_node *a, const struct doc_node *b)
{
	uint32_t room_a[DOC_SMALL], room_b[DOC_SMALL];
	const uint32_t *x = keys_sorted(a, room_a), *y = keys_sorted(b, room_b);

	for (uint32_t i = 0; i < a->n; i++) {
		int order = doc_key_compare(node_text(a + x[i]), node_text(b + y[i]));

		if (order == 0)
			order = doc_compare(a + x[i] + 1, b + y[i] + 1);
		if (order != 0)
			return order;
	}
	return 0;
}

int
doc_compare(const struct doc_node *a, const struct doc_node *b)
{
	int by_rank = rank[doc_kind(a)] - rank[doc_kind(b)];

	if (by_rank != 0 || a == NULL)
		return by_rank;
	switch ((enum doc_kind)a->kind) {
	case DOC_INT:
	case DOC_REAL:
		return compare_numbers(a, b);
	case DOC_BOOL:
		return (int)(a->integer - b->integer);
	case DOC_TEXT:
		return doc_key_compare(node_text(a), node_text(b));
	case DOC_ARRAY:
	case DOC_OBJECT:
		if (a->n != b->n)
			return a->n < b->n ? -1 : 1;
		return a->kind == DOC_ARRAY ? compare_arrays(a, b) : compare_objects(a, b);
	case DOC_ABSENT:
	case DOC_NULL:
		break;
	}
	return 0;
}

bool
doc_equal(const struct doc_node *a, const struct doc_node *b)
{
	return doc_compare(a, b) == 0;
}
