/*
 * due - when an answer to a submission would be due, explained day by day.
 *
 * The law is the catalogue of the database on the day of reception; the
 * reckoning is the one of casework.  Nothing is asked about any dossier.
 */
#include <stdio.h>

#include "../casework/casework_deadline.h"
#include "catalogue.h"
#include "list_command.h"
#include "session.h"
#include "table.h"

static struct {
	const char	*procedure, *agency, *received, *in_case, *channel;
} opt = { .in_case = "default", .channel = "online" };

static const struct option_row options[] = {
	{ "procedure", OPTION_TEXT, &opt.procedure, "CODE", "which procedure", 0, 0 },
	{ "agency", OPTION_TEXT, &opt.agency, "CODE", "at which agency", 0, 0 },
	{ "received", OPTION_TEXT, &opt.received, "TIME", "when it arrives complete", 0, 0 },
	{ "case", OPTION_TEXT, &opt.in_case, "CASE", "which case of the procedure (default)", 0, 0 },
	{ "channel", OPTION_TEXT, &opt.channel, "C", "online, counter or postal (online)", 0, 0 },
	{ .name = NULL }
};

struct due {
	const struct procedure	*procedure;
	const struct agency	*agency;
	time_us			received_at, first_answer_at;
	struct deadline		deadline;
};

/* --- law from the catalogue ---------------------------------------------- */

static int
cutoff_of(struct text t)
{
	if (t.n != 5)
		return DEADLINE_NO_CUTOFF;
	return ((t.s[0] - '0') * 10 + t.s[1] - '0') * 60 + (t.s[3] - '0') * 10 + t.s[4] - '0';
}

static bool
unit_of(struct text t, enum deadline_unit *out)
{
	static const char *const names[] = { [DEADLINE_WORKING_DAY] = "working_day",
	    [DEADLINE_WORKING_HOUR] = "working_hour", [DEADLINE_CALENDAR_DAY] = "calendar_day",
	    [DEADLINE_IMMEDIATE] = "immediate" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (text_is(t, names[i])) {
			*out = (enum deadline_unit)i;
			return true;
		}
	return false;
}

static bool
rule_of(const struct procedure *procedure, const struct doc_node *in_case,
    struct deadline_rule *out)
{
	const struct doc_node *law = doc_get(procedure->body, "deadline");
	const struct doc_node *term = doc_get(in_case, "term");
	int64_t amount = 0;

	*out = (struct deadline_rule){ .start = DEADLINE_FROM_ACCEPTED,
	    .mode = text_is(doc_get_text(law, "mode"), "hours") ? DEADLINE_HOURS : DEADLINE_CIVIL,
	    .supplement = text_is(doc_get_text(law, "supplement_clock"), "pause") ? DEADLINE_PAUSE :
	    DEADLINE_RESTART, .cutoff_minute = cutoff_of(doc_get_text(law, "cutoff")) };
	(void)doc_get_bool(law, "last_hour_rule", &out->last_hour_rule);
	if (!doc_get_int64(term, "amount", &amount) || amount > DEADLINE_MOST)
		return false;
	out->amount = (int)amount;
	return unit_of(doc_get_text(term, "unit"), &out->unit);
}

/* --- reckoning ----------------------------------------------------------- */

static enum fault
find_law(const struct catalogue *cat, struct due *due, struct err *err)
{
	int64_t day = calendar_local_day(due->received_at);
	char date[CALENDAR_DATE_BYTES];

	calendar_date_text(day, date);
	due->procedure = catalogue_procedure(cat, text_of(opt.procedure), day);
	due->agency = catalogue_agency(cat, text_of(opt.agency), day);
	if (due->procedure == NULL)
		return err_set(err, FAULT_PARK, "find the procedure", NULL,
		    "%.60s is not in force on %s", opt.procedure, date);
	if (due->agency == NULL)
		return err_set(err, FAULT_PARK, "find the agency", NULL, "%.60s is not in force on %s",
		    opt.agency, date);
	if (!texts_hold(doc_get(due->procedure->body, "agencies"), text_of(opt.agency)))
		return err_set(err, FAULT_PARK, "find the agency", NULL, "%.60s does not offer %.60s",
		    opt.agency, opt.procedure);
	return FAULT_NONE;
}

static enum fault
reckon(struct ctl *ctl, const struct catalogue *cat, struct due *due, struct err *err)
{
	static const char *const channels[] = { [DEADLINE_ONLINE] = "online",
	    [DEADLINE_COUNTER] = "counter", [DEADLINE_POSTAL] = "postal" };
	struct deadline_facts facts = { .accepted_at = due->received_at, .paid_at = TIME_NONE };
	const struct doc_node *in_case = procedure_case(due->procedure, text_of(opt.in_case));
	struct deadline_rule rule;
	int channel = 0;
	enum fault fault;

	while (channel < 3 && strcmp(channels[channel], opt.channel) != 0)
		channel++;
	if (channel == 3)
		return err_set(err, FAULT_PARK, "read --channel", NULL, "online, counter or postal");
	if (in_case == NULL || !rule_of(due->procedure, in_case, &rule))
		return err_set(err, FAULT_PARK, "find the case", NULL, "%.60s has no case %.60s with a "
		    "term", opt.procedure, opt.in_case);
	fault = deadline_reckon(catalogue_calendar(cat), &rule, &facts, ctl->arena, &due->deadline, err);
	if (fault == FAULT_NONE)
		fault = deadline_first_answer(catalogue_calendar(cat), due->received_at,
		    (enum deadline_channel)channel, 0, &due->first_answer_at, err);
	return fault;
}

/* --- printing ------------------------------------------------------------ */

static struct text
steps_json(struct ctl *ctl, const struct deadline *deadline)
{
	struct buf buf = buf_in(ctl->arena);
	char date[CALENDAR_DATE_BYTES];

	buf_puts(&buf, "[");
	for (size_t i = 0; i < deadline->n_steps; i++) {
		calendar_date_text(deadline->steps[i].day, date);
		buf_printf(&buf, "%s{\"day\":\"%s\",\"text\":", i > 0 ? "," : "", date);
		buf_json_text(&buf, deadline->steps[i].text);
		buf_puts(&buf, "}");
	}
	buf_puts(&buf, "]");
	return buf_get(&buf);
}

static void
print_due(struct ctl *ctl, const struct due *due)
{
	static const struct table_column columns[] = {
		{ "Procedure", "procedure", false }, { "Version", "procedure_version", true },
		{ "Name", "name_vi", false }, { "Agency", "agency", false },
		{ "Received", "received_at", false }, { "Counts as received", "counts_as_received_at", false },
		{ "Clock starts", "starts_at", false }, { "First answer due", "first_answer_at", false },
		{ "Due", "due_at", false }, { NULL, "steps", false }
	};
	struct table *t = table_new(ctl, columns, 10);

	table_text(t, due->procedure->code);
	table_int(t, due->procedure->version);
	table_text(t, doc_get_text(due->procedure->body, "name_vi"));
	table_text(t, due->agency->code);
	table_time(t, due->received_at);
	table_time(t, due->deadline.received_at);
	table_time(t, due->deadline.starts_at);
	table_time(t, due->first_answer_at);
	table_time(t, due->deadline.due_at);
	table_tone(t, TONE_GOOD);
	table_both(t, TEXT_NONE, steps_json(ctl, &due->deadline));
	table_end(t);
	table_print_record(t);
	for (size_t i = 0; !ctl->json && i < due->deadline.n_steps; i++)
		printf("%s  %.*s\n", i == 0 ? "\n" : "", TEXT_ARG(due->deadline.steps[i].text));
}

static int
due(struct ctl *ctl)
{
	struct session *session = NULL;
	struct catalogue *cat = NULL;
	struct due due = { .procedure = NULL };
	struct err err;
	enum fault fault;

	if (opt.procedure == NULL || opt.agency == NULL || opt.received == NULL)
		return ctl_usage(ctl, "--procedure, --agency and --received are needed");
	if (!since_read(opt.received, &due.received_at))
		return ctl_usage(ctl, "--received is no time");
	fault = session_open(ctl, "dossier_auditor", &session, &err);
	if (fault == FAULT_NONE)
		fault = catalogue_load(session_db(session), &cat, &err);
	if (fault == FAULT_NONE)
		fault = find_law(cat, &due, &err);
	if (fault == FAULT_NONE)
		fault = reckon(ctl, cat, &due, &err);
	if (fault == FAULT_NONE)
		print_due(ctl, &due);
	catalogue_free(cat);
	session_close(session);
	if (fault != FAULT_NONE)
		(void)ctl_fail(ctl, &err);
	return fault == FAULT_NONE ? CTL_YES : fault == FAULT_PARK ? CTL_NO : CTL_CANNOT;
}

const struct command due_command = {
	.path = "due", .arguments = "", .run = due, .options = options,
	.summary = "a due date, explained day by day",
	.about = "Reckons from a complete dossier received (and accepted) at that time.\n",
	.exits = "Exit status: 0 reckoned, 1 the law gives no answer (not in force, no such case, a\n"
	    "calendar year is not loaded), 2 could not ask.\n",
	.examples = "  dossierctl due --procedure 1.001193 --agency H55.242 --received 2026-12-30T16:30:00+07:00\n"
	    "  dossierctl due --procedure 2.000488 --agency H55.01 --received 2027-02-01 -o json\n",
};
