/*
 * lookup_rules - whom to ask about, and what the answers mean for the dossier.  Pure.
 *
 * The law asks agencies to take from the state's registers what stands there
 * instead of asking the applicant again.  A register that does not match, does
 * not know, or does not answer refuses nobody: the paper stays missing and an
 * officer, or a supplement, settles it (Decree 224/2026, Art. 18(4)).
 */
#ifndef LOOKUP_RULES_H
#define LOOKUP_RULES_H

#include "catalogue.h"
#include "lookup_match.h"

enum lookup_registry { LOOKUP_POPULATION, LOOKUP_ENTERPRISE, LOOKUP_REGISTRIES };

/* What came of one question; the first four are what registers can say. */
enum lookup_end { LOOKUP_END_MATCH, LOOKUP_END_MISMATCH, LOOKUP_END_NOT_FOUND, LOOKUP_END_UNAVAILABLE,
    LOOKUP_END_OPEN };

enum { QUESTIONS_MAX = 8 };

struct lookup_question {
	enum lookup_registry	registry;
	struct text		subject;	/* "applicant" or "submitter" */
	struct text		purpose, legal_basis;	/* of the catalogue */
	const struct doc_node	*person;	/* what was declared: applicant or submitter */
};

struct lookup_answer {
	enum lookup_end	end;
	int		differing;	/* set of enum lookup_field, what the register leaves out included */
	struct text	filled;		/* JSON object: what it supplied that was not declared; contents. Absent: nothing */
	struct text	filled_names;	/* JSON array: the names of those */
	bool		is_new;		/* asked in this round: evidence is due */
	bool		is_stray;	/* the last that came was about somebody else */
	time_us		asked_at;
};

/*
 * What the procedure asks for about this submission; at most QUESTIONS_MAX.
 * Whoever submits for somebody else is looked up in the population register
 * as well.  About what was not declared (a tax code) nothing is asked.
 */
int lookup_questions(const struct procedure *procedure, const struct doc_node *submission,
    struct lookup_question questions[QUESTIONS_MAX]);

/* Declared and known, compared; answer NULL: there is no such person, business. */
void lookup_judge_person(struct arena *arena, const struct lookup_question *question,
    const struct lookup_person *known, struct lookup_answer *answer);
void lookup_judge_business(struct arena *arena, const struct lookup_question *question,
    const struct lookup_business *known, struct lookup_answer *answer);

struct lookup_verdict_facts {
	struct text	outcomes;	/* JSON: [{registry, subject, outcome, fields}] */
	struct text	replaced;	/* JSON: codes that a register made unnecessary, in the order of the catalogue */
	struct text	missing;	/* JSON: what was missing before, less those */
};

/* missing: JSON array of the codes that verification found missing, or NULL. */
void lookup_conclude(struct arena *arena, const struct doc_node *its_case, const struct doc_node *missing,
    const struct lookup_question *questions, const struct lookup_answer *answers, int n,
    struct lookup_verdict_facts *out);

/* JSON array of field names: what differs, or else what was filled. */
struct text lookup_fields(struct arena *arena, const struct lookup_answer *answer);

const char *lookup_registry_name(enum lookup_registry registry);
const char *lookup_end_name(enum lookup_end end);
bool lookup_registry_find(struct text name, enum lookup_registry *out);

#endif
