/*
 * operations - what operators have done with this tool: who, when, why, to what.
 */
#include "chosen.h"

static struct {
	int64_t	limit;
} opt = { .limit = 50 };

static const struct option_row options[] = {
	{ "limit", OPTION_INT, &opt.limit, "N", "at most so many (50)", 1, 1000000 },
	{ .name = NULL }
};

static void
put_operations(struct table *table, const struct rows *rows)
{
	for (int i = 0; i < rows_count(rows); i++) {
		table_int(table, rows_int8(rows, i, 0));
		table_time(table, rows_time(rows, i, 1));
		for (int c = 2; c <= 7; c++)
			table_text(table, rows_text(rows, i, c));
		table_int(table, rows_int8(rows, i, 8));
		table_int(table, rows_int8(rows, i, 9));
		table_time(table, rows_time(rows, i, 10));
		table_tone(table, rows_null(rows, i, 10) ? TONE_BAD : TONE_PLAIN);
		table_end(table);
	}
}

static int
operations_list(struct ctl *ctl)
{
	static const struct table_column columns[] = {
		{ "OPERATION", "operation", true }, { "AT", "at", false }, { "WHO", "who", false },
		{ NULL, "account", false }, { NULL, "role", false }, { "WHAT", "what", false },
		{ "WHY", "why", false }, { "ARGUMENTS", "arguments", false }, { "PLANNED", "planned", true },
		{ "DONE", "done", true }, { "ENDED", "ended_at", false }
	};

	return list_limited(ctl, SQL_OPERATIONS, opt.limit, table_new(ctl, columns, 11), put_operations,
	    "nobody has done anything");
}

static void
put_items(struct table *table, const struct rows *rows)
{
	for (int i = 0; i < rows_count(rows); i++) {
		table_int(table, rows_int8(rows, i, 0));
		table_time(table, rows_time(rows, i, 1));
		table_text(table, rows_text(rows, i, 2));
		table_int(table, rows_int4(rows, i, 3));
		table_text(table, rows_text(rows, i, 4));
		table_uuid(table, rows_uuid(rows, i, 5));
		table_text(table, rows_text(rows, i, 6));
		table_end(table);
	}
}

static int
operations_show(struct ctl *ctl)
{
	static const struct table_column columns[] = {
		{ "N", "n", true }, { "AT", "at", false }, { "STAGE", "stage", false }, { "LANE", "lane", true },
		{ "ITEM", "item", false }, { "DOSSIER", "dossier", false }, { "REASON", "reason", false }
	};
	int64_t id;

	if (!text_to_int64(text_of(ctl->words[0]), &id) || id < 1)
		return ctl_usage(ctl, "an operation is a number");
	return list_limited(ctl, SQL_OPERATION_ITEMS, id, table_new(ctl, columns, 7), put_items,
	    "it did nothing, or there is no such operation");
}

const struct command operations_list_command = {
	.path = "operations list", .arguments = "", .run = operations_list, .options = options,
	.summary = "what operators have done: who, when, why",
	.about = "One that has no end was broken off; what it had done by then is in operations show.\n",
	.examples = "  dossierctl operations list --limit 10\n",
};

const struct command operations_show_command = {
	.path = "operations show", .arguments = "OPERATION", .run = operations_show, .words_min = 1, .words_max = 1,
	.summary = "to which jobs, messages and entries it was done",
	.about = "ITEM is ORIGIN/ORD of a job, TOPIC/PARTITION/OFFSET of a dead letter, or numbers of entries.\n",
	.examples = "  dossierctl operations show 12 -o json\n",
};
