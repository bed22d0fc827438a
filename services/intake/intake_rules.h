/*
 * intake_rules - may this be taken in?  Pure: message and catalogue in, verdict out.
 *
 * The contract (schemas/messages) has been checked before.  What is judged
 * here is the procedure's own law: is it open at that agency on the day of
 * arrival, for that applicant, in that case, with those components, and does
 * the form keep the procedure's form schema.  What an officer has to judge
 * (is everything there, is it true) is not refused here.
 */
#ifndef INTAKE_RULES_H
#define INTAKE_RULES_H

#include "catalogue.h"
#include "dossier.h"
#include "intake_dates.h"
#include "intake_error.h"

/* Our reading of a procedure, made once: goes into procedure->cache. */
struct intake_procedure;
void intake_procedure_prepare(struct procedure *procedure, struct arena *arena);

/* Digest of the rule set, hexadecimal; reckoned once for each agency. */
const char *intake_rule_set(const struct procedure *procedure, const struct agency *agency);

struct intake_verdict {
	const struct procedure	*procedure;	/* in force and offered, or NULL */
	const struct agency	*agency;
	struct intake_errors	errors;		/* none: to be registered */
	int			warnings;	/* set of enum personal_warning: for an officer, never a refusal */
};

enum { INTAKE_FILES_MIB_MAX = 500 };	/* all files of a submission together */

/*
 * A submission whose contract is kept.  arrived_at is the broker's: the legal
 * time of arrival decides which law applies.
 */
void intake_judge_submission(const struct catalogue *cat, const struct doc_node *data, time_us arrived_at,
    struct arena *arena, struct intake_verdict *out);

enum intake_request { INTAKE_SUPPLEMENT, INTAKE_WITHDRAWAL, INTAKE_DELIVERY_CHANGE };

/*
 * What the applicant asks of a registered dossier; source is the message's.
 * procedure is the version it was received under, not NULL for supplements
 * and changes of delivery.  Errors: none means granted.
 */
void intake_judge_request(enum intake_request request, const struct dossier *dos, const struct procedure *procedure,
    struct text source, const struct doc_node *data, time_us arrived_at, struct intake_errors *errors);

#endif
