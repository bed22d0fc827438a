/*
 * idnumber - see idnumber.h.
 */
#include "idnumber.h"

#include <stdio.h>

enum { PERSONAL_DIGITS = 12, OLD_CARD_DIGITS = 9, TAX_DIGITS = 10, BRANCH_DIGITS = 3 };

static const struct idnumber_text texts[] = {
	[IDNUMBER_GOOD] = { "good", "Hợp lệ", "Valid" },
	[IDNUMBER_CHARACTERS] = { "characters",
	    "Chỉ được gồm chữ số", "Only digits are allowed" },
	[IDNUMBER_LENGTH] = { "length",
	    "Số chữ số không đúng", "The number of digits is wrong" },
	[IDNUMBER_OLD_CARD] = { "old_card",
	    "Số chứng minh nhân dân 9 số không còn giá trị; hãy dùng số định danh cá nhân 12 số",
	    "A 9-digit identity card number is no longer valid; use the 12-digit personal number" },
	[IDNUMBER_HYPHEN] = { "hyphen",
	    "Mã số thuế đơn vị phụ thuộc phải có dấu gạch ngang trước 3 số cuối",
	    "The last 3 digits of a branch tax code follow a hyphen" },
	[IDNUMBER_BRANCH_ZERO] = { "branch_zero",
	    "Số thứ tự đơn vị phụ thuộc phải từ 001 đến 999",
	    "The branch number must be from 001 to 999" },
	[IDNUMBER_CHECK_DIGIT] = { "check_digit",
	    "Chữ số kiểm tra của mã số thuế không đúng; hãy xem lại từng chữ số",
	    "The check digit of the tax code is wrong; check each digit" },
	[IDNUMBER_REMAINDER_ZERO] = { "remainder_zero",
	    "Mã số thuế này không có chữ số kiểm tra nào phù hợp; hãy xem lại từng chữ số",
	    "No check digit fits this tax code; check each digit" },
};

const struct idnumber_text *
idnumber_text(enum idnumber_fault fault)
{
	return &texts[fault];
}

static bool
is_digits(struct text t)
{
	for (size_t i = 0; i < t.n; i++)
		if (t.s[i] < '0' || t.s[i] > '9')
			return false;
	return true;
}

/* Value of n digits at at. */
static int
number_at(struct text t, size_t at, size_t n)
{
	int value = 0;

	for (size_t i = at; i < at + n; i++)
		value = value * 10 + (t.s[i] - '0');
	return value;
}

/* --- personal ids -------------------------------------------------------------- */

/* Place codes of before 2025-07-01; closed ones stay in the ids of those who have them. */
static bool
is_province(int code)
{
	static const unsigned char provinces[] = {
		1, 2, 4, 6, 8, 10, 11, 12, 14, 15, 17, 19, 20, 22, 24, 25, 26, 27, 30, 31, 33,
		34, 35, 36, 37, 38, 40, 42, 44, 45, 46, 48, 49, 51, 52, 54, 56, 58, 60, 62, 64,
		66, 67, 68, 70, 72, 74, 75, 77, 79, 80, 82, 83, 84, 86, 87, 89, 91, 92, 93, 94,
		95, 96
	};

	for (size_t i = 0; i < sizeof provinces; i++)
		if (provinces[i] == code)
			return true;
	return false;
}

static int
personal_warnings(const struct personal_id *id, const struct personal_declared *declared)
{
	int warnings = is_province(id->province) ? 0 : PERSONAL_WARN_PROVINCE;

	if (declared == NULL)
		return warnings;
	if (declared->sex != PERSONAL_SEX_UNKNOWN && declared->sex != id->sex)
		warnings |= PERSONAL_WARN_SEX;
	if (declared->birth_year != 0 && declared->birth_year != id->birth_year)
		warnings |= PERSONAL_WARN_YEAR;
	if (declared->year_now != 0 && id->birth_year > declared->year_now)
		warnings |= PERSONAL_WARN_FUTURE;
	return warnings;
}

enum idnumber_fault
personal_id_check(struct text number, const struct personal_declared *declared,
    struct personal_id *out)
{
	struct personal_id id;
	int century;

	if (number.n == 0)
		return IDNUMBER_LENGTH;
	if (!is_digits(number))
		return IDNUMBER_CHARACTERS;
	if (number.n == OLD_CARD_DIGITS)
		return IDNUMBER_OLD_CARD;
	if (number.n != PERSONAL_DIGITS)
		return IDNUMBER_LENGTH;
	century = number_at(number, 3, 1);
	id.province = number_at(number, 0, 3);
	id.birth_year = 1900 + century / 2 * 100 + number_at(number, 4, 2);
	id.sex = century % 2 == 0 ? PERSONAL_MALE : PERSONAL_FEMALE;
	id.warnings = personal_warnings(&id, declared);
	*out = id;
	return IDNUMBER_GOOD;
}

/* --- tax codes ----------------------------------------------------------------- */

static enum idnumber_fault
check_digit(struct text code)
{
	static const int weights[] = { 31, 29, 23, 19, 17, 13, 7, 5, 3 };
	int sum = 0;

	for (size_t i = 0; i < sizeof weights / sizeof *weights; i++)
		sum += weights[i] * (code.s[i] - '0');
	if (sum % 11 == 0)
		return IDNUMBER_REMAINDER_ZERO;
	return code.s[9] - '0' == 10 - sum % 11 ? IDNUMBER_GOOD : IDNUMBER_CHECK_DIGIT;
}

/* Which of the three forms is it, as far as its shape goes? */
static enum idnumber_fault
tax_shape(struct text code, enum tax_code_kind *kind)
{
	struct text head = { code.s, code.n < TAX_DIGITS ? code.n : TAX_DIGITS };
	struct text tail;
	bool hyphen;

	if (code.n == 0)
		return IDNUMBER_LENGTH;
	tail = (struct text){ code.s + head.n, code.n - head.n };
	hyphen = tail.n > 0 && tail.s[0] == '-';
	if (hyphen)
		tail = (struct text){ tail.s + 1, tail.n - 1 };
	if (!is_digits(head) || !is_digits(tail))
		return IDNUMBER_CHARACTERS;
	if (hyphen && tail.n == BRANCH_DIGITS)
		*kind = TAX_CODE_BRANCH;
	else if (!hyphen && code.n == TAX_DIGITS)
		*kind = TAX_CODE_ENTERPRISE;
	else if (!hyphen && code.n == PERSONAL_DIGITS)
		*kind = TAX_CODE_PERSONAL;
	else
		return code.n == TAX_DIGITS + BRANCH_DIGITS && !hyphen ? IDNUMBER_HYPHEN :
		    IDNUMBER_LENGTH;
	return IDNUMBER_GOOD;
}

enum idnumber_fault
tax_code_check(struct text code, enum tax_code_kind *out)
{
	enum tax_code_kind kind;
	enum idnumber_fault fault = tax_shape(code, &kind);

	if (fault != IDNUMBER_GOOD)
		return fault;
	if (kind == TAX_CODE_BRANCH && number_at(code, TAX_DIGITS + 1, BRANCH_DIGITS) == 0)
		return IDNUMBER_BRANCH_ZERO;
	if (kind != TAX_CODE_PERSONAL)
		fault = check_digit(code);
	if (fault == IDNUMBER_GOOD)
		*out = kind;
	return fault;
}

/* --- telephone numbers --------------------------------------------------------- */

/* The digits, a leading plus counted apart; false for anything else or too many. */
static bool
phone_digits(struct text number, char *digits, size_t size, size_t *n, bool *plus)
{
	*n = 0;
	*plus = false;
	for (size_t i = 0; i < number.n; i++) {
		char c = number.s[i];

		if (c == '+' && *n == 0 && !*plus) {
			*plus = true;
			continue;
		}
		if (c == ' ' || c == '.' || c == '-' || c == '(' || c == ')')
			continue;
		if (c < '0' || c > '9' || *n == size)
			return false;
		digits[(*n)++] = c;
	}
	return true;
}

enum phone_kind
phone_normalise(struct text number, char out[PHONE_BYTES])
{
	char digits[12];
	size_t n, skip;
	bool plus;
	enum phone_kind kind = PHONE_NONE;

	if (!phone_digits(number, digits, sizeof digits, &n, &plus) || n < 2)
		return PHONE_NONE;
	if (digits[0] == '8' && digits[1] == '4' && n > 2)
		skip = 2;
	else if (digits[0] == '0' && !plus)
		skip = 1;
	else
		return PHONE_NONE;
	if (n - skip == 9 && strchr("35789", digits[skip]) != NULL)
		kind = PHONE_MOBILE;
	else if ((n - skip == 9 || n - skip == 10) && digits[skip] == '2')
		kind = PHONE_LANDLINE;
	if (kind != PHONE_NONE)
		snprintf(out, PHONE_BYTES, "+84%.*s", (int)(n - skip), digits + skip);
	return kind;
}
