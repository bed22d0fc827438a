/* table - see table.h. */
#include "table.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "db.h"
#include "digest.h"

struct cell {
	struct text	shown;		/* absent: nothing there */
	struct text	json;
	enum table_tone	tone;
};

struct table {
	struct ctl			*ctl;
	const struct table_column	*columns;
	int				n_columns;
	struct cell			*cells;		/* row by row; allocated */
	int				n_cells;
	int				size;
};

struct table *
table_new(struct ctl *ctl, const struct table_column *columns, int n)
{
	struct table *table = ARENA_NEW(ctl->arena, struct table);

	table->ctl = ctl;
	table->columns = columns;
	table->n_columns = n;
	return table;
}

/* --- cells --------------------------------------------------------------- */

void
table_both(struct table *table, struct text shown, struct text json)
{
	if (table->n_cells == table->size) {
		struct cell *more;

		table->size = table->size > 0 ? 2 * table->size : 64;
		more = ARENA_ARRAY(table->ctl->arena, struct cell, (size_t)table->size);
		if (table->n_cells > 0)
			memcpy(more, table->cells, (size_t)table->n_cells * sizeof *more);
		table->cells = more;
	}
	table->cells[table->n_cells++] = (struct cell){ shown, json, TONE_PLAIN };
}

static struct text
quoted(struct arena *arena, struct text t)
{
	struct buf buf = buf_in(arena);

	buf_json_text(&buf, t);
	return buf_get(&buf);
}

void
table_text(struct table *table, struct text t)
{
	struct arena *arena = table->ctl->arena;

	if (text_is_absent(t))
		table_both(table, TEXT_NONE, TEXT("null"));
	else
		table_both(table, text_shown(arena, t), quoted(arena,
		    text_is_utf8(t) ? t : text_shown(arena, t)));
}

void
table_name(struct table *table, const char *s)
{
	table_text(table, text_of(s));
}

void
table_int(struct table *table, int64_t v)
{
	struct text t;

	if (v == INT_NONE) {
		table_both(table, TEXT_NONE, TEXT("null"));
		return;
	}
	t = arena_printf(table->ctl->arena, "%" PRId64, v);
	table_both(table, t, t);
}

void
table_real(struct table *table, double v)
{
	struct text t = arena_printf(table->ctl->arena, "%.3f", v);

	table_both(table, t, t);
}

void
table_bool(struct table *table, bool v)
{
	table_both(table, v ? TEXT("yes") : TEXT(""), v ? TEXT("true") : TEXT("false"));
}

void
table_time(struct table *table, time_us t)
{
	struct arena *arena = table->ctl->arena;
	char stamp[TIME_TEXT_BYTES];

	if (t == TIME_NONE || t == TIME_INFINITY) {
		table_both(table, t == TIME_NONE ? TEXT_NONE : TEXT("infinity"),
		    t == TIME_NONE ? TEXT("null") : TEXT("\"infinity\""));
		return;
	}
	time_to_text(t, stamp);
	table_both(table, time_shown(arena, t), quoted(arena, text_of(stamp)));
}

void
table_hex(struct table *table, const void *bytes, size_t n)
{
	char *hex = arena_take(table->ctl->arena, 2 * n + 1, 1);

	text_hex(bytes, n, hex);
	table_text(table, text_of(hex));
}

void
table_uuid(struct table *table, const uint8_t uuid[16])
{
	char text[UUID_TEXT_BYTES];

	if (uuid == NULL) {
		table_text(table, TEXT_NONE);
		return;
	}
	uuid_to_text(uuid, text);
	table_text(table, arena_copy(table->ctl->arena, text, UUID_TEXT_BYTES - 1));
}

void
table_tone(struct table *table, enum table_tone tone)
{
	table->cells[table->n_cells - 1].tone = tone;
}

void
table_end(struct table *table)
{
	if (table->n_cells % table->n_columns != 0)
		bug("a row of %d cells in a table of %d columns",
		    table->n_cells % table->n_columns, table->n_columns);
}

int
table_rows(const struct table *table)
{
	return table->n_cells / table->n_columns;
}

/* --- printing ------------------------------------------------------------ */

static const char *
tone_code(const struct table *table, enum table_tone tone)
{
	static const char *const codes[] = { "", "\033[32m", "\033[31m", "\033[2m" };

	return table->ctl->colour ? codes[tone] : "";
}

static void
write_object(const struct table *table, const struct cell *row, struct buf *buf)
{
	const char *before = "{\"";

	for (int c = 0; c < table->n_columns; c++) {
		if (table->columns[c].name == NULL)
			continue;
		buf_puts(buf, before);
		buf_puts(buf, table->columns[c].name);
		buf_puts(buf, "\":");
		buf_text(buf, row[c].json);
		before = ",\"";
	}
	buf_puts(buf, "}");
}

static void
print_object(const struct table *table, const struct cell *row)
{
	struct buf buf = buf_in(table->ctl->arena);

	write_object(table, row, &buf);
	fwrite(buf.s, 1, buf.n, stdout);
	putchar('\n');
}

struct text
table_json(struct table *table)
{
	struct buf buf = buf_in(table->ctl->arena);

	buf_puts(&buf, "[");
	for (int i = 0; i < table->n_cells; i += table->n_columns) {
		buf_puts(&buf, i > 0 ? "," : "");
		write_object(table, &table->cells[i], &buf);
	}
	buf_puts(&buf, "]");
	return buf_get(&buf);
}

/* The width of column c, and whether any row has something in it. */
static int
column_width(const struct table *table, int c)
{
	int width = text_width(text_of(table->columns[c].title)), most = 0;

	for (int i = c; i < table->n_cells; i += table->n_columns) {
		int w = text_width(table->cells[i].shown);

		most = w > most ? w : most;
	}
	return most == 0 ? 0 : most > width ? most : width;
}

static void
print_cell(const struct table *table, int c, int width, struct text t, enum table_tone tone)
{
	int pad = width - text_width(t);
	const char *code = tone_code(table, tone);

	if (table->columns[c].right)
		printf("%*s", pad, "");
	printf("%s%.*s%s", code, TEXT_ARG(t), code[0] != '\0' ? "\033[0m" : "");
	if (!table->columns[c].right)
		printf("%*s", pad, "");
}

/* Columns without anything in them are left out; nothing is padded at the end of a line. */
static void
print_line(const struct table *table, const int *widths, int last, const struct cell *row)
{
	const char *gap = "";

	while (row != NULL && last > 0 && row[last].shown.n == 0)
		last--;
	for (int c = 0; c <= last; c++) {
		struct text t;

		if (widths[c] == 0)
			continue;
		t = row != NULL ? row[c].shown : text_of(table->columns[c].title);
		printf("%s", gap);
		print_cell(table, c, c == last && !table->columns[c].right ? text_width(t) : widths[c],
		    t, row != NULL ? row[c].tone : TONE_DIM);
		gap = "  ";
	}
	putchar('\n');
}

void
table_print(struct table *table, const char *empty)
{
	int *widths = ARENA_ARRAY(table->ctl->arena, int, (size_t)table->n_columns);
	int last = 0;

	if (table->ctl->json) {
		for (int i = 0; i < table->n_cells; i += table->n_columns)
			print_object(table, &table->cells[i]);
		return;
	}
	if (table->n_cells == 0) {
		if (empty != NULL)
			puts(empty);
		return;
	}
	for (int c = 0; c < table->n_columns; c++) {
		widths[c] = table->columns[c].title != NULL ? column_width(table, c) : 0;
		last = widths[c] > 0 ? c : last;
	}
	print_line(table, widths, last, NULL);
	for (int i = 0; i < table->n_cells; i += table->n_columns)
		print_line(table, widths, last, &table->cells[i]);
}

void
table_print_record(struct table *table)
{
	int width = 0;

	if (table->ctl->json) {
		print_object(table, table->cells);
		return;
	}
	for (int c = 0; c < table->n_columns; c++) {
		int w = text_width(text_of(table->columns[c].title));

		width = w > width ? w : width;
	}
	for (int c = 0; c < table->n_columns; c++) {
		struct text t = table->cells[c].shown;

		if (table->columns[c].title == NULL || t.n == 0)
			continue;
		printf("%s%s%s%*s  ", tone_code(table, TONE_DIM), table->columns[c].title,
		    table->ctl->colour ? "\033[0m" : "",
		    width - text_width(text_of(table->columns[c].title)), "");
		printf("%s%.*s%s\n", tone_code(table, table->cells[c].tone), TEXT_ARG(t),
		    table->cells[c].tone != TONE_PLAIN && table->ctl->colour ? "\033[0m" : "");
	}
}
