/*
 * kafka_reader - reads partitions without a group: the check of a journal's
 * tail at a claim, and an auditor's replay.  It moves nobody's position.
 */
#ifndef KAFKA_READER_H
#define KAFKA_READER_H

#include "kafka_consumer.h"
#include "kafka_offset.h"

struct reader;

ERR_CHECK enum fault reader_open(const char *bootstrap, const char *client,
    const struct param_pass *pass, struct reader **out, struct err *err);
void reader_close(struct reader *reader);

/* First offset kept, and the offset after the last one. */
ERR_CHECK enum fault reader_range(struct reader *reader, const char *topic, int partition,
    int timeout_ms, int64_t *low, int64_t *high, struct err *err);

/* Offsets of many partitions, each once, with one question to each broker; OFFSET_ABSENT where there is nothing to see. */
ERR_CHECK enum fault reader_offsets(struct reader *reader, struct topic_offset *offsets, int n,
    int timeout_ms, struct err *err);

/* Number of partitions of a topic; 0 when there is no such topic. */
ERR_CHECK enum fault reader_partitions(struct reader *reader, const char *topic, int timeout_ms,
    int *out, struct err *err);

/* Read these from now on: partitions[i] of topic from offsets[i]. */
ERR_CHECK enum fault reader_assign(struct reader *reader, const char *topic, const int *partitions,
    const int64_t *offsets, int n, struct err *err);

/* The next message; false when none came in time or err is set.  place.topic is 0. */
bool reader_poll(struct reader *reader, int timeout_ms, struct message *out, struct err *err);

#endif
