/*
 * serve - what every simulated service does with a request.
 *
 *	conduct = behave(&subject, PHASE_ANSWER);
 *	if (serve_fault(request, &subject, &conduct))
 *		return;				nothing was done
 *	… the effect …
 *	serve_answer(…);			told, spoilt or not
 */
#ifndef SERVE_H
#define SERVE_H

#include "behave.h"
#include "web.h"
#include "ledger.h"

/* The body as JSON, NULL when it is none. */
const struct doc_node *serve_body(struct request *request);

/* Answers and notes the deeds that come before the effect; false if there was none. */
bool serve_fault(struct request *request, const struct subject *subject, const struct conduct *conduct);

struct reply {
	int		status;
	const char	*outcome;	/* static, for the ledger */
	struct text	body;
	struct text	content;	/* of an object, instead of body */
	size_t		content_bytes;
	struct extra	extra[4];
};

/* Notes the outcome and answers as conduct says. */
void serve_answer(struct request *request, const struct subject *subject, const struct conduct *conduct,
    const struct reply *reply);

/* 400 with a reason, whatever the conduct. */
void serve_bad(struct request *request, const struct subject *subject, const char *why);

/* Plain answers of the control paths: not noted, not spoilt. */
void serve_plain(struct request *request, int status, struct text body);

/* The services and the control paths, in their own files. */
void population_request(struct request *request);
void enterprise_request(struct request *request);
void payment_request(struct request *request);
void postal_request(struct request *request);
void objects_request(struct request *request);
void sms_request(struct request *request);
void email_request(struct request *request);
void control_request(struct request *request);

/* Orders and parcels of a former life, out of the ledgers. */
void payment_open(void);
void postal_open(void);

/* POST /pay: the citizen pays now.  false if there is no such order. */
bool payment_force(struct text order, int64_t amount, bool fails);

#endif
