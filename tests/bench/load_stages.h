/*
 * load_stages - how long each stage took, read from the topics afterwards.
 *
 * A journal entry names the message that caused it (ce_cause), and the broker
 * keeps for each message when it was sent: so what a stage needed for it is
 * the difference of the two, from the moment on which the cause could be read
 * to the moment on which its effect could be, queue, batch, locks and commit
 * included.  Looking costs the run nothing, because it is over; the broker's
 * times are in whole milliseconds.
 */
#ifndef LOAD_STAGES_H
#define LOAD_STAGES_H

#include "kafka_reader.h"
#include "stage.h"

struct stages;

/* Notes where all topics end now. */
ERR_CHECK enum fault stages_open(const char *broker, int partitions, struct stages **out, struct err *err);

/* Reads what came since. Counts entries that were caused between these two instants. */
ERR_CHECK enum fault stages_read(struct stages *stages, time_us from, time_us to, struct err *err);

/*
 * The times of a stage in milliseconds, sorted; borrowed.  Of its own calls
 * outside (effects): from the same dossier's entry before to the entry that tells their end.
 */
const double *stages_of(struct stages *stages, enum stage stage, bool effects, int64_t *n);

void stages_close(struct stages *stages);

#endif
