/*
 * fee_tariff - see fee_tariff.h.
 *
 * Rows are checked before they are used, all of them, so that a bad row is
 * found on the first dossier and not on the first that happens to need it.
 */
#include "fee_tariff.h"

static bool
is_in_force(int64_t from, int64_t to, int64_t day)
{
	return from <= day && day <= to;
}

/* --- checks -------------------------------------------------------------------- */

static const char *
row_trouble(const struct fee_tariff_row *row)
{
	if (row->kind != FEE_PHI && row->kind != FEE_LE_PHI)
		return "is neither phi nor le_phi";
	if (row->moment != FEE_AT_RECEPTION && row->moment != FEE_AT_SUPPLEMENT &&
	    row->moment != FEE_AT_RESULT)
		return "has no moment";
	if (row->amount_dong < 0)
		return "has an amount below zero";
	if (row->citation.n == 0)
		return "has no citation";
	if (row->online_dong == FEE_NOT_REDUCED)
		return NULL;
	if (row->online_dong < 0 || row->online_dong > row->amount_dong)
		return "has an online amount outside 0 and the full amount";
	return row->online_citation.n == 0 ? "has an online amount without a citation" : NULL;
}

static enum fault
rows_check(const struct fee_request *request, struct err *err)
{
	for (size_t i = 0; i < request->n_rows; i++) {
		const struct fee_tariff_row *row = &request->rows[i];
		const char *trouble = row_trouble(row);

		if (trouble != NULL)
			return err_set(err, FAULT_PARK, "fee_reckon", "bad_row",
			    "tariff row %zu (%.*s) %s", i + 1, TEXT_ARG(row->code), trouble);
	}
	for (size_t i = 0; i < request->n_exemptions; i++) {
		const struct fee_exemption *ground = &request->exemptions[i];

		if (ground->percent < 1 || ground->percent > 100 || ground->citation.n == 0 ||
		    ground->kinds < FEE_PHI || ground->kinds > FEE_EVERY_KIND)
			return err_set(err, FAULT_PARK, "fee_reckon", "bad_exemption",
			    "exemption %zu (%.*s): percentage, kinds or citation", i + 1,
			    TEXT_ARG(ground->code));
	}
	return FAULT_NONE;
}

/* Count the rows in force; a code that is in force twice says two amounts. */
static enum fault
rows_in_force(const struct fee_request *request, size_t *count, struct err *err)
{
	const struct fee_tariff_row *rows = request->rows;
	int64_t day = request->reception_day;

	*count = 0;
	for (size_t i = 0; i < request->n_rows; i++) {
		if (!is_in_force(rows[i].effective_from, rows[i].effective_to, day))
			continue;
		++*count;
		for (size_t j = 0; j < i; j++)
			if (is_in_force(rows[j].effective_from, rows[j].effective_to, day) &&
			    text_is_equal(rows[i].code, rows[j].code))
				return err_set(err, FAULT_PARK, "fee_reckon", "ambiguous",
				    "tariff rows %zu and %zu (%.*s) are both in force", j + 1,
				    i + 1, TEXT_ARG(rows[i].code));
	}
	if (*count == 0 && request->n_rows > 0)
		return err_set(err, FAULT_PARK, "fee_reckon", "no_tariff",
		    "no tariff in force on the day of reception: load the tariff, then redrive");
	return FAULT_NONE;
}

/* --- amounts ------------------------------------------------------------------- */

static const struct fee_exemption *
exemption_find(const struct fee_request *request)
{
	for (size_t i = 0; i < request->n_exemptions; i++) {
		const struct fee_exemption *ground = &request->exemptions[i];

		if (text_is_equal(ground->code, request->exemption_code) &&
		    is_in_force(ground->effective_from, ground->effective_to,
		    request->reception_day))
			return ground;
	}
	return NULL;
}

/* What is left of an amount, rounded down, without leaving 64 bits on the way. */
static int64_t
percent_left(int64_t amount_dong, int percent)
{
	int left = 100 - percent;

	return amount_dong / 100 * left + amount_dong % 100 * left / 100;
}

static struct fee_line
line_make(const struct fee_tariff_row *row, enum fee_channel channel,
    const struct fee_exemption *ground)
{
	struct fee_line line = {
		.code = row->code, .name_vi = row->name_vi, .name_en = row->name_en,
		.kind = row->kind, .moment = row->moment, .citation = row->citation,
		.tariff_dong = row->amount_dong, .due_dong = row->amount_dong,
	};

	if (channel == FEE_ONLINE && row->online_dong != FEE_NOT_REDUCED &&
	    row->online_dong < row->amount_dong) {
		line.due_dong = row->online_dong;
		line.is_reduced = true;
	}
	if (ground != NULL && (ground->kinds & (int)row->kind) != 0) {
		line.due_dong = percent_left(line.due_dong, ground->percent);
		line.is_exempted = true;
	}
	return line;
}

/* Add a line to the bill; false when a sum does not fit. */
static bool
line_add(struct fee_due *due, const struct fee_line *line, const struct fee_tariff_row *row,
    const struct fee_exemption *ground)
{
	int64_t *sum = line->kind == FEE_PHI ? &due->phi_dong : &due->le_phi_dong;

	if (__builtin_add_overflow(*sum, line->due_dong, sum) ||
	    __builtin_add_overflow(due->total_dong, line->due_dong, &due->total_dong))
		return false;
	if (line->is_reduced && !due->is_reduced) {
		due->is_reduced = true;
		due->reduction_citation = row->online_citation;
	}
	if (line->is_exempted) {
		due->is_exempted = true;
		due->exemption_percent = ground->percent;
		due->exemption_citation = ground->citation;
	}
	due->lines[due->n_lines++] = *line;
	return true;
}

enum fault
fee_reckon(const struct fee_request *request, struct arena *arena, struct fee_due *out,
    struct err *err)
{
	struct fee_due due = { 0 };
	const struct fee_exemption *ground = NULL;
	size_t count;
	enum fault fault = rows_check(request, err);

	if (fault == FAULT_NONE)
		fault = rows_in_force(request, &count, err);
	if (fault != FAULT_NONE)
		return fault;
	due.lines = ARENA_ARRAY(arena, struct fee_line, count);
	if (!text_is_absent(request->exemption_code)) {
		ground = exemption_find(request);
		due.is_exemption_unknown = ground == NULL;
	}
	for (size_t i = 0; i < request->n_rows; i++) {
		const struct fee_tariff_row *row = &request->rows[i];
		struct fee_line line;

		if (!is_in_force(row->effective_from, row->effective_to, request->reception_day) ||
		    (request->moments & (int)row->moment) == 0)
			continue;
		line = line_make(row, request->channel, ground);
		if (!line_add(&due, &line, row, ground))
			return err_set(err, FAULT_PARK, "fee_reckon", "overflow",
			    "the sum of the tariff does not fit 64 bits");
	}
	*out = due;
	return FAULT_NONE;
}
