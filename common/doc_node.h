/*
 * doc_node - how a document lies in memory; for the doc files alone.
 *
 * The nodes stand in one array in the order of the document.  A container is
 * followed by its contents, in an object key and value in turn, and knows how
 * many nodes it spans, so that the next sibling is one addition away.  A
 * container of more than DOC_SMALL members has an index of offsets from its
 * own node: elements in order, keys sorted.
 */
#ifndef DOC_NODE_H
#define DOC_NODE_H

#include "doc.h"

enum { DOC_SMALL = 16 };

struct doc_node {
	uint8_t		kind;	/* enum doc_kind */
	uint32_t	n;	/* bytes of a text or a real; members; elements */
	uint32_t	span;	/* nodes, this one and all below it */
	union {
		int64_t		integer;	/* DOC_INT, DOC_BOOL */
		const char	*s;		/* DOC_TEXT, DOC_REAL */
		const uint32_t	*index;		/* containers; NULL when small */
	};
};

static inline struct text
node_text(const struct doc_node *node)
{
	return (struct text){ node->s, node->n };
}

#endif
