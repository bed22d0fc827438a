/*
 * replay - do the topics prove what the database says?
 *
 * Home by home.  First a short snapshot of the database: the home's rows and
 * how far its seven lanes had come.  Then the seven journals' partitions from
 * the broker, without a group, up to there: each entry must follow in number
 * and hash chain, and equal the bytes in core.journal.  Their events go through
 * the same dossier_apply as in the workers; what comes out must equal the rows,
 * column by column, in both directions.
 *
 * Without --verify no database is asked: the topics alone, to their end.
 */
#include <inttypes.h>

#include "../dispatch/dispatch_fold.h"
#include "../fee/fee_fold.h"
#include "replay_range.h"

static struct {
	bool	verify, heads;
	int64_t	home, wait_s, limit;
	const char *from, *to, *dossier, *stage;
} opt = { .home = -1, .wait_s = 10, .limit = 100 };

static const struct option_row options[] = {
	{ "verify", OPTION_FLAG, &opt.verify, NULL, "compare with the database", 0, 0 },
	{ "home", OPTION_INT, &opt.home, "N", "this home (partition) alone", 0, 16383 },
	{ "dossier", OPTION_TEXT, &opt.dossier, "CODE|ID", "this dossier alone: its entries, its rows", 0, 0 },
	{ "from", OPTION_TEXT, &opt.from, "TIME|N", "from then, or from that version (--dossier) or number on", 0, 0 },
	{ "to", OPTION_TEXT, &opt.to, "TIME|N", "up to then, or up to that version or number", 0, 0 },
	{ "stage", OPTION_TEXT, &opt.stage, "STAGE", "the journal of this stage alone; needed for numbers, with --home", 0, 0 },
	{ "wait", OPTION_INT, &opt.wait_s, "SECONDS", "for what is committed and not published yet (10)", 0, 3600 },
	{ "limit", OPTION_INT, &opt.limit, "N", "differences to print (100); all are counted", 0, 1000000000 },
	{ "heads", OPTION_FLAG, &opt.heads, NULL, "also each journal's last number and hash", 0, 0 },
	{ .name = NULL }
};


/* --- one home ------------------------------------------------------------ */

static struct source *
earliest(struct replay *r)
{
	struct source *best = NULL;

	for (int i = 0; i < STAGES; i++) {
		struct source *s = &r->sources[i];

		if (s->state == SOURCE_HEAD && (best == NULL || s->event->at < best->event->at))
			best = s;
	}
	return best;
}

/* An entry that is in the chain and still no event of ours: a difference, and the home ends here. */
static enum fault
advance(struct replay *r, struct source *s, struct err *err)
{
	enum fault fault = source_next(s, err);

	if (fault != FAULT_PARK)
		return fault;
	replay_differ_entry(r, s, s->follow.number, err->text);
	r->unreadable = true;
	s->state = SOURCE_SHORT;
	return FAULT_NONE;
}

static enum fault
merge(struct replay *r, struct replay_home *home, struct err *err)
{
	enum fault fault = FAULT_NONE;
	struct source *s;

	/* All begin before any is waited for: they fetch side by side. */
	for (int i = 0; i < STAGES && fault == FAULT_NONE; i++)
		fault = source_begin(&r->sources[i], r->home,
		    r->session != NULL ? r->ends[i].given : INT64_MAX, opt.wait_s * 1000, err);
	for (int i = 0; i < STAGES && fault == FAULT_NONE; i++)
		fault = advance(r, &r->sources[i], err);
	while (fault == FAULT_NONE && !r->unreadable && (s = earliest(r)) != NULL) {
		if (replay_check_place(r, s))
			replay_home_apply(home, &s->record, s->event);
		r->count.entries++;
		fault = advance(r, s, err);
	}
	return fault;
}

/* The topic ends before the number that the database has given. */
static void
judge_short(struct replay *r, const struct source *s, const struct lane_end *end)
{
	int64_t next = s->follow.number + 1;

	if (s->follow.misfits > 0)
		replay_differ_entry(r, s, next, "the topic has an entry of this number whose chain does not fit");
	else if (s->follow.beyond > 0)
		replay_differ_entry(r, s, next, "the topic has it not, but entries after it");
	else if (end->acked >= next)
		replay_differ_entry(r, s, next, "the broker had it, and the topic has it no more");
	else {
		r->incomplete = true;
		ctl_note(r->ctl, "%s/%d ends at %" PRId64 "; the database has given %" PRId64
		    ": not published yet (is the worker of %s running?)", stage_journal(s->stage),
		    s->lane, s->follow.number, end->given, stage_name(s->stage));
	}
}

/* What one journal showed beside its events.  Is the home complete? */
static bool
judge_source(struct replay *r, struct source *s, const struct lane_end *end)
{
	r->count.dropped += s->follow.repeated + s->follow.misfits + s->follow.beyond +
	    s->follow.strange;
	if (s->unlike != 0)
		replay_differ_entry(r, s, s->unlike, "core.journal holds other bytes, or another chain");
	if (s->torn != 0)
		replay_differ_entry(r, s, s->torn, "the topic has it, core.journal has it not");
	if (r->session == NULL)
		return s->state == SOURCE_END;
	if (s->state == SOURCE_SHORT) {
		if (!r->unreadable)
			judge_short(r, s, end);
		return false;
	}
	return true;
}

/* Before draining: the chain as it stood at the last entry wanted. */
static void
judge_end(struct replay *r, const struct source *s, const struct lane_end *end)
{
	if (r->session != NULL && end->stored != end->given)
		replay_differ_entry(r, s, end->stored, "core.journal ends here, the lane elsewhere");
	if (r->session != NULL && s->state == SOURCE_END &&
	    memcmp(s->follow.hash, end->hash, DIGEST_BYTES) != 0)
		replay_differ_entry(r, s, end->given, "the lane's hash is another than the chain's");
}

static enum fault
judge(struct replay *r, struct replay_home *home, struct err *err)
{
	bool complete = !r->unreadable;
	enum fault fault = FAULT_NONE;

	for (int i = 0; i < STAGES && fault == FAULT_NONE; i++) {
		struct source *s = &r->sources[i];

		replay_put_head(r, s);
		judge_end(r, s, &r->ends[i]);
		if (r->session != NULL && s->state == SOURCE_END)
			fault = source_drain(s, err);
		if (fault == FAULT_NONE)
			complete &= judge_source(r, s, &r->ends[i]);
	}
	if (fault == FAULT_NONE && complete && r->session != NULL)
		replay_home_compare(home);
	r->count.applied += replay_home_applied(home);
	r->count.dossiers += replay_home_dossiers(home);
	r->count.rows += replay_home_rows(home);
	return fault;
}

static enum fault
replay_one(struct replay *r, struct err *err)
{
	static const struct fold *const folds[REPLAY_FOLDS] = { &fee_fold, &dispatch_fold };
	struct replay_home_options home_options = { .home = r->home, .folds = folds, .ctx = r,
	    .differ = replay_differ };
	struct replay_home *home = replay_home_new(&home_options);
	enum fault fault = FAULT_NONE;

	r->unreadable = false;
	if (r->session != NULL)
		fault = snapshot_read(r->session, home, r->home, r->ends, &r->count.stored, err);
	if (fault == FAULT_NONE)
		fault = merge(r, home, err);
	if (fault == FAULT_NONE)
		fault = judge(r, home, err);
	r->count.homes++;
	replay_home_free(home);
	return fault;
}

/* --- all homes ----------------------------------------------------------- */

static enum fault
count_homes(struct replay *r, int *n, struct err *err)
{
	const struct rows *rows;
	int lanes;
	enum fault fault = reader_partitions(r->sources[0].reader, stage_journal(STAGE_INTAKE), 10000,
	    n, err);

	if (fault == FAULT_NONE && *n == 0)
		fault = err_set(err, FAULT_FATAL, "find the journals", NULL, "the broker has no topic %s",
		    stage_journal(STAGE_INTAKE));
	if (fault != FAULT_NONE || r->session == NULL)
		return fault;
	fault = session_run(r->session, SQL_REPLAY_HOMES, NULL, &rows, err);
	if (fault != FAULT_NONE)
		return fault;
	lanes = (int)rows_int8(rows, 0, 0);
	if (rows_int8(rows, 0, 1) > 0)
		replay_differ(r, &(struct difference){ .table = "core.dossier", .key = arena_printf(
		    r->ctl->arena, "%" PRId64 " rows", rows_int8(rows, 0, 1)), .column = "home",
		    .what = "no lane is their home" });
	if (lanes != *n)
		return err_set(err, FAULT_FATAL, "find the homes", NULL,
		    "%d lanes in the database, %d partitions at the broker: dossierctl topics verify",
		    lanes, *n);
	return FAULT_NONE;
}

static enum fault
replay_all(struct replay *r, struct err *err)
{
	const char *broker;
	int n = 0;
	enum fault fault = ctl_broker(r->ctl, &broker, err);

	if (fault == FAULT_NONE && opt.verify)
		fault = session_open(r->ctl, "dossier_auditor", &r->session, err);
	for (int i = 0; i < STAGES && fault == FAULT_NONE; i++)
		fault = source_open(&r->sources[i], broker, (enum stage)i, r->session, err);
	if (fault == FAULT_NONE)
		fault = count_homes(r, &n, err);
	if (fault == FAULT_NONE && opt.home >= n)
		fault = err_set(err, FAULT_FATAL, "find the home", NULL, "there are homes 0 to %d", n - 1);
	for (int i = 0; i < n && fault == FAULT_NONE; i++) {
		r->home = i;
		if (opt.home < 0 || opt.home == i)
			fault = replay_one(r, err);
	}
	return fault;
}

static int
replay(struct ctl *ctl)
{
	static const struct table_column columns[] = {
		{ "JOURNAL", "journal", false }, { "PARTITION", "partition", true },
		{ "NUMBER", "number", true }, { "HASH", "hash", false }
	};
	struct replay r = { .ctl = ctl, .verify = opt.verify, .limit = opt.limit,
	    .heads = table_new(ctl, columns, 4) };
	int64_t begun_us = clock_span_us();
	struct err err;
	enum fault fault;

	if (opt.from != NULL || opt.to != NULL || opt.dossier != NULL || opt.stage != NULL) {
		struct range_options range = { opt.from, opt.to, opt.dossier, opt.stage, opt.home, opt.wait_s * 1000 };

		if (opt.heads)
			return ctl_usage(ctl, "--heads are those of whole journals");
		return replay_range(ctl, &range, opt.limit);
	}
	fault = replay_all(&r, &err);
	for (int i = 0; i < STAGES; i++)
		source_close(&r.sources[i]);
	session_close(r.session);
	if (fault != FAULT_NONE)
		return ctl_fail(ctl, &err);
	if (opt.heads)
		table_print(r.heads, NULL);
	replay_print_summary(&r, clock_span_us() - begun_us);
	return r.differences > 0 ? CTL_NO : r.incomplete ? CTL_CANNOT : CTL_YES;
}

const struct command replay_command = {
	.path = "replay", .arguments = "", .run = replay, .options = options,
	.summary = "rebuild every dossier from the topics, and compare",
	.about = "With --verify: exit 0 means that every dossier, order and parcel in the database is\n"
	    "exactly what the journals tell, and that the journals are whole. Without it the\n"
	    "journals alone are checked. See services/dossierctl/README.md.\n"
	    "With --dossier, --from, --to or --stage a part only, always against the database: the entries in the\n"
	    "topics (number, chain, place, bytes), then the folded dossier, or the trails of all that are spoken of.\n"
	    "The last lines say what was checked and what was not.\n",
	.exits = "Exit status: 0 equal, 1 different (each difference is named), 2 could not.\n",
	.examples = "  dossierctl replay --verify\n"
	    "  dossierctl replay --verify --home 3 -o json | jq 'select(.column)'\n"
	    "  dossierctl replay --dossier H55.242-261122-0001\n"
	    "  dossierctl replay --from 2026-11-22T08:00:00+07:00 --to 2026-11-22T09:00:00+07:00\n"
	    "  dossierctl replay --stage fee --home 3 --from 100 --to 200\n"
	    "  dossierctl replay --heads        # chain heads, to keep somewhere safe\n",
};
