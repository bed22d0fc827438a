/* bridge_kafka - what the two bridge files share. */
#ifndef BRIDGE_KAFKA_H
#define BRIDGE_KAFKA_H

#include <librdkafka/rdkafka.h>

#include "bridge.h"

/* A configuration with what both directions need; ends in FAULT_FATAL when a value is refused. */
ERR_CHECK enum fault bridge_conf(const char *bootstrap, rd_kafka_conf_t **out, struct err *err);
ERR_CHECK enum fault bridge_set(rd_kafka_conf_t *conf, const char *name, const char *value, struct err *err);

ERR_CHECK enum fault bridge_read_open(const char *bootstrap, struct err *err);
void bridge_read_close(void);

#endif
