/* ledger_count - counters by service, operation and outcome; for the ledger alone. */
#ifndef LEDGER_COUNT_H
#define LEDGER_COUNT_H

#include "sim.h"

/* attempt is how often this key has been seen now, from 1.  Names are copied when new. */
void ledger_count(enum service service, const char *op, const char *outcome, uint32_t attempt,
    bool is_request);

#endif
