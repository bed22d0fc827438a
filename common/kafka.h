/*
 * kafka - the inside of the Kafka edge; private to kafka_*.c, which together
 * are the only files that include librdkafka.
 */
#ifndef KAFKA_H
#define KAFKA_H

#include <librdkafka/rdkafka.h>

#include "err.h"
#include "kafka_offset.h"
#include "param.h"
#include "record.h"

/* Sets a property; aborts on a name or value that librdkafka refuses: they are ours. */
void kafka_set(rd_kafka_conf_t *conf, const char *name, const char *value);

/*
 * Common to all handles: bootstrap, client id, log; then the defaults of this
 * kind (name, value, …, NULL), which the operator may override by what passes
 * through ("kafka.X" for all, "kafka.consumer.X", "kafka.producer.X").
 */
ERR_CHECK enum fault kafka_conf(const char *bootstrap, const char *client, const char *kind,
    const char *const *defaults, const struct param_pass *pass, rd_kafka_conf_t **out,
    struct err *err);

/*
 * Offsets of many partitions, with one question to each broker, within
 * timeout_ms.  No partition twice.  With or_absent a partition that is not
 * there, or that we may not see, is answered with OFFSET_ABSENT.  An answer that
 * does not come is a fault (retry), never an offset.
 *
 * Asked so because the client's own rd_kafka_query_watermark_offsets waits for
 * ever for a broker that has gone after it was found (2.0.2; librdkafka issue 2588).
 */
ERR_CHECK enum fault kafka_offsets(rd_kafka_t *rk, struct topic_offset *offsets, int n, bool or_absent,
    int timeout_ms, struct err *err);

/* Key, value and headers of a message, borrowed from it. False: too many headers. */
bool kafka_record(const rd_kafka_message_t *message, struct record *out);

/* The whole message, whatever its headers, as record_pack would. */
struct text kafka_pack(const rd_kafka_message_t *message, struct arena *arena);

time_us kafka_time(const rd_kafka_message_t *message);

#endif
