/*
 * parked - what was set aside, and waits for a person.
 *
 * Released, a job is due at once, in its own row: its place and the time at
 * which it arrived are those that it always had, and those of its dossier that
 * stand behind it follow when it is done.  It is counted as parked until its
 * worker takes it up.  What happens again parks it again.
 */
#include <stdio.h>

#include "belongings.h"
#include "chosen.h"

static struct {
	int64_t	limit;
} opt = { .limit = 100 };

static const struct option_row list_options[] = {
	{ "limit", OPTION_INT, &opt.limit, "N", "at most so many (100)", 1, 1000000 },
	{ .name = NULL }
};

static const struct option_row release_options[] = {
	CHOSEN_OPTIONS, OPERATION_OPTIONS, RATE_OPTION, WAIT_OPTION,
	{ .name = NULL }
};

/* --- list ------------------------------------------------------------------------ */

static void
put_parked(struct table *table, const struct rows *rows)
{
	for (int i = 0; i < rows_count(rows); i++) {
		table_text(table, rows_text(rows, i, 0));
		for (int c = 1; c <= 3; c++)
			table_int(table, rows_int8(rows, i, c));
		table_name(table, job_kind_name(rows_int4(rows, i, 4)));
		table_text(table, rows_text(rows, i, 5));
		table_uuid(table, rows_uuid(rows, i, 6));
		table_text(table, rows_text(rows, i, 7));
		table_int(table, rows_int4(rows, i, 8));
		table_text(table, rows_text(rows, i, 9));
		table_time(table, rows_time(rows, i, 10));
		table_end(table);
	}
}

static int
parked_list(struct ctl *ctl)
{
	static const struct table_column columns[] = {
		{ "STAGE", "stage", false }, { "LANE", "lane", true }, { NULL, "origin", true },
		{ "ORD", "ord", true }, { "KIND", "kind", false }, { "PURPOSE", "purpose", false },
		{ "DOSSIER", "dossier", false }, { "CODE", "code", false },
		{ "ATTEMPTS", "attempts", true }, { "REASON", "reason", false },
		{ "SINCE", "created_at", false }
	};

	return list_limited(ctl, SQL_PARKED, opt.limit, table_new(ctl, columns, 11), put_parked,
	    "nothing is parked");
}

/* --- release ---------------------------------------------------------------------- */

/* The place of a job's message: topic of its stage, partition, offset, as 64-bit numbers. */
static bool
is_of_place(const struct chosen *chosen, int stage, struct text packed)
{
	int64_t number[3] = { 0, 0, 0 };
	const char *const *topics;
	int n;

	if (packed.n < sizeof number)
		return false;
	for (size_t i = 0; i < sizeof number; i++)
		number[i / 8] = (int64_t)((uint64_t)number[i / 8] << 8 | (unsigned char)packed.s[i]);
	topics = stage_topics((enum stage)stage, &n);
	return number[0] >= 0 && number[0] < n && text_is(chosen->topic, topics[number[0]]) &&
	    number[1] == chosen->partition && number[2] == chosen->offset;
}

static void
put_dossier(struct db_args *args, const struct chosen *chosen)
{
	db_put_uuid(args, chosen->by_dossier ? chosen->dossier : NULL);
}

static bool
fits(const struct chosen *chosen, const struct rows *rows, int row, struct item *out)
{
	int kind = rows_int4(rows, row, 7);

	*out = (struct item){ .stage = rows_int4(rows, row, 0), .lane = rows_int4(rows, row, 1),
	    .origin = rows_int4(rows, row, 2), .number = rows_int8(rows, row, 3), .reason = rows_text(rows, row, 4),
	    .at = rows_time(rows, row, 5) };
	return !chosen->by_place ||
	    ((kind == 0 || kind == 3) && is_of_place(chosen, out->stage, rows_text(rows, row, 6)));
}

static void
put_jobs(struct db_args *args, const struct item *items, int n)
{
	struct db_array *stages = db_put_array(args, DB_INT2), *lanes = db_put_array(args, DB_INT4),
	    *origins = db_put_array(args, DB_INT4), *ords = db_put_array(args, DB_INT8);

	for (int i = 0; i < n; i++) {
		db_add_int2(stages, items[i].stage);
		db_add_int4(lanes, items[i].lane);
		db_add_int4(origins, items[i].origin);
		db_add_int8(ords, items[i].number);
	}
}

static int
parked_release(struct ctl *ctl)
{
	return chosen_run(ctl, &(struct chosen_work){ .choose = SQL_PARKED_CHOSEN, .choose_put = put_dossier, .fits = fits,
	    .deed = SQL_PARKED_RELEASE, .deed_put = put_jobs, .watch = SQL_PARKED_WATCH, .nothing = "nothing that is parked fits", .would = "would be released",
	    .done = "released", .again = "parked again", .waiting = "not finished yet" });
}

const struct command parked_list_command = {
	.path = "parked list", .arguments = "", .run = parked_list, .options = list_options,
	.summary = "jobs that wait for a person",
	.examples = "  dossierctl parked list -o json | jq -r .reason | sort | uniq -c\n",
};

const struct command parked_release_command = {
	.path = "parked release", .arguments = "", .run = parked_release, .options = release_options,
	.summary = "make parked jobs due again: shown first, done with --yes",
	.about = "In the order in which they came, each in its place: time and place of arrival stay what they\n"
	    "were. A second run finds nothing to do. What fails again is parked again, with its reason.\n"
	    "Recorded with who and why: dossierctl operations.\n",
	.exits = "Exit status: 0 shown, or released and finished; 1 some are parked again, or not finished within\n"
	    "--wait (they go on by themselves); 2 could not.\n",
	.examples = "  dossierctl parked release --reason data --stage fee\n"
	    "  dossierctl parked release --reason data --stage fee --yes --why 'constraint removed, ticket 4711'\n"
	    "  dossierctl parked release --dossier H55.242-261122-0001 --yes --why 'tariff row added'\n",
};
