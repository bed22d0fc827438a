/*
 * list - dossiers, one a line, newest first, nothing personal but initials.
 */
#include "list_command.h"

#include "calendar.h"
#include "dossier.h"
#include "session.h"
#include "table.h"

static struct {
	const char	*state, *procedure, *agency, *since;
	int64_t		limit;
} opt = { .limit = 50 };

static const struct option_row options[] = {
	{ "state", OPTION_TEXT, &opt.state, "STATE", "a sub-state (open), or one of a stage (fee:paid)", 0, 0 },
	{ "procedure", OPTION_TEXT, &opt.procedure, "CODE", "of this procedure", 0, 0 },
	{ "agency", OPTION_TEXT, &opt.agency, "CODE", "at this agency", 0, 0 },
	{ "since", OPTION_TEXT, &opt.since, "TIME", "received since 2026-11-22 or an RFC 3339 time", 0, 0 },
	{ "limit", OPTION_INT, &opt.limit, "N", "at most so many (50)", 1, 1000000 },
	{ .name = NULL }
};

/* The columns of SQL_LIST, in order. */
enum { ID, CODE, INITIALS, PROCEDURE, AGENCY, CHANNEL, INTAKE, VERIFICATION, LOOKUP, FEE, CASEWORK,
    DISPATCH, TRACKING, RECEIVED, ACCEPTED, DUE, OVERDUE, PHI, LE_PHI, AMOUNT, DELIVERY, RESULT,
    REASON, MISSING, ITEM_CODE, UPDATED, VERSION, ROUND, HOME };

static const struct table_column columns[] = {
	{ "CODE", NULL, false }, { NULL, "code", false }, { NULL, "id", false },
	{ "WHO", "initials", false }, { "PROCEDURE", "procedure", false },
	{ "AGENCY", "agency", false }, { "STAGE", "stage", false }, { "STATE", "state", false },
	{ NULL, "intake", false }, { NULL, "verification", false }, { NULL, "lookup", false },
	{ "FEE", "fee", false }, { NULL, "casework", false }, { NULL, "dispatch", false },
	{ NULL, "tracking", false }, { NULL, "portal_state", false },
	{ NULL, "portal_state_vi", false }, { NULL, "portal_state_en", false },
	{ "RECEIVED", "received_at", false }, { NULL, "accepted_at", false },
	{ "DUE", "due_at", false }, { "OVERDUE", "overdue", false }, { NULL, "phi", true },
	{ NULL, "le_phi", true }, { "AMOUNT", "amount", true }, { "DELIVERY", "delivery", false },
	{ "RESULT", "result", false }, { "REASON", "reason", false }, { "MISSING", "missing", false },
	{ NULL, "item_code", false }, { NULL, "channel", false }, { NULL, "updated_at", false },
	{ NULL, "version", true }, { NULL, "round", true }, { NULL, "home", true },
};
enum { N_COLUMNS = sizeof columns / sizeof *columns };

bool
since_read(const char *text, time_us *out)
{
	int64_t day;

	if (time_from_text(text_of(text), out))
		return true;
	if (!calendar_date_from_text(text_of(text), &day))
		return false;
	*out = calendar_instant(day, 0);
	return true;
}

enum stage
furthest_stage(const struct dossier *dos)
{
	for (int s = STAGE_DISPATCH; s > 0; s--)
		if (dos->state[s] != 0)
			return (enum stage)s;
	return STAGE_INTAKE;
}

static int32_t
state_find(enum stage stage, struct text name)
{
	for (int i = 0; i < stage_states(stage); i++)
		if (text_is(name, state_name(stage, i)))
			return i;
	return 0;
}

static void
put_states(struct table *table, const struct dossier *dos)
{
	enum stage stage = furthest_stage(dos);
	int portal = dossier_portal_state(dos);

	table_name(table, stage_name(stage));
	table_name(table, state_name(stage, dos->state[stage]));
	table_tone(table, !state_is_final(stage, dos->state[stage]) ? TONE_PLAIN :
	    portal == 10 ? TONE_GOOD : TONE_BAD);
	for (int s = 0; s < STAGES; s++)
		table_name(table, state_name((enum stage)s, dos->state[s]));
	table_int(table, portal);
	table_name(table, portal_state_name_vi(portal));
	table_name(table, portal_state_name_en(portal));
}

/* A JSON array of codes: as it is for programs, with blanks for people. */
static void
put_codes(struct table *table, struct arena *arena, struct text json)
{
	struct buf shown = buf_in(arena);

	if (text_is_absent(json)) {
		table_text(table, json);
		return;
	}
	for (size_t i = 0; i < json.n; i++)
		if (strchr("[]\"", json.s[i]) == NULL)
			buf_put(&shown, json.s[i] == ',' ? " " : &json.s[i], 1);
	table_both(table, text_shown(arena, buf_get(&shown)), json);
}

static void
put_row(struct ctl *ctl, struct table *table, const struct rows *rows, int i)
{
	struct dossier dos = { .home = 0 };
	static const int texts_after[] = { DELIVERY, RESULT, REASON };
	struct text code = arena_text(ctl->arena, rows_text(rows, i, CODE));
	char uuid[UUID_TEXT_BYTES];

	uuid_to_text(rows_uuid(rows, i, ID), uuid);
	table_text(table, text_is_absent(code) ? arena_copy(ctl->arena, uuid, UUID_TEXT_BYTES - 1) : code);
	table_text(table, code);
	table_uuid(table, rows_uuid(rows, i, ID));
	for (int c = INITIALS; c <= AGENCY; c++)
		table_text(table, rows_text(rows, i, c));
	for (int s = 0; s < STAGES; s++)
		dos.state[s] = state_find((enum stage)s, rows_text(rows, i, INTAKE + s));
	put_states(table, &dos);
	for (int c = RECEIVED; c <= DUE; c++)
		table_time(table, rows_time(rows, i, c));
	table_bool(table, rows_bool(rows, i, OVERDUE));
	table_tone(table, TONE_BAD);
	for (int c = PHI; c <= AMOUNT; c++)
		table_int(table, rows_int8(rows, i, c));
	for (size_t k = 0; k < sizeof texts_after / sizeof *texts_after; k++)
		table_text(table, rows_text(rows, i, texts_after[k]));
	put_codes(table, ctl->arena, arena_text(ctl->arena, rows_text(rows, i, MISSING)));
	table_text(table, rows_text(rows, i, ITEM_CODE));
	table_text(table, rows_text(rows, i, CHANNEL));
	table_time(table, rows_time(rows, i, UPDATED));
	for (int c = VERSION; c <= HOME; c++)
		table_int(table, rows_int4(rows, i, c));
	table_end(table);
}

static int
list(struct ctl *ctl)
{
	struct table *table = table_new(ctl, columns, N_COLUMNS);
	struct db_args *args = db_args_new(ctl->arena, 5);
	struct session *session = NULL;
	const struct rows *rows;
	time_us since = TIME_NONE;
	struct err err;
	enum fault fault;

	if (opt.since != NULL && !since_read(opt.since, &since))
		return ctl_usage(ctl, "--since is no time");
	db_put_text(args, text_of(opt.state));
	db_put_text(args, text_of(opt.procedure));
	db_put_text(args, text_of(opt.agency));
	db_put_time(args, since);
	db_put_int8(args, opt.limit);
	fault = session_open(ctl, "dossier_auditor", &session, &err);
	if (fault == FAULT_NONE)
		fault = session_run(session, SQL_LIST, args, &rows, &err);
	for (int i = 0; fault == FAULT_NONE && i < rows_count(rows); i++)
		put_row(ctl, table, rows, i);
	session_close(session);
	if (fault != FAULT_NONE)
		return ctl_fail(ctl, &err);
	table_print(table, "no dossier");
	return CTL_YES;
}

const struct command list_command = {
	.path = "list", .arguments = "", .run = list, .options = options,
	.summary = "dossiers and where they stand",
	.examples = "  dossierctl list\n"
	    "  dossierctl list --state supplement --agency H55.242\n"
	    "  dossierctl list --since 2026-11-22 --limit 1000 -o json | jq -r .code\n",
};
