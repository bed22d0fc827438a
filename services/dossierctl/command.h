/*
 * command - finds the command that was typed, reads its options, prints help.
 */
#ifndef COMMAND_H
#define COMMAND_H

#include "ctl.h"

/* Every command, in the order of the help; a NULL ends it. */
extern const struct command *const commands[];

/* Runs what the arguments ask for; the exit status of the program. */
int command_main(int argc, char **argv);

/* Help: of everything, of a group ("db"), of a command. */
void help_all(void);
bool help_group(const char *group);	/* false: there is no such group */
void help_command(const struct command *command);

#endif
