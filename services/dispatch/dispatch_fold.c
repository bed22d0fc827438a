/* dispatch_fold - see dispatch_fold.h. */
#include "dispatch_fold.h"

#include <stddef.h>

#define COLUMN(type, field) { #field, type, offsetof(struct parcel, field) }

static const struct column columns[] = {
	COLUMN(DB_TEXT, parcel_id), COLUMN(DB_UUID, dossier), COLUMN(DB_TEXT, state),
	COLUMN(DB_TEXT, item_code), COLUMN(DB_TIME, ordered_at), COLUMN(DB_TIME, updated_at),
	COLUMN(DB_INT4, attempts), COLUMN(DB_BOOL, unsure), COLUMN(DB_INT4, version),
};

static bool
parcel_add(const struct event *event, struct fold_rows *rows, struct arena *arena)
{
	struct parcel *parcel = fold_add(&dispatch_fold, rows, arena);

	if (parcel == NULL)
		return false;
	parcel->parcel_id = event->parcel;
	memcpy(parcel->dossier, event->dossier, UUID_BYTES);
	parcel->state = TEXT("ordering");
	parcel->ordered_at = parcel->updated_at = event->at;
	parcel->attempts = 0;
	parcel->unsure = false;
	parcel->version = event->version;
	return true;
}

/* The row that the event is about, marked as changed; NULL when there is none. */
static struct parcel *
parcel_touch(const struct event *event, struct fold_rows *rows)
{
	int i = fold_find(&dispatch_fold, rows, event->parcel);
	struct parcel *parcel;

	if (i < 0)
		return NULL;
	parcel = rows->row[i];
	rows->changed[i] = true;
	parcel->updated_at = event->at;
	parcel->version = event->version;
	if (!text_is_absent(event->item_code))
		parcel->item_code = event->item_code;
	return parcel;
}

/* Attempts are told by number; a failed one without a number is one more. */
static void
parcel_attempt(struct parcel *parcel, const struct event *event)
{
	if (event->attempt != INT_NONE) {
		if (event->attempt > parcel->attempts)
			parcel->attempts = (int32_t)event->attempt;
	} else if (event->type == EV_DISPATCH_PARCEL_ATTEMPT_FAILED)
		parcel->attempts++;
}

/* The state that the news lead to; NULL where they move nothing. */
static const char *
state_after(enum event_type type)
{
	switch (type) {
	case EV_DISPATCH_PARCEL_PLACED:
		return "placed";
	case EV_DISPATCH_PARCEL_FAILED:
		return "failed";
	case EV_DISPATCH_PARCEL_POSTED:
		return "posted";
	case EV_DISPATCH_PARCEL_IN_TRANSIT:
		return "in_transit";
	case EV_DISPATCH_PARCEL_ATTEMPT_FAILED:
		return "attempt_failed";
	case EV_DISPATCH_PARCEL_DELIVERED:
		return "delivered";
	case EV_DISPATCH_PARCEL_RETURNED:
		return "returned";
	default:
		return NULL;
	}
}

static void
parcel_move(struct parcel *parcel, const struct event *event)
{
	const char *state = state_after(event->type);

	if (event->type == EV_DISPATCH_PARCEL_UNSURE) {
		parcel->unsure = true;
		return;
	}
	/* News that moved it are proof also that the post has it. */
	if (state != NULL) {
		parcel->state = text_of(state);
		parcel->unsure = false;
	}
	parcel_attempt(parcel, event);
}

static enum fault
dispatch_apply(const struct event *event, struct fold_rows *rows, struct arena *arena, struct err *err)
{
	struct parcel *parcel;

	if (event->type == EV_DISPATCH_PARCEL_ORDERED)
		return parcel_add(event, rows, arena) ? FAULT_NONE : fold_misfit(&dispatch_fold, event, err);
	if (state_after(event->type) == NULL && event->type != EV_DISPATCH_PARCEL_UNSURE &&
	    event->type != EV_DISPATCH_PARCEL_NOTED)
		return FAULT_NONE;	/* no parcel is concerned */
	parcel = parcel_touch(event, rows);
	if (parcel == NULL)
		return fold_misfit(&dispatch_fold, event, err);
	parcel_move(parcel, event);
	return FAULT_NONE;
}

const struct fold dispatch_fold = {
	.table = "dispatch.parcel",
	.stage = STAGE_DISPATCH,
	.columns = columns,
	.n_columns = sizeof columns / sizeof *columns,
	.row_bytes = sizeof(struct parcel),
	.apply = dispatch_apply,
};
