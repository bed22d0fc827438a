/* intake: the rules of taking in, codes and serial numbers, errors in two languages. */
#include "catalogue_shipped.h"

#include "../../services/intake/intake_code.h"
#include "../../services/intake/intake_event.h"
#include "../../services/intake/intake_rules.h"
#include "idnumber.h"

static struct arena *arena;
static struct catalogue *cat;

static void
setup(void)
{
	arena = arena_new(0);
	cat = shipped_catalogue(arena);
	catalogue_prepare(cat, intake_procedure_prepare);
}

static void
teardown(void)
{
	catalogue_free(cat);
	arena_free(arena);
}

TestSuite(intake, .init = setup, .fini = teardown);

static time_us
at(const char *text)
{
	time_us t;

	cr_assert(time_from_text(text_of(text), &t), "%s", text);
	return t;
}

#define NOON "2026-11-22T12:00:00+07:00"
#define FORM_BIRTH "{\"child\":{\"name\":\"Nguyễn Minh An\",\"birth_date\":\"%s\",\"sex\":\"male\",\"ethnicity\":\"Kinh\"," \
	"\"nationality\":\"VN\",\"birth_place\":\"Bệnh viện A\",\"home_town\":\"Thái Nguyên\"}," \
	"\"mother\":{\"name\":\"Trần Thị Hoa\",\"birth_year\":1995},\"relation\":\"mother\",\"copies\":1}"
#define FILE_OF(size) "{\"name\":\"a.pdf\",\"uri\":\"a-20000\",\"size\":" size ",\"sha256\":\"00\",\"media_type\":\"application/pdf\"}"
#define COMPONENT(code) "{\"code\":\"" code "\",\"kind\":\"electronic\",\"files\":[" FILE_OF("20000") "]}"

/* A submission in pieces, so that a case changes one of them. */
struct pieces {
	const char	*procedure, *agency, *its_case, *kind, *birth, *number, *tax, *child, *components, *delivery,
			*exemption, *declared, *form;
};

static const char *
or(const char *given, const char *usual)
{
	return given != NULL ? given : usual;
}

static const struct doc_node *
submission(const struct pieces *p)
{
	struct buf buf = buf_in(arena);

	buf_printf(&buf, "{\"procedure\":\"%s\",\"agency\":\"%s\",\"case\":\"%s\",\"channel\":\"online\",",
	    or(p->procedure, "1.001193"), or(p->agency, "H55.242"), or(p->its_case, "default"));
	buf_printf(&buf, "\"applicant\":{\"kind\":\"%s\",\"name\":\"Trần Thị Hoa\",\"number\":\"%s\",\"birth_date\":\"%s\"",
	    or(p->kind, "citizen"), or(p->number, "019195000001"), or(p->birth, "1995-05-17"));
	if (p->tax != NULL)
		buf_printf(&buf, ",\"tax_code\":\"%s\"", p->tax);
	buf_puts(&buf, ",\"phone\":\"+84912345678\"},\"form\":");
	if (p->form != NULL)
		buf_puts(&buf, p->form);
	else
		buf_printf(&buf, FORM_BIRTH, or(p->child, "2026-11-01"));
	buf_printf(&buf, ",\"components\":[%s],\"delivery\":%s", or(p->components, COMPONENT("TP01") "," COMPONENT("TP02")),
	    or(p->delivery, "{\"method\":\"online\"}"));
	if (p->exemption != NULL)
		buf_printf(&buf, ",\"exemption\":\"%s\"", p->exemption);
	buf_printf(&buf, ",\"declared\":{\"accepted\":true,\"text_version\":\"1\",\"at\":\"%s\"}}",
	    or(p->declared, "2026-11-22T11:59:00+07:00"));
	return shipped_doc(arena, buf_get(&buf));
}

/* "pointer rule" of each error, one a line. */
static const char *
errors_line(const struct intake_errors *errors)
{
	struct buf buf = buf_in(arena);

	for (int i = 0; i < errors->n; i++)
		buf_printf(&buf, "%s%.*s %s", i > 0 ? "; " : "", TEXT_ARG(errors->list[i].pointer), errors->list[i].rule);
	return errors->n > 0 ? buf_get(&buf).s : "";
}

static const char *
judge(const struct pieces *pieces, const char *arrived)
{
	struct intake_verdict verdict;

	intake_judge_submission(cat, submission(pieces), at(arrived), arena, &verdict);
	return errors_line(&verdict.errors);
}

Test(intake, submissions)
{
	static const struct {
		const char	*name;
		struct pieces	pieces;
		const char	*arrived, *errors;
	} cases[] = {
		{ "good", { 0 }, NOON, "" },
		{ "by post", { .delivery = "{\"method\":\"postal\",\"address\":{}}" }, NOON, "" },
		{ "no components at all: for verification", { .components = "" }, NOON, "" },
		{ "exempt", { .exemption = "merit" }, NOON, "" },

		{ "first local minute of the law", { .declared = "2026-06-30T23:59:00+07:00", .child = "2026-06-01" },
		    "2026-06-30T17:00:00Z", "" },
		{ "last local second before", { .declared = "2026-06-30T23:59:00+07:00", .child = "2026-06-01" },
		    "2026-06-30T16:59:59Z", "/procedure procedure.not_yet" },
		{ "procedure unknown", { .procedure = "1.001194" }, NOON, "/procedure procedure.unknown" },
		{ "procedure closed", { .procedure = "9.000101" }, NOON, "/procedure procedure.closed" },
		{ "procedure to come", { .procedure = "9.000102" }, NOON, "/procedure procedure.not_yet" },
		{ "agency unknown", { .agency = "H55.9" }, NOON, "/agency agency.unknown" },
		{ "agency elsewhere", { .agency = "H55.01" }, NOON, "/agency agency.not_offered" },
		{ "both unknown", { .procedure = "1.999999", .agency = "H99" }, NOON,
		    "/procedure procedure.unknown; /agency agency.unknown" },
		{ "agency too young", { .declared = "2025-06-30T12:00:00+07:00" }, "2025-06-30T12:00:00+07:00",
		    "/procedure procedure.not_yet; /agency agency.not_yet" },
		{ "kind", { .kind = "business", .tax = "0100109106" }, NOON, "/applicant/kind applicant.kind" },
		{ "case", { .its_case = "other" }, NOON, "/case case.unknown" },
		{ "late case", { .its_case = "late", .components = COMPONENT("TP05") }, NOON, "" },

		{ "component of another case", { .components = COMPONENT("TP01") "," COMPONENT("TP05") }, NOON,
		    "/components/1/code component.unknown" },
		{ "component twice", { .components = COMPONENT("TP01") "," COMPONENT("TP02") "," COMPONENT("TP01") }, NOON,
		    "/components/2/code component.duplicate" },
		{ "unknown and twice", { .components = COMPONENT("TP99") "," COMPONENT("TP99") }, NOON,
		    "/components/0/code component.unknown; /components/1/code component.duplicate" },
		{ "500 MiB", { .components = "{\"code\":\"TP01\",\"files\":[" FILE_OF("104857600") "," FILE_OF("104857600") ","
		    FILE_OF("104857600") "," FILE_OF("104857600") "," FILE_OF("104857600") "]}" }, NOON, "" },
		{ "and one byte", { .components = "{\"code\":\"TP01\",\"files\":[" FILE_OF("104857600") "," FILE_OF("104857600") ","
		    FILE_OF("104857600") "," FILE_OF("104857600") "," FILE_OF("104857600") "," FILE_OF("1") "]}" }, NOON,
		    "/components files.size" },

		{ "delivery not offered", { .procedure = "1.010041", .delivery = "{\"method\":\"postal\",\"address\":{}}",
		    .components = COMPONENT("TP01"), .form = "{}" }, NOON, NULL },
		{ "delivery without address", { .delivery = "{\"method\":\"postal\"}" }, NOON,
		    "/delivery/address delivery.address" },
		{ "exemption", { .exemption = "student" }, NOON, "/exemption exemption.unknown" },

		{ "declared now", { .declared = NOON }, NOON, "" },
		{ "declared an hour ahead", { .declared = "2026-11-22T13:00:00+07:00" }, NOON, "" },
		{ "declared later", { .declared = "2026-11-22T13:00:00.000001+07:00" }, NOON, "/declared/at date.future" },
		{ "declared a year ago", { .declared = "2025-11-21T12:00:00+07:00" }, NOON, "" },
		{ "declared before", { .declared = "2025-11-21T11:59:59+07:00" }, NOON, "/declared/at date.ancient" },

		{ "born today", { .birth = "2026-11-22" }, NOON, "" },
		{ "born tomorrow", { .birth = "2026-11-23" }, NOON, "/applicant/birth_date date.future" },
		{ "born today, tomorrow in UTC no", { .birth = "2026-11-23" }, "2026-11-22T17:00:00Z", "" },
		{ "born in 1900", { .birth = "1900-01-01" }, NOON, "" },
		{ "born in 1899", { .birth = "1899-12-31" }, NOON, "/applicant/birth_date date.ancient" },
		{ "number of another year only warns", { .number = "019080000001" }, NOON, "" },

		{ "child born today", { .child = "2026-11-22" }, NOON, "" },
		{ "child born tomorrow", { .child = "2026-11-23" }, NOON, "/form/child/birth_date date.future" },
		{ "child born long ago", { .child = "1899-12-31" }, NOON, "/form/child/birth_date date.ancient" },
		{ "child born on no day", { .child = "2026-02-30" }, NOON, "/form/child/birth_date format" },
		{ "no form", { .form = "{\"copies\":\"1\"}" }, NOON, NULL },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *errors = judge(&cases[i].pieces, cases[i].arrived);

		if (cases[i].errors != NULL)
			cr_expect_str_eq(errors, cases[i].errors, "%s: %s", cases[i].name, errors);
		else
			cr_expect_str_neq(errors, "", "%s", cases[i].name);
	}
	cr_expect_not_null(strstr(judge(&cases[21].pieces, NOON), "/delivery/method delivery.not_offered"));
	cr_expect_not_null(strstr(judge(&(struct pieces){ .form = "{\"copies\":\"1\"}" }, NOON), "/form/copies type"));
	cr_expect_not_null(strstr(judge(&(struct pieces){ .form = "{\"copies\":1}" }, NOON), "/form/child required"));
}

#define BUSINESS .procedure = "2.000815", .kind = "business", .form = "{\"document\":{\"title\":\"A\",\"issuer\":\"B\"}," \
	"\"pages\":1,\"copies\":1,\"electronic\":false}", .components = COMPONENT("TP01")
#define HOUSEHOLD .procedure = "2.000815", .kind = "household_business", .form = "{\"document\":{\"title\":\"A\"," \
	"\"issuer\":\"B\"},\"pages\":1,\"copies\":1,\"electronic\":false}", .components = COMPONENT("TP01")

Test(intake, tax_codes)
{
	static const struct {
		const char	*name;
		struct pieces	pieces;
		const char	*errors;
	} cases[] = {
		{ "good", { BUSINESS, .tax = "0100109106" }, "" },
		{ "branch", { BUSINESS, .tax = "0100109106-001" }, "" },
		{ "check digit", { BUSINESS, .tax = "0100109107" }, "/applicant/tax_code tax_code.check_digit" },
		{ "branch zero", { BUSINESS, .tax = "0100109106-000" }, "/applicant/tax_code tax_code.check_digit" },
		{ "personal", { BUSINESS, .tax = "019195000001" }, "/applicant/tax_code tax_code.personal" },
		{ "household with a personal one", { HOUSEHOLD, .tax = "019195000001" }, "" },
		{ "household without", { HOUSEHOLD }, "" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *errors = judge(&cases[i].pieces, NOON);

		cr_expect_str_eq(errors, cases[i].errors, "%s: %s", cases[i].name, errors);
	}
}

Test(intake, warnings_never_refuse)
{
	struct intake_verdict verdict;

	intake_judge_submission(cat, submission(&(struct pieces){ 0 }), at(NOON), arena, &verdict);
	cr_expect_eq(verdict.warnings, 0);
	intake_judge_submission(cat, submission(&(struct pieces){ .number = "019080000001" }), at(NOON), arena, &verdict);
	cr_expect_eq(verdict.warnings, PERSONAL_WARN_YEAR);
	cr_expect_eq(verdict.errors.n, 0);
}

/* Every example of a form in the catalogue is taken in by its own procedure. */
Test(intake, examples_of_forms)
{
	const struct procedure *procedure;

	for (size_t i = 0; (procedure = catalogue_procedure_at(cat, i)) != NULL; i++) {
		const struct doc_node *form = doc_at(doc_get(doc_get(procedure->body, "form"), "examples"), 0);
		struct date_places places;
		struct intake_errors errors = { .arena = arena };
		struct schema_errors found;

		cr_expect(schema_check(procedure->form, form, arena, 5, &found), "%.*s", TEXT_ARG(procedure->code));
		date_places_find(doc_get(procedure->body, "form"), arena, &places);
		date_places_check(&places, form, days_from_civil(2026, 11, 22), "/form", &errors);
		cr_expect_eq(errors.n, 0, "%.*s: %s", TEXT_ARG(procedure->code), errors_line(&errors));
	}
}

Test(intake, dates_of_forms)
{
	static const struct {
		const char	*name, *schema, *form, *errors;
	} cases[] = {
		{ "none", "{\"properties\":{\"a\":{\"format\":\"date\"}}}", "{\"a\":\"2999-01-01\"}", "" },
		{ "plain", "{\"properties\":{\"a\":{\"x-date\":\"past\"}}}", "{\"a\":\"2026-11-23\"}", "/f/a date.future" },
		{ "today", "{\"properties\":{\"a\":{\"x-date\":\"past\"}}}", "{\"a\":\"2026-11-22\"}", "" },
		{ "absent", "{\"properties\":{\"a\":{\"x-date\":\"past\"}}}", "{}", "" },
		{ "no date", "{\"properties\":{\"a\":{\"x-date\":\"past\"}}}", "{\"a\":7}", "" },
		{ "instant", "{\"properties\":{\"a\":{\"x-date\":\"past\"}}}", "{\"a\":\"2026-11-22T17:00:00Z\"}",
		    "/f/a date.future" },
		{ "instant today", "{\"properties\":{\"a\":{\"x-date\":\"past\"}}}", "{\"a\":\"2026-11-22T16:59:59Z\"}", "" },
		{ "reference", "{\"properties\":{\"a\":{\"$ref\":\"#/$defs/d\"}},\"$defs\":{\"d\":{\"x-date\":\"past\"}}}",
		    "{\"a\":\"2027-01-01\"}", "/f/a date.future" },
		{ "elements", "{\"properties\":{\"a\":{\"items\":{\"properties\":{\"b\":{\"x-date\":\"past\"}}}}}}",
		    "{\"a\":[{\"b\":\"2020-01-01\"},{\"b\":\"2027-01-01\"},{\"b\":\"1800-01-01\"}]}",
		    "/f/a/1/b date.future; /f/a/2/b date.ancient" },
		{ "alternative, once", "{\"allOf\":[{\"properties\":{\"a\":{\"x-date\":\"past\"}}}],"
		    "\"if\":{\"properties\":{\"a\":{\"x-date\":\"past\"}}}}", "{\"a\":\"2027-01-01\"}", "/f/a date.future" },
		{ "circle", "{\"properties\":{\"a\":{\"$ref\":\"#\"}},\"x-date\":\"past\"}", "{\"a\":{\"a\":\"2027-01-01\"}}",
		    "/f/a/a date.future" },
		{ "reference to nothing", "{\"properties\":{\"a\":{\"$ref\":\"#/$defs/none\"}}}", "{\"a\":1}", "" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct intake_errors errors = { .arena = arena };
		struct date_places places;

		date_places_find(shipped_doc(arena, text_of(cases[i].schema)), arena, &places);
		date_places_check(&places, shipped_doc(arena, text_of(cases[i].form)), days_from_civil(2026, 11, 22), "/f",
		    &errors);
		cr_expect_str_eq(errors_line(&errors), cases[i].errors, "%s: %s", cases[i].name, errors_line(&errors));
	}
}

#define SUP INTAKE_SUPPLEMENT
#define OUT INTAKE_WITHDRAWAL
#define WAY INTAKE_DELIVERY_CHANGE

Test(intake, requests)
{
	static const char online[] = "{\"delivery\":{\"method\":\"online\"}}", paper[] = "{\"components\":[" COMPONENT("TP02") "]}";
	static const struct {
		const char		*name;
		enum intake_request	request;
		int			intake, casework, dispatch;
		const char		*source, *data, *errors;
	} cases[] = {
		{ "supplement", SUP, INTAKE_REGISTERED, CASEWORK_SUPPLEMENT, 0, "p", paper, "" },
		{ "before anything was asked", SUP, INTAKE_REGISTERED, CASEWORK_NONE, 0, "p", paper, " request.not_allowed" },
		{ "while open", SUP, INTAKE_REGISTERED, CASEWORK_OPEN, 0, "p", paper, " request.not_allowed" },
		{ "while processed", SUP, INTAKE_REGISTERED, CASEWORK_PROCESSING, 0, "p", paper, " request.not_allowed" },
		{ "decided", SUP, INTAKE_REGISTERED, CASEWORK_DECIDED, 0, "p", paper, " request.decided" },
		{ "stopped", SUP, INTAKE_REGISTERED, CASEWORK_STOPPED, 0, "p", paper, " request.finished_dossier" },
		{ "refused", SUP, INTAKE_REGISTERED, CASEWORK_REFUSED, 0, "p", paper, " request.finished_dossier" },
		{ "rejected", SUP, INTAKE_REJECTED, CASEWORK_NONE, 0, "p", paper, " request.finished_dossier" },
		{ "withdrawn", SUP, INTAKE_WITHDRAWN, CASEWORK_SUPPLEMENT, 0, "p", paper, " request.finished_dossier" },
		{ "somebody else's", SUP, INTAKE_REGISTERED, CASEWORK_SUPPLEMENT, 0, "q", paper, " request.not_owner" },
		{ "unknown component", SUP, INTAKE_REGISTERED, CASEWORK_SUPPLEMENT, 0, "p",
		    "{\"components\":[" COMPONENT("TP05") "]}", "/components/0/code component.unknown" },
		{ "twice", SUP, INTAKE_REGISTERED, CASEWORK_SUPPLEMENT, 0, "p",
		    "{\"components\":[" COMPONENT("TP01") "," COMPONENT("TP01") "]}", "/components/1/code component.duplicate" },
		{ "a form that breaks", SUP, INTAKE_REGISTERED, CASEWORK_SUPPLEMENT, 0, "p",
		    "{\"components\":[],\"form\":{\"child\":{},\"mother\":{\"name\":\"Lê Na\",\"birth_year\":1899},"
		    "\"relation\":\"mother\",\"copies\":0}}", NULL },

		{ "withdrawal", OUT, INTAKE_REGISTERED, CASEWORK_NONE, 0, "p", "{}", "" },
		{ "withdrawal, open", OUT, INTAKE_REGISTERED, CASEWORK_OPEN, 0, "p", "{}", "" },
		{ "withdrawal, supplement", OUT, INTAKE_REGISTERED, CASEWORK_SUPPLEMENT, 0, "p", "{}", "" },
		{ "withdrawal, accepted", OUT, INTAKE_REGISTERED, CASEWORK_ACCEPTED, 0, "p", "{}", "" },
		{ "withdrawal, processed", OUT, INTAKE_REGISTERED, CASEWORK_PROCESSING, 0, "p", "{}", "" },
		{ "withdrawal, decided", OUT, INTAKE_REGISTERED, CASEWORK_DECIDED, 0, "p", "{}", " request.decided" },
		{ "withdrawal, released", OUT, INTAKE_REGISTERED, CASEWORK_DECIDED, DISPATCH_RELEASED, "p", "{}",
		    " request.finished_dossier" },
		{ "withdrawal, again", OUT, INTAKE_WITHDRAWN, CASEWORK_WITHDRAWN, 0, "p", "{}", " request.finished_dossier" },
		{ "withdrawal by another", OUT, INTAKE_REGISTERED, CASEWORK_NONE, 0, "P", "{}", " request.not_owner" },

		{ "another way", WAY, INTAKE_REGISTERED, CASEWORK_ACCEPTED, 0, "p", online, "" },
		{ "another way, decided", WAY, INTAKE_REGISTERED, CASEWORK_DECIDED, 0, "p", online, " request.decided" },
		{ "by post without address", WAY, INTAKE_REGISTERED, CASEWORK_OPEN, 0, "p",
		    "{\"delivery\":{\"method\":\"postal\"}}", "/delivery/address delivery.address" },
		{ "a way that is none", WAY, INTAKE_REGISTERED, CASEWORK_OPEN, 0, "p",
		    "{\"delivery\":{\"method\":\"drone\"}}", "/delivery/method delivery.not_offered" },
	};
	const struct procedure *procedure = catalogue_procedure_version(cat, TEXT("1.001193"), 1);

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct intake_errors errors = { .arena = arena };
		struct dossier dos;

		dossier_init(&dos, (const uint8_t[UUID_BYTES]){ 1 });
		dos.source = TEXT("p");
		dos.case_code = TEXT("default");
		dos.state[STAGE_INTAKE] = cases[i].intake;
		dos.state[STAGE_CASEWORK] = cases[i].casework;
		dos.state[STAGE_DISPATCH] = cases[i].dispatch;
		intake_judge_request(cases[i].request, &dos, procedure, text_of(cases[i].source),
		    shipped_doc(arena, text_of(cases[i].data)), at(NOON), &errors);
		if (cases[i].errors != NULL)
			cr_expect_str_eq(errors_line(&errors), cases[i].errors, "%s: %s", cases[i].name, errors_line(&errors));
		else
			cr_expect_gt(errors.n, 0, "%s", cases[i].name);
	}
}

Test(intake, supplement_in_time)
{
	static const struct { const char *arrived, *errors; } cases[] = {
		{ "2026-12-01T17:00:00+07:00", "" },
		{ "2026-12-01T17:00:00.000001+07:00", " request.late" },
	};
	const struct procedure *procedure = catalogue_procedure_version(cat, TEXT("1.001193"), 1);
	struct dossier dos;

	dossier_init(&dos, (const uint8_t[UUID_BYTES]){ 1 });
	dos.source = TEXT("p");
	dos.case_code = TEXT("default");
	dos.state[STAGE_INTAKE] = INTAKE_REGISTERED;
	dos.state[STAGE_CASEWORK] = CASEWORK_SUPPLEMENT;
	dos.expires_at = at("2026-12-01T17:00:00+07:00");
	for (size_t i = 0; i < 2; i++) {
		struct intake_errors errors = { .arena = arena };

		intake_judge_request(INTAKE_SUPPLEMENT, &dos, procedure, TEXT("p"),
		    shipped_doc(arena, TEXT("{\"components\":[]}")), at(cases[i].arrived), &errors);
		cr_expect_str_eq(errors_line(&errors), cases[i].errors, "%s", cases[i].arrived);
	}
}

/* --- codes --------------------------------------------------------------------- */

Test(intake, codes)
{
	static const struct {
		const char	*agency;
		int64_t		serial;
		int		year, month, day;
		const char	*code;
	} cases[] = {
		{ "H55.242", 1, 2026, 11, 22, "H55.242-261122-0001" },
		{ "H55.242", 9999, 2026, 11, 22, "H55.242-261122-9999" },
		{ "H55.242", 10000, 2026, 11, 22, "H55.242-261122-10000" },
		{ "H55.242", 1234567890, 2026, 1, 2, "H55.242-260102-1234567890" },
		{ "H55.01", 42, 2026, 11, 22, "000.00.01.H55-261122-0042" },
		{ "G01.012", 42, 2026, 11, 22, "G01.012-261122-010042" },
		{ "G01.012", 10000, 2030, 12, 31, "G01.012-301231-0110000" },
	};
	const struct agency *agency;
	struct err err;
	struct text code;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int64_t day = days_from_civil(cases[i].year, cases[i].month, cases[i].day);

		agency = catalogue_agency(cat, text_of(cases[i].agency), day);
		cr_assert_eq(intake_code_make(arena, agency, day, cases[i].serial, &code, &err), FAULT_NONE);
		cr_expect_str_eq(code.s, cases[i].code);
	}
}

Test(intake, codes_not_made_up)
{
	static const char *const bad[] = { "{}", "{\"code_form\":\"D\",\"code_prefix\":\"H\",\"serial_digits\":4}",
	    "{\"code_form\":\"B\",\"serial_digits\":4}", "{\"code_form\":\"C\",\"code_prefix\":\"H\",\"serial_digits\":4}",
	    "{\"code_form\":\"C\",\"code_prefix\":\"H\",\"code_owner\":\"1\",\"serial_digits\":4}",
	    "{\"code_form\":\"B\",\"code_prefix\":\"H\",\"serial_digits\":3}",
	    "{\"code_form\":\"B\",\"code_prefix\":\"H\",\"serial_digits\":10}" };
	struct agency agency = { .code = TEXT("H") };
	struct text code = TEXT("untouched");
	struct err err;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		agency.body = shipped_doc(arena, text_of(bad[i]));
		cr_expect_eq(intake_code_make(arena, &agency, 0, 1, &code, &err), FAULT_PARK, "%s", bad[i]);
	}
	agency.body = shipped_doc(arena, TEXT("{\"code_form\":\"B\",\"code_prefix\":\"H\"}"));
	cr_expect_eq(intake_code_make(arena, &agency, 0, 0, &code, &err), FAULT_PARK);
	cr_expect_str_eq(code.s, "untouched");
	cr_expect_eq(intake_code_make(arena, &agency, 0, 1, &code, &err), FAULT_NONE);
	cr_expect_str_eq(code.s, "H-700101-0001");
}

Test(intake, serials)
{
	struct serials *serials = serials_new();
	struct serial_need needs[4];
	int n = 0;

	n = serial_need_add(needs, n, TEXT("B"), 7);
	n = serial_need_add(needs, n, TEXT("A"), 7);
	n = serial_need_add(needs, n, TEXT("B"), 7);
	n = serial_need_add(needs, n, TEXT("B"), 8);
	cr_assert_eq(n, 3);
	cr_expect_eq(needs[0].n, 2);
	n = serials_short(serials, needs, n, 10);
	cr_assert_eq(n, 3);
	cr_expect(text_is(needs[0].agency, "A") && needs[0].n == 10);	/* one needed: a block */
	cr_expect(text_is(needs[1].agency, "B") && needs[1].day == 7 && needs[1].n == 16);	/* two: enough for 8 turns */
	cr_expect(text_is(needs[2].agency, "B") && needs[2].day == 8);

	cr_expect_eq(serials_take(serials, TEXT("A"), 7), 0);
	serials_put(serials, TEXT("A"), 7, 103, 2);	/* 101, 102 */
	cr_expect_eq(serials_take(serials, TEXT("A"), 7), 101);
	cr_expect_eq(serials_take(serials, TEXT("A"), 8), 0);
	cr_expect_eq(serials_take(serials, TEXT("B"), 7), 0);
	serials_put(serials, TEXT("A"), 7, 203, 2);	/* 201, 202 after 102 */
	cr_expect_eq(serials_take(serials, TEXT("A"), 7), 102);
	n = serials_short(serials, memcpy(needs, &(struct serial_need){ TEXT("A"), 7, 2 }, sizeof *needs), 1, 10);
	cr_expect_eq(n, 0, "two are in hand");
	n = serials_short(serials, memcpy(needs, &(struct serial_need){ TEXT("A"), 7, 3 }, sizeof *needs), 1, 10);
	cr_expect_eq(n, 1);
	cr_expect_eq(needs[0].n, 24);
	cr_expect_eq(serials_take(serials, TEXT("A"), 7), 201);
	cr_expect_eq(serials_take(serials, TEXT("A"), 7), 202);
	cr_expect_eq(serials_take(serials, TEXT("A"), 7), 0);
	serials_free(serials);
}

/* Ten agencies over a month: no number twice, old days make room. */
Test(intake, serials_never_twice)
{
	struct serials *serials = serials_new();
	int64_t next[10][32] = { { 0 } }, last[10][32] = { { 0 } };

	for (int day = 0; day < 30; day++)
		for (int i = 0; i < 500; i++) {
			int who = (i * 7 + day) % 10;
			struct text agency = arena_printf(arena, "H%d", who);
			struct serial_need need = { agency, day, 1 + i % 3 };

			if (serials_short(serials, &need, 1, 5) == 1) {
				next[who][day] += need.n;
				serials_put(serials, agency, day, next[who][day] + 1, need.n);
			}
			for (int k = 0; k < 1 + i % 3; k++) {
				int64_t serial = serials_take(serials, agency, day);

				cr_assert_gt(serial, last[who][day]);
				cr_assert_leq(serial, next[who][day]);
				last[who][day] = serial;
			}
		}
	serials_free(serials);
}

/* --- errors -------------------------------------------------------------------- */

/* Composed letters only, and something in each language. */
Test(intake, sentences)
{
	const char *rule;

	for (size_t i = 0; (rule = intake_rule_name(i)) != NULL; i++) {
		struct intake_errors errors = { .arena = arena };
		const struct schema_error *error;

		intake_error_add(&errors, TEXT("/a"), rule, "1", "2");
		error = &errors.list[0];
		cr_expect(text_is_utf8(error->message_vi) && error->message_vi.n > 10, "%s", rule);
		cr_expect(error->message_en.n > 10, "%s", rule);
		for (size_t k = 0; k < error->message_vi.n; k++)
			cr_expect_neq((uint8_t)error->message_vi.s[k], 0xcc, "%s: a combining mark", rule);
		for (size_t k = 0; k < error->message_en.n; k++)
			cr_expect_lt((uint8_t)error->message_en.s[k], 0x80, "%s: not English", rule);
		for (size_t k = 0; (intake_rule_name(k)) != NULL; k++)
			cr_expect(k == i || strcmp(intake_rule_name(k), rule) != 0, "%s twice", rule);
	}
}

Test(intake, errors_as_json)
{
	struct intake_errors errors = { .arena = arena };
	const struct doc_node *list;

	cr_expect_str_eq(intake_errors_json(&errors).s, "[]");
	intake_error_add(&errors, TEXT("/a\"b"), "procedure.closed", "01/01/2025", "2025-01-01");
	for (int i = 0; i < INTAKE_ERRORS_MAX + 5; i++)
		intake_error_add(&errors, TEXT(""), "json", NULL, NULL);
	list = shipped_doc(arena, intake_errors_json(&errors));
	cr_expect_eq(doc_length(list), INTAKE_ERRORS_MAX);
	cr_expect(text_is(doc_get_text(doc_at(list, 0), "pointer"), "/a\"b"));
	cr_expect(text_is(doc_get_text(doc_at(list, 0), "rule"), "procedure.closed"));
	cr_expect(text_is(doc_get_text(doc_at(list, 0), "message_en"),
	    "This procedure has been closed since 2025-01-01. See which one replaces it."));
	cr_expect(text_is(doc_get_text(doc_at(list, 0), "message_vi"),
	    "Thủ tục này đã ngừng tiếp nhận từ ngày 01/01/2025. Hãy xem thủ tục thay thế."));
	cr_expect_str_eq(intake_error_json(arena, "request.conflict").s, intake_error_json(arena, "request.conflict").s);
}

/* No error text holds anything that the applicant wrote. */
Test(intake, errors_echo_nothing)
{
	static const struct pieces wrong = { .procedure = "1.777777", .agency = "H77.777", .birth = "1777-07-07",
	    .tax = "7777777777", .declared = "1777-07-07T07:07:07+07:00" };
	struct intake_verdict verdict;
	struct text json;

	intake_judge_submission(cat, submission(&wrong), at(NOON), arena, &verdict);
	cr_expect_geq(verdict.errors.n, 5);
	json = intake_errors_json(&verdict.errors);
	cr_expect_null(strstr(json.s, "777"), "%s", json.s);
	cr_expect_null(strstr(json.s, "Hoa"), "%s", json.s);
}

Test(intake, rule_set_of_an_offer)
{
	const struct procedure *criminal = catalogue_procedure_version(cat, TEXT("2.000488"), 1);
	int64_t day = days_from_civil(2026, 11, 22);
	const struct agency *ward = catalogue_agency(cat, TEXT("H55.01"), day), *ministry = catalogue_agency(cat,
	    TEXT("G01.012"), day);
	uint8_t digest[DIGEST_BYTES];
	char hex[2 * DIGEST_BYTES + 1];

	rule_set_digest(criminal, ward, digest);
	text_hex(digest, sizeof digest, hex);
	cr_expect_str_eq(intake_rule_set(criminal, ward), hex);
	cr_expect_str_eq(intake_rule_set(criminal, ward), hex);
	cr_expect_str_neq(intake_rule_set(criminal, ministry), hex);
	cr_expect_str_eq(intake_rule_set(criminal, ward), hex);
}

/* --- events -------------------------------------------------------------------- */

static struct job
job_of(const char *id, const char *value)
{
	struct job job = { .lane = 5, .dossier = { 7 }, .ce_source = TEXT("/portal/p"), .ce_id = text_of(id),
	    .ce_type = TEXT("vn.dossier.submitted.v1"), .place = { .at = 1000 } };

	job.record.value = text_of(value);
	return job;
}

/* As documented: SHA-256 over salt, LP(type), LP(data). */
Test(intake, digest_of_content)
{
	struct job job = job_of("1", "{}"), other = job_of("1", "{ }");
	struct digest *digest = digest_new();
	uint8_t secret[DIGEST_BYTES] = { 1 }, salt[SALT_BYTES], again[SALT_BYTES], full[DIGEST_BYTES];
	struct buf buf = buf_in(arena);
	char hex[2 * DIGEST_BYTES + 1];

	intake_salt_make(digest, secret, &job, salt);
	intake_salt_make(digest, secret, &job, again);
	cr_expect_eq(memcmp(salt, again, SALT_BYTES), 0, "one message, one salt");
	buf_lp(&buf, job.ce_type.s, job.ce_type.n);
	buf_lp(&buf, job.record.value.s, job.record.value.n);
	digest_salted(salt, buf_get(&buf), full);
	text_hex(full, sizeof full, hex);
	cr_expect_str_eq(intake_content_digest(digest, arena, &job, salt).s, hex);
	cr_expect_str_neq(intake_content_digest(digest, arena, &other, salt).s, hex);
	other = job_of("2", "{}");
	intake_salt_make(digest, secret, &other, again);
	cr_expect_neq(memcmp(salt, again, SALT_BYTES), 0);
	secret[31] = 1;
	intake_salt_make(digest, secret, &job, again);
	cr_expect_neq(memcmp(salt, again, SALT_BYTES), 0);
	digest_free(digest);
}

Test(intake, facts_of_a_registration)
{
	const struct doc_node *data = submission(&(struct pieces){ .exemption = "merit" });
	struct event *event = event_new(arena, EV_INTAKE_REGISTERED);
	struct job job = job_of("1", "{}");
	struct intake_verdict verdict;

	intake_judge_submission(cat, data, at(NOON), arena, &verdict);
	event->input = TEXT("x");
	intake_put_submission(event, &job, TEXT("d"));
	intake_put_law(event, data, &verdict);
	cr_expect_eq(event->home, 5);
	cr_expect(text_is_absent(event->input), "the dossier's id stands for it");
	cr_expect(text_is(event->source, "/portal/p") && text_is(event->submission, "1") && event->received_at == 1000);
	cr_expect(text_is(event->procedure, "1.001193") && event->procedure_version == 1);
	cr_expect(text_is(event->agency, "H55.242") && text_is(event->level, "toan_trinh"));
	cr_expect(text_is(event->case_code, "default") && text_is(event->channel, "online"));
	cr_expect(text_is(event->applicant_kind, "citizen") && text_is(event->language, "vi"));
	cr_expect(text_is(event->exemption, "merit") && text_is(event->delivery, "online"));
	cr_expect_eq(event->rule_set.n, 2 * DIGEST_BYTES);
	cr_expect_eq(event->round, 0);
}
