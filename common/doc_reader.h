/* doc_reader - the state of doc_parse; for the doc files alone. */
#ifndef DOC_READER_H
#define DOC_READER_H

#include "doc_node.h"

struct rule {
	const char	*name;
	const char	*message_vi;
	const char	*message_en;
};

struct reader {
	struct arena	*arena;
	char		*start;
	char		*end;	/* where the NUL stands */
	char		*at;	/* next byte */

	struct doc_node	*nodes;
	uint32_t	n;
	uint32_t	size;

	int		depth;
	int		max_depth;
	uint32_t	open[DOC_DEPTH_MAX + 1];	/* containers around at, from 1 */
	uint32_t	key[DOC_DEPTH_MAX + 1];		/* and the member being read; 0 none */

	const struct rule *rule;	/* broken one */
	const char	*bad;		/* where */
};

extern const struct rule doc_rule_size, doc_rule_empty, doc_rule_depth, doc_rule_duplicate, doc_rule_encoding,
    doc_rule_nul, doc_rule_control, doc_rule_number, doc_rule_trailing, doc_rule_syntax;

/* Always false: "return doc_fail(…)". */
bool doc_fail(struct reader *r, const struct rule *rule, const char *bad);

/* A byte that cannot stand here: say what is odd about it. */
bool doc_fail_at(struct reader *r);

/* A new node; valid until the next push. */
struct doc_node *doc_push(struct reader *r, enum doc_kind kind);

/* A text, at on its opening quote. */
bool doc_read_text(struct reader *r);

#endif
