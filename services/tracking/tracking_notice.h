/*
 * tracking_notice - who is told what, in which words.
 *
 * Pure: an event and the facts around it go in, subject and text come out, in
 * the applicant's language.  Texts are Vietnamese in NFC with an English twin;
 * they name the dossier, the agency and the times (Decree 224/2026, Art.
 * 15(1)(g)), and nothing about the person, for a message on a telephone is
 * read by whoever holds it.
 */
#ifndef TRACKING_NOTICE_H
#define TRACKING_NOTICE_H

#include "catalogue.h"
#include "dossier.h"
#include "service.h"

enum notice {
	NOTICE_NONE,
	NOTICE_REGISTERED, NOTICE_REJECTED, NOTICE_PAYMENT_NEEDED, NOTICE_PAYMENT_RECEIVED, NOTICE_REFUND_ORDERED,
	NOTICE_SUPPLEMENT_REQUESTED, NOTICE_ACCEPTED, NOTICE_REFUSED, NOTICE_OVERDUE, NOTICE_STOPPED,
	NOTICE_WITHDRAWN, NOTICE_DECIDED, NOTICE_RELEASED, NOTICE_COUNTER_READY, NOTICE_HANDED_OVER,
	NOTICE_PARCEL_POSTED, NOTICE_PARCEL_ATTEMPT_FAILED, NOTICE_PARCEL_DELIVERED, NOTICE_PARCEL_RETURNED,
	NOTICE_PARCEL_FAILED,
	NOTICES
};

/* What this event is told as.  only_end: nothing but what ends a case. */
enum notice notice_of(const struct event *event, bool only_end);

/* May an event of this type be told? */
bool notice_may_be(enum event_type type, bool only_end);

const char *notice_name(enum notice notice);	/* "payment_needed" */

/* Every event that is told, for the table of wakes; the number of them. */
extern const enum event_type notice_events[];
extern const int notice_n_events;

struct notice_facts {
	const struct dossier	*dos;
	const struct event	*event;
	const struct procedure	*procedure;	/* NULL: not known */
	const struct agency	*agency;	/* NULL: not known */
};

struct notice_text {
	struct text	subject, text;
};

void notice_write(enum notice notice, const struct notice_facts *facts, struct arena *arena,
    struct notice_text *out);

/* How to reach the applicant: a telephone first, else e-mail. */
enum contact { CONTACT_NONE, CONTACT_SMS, CONTACT_EMAIL };

/* From what was sent first; what does not look like a number or an address is left alone. */
enum contact notice_contact(const struct content *contents, int n, struct text *to);

/* The body of the call: {"to","text"} and for e-mail "subject". */
struct text notice_body(enum contact contact, struct text to, const struct notice_text *text, struct arena *arena);

#endif
