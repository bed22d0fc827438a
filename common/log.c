/* log - see log.h.  Each line is one write(2), so that lines of processes do not mix. */
#include "log.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { LINE_BYTES = 2048 };

static struct {
	const char	*program;
	enum log_format	format;
	enum log_level	least;
} sink = { "?", LOG_LOGFMT, LOG_INFO };

static const char *const level_names[] = { "debug", "info", "warn", "error" };

/* A line that gets too long has its values cut: room is kept for what must close it. */
enum { CLOSE_BYTES = 16 };

struct line {
	char	s[LINE_BYTES];
	size_t	n;
	bool	cut;
};

static void
line_char(struct line *line, char c)
{
	if (line->n < sizeof line->s - CLOSE_BYTES)
		line->s[line->n++] = c;
	else
		line->cut = true;
}

static void
line_put(struct line *line, const char *s, size_t n)
{
	/* All of it or nothing: half an escape or half a character would spoil the line. */
	if (line->n + n > sizeof line->s - CLOSE_BYTES)
		line->cut = true;
	for (size_t i = 0; i < n && !line->cut; i++)
		line->s[line->n++] = s[i];
}

static void
line_puts(struct line *line, const char *s)
{
	line_put(line, s, strlen(s));
}

/* What closes a value is always written. */
static void
line_close(struct line *line, const char *s)
{
	while (*s != '\0' && line->n < sizeof line->s - 2)
		line->s[line->n++] = *s++;
}

/* One character, escaped where it could forge a line or is none. */
static size_t
line_escaped(struct line *line, const char *s, size_t n)
{
	unsigned char c = (unsigned char)*s;
	size_t step = text_utf8_sequence(s, n);
	char code[8];

	if (c == '"' || c == '\\') {
		snprintf(code, sizeof code, "\\%c", c);
		line_puts(line, code);
	} else if (c < 0x20 || c == 0x7f) {
		snprintf(code, sizeof code, "\\u%04x", c);
		line_puts(line, code);
	} else if (step == 0)
		line_puts(line, "\\ufffd");
	else
		line_put(line, s, step);
	return step > 0 ? step : 1;
}

static void
line_quoted(struct line *line, struct text t)
{
	if (line->cut)
		return;
	line_char(line, '"');
	for (size_t i = 0; i < t.n && !line->cut; )
		i += line_escaped(line, t.s + i, t.n - i);
	line_close(line, line->cut ? "...\"" : "\"");
}

static bool
is_plain(struct text t)
{
	if (t.n == 0)
		return false;
	for (size_t i = 0; i < t.n; i++) {
		unsigned char c = (unsigned char)t.s[i];

		if (c <= 0x20 || c == '"' || c == '=' || c == '\\' || c == 0x7f)
			return false;
	}
	return text_is_utf8(t);
}

static void
line_field(struct line *line, const struct log_field *field)
{
	char number[24];

	/* A field that does not fit at all is left out whole. */
	if (line->cut || line->n + strlen(field->key) + 40 > sizeof line->s - CLOSE_BYTES)
		return;
	if (sink.format == LOG_JSON) {
		line_puts(line, ",\"");
		line_puts(line, field->key);
		line_puts(line, "\":");
	} else {
		line_char(line, ' ');
		line_puts(line, field->key);
		line_char(line, '=');
	}
	if (field->kind == LOG_FIELD_INT) {
		snprintf(number, sizeof number, "%lld", (long long)field->number);
		line_puts(line, number);
	} else if (sink.format == LOG_LOGFMT && is_plain(field->text) &&
	    line->n + field->text.n < sizeof line->s - CLOSE_BYTES)
		line_put(line, field->text.s, field->text.n);
	else
		line_quoted(line, field->text);
}

void
log_open(const char *program, enum log_format format, enum log_level least)
{
	sink.program = program;
	sink.format = format;
	sink.least = least;
}

static void
line_head(struct line *line, enum log_level level, const char *event)
{
	struct timespec now;
	struct tm tm;
	char stamp[40], head[200];

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(head, sizeof head, sink.format == LOG_JSON
	    ? "{\"ts\":\"%s.%03ldZ\",\"level\":\"%s\",\"worker\":\"%s\",\"event\":\"%s\""
	    : "ts=%s.%03ldZ level=%s worker=%s event=%s",
	    stamp, now.tv_nsec / 1000000, level_names[level], sink.program, event);
	line_puts(line, head);
}

void
log_fields(enum log_level level, const char *event, const struct log_field *fields, int n)
{
	struct line line = { .n = 0, .cut = false };

	if (level < sink.least)
		return;
	line_head(&line, level, event);
	for (int i = 0; i < n; i++)
		line_field(&line, &fields[i]);
	if (sink.format == LOG_JSON)
		line_close(&line, "}");
	line.s[line.n++] = '\n';
	/* A log that cannot be written must not stop the work. */
	if (write(STDERR_FILENO, line.s, line.n) < 0)
		return;
}

void
log_fault(const char *event, const struct err *err)
{
	log_event((enum log_level)fault_traits(err->fault)->log_level, event,
	    LOG_STR("fault", fault_traits(err->fault)->name), LOG_STR("op", err->op),
	    LOG_STR("code", err->code), LOG_STR("text", err->text));
}
