/* lag_read - see lag_read.h. */
#include "lag_read.h"

#include <stdlib.h>

enum { TIMEOUT_MS = 10000, HEAD_TIMEOUT_MS = 2000 };

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
		lag->gone[t] = fault == FAULT_NONE && next >= 0 && next < low ? low - next : 0;
		next = next < low ? low : next;
		if (fault != FAULT_NONE || high <= next)
			continue;
		lag->unread[t] = high - next;
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

enum fault
lag_read(struct ctl *ctl, struct reader *reader, struct lane_row *lanes, int n, struct lag *out, struct err *err)
{
	struct gaps gaps = { ARENA_ARRAY(ctl->arena, struct gap, (size_t)n * TOPICS_MAX + 1), 0 };
	enum fault fault = FAULT_NONE;

	for (int i = 0; i < n && fault == FAULT_NONE; i++)
		fault = find_gaps(reader, &lanes[i], &out[i], &gaps, err);
	return fault == FAULT_NONE ? look_at_gaps(ctl, reader, &gaps, err) : fault;
}
