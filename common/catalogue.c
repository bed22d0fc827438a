/*
 * catalogue - see catalogue.h: building one, and asking it.
 *
 * Rows of one sort stand in an array ordered by code and version; a question
 * is a binary search for the code and a walk over its few versions.  Bodies,
 * compiled forms and the rows themselves live in the catalogue's own arena.
 */
#include <stdlib.h>

#include "catalogue_set.h"

enum { CATALOGUE_KEEP_BYTES = 1 << 20 };

/* What procedures and agencies have in common, for sorting and searching. */
struct dated {
	struct text	code;
	int32_t		version;
	int64_t		from_day, to_day;
};

_Static_assert(offsetof(struct procedure, to_day) == offsetof(struct dated, to_day), "procedure begins as dated");
_Static_assert(offsetof(struct agency, to_day) == offsetof(struct dated, to_day), "agency begins as dated");

/* --- building ------------------------------------------------------------------ */

struct catalogue *
catalogue_new(void)
{
	struct catalogue *cat = mem_new(1, sizeof *cat);

	cat->arena = arena_new(CATALOGUE_KEEP_BYTES);
	cat->calendar = calendar_new(NULL);
	return cat;
}

void
catalogue_free(struct catalogue *cat)
{
	while (cat != NULL) {
		struct catalogue *before = cat->before;

		for (struct catalogue_form *form = cat->forms; form != NULL; form = form->next)
			schema_set_free(form->set);
		calendar_free(cat->calendar);
		free(cat->procedures.row);
		free(cat->agencies.row);
		arena_free(cat->arena);
		free(cat);
		cat = before;
	}
}

static void
rows_add(struct catalogue_rows *rows, void *row)
{
	if (rows->n == rows->room) {
		rows->room = rows->room * 2 + 16;
		rows->row = mem_grow(rows->row, rows->room, sizeof *rows->row);
	}
	rows->row[rows->n++] = row;
}

static enum fault
body_parse(struct catalogue *cat, struct text json, const struct doc_node **body, struct err *err)
{
	struct doc_error why;

	if (doc_parse(cat->arena, json, NULL, body, &why) != FAULT_NONE)
		return err_set(err, FAULT_PARK, "catalogue", why.rule, "at byte %zu: %s", why.offset, why.message_en);
	return FAULT_NONE;
}

/* A civil day of the body; null stands for an end that nobody has set. */
static enum fault
day_read(const struct doc_node *body, const char *key, int64_t *day, struct err *err)
{
	const struct doc_node *node = doc_get(body, key);

	if (doc_kind(node) == DOC_NULL) {
		*day = INT64_MAX;
		return FAULT_NONE;
	}
	if (!calendar_date_from_text(doc_text(node), day))
		return err_set(err, FAULT_PARK, "catalogue", "day", "%s is no date", key);
	return FAULT_NONE;
}

static enum fault
dated_read(const struct doc_node *body, struct dated *row, struct err *err)
{
	int64_t version = 1;

	if (doc_need_text(body, "code", &row->code, err) != FAULT_NONE)
		return err->fault;
	if (doc_get(body, "version") != NULL && doc_need_int64(body, "version", &version, err) != FAULT_NONE)
		return err->fault;
	if (version < 1 || version > INT32_MAX)
		return err_set(err, FAULT_PARK, "catalogue", "version", "%.*s: no such version", TEXT_ARG(row->code));
	row->version = (int32_t)version;
	if (day_read(body, "effective_from", &row->from_day, err) != FAULT_NONE ||
	    day_read(body, "effective_to", &row->to_day, err) != FAULT_NONE)
		return err->fault;
	if (row->from_day > row->to_day)
		return err_set(err, FAULT_PARK, "catalogue", "day", "%.*s ends before it begins", TEXT_ARG(row->code));
	return FAULT_NONE;
}

static enum fault
form_compile(struct catalogue *cat, struct procedure *procedure, struct err *err)
{
	const struct doc_node *schema = doc_get(procedure->body, "form");
	struct text id = doc_get_text(schema, "$id");
	struct catalogue_form *form;
	struct buf json = buf_in(cat->arena);

	if (text_is_absent(id))
		return err_set(err, FAULT_PARK, "catalogue", "form", "%.*s has no form with $id",
		    TEXT_ARG(procedure->code));
	form = ARENA_NEW(cat->arena, struct catalogue_form);
	form->set = schema_set_new(SCHEMA_STRICT);
	doc_write(&json, schema);
	if (schema_set_add(form->set, NULL, buf_get(&json), err) != FAULT_NONE ||
	    schema_compile(form->set, id.s, &procedure->form, err) != FAULT_NONE) {
		schema_set_free(form->set);
		return err->fault;
	}
	form->next = cat->forms;
	cat->forms = form;
	return FAULT_NONE;
}

/* What every reader of a procedure relies on; the rest is for the schema of the catalogue. */
static enum fault
procedure_shape(const struct doc_node *body, struct err *err)
{
	static const char *const arrays[] = { "applicants", "agencies", "cases", "delivery", "lookups", "exemptions" };
	const struct doc_node *found;

	for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
		if (doc_need(body, arrays[i], DOC_ARRAY, &found, err) != FAULT_NONE)
			return err->fault;
	for (struct doc_iter it = doc_iter(doc_get(body, "cases")); doc_next(&it); )
		if (doc_need(it.value, "components", DOC_ARRAY, &found, err) != FAULT_NONE ||
		    doc_need(it.value, "code", DOC_TEXT, &found, err) != FAULT_NONE)
			return err->fault;
	return doc_need(body, "level", DOC_TEXT, &found, err);
}

enum fault
catalogue_add_procedure(struct catalogue *cat, struct text json, struct err *err)
{
	struct procedure *procedure = ARENA_NEW(cat->arena, struct procedure);

	if (body_parse(cat, json, &procedure->body, err) != FAULT_NONE ||
	    dated_read(procedure->body, (struct dated *)(void *)procedure, err) != FAULT_NONE ||
	    procedure_shape(procedure->body, err) != FAULT_NONE ||
	    form_compile(cat, procedure, err) != FAULT_NONE)
		return err->fault;
	digest_bytes(json.s, json.n, procedure->digest);
	rows_add(&cat->procedures, procedure);
	return FAULT_NONE;
}

enum fault
catalogue_add_agency(struct catalogue *cat, struct text json, struct err *err)
{
	struct agency *agency = ARENA_NEW(cat->arena, struct agency);

	if (body_parse(cat, json, &agency->body, err) != FAULT_NONE ||
	    dated_read(agency->body, (struct dated *)(void *)agency, err) != FAULT_NONE)
		return err->fault;
	digest_bytes(json.s, json.n, agency->digest);
	rows_add(&cat->agencies, agency);
	return FAULT_NONE;
}

static enum fault
calendar_row_read(const struct doc_node *day, struct calendar_row *row, struct err *err)
{
	if (!calendar_date_from_text(doc_get_text(day, "date"), &row->day) ||
	    !calendar_kind_from_text(doc_get_text(day, "kind"), &row->kind))
		return err_set(err, FAULT_PARK, "catalogue", "calendar", "a day without a date or a kind");
	row->name_vi = doc_get_text(day, "name_vi");
	row->name_en = doc_get_text(day, "name_en");
	return FAULT_NONE;
}

enum fault
catalogue_add_calendar(struct catalogue *cat, struct text json, struct err *err)
{
	const struct doc_node *body, *days;
	struct calendar_row *rows;
	int64_t year;
	size_t n;

	if (body_parse(cat, json, &body, err) != FAULT_NONE || doc_need_int64(body, "year", &year, err) != FAULT_NONE ||
	    doc_need(body, "days", DOC_ARRAY, &days, err) != FAULT_NONE)
		return err->fault;
	if (year < 1900 || year > 9999)
		return err_set(err, FAULT_PARK, "catalogue", "calendar", "no such year");
	n = doc_length(days);
	rows = ARENA_ARRAY(cat->arena, struct calendar_row, n + 1);
	for (size_t i = 0; i < n; i++)
		if (calendar_row_read(doc_at(days, i), &rows[i], err) != FAULT_NONE)
			return err->fault;
	if (calendar_add_year(cat->calendar, (int)year, doc_get_text(body, "citation"), rows, n, err) != FAULT_NONE)
		return err->fault = FAULT_PARK;
	return FAULT_NONE;
}

static int
dated_compare(const void *a, const void *b)
{
	const struct dated *const *x = a, *const *y = b;
	int by_code = doc_key_compare((*x)->code, (*y)->code);

	return by_code != 0 ? by_code : ((*x)->version > (*y)->version) - ((*x)->version < (*y)->version);
}

static enum fault
rows_seal(struct catalogue_rows *rows, struct err *err)
{
	if (rows->n > 0)
		qsort(rows->row, rows->n, sizeof *rows->row, dated_compare);
	for (size_t i = 1; i < rows->n; i++)
		if (dated_compare(&rows->row[i - 1], &rows->row[i]) == 0) {
			const struct dated *row = rows->row[i];

			return err_set(err, FAULT_PARK, "catalogue", "twice", "%.*s has version %d twice",
			    TEXT_ARG(row->code), row->version);
		}
	return FAULT_NONE;
}

enum fault
catalogue_seal(struct catalogue *cat, struct err *err)
{
	if (rows_seal(&cat->procedures, err) != FAULT_NONE || rows_seal(&cat->agencies, err) != FAULT_NONE)
		return err->fault;
	cat->sealed = true;
	return FAULT_NONE;
}

void
catalogue_prepare(struct catalogue *cat, void (*make)(struct procedure *procedure, struct arena *arena))
{
	for (size_t i = 0; i < cat->procedures.n; i++)
		make(cat->procedures.row[i], cat->arena);
}

/* --- asking -------------------------------------------------------------------- */

/* The first row of a code; rows->n when there is none. */
static size_t
rows_find(const struct catalogue_rows *rows, struct text code)
{
	size_t low = 0, high = rows->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (doc_key_compare(((const struct dated *)rows->row[middle])->code, code) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < rows->n && text_is_equal(((const struct dated *)rows->row[low])->code, code))
		return low;
	return rows->n;
}

static const struct dated *
rows_at(const struct catalogue_rows *rows, size_t i, struct text code)
{
	const struct dated *row = i < rows->n ? rows->row[i] : NULL;

	return row != NULL && text_is_equal(row->code, code) ? row : NULL;
}

static const void *
rows_in_force(const struct catalogue *cat, const struct catalogue_rows *rows, struct text code, int64_t day)
{
	const struct dated *row, *found = NULL;

	if (!cat->sealed)
		bug("a catalogue is asked before it is sealed");
	for (size_t i = rows_find(rows, code); (row = rows_at(rows, i, code)) != NULL; i++)
		if (row->from_day <= day && day <= row->to_day)
			found = row;
	return found;
}

/* Not yet, when any version is still to come; else closed since the last one ended. */
static enum catalogue_when
rows_when(const struct catalogue *cat, const struct catalogue_rows *rows, struct text code, int64_t day, int64_t *edge)
{
	int64_t opens = INT64_MAX, closed = INT64_MIN;
	const struct dated *row;

	if (rows_in_force(cat, rows, code, day) != NULL)
		return CATALOGUE_IN_FORCE;
	for (size_t i = rows_find(rows, code); (row = rows_at(rows, i, code)) != NULL; i++) {
		if (row->from_day > day && row->from_day < opens)
			opens = row->from_day;
		if (row->to_day < day && row->to_day + 1 > closed)
			closed = row->to_day + 1;
	}
	if (opens == INT64_MAX && closed == INT64_MIN)
		return CATALOGUE_UNKNOWN;
	*edge = opens != INT64_MAX ? opens : closed;
	return opens != INT64_MAX ? CATALOGUE_NOT_YET : CATALOGUE_CLOSED;
}

const struct procedure *
catalogue_procedure(const struct catalogue *cat, struct text code, int64_t day)
{
	return rows_in_force(cat, &cat->procedures, code, day);
}

const struct agency *
catalogue_agency(const struct catalogue *cat, struct text code, int64_t day)
{
	return rows_in_force(cat, &cat->agencies, code, day);
}

const struct procedure *
catalogue_procedure_version(const struct catalogue *cat, struct text code, int32_t version)
{
	const struct catalogue_rows *rows = &cat->procedures;
	const struct dated *row;

	for (size_t i = rows_find(rows, code); (row = rows_at(rows, i, code)) != NULL; i++)
		if (row->version == version)
			return rows->row[i];
	return NULL;
}

enum catalogue_when
catalogue_procedure_when(const struct catalogue *cat, struct text code, int64_t day, int64_t *edge)
{
	return rows_when(cat, &cat->procedures, code, day, edge);
}

enum catalogue_when
catalogue_agency_when(const struct catalogue *cat, struct text code, int64_t day, int64_t *edge)
{
	return rows_when(cat, &cat->agencies, code, day, edge);
}

const struct calendar *
catalogue_calendar(const struct catalogue *cat)
{
	return cat->calendar;
}

const struct procedure *
catalogue_procedure_at(const struct catalogue *cat, size_t i)
{
	return i < cat->procedures.n ? cat->procedures.row[i] : NULL;
}

const struct agency *
catalogue_agency_at(const struct catalogue *cat, size_t i)
{
	return i < cat->agencies.n ? cat->agencies.row[i] : NULL;
}
