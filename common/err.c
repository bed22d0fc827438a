/*
 * err - see err.h.  The traits table is the only place that says what a fault
 * means for the log and for the exit status.
 */
#include "err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

static const struct fault_traits traits[] = {
	[FAULT_NONE]	= { "none", LOG_INFO, 0 },
	[FAULT_RETRY]	= { "retry", LOG_WARN, 75 },
	[FAULT_UNSURE]	= { "unsure", LOG_WARN, 75 },
	[FAULT_PARK]	= { "park", LOG_ERROR, 65 },
	[FAULT_FATAL]	= { "fatal", LOG_ERROR, 70 },
};

const struct fault_traits *
fault_traits(enum fault fault)
{
	return &traits[fault];
}

/* With a visible mark, and not inside a character. */
static void
cut(char *text, size_t at)
{
	while (at > 0 && ((unsigned char)text[at] & 0xc0) == 0x80)
		at--;
	memcpy(text + at, "...", 4);
}

enum fault
err_set(struct err *err, enum fault fault, const char *op, const char *code,
    const char *fmt, ...)
{
	va_list ap;
	int n;

	err->fault = fault;
	err->op = op;
	snprintf(err->code, sizeof err->code, "%s", code != NULL ? code : "");
	va_start(ap, fmt);
	n = vsnprintf(err->text, sizeof err->text, fmt, ap);
	va_end(ap);
	if (n >= (int)sizeof err->text)
		cut(err->text, sizeof err->text - 4);
	for (char *p = err->text; *p != '\0'; p++)
		if (*p == '\n' || *p == '\r')
			*p = ' ';
	return fault;
}

_Noreturn void
bug_at(const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "bug at %s:%d: ", file, line);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	abort();
}
