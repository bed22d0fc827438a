/*
 * What operators type and read: places, reasons, notes; and a dossier as it
 * stood at a moment.
 */
#include <criterion/criterion.h>

/* dossierctl is no library: its pure parts are compiled in. */
#include "../../services/dossierctl/moment.c"
#include "../../services/dossierctl/pieces.c"

Test(operate, places)
{
	static const struct { const char *word, *topic; int64_t partition, offset; } good[] = {
		{ "dossier.submissions/3/17", "dossier.submissions", 3, 17 },
		{ "a/0/0", "a", 0, 0 },
		{ "with/slash/2/9223372036854775807", "with/slash", 2, INT64_MAX },
		{ "a/2147483647/1", "a", INT32_MAX, 1 },
	};
	static const char *const bad[] = { "", "/", "//", "a", "a/1", "/1/2", "a//2", "a/1/", "a/b/2", "a/1/b", "a/-1/2",
	    "a/2147483648/1", "a/1/9223372036854775808" };
	struct arena *arena = arena_new(1 << 12);
	int64_t partition, offset;
	struct text topic;

	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		cr_assert(place_read(arena, good[i].word, &topic, &partition, &offset), "%s", good[i].word);
		cr_expect(text_is(topic, good[i].topic), "%s: %.*s", good[i].word, TEXT_ARG(topic));
		cr_expect_eq(partition, good[i].partition);
		cr_expect_eq(offset, good[i].offset);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		cr_expect_not(place_read(arena, bad[i], &topic, &partition, &offset), "\"%s\"", bad[i]);
	arena_free(arena);
}

Test(operate, codes_of_reasons)
{
	cr_expect(text_is(reason_code(TEXT("data: the database refuses: 23514")), "data"));
	cr_expect(text_is(reason_code(TEXT("kills")), "kills"));
	cr_expect(text_is(reason_code(TEXT(": x")), ""));
	cr_expect(text_is_absent(reason_code(TEXT_NONE)));
}

Test(operate, notes_in_pieces)
{
	static const struct { const char *note; int n; const char *pieces[3]; } cases[] = {
		{ "paused", 1, { "paused" } },
		{ "paused; down population status 503", 2, { "paused", "down population status 503" } },
		{ "stepping; unpublished; gap dossier.intake 17", 3, { "stepping", "unpublished", "gap dossier.intake 17" } },
		{ "paused;", 1, { "paused" } },
		{ "paused; ", 1, { "paused" } },
		{ "", 0, { NULL } },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct text one;
		size_t at = 0;
		int n = 0;

		while (n < 3 && note_next(text_of(cases[i].note), &at, &one)) {
			cr_assert_lt(n, cases[i].n, "\"%s\": %.*s", cases[i].note, TEXT_ARG(one));
			cr_expect(text_is(one, cases[i].pieces[n]), "\"%s\": %.*s", cases[i].note, TEXT_ARG(one));
			n++;
		}
		cr_expect_eq(n, cases[i].n, "\"%s\"", cases[i].note);
	}
	cr_expect_not(note_next(TEXT_NONE, &(size_t){ 0 }, &(struct text){ 0 }));
}

/* --- a moment ---------------------------------------------------------------- */

static struct event *
step(struct arena *arena, enum event_type type, int32_t version)
{
	struct event *event = event_new(arena, type);

	event->version = version;
	event->number = version;
	event->at = version * SECOND_US;
	event->order = TEXT("o.F4");
	event->amount = event->le_phi = 8000;
	event->phi = 0;
	return event;
}

Test(operate, a_moment_is_the_fold_up_to_it)
{
	static const enum event_type types[] = { EV_INTAKE_REGISTERED, EV_VERIFICATION_PASSED, EV_LOOKUP_ANSWERED, EV_FEE_ORDERED,
	    EV_FEE_PAID };
	static const uint8_t id[UUID_BYTES];
	struct arena *arena = arena_new(1 << 16);
	struct moment moment;
	struct err err;

	moment_begin(&moment, id);
	for (int i = 0; i < 5; i++) {
		cr_assert_eq(moment_apply(&moment, step(arena, types[i], i + 1), arena, &err), FAULT_NONE, "%s", err.text);
		cr_expect_eq(moment.dos.version, i + 1);
		cr_expect_eq(moment.rows[0].n, i >= 3);
		cr_expect_eq(moment.rows[1].n, 0);
	}
	cr_expect(text_is(((struct fee_order *)moment.rows[0].row[0])->state, "paid"));
	arena_free(arena);
}

Test(operate, a_moment_refuses_what_may_not_happen)
{
	static const uint8_t id[UUID_BYTES];
	struct arena *arena = arena_new(1 << 16);
	struct moment moment;
	struct err err;

	moment_begin(&moment, id);
	cr_expect_eq(moment_apply(&moment, step(arena, EV_FEE_PAID, 1), arena, &err), FAULT_PARK);
	cr_expect_eq(moment_apply(&moment, step(arena, EV_INTAKE_REGISTERED, 2), arena, &err), FAULT_PARK, "not the next version");
	arena_free(arena);
}
