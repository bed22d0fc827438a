/* lookup_match: what is declared against what a register answers. */
#include <criterion/criterion.h>

#include "../../services/lookup/lookup_match.h"

static struct arena *arena;

static void
setup(void)
{
	arena = arena_new(0);
}

static void
teardown(void)
{
	arena_free(arena);
}

TestSuite(match, .init = setup, .fini = teardown);

#define OK LOOKUP_MATCH
#define BAD LOOKUP_MISMATCH

Test(match, person)
{
	static const struct {
		const char		*what;
		const char		*declared[3];	/* name, number, birth */
		const char		*answer[3];
		enum lookup_outcome	outcome;
		int			differing, missing;
	} cases[] = {
		{ "same", { "Nguyễn Văn An", "001099012345", "1999-05-17" },
		    { "Nguyễn Văn An", "001099012345", "1999-05-17" }, OK, 0, 0 },
		{ "case, spaces, decomposed", { "Nguyễn Văn An", "001099012345", "1999-05-17" },
		    { "NGUYE\u0302\u0303N  VA\u0306N AN ", "001 099 012 345", "17/05/1999" }, OK, 0, 0 },
		{ "place of the tone", { "Lê Thị Hoà", "001199012345", "" },
		    { "LÊ THỊ HÒA", "001199012345", "" }, OK, 0, 0 },
		{ "eth for d", { "\u00d0ặng An", "", "" }, { "Đặng An", "", "" }, OK, 0, 0 },
		{ "other tone", { "Nguyễn Văn An", "001099012345", "" },
		    { "Nguyễn Văn Ân", "001099012345", "" }, BAD, LOOKUP_NAME, 0 },
		{ "no marks at all", { "Nguyễn Văn An", "", "" }, { "NGUYEN VAN AN", "", "" }, BAD, LOOKUP_NAME, 0 },
		{ "y and i differ", { "Lý An", "", "" }, { "Lí An", "", "" }, BAD, LOOKUP_NAME, 0 },
		{ "number", { "An", "001099012345", "1999-05-17" }, { "An", "001099012346", "1999-05-17" },
		    BAD, LOOKUP_NUMBER, 0 },
		{ "number without digits", { "", "abc", "" }, { "", "xyz", "" }, BAD, LOOKUP_NUMBER, 0 },
		{ "everything", { "An", "1", "1999-05-17" }, { "Ba", "2", "1999-05-18" },
		    BAD, LOOKUP_NAME | LOOKUP_NUMBER | LOOKUP_BIRTH, 0 },
		{ "not declared", { "An", "", NULL }, { "An", "001099012345", "1999-05-17" }, OK, 0, 0 },
		{ "nothing declared", { NULL, NULL, NULL }, { "An", "1", "1999" }, OK, 0, 0 },
		{ "not answered", { "An", "001099012345", "1999-05-17" }, { "An", NULL, "" },
		    BAD, 0, LOOKUP_NUMBER | LOOKUP_BIRTH },
		{ "differs and lacks", { "An", "1", "" }, { "Ba", "", "" }, BAD, LOOKUP_NAME, LOOKUP_NUMBER },
		{ "register knows the year", { "An", "", "1950-05-17" }, { "An", "", "1950" }, OK, 0, 0 },
		{ "register knows another year", { "An", "", "1950-05-17" }, { "An", "", "1951" }, BAD, LOOKUP_BIRTH, 0 },
		{ "register knows the month", { "An", "", "1950-05-17" }, { "An", "", "00/05/1950" }, OK, 0, 0 },
		{ "register knows another month", { "An", "", "1950-05-17" }, { "An", "", "06/1950" }, BAD, LOOKUP_BIRTH, 0 },
		{ "day and month swapped", { "An", "", "1950-05-06" }, { "An", "", "05/06/1950" }, BAD, LOOKUP_BIRTH, 0 },
		{ "unreadable and the same", { "An", "", "khoảng 1950" }, { "An", "", "khoảng 1950" }, OK, 0, 0 },
		{ "unreadable and not", { "An", "", "khoảng 1950" }, { "An", "", "1950" }, BAD, LOOKUP_BIRTH, 0 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct lookup_person declared = { text_of(cases[i].declared[0]),
		    text_of(cases[i].declared[1]), text_of(cases[i].declared[2]) };
		struct lookup_person answer = { text_of(cases[i].answer[0]),
		    text_of(cases[i].answer[1]), text_of(cases[i].answer[2]) };
		struct lookup_verdict got = lookup_match_person(arena, &declared, &answer);

		cr_expect_eq(got.outcome, cases[i].outcome, "%s", cases[i].what);
		cr_expect_eq(got.differing, cases[i].differing, "%s: %d", cases[i].what, got.differing);
		cr_expect_eq(got.missing, cases[i].missing, "%s: %d", cases[i].what, got.missing);
		got = lookup_match_person(arena, &declared, NULL);
		cr_expect(got.outcome == LOOKUP_NOT_FOUND && got.differing == 0 && got.missing == 0);
	}
}

Test(match, business)
{
	static const struct {
		const char		*what;
		const char		*declared[2];	/* tax code, name */
		const char		*answer[2];
		bool			usable;
		enum lookup_outcome	outcome;
		int			differing, missing;
	} cases[] = {
		{ "same", { "0100109106", "Công ty An" }, { "0100109106", "CÔNG TY AN" }, true, OK, 0, 0 },
		{ "abbreviated", { "0100109106", "Công ty TNHH MTV An" },
		    { "0100109106", "CÔNG TY TRÁCH NHIỆM HỮU HẠN MỘT THÀNH VIÊN AN" }, true, OK, 0, 0 },
		{ "share company", { "", "Công ty CP \"Bình & An\"" }, { "", "Công ty Cổ phần Bình và An" }, true, OK, 0, 0 },
		{ "CP inside a word", { "", "CPA" }, { "", "Cổ phần A" }, true, BAD, LOOKUP_NAME, 0 },
		{ "other words", { "", "Công ty TNHH An" }, { "", "Công ty CP An" }, true, BAD, LOOKUP_NAME, 0 },
		{ "branch", { "0100109106-001", "A" }, { "0100109106001", "A" }, true, OK, 0, 0 },
		{ "other branch", { "0100109106-001", "A" }, { "0100109106-002", "A" }, true, BAD, LOOKUP_TAX_CODE, 0 },
		{ "branch and head", { "0100109106-001", "A" }, { "0100109106", "A" }, true, BAD, LOOKUP_TAX_CODE, 0 },
		{ "not usable", { "0100109106", "A" }, { "0100109106", "A" }, false, BAD, LOOKUP_STATUS, 0 },
		{ "not usable, other name", { "0100109106", "A" }, { "0100109106", "B" }, false, BAD,
		    LOOKUP_STATUS | LOOKUP_NAME, 0 },
		{ "no name answered", { "0100109106", "A" }, { "0100109106", "" }, true, BAD, 0, LOOKUP_NAME },
		{ "punctuation alone", { "", "..." }, { "", "\"\"" }, true, OK, 0, 0 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct lookup_business declared = { text_of(cases[i].declared[0]),
		    text_of(cases[i].declared[1]), false };
		struct lookup_business answer = { text_of(cases[i].answer[0]),
		    text_of(cases[i].answer[1]), cases[i].usable };
		struct lookup_verdict got = lookup_match_business(arena, &declared, &answer);

		cr_expect_eq(got.outcome, cases[i].outcome, "%s", cases[i].what);
		cr_expect_eq(got.differing, cases[i].differing, "%s: %d", cases[i].what, got.differing);
		cr_expect_eq(got.missing, cases[i].missing, "%s: %d", cases[i].what, got.missing);
		cr_expect_eq(lookup_match_business(arena, &declared, NULL).outcome, LOOKUP_NOT_FOUND);
	}
}

Test(match, dates)
{
	static const struct { const char *in; int y, m, d; } cases[] = {
		{ "1990-05-17", 1990, 5, 17 }, { "17/05/1990", 1990, 5, 17 }, { "17-05-1990", 1990, 5, 17 },
		{ "7/5/1990", 1990, 5, 7 }, { "05/1990", 1990, 5, 0 }, { "1990-05", 1990, 5, 0 },
		{ "1990", 1990, 0, 0 }, { "00/00/1990", 1990, 0, 0 }, { "1990-00-00", 1990, 0, 0 },
		{ "00/05/1990", 1990, 5, 0 }, { "29/02/1992", 1992, 2, 29 }, { "31/12/1999", 1999, 12, 31 },
		{ "0001-01-01", 1, 1, 1 },
	};
	static const char *const bad[] = { "", "90", "1990-", "/1990", "1990-13-01", "31/04/1990", "29/02/1990",
	    "32/01/1990", "17/00/1990", "1990-05/17", "1990-05-17-", "1990-05-17 ", "1990-05-1990", "19900517",
	    "17/5", "a", "1990-5-", "05/1990/17", "0000-01-01", "-1990", "1990-05-17-01", "1/2/3" };
	struct lookup_date got = { 7, 7, 7 };

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		cr_expect(lookup_date_from_text(text_of(cases[i].in), &got), "%s", cases[i].in);
		cr_expect(got.year == cases[i].y && got.month == cases[i].m && got.day == cases[i].d,
		    "%s: %d-%d-%d", cases[i].in, got.year, got.month, got.day);
	}
	got = (struct lookup_date){ 7, 7, 7 };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		cr_expect_not(lookup_date_from_text(text_of(bad[i]), &got), "%s", bad[i]);
	cr_expect_not(lookup_date_from_text(TEXT_NONE, &got));
	cr_expect_eq(got.year, 7, "output untouched");
}

Test(match, field_names)
{
	cr_expect_str_eq(lookup_field_name(LOOKUP_NAME), "name");
	cr_expect_str_eq(lookup_field_name(LOOKUP_NUMBER), "number");
	cr_expect_str_eq(lookup_field_name(LOOKUP_BIRTH), "birth_date");
	cr_expect_str_eq(lookup_field_name(LOOKUP_TAX_CODE), "tax_code");
	cr_expect_str_eq(lookup_field_name(LOOKUP_STATUS), "status");
}
