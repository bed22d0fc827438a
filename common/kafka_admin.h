/*
 * kafka_admin - looks at topics and creates them; never changes or deletes one.
 */
#ifndef KAFKA_ADMIN_H
#define KAFKA_ADMIN_H

#include "err.h"
#include "mem.h"
#include "param.h"

enum { TOPIC_SETTINGS_MAX = 8 };

struct topic_setting {
	const char	*name;		/* "retention.ms" */
	const char	*value;
};

struct admin;

ERR_CHECK enum fault admin_open(const char *bootstrap, const char *client,
    const struct param_pass *pass, struct admin **out, struct err *err);
void admin_close(struct admin *admin);

/* Partitions of a topic; 0 when there is no such topic. */
ERR_CHECK enum fault admin_partitions(struct admin *admin, const char *topic, int timeout_ms,
    int *out, struct err *err);

/*
 * A topic with the broker's default of replicas.  That it was made meanwhile
 * by somebody else is no fault.
 */
ERR_CHECK enum fault admin_create(struct admin *admin, const char *topic, int partitions,
    const struct topic_setting *settings, int n, int timeout_ms, struct err *err);

/* What the broker has for these names, in force; an unknown name gives NULL. In the arena. */
ERR_CHECK enum fault admin_settings(struct admin *admin, const char *topic, const char *const *names,
    int n, int timeout_ms, struct arena *arena, const char **values, struct err *err);

#endif
