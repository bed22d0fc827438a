/*
 * casefile - what the applicant and the officers sent, for the agency's role alone.
 *
 * Contents are in no topic and in no log; this is the authorised read.  It
 * connects as dossier_agency, whose use the database can watch.
 */
#include <stdio.h>

#include "dossier_find.h"

/* On one line for programs; for people byte for byte, as it came. */
static void
print_body(struct ctl *ctl, struct text body)
{
	struct buf buf = buf_in(ctl->arena);
	const struct doc_node *root;
	struct doc_error why;

	if (!ctl->json)
		buf_text(&buf, body);
	else if (doc_parse(ctl->arena, body, NULL, &root, &why) == FAULT_NONE)
		doc_write(&buf, root);
	else
		buf_json_text(&buf, text_is_utf8(body) ? body : TEXT_NONE);
	fwrite(buf.s, 1, buf.n, stdout);
	puts(ctl->json ? "}" : "");
}

static enum fault
read_contents(struct ctl *ctl, struct session *session, const struct dossier *dos,
    struct err *err)
{
	struct db_args *args = db_args_new(ctl->arena, 1);
	const struct rows *rows;
	enum fault fault;

	db_put_uuid(args, dos->id);
	fault = session_run(session, SQL_CONTENTS_OF, args, &rows, err);

	for (int i = 0; fault == FAULT_NONE && i < rows_count(rows); i++) {
		struct text kind = rows_text(rows, i, 2), body = rows_text(rows, i, 3);

		if (ctl->json)
			printf("{\"version\":%d,\"round\":%d,\"kind\":\"%.*s\",\"body\":",
			    rows_int4(rows, i, 0), rows_int4(rows, i, 1), TEXT_ARG(kind));
		else
			printf("# version %d, round %d: %.*s\n", rows_int4(rows, i, 0),
			    rows_int4(rows, i, 1), TEXT_ARG(kind));
		print_body(ctl, body);
	}
	return fault;
}

static int
casefile(struct ctl *ctl)
{
	struct session *session = NULL;
	struct dossier dos;
	bool found = false;
	struct err err;
	enum fault fault = session_open(ctl, "dossier_agency", &session, &err);

	if (fault == FAULT_NONE)
		fault = dossier_find(ctl, session, ctl->words[0], &dos, &found, &err);
	if (fault == FAULT_NONE && found)
		fault = read_contents(ctl, session, &dos, &err);
	session_close(session);
	if (fault != FAULT_NONE)
		return ctl_fail(ctl, &err);
	if (!found)
		ctl_note(ctl, "no dossier has the code or id %s", ctl->words[0]);
	return found ? CTL_YES : CTL_NO;
}

const struct command casefile_command = {
	.path = "casefile", .arguments = "CODE|ID", .run = casefile, .words_min = 1, .words_max = 1,
	.summary = "what the applicant sent (role dossier_agency)",
	.about = "Prints personal data. Connects as dossier_agency, which alone may read them.\n",
	.exits = "Exit status: 0 printed, 1 there is no such dossier, 2 could not ask.\n",
	.examples = "  dossierctl casefile H55.242-261122-0001\n",
};
