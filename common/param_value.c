/*
 * param_value - one value: its type, its unit, its limits, and where it came
 * from.  A secret's text and what was meant to be a path of one are never
 * part of a message.
 */
#include "param_value.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#include "mem.h"

#define OP "param_load"

enum { SECRET_MAX_BYTES = 64 * 1024 };

static const struct {
	const char	*unit;		/* of the row */
	const char	*suffix;	/* of the value */
	int64_t		factor;
} units[] = {
	{ "ms", "ms", 1 }, { "ms", "s", 1000 }, { "ms", "m", 60 * 1000 }, { "ms", "h", 60 * 60 * 1000 },
	{ "s", "s", 1 }, { "s", "m", 60 }, { "s", "h", 60 * 60 },
	{ "bytes", "KiB", 1024 }, { "bytes", "MiB", 1024 * 1024 }, { "bytes", "GiB", 1024 * 1024 * 1024 },
};

static const struct {
	const char	*word;
	bool		value;
} words[] = {
	{ "true", true }, { "yes", true }, { "on", true }, { "1", true },
	{ "false", false }, { "no", false }, { "off", false }, { "0", false },
};

void
param_place_set(struct param_place *place, enum param_origin origin, const char *fmt, ...)
{
	char *text;
	size_t n, most = sizeof place->text - 1;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		bug("out of memory");
	va_end(ap);
	n = strlen(text);
	place->origin = origin;
	/* The end of a long path tells more than its beginning. */
	if (n <= most) {
		memcpy(place->text, text, n + 1);
	} else {
		memcpy(place->text, "...", 3);
		memcpy(place->text + 3, text + n - (most - 3), most - 3 + 1);
	}
	free(text);
}

void
param_environment_name(const char *name, char out[PARAM_NAME_BYTES])
{
	size_t n = (size_t)snprintf(out, PARAM_NAME_BYTES, "DOSSIER_%s", name);

	if (n >= PARAM_NAME_BYTES)
		bug("parameter name too long: %s", name);
	for (size_t i = 0; i < n; i++) {
		if (out[i] == '.' || out[i] == '-')
			out[i] = '_';
		else if (out[i] >= 'a' && out[i] <= 'z')
			out[i] = (char)(out[i] - 'a' + 'A');
	}
}

void
param_limits_text(const struct param *row, char *out, size_t size)
{
	const char *unit = row->unit != NULL ? row->unit : "";
	const char *gap = row->unit != NULL ? " " : "";

	if (row->least == 0 && row->most == 0)
		snprintf(out, size, "a whole number%s%s", gap, unit);
	else if (row->most == INT64_MAX)
		snprintf(out, size, "%jd%s%s or more", (intmax_t)row->least, gap, unit);
	else
		snprintf(out, size, "%jd to %jd%s%s", (intmax_t)row->least, (intmax_t)row->most, gap, unit);
}

/* The number of digits and unit; false when it is none or does not fit. */
static bool
number_parse(const struct param *row, const char *text, int64_t *out)
{
	size_t digits = strspn(text + (*text == '-'), "0123456789") + (*text == '-');
	const char *suffix = text + digits + strspn(text + digits, " ");
	int64_t number;

	if (!text_to_int64((struct text){ text, digits }, &number))
		return false;
	if (*suffix == '\0' && suffix == text + digits) {
		*out = number;
		return true;
	}
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
		if (row->unit != NULL && strcmp(row->unit, units[i].unit) == 0 &&
		    strcmp(suffix, units[i].suffix) == 0)
			return !__builtin_mul_overflow(number, units[i].factor, out);
	return false;
}

static enum fault
number_check(const struct param *row, const char *text, const struct param_place *place, int64_t *out,
    struct err *err)
{
	char limits[80];
	int64_t number;

	param_limits_text(row, limits, sizeof limits);
	if (!number_parse(row, text, &number))
		return err_set(err, FAULT_FATAL, OP, NULL, "%s: %s: \"%.40s\" is no such number; allowed: %s",
		    place->text, row->name, text, limits);
	if ((row->least != 0 || row->most != 0) && (number < row->least || number > row->most))
		return err_set(err, FAULT_FATAL, OP, NULL, "%s: %s: %.40s is out of range; allowed: %s",
		    place->text, row->name, text, limits);
	*out = number;
	return FAULT_NONE;
}

static enum fault
bool_check(const struct param *row, const char *text, const struct param_place *place, int64_t *out,
    struct err *err)
{
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcmp(words[i].word, text) == 0) {
			*out = words[i].value;
			return FAULT_NONE;
		}
	return err_set(err, FAULT_FATAL, OP, NULL, "%s: %s: \"%.40s\" is neither true nor false", place->text,
	    row->name, text);
}

enum fault
param_secret_read(const char *path, const char *name, const struct param_place *place, char **out,
    struct err *err)
{
	FILE *in = fopen(path, "re");
	char *text;
	size_t n;

	if (in == NULL)
		return err_set(err, FAULT_FATAL, OP, NULL, "%s: %s: its file cannot be opened: %s",
		    place->text, name, strerror(errno));
	text = mem_new(SECRET_MAX_BYTES + 2, 1);
	errno = 0;
	n = fread(text, 1, SECRET_MAX_BYTES + 1, in);
	fclose(in);
	if (n > 0 && text[n - 1] == '\n')
		n--;
	if (n > 0 && text[n - 1] == '\r')
		n--;
	text[n] = '\0';
	if (n == 0 || n > SECRET_MAX_BYTES || strlen(text) != n) {
		free(text);
		return err_set(err, FAULT_FATAL, OP, NULL, "%s: %s: its file is %s", place->text, name,
		    n == 0 ? "empty or cannot be read" : n > SECRET_MAX_BYTES ? "too long" : "not text");
	}
	*out = mem_grow(text, n + 1, 1);
	return FAULT_NONE;
}

/* "@path" is the content of a file, "@@text" is "@text". */
static enum fault
secret_check(const struct param *row, const char *text, const struct param_place *place, char **out,
    struct err *err)
{
	if (text[0] == '@' && text[1] != '@')
		return param_secret_read(text + 1, row->name, place, out, err);
	*out = mem_copy_text(text[0] == '@' ? text + 1 : text);
	return FAULT_NONE;
}

enum fault
param_value_set(struct param_value *value, const char *text, const struct param_place *place, struct err *err)
{
	enum fault fault = FAULT_NONE;
	int64_t number = 0;
	char *owned = NULL;

	if (value->text != NULL && value->place.origin == place->origin)
		return err_set(err, FAULT_FATAL, OP, NULL, "%s: %s is given twice; first at %s", place->text,
		    value->row->name, value->place.text);
	if (value->row->type == PARAM_INT)
		fault = number_check(value->row, text, place, &number, err);
	else if (value->row->type == PARAM_BOOL)
		fault = bool_check(value->row, text, place, &number, err);
	else if (value->row->type == PARAM_SECRET)
		fault = secret_check(value->row, text, place, &owned, err);
	if (fault != FAULT_NONE)
		return fault;
	free(value->text);
	value->text = owned != NULL ? owned : mem_copy_text(text);
	value->number = number;
	value->place = *place;
	return FAULT_NONE;
}
