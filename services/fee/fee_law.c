/* fee_law - see fee_law.h. */
#include "fee_law.h"

static int64_t
day_of(const struct doc_node *row, const char *key, int64_t otherwise)
{
	int64_t day = otherwise;

	if (!calendar_date_from_text(doc_get_text(row, key), &day))
		day = otherwise;
	return day;
}

static enum fee_moment
moment_of(struct text t)
{
	if (text_is(t, "supplement"))
		return FEE_AT_SUPPLEMENT;
	return text_is(t, "result") ? FEE_AT_RESULT : FEE_AT_RECEPTION;
}

static void
row_read(const struct doc_node *node, struct fee_tariff_row *row)
{
	row->code = doc_get_text(node, "code");
	row->name_vi = doc_get_text(node, "name_vi");
	row->name_en = doc_get_text(node, "name_en");
	row->kind = text_is(doc_get_text(node, "kind"), "phi") ? FEE_PHI : FEE_LE_PHI;
	if (!doc_get_int64(node, "amount", &row->amount_dong))
		row->amount_dong = -1;		/* found by fee_reckon */
	if (!doc_get_int64(node, "online_amount", &row->online_dong))
		row->online_dong = FEE_NOT_REDUCED;
	row->online_citation = doc_get_text(node, "online_citation");
	row->moment = moment_of(doc_get_text(node, "moment"));
	row->effective_from = day_of(node, "effective_from", INT64_MIN);
	row->effective_to = day_of(node, "effective_to", FEE_OPEN_END);
	row->citation = doc_get_text(node, "citation");
}

/* A row without "cases" applies in all of them. */
static void
case_read(const struct doc_node *tariff, struct fee_case *out, struct arena *arena)
{
	struct fee_tariff_row *rows = ARENA_ARRAY(arena, struct fee_tariff_row, doc_length(tariff));
	struct doc_iter it;

	out->rows = rows;
	for (it = doc_iter(tariff); doc_next(&it); ) {
		const struct doc_node *only = doc_get(it.value, "cases");

		if (only != NULL && !texts_hold(only, out->code))
			continue;
		row_read(it.value, &rows[out->n_rows]);
		out->has_later |= rows[out->n_rows].moment != FEE_AT_RECEPTION;
		out->n_rows++;
	}
}

/* The catalogue's grounds cover both kinds and live as long as the procedure's version. */
static void
exemption_read(const struct doc_node *node, struct fee_exemption *out)
{
	int64_t percent = 0;

	out->code = doc_get_text(node, "code");
	out->citation = doc_get_text(node, "citation");
	if (doc_get_int64(node, "percent", &percent) && percent > 0 && percent <= 100)
		out->percent = (int)percent;
	out->kinds = FEE_EVERY_KIND;
	out->effective_from = INT64_MIN;
	out->effective_to = FEE_OPEN_END;
}

void
fee_law_make(struct procedure *procedure, struct arena *arena)
{
	const struct doc_node *body = procedure->body, *cases = doc_get(body, "cases");
	const struct doc_node *exemptions = doc_get(body, "exemptions"), *payment = doc_get(body, "payment");
	struct fee_law *law = ARENA_NEW(arena, struct fee_law);
	int64_t minutes = 0;

	law->cases = ARENA_ARRAY(arena, struct fee_case, doc_length(cases));
	for (size_t i = 0; i < doc_length(cases); i++) {
		law->cases[i].code = doc_get_text(doc_at(cases, i), "code");
		case_read(doc_get(body, "tariff"), &law->cases[i], arena);
	}
	law->n_cases = doc_length(cases);
	law->exemptions = ARENA_ARRAY(arena, struct fee_exemption, doc_length(exemptions));
	for (size_t i = 0; i < doc_length(exemptions); i++)
		exemption_read(doc_at(exemptions, i), &law->exemptions[i]);
	law->n_exemptions = doc_length(exemptions);
	doc_get_int64(payment, "term_minutes", &minutes);
	law->term_us = minutes * MINUTE_US;
	doc_get_bool(payment, "refundable", &law->is_refundable);
	law->name_vi = doc_get_text(body, "name_vi");
	procedure->cache = law;
}

const struct fee_case *
fee_law_case(const struct fee_law *law, struct text code)
{
	for (size_t i = 0; i < law->n_cases; i++)
		if (text_is_equal(law->cases[i].code, code))
			return &law->cases[i];
	return NULL;
}
