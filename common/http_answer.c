/*
 * http_answer - the answer of an exchange: gathered or digested as it comes,
 * and in the end judged.
 *
 * libcurl takes a connection that ends amid the headers, or after a body
 * without length or chunks, for a whole answer; here it is none.
 */
#include <limits.h>
#include <strings.h>

#include "clock.h"
#include "http_exchange.h"

enum { FIRST_ANSWER_BYTES = 2048, HEADERS_MAX_BYTES = 64 * 1024, RETRY_AFTER_MOST_S = 3600 };

static const struct {
	CURLcode	code;
	const char	*reason;
} reasons[] = {
	{ CURLE_COULDNT_RESOLVE_HOST, "resolve" },
	{ CURLE_COULDNT_CONNECT, "connect" },
	{ CURLE_OPERATION_TIMEDOUT, "timeout" },
	{ CURLE_SSL_CONNECT_ERROR, "tls" },
	{ CURLE_PEER_FAILED_VERIFICATION, "tls" },
	{ CURLE_SSL_CERTPROBLEM, "tls" },
	{ CURLE_SSL_CIPHER, "tls" },
	{ CURLE_SSL_CACERT_BADFILE, "tls" },
	{ CURLE_SSL_ISSUER_ERROR, "tls" },
	{ CURLE_SSL_CRL_BADFILE, "tls" },
	{ CURLE_SSL_INVALIDCERTSTATUS, "tls" },
	{ CURLE_URL_MALFORMAT, "url" },
	{ CURLE_SEND_ERROR, "reset" },
	{ CURLE_RECV_ERROR, "reset" },
	{ CURLE_GOT_NOTHING, "reset" },
	{ CURLE_ABORTED_BY_CALLBACK, "reset" },	/* a POST that libcurl would send again */
	{ CURLE_PARTIAL_FILE, "torn" },
	{ CURLE_FILESIZE_EXCEEDED, "too_large" },
	{ CURLE_UNSUPPORTED_PROTOCOL, "malformed" },
	{ CURLE_WEIRD_SERVER_REPLY, "malformed" },
	{ CURLE_BAD_CONTENT_ENCODING, "malformed" },
};

/* --- as it comes ---------------------------------------------------------------- */

/* "Transfer-Encoding: gzip, chunked": the chunks come last. */
static bool
is_chunked(const char *line, size_t n)
{
	while (n > 0 && (unsigned char)line[n - 1] <= ' ')
		n--;
	return n >= 7 && strncasecmp(line + n - 7, "chunked", 7) == 0;
}

/* One line; also of an interim answer, which starts over, and of trailers. */
size_t
exchange_header(char *line, size_t size, size_t n, void *context)
{
	struct exchange *x = context;

	(void)size;
	x->header_bytes += n;
	if (x->header_bytes > HEADERS_MAX_BYTES) {
		x->is_over = true;
		return 0;
	}
	if (x->call.bytes > 0)
		return n;
	if (n >= 5 && memcmp(line, "HTTP/", 5) == 0)
		x->has_headers = x->is_framed = false;
	else if (n <= 2 && (line[0] == '\r' || line[0] == '\n'))
		x->has_headers = true;
	else if (n > 15 && strncasecmp(line, "content-length:", 15) == 0)
		x->is_framed = true;
	else if (n > 18 && strncasecmp(line, "transfer-encoding:", 18) == 0)
		x->is_framed = is_chunked(line, n);
	return n;
}

static void
answer_reserve(struct exchange *x, size_t n)
{
	size_t size = x->answer_size != 0 ? x->answer_size : FIRST_ANSWER_BYTES;

	while (size <= n)
		size *= 2;
	if (size != x->answer_size) {
		x->answer = mem_grow(x->answer, size, 1);
		x->answer_size = size;
	}
}

size_t
exchange_body(char *bytes, size_t size, size_t n, void *context)
{
	struct exchange *x = context;

	(void)size;
	if (n > x->answer_max || x->call.bytes > x->answer_max - n) {
		x->is_over = true;
		return 0;
	}
	if (!x->digest_only) {
		answer_reserve(x, (size_t)x->call.bytes + n);
		memcpy(x->answer + x->call.bytes, bytes, n);
	} else {
		if (x->digest == NULL)
			x->digest = digest_new();
		if (x->call.bytes == 0)
			digest_begin(x->digest);
		digest_raw(x->digest, bytes, n);
	}
	x->call.bytes += n;
	return n;
}

/* --- the end -------------------------------------------------------------------- */

void
exchange_give_up(struct exchange *x, const char *reason)
{
	struct http_call *call = &x->call;

	call->end = x->has_left ? HTTP_UNKNOWN : HTTP_NOT_SENT;
	call->reason = reason;
	call->body = call->content_type = TEXT_NONE;
	call->took_us = clock_span_us() - x->begun_us;
}

static const char *
reason_of(const struct exchange *x, CURLcode code)
{
	if (x->is_over)
		return "too_large";
	if (code == CURLE_RECV_ERROR && x->has_headers)
		return "torn";
	for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
		if (reasons[i].code == code)
			return reasons[i].reason;
	return "failed";
}

/* Why what libcurl takes for an answer is no whole one; NULL when it is. */
static const char *
doubt(const struct exchange *x, long status)
{
	if (!x->has_headers || status < 200)
		return "torn";
	if (!x->is_framed && status != 204 && status != 304)
		return "unframed";
	return NULL;
}

static void
answer_fill(struct exchange *x, long status)
{
	struct http_call *call = &x->call;
	const char *type = NULL;
	curl_off_t after_s = 0;

	call->end = HTTP_ANSWERED;
	call->status = (int)status;
	if (x->digest_only && call->bytes > 0)
		digest_end(x->digest, call->digest);
	else if (x->digest_only)
		digest_bytes("", 0, call->digest);
	else
		answer_reserve(x, (size_t)call->bytes);
	call->body = x->digest_only ? TEXT("") : (struct text){ x->answer, (size_t)call->bytes };
	if (!x->digest_only)
		x->answer[call->bytes] = '\0';
	curl_easy_getinfo(x->easy, CURLINFO_CONTENT_TYPE, &type);
	if (type != NULL && strlen(type) < sizeof x->content_type) {
		memcpy(x->content_type, type, strlen(type) + 1);
		call->content_type = text_of(x->content_type);
	}
	curl_easy_getinfo(x->easy, CURLINFO_RETRY_AFTER, &after_s);
	if (after_s > 0 && (status == 429 || status >= 500))
		call->retry_after_s = after_s > RETRY_AFTER_MOST_S ? RETRY_AFTER_MOST_S : (int)after_s;
	call->took_us = clock_span_us() - x->begun_us;
}

void
exchange_end(struct exchange *x, CURLcode code)
{
	const char *reason;
	long status = 0;

	if (code == CURLE_OUT_OF_MEMORY)
		bug("out of memory in libcurl");
	curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status);
	reason = code != CURLE_OK ? reason_of(x, code) : doubt(x, status);
	if (reason != NULL)
		exchange_give_up(x, reason);
	else
		answer_fill(x, status);
}
