/*
 * lag - how far each lane is behind, in messages and in seconds.
 *
 * Messages: the ends of the topics at the broker less the positions in the
 * database.  Seconds: the age of the oldest message not read yet; where it
 * cannot be read, the time since the instant up to which the topic was read.
 * Nobody's position is moved.
 */
#include "kafka_reader.h"
#include "lanes_read.h"
#include "table.h"

enum { TIMEOUT_MS = 10000, HEAD_TIMEOUT_MS = 2000 };

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

struct lag {
	int64_t	messages;
	double	seconds;
};

/* The broker's time of the message at an offset; TIME_NONE when it does not come. */
static enum fault
time_at(struct reader *reader, const char *topic, int lane, int64_t offset, time_us *out,
    struct err *err)
{
	struct message message;
	enum fault fault = reader_assign(reader, topic, &lane, &offset, 1, err);

	*out = TIME_NONE;
	err->fault = FAULT_NONE;
	if (fault == FAULT_NONE && reader_poll(reader, HEAD_TIMEOUT_MS, &message, err)) {
		*out = message.place.at;
		consumer_release(&message);
	}
	return fault;
}

static enum fault
lag_of_topic(struct reader *reader, const struct lane_row *l, int t, const char *topic,
    struct lag *lag, struct err *err)
{
	int64_t low, high, next = l->next_offset[t];
	time_us at;
	double seconds;
	enum fault fault = reader_range(reader, topic, l->lane, TIMEOUT_MS, &low, &high, err);

	if (fault != FAULT_NONE)
		return fault;
	next = next < low ? low : next;
	if (high <= next)
		return FAULT_NONE;
	lag->messages += high - next;
	fault = time_at(reader, topic, l->lane, next, &at, err);
	if (at == TIME_NONE)
		at = l->read_to[t] > 0 ? l->read_to[t] : clock_now_us();
	seconds = (double)(clock_now_us() - at) / 1e6;
	lag->seconds = seconds > lag->seconds ? seconds : lag->seconds;
	return fault;
}

static enum fault
lag_of_lane(struct reader *reader, const struct lane_row *l, struct lag *lag, struct err *err)
{
	int n;
	const char *const *topics = stage_topics(l->stage, &n);
	enum fault fault = FAULT_NONE;

	*lag = (struct lag){ 0, 0 };
	for (int t = 0; t < n && fault == FAULT_NONE; t++)
		fault = lag_of_topic(reader, l, t, topics[t], lag, err);
	return fault;
}

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

static enum fault
lag_all(struct ctl *ctl, struct table *table, double *worst, struct err *err)
{
	struct lane_row *list;
	struct reader *reader = NULL;
	const char *broker;
	struct lag lag;
	int n = 0;
	enum fault fault = ctl_broker(ctl, &broker, err);

	if (fault == FAULT_NONE)
		fault = lanes_read(ctl, &list, &n, err);
	if (fault == FAULT_NONE)
		fault = reader_open(broker, "dossierctl", NULL, &reader, err);
	for (int i = 0; i < n && fault == FAULT_NONE; i++) {
		if (opt.stage != NULL && strcmp(opt.stage, stage_name(list[i].stage)) != 0)
			continue;
		fault = lag_of_lane(reader, &list[i], &lag, err);
		if (fault == FAULT_NONE)
			put_lag(ctl, table, &list[i], &lag);
		*worst = lag.seconds > *worst ? lag.seconds : *worst;
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
