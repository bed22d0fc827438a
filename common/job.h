/*
 * job - one thing to decide: a message, an answered effect, a timer.
 *
 * Most messages are decided in the turn that reads them and never become a
 * row.  What cannot finish is kept in core.job and comes back as the same
 * struct (promise 9).
 */
#ifndef JOB_H
#define JOB_H

#include "doc.h"
#include "dossier.h"
#include "http.h"
#include "schema.h"

enum job_kind { JOB_MESSAGE, JOB_EFFECT, JOB_TIMER, JOB_HANDOVER };

/* What the skeleton found out about a job before it asks the service. */
enum job_end {
	END_OPEN,	/* not decided yet */
	END_DONE,	/* finished by work, or because nothing was to be done */
	END_REPEATED,	/* a repeat of what was taken before */
	END_DEAD,	/* kept byte for byte in core.deadletter */
	END_HANDED,	/* given to the dossier's home lane */
	END_WAIT,	/* stays, to be tried again at due_at */
	END_PARKED	/* stays, until an operator releases it */
};

/* The outcome of an effect, for decide. */
struct outcome {
	bool			unsure;		/* it may have happened, and nobody can be asked */
	bool			asked;		/* learnt by asking, not by telling */
	int			status;		/* of HTTP */
	const struct doc_node	*body;		/* NULL when it is no JSON */
};

struct flight;

struct job {
	enum job_kind	kind;
	int		lane;
	uint8_t		dossier[UUID_BYTES];
	bool		has_dossier;
	struct text	cause;			/* as it will stand in ce_cause */
	struct text	trace;

	/* a message */
	struct place	place;
	struct record	record;
	bool		outside;
	struct event	*event;			/* of a journal; else NULL */
	struct text	ce_id, ce_source, ce_type;	/* of an outside message */
	const struct doc_node *data;		/* its data; NULL when it cannot be read */
	char		input[2 * INPUT_BYTES + 1];	/* digest of (source, id), hexadecimal */
	struct text	errors;			/* JSON list; absent when the contract is kept */

	/* an effect */
	struct text	purpose;
	struct text	key;			/* idempotency key */
	struct text	body;			/* JSON that decide gave */
	const struct outcome *outcome;
	struct flight	*flight;		/* the skeleton's: the call that has ended */

	/* a row of core.job, where it is one */
	bool		stored;
	bool		parked;			/* it was, until an operator made it due */
	int		suspect;		/* how often its worker has died, or the database given up, while it was tried */
	bool		apart;			/* set apart in this turn */
	bool		unread;			/* stored before anybody had looked into it */
	struct text	packed;			/* of a torn message: all of it */
	int		origin;
	int64_t		ord;
	int		attempts;
	time_us		due_at;
	time_us		created_at;
	struct text	reason;

	bool		redriven;		/* no row of core.job: a dead letter until now */
	bool		is_coming;		/* its dossier is unknown, but waits at intake */

	/* what became of it in this turn */
	enum job_end	end;
	struct err	why;			/* of END_DEAD and END_PARKED */
};

#endif
