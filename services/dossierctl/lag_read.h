/* lag_read - how far lanes are behind their topics; nobody's position is moved. */
#ifndef LAG_READ_H
#define LAG_READ_H

#include "kafka_reader.h"
#include "lanes_read.h"

struct lag {
	int64_t	messages;
	double	seconds;		/* the age of the oldest of them */
	int64_t	unread[TOPICS_MAX];	/* by topic of the stage */
	int64_t	gone[TOPICS_MAX];	/* deleted at the broker before they were read */
};

/* out has n of them, cleared. */
ERR_CHECK enum fault lag_read(struct ctl *ctl, struct reader *reader, struct lane_row *lanes, int n,
    struct lag *out, struct err *err);

#endif
