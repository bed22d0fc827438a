/*
 * param_value - what a row or a passed name got so far, and from where.
 * Private to param*.c.
 */
#ifndef PARAM_VALUE_H
#define PARAM_VALUE_H

#include "param.h"

enum { PARAM_NAME_BYTES = 128, PARAM_PLACE_BYTES = 128, PARAM_FILE_MAX_BYTES = 1024 * 1024 };

enum param_origin { PARAM_FROM_DEFAULT, PARAM_FROM_FILE, PARAM_FROM_ENVIRONMENT, PARAM_FROM_ARGUMENT };

struct param_place {
	enum param_origin origin;
	char		text[PARAM_PLACE_BYTES];	/* "demo.conf:12", "DOSSIER_FEE_URL", "--fee.url" */
};

struct param_value {
	const struct param *row;	/* NULL ends the array */
	char		*text;		/* owned; NULL: not given */
	int64_t		number;		/* of PARAM_INT and PARAM_BOOL */
	struct param_place place;
};

/* An entry of set->pass with its place. */
struct param_passed {
	struct param_pass pass;		/* first: the two are cast */
	struct param_place place;
};

/* The formatted text, cut at the front when too long. */
void param_place_set(struct param_place *place, enum param_origin origin, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * Replaces the value by text.  Checks the type, the unit and the limits.
 * A second text of the same origin is an error.
 */
ERR_CHECK enum fault param_value_set(struct param_value *value, const char *text,
    const struct param_place *place, struct err *err);

/* The same for a name that is passed through; name has its "kafka." */
ERR_CHECK enum fault param_pass_set(struct param_pass **list, const char *name, const char *text,
    const struct param_place *place, struct err *err);

/* May the value of a passed name be shown? */
bool param_pass_is_secret(const char *name);

/* Whole content of a secret's file without its last line end; *out is owned. */
ERR_CHECK enum fault param_secret_read(const char *path, const char *name, const struct param_place *place,
    char **out, struct err *err);

/* "a whole number from 1 ms to 60000 ms"; for messages. */
void param_limits_text(const struct param *row, char *out, size_t size);

/* "fee.url" becomes "DOSSIER_FEE_URL". */
void param_environment_name(const char *name, char out[PARAM_NAME_BYTES]);

/* The known name closest to a misspelt one, or NULL when none is close. */
const char *param_nearest(const struct param_set *set, const char *name);

/* One `name = value` after the other, with its place. */
typedef enum fault param_line_fn(void *context, const char *name, const char *value,
    const struct param_place *place, struct err *err);
ERR_CHECK enum fault param_file_read(const char *path, param_line_fn *line, void *context, struct err *err);

/* --help, and --print-config (secrets masked). */
void param_show_help(const struct param_set *set, FILE *out);
void param_show_values(const struct param_set *set, FILE *out);

#endif
