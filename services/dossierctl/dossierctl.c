/*
 * dossierctl - the tool of operators and auditors.
 *
 * One program, many small commands, each in a file of its own that ends with
 * its row of help.  It changes three things only: the schema (db migrate), the
 * topics and lanes (topics apply), the law (catalogue apply); and it can speak
 * as a portal does (submit).  Everything else reads, under the role that may
 * read it, and never moves anybody's position.
 */
#include "command.h"
#include "log.h"

extern const struct command db_migrate_command, db_status_command;
extern const struct command topics_plan_command, topics_apply_command, topics_verify_command;
extern const struct command catalogue_apply_command, catalogue_verify_command;
extern const struct command submit_command;
extern const struct command list_command, show_command, casefile_command;
extern const struct command timeline_command, replay_command;
extern const struct command lag_command, lanes_command, due_command;
extern const struct command doctor_command;
extern const struct command pause_command, resume_command, journal_resend_command;
extern const struct command deadletter_list_command, deadletter_show_command, deadletter_redrive_command;
extern const struct command parked_list_command, parked_release_command;
extern const struct command operations_list_command, operations_show_command;

const struct command *const commands[] = {
	&db_migrate_command, &db_status_command,
	&topics_plan_command, &topics_apply_command, &topics_verify_command,
	&catalogue_apply_command, &catalogue_verify_command,
	&submit_command,
	&list_command, &show_command, &casefile_command,
	&timeline_command, &replay_command,
	&doctor_command,
	&lag_command, &lanes_command,
	&pause_command, &resume_command, &journal_resend_command,
	&deadletter_list_command, &deadletter_show_command, &deadletter_redrive_command,
	&parked_list_command, &parked_release_command,
	&operations_list_command, &operations_show_command,
	&due_command,
	NULL
};

int
main(int argc, char **argv)
{
	log_open("dossierctl", LOG_LOGFMT, LOG_ERROR);
	return command_main(argc, argv);
}
