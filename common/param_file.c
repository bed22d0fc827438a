/*
 * param_file - the lines of a configuration file.  Messages name file and
 * line and never quote the line, which may hold a secret.
 */
#include <errno.h>
#include <stdlib.h>

#include "param_value.h"

#define OP "param_load"

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static char *
skip_blanks(char *p)
{
	while (is_blank(*p))
		p++;
	return p;
}

/* Is there nothing more than a comment? */
static bool
is_rest_empty(char *p)
{
	p = skip_blanks(p);
	return *p == '\0' || *p == '#';
}

/*
 * Takes the quotes off in place.  Returns what follows the closing one, NULL
 * when there is none.
 */
static char *
unquote(char *p, char **value)
{
	char quote = *p++, *to = p;

	*value = p;
	for (; *p != '\0' && *p != quote; p++) {
		if (quote == '"' && *p == '\\' && p[1] != '\0')
			*to++ = *++p == 'n' ? '\n' : *p;
		else
			*to++ = *p;
	}
	if (*p != quote)
		return NULL;
	p++;
	*to = '\0';
	return p;
}

/* An unquoted value ends before a comment and before trailing blanks. */
static char *
trim(char *p)
{
	char *end = p;

	for (char *q = p; *q != '\0'; q++) {
		if (*q == '#' && (q == p || is_blank(q[-1])))
			break;
		if (!is_blank(*q))
			end = q + 1;
	}
	*end = '\0';
	return p;
}

/* Splits a line; *name stays NULL for an empty one.  Returns what is wrong, or NULL. */
static const char *
split(char *line, char **name, char **value)
{
	char *p = skip_blanks(line), *end, *rest;

	if (is_rest_empty(p))
		return NULL;
	end = p + strspn(p, "abcdefghijklmnopqrstuvwxyz0123456789._-");
	rest = skip_blanks(end);
	if (end == p || *rest != '=')
		return "expected: name = value (names are lower case with dots)";
	rest = skip_blanks(rest + 1);
	*end = '\0';
	if (end - p >= PARAM_NAME_BYTES)
		return "the name is too long";
	if (*rest == '"' || *rest == '\'') {
		rest = unquote(rest, value);
		if (rest == NULL)
			return "the closing quote is missing";
		if (!is_rest_empty(rest))
			return "only a comment may follow the closing quote";
	} else {
		*value = trim(rest);
	}
	*name = p;
	return NULL;
}

static enum fault
line_take(char *line, size_t n, const struct param_place *place, param_line_fn *take, void *context,
    struct err *err)
{
	char *name = NULL, *value = NULL;
	const char *wrong;

	if (strlen(line) != n || !text_is_utf8(text_of(line)))
		return err_set(err, FAULT_FATAL, OP, NULL, "%s: not text in UTF-8", place->text);
	if ((wrong = split(line, &name, &value)) != NULL)
		return err_set(err, FAULT_FATAL, OP, NULL, "%s: %s", place->text, wrong);
	return name != NULL ? take(context, name, value, place, err) : FAULT_NONE;
}

enum fault
param_file_read(const char *path, param_line_fn *take, void *context, struct err *err)
{
	FILE *in = fopen(path, "re");
	char *line = NULL;
	size_t size = 0, total = 0;
	ssize_t n;
	enum fault fault = FAULT_NONE;

	if (in == NULL)
		return err_set(err, FAULT_FATAL, OP, NULL, "cannot open the configuration %s: %s", path,
		    strerror(errno));
	for (int number = 1; fault == FAULT_NONE && (n = getline(&line, &size, in)) >= 0; number++) {
		struct param_place place;
		bool has_mark = number == 1 && strncmp(line, "\xef\xbb\xbf", 3) == 0;

		param_place_set(&place, PARAM_FROM_FILE, "%s:%d", path, number);
		if ((total += (size_t)n) > PARAM_FILE_MAX_BYTES) {
			fault = err_set(err, FAULT_FATAL, OP, NULL, "%s: the file is too long", place.text);
			break;
		}
		if (n > 0 && line[n - 1] == '\n')
			line[--n] = '\0';
		fault = line_take(has_mark ? line + 3 : line, (size_t)(has_mark ? n - 3 : n), &place, take,
		    context, err);
	}
	if (fault == FAULT_NONE && ferror(in))
		fault = err_set(err, FAULT_FATAL, OP, NULL, "cannot read the configuration %s: %s", path,
		    strerror(errno));
	free(line);
	fclose(in);
	return fault;
}
