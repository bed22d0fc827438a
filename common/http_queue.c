/*
 * http_queue - requests of one peer after another, and their deadlines.  A
 * peer is scheme, host and port, and the name that the request gives it: many
 * services may live behind one gateway.  It lives while it has requests, and
 * a while longer.
 */
#include <stdlib.h>
#include <strings.h>

#include "clock.h"
#include "http_state.h"

enum { PEERS_KEPT = 64 };

static void
hosts_prune(struct http *http)
{
	struct host *host = TAILQ_FIRST(&http->hosts), *next;

	for (; host != NULL; host = next) {
		next = TAILQ_NEXT(host, link);
		if (host->running > 0 || !TAILQ_EMPTY(&host->queue) ||
		    host->distrusted_until_us > clock_span_us())
			continue;
		TAILQ_REMOVE(&http->hosts, host, link);
		http->host_count--;
		free(host);
	}
}

static const char *
name_of(const struct exchange *x)
{
	return x->call.peer != NULL ? x->call.peer : "";
}

static bool
is_of(const struct host *host, struct text peer)
{
	return host->peer_bytes == peer.n && strncasecmp(host->peer, peer.s, peer.n) == 0;
}

static struct host *
host_get(struct http *http, struct text peer, const char *name)
{
	struct host *host;

	TAILQ_FOREACH(host, &http->hosts, link)
		if (is_of(host, peer) && strcmp(host->name, name) == 0)
			return host;
	if (http->host_count >= PEERS_KEPT)
		hosts_prune(http);
	host = mem_new(1, sizeof *host + peer.n);
	memcpy(host->peer, peer.s, peer.n);
	host->peer_bytes = peer.n;
	host->name = name;
	TAILQ_INIT(&host->queue);
	TAILQ_INSERT_TAIL(&http->hosts, host, link);
	http->host_count++;
	return host;
}

/* Until those that are idle now are too old to be used. */
void
http_distrust(struct http *http, const struct http_call *call)
{
	const struct exchange *x = (const struct exchange *)call;

	struct text peer = exchange_peer(x->url);
	struct host *host;

	(void)host_get(http, peer, name_of(x));
	TAILQ_FOREACH(host, &http->hosts, link)
		if (is_of(host, peer))
			host->distrusted_until_us = clock_span_us() + (IDLE_MAX_S + 1) * SECOND_US;
}

void
http_queue_put(struct http *http, struct exchange *x)
{
	if (x->deadline_us < http->deadline_us)
		http->deadline_us = x->deadline_us;
	x->host = host_get(http, exchange_peer(x->url), name_of(x));
	TAILQ_INSERT_TAIL(&x->host->queue, x, link);
	x->host->in_flight++;
	http->queued_count++;
}

static void
run(struct http *http, struct host *host)
{
	struct exchange *x = TAILQ_FIRST(&host->queue);

	TAILQ_REMOVE(&host->queue, x, link);
	http->queued_count--;
	x->easy = http->easy_count > 0 ? http->easies[--http->easy_count] : exchange_easy_new(http->ca);
	exchange_easy_fill(x);
	exchange_alone(x, host->distrusted_until_us > clock_span_us());
	TAILQ_INSERT_TAIL(&http->running, x, link);
	http->running_count++;
	host->running++;
	if (curl_multi_add_handle(http->multi, x->easy) != CURLM_OK)
		bug("curl_multi_add_handle");
}

void
http_queues_run(struct http *http)
{
	while (http->queued_count > 0 && http->running_count < http->at_once) {
		struct host *host;

		TAILQ_FOREACH(host, &http->hosts, link)
			if (!TAILQ_EMPTY(&host->queue) && host->running < http->per_host)
				break;
		if (host == NULL)
			return;
		TAILQ_REMOVE(&http->hosts, host, link);
		TAILQ_INSERT_TAIL(&http->hosts, host, link);
		run(http, host);
	}
}

/* To whoever takes it, or nobody. */
static void
hand_over(struct http *http, struct exchange *x)
{
	struct host *host = x->host;

	x->host = NULL;
	if (x->call.end == HTTP_ANSWERED)
		host->answered_us = clock_span_us();
	if (x->forgotten) {
		exchange_recycle(http, x);
		return;
	}
	host->in_flight--;
	TAILQ_INSERT_TAIL(&http->done, x, link);
}

void
http_run_end(struct http *http, struct exchange *x)
{
	curl_multi_remove_handle(http->multi, x->easy);
	http->easies[http->easy_count++] = x->easy;
	x->easy = NULL;
	TAILQ_REMOVE(&http->running, x, link);
	http->running_count--;
	x->host->running--;
	hand_over(http, x);
}

void
http_deadlines_check(struct http *http, int64_t now_us)
{
	struct exchange *x, *next;
	struct host *host;

	http->deadline_us = INT64_MAX;
	for (x = TAILQ_FIRST(&http->running); x != NULL; x = next) {
		next = TAILQ_NEXT(x, link);
		if (x->deadline_us <= now_us) {
			exchange_give_up(x, "timeout");
			http_run_end(http, x);
		} else if (x->deadline_us < http->deadline_us)
			http->deadline_us = x->deadline_us;
	}
	TAILQ_FOREACH(host, &http->hosts, link)
		for (x = TAILQ_FIRST(&host->queue); x != NULL; x = next) {
			next = TAILQ_NEXT(x, link);
			if (x->deadline_us <= now_us) {
				exchange_give_up(x, "timeout");
				TAILQ_REMOVE(&host->queue, x, link);
				http->queued_count--;
				hand_over(http, x);
			} else if (x->deadline_us < http->deadline_us)
				http->deadline_us = x->deadline_us;
		}
}

void
http_queues_forget(struct http *http, const void *owner)
{
	struct exchange *x, *next;
	struct host *host;

	TAILQ_FOREACH(host, &http->hosts, link)
		for (x = TAILQ_FIRST(&host->queue); x != NULL; x = next) {
			next = TAILQ_NEXT(x, link);
			if (x->call.owner != owner)
				continue;
			TAILQ_REMOVE(&host->queue, x, link);
			host->in_flight--;
			http->queued_count--;
			http->in_flight--;
			exchange_recycle(http, x);
		}
}

int
http_in_flight_answering(const struct http *http, int64_t since_us)
{
	const struct host *host;
	int n = 0;

	TAILQ_FOREACH(host, &http->hosts, link)
		if (host->answered_us >= since_us)
			n += host->in_flight;
	return n;
}

void
http_queues_free(struct http *http)
{
	struct host *host;

	while ((host = TAILQ_FIRST(&http->hosts)) != NULL) {
		TAILQ_REMOVE(&http->hosts, host, link);
		exchange_list_free(&host->queue);
		free(host);
	}
}
