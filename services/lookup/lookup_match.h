/*
 * lookup_match - does the state's register say what the applicant says?
 *
 * Pure comparison on normalised forms.  It routes, nothing else: a difference
 * sends the dossier to an officer or asks for the paper, never refuses it and
 * never overwrites what was declared (Decree 224/2026, Art. 18(4); resolution
 * on replacing components by data, clauses 1-2: incomplete or inaccurate data
 * means that the paper is asked for).  The fourth outcome, a register that
 * does not answer, is known before there is anything to compare.
 *
 * Names differ lawfully in Unicode form, case, spacing and where the tone mark
 * stands (Hoà, Hòa); those are no differences here.
 */
#ifndef LOOKUP_MATCH_H
#define LOOKUP_MATCH_H

#include "mem.h"
#include "text.h"

enum lookup_outcome { LOOKUP_MATCH, LOOKUP_MISMATCH, LOOKUP_NOT_FOUND };

/* What can differ; they add up to a set. */
enum lookup_field {
	LOOKUP_NAME	= 1,
	LOOKUP_NUMBER	= 2,	/* personal identification number */
	LOOKUP_BIRTH	= 4,
	LOOKUP_TAX_CODE	= 8,
	LOOKUP_STATUS	= 16	/* found, not usable */
};

struct lookup_verdict {
	enum lookup_outcome	outcome;
	int			differing;	/* set of enum lookup_field */
	int			missing;	/* declared, but not in the answer: incomplete data */
};

struct lookup_date {	/* a month or day of 0 is unknown, as registers really have them */
	int	year;
	int	month;
	int	day;
};

/* "1990-05-17", "17/05/1990", "05/1990", "1990"; 00 for what is unknown.  False, out untouched, otherwise. */
bool lookup_date_from_text(struct text t, struct lookup_date *out);

struct lookup_person {
	struct text	name;
	struct text	number;
	struct text	birth;	/* as lookup_date_from_text reads it */
};

/*
 * Only what is declared is compared.  Numbers are compared on their digits.
 * Dates agree when they agree as far as both are known; a date that cannot be
 * read is equal only to the same text.  answer NULL: not found.
 */
struct lookup_verdict lookup_match_person(struct arena *arena, const struct lookup_person *declared,
    const struct lookup_person *answer);

struct lookup_business {
	struct text	tax_code;
	struct text	name;
	/*
	 * Of the answer: false for a record that exists and may not be relied
	 * on, as tax status 10, "waiting for the personal id" (Circular
	 * 86/2024/TT-BTC, Art. 39(3)).
	 */
	bool		is_usable;
};

/* As above; in names the common abbreviations (TNHH, CP, MTV, DNTN, HTX) equal their long forms. */
struct lookup_verdict lookup_match_business(struct arena *arena,
    const struct lookup_business *declared, const struct lookup_business *answer);

/* "name", "number", "birth_date", "tax_code", "status" for one field. */
const char *lookup_field_name(enum lookup_field field);

#endif
