/*
 * bridge - the only files that know librdkafka: messages in and out of the broker.
 *
 * What is sent is kept until the broker has it, over errors and new producers,
 * so it arrives at least once; ids are derived, so repeats are harmless.  What
 * is read is read without a consumer group, every partition, from the loop.
 */
#ifndef BRIDGE_H
#define BRIDGE_H

#include "doc.h"
#include "sim.h"

enum { BRIDGE_FROM_END = -1, BRIDGE_FROM_BEGINNING = -2 };	/* or seconds ago */
enum { PARTITION_BY_KEY = -1 };

struct message {
	const char	*topic;		/* static */
	int		partition;	/* PARTITION_BY_KEY, but always the same way on one topic */
	const char	*type;		/* static */
	struct text	source, id;	/* ce_source, ce_id */
	struct text	dossier;	/* ce_subject and key */
	struct text	value;
};

struct arrival {
	const char	*topic;
	int		partition;
	struct text	type, id, dossier;	/* ce_type, ce_id, ce_subject */
	struct text	value;
	struct arena	*arena;			/* for this one alone */
};

/* partitioner is librdkafka's name for it, NULL its default. */
ERR_CHECK enum fault bridge_open(const char *bootstrap, const char *partitioner, struct err *err);
bool bridge_is_open(void);

/* Copies everything.  Without a broker it is only noted. */
void bridge_send(const struct message *message);

/* Has the broker acknowledged this one, in this life or a former? */
bool bridge_has_sent(const char *topic, struct text id);

/* Topics that do not exist yet are waited for and read from their beginning. */
void bridge_read(const char *topic, int64_t from, void (*seen)(const struct arrival *arrival));

/* Every topic that is wanted is being read. */
bool bridge_is_reading(void);

/* Wait for acknowledgements, at most so long, and stop reading. */
void bridge_close(int ms);

#endif
