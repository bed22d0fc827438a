/* operation - see operation.h. */
#include "operation.h"

#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "buf.h"

struct operation_options operation_opt = { .rate = 50, .wait_s = 10 };

enum { SLICES_A_SECOND = 5 };

bool
operation_usage(const struct ctl *ctl)
{
	if (!operation_opt.yes)
		return true;
	if (operation_opt.why != NULL && operation_opt.why[strspn(operation_opt.why, " \t\n")] != '\0')
		return true;
	ctl_usage(ctl, "--yes needs --why TEXT: it is recorded");
	return false;
}

/* --- who and what ------------------------------------------------------------- */

static const char *
account_name(void)
{
	const struct passwd *entry = getpwuid(getuid());

	return entry != NULL ? entry->pw_name : "?";
}

/* Who became root to do it is still who does it. */
static struct text
who(void)
{
	const char *before = getenv("SUDO_USER");

	if (operation_opt.who != NULL && operation_opt.who[0] != '\0')
		return text_of(operation_opt.who);
	return text_of(before != NULL && before[0] != '\0' ? before : account_name());
}

static struct text
account(struct arena *arena)
{
	char host[64] = "?";

	gethostname(host, sizeof host - 1);
	return arena_printf(arena, "%s@%s", account_name(), host);
}

static bool
is_said_elsewhere(const char *name)
{
	static const char *const names[] = { "yes", "why", "who", "wait" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static void
put_option(struct buf *buf, const struct option_row *row)
{
	const char *text = row->kind == OPTION_TEXT ? *(const char *const *)row->target : NULL;

	if (is_said_elsewhere(row->name) || (row->kind == OPTION_TEXT && text == NULL) ||
	    (row->kind == OPTION_FLAG && !*(const bool *)row->target) ||
	    (row->kind == OPTION_INT && *(const int64_t *)row->target == INT_NONE))
		return;
	buf_puts(buf, buf->n > 1 ? "," : "");
	buf_json_text(buf, text_of(row->name));
	buf_puts(buf, ":");
	if (row->kind == OPTION_TEXT)
		buf_json_text(buf, text_of(text));
	else if (row->kind == OPTION_FLAG)
		buf_puts(buf, "true");
	else
		buf_int(buf, *(const int64_t *)row->target);
}

/* The command's words and options as JSON. */
static struct text
arguments(struct ctl *ctl)
{
	struct buf buf = buf_in(ctl->arena);

	buf_puts(&buf, "{");
	for (const struct option_row *row = ctl->command->options; row != NULL && row->name != NULL; row++)
		put_option(&buf, row);
	if (ctl->n_words > 0)
		buf_puts(&buf, buf.n > 1 ? ",\"words\":[" : "\"words\":[");
	for (int i = 0; i < ctl->n_words; i++) {
		buf_puts(&buf, i > 0 ? "," : "");
		buf_json_text(&buf, text_of(ctl->words[i]));
	}
	buf_puts(&buf, ctl->n_words > 0 ? "]}" : "}");
	return buf_get(&buf);
}

/* --- recording ------------------------------------------------------------------ */

enum fault
operation_begin(struct ctl *ctl, struct session *session, int64_t planned, struct operation *out,
    struct err *err)
{
	struct db_args *args = db_args_new(ctl->arena, 6);
	const struct rows *rows;
	enum fault fault;

	db_put_text(args, who());
	db_put_text(args, account(ctl->arena));
	db_put_text(args, text_of(ctl->command->path));
	db_put_text(args, text_of(operation_opt.why));
	db_put_text(args, arguments(ctl));
	db_put_int8(args, planned);
	fault = session_run(session, SQL_OPERATION_BEGIN, args, &rows, err);
	if (fault == FAULT_NONE)
		*out = (struct operation){ .id = rows_int8(rows, 0, 0) };
	return fault;
}

enum fault
operation_end(struct ctl *ctl, struct session *session, const struct operation *operation,
    struct err *err)
{
	struct db_args *args = db_args_new(ctl->arena, 2);

	db_put_int8(args, operation->id);
	db_put_int8(args, operation->done);
	return session_run(session, SQL_OPERATION_END, args, NULL, err);
}

/* --- pace --------------------------------------------------------------------------- */

int
operation_slice(void)
{
	return operation_opt.rate < SLICES_A_SECOND ? 1 : (int)(operation_opt.rate / SLICES_A_SECOND);
}

void
operation_pace(int n)
{
	int64_t ns = n * INT64_C(1000000000) / operation_opt.rate;

	nanosleep(&(struct timespec){ .tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000) },
	    NULL);
}

void
operation_nap(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 100 * 1000 * 1000 }, NULL);
}

void
operation_preview(const struct ctl *ctl, int64_t n, const char *what)
{
	if (ctl->json)
		printf("{\"planned\":%" PRId64 "}\n", n);
	else if (n > 0)
		printf("\n%" PRId64 " %s. To do it, say the same again with: --yes --why 'the reason'\n", n, what);
}
