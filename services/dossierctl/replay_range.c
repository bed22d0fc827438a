/* replay_range - see replay_range.h: the options, the walk through a topic, the verdict. */
#include "replay_range.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "list_command.h"

void
range_unchecked(struct range *range, const char *fmt, ...)
{
	char text[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	buf_puts(&range->unchecked, range->unchecked.n > 0 ? "; " : "");
	buf_puts(&range->unchecked, text);
}

/* --- walking ------------------------------------------------------------------------ */

static enum fault
open_source(struct range *range, enum stage stage, struct source **out, struct err *err)
{
	struct source *s = &range->r.sources[stage];
	const char *broker;

	*out = s;
	if (s->reader != NULL)
		return FAULT_NONE;
	if (ctl_broker(range->r.ctl, &broker, err) != FAULT_NONE)
		return err->fault;
	return source_open(s, broker, stage, range->r.session, err);
}

static void
judge_walk(struct range *range, const struct source *s, int64_t last)
{
	struct replay *r = &range->r;

	r->count.dropped += s->follow.repeated + s->follow.misfits + s->follow.beyond + s->follow.strange;
	if (s->unlike != 0)
		replay_differ_entry(r, s, s->unlike, "core.journal holds other bytes, or another chain");
	if (s->torn != 0)
		replay_differ_entry(r, s, s->torn, "the topic has it, core.journal has it not");
	if (s->follow.number >= last)
		return;
	replay_differ_entry(r, s, s->follow.number + 1, s->follow.misfits > 0
	    ? "the topic has an entry of this number whose chain does not fit"
	    : "the topic does not show it (dossierctl journal resend sends it again)");
}

enum fault
range_walk(struct range *range, enum stage stage, int home, int64_t first, int64_t last,
    void (*take)(struct range *range, const struct source *source, void *ctx), void *ctx, struct err *err)
{
	uint8_t before[DIGEST_BYTES];
	struct source *s;
	enum fault fault = open_source(range, stage, &s, err);

	if (fault == FAULT_NONE)
		fault = source_anchor(range->r.session, stage, home, first, before, err);
	if (fault == FAULT_NONE)
		fault = source_begin_at(s, home, first, before, last, range->options->wait_ms, err);
	if (fault == FAULT_NONE)
		fault = source_next(s, err);
	while (fault == FAULT_NONE && s->state == SOURCE_HEAD) {
		range->checked++;
		if (replay_check_place(&range->r, s) && take != NULL)
			take(range, s, ctx);
		fault = source_next(s, err);
	}
	if (fault == FAULT_NONE) {
		judge_walk(range, s, last);
		return FAULT_NONE;
	}
	if (fault != FAULT_PARK)
		return fault;
	/* Something that is in the database or in the chain and should not be: that is what was asked for. */
	replay_differ_entry(&range->r, s, s->follow.number > 0 ? s->follow.number : first, err->text);
	return FAULT_NONE;
}

/* --- the options ---------------------------------------------------------------------- */

static bool
bound_read(const char *text, struct bound *out)
{
	*out = (struct bound){ .given = text != NULL };
	if (text == NULL)
		return true;
	if (text_to_int64(text_of(text), &out->number))
		return out->number >= 1;
	out->is_time = true;
	return since_read(text, &out->at);
}

static bool
usage(struct ctl *ctl, struct range *range)
{
	const struct range_options *o = range->options;
	enum stage stage;

	if (!bound_read(o->from, &range->from))
		return ctl_usage(ctl, "--from is a number, a day or a time"), false;
	if (!bound_read(o->to, &range->to))
		return ctl_usage(ctl, "--to is a number, a day or a time"), false;
	if (range->from.given && range->to.given && range->from.is_time != range->to.is_time)
		return ctl_usage(ctl, "--from and --to are both numbers or both times"), false;
	if (o->stage != NULL && !stage_find(text_of(o->stage), &stage))
		return ctl_usage(ctl, "there is no stage \"%s\"", o->stage), false;
	if (o->dossier != NULL && (o->stage != NULL || o->home >= 0))
		return ctl_usage(ctl, "--dossier says by itself which home and stages"), false;
	if (o->dossier == NULL && ((range->from.given && !range->from.is_time) || (range->to.given && !range->to.is_time)) &&
	    (o->stage == NULL || o->home < 0))
		return ctl_usage(ctl, "numbers are those of one journal: say --stage and --home too"), false;
	return true;
}

/* --- the verdict ------------------------------------------------------------------------ */

static void
print_end(const struct range *range, int64_t span_us)
{
	const struct replay *r = &range->r;
	const char *verdict = r->differences > 0 ? "different" : "equal";
	double seconds = (double)span_us / 1e6;

	if (r->ctl->json) {
		struct buf buf = buf_in(r->ctl->arena);

		buf_printf(&buf, "{\"verdict\":\"%s\",\"differences\":%" PRId64 ",\"entries\":%" PRId64 ",\"dropped\":%" PRId64
		    ",\"dossiers\":%" PRId64 ",\"versions\":%" PRId64 ",\"rows\":%" PRId64 ",\"seconds\":%.3f,\"not_checked\":", verdict,
		    r->differences, range->checked, r->count.dropped, range->dossiers, range->versions, range->rows, seconds);
		buf_json_text(&buf, (struct text){ range->unchecked.s, range->unchecked.n });
		buf_puts(&buf, "}\n");
		fwrite(buf.s, 1, buf.n, stdout);
		return;
	}
	printf("%s: %" PRId64 " differences; %.1f s\n", verdict, r->differences, seconds);
	printf("checked: %" PRId64 " entries in the topics (number, chain, place, and the bytes of core.journal)", range->checked);
	if (range->rows > 0)
		printf("; %" PRId64 " versions folded, %" PRId64 " rows compared", range->versions, range->rows);
	else
		printf("; their versions against the trails of %" PRId64 " dossiers", range->dossiers);
	printf("\nnot checked: %.*s\n", (int)range->unchecked.n, range->unchecked.s);
}

int
replay_range(struct ctl *ctl, const struct range_options *options, int64_t limit)
{
	struct range range = { .r = { .ctl = ctl, .verify = true, .limit = limit }, .options = options,
	    .unchecked = buf_in(ctl->arena) };
	int64_t begun_us = clock_span_us();
	bool found = true;
	struct err err;
	enum fault fault;

	if (!usage(ctl, &range))
		return CTL_CANNOT;
	fault = session_open(ctl, "dossier_auditor", &range.r.session, &err);
	if (fault == FAULT_NONE)
		fault = options->dossier != NULL ? range_dossier(&range, &found, &err) : range_span(&range, &err);
	for (int i = 0; i < STAGES; i++)
		source_close(&range.r.sources[i]);
	session_close(range.r.session);
	if (fault != FAULT_NONE)
		return ctl_fail(ctl, &err);
	if (!found) {
		ctl_note(ctl, "no dossier has the code or id %s", options->dossier);
		return CTL_NO;
	}
	print_end(&range, clock_span_us() - begun_us);
	return range.r.differences > 0 ? CTL_NO : CTL_YES;
}
