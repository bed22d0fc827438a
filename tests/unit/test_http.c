/*
 * http: what is certain about a request when the peer misbehaves.  The peer
 * is in this process: a thread per connection that does what the path says.
 */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "http.h"

enum { LONG_MS = 10000, BIG_BYTES = 20000 };

static atomic_int requests, connections, posts;
static int port;

/* --- the peer ------------------------------------------------------------------- */

static void
say(int fd, const char *text)
{
	size_t n = strlen(text);

	while (n > 0) {
		ssize_t sent = send(fd, text, n, MSG_NOSIGNAL);

		if (sent <= 0)
			return;
		text += sent;
		n -= (size_t)sent;
	}
}

/* One request with its body into buf; false when the other side ended. */
static bool
hear(int fd, char *buf, size_t size)
{
	size_t n = 0, whole = 0;

	while (n < size - 1) {
		ssize_t got = recv(fd, buf + n, size - 1 - n, 0);
		const char *end, *length;

		if (got <= 0)
			return false;
		n += (size_t)got;
		buf[n] = '\0';
		if (buf[0] == 0x16)	/* a TLS hello */
			return true;
		if (whole == 0 && (end = strstr(buf, "\r\n\r\n")) != NULL) {
			length = strcasestr(buf, "content-length:");
			whole = (size_t)(end + 4 - buf) + (length != NULL ? (size_t)atoi(length + 15) : 0);
		}
		if (whole != 0 && n >= whole)
			return true;
	}
	return false;
}

static void
say_big(int fd)
{
	char body[BIG_BYTES + 1];

	memset(body, 'b', BIG_BYTES);
	body[BIG_BYTES] = '\0';
	say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 20000\r\n\r\n");
	say(fd, body);
}

static void
say_drop_by_drop(int fd)
{
	const char *text = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n"
	    "Content-Type: text/plain\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX-Trailer: 1\r\n\r\n";

	for (; *text != '\0'; text++)
		send(fd, text, 1, MSG_NOSIGNAL);
}

static void
say_headers_for_ever(int fd)
{
	say(fd, "HTTP/1.1 200 OK\r\n");
	for (int i = 0; i < 4000; i++)
		say(fd, "X-More: 0123456789012345678901234567890123456789\r\n");
}

static const struct { const char *path, *text; } said[] = {
	{ "/429 ", "HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n" },
	{ "/204 ", "HTTP/1.1 204 None\r\n\r\n" },
	{ "/302 ", "HTTP/1.1 302 There\r\nLocation: /ok\r\nContent-Length: 0\r\n\r\n" },
	{ NULL, NULL },
}, said_and_closed[] = {
	{ "/torn ", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc" },
	{ "/torn_chunk ", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab" },
	{ "/torn_end ", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n" },
	{ "/bad_chunk ", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n" },
	{ "/half ", "HTTP/1.1 200 OK\r\nContent-Le" },
	{ "/half_empty ", "HTTP/1.1 204 None\r\n" },
	{ "/interim ", "HTTP/1.1 100 Continue\r\n\r\n" },
	{ "/unframed ", "HTTP/1.1 200 OK\r\n\r\nabc" },
	{ "/identity ", "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\nabc" },
	{ "/gzip ", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nabc" },
	{ "/garbage ", "what do you want?\r\n\r\n" },
	{ "/length ", "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nabc" },
	{ "/bye ", "" },
	{ NULL, NULL },
};

/* Does what the path says; false to close. */
static bool
behave(int fd, const char *request)
{
	static atomic_int dropped;
	const char *path = strchr(request, ' ') + 1;

	for (int i = 0; said[i].path != NULL; i++)
		if (strncmp(path, said[i].path, strlen(said[i].path)) == 0)
			return say(fd, said[i].text), true;
	for (int i = 0; said_and_closed[i].path != NULL; i++)
		if (strncmp(path, said_and_closed[i].path, strlen(said_and_closed[i].path)) == 0)
			return say(fd, said_and_closed[i].text), false;
	if (strncmp(path, "/big ", 5) == 0)
		return say_big(fd), true;
	if (strncmp(path, "/drip ", 6) == 0)
		return say_drop_by_drop(fd), true;
	if (strncmp(path, "/headers ", 9) == 0)
		return say_headers_for_ever(fd), false;
	if (strncmp(path, "/drop_once ", 11) == 0 && atomic_fetch_add(&dropped, 1) == 0)
		return false;
	if (strncmp(path, "/hang", 5) == 0) {
		char c;

		if (strncmp(path, "/hang_amid ", 11) == 0)
			say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
		recv(fd, &c, 1, 0);
		return false;
	}
	say(fd, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
	return true;
}

static void *
converse(void *context)
{
	int fd = (int)(intptr_t)context;
	char buf[4096];

	while (hear(fd, buf, sizeof buf)) {
		if (buf[0] == 0x16) {
			say(fd, "HTTP/1.1 400 No\r\n\r\n");
			break;
		}
		atomic_fetch_add(&requests, 1);
		if (strncmp(buf, "POST", 4) == 0)
			atomic_fetch_add(&posts, 1);
		if (!behave(fd, buf))
			break;
	}
	close(fd);
	return NULL;
}

static int
listen_on_loopback(int backlog, int *its_port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert_eq(bind(fd, (struct sockaddr *)&address, n), 0);
	cr_assert_eq(listen(fd, backlog), 0);
	getsockname(fd, (struct sockaddr *)&address, &n);
	*its_port = ntohs(address.sin_port);
	return fd;
}

static void *
accept_all(void *context)
{
	int listener = (int)(intptr_t)context, fd, on = 1;
	pthread_t thread;

	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
		atomic_fetch_add(&connections, 1);
		pthread_create(&thread, NULL, converse, (void *)(intptr_t)fd);
		pthread_detach(thread);
	}
	return NULL;
}

static void
peer_start(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, accept_all, (void *)(intptr_t)listen_on_loopback(128, &port));
	pthread_detach(thread);
}

/* --- asking --------------------------------------------------------------------- */

static void
ask(struct http *http, const char *path, bool post, int64_t timeout_ms, int tag)
{
	char url[128];

	snprintf(url, sizeof url, "http://127.0.0.1:%d%s", port, path);
	http_start(http, &(struct http_request){ .url = url, .post = post, .body = post ? TEXT("{\"a\":1}") : TEXT_NONE,
	    .headers = { "Idempotency-Key: k" }, .timeout_ms = timeout_ms, .answer_max_bytes = 65536, .tag = tag });
}

static struct http_call *
await(struct http *http)
{
	struct http_call *call;
	int64_t until_us = clock_span_us() + 20 * SECOND_US;

	while ((call = http_take(http)) == NULL) {
		http_drive(http, 1000, NULL, 0);
		cr_assert_lt(clock_span_us(), until_us, "no end");
	}
	return call;
}

static void
ends(const char *path, bool post, int64_t timeout_ms, enum http_end end, const char *reason)
{
	struct http *http = http_new(4, 4);
	struct http_call *call;

	ask(http, path, post, timeout_ms, 0);
	call = await(http);
	cr_assert_eq(call->end, end, "%s: end %d, %s", path, call->end, call->reason);
	cr_assert_str_eq(call->reason, reason, "%s", path);
	cr_assert_eq(call->body.n, 0);
	cr_assert_eq(http_in_flight(http), 0);
	http_call_free(call);
	http_free(http);
}

Test(http, answered, .init = peer_start, .timeout = 30)
{
	struct http *http = http_new(4, 4);
	struct http_call *call;
	int here;

	http_start(http, &(struct http_request){ .url = "ftp://x/" });
	http_call_free(await(http));
	ask(http, "/ok", true, LONG_MS, 42);
	cr_assert_eq(http_in_flight(http), 1);
	call = await(http);
	cr_assert_eq(call->end, HTTP_ANSWERED, "%s", call->reason);
	cr_assert_eq(call->status, 200);
	cr_assert_eq(call->tag, 42);
	cr_assert(text_is(call->body, "{}"));
	cr_assert_eq(call->body.s[2], '\0');
	cr_assert(text_is(call->content_type, "application/json"));
	cr_assert_eq(call->bytes, 2);
	cr_assert_null(call->reason);
	cr_assert_gt(call->took_us, 0);
	/* A call may outlive the rest. */
	here = (int)call->body.n;
	http_free(http);
	cr_assert_eq(here, 2);
	http_call_free(call);
}

Test(http, statuses, .init = peer_start, .timeout = 30)
{
	static const struct { const char *path; int status, after_s; const char *body; } cases[] = {
		{ "/429", 429, 7, "" }, { "/204", 204, 0, "" }, { "/302", 302, 0, "" },
		{ "/drip", 200, 0, "abcde" }, { "/ok", 200, 0, "{}" },
	};
	struct http *http = http_new(1, 1);

	for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
		struct http_call *call;

		ask(http, cases[i / 2].path, i % 2 == 0, LONG_MS, 0);
		call = await(http);
		cr_assert_eq(call->end, HTTP_ANSWERED, "%s: %s", cases[i / 2].path, call->reason);
		cr_assert_eq(call->status, cases[i / 2].status);
		cr_assert_eq(call->retry_after_s, cases[i / 2].after_s);
		cr_assert(text_is(call->body, cases[i / 2].body), "%s", cases[i / 2].path);
		http_call_free(call);
	}
	cr_assert_eq(atomic_load(&connections), 1, "kept alive: %d", atomic_load(&connections));
	http_free(http);
}

Test(http, unknown_ends, .init = peer_start, .timeout = 60)
{
	static const struct { const char *path, *reason; } cases[] = {
		{ "/torn", "torn" }, { "/torn_chunk", "torn" }, { "/torn_end", "torn" }, { "/bad_chunk", "torn" },
		{ "/half", "torn" }, { "/half_empty", "torn" }, { "/interim", "reset" }, { "/unframed", "unframed" },
		{ "/identity", "unframed" }, { "/gzip", "malformed" }, { "/garbage", "malformed" },
		{ "/length", "malformed" }, { "/bye", "reset" }, { "/headers", "too_large" },
	};

	for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++)
		ends(cases[i / 2].path, i % 2 == 0, LONG_MS, HTTP_UNKNOWN, cases[i / 2].reason);
	ends("/hang", true, 30, HTTP_UNKNOWN, "timeout");
	ends("/hang_amid", true, 30, HTTP_UNKNOWN, "timeout");
}

/* Silence ends it long before its time is over, before and amid the answer. */
Test(http, silent_too_long, .init = peer_start, .timeout = 60)
{
	static const char *const paths[] = { "/hang", "/hang_amid" };

	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		struct http *http = http_new(4, 4);
		struct http_call *call;
		char url[128];

		snprintf(url, sizeof url, "http://127.0.0.1:%d%s", port, paths[i]);
		http_start(http, &(struct http_request){ .url = url, .timeout_ms = LONG_MS, .silence_s = 1,
		    .answer_max_bytes = 65536 });
		call = await(http);
		cr_assert_eq(call->end, HTTP_UNKNOWN);
		cr_assert_str_eq(call->reason, "timeout", "%s", paths[i]);
		cr_assert(call->took_us >= SECOND_US && call->took_us < 5 * SECOND_US, "%s: %d ms", paths[i],
		    (int)(call->took_us / 1000));
		http_call_free(call);
		http_free(http);
	}
}

Test(http, too_large_by_length_and_by_bytes, .init = peer_start, .timeout = 30)
{
	static const struct { size_t most; enum http_end end; } cases[] = {
		{ BIG_BYTES, HTTP_ANSWERED }, { BIG_BYTES - 1, HTTP_UNKNOWN }, { 0, HTTP_UNKNOWN },
	};

	for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
		struct http *http = http_new(1, 1);
		struct http_call *call;
		char url[64];

		snprintf(url, sizeof url, "http://127.0.0.1:%d/big", port);
		http_start(http, &(struct http_request){ .url = url, .timeout_ms = LONG_MS,
		    .digest_only = i % 2 == 0, .answer_max_bytes = cases[i / 2].most });
		call = await(http);
		cr_assert_eq(call->end, cases[i / 2].end);
		if (call->end == HTTP_UNKNOWN)
			cr_assert_str_eq(call->reason, "too_large");
		http_call_free(call);
		http_free(http);
	}
}

Test(http, not_sent, .init = peer_start, .timeout = 60)
{
	static const char *const urls[] = { "ftp://127.0.0.1/", "127.0.0.1", "http://", "http://a/ b",
		"http://a/\r\nX: y", "file:///etc/passwd", "", "http://[::1" };
	struct http *http = http_new(4, 4);
	struct http_call *call;
	char url[64];

	for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
		http_start(http, &(struct http_request){ .url = urls[i], .timeout_ms = LONG_MS });
		call = await(http);
		cr_assert_eq(call->end, HTTP_NOT_SENT, "%s", urls[i]);
		cr_assert_str_eq(call->reason, "url", "%s: %s", urls[i], call->reason);
		http_call_free(call);
	}
	http_start(http, &(struct http_request){ .url = "http://a/", .headers = { "X: a\r\nY: b" }, .timeout_ms = 9 });
	call = await(http);
	cr_assert_str_eq(call->reason, "header");
	http_call_free(call);
	http_start(http, &(struct http_request){ .url = "http://nobody.invalid/", .timeout_ms = 3000 });
	call = await(http);
	cr_assert_eq(call->end, HTTP_NOT_SENT);
	http_call_free(call);
	snprintf(url, sizeof url, "https://127.0.0.1:%d/ok", port);
	http_start(http, &(struct http_request){ .url = url, .post = true, .timeout_ms = LONG_MS });
	call = await(http);
	cr_assert_eq(call->end, HTTP_NOT_SENT);
	cr_assert_str_eq(call->reason, "tls");
	http_call_free(call);
	cr_assert_eq(atomic_load(&requests), 0);
	http_free(http);
}

Test(http, refused, .timeout = 30)
{
	close(listen_on_loopback(1, &port));
	ends("/ok", true, LONG_MS, HTTP_NOT_SENT, "connect");
	ends("/ok", false, LONG_MS, HTTP_NOT_SENT, "connect");
}

/* A peer whose queue of connections is full answers no SYN. */
Test(http, no_connection_in_time, .timeout = 30)
{
	int listener = listen_on_loopback(0, &port), filler[4];
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	    .sin_port = htons((uint16_t)port) };

	for (int i = 0; i < 4; i++) {
		filler[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)connect(filler[i], (struct sockaddr *)&address, sizeof address);
	}
	ends("/ok", true, 40, HTTP_NOT_SENT, "timeout");
	for (int i = 0; i < 4; i++)
		close(filler[i]);
	close(listener);
}

/* The connection stands, nobody speaks: a request left, a handshake is none. */
Test(http, silence, .timeout = 30)
{
	static const struct { const char *scheme; enum http_end end; } cases[] = {
		{ "http", HTTP_UNKNOWN }, { "https", HTTP_NOT_SENT },
	};
	int listener = listen_on_loopback(8, &port);

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct http *http = http_new(1, 1);
		struct http_call *call;
		char url[64];

		snprintf(url, sizeof url, "%s://127.0.0.1:%d/", cases[i].scheme, port);
		http_start(http, &(struct http_request){ .url = url, .post = true, .timeout_ms = 60 });
		call = await(http);
		cr_assert_eq(call->end, cases[i].end, "%s", url);
		cr_assert_str_eq(call->reason, "timeout");
		http_call_free(call);
		http_free(http);
	}
	close(listener);
}

/* The second request on a kept connection is read, and the connection ends. */
Test(http, post_is_never_sent_twice, .init = peer_start, .timeout = 30)
{
	struct http *http = http_new(1, 1);
	struct http_call *call;

	ask(http, "/ok", true, LONG_MS, 0);
	http_call_free(await(http));
	ask(http, "/bye", true, LONG_MS, 0);
	call = await(http);
	cr_assert_eq(call->end, HTTP_UNKNOWN);
	cr_assert_str_eq(call->reason, "reset");
	http_call_free(call);
	ask(http, "/ok", true, LONG_MS, 0);
	call = await(http);
	cr_assert_eq(call->end, HTTP_ANSWERED);
	http_call_free(call);
	cr_assert_eq(atomic_load(&posts), 3);
	http_free(http);
}

Test(http, get_may_be_sent_again, .init = peer_start, .timeout = 30)
{
	struct http *http = http_new(1, 1);
	struct http_call *call;

	ask(http, "/ok", false, LONG_MS, 0);
	http_call_free(await(http));
	ask(http, "/drop_once", false, LONG_MS, 0);
	call = await(http);
	cr_assert_eq(call->end, HTTP_ANSWERED, "%s", call->reason);
	http_call_free(call);
	cr_assert_eq(atomic_load(&requests), 3);
	cr_assert_eq(atomic_load(&connections), 2);
	http_free(http);
}

/* A kept connection that ended while nobody looked is no trouble for a POST. */
Test(http, idle_connection_closed_by_the_peer, .timeout = 30)
{
	int listener = listen_on_loopback(8, &port), fd;
	struct http *http = http_new(1, 1);
	struct http_call *call = NULL;
	char buf[4096];

	for (int i = 0; i < 3; i++) {
		ask(http, "/ok", true, LONG_MS, 0);
		http_drive(http, 0, NULL, 0);
		http_drive(http, 100, NULL, 0);
		fd = accept(listener, NULL, NULL);
		http_drive(http, 100, NULL, 0);
		cr_assert(hear(fd, buf, sizeof buf));
		behave(fd, buf);
		call = await(http);
		close(fd);
		cr_assert_eq(call->end, HTTP_ANSWERED, "%s", call->reason);
		http_call_free(call);
	}
	close(listener);
	http_free(http);
}

Test(http, many_at_once_digested, .init = peer_start, .timeout = 60)
{
	struct http *http = http_new(64, 48);
	char body[BIG_BYTES], url[64];
	uint8_t digest[DIGEST_BYTES];
	bool seen[200] = { false };

	memset(body, 'b', sizeof body);
	digest_bytes(body, sizeof body, digest);
	snprintf(url, sizeof url, "http://127.0.0.1:%d/big", port);
	for (int i = 0; i < 200; i++)
		http_start(http, &(struct http_request){ .url = url, .timeout_ms = LONG_MS, .digest_only = true,
		    .answer_max_bytes = BIG_BYTES, .tag = i });
	for (int i = 0; i < 200; i++) {
		struct http_call *call = await(http);

		cr_assert_eq(call->end, HTTP_ANSWERED, "%s", call->reason);
		cr_assert_eq(memcmp(call->digest, digest, sizeof digest), 0);
		cr_assert_eq(call->bytes, BIG_BYTES);
		cr_assert_eq(call->body.n, 0);
		cr_assert(!seen[call->tag]);
		seen[call->tag] = true;
		http_call_free(call);
	}
	cr_assert_eq(http_in_flight(http), 0);
	cr_assert_leq(atomic_load(&connections), 48);
	http_free(http);
}

/* One peer hangs; its queue runs out of time where it stands, others go on. */
Test(http, queue_keeps_deadlines_and_peers_apart, .init = peer_start, .timeout = 30)
{
	struct http *http = http_new(3, 2);
	int unknown = 0, not_sent = 0, answered = 0;
	char url[64];

	for (int i = 0; i < 8; i++)
		ask(http, "/hang", true, 60, 0);
	snprintf(url, sizeof url, "http://localhost:%d/ok", port);
	for (int i = 0; i < 8; i++)
		http_start(http, &(struct http_request){ .url = url, .timeout_ms = LONG_MS, .tag = 1,
		    .answer_max_bytes = 9 });
	for (int i = 0; i < 16; i++) {
		struct http_call *call = await(http);

		answered += call->end == HTTP_ANSWERED;
		unknown += call->end == HTTP_UNKNOWN;
		not_sent += call->end == HTTP_NOT_SENT;
		cr_assert_eq(call->end == HTTP_ANSWERED, call->tag == 1, "%s", call->reason);
		http_call_free(call);
	}
	cr_assert_eq(answered, 8);
	cr_assert_eq(unknown, 2);
	cr_assert_eq(not_sent, 6);
	cr_assert_eq(atomic_load(&posts), 2);
	http_free(http);
}

/* Two services behind one gateway: the one that hangs does not take the connections of the other. */
Test(http, names_at_one_address_do_not_wait_for_each_other, .init = peer_start, .timeout = 30)
{
	struct http *http = http_new(8, 2);
	char hang[64], ok[64];
	int64_t since_us = clock_span_us();

	snprintf(hang, sizeof hang, "http://127.0.0.1:%d/hang", port);
	snprintf(ok, sizeof ok, "http://127.0.0.1:%d/ok", port);
	for (int i = 0; i < 6; i++)
		http_start(http, &(struct http_request){ .url = hang, .peer = "a", .timeout_ms = LONG_MS, .answer_max_bytes = 9 });
	for (int i = 0; i < 6; i++)
		http_start(http, &(struct http_request){ .url = ok, .peer = "b", .timeout_ms = LONG_MS, .tag = 1,
		    .answer_max_bytes = 9 });
	cr_assert_eq(http_in_flight_answering(http, since_us), 0, "nobody has answered so far");
	for (int i = 0; i < 6; i++) {
		struct http_call *call = await(http);

		cr_assert_eq(call->tag, 1, "%s", call->reason);
		cr_assert_eq(call->end, HTTP_ANSWERED);
		http_call_free(call);
	}
	cr_assert_eq(http_in_flight(http), 6);
	cr_assert_eq(http_in_flight_answering(http, since_us), 0, "none is left of the one that answers");
	for (int i = 0; i < 3; i++)
		http_start(http, &(struct http_request){ .url = ok, .peer = "b", .timeout_ms = LONG_MS, .answer_max_bytes = 9,
		    .owner = &since_us });
	cr_assert_eq(http_in_flight_answering(http, since_us), 3);
	http_drive(http, 0, NULL, 0);
	http_forget(http, &since_us);
	cr_assert_eq(http_in_flight_answering(http, since_us), 0, "forgotten, running or not");
	cr_assert_eq(http_in_flight(http), 6);
	http_free(http);
}

/* Whose answers have gone astray is called on new connections for a while, each used once. */
Test(http, distrusted, .init = peer_start, .timeout = 30)
{
	struct http *http = http_new(2, 2);

	for (int i = 0; i < 6; i++) {
		struct http_call *call;

		ask(http, "/ok", false, LONG_MS, 0);
		call = await(http);
		cr_assert_eq(call->end, HTTP_ANSWERED, "%s", call->reason);
		cr_assert_eq(atomic_load(&connections), i < 3 ? 1 : i - 1);
		if (i == 2)
			http_distrust(http, call);
		http_call_free(call);
	}
	http_free(http);
}

Test(http, forgotten, .init = peer_start, .timeout = 30)
{
	struct http *http = http_new(1, 1);
	int a, b;
	char url[64];
	struct http_call *call;

	snprintf(url, sizeof url, "http://127.0.0.1:%d/ok", port);
	for (int i = 0; i < 6; i++)
		http_start(http, &(struct http_request){ .url = url, .timeout_ms = LONG_MS, .answer_max_bytes = 9,
		    .owner = i % 2 == 0 ? &a : &b, .tag = i });
	http_drive(http, 0, NULL, 0);
	http_forget(http, &a);
	http_forget(http, &a);
	cr_assert_eq(http_in_flight(http), 3);
	for (int i = 0; i < 3; i++) {
		call = await(http);
		cr_assert_eq(call->owner, &b);
		http_call_free(call);
	}
	cr_assert_eq(http_in_flight(http), 0);
	http_free(http);
}

/* What came in time is an answer, also when nobody looked in time. */
Test(http, answer_before_the_deadline_seen_after_it, .init = peer_start, .timeout = 30)
{
	struct http *http = http_new(1, 1);
	struct http_call *call;
	int64_t until_us = clock_span_us() + 320 * 1000;

	ask(http, "/ok", true, LONG_MS, 0);
	http_call_free(await(http));
	ask(http, "/ok", true, 300, 0);
	while (atomic_load(&posts) < 2)
		http_drive(http, 0, NULL, 0);
	while (clock_span_us() < until_us)
		;
	call = await(http);
	cr_assert_eq(call->end, HTTP_ANSWERED, "%s", call->reason);
	http_call_free(call);
	http_free(http);
}

/* What still runs when all ends is given up without a leak. */
Test(http, freed_amid, .init = peer_start, .timeout = 30)
{
	struct http *http = http_new(2, 2);

	for (int i = 0; i < 5; i++)
		ask(http, "/hang", true, LONG_MS, 0);
	http_drive(http, 20, NULL, 0);
	http_drive(http, 20, NULL, 0);
	http_free(http);
}

Test(http, extra_descriptors_wake, .timeout = 30)
{
	struct http *http = http_new(1, 1);
	int64_t begun_us = clock_span_us();
	int fds[2];

	cr_assert_eq(pipe(fds), 0);
	cr_assert_eq(write(fds[1], "x", 1), 1);
	http_drive(http, 10000, fds, 1);
	cr_assert_lt(clock_span_us() - begun_us, 5 * SECOND_US);
	begun_us = clock_span_us();
	http_drive(http, 20, NULL, 0);
	cr_assert_geq(clock_span_us() - begun_us, 19 * 1000);
	close(fds[0]);
	close(fds[1]);
	http_free(http);
}
