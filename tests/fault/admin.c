/*
 * admin - does to a broker what an operator, a retention or an intruder does.
 *
 *   admin HOST:PORT delete-records TOPIC PARTITION OFFSET     what lies before the offset is gone
 *   admin HOST:PORT delete-topic TOPIC
 *   admin HOST:PORT create-topic TOPIC PARTITIONS [NAME=VALUE]...
 *   admin HOST:PORT delete-group GROUP
 *   admin HOST:PORT commit GROUP TOPIC PARTITION OFFSET       whatever the group itself had told
 *   admin HOST:PORT set TOPIC [NAME=VALUE]...                 settings of a topic; the others stay; NAME= takes one away
 *   admin HOST:PORT deny TOPIC READ|WRITE                     to everybody; the rest stays allowed
 *   admin HOST:PORT allow TOPIC READ|WRITE                    takes that back
 *   group:NAME instead of a topic means a consumer group
 *
 * Ends with 0 when the broker has done it; else says why on standard error.
 */
#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WAIT_MS = 20000, SETTINGS_MAX = 64 };

static rd_kafka_t *rk;
static rd_kafka_queue_t *queue;

static void
die(const char *what)
{
	fprintf(stderr, "admin: %s\n", what);
	exit(1);
}

static void
good(rd_kafka_resp_err_t code, const char *why)
{
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
		die(why != NULL ? why : rd_kafka_err2str(code));
}

static void
good_error(const rd_kafka_error_t *error)
{
	if (error != NULL)
		die(rd_kafka_error_string(error));
}

/* The answer to what was asked last. */
static rd_kafka_event_t *
await(void)
{
	rd_kafka_event_t *event = rd_kafka_queue_poll(queue, WAIT_MS);

	if (event == NULL)
		die("no answer");
	good(rd_kafka_event_error(event), rd_kafka_event_error_string(event));
	return event;
}

static void
good_topics(const rd_kafka_topic_result_t **results, size_t n)
{
	for (size_t i = 0; i < n; i++)
		good(rd_kafka_topic_result_error(results[i]), rd_kafka_topic_result_error_string(results[i]));
}

static void
good_partitions(const rd_kafka_topic_partition_list_t *list)
{
	for (int i = 0; i < list->cnt; i++)
		good(list->elems[i].err, NULL);
}

static void
good_groups(const rd_kafka_group_result_t **results, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		good_error(rd_kafka_group_result_error(results[i]));
		if (rd_kafka_group_result_partitions(results[i]) != NULL)
			good_partitions(rd_kafka_group_result_partitions(results[i]));
	}
}

static rd_kafka_topic_partition_list_t *
place_of(char **arg)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);

	rd_kafka_topic_partition_list_add(list, arg[0], atoi(arg[1]))->offset = atoll(arg[2]);
	return list;
}

static void
delete_records(char **arg)
{
	rd_kafka_topic_partition_list_t *place = place_of(arg);
	rd_kafka_DeleteRecords_t *wish = rd_kafka_DeleteRecords_new(place);
	rd_kafka_event_t *event;

	rd_kafka_DeleteRecords(rk, &wish, 1, NULL, queue);
	event = await();
	good_partitions(rd_kafka_DeleteRecords_result_offsets(rd_kafka_event_DeleteRecords_result(event)));
	rd_kafka_event_destroy(event);
	rd_kafka_DeleteRecords_destroy(wish);
	rd_kafka_topic_partition_list_destroy(place);
}

static void
delete_topic(const char *topic)
{
	rd_kafka_DeleteTopic_t *wish = rd_kafka_DeleteTopic_new(topic);
	rd_kafka_event_t *event;
	size_t n;

	rd_kafka_DeleteTopics(rk, &wish, 1, NULL, queue);
	event = await();
	good_topics(rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event), &n), n);
	rd_kafka_event_destroy(event);
	rd_kafka_DeleteTopic_destroy(wish);
}

/* NAME=VALUE in two. */
static char *
split(char *setting)
{
	char *value = strchr(setting, '=');

	if (value == NULL)
		die("NAME=VALUE is wanted");
	*value = '\0';
	return value + 1;
}

static void
create_topic(int n_arg, char **arg)
{
	char why[200];
	rd_kafka_NewTopic_t *wish = rd_kafka_NewTopic_new(arg[0], atoi(arg[1]), 1, why, sizeof why);
	rd_kafka_event_t *event;
	size_t n;

	if (wish == NULL)
		die(why);
	for (int i = 2; i < n_arg; i++) {
		char *value = split(arg[i]);

		good(rd_kafka_NewTopic_set_config(wish, arg[i], value), NULL);
	}
	rd_kafka_CreateTopics(rk, &wish, 1, NULL, queue);
	event = await();
	good_topics(rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &n), n);
	rd_kafka_event_destroy(event);
	rd_kafka_NewTopic_destroy(wish);
}

static void
delete_group(const char *group)
{
	rd_kafka_DeleteGroup_t *wish = rd_kafka_DeleteGroup_new(group);
	rd_kafka_event_t *event;
	size_t n;

	rd_kafka_DeleteGroups(rk, &wish, 1, NULL, queue);
	event = await();
	good_groups(rd_kafka_DeleteGroups_result_groups(rd_kafka_event_DeleteGroups_result(event), &n), n);
	rd_kafka_event_destroy(event);
	rd_kafka_DeleteGroup_destroy(wish);
}

static void
commit(const char *group, char **arg)
{
	rd_kafka_topic_partition_list_t *place = place_of(arg);
	rd_kafka_AlterConsumerGroupOffsets_t *wish = rd_kafka_AlterConsumerGroupOffsets_new(group, place);
	rd_kafka_event_t *event;
	size_t n;

	rd_kafka_AlterConsumerGroupOffsets(rk, &wish, 1, NULL, queue);
	event = await();
	good_groups(rd_kafka_AlterConsumerGroupOffsets_result_groups(
	    rd_kafka_event_AlterConsumerGroupOffsets_result(event), &n), n);
	rd_kafka_event_destroy(event);
	rd_kafka_AlterConsumerGroupOffsets_destroy(wish);
	rd_kafka_topic_partition_list_destroy(place);
}

/* NAME= among what is asked for: this one is to go. */
static bool
is_to_go(const char *name, int n_arg, char **arg)
{
	size_t n = strlen(name);

	for (int i = 1; i < n_arg; i++)
		if (strncmp(arg[i], name, n) == 0 && strcmp(arg[i] + n, "=") == 0)
			return true;
	return false;
}

static void
keep_settings(rd_kafka_ConfigResource_t *wish, const rd_kafka_ConfigResource_t *now, int n_arg, char **arg)
{
	size_t n;
	const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(now, &n);

	for (size_t i = 0; i < n; i++)
		if (rd_kafka_ConfigEntry_source(entries[i]) == RD_KAFKA_CONFIG_SOURCE_DYNAMIC_TOPIC_CONFIG &&
		    !is_to_go(rd_kafka_ConfigEntry_name(entries[i]), n_arg, arg))
			rd_kafka_ConfigResource_set_config(wish, rd_kafka_ConfigEntry_name(entries[i]),
			    rd_kafka_ConfigEntry_value(entries[i]));
}

/* The request replaces all settings of the topic: those that it has are said again. */
static void
set_topic(int n_arg, char **arg)
{
	rd_kafka_ConfigResource_t *wish = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, arg[0]);
	const rd_kafka_ConfigResource_t **found;
	rd_kafka_event_t *event;
	size_t n;

	rd_kafka_DescribeConfigs(rk, &wish, 1, NULL, queue);
	event = await();
	found = rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event), &n);
	if (n != 1)
		die("no such topic");
	good(rd_kafka_ConfigResource_error(found[0]), rd_kafka_ConfigResource_error_string(found[0]));
	keep_settings(wish, found[0], n_arg, arg);
	rd_kafka_event_destroy(event);
	for (int i = 1; i < n_arg; i++) {
		char *value = split(arg[i]);

		if (*value != '\0')
			rd_kafka_ConfigResource_set_config(wish, arg[i], value);
	}
	rd_kafka_AlterConfigs(rk, &wish, 1, NULL, queue);
	event = await();
	found = rd_kafka_AlterConfigs_result_resources(rd_kafka_event_AlterConfigs_result(event), &n);
	good(rd_kafka_ConfigResource_error(found[0]), rd_kafka_ConfigResource_error_string(found[0]));
	rd_kafka_event_destroy(event);
	rd_kafka_ConfigResource_destroy(wish);
}

static rd_kafka_AclOperation_t
operation_of(const char *name)
{
	if (strcmp(name, "READ") != 0 && strcmp(name, "WRITE") != 0)
		die("READ or WRITE is wanted");
	return name[0] == 'R' ? RD_KAFKA_ACL_OPERATION_READ : RD_KAFKA_ACL_OPERATION_WRITE;
}

static rd_kafka_ResourceType_t
resource_of(const char **name)
{
	static const char group[] = "group:";

	if (strncmp(*name, group, sizeof group - 1) != 0)
		return RD_KAFKA_RESOURCE_TOPIC;
	*name += sizeof group - 1;
	return RD_KAFKA_RESOURCE_GROUP;
}

static void
add_right(const char *name, rd_kafka_AclOperation_t operation, rd_kafka_AclPermissionType_t permission)
{
	char why[200];
	rd_kafka_ResourceType_t resource = resource_of(&name);
	rd_kafka_AclBinding_t *wish = rd_kafka_AclBinding_new(resource, name, RD_KAFKA_RESOURCE_PATTERN_LITERAL,
	    "User:*", "*", operation, permission, why, sizeof why);
	const rd_kafka_acl_result_t **results;
	rd_kafka_event_t *event;
	size_t n;

	if (wish == NULL)
		die(why);
	rd_kafka_CreateAcls(rk, &wish, 1, NULL, queue);
	event = await();
	results = rd_kafka_CreateAcls_result_acls(rd_kafka_event_CreateAcls_result(event), &n);
	for (size_t i = 0; i < n; i++)
		good_error(rd_kafka_acl_result_error(results[i]));
	rd_kafka_event_destroy(event);
	rd_kafka_AclBinding_destroy(wish);
}

/* With one rule about it, what no rule allows is denied: so the rest is allowed first. */
static void
deny(const char *name, const char *operation)
{
	add_right(name, RD_KAFKA_ACL_OPERATION_ALL, RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW);
	add_right(name, operation_of(operation), RD_KAFKA_ACL_PERMISSION_TYPE_DENY);
}

static void
allow(const char *name, const char *operation)
{
	char why[200];
	rd_kafka_ResourceType_t resource = resource_of(&name);
	rd_kafka_AclBindingFilter_t *wish = rd_kafka_AclBindingFilter_new(resource, name,
	    RD_KAFKA_RESOURCE_PATTERN_LITERAL, "User:*", "*", operation_of(operation),
	    RD_KAFKA_ACL_PERMISSION_TYPE_DENY, why, sizeof why);
	const rd_kafka_DeleteAcls_result_response_t **results;
	rd_kafka_event_t *event;
	size_t n;

	if (wish == NULL)
		die(why);
	rd_kafka_DeleteAcls(rk, &wish, 1, NULL, queue);
	event = await();
	results = rd_kafka_DeleteAcls_result_responses(rd_kafka_event_DeleteAcls_result(event), &n);
	for (size_t i = 0; i < n; i++)
		good_error(rd_kafka_DeleteAcls_result_response_error(results[i]));
	rd_kafka_event_destroy(event);
	rd_kafka_AclBinding_destroy(wish);
}

static void
obey(const char *what, int n, char **arg)
{
	if (strcmp(what, "delete-records") == 0 && n == 3)
		delete_records(arg);
	else if (strcmp(what, "delete-topic") == 0 && n == 1)
		delete_topic(arg[0]);
	else if (strcmp(what, "create-topic") == 0 && n >= 2)
		create_topic(n, arg);
	else if (strcmp(what, "delete-group") == 0 && n == 1)
		delete_group(arg[0]);
	else if (strcmp(what, "commit") == 0 && n == 4)
		commit(arg[0], arg + 1);
	else if (strcmp(what, "set") == 0 && n >= 1)
		set_topic(n, arg);
	else if (strcmp(what, "deny") == 0 && n == 2)
		deny(arg[0], arg[1]);
	else if (strcmp(what, "allow") == 0 && n == 2)
		allow(arg[0], arg[1]);
	else
		die("see the top of tests/fault/admin.c");
}

int
main(int argc, char **argv)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char why[200];

	if (argc < 3)
		die("see the top of tests/fault/admin.c");
	if (rd_kafka_conf_set(conf, "bootstrap.servers", argv[1], why, sizeof why) != RD_KAFKA_CONF_OK)
		die(why);
	rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
	if (rk == NULL)
		die(why);
	queue = rd_kafka_queue_new(rk);
	obey(argv[2], argc - 3, argv + 3);
	rd_kafka_queue_destroy(queue);
	rd_kafka_destroy(rk);
	return 0;
}
