/*
 * topics_list - schemas/topics.list, read: which topics there should be.
 */
#ifndef TOPICS_LIST_H
#define TOPICS_LIST_H

#include "ctl.h"
#include "kafka_admin.h"

enum { TOPIC_WISHES = 3 };	/* policy, retention, kind of timestamp */

struct topic_row {
	const char		*name;
	const char		*kind;
	struct topic_setting	wish[TOPIC_WISHES];
};

/* FAULT_FATAL names file, line and what is wrong. */
ERR_CHECK enum fault topics_list_read(struct ctl *ctl, struct topic_row **out, int *n,
    struct err *err);

#endif
