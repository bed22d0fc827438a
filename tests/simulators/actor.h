/*
 * actor - somebody who reads a journal and, after a while, does something.
 *
 * Every journal entry is acted upon once, however often it is read; what is
 * sent has an id made from the entry's, so that a repeat after a restart is
 * the same message again.
 */
#ifndef ACTOR_H
#define ACTOR_H

#include "behave.h"
#include "bridge.h"
#include "facts.h"

struct cause {			/* one journal entry that somebody acts upon */
	enum service		service;
	const char		*op;
	struct text		id, dossier;
	struct facts		facts;
	const struct doc_node	*data;
	int			partition;	/* where to answer */
	struct conduct		plan;
	struct arena		*arena;		/* for this act alone */
};

struct duty {
	const char	*type;		/* ce_type of the entry */
	const char	*op;
	void		(*act)(const struct cause *cause);
};

/* Act on this entry later, if one of the duties (the last has no type) is about it. */
void actor_take(enum service service, const struct duty *duties, const struct arrival *arrival);

/* Send what the actor has decided, twice if its plan says so, and note it. */
void actor_send(const struct cause *cause, struct message *message, const char *outcome);

/* Note that nothing was sent. */
void actor_leave(const struct cause *cause, const char *outcome);

/* The actors, in their own files. */
void officer_see(const struct arrival *arrival);
void citizen_see(const struct arrival *arrival);

#endif
