/*
 * table - what a command found, for people or for programs.
 *
 * People get columns aligned by the width that a terminal gives the letters,
 * times in Vietnam, and an empty line where nothing is.  Programs get one JSON
 * object a row, one row a line, under stable names, times in UTC.
 */
#ifndef TABLE_H
#define TABLE_H

#include "buf.h"
#include "clock.h"
#include "ctl.h"

struct table_column {
	const char	*title;		/* for people; NULL: for programs only */
	const char	*name;		/* in JSON; NULL: for people only */
	bool		right;		/* numbers */
};

enum table_tone { TONE_PLAIN, TONE_GOOD, TONE_BAD, TONE_DIM };

struct table;

struct table *table_new(struct ctl *ctl, const struct table_column *columns, int n);

/* Cells of the current row, in the order of the columns; then table_end ends the row. */
void table_text(struct table *table, struct text t);		/* absent: null */
void table_name(struct table *table, const char *s);
void table_int(struct table *table, int64_t v);			/* INT_NONE: null */
void table_bool(struct table *table, bool v);
void table_time(struct table *table, time_us t);		/* TIME_NONE: null */
void table_hex(struct table *table, const void *bytes, size_t n);
void table_uuid(struct table *table, const uint8_t uuid[16]);	/* NULL: null */
void table_real(struct table *table, double v);			/* three decimals */
/* The one for people, the other raw JSON for programs. */
void table_both(struct table *table, struct text shown, struct text json);
/* The colour of the cell put last. */
void table_tone(struct table *table, enum table_tone tone);
void table_end(struct table *table);

int table_rows(const struct table *table);

/* Writes it to standard output; for people, empty is what to say when there is no row. */
void table_print(struct table *table, const char *empty);

/*
 * One statement of session.h that takes a limit, read as dossier_auditor and
 * printed; the exit status.
 */
struct rows;
int list_limited(struct ctl *ctl, int statement, int64_t limit, struct table *table,
    void (*put)(struct table *table, const struct rows *rows), const char *empty);

/* The rows as a JSON array, to stand inside another object. */
struct text table_json(struct table *table);

/* One row alone: for people as lines "title  value", for programs one object. */
void table_print_record(struct table *table);

/* The columns that a terminal gives well-formed UTF-8. */
int text_width(struct text t);

/* A copy without control characters: nothing from outside steers a terminal. */
struct text text_shown(struct arena *arena, struct text t);

/* "2026-11-22 11:30:22" in Vietnam. */
struct text time_shown(struct arena *arena, time_us t);

#endif
