/*
 * produce - publishes what its standard input says, however wrong it is.
 *
 *   produce HOST:PORT
 *   produce HOST:PORT wipe      deletes every topic but the broker's own
 *
 * One JSON object a line:
 *   {"topic":"dossier.submissions", "partition":3, "key":"…",
 *    "headers":[["ce_id","a"],["ce_id",{"hex":"00ff"}],["x",null]],
 *    "value":"…" or {"hex":"…"} or null}
 * partition is optional, and so is key; a text goes out as its UTF-8 bytes, and
 * {"hex":…} as any bytes at all.  One line is answered for each, in the order of the
 * acknowledgements: "LINE PARTITION OFFSET", or "LINE error NAME".
 *
 * Idempotent, so what one run sends to one partition arrives in its order.
 */
#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "doc.h"

static const struct doc_limits limits = { .max_bytes = 16 << 20, .max_depth = 8 };

static atomic_bool at_end;

static void
die(const char *what)
{
	fprintf(stderr, "produce: %s\n", what);
	exit(2);
}

static void
on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque)
{
	(void)rk;
	(void)opaque;
	if (m->err != RD_KAFKA_RESP_ERR_NO_ERROR)
		printf("%ld error %s\n", (long)(intptr_t)m->_private, rd_kafka_err2name(m->err));
	else
		printf("%ld %d %lld\n", (long)(intptr_t)m->_private, (int)m->partition,
		    (long long)m->offset);
}

static rd_kafka_t *
producer_new(const char *broker)
{
	const char *const settings[] = { "bootstrap.servers", broker, "enable.idempotence", "true",
	    "linger.ms", "1", "message.max.bytes", "10000000", "queue.buffering.max.messages", "1000000",
	    "message.timeout.ms", "30000", NULL };
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_t *rk;
	char why[200];

	for (int i = 0; settings[i] != NULL; i += 2)
		if (rd_kafka_conf_set(conf, settings[i], settings[i + 1], why, sizeof why) != RD_KAFKA_CONF_OK)
			die(why);
	rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
	rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
	if (rk == NULL)
		die(why);
	return rk;
}

/* Acknowledgements are told while we wait for the next line. */
static void *
serve(void *rk)
{
	while (!at_end || rd_kafka_outq_len(rk) > 0)
		rd_kafka_poll(rk, 20);
	return NULL;
}

/* A text, {"hex":…}, or nothing. */
static struct text
bytes_of(struct arena *arena, const struct doc_node *node)
{
	struct text hex = doc_get_text(node, "hex");
	char *bytes;

	if (doc_kind(node) != DOC_OBJECT)
		return doc_text(node);
	bytes = arena_take(arena, hex.n / 2 + 1, 1);
	if (!text_unhex(hex, bytes, hex.n / 2))
		die("no hexadecimal digits");
	return (struct text){ bytes, hex.n / 2 };
}

static rd_kafka_headers_t *
headers_of(struct arena *arena, const struct doc_node *list)
{
	rd_kafka_headers_t *headers = rd_kafka_headers_new(16);

	for (struct doc_iter it = doc_iter(list); doc_next(&it); ) {
		struct text name = bytes_of(arena, doc_at(it.value, 0)),
		    value = bytes_of(arena, doc_at(it.value, 1));

		rd_kafka_header_add(headers, name.s, (ssize_t)name.n, value.s,
		    text_is_absent(value) ? -1 : (ssize_t)value.n);
	}
	return headers;
}

static void
send_one(rd_kafka_t *rk, struct arena *arena, const struct doc_node *m, long line)
{
	struct text key = bytes_of(arena, doc_get(m, "key")), value = bytes_of(arena, doc_get(m, "value"));
	rd_kafka_headers_t *headers = headers_of(arena, doc_get(m, "headers"));
	int64_t partition = RD_KAFKA_PARTITION_UA;
	rd_kafka_resp_err_t code;

	doc_get_int64(m, "partition", &partition);
	code = rd_kafka_producev(rk, RD_KAFKA_V_TOPIC(doc_get_text(m, "topic").s),
	    RD_KAFKA_V_PARTITION((int32_t)partition), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
	    RD_KAFKA_V_KEY(key.s, key.n), RD_KAFKA_V_VALUE((void *)(uintptr_t)value.s, value.n),
	    RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_OPAQUE((void *)(intptr_t)line), RD_KAFKA_V_END);
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
		rd_kafka_headers_destroy(headers);
		printf("%ld error %s\n", line, rd_kafka_err2name(code));
	}
}

/* How many topics there are, but the broker's own; asks for their deletion. */
static int
topics_delete(rd_kafka_t *rk)
{
	rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
	const struct rd_kafka_metadata *md;
	rd_kafka_DeleteTopic_t *names[200];
	size_t n = 0;

	if (rd_kafka_metadata(rk, 1, NULL, &md, 10000) != RD_KAFKA_RESP_ERR_NO_ERROR)
		die("no broker");
	for (int i = 0; i < md->topic_cnt && n < sizeof names / sizeof *names; i++)
		if (strncmp(md->topics[i].topic, "__", 2) != 0)
			names[n++] = rd_kafka_DeleteTopic_new(md->topics[i].topic);
	rd_kafka_metadata_destroy(md);
	if (n > 0) {
		rd_kafka_event_t *event;

		rd_kafka_DeleteTopics(rk, names, n, NULL, queue);
		event = rd_kafka_queue_poll(queue, 20000);
		if (event != NULL)
			rd_kafka_event_destroy(event);
		rd_kafka_DeleteTopic_destroy_array(names, n);
	}
	rd_kafka_queue_destroy(queue);
	return (int)n;
}

static int
wipe(const char *broker)
{
	rd_kafka_t *rk = producer_new(broker);

	for (int tries = 0; topics_delete(rk) > 0; tries++) {
		if (tries == 300)
			die("topics that cannot be deleted");
		usleep(100 * 1000);	/* a broker under load takes its time to forget them */
	}
	rd_kafka_destroy(rk);
	return 0;
}

int
main(int argc, char **argv)
{
	struct arena *arena;
	pthread_t server;
	rd_kafka_t *rk;
	char *text = NULL;
	size_t size = 0;
	ssize_t n;

	if (argc == 3 && strcmp(argv[2], "wipe") == 0)
		return wipe(argv[1]);
	if (argc != 2)
		die("usage: produce HOST:PORT <LINES; produce HOST:PORT wipe");
	arena = arena_new(1 << 20);
	setvbuf(stdout, NULL, _IOLBF, 0);
	rk = producer_new(argv[1]);
	if (pthread_create(&server, NULL, serve, rk) != 0)
		die("no thread");
	for (long line = 1; (n = getline(&text, &size, stdin)) > 0; line++) {
		const struct doc_node *m;
		struct doc_error why;

		if (doc_parse(arena, (struct text){ text, (size_t)n }, &limits, &m, &why) != FAULT_NONE)
			die(why.message_en);
		send_one(rk, arena, m, line);
		arena_reset(arena);
	}
	at_end = true;
	pthread_join(server, NULL);
	free(text);
	rd_kafka_destroy(rk);
	arena_free(arena);
	return 0;
}
