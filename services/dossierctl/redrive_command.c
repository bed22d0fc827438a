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

static void
put_by_dossier(struct db_args *args, const struct chosen *chosen)
{
	db_put_bool(args, chosen->by_dossier);
}

static bool
fits(const struct chosen *chosen, const struct rows *rows, int row, struct item *out)
{
	*out = (struct item){ .stage = rows_int4(rows, row, 0), .lane = rows_int4(rows, row, 1),
	    .topic = rows_text(rows, row, 2), .origin = rows_int4(rows, row, 3), .number = rows_int8(rows, row, 4),
	    .reason = rows_text(rows, row, 5), .at = rows_time(rows, row, 6) };
	if (chosen->by_place && (!text_is_equal(out->topic, chosen->topic) ||
	    out->origin != chosen->partition || out->number != chosen->offset))
		return false;
	return !chosen->by_dossier || is_of_dossier(chosen, rows_text(rows, row, 7));
}

static void
put_letters(struct db_args *args, const struct item *items, int n)
{
	struct db_array *stages = db_put_array(args, DB_INT2), *topics = db_put_array(args, DB_TEXT),
	    *partitions = db_put_array(args, DB_INT4), *offsets = db_put_array(args, DB_INT8);

	for (int i = 0; i < n; i++) {
		db_add_int2(stages, items[i].stage);
		db_add_text(topics, items[i].topic);
		db_add_int4(partitions, items[i].origin);
		db_add_int8(offsets, items[i].number);
	}
}

static int
redrive(struct ctl *ctl)
{
	return chosen_run(ctl, &(struct chosen_work){ .choose = SQL_REDRIVE_CHOSEN, .choose_put = put_by_dossier, .fits = fits,
	    .deed = SQL_REDRIVE_MARK, .deed_put = put_letters, .watch = SQL_REDRIVE_WATCH, .nothing = "no dead letter fits", .would = "would be tried again",
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
