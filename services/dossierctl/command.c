/*
 * command - see command.h.
 *
 * Options stand anywhere after the command's words, as "--name VALUE" or
 * "--name=VALUE"; "--" ends them.  An unknown option, a missing value or a
 * word too many is a usage error (2), never a guess.
 */
#include "command.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "version.h"

/* The command whose words the arguments begin with, the longest one; and how many they are. */
static const struct command *
command_find(int argc, char **argv, int *n_words)
{
	char two[64];

	for (int k = 2; k >= 1; k--) {
		if (argc < k)
			continue;
		snprintf(two, sizeof two, k == 2 ? "%s %s" : "%s", argv[0], k == 2 ? argv[1] : "");
		for (const struct command *const *c = commands; *c != NULL; c++)
			if (strcmp((*c)->path, two) == 0) {
				*n_words = k;
				return *c;
			}
	}
	return NULL;
}

/* --- options ------------------------------------------------------------- */

struct reading {
	struct ctl	*ctl;
	char		**argv;
	int		argc, at;
	const char	*name;		/* of the option at hand, without dashes */
	const char	*attached;	/* what stands after its '=', or NULL */
	const char	*output;
	bool		help;
};

static const char *
take_value(struct reading *r)
{
	if (r->attached != NULL)
		return r->attached;
	return r->at + 1 < r->argc ? r->argv[++r->at] : NULL;
}

static bool
set_option(struct reading *r, const struct option_row *row)
{
	const char *value;
	int64_t v;

	if (row->kind == OPTION_FLAG) {
		*(bool *)row->target = true;
		if (r->attached != NULL)
			ctl_usage(r->ctl, "--%s takes no value", row->name);
		return r->attached == NULL;
	}
	if ((value = take_value(r)) == NULL) {
		ctl_usage(r->ctl, "--%s needs %s", row->name, row->value);
		return false;
	}
	if (row->kind == OPTION_TEXT) {
		*(const char **)row->target = value;
		return true;
	}
	if (!text_to_int64(text_of(value), &v) || v < row->least || v > row->most) {
		ctl_usage(r->ctl, "--%s is a number from %lld to %lld", row->name,
		    (long long)row->least, (long long)row->most);
		return false;
	}
	*(int64_t *)row->target = v;
	return true;
}

static const struct option_row *
option_find(const struct option_row *rows, const char *name)
{
	for (; rows != NULL && rows->name != NULL; rows++)
		if (strcmp(rows->name, name) == 0)
			return rows;
	return NULL;
}

static bool
read_option(struct reading *r)
{
	struct ctl *ctl = r->ctl;
	const struct option_row common[] = {
		{ "database", OPTION_TEXT, &ctl->database, "CONNINFO", "", 0, 0 },
		{ "broker", OPTION_TEXT, &ctl->broker, "HOST:PORT", "", 0, 0 },
		{ "schemas", OPTION_TEXT, &ctl->schemas, "DIR", "", 0, 0 },
		{ "output", OPTION_TEXT, &r->output, "json", "", 0, 0 },
		{ "o", OPTION_TEXT, &r->output, "json", "", 0, 0 },
		{ "help", OPTION_FLAG, &r->help, NULL, "", 0, 0 },
		{ "h", OPTION_FLAG, &r->help, NULL, "", 0, 0 },
		{ .name = NULL }
	};
	const struct option_row *row = option_find(ctl->command->options, r->name);

	if (row == NULL)
		row = option_find(common, r->name);
	if (row == NULL) {
		ctl_usage(ctl, "there is no option --%s", r->name);
		return false;
	}
	return set_option(r, row);
}

/* Cuts "--name=value" in two; the name lives in the arena. */
static void
cut_option(struct reading *r, const char *argument)
{
	const char *name = argument + (argument[1] == '-' ? 2 : 1);
	const char *equals = strchr(name, '=');

	r->attached = equals != NULL ? equals + 1 : NULL;
	r->name = equals == NULL ? name :
	    arena_copy(r->ctl->arena, name, (size_t)(equals - name)).s;
}

static bool
read_arguments(struct reading *r)
{
	bool only_words = false;

	for (r->at = 0; r->at < r->argc; r->at++) {
		char *argument = r->argv[r->at];

		if (only_words || argument[0] != '-' || argument[1] == '\0')
			r->ctl->words[r->ctl->n_words++] = argument;
		else if (strcmp(argument, "--") == 0)
			only_words = true;
		else {
			cut_option(r, argument);
			if (!read_option(r))
				return false;
		}
	}
	return true;
}

static bool
check_usage(struct reading *r)
{
	struct ctl *ctl = r->ctl;
	const struct command *c = ctl->command;

	if (r->output != NULL && strcmp(r->output, "json") != 0) {
		ctl_usage(ctl, "-o knows json only");
		return false;
	}
	if (ctl->n_words < c->words_min) {
		ctl_usage(ctl, "%s is missing", c->arguments);
		return false;
	}
	if (ctl->n_words > c->words_max) {
		ctl_usage(ctl, "\"%s\" is too many", ctl->words[c->words_max]);
		return false;
	}
	ctl->json = r->output != NULL;
	ctl->colour = !ctl->json && isatty(STDOUT_FILENO) == 1 && getenv("NO_COLOR") == NULL;
	return true;
}

/* --- running ------------------------------------------------------------- */

static int
run(const struct command *command, int argc, char **argv)
{
	struct ctl ctl = { .command = command, .arena = arena_new(1 << 20) };
	struct reading r = { .ctl = &ctl, .argv = argv, .argc = argc };
	int status = CTL_CANNOT;

	ctl.words = ARENA_ARRAY(ctl.arena, char *, (size_t)argc + 1);
	if (read_arguments(&r)) {
		if (r.help) {
			help_command(command);
			status = CTL_YES;
		} else if (check_usage(&r))
			status = command->run(&ctl);
	}
	arena_free(ctl.arena);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "dossierctl: could not write the answer\n");
		status = CTL_CANNOT;
	}
	return status;
}

static bool
is_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0;
}

int
command_main(int argc, char **argv)
{
	const struct command *command;
	int n;

	if (argc < 2 || is_help(argv[1])) {
		help_all();
		return argc < 2 ? CTL_CANNOT : CTL_YES;
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("dossierctl " DOSSIER_VERSION);
		return CTL_YES;
	}
	command = command_find(argc - 1, argv + 1, &n);
	if (command != NULL)
		return run(command, argc - 1 - n, argv + 1 + n);
	if (help_group(argv[1]))
		return argc == 2 || is_help(argv[2]) ? argc == 2 ? CTL_CANNOT : CTL_YES : CTL_CANNOT;
	fprintf(stderr, "dossierctl: there is no command \"%s\"; see dossierctl --help\n", argv[1]);
	return CTL_CANNOT;
}
