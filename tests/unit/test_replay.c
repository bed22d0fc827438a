/*
 * What an auditor's replay takes for true: the chain of a journal, the order
 * of a dossier's events, and what counts as a difference.
 */
#include <criterion/criterion.h>
#include <stdio.h>

#include "../../services/dispatch/dispatch_fold.h"
#include "../../services/fee/fee_fold.h"

/* dossierctl is no library: its pure parts are compiled in. */
#include "../../services/dossierctl/chain_follow.c"
#include "../../services/dossierctl/replay_compare.c"
#include "../../services/dossierctl/replay_home.c"
#include "../../services/dossierctl/rowpack.c"

static const uint8_t id_a[UUID_BYTES] = { 0xa1, 2, 3, 4, 5, 6, 0x80, 8, 0x80, 10 };

/* --- the chain ----------------------------------------------------------- */

struct journal {
	struct arena	*arena;
	struct digest	*digest;
	uint8_t		hash[DIGEST_BYTES];
	struct record	entry[6];		/* 1 to 5 */
};

static struct event *
event_of(struct arena *arena, enum event_type type, int32_t version, int64_t number)
{
	struct event *event = event_new(arena, type);

	memcpy(event->dossier, id_a, UUID_BYTES);
	event->version = version;
	event->number = number;
	event->home = 3;
	event->at = 1000000 * number;
	event->cause = TEXT("timer");
	return event;
}

/* Five chained entries as a topic has them. */
static void
journal_make(struct journal *j)
{
	memset(j, 0, sizeof *j);
	j->arena = arena_new(1 << 16);
	j->digest = digest_new();
	for (int n = 1; n <= 5; n++) {
		char hex[2 * DIGEST_BYTES + 1];

		event_encode(event_of(j->arena, EV_VERIFICATION_PASSED, n, n), j->arena, &j->entry[n]);
		chain_hash(j->digest, j->hash, n, &j->entry[n], j->hash);
		text_hex(j->hash, DIGEST_BYTES, hex);
		record_header(&j->entry[n], HEADER_CHAIN, arena_copy(j->arena, hex, 2 * DIGEST_BYTES));
	}
}

static void
journal_drop(struct journal *j)
{
	digest_free(j->digest);
	arena_free(j->arena);
}

Test(follow, takes_the_next_and_drops_repeats_and_what_comes_too_soon)
{
	static const struct { int entry; bool taken; } steps[] = {
		{ 1, true }, { 1, false }, { 3, false }, { 2, true }, { 3, true }, { 2, false },
		{ 5, false }, { 4, true }, { 5, true }
	};
	struct follow follow = { .number = 0 };
	struct journal j;

	journal_make(&j);
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
		cr_expect_eq(follow_take(&follow, j.digest, &j.entry[steps[i].entry]), steps[i].taken,
		    "step %zu", i);
	cr_expect_eq(follow.number, 5);
	cr_expect_arr_eq(follow.hash, j.hash, DIGEST_BYTES);
	cr_expect_eq(follow.repeated, 2);
	cr_expect_eq(follow.beyond, 2);
	journal_drop(&j);
}

/* One byte of value, key, header or number: the chain no longer fits, and the right one still does. */
Test(follow, drops_what_was_altered)
{
	struct journal j;

	journal_make(&j);
	for (int what = 0; what < 5; what++) {
		struct follow follow = { .number = 0 };
		struct record altered = j.entry[1];

		if (what == 0)
			altered.value = TEXT("{\"round\":9}");
		else if (what == 1)
			altered.key = TEXT("another");
		else if (what == 2)
			altered.headers[4].value = TEXT("2026-01-01T00:00:00.000000Z");
		else if (what == 3)
			altered.headers[2].name = TEXT("ce_sourcf");
		else
			altered.headers[altered.n_headers - 1].value = j.entry[2].headers[
			    altered.n_headers - 1].value;
		cr_expect_not(follow_take(&follow, j.digest, &altered), "alteration %d", what);
		cr_expect_eq(follow.misfits, 1);
		cr_expect(follow_take(&follow, j.digest, &j.entry[1]));
	}
	journal_drop(&j);
}

Test(follow, drops_what_has_no_number_or_no_chain)
{
	struct follow follow = { .number = 0 };
	struct record bare = { .key = TEXT("k"), .value = TEXT("{}") }, unchained;
	struct journal j;

	journal_make(&j);
	unchained = j.entry[1];
	unchained.n_headers--;
	cr_expect_not(follow_take(&follow, j.digest, &bare));
	cr_expect_not(follow_take(&follow, j.digest, &unchained));
	cr_expect_eq(follow.strange, 2);
	cr_expect_eq(follow.number, 0);
	journal_drop(&j);
}

/* --- rows as bytes ------------------------------------------------------- */

Test(rowpack, gives_back_what_it_took_and_tells_absent_from_empty)
{
	struct arena *arena = arena_new(1 << 16);
	struct dossier before, after;
	struct packed a = { NULL, 0, 0 }, b = { NULL, 0, 0 };

	dossier_init(&before, id_a);
	before.code = TEXT("H55.242-261122-0001");
	before.amount = 8000;
	before.overdue = true;
	before.missing = TEXT("");
	row_pack(dossier_columns, dossier_n_columns, &before, arena, &a);
	row_unpack(dossier_columns, dossier_n_columns, &a, &after);
	cr_expect_null(columns_differ(dossier_columns, dossier_n_columns, &before, &after));
	cr_expect(!text_is_absent(after.missing) && after.missing.n == 0);
	cr_expect(text_is_absent(after.reason));
	before.missing = TEXT_NONE;
	row_pack(dossier_columns, dossier_n_columns, &before, arena, &b);
	cr_expect_not(packed_equal(&a, &b));
	packed_free(&a);
	packed_free(&b);
	arena_free(arena);
}

/* --- a home -------------------------------------------------------------- */

struct seen {
	int	n;
	char	table[8][32], column[8][32], what[8][160];
};

static void
note(void *ctx, const struct difference *d)
{
	struct seen *seen = ctx;

	if (seen->n == 8)
		return;
	snprintf(seen->table[seen->n], 32, "%s", d->table);
	snprintf(seen->column[seen->n], 32, "%s", d->column != NULL ? d->column : "");
	snprintf(seen->what[seen->n++], 160, "%s", d->what);
}

struct stage_set {
	struct arena		*arena;
	struct seen		seen;
	struct replay_home	*home;
	struct event		*events[5];	/* a birth registered, checked, looked up, owed, paid */
	struct dossier		dos;		/* as the database would have it */
	struct fee_order	order;
};

/* The events of a dossier that pays, and the rows that a database has after them. */
static void
events_make(struct stage_set *s)
{
	struct arena *arena = s->arena;

	s->events[0] = event_of(arena, EV_INTAKE_REGISTERED, 1, 1);
	s->events[0]->code = TEXT("H55.242-261122-0001");
	s->events[0]->source = TEXT("/portal/a");
	s->events[0]->submission = TEXT("1");
	s->events[0]->digest = TEXT("00ff");
	s->events[0]->received_at = 5;
	s->events[1] = event_of(arena, EV_VERIFICATION_PASSED, 2, 1);
	s->events[2] = event_of(arena, EV_LOOKUP_ANSWERED, 3, 1);
	s->events[3] = event_of(arena, EV_FEE_ORDERED, 4, 1);
	s->events[3]->order = TEXT("a.F4");
	s->events[3]->phi = 0;
	s->events[3]->le_phi = s->events[3]->amount = 8000;
	s->events[3]->expires_at = 77;
	s->events[4] = event_of(arena, EV_FEE_PAID, 5, 2);
	s->events[4]->order = TEXT("a.F4");
	s->events[4]->amount = 8000;
	s->events[4]->transaction = TEXT("T1");
	s->events[4]->paid_at = 66;
}

static void
rows_make(struct stage_set *s)
{
	struct fold_rows rows = { .n = 0 };
	struct err err;

	dossier_init(&s->dos, id_a);
	for (int i = 0; i < 5; i++) {
		cr_assert_eq(dossier_apply(&s->dos, s->events[i], s->arena, &err), FAULT_NONE, "%s",
		    err.text);
		if (i >= 3)
			cr_assert_eq(fee_fold.apply(s->events[i], &rows, s->arena, &err), FAULT_NONE);
	}
	cr_assert_eq(rows.n, 1);
	s->order = *(const struct fee_order *)rows.row[0];
}

static void
set_up(struct stage_set *s)
{
	static const struct fold *const folds[REPLAY_FOLDS] = { &fee_fold, &dispatch_fold };
	struct replay_home_options options = { .home = 3, .folds = folds, .ctx = &s->seen,
	    .differ = note };

	memset(s, 0, sizeof *s);
	s->arena = arena_new(1 << 16);
	s->home = replay_home_new(&options);
	events_make(s);
	rows_make(s);
}

static void
tear_down(struct stage_set *s)
{
	replay_home_free(s->home);
	arena_free(s->arena);
}

/* Through bytes, as a topic brings it. */
static void
bring(struct stage_set *s, const struct event *event)
{
	struct record record;
	struct event *read;
	struct err err;

	event_encode(event, s->arena, &record);
	cr_assert_eq(event_decode(&record, s->arena, &read, &err), FAULT_NONE, "%s", err.text);
	replay_home_apply(s->home, &record, read);
}

static void
store(struct stage_set *s)
{
	replay_home_stored(s->home, &s->dos);
	replay_home_stored_row(s->home, 0, &s->order);
}

Test(replay, equal_whatever_the_order_between_stages)
{
	static const int orders[][5] = { { 0, 1, 2, 3, 4 }, { 4, 3, 2, 1, 0 }, { 3, 0, 4, 2, 1 } };

	for (size_t k = 0; k < sizeof orders / sizeof *orders; k++) {
		struct stage_set s;

		set_up(&s);
		store(&s);
		for (int i = 0; i < 5; i++)
			bring(&s, s.events[orders[k][i]]);
		replay_home_compare(s.home);
		cr_expect_eq(s.seen.n, 0, "order %zu: %s %s", k, s.seen.column[0], s.seen.what[0]);
		cr_expect_eq(replay_home_applied(s.home), 5);
		cr_expect_eq(replay_home_waiting(s.home), 0);
		cr_expect_eq(replay_home_dossiers(s.home), 1);
		cr_expect_eq(replay_home_rows(s.home), 1);
		tear_down(&s);
	}
}

Test(replay, names_the_column_that_differs)
{
	struct stage_set s;

	set_up(&s);
	s.dos.amount = 9000;
	s.order.state = TEXT("placed");
	store(&s);
	for (int i = 0; i < 5; i++)
		bring(&s, s.events[i]);
	replay_home_compare(s.home);
	cr_expect_eq(s.seen.n, 2);
	cr_expect_str_eq(s.seen.table[0], "core.dossier");
	cr_expect_str_eq(s.seen.column[0], "amount");
	cr_expect_str_eq(s.seen.table[1], "fee.order");
	cr_expect_str_eq(s.seen.column[1], "state");
	tear_down(&s);
}

Test(replay, names_rows_that_one_side_has_not)
{
	struct stage_set s;

	set_up(&s);
	for (int i = 0; i < 5; i++)
		bring(&s, s.events[i]);
	s.dos.id[0] ^= 1;
	replay_home_stored(s.home, &s.dos);
	replay_home_compare(s.home);
	cr_expect_eq(s.seen.n, 3, "dossier not there, its order not there, one dossier too many");
	tear_down(&s);
}

Test(replay, an_event_that_is_missing_is_named_once)
{
	struct stage_set s;

	set_up(&s);
	store(&s);
	for (int i = 0; i < 5; i++)
		if (i != 2)
			bring(&s, s.events[i]);
	cr_expect_eq(replay_home_waiting(s.home), 2);
	replay_home_compare(s.home);
	cr_expect_eq(s.seen.n, 1);
	cr_expect_str_eq(s.seen.column[0], "version");
	tear_down(&s);
}

Test(replay, a_move_that_is_not_allowed_is_named_and_ends_the_dossier)
{
	struct stage_set s;

	set_up(&s);
	store(&s);
	bring(&s, s.events[0]);
	s.events[4]->version = 2;		/* paid before anything was owed */
	bring(&s, s.events[4]);
	bring(&s, s.events[1]);
	replay_home_compare(s.home);
	cr_expect_eq(s.seen.n, 1);
	tear_down(&s);
}

/* In the chain, allowed by the moves, and still about an order that nobody made. */
Test(replay, an_event_that_fits_no_order_is_a_difference)
{
	struct stage_set s;

	set_up(&s);
	store(&s);
	s.events[4]->order = TEXT("a.F9");
	for (int i = 0; i < 5; i++)
		bring(&s, s.events[i]);
	replay_home_compare(s.home);
	cr_expect_eq(s.seen.n, 1);
	cr_expect_str_eq(s.seen.table[0], "core.dossier");
	cr_expect_str_eq(s.seen.what[0], "vn.dossier.fee.paid.v1 fits no row of fee.order");
	tear_down(&s);
}

Test(replay, answers_change_nothing)
{
	struct stage_set s;
	struct event *answer;

	set_up(&s);
	store(&s);
	for (int i = 0; i < 5; i++)
		bring(&s, s.events[i]);
	answer = event_of(s.arena, EV_INTAKE_REPEATED, 0, 2);
	bring(&s, answer);
	replay_home_compare(s.home);
	cr_expect_eq(s.seen.n, 0);
	tear_down(&s);
}

Test(replay, many_dossiers_keep_their_own_rows)
{
	struct stage_set s;
	enum { MANY = 3000 };

	set_up(&s);
	for (int i = 0; i < MANY; i++) {
		memcpy(s.events[0]->dossier, &i, sizeof i);
		bring(&s, s.events[0]);
	}
	cr_expect_eq(replay_home_dossiers(s.home), MANY);
	replay_home_compare(s.home);
	cr_expect_eq(s.seen.n, 8, "none of them is in the database");
	tear_down(&s);
}
