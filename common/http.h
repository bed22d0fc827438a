/*
 * http - many requests at once; the only module that includes libcurl.
 *
 * Requests run in the background on kept-alive connections; the loop drives
 * them with http_drive and collects what has finished.  Each has a deadline
 * and a limit on the size of its answer; none follows redirects.  What the
 * answer means is the caller's; what is certain about it is here:
 *
 *   HTTP_ANSWERED   a whole answer came; see status
 *   HTTP_NOT_SENT   certainly never reached the peer: no connection, no name
 *   HTTP_UNKNOWN    sent in part or whole, no whole answer: it may have happened
 *
 * A POST leaves at most once.  A GET may be sent again on a new connection
 * when a kept-alive one dies under it.  An answer whose end nothing tells (no
 * length, no chunks) is no whole answer.  Proxies, cookies, redirects and
 * .netrc are not used; certificates are verified.
 */
#ifndef HTTP_H
#define HTTP_H

#include <stdint.h>

#include "digest.h"
#include "err.h"
#include "mem.h"

enum http_end { HTTP_PENDING, HTTP_ANSWERED, HTTP_NOT_SENT, HTTP_UNKNOWN };

struct http_request {
	const char	*url;			/* http:// or https:// only; copied */
	bool		post;			/* else GET */
	struct text	body;			/* copied; sent as application/json */
	const char	*headers[12];		/* "Name: value"; copied; ends with NULL */
	int64_t		timeout_ms;		/* of the whole exchange */
	int		silence_s;		/* not a byte for so long ends it ("timeout"), amid an answer up to 5 s later; 0: never */
	int64_t		not_after_us;		/* span clock; later than this it must not begin; 0: any time */
	size_t		answer_max_bytes;	/* a longer answer ends HTTP_UNKNOWN, reason "too_large" */
	bool		digest_only;		/* SHA-256 of the answer instead of its bytes */
	const char	*peer;			/* whom it goes to: a static name; handed back.  Several at one address do not wait for each other */
	void		*owner;			/* handed back; not touched */
	int		tag;			/* handed back */
};

struct http_call {
	enum http_end	end;
	int		status;
	struct text	body;		/* NUL after it; empty with digest_only */
	uint64_t	bytes;		/* of the answer */
	uint8_t		digest[DIGEST_BYTES];
	struct text	content_type;
	int		retry_after_s;	/* of a 429 or 5xx: call nobody there before; at most an hour; 0: none said */
	const char	*reason;	/* static, NULL when answered; see below */
	int64_t		took_us;
	const char	*peer;
	void		*owner;
	int		tag;
};

/*
 * Reasons.  Before anything was sent: "url", "header" (not fit to be sent),
 * "resolve", "connect", "tls", "timeout".  After: "timeout", "reset" (ended
 * without an answer), "torn" (ended amid the answer), "unframed" (no telling
 * whether it is whole), "malformed" (not HTTP), "too_large".  Else "failed".
 */

struct http;

/* at_once: connections in all; per_host: to one name at one address. More requests queue up. */
struct http *http_new(int at_once, int per_host);
void http_free(struct http *http);

/* Certificates of authorities to trust instead of the system's; before the first request. */
void http_set_ca(struct http *http, const char *path);

/* Begins a request; it cannot fail here, only end badly.  The time runs from now, also in the queue. */
void http_start(struct http *http, const struct http_request *request);

/*
 * Forget every request of an owner: its answers will not be handed out.  What
 * waits is dropped; what is under way goes on to its end unseen.
 */
void http_forget(struct http *http, const void *owner);

/* Begun, and neither taken nor forgotten. */
int http_in_flight(const struct http *http);

/* Of them: to peers that have answered one since then (span clock). */
int http_in_flight_answering(const struct http *http, int64_t since_us);

/*
 * Moves everything on, waiting at most wait_ms for something to happen on a
 * connection or on one of the extra descriptors becoming readable (may be
 * NULL, n 0).  Does not wait while an answer can be taken.
 */
void http_drive(struct http *http, int wait_ms, const int *extra_fds, int n);

/* One finished call after another; NULL when there is none.  Free each. */
struct http_call *http_take(struct http *http);

/*
 * The answer was not to this request: somebody on the way has lost count of
 * requests and answers.  The peer's connections of today are not used again.
 */
void http_distrust(struct http *http, const struct http_call *call);

void http_call_free(struct http_call *call);

#endif
