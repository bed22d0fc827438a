/*
 * pause, resume - a stage takes nothing new until it is resumed.
 *
 * Its workers keep their lanes, publish what is committed and let effects
 * under way land; they take no message and no job, and no timer fires.  It is
 * a row of core.pause: workers that start find it too.
 */
#include <inttypes.h>
#include <stdio.h>

#include "operation.h"
#include "stage.h"

static struct {
	int64_t	wait_s;
} opt = { .wait_s = 5 };

static const struct option_row options[] = {
	{ "why", OPTION_TEXT, &operation_opt.why, "TEXT", "the reason, which is recorded and shown", 0, 0 },
	{ "who", OPTION_TEXT, &operation_opt.who, "NAME", "who does it, where that is not the account's name", 0, 0 },
	{ "wait", OPTION_INT, &opt.wait_s, "SECONDS", "until all its workers say so (5)", 0, 3600 },
	{ .name = NULL }
};

/* Of a stage's lanes that have an owner: how many, and how many say that they are paused. */
struct said {
	int64_t	owned, paused;
};

static struct db_args *
of_stage(struct ctl *ctl, enum stage stage)
{
	struct db_args *args = db_args_new(ctl->arena, 2);

	db_put_int2(args, (int)stage);
	return args;
}

static enum fault
wait_for(struct ctl *ctl, struct session *session, enum stage stage, bool paused, struct said *out,
    struct err *err)
{
	int64_t until_us = clock_span_us() + opt.wait_s * SECOND_US;

	for (;;) {
		const struct rows *rows;

		if (session_run(session, SQL_PAUSE_WATCH, of_stage(ctl, stage), &rows, err) != FAULT_NONE)
			return err->fault;
		*out = (struct said){ rows_int8(rows, 0, 0), rows_int8(rows, 0, 1) };
		if (out->paused == (paused ? out->owned : 0) || clock_span_us() >= until_us)
			return FAULT_NONE;
		operation_nap();
	}
}

static enum fault
change(struct ctl *ctl, struct session *session, enum stage stage, bool pause, struct operation *operation,
    struct err *err)
{
	struct db_args *args = of_stage(ctl, stage);
	const struct rows *rows;
	enum fault fault = operation_begin(ctl, session, 1, operation, err);

	if (fault != FAULT_NONE)
		return fault;
	if (pause)
		db_put_int8(args, operation->id);
	fault = session_run(session, pause ? SQL_PAUSE_SET : SQL_PAUSE_CLEAR, args, &rows, err);
	if (fault != FAULT_NONE)
		return fault;
	operation->done = rows_affected(rows);
	return operation_end(ctl, session, operation, err);
}

static int
tell(struct ctl *ctl, enum stage stage, bool pause, const struct operation *operation, const struct said *said)
{
	int64_t agree = pause ? said->paused : said->owned - said->paused;
	const char *state = pause ? "paused" : "running";

	if (ctl->json)
		printf("{\"stage\":\"%s\",\"paused\":%s,\"changed\":%s,\"operation\":%" PRId64 ",\"lanes_owned\":%" PRId64
		    ",\"lanes_agree\":%" PRId64 "}\n", stage_name(stage), pause ? "true" : "false",
		    operation->done > 0 ? "true" : "false", operation->id, said->owned, agree);
	else
		printf("%s is %s%s; %" PRId64 " of %" PRId64 " lanes that have a worker say so\n", stage_name(stage),
		    state, operation->done > 0 ? "" : ", as it was before", agree, said->owned);
	if (agree < said->owned)
		ctl_note(ctl, "a worker that does not say so is dead, or of a release that knows no pause: "
		    "dossierctl lanes --stage %s", stage_name(stage));
	return agree < said->owned ? CTL_NO : CTL_YES;
}

static int
set_paused(struct ctl *ctl, bool pause)
{
	struct session *session = NULL;
	struct operation operation;
	struct said said = { 0, 0 };
	enum stage stage;
	struct err err;
	enum fault fault;

	if (!stage_find(text_of(ctl->words[0]), &stage))
		return ctl_usage(ctl, "there is no stage \"%s\"", ctl->words[0]);
	if (operation_opt.why == NULL)
		operation_opt.why = "no reason given";
	fault = session_open(ctl, "dossier_operator", &session, &err);
	if (fault == FAULT_NONE)
		fault = change(ctl, session, stage, pause, &operation, &err);
	if (fault == FAULT_NONE)
		fault = wait_for(ctl, session, stage, pause, &said, &err);
	session_close(session);
	return fault == FAULT_NONE ? tell(ctl, stage, pause, &operation, &said) : ctl_fail(ctl, &err);
}

static int
pause_stage(struct ctl *ctl)
{
	return set_paused(ctl, true);
}

static int
resume_stage(struct ctl *ctl)
{
	return set_paused(ctl, false);
}

const struct command pause_command = {
	.path = "pause", .arguments = "STAGE", .run = pause_stage, .options = options, .words_min = 1, .words_max = 1,
	.summary = "a stage takes nothing new, until it is resumed",
	.about = "Its workers stop within a second, keep their lanes, publish what is committed and let calls under\n"
	    "way come back. No timer fires; nobody loses time by it: what is read later keeps its time of arrival.\n"
	    "It stays so when workers or machines start anew. Recorded: dossierctl operations list.\n",
	.exits = "Exit status: 0 all its workers say so, 1 it is paused and some do not say so, 2 could not.\n",
	.examples = "  dossierctl pause fee --why 'payment platform charges wrongly, ticket 4711'\n",
};

const struct command resume_command = {
	.path = "resume", .arguments = "STAGE", .run = resume_stage, .options = options, .words_min = 1, .words_max = 1,
	.summary = "a paused stage goes on",
	.exits = "Exit status: 0 all its workers say so, 1 it is resumed and some do not say so, 2 could not.\n",
	.examples = "  dossierctl resume fee --why 'platform mended'\n",
};
