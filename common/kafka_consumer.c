/*
 * kafka_consumer - see kafka_consumer.h.
 *
 * Settings are those of librdkafka 2.0.2's known faults: eager range
 * assignor, single-message poll, no automatic commit or store, an error and
 * not a jump when a position is gone, offsets given with the assignment and
 * never by seek.
 */
#include "kafka_consumer.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "kafka.h"
#include "kill_point.h"
#include "log.h"

enum { LANES_MAX = 1024, WAKE_MESSAGES = 500, WAKE_BYTES = 512 * 1024 };	/* half of what is fetched ahead */

struct consumer {
	struct consumer_options	options;
	rd_kafka_t		*rk;
	rd_kafka_queue_t	*queue;
	int			fd;
	int			n_lanes;
	int			lanes[LANES_MAX];	/* given by the group */
	bool			claimed[LANES_MAX];	/* by index of lanes[] */
	int			n_taken;		/* messages, since the fetcher was woken */
	size_t			bytes_taken;
	bool			paused;
	bool			assigned;		/* lanes, or none, have been given */
	struct err		trouble;		/* the broker is lost */
	struct err		unread;			/* what stops us, heard outside of messages and not told yet */
};

/*
 * The client remembers a partition's pause beyond its assignment: whatever is
 * paused is resumed before it is given back, or it would stay so for ever.
 */
static void
resume_all(struct consumer *c)
{
	rd_kafka_topic_partition_list_t *list = NULL;

	if (!c->paused || rd_kafka_assignment(c->rk, &list) != RD_KAFKA_RESP_ERR_NO_ERROR)
		return;
	rd_kafka_resume_partitions(c->rk, list);
	rd_kafka_topic_partition_list_destroy(list);
}

static void
assign_claimed(struct consumer *c)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(16);
	rd_kafka_resp_err_t code;

	for (int i = 0; i < c->n_lanes; i++) {
		const int64_t *at = c->claimed[i] ? c->options.positions(c->options.ctx, c->lanes[i])
		    : NULL;

		for (int t = 0; at != NULL && t < c->options.n_topics; t++)
			rd_kafka_topic_partition_list_add(list, c->options.topics[t],
			    c->lanes[i])->offset = at[t];
	}
	resume_all(c);
	code = rd_kafka_assign(c->rk, list);
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
		log_event(LOG_ERROR, "assign_failed", LOG_STR("code", rd_kafka_err2name(code)));
	/* A pause belongs to an assignment; a new one starts running. */
	if (c->paused)
		rd_kafka_pause_partitions(c->rk, list);
	rd_kafka_topic_partition_list_destroy(list);
	kill_point(KILL_CLAIM_ASSIGNED);
}

static void
take_lanes(struct consumer *c, const rd_kafka_topic_partition_list_t *given)
{
	int64_t positions[TOPICS_MAX];

	c->n_lanes = 0;
	c->assigned = true;
	for (int i = 0; i < given->cnt && c->n_lanes < LANES_MAX; i++) {
		c->lanes[c->n_lanes] = given->elems[i].partition;
		c->claimed[c->n_lanes] = c->options.claim(c->options.ctx,
		    given->elems[i].partition, positions);
		c->n_lanes++;
	}
	assign_claimed(c);
}

static void
on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t *list,
    void *opaque)
{
	struct consumer *c = opaque;

	if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
		take_lanes(c, list);
		return;
	}
	if (c->n_lanes > 0)
		c->options.revoke(c->options.ctx, rd_kafka_assignment_lost(rk) == 1);
	c->n_lanes = 0;
	c->assigned = false;
	resume_all(c);
	rd_kafka_assign(rk, NULL);
}

/* Most consumer errors tell of trouble that the client mends by itself. False: this is such a one. */
static bool
judge_error(struct consumer *c, rd_kafka_resp_err_t code, struct text where, struct err *err)
{
	char why[160] = "";

	switch (code) {
	case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
	case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
		err_set(err, FAULT_PARK, "read a topic", rd_kafka_err2name(code),
		    "%.*s: the broker no longer has our position: messages were deleted before "
		    "we read them, or the topic was made anew", TEXT_ARG(where));
		return true;
	case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
	case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
	case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
		err_set(err, FAULT_RETRY, "read a topic", rd_kafka_err2name(code),
		    "%.*s: no such topic or partition", TEXT_ARG(where));
		return true;
	case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
		err_set(err, FAULT_FATAL, "read a topic", rd_kafka_err2name(code),
		    "%.*s: no right to read", TEXT_ARG(where));
		return true;
	case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
		err_set(err, FAULT_FATAL, "join a group", rd_kafka_err2name(code),
		    "%s: no right to read as this group", c->options.group);
		return true;
	case RD_KAFKA_RESP_ERR__FATAL:
		code = rd_kafka_fatal_error(c->rk, why, sizeof why);
		err_set(err, FAULT_FATAL, "consume", rd_kafka_err2name(code), "%s", why);
		return true;
	default:
		return false;
	}
}

/* What the client says outside of messages: of a topic that we attached by hand it says here that it is missing. */
static void
on_error(rd_kafka_t *rk, int code, const char *reason, void *opaque)
{
	struct consumer *c = opaque;
	size_t n = strcspn(reason, " :");

	(void)rk;
	if (c->unread.fault == FAULT_NONE &&
	    judge_error(c, (rd_kafka_resp_err_t)code, (struct text){ reason, n }, &c->unread))
		return;
	if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
		err_set(&c->trouble, FAULT_RETRY, "consume", rd_kafka_err2name(code), "%s", reason);
	log_event(LOG_WARN, "kafka", LOG_STR("facility", "ERROR"), LOG_STR("text", reason));
}

static void
judge_message(struct consumer *c, const rd_kafka_message_t *m, struct err *err)
{
	char where[300];

	snprintf(where, sizeof where, "%s/%d", m->rkt != NULL ? rd_kafka_topic_name(m->rkt) : "", m->partition);
	if (!judge_error(c, m->err, text_of(where), err))
		log_event(LOG_WARN, "consumer_trouble", LOG_STR("code", rd_kafka_err2name(m->err)),
		    LOG_STR("text", rd_kafka_message_errstr(m)));
}

static enum fault
subscribe(struct consumer *c, struct err *err)
{
	rd_kafka_topic_partition_list_t *lead = rd_kafka_topic_partition_list_new(1);
	rd_kafka_resp_err_t code;

	rd_kafka_topic_partition_list_add(lead, c->options.topics[0], RD_KAFKA_PARTITION_UA);
	code = rd_kafka_subscribe(c->rk, lead);
	rd_kafka_topic_partition_list_destroy(lead);
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
		return FAULT_NONE;
	return err_set(err, FAULT_FATAL, "subscribe", rd_kafka_err2name(code), "%s: %s",
	    c->options.topics[0], rd_kafka_err2str(code));
}

static void
consumer_settings(rd_kafka_conf_t *conf, const struct consumer_options *options)
{
	char number[24];

	kafka_set(conf, "group.id", options->group);
	kafka_set(conf, "enable.auto.commit", "false");
	kafka_set(conf, "enable.auto.offset.store", "false");
	kafka_set(conf, "auto.offset.reset", "error");
	kafka_set(conf, "partition.assignment.strategy", "range");
	kafka_set(conf, "isolation.level", "read_committed");
	kafka_set(conf, "enable.partition.eof", "true");
	kafka_set(conf, "allow.auto.create.topics", "false");
	snprintf(number, sizeof number, "%lld", (long long)options->session_timeout_ms);
	kafka_set(conf, "session.timeout.ms", number);
	snprintf(number, sizeof number, "%lld", (long long)options->session_timeout_ms / 4);
	kafka_set(conf, "heartbeat.interval.ms", number);
	kafka_set(conf, "max.poll.interval.ms", "60000");
}

/*
 * Prefetch little: memory stays flat, and a rebalance throws little away.
 *
 * And fetch seldom.  The client has no fetch sessions: each fetch names all
 * partitions, and the broker looks at all of them, and at all again for each
 * that waits whenever something is appended.  So nearly all of its work is by
 * fetch and by append, not by message; what a fetch waits here a turn need not
 * wait later (pause_ms).
 */
static const char *const consumer_defaults[] = {
	"queued.min.messages", "1000", "queued.max.messages.kbytes", "1024",
	"fetch.message.max.bytes", "65536", "fetch.max.bytes", "2097152", "fetch.min.bytes", "65536", "fetch.wait.max.ms", "40",
	"fetch.error.backoff.ms", "50", NULL
};

enum fault
consumer_open(const struct consumer_options *options, struct consumer **out, struct err *err)
{
	struct consumer *c;
	rd_kafka_conf_t *conf;
	char why[200];
	enum fault fault = kafka_conf(options->bootstrap, options->client, "consumer",
	    consumer_defaults, options->pass, &conf, err);

	if (fault != FAULT_NONE)
		return fault;
	consumer_settings(conf, options);
	c = mem_new(1, sizeof *c);
	c->options = *options;
	rd_kafka_conf_set_opaque(conf, c);
	rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
	rd_kafka_conf_set_error_cb(conf, on_error);
	c->rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof why);
	if (c->rk == NULL) {
		rd_kafka_conf_destroy(conf);
		free(c);
		return err_set(err, FAULT_FATAL, "make a consumer", "config", "%s", why);
	}
	rd_kafka_poll_set_consumer(c->rk);
	c->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	c->queue = rd_kafka_queue_get_consumer(c->rk);
	rd_kafka_queue_io_event_enable(c->queue, c->fd, &(uint64_t){ 1 }, sizeof(uint64_t));
	fault = subscribe(c, err);
	if (fault != FAULT_NONE) {
		(void)consumer_close(c, 2000);
		return fault;
	}
	*out = c;
	return FAULT_NONE;
}

static int
topic_index(const struct consumer *c, const char *name)
{
	for (int t = 0; t < c->options.n_topics; t++)
		if (strcmp(c->options.topics[t], name) == 0)
			return t;
	bug("a message of topic %s", name);
}

static rd_kafka_message_t *
take(struct consumer *c, int timeout_ms)
{
	rd_kafka_message_t *m = rd_kafka_consumer_poll(c->rk, timeout_ms);
	uint64_t unused;

	/* Empty: the descriptor may become quiet until something arrives. */
	if (m == NULL && read(c->fd, &unused, sizeof unused) >= 0)
		m = rd_kafka_consumer_poll(c->rk, 0);
	return m;
}

/*
 * The client (2.0.2) stops fetching when its queue is full, and its threads
 * then sleep for a second, however soon the queue is empty: a stage would take
 * no more than a queue a second.  A question to the leaders wakes them; nobody
 * waits for the answer.
 */
static void
wake_fetcher(struct consumer *c, size_t bytes)
{
	rd_kafka_topic_partition_list_t *list = NULL;

	c->n_taken++;
	c->bytes_taken += bytes;
	if (c->n_taken < WAKE_MESSAGES && c->bytes_taken < WAKE_BYTES)
		return;
	c->n_taken = 0;
	c->bytes_taken = 0;
	if (rd_kafka_assignment(c->rk, &list) != RD_KAFKA_RESP_ERR_NO_ERROR)
		return;
	for (int i = 0; i < list->cnt; i++)
		list->elems[i].offset = RD_KAFKA_OFFSET_BEGINNING;
	(void)rd_kafka_offsets_for_times(c->rk, list, 0);
	rd_kafka_topic_partition_list_destroy(list);
}

bool
consumer_poll(struct consumer *c, int timeout_ms, struct message *out, struct err *err)
{
	rd_kafka_message_t *m = take(c, timeout_ms);

	/* Tidings of trouble pile up while a broker is away: what stands behind them must not wait. */
	while (m != NULL && m->err != RD_KAFKA_RESP_ERR_NO_ERROR && m->err != RD_KAFKA_RESP_ERR__PARTITION_EOF) {
		judge_message(c, m, err);
		out->place.partition = m->partition;
		rd_kafka_message_destroy(m);
		if (err->fault != FAULT_NONE)
			return false;
		m = take(c, 0);
	}
	if (m == NULL) {
		if (c->unread.fault != FAULT_NONE)
			*err = c->unread;
		c->unread.fault = FAULT_NONE;
		out->place.partition = -1;
		return false;
	}
	if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
		*out = (struct message){ .end = true, .place = { topic_index(c,
		    rd_kafka_topic_name(m->rkt)), m->partition, m->offset, TIME_NONE } };
		rd_kafka_message_destroy(m);
		return true;
	}
	out->end = false;
	out->handle = m;
	out->torn = !kafka_record(m, &out->record);
	out->place = (struct place){ topic_index(c, rd_kafka_topic_name(m->rkt)), m->partition,
	    m->offset, kafka_time(m) };
	wake_fetcher(c, m->len);
	return true;
}

void
consumer_release(struct message *message)
{
	if (message->handle != NULL)
		rd_kafka_message_destroy(message->handle);
	message->handle = NULL;
}

struct text
message_pack(const struct message *message, struct arena *arena)
{
	return kafka_pack(message->handle, arena);
}

int
consumer_fd(const struct consumer *c)
{
	return c->fd;
}

void
consumer_reassign(struct consumer *c)
{
	int64_t positions[TOPICS_MAX];

	for (int i = 0; i < c->n_lanes; i++)
		c->claimed[i] = c->options.positions(c->options.ctx, c->lanes[i]) != NULL ||
		    c->options.claim(c->options.ctx, c->lanes[i], positions);
	assign_claimed(c);
}

void
consumer_claim_rest(struct consumer *c)
{
	int64_t positions[TOPICS_MAX];
	bool gained = false;

	for (int i = 0; i < c->n_lanes; i++)
		if (c->options.positions(c->options.ctx, c->lanes[i]) == NULL) {
			c->claimed[i] = c->options.claim(c->options.ctx, c->lanes[i], positions);
			gained |= c->claimed[i];
		}
	if (gained)
		assign_claimed(c);
}

void
consumer_pause(struct consumer *c, bool paused)
{
	rd_kafka_topic_partition_list_t *list = NULL;

	/* Resuming what is not paused may rewind it (2.0.2): only real changes. */
	if (paused == c->paused)
		return;
	c->paused = paused;
	if (rd_kafka_assignment(c->rk, &list) != RD_KAFKA_RESP_ERR_NO_ERROR)
		return;
	if (paused)
		rd_kafka_pause_partitions(c->rk, list);
	else
		rd_kafka_resume_partitions(c->rk, list);
	rd_kafka_topic_partition_list_destroy(list);
}

bool
consumer_lanes(const struct consumer *c, int *given)
{
	*given = c->n_lanes;
	return c->assigned;
}

int64_t
consumer_end(const struct consumer *c, const char *topic, int lane)
{
	int64_t low, high;

	return rd_kafka_get_watermark_offsets(c->rk, topic, lane, &low, &high) == RD_KAFKA_RESP_ERR_NO_ERROR &&
	    high >= 0 ? high : -1;
}

bool
consumer_trouble(struct consumer *c, struct err *err)
{
	if (c->trouble.fault == FAULT_NONE)
		return false;
	*err = c->trouble;
	c->trouble.fault = FAULT_NONE;
	return true;
}

void
consumer_tell(struct consumer *c)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(16);

	for (int i = 0; i < c->n_lanes; i++) {
		const int64_t *at = c->claimed[i] ? c->options.positions(c->options.ctx, c->lanes[i])
		    : NULL;

		for (int t = 0; at != NULL && t < c->options.n_topics; t++)
			if (at[t] >= 0)
				rd_kafka_topic_partition_list_add(list, c->options.topics[t],
				    c->lanes[i])->offset = at[t];
	}
	if (list->cnt > 0)
		rd_kafka_commit(c->rk, list, 1);
	rd_kafka_topic_partition_list_destroy(list);
}

bool
consumer_close(struct consumer *c, int timeout_ms)
{
	rd_kafka_queue_t *queue;
	rd_kafka_error_t *error;
	int64_t deadline_us = clock_span_us() + timeout_ms * INT64_C(1000);
	bool closed;

	if (c == NULL)
		return true;
	/* The asynchronous close lets us bound what is known to hang (2.0.2). */
	queue = rd_kafka_queue_get_consumer(c->rk);
	error = rd_kafka_consumer_close_queue(c->rk, queue);
	while (error == NULL && !rd_kafka_consumer_closed(c->rk) && clock_span_us() < deadline_us) {
		rd_kafka_message_t *m = rd_kafka_consumer_poll(c->rk, 20);

		if (m != NULL)
			rd_kafka_message_destroy(m);
	}
	closed = rd_kafka_consumer_closed(c->rk) == 1;
	if (error != NULL)
		rd_kafka_error_destroy(error);
	rd_kafka_queue_destroy(queue);
	rd_kafka_queue_io_event_enable(c->queue, -1, NULL, 0);
	rd_kafka_queue_destroy(c->queue);
	if (!closed)
		return false;
	rd_kafka_destroy(c->rk);
	close(c->fd);
	free(c);
	return true;
}
