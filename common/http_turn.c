/*
 * http_turn - one turn: what is due, what the sockets say, what has ended.
 *
 * libcurl tells which sockets to watch and when it wants to be called.  The
 * sockets are in one epoll set, so that a turn costs what happens in it, not
 * what is open.
 */
#include <errno.h>
#include <sys/epoll.h>

#include "clock.h"
#include "http_state.h"

enum { EVENTS_AT_ONCE = 64 };

/* A socket is known to the set when its pointer in libcurl is not NULL. */
static int
socket_watch(CURL *easy, curl_socket_t fd, int what, void *context, void *known)
{
	struct http *http = context;
	struct epoll_event event = { .data.fd = fd };

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		epoll_ctl(http->epoll_fd, EPOLL_CTL_DEL, fd, &event);
		return 0;
	}
	if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
		event.events |= EPOLLIN;
	if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
		event.events |= EPOLLOUT;
	if (known == NULL)
		curl_multi_assign(http->multi, fd, http);
	if (epoll_ctl(http->epoll_fd, known != NULL ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) != 0 &&
	    epoll_ctl(http->epoll_fd, known != NULL ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event) != 0)
		bug("epoll_ctl: errno %d", errno);
	return 0;
}

static int
timer_set(CURLM *multi, long wait_ms, void *context)
{
	struct http *http = context;

	(void)multi;
	http->timer_us = wait_ms < 0 ? INT64_MAX : clock_span_us() + wait_ms * 1000;
	return 0;
}

void
http_watch_begin(struct http *http)
{
	curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, socket_watch);
	curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http);
	curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, timer_set);
	curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http);
}

/* --- a turn --------------------------------------------------------------------- */

/* Has anything ended? */
static bool
ended_collect(struct http *http)
{
	CURLMsg *message;
	bool has_ended = false;
	int left;

	while ((message = curl_multi_info_read(http->multi, &left)) != NULL) {
		CURLcode code = message->data.result;
		char *private = NULL;
		struct exchange *x;

		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
		x = (struct exchange *)(void *)private;
		exchange_end(x, code);
		http_run_end(http, x);
		has_ended = true;
	}
	return has_ended;
}

/*
 * Everything that can be done without waiting; what ends makes room for what
 * waits.  Deadlines only once the sockets have been served: what has come in
 * while this process was busy with something else is no time-out.
 */
static void
advance(struct http *http, bool is_served)
{
	bool has_ended = true;
	int still;

	for (int turn = 0; turn < 4 && has_ended && http->running_count + http->queued_count > 0; turn++) {
		int64_t now_us;

		http_queues_run(http);
		now_us = clock_span_us();
		if (http->timer_us <= now_us) {
			http->timer_us = INT64_MAX;
			curl_multi_socket_action(http->multi, CURL_SOCKET_TIMEOUT, 0, &still);
		}
		has_ended = ended_collect(http);
		if (is_served && http->deadline_us <= now_us)
			http_deadlines_check(http, now_us);
	}
}

static int
mask_of(uint32_t events)
{
	return ((events & EPOLLIN) != 0 ? CURL_CSELECT_IN : 0) |
	    ((events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0) |
	    ((events & (EPOLLERR | EPOLLHUP)) != 0 ? CURL_CSELECT_ERR : 0);
}

/* Waits for our own sockets and serves them. */
static void
sockets_serve(struct http *http, int wait_ms)
{
	struct epoll_event events[EVENTS_AT_ONCE];
	int served = 0, n, still;

	do {
		n = epoll_wait(http->epoll_fd, events, EVENTS_AT_ONCE, wait_ms);
		for (int i = 0; i < n; i++)
			curl_multi_socket_action(http->multi, events[i].data.fd, mask_of(events[i].events),
			    &still);
		wait_ms = 0;
		served += n;
	} while (n == EVENTS_AT_ONCE && served <= 2 * http->at_once);
}

/* Waits for the extra descriptors too; true when one of our own sockets has something. */
static bool
sockets_wait(struct http *http, int wait_ms, const int *extra_fds, int n)
{
	if (http->polled_size < n + 1) {
		http->polled_size = n + 1;
		http->polled = mem_grow(http->polled, (size_t)n + 1, sizeof http->polled[0]);
	}
	http->polled[0] = (struct pollfd){ .fd = http->epoll_fd, .events = POLLIN };
	for (int i = 0; i < n; i++)
		http->polled[i + 1] = (struct pollfd){ .fd = extra_fds[i], .events = POLLIN };
	return poll(http->polled, (nfds_t)n + 1, wait_ms) > 0 && http->polled[0].revents != 0;
}

/* How long nothing of ours is due. */
static int
wait_least(const struct http *http, int wait_ms)
{
	int64_t until_us = http->timer_us < http->deadline_us ? http->timer_us : http->deadline_us;
	int64_t now_us;

	if (!TAILQ_EMPTY(&http->done) || wait_ms <= 0)
		return 0;
	if (http->running_count + http->queued_count == 0)
		return wait_ms;
	now_us = clock_span_us();
	if (until_us <= now_us)
		return 0;
	if (until_us - now_us >= (int64_t)wait_ms * 1000)
		return wait_ms;
	return (int)((until_us - now_us + 999) / 1000);
}

void
http_drive(struct http *http, int wait_ms, const int *extra_fds, int n)
{
	advance(http, false);
	wait_ms = wait_least(http, wait_ms);
	if (http->running_count == 0 && wait_ms == 0)
		return;
	if (wait_ms == 0 || n == 0)
		sockets_serve(http, wait_ms);
	else if (sockets_wait(http, wait_ms, extra_fds, n))
		sockets_serve(http, 0);
	advance(http, true);
}
