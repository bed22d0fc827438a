/* chosen - see chosen.h. */
#include "chosen.h"

#include <inttypes.h>
#include <stdio.h>

#include "dossier_find.h"
#include "list_command.h"

struct chosen_options chosen_opt = { .lane = INT_NONE };

/* By code, or by the id even of a dossier that is not there yet: its submission may be what was set aside. */
static int
dossier_read(struct ctl *ctl, struct session *session, struct chosen *out)
{
	struct dossier dos;
	struct err err;
	bool found;

	out->by_dossier = true;
	if (uuid_from_text(text_of(chosen_opt.dossier), out->dossier))
		return CTL_YES;
	if (dossier_find(ctl, session, chosen_opt.dossier, &dos, &found, &err) != FAULT_NONE)
		return ctl_fail(ctl, &err);
	if (!found) {
		ctl_note(ctl, "no dossier has the code %s", chosen_opt.dossier);
		return CTL_NO;
	}
	memcpy(out->dossier, dos.id, UUID_BYTES);
	return CTL_YES;
}

static int
chosen_read(struct ctl *ctl, struct session *session, struct chosen *out)
{
	const struct chosen_options *o = &chosen_opt;

	*out = (struct chosen){ .since = TIME_NONE, .until = TIME_NONE };
	if (!o->all && o->stage == NULL && o->lane == INT_NONE && o->reason == NULL && o->since == NULL &&
	    o->until == NULL && o->dossier == NULL && o->place == NULL)
		return ctl_usage(ctl, "say which: --reason, --stage, --since, --dossier, --place, or --all");
	out->by_stage = o->stage != NULL;
	if (out->by_stage && !stage_find(text_of(o->stage), &out->stage))
		return ctl_usage(ctl, "there is no stage \"%s\"", o->stage);
	if (o->since != NULL && !since_read(o->since, &out->since))
		return ctl_usage(ctl, "--since is no time: 2026-11-22 or 2026-11-22T08:00:00+07:00");
	if (o->until != NULL && !since_read(o->until, &out->until))
		return ctl_usage(ctl, "--until is no time: 2026-11-22 or 2026-11-22T08:00:00+07:00");
	out->by_place = o->place != NULL;
	if (out->by_place && !place_read(ctl->arena, o->place, &out->topic, &out->partition, &out->offset))
		return ctl_usage(ctl, "a place is TOPIC/PARTITION/OFFSET");
	return o->dossier != NULL ? dossier_read(ctl, session, out) : CTL_YES;
}

/* Null: any. */
static void
chosen_put(struct db_args *args, const struct chosen *chosen)
{
	db_put_int8(args, chosen->by_stage ? (int64_t)chosen->stage : INT_NONE);
	db_put_int8(args, chosen_opt.lane);
	db_put_text(args, text_of(chosen_opt.reason));
	db_put_time(args, chosen->since);
	db_put_time(args, chosen->until);
}

struct items {
	struct item	*list;
	int		n, size;
};

/* --- items ----------------------------------------------------------------------- */

static void
items_add(struct ctl *ctl, struct items *items, const struct item *item)
{
	if (items->n == items->size) {
		int size = items->size > 0 ? 2 * items->size : 64;
		struct item *list = ARENA_ARRAY(ctl->arena, struct item, (size_t)size);

		if (items->n > 0)
			memcpy(list, items->list, (size_t)items->n * sizeof *list);
		items->list = list;
		items->size = size;
	}
	items->list[items->n] = *item;
	items->list[items->n].topic = arena_text(ctl->arena, item->topic);
	items->list[items->n++].reason = arena_text(ctl->arena, item->reason);
}

static enum fault
items_read(struct ctl *ctl, struct session *session, const struct chosen_work *work, const struct chosen *chosen,
    struct items *items, struct err *err)
{
	struct db_args *args = db_args_new(ctl->arena, 6);
	const struct rows *rows;
	enum fault fault;

	chosen_put(args, chosen);
	work->choose_put(args, chosen);
	fault = session_run(session, work->choose, args, &rows, err);
	for (int i = 0; fault == FAULT_NONE && i < rows_count(rows); i++) {
		struct item item = { .topic = TEXT_NONE };

		if (work->fits(chosen, rows, i, &item))
			items_add(ctl, items, &item);
	}
	return fault;
}

struct group {
	int		stage;
	struct text	reason;
	int64_t		n;
	time_us		first, last;
};

static void
group_add(struct group *groups, int *n, const struct item *item)
{
	struct text code = reason_code(item->reason);
	int g = 0;

	while (g < *n && (groups[g].stage != item->stage || !text_is_equal(groups[g].reason, code)))
		g++;
	if (g == *n)
		groups[(*n)++] = (struct group){ item->stage, code, 0, item->at, item->at };
	groups[g].n++;
	if (item->at < groups[g].first)
		groups[g].first = item->at;
	if (item->at > groups[g].last)
		groups[g].last = item->at;
}

/* By stage and reason: how many, the first, the last. */
static void
items_print(struct ctl *ctl, const struct items *items, const char *empty)
{
	static const struct table_column columns[] = {
		{ "STAGE", "stage", false }, { "REASON", "reason", false }, { "HOW MANY", "count", true },
		{ "FIRST", "first", false }, { "LAST", "last", false }
	};
	struct table *table = table_new(ctl, columns, 5);
	struct group *groups = ARENA_ARRAY(ctl->arena, struct group, (size_t)items->n + 1);
	int n = 0;

	for (int i = 0; i < items->n; i++)
		group_add(groups, &n, &items->list[i]);
	for (int g = 0; g < n; g++) {
		table_name(table, stage_name((enum stage)groups[g].stage));
		table_text(table, groups[g].reason);
		table_int(table, groups[g].n);
		table_time(table, groups[g].first);
		table_time(table, groups[g].last);
		table_end(table);
	}
	table_print(table, empty);
}

/* --- doing it ---------------------------------------------------------------------- */

struct outcome {
	int64_t	waiting, again;
};

static enum fault
do_slice(struct arena *arena, struct session *session, const struct chosen_work *work, const struct items *items, int from,
    int n, struct operation *operation, struct err *err)
{
	struct db_args *args = db_args_new(arena, 6);
	const struct rows *rows;
	enum fault fault;

	db_put_int8(args, operation->id);
	db_put_int8(args, from);
	work->deed_put(args, items->list + from, n);
	fault = session_run(session, work->deed, args, &rows, err);
	if (fault == FAULT_NONE)
		operation->done += rows_affected(rows);
	return fault;
}

static enum fault
do_all(struct ctl *ctl, struct session *session, const struct chosen_work *work, const struct items *items,
    struct operation *operation, struct err *err)
{
	struct arena *arena = arena_new(1 << 16);
	int slice = operation_slice();
	enum fault fault = operation_begin(ctl, session, items->n, operation, err);

	for (int i = 0; fault == FAULT_NONE && i < items->n; i += slice) {
		int n = items->n - i < slice ? items->n - i : slice;

		arena_reset(arena);
		fault = do_slice(arena, session, work, items, i, n, operation, err);
		if (fault == FAULT_NONE && i + n < items->n)
			operation_pace(n);
	}
	arena_free(arena);
	return fault == FAULT_NONE ? operation_end(ctl, session, operation, err) : fault;
}

/* Until none of them is unfinished, or for so long as was said. */
static enum fault
watch(struct ctl *ctl, struct session *session, int statement, const struct operation *operation,
    struct outcome *out, struct err *err)
{
	int64_t until_us = clock_span_us() + operation_opt.wait_s * SECOND_US;

	for (;;) {
		struct db_args *args = db_args_new(ctl->arena, 1);
		const struct rows *rows;
		enum fault fault;

		db_put_int8(args, operation->id);
		fault = session_run(session, statement, args, &rows, err);
		if (fault != FAULT_NONE)
			return fault;
		*out = (struct outcome){ rows_int8(rows, 0, 0), rows_int8(rows, 0, 1) };
		if (out->waiting == 0 || clock_span_us() >= until_us)
			return FAULT_NONE;
		operation_nap();
	}
}

static void
tell(const struct ctl *ctl, const struct chosen_work *work, const struct items *items,
    const struct operation *operation, const struct outcome *outcome)
{
	if (ctl->json) {
		printf("{\"operation\":%" PRId64 ",\"planned\":%d,\"done\":%" PRId64 ",\"again\":%" PRId64
		    ",\"waiting\":%" PRId64 "}\n", operation->id, items->n, operation->done, outcome->again,
		    outcome->waiting);
		return;
	}
	printf("\noperation %" PRId64 ": %" PRId64 " %s", operation->id, operation->done, work->done);
	if (outcome->again > 0)
		printf(", %" PRId64 " %s", outcome->again, work->again);
	if (outcome->waiting > 0)
		printf(", %" PRId64 " %s", outcome->waiting, work->waiting);
	putchar('\n');
}

static int
run_in(struct ctl *ctl, struct session *session, const struct chosen_work *work)
{
	struct items items = { .n = 0 };
	struct operation operation;
	struct outcome outcome;
	struct chosen chosen;
	struct err err;
	int status = chosen_read(ctl, session, &chosen);

	if (status != CTL_YES)
		return status;
	if (items_read(ctl, session, work, &chosen, &items, &err) != FAULT_NONE)
		return ctl_fail(ctl, &err);
	items_print(ctl, &items, work->nothing);
	if (!operation_opt.yes || items.n == 0) {
		operation_preview(ctl, items.n, work->would);
		return CTL_YES;
	}
	fflush(stdout);
	if (do_all(ctl, session, work, &items, &operation, &err) != FAULT_NONE ||
	    watch(ctl, session, work->watch, &operation, &outcome, &err) != FAULT_NONE)
		return ctl_fail(ctl, &err);
	tell(ctl, work, &items, &operation, &outcome);
	return outcome.waiting + outcome.again > 0 ? CTL_NO : CTL_YES;
}

int
chosen_run(struct ctl *ctl, const struct chosen_work *work)
{
	struct session *session;
	struct err err;
	int status;

	if (!operation_usage(ctl))
		return CTL_CANNOT;
	if (session_open(ctl, "dossier_operator", &session, &err) != FAULT_NONE)
		return ctl_fail(ctl, &err);
	status = run_in(ctl, session, work);
	session_close(session);
	return status;
}
