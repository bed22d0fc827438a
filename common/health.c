/* health - see health.h. */
#include "health.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { STACK_BYTES = 256 * 1024, CONNECTIONS_MAX = 8, CONNECTION_BYTES = 8 * 1024, IDLE_S = 10 };

struct health {
	struct health_options	options;
	struct MHD_Daemon	*daemon;
	char			address[64];
};

/* --- answering -------------------------------------------------------------- */

static enum MHD_Result
answer(struct MHD_Connection *connection, const struct health_page *page)
{
	/* Copied: the arena goes before the last byte is sent. */
	struct MHD_Response *response = MHD_create_response_from_buffer(page->body.n, page->body.s,
	    MHD_RESPMEM_MUST_COPY);
	enum MHD_Result result;

	if (response == NULL)
		return MHD_NO;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, page->type);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	if (page->status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	result = MHD_queue_response(connection, (unsigned)page->status, response);
	MHD_destroy_response(response);
	return result;
}

static bool
wants_json(struct MHD_Connection *connection)
{
	const char *accept = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);

	return accept != NULL && strstr(accept, "application/json") != NULL;
}

static enum MHD_Result
on_request(void *ctx, struct MHD_Connection *connection, const char *path, const char *method,
    const char *version, const char *upload, size_t *upload_n, void **state)
{
	static const char seen;
	const struct health *health = ctx;
	struct arena *arena;
	struct health_page page = { MHD_HTTP_OK, "text/plain; charset=utf-8", { 0 } };
	enum MHD_Result result;

	(void)version;
	(void)upload;
	/* First the head alone; answers come when the request is whole. What is sent along is dropped. */
	if (*state == NULL) {
		*state = (void *)(uintptr_t)&seen;
		return MHD_YES;
	}
	if (*upload_n > 0) {
		*upload_n = 0;
		return MHD_YES;
	}
	arena = arena_new(0);
	page.body = buf_in(arena);
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0) {
		page.status = MHD_HTTP_METHOD_NOT_ALLOWED;
		buf_puts(&page.body, "GET only\n");
	} else
		health->options.page(health->options.ctx, path, wants_json(connection), &page);
	result = answer(connection, &page);
	arena_free(arena);
	return result;
}

/* --- opening ---------------------------------------------------------------- */

static bool
is_loopback(const struct sockaddr_storage *where)
{
	if (where->ss_family == AF_INET)
		return ntohl(((const struct sockaddr_in *)where)->sin_addr.s_addr) >> 24 == 127;
	return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)where)->sin6_addr);
}

/* "127.0.0.1:9301" or "[::1]:9301". */
static bool
read_address(const char *text, struct sockaddr_storage *out)
{
	const char *colon = strrchr(text, ':');
	size_t n = colon != NULL ? (size_t)(colon - text) : 0;
	char host[INET6_ADDRSTRLEN + 2];
	struct sockaddr_in *v4 = (struct sockaddr_in *)out;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
	int64_t port;

	if (n == 0 || n >= sizeof host || !text_to_int64(text_of(colon + 1), &port) || port < 0 || port > 65535)
		return false;
	memset(out, 0, sizeof *out);
	snprintf(host, sizeof host, "%.*s", (int)n, text);
	if (host[0] == '[' && host[n - 1] == ']') {
		host[n - 1] = '\0';
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons((uint16_t)port);
		return inet_pton(AF_INET6, host + 1, &v6->sin6_addr) == 1;
	}
	v4->sin_family = AF_INET;
	v4->sin_port = htons((uint16_t)port);
	return inet_pton(AF_INET, host, &v4->sin_addr) == 1;
}

/* Signals are for the thread that does the work. */
static struct MHD_Daemon *
start(struct health *health, const struct sockaddr_storage *where)
{
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | (where->ss_family == AF_INET6 ? MHD_USE_IPv6 : 0u);
	struct MHD_Daemon *daemon;
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_request, health,
	    MHD_OPTION_SOCK_ADDR, (const struct sockaddr *)where,
	    MHD_OPTION_THREAD_STACK_SIZE, (size_t)STACK_BYTES,
	    MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,
	    MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S, MHD_OPTION_END);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return daemon;
}

enum fault
health_open(const struct health_options *options, struct health **out, struct err *err)
{
	static const char op[] = "serve health";
	struct sockaddr_storage where;
	struct health *health;
	int n;

	if (!read_address(options->listen, &where))
		return err_set(err, FAULT_FATAL, op, "config",
		    "listen is \"%s\"; it must be like 127.0.0.1:9301 or [::1]:0", options->listen);
	if (!is_loopback(&where))
		return err_set(err, FAULT_FATAL, op, "config",
		    "listen is \"%s\", which others can reach; only loopback is served", options->listen);
	health = mem_new(1, sizeof *health);
	health->options = *options;
	health->daemon = start(health, &where);
	if (health->daemon == NULL) {
		err_set(err, FAULT_FATAL, op, "listen", "cannot listen on %s: %s", options->listen, strerror(errno));
		free(health);
		return FAULT_FATAL;
	}
	n = (int)(strrchr(options->listen, ':') - options->listen);
	snprintf(health->address, sizeof health->address, "%.*s:%d", n, options->listen,
	    MHD_get_daemon_info(health->daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
	*out = health;
	return FAULT_NONE;
}

const char *
health_address(const struct health *health)
{
	return health->address;
}

void
health_close(struct health *health)
{
	if (health == NULL)
		return;
	MHD_stop_daemon(health->daemon);
	free(health);
}
