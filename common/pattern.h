/*
 * pattern - regular expressions of forms, with a bound on their work.
 *
 * Patterns are read as ECMA-262 with the u flag, as JSON Schema asks, by
 * PCRE2.  What only PCRE2 knows is refused: verbs, recursion, conditions,
 * callouts, inline options.  Known differences that remain: \s means the ASCII
 * spaces, \p{…} takes short names (\p{L}, \p{Lu}), not \p{Letter}.
 *
 * A match may take so many steps per byte and no more: no pattern and no input
 * can stop a worker.
 */
#ifndef PATTERN_H
#define PATTERN_H

#include "err.h"
#include "text.h"

struct pattern;

enum pattern_verdict {
	PATTERN_NO,
	PATTERN_YES,
	PATTERN_LIMIT	/* given up: treat as no, and say so (rule pattern.limit) */
};

/* The caller owns *out.  FAULT_PARK with the place when source is no such pattern. */
ERR_CHECK enum fault pattern_new(struct text source, struct pattern **out, struct err *err);
void pattern_free(struct pattern *pattern);

/* Is there a match anywhere in subject, which must be well-formed UTF-8? */
enum pattern_verdict pattern_match(const struct pattern *pattern, struct text subject);

#endif
