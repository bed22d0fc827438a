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
	int64_t begin;
	rd_kafka_resp_err_t code = kafka_offset(reader->rk, topic, partition, RD_KAFKA_OFFSET_BEGINNING,
	    timeout_ms, &begin);

	if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
		code = kafka_offset(reader->rk, topic, partition, RD_KAFKA_OFFSET_END, timeout_ms, high);
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
		*low = begin;
		return FAULT_NONE;
	}
	return err_set(err, FAULT_RETRY, "ask for the ends of a topic", rd_kafka_err2name(code),
	    "%s/%d", topic, partition);
}

/* There is nothing to see: made later, or not ours to look at. */
static bool
is_nothing(rd_kafka_resp_err_t code)
{
	return code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
	    code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION || code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
}

enum fault
reader_ends(struct reader *reader, struct reader_end *ends, int n, int timeout_ms, struct err *err)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(n);
	rd_kafka_resp_err_t code;
	enum fault fault = FAULT_NONE;

	for (int i = 0; i < n; i++)
		rd_kafka_topic_partition_list_add(list, ends[i].topic, ends[i].partition)->offset =
		    RD_KAFKA_OFFSET_END;
	code = rd_kafka_offsets_for_times(reader->rk, list, timeout_ms);
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR && !is_nothing(code))
		fault = err_set(err, FAULT_RETRY, "ask for the ends of topics", rd_kafka_err2name(code), "%s",
		    rd_kafka_err2str(code));
	for (int i = 0; fault == FAULT_NONE && i < n; i++) {
		const rd_kafka_topic_partition_t *p = rd_kafka_topic_partition_list_find(list, ends[i].topic,
		    ends[i].partition);

		if (p->err != RD_KAFKA_RESP_ERR_NO_ERROR && !is_nothing(p->err))
			fault = err_set(err, FAULT_RETRY, "ask for the ends of topics", rd_kafka_err2name(p->err),
			    "%s/%d", p->topic, (int)p->partition);
		/* When no answer comes in time, the question may be left standing: that is no end. */
		else if (p->err == RD_KAFKA_RESP_ERR_NO_ERROR && p->offset < 0)
			fault = err_set(err, FAULT_RETRY, "ask for the ends of topics", "_TIMED_OUT", "%s/%d: no answer",
			    p->topic, (int)p->partition);
		ends[i].offset = p->err == RD_KAFKA_RESP_ERR_NO_ERROR ? p->offset : -1;
	}
	rd_kafka_topic_partition_list_destroy(list);
	return fault;
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
