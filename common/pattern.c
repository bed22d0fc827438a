/*
 * pattern - see pattern.h.  The only file that knows PCRE2.
 *
 * PCRE2 counts its backtracking; the limit grows with the subject, so that a
 * document is checked in time linear in its size, whatever its patterns are.
 * Sane patterns stay below a few steps per byte.
 *
 * The memory of a match grows to HEAP_KIB in bad cases and is kept, so all
 * patterns share one: a process has one thread.  No just-in-time compiler, which needs
 * memory that is writable and executable.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "pattern.h"

#include <pcre2.h>
#include <stdlib.h>

#include "mem.h"

enum {
	STEPS_LEAST = 2000,
	STEPS_PER_BYTE = 200,
	HEAP_KIB = 4096,
	PATTERN_BYTES_MAX = 4096,
};

struct pattern {
	pcre2_code	*code;
};

static struct {
	int			users;		/* patterns */
	pcre2_match_data	*data;
	pcre2_match_context	*context;
} matcher;

static void
matcher_take(void)
{
	if (matcher.users++ > 0)
		return;
	matcher.data = pcre2_match_data_create(1, NULL);
	matcher.context = pcre2_match_context_create(NULL);
	if (matcher.data == NULL || matcher.context == NULL)
		bug("out of memory: pattern");
	pcre2_set_heap_limit(matcher.context, HEAP_KIB);
}

static void
matcher_drop(void)
{
	if (--matcher.users > 0)
		return;
	pcre2_match_context_free(matcher.context);
	pcre2_match_data_free(matcher.data);
}

/* After "(?" ECMA-262 knows : = ! <= <! and a name. */
static bool
group_is_ecma(const char *s, const char *end)
{
	if (s == end || *s == '*')
		return false;
	if (*s != '?')
		return true;
	s++;
	if (s == end)
		return false;
	if (*s == '<')
		return s + 1 < end;
	return *s == ':' || *s == '=' || *s == '!';
}

/* Offset of the first group or escape that only PCRE2 knows, or -1. */
static int
foreign_find(struct text source)
{
	const char *end = source.s + source.n;
	bool in_class = false;

	for (const char *s = source.s; s < end; s++) {
		if (*s == '\\') {
			if (++s < end && strchr("AaCEeGgKLlNQRUXZzhHoy", *s) != NULL)
				return (int)(s - source.s);
		} else if (in_class) {
			in_class = *s != ']';
		} else if (*s == '[') {
			in_class = true;	/* "[]" and "[^]" are complete in ECMA-262 */
		} else if (*s == '(' && !group_is_ecma(s + 1, end)) {
			return (int)(s - source.s);
		}
	}
	return -1;
}

static enum fault
refuse(struct err *err, size_t offset, const char *why)
{
	return err_set(err, FAULT_PARK, "pattern_new", NULL, "pattern, at byte %zu: %s", offset, why);
}

enum fault
pattern_new(struct text source, struct pattern **out, struct err *err)
{
	struct pattern *pattern;
	pcre2_compile_context *how;
	pcre2_code *code;
	PCRE2_SIZE offset;
	int number, foreign = foreign_find(source);
	unsigned char why[160];

	if (source.n > PATTERN_BYTES_MAX)
		return refuse(err, source.n, "it is too long");
	if (foreign >= 0)
		return refuse(err, (size_t)foreign, "ECMA-262 does not know this");
	how = pcre2_compile_context_create(NULL);
	if (how == NULL)
		bug("out of memory: pattern");
	pcre2_set_compile_extra_options(how, PCRE2_EXTRA_ALT_BSUX);
	code = pcre2_compile((PCRE2_SPTR)source.s, source.n, PCRE2_UTF | PCRE2_DOLLAR_ENDONLY |
	    PCRE2_ALT_BSUX | PCRE2_ALLOW_EMPTY_CLASS | PCRE2_MATCH_UNSET_BACKREF |
	    PCRE2_NEVER_BACKSLASH_C, &number, &offset, how);
	pcre2_compile_context_free(how);
	if (code == NULL) {
		pcre2_get_error_message(number, why, sizeof why);
		return refuse(err, offset, (const char *)why);
	}
	pattern = mem_new(1, sizeof *pattern);
	pattern->code = code;
	matcher_take();
	*out = pattern;
	return FAULT_NONE;
}

void
pattern_free(struct pattern *pattern)
{
	if (pattern == NULL)
		return;
	matcher_drop();
	pcre2_code_free(pattern->code);
	free(pattern);
}

enum pattern_verdict
pattern_match(const struct pattern *pattern, struct text subject)
{
	size_t steps = STEPS_LEAST + STEPS_PER_BYTE * subject.n;
	int answer;

	pcre2_set_match_limit(matcher.context, (uint32_t)(steps < UINT32_MAX ? steps : UINT32_MAX));
	pcre2_set_depth_limit(matcher.context, (uint32_t)(steps < UINT32_MAX ? steps : UINT32_MAX));
	answer = pcre2_match(pattern->code, (PCRE2_SPTR)subject.s, subject.n, 0,
	    PCRE2_NO_UTF_CHECK, matcher.data, matcher.context);
	if (answer >= 0)
		return PATTERN_YES;
	if (answer == PCRE2_ERROR_NOMATCH)
		return PATTERN_NO;
	return PATTERN_LIMIT;
}
