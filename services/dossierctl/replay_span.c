/*
 * replay_span - a span of time, or numbers of one journal: every entry of it in
 * the topics, and the trails of the dossiers that it speaks of.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "replay_range.h"

enum { AT_ONCE = 1000 };

/* An event of the span: the trail of its dossier must name it at its version. */
struct seen {
	uint8_t		dossier[UUID_BYTES];
	int32_t		version;
	enum stage	stage;
	int		home;
	int64_t		number;
};

struct span {
	struct seen	*list;
	size_t		n, size;
};

static void
take(struct range *range, const struct source *s, void *ctx)
{
	struct span *span = ctx;
	struct seen *seen;

	(void)range;
	if (event_is_answer(s->event->type))
		return;
	if (span->n == span->size) {
		span->size = span->size > 0 ? 2 * span->size : 1024;
		span->list = mem_grow(span->list, span->size, sizeof *span->list);
	}
	seen = &span->list[span->n++];
	memcpy(seen->dossier, s->event->dossier, UUID_BYTES);
	seen->version = s->event->version;
	seen->stage = s->stage;
	seen->home = s->lane;
	seen->number = s->follow.number;
}

/* --- the trails ------------------------------------------------------------------------ */

static int
compare_seen(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;
	int order = memcmp(x->dossier, y->dossier, UUID_BYTES);

	return order != 0 ? order : (x->version > y->version) - (x->version < y->version);
}

static void
differ(struct range *range, const struct seen *seen, const char *what)
{
	char uuid[UUID_TEXT_BYTES];

	uuid_to_text(seen->dossier, uuid);
	replay_differ(&range->r, &(struct difference){ .table = "core.dossier", .key = text_of(uuid), .column = "trail",
	    .what = arena_printf(range->r.ctl->arena, "version %d is %s/%d/%" PRId64 " by the journals: %s", seen->version,
	    stage_name(seen->stage), seen->home, seen->number, what).s });
}

static void
check_trail(struct range *range, const struct seen *seen, const struct rows *rows, int row)
{
	struct dossier dos = { .home = rows_int4(rows, row, 1), .trail = rows_text(rows, row, 2) };
	enum stage stage;
	int64_t number;

	if (dos.home != seen->home) {
		differ(range, seen, "the row lives elsewhere");
		return;
	}
	if (seen->version < 1 || seen->version > dossier_steps(&dos)) {
		differ(range, seen, "its trail does not reach so far");
		return;
	}
	dossier_step(&dos, seen->version - 1, &stage, &number);
	if (stage != seen->stage || number != seen->number)
		differ(range, seen, "its trail names another entry");
}

static int
row_of(const struct rows *rows, const uint8_t *id)
{
	for (int r = 0; r < rows_count(rows); r++)
		if (memcmp(rows_uuid(rows, r, 0), id, UUID_BYTES) == 0)
			return r;
	return -1;
}

/* Those of list that are among the first dossiers of it; how many they are. Rows come in the order of ids. */
static enum fault
check_some(struct range *range, const struct seen *list, size_t n, size_t *passed, struct err *err)
{
	struct arena *arena = arena_new(1 << 16);
	struct db_args *args = db_args_new(arena, 1);
	struct db_array *ids = db_put_array(args, DB_UUID);
	const struct rows *rows;
	size_t end = 0;
	int row = -1;
	enum fault fault;

	for (int k = 0; end < n; end++) {
		if (end > 0 && memcmp(list[end].dossier, list[end - 1].dossier, UUID_BYTES) == 0)
			continue;
		if (k++ == AT_ONCE)
			break;
		db_add_uuid(ids, list[end].dossier);
		range->dossiers++;
	}
	fault = session_run(range->r.session, SQL_RANGE_TRAILS, args, &rows, err);
	for (size_t i = 0; fault == FAULT_NONE && i < end; i++) {
		if (i == 0 || memcmp(list[i].dossier, list[i - 1].dossier, UUID_BYTES) != 0)
			row = row_of(rows, list[i].dossier);
		if (row < 0)
			differ(range, &list[i], "there is no such dossier");
		else
			check_trail(range, &list[i], rows, row);
	}
	arena_free(arena);
	*passed = end;
	return fault;
}

static enum fault
check_trails(struct range *range, struct span *span, struct err *err)
{
	enum fault fault = FAULT_NONE;

	if (span->n > 0)
		qsort(span->list, span->n, sizeof *span->list, compare_seen);
	for (size_t at = 0, passed; at < span->n && fault == FAULT_NONE; at += passed)
		fault = check_some(range, span->list + at, span->n - at, &passed, err);
	return fault;
}

/* --- the numbers -------------------------------------------------------------------------- */

/* First and last number of each journal in the span, and how many there are in all. */
static enum fault
read_numbers(struct range *range, const struct rows **rows, struct err *err)
{
	const struct range_options *o = range->options;
	struct db_args *args = db_args_new(range->r.ctl->arena, 6);
	enum stage stage = STAGE_INTAKE;

	if (o->stage != NULL && !stage_find(text_of(o->stage), &stage))
		bug("a stage that was there");
	db_put_int8(args, o->stage != NULL ? (int64_t)stage : INT_NONE);
	db_put_int8(args, o->home >= 0 ? o->home : INT_NONE);
	db_put_time(args, range->from.given && range->from.is_time ? range->from.at : TIME_NONE);
	db_put_time(args, range->to.given && range->to.is_time ? range->to.at : TIME_NONE);
	db_put_int8(args, range->from.given && !range->from.is_time ? range->from.number : INT_NONE);
	db_put_int8(args, range->to.given && !range->to.is_time ? range->to.number : INT_NONE);
	return session_run(range->r.session, SQL_RANGE_NUMBERS, args, rows, err);
}

struct part {
	enum stage	stage;
	int		home;
	int64_t		first, last;
};

enum fault
range_span(struct range *range, struct err *err)
{
	struct span span = { NULL, 0, 0 };
	const struct rows *rows;
	struct part *parts;
	int n;
	enum fault fault = read_numbers(range, &rows, err);

	if (fault != FAULT_NONE)
		return fault;
	/* Rows die with the next statement. */
	n = rows_count(rows);
	parts = ARENA_ARRAY(range->r.ctl->arena, struct part, (size_t)n + 1);
	for (int i = 0; i < n; i++)
		parts[i] = (struct part){ (enum stage)rows_int4(rows, i, 0), rows_int4(rows, i, 1), rows_int8(rows, i, 2),
		    rows_int8(rows, i, 3) };
	for (int i = 0; i < n && fault == FAULT_NONE; i++)
		fault = range_walk(range, parts[i].stage, parts[i].home, parts[i].first, parts[i].last, take, &span, err);
	if (fault == FAULT_NONE)
		fault = check_trails(range, &span, err);
	free(span.list);
	if (fault == FAULT_NONE)
		range_unchecked(range, "entries outside the range (chains begin at core.journal's heads); the values of rows, and trails "
		    "that name what no journal has: dossierctl replay --verify, or --dossier for one");
	return fault;
}
