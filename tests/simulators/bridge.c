/* bridge - what is sent; see bridge.h. */
#include "bridge_kafka.h"

#include <stdio.h>
#include <stdlib.h>

#include "ledger.h"
#include "log.h"
#include "loop.h"

enum { AGAIN_MS = 200, POLL_MS = 100, NUMBER_BYTES = 24 };

/* A message under way; all texts stand behind it in one block. */
struct sending {
	struct timer	again;
	struct message	message;
	char		time[TIME_TEXT_BYTES];
	char		bytes[];
};

static struct {
	const char	*bootstrap, *partitioner;
	rd_kafka_t	*producer;
	int		under_way;
	bool		is_broken;	/* a new producer is needed */
	struct timer	poll;
} bridge;

enum fault
bridge_set(rd_kafka_conf_t *conf, const char *name, const char *value, struct err *err)
{
	char text[256];

	if (rd_kafka_conf_set(conf, name, value, text, sizeof text) != RD_KAFKA_CONF_OK)
		return err_set(err, FAULT_FATAL, "bridge_open", NULL, "%s", text);
	return FAULT_NONE;
}

static void
on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
	(void)rk;
	log_event(level <= 4 ? LOG_WARN : LOG_DEBUG, "kafka", LOG_STR("facility", facility), LOG_STR("text", text));
}

enum fault
bridge_conf(const char *bootstrap, rd_kafka_conf_t **out, struct err *err)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	enum fault fault = bridge_set(conf, "bootstrap.servers", bootstrap, err);

	if (fault == FAULT_NONE)
		fault = bridge_set(conf, "client.id", "simulators", err);
	if (fault == FAULT_NONE)
		fault = bridge_set(conf, "reconnect.backoff.max.ms", "1000", err);
	if (fault != FAULT_NONE) {
		rd_kafka_conf_destroy(conf);
		return fault;
	}
	rd_kafka_conf_set_log_cb(conf, on_log);
	*out = conf;
	return FAULT_NONE;
}

/* --- delivery ------------------------------------------------------------- */

static void parcel_send(void *arg);

static void
note_acked(const struct message *message, const rd_kafka_message_t *report)
{
	char partition[NUMBER_BYTES], offset[NUMBER_BYTES];
	struct subject about = { .service = SERVICE_BRIDGE, .op = message->topic, .key = message->id,
	    .dossier = message->dossier };

	snprintf(partition, sizeof partition, "%d", report->partition);
	snprintf(offset, sizeof offset, "%lld", (long long)report->offset);
	ledger_note(&(struct entry){ .about = &about, .outcome = "acked", .extra = {
	    { "partition", text_of(partition) }, { "offset", text_of(offset) } } });
}

static void
on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *report, void *opaque)
{
	struct sending *parcel = report->_private;

	(void)rk;
	(void)opaque;
	if (report->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
		note_acked(&parcel->message, report);
		bridge.under_way--;
		free(parcel);
		return;
	}
	log_event(LOG_WARN, "bridge_retry", LOG_STR("topic", parcel->message.topic),
	    LOG_STR("code", rd_kafka_err2name(report->err)));
	timer_start(&parcel->again, AGAIN_MS, parcel_send, parcel);
}

static void
on_error(rd_kafka_t *rk, int code, const char *reason, void *opaque)
{
	(void)opaque;
	if (code == RD_KAFKA_RESP_ERR__FATAL || rd_kafka_fatal_error(rk, NULL, 0) != RD_KAFKA_RESP_ERR_NO_ERROR)
		bridge.is_broken = true;
	log_event(LOG_WARN, "bridge_error", LOG_STR("code", rd_kafka_err2name((rd_kafka_resp_err_t)code)),
	    LOG_STR("text", reason));
}

static void
drain(void)
{
	while (rd_kafka_poll(bridge.producer, 0) > 0)
		;
}

/* --- the producer --------------------------------------------------------- */

static enum fault
producer_conf(rd_kafka_conf_t *conf, struct err *err)
{
	static const char *const settings[][2] = {
		{ "enable.idempotence", "true" }, { "linger.ms", "1" }, { "message.timeout.ms", "0" },
		{ "socket.nagle.disable", "true" }, { "queue.buffering.max.messages", "1000000" },
	};
	enum fault fault = FAULT_NONE;

	for (size_t i = 0; fault == FAULT_NONE && i < sizeof settings / sizeof settings[0]; i++)
		fault = bridge_set(conf, settings[i][0], settings[i][1], err);
	if (fault == FAULT_NONE && bridge.partitioner != NULL)
		fault = bridge_set(conf, "partitioner", bridge.partitioner, err);
	rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
	rd_kafka_conf_set_error_cb(conf, on_error);
	return fault;
}

static enum fault
producer_open(struct err *err)
{
	rd_kafka_conf_t *conf;
	enum fault fault = bridge_conf(bridge.bootstrap, &conf, err);
	char text[256];

	if (fault != FAULT_NONE)
		return fault;
	if ((fault = producer_conf(conf, err)) != FAULT_NONE) {
		rd_kafka_conf_destroy(conf);
		return fault;
	}
	bridge.producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
	if (bridge.producer == NULL) {
		rd_kafka_conf_destroy(conf);
		return err_set(err, FAULT_FATAL, "bridge_open", NULL, "%s", text);
	}
	return FAULT_NONE;
}

static void
producer_close(void)
{
	rd_kafka_purge(bridge.producer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
	drain();
	rd_kafka_destroy(bridge.producer);
	bridge.producer = NULL;
}

static void
poll_now(void *arg)
{
	struct err err;

	drain();
	if (bridge.is_broken) {
		producer_close();
		if (producer_open(&err) != FAULT_NONE)
			bug("no producer any more: %s", err.text);
		bridge.is_broken = false;
	}
	timer_start(&bridge.poll, POLL_MS, poll_now, arg);
}

enum fault
bridge_open(const char *bootstrap, const char *partitioner, struct err *err)
{
	enum fault fault;

	bridge.bootstrap = bootstrap;
	bridge.partitioner = partitioner;
	if ((fault = producer_open(err)) != FAULT_NONE)
		return fault;
	timer_start(&bridge.poll, POLL_MS, poll_now, NULL);
	return bridge_read_open(bootstrap, err);
}

bool
bridge_is_open(void)
{
	return bridge.producer != NULL;
}

void
bridge_close(int ms)
{
	if (bridge.producer == NULL)
		return;
	bridge_read_close();
	rd_kafka_flush(bridge.producer, ms);
	producer_close();
}

/* --- sending -------------------------------------------------------------- */

static rd_kafka_headers_t *
headers_of(const struct sending *parcel)
{
	const struct message *message = &parcel->message;
	const struct { const char *name; struct text text; } headers[] = {
		{ "ce_specversion", TEXT("1.0") }, { "ce_id", message->id }, { "ce_source", message->source },
		{ "ce_type", text_of(message->type) }, { "ce_time", text_of(parcel->time) },
		{ "ce_subject", message->dossier }, { "content-type", TEXT("application/json") },
	};
	rd_kafka_headers_t *list = rd_kafka_headers_new(sizeof headers / sizeof headers[0]);

	for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
		rd_kafka_header_add(list, headers[i].name, -1, headers[i].text.s, (ssize_t)headers[i].text.n);
	return list;
}

static void
parcel_send(void *arg)
{
	struct sending *parcel = arg;
	const struct message *message = &parcel->message;
	rd_kafka_headers_t *headers = headers_of(parcel);
	rd_kafka_resp_err_t code = rd_kafka_producev(bridge.producer, RD_KAFKA_V_TOPIC(message->topic),
	    RD_KAFKA_V_PARTITION(message->partition),
	    RD_KAFKA_V_KEY(message->dossier.s, message->dossier.n),
	    RD_KAFKA_V_VALUE((void *)(uintptr_t)message->value.s, message->value.n),
	    RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_OPAQUE(parcel), RD_KAFKA_V_END);

	if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
		rd_kafka_headers_destroy(headers);
		timer_start(&parcel->again, AGAIN_MS, parcel_send, parcel);
	}
}

static struct text
keep(char **at, struct text t)
{
	struct text kept = { *at, t.n };

	if (t.n > 0)
		memcpy(*at, t.s, t.n);
	*at += t.n;
	return kept;
}

void
bridge_send(const struct message *message)
{
	struct subject about = { .service = SERVICE_BRIDGE, .op = "unsent", .key = message->id, .dossier = message->dossier };
	struct sending *parcel;
	char *at;

	if (bridge.producer == NULL) {
		ledger_note(&(struct entry){ .about = &about, .outcome = "no_broker" });
		return;
	}
	parcel = mem_new(1, sizeof *parcel + message->source.n + message->id.n + message->dossier.n + message->value.n);
	at = parcel->bytes;
	parcel->message = *message;
	parcel->message.source = keep(&at, message->source);
	parcel->message.id = keep(&at, message->id);
	parcel->message.dossier = keep(&at, message->dossier);
	parcel->message.value = keep(&at, message->value);
	time_to_text(clock_now_us(), parcel->time);
	bridge.under_way++;
	parcel_send(parcel);
}

bool
bridge_has_sent(const char *topic, struct text id)
{
	return ledger_seen(SERVICE_BRIDGE, topic, id) > 0;
}
