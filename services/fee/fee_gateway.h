/*
 * fee_gateway - the language of the national payment platform, version 1.0.6.
 *
 * Pure: what is sent is built from the job, what comes back is read; nothing
 * here opens a connection.  A message is sealed by MaXacThuc, lower-case
 * hexadecimal SHA-256 of
 *
 *	LoaiBanTin|MaThamChieu|SoTien|MaGiaoDich|secret
 *
 * with the message's own values, what is absent being empty.  The secret and
 * the partner's name come in when it is sent, so that neither lies in the
 * database.
 */
#ifndef FEE_GATEWAY_H
#define FEE_GATEWAY_H

#include "dossier.h"
#include "fee_law.h"
#include "service.h"

/* MaLoi, as far as it matters here. */
enum fee_reply {
	FEE_REPLY_DONE,		/* done, or done before: the same to us */
	FEE_REPLY_LATER,	/* not now: tell it again */
	FEE_REPLY_UNCLEAR,	/* not from the platform, or about another order: it may be done */
	FEE_REPLY_NEVER		/* will not be done as it was asked: err says what an operator sees */
};

/* INIT without its seal: what decide keeps with the order. */
struct text fee_init_body(const struct dossier *dos, const struct event *ordered, const struct fee_due *due,
    const struct fee_law *law, struct arena *arena);

/* REFUND, likewise. */
struct text fee_refund_body(const struct event *ordered, struct arena *arena);

/* QUERY about an order or a refund. */
struct text fee_query_body(struct text id, struct arena *arena);

struct fee_platform {
	const char	*url, *partner, *secret;
	int64_t		timeout_ms;
};

/* The body as it goes out, with partner and seal. */
struct text fee_seal(struct text body, const struct fee_platform *platform, struct arena *arena);

/* path is "/init", "/query" or "/refund". */
void fee_request(const struct fee_platform *platform, const char *path, struct text key, struct text body,
    struct http_request *out, struct arena *arena);

/* Is the answer from who knows the secret? */
bool fee_is_genuine(const struct doc_node *answer, const char *secret);

/* What an answer to INIT or REFUND means (id is the one that was sent), or to QUERY where it was asked. */
enum fee_reply fee_reply(const struct outcome *outcome, struct text id, const char *secret, struct err *err);

/* What an answer to QUERY says about an order or a refund. */
enum asked fee_asked(int status, const struct doc_node *answer, struct text id, const char *secret);

#endif
