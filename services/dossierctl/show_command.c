/*
 * show - one dossier: its row, its orders and parcels, what is unfinished.
 */
#include <stdio.h>

#include "list_command.h"
#include "show.h"

/* --- printing ------------------------------------------------------------ */

static bool
is_json(const char *column)
{
	static const char *const names[] = { "missing", "document", "errors" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(names[i], column) == 0)
			return true;
	return false;
}

/* The row under its column names, sub-states by name, and what belongs to it. */
static void
print_json(struct ctl *ctl, const struct dossier *dos, const struct belongings *b)
{
	struct buf buf = buf_in(ctl->arena);
	int portal = dossier_portal_state(dos);
	enum stage stage;

	for (int c = 0; c < dossier_n_columns; c++) {
		const struct column *column = &dossier_columns[c];
		const struct text *t = (const void *)((const char *)dos + column->offset);

		buf_printf(&buf, "%s\"%s\":", c > 0 ? "," : "{", column->name);
		if (stage_find(text_of(column->name), &stage))
			buf_json_text(&buf, text_of(state_name(stage, dos->state[stage])));
		else if (is_json(column->name) && !text_is_absent(*t))
			buf_text(&buf, *t);
		else
			column_write(column, dos, &buf);
	}
	buf_printf(&buf, ",\"portal_state\":%d,\"portal_state_vi\":\"%s\",\"portal_state_en\":\"%s\"",
	    portal, portal_state_name_vi(portal), portal_state_name_en(portal));
	buf_puts(&buf, ",\"orders\":");
	buf_text(&buf, table_json(b->orders));
	buf_puts(&buf, ",\"parcels\":");
	buf_text(&buf, table_json(b->parcels));
	buf_puts(&buf, ",\"jobs\":");
	buf_text(&buf, table_json(b->jobs));
	buf_puts(&buf, "}\n");
	fwrite(buf.s, 1, buf.n, stdout);
}

static const struct table_column record_columns[] = {
	{ "Code", NULL, false }, { "Id", NULL, false }, { "Procedure", NULL, false },
	{ "Agency", NULL, false }, { "Portal", NULL, false }, { "Status", NULL, false },
	{ "Stages", NULL, false }, { "Waits for", NULL, false }, { "Received", NULL, false },
	{ "Accepted", NULL, false }, { "Due", NULL, false }, { "Expires", NULL, false },
	{ "Amount", NULL, false }, { "Delivery", NULL, false }, { "Missing", NULL, false },
	{ "Result", NULL, false }, { "Reason", NULL, false }, { "Citation", NULL, false },
	{ "Errors", NULL, false }, { "Home, version, round", NULL, false }
};

static struct text
stages_shown(struct ctl *ctl, const struct dossier *dos)
{
	struct buf buf = buf_in(ctl->arena);

	for (int s = 0; s < STAGES; s++)
		buf_printf(&buf, "%s%s %s", s > 0 ? ", " : "", stage_name((enum stage)s),
		    state_name((enum stage)s, dos->state[s]));
	return buf_get(&buf);
}

/* Who acts next: the next worker, or whoever wakes the state that it rests in. */
static struct text
waits_shown(struct ctl *ctl, const struct dossier *dos)
{
	enum stage stage = furthest_stage(dos);
	int state = dos->state[stage];

	if (dossier_is_finished(dos))
		return TEXT_NONE;
	if (stage < STAGE_FEE || (stage == STAGE_FEE && state != FEE_OWED))
		return arena_printf(ctl->arena, "the worker of %s",
		    stage_name((enum stage)(stage + 1)));
	return text_of(state_waits(stage, state));
}

static void
print_record(struct ctl *ctl, const struct dossier *dos)
{
	struct table *t = table_new(ctl, record_columns, 20);
	int portal = dossier_portal_state(dos);

	table_text(t, dos->code);
	table_uuid(t, dos->id);
	table_text(t, arena_printf(ctl->arena, "%.*s version %d, case %.*s", TEXT_ARG(dos->procedure),
	    dos->procedure_version, TEXT_ARG(dos->case_code)));
	table_text(t, dos->agency);
	table_text(t, arena_printf(ctl->arena, "%.*s, submission %.*s", TEXT_ARG(dos->source),
	    TEXT_ARG(dos->submission)));
	table_text(t, arena_printf(ctl->arena, "%s (%d, %s)", portal_state_name_vi(portal), portal,
	    portal_state_name_en(portal)));
	table_text(t, stages_shown(ctl, dos));
	table_text(t, waits_shown(ctl, dos));
	table_time(t, dos->received_at);
	table_time(t, dos->accepted_at);
	table_time(t, dos->due_at);
	table_tone(t, dos->overdue ? TONE_BAD : TONE_PLAIN);
	table_time(t, dos->expires_at);
	table_int(t, dos->amount);
	table_text(t, dos->delivery);
	table_text(t, dos->missing);
	table_text(t, dos->result);
	table_text(t, dos->reason);
	table_text(t, dos->citation);
	table_text(t, dos->errors);
	table_text(t, arena_printf(ctl->arena, "%d, %d, %d", dos->home, dos->version, dos->round));
	table_end(t);
	table_print_record(t);
}

static void
show_people(struct ctl *ctl, const struct dossier *dos, const struct belongings *b)
{
	struct table *const tables[] = { b->orders, b->parcels, b->jobs };
	static const char *const titles[] = { "Orders", "Parcels", "Unfinished" };

	print_record(ctl, dos);
	for (int i = 0; i < 3; i++)
		if (table_rows(tables[i]) > 0) {
			printf("\n%s\n", titles[i]);
			table_print(tables[i], NULL);
		}
}

void
show_print(struct ctl *ctl, const struct dossier *dos, const struct belongings *b)
{
	if (ctl->json)
		print_json(ctl, dos, b);
	else
		show_people(ctl, dos, b);
}

/* --- the commands -------------------------------------------------------- */

static int
show(struct ctl *ctl)
{
	struct session *session = NULL;
	struct dossier dos;
	struct belongings b = { NULL, NULL, NULL };
	bool found = false;
	struct err err;
	enum fault fault = session_open(ctl, "dossier_auditor", &session, &err);

	if (fault == FAULT_NONE)
		fault = dossier_find(ctl, session, ctl->words[0], &dos, &found, &err);
	if (fault == FAULT_NONE && found)
		fault = belongings_read(ctl, session, &dos, &b, &err);
	session_close(session);
	if (fault != FAULT_NONE)
		return ctl_fail(ctl, &err);
	if (!found) {
		ctl_note(ctl, "no dossier has the code or id %s", ctl->words[0]);
		return CTL_NO;
	}
	show_print(ctl, &dos, &b);
	return CTL_YES;
}

const struct command show_command = {
	.path = "show", .arguments = "CODE|ID", .run = show, .words_min = 1, .words_max = 1,
	.summary = "one dossier: state, money, parcels, what is unfinished",
	.exits = "Exit status: 0 shown, 1 there is no such dossier, 2 could not ask.\n",
	.examples = "  dossierctl show H55.242-261122-0001\n"
	    "  dossierctl show 859d23b2-ee4f-8cf7-9018-7fbba27c50c0 -o json | jq .orders\n",
};
