/*
 * http_state - what http.c, http_queue.c and http_turn.c share: the lists that
 * a request goes through, and the handles and sockets it runs on.
 */
#ifndef HTTP_STATE_H
#define HTTP_STATE_H

#include <poll.h>

#include "http_exchange.h"

struct host {
	TAILQ_ENTRY(host) link;
	struct exchange_list queue;
	const char	*name;		/* as requests give it; "": none */
	int		running;
	int		in_flight;	/* queued or running, and not forgotten */
	int64_t		answered_us;	/* span clock: its last whole answer */
	int64_t		distrusted_until_us;	/* each request on a connection of its own */
	size_t		peer_bytes;
	char		peer[];		/* "https://registry.example:8443", as written */
};

TAILQ_HEAD(host_list, host);

struct http {
	CURLM		*multi;
	int		epoll_fd;
	int64_t		timer_us;	/* when libcurl wants to be called; INT64_MAX: not */
	int64_t		deadline_us;	/* none is earlier; INT64_MAX: none */
	struct host_list hosts;		/* the next to be served first */
	int		host_count;
	int		at_once, per_host;
	struct exchange_list running, done, taken, pool;
	int		running_count, queued_count, pool_count, in_flight;
	CURL		**easies;	/* idle ones */
	int		easy_count;
	char		*ca;
	struct pollfd	*polled;
	int		polled_size;
};

/* http_queue.c: at the end of its peer's queue. */
void http_queue_put(struct http *http, struct exchange *x);

/* Runs what waits as far as the limits allow; peers take turns. */
void http_queues_run(struct http *http);

/* Off the connection and to the done; its call has been filled. */
void http_run_end(struct http *http, struct exchange *x);

/* Ends what is past its time, and finds the earliest deadline of the rest. */
void http_deadlines_check(struct http *http, int64_t now_us);

/* Drops what waits of an owner. */
void http_queues_forget(struct http *http, const void *owner);

/* Frees the peers, and what waits for them. */
void http_queues_free(struct http *http);

/* Back to the pool, when that is not full. */
void exchange_recycle(struct http *http, struct exchange *x);

/* Frees all of a list. */
void exchange_list_free(struct exchange_list *list);

/* http_turn.c: libcurl says through these what it wants watched. */
void http_watch_begin(struct http *http);

#endif
