/*
 * doctor - one command that says what is broken, and what to do about it.
 *
 * It looks at the servers, the lanes, and what was set aside or does not come
 * to its end, and changes nothing.  Where the database or the broker cannot
 * be asked it says so and goes on with the rest.
 */
#include <inttypes.h>
#include <stdio.h>

#include "doctor.h"

static struct {
	int64_t	lag_s, stuck_min, recent_h;
} opt = { 60, 10, 24 };

static const struct option_row options[] = {
	{ "lag", OPTION_INT, &opt.lag_s, "SECONDS", "a lane further behind is reported (60)", 0, 1 << 30 },
	{ "stuck", OPTION_INT, &opt.stuck_min, "MINUTES", "a job that waits longer is reported (10)", 0, 1 << 20 },
	{ "recent", OPTION_INT, &opt.recent_h, "HOURS", "dead letters older than this are only counted (24)", 0, 1 << 20 },
	{ .name = NULL }
};

void
doctor_say(struct doctor *d, const struct finding *finding)
{
	if (d->n == d->size) {
		int size = d->size > 0 ? 2 * d->size : 32;
		struct finding *more = ARENA_ARRAY(d->ctl->arena, struct finding, (size_t)size);

		if (d->n > 0)
			memcpy(more, d->findings, (size_t)d->n * sizeof *more);
		d->findings = more;
		d->size = size;
	}
	d->findings[d->n++] = *finding;
}

/* --- printing -------------------------------------------------------------------- */

static void
print_json(const struct doctor *d, const struct finding *f)
{
	struct buf buf = buf_in(d->ctl->arena);
	char stamp[TIME_TEXT_BYTES] = "";

	buf_printf(&buf, "{\"finding\":\"%s\",\"to_do\":%s,\"stage\":", f->code, f->is_note ? "false" : "true");
	buf_json_text(&buf, f->stage < 0 ? TEXT_NONE : text_of(stage_name((enum stage)f->stage)));
	buf_puts(&buf, ",\"lanes\":[");
	for (int i = 0; i < f->n_lanes; i++)
		buf_printf(&buf, "%s%d", i > 0 ? "," : "", f->lanes[i]);
	buf_puts(&buf, "],\"count\":");
	if (f->count == INT_NONE)
		buf_puts(&buf, "null");
	else
		buf_int(&buf, f->count);
	if (f->since != TIME_NONE)
		time_to_text(f->since, stamp);
	buf_puts(&buf, ",\"since\":");
	buf_json_text(&buf, f->since == TIME_NONE ? TEXT_NONE : text_of(stamp));
	buf_puts(&buf, ",\"what\":");
	buf_json_text(&buf, f->what);
	buf_puts(&buf, ",\"do\":");
	buf_json_text(&buf, f->todo);
	buf_puts(&buf, "}\n");
	fwrite(buf.s, 1, buf.n, stdout);
}

/* What, where, since when; and below it what to do. */
static void
print_people(const struct doctor *d, const struct finding *f)
{
	bool colour = d->ctl->colour;

	printf("%s%s%s %.*s", colour ? f->is_note ? "\033[2m" : "\033[31m" : "", f->is_note ? "·" : "✗", colour ? "\033[0m" : "",
	    TEXT_ARG(text_shown(d->ctl->arena, f->what)));
	for (int i = 0; i < f->n_lanes; i++)
		printf("%s%d", i == 0 ? f->n_lanes > 1 ? " (lanes " : " (lane " : " ", f->lanes[i]);
	if (f->n_lanes > 0)
		putchar(')');
	if (f->since != TIME_NONE)
		printf(", since %.*s", TEXT_ARG(time_shown(d->ctl->arena, f->since)));
	printf("\n    %.*s\n", TEXT_ARG(text_shown(d->ctl->arena, f->todo)));
}

static int
count_to_do(const struct doctor *d)
{
	int n = 0;

	for (int i = 0; i < d->n; i++)
		n += !d->findings[i].is_note;
	return n;
}

static void
print_end(const struct doctor *d, int to_do)
{
	int64_t messages = 0;

	for (int i = 0; d->lags != NULL && i < d->n_lanes; i++)
		messages += d->lags[i].messages;
	if (d->ctl->json) {
		printf("{\"healthy\":%s,\"to_do\":%d,\"lanes\":%d,\"database\":%s,\"broker\":%s}\n", to_do == 0 ? "true" : "false", to_do,
		    d->n_lanes, d->session != NULL ? "true" : "false", d->reader != NULL ? "true" : "false");
		return;
	}
	if (to_do > 0)
		printf("\n%d %s to do\n", to_do, to_do == 1 ? "thing" : "things");
	else
		printf("healthy: %d lanes, %" PRId64 " messages unread\n", d->n_lanes, messages);
}

/* --- the command -------------------------------------------------------------------- */

static int
doctor(struct ctl *ctl)
{
	struct doctor d = { .ctl = ctl, .now = clock_now_us(), .lag_s = opt.lag_s, .stuck_s = opt.stuck_min * 60,
	    .recent_s = opt.recent_h * 3600 };
	bool saw_something;
	int to_do;

	doctor_servers(&d);
	doctor_lanes(&d);
	doctor_work(&d);
	to_do = count_to_do(&d);
	for (int i = 0; i < d.n; i++) {
		if (ctl->json)
			print_json(&d, &d.findings[i]);
		else
			print_people(&d, &d.findings[i]);
	}
	print_end(&d, to_do);
	saw_something = d.session != NULL || d.reader != NULL;
	session_close(d.session);
	reader_close(d.reader);
	return !saw_something ? CTL_CANNOT : to_do > 0 ? CTL_NO : CTL_YES;
}

const struct command doctor_command = {
	.path = "doctor", .arguments = "", .run = doctor, .options = options,
	.summary = "what is broken, and what to do about it",
	.about = "Looks at database and broker, at every lane (owner, pause, what its owner says, publishing, gaps, lag)\n"
	    "and at what was set aside or does not come to its end: parked jobs, unsure effects, jobs that wait for\n"
	    "long, timers that should have fired, dead letters. Changes nothing. Below each finding stands the next\n"
	    "command. Where database or broker cannot be asked, the rest is looked at without.\n",
	.exits = "Exit status: 0 healthy, 1 something is to be done, 2 neither database nor broker could be asked.\n",
	.examples = "  dossierctl doctor\n"
	    "  dossierctl doctor -o json | jq -r 'select(.to_do) | .finding'\n",
};
