/*
 * kafka_consumer - the lanes that a group hands out, and their messages.
 *
 * The group subscribes to the lead topic alone (promise 2).  When it assigns a
 * partition, the same partition of every other topic of the stage is attached,
 * each at the position that the lane's owner names; the broker's committed
 * offsets are only for lag tools.
 */
#ifndef KAFKA_CONSUMER_H
#define KAFKA_CONSUMER_H

#include "err.h"
#include "param.h"
#include "record.h"

enum { TOPICS_MAX = 8, POSITION_BEGINNING = -2 };

struct consumer_options {
	const char		*bootstrap;
	const char		*group;
	const char		*client;
	const char *const	*topics;	/* lead first */
	int			n_topics;
	int64_t			session_timeout_ms;
	const struct param_pass	*pass;
	void			*ctx;
	/* A lane is handed to us: claim it and fill its positions. False: not now. */
	bool			(*claim)(void *ctx, int lane, int64_t *positions);
	/* These are all being taken away; lost: others may already have them. */
	void			(*revoke)(void *ctx, bool lost);
	/* Where a lane of ours stands; asked when the assignment is made anew. */
	const int64_t		*(*positions)(void *ctx, int lane);
};

struct message {
	struct record	record;		/* borrowed until released */
	bool		torn;		/* more headers than we take */
	bool		end;		/* no message: the end of a partition, at place.offset */
	struct place	place;
	void		*handle;
};

struct consumer;

ERR_CHECK enum fault consumer_open(const struct consumer_options *options, struct consumer **out,
    struct err *err);

/*
 * The next message (or end of a partition) within timeout_ms, or false.  Serves rebalances.  *err is
 * set (fault not NONE) on what stops this consumer: no right, a fatal client error;
 * RETRY: a topic is missing, which may come back as another one of its name: claim
 * again; PARK: the broker no longer has our position of the lane out->place.partition.
 */
bool consumer_poll(struct consumer *consumer, int timeout_ms, struct message *out, struct err *err);
void consumer_release(struct message *message);

/* Key, all headers and value of a torn message, packed as records are. */
struct text message_pack(const struct message *message, struct arena *arena);

/* Becomes readable when there is something to poll. */
int consumer_fd(const struct consumer *consumer);

/* Assign anew what we hold: after a lane was dropped, or claimed late. */
void consumer_reassign(struct consumer *consumer);

/* Try to claim those that the group gave and that are not ours; the others are not disturbed for nothing. */
void consumer_claim_rest(struct consumer *consumer);

/* Stop or go on fetching all lanes; polling must go on meanwhile. */
void consumer_pause(struct consumer *consumer, bool paused);

/* How many lanes the group has given us; false when it is still to say. */
bool consumer_lanes(const struct consumer *consumer, int *given);

/* The end of a topic's partition as last heard from the broker, without asking; -1: not heard of yet. */
int64_t consumer_end(const struct consumer *consumer, const char *topic, int lane);

/* Has the broker been lost since this was asked last? */
bool consumer_trouble(struct consumer *consumer, struct err *err);

/* Tell the broker our positions, for lag tools; never read back. */
void consumer_tell(struct consumer *consumer);

/* Leaves the group; bounded: false when it did not end in time (then _exit is safe). */
bool consumer_close(struct consumer *consumer, int timeout_ms);

#endif
