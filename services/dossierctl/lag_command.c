/*
 * lag - how far each lane is behind, in messages and in seconds.
 *
 * Messages: the ends of the topics at the broker less the positions in the
 * database.  Seconds: the age of the oldest message not read yet; where it
 * cannot be read, the time since the instant up to which the topic was read.
 * Nobody's position is moved.
 */
#include "lag_read.h"
#include "table.h"

static struct {
	bool		all;
	const char	*stage;
	int64_t		seconds;
} opt = { .seconds = -1 };

static const struct option_row options[] = {
	{ "all", OPTION_FLAG, &opt.all, NULL, "lanes without lag too", 0, 0 },
	{ "stage", OPTION_TEXT, &opt.stage, "STAGE", "this stage alone", 0, 0 },
	{ "alarm", OPTION_INT, &opt.seconds, "SECONDS", "end with 1 when any lane is further behind", 0, 1 << 30 },
	{ .name = NULL }
};

/* --- the command --------------------------------------------------------- */

static void
put_lag(struct ctl *ctl, struct table *table, const struct lane_row *l, const struct lag *lag)
{
	bool quiet = lag->messages == 0 && l->counts[COUNT_WAITING] == 0 && l->counts[COUNT_PARKED] == 0;

	if (quiet && !opt.all && !ctl->json)
		return;
	table_name(table, stage_name(l->stage));
	table_int(table, l->lane);
	table_int(table, lag->messages);
	table_real(table, lag->seconds);
	table_tone(table, opt.seconds >= 0 && lag->seconds > (double)opt.seconds ? TONE_BAD : TONE_PLAIN);
	table_int(table, l->counts[COUNT_WAITING]);
	table_int(table, l->counts[COUNT_PARKED]);
	table_tone(table, l->counts[COUNT_PARKED] > 0 ? TONE_BAD : TONE_PLAIN);
	table_int(table, l->given - l->acked);
	table_text(table, l->owner);
	table_end(table);
}

/* The lanes of --stage, or all, moved to the front; how many. */
static int
keep_stage(struct lane_row *list, int n)
{
	int kept = 0;

	for (int i = 0; i < n; i++)
		if (opt.stage == NULL || strcmp(opt.stage, stage_name(list[i].stage)) == 0)
			list[kept++] = list[i];
	return kept;
}

static enum fault
lag_all(struct ctl *ctl, struct table *table, double *worst, struct err *err)
{
	struct lane_row *list = NULL;
	struct lag *lags;
	struct reader *reader = NULL;
	const char *broker;
	int n = 0;
	enum fault fault = ctl_broker(ctl, &broker, err);

	if (fault == FAULT_NONE)
		fault = lanes_read(ctl, &list, &n, err);
	if (fault == FAULT_NONE)
		fault = reader_open(broker, "dossierctl", NULL, &reader, err);
	n = fault == FAULT_NONE ? keep_stage(list, n) : 0;
	lags = ARENA_ARRAY(ctl->arena, struct lag, (size_t)n + 1);
	if (fault == FAULT_NONE)
		fault = lag_read(ctl, reader, list, n, lags, err);
	for (int i = 0; i < n && fault == FAULT_NONE; i++) {
		put_lag(ctl, table, &list[i], &lags[i]);
		*worst = lags[i].seconds > *worst ? lags[i].seconds : *worst;
	}
	reader_close(reader);
	return fault;
}

static int
lag(struct ctl *ctl)
{
	static const struct table_column columns[] = {
		{ "STAGE", "stage", false }, { "LANE", "lane", true }, { "MESSAGES", "messages", true },
		{ "SECONDS", "seconds", true }, { "WAITING", "waiting", true },
		{ "PARKED", "parked", true }, { "UNACKED", "unacked", true }, { "OWNER", "owner", false }
	};
	struct table *table = table_new(ctl, columns, 8);
	enum stage stage;
	double worst = 0;
	struct err err;

	if (opt.stage != NULL && !stage_find(text_of(opt.stage), &stage))
		return ctl_usage(ctl, "there is no stage \"%s\"", opt.stage);
	if (lag_all(ctl, table, &worst, &err) != FAULT_NONE)
		return ctl_fail(ctl, &err);
	table_print(table, "no lag: every lane has read its topics to the end");
	return opt.seconds >= 0 && worst > (double)opt.seconds ? CTL_NO : CTL_YES;
}

const struct command lag_command = {
	.path = "lag", .arguments = "", .run = lag, .options = options,
	.summary = "how far each lane is behind, in messages and seconds",
	.about = "UNACKED is what the lane has given and not yet noted as acknowledged by the broker.\n",
	.exits = "Exit status: 0 shown, 1 further behind than --alarm, 2 could not ask.\n",
	.examples = "  dossierctl lag\n"
	    "  dossierctl lag --stage fee --all\n"
	    "  dossierctl lag --alarm 60 -o json\n",
};
