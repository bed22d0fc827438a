/*
 * health - a small server for those who watch: GET of a few pages, on loopback
 * only; the only module that includes libmicrohttpd.
 *
 * It runs on a thread of its own, so that it answers while the rest of the
 * process waits for something.  What a page shows must therefore be safe to
 * read from there.  It takes no signals, few connections and little memory.
 */
#ifndef HEALTH_H
#define HEALTH_H

#include "buf.h"
#include "err.h"

struct health_page {
	int		status;
	const char	*type;		/* content-type, static */
	struct buf	body;
};

struct health_options {
	const char	*listen;	/* "127.0.0.1:9301", "[::1]:0"; port 0: any free one */
	void		*ctx;
	/* On the server's thread: fill the page, an empty text with status 200; json: the client asks for it. */
	void		(*page)(void *ctx, const char *path, bool json, struct health_page *page);
};

struct health;

/* FAULT_FATAL when the address is none, is not loopback, or is taken. */
ERR_CHECK enum fault health_open(const struct health_options *options, struct health **out, struct err *err);

/* Where it listens, with the port that was chosen. */
const char *health_address(const struct health *health);

/* Ends the thread; NULL is nothing. */
void health_close(struct health *health);

#endif
