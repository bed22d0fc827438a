/* belongings - what stands in other tables about one dossier. */
#ifndef BELONGINGS_H
#define BELONGINGS_H

#include "dossier_find.h"
#include "table.h"

struct belongings {
	struct table	*orders, *parcels, *jobs;
};

ERR_CHECK enum fault belongings_read(struct ctl *ctl, struct session *session,
    const struct dossier *dos, struct belongings *out, struct err *err);

/* Tables without a row. */
void belongings_empty(struct ctl *ctl, struct belongings *out);

/* A row of fee.order or dispatch.parcel as the journals tell it, into its table. */
struct fold;
void belongings_put(struct table *table, const struct fold *fold, const void *row);

/* "message", "effect", "timer", "hand-over": core.job.kind. */
const char *job_kind_name(int kind);

#endif
