/* web - see web.h. */
#include "web.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "content.h"
#include "loop.h"

enum { ARENA_KEEP_BYTES = 1024 * 1024, BLOCK_BYTES = 32 * 1024, SPARE_BYTES = 64 * 1024,
	DRIP_BYTES = 8, LOOK_MS = 1000, CONNECTIONS_MAX = 16000 };

struct exchange {
	struct MHD_Connection	*connection;
	struct exchange		*next, *previous;	/* of those that wait */
	struct timer		timer;
	struct MHD_Response	*response;
	unsigned		status;
	bool			is_answered, is_waiting, is_closing;
	char			*body;
	size_t			n, size;
	/* what a response that is made while it is sent needs */
	enum wire		wire;
	int64_t			drip_ms;
	bool			has_dripped;
	char			*text;			/* body, or name of the content */
	size_t			text_n, total;
	bool			is_content;
};

static struct {
	struct MHD_Daemon	*daemon;
	struct arena		*arena;
	void			(*handle)(struct request *request);
	struct exchange		*spare;
	struct exchange		waiting;		/* head of a ring */
	struct timer		look;
} web;

/* --- exchanges ------------------------------------------------------------ */

static struct exchange *
exchange_new(struct MHD_Connection *connection)
{
	struct exchange *exchange = web.spare;
	char *body = NULL;
	size_t size = 0;

	if (exchange != NULL) {
		web.spare = exchange->next;
		body = exchange->body;
		size = exchange->size;
	} else
		exchange = mem_new(1, sizeof *exchange);
	*exchange = (struct exchange){ .connection = connection, .body = body, .size = size };
	return exchange;
}

static void
exchange_free(struct exchange *exchange)
{
	timer_stop(&exchange->timer);
	if (exchange->response != NULL)
		MHD_destroy_response(exchange->response);
	free(exchange->text);
	exchange->text = NULL;
	if (exchange->size > SPARE_BYTES) {
		free(exchange->body);
		exchange->body = NULL;
		exchange->size = 0;
	}
	exchange->next = web.spare;
	web.spare = exchange;
}

static void
exchange_go_on(void *arg)
{
	struct exchange *exchange = arg;

	timer_stop(&exchange->timer);
	exchange->next->previous = exchange->previous;
	exchange->previous->next = exchange->next;
	exchange->is_waiting = false;
	MHD_resume_connection(exchange->connection);
}

static void
exchange_wait(struct exchange *exchange, int64_t ms)
{
	exchange->is_waiting = true;
	exchange->next = &web.waiting;
	exchange->previous = web.waiting.previous;
	exchange->previous->next = exchange;
	web.waiting.previous = exchange;
	MHD_suspend_connection(exchange->connection);
	timer_start(&exchange->timer, ms, exchange_go_on, exchange);
}

/* Who has hung up need not be kept waiting. */
static void
look_for_gone(void *arg)
{
	for (struct exchange *exchange = web.waiting.next, *next; exchange != &web.waiting; exchange = next) {
		const union MHD_ConnectionInfo *info = MHD_get_connection_info(exchange->connection,
		    MHD_CONNECTION_INFO_CONNECTION_FD);
		char c;

		next = exchange->next;
		if (info != NULL && recv(info->connect_fd, &c, 1, MSG_PEEK | MSG_DONTWAIT) == 0) {
			exchange->is_closing = true;
			exchange_go_on(exchange);
		}
	}
	timer_start(&web.look, LOOK_MS, look_for_gone, arg);
}

/* --- bodies that are made while they are sent ------------------------------ */

static void
body_fill(const struct exchange *exchange, size_t pos, char *out, size_t n)
{
	struct text t = { exchange->text, exchange->text_n };

	if (exchange->is_content) {
		content_fill(t, pos, out, n);
		return;
	}
	for (size_t i = 0; i < n; i++)
		out[i] = pos + i < t.n ? t.s[pos + i] : ' ';
}

static ssize_t
body_read(void *arg, uint64_t pos, char *out, size_t max)
{
	struct exchange *exchange = arg;
	size_t end = exchange->wire == WIRE_HALF ? exchange->total / 2 : exchange->total;

	if (exchange->wire == WIRE_ENDLESS)
		end = SIZE_MAX;
	if (pos >= end)
		return exchange->wire == WIRE_HALF ? MHD_CONTENT_READER_END_WITH_ERROR
		    : MHD_CONTENT_READER_END_OF_STREAM;
	if (exchange->wire == WIRE_DRIP) {
		if ((exchange->has_dripped = !exchange->has_dripped)) {
			exchange_wait(exchange, exchange->drip_ms);
			return 0;
		}
		max = max < DRIP_BYTES ? max : DRIP_BYTES;
	}
	max = max < end - pos ? max : end - pos;
	body_fill(exchange, pos, out, max);
	return (ssize_t)max;
}

static struct MHD_Response *
response_made(struct exchange *exchange, const struct answer *answer)
{
	struct text from = answer->content.s != NULL ? answer->content : answer->body;

	exchange->wire = answer->wire;
	exchange->drip_ms = answer->drip_ms;
	exchange->is_content = answer->content.s != NULL;
	exchange->total = exchange->is_content ? answer->content_bytes : from.n;
	exchange->text = mem_new(from.n + 1, 1);
	exchange->text_n = from.n;
	memcpy(exchange->text, from.s, from.n);
	return MHD_create_response_from_callback(
	    answer->wire == WIRE_ENDLESS ? MHD_SIZE_UNKNOWN : exchange->total, BLOCK_BYTES, body_read,
	    exchange, NULL);
}

/* --- requests and answers -------------------------------------------------- */

void
web_answer(struct request *request, const struct answer *answer)
{
	struct exchange *exchange = request->exchange;

	exchange->is_answered = true;
	exchange->status = (unsigned)answer->status;
	if (answer->wire == WIRE_NONE)
		exchange->is_closing = true;
	else if (answer->has_file)
		exchange->response = MHD_create_response_from_fd(answer->file_bytes, answer->file);
	else if (answer->wire == WIRE_WHOLE && answer->content.s == NULL)
		exchange->response = MHD_create_response_from_buffer(answer->body.n,
		    (void *)(uintptr_t)answer->body.s, MHD_RESPMEM_MUST_COPY);
	else
		exchange->response = response_made(exchange, answer);
	if (exchange->response != NULL)
		MHD_add_response_header(exchange->response, MHD_HTTP_HEADER_CONTENT_TYPE,
		    answer->type != NULL ? answer->type : "application/json; charset=utf-8");
	if (answer->delay_ms > 0)
		exchange_wait(exchange, answer->delay_ms);
}

static struct text
value_of(const struct request *request, enum MHD_ValueKind kind, const char *name)
{
	return text_of(MHD_lookup_connection_value(request->exchange->connection, kind, name));
}

struct text
web_header(const struct request *request, const char *name)
{
	return value_of(request, MHD_HEADER_KIND, name);
}

struct text
web_query(const struct request *request, const char *name)
{
	return value_of(request, MHD_GET_ARGUMENT_KIND, name);
}

static bool
body_take(struct exchange *exchange, const char *bytes, size_t n)
{
	if (exchange->n + n > WEB_BODY_MAX_BYTES)
		return false;
	while (exchange->n + n > exchange->size) {
		exchange->size = exchange->size != 0 ? exchange->size * 2 : 4096;
		exchange->body = mem_grow(exchange->body, exchange->size, 1);
	}
	memcpy(exchange->body + exchange->n, bytes, n);
	exchange->n += n;
	return true;
}

static enum MHD_Result
send_answer(struct exchange *exchange)
{
	if (exchange->is_closing || exchange->response == NULL)
		return MHD_NO;
	return MHD_queue_response(exchange->connection, exchange->status, exchange->response);
}

static enum MHD_Result
on_request(void *closure, struct MHD_Connection *connection, const char *url, const char *method,
    const char *version, const char *upload, size_t *upload_n, void **state)
{
	struct exchange *exchange = *state;
	struct request request;

	(void)closure;
	(void)version;
	if (exchange == NULL) {
		*state = exchange_new(connection);
		return MHD_YES;
	}
	if (*upload_n > 0) {
		bool taken = body_take(exchange, upload, *upload_n);

		*upload_n = 0;
		return taken ? MHD_YES : MHD_NO;
	}
	if (!exchange->is_answered) {
		request = (struct request){ method, url, { exchange->body != NULL ? exchange->body : "", exchange->n },
		    web.arena, exchange };
		web.handle(&request);
		arena_reset(web.arena);
		if (!exchange->is_answered)
			bug("a request without an answer: %s", url);
		if (exchange->is_waiting)
			return MHD_YES;
	}
	return send_answer(exchange);
}

static void
on_end(void *closure, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode how)
{
	(void)closure;
	(void)connection;
	(void)how;
	if (*state != NULL)
		exchange_free(*state);
	*state = NULL;
}

/* --- the loop's side ------------------------------------------------------- */

static bool
run(void)
{
	MHD_UNSIGNED_LONG_LONG ms;

	MHD_run(web.daemon);
	return MHD_get_timeout(web.daemon, &ms) == MHD_YES && ms == 0;
}

static void
wake(void *arg)
{
	(void)arg;	/* the work is done at the end of the turn */
}

static enum fault
address_read(const char *address, struct sockaddr_in *out, struct err *err)
{
	char host[INET_ADDRSTRLEN] = "";
	const char *colon = strrchr(address, ':');
	size_t n = colon != NULL ? (size_t)(colon - address) : 0;
	int64_t port;

	if (n == 0 || n >= sizeof host || !text_to_int64(text_of(colon + 1), &port) || port < 0 || port > 65535)
		return err_set(err, FAULT_FATAL, "web_open", NULL, "not an address and port: %s", address);
	memcpy(host, address, n);
	*out = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	if (inet_pton(AF_INET, host, &out->sin_addr) != 1 || ntohl(out->sin_addr.s_addr) >> 24 != 127)
		return err_set(err, FAULT_FATAL, "web_open", NULL, "not a loopback address: %s", address);
	return FAULT_NONE;
}

static void
raise_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

enum fault
web_open(const char *address, void (*handle)(struct request *request), int *port, struct err *err)
{
	struct sockaddr_in where;
	enum fault fault = address_read(address, &where, err);

	if (fault != FAULT_NONE)
		return fault;
	raise_files();
	web.handle = handle;
	web.arena = arena_new(ARENA_KEEP_BYTES);
	web.waiting.next = web.waiting.previous = &web.waiting;
	web.daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
	    on_request, NULL, MHD_OPTION_NOTIFY_COMPLETED, on_end, NULL, MHD_OPTION_SOCK_ADDR, &where,
	    MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX, MHD_OPTION_END);
	if (web.daemon == NULL)
		return err_set(err, FAULT_FATAL, "web_open", NULL, "cannot listen on %s: errno %d", address, errno);
	*port = MHD_get_daemon_info(web.daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
	loop_watch(MHD_get_daemon_info(web.daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd, wake, NULL);
	loop_each_turn(run);
	timer_start(&web.look, LOOK_MS, look_for_gone, NULL);
	return FAULT_NONE;
}
