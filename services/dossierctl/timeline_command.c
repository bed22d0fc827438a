/*
 * timeline - every step of one dossier: what, when, why, and how long after.
 *
 * The trail in the dossier's row names the entry of each version; the entries
 * are read out of the journal's blocks in the database, by number, from the
 * dossier's home lane.  A step's cause is its ce_cause header: a message from
 * outside, an entry of another journal, a timer, an effect.
 *
 * With --at, the dossier as it stood at a moment: its entries up to then,
 * folded by the functions that the workers use.
 */
#include <stdio.h>

#include "dossier_find.h"
#include "list_command.h"
#include "moment.h"
#include "show.h"

static struct {
	const char	*at;
} opt;

static const struct option_row options[] = {
	{ "at", OPTION_TEXT, &opt.at, "TIME", "show the dossier as it stood then, not its steps", 0, 0 },
	{ .name = NULL }
};

enum { FACT_SHOWN_MAX = 40, FACTS_SHOWN_MAX = 100 };

static const struct table_column columns[] = {
	{ "VERSION", "version", true }, { "TIME", "at", false }, { "STAGE", "stage", false },
	{ "EVENT", "event", false }, { "AFTER STEP", NULL, true }, { NULL, "after_step_ms", true },
	{ "AFTER CAUSE", NULL, true }, { NULL, "after_cause_ms", true }, { "CAUSE", "cause", false },
	{ NULL, "number", true }, { NULL, "id", false }, { "FACTS", "facts", false }
};
enum { N_COLUMNS = sizeof columns / sizeof *columns };

struct timeline {
	struct ctl	*ctl;
	struct session	*session;
	struct dossier	dos;
	struct table	*table;
	time_us		before;		/* the step before; TIME_NONE at first */
};

/* "3.2 ms", "41 s", "2 d 3 h": as much as a person takes in. */
static struct text
span_shown(struct arena *arena, int64_t span_us)
{
	long long ms = span_us / 1000, s = ms / 1000;

	if (span_us == INT_NONE)
		return TEXT_NONE;
	if (ms < 1000)
		return arena_printf(arena, "%.1f ms", (double)span_us / 1000);
	if (s < 100)
		return arena_printf(arena, "%.1f s", (double)ms / 1000);
	if (s < 7200)
		return arena_printf(arena, "%lld min", s / 60);
	return arena_printf(arena, "%lld d %lld h", s / 86400, s / 3600 % 24);
}

/* To the millisecond: stages follow each other faster than seconds. */
static void
put_time(struct timeline *t, time_us at)
{
	char local[TIME_TEXT_BYTES], utc[TIME_TEXT_BYTES];
	struct arena *arena = t->ctl->arena;

	time_to_text(at + LOCAL_OFFSET_US, local);
	time_to_text(at, utc);
	local[10] = ' ';
	table_both(t->table, arena_copy(arena, local, 23), arena_printf(arena, "\"%s\"", utc));
}

static void
put_span(struct timeline *t, int64_t span_us)
{
	struct arena *arena = t->ctl->arena;

	table_text(t->table, span_shown(arena, span_us));
	if (span_us == INT_NONE)
		table_int(t->table, INT_NONE);
	else
		table_real(t->table, (double)span_us / 1000);
}

/* Facts in few words: name=value of what is short; nested ones by their length. */
static struct text
facts_shown(struct arena *arena, const struct doc_node *facts)
{
	struct buf buf = buf_in(arena);
	struct doc_iter it;

	for (it = doc_iter(facts); doc_next(&it); ) {
		struct buf one = buf_in(arena);

		if (text_is(it.key, "input") || text_is(it.key, "digest") || text_is(it.key, "rule_set"))
			continue;
		doc_write(&one, it.value);
		if (one.n > FACT_SHOWN_MAX || buf.n + one.n > FACTS_SHOWN_MAX)
			continue;
		buf_printf(&buf, "%s%.*s=", buf.n > 0 ? " " : "", TEXT_ARG(it.key));
		for (size_t i = 0; i < one.n; i++)
			if (one.s[i] != '"')
				buf_put(&buf, &one.s[i], 1);
	}
	return text_shown(arena, buf_get(&buf));
}

static void
put_facts(struct timeline *t, struct text value)
{
	const struct doc_node *facts;
	struct doc_error why;

	if (doc_parse(t->ctl->arena, value, NULL, &facts, &why) == FAULT_NONE)
		table_both(t->table, facts_shown(t->ctl->arena, facts), value);
	else
		table_text(t->table, TEXT_NONE);
}

/* When the cause happened: of an entry its decision, of a submission its arrival; else unknown. */
static enum fault
cause_time(struct timeline *t, const struct event *event, time_us *out, struct err *err)
{
	enum stage stage;
	struct entry entry;
	int lane;
	int64_t number;
	enum fault fault;

	*out = TIME_NONE;
	if (event->received_at != INT_NONE)
		*out = event->received_at;
	if (!cause_is_entry(event->cause, &stage, &lane, &number))
		return FAULT_NONE;
	fault = entry_read(t->ctl, t->session, stage, lane, number, &entry, err);
	if (fault == FAULT_NONE)
		*out = entry.event->at;
	return fault;
}

static enum fault
put_step(struct timeline *t, int i, struct err *err)
{
	enum stage stage;
	int64_t number;
	struct entry entry;
	time_us cause;
	enum fault fault;

	dossier_step(&t->dos, i, &stage, &number);
	if (stage >= STAGES)
		return err_set(err, FAULT_PARK, "read the trail", NULL, "step %d names no stage", i + 1);
	fault = entry_read(t->ctl, t->session, stage, t->dos.home, number, &entry, err);
	if (fault == FAULT_NONE)
		fault = cause_time(t, entry.event, &cause, err);
	if (fault != FAULT_NONE)
		return fault;
	table_int(t->table, entry.event->version);
	put_time(t, entry.event->at);
	table_name(t->table, stage_name(stage));
	table_name(t->table, event_name(entry.event->type));
	put_span(t, t->before == TIME_NONE ? INT_NONE : entry.event->at - t->before);
	put_span(t, cause == TIME_NONE ? INT_NONE : entry.event->at - cause);
	table_text(t->table, entry.event->cause);
	table_int(t->table, number);
	table_text(t->table, record_find(&entry.record, "ce_id"));
	put_facts(t, entry.record.value);
	table_end(t->table);
	t->before = entry.event->at;
	return FAULT_NONE;
}

/* --- at a moment -------------------------------------------------------------- */

/*
 * Its steps up to the first that was decided later: in the order of versions,
 * because the clocks of two workers may differ by milliseconds.
 */
static enum fault
fold_until(struct timeline *t, time_us at, struct moment *moment, struct entry *next, bool *is_whole,
    struct err *err)
{
	*is_whole = false;
	moment_begin(moment, t->dos.id);
	for (int i = 0; i < dossier_steps(&t->dos); i++) {
		enum stage stage;
		int64_t number;

		dossier_step(&t->dos, i, &stage, &number);
		if (stage >= STAGES)
			return err_set(err, FAULT_PARK, "read the trail", NULL, "step %d names no stage", i + 1);
		if (entry_read(t->ctl, t->session, stage, t->dos.home, number, next, err) != FAULT_NONE)
			return err->fault;
		if (next->event->at > at)
			return FAULT_NONE;
		if (moment_apply(moment, next->event, t->ctl->arena, err) != FAULT_NONE)
			return err->fault;
	}
	*is_whole = true;
	return FAULT_NONE;
}

static void
print_moment(struct timeline *t, time_us at, const struct moment *moment, const struct entry *next, bool is_whole)
{
	struct ctl *ctl = t->ctl;
	struct belongings b;

	belongings_empty(ctl, &b);
	for (int f = 0; f < MOMENT_FOLDS; f++)
		for (int i = 0; i < moment->rows[f].n; i++)
			belongings_put(f == 0 ? b.orders : b.parcels, moment_folds[f], moment->rows[f].row[i]);
	if (!ctl->json) {
		struct text then = time_shown(ctl->arena, at);

		printf("As of %.*s: version %d of %d", TEXT_ARG(then), moment->dos.version, t->dos.version);
		if (is_whole)
			puts(", as it stands now\n");
		else
			printf("; the next step, %s, was at %.*s\n\n", event_name(next->event->type),
			    TEXT_ARG(time_shown(ctl->arena, next->event->at)));
	}
	show_print(ctl, &moment->dos, &b);
}

static int
timeline_at(struct timeline *t, time_us at)
{
	struct moment moment;
	struct entry next = { .event = NULL };
	struct err err;
	bool is_whole;

	if (fold_until(t, at, &moment, &next, &is_whole, &err) != FAULT_NONE)
		return ctl_fail(t->ctl, &err);
	if (moment.dos.version == 0) {
		ctl_note(t->ctl, "it was not there yet; its first step was at %.*s",
		    TEXT_ARG(time_shown(t->ctl->arena, next.event->at)));
		return CTL_NO;
	}
	print_moment(t, at, &moment, &next, is_whole);
	return CTL_YES;
}

/* --- all steps ---------------------------------------------------------------- */

static int
timeline_steps(struct timeline *t)
{
	struct err err;
	enum fault fault = FAULT_NONE;

	t->table = table_new(t->ctl, columns, N_COLUMNS);
	for (int i = 0; fault == FAULT_NONE && i < dossier_steps(&t->dos); i++)
		fault = put_step(t, i, &err);
	table_print(t->table, NULL);
	return fault == FAULT_NONE ? CTL_YES : ctl_fail(t->ctl, &err);
}

static int
timeline(struct ctl *ctl)
{
	struct timeline t = { .ctl = ctl, .before = TIME_NONE };
	bool found = false;
	time_us at;
	struct err err;
	int status = CTL_NO;
	enum fault fault;

	if (opt.at != NULL && !since_read(opt.at, &at))
		return ctl_usage(ctl, "--at is no time: 2026-11-22 or 2026-11-22T08:00:00+07:00");
	fault = session_open(ctl, "dossier_auditor", &t.session, &err);
	if (fault == FAULT_NONE)
		fault = dossier_find(ctl, t.session, ctl->words[0], &t.dos, &found, &err);
	if (fault == FAULT_NONE && !found)
		ctl_note(ctl, "no dossier has the code or id %s", ctl->words[0]);
	if (fault == FAULT_NONE && found)
		status = opt.at != NULL ? timeline_at(&t, at) : timeline_steps(&t);
	session_close(t.session);
	return fault == FAULT_NONE ? status : ctl_fail(ctl, &err);
}

const struct command timeline_command = {
	.path = "timeline", .arguments = "CODE|ID", .run = timeline, .options = options, .words_min = 1, .words_max = 1,
	.summary = "every step of a dossier: cause, facts, how long after",
	.about = "AFTER CAUSE is known where the cause is a journal entry, or the submission itself.\n"
	    "With --at, the dossier, its orders and its parcels as they stood then: the fold of its entries up to\n"
	    "that moment. What was unfinished then is not recorded.\n",
	.exits = "Exit status: 0 shown, 1 there is no such dossier (or was none yet), 2 could not.\n",
	.examples = "  dossierctl timeline H55.242-261122-0001\n"
	    "  dossierctl timeline H55.242-261122-0001 --at 2026-11-22T08:00:00+07:00\n"
	    "  dossierctl timeline H55.242-261122-0001 -o json | jq -r '[.at,.stage,.event,.cause]|@tsv'\n",
};
