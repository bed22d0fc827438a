/*
 * idnumber - the shape of personal ids, tax codes and telephone numbers.
 *
 * Only what can be told without asking anybody.  A wrong shape is an error; a
 * doubt is a warning for an officer, never a refusal, since sex and year of
 * birth are re-registered and provinces close.
 */
#ifndef IDNUMBER_H
#define IDNUMBER_H

#include "text.h"

enum idnumber_fault {
	IDNUMBER_GOOD,
	IDNUMBER_CHARACTERS,	/* something that is no digit (or misplaced hyphen) */
	IDNUMBER_LENGTH,
	IDNUMBER_OLD_CARD,	/* 9 digits: an identity card of before, no longer valid */
	IDNUMBER_HYPHEN,	/* 13 digits in one: the branch follows a hyphen */
	IDNUMBER_BRANCH_ZERO,	/* branches are 001..999 */
	IDNUMBER_CHECK_DIGIT,
	IDNUMBER_REMAINDER_ZERO	/* the sum leaves 0: no digit fits, never issued */
};

struct idnumber_text {		/* for the answer to the portal */
	const char	*rule;	/* "tax_code.check_digit" without the first word */
	const char	*message_vi;
	const char	*message_en;
};

const struct idnumber_text *idnumber_text(enum idnumber_fault fault);

enum personal_sex { PERSONAL_SEX_UNKNOWN, PERSONAL_MALE, PERSONAL_FEMALE };

enum personal_warning {		/* they add up to a set */
	PERSONAL_WARN_PROVINCE	= 1,	/* none of the 63 codes of before 2025: a country, or a slip */
	PERSONAL_WARN_SEX	= 2,	/* not the declared one */
	PERSONAL_WARN_YEAR	= 4,	/* not the declared one */
	PERSONAL_WARN_FUTURE	= 8	/* born after year_now */
};

struct personal_declared {
	enum personal_sex	sex;		/* PERSONAL_SEX_UNKNOWN: not compared */
	int			birth_year;	/* 0: not compared */
	int			year_now;	/* 0: not compared */
};

struct personal_id {
	int			province;
	int			birth_year;
	enum personal_sex	sex;
	int			warnings;
};

/*
 * So dinh danh ca nhan: 12 digits (Law on Identity 2023, Art. 12): 3 place of
 * birth registration, 1 century and sex, 2 year of birth, 6 at random; no check
 * digit.  declared may be NULL; out is untouched unless the answer is GOOD.
 */
enum idnumber_fault personal_id_check(struct text number, const struct personal_declared *declared,
    struct personal_id *out);

enum tax_code_kind {
	TAX_CODE_ENTERPRISE,	/* 10 digits */
	TAX_CODE_BRANCH,	/* 10 digits, hyphen, 3 digits */
	TAX_CODE_PERSONAL	/* 12 digits: a personal id, from 2025-07-01 */
};

/*
 * Circular 105/2020/TT-BTC, Art. 5(1): the tenth digit is 10 less the weighted
 * sum of the nine before it, modulo 11.  Circular 86/2024/TT-BTC, Art. 5(5):
 * the personal id of individuals and households; whether the subject and the
 * day allow that kind is for the caller.
 */
enum idnumber_fault tax_code_check(struct text code, enum tax_code_kind *out);

enum phone_kind { PHONE_NONE, PHONE_MOBILE, PHONE_LANDLINE };
enum { PHONE_BYTES = 16 };

/*
 * To E.164 ("+84912345678").  Spaces, dots, hyphens and brackets are passed
 * over.  Mobile: 3, 5, 7, 8 or 9 and eight digits after 0, 84 or +84;
 * landline: 2 and eight or nine.  PHONE_NONE leaves out untouched.
 */
enum phone_kind phone_normalise(struct text number, char out[PHONE_BYTES]);

#endif
