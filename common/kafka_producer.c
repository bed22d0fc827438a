/* kafka_producer - see kafka_producer.h. */
#include "kafka_producer.h"

#include <stdio.h>
#include <stdlib.h>

#include "kafka.h"

enum { TOPIC_HANDLES = 16, MARK_NUMBER_BITS = 48, MARK_LANE_BITS = 14 };

struct producer {
	int64_t			time_ms;	/* stamp of what is sent; 0: the wall clock's */
	rd_kafka_t		*rk;
	struct producer_options	options;
	struct err		failure;
	int			n_topics;
	struct { const char *name; rd_kafka_topic_t *handle; } topics[TOPIC_HANDLES];
};

/* The mark travels in the opaque pointer itself, so that nothing is allocated. */
static void *
mark_pack(struct mark mark)
{
	return (void *)(uintptr_t)((uint64_t)mark.kind << (MARK_NUMBER_BITS + MARK_LANE_BITS) |
	    (uint64_t)mark.lane << MARK_NUMBER_BITS | (uint64_t)mark.number);
}

static struct mark
mark_unpack(const void *opaque)
{
	uint64_t v = (uint64_t)(uintptr_t)opaque;

	return (struct mark){ (unsigned)(v >> (MARK_NUMBER_BITS + MARK_LANE_BITS)),
	    (int)(v >> MARK_NUMBER_BITS & ((1u << MARK_LANE_BITS) - 1)),
	    (int64_t)(v & ((UINT64_C(1) << MARK_NUMBER_BITS) - 1)) };
}

static void
on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque)
{
	struct producer *p = opaque;

	(void)rk;
	if (m->err == RD_KAFKA_RESP_ERR_NO_ERROR)
		p->options.delivered(p->options.ctx, mark_unpack(m->_private), m->offset);
	else if (p->failure.fault == FAULT_NONE && mark_unpack(m->_private).kind != MARK_OPTIONAL)
		err_set(&p->failure, FAULT_RETRY, "publish", rd_kafka_err2name(m->err), "%s: %s",
		    rd_kafka_topic_name(m->rkt), rd_kafka_err2str(m->err));
}

static void
on_error(rd_kafka_t *rk, int code, const char *reason, void *opaque)
{
	struct producer *p = opaque;
	char why[200];

	(void)reason;
	if (code != RD_KAFKA_RESP_ERR__FATAL || p->failure.fault != FAULT_NONE)
		return;
	code = rd_kafka_fatal_error(rk, why, sizeof why);
	err_set(&p->failure, FAULT_RETRY, "publish", rd_kafka_err2name(code), "%s", why);
}

static const char *const producer_defaults[] = {
	"linger.ms", "1", "compression.type", "lz4", "batch.num.messages", "10000",
	"queue.buffering.max.messages", "50000", "queue.buffering.max.kbytes", "32768",
	"retry.backoff.ms", "50", NULL
};

enum fault
producer_open(const struct producer_options *options, struct producer **out, struct err *err)
{
	struct producer *p;
	rd_kafka_conf_t *conf;
	char why[200];
	enum fault fault = kafka_conf(options->bootstrap, options->client, "producer",
	    producer_defaults, options->pass, &conf, err);

	if (fault != FAULT_NONE)
		return fault;
	snprintf(why, sizeof why, "%lld", (long long)options->message_timeout_ms);
	kafka_set(conf, "message.timeout.ms", why);
	kafka_set(conf, "enable.idempotence", "true");
	/* The client says that a producer ignores this; its producer_offsets do not. */
	kafka_set(conf, "isolation.level", "read_uncommitted");
	p = mem_new(1, sizeof *p);
	p->options = *options;
	rd_kafka_conf_set_opaque(conf, p);
	rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
	rd_kafka_conf_set_error_cb(conf, on_error);
	p->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
	if (p->rk == NULL) {
		rd_kafka_conf_destroy(conf);
		free(p);
		return err_set(err, FAULT_FATAL, "make a producer", "config", "%s", why);
	}
	*out = p;
	return FAULT_NONE;
}

void
producer_free(struct producer *p)
{
	if (p == NULL)
		return;
	rd_kafka_purge(p->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
	rd_kafka_poll(p->rk, 0);
	for (int i = 0; i < p->n_topics; i++)
		rd_kafka_topic_destroy(p->topics[i].handle);
	rd_kafka_destroy(p->rk);
	free(p);
}

static rd_kafka_topic_t *
topic_handle(struct producer *p, const char *name)
{
	for (int i = 0; i < p->n_topics; i++)
		if (strcmp(p->topics[i].name, name) == 0)
			return p->topics[i].handle;
	if (p->n_topics == TOPIC_HANDLES)
		bug("a producer for more than %d topics", TOPIC_HANDLES);
	p->topics[p->n_topics].name = name;
	p->topics[p->n_topics].handle = rd_kafka_topic_new(p->rk, name, NULL);
	return p->topics[p->n_topics++].handle;
}

static rd_kafka_headers_t *
headers_of(const struct record *record, struct header extra)
{
	rd_kafka_headers_t *headers = rd_kafka_headers_new((size_t)record->n_headers + 1);

	for (int i = 0; i < record->n_headers; i++) {
		const struct header *h = &record->headers[i];

		rd_kafka_header_add(headers, h->name.s, (ssize_t)h->name.n, h->value.s,
		    (ssize_t)h->value.n);
	}
	if (!text_is_absent(extra.value))
		rd_kafka_header_add(headers, extra.name.s, (ssize_t)extra.name.n, extra.value.s,
		    (ssize_t)extra.value.n);
	return headers;
}

/* Refused at once, as the broker would: a right may be given back, and a new producer knows nothing of a broken sequence. */
static bool
is_spent(rd_kafka_resp_err_t code)
{
	return code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED || code == RD_KAFKA_RESP_ERR__FATAL;
}

enum fault
producer_send(struct producer *p, const char *topic, int partition, const struct record *record,
    struct header extra, struct mark mark, struct err *err)
{
	rd_kafka_headers_t *headers = headers_of(record, extra);
	rd_kafka_resp_err_t code = rd_kafka_producev(p->rk, RD_KAFKA_V_RKT(topic_handle(p, topic)),
	    RD_KAFKA_V_PARTITION(partition < 0 ? RD_KAFKA_PARTITION_UA : partition),
	    RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
	    RD_KAFKA_V_KEY(record->key.s, record->key.n),
	    RD_KAFKA_V_VALUE((void *)(uintptr_t)record->value.s, record->value.n),
	    RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_OPAQUE(mark_pack(mark)),
	    RD_KAFKA_V_TIMESTAMP(p->time_ms), RD_KAFKA_V_END);

	if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
		return FAULT_NONE;
	rd_kafka_headers_destroy(headers);
	err_set(err, code == RD_KAFKA_RESP_ERR__QUEUE_FULL || is_spent(code) ? FAULT_RETRY : FAULT_FATAL,
	    "publish", rd_kafka_err2name(code), "%s/%d: %s", topic, partition, rd_kafka_err2str(code));
	if (is_spent(code) && p->failure.fault == FAULT_NONE)
		p->failure = *err;
	return err->fault;
}

void
producer_set_time(struct producer *p, int64_t time_ms)
{
	p->time_ms = time_ms;
}

void
producer_poll(struct producer *p, int timeout_ms)
{
	rd_kafka_poll(p->rk, timeout_ms);
}

enum fault
producer_offsets(struct producer *p, struct topic_offset *offsets, int n, int timeout_ms, struct err *err)
{
	return kafka_offsets(p->rk, offsets, n, false, timeout_ms, err);
}

int
producer_pending(const struct producer *p)
{
	return rd_kafka_outq_len(p->rk);
}

bool
producer_failed(const struct producer *p, struct err *err)
{
	if (p->failure.fault == FAULT_NONE)
		return false;
	*err = p->failure;
	return true;
}
