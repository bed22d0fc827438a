/*
 * service - what a worker is made of: a table of callbacks over pure rules.
 *
 * The skeleton owns the loop, the transaction, positions, retries and
 * publication.  A service says which messages wake it, what it must know
 * before it decides, and decides: facts in, events out.
 *
 *   inquire   before the transaction: look at the message and the contents,
 *             ask the outside (many at once); the answers are the facts
 *   decide    inside it, on the locked row, pure: give events, order effects,
 *             set the timer, or wait
 *
 * What the skeleton does for every service, so that decide need not:
 * envelope, contract and repeats of outside messages; hand-over to the home
 * lane; messages for unknown dossiers (answered with ev_unknown when all of
 * intake has read past them); contract violations on a living dossier (given
 * as ev_refused with the errors).
 */
#ifndef SERVICE_H
#define SERVICE_H

#include "fold.h"
#include "job.h"
#include "param.h"

struct breaker;
struct catalogue;
struct procedure;
struct worker;

/* A message type that a topic from outside may carry. */
struct outside_type {
	const char	*topic;
	const char	*type;		/* "vn.dossier.submitted.v1" */
	const char	*schema;	/* "urn:vn:dossier:schema:submitted.v1" */
};

/* One version of what was sent: see core.content. */
struct content {
	uint8_t			dossier[UUID_BYTES];
	int32_t			version, round;
	struct text		kind;
	struct text		salt, body;
	const struct doc_node	*data;		/* body, parsed */
};

/*
 * What is being found out for one message before it can be decided.  Lives in
 * its own arena across turns until decide has used it.
 */
struct inquiry {
	struct worker		*worker;
	struct arena		*arena;
	uint8_t			dossier[UUID_BYTES];
	int64_t			number;		/* of the event that asked for it */
	const struct event	*event;		/* the message, when it came from a journal */
	const struct doc_node	*data;		/* the message, when it came from outside */
	int			n_contents;
	const struct content	*contents;	/* of the dossier, oldest first */
	time_us			asked_at;	/* worker_now of the first try */
	int			pending;	/* requests and retries under way */
	void			*facts;		/* the service's, in the arena */
};

/* Ask; the answer comes to answered() with the same tag. */
void inquiry_ask(struct inquiry *q, const struct http_request *request, int tag);
/* Have again() called with this tag after a while. */
void inquiry_later(struct inquiry *q, int64_t delay_ms, int tag);

enum asked { ASKED_UNCLEAR, ASKED_HAPPENED, ASKED_NOT };

/* An outside effect (promise 7).  Requests are built from the job: key and body. */
struct effect {
	const char	*purpose;	/* "order"; also the name in ce_cause */
	const char	*peer;		/* who is told: "payment"; operators read it when it does not answer */
	bool		askable;	/* can the outside be asked whether it happened? */
	void		(*tell)(struct worker *, const struct job *, struct http_request *, struct arena *);
	void		(*ask)(struct worker *, const struct job *, struct http_request *, struct arena *);
	enum asked	(*asked)(const struct job *, int status, const struct doc_node *body);
};

/* A set of rows that decide may add to, written in the same transaction. */
struct rowset {
	const struct stmt	*insert;	/* one array parameter a column */
	const struct column	*columns;
	int			n_columns;
};

struct decision;

struct service {
	enum stage			stage;
	const char			*summary;	/* first line of --help */
	const struct param		*params;	/* ended by a row without name */
	const struct stmt		*sql;
	int				n_sql;

	const enum event_type		*wakes;		/* journal events that are decided on */
	int				n_wakes;
	/* Of those, does this one matter?  One that does not is done without locking anything. NULL: all do. */
	bool				(*matters)(struct worker *, const struct event *);
	/*
	 * Of entries as they come, before any turn: is all that this one needs done by prepare, for which the service remembers
	 * it?  Then it is no job.  It may come again.  NULL: entries that are not in wakes need nothing.
	 */
	bool				(*passes)(struct worker *, enum event_type, const struct record *);
	const struct outside_type	*outside;	/* ended by a row without topic */
	enum event_type			ev_unknown, ev_repeated, ev_refused;	/* where it has outside topics */

	const struct fold		*fold;		/* NULL: no rows of money or parcels */
	const struct stmt		*fold_load;	/* $1 uuid[]: the fold's columns of these dossiers */
	const struct stmt		*fold_save;	/* one array parameter a column: insert or update */
	const struct effect		*effects;	/* ended by a row without purpose; NULL: none */

	/* The service's own reading of a procedure (its cache), made when the catalogue has been read. NULL: none. */
	void			(*read_law)(struct procedure *, struct arena *);
	ERR_CHECK enum fault	(*start)(struct worker *, struct err *);	/* NULL: nothing */
	void			(*stop)(struct worker *);
	/* Before the transaction, with all jobs of the turn, if there are any: may read the database. NULL: nothing. */
	ERR_CHECK enum fault	(*prepare)(struct worker *, struct job *const *jobs, int n, struct err *);
	/* Does this message need an inquiry?  NULL: none does. */
	bool			(*inquires)(struct worker *, const struct job *);
	void			(*inquire)(struct inquiry *);
	void			(*answered)(struct inquiry *, const struct http_call *);
	void			(*again)(struct inquiry *, int tag);
	void			(*decide)(struct decision *);
	/* A lane has just been claimed; and now and then, also when nothing happens. NULL: nothing. */
	void			(*claimed)(struct worker *, int lane);
	void			(*tick)(struct worker *);
};

/* --- in decide ------------------------------------------------------------- */

struct decision {
	struct worker		*worker;
	struct arena		*arena;		/* of the turn */
	struct job		*job;
	struct dossier		*dos;		/* locked; version 0: there is no such dossier yet */
	struct fold_rows	*rows;		/* of the service's fold; changes only through events */
	const struct inquiry	*inquiry;	/* complete; NULL when the message needed none */
	time_us			now;		/* one instant for the whole turn */
	struct turn		*turn;		/* the skeleton's */
};

/* A fresh event of this dossier with cause and time filled in; add the facts, then give it. */
struct event *decide_event(struct decision *d, enum event_type type);

/*
 * Give the event: version, number, dossier_apply, fold, journal.  Answers
 * (event_is_answer) are numbered and published, and change nothing.  An event
 * that the move table forbids is our own bug: ask dossier_may first.
 */
void decide_give(struct decision *d, struct event *event);

/* Order an effect of the version just given; key is its idempotency key, body the JSON it needs. */
void decide_effect(struct decision *d, const char *purpose, struct text key, struct text body);

/* The dossier's one timer at this stage: set it, move it, or with TIME_NONE drop it. */
void decide_timer(struct decision *d, time_us due_at);

/* Keep the exact bytes of what came, as of the version just given. */
void decide_content(struct decision *d, const char *kind, const uint8_t salt[SALT_BYTES], struct text body);

/* A row of the stage's own. */
void decide_row(struct decision *d, const struct rowset *set, const void *row);

/*
 * The procedure, in the version that the dossier was received under.  NULL:
 * it is not known here yet, and the job waits; intake knows it, so soon.
 */
const struct procedure *decide_procedure(struct decision *d);

/* Not now: try this job again at due_at; reason is a short static name. */
void decide_wait(struct decision *d, time_us due_at, const char *reason);

/* Tell the effect again after a while: it was not done, for a reason that may pass. */
void decide_again(struct decision *d);

/* The answer says nothing: whether it was done is asked after a while, where it can be. */
void decide_unclear(struct decision *d);

/* --- from everywhere ------------------------------------------------------- */

void *worker_state(struct worker *worker);	/* the service's, set in start */
void worker_set_state(struct worker *worker, void *state);
struct db *worker_db(struct worker *worker);
struct arena *worker_arena(struct worker *worker);	/* of the turn */

/* The law, as it was read last; kept up to date by itself. */
const struct catalogue *worker_catalogue(const struct worker *worker);
void worker_catalogue_soon(struct worker *worker);	/* something is missing in it: read it anew before long */
/* Read it anew now if it has changed; not in decide. */
ERR_CHECK enum fault worker_catalogue_now(struct worker *worker, struct err *err);

/* The rows as committed, unlocked; *out has one entry an id, NULL where there is none. */
ERR_CHECK enum fault worker_load(struct worker *worker, struct arena *arena, const uint8_t (*ids)[UUID_BYTES], int n,
    struct dossier **out, struct err *err);

/* Send a snapshot (dossier.status); worker_flush waits until the broker has all of them. */
void worker_snapshot(struct worker *worker, const char *topic, int partition, const struct record *record);
ERR_CHECK enum fault worker_flush(struct worker *worker, struct err *err);

/* Count something that operators may want to see; what is static text. */
void worker_count(struct worker *worker, const char *what);

/*
 * What a peer outside has just said to an inquiry; is_good: it was an answer.
 * name is static text, for operators.  Effects do this by themselves.
 */
void worker_peer(struct worker *worker, const char *name, const struct http_call *call, bool is_good);

/* In start: the breaker of a peer, by the name in its requests; while it is not closed the worker is not ready. */
void worker_watch(struct worker *worker, const char *peer, const struct breaker *breaker);

/* It was an answer to somebody else's question: connections have lost count, and are not used again. */
void worker_distrust(struct worker *worker, const struct http_call *call);

/* The wall clock that decides: the database's.  For spans take clock_span_us. */
time_us worker_now(const struct worker *worker);

time_us worker_lane_born(const struct worker *worker, int lane);

/* main of every worker. */
int worker_main(const struct service *service, int argc, char **argv);

#endif
