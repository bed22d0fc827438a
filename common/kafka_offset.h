/*
 * kafka_offset - a question about a place in a topic, and its answer.
 */
#ifndef KAFKA_OFFSET_H
#define KAFKA_OFFSET_H

#include <stdint.h>

enum {
	OFFSET_FIRST = -2,	/* asked: where the partition begins */
	OFFSET_END = -1,	/* asked: after its last message; answered: no message is as young as asked */
	OFFSET_ABSENT = -3	/* answered: there is no such partition, or no right to see it */
};

struct topic_offset {
	const char	*topic;
	int		partition;
	int64_t		at;	/* OFFSET_FIRST, OFFSET_END, or milliseconds since 1970: the first message not older */
	int64_t		offset;	/* the answer */
};

#endif
