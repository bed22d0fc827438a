/*
 * sim - what the simulated services have in common.
 *
 * A subject says what one request or event is about; rules are matched
 * against it and the ledger is written from it.
 */
#ifndef SIM_H
#define SIM_H

#include "clock.h"
#include "mem.h"
#include "text.h"

enum service {
	SERVICE_POPULATION,
	SERVICE_ENTERPRISE,
	SERVICE_PAYMENT,
	SERVICE_POSTAL,
	SERVICE_OBJECTS,
	SERVICE_SMS,
	SERVICE_EMAIL,
	SERVICE_OFFICER,
	SERVICE_CITIZEN,
	SERVICE_BRIDGE,		/* every message handed to the broker */
	SERVICES
};

extern const char *const service_names[SERVICES];

/* The service of that name, or SERVICES. */
enum service service_find(struct text name);

struct subject {
	enum service	service;
	const char	*op;		/* static: "lookup", "init", "pay", … */
	struct text	key;		/* idempotency key, request id, ce_id */
	struct text	dossier;
	struct text	number;		/* person, tax code, telephone, address; masked in the ledger */
	struct text	name;		/* of an object */
	struct text	procedure;
	struct text	agency;
	struct text	event;		/* ce_type */
	int64_t		amount;		/* dong; 0 where there is none */
};

/* What the command line said. */
struct sim_options {
	const char	*secret;	/* shared with the payment partner */
	const char	*portal;	/* ce_source of the citizen; NULL = the dossier's own portal */
	uint64_t	seed;
	bool		to_home;	/* officer and citizen answer to the journal's partition */
};

extern struct sim_options sim_options;

/* Order, refund and parcel ids begin with the dossier's; absent unless this one does. */
struct text sim_dossier_of(struct text id);

#endif
