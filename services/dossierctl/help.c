/* help - the texts of --help, on every level; see command.h. */
#include <stdio.h>
#include <string.h>

#include "command.h"

static const char common_options[] =
    "Options of every command\n"
    "  --database CONNINFO  libpq connection string; else DATABASE, else .state/database/conninfo\n"
    "  --broker HOST:PORT   else BROKER, else .state/broker/address\n"
    "  --schemas DIR        else DOSSIER_SCHEMAS, else ./schemas, else where they are installed\n"
    "  -o json              one JSON object a line, stable names, times in UTC\n"
    "  --help               this; also of a group and of a command\n"
    "Colour is used on a terminal only, and never when NO_COLOR is set.\n";

static const char common_exits[] =
    "Exit status: 0 done, 1 a negative result, 2 could not (usage, database, broker).\n";

static void
list_commands(const char *group)
{
	size_t n = strlen(group);

	for (const struct command *const *c = commands; *c != NULL; c++) {
		const char *path = (*c)->path;

		if (n == 0 || (strncmp(path, group, n) == 0 && (path[n] == ' ' || path[n] == '\0')))
			printf("  %-18s %s\n", path, (*c)->summary);
	}
}

void
help_all(void)
{
	puts("dossierctl - looks after dossiers: set-up, questions, proof\n");
	puts("Usage: dossierctl COMMAND [OPTION…] [ARGUMENT…]\n\nCommands");
	list_commands("");
	printf("\n%s\n%s\nExamples\n"
	    "  dossierctl list --state open --limit 20\n"
	    "  dossierctl timeline H55.242-261122-0001\n"
	    "  dossierctl replay --verify && echo proven\n", common_options, common_exits);
}

bool
help_group(const char *group)
{
	size_t n = strlen(group);
	bool found = false;

	for (const struct command *const *c = commands; *c != NULL; c++)
		found |= strncmp((*c)->path, group, n) == 0 && (*c)->path[n] == ' ';
	if (!found)
		return false;
	printf("Usage: dossierctl %s COMMAND [OPTION…]\n\nCommands\n", group);
	list_commands(group);
	puts("\nExamples");
	for (const struct command *const *c = commands; *c != NULL; c++)
		if (strncmp((*c)->path, group, n) == 0 && (*c)->path[n] == ' ')
			printf("%s", (*c)->examples);
	return true;
}

static void
list_options(const struct option_row *options)
{
	if (options == NULL)
		return;
	puts("Options");
	for (; options->name != NULL; options++) {
		char left[80];

		snprintf(left, sizeof left, "--%s%s%s", options->name,
		    options->value != NULL ? " " : "", options->value != NULL ? options->value : "");
		printf("  %-24s %s\n", left, options->doc);
	}
	puts("");
}

void
help_command(const struct command *command)
{
	printf("dossierctl %s - %s\n\n", command->path, command->summary);
	printf("Usage: dossierctl %s%s%s%s\n\n", command->path,
	    command->options != NULL ? " [OPTION…]" : "", command->arguments[0] != '\0' ? " " : "",
	    command->arguments);
	if (command->about != NULL)
		printf("%s\n", command->about);
	list_options(command->options);
	printf("%s\n%s\nExamples\n%s", common_options,
	    command->exits != NULL ? command->exits : common_exits, command->examples);
}
