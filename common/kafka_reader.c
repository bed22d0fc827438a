/* kafka_reader - see kafka_reader.h. */
#include "kafka_reader.h"

#include <stdlib.h>

#include "kafka.h"

struct reader {
	rd_kafka_t	*rk;
};

static const char *const reader_defaults[] = {
	"queued.min.messages", "20000", "queued.max.messages.kbytes", "16384",
	"fetch.wait.max.ms", "20", NULL
};

enum fault
reader_open(const char *bootstrap, const char *client, const struct param_pass *pass,
    struct reader **out, struct err *err)
{
	rd_kafka_conf_t *conf;
	rd_kafka_t *rk;
	char why[200];
	enum fault fault = kafka_conf(bootstrap, client, "consumer", reader_defaults, pass, &conf,
	    err);

	if (fault != FAULT_NONE)
		return fault;
	/* Manual assignment only; the client demands a name even so. */
	kafka_set(conf, "group.id", "dossier-reader");
	kafka_set(conf, "enable.auto.commit", "false");
	kafka_set(conf, "auto.offset.reset", "error");
	kafka_set(conf, "isolation.level", "read_committed");
	rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof why);
	if (rk == NULL) {
		rd_kafka_conf_destroy(conf);
		return err_set(err, FAULT_FATAL, "make a reader", "config", "%s", why);
	}
	rd_kafka_poll_set_consumer(rk);
	*out = mem_new(1, sizeof **out);
	(*out)->rk = rk;
	return FAULT_NONE;
}

void
reader_close(struct reader *reader)
{
	if (reader == NULL)
		return;
	rd_kafka_assign(reader->rk, NULL);
	rd_kafka_consumer_close(reader->rk);
	rd_kafka_destroy(reader->rk);
	free(reader);
}

enum fault
reader_range(struct reader *reader, const char *topic, int partition, int timeout_ms,
    int64_t *low, int64_t *high, struct err *err)
{
	struct topic_offset first = { topic, partition, OFFSET_FIRST, 0 }, end = { topic, partition, OFFSET_END, 0 };
	enum fault fault = kafka_offsets(reader->rk, &first, 1, false, timeout_ms, err);

	if (fault == FAULT_NONE)
		fault = kafka_offsets(reader->rk, &end, 1, false, timeout_ms, err);
	if (fault != FAULT_NONE)
		return fault;
	*low = first.offset;
	*high = end.offset;
	return FAULT_NONE;
}

enum fault
reader_offsets(struct reader *reader, struct topic_offset *offsets, int n, int timeout_ms, struct err *err)
{
	return kafka_offsets(reader->rk, offsets, n, true, timeout_ms, err);
}

enum fault
reader_partitions(struct reader *reader, const char *topic, int timeout_ms, int *out,
    struct err *err)
{
	const struct rd_kafka_metadata *all;
	rd_kafka_resp_err_t code = rd_kafka_metadata(reader->rk, 1, NULL, &all, timeout_ms);

	if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
		return err_set(err, FAULT_RETRY, "ask for the topics", rd_kafka_err2name(code), "%s",
		    rd_kafka_err2str(code));
	*out = 0;
	for (int i = 0; i < all->topic_cnt; i++)
		if (strcmp(all->topics[i].topic, topic) == 0)
			*out = all->topics[i].partition_cnt;
	rd_kafka_metadata_destroy(all);
	return FAULT_NONE;
}

enum fault
reader_assign(struct reader *reader, const char *topic, const int *partitions,
    const int64_t *offsets, int n, struct err *err)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(n);
	rd_kafka_resp_err_t code;

	for (int i = 0; i < n; i++)
		rd_kafka_topic_partition_list_add(list, topic, partitions[i])->offset = offsets[i];
	code = rd_kafka_assign(reader->rk, list);
	rd_kafka_topic_partition_list_destroy(list);
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
		return FAULT_NONE;
	return err_set(err, FAULT_RETRY, "assign a topic", rd_kafka_err2name(code), "%s", topic);
}

bool
reader_poll(struct reader *reader, int timeout_ms, struct message *out, struct err *err)
{
	rd_kafka_message_t *m = rd_kafka_consumer_poll(reader->rk, timeout_ms);

	if (m == NULL)
		return false;
	if (m->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
		if (m->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET)
			err_set(err, FAULT_FATAL, "read a topic", rd_kafka_err2name(m->err),
			    "the position is not in the topic any more");
		rd_kafka_message_destroy(m);
		return false;
	}
	out->handle = m;
	out->torn = !kafka_record(m, &out->record);
	out->place = (struct place){ 0, m->partition, m->offset, kafka_time(m) };
	return true;
}
