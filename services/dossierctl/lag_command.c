/*
 * lag - how far each lane is behind, in messages and in seconds.
 *
 * Messages: the ends of the topics at the broker less the positions in the
 * database.  Seconds: the age of the oldest message not read yet; where it
 * cannot be read, the time since the instant up to which the topic was read.
 * Nobody's position is moved.
 */
#include <stdlib.h>

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

/* A topic's partition that has something unread. */
struct gap {
	struct lane_row	*lane;
	struct lag	*lag;
	int		topic;		/* of the stage */
	int64_t		next;
	bool		seen;		/* its oldest message has been looked at */
};

struct gaps {
	struct gap	*list;
	int		n;
};

static void
lag_since(struct lag *lag, time_us at)
{
	double seconds = (double)(clock_now_us() - at) / 1e6;

	lag->seconds = seconds > lag->seconds ? seconds : lag->seconds;
}

/* --- messages ------------------------------------------------------------ */

static enum fault
find_gaps(struct reader *reader, struct lane_row *l, struct lag *lag, struct gaps *gaps,
    struct err *err)
{
	int n;
	const char *const *topics = stage_topics(l->stage, &n);
	enum fault fault = FAULT_NONE;

	for (int t = 0; t < n && fault == FAULT_NONE; t++) {
		int64_t low = 0, high = 0, next = l->next_offset[t];

		fault = reader_range(reader, topics[t], l->lane, TIMEOUT_MS, &low, &high, err);
		next = next < low ? low : next;
		if (fault != FAULT_NONE || high <= next)
			continue;
		lag->messages += high - next;
		gaps->list[gaps->n++] = (struct gap){ l, lag, t, next, false };
	}
	return fault;
}

/* --- seconds ------------------------------------------------------------- */

static struct gap *
gap_of(struct gap *group, int n, int partition)
{
	for (int i = 0; i < n; i++)
		if (group[i].lane->lane == partition)
			return &group[i];
	return NULL;
}

/* The oldest unread message of each partition in a group of one stage and topic, fetched together. */
static enum fault
look_at_group(struct ctl *ctl, struct reader *reader, struct gap *group, int n, struct err *err)
{
	int *partitions = ARENA_ARRAY(ctl->arena, int, (size_t)n), n_seen = 0, n_topics;
	int64_t *offsets = ARENA_ARRAY(ctl->arena, int64_t, (size_t)n);
	int64_t deadline_us = clock_span_us() + HEAD_TIMEOUT_MS * INT64_C(1000);
	const char *topic = stage_topics(group->lane->stage, &n_topics)[group->topic];
	struct message message;
	enum fault fault;

	for (int i = 0; i < n; i++) {
		partitions[i] = group[i].lane->lane;
		offsets[i] = group[i].next;
	}
	fault = reader_assign(reader, topic, partitions, offsets, n, err);
	while (fault == FAULT_NONE && n_seen < n && clock_span_us() < deadline_us) {
		struct err lost = { .fault = FAULT_NONE };	/* expired meanwhile: read_to tells instead */
		struct gap *gap;

		if (!reader_poll(reader, 100, &message, &lost))
			continue;
		gap = gap_of(group, n, message.place.partition);
		if (gap != NULL && !gap->seen) {
			gap->seen = true;
			n_seen++;
			lag_since(gap->lag, message.place.at);
		}
		consumer_release(&message);
	}
	return fault;
}

static int
compare_gaps(const void *a, const void *b)
{
	const struct gap *x = a, *y = b;
	int order = (int)x->lane->stage - (int)y->lane->stage;

	return order != 0 ? order : x->topic != y->topic ? x->topic - y->topic :
	    x->lane->lane - y->lane->lane;
}

static enum fault
look_at_gaps(struct ctl *ctl, struct reader *reader, struct gaps *gaps, struct err *err)
{
	enum fault fault = FAULT_NONE;

	if (gaps->n > 0)
		qsort(gaps->list, (size_t)gaps->n, sizeof *gaps->list, compare_gaps);
	for (int i = 0, n; i < gaps->n && fault == FAULT_NONE; i += n) {
		for (n = 1; i + n < gaps->n && gaps->list[i + n].topic == gaps->list[i].topic &&
		    gaps->list[i + n].lane->stage == gaps->list[i].lane->stage; n++)
			;
		fault = look_at_group(ctl, reader, &gaps->list[i], n, err);
	}
	for (int i = 0; i < gaps->n; i++) {
		const struct gap *gap = &gaps->list[i];

		if (!gap->seen && gap->lane->read_to[gap->topic] > 0)
			lag_since(gap->lag, gap->lane->read_to[gap->topic]);
	}
	return fault;
}

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

static enum fault
lag_all(struct ctl *ctl, struct table *table, double *worst, struct err *err)
{
	struct gaps gaps = { NULL, 0 };
	struct lane_row *list;
	struct lag *lags = NULL;
	struct reader *reader = NULL;
	const char *broker;
	int n = 0;
	enum fault fault = ctl_broker(ctl, &broker, err);

	if (fault == FAULT_NONE)
		fault = lanes_read(ctl, &list, &n, err);
	if (fault == FAULT_NONE)
		fault = reader_open(broker, "dossierctl", NULL, &reader, err);
	lags = ARENA_ARRAY(ctl->arena, struct lag, (size_t)n + 1);
	gaps.list = ARENA_ARRAY(ctl->arena, struct gap, (size_t)n * TOPICS_MAX + 1);
	for (int i = 0; i < n && fault == FAULT_NONE; i++)
		if (opt.stage == NULL || strcmp(opt.stage, stage_name(list[i].stage)) == 0)
			fault = find_gaps(reader, &list[i], &lags[i], &gaps, err);
	if (fault == FAULT_NONE)
		fault = look_at_gaps(ctl, reader, &gaps, err);
	for (int i = 0; i < n && fault == FAULT_NONE; i++) {
		if (opt.stage == NULL || strcmp(opt.stage, stage_name(list[i].stage)) == 0)
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
