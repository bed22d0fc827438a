/*
 * kafka_admin - see kafka_admin.h.
 *
 * Each call sends one request, waits for its one event, and reads the answer
 * about the one topic it asked for.
 */
#include "kafka_admin.h"

#include <stdio.h>
#include <stdlib.h>

#include "kafka.h"

struct admin {
	rd_kafka_t		*rk;
	rd_kafka_queue_t	*queue;
};

enum fault
admin_open(const char *bootstrap, const char *client, const struct param_pass *pass,
    struct admin **out, struct err *err)
{
	rd_kafka_conf_t *conf;
	rd_kafka_t *rk;
	char why[200];
	enum fault fault = kafka_conf(bootstrap, client, "producer", NULL, pass, &conf, err);

	if (fault != FAULT_NONE)
		return fault;
	rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
	if (rk == NULL) {
		rd_kafka_conf_destroy(conf);
		return err_set(err, FAULT_FATAL, "make an admin client", "config", "%s", why);
	}
	*out = mem_new(1, sizeof **out);
	(*out)->rk = rk;
	(*out)->queue = rd_kafka_queue_new(rk);
	return FAULT_NONE;
}

void
admin_close(struct admin *admin)
{
	if (admin == NULL)
		return;
	rd_kafka_queue_destroy(admin->queue);
	rd_kafka_destroy(admin->rk);
	free(admin);
}

enum fault
admin_partitions(struct admin *admin, const char *topic, int timeout_ms, int *out,
    struct err *err)
{
	const struct rd_kafka_metadata *all;
	rd_kafka_resp_err_t code = rd_kafka_metadata(admin->rk, 1, NULL, &all, timeout_ms);

	if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
		return err_set(err, FAULT_RETRY, "ask the broker for its topics",
		    rd_kafka_err2name(code), "%s", rd_kafka_err2str(code));
	*out = 0;
	for (int i = 0; i < all->topic_cnt; i++)
		if (strcmp(all->topics[i].topic, topic) == 0)
			*out = all->topics[i].partition_cnt;
	rd_kafka_metadata_destroy(all);
	return FAULT_NONE;
}

static rd_kafka_AdminOptions_t *
options_new(struct admin *admin, rd_kafka_admin_op_t op, int timeout_ms)
{
	rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(admin->rk, op);
	char why[160];

	if (rd_kafka_AdminOptions_set_request_timeout(options, timeout_ms, why, sizeof why) !=
	    RD_KAFKA_RESP_ERR_NO_ERROR)
		bug("admin options: %s", why);
	return options;
}

/* Waits for the answer; its own error is the request's as a whole. */
static enum fault
await(struct admin *admin, const char *op, const char *topic, int timeout_ms,
    rd_kafka_event_t **out, struct err *err)
{
	rd_kafka_event_t *event = rd_kafka_queue_poll(admin->queue, timeout_ms + 1000);
	rd_kafka_resp_err_t code;

	if (event == NULL)
		return err_set(err, FAULT_UNSURE, op, "timeout", "%s: no answer in %d ms", topic,
		    timeout_ms);
	code = rd_kafka_event_error(event);
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
		err_set(err, FAULT_RETRY, op, rd_kafka_err2name(code), "%s: %s", topic,
		    rd_kafka_event_error_string(event));
		rd_kafka_event_destroy(event);
		return err->fault;
	}
	*out = event;
	return FAULT_NONE;
}

/* --- creating ------------------------------------------------------------ */

static enum fault
created(rd_kafka_event_t *event, const char *topic, struct err *err)
{
	size_t n;
	const rd_kafka_topic_result_t **results = rd_kafka_CreateTopics_result_topics(
	    rd_kafka_event_CreateTopics_result(event), &n);
	rd_kafka_resp_err_t code = n == 1 ? rd_kafka_topic_result_error(results[0]) :
	    RD_KAFKA_RESP_ERR__BAD_MSG;
	const char *why = n == 1 ? rd_kafka_topic_result_error_string(results[0]) : NULL;

	if (code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
		return FAULT_NONE;
	return err_set(err, FAULT_FATAL, "create a topic", rd_kafka_err2name(code), "%s: %s", topic,
	    why != NULL ? why : rd_kafka_err2str(code));
}

enum fault
admin_create(struct admin *admin, const char *topic, int partitions,
    const struct topic_setting *settings, int n, int timeout_ms, struct err *err)
{
	rd_kafka_AdminOptions_t *options = options_new(admin, RD_KAFKA_ADMIN_OP_CREATETOPICS,
	    timeout_ms);
	char why[200];
	rd_kafka_NewTopic_t *wish = rd_kafka_NewTopic_new(topic, partitions, -1, why, sizeof why);
	rd_kafka_event_t *event;
	enum fault fault;

	if (wish == NULL) {
		rd_kafka_AdminOptions_destroy(options);
		return err_set(err, FAULT_FATAL, "create a topic", "config", "%s: %s", topic, why);
	}
	for (int i = 0; i < n; i++)
		rd_kafka_NewTopic_set_config(wish, settings[i].name, settings[i].value);
	rd_kafka_CreateTopics(admin->rk, &wish, 1, options, admin->queue);
	rd_kafka_NewTopic_destroy(wish);
	rd_kafka_AdminOptions_destroy(options);
	fault = await(admin, "create a topic", topic, timeout_ms, &event, err);
	if (fault != FAULT_NONE)
		return fault;
	fault = created(event, topic, err);
	rd_kafka_event_destroy(event);
	return fault;
}

/* --- looking ------------------------------------------------------------- */

static const char *
entry_value(const rd_kafka_ConfigEntry_t **entries, size_t n, const char *name,
    struct arena *arena)
{
	for (size_t i = 0; i < n; i++) {
		const char *value = rd_kafka_ConfigEntry_value(entries[i]);

		if (strcmp(rd_kafka_ConfigEntry_name(entries[i]), name) == 0 && value != NULL)
			return arena_copy(arena, value, strlen(value)).s;
	}
	return NULL;
}

static enum fault
described(rd_kafka_event_t *event, const char *topic, const char *const *names, int n,
    struct arena *arena, const char **values, struct err *err)
{
	size_t n_found, n_entries;
	const rd_kafka_ConfigResource_t **found = rd_kafka_DescribeConfigs_result_resources(
	    rd_kafka_event_DescribeConfigs_result(event), &n_found);
	const rd_kafka_ConfigEntry_t **entries;
	rd_kafka_resp_err_t code = n_found == 1 ? rd_kafka_ConfigResource_error(found[0]) :
	    RD_KAFKA_RESP_ERR__BAD_MSG;

	if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
		return err_set(err, FAULT_RETRY, "ask for a topic's settings",
		    rd_kafka_err2name(code), "%s: %s", topic, rd_kafka_err2str(code));
	entries = rd_kafka_ConfigResource_configs(found[0], &n_entries);
	for (int i = 0; i < n; i++)
		values[i] = entry_value(entries, n_entries, names[i], arena);
	return FAULT_NONE;
}

enum fault
admin_settings(struct admin *admin, const char *topic, const char *const *names, int n,
    int timeout_ms, struct arena *arena, const char **values, struct err *err)
{
	rd_kafka_AdminOptions_t *options = options_new(admin, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS,
	    timeout_ms);
	rd_kafka_ConfigResource_t *asked = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC,
	    topic);
	rd_kafka_event_t *event;
	enum fault fault;

	rd_kafka_DescribeConfigs(admin->rk, &asked, 1, options, admin->queue);
	rd_kafka_ConfigResource_destroy(asked);
	rd_kafka_AdminOptions_destroy(options);
	fault = await(admin, "ask for a topic's settings", topic, timeout_ms, &event, err);
	if (fault != FAULT_NONE)
		return fault;
	fault = described(event, topic, names, n, arena, values, err);
	rd_kafka_event_destroy(event);
	return fault;
}
