/* idnumber: personal ids, tax codes, telephone numbers.  All numbers of persons are made up. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "idnumber.h"

Test(idnumber, personal_shape)
{
	static const struct { const char *in; enum idnumber_fault fault; } cases[] = {
		{ "001099012345", IDNUMBER_GOOD },
		{ "00109901234", IDNUMBER_LENGTH },
		{ "0010990123456", IDNUMBER_LENGTH },
		{ "012345678", IDNUMBER_OLD_CARD },
		{ "01234567", IDNUMBER_LENGTH },
		{ "0123456789", IDNUMBER_LENGTH },
		{ "", IDNUMBER_LENGTH },
		{ NULL, IDNUMBER_LENGTH },
		{ "00109901234a", IDNUMBER_CHARACTERS },
		{ "001 09901234", IDNUMBER_CHARACTERS },
		{ "-01099012345", IDNUMBER_CHARACTERS },
		{ "001099\u0660", IDNUMBER_CHARACTERS },	/* Arabic digits */
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct personal_id id = { .province = 42 };

		cr_expect_eq(personal_id_check(text_of(cases[i].in), NULL, &id), cases[i].fault, "%s",
		    cases[i].in);
		cr_expect(cases[i].fault == IDNUMBER_GOOD ? id.province == 1 : id.province == 42);
	}
}

Test(idnumber, personal_structure)
{
	static const struct {
		const char		*in;
		struct personal_declared declared;
		int			year;
		enum personal_sex	sex;
		int			warnings;
	} cases[] = {
		{ "001099012345", { 0 }, 1999, PERSONAL_MALE, 0 },
		{ "001199012345", { 0 }, 1999, PERSONAL_FEMALE, 0 },
		{ "096200000000", { 0 }, 2000, PERSONAL_MALE, 0 },
		{ "079326012345", { 0 }, 2026, PERSONAL_FEMALE, 0 },
		{ "079400012345", { 0 }, 2100, PERSONAL_MALE, 0 },
		{ "079999012345", { 0 }, 2399, PERSONAL_FEMALE, 0 },
		{ "000099012345", { 0 }, 1999, PERSONAL_MALE, PERSONAL_WARN_PROVINCE },
		{ "003099012345", { 0 }, 1999, PERSONAL_MALE, PERSONAL_WARN_PROVINCE },	/* a gap */
		{ "097099012345", { 0 }, 1999, PERSONAL_MALE, PERSONAL_WARN_PROVINCE },
		{ "257099012345", { 0 }, 1999, PERSONAL_MALE, PERSONAL_WARN_PROVINCE },	/* 257 is not 1 */
		{ "035099012345", { PERSONAL_MALE, 1999, 2026 }, 1999, PERSONAL_MALE, 0 },
		{ "035099012345", { PERSONAL_FEMALE, 1999, 2026 }, 1999, PERSONAL_MALE, PERSONAL_WARN_SEX },
		{ "035099012345", { PERSONAL_MALE, 1998, 2026 }, 1999, PERSONAL_MALE, PERSONAL_WARN_YEAR },
		{ "035099012345", { 0, 2000, 0 }, 1999, PERSONAL_MALE, PERSONAL_WARN_YEAR },
		{ "035226012345", { 0, 0, 2026 }, 2026, PERSONAL_MALE, 0 },
		{ "035227012345", { 0, 0, 2026 }, 2027, PERSONAL_MALE, PERSONAL_WARN_FUTURE },
		{ "999327012345", { PERSONAL_MALE, 1990, 2026 }, 2027, PERSONAL_FEMALE,
		    PERSONAL_WARN_PROVINCE | PERSONAL_WARN_SEX | PERSONAL_WARN_YEAR | PERSONAL_WARN_FUTURE },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct personal_id id;

		cr_assert_eq(personal_id_check(text_of(cases[i].in), &cases[i].declared, &id),
		    IDNUMBER_GOOD, "%s", cases[i].in);
		cr_expect_eq(id.birth_year, cases[i].year, "%s: %d", cases[i].in, id.birth_year);
		cr_expect_eq(id.sex, cases[i].sex, "%s", cases[i].in);
		cr_expect_eq(id.warnings, cases[i].warnings, "%s: %d", cases[i].in, id.warnings);
	}
}

/* 63 provinces before 2025-07-01. */
Test(idnumber, personal_provinces)
{
	int known = 0;

	for (int code = 0; code < 1000; code++) {
		char number[32];
		struct personal_id id;

		snprintf(number, sizeof number, "%03d099012345", code);
		cr_assert_eq(personal_id_check(text_of(number), NULL, &id), IDNUMBER_GOOD);
		known += id.warnings == 0;
	}
	cr_expect_eq(known, 63);
}

Test(idnumber, tax_codes)
{
	static const struct {
		const char		*in;
		enum idnumber_fault	fault;
		enum tax_code_kind	kind;
	} cases[] = {
		/* well-known enterprises, remainders 4, 3, 1 and 10 */
		{ "0100109106", IDNUMBER_GOOD, TAX_CODE_ENTERPRISE },
		{ "0100112437", IDNUMBER_GOOD, TAX_CODE_ENTERPRISE },
		{ "0300588569", IDNUMBER_GOOD, TAX_CODE_ENTERPRISE },
		{ "0101243150", IDNUMBER_GOOD, TAX_CODE_ENTERPRISE },
		{ "0100109107", IDNUMBER_CHECK_DIGIT, 0 },
		{ "0100109105", IDNUMBER_CHECK_DIGIT, 0 },
		{ "1010109106", IDNUMBER_CHECK_DIGIT, 0 },
		/* remainder 0 */
		{ "0000000000", IDNUMBER_REMAINDER_ZERO, 0 },
		{ "0000000080", IDNUMBER_CHECK_DIGIT, 0 },	/* 3 x 8 = 24, remainder 2, digit 8 */
		{ "0000000088", IDNUMBER_GOOD, TAX_CODE_ENTERPRISE },
		{ "0000000120", IDNUMBER_REMAINDER_ZERO, 0 },	/* 5 + 6 = 11 */
		{ "0000000121", IDNUMBER_REMAINDER_ZERO, 0 },
		{ "0000000129", IDNUMBER_REMAINDER_ZERO, 0 },
		/* branches */
		{ "0100109106-001", IDNUMBER_GOOD, TAX_CODE_BRANCH },
		{ "0100109106-999", IDNUMBER_GOOD, TAX_CODE_BRANCH },
		{ "0100109106-000", IDNUMBER_BRANCH_ZERO, 0 },
		{ "0100109107-001", IDNUMBER_CHECK_DIGIT, 0 },
		{ "0100109106001", IDNUMBER_HYPHEN, 0 },
		{ "0100109106-01", IDNUMBER_LENGTH, 0 },
		{ "0100109106-0001", IDNUMBER_LENGTH, 0 },
		{ "0100109106-", IDNUMBER_LENGTH, 0 },
		{ "0100109106--01", IDNUMBER_CHARACTERS, 0 },
		{ "010010910-6001", IDNUMBER_CHARACTERS, 0 },
		/* personal ids */
		{ "001099012345", IDNUMBER_GOOD, TAX_CODE_PERSONAL },
		{ "0010990123-45", IDNUMBER_LENGTH, 0 },
		{ "00109901234x", IDNUMBER_CHARACTERS, 0 },
		/* lengths */
		{ "", IDNUMBER_LENGTH, 0 },
		{ NULL, IDNUMBER_LENGTH, 0 },
		{ "010010910", IDNUMBER_LENGTH, 0 },
		{ "01001091066", IDNUMBER_LENGTH, 0 },
		{ "01001091060012", IDNUMBER_LENGTH, 0 },
		{ "41A8000123", IDNUMBER_CHARACTERS, 0 },	/* a household's old registration */
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		enum tax_code_kind kind = (enum tax_code_kind)42;
		enum idnumber_fault got = tax_code_check(text_of(cases[i].in), &kind);

		cr_expect_eq(got, cases[i].fault, "%s: %s", cases[i].in, idnumber_text(got)->rule);
		cr_expect_eq((int)kind, cases[i].fault == IDNUMBER_GOOD ? (int)cases[i].kind : 42, "%s",
		    cases[i].in);
	}
}

/* Of the ten last digits after any nine exactly one fits, or none when the remainder is 0. */
Test(idnumber, tax_check_digit_is_one)
{
	int zero = 0;

	for (int head = 0; head < 1000; head++) {
		int good = 0, refused = 0;

		for (int last = 0; last < 10; last++) {
			char code[32];
			enum tax_code_kind kind;
			enum idnumber_fault fault;

			snprintf(code, sizeof code, "%09d%d", head * 999983, last);
			fault = tax_code_check(text_of(code), &kind);
			good += fault == IDNUMBER_GOOD;
			refused += fault == IDNUMBER_REMAINDER_ZERO;
		}
		cr_assert((good == 1 && refused == 0) || (good == 0 && refused == 10));
		zero += refused == 10;
	}
	cr_expect(zero > 50 && zero < 130, "about one in eleven: %d", zero);
}

Test(idnumber, phones)
{
	static const struct { const char *in; enum phone_kind kind; const char *out; } cases[] = {
		{ "0912345678", PHONE_MOBILE, "+84912345678" },
		{ "+84912345678", PHONE_MOBILE, "+84912345678" },
		{ "84912345678", PHONE_MOBILE, "+84912345678" },
		{ "091 234.56-78", PHONE_MOBILE, "+84912345678" },
		{ "(+84) 912 345 678", PHONE_MOBILE, "+84912345678" },
		{ "0312345678", PHONE_MOBILE, "+84312345678" },
		{ "0512345678", PHONE_MOBILE, "+84512345678" },
		{ "0712345678", PHONE_MOBILE, "+84712345678" },
		{ "0812345678", PHONE_MOBILE, "+84812345678" },
		{ "0841234567", PHONE_MOBILE, "+84841234567" },	/* prefix 084, not country 84 */
		{ "0412345678", PHONE_NONE, "" },
		{ "0612345678", PHONE_NONE, "" },
		{ "0112345678", PHONE_NONE, "" },
		{ "0|12345678", PHONE_NONE, "" },		/* what a faulty pattern lets through */
		{ "091234567", PHONE_NONE, "" },
		{ "09123456789", PHONE_NONE, "" },
		{ "+840912345678", PHONE_NONE, "" },
		{ "+0912345678", PHONE_NONE, "" },
		{ "++84912345678", PHONE_NONE, "" },
		{ "0912345678+", PHONE_NONE, "" },
		{ "912345678", PHONE_NONE, "" },
		{ "+1912345678", PHONE_NONE, "" },
		{ "02438250000", PHONE_LANDLINE, "+842438250000" },
		{ "0243825000", PHONE_LANDLINE, "+84243825000" },
		{ "+842438250000", PHONE_LANDLINE, "+842438250000" },
		{ "024382500", PHONE_NONE, "" },
		{ "024382500001", PHONE_NONE, "" },
		{ "", PHONE_NONE, "" },
		{ NULL, PHONE_NONE, "" },
		{ "+", PHONE_NONE, "" },
		{ "0", PHONE_NONE, "" },
		{ "84", PHONE_NONE, "" },
		{ "0912345678901234567890", PHONE_NONE, "" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char out[PHONE_BYTES] = "";

		cr_expect_eq(phone_normalise(text_of(cases[i].in), out), cases[i].kind, "%s", cases[i].in);
		cr_expect_str_eq(out, cases[i].out, "%s: %s", cases[i].in, out);
	}
}

Test(idnumber, texts)
{
	for (int fault = IDNUMBER_GOOD; fault <= IDNUMBER_REMAINDER_ZERO; fault++) {
		const struct idnumber_text *text = idnumber_text((enum idnumber_fault)fault);

		cr_expect(text->rule != NULL && text->message_vi != NULL && text->message_en != NULL, "%d", fault);
		for (int other = IDNUMBER_GOOD; other < fault; other++)
			cr_expect_str_neq(text->rule, idnumber_text((enum idnumber_fault)other)->rule);
	}
}
