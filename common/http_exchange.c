/*
 * http_exchange - one request: copied in, put on a handle, let go.
 *
 * What is certain hangs on one bit, has_left.  libcurl calls exchange_leaves
 * when the connection stands (TLS included) and nothing of the request has
 * been written: before that call a failure is HTTP_NOT_SENT, after it
 * HTTP_UNKNOWN.  libcurl sends again by itself when a kept-alive connection
 * ends without a byte of an answer, and cannot know whether the peer acted.
 * It asks here again each time, and a POST is not let go twice.
 */
#include "http_exchange.h"

#include "clock.h"

#include <stdlib.h>
#include <strings.h>

enum {
	KEEP_BYTES = 64 * 1024,		/* of a buffer between requests */
	NAME_MAX_S = 5			/* an address that a name had so long ago is not used again */
};

/* --- its life ------------------------------------------------------------------- */

struct exchange *
exchange_new(void)
{
	return mem_new(1, sizeof(struct exchange));
}

void
exchange_free(struct exchange *x)
{
	digest_free(x->digest);
	free(x->sent_copy);
	free(x->answer);
	free(x);
}

void
exchange_reset(struct exchange *x)
{
	struct exchange kept = *x;

	if (kept.sent_size > KEEP_BYTES) {
		free(kept.sent_copy);
		kept.sent_copy = NULL;
		kept.sent_size = 0;
	}
	if (kept.answer_size > KEEP_BYTES) {
		free(kept.answer);
		kept.answer = NULL;
		kept.answer_size = 0;
	}
	memset(x, 0, sizeof *x);
	x->http = kept.http;
	x->sent_copy = kept.sent_copy;
	x->sent_size = kept.sent_size;
	x->answer = kept.answer;
	x->answer_size = kept.answer_size;
	x->digest = kept.digest;
}

/* --- the request ---------------------------------------------------------------- */

struct text
exchange_peer(const char *url)
{
	size_t scheme = strncasecmp(url, "http://", 7) == 0 ? 7 : strncasecmp(url, "https://", 8) == 0 ? 8 : 0;
	size_t n = scheme != 0 ? strcspn(url + scheme, "/?#") : 0;

	return n != 0 ? (struct text){ url, scheme + n } : TEXT_NONE;
}

/* Without a control character or blank, which would end the line or the URL early. */
static bool
is_clean(const char *s, unsigned char least)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < least || *s == 0x7f)
			return false;
	return true;
}

static char *
put_copy(char **at, const void *bytes, size_t n)
{
	char *copy = *at;

	if (n > 0)
		memcpy(copy, bytes, n);
	copy[n] = '\0';
	*at += n + 1;
	return copy;
}

/* The headers to send, in order; returns how many. */
static int
headers_of(const struct http_request *request, const char *headers[16])
{
	int n = 0;
	bool has_type = false;

	for (int i = 0; i < 12 && request->headers[i] != NULL; i++) {
		headers[n++] = request->headers[i];
		has_type |= strncasecmp(request->headers[i], "content-type:", 13) == 0;
	}
	if (request->post) {
		if (!has_type)
			headers[n++] = "Content-Type: application/json";
		headers[n++] = "Expect:";	/* no waiting for "100 Continue" */
	}
	return n;
}

const char *
exchange_prepare(struct exchange *x, const struct http_request *request)
{
	const char *headers[16];
	int n = headers_of(request, headers);
	size_t size = strlen(request->url) + 1 + request->body.n + 1;
	char *at;

	if (exchange_peer(request->url).s == NULL || !is_clean(request->url, 0x21))
		return "url";
	for (int i = 0; i < n; i++) {
		if (!is_clean(headers[i], 0x20) || strchr(headers[i], ':') == NULL)
			return "header";
		size += strlen(headers[i]) + 1;
	}
	if (size > x->sent_size) {
		x->sent_copy = mem_grow(x->sent_copy, size, 1);
		x->sent_size = size;
	}
	at = x->sent_copy;
	x->url = put_copy(&at, request->url, strlen(request->url));
	for (int i = 0; i < n; i++)
		x->headers[i] = (struct curl_slist){ put_copy(&at, headers[i], strlen(headers[i])),
		    i + 1 < n ? &x->headers[i + 1] : NULL };
	x->body = (struct text){ put_copy(&at, request->body.s, request->body.n), request->body.n };
	x->post = request->post;
	x->digest_only = request->digest_only;
	x->silence_s = request->silence_s;
	x->not_after_us = request->not_after_us;
	x->answer_max = request->answer_max_bytes;
	return NULL;
}

/* --- what libcurl calls --------------------------------------------------------- */

static int
exchange_leaves(void *context, char *peer, char *local, int peer_port, int local_port)
{
	struct exchange *x = context;

	(void)peer;
	(void)local;
	(void)peer_port;
	(void)local_port;
	if (x->has_left && x->post)
		return CURL_PREREQFUNC_ABORT;
	/* A process that was stopped meanwhile must not begin an effect after its time (promise 7). */
	if (clock_span_us() > x->deadline_us ||
	    (x->not_after_us != 0 && clock_span_us() > x->not_after_us))
		return CURL_PREREQFUNC_ABORT;
	x->has_left = true;
	return CURL_PREREQFUNC_OK;
}

/* --- the handle ----------------------------------------------------------------- */

CURL *
exchange_easy_new(const char *ca)
{
	CURL *easy = curl_easy_init();

	if (easy == NULL)
		bug("curl_easy_init");
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	if (curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") != CURLE_OK)
		bug("libcurl too old");
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);	/* a signed path must arrive as it is */
	curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, (long)IDLE_MAX_S);
	curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, (long)NAME_MAX_S);
	/* A resolver that hangs is left behind, not waited for. */
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "dossier");
	/* Answers are small; the default buffers of hundreds of handles are not. */
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 8L * 1024);
	curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, 16L * 1024);
	curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, exchange_leaves);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, exchange_header);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, exchange_body);
	if (ca != NULL)
		curl_easy_setopt(easy, CURLOPT_CAINFO, ca);
	return easy;
}

void
exchange_easy_fill(struct exchange *x)
{
	CURL *easy = x->easy;

	curl_easy_setopt(easy, CURLOPT_PRIVATE, x);
	curl_easy_setopt(easy, CURLOPT_PREREQDATA, x);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, x);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, x);
	curl_easy_setopt(easy, CURLOPT_URL, x->url);
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, x->silence_s > 0 ? 1L : 0L);
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)x->silence_s);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, x->headers[0].data != NULL ? &x->headers[0] : NULL);
	if (x->post) {
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, x->body.s);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)x->body.n);
		curl_easy_setopt(easy, CURLOPT_POST, 1L);
	} else {
		curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
	}
}

void
exchange_alone(struct exchange *x, bool alone)
{
	curl_easy_setopt(x->easy, CURLOPT_FRESH_CONNECT, alone ? 1L : 0L);
	curl_easy_setopt(x->easy, CURLOPT_FORBID_REUSE, alone ? 1L : 0L);
}
