/*
 * schema_program - what a schema becomes; for the schema files alone.
 *
 *   set ── sources (documents) ── places (subschemas, in document order)
 *                              └─ resources (a "$id" each) ── anchors
 *   place ──compiled──► node: a row of ops in the order of the keyword table
 *
 * All of it lives in the arena of the set, the patterns beside it.
 */
#ifndef SCHEMA_PROGRAM_H
#define SCHEMA_PROGRAM_H

#include "pattern.h"
#include "schema.h"

struct op;
struct frame;
struct run;

/* --- the set --------------------------------------------------------------- */

struct place {
	const struct doc_node	*node;
	struct resource		*resource;
	struct schema_node	*compiled;	/* NULL until then */
};

struct anchor {
	struct anchor		*next;
	struct text		name;
	const struct doc_node	*node;
	bool			dynamic;
	const struct schema_node *compiled;	/* of a dynamic one that a check may reach */
};

struct resource {
	struct resource		*next;
	struct text		uri;		/* absolute, no fragment */
	const struct doc_node	*root;
	struct source		*source;
	struct anchor		*anchors;
	bool			entered;	/* something of it is compiled */
};

struct source {
	struct source		*next;
	const struct doc_node	*root;
	struct place		*places;	/* by address */
	size_t			n;
	size_t			size;
};

struct schema_set {
	struct arena		*arena;
	enum schema_option	option;
	struct source		*sources;
	struct resource		*resources;
	struct pattern		**patterns;	/* owned */
	size_t			n_patterns;
	bool			dynamic;	/* a $dynamicRef was compiled */
};

/* "base" + "reference" by RFC 3986, 5.2; fragment kept.  In the arena. */
struct text schema_uri_resolve(struct arena *arena, struct text base, struct text reference);

/* Split at '#': uri without it, and the fragment percent-decoded, or absent. */
struct text schema_uri_split(struct arena *arena, struct text uri, struct text *fragment);

struct resource *schema_resource_find(struct schema_set *set, struct text uri);
struct anchor *schema_anchor_find(const struct resource *resource, struct text name);
/* The subschema at node, or NULL if no subschema stands there. */
struct place *schema_place_find(struct schema_set *set, const struct doc_node *node);
/* Where node stands in its document, as a pointer. */
struct text schema_pointer_of(struct arena *arena, const struct doc_node *root, const struct doc_node *node);

/* --- keywords ---------------------------------------------------------------- */

/* What stands behind a keyword, as far as subschemas in it go. */
enum shape { SHAPE_VALUE, SHAPE_SCHEMA, SHAPE_LIST, SHAPE_MAP };

struct compiler {
	struct schema_set	*set;
	struct err		*err;
	struct place		*place;		/* being compiled */
	struct schema_node	*node;
};

struct keyword {
	const char	*name;
	enum shape	shape;
	unsigned	kinds;		/* instances it looks at: 1 << doc_kind; 0: an annotation */
	enum fault	(*compile)(struct compiler *, const struct doc_node *value, struct op *op);
	bool		(*check)(struct run *, const struct op *, const struct frame *);
};

const struct keyword *schema_keyword_find(struct text name);
extern const struct keyword schema_keywords[];
extern const size_t schema_n_keywords;

/* --- the program ------------------------------------------------------------- */

struct schema_node {
	enum { VERDICT_PROGRAM, VERDICT_TRUE, VERDICT_FALSE } verdict;
	bool			tracks;		/* asks what its subschemas evaluated */
	uint32_t		n_ops;
	struct op		*ops;
	const struct resource	*resource;
	struct text		title_vi, title_en;
	struct text		hint_vi, hint_en;
};

struct property {
	struct text		name;
	const struct schema_node *schema;
};

struct pattern_property {
	const struct pattern	*pattern;
	const struct schema_node *schema;
};

struct names {
	struct text	*list;
	size_t		n;
};

struct dependency {
	struct text		name;
	struct names		names;		/* dependentRequired */
	const struct schema_node *schema;	/* dependentSchemas */
};

typedef bool format_check(struct text t);

struct op {
	const struct keyword	*keyword;
	unsigned		kinds;
	union {
		unsigned		types;	/* 1 << doc_kind, and TYPE_INTEGER */
		uint64_t		count;
		const struct doc_node	*number;
		const struct pattern	*pattern;
		const struct schema_node *schema;
		struct names		required;
		struct {
			format_check	*check;
			const char	*name;
		} format;
		struct {
			const struct doc_node **list;	/* sorted */
			size_t		n;
		} values;
		struct {
			const struct schema_node **list;
			size_t		n;
		} schemas;
		struct {
			struct property	*list;		/* sorted by name */
			size_t		n;
			struct pattern_property *patterns;
			size_t		n_patterns;
			const struct schema_node *rest;	/* additionalProperties or NULL */
			bool		evaluates_rest;
		} members;
		struct {
			const struct schema_node **prefix;
			size_t		n;
			const struct schema_node *rest;	/* items or NULL */
		} items;
		struct {
			const struct schema_node *schema;
			uint64_t	least, most;
		} contains;
		struct {
			struct dependency *list;
			size_t		n;
		} dependencies;
		struct {
			const struct schema_node *test, *then, *otherwise;
		} condition;
		struct {
			const struct schema_node *initial;
			struct text	anchor;		/* absent: as $ref */
		} dynamic;
	};
};

struct schema {
	const struct schema_node *root;
};

enum { TYPE_INTEGER = 1 << 16 };

/* NULL if there is no such format. */
format_check *schema_format_find(struct text name, const char **canonical);

bool schema_number_is_integral(const struct doc_node *number);
bool schema_number_is_multiple(const struct doc_node *number, const struct doc_node *of);

/* --- a check ----------------------------------------------------------------- */

struct path {
	const struct path	*up;
	struct text		key;	/* absent in an array */
	size_t			index;
};

/* Which members or elements of one value have been evaluated. */
struct seen {
	uint64_t	*bits;
	size_t		n;	/* members or elements */
};

struct scope {
	const struct scope	*up;
	const struct resource	*resource;
};

/* One schema at one value. */
struct frame {
	const struct schema_node *schema;
	const struct doc_node	*value;
	const struct path	*path;
	const struct schema_node *top;		/* outermost schema at this value: names it */
	struct seen		*seen;		/* NULL: nobody asks */
	const struct scope	*scope;
	int			depth;		/* schemas at this value, one inside the other */
};

struct run {
	struct arena		*arena;
	struct schema_errors	*errors;	/* NULL: quiet */
	int			max;
	uint64_t		effort;		/* left */
	const char		*gave_up;	/* the rule; then the document is invalid, whatever "not" says */
};

/* Run frame->schema at frame->value. */
bool schema_run(struct run *run, const struct frame *frame);

/* Always false: "return schema_report(…)".  detail fills the place in the message. */
bool schema_report(struct run *run, const struct frame *frame, const char *rule, struct text detail);
bool schema_report_count(struct run *run, const struct frame *frame, const char *rule, uint64_t count);
/* The same about a member of the frame's value; its schema, if known, names it. */
bool schema_report_member(struct run *run, const struct frame *frame, const char *rule,
    struct text name, const struct schema_node *schema);
/* End the check here, for rule: what is left of it says nothing. */
bool schema_give_up(struct run *run, const struct frame *frame, const char *rule);
/* Where the frame's value stands, in the arena; cut where a name is not plain. */
struct text schema_path_text(struct arena *arena, const struct path *path);

#endif
