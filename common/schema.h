/*
 * schema - JSON Schema draft 2020-12, the dialect of OpenAPI 3.1.
 *
 * Schemas are put into a set, compiled once into small programs, and checked
 * against documents for as long as the set lives.  References reach only what
 * is in the set; nothing is ever fetched.  A keyword that is not implemented
 * is refused with its place, never ignored.  Implemented is every keyword of
 * the draft's core, applicator, unevaluated and validation vocabularies.
 * Annotations (title, description, default, examples, $comment, deprecated,
 * readOnly, writeOnly, content…, and whatever begins with "x-") are accepted.
 *
 * Extensions speak to people: "x-title_vi" and "x-title_en" (else
 * "title") name a field in messages, "x-hint_vi" and "x-hint_en" end the
 * message of a broken pattern or format by saying what is expected.
 *
 * format: date, time, date-time, email, uri, uuid, phone-vn, personal-id-vn,
 * tax-code-vn.
 */
#ifndef SCHEMA_H
#define SCHEMA_H

#include "buf.h"
#include "doc.h"
#include "err.h"

struct schema_set;
struct schema;

enum schema_option {
	SCHEMA_STRICT = 0,		/* format is asserted, an unknown one is refused */
	SCHEMA_FORMAT_ANNOTATES = 1	/* as the draft has it by default */
};

enum { SCHEMA_ERRORS_MAX = 50 };

/*
 * What is wrong at one place.  pointer is the instance location; of a field
 * that is missing or not foreseen, the place where it should, or should not, stand
 * (the object around it when the name is not plain, see doc_name_is_plain).
 * rule is the keyword that failed ("minLength", "format"; "false" for a place
 * where nothing may stand) or "pattern.limit", "schema.effort", "schema.depth"
 * when the check was given up.  Messages say what is wrong and what to do, in
 * NFC, and never hold anything of the instance's values.
 */
struct schema_error {
	struct text	pointer;
	const char	*rule;
	struct text	message_vi;
	struct text	message_en;
};

struct schema_errors {
	struct schema_error	*list;	/* in the arena of the check */
	int			n;
	bool			more;	/* there were others */
};

struct schema_set *schema_set_new(enum schema_option option);
void schema_set_free(struct schema_set *set);	/* and all its schemas */

/*
 * Add a schema document under its absolute "$id", or under uri when it has
 * none; uri may be NULL otherwise.  FAULT_PARK when it is no JSON, has no name, or a
 * name or anchor in it is taken already; what is wrong inside shows when it is compiled.
 */
ERR_CHECK enum fault schema_set_add(struct schema_set *set, const char *uri, struct text json, struct err *err);

/*
 * Compile the schema that uri names ("https://…/x", "…/x#/$defs/y", "…#anchor").
 * The set keeps it.  FAULT_PARK, with the keyword as code, naming the place of what cannot be compiled.
 */
ERR_CHECK enum fault schema_compile(struct schema_set *set, const char *uri, const struct schema **out,
    struct err *err);

/*
 * Is the instance valid?  With max > 0 (at most SCHEMA_ERRORS_MAX) the errors are listed in
 * *errors; with 0 the check ends at the first and errors may be NULL.
 */
bool schema_check(const struct schema *schema, const struct doc_node *instance, struct arena *arena,
    int max, struct schema_errors *errors);

/* [{"pointer":…,"rule":…,"message_vi":…,"message_en":…}, …] */
void schema_errors_write(struct buf *buf, const struct schema_errors *errors);

/* What a rule of ours finds wrong: a stable name, two texts, and where; never anything of the message. */
struct rule_error {
	const char	*pointer, *rule, *message_vi, *message_en;	/* pointer "": the whole message */
};

/* The same list, of this one. */
struct text rule_error_list(const struct rule_error *error, struct arena *arena);

#endif
