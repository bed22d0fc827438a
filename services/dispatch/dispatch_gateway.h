/*
 * dispatch_gateway - the language of the postal operator.
 *
 * Pure: an order is built from the dossier, the agency and the address that
 * the applicant gave last; an answer is read.  The post is told what it needs
 * to carry and to ring, and nothing of what is inside (Decision
 * 45/2016/QD-TTg, Art. 16(5)).
 */
#ifndef DISPATCH_GATEWAY_H
#define DISPATCH_GATEWAY_H

#include "dossier.h"
#include "service.h"

/*
 * Where the result goes: the "address" object of the latest delivery by post,
 * NULL where none was given.  Contents oldest first.
 */
const struct doc_node *dispatch_address(const struct content *contents, int n);

/* sender: the agency's return_address. */
struct text dispatch_order_body(const struct dossier *dos, struct text parcel, const char *customer,
    const struct doc_node *sender, const struct doc_node *receiver, struct arena *arena);

enum dispatch_reply {
	DISPATCH_REPLY_PLACED,
	DISPATCH_REPLY_FAILED,	/* the post will not carry it, and says so */
	DISPATCH_REPLY_LATER,	/* not now: tell it again */
	DISPATCH_REPLY_UNCLEAR,	/* no word about this parcel: it may be placed */
	DISPATCH_REPLY_NEVER	/* our own doing: err says what an operator sees */
};

/*
 * What an answer to the order of a parcel, or about one, means.  *item_code
 * for PLACED, *reason (a code) for FAILED.  An answer that names another
 * OrderNumber says nothing; one without it is taken as it is.
 */
enum dispatch_reply dispatch_reply(const struct outcome *outcome, struct text parcel, struct text *item_code,
    const char **reason, struct err *err);

enum asked dispatch_asked(int status, const struct doc_node *body, struct text parcel);

#endif
