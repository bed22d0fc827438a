/*
 * Offsets of many partitions, as librdkafka's mock cluster gives them: what
 * cannot be known must never look like an empty journal.
 */
#include <criterion/criterion.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include "kafka_producer.h"
#include "kafka_reader.h"

enum { LIST_OFFSETS = 2, TIMEOUT_MS = 1500 };

struct cluster {
	rd_kafka_t		*rk;
	rd_kafka_mock_cluster_t	*mock;
	struct reader		*reader;
};

static struct cluster
cluster_new(void)
{
	struct cluster c = { 0 };
	struct err err = { 0 };
	char why[200];

	c.rk = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), why, sizeof why);
	cr_assert_not_null(c.rk, "%s", why);
	c.mock = rd_kafka_mock_cluster_new(c.rk, 1);
	cr_assert_not_null(c.mock);
	cr_assert_eq(rd_kafka_mock_topic_create(c.mock, "dossier.intake", 2, 1), RD_KAFKA_RESP_ERR_NO_ERROR);
	cr_assert_eq(rd_kafka_mock_topic_create(c.mock, "dossier.fee", 2, 1), RD_KAFKA_RESP_ERR_NO_ERROR);
	cr_assert_eq(reader_open(rd_kafka_mock_cluster_bootstraps(c.mock), "test", NULL, &c.reader, &err), FAULT_NONE,
	    "%s", err.text);
	return c;
}

static void
cluster_free(struct cluster *c)
{
	reader_close(c->reader);
	rd_kafka_mock_cluster_destroy(c->mock);
	rd_kafka_destroy(c->rk);
}

Test(reader, ends_of_empty_journals)
{
	struct cluster c = cluster_new();
	struct topic_offset ends[] = {
		{ "dossier.intake", 0, OFFSET_END, -7 },
		{ "dossier.intake", 1, OFFSET_END, -7 },
		{ "dossier.fee", 1, OFFSET_END, -7 },
	};
	struct err err = { 0 };

	cr_expect_eq(reader_offsets(c.reader, ends, 3, TIMEOUT_MS, &err), FAULT_NONE, "%s %s", err.code, err.text);
	for (int i = 0; i < 3; i++)
		cr_expect_eq(ends[i].offset, 0, "%d: %lld", i, (long long)ends[i].offset);
	cluster_free(&c);
}

/* One that is not there hides none of the others. */
Test(reader, ends_beside_a_partition_that_is_not_there)
{
	struct cluster c = cluster_new();
	struct topic_offset ends[] = {
		{ "dossier.intake", 0, OFFSET_END, -7 },
		{ "dossier.intake", 9, OFFSET_END, -7 },
		{ "dossier.fee", 0, OFFSET_END, -7 },
	};
	struct err err = { 0 };

	cr_expect_eq(reader_offsets(c.reader, ends, 3, TIMEOUT_MS, &err), FAULT_NONE, "%s %s", err.code, err.text);
	cr_expect_eq(ends[0].offset, 0, "%lld", (long long)ends[0].offset);
	cr_expect_eq(ends[1].offset, OFFSET_ABSENT, "%lld", (long long)ends[1].offset);
	cr_expect_eq(ends[2].offset, 0, "%lld", (long long)ends[2].offset);
	cluster_free(&c);
}

Test(reader, ends_beside_a_topic_that_is_not_there)
{
	struct cluster c = cluster_new();
	struct topic_offset ends[] = {
		{ "dossier.intake", 0, OFFSET_END, -7 },
		{ "dossier.absent", 0, OFFSET_END, -7 },
		{ "dossier.fee", 0, OFFSET_END, -7 },
	};
	struct err err = { 0 };

	rd_kafka_mock_topic_set_error(c.mock, "dossier.absent", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
	cr_expect_eq(reader_offsets(c.reader, ends, 3, TIMEOUT_MS, &err), FAULT_NONE, "%s %s", err.code, err.text);
	cr_expect_eq(ends[0].offset, 0, "%lld", (long long)ends[0].offset);
	cr_expect_eq(ends[1].offset, OFFSET_ABSENT, "%lld", (long long)ends[1].offset);
	cr_expect_eq(ends[2].offset, 0, "%lld", (long long)ends[2].offset);
	cluster_free(&c);
}

/* No answer is a fault, not an end: also where the leader is known, and only this question is not answered. */
Test(reader, no_answer_is_no_end)
{
	struct cluster c = cluster_new();
	struct topic_offset ends[] = {
		{ "dossier.intake", 0, OFFSET_END, -7 },
		{ "dossier.fee", 0, OFFSET_END, -7 },
	};
	struct err err = { 0 };

	cr_assert_eq(reader_offsets(c.reader, ends, 2, TIMEOUT_MS, &err), FAULT_NONE, "%s %s", err.code, err.text);
	rd_kafka_mock_broker_push_request_error_rtts(c.mock, 1, LIST_OFFSETS, 1, RD_KAFKA_RESP_ERR_NO_ERROR,
	    4 * TIMEOUT_MS);
	cr_expect_eq(reader_offsets(c.reader, ends, 2, TIMEOUT_MS, &err), FAULT_RETRY, "%lld %lld",
	    (long long)ends[0].offset, (long long)ends[1].offset);
	cluster_free(&c);
}

Test(reader, a_broker_that_is_gone_is_no_end)
{
	struct cluster c = cluster_new();
	struct topic_offset ends[] = {
		{ "dossier.intake", 0, OFFSET_END, -7 },
		{ "dossier.fee", 0, OFFSET_END, -7 },
	};
	struct err err = { 0 };

	cr_assert_eq(reader_offsets(c.reader, ends, 2, TIMEOUT_MS, &err), FAULT_NONE, "%s %s", err.code, err.text);
	rd_kafka_mock_broker_set_down(c.mock, 1);
	cr_expect_eq(reader_offsets(c.reader, ends, 2, TIMEOUT_MS, &err), FAULT_RETRY, "%lld %lld",
	    (long long)ends[0].offset, (long long)ends[1].offset);
	cluster_free(&c);
}

/* A time that nobody answered is no offset either; one later than all messages is. */
Test(reader, no_answer_is_no_place_in_time)
{
	struct cluster c = cluster_new();
	struct topic_offset at = { "dossier.intake", 0, 1700000000000, -7 };
	struct err err = { 0 };

	cr_assert_eq(reader_offsets(c.reader, &at, 1, TIMEOUT_MS, &err), FAULT_NONE, "%s %s", err.code, err.text);
	cr_expect_eq(at.offset, OFFSET_END, "%lld", (long long)at.offset);
	rd_kafka_mock_broker_push_request_error_rtts(c.mock, 1, LIST_OFFSETS, 1, RD_KAFKA_RESP_ERR_NO_ERROR,
	    4 * TIMEOUT_MS);
	cr_expect_eq(reader_offsets(c.reader, &at, 1, TIMEOUT_MS, &err), FAULT_RETRY, "%lld", (long long)at.offset);
	cr_expect_str_eq(err.code, "_TIMED_OUT");
	cluster_free(&c);
}

static void
not_expected(void *ctx, struct mark mark, int64_t offset)
{
	(void)ctx;
	(void)mark;
	cr_expect_fail("delivered at %lld", (long long)offset);
}

/* A writer must know: what is not there is a fault, which names it. */
Test(reader, a_producer_minds_what_is_not_there)
{
	struct cluster c = cluster_new();
	struct topic_offset ends[] = {
		{ "dossier.intake", 0, OFFSET_END, -7 },
		{ "dossier.intake", 9, OFFSET_END, -7 },
	};
	struct producer_options options = { .bootstrap = rd_kafka_mock_cluster_bootstraps(c.mock), .client = "test",
	    .message_timeout_ms = 5000, .delivered = not_expected };
	struct producer *producer;
	struct err err = { 0 };

	cr_assert_eq(producer_open(&options, &producer, &err), FAULT_NONE, "%s", err.text);
	cr_expect_eq(producer_offsets(producer, ends, 1, TIMEOUT_MS, &err), FAULT_NONE, "%s %s", err.code, err.text);
	cr_expect_eq(ends[0].offset, 0, "%lld", (long long)ends[0].offset);
	cr_expect_eq(producer_offsets(producer, ends, 2, TIMEOUT_MS, &err), FAULT_RETRY);
	cr_expect_str_eq(err.code, "_UNKNOWN_PARTITION");
	cr_expect_not_null(strstr(err.text, "dossier.intake/9"), "%s", err.text);
	producer_free(producer);
	cluster_free(&c);
}

/* A leader that was away is found again, at the second question at the latest. */
Test(reader, a_leader_that_is_back)
{
	struct cluster c = cluster_new();
	struct topic_offset end = { "dossier.intake", 0, OFFSET_END, -7 };
	struct err err = { 0 };

	rd_kafka_mock_partition_set_leader(c.mock, "dossier.intake", 0, -1);
	cr_assert_eq(reader_offsets(c.reader, &end, 1, TIMEOUT_MS, &err), FAULT_RETRY, "%lld", (long long)end.offset);
	rd_kafka_mock_partition_set_leader(c.mock, "dossier.intake", 0, 1);
	if (reader_offsets(c.reader, &end, 1, TIMEOUT_MS, &err) != FAULT_NONE)
		cr_expect_eq(reader_offsets(c.reader, &end, 1, TIMEOUT_MS, &err), FAULT_NONE, "%s %s", err.code, err.text);
	cr_expect_eq(end.offset, 0, "%lld", (long long)end.offset);
	cluster_free(&c);
}
