/* replay_report - see replay_report.h. */
#include "replay_report.h"

#include <inttypes.h>
#include <stdio.h>

static void
print_difference(struct replay *r, const struct difference *d)
{
	struct buf buf = buf_in(r->ctl->arena);

	buf_puts(&buf, "{\"table\":");
	buf_json_text(&buf, text_of(d->table));
	buf_puts(&buf, ",\"key\":");
	buf_json_text(&buf, d->key);
	buf_puts(&buf, ",\"column\":");
	buf_json_text(&buf, text_of(d->column));
	buf_puts(&buf, ",\"journal\":");
	buf_text(&buf, text_is_absent(d->journal) ? TEXT("null") : d->journal);
	buf_puts(&buf, ",\"database\":");
	buf_text(&buf, text_is_absent(d->database) ? TEXT("null") : d->database);
	buf_puts(&buf, ",\"what\":");
	buf_json_text(&buf, text_of(d->what));
	buf_puts(&buf, "}\n");
	fwrite(buf.s, 1, buf.n, stdout);
}

void
replay_differ(void *ctx, const struct difference *d)
{
	struct replay *r = ctx;
	struct arena *arena = r->ctl->arena;

	if (r->differences++ >= r->limit)
		return;
	if (r->ctl->json) {
		print_difference(r, d);
		return;
	}
	printf("%sdifferent%s  %s %.*s%s%s: %s", r->ctl->colour ? "\033[31m" : "",
	    r->ctl->colour ? "\033[0m" : "", d->table, TEXT_ARG(text_shown(arena, d->key)),
	    d->column != NULL ? " " : "", d->column != NULL ? d->column : "", d->what);
	if (d->column != NULL && !text_is_absent(d->journal) && !text_is_absent(d->database))
		printf(" (journal %.*s, database %.*s)", TEXT_ARG(text_shown(arena, d->journal)),
		    TEXT_ARG(text_shown(arena, d->database)));
	putchar('\n');
}

void
replay_differ_entry(struct replay *r, const struct source *s, int64_t number, const char *what)
{
	replay_differ(r, &(struct difference){ .table = stage_journal(s->stage), .key = arena_printf(
	    r->ctl->arena, "%s/%d/%" PRId64, stage_name(s->stage), s->lane, number), .what = what });
}

bool
replay_check_place(struct replay *r, const struct source *s)
{
	char uuid[UUID_TEXT_BYTES];
	const char *what = NULL;

	uuid_to_text(s->event->dossier, uuid);
	if (event_stage(s->event->type) != s->stage)
		what = "the event belongs to another stage";
	else if (s->event->home != s->lane)
		what = "the event belongs to another home";
	else if (!text_is(s->record.key, uuid))
		what = "key and subject differ";
	if (what != NULL)
		replay_differ_entry(r, s, s->follow.number, what);
	return what == NULL;
}

void
replay_put_head(struct replay *r, const struct source *s)
{
	table_name(r->heads, stage_journal(s->stage));
	table_int(r->heads, s->lane);
	table_int(r->heads, s->follow.number);
	table_hex(r->heads, s->follow.hash, DIGEST_BYTES);
	table_end(r->heads);
}

static const char *
verdict_of(const struct replay *r)
{
	return r->differences > 0 ? "different" : r->incomplete ? "incomplete" :
	    r->verify ? "equal" : "sound";
}

void
replay_print_summary(const struct replay *r, int64_t span_us)
{
	double seconds = (double)span_us / 1e6;

	if (r->ctl->json) {
		printf("{\"verdict\":\"%s\",\"differences\":%" PRId64 ",\"homes\":%" PRId64
		    ",\"entries\":%" PRId64 ",\"applied\":%" PRId64 ",\"dropped\":%" PRId64
		    ",\"dossiers\":%" PRId64 ",\"dossiers_stored\":%" PRId64 ",\"orders_and_parcels\":%"
		    PRId64 ",\"seconds\":%.3f}\n", verdict_of(r), r->differences, r->count.homes,
		    r->count.entries, r->count.applied, r->count.dropped, r->count.dossiers,
		    r->count.stored, r->count.rows, seconds);
		return;
	}
	if (r->differences > r->limit)
		printf("… and %" PRId64 " more\n", r->differences - r->limit);
	printf("%s: %" PRId64 " homes, %" PRId64 " entries (%" PRId64 " applied, %" PRId64
	    " dropped), %" PRId64 " dossiers, %" PRId64 " orders and parcels; %" PRId64
	    " differences; %.1f s, %.0f entries/s\n", verdict_of(r), r->count.homes, r->count.entries,
	    r->count.applied, r->count.dropped, r->count.dossiers, r->count.rows, r->differences,
	    seconds, seconds > 0 ? (double)r->count.entries / seconds : 0);
}
