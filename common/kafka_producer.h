/*
 * kafka_producer - sends what PostgreSQL has committed, and knows what arrived.
 *
 * Idempotent, to explicit partitions.  Every message carries a mark that comes
 * back with its delivery.  After any failure the producer is spent: its owner
 * frees it, makes a new one and sends again from the acknowledged prefix
 * (promise 4); readers drop what they have.
 */
#ifndef KAFKA_PRODUCER_H
#define KAFKA_PRODUCER_H

#include "err.h"
#include "kafka_offset.h"
#include "param.h"
#include "record.h"

struct mark {
	unsigned	kind;	/* the owner's, 0 to 2; MARK_OPTIONAL: it may be lost */
	int		lane;	/* 0 to 16383 */
	int64_t		number;	/* up to 48 bits */
};

enum { MARK_OPTIONAL = 3 };

struct producer;

struct producer_options {
	const char		*bootstrap;
	const char		*client;
	int64_t			message_timeout_ms;
	const struct param_pass	*pass;
	void			*ctx;
	void			(*delivered)(void *ctx, struct mark mark, int64_t offset);
};

ERR_CHECK enum fault producer_open(const struct producer_options *options, struct producer **out,
    struct err *err);
void producer_free(struct producer *producer);	/* drops what is not sent yet */

/*
 * Queue one message; extra is one more header (absent value: none).
 * FAULT_RETRY: the queue is full, poll and try again; or the producer is spent (see
 * producer_failed).  partition -1: by key.
 */
ERR_CHECK enum fault producer_send(struct producer *producer, const char *topic, int partition,
    const struct record *record, struct header extra, struct mark mark, struct err *err);

/* What is sent from here on bears this time (UTC, since 1970) where the topic takes the sender's; 0: this machine's. */
void producer_set_time(struct producer *producer, int64_t time_ms);

/* Serve deliveries; waits at most timeout_ms. */
void producer_poll(struct producer *producer, int timeout_ms);

/*
 * Offsets of any topics' partitions, each once, with one question to each broker;
 * messages of open transactions included: what is not committed yet may still
 * come.  Asked here and not of a consumer, whose connection is busy with a fetch
 * that waits.  A partition that is not there is a fault.
 */
ERR_CHECK enum fault producer_offsets(struct producer *producer, struct topic_offset *offsets, int n,
    int timeout_ms, struct err *err);

/* Messages not delivered yet. */
int producer_pending(const struct producer *producer);

/* Has anything failed since it was made?  Then it is spent; err says why. */
bool producer_failed(const struct producer *producer, struct err *err);

#endif
