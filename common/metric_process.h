/*
 * metric_process - memory, CPU time, files and start of this process, under
 * the names that Prometheus has for them.
 */
#ifndef METRIC_PROCESS_H
#define METRIC_PROCESS_H

#include "clock.h"
#include "metric.h"

/* By any thread. */
void metrics_write_process(struct buf *out, time_us started_at);

#endif
