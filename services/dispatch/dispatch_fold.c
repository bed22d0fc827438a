/* dispatch_fold - see dispatch_fold.h. */
#include "dispatch_fold.h"

#include <stddef.h>

#define COLUMN(type, field) { #field, type, offsetof(struct parcel, field) }

static const struct column columns[] = {
	COLUMN(DB_TEXT, parcel_id), COLUMN(DB_UUID, dossier), COLUMN(DB_TEXT, state),
	COLUMN(DB_TEXT, item_code), COLUMN(DB_TIME, ordered_at), COLUMN(DB_TIME, updated_at),
	COLUMN(DB_INT4, attempts), COLUMN(DB_BOOL, unsure), COLUMN(DB_INT4, version),
};

static void
parcel_add(const struct event *event, struct fold_rows *rows, struct arena *arena)
{
	struct parcel *parcel = fold_add(&dispatch_fold, rows, arena);

	parcel->parcel_id = event->parcel;
	memcpy(parcel->dossier, event->dossier, UUID_BYTES);
	parcel->state = TEXT("ordering");
	parcel->ordered_at = parcel->updated_at = event->at;
	parcel->attempts = 0;
	parcel->unsure = false;
	parcel->version = event->version;
}

/* The row that the event is about, marked as changed. */
static struct parcel *
parcel_touch(const struct event *event, struct fold_rows *rows)
{
	int i = fold_find(&dispatch_fold, rows, event->parcel);
	struct parcel *parcel;

	if (i < 0)
		bug("%s fits no row of dispatch.parcel", event_type_name(event->type));
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

/* News that moved it: proof also that the post has it. */
static void
parcel_move(const struct event *event, struct fold_rows *rows, const char *state)
{
	struct parcel *parcel = parcel_touch(event, rows);

	parcel->state = text_of(state);
	parcel->unsure = false;
	parcel_attempt(parcel, event);
}

static void
dispatch_apply(const struct event *event, struct fold_rows *rows, struct arena *arena)
{
	switch (event->type) {
	case EV_DISPATCH_PARCEL_ORDERED:
		parcel_add(event, rows, arena);
		break;
	case EV_DISPATCH_PARCEL_PLACED:
		parcel_move(event, rows, "placed");
		break;
	case EV_DISPATCH_PARCEL_UNSURE:
		parcel_touch(event, rows)->unsure = true;
		break;
	case EV_DISPATCH_PARCEL_FAILED:
		parcel_move(event, rows, "failed");
		break;
	case EV_DISPATCH_PARCEL_POSTED:
		parcel_move(event, rows, "posted");
		break;
	case EV_DISPATCH_PARCEL_IN_TRANSIT:
		parcel_move(event, rows, "in_transit");
		break;
	case EV_DISPATCH_PARCEL_ATTEMPT_FAILED:
		parcel_move(event, rows, "attempt_failed");
		break;
	case EV_DISPATCH_PARCEL_DELIVERED:
		parcel_move(event, rows, "delivered");
		break;
	case EV_DISPATCH_PARCEL_RETURNED:
		parcel_move(event, rows, "returned");
		break;
	case EV_DISPATCH_PARCEL_NOTED:
		parcel_attempt(parcel_touch(event, rows), event);
		break;
	default:	/* no parcel is concerned */
		break;
	}
}

const struct fold dispatch_fold = {
	.table = "dispatch.parcel",
	.stage = STAGE_DISPATCH,
	.columns = columns,
	.n_columns = sizeof columns / sizeof *columns,
	.row_bytes = sizeof(struct parcel),
	.apply = dispatch_apply,
};
