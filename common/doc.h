/*
 * doc - a JSON document, read strictly and within limits.
 *
 * RFC 8259 and nothing beside it.  Refused as well: documents larger or deeper
 * than the limits, keys that are equal after unescaping, text that is not
 * well-formed UTF-8 (a byte order mark too), NUL raw or escaped, integers
 * beyond 64 bits, numbers that are not finite or longer than 64 characters.
 *
 * A document lives in the arena it was parsed into and is never freed apart.
 * Its nodes are immutable, and its texts are borrowed from it.  A node that is
 * absent is NULL, and every reader here takes NULL: chains need no checks.
 */
#ifndef DOC_H
#define DOC_H

#include "buf.h"
#include "err.h"

enum doc_kind { DOC_ABSENT, DOC_NULL, DOC_BOOL, DOC_INT, DOC_REAL, DOC_TEXT, DOC_ARRAY, DOC_OBJECT };

struct doc_node;

struct doc_limits {
	size_t	max_bytes;
	int	max_depth;	/* at most DOC_DEPTH_MAX; the outermost bracket is 1 */
};

enum { DOC_DEPTH_MAX = 64, DOC_NUMBER_BYTES = 64 };
extern const struct doc_limits doc_limits_default;	/* 1 MiB, 32 */

/* Why a document was refused.  Texts are static and hold nothing of the input. */
struct doc_error {
	const char	*rule;		/* "json.depth": stable, for programs */
	size_t		offset;		/* of the offending byte */
	struct text	pointer;	/* JSON Pointer, up to the last plain name; in the arena */
	const char	*message_vi;
	const char	*message_en;
};

/* Copies bytes.  NULL limits are the default.  FAULT_PARK and *why, or *root; never another fault. */
ERR_CHECK enum fault doc_parse(struct arena *arena, struct text bytes, const struct doc_limits *limits,
    const struct doc_node **root, struct doc_error *why);

/* May this name be shown to others?  ^[A-Za-z0-9_.-]{1,64}$: a field's name, never a person's. */
bool doc_name_is_plain(struct text name);

enum doc_kind doc_kind(const struct doc_node *node);
struct text doc_text(const struct doc_node *node);			/* absent unless a text; NUL after it */
bool doc_int64(const struct doc_node *node, int64_t *out);		/* false, out untouched, unless an integer */
bool doc_real(const struct doc_node *node, double *out);		/* any number, rounded */
struct text doc_digits(const struct doc_node *node);			/* a DOC_REAL as it was written, or absent */
bool doc_bool(const struct doc_node *node, bool *out);
size_t doc_length(const struct doc_node *node);				/* elements, members; else 0 */

/* Elements in O(1), members in O(log n).  NULL where there is none, or node is of another kind. */
const struct doc_node *doc_at(const struct doc_node *array, size_t i);
const struct doc_node *doc_get(const struct doc_node *object, const char *key);
const struct doc_node *doc_find(const struct doc_node *object, struct text key);
const struct doc_node *doc_pointer(const struct doc_node *node, const char *pointer);	/* RFC 6901 */

/* The optional member, typed. */
struct text doc_get_text(const struct doc_node *object, const char *key);
bool doc_get_int64(const struct doc_node *object, const char *key, int64_t *out);
bool doc_get_bool(const struct doc_node *object, const char *key, bool *out);

/* The required member, typed: FAULT_PARK naming key when it is absent or of another kind. */
ERR_CHECK enum fault doc_need_text(const struct doc_node *object, const char *key, struct text *out, struct err *err);
ERR_CHECK enum fault doc_need_int64(const struct doc_node *object, const char *key, int64_t *out, struct err *err);
ERR_CHECK enum fault doc_need(const struct doc_node *object, const char *key, enum doc_kind kind,
    const struct doc_node **out, struct err *err);

/* Members or elements in the order of the document: for (it = doc_iter(n); doc_next(&it); ) … it.key, it.value. */
struct doc_iter {
	struct text		key;	/* absent in arrays */
	const struct doc_node	*name;	/* the key as a node; NULL in arrays */
	const struct doc_node	*value;
	const struct doc_node	*rest;
	uint32_t		left;
	bool			has_keys;
};

struct doc_iter doc_iter(const struct doc_node *container);
bool doc_next(struct doc_iter *it);

/*
 * One total order over all values, in which JSON Schema's equality is 0:
 * numbers by value (1 == 1.0), texts by bytes, objects without regard to order.
 */
int doc_compare(const struct doc_node *a, const struct doc_node *b);
bool doc_equal(const struct doc_node *a, const struct doc_node *b);

/* Keys are ordered by length, then bytes. */
int doc_key_compare(struct text a, struct text b);

/* Compact JSON; order of keys and digits of numbers as they were read. */
void doc_write(struct buf *buf, const struct doc_node *node);

#endif
