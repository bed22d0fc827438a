/*
 * param - see param.h.  Loading goes from the weakest source to the strongest
 * (default, file, environment, argument), each checked as it comes, into
 * values of its own; only when all is well do the targets change.
 *
 *   param.c        who may say what, and in which order
 *   param_value.c  one value: types, units, limits, secrets
 *   param_pass.c   names that go through to librdkafka, and those that may not
 *   param_file.c   lines of a file
 *   param_show.c   help, reference, sample, effective values
 */
#include "param.h"

#include <stdlib.h>

#include "mem.h"
#include "param_value.h"
#include "version.h"

#define OP "param_load"
#define ENVIRONMENT_PREFIX "DOSSIER_"

extern char **environ;

/* From WISH_HELP on, the answer needs no values and none are read. */
enum wish { WISH_RUN, WISH_PRINT, WISH_HELP, WISH_VERSION, WISH_REFERENCE, WISH_SAMPLE };

/* One argument taken apart. */
struct argument {
	char		name[PARAM_NAME_BYTES];
	const char	*value;
	enum wish	wish;		/* WISH_RUN: a parameter */
	bool		is_config;
};

static const char *const services[] = {
	"intake", "verification", "lookup", "fee", "casework", "dispatch", "tracking", "dossierctl",
};

static struct param_value *
values_new(const struct param_set *set)
{
	struct param_value *values;
	size_t n = 0;

	for (size_t t = 0; t < sizeof set->tables / sizeof set->tables[0]; t++)
		for (const struct param *row = set->tables[t]; row != NULL && row->name != NULL; row++)
			n++;
	values = mem_new(n + 1, sizeof *values);
	n = 0;
	for (size_t t = 0; t < sizeof set->tables / sizeof set->tables[0]; t++)
		for (const struct param *row = set->tables[t]; row != NULL && row->name != NULL; row++)
			values[n++].row = row;
	return values;
}

static struct param_value *
value_find(struct param_value *values, const char *name)
{
	for (struct param_value *v = values; v->row != NULL; v++)
		if (strcmp(v->row->name, name) == 0)
			return v;
	return NULL;
}

/* Is it a key of a service other than this program's own? */
static bool
is_of_another_service(const struct param_set *set, const char *name)
{
	const char *dash = strchr(set->program, '-');
	const char *own = dash != NULL ? dash + 1 : set->program;
	size_t n = strcspn(name, ".");

	if (name[n] == '\0')
		return false;
	for (size_t i = 0; i < sizeof services / sizeof services[0]; i++)
		if (strncmp(services[i], name, n) == 0 && services[i][n] == '\0')
			return strcmp(services[i], own) != 0;
	return false;
}

static enum fault
unknown(const struct param_set *set, const char *name, const struct param_place *place, struct err *err)
{
	const char *nearest = param_nearest(set, name);

	if (nearest != NULL)
		return err_set(err, FAULT_FATAL, OP, NULL, "%s: unknown parameter %s; did you mean %s?",
		    place->text, name, nearest);
	return err_set(err, FAULT_FATAL, OP, NULL, "%s: unknown parameter %s; --help lists them",
	    place->text, name);
}

/* A name with its value, from a file or an argument. */
static enum fault
take_named(void *context, const char *name, const char *text, const struct param_place *place, struct err *err)
{
	struct param_set *set = context;
	struct param_value *value = value_find(set->values, name);

	if (value != NULL)
		return param_value_set(value, text, place, err);
	if (strncmp(name, "kafka.", 6) == 0)
		return param_pass_set(&set->pass, name, text, place, err);
	if (place->origin == PARAM_FROM_FILE && is_of_another_service(set, name))
		return FAULT_NONE;
	return unknown(set, name, place, err);
}

/* --- environment ---------------------------------------------------------------- */

static enum fault
take_variable(struct param_value *value, struct err *err)
{
	char name[PARAM_NAME_BYTES], file_name[PARAM_NAME_BYTES + 8];
	struct param_place place;
	const char *text, *path = NULL;
	char *secret;
	enum fault fault;

	param_environment_name(value->row->name, name);
	snprintf(file_name, sizeof file_name, "%s_FILE", name);
	text = getenv(name);
	if (value->row->type == PARAM_SECRET)
		path = getenv(file_name);
	param_place_set(&place, PARAM_FROM_ENVIRONMENT, "%s", path != NULL && *path != '\0' ? file_name : name);
	if (text != NULL && *text != '\0' && (fault = param_value_set(value, text, &place, err)) != FAULT_NONE)
		return fault;
	if (path == NULL || *path == '\0')
		return FAULT_NONE;
	if ((fault = param_secret_read(path, value->row->name, &place, &secret, err)) != FAULT_NONE)
		return fault;
	/* What the file holds is taken as it is, also when it begins with @. */
	if (secret[0] == '@') {
		size_t n = strlen(secret) + 1;

		secret = mem_grow(secret, n + 1, 1);
		memmove(secret + 1, secret, n);
	}
	fault = param_value_set(value, secret, &place, err);
	free(secret);
	return fault;
}

/* DOSSIER_KAFKA_SASL_PASSWORD_FILE: kafka.sasl.password from a file. */
static enum fault
take_passed(struct param_set *set, char *name, const char *text, const struct param_place *place, struct err *err)
{
	size_t n = strlen(name);
	char *secret;
	enum fault fault;

	if (n <= 5 || strcmp(name + n - 5, ".file") != 0)
		return param_pass_set(&set->pass, name, text, place, err);
	name[n - 5] = '\0';
	if (value_find(set->values, name) != NULL)
		return FAULT_NONE;	/* the row has read it */
	if ((fault = param_secret_read(text, name, place, &secret, err)) != FAULT_NONE)
		return fault;
	fault = param_pass_set(&set->pass, name, secret, place, err);
	free(secret);
	return fault;
}

/* Unknown variables are left alone: orchestrators add their own with any prefix. */
static enum fault
take_environment(struct param_set *set, struct err *err)
{
	enum fault fault = FAULT_NONE;

	for (struct param_value *v = set->values; v->row != NULL; v++)
		if ((fault = take_variable(v, err)) != FAULT_NONE)
			return fault;
	for (char **entry = environ; *entry != NULL; entry++) {
		char name[PARAM_NAME_BYTES];
		struct param_place place;
		size_t n = strcspn(*entry, "="), prefix = strlen(ENVIRONMENT_PREFIX);

		if (strncmp(*entry, ENVIRONMENT_PREFIX "KAFKA_", prefix + 6) != 0 ||
		    n - prefix >= sizeof name || (*entry)[n] == '\0' || (*entry)[n + 1] == '\0')
			continue;
		for (size_t i = prefix; i < n; i++) {
			char c = (*entry)[i];

			name[i - prefix] = c == '_' ? '.' : c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
		}
		name[n - prefix] = '\0';
		param_place_set(&place, PARAM_FROM_ENVIRONMENT, "%.*s", (int)n, *entry);
		if (value_find(set->values, name) == NULL &&
		    (fault = take_passed(set, name, *entry + n + 1, &place, err)) != FAULT_NONE)
			return fault;
	}
	return FAULT_NONE;
}

/* --- arguments ------------------------------------------------------------------ */

static enum wish
wish_of(const char *name)
{
	/* The last two are for deploy/reference; --help does not list them. */
	static const char *const names[] = { [WISH_PRINT] = "print-config", [WISH_HELP] = "help",
	    [WISH_VERSION] = "version", [WISH_REFERENCE] = "print-reference", [WISH_SAMPLE] = "print-sample" };

	for (int wish = WISH_PRINT; wish <= WISH_SAMPLE; wish++)
		if (strcmp(name, names[wish]) == 0)
			return (enum wish)wish;
	return WISH_RUN;
}

/* Takes argv[*i] apart and moves *i past it, and past the value beside it. */
static enum fault
argument_read(const struct param_set *set, int argc, char **argv, int *i, struct argument *argument,
    struct err *err)
{
	const char *text = strcmp(argv[*i], "-h") == 0 ? "--help" : argv[*i];
	size_t n = strcspn(text + 2, "=");
	const struct param_value *value;
	bool takes_value;

	/* An argument is never quoted in a message: it may be a misplaced secret. */
	if (n == 0 || n >= sizeof argument->name)
		return err_set(err, FAULT_FATAL, OP, NULL, "argument %d has no name of a parameter after --", *i);
	memcpy(argument->name, text + 2, n);
	argument->name[n] = '\0';
	argument->wish = wish_of(argument->name);
	argument->is_config = strcmp(argument->name, "config") == 0;
	argument->value = text[2 + n] == '=' ? text + 2 + n + 1 : NULL;
	*i += 1;
	value = value_find(set->values, argument->name);
	if (argument->value != NULL || argument->wish != WISH_RUN)
		return FAULT_NONE;
	takes_value = value != NULL || argument->is_config || strncmp(argument->name, "kafka.", 6) == 0;
	if (value != NULL && value->row->type == PARAM_BOOL)
		argument->value = "true";
	else if (takes_value && *i < argc)
		argument->value = argv[(*i)++];
	else if (takes_value)
		return err_set(err, FAULT_FATAL, OP, NULL, "--%s: needs a value", argument->name);
	else
		argument->value = "";
	return FAULT_NONE;
}

/*
 * Goes through the options: with take, their values are set; without, only
 * what stands above the rest is looked for.
 */
static enum fault
arguments_walk(struct param_set *set, int argc, char **argv, bool take, enum wish *wish, const char **config,
    struct err *err)
{
	enum fault fault = FAULT_NONE;
	int i = 1;

	while (i < argc && argv[i][0] == '-' && (argv[i][1] == '-' || strcmp(argv[i], "-h") == 0)) {
		struct argument argument;
		struct param_place place;

		if (strcmp(argv[i], "--") == 0) {
			i++;
			break;
		}
		if ((fault = argument_read(set, argc, argv, &i, &argument, err)) != FAULT_NONE)
			return fault;
		if (argument.wish != WISH_RUN)
			*wish = argument.wish;
		else if (argument.is_config)
			*config = argument.value;
		else if (take) {
			param_place_set(&place, PARAM_FROM_ARGUMENT, "--%s", argument.name);
			if ((fault = take_named(set, argument.name, argument.value, &place, err)) != FAULT_NONE)
				return fault;
		}
		if (*wish >= WISH_HELP)
			return FAULT_NONE;
	}
	set->operand = i;
	if (take && i < argc && !set->operands)
		return err_set(err, FAULT_FATAL, OP, NULL, "argument %d is no option; --help lists them", i);
	return FAULT_NONE;
}

/* --- all together --------------------------------------------------------------- */

static enum fault
take_defaults(struct param_set *set, struct err *err)
{
	struct param_place place;

	param_place_set(&place, PARAM_FROM_DEFAULT, "default");
	for (struct param_value *v = set->values; v->row != NULL; v++)
		if (v->row->fallback != NULL &&
		    param_value_set(v, v->row->fallback, &place, err) != FAULT_NONE)
			bug("%s: its own default: %s", v->row->name, err->text);
	return FAULT_NONE;
}

static enum fault
check_given(const struct param_set *set, struct err *err)
{
	for (const struct param_value *v = set->values; v->row != NULL; v++) {
		char name[PARAM_NAME_BYTES];

		if (v->row->fallback != NULL || (v->text != NULL && v->text[0] != '\0'))
			continue;
		param_environment_name(v->row->name, name);
		return err_set(err, FAULT_FATAL, OP, NULL, "%s must be given (--%s=, %s%s or in %s): %s",
		    v->row->name, v->row->name, name, v->row->type == PARAM_SECRET ? "_FILE" : "",
		    set->file != NULL ? set->file : "the file of --config", v->row->doc);
	}
	return FAULT_NONE;
}

static void
targets_fill(const struct param_set *set)
{
	for (const struct param_value *v = set->values; v->row != NULL; v++) {
		if (v->row->type == PARAM_INT)
			*(int64_t *)v->row->target = v->number;
		else if (v->row->type == PARAM_BOOL)
			*(bool *)v->row->target = v->number != 0;
		else
			*(const char **)v->row->target = v->text;
	}
}

/* Every source in turn into set->values and set->pass. */
static enum fault
load(struct param_set *set, int argc, char **argv, enum wish *wish, struct err *err)
{
	const char *config = getenv(ENVIRONMENT_PREFIX "CONFIG");
	enum fault fault = arguments_walk(set, argc, argv, false, wish, &config, err);

	if (fault != FAULT_NONE || *wish >= WISH_HELP)
		return fault;
	if (config != NULL && *config != '\0')
		set->file = mem_copy_text(config);
	if ((fault = take_defaults(set, err)) == FAULT_NONE && set->file != NULL)
		fault = param_file_read(set->file, take_named, set, err);
	if (fault == FAULT_NONE)
		fault = take_environment(set, err);
	if (fault == FAULT_NONE)
		fault = arguments_walk(set, argc, argv, true, wish, &config, err);
	return fault == FAULT_NONE ? check_given(set, err) : fault;
}

/* Prints what was wished for. */
static void
answer(const struct param_set *set, enum wish wish)
{
	switch (wish) {
	case WISH_RUN:
		break;
	case WISH_PRINT:
		param_show_values(set, stdout);
		break;
	case WISH_HELP:
		param_show_help(set, stdout);
		break;
	case WISH_VERSION:
		printf("%s %s\n", set->program, DOSSIER_VERSION);
		break;
	case WISH_REFERENCE:
		param_write_reference(set, stdout);
		break;
	case WISH_SAMPLE:
		param_write_sample(set, stdout);
		break;
	}
}

enum fault
param_load(struct param_set *set, int argc, char **argv, bool *help, struct err *err)
{
	struct param_set loaded = *set;
	enum wish wish = WISH_RUN;
	enum fault fault;

	loaded.pass = NULL;
	loaded.file = NULL;
	loaded.values = values_new(set);
	fault = load(&loaded, argc, argv, &wish, err);
	if (fault == FAULT_NONE)
		answer(&loaded, wish);
	if (fault != FAULT_NONE || wish != WISH_RUN) {
		param_done(&loaded);
		if (fault == FAULT_NONE)
			*help = true;
		return fault;
	}
	targets_fill(&loaded);
	*set = loaded;
	*help = false;
	return FAULT_NONE;
}

void
param_done(struct param_set *set)
{
	for (struct param_value *v = set->values; v != NULL && v->row != NULL; v++)
		free(v->text);
	free(set->values);
	while (set->pass != NULL) {
		struct param_pass *next = set->pass->next;

		free(set->pass->name);
		free(set->pass->value);
		free(set->pass);
		set->pass = next;
	}
	free(set->file);
	set->file = NULL;
	set->values = NULL;
}
