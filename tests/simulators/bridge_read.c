/*
 * bridge_read - what is read; see bridge.h.
 *
 * Each topic is looked for until it exists.  One that was there when we were
 * told to read it starts where asked; one that came later from its beginning,
 * since all of it is new.
 */
#include "bridge_kafka.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "log.h"
#include "loop.h"

enum { TOPICS_MAX = 4, PARTITIONS_MAX = 1024, TURN_MAX = 500, LOOK_MS = 500, ASK_MS = 5000 };

static struct {
	rd_kafka_t		*consumer;
	rd_kafka_queue_t	*queue;
	struct arena		*arena;
	struct timer		look;
	bool			has_more;
	int			n;
	struct reading {
		const char		*topic;
		int64_t			from;
		void			(*seen)(const struct arrival *arrival);
		rd_kafka_topic_t	*handle;	/* NULL until it exists */
		int			partitions;
	} readings[TOPICS_MAX];
} reader;

/* --- where to begin ------------------------------------------------------- */

static int64_t
offset_end(const char *topic, int partition)
{
	int64_t low, high;

	if (rd_kafka_query_watermark_offsets(reader.consumer, topic, partition, &low, &high, ASK_MS) !=
	    RD_KAFKA_RESP_ERR_NO_ERROR)
		return RD_KAFKA_OFFSET_END;
	return high;
}

static int64_t
offset_since(const char *topic, int partition, int64_t seconds)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	int64_t offset = -1;

	rd_kafka_topic_partition_list_add(list, topic, partition)->offset =
	    clock_now_us() / 1000 - seconds * 1000;
	if (rd_kafka_offsets_for_times(reader.consumer, list, ASK_MS) == RD_KAFKA_RESP_ERR_NO_ERROR)
		offset = list->elems[0].offset;
	rd_kafka_topic_partition_list_destroy(list);
	return offset >= 0 ? offset : offset_end(topic, partition);
}

static int64_t
offset_first(const struct reading *reading, int partition)
{
	if (reading->from == BRIDGE_FROM_BEGINNING)
		return RD_KAFKA_OFFSET_BEGINNING;
	if (reading->from == BRIDGE_FROM_END)
		return offset_end(reading->topic, partition);
	return offset_since(reading->topic, partition, reading->from);
}

/* --- topics --------------------------------------------------------------- */

static int
partitions_of(rd_kafka_topic_t *handle)
{
	const struct rd_kafka_metadata *metadata;
	int n = 0;

	if (rd_kafka_metadata(reader.consumer, 0, handle, &metadata, ASK_MS) != RD_KAFKA_RESP_ERR_NO_ERROR)
		return 0;
	if (metadata->topic_cnt == 1 && metadata->topics[0].err == RD_KAFKA_RESP_ERR_NO_ERROR)
		n = metadata->topics[0].partition_cnt;
	rd_kafka_metadata_destroy(metadata);
	return n < PARTITIONS_MAX ? n : PARTITIONS_MAX;
}

static void
reading_start(struct reading *reading)
{
	rd_kafka_topic_t *handle = rd_kafka_topic_new(reader.consumer, reading->topic, NULL);

	reading->partitions = partitions_of(handle);
	for (int i = 0; i < reading->partitions; i++)
		if (rd_kafka_consume_start_queue(handle, i, offset_first(reading, i), reader.queue) == -1)
			bug("cannot read %s/%d", reading->topic, i);
	if (reading->partitions > 0)
		reading->handle = handle;
	else
		rd_kafka_topic_destroy(handle);
}

static void
look_for_topics(void *arg)
{
	for (int i = 0; i < reader.n; i++) {
		struct reading *reading = &reader.readings[i];

		if (reading->handle != NULL)
			continue;
		reading_start(reading);
		reading->from = BRIDGE_FROM_BEGINNING;
	}
	if (!bridge_is_reading())
		timer_start(&reader.look, LOOK_MS, look_for_topics, arg);
}

void
bridge_read(const char *topic, int64_t from, void (*seen)(const struct arrival *arrival))
{
	if (reader.n == TOPICS_MAX)
		bug("too many topics");
	reader.readings[reader.n++] = (struct reading){ .topic = topic, .from = from, .seen = seen };
	look_for_topics(NULL);
}

bool
bridge_is_reading(void)
{
	for (int i = 0; i < reader.n; i++)
		if (reader.readings[i].handle == NULL)
			return false;
	return true;
}

/* --- messages ------------------------------------------------------------- */

static struct text
header_of(rd_kafka_headers_t *headers, const char *name)
{
	const void *bytes;
	size_t n;

	if (rd_kafka_header_get_last(headers, name, &bytes, &n) != RD_KAFKA_RESP_ERR_NO_ERROR)
		return TEXT_NONE;
	return (struct text){ bytes, n };
}

static void
hand_over(const rd_kafka_message_t *message)
{
	struct arrival arrival = { .partition = message->partition, .arena = reader.arena,
	    .value = { message->payload, message->len } };
	rd_kafka_headers_t *headers;

	if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR ||
	    rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR)
		return;
	arrival.type = header_of(headers, "ce_type");
	arrival.id = header_of(headers, "ce_id");
	arrival.dossier = header_of(headers, "ce_subject");
	for (int i = 0; i < reader.n; i++)
		if (reader.readings[i].handle == message->rkt) {
			arrival.topic = reader.readings[i].topic;
			reader.readings[i].seen(&arrival);
		}
	arena_reset(reader.arena);
}

static void
take(void *arg)
{
	uint64_t n;
	int taken = 0;
	rd_kafka_message_t *message;

	if (arg != NULL && read((int)(intptr_t)arg, &n, sizeof n) == -1 && errno != EAGAIN)
		bug("eventfd: errno %d", errno);
	while (taken < TURN_MAX && (message = rd_kafka_consume_queue(reader.queue, 0)) != NULL) {
		hand_over(message);
		rd_kafka_message_destroy(message);
		taken++;
	}
	reader.has_more = taken == TURN_MAX;
}

static bool
take_more(void)
{
	if (reader.has_more)
		take(NULL);
	return reader.has_more;
}

/* A lost wake-up must not cost more than this. */
static void
take_anyway(void *arg)
{
	static struct timer timer;

	take(NULL);
	rd_kafka_poll(reader.consumer, 0);
	timer_start(&timer, LOOK_MS, take_anyway, arg);
}

static void
wake_open(void)
{
	static const uint64_t one = 1;
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	if (fd == -1)
		bug("eventfd: errno %d", errno);
	rd_kafka_queue_io_event_enable(reader.queue, fd, &one, sizeof one);
	loop_watch(fd, take, (void *)(intptr_t)fd);
}

enum fault
bridge_read_open(const char *bootstrap, struct err *err)
{
	rd_kafka_conf_t *conf;
	enum fault fault = bridge_conf(bootstrap, &conf, err);
	char text[256];

	if (fault != FAULT_NONE)
		return fault;
	fault = bridge_set(conf, "auto.offset.reset", "earliest", err);
	if (fault == FAULT_NONE)
		fault = bridge_set(conf, "fetch.wait.max.ms", "100", err);
	if (fault != FAULT_NONE) {
		rd_kafka_conf_destroy(conf);
		return fault;
	}
	reader.consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof text);
	if (reader.consumer == NULL) {
		rd_kafka_conf_destroy(conf);
		return err_set(err, FAULT_FATAL, "bridge_open", NULL, "%s", text);
	}
	reader.arena = arena_new(256 * 1024);
	reader.queue = rd_kafka_queue_new(reader.consumer);
	wake_open();
	loop_each_turn(take_more);
	take_anyway(NULL);
	return FAULT_NONE;
}

void
bridge_read_close(void)
{
	for (int i = 0; i < reader.n; i++)
		for (int k = 0; k < reader.readings[i].partitions; k++)
			rd_kafka_consume_stop(reader.readings[i].handle, k);
	for (int i = 0; i < reader.n; i++)
		if (reader.readings[i].handle != NULL)
			rd_kafka_topic_destroy(reader.readings[i].handle);
	rd_kafka_queue_destroy(reader.queue);
	rd_kafka_destroy(reader.consumer);
	arena_free(reader.arena);
}
