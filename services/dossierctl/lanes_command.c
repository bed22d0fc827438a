/*
 * lanes - whose each lane is, where it stands, how far behind, and why it does
 * not go on; with --counters, whether its counters balance.
 */
#include <inttypes.h>

#include "lag_read.h"
#include "table.h"

static struct {
	const char	*stage;
	bool		counters;
} opt;

static const struct option_row options[] = {
	{ "stage", OPTION_TEXT, &opt.stage, "STAGE", "this stage alone", 0, 0 },
	{ "counters", OPTION_FLAG, &opt.counters, NULL, "show the counters instead; JSON has all", 0, 0 },
	{ .name = NULL }
};

/* Both tables have the same cells; people see some of them. */
static const struct table_column columns[] = {
	{ "STAGE", "stage", false }, { "LANE", "lane", true }, { "OWNER", "owner", false },
	{ NULL, "owner_version", false }, { "EPOCH", "epoch", true }, { NULL, "claimed_at", false },
	{ "ALIVE", "alive_at", false }, { "POSITION", "next_offset", false }, { "LAG", "lag", true },
	{ "SECONDS", "lag_seconds", true }, { NULL, "given", true }, { NULL, "acked", true },
	{ "UNACKED", "unacked", true }, { NULL, "given_hash", false },
	{ NULL, "taken", true }, { NULL, "handed_in", true }, { NULL, "ordered", true },
	{ NULL, "done", true }, { NULL, "repeated", true }, { NULL, "dead", true },
	{ NULL, "handed_out", true }, { "WAITING", "waiting", true }, { "PARKED", "parked", true },
	{ NULL, "unclean", true }, { NULL, "step_note", false }, { NULL, "note", false },
	{ NULL, "paused_at", false }, { "BECAUSE", "because", false }, { NULL, "balanced", false }
};

static const struct table_column counter_columns[] = {
	{ "STAGE", "stage", false }, { "LANE", "lane", true }, { NULL, "owner", false },
	{ "RELEASE", "owner_version", false }, { "EPOCH", "epoch", true }, { "CLAIMED", "claimed_at", false },
	{ NULL, "alive_at", false }, { NULL, "next_offset", false }, { NULL, "lag", true },
	{ NULL, "lag_seconds", true }, { "GIVEN", "given", true }, { "ACKED", "acked", true },
	{ NULL, "unacked", true }, { NULL, "given_hash", false },
	{ "TAKEN", "taken", true }, { "IN", "handed_in", true }, { "ORDERED", "ordered", true },
	{ "DONE", "done", true }, { "REPEATED", "repeated", true }, { "DEAD", "dead", true },
	{ "OUT", "handed_out", true }, { "WAITING", "waiting", true }, { "PARKED", "parked", true },
	{ "UNCLEAN", "unclean", true }, { "STEP", "step_note", false }, { NULL, "note", false },
	{ NULL, "paused_at", false }, { NULL, "because", false }, { "BALANCED", "balanced", false }
};
enum { N_COLUMNS = sizeof columns / sizeof *columns };
_Static_assert(sizeof columns == sizeof counter_columns, "the same cells");

static bool
is_balanced(const struct lane_row *l)
{
	const int64_t *c = l->counts;

	return c[COUNT_TAKEN] + c[COUNT_HANDED_IN] + c[COUNT_ORDERED] == c[COUNT_DONE] +
	    c[COUNT_REPEATED] + c[COUNT_DEAD] + c[COUNT_HANDED_OUT] + c[COUNT_WAITING] +
	    c[COUNT_PARKED];
}

/* "12 0 7", lead first; - where nothing has been read yet. */
static void
put_position(struct ctl *ctl, struct table *table, const struct lane_row *l)
{
	struct buf shown = buf_in(ctl->arena), json = buf_in(ctl->arena);

	for (int t = 0; t < l->n_topics; t++) {
		buf_puts(&shown, t > 0 ? " " : "");
		if (l->next_offset[t] < 0)
			buf_puts(&shown, "-");
		else
			buf_int(&shown, l->next_offset[t]);
		buf_puts(&json, t > 0 ? "," : "[");
		buf_int(&json, l->next_offset[t]);
	}
	buf_puts(&json, "]");
	table_both(table, buf_get(&shown), buf_get(&json));
}

/* lag is NULL where the broker could not be asked. */
static void
put_progress(struct ctl *ctl, struct table *table, const struct lane_row *l, const struct lag *lag)
{
	table_time(table, l->claimed_at);
	table_time(table, l->alive_at);
	table_tone(table, lane_is_silent(l, clock_now_us()) ? TONE_BAD : TONE_PLAIN);
	put_position(ctl, table, l);
	table_int(table, lag != NULL ? lag->messages : INT_NONE);
	if (lag != NULL)
		table_real(table, lag->seconds);
	else
		table_int(table, INT_NONE);
	table_int(table, l->given);
	table_int(table, l->acked);
	table_int(table, l->given - l->acked);
	table_hex(table, l->given_hash.s, l->given_hash.n);
}

static void
put_lane(struct ctl *ctl, struct table *table, const struct lane_row *l, const struct lag *lag)
{
	table_name(table, stage_name(l->stage));
	table_int(table, l->lane);
	table_text(table, l->owner);
	table_text(table, l->owner_version);
	table_int(table, l->epoch);
	put_progress(ctl, table, l, lag);
	for (int c = 0; c < COUNTS; c++)
		table_int(table, l->counts[c]);
	table_tone(table, l->counts[COUNT_PARKED] > 0 ? TONE_BAD : TONE_PLAIN);
	table_int(table, l->unclean);
	table_tone(table, l->unclean > 0 ? TONE_BAD : TONE_PLAIN);
	table_text(table, l->step_note);
	table_text(table, l->note);
	table_time(table, l->paused_at);
	table_text(table, lane_because(ctl->arena, l, clock_now_us()));
	table_tone(table, TONE_BAD);
	table_bool(table, is_balanced(l));
	table_end(table);
}

/* Without the broker everything but the lag is still known. */
static struct lag *
ask_lags(struct ctl *ctl, struct lane_row *list, int n)
{
	struct lag *lags = ARENA_ARRAY(ctl->arena, struct lag, (size_t)n + 1);
	struct reader *reader = NULL;
	const char *broker;
	struct err err;
	int partitions;
	enum fault fault = ctl_broker(ctl, &broker, &err);

	if (fault == FAULT_NONE)
		fault = reader_open(broker, "dossierctl", NULL, &reader, &err);
	if (fault == FAULT_NONE)
		fault = reader_partitions(reader, stage_journal(STAGE_INTAKE), 5000, &partitions, &err);
	if (fault == FAULT_NONE)
		fault = lag_read(ctl, reader, list, n, lags, &err);
	reader_close(reader);
	if (fault == FAULT_NONE)
		return lags;
	ctl_note(ctl, "the broker was not asked for the lag: %s", err.text);
	return NULL;
}

static int
lanes(struct ctl *ctl)
{
	struct table *table = table_new(ctl, opt.counters ? counter_columns : columns, N_COLUMNS);
	struct lane_row *list;
	struct lag *lags;
	enum stage stage;
	struct err err;
	int n, kept = 0;

	if (opt.stage != NULL && !stage_find(text_of(opt.stage), &stage))
		return ctl_usage(ctl, "there is no stage \"%s\"", opt.stage);
	if (lanes_read(ctl, &list, &n, &err) != FAULT_NONE)
		return ctl_fail(ctl, &err);
	for (int i = 0; i < n; i++)
		if (opt.stage == NULL || list[i].stage == stage)
			list[kept++] = list[i];
	lags = ask_lags(ctl, list, kept);
	for (int i = 0; i < kept; i++)
		put_lane(ctl, table, &list[i], lags != NULL ? &lags[i] : NULL);
	table_print(table, "no lanes: dossierctl topics apply makes them");
	return CTL_YES;
}

const struct command lanes_command = {
	.path = "lanes", .arguments = "", .run = lanes, .options = options,
	.summary = "whose each lane is, position, lag, and why it does not go on",
	.about = "Positions are offsets in the order of the stage's topics, the lead first. ALIVE is when its owner\n"
	    "committed last, which it does every few seconds. BECAUSE: paused by an operator; no owner; down PEER\n"
	    "(somebody outside does not answer); stepping (one message at a time, past one that kills or is\n"
	    "refused); full, unpublished (the broker does not acknowledge); gap TOPIC NUMBER (an entry does not\n"
	    "come); failing (turns do not get through). dossierctl doctor says what to do.\n"
	    "taken + in + ordered = done + repeated + dead + out + waiting + parked, in every lane.\n",
	.examples = "  dossierctl lanes --stage fee\n"
	    "  dossierctl lanes --counters\n"
	    "  dossierctl lanes -o json | jq 'select(.because != null)'\n",
};
