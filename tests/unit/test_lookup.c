/* lookup: whom to ask, how, what answers mean for the dossier. */
#include "catalogue_shipped.h"

#include "../../services/lookup/lookup_gateway.h"

static struct arena *arena;
static struct catalogue *cat;

static void
setup(void)
{
	arena = arena_new(0);
	cat = shipped_catalogue(arena);
}

static void
teardown(void)
{
	catalogue_free(cat);
	arena_free(arena);
}

TestSuite(lookup, .init = setup, .fini = teardown);

#define CITIZEN "{\"kind\":\"citizen\",\"name\":\"Nguyễn Thị Hòa\",\"number\":\"019195000001\",\"birth_date\":\"1995-05-17\"," \
	"\"address\":{}}"
#define BUSINESS "{\"kind\":\"business\",\"name\":\"Công ty TNHH Chè Xanh\",\"number\":\"019085004455\"," \
	"\"tax_code\":\"0100109106\"}"
#define HOUSEHOLD "{\"kind\":\"household_business\",\"name\":\"Hộ kinh doanh Đỗ Quốc Việt\",\"number\":\"019085007777\"}"
#define SUBMITTER "{\"name\":\"Hà Mỹ Linh\",\"number\":\"019195008899\",\"relation\":\"employee\"}"

static const struct procedure *
procedure_of(const char *code)
{
	return catalogue_procedure_version(cat, text_of(code), 1);
}

Test(lookup, questions)
{
	static const struct {
		const char	*name, *procedure, *submission, *questions;
	} cases[] = {
		{ "citizen", "1.001193", "{\"applicant\":" CITIZEN "}", "population applicant;" },
		{ "somebody else submits", "1.001193", "{\"applicant\":" CITIZEN ",\"submitter\":" SUBMITTER "}",
		    "population applicant;population submitter;" },
		{ "business", "2.002041", "{\"applicant\":" BUSINESS "}", "enterprise applicant;" },
		{ "its employee is nobody's in that register", "2.002041",
		    "{\"applicant\":" BUSINESS ",\"submitter\":" SUBMITTER "}", "enterprise applicant;" },
		{ "household without tax code", "9.000297", "{\"applicant\":" HOUSEHOLD "}", "" },
		{ "nothing to look up", "2.000815", "{\"applicant\":" CITIZEN "}", "" },
		{ "no applicant at all", "1.001193", "{}", "" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct lookup_question questions[QUESTIONS_MAX];
		struct buf buf = buf_in(arena);
		int n = lookup_questions(procedure_of(cases[i].procedure), shipped_doc(arena, text_of(cases[i].submission)),
		    questions);

		buf_puts(&buf, "");
		for (int k = 0; k < n; k++) {
			buf_printf(&buf, "%s %.*s;", lookup_registry_name(questions[k].registry),
			    TEXT_ARG(questions[k].subject));
			cr_expect(questions[k].purpose.n > 0 && questions[k].legal_basis.n > 0);
		}
		cr_expect_str_eq(buf_get(&buf).s, cases[i].questions, "%s: %s", cases[i].name, buf_get(&buf).s);
	}
}

Test(lookup, questions_are_limited)
{
	struct lookup_question questions[QUESTIONS_MAX];
	struct procedure many = { .body = shipped_doc(arena, TEXT("{\"lookups\":["
	    "{\"registry\":\"population\",\"subject\":\"applicant\"},{\"registry\":\"population\",\"subject\":\"applicant\"},"
	    "{\"registry\":\"land\",\"subject\":\"applicant\"},"
	    "{\"registry\":\"population\",\"subject\":\"a\"},{\"registry\":\"population\",\"subject\":\"b\"},"
	    "{\"registry\":\"population\",\"subject\":\"c\"},{\"registry\":\"population\",\"subject\":\"d\"},"
	    "{\"registry\":\"population\",\"subject\":\"e\"},{\"registry\":\"population\",\"subject\":\"f\"},"
	    "{\"registry\":\"population\",\"subject\":\"g\"},{\"registry\":\"population\",\"subject\":\"h\"}]}")) };
	const struct doc_node *submission = shipped_doc(arena, TEXT("{\"applicant\":" CITIZEN ",\"a\":" CITIZEN ",\"b\":" CITIZEN
	    ",\"c\":" CITIZEN ",\"d\":" CITIZEN ",\"e\":" CITIZEN ",\"f\":" CITIZEN ",\"g\":" CITIZEN ",\"h\":" CITIZEN "}"));

	cr_expect_eq(lookup_questions(&many, submission, questions), QUESTIONS_MAX);
	cr_expect(text_is(questions[0].subject, "applicant"));
	cr_expect(text_is(questions[1].subject, "a"), "the same question once");
}

static struct lookup_question
question_of(enum lookup_registry registry, const char *person)
{
	return (struct lookup_question){ registry, TEXT("applicant"), TEXT("Xác thực"), TEXT("Điều 18 & 4"),
	    shipped_doc(arena, text_of(person)) };
}

static const struct lookup_caller caller = { { "11111111-1111-8111-8111-111111111111", 36 }, { "1.001193", 8 },
    { "H55.242", 7 }, "DVC", "dossier-lookup" };

Test(lookup, population_requests)
{
	struct lookup_question question = question_of(LOOKUP_POPULATION, CITIZEN);
	struct text id = lookup_request_id(arena, caller.dossier, 2, &question), body;

	cr_expect_str_eq(id.s, "11111111-1111-8111-8111-111111111111/2/population/applicant");
	body = population_request(arena, &caller, id, &question);
	cr_expect_str_eq(body.s, "{\"MaYeuCau\":\"11111111-1111-8111-8111-111111111111/2/population/applicant\","
	    "\"MaTichHop\":\"DVC\",\"MaDVC\":\"1.001193\",\"MaCanBo\":\"dossier-lookup\",\"MaCoQuan\":\"H55.242\","
	    "\"MaHoSo\":\"11111111-1111-8111-8111-111111111111\",\"MucDich\":\"Xác thực\",\"CanCuPhapLy\":\"Điều 18 & 4\","
	    "\"SoDinhDanh\":\"019195000001\",\"HoVaTen\":\"Nguyễn Thị Hòa\",\"NgayThangNamSinh\":\"19950517\"}");
	question = question_of(LOOKUP_POPULATION, SUBMITTER);
	body = population_request(arena, &caller, id, &question);
	cr_expect(text_is(doc_get_text(shipped_doc(arena, body), "NgayThangNamSinh"), ""));
}

Test(lookup, enterprise_requests)
{
	struct lookup_question question = question_of(LOOKUP_ENTERPRISE, "{\"tax_code\":\"0100109106-001\"}");
	const char *headers[6];

	cr_expect_str_eq(enterprise_path(arena, &question).s, "/ChiTietDoanhNghiep?msdn=0100109106-001");
	enterprise_headers(arena, &caller, TEXT("d/0/enterprise/applicant"), &question, headers);
	cr_expect_str_eq(headers[0], "X-Request-Id: d/0/enterprise/applicant");
	cr_expect_str_eq(headers[1], "X-Purpose: X%C3%A1c%20th%E1%BB%B1c");
	cr_expect_str_eq(headers[2], "X-Legal-Basis: %C4%90i%E1%BB%81u%2018%20%26%204");
	cr_expect_str_eq(headers[3], "X-Agency: H55.242");
	cr_expect_str_eq(headers[4], "X-Dossier: 11111111-1111-8111-8111-111111111111");
	cr_expect_null(headers[5]);
	question = question_of(LOOKUP_ENTERPRISE, "{\"tax_code\":\"1&x=2\\r\\nHost: y\"}");
	cr_expect_str_eq(enterprise_path(arena, &question).s, "/ChiTietDoanhNghiep?msdn=1%26x%3D2%0D%0AHost%3A%20y");
}

#define PERSON(number, ho, dem, ten, nam, ngay) "{\"MaLoi\":\"000\",\"CongdanCollection\":{\"CongDan\":[{\"SoDinhDanh\":\"" \
	number "\",\"HoVaTen\":{\"Ho\":\"" ho "\",\"ChuDem\":\"" dem "\",\"Ten\":\"" ten "\"},\"GioiTinh\":2," \
	"\"NgayThangNamSinh\":{\"Nam\":\"" nam "\",\"NgayThangNam\":\"" ngay "\"},\"ThuongTru\":{\"MaTinhThanh\":\"01\"}}]}}"

Test(lookup, population_answers)
{
	static const struct {
		const char	*name, *person, *body;
		bool		read;
		enum lookup_end	end;
		const char	*fields, *filled;
	} cases[] = {
		{ "match", CITIZEN, PERSON("019195000001", "NGUYỄN", "THỊ", "HOÀ", "1995", "19950517"), true, LOOKUP_END_MATCH,
		    "[\"sex\"]", "{\"sex\":2}" },
		{ "no middle name", "{\"name\":\"Lê Na\",\"number\":\"1\"}", PERSON("1", "LÊ", "", "NA", "1995", ""), true,
		    LOOKUP_END_MATCH, "[\"sex\",\"birth_date\",\"address\"]", NULL },
		{ "only the year is known", CITIZEN, PERSON("019195000001", "Nguyễn", "Thị", "Hòa", "1995", ""), true,
		    LOOKUP_END_MATCH, "[\"sex\"]", NULL },
		{ "another year", CITIZEN, PERSON("019195000001", "Nguyễn", "Thị", "Hòa", "1996", ""), true, LOOKUP_END_MISMATCH,
		    "[\"birth_date\"]", NULL },
		{ "day unknown", CITIZEN, PERSON("019195000001", "Nguyễn", "Thị", "Hòa", "1995", "19950500"), true,
		    LOOKUP_END_MATCH, "[\"sex\"]", NULL },
		{ "another day", CITIZEN, PERSON("019195000001", "Nguyễn", "Thị", "Hòa", "1995", "19950518"), true,
		    LOOKUP_END_MISMATCH, "[\"birth_date\"]", NULL },
		{ "another name", CITIZEN, PERSON("019195000001", "Phan", "Thị Hoàng", "Oanh", "1995", "19950517"), true,
		    LOOKUP_END_MISMATCH, "[\"name\"]", NULL },
		{ "somebody else", CITIZEN, PERSON("019195000002", "Nguyễn", "Thị", "Hòa", "1995", "19950517"), false,
		    LOOKUP_END_OPEN, "[]", NULL },
		{ "birth left out", CITIZEN, PERSON("019195000001", "Nguyễn", "Thị", "Hòa", "", ""), true, LOOKUP_END_MISMATCH,
		    "[\"birth_date\"]", NULL },
		{ "household: its name is not the person's", HOUSEHOLD, PERSON("019085007777", "Đỗ", "Quốc", "Việt", "1985",
		    "19850101"), true, LOOKUP_END_MATCH, "[\"sex\",\"birth_date\",\"address\"]", NULL },
		{ "name as one text", CITIZEN, "{\"MaLoi\":\"000\",\"CongdanCollection\":{\"CongDan\":[{\"SoDinhDanh\":\"019195000001\","
		    "\"HoVaTen\":\"Nguyễn Thị Hòa\",\"NgayThangNamSinh\":{\"NgayThangNam\":\"19950517\"}}]}}", true,
		    LOOKUP_END_MATCH, "[]", NULL },
		{ "several: the one asked for", CITIZEN, "{\"MaLoi\":\"000\",\"CongdanCollection\":{\"CongDan\":[{\"SoDinhDanh\":\"7\"},"
		    "{\"SoDinhDanh\":\"019195000001\",\"HoVaTen\":\"Nguyễn Thị Hòa\",\"NgayThangNamSinh\":{\"Nam\":\"1995\"}}]}}",
		    true, LOOKUP_END_MATCH, "[]", NULL },
		{ "nobody", CITIZEN, "{\"MaLoi\":\"000\",\"CongdanCollection\":{\"CongDan\":[]}}", true, LOOKUP_END_NOT_FOUND, "[]",
		    NULL },
		{ "no right", CITIZEN, "{\"MaLoi\":\"004\"}", false, LOOKUP_END_OPEN, "[]", NULL },
		{ "no right, another", CITIZEN, "{\"MaLoi\":\"005\",\"CongdanCollection\":{\"CongDan\":[]}}", false, LOOKUP_END_OPEN,
		    "[]", NULL },
		{ "no collection", CITIZEN, "{\"MaLoi\":\"000\"}", false, LOOKUP_END_OPEN, "[]", NULL },
		{ "no JSON", CITIZEN, "<html>", false, LOOKUP_END_OPEN, "[]", NULL },
		{ "a list", CITIZEN, "[]", false, LOOKUP_END_OPEN, "[]", NULL },
		{ "nothing", CITIZEN, "", false, LOOKUP_END_OPEN, "[]", NULL },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct lookup_question question = question_of(LOOKUP_POPULATION, cases[i].person);
		struct lookup_answer answer = { .end = LOOKUP_END_OPEN };
		struct text fields;

		cr_expect_eq(population_answer(arena, &question, text_of(cases[i].body), &answer), cases[i].read, "%s",
		    cases[i].name);
		cr_expect_eq(answer.end, cases[i].end, "%s: %d", cases[i].name, answer.end);
		fields = lookup_fields(arena, &answer);
		cr_expect_str_eq(fields.s, cases[i].fields, "%s: %s", cases[i].name, fields.s);
		if (cases[i].filled != NULL)
			cr_expect_str_eq(answer.filled.s, cases[i].filled, "%s", cases[i].name);
		if (answer.end != LOOKUP_END_MATCH)
			cr_expect(text_is_absent(answer.filled), "%s: filled from a stranger", cases[i].name);
	}
}

#define COMPANY(code, name, status, people) "{\"Data\":{\"MainInformation\":{\"NAME\":\"" name "\",\"ENTERPRISE_GDT_CODE\":\"" \
	code "\",\"ENTERPRISE_STATUS_NAME\":\"" status "\"},\"HOAdress\":{\"AddressFullText\":\"Số 5\"},\"Representatives\":" \
	people "}}"

Test(lookup, enterprise_answers)
{
	static const struct {
		const char	*name, *body;
		bool		read;
		enum lookup_end	end;
		const char	*fields, *filled;
	} cases[] = {
		{ "match, a list", COMPANY("0100109106", "CÔNG TY TRÁCH NHIỆM HỮU HẠN CHÈ XANH", "Đang hoạt động",
		    "[{\"FULL_NAME\":\"A\"}]"), true, LOOKUP_END_MATCH, "[\"registered_office\",\"representative\"]",
		    "{\"registered_office\":\"Số 5\",\"representative\":\"A\"}" },
		{ "match, one alone", COMPANY("0100109106", "Công ty TNHH Chè Xanh", "ĐANG HOẠT ĐỘNG", "{\"FULL_NAME\":\"B\"}"), true,
		    LOOKUP_END_MATCH, "[\"registered_office\",\"representative\"]",
		    "{\"registered_office\":\"Số 5\",\"representative\":\"B\"}" },
		{ "no status", COMPANY("0100109106", "Công ty TNHH Chè Xanh", "", "[]"), true, LOOKUP_END_MATCH,
		    "[\"registered_office\"]", NULL },
		{ "dissolved", COMPANY("0100109106", "Công ty TNHH Chè Xanh", "Đã giải thể", "[]"), true, LOOKUP_END_MISMATCH,
		    "[\"status\"]", NULL },
		{ "another name", COMPANY("0100109106", "CÔNG TY CỔ PHẦN KHÁC HẲN", "Đang hoạt động", "[]"), true,
		    LOOKUP_END_MISMATCH, "[\"name\"]", NULL },
		{ "another code", COMPANY("0999999999", "Công ty TNHH Chè Xanh", "Đang hoạt động", "[]"), true,
		    LOOKUP_END_MISMATCH, "[\"tax_code\"]", NULL },
		{ "everything", COMPANY("0999999999", "Khác", "Đã giải thể", "[]"), true, LOOKUP_END_MISMATCH,
		    "[\"name\",\"tax_code\",\"status\"]", NULL },
		{ "unknown", "{\"Data\":null}", true, LOOKUP_END_NOT_FOUND, "[]", NULL },
		{ "no data", "{}", false, LOOKUP_END_OPEN, "[]", NULL },
		{ "another shape", "{\"Data\":{}}", false, LOOKUP_END_OPEN, "[]", NULL },
		{ "no JSON", "oops", false, LOOKUP_END_OPEN, "[]", NULL },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct lookup_question question = question_of(LOOKUP_ENTERPRISE, BUSINESS);
		struct lookup_answer answer = { .end = LOOKUP_END_OPEN };
		struct text fields;

		cr_expect_eq(enterprise_answer(arena, &question, text_of(cases[i].body), &answer), cases[i].read, "%s",
		    cases[i].name);
		cr_expect_eq(answer.end, cases[i].end, "%s: %d", cases[i].name, answer.end);
		fields = lookup_fields(arena, &answer);
		cr_expect_str_eq(fields.s, cases[i].fields, "%s: %s", cases[i].name, fields.s);
		if (cases[i].filled != NULL)
			cr_expect_str_eq(answer.filled.s, cases[i].filled, "%s", cases[i].name);
	}
}

/* 2.000488: TP01, TP02 by the population register; TP05 (abroad) by none. 2.002041: TP02 by the enterprise one. */
Test(lookup, conclusions)
{
	static const struct {
		const char	*name, *procedure, *its_case, *missing;
		enum lookup_registry registry;
		const char	*subject;
		enum lookup_end	end;
		const char	*replaced, *left;
	} cases[] = {
		{ "replaced", "2.000488", "default", "[\"TP01\",\"TP02\"]", LOOKUP_POPULATION, "applicant", LOOKUP_END_MATCH,
		    "[\"TP01\",\"TP02\"]", "[]" },
		{ "nothing was missing", "2.000488", "default", "[]", LOOKUP_POPULATION, "applicant", LOOKUP_END_MATCH,
		    "[\"TP01\",\"TP02\"]", "[]" },
		{ "mismatch", "2.000488", "default", "[\"TP01\",\"TP02\"]", LOOKUP_POPULATION, "applicant", LOOKUP_END_MISMATCH,
		    "[]", "[\"TP01\",\"TP02\"]" },
		{ "not found", "2.000488", "default", "[\"TP02\"]", LOOKUP_POPULATION, "applicant", LOOKUP_END_NOT_FOUND, "[]",
		    "[\"TP02\"]" },
		{ "unavailable", "2.000488", "default", "[\"TP02\"]", LOOKUP_POPULATION, "applicant", LOOKUP_END_UNAVAILABLE, "[]",
		    "[\"TP02\"]" },
		{ "what no register holds", "2.000488", "abroad", "[\"TP01\",\"TP05\"]", LOOKUP_POPULATION, "applicant",
		    LOOKUP_END_MATCH, "[\"TP01\",\"TP02\"]", "[\"TP05\"]" },
		{ "somebody else matched", "2.000488", "default", "[\"TP01\"]", LOOKUP_POPULATION, "submitter", LOOKUP_END_MATCH,
		    "[]", "[\"TP01\"]" },
		{ "another register", "2.000488", "default", "[\"TP01\"]", LOOKUP_ENTERPRISE, "applicant", LOOKUP_END_MATCH, "[]",
		    "[\"TP01\"]" },
		{ "enterprise", "2.002041", "default", "[\"TP01\",\"TP02\"]", LOOKUP_ENTERPRISE, "applicant", LOOKUP_END_MATCH,
		    "[\"TP02\"]", "[\"TP01\"]" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct lookup_question question = { cases[i].registry, text_of(cases[i].subject), TEXT("p"), TEXT("b"), NULL };
		struct lookup_answer answer = { .end = cases[i].end };
		struct lookup_verdict_facts out;

		lookup_conclude(arena, procedure_case(procedure_of(cases[i].procedure), text_of(cases[i].its_case)),
		    shipped_doc(arena, text_of(cases[i].missing)), &question, &answer, 1, &out);
		cr_expect_str_eq(out.replaced.s, cases[i].replaced, "%s: %s", cases[i].name, out.replaced.s);
		cr_expect_str_eq(out.missing.s, cases[i].left, "%s: %s", cases[i].name, out.missing.s);
	}
}

Test(lookup, outcomes_as_json)
{
	struct lookup_question questions[2] = { { LOOKUP_POPULATION, TEXT("applicant"), TEXT("p"), TEXT("b"), NULL },
	    { LOOKUP_POPULATION, TEXT("submitter"), TEXT("p"), TEXT("b"), NULL } };
	struct lookup_answer answers[2] = { { .end = LOOKUP_END_MISMATCH, .differing = LOOKUP_NAME | LOOKUP_BIRTH },
	    { .end = LOOKUP_END_UNAVAILABLE } };
	struct lookup_verdict_facts out;

	lookup_conclude(arena, NULL, NULL, questions, answers, 2, &out);
	cr_expect_str_eq(out.outcomes.s, "[{\"registry\":\"population\",\"subject\":\"applicant\",\"outcome\":\"mismatch\","
	    "\"fields\":[\"name\",\"birth_date\"]},{\"registry\":\"population\",\"subject\":\"submitter\","
	    "\"outcome\":\"unavailable\",\"fields\":[]}]");
	cr_expect_str_eq(out.replaced.s, "[]");
	cr_expect_str_eq(out.missing.s, "[]");
	lookup_conclude(arena, NULL, NULL, NULL, NULL, 0, &out);
	cr_expect_str_eq(out.outcomes.s, "[]");
}
