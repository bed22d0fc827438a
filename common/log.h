/*
 * log - one structured line per event, logfmt or JSON, on standard error.
 *
 * Keys are static text; values are never personal data (there is no way to
 * log a document, and secret texts have no LOG_ form).  Only the skeleton and
 * main functions log; library functions return faults.
 */
#ifndef LOG_H
#define LOG_H

#include <stdint.h>

#include "err.h"
#include "text.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
enum log_format { LOG_LOGFMT, LOG_JSON };

struct log_field {
	const char	*key;
	enum { LOG_FIELD_INT, LOG_FIELD_TEXT } kind;
	int64_t		number;
	struct text	text;
};

#define LOG_INT(key, value) ((struct log_field){ (key), LOG_FIELD_INT, (int64_t)(value), TEXT_NONE })
#define LOG_STR(key, value) ((struct log_field){ (key), LOG_FIELD_TEXT, 0, text_of(value) })
#define LOG_TEXT(key, value) ((struct log_field){ (key), LOG_FIELD_TEXT, 0, (value) })

void log_open(const char *program, enum log_format format, enum log_level least);

/* event is a short stable name ("lane_claimed"); fields follow it. */
void log_fields(enum log_level level, const char *event, const struct log_field *fields, int n);

#define log_event(level, event, ...) \
	log_fields((level), (event), (const struct log_field[]){ __VA_ARGS__ }, \
	    (int)(sizeof((const struct log_field[]){ __VA_ARGS__ }) / sizeof(struct log_field)))

/* The event of a fault, with its operation, code and text. */
void log_fault(const char *event, const struct err *err);

#endif
