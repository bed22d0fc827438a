/*
 * deadletter list, show - what came from outside and could not be read, byte for byte.
 *
 * Unreadable messages may hold what an applicant wrote: the value is printed
 * only when it is asked for.
 */
#include <stdio.h>

#include "chosen.h"
#include "record.h"

static struct {
	int64_t	limit;
	bool	value;
} opt = { .limit = 100 };

static const struct option_row list_options[] = {
	{ "limit", OPTION_INT, &opt.limit, "N", "at most so many (100)", 1, 1000000 },
	{ .name = NULL }
};

static const struct option_row show_options[] = {
	{ "value", OPTION_FLAG, &opt.value, NULL, "print the value too: it may hold personal data", 0, 0 },
	{ .name = NULL }
};

/* --- dead letters -------------------------------------------------------- */

static void
put_deadletters(struct table *table, const struct rows *rows)
{
	for (int i = 0; i < rows_count(rows); i++) {
		table_text(table, rows_text(rows, i, 0));
		table_text(table, rows_text(rows, i, 1));
		table_int(table, rows_int8(rows, i, 2));
		table_int(table, rows_int8(rows, i, 3));
		table_time(table, rows_time(rows, i, 4));
		table_text(table, rows_text(rows, i, 5));
		table_int(table, rows_int8(rows, i, 6));
		table_hex(table, rows_text(rows, i, 7).s, rows_text(rows, i, 7).n);
		table_bool(table, rows_bool(rows, i, 8));
		table_int(table, rows_int4(rows, i, 9));
		table_time(table, rows_time(rows, i, 10));
		table_end(table);
	}
}

static int
deadletter_list(struct ctl *ctl)
{
	static const struct table_column columns[] = {
		{ "STAGE", "stage", false }, { "TOPIC", "topic", false },
		{ "PARTITION", "partition", true }, { "OFFSET", "offset", true },
		{ "ARRIVED", "at", false }, { "REASON", "reason", false }, { "BYTES", "bytes", true },
		{ NULL, "digest", false }, { "ANNOUNCED", "announced", false },
		{ "TRIED AGAIN", "redrives", true }, { "ASKED FOR", "redrive_at", false },
	};

	return list_limited(ctl, SQL_DEADLETTERS, opt.limit, table_new(ctl, columns, 11), put_deadletters,
	    "no dead letter");
}

/* Text as it is where it is text; bytes as hexadecimal. */
static struct text
value_shown(struct arena *arena, struct text value)
{
	char *hex;

	if (text_is_absent(value) || text_is_utf8(value))
		return value;
	hex = arena_take(arena, 2 * value.n + 1, 1);
	text_hex(value.s, value.n, hex);
	return arena_printf(arena, "(hexadecimal) %s", hex);
}

static void
print_deadletter(struct ctl *ctl, const char *place, const struct rows *rows)
{
	static const struct table_column columns[] = {
		{ "Place", "place", false }, { "Stage", "stage", false }, { "Arrived", "at", false },
		{ "Reason", "reason", false }, { "SHA-256", "digest", false },
		{ "Key", "key", false }, { "Headers", "headers", false },
		{ "Value bytes", "value_bytes", true }, { "Value", "value", false }
	};
	struct table *t = table_new(ctl, columns, 9);
	struct buf shown = buf_in(ctl->arena), json = buf_in(ctl->arena);
	struct record record;
	bool whole = record_unpack(arena_text(ctl->arena, rows_text(rows, 0, 5)), &record);

	for (int i = 0; whole && i < record.n_headers; i++) {
		struct text value = value_shown(ctl->arena, record.headers[i].value);

		buf_printf(&shown, "%s%.*s=%.*s", i > 0 ? "  " : "", TEXT_ARG(record.headers[i].name),
		    TEXT_ARG(value));
		buf_puts(&json, i > 0 ? ",{\"name\":" : "[{\"name\":");
		buf_json_text(&json, value_shown(ctl->arena, record.headers[i].name));
		buf_puts(&json, ",\"value\":");
		buf_json_text(&json, value);
		buf_puts(&json, "}");
	}
	buf_puts(&json, json.n > 0 ? "]" : "[]");
	table_name(t, place);
	table_text(t, rows_text(rows, 0, 0));
	table_time(t, rows_time(rows, 0, 1));
	table_text(t, rows_text(rows, 0, 2));
	table_hex(t, rows_text(rows, 0, 3).s, rows_text(rows, 0, 3).n);
	table_text(t, value_shown(ctl->arena, record.key));
	table_both(t, text_shown(ctl->arena, buf_get(&shown)), buf_get(&json));
	table_int(t, (int64_t)record.value.n);
	table_text(t, opt.value ? value_shown(ctl->arena, record.value) : TEXT_NONE);
	table_end(t);
	table_print_record(t);
}

static int
deadletter_show(struct ctl *ctl)
{
	struct db_args *args = db_args_new(ctl->arena, 3);
	struct session *session = NULL;
	const struct rows *rows;
	struct text topic;
	int64_t partition, offset;
	struct err err;
	enum fault fault;
	bool found = false;

	if (!place_read(ctl->arena, ctl->words[0], &topic, &partition, &offset))
		return ctl_usage(ctl, "a place is TOPIC/PARTITION/OFFSET");
	db_put_text(args, topic);
	db_put_int4(args, (int32_t)partition);
	db_put_int8(args, offset);
	fault = session_open(ctl, "dossier_auditor", &session, &err);
	if (fault == FAULT_NONE)
		fault = session_run(session, SQL_DEADLETTER, args, &rows, &err);
	if (fault == FAULT_NONE && (found = rows_count(rows) > 0))
		print_deadletter(ctl, ctl->words[0], rows);
	session_close(session);
	if (fault != FAULT_NONE)
		return ctl_fail(ctl, &err);
	if (!found)
		ctl_note(ctl, "there is no dead letter at %s", ctl->words[0]);
	return found ? CTL_YES : CTL_NO;
}

const struct command deadletter_list_command = {
	.path = "deadletter list", .arguments = "", .run = deadletter_list, .options = list_options,
	.summary = "messages from outside that could not be read",
	.examples = "  dossierctl deadletter list --limit 10\n",
};

const struct command deadletter_show_command = {
	.path = "deadletter show", .arguments = "TOPIC/PARTITION/OFFSET", .run = deadletter_show,
	.options = show_options, .words_min = 1, .words_max = 1,
	.summary = "one of them: headers, and its value when asked",
	.exits = "Exit status: 0 shown, 1 there is none at that place, 2 could not ask.\n",
	.examples = "  dossierctl deadletter show dossier.submissions/3/17 --value\n",
};
