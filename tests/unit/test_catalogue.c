/* catalogue: what is in force on a day, and what cannot be used. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "catalogue.h"
#include "file.h"

static struct arena *arena;
static struct catalogue *cat;

static struct text
file_of(const char *path)
{
	struct text whole;
	struct err err;

	cr_assert_eq(file_read(arena, path, 1 << 20, &whole, &err), FAULT_NONE,
	    "%s: run the tests from the root of the repository", err.text);
	return whole;
}

static void
setup(void)
{
	arena = arena_new(0);
	cat = catalogue_new();
}

static void
teardown(void)
{
	catalogue_free(cat);
	arena_free(arena);
}

TestSuite(catalogue, .init = setup, .fini = teardown);

static int64_t
day_of(const char *date)
{
	int64_t day = INT64_MIN;

	cr_assert(calendar_date_from_text(text_of(date), &day), "%s", date);
	return day;
}

/* The least that is a procedure. */
static struct text
procedure_json(const char *code, int version, const char *from, const char *to)
{
	return arena_printf(arena, "{\"code\":\"%s\",\"version\":%d,\"effective_from\":\"%s\",\"effective_to\":%s%s%s,"
	    "\"level\":\"toan_trinh\",\"applicants\":[\"citizen\"],\"agencies\":[\"H1\"],\"delivery\":[\"online\"],"
	    "\"lookups\":[],\"exemptions\":[],\"cases\":[{\"code\":\"default\",\"components\":[{\"code\":\"TP01\"}]}],"
	    "\"form\":{\"$id\":\"urn:form:%s\",\"type\":\"object\"}}",
	    code, version, from, to ? "\"" : "", to ? to : "null", to ? "\"" : "", code);
}

static void
add(const char *code, int version, const char *from, const char *to)
{
	struct err err = { 0 };

	cr_assert_eq(catalogue_add_procedure(cat, procedure_json(code, version, from, to), &err), FAULT_NONE, "%s",
	    err.text);
}

static void
seal(void)
{
	struct err err = { 0 };

	cr_assert_eq(catalogue_seal(cat, &err), FAULT_NONE, "%s", err.text);
}

Test(catalogue, in_force)
{
	static const struct {
		const char		*code, *day;
		int			version;	/* 0: none */
		enum catalogue_when	when;
		const char		*edge;
	} cases[] = {
		{ "1.000001", "2026-06-30", 0, CATALOGUE_NOT_YET, "2026-07-01" },
		{ "1.000001", "2026-07-01", 1, CATALOGUE_IN_FORCE, NULL },
		{ "1.000001", "2026-12-31", 1, CATALOGUE_IN_FORCE, NULL },
		{ "1.000001", "2027-01-01", 2, CATALOGUE_IN_FORCE, NULL },
		{ "1.000001", "2999-01-01", 2, CATALOGUE_IN_FORCE, NULL },
		{ "1.000002", "2026-01-31", 1, CATALOGUE_IN_FORCE, NULL },
		{ "1.000002", "2026-02-01", 0, CATALOGUE_NOT_YET, "2026-03-01" },	/* a gap */
		{ "1.000002", "2026-03-01", 2, CATALOGUE_IN_FORCE, NULL },
		{ "1.000002", "2026-03-31", 2, CATALOGUE_IN_FORCE, NULL },
		{ "1.000002", "2026-04-01", 0, CATALOGUE_CLOSED, "2026-04-01" },
		{ "1.000003", "2026-05-09", 1, CATALOGUE_IN_FORCE, NULL },
		{ "1.000003", "2026-05-10", 2, CATALOGUE_IN_FORCE, NULL },		/* both: the higher one */
		{ "1.000003", "2026-05-21", 1, CATALOGUE_IN_FORCE, NULL },
		{ "1.00000", "2026-07-01", 0, CATALOGUE_UNKNOWN, NULL },
		{ "1.000004", "2026-07-01", 0, CATALOGUE_UNKNOWN, NULL },
		{ "", "2026-07-01", 0, CATALOGUE_UNKNOWN, NULL },
	};

	add("1.000003", 2, "2026-05-10", "2026-05-20");
	add("1.000001", 2, "2027-01-01", NULL);
	add("1.000002", 1, "2026-01-01", "2026-01-31");
	add("1.000001", 1, "2026-07-01", "2026-12-31");
	add("1.000002", 2, "2026-03-01", "2026-03-31");
	add("1.000003", 1, "2026-01-01", NULL);
	seal();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct text code = text_of(cases[i].code);
		int64_t day = day_of(cases[i].day), edge = 0;
		const struct procedure *found = catalogue_procedure(cat, code, day);

		cr_expect_eq(found ? found->version : 0, cases[i].version, "%s on %s", cases[i].code, cases[i].day);
		cr_expect_eq(catalogue_procedure_when(cat, code, day, &edge), cases[i].when, "%s on %s",
		    cases[i].code, cases[i].day);
		if (cases[i].edge != NULL)
			cr_expect_eq(edge, day_of(cases[i].edge), "%s on %s", cases[i].code, cases[i].day);
	}
	cr_expect_eq(catalogue_procedure_version(cat, TEXT("1.000002"), 1)->from_day, day_of("2026-01-01"));
	cr_expect_null(catalogue_procedure_version(cat, TEXT("1.000002"), 3));
	cr_expect_null(catalogue_procedure_version(cat, TEXT("1.000009"), 1));
}

Test(catalogue, unusable)
{
	static const struct {
		const char	*name, *json, *code;
	} cases[] = {
		{ "no JSON", "{", "json.syntax" },
		{ "no object", "[]", NULL },
		{ "no code", "{\"version\":1}", NULL },
		{ "version 0", "{\"code\":\"1\",\"version\":0}", "version" },
		{ "no day", "{\"code\":\"1\",\"version\":1}", "day" },
		{ "no such day", "{\"code\":\"1\",\"version\":1,\"effective_from\":\"2026-02-30\"}", "day" },
		{ "backwards", "{\"code\":\"1\",\"effective_from\":\"2026-07-02\",\"effective_to\":\"2026-07-01\"}", "day" },
		{ "no arrays", "{\"code\":\"1\",\"effective_from\":\"2026-07-01\",\"effective_to\":null}", NULL },
		{ "no form", "{\"code\":\"1\",\"effective_from\":\"2026-07-01\",\"effective_to\":null,\"level\":\"x\","
		    "\"applicants\":[],\"agencies\":[],\"cases\":[],\"delivery\":[],\"lookups\":[],\"exemptions\":[]}", "form" },
		{ "bad form", "{\"code\":\"1\",\"effective_from\":\"2026-07-01\",\"effective_to\":null,\"level\":\"x\","
		    "\"applicants\":[],\"agencies\":[],\"cases\":[],\"delivery\":[],\"lookups\":[],\"exemptions\":[],"
		    "\"form\":{\"$id\":\"urn:f\",\"type\":\"nothing\"}}", NULL },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct err err = { 0 };

		cr_expect_eq(catalogue_add_procedure(cat, text_of(cases[i].json), &err), FAULT_PARK, "%s", cases[i].name);
		if (cases[i].code != NULL)
			cr_expect_str_eq(err.code, cases[i].code, "%s: %s", cases[i].name, err.text);
		cr_expect_null(catalogue_procedure_at(cat, 0), "%s was added", cases[i].name);
	}
}

Test(catalogue, same_version_twice)
{
	struct err err = { 0 };

	add("1.000001", 1, "2026-07-01", NULL);
	add("1.000001", 1, "2027-07-01", NULL);
	cr_expect_eq(catalogue_seal(cat, &err), FAULT_PARK);
	cr_expect_str_eq(err.code, "twice");
}

static struct agency
agency_of(const char *code, uint8_t first)
{
	return (struct agency){ .code = text_of(code), .version = 1, .digest = { first } };
}

Test(catalogue, rule_set)
{
	struct procedure procedure = { .code = TEXT("1.000001"), .version = 1, .digest = { 1 } }, other;
	struct agency agency = agency_of("H1", 2), elsewhere = agency_of("H2", 2), changed = agency_of("H1", 3);
	uint8_t first[DIGEST_BYTES], again[DIGEST_BYTES];

	rule_set_digest(&procedure, &agency, first);
	rule_set_digest(&procedure, &agency, again);
	cr_expect_eq(memcmp(first, again, DIGEST_BYTES), 0);
	rule_set_digest(&procedure, &elsewhere, again);
	cr_expect_neq(memcmp(first, again, DIGEST_BYTES), 0);
	rule_set_digest(&procedure, &changed, again);
	cr_expect_neq(memcmp(first, again, DIGEST_BYTES), 0);
	other = procedure, other.version = 2;
	rule_set_digest(&other, &agency, again);
	cr_expect_neq(memcmp(first, again, DIGEST_BYTES), 0);
	other = procedure, other.digest[31] = 1;
	rule_set_digest(&other, &agency, again);
	cr_expect_neq(memcmp(first, again, DIGEST_BYTES), 0);
}

static int prepared;

static void
count_prepared(struct procedure *procedure, struct arena *of_catalogue)
{
	procedure->cache = ARENA_NEW(of_catalogue, int);
	prepared++;
}

/* The rows that the repository ships. */
Test(catalogue, shipped)
{
	static const char *const procedures[] = { "1.000894", "1.001193", "1.001612", "1.004222", "1.010041", "2.000488",
	    "2.000815", "2.002041", "9.000010", "9.000101", "9.000102", "9.000297" };
	static const char *const agencies[] = { "G01.012", "H55.01", "H55.242" };
	int64_t day = day_of("2026-11-22"), edge;
	struct err err = { 0 };
	const struct procedure *birth;

	for (size_t i = 0; i < sizeof procedures / sizeof *procedures; i++)
		cr_assert_eq(catalogue_add_procedure(cat, file_of(arena_printf(arena,
		    "schemas/catalogue/procedures/%s.json", procedures[i]).s), &err), FAULT_NONE, "%s: %s", procedures[i], err.text);
	for (size_t i = 0; i < sizeof agencies / sizeof *agencies; i++)
		cr_assert_eq(catalogue_add_agency(cat, file_of(arena_printf(arena,
		    "schemas/catalogue/agencies/%s.json", agencies[i]).s), &err), FAULT_NONE, "%s: %s", agencies[i], err.text);
	for (int year = 2025; year <= 2027; year++)
		cr_assert_eq(catalogue_add_calendar(cat, file_of(arena_printf(arena,
		    "schemas/catalogue/calendar/%d.json", year).s), &err), FAULT_NONE, "%d: %s", year, err.text);
	seal();

	birth = catalogue_procedure(cat, TEXT("1.001193"), day);
	cr_assert_not_null(birth);
	cr_expect_not_null(birth->form);
	cr_expect_not_null(procedure_case(birth, TEXT("late")));
	cr_expect_null(procedure_case(birth, TEXT("lat")));
	cr_expect_null(procedure_case(birth, TEXT_NONE));
	cr_expect_not_null(case_component(procedure_case(birth, TEXT("late")), TEXT("TP05")));
	cr_expect_null(case_component(procedure_case(birth, TEXT("default")), TEXT("TP05")));
	cr_expect(texts_hold(doc_get(birth->body, "delivery"), TEXT("postal")));
	cr_expect_not(texts_hold(doc_get(birth->body, "applicants"), TEXT("business")));
	cr_expect_not(texts_hold(doc_get(birth->body, "applicants"), TEXT_NONE));
	cr_expect_not_null(catalogue_agency(cat, TEXT("H55.242"), day));
	cr_expect_null(catalogue_agency(cat, TEXT("H55.242"), day_of("2025-06-30")));
	cr_expect_eq(catalogue_agency_when(cat, TEXT("H55.9"), day, &edge), CATALOGUE_UNKNOWN);
	cr_expect_eq(catalogue_procedure_when(cat, TEXT("9.000101"), day, &edge), CATALOGUE_CLOSED);
	cr_expect_eq(edge, day_of("2025-01-01"));
	cr_expect_eq(catalogue_procedure_when(cat, TEXT("9.000102"), day, &edge), CATALOGUE_NOT_YET);
	cr_expect_eq(edge, day_of("2030-01-01"));
	for (int year = 2025; year <= 2027; year++)
		cr_expect(calendar_has_year(catalogue_calendar(cat), year));
	cr_expect_not(calendar_has_year(catalogue_calendar(cat), 2028));
	catalogue_prepare(cat, count_prepared);
	cr_expect_eq(prepared, 12);
	cr_expect_not_null(birth->cache);
	cr_expect_null(catalogue_procedure_at(cat, 12));
	cr_expect(text_is(catalogue_agency_at(cat, 0)->code, "H55.01"));
}

Test(catalogue, calendar_twice_or_bad)
{
	static const char *const bad[] = { "{}", "{\"year\":2026}", "{\"year\":2026,\"days\":[{}]}",
	    "{\"year\":0,\"days\":[]}", "{\"year\":2026,\"days\":[{\"date\":\"2025-01-01\",\"kind\":\"holiday\"}]}" };
	struct err err = { 0 };

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		cr_expect_eq(catalogue_add_calendar(cat, text_of(bad[i]), &err), FAULT_PARK, "%s", bad[i]);
	cr_expect_eq(catalogue_add_calendar(cat, TEXT("{\"year\":2026,\"days\":[]}"), &err), FAULT_NONE);
	cr_expect_eq(catalogue_add_calendar(cat, TEXT("{\"year\":2026,\"days\":[]}"), &err), FAULT_PARK);
}
