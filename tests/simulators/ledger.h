/*
 * ledger - what was asked, what was told: one line of JSON for each.
 *
 * One file for each service, <name>.ndjson in the state folder, or an unnamed
 * one without it.  Lines of payment, post, SMS and e-mail are with the kernel
 * before the answer leaves, so that they survive our own end; the others
 * within 100 ms.  Numbers of people and telephones keep their last three
 * digits; names are never written.
 */
#ifndef LEDGER_H
#define LEDGER_H

#include "doc.h"
#include "sim.h"

struct extra {
	const char	*name;
	struct text	text;	/* absent = leave out */
};

struct entry {
	const struct subject	*about;
	const char		*outcome;	/* static */
	const char		*deed;		/* how the answer was spoilt; NULL = not at all */
	int			status;		/* of HTTP; 0 where there was none */
	bool			is_request;	/* or something that happened by itself */
	struct extra		extra[4];
};

ERR_CHECK enum fault ledger_open(const char *folder, struct err *err);

/* Write it down; returns how often this key has been seen for this op, from 1. */
uint32_t ledger_note(const struct entry *entry);

/* How often this key has been seen for this op. */
uint32_t ledger_seen(enum service service, const char *op, struct text key);

void ledger_flush(void);

/* A new descriptor on the ledger's file, flushed, and its size; -1 if that fails. */
int ledger_file(enum service service, int64_t *size);

/* Every line of a former life, in order. */
void ledger_read(enum service service, void (*line)(const struct doc_node *line));

/* All counters, as JSON. */
void ledger_counts(struct buf *buf);

#endif
