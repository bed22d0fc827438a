/* moment - see moment.h. */
#include "moment.h"

#include "../dispatch/dispatch_fold.h"
#include "../fee/fee_fold.h"

const struct fold *const moment_folds[MOMENT_FOLDS] = { &fee_fold, &dispatch_fold };

void
moment_begin(struct moment *moment, const uint8_t id[UUID_BYTES])
{
	memset(moment, 0, sizeof *moment);
	dossier_init(&moment->dos, id);
}

enum fault
moment_apply(struct moment *moment, const struct event *event, struct arena *arena, struct err *err)
{
	enum fault fault = dossier_apply(&moment->dos, event, arena, err);

	for (int f = 0; f < MOMENT_FOLDS && fault == FAULT_NONE; f++)
		if (moment_folds[f]->stage == event_stage(event->type))
			fault = moment_folds[f]->apply(event, &moment->rows[f], arena, err);
	return fault;
}
