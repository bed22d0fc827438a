/*
 * http - see http.h.  Requests wait in a queue per peer and run on handles
 * from a pool:
 *
 *   http_start ─► queue of the peer ─► running ─► done ─► http_take ─► pool
 *                      │ deadline         │ deadline        ▲
 *                      └──────────────────┴─────────────────┘
 *
 * Peers take turns, so that one that hangs keeps at most per_host of the
 * connections.  The queue is here and not libcurl's, whose own is for all
 * peers together; so are the deadlines, which run from http_start on the
 * clock that counts sleep.  Only the earliest is watched: when it passes, all
 * are looked at.
 *
 *   http.c            begin, take, forget
 *   http_queue.c      peers, their queues, deadlines
 *   http_turn.c       one turn: sockets, timers, what has ended
 *   http_exchange.c   one request
 *   http_answer.c     its answer, and what is certain about it
 */
#include "http.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "clock.h"
#include "http_state.h"

/* --- making and freeing --------------------------------------------------------- */

struct http *
http_new(int at_once, int per_host)
{
	struct http *http = mem_new(1, sizeof *http);

	if (at_once < 1 || per_host < 1)
		bug("http_new: %d, %d", at_once, per_host);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	http->multi = curl_multi_init();
	http->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (http->multi == NULL || http->epoll_fd < 0)
		bug("http_new: errno %d", errno);
	http->at_once = at_once;
	http->per_host = per_host;
	http->timer_us = http->deadline_us = INT64_MAX;
	http->easies = mem_new((size_t)at_once, sizeof http->easies[0]);
	TAILQ_INIT(&http->hosts);
	TAILQ_INIT(&http->running);
	TAILQ_INIT(&http->done);
	TAILQ_INIT(&http->taken);
	TAILQ_INIT(&http->pool);
	http_watch_begin(http);
	curl_multi_setopt(http->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
	curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, (long)at_once);
	/* Never what holds a request back: there are not more running than this. */
	curl_multi_setopt(http->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)at_once);
	return http;
}

void
http_set_ca(struct http *http, const char *path)
{
	free(http->ca);
	http->ca = mem_copy_text(path);
}

void
http_free(struct http *http)
{
	struct exchange *x;

	if (http == NULL)
		return;
	TAILQ_FOREACH(x, &http->running, link) {
		curl_multi_remove_handle(http->multi, x->easy);
		curl_easy_cleanup(x->easy);
	}
	TAILQ_FOREACH(x, &http->taken, link)
		x->http = NULL;
	for (int i = 0; i < http->easy_count; i++)
		curl_easy_cleanup(http->easies[i]);
	curl_multi_cleanup(http->multi);
	curl_global_cleanup();
	close(http->epoll_fd);
	http_queues_free(http);
	exchange_list_free(&http->running);
	exchange_list_free(&http->done);
	exchange_list_free(&http->pool);
	free(http->easies);
	free(http->polled);
	free(http->ca);
	free(http);
}

/* --- the pool ------------------------------------------------------------------- */

void
exchange_list_free(struct exchange_list *list)
{
	struct exchange *x;

	while ((x = TAILQ_FIRST(list)) != NULL) {
		TAILQ_REMOVE(list, x, link);
		exchange_free(x);
	}
}

/* Back to the pool, when that is not full. */
void
exchange_recycle(struct http *http, struct exchange *x)
{
	if (http->pool_count >= 2 * http->at_once) {
		exchange_free(x);
		return;
	}
	exchange_reset(x);
	TAILQ_INSERT_HEAD(&http->pool, x, link);
	http->pool_count++;
}

/* --- beginning and ending ------------------------------------------------------- */

void
http_start(struct http *http, const struct http_request *request)
{
	struct exchange *x = TAILQ_FIRST(&http->pool);
	const char *unfit;

	if (x != NULL) {
		TAILQ_REMOVE(&http->pool, x, link);
		http->pool_count--;
	} else {
		x = exchange_new();
		x->http = http;
	}
	x->call.peer = request->peer;
	x->call.owner = request->owner;
	x->call.tag = request->tag;
	x->begun_us = clock_span_us();
	x->deadline_us = x->begun_us + (request->timeout_ms > 0 ? request->timeout_ms : 0) * 1000;
	http->in_flight++;
	if ((unfit = exchange_prepare(x, request)) != NULL) {
		exchange_give_up(x, unfit);
		TAILQ_INSERT_TAIL(&http->done, x, link);
		return;
	}
	http_queue_put(http, x);
}

void
http_forget(struct http *http, const void *owner)
{
	struct exchange *x, *next;

	TAILQ_FOREACH(x, &http->running, link)
		if (x->call.owner == owner && !x->forgotten) {
			x->forgotten = true;
			x->host->in_flight--;
			http->in_flight--;
		}
	http_queues_forget(http, owner);
	for (x = TAILQ_FIRST(&http->done); x != NULL; x = next) {
		next = TAILQ_NEXT(x, link);
		if (x->call.owner != owner)
			continue;
		TAILQ_REMOVE(&http->done, x, link);
		http->in_flight--;
		exchange_recycle(http, x);
	}
}

int
http_in_flight(const struct http *http)
{
	return http->in_flight;
}

struct http_call *
http_take(struct http *http)
{
	struct exchange *x = TAILQ_FIRST(&http->done);

	if (x == NULL)
		return NULL;
	TAILQ_REMOVE(&http->done, x, link);
	TAILQ_INSERT_TAIL(&http->taken, x, link);
	http->in_flight--;
	return &x->call;
}

void
http_call_free(struct http_call *call)
{
	struct exchange *x = (struct exchange *)call;

	if (x == NULL)
		return;
	if (x->http == NULL) {
		exchange_free(x);
		return;
	}
	TAILQ_REMOVE(&x->http->taken, x, link);
	exchange_recycle(x->http, x);
}
