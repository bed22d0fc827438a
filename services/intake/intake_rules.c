/*
 * intake_rules - see intake_rules.h.
 *
 * Each check is a leaf that adds its errors and goes on, so that an applicant
 * hears of everything at once; only what needs the procedure waits for it.
 */
#include "intake_rules.h"

#include <stdio.h>
#include <stdlib.h>

#include "idnumber.h"

enum { DECLARED_AHEAD_HOURS = 1, DECLARED_BACK_DAYS = 366, ARRAY_COMPONENTS_MAX = 64 };

/* --- a procedure, prepared ----------------------------------------------------- */

struct offering {
	struct text		agency;
	const struct agency	*known;		/* whose rule set is below */
	char			rule_set[2 * DIGEST_BYTES + 1];
};

struct intake_procedure {
	struct date_places	dates;
	size_t			n;
	struct offering		*offering;	/* ordered by agency */
};

static int
offering_compare(const void *a, const void *b)
{
	return doc_key_compare(((const struct offering *)a)->agency, ((const struct offering *)b)->agency);
}

void
intake_procedure_prepare(struct procedure *procedure, struct arena *arena)
{
	struct intake_procedure *own = ARENA_NEW(arena, struct intake_procedure);
	const struct doc_node *agencies = doc_get(procedure->body, "agencies");

	date_places_find(doc_get(procedure->body, "form"), arena, &own->dates);
	own->offering = ARENA_ARRAY(arena, struct offering, doc_length(agencies) + 1);
	for (struct doc_iter it = doc_iter(agencies); doc_next(&it); )
		own->offering[own->n++].agency = doc_text(it.value);
	if (own->n > 1)
		qsort(own->offering, own->n, sizeof *own->offering, offering_compare);
	procedure->cache = own;
}

static struct offering *
offering_find(const struct procedure *procedure, struct text agency)
{
	const struct intake_procedure *own = procedure->cache;
	struct offering key = { .agency = agency };

	return own->n == 0 ? NULL
	    : bsearch(&key, own->offering, own->n, sizeof *own->offering, offering_compare);
}

const char *
intake_rule_set(const struct procedure *procedure, const struct agency *agency)
{
	struct offering *offering = offering_find(procedure, agency->code);
	uint8_t digest[DIGEST_BYTES];

	if (offering == NULL)
		bug("the rule set of an agency that does not offer the procedure");
	if (offering->known != agency) {
		rule_set_digest(procedure, agency, digest);
		text_hex(digest, sizeof digest, offering->rule_set);
		offering->known = agency;
	}
	return offering->rule_set;
}

/* --- procedure and agency ------------------------------------------------------ */

/* "…not_yet" and "…closed" name the day, as each language writes it. */
static void
add_edge(struct intake_errors *errors, const char *pointer, const char *rule, int64_t edge)
{
	char vi[16], en[CALENDAR_DATE_BYTES];
	int year, month, day;

	civil_from_days(edge, &year, &month, &day);
	snprintf(vi, sizeof vi, "%02d/%02d/%04d", day % 100, month % 100, year % 10000);
	calendar_date_text(edge, en);
	intake_error_add(errors, text_of(pointer), rule, vi, en);
}

static void
judge_procedure(const struct catalogue *cat, struct text code, int64_t today, struct intake_verdict *out)
{
	int64_t edge = today;

	switch (catalogue_procedure_when(cat, code, today, &edge)) {
	case CATALOGUE_IN_FORCE:
		out->procedure = catalogue_procedure(cat, code, today);
		break;
	case CATALOGUE_NOT_YET:
		add_edge(&out->errors, "/procedure", "procedure.not_yet", edge);
		break;
	case CATALOGUE_CLOSED:
		add_edge(&out->errors, "/procedure", "procedure.closed", edge);
		break;
	case CATALOGUE_UNKNOWN:
		intake_error_add(&out->errors, TEXT("/procedure"), "procedure.unknown", NULL, NULL);
		break;
	}
}

static void
judge_agency(const struct catalogue *cat, struct text code, int64_t today, struct intake_verdict *out)
{
	int64_t edge = today;

	switch (catalogue_agency_when(cat, code, today, &edge)) {
	case CATALOGUE_IN_FORCE:
		out->agency = catalogue_agency(cat, code, today);
		if (out->procedure != NULL && offering_find(out->procedure, code) == NULL)
			intake_error_add(&out->errors, TEXT("/agency"), "agency.not_offered", NULL, NULL);
		break;
	case CATALOGUE_NOT_YET:
		add_edge(&out->errors, "/agency", "agency.not_yet", edge);
		break;
	case CATALOGUE_CLOSED:
		add_edge(&out->errors, "/agency", "agency.closed", edge);
		break;
	case CATALOGUE_UNKNOWN:
		intake_error_add(&out->errors, TEXT("/agency"), "agency.unknown", NULL, NULL);
		break;
	}
}

/* --- people -------------------------------------------------------------------- */

static void
judge_tax_code(struct text kind, struct text code, struct intake_errors *errors)
{
	enum tax_code_kind sort;

	if (text_is_absent(code))
		return;
	if (tax_code_check(code, &sort) != IDNUMBER_GOOD)
		intake_error_add(errors, TEXT("/applicant/tax_code"), "tax_code.check_digit", NULL, NULL);
	else if (sort == TAX_CODE_PERSONAL && text_is(kind, "business"))
		intake_error_add(errors, TEXT("/applicant/tax_code"), "tax_code.personal", NULL, NULL);
}

static void
judge_applicant(const struct doc_node *applicant, int64_t today, struct intake_verdict *out)
{
	struct text birth = doc_get_text(applicant, "birth_date");
	struct personal_declared declared = { 0 };
	struct personal_id found;
	int month, date;
	int64_t day;

	judge_tax_code(doc_get_text(applicant, "kind"), doc_get_text(applicant, "tax_code"), &out->errors);
	if (calendar_date_from_text(birth, &day)) {
		if (day > today)
			intake_error_add(&out->errors, TEXT("/applicant/birth_date"), "date.future", NULL, NULL);
		else if (date_is_ancient(day))
			intake_error_add(&out->errors, TEXT("/applicant/birth_date"), "date.ancient", NULL, NULL);
		civil_from_days(day, &declared.birth_year, &month, &date);
	}
	civil_from_days(today, &declared.year_now, &month, &date);
	if (personal_id_check(doc_get_text(applicant, "number"), &declared, &found) == IDNUMBER_GOOD)
		out->warnings = found.warnings;
}

/* Clocks of portals run ahead a little; a declaration is made for one submission and does not keep for years. */
static void
judge_declared(struct text at, time_us arrived_at, struct intake_errors *errors)
{
	time_us declared;

	if (!time_from_text(at, &declared))
		return;
	if (declared > arrived_at + DECLARED_AHEAD_HOURS * HOUR_US)
		intake_error_add(errors, TEXT("/declared/at"), "date.future", NULL, NULL);
	else if (declared < arrived_at - DECLARED_BACK_DAYS * DAY_US)
		intake_error_add(errors, TEXT("/declared/at"), "date.ancient", NULL, NULL);
}

/* --- components ---------------------------------------------------------------- */

static bool
component_is_twice(const struct text *codes, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (text_is_equal(codes[k], codes[i]))
			return true;
	return false;
}

static int64_t
component_bytes(const struct doc_node *component)
{
	int64_t sum = 0, size;

	for (struct doc_iter it = doc_iter(doc_get(component, "files")); doc_next(&it); )
		if (doc_get_int64(it.value, "size", &size) && size > 0 && size < INT64_C(1) << 40)
			sum += size;
	return sum;
}

static void
judge_components(const struct doc_node *its_case, const struct doc_node *components, struct intake_errors *errors)
{
	struct text codes[ARRAY_COMPONENTS_MAX];
	int64_t bytes = 0;
	size_t i = 0;

	for (struct doc_iter it = doc_iter(components); i < ARRAY_COMPONENTS_MAX && doc_next(&it); i++) {
		const char *rule = NULL;

		codes[i] = doc_get_text(it.value, "code");
		bytes += component_bytes(it.value);
		if (component_is_twice(codes, i))
			rule = "component.duplicate";
		else if (its_case != NULL && case_component(its_case, codes[i]) == NULL)
			rule = "component.unknown";
		if (rule != NULL)
			intake_error_add(errors, arena_printf(errors->arena, "/components/%zu/code", i), rule, NULL, NULL);
	}
	if (bytes > INTAKE_FILES_MIB_MAX * (INT64_C(1) << 20))
		intake_error_add(errors, TEXT("/components"), "files.size", "500 MiB", "500 MiB");
}

/* --- delivery, form ------------------------------------------------------------ */

static void
judge_delivery(const struct procedure *procedure, const struct doc_node *delivery, struct intake_errors *errors)
{
	struct text method = doc_get_text(delivery, "method");

	if (!texts_hold(doc_get(procedure->body, "delivery"), method))
		intake_error_add(errors, TEXT("/delivery/method"), "delivery.not_offered", NULL, NULL);
	if (text_is(method, "postal") && doc_kind(doc_get(delivery, "address")) != DOC_OBJECT)
		intake_error_add(errors, TEXT("/delivery/address"), "delivery.address", NULL, NULL);
}

static void
judge_form(const struct procedure *procedure, const struct doc_node *form, int64_t today, struct intake_errors *errors)
{
	const struct intake_procedure *own = procedure->cache;
	struct schema_errors found = { 0 };

	if (!schema_check(procedure->form, form, errors->arena, SCHEMA_ERRORS_MAX, &found))
		intake_error_take(errors, "/form", &found);
	date_places_check(&own->dates, form, today, "/form", errors);
}

static void
judge_exemption(const struct procedure *procedure, struct text ground, struct intake_errors *errors)
{
	if (text_is_absent(ground))
		return;
	for (struct doc_iter it = doc_iter(doc_get(procedure->body, "exemptions")); doc_next(&it); )
		if (text_is_equal(doc_get_text(it.value, "code"), ground))
			return;
	intake_error_add(errors, TEXT("/exemption"), "exemption.unknown", NULL, NULL);
}

/* What only this procedure's law can say. */
static void
judge_by_procedure(const struct procedure *procedure, const struct doc_node *data, int64_t today,
    struct intake_errors *errors)
{
	const struct doc_node *its_case = procedure_case(procedure, doc_get_text(data, "case"));

	if (!texts_hold(doc_get(procedure->body, "applicants"), doc_get_text(doc_get(data, "applicant"), "kind")))
		intake_error_add(errors, TEXT("/applicant/kind"), "applicant.kind", NULL, NULL);
	if (its_case == NULL)
		intake_error_add(errors, TEXT("/case"), "case.unknown", NULL, NULL);
	judge_components(its_case, doc_get(data, "components"), errors);
	judge_delivery(procedure, doc_get(data, "delivery"), errors);
	judge_exemption(procedure, doc_get_text(data, "exemption"), errors);
	judge_form(procedure, doc_get(data, "form"), today, errors);
}

void
intake_judge_submission(const struct catalogue *cat, const struct doc_node *data, time_us arrived_at,
    struct arena *arena, struct intake_verdict *out)
{
	int64_t today = calendar_local_day(arrived_at);

	*out = (struct intake_verdict){ .errors = { .arena = arena } };
	judge_procedure(cat, doc_get_text(data, "procedure"), today, out);
	judge_agency(cat, doc_get_text(data, "agency"), today, out);
	judge_applicant(doc_get(data, "applicant"), today, out);
	judge_declared(doc_get_text(doc_get(data, "declared"), "at"), arrived_at, &out->errors);
	if (out->procedure != NULL)
		judge_by_procedure(out->procedure, data, today, &out->errors);
	else
		judge_components(NULL, doc_get(data, "components"), &out->errors);
}

/* --- requests about a dossier -------------------------------------------------- */

/* Why the state forbids it, or NULL. */
static const char *
state_trouble(enum intake_request request, const struct dossier *dos, time_us arrived_at)
{
	int casework = dos->state[STAGE_CASEWORK];

	if (dossier_is_finished(dos))
		return "request.finished_dossier";
	if (casework == CASEWORK_DECIDED)
		return "request.decided";
	if (request != INTAKE_SUPPLEMENT)
		return NULL;
	if (casework != CASEWORK_SUPPLEMENT)
		return "request.not_allowed";
	return dos->expires_at != TIME_NONE && arrived_at > dos->expires_at ? "request.late" : NULL;
}

void
intake_judge_request(enum intake_request request, const struct dossier *dos, const struct procedure *procedure,
    struct text source, const struct doc_node *data, time_us arrived_at, struct intake_errors *errors)
{
	const char *trouble = text_is_equal(source, dos->source) ? state_trouble(request, dos, arrived_at)
	    : "request.not_owner";

	if (trouble != NULL)
		intake_error_add(errors, TEXT(""), trouble, NULL, NULL);
	else if (request == INTAKE_DELIVERY_CHANGE)
		judge_delivery(procedure, doc_get(data, "delivery"), errors);
	else if (request == INTAKE_SUPPLEMENT) {
		judge_components(procedure_case(procedure, dos->case_code), doc_get(data, "components"), errors);
		if (doc_get(data, "form") != NULL)
			judge_form(procedure, doc_get(data, "form"), calendar_local_day(arrived_at), errors);
	}
}
