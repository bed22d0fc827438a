/*
 * deadletter redrive - dead letters are tried again, where they stand.
 *
 * The row is marked; the lane's owner takes its bytes as a message of their
 * first place and time, in a turn of its own (common/worker_redrive.c).  To
 * publish the bytes again would give them a new place, and a new legal time of
 * arrival.  What still cannot be read is a dead letter as before, with its
 * attempt counted.
 */
#include "chosen.h"
#include "record.h"

static const struct option_row options[] = {
	CHOSEN_OPTIONS, OPERATION_OPTIONS, RATE_OPTION, WAIT_OPTION,
	{ .name = NULL }
};

/* Whose is it?  By its subject, its key, or as the submission that the id is derived from. */
static bool
is_of_dossier(const struct chosen *chosen, struct text bytes)
{
	struct record record;
	uint8_t id[UUID_BYTES];
	struct text source, ce_id;

	if (!record_unpack(bytes, &record))
		return false;
	if ((uuid_from_text(record_find(&record, "ce_subject"), id) || uuid_from_text(record.key, id)) &&
	    memcmp(id, chosen->dossier, UUID_BYTES) == 0)
		return true;
	source = record_find(&record, "ce_source");
	ce_id = record_find(&record, "ce_id");
	if (text_is_absent(source) || text_is_absent(ce_id))
		return false;
	dossier_id_derive(source, ce_id, id);
	return memcmp(id, chosen->dossier, UUID_BYTES) == 0;
}

static bool
fits(const struct chosen *chosen, const struct item *item, struct text bytes)
{
	if (chosen->by_place && (!text_is_equal(item->topic, chosen->topic) ||
	    item->origin != chosen->partition || item->number != chosen->offset))
		return false;
	return !chosen->by_dossier || is_of_dossier(chosen, bytes);
}

static enum fault
read_candidates(struct ctl *ctl, struct session *session, const struct chosen *chosen, struct items *items,
    struct err *err)
{
	struct db_args *args = db_args_new(ctl->arena, 6);
	const struct rows *rows;
	enum fault fault;

	chosen_put(args, chosen);
	db_put_bool(args, chosen->by_dossier);
	fault = session_run(session, SQL_REDRIVE_CHOSEN, args, &rows, err);
	for (int i = 0; fault == FAULT_NONE && i < rows_count(rows); i++) {
		struct item item = { .stage = rows_int4(rows, i, 0), .lane = rows_int4(rows, i, 1),
		    .topic = arena_text(ctl->arena, rows_text(rows, i, 2)), .origin = rows_int4(rows, i, 3),
		    .number = rows_int8(rows, i, 4), .reason = arena_text(ctl->arena, rows_text(rows, i, 5)),
		    .at = rows_time(rows, i, 6) };

		if (fits(chosen, &item, rows_text(rows, i, 7)))
			items_add(ctl, items, &item);
	}
	return fault;
}

static enum fault
mark_slice(struct arena *arena, struct session *session, struct operation *operation,
    const struct items *items, int from, int n, struct err *err)
{
	struct db_args *args = db_args_new(arena, 6);
	struct db_array *stages, *topics, *partitions, *offsets;
	const struct rows *rows;
	enum fault fault;

	db_put_int8(args, operation->id);
	db_put_int8(args, from);
	stages = db_put_array(args, DB_INT2);
	topics = db_put_array(args, DB_TEXT);
	partitions = db_put_array(args, DB_INT4);
	offsets = db_put_array(args, DB_INT8);
	for (int i = from; i < from + n; i++) {
		db_add_int2(stages, items->list[i].stage);
		db_add_text(topics, items->list[i].topic);
		db_add_int4(partitions, items->list[i].origin);
		db_add_int8(offsets, items->list[i].number);
	}
	fault = session_run(session, SQL_REDRIVE_MARK, args, &rows, err);
	if (fault == FAULT_NONE)
		operation->done += rows_affected(rows);
	return fault;
}

static int
redrive(struct ctl *ctl)
{
	return chosen_run(ctl, &(struct chosen_work){ .read = read_candidates, .slice = mark_slice,
	    .watch = SQL_REDRIVE_WATCH, .nothing = "no dead letter fits", .would = "would be tried again",
	    .done = "tried again", .again = "dead as before",
	    .waiting = "not taken yet: is the stage's worker running, and not paused? dossierctl lanes" });
}

const struct command deadletter_redrive_command = {
	.path = "deadletter redrive", .arguments = "", .run = redrive, .options = options,
	.summary = "try dead letters again: shown first, done with --yes",
	.about = "The worker of their lane takes the stored bytes as if it read them for the first time: place and\n"
	    "legal time of arrival stay what they were. In the order in which they came. A second run leaves\n"
	    "out what was taken. What still cannot be read stays a dead letter, with its attempt counted.\n"
	    "Recorded with who and why: dossierctl operations.\n",
	.exits = "Exit status: 0 shown, or all were taken; 1 some are dead as before, or not taken within --wait\n"
	    "(they will be); 2 could not.\n",
	.examples = "  dossierctl deadletter redrive --reason envelope.type --since 2026-11-22\n"
	    "  dossierctl deadletter redrive --reason envelope.type --yes --why 'release 1.4 knows this type'\n"
	    "  dossierctl deadletter redrive --place dossier.submissions/3/17 --yes --why 'ticket 4711'\n",
};
