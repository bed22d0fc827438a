/*
 * web - the only file that knows libmicrohttpd.
 *
 * Requests are handled when they are complete, in the one thread of the loop;
 * the answer is given at once and sent when its delay is over.
 */
#ifndef WEB_H
#define WEB_H

#include "err.h"
#include "mem.h"
#include "text.h"

enum { WEB_BODY_MAX_BYTES = 4 * 1024 * 1024, WEB_HANG_MS = 120000 };

struct request {
	const char	*method;
	const char	*path;
	struct text	body;
	struct arena	*arena;		/* for this request alone */
	struct exchange	*exchange;
};

enum wire {
	WIRE_WHOLE,
	WIRE_NONE,	/* after the delay, close without a word */
	WIRE_HALF,	/* promise all, send half, close */
	WIRE_ENDLESS,	/* the body, then spaces without end */
	WIRE_DRIP	/* a few bytes at a time, drip_ms between them */
};

struct answer {
	int		status;
	const char	*type;		/* NULL = application/json */
	enum wire	wire;
	int64_t		delay_ms;
	int64_t		drip_ms;
	struct text	body;		/* copied */
	struct text	content;	/* instead of body: name of an object … */
	size_t		content_bytes;	/* … and its size */
	int		file;		/* instead of body, when has_file: taken over */
	size_t		file_bytes;
	bool		has_file;
};

/* Listen on a loopback address, "127.0.0.1:0"; *port is the one chosen. */
ERR_CHECK enum fault web_open(const char *address, void (*handle)(struct request *request), int *port,
    struct err *err);

/* Exactly once for each request. */
void web_answer(struct request *request, const struct answer *answer);

struct text web_header(const struct request *request, const char *name);	/* absent if there is none */
struct text web_query(const struct request *request, const char *name);

#endif
