/* kafka - see kafka.h. */
#include "kafka.h"

#include <stdlib.h>
#include <string.h>

#include "log.h"

void
kafka_set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
	char why[200];

	if (rd_kafka_conf_set(conf, name, value, why, sizeof why) != RD_KAFKA_CONF_OK)
		bug("kafka property %s=%s: %s", name, value, why);
}

/* librdkafka's own lines, at a level that fits ours. */
static void
forward_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
	(void)rk;
	/* Remarks on our own settings are for us, not for operators. */
	if (strcmp(facility, "CONFWARN") == 0)
		level = 7;
	log_event(level <= 3 ? LOG_WARN : level <= 5 ? LOG_INFO : LOG_DEBUG, "kafka",
	    LOG_STR("facility", facility), LOG_STR("text", text));
}

/* "kafka.consumer.X" -> X for the kind consumer; "kafka.X" -> X for all kinds; else NULL. */
static const char *
property_for(const char *name, const char *kind)
{
	static const char *const kinds[] = { "consumer", "producer" };
	const char *p = name + strlen("kafka.");

	for (size_t i = 0; i < 2; i++) {
		size_t n = strlen(kinds[i]);

		if (strncmp(p, kinds[i], n) == 0 && p[n] == '.')
			return strcmp(kinds[i], kind) == 0 ? p + n + 1 : NULL;
	}
	return p;
}

enum fault
kafka_conf(const char *bootstrap, const char *client, const char *kind,
    const char *const *defaults, const struct param_pass *pass, rd_kafka_conf_t **out,
    struct err *err)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char why[160];

	rd_kafka_conf_set_log_cb(conf, forward_log);
	kafka_set(conf, "bootstrap.servers", bootstrap);
	kafka_set(conf, "client.id", client);
	kafka_set(conf, "socket.nagle.disable", "true");
	kafka_set(conf, "socket.timeout.ms", "10000");	/* metadata stuck on a dead broker: issue 4970 */
	kafka_set(conf, "reconnect.backoff.max.ms", "1000");
	kafka_set(conf, "log.connection.close", "false");
	for (; defaults != NULL && *defaults != NULL; defaults += 2)
		kafka_set(conf, defaults[0], defaults[1]);
	for (; pass != NULL; pass = pass->next) {
		const char *name = property_for(pass->name, kind);

		if (name == NULL || rd_kafka_conf_set(conf, name, pass->value, why, sizeof why) ==
		    RD_KAFKA_CONF_OK)
			continue;
		err_set(err, FAULT_FATAL, "set a kafka property", "config", "%s: %s", pass->name, why);
		rd_kafka_conf_destroy(conf);
		return err->fault;
	}
	*out = conf;
	return FAULT_NONE;
}

/* Made later, or not ours to look at. */
static bool
is_absent(rd_kafka_resp_err_t code)
{
	return code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
	    code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION || code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
}

/* What came of one line of a question.  When no answer comes in time, the client leaves the question standing. */
static rd_kafka_resp_err_t
line_error(const rd_kafka_topic_partition_t *line, int64_t asked)
{
	if (line->err != RD_KAFKA_RESP_ERR_NO_ERROR)
		return line->err;
	return line->offset == asked || (asked < 0 && line->offset < 0) ? RD_KAFKA_RESP_ERR__TIMED_OUT
	    : RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* What was said says more than silence. */
static int
weight(rd_kafka_resp_err_t code)
{
	return code == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : code == RD_KAFKA_RESP_ERR__TIMED_OUT ? 1 : 2;
}

/*
 * The client answers from what it knows of the leaders, for 15 minutes (2.0.2):
 * of topics that it neither reads nor writes it would not hear that a leader is back.
 */
static void
learn_leaders(rd_kafka_t *rk, int timeout_ms)
{
	const struct rd_kafka_metadata *all;

	if (rd_kafka_metadata(rk, 1, NULL, &all, timeout_ms) == RD_KAFKA_RESP_ERR_NO_ERROR)
		rd_kafka_metadata_destroy(all);
}

enum fault
kafka_offsets(rd_kafka_t *rk, struct topic_offset *offsets, int n, bool or_absent, int timeout_ms,
    struct err *err)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(n);
	rd_kafka_resp_err_t code;
	int bad = 0;

	for (int i = 0; i < n; i++)
		rd_kafka_topic_partition_list_add(list, offsets[i].topic, offsets[i].partition)->offset = offsets[i].at;
	code = rd_kafka_offsets_for_times(rk, list, timeout_ms);
	if (or_absent && is_absent(code))
		code = RD_KAFKA_RESP_ERR_NO_ERROR;	/* of which, its own line says */
	for (int i = 0; i < n; i++) {
		rd_kafka_resp_err_t line = line_error(&list->elems[i], offsets[i].at);

		offsets[i].offset = list->elems[i].offset;
		if (or_absent && is_absent(line))
			offsets[i].offset = OFFSET_ABSENT;
		else if (weight(line) > 0 && weight(line) >= weight(code)) {
			code = line;
			bad = i;
		}
	}
	rd_kafka_topic_partition_list_destroy(list);
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
		return FAULT_NONE;
	/* The client's own errors are negative: no broker has said so. */
	if (code > RD_KAFKA_RESP_ERR_NO_ERROR)
		learn_leaders(rk, timeout_ms);
	return err_set(err, FAULT_RETRY, "ask for offsets of topics", rd_kafka_err2name(code), "%s/%d: %s",
	    offsets[bad].topic, offsets[bad].partition, rd_kafka_err2str(code));
}

bool
kafka_record(const rd_kafka_message_t *message, struct record *out)
{
	rd_kafka_headers_t *headers;
	const char *name;
	const void *value;
	size_t n;

	memset(out, 0, sizeof *out);
	if (message->key != NULL)
		out->key = (struct text){ message->key, message->key_len };
	if (message->payload != NULL)
		out->value = (struct text){ message->payload, message->len };
	if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR)
		return true;
	for (size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &n) ==
	    RD_KAFKA_RESP_ERR_NO_ERROR; i++)
		if (!record_header(out, name, (struct text){ value, value != NULL ? n : 0 }))
			return false;
	return true;
}

struct text
kafka_pack(const rd_kafka_message_t *message, struct arena *arena)
{
	struct buf buf = buf_in(arena);
	rd_kafka_headers_t *headers = NULL;
	const char *name;
	const void *value;
	uint32_t count = 0;
	unsigned char bytes[4];
	size_t n;

	record_pack_run(&buf, (struct text){ message->key, message->key_len });
	if (rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR)
		count = (uint32_t)rd_kafka_header_cnt(headers);
	for (int i = 0; i < 4; i++)
		bytes[i] = (unsigned char)(count >> (24 - 8 * i));
	buf_put(&buf, bytes, sizeof bytes);
	for (size_t i = 0; i < count; i++) {
		if (rd_kafka_header_get_all(headers, i, &name, &value, &n) != RD_KAFKA_RESP_ERR_NO_ERROR)
			break;
		record_pack_run(&buf, text_of(name));
		record_pack_run(&buf, (struct text){ value, value != NULL ? n : 0 });
	}
	record_pack_run(&buf, (struct text){ message->payload, message->len });
	return buf_get(&buf);
}

time_us
kafka_time(const rd_kafka_message_t *message)
{
	rd_kafka_timestamp_type_t type;

	return rd_kafka_message_timestamp(message, &type) * 1000;
}
