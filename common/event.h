/*
 * event - what a stage decided: the envelope and the facts.
 *
 * An event carries every fact that was computed for it, so that
 * dossier_apply reads nothing else (promise 6).  One table of facts gives the
 * JSON names, the types and the places in the struct; facts that do not apply
 * are absent.  As a message it is a CloudEvent in Kafka binary mode whose
 * headers stand in a fixed order, because they are hashed (promise 4).
 */
#ifndef EVENT_H
#define EVENT_H

#include "db.h"
#include "digest.h"
#include "doc.h"
#include "record.h"
#include "stage.h"

enum fact_kind { FACT_TEXT, FACT_INT, FACT_TIME, FACT_JSON };

/* name in the struct, kind, name in JSON */
#define EVENT_FACTS(F) \
	F(round, FACT_INT, "round") \
	F(input, FACT_TEXT, "input") \
	F(request, FACT_TEXT, "request") \
	F(source, FACT_TEXT, "source") \
	F(submission, FACT_TEXT, "submission") \
	F(code, FACT_TEXT, "code") \
	F(procedure, FACT_TEXT, "procedure") \
	F(procedure_version, FACT_INT, "procedure_version") \
	F(case_code, FACT_TEXT, "case") \
	F(agency, FACT_TEXT, "agency") \
	F(level, FACT_TEXT, "level") \
	F(channel, FACT_TEXT, "channel") \
	F(applicant_kind, FACT_TEXT, "applicant_kind") \
	F(language, FACT_TEXT, "language") \
	F(rule_set, FACT_TEXT, "rule_set") \
	F(received_at, FACT_TIME, "received_at") \
	F(digest, FACT_TEXT, "digest") \
	F(exemption, FACT_TEXT, "exemption") \
	F(delivery, FACT_TEXT, "delivery") \
	F(missing, FACT_JSON, "missing") \
	F(problems, FACT_JSON, "problems") \
	F(outcomes, FACT_JSON, "outcomes") \
	F(replaced, FACT_JSON, "replaced") \
	F(phi, FACT_INT, "phi") \
	F(le_phi, FACT_INT, "le_phi") \
	F(amount, FACT_INT, "amount") \
	F(order, FACT_TEXT, "order") \
	F(refund, FACT_TEXT, "refund") \
	F(transaction, FACT_TEXT, "transaction") \
	F(paid_at, FACT_TIME, "paid_at") \
	F(expires_at, FACT_TIME, "expires_at") \
	F(reason, FACT_TEXT, "reason") \
	F(citation, FACT_TEXT, "citation") \
	F(officer, FACT_TEXT, "officer") \
	F(accepted_at, FACT_TIME, "accepted_at") \
	F(decided_at, FACT_TIME, "decided_at") \
	F(due_at, FACT_TIME, "due_at") \
	F(slip, FACT_TEXT, "slip") \
	F(result, FACT_TEXT, "result") \
	F(document, FACT_JSON, "document") \
	F(receiver, FACT_TEXT, "receiver") \
	F(relation, FACT_TEXT, "relation") \
	F(parcel, FACT_TEXT, "parcel") \
	F(item_code, FACT_TEXT, "item_code") \
	F(postal_state, FACT_TEXT, "postal_state") \
	F(attempt, FACT_INT, "attempt") \
	F(happened_at, FACT_TIME, "at") \
	F(notice, FACT_TEXT, "notice") \
	F(about, FACT_INT, "about") \
	F(key, FACT_TEXT, "key") \
	F(errors, FACT_JSON, "errors")

struct event {
	enum event_type	type;
	uint8_t		dossier[UUID_BYTES];
	int32_t		version;	/* of the dossier, after this; 0 for answers */
	int32_t		home;
	int64_t		number;		/* in its journal */
	time_us		at;		/* when it was decided */
	struct text	cause;		/* the message, timer or effect that led to it */
	struct text	trace;		/* traceparent, absent when none came */

#define EVENT_FIELD(name, kind, json) EVENT_FIELD_##kind name;
#define EVENT_FIELD_FACT_TEXT struct text
#define EVENT_FIELD_FACT_JSON struct text
#define EVENT_FIELD_FACT_INT int64_t
#define EVENT_FIELD_FACT_TIME time_us
	EVENT_FACTS(EVENT_FIELD)
};

/* A fresh event with every fact absent. */
struct event *event_new(struct arena *arena, enum event_type type);

/* The record as it stands in the journal, without its chain; texts in the arena. */
void event_encode(const struct event *event, struct arena *arena, struct record *out);

/*
 * The reverse, for what our own journals hold.  FAULT_PARK when it is not one
 * of our events; an unknown type says so in err->code ("unknown_type"): it
 * stops the lane and is never parked.
 */
ERR_CHECK enum fault event_decode(const struct record *record, struct arena *arena,
    struct event **out, struct err *err);

/* The number in the header, before anything else is trusted; false when there is none. */
bool event_number(const struct record *record, int64_t *out);

/*
 * The hash of an entry: SHA-256 over the hash before it, its number, its key,
 * its headers in order but the chain itself, and its value.
 */
void chain_hash(struct digest *digest, const uint8_t before[DIGEST_BYTES], int64_t number,
    const struct record *record, uint8_t out[DIGEST_BYTES]);

#define HEADER_CHAIN "ce_chain"

#endif
