/*
 * http_exchange - one request and its answer: what is sent, how the answer is
 * gathered, what is certain about it.  Private to http*.c.
 */
#ifndef HTTP_EXCHANGE_H
#define HTTP_EXCHANGE_H

#include <curl/curl.h>
#include <sys/queue.h>

#include "http.h"

/* Kept in a pool with its buffers, so that a steady load allocates little. */
struct exchange {
	struct http_call call;		/* first: the two are cast */
	struct http	*http;		/* NULL: outlived it */
	struct host	*host;		/* while queued or running */
	TAILQ_ENTRY(exchange) link;	/* of the one list it is on */
	CURL		*easy;		/* while running */
	int64_t		begun_us, deadline_us;
	int			silence_s;	/* 0: any */
	int64_t			not_after_us;	/* 0: any time */
	bool		forgotten;

	/* the request */
	char		*sent_copy;	/* URL, headers and body */
	size_t		sent_size;
	const char	*url;
	struct text	body;
	bool		post, digest_only;
	size_t		answer_max;
	struct curl_slist headers[16];	/* linked in order; text in sent_copy */

	/* the answer */
	bool		has_left;	/* the first byte may have been sent */
	bool		is_over;	/* longer than allowed */
	bool		has_headers;	/* up to the empty line */
	bool		is_framed;	/* its end is told */
	size_t		header_bytes;
	char		*answer;
	size_t		answer_size;
	struct digest	*digest;
	char		content_type[128];
};

TAILQ_HEAD(exchange_list, exchange);

struct exchange *exchange_new(void);
void exchange_free(struct exchange *x);

/* Copies the request in.  Returns what makes it unfit to be sent, or NULL. */
const char *exchange_prepare(struct exchange *x, const struct http_request *request);

/* Ready for the next request; large buffers go. */
void exchange_reset(struct exchange *x);

/* Scheme, host and port, as written; absent when the URL is no http or https. */
struct text exchange_peer(const char *url);

/* A handle with everything that never changes; ca may be NULL. */
CURL *exchange_easy_new(const char *ca);

/* What differs from request to request; x->easy is set. */
void exchange_easy_fill(struct exchange *x);

/* A connection of its own, not used before and not used again? */
void exchange_alone(struct exchange *x, bool alone);

enum { IDLE_MAX_S = 20 };	/* a connection not used for so long is not used again */

/* http_answer.c: libcurl calls these with lines of the head, and with bytes of the body. */
size_t exchange_header(char *line, size_t size, size_t n, void *context);
size_t exchange_body(char *bytes, size_t size, size_t n, void *context);

/* Fills the call: the end, the reason, the answer.  code as libcurl reports it. */
void exchange_end(struct exchange *x, CURLcode code);

/* The same for an end that is not libcurl's: a deadline, an unfit request. */
void exchange_give_up(struct exchange *x, const char *reason);

#endif
