/*
 * doctor_work - what was set aside or does not come to its end: parked jobs,
 * unsure effects, jobs that wait for long, timers that should have fired,
 * dead letters.
 *
 * Each is one statement with the same columns: stage, reason, how many, the
 * oldest, one of them.
 */
#include <inttypes.h>

#include "chosen.h"
#include "doctor.h"

struct work {
	const char	*code;
	int		statement;
	/* Sentences: the first %s is the stage, the second the reason. */
	struct text	(*what)(struct arena *arena, const char *stage, struct text reason, int64_t count, struct text one);
	struct text	(*todo)(struct arena *arena, const char *stage, struct text reason, struct text one);
	bool		is_note;
};

/* --- parked -------------------------------------------------------------------------- */

static struct text
parked_what(struct arena *arena, const char *stage, struct text reason, int64_t count, struct text one)
{
	return arena_printf(arena, "%" PRId64 " jobs of %s are parked: %.*s; one is dossier %.*s", count, stage, TEXT_ARG(reason),
	    TEXT_ARG(one));
}

static struct text
parked_todo(struct arena *arena, const char *stage, struct text reason, struct text one)
{
	struct text code = reason_code(reason);

	(void)one;
	return arena_printf(arena, "remove the cause (dossierctl parked list), then: dossierctl parked release --stage %s --reason "
	    "'%.*s' --yes --why '…'", stage, TEXT_ARG(code));
}

/* --- effects --------------------------------------------------------------------------- */

static struct text
unsure_what(struct arena *arena, const char *stage, struct text reason, int64_t count, struct text one)
{
	(void)reason;
	return arena_printf(arena, "of %" PRId64 " %s it is not known whether they happened; one is %.*s", count,
	    strcmp(stage, "fee") == 0 ? "payment orders or refunds" : "parcels", TEXT_ARG(one));
}

static struct text
unsure_todo(struct arena *arena, const char *stage, struct text reason, struct text one)
{
	(void)reason;
	return arena_printf(arena, "ask the %s by hand about %.*s; the next message about it settles it. dossierctl show %.36s",
	    strcmp(stage, "fee") == 0 ? "payment platform" : "post", TEXT_ARG(one), one.s != NULL ? one.s : "");
}

/* --- what waits ------------------------------------------------------------------------- */

static struct text
stuck_what(struct arena *arena, const char *stage, struct text reason, int64_t count, struct text one)
{
	return arena_printf(arena, "%" PRId64 " jobs of %s have waited for long (%.*s); one is dossier %.*s", count, stage,
	    TEXT_ARG(reason), TEXT_ARG(one));
}

static struct text
stuck_todo(struct arena *arena, const char *stage, struct text reason, struct text one)
{
	if (text_is(reason, "asking"))
		return arena_printf(arena, "somebody outside does not answer %s: see the peers named here, or dossierctl lanes --stage %s",
		    stage, stage);
	if (text_is(reason, "unknown_dossier"))
		return TEXT("intake has not read far enough to say whether their dossiers exist: dossierctl lanes --stage intake");
	return arena_printf(arena, "dossierctl show %.*s; dossierctl lanes --stage %s", TEXT_ARG(one), stage);
}

static struct text
late_what(struct arena *arena, const char *stage, struct text reason, int64_t count, struct text one)
{
	(void)one;
	return arena_printf(arena, "%" PRId64 " timers of %s should have fired (terms of payment or supplement, due dates)%s%.*s", count,
	    stage, reason.n > 0 ? ": " : "", TEXT_ARG(reason));
}

static struct text
late_todo(struct arena *arena, const char *stage, struct text reason, struct text one)
{
	(void)reason;
	(void)one;
	return arena_printf(arena, "they wait until every lane of %s has read past them, so that nobody loses time: mend the lane that "
	    "stands (dossierctl lanes --stage %s; for supplements also --stage intake)", stage, stage);
}

static struct text
orphan_what(struct arena *arena, const char *stage, struct text reason, int64_t count, struct text one)
{
	(void)reason;
	return arena_printf(arena, "%" PRId64 " jobs of %s stand behind one that is not there; one is dossier %.*s", count, stage,
	    TEXT_ARG(one));
}

static struct text
orphan_todo(struct arena *arena, const char *stage, struct text reason, struct text one)
{
	(void)stage;
	(void)reason;
	return arena_printf(arena, "that is a fault of this program: keep the output of dossierctl show %.*s -o json and report it",
	    TEXT_ARG(one));
}

/* --- dead letters -------------------------------------------------------------------------- */

static struct text
dead_what(struct arena *arena, const char *stage, struct text reason, int64_t count, struct text one)
{
	return arena_printf(arena, "%" PRId64 " messages to %s could not be read: %.*s; the last is %.*s", count, stage, TEXT_ARG(reason),
	    TEXT_ARG(one));
}

static struct text
dead_todo(struct arena *arena, const char *stage, struct text reason, struct text one)
{
	return arena_printf(arena, "dossierctl deadletter show %.*s; tell who sent it, or when it can be read by now: dossierctl "
	    "deadletter redrive --stage %s --reason %.*s", TEXT_ARG(one), stage, TEXT_ARG(reason));
}

static struct text
asked_what(struct arena *arena, const char *stage, struct text reason, int64_t count, struct text one)
{
	(void)reason;
	return arena_printf(arena, "%" PRId64 " dead letters of %s are to be tried again, and nobody takes them; one is %.*s", count, stage,
	    TEXT_ARG(one));
}

static struct text
asked_todo(struct arena *arena, const char *stage, struct text reason, struct text one)
{
	(void)reason;
	(void)one;
	return arena_printf(arena, "a worker of %s of this release takes them: dossierctl lanes --stage %s --counters", stage, stage);
}

/* --- all of it ------------------------------------------------------------------------------- */

static const struct work works[] = {
	{ "parked", SQL_DOCTOR_PARKED, parked_what, parked_todo, false },
	{ "unsure", SQL_DOCTOR_UNSURE, unsure_what, unsure_todo, false },
	{ "stuck", SQL_DOCTOR_STUCK, stuck_what, stuck_todo, false },
	{ "orphan", SQL_DOCTOR_ORPHANS, orphan_what, orphan_todo, false },
	{ "timer_late", SQL_DOCTOR_TIMERS, late_what, late_todo, false },
	{ "dead_letters", SQL_DOCTOR_DEAD, dead_what, dead_todo, false },
	{ "dead_letters_old", SQL_DOCTOR_DEAD_OLD, dead_what, dead_todo, true },
	{ "redrive_waiting", SQL_DOCTOR_ASKED, asked_what, asked_todo, false },
};

/* Seconds after which what the statement looks for is too long; the statement says which it takes. */
static int64_t
limit_of(const struct doctor *d, int statement)
{
	return statement == SQL_DOCTOR_DEAD || statement == SQL_DOCTOR_DEAD_OLD ? d->recent_s : d->stuck_s;
}

static void
look(struct doctor *d, const struct work *work)
{
	struct arena *arena = d->ctl->arena;
	struct db_args *args = db_args_new(arena, 1);
	const struct rows *rows;
	struct err err;

	db_put_int8(args, limit_of(d, work->statement));
	if (session_run(d->session, work->statement, args, &rows, &err) != FAULT_NONE) {
		doctor_say(d, &(struct finding){ .code = "not_asked", .stage = -1, .count = INT_NONE, .since = TIME_NONE,
		    .what = arena_printf(arena, "could not ask for %s: %s [%s]", work->code, err.text, err.code),
		    .todo = TEXT("dossierctl db status") });
		return;
	}
	for (int i = 0; i < rows_count(rows); i++) {
		int stage = rows_int4(rows, i, 0);
		struct text reason = text_shown(arena, rows_text(rows, i, 1)), one = text_shown(arena, rows_text(rows, i, 4));
		int64_t count = rows_int8(rows, i, 2);

		doctor_say(d, &(struct finding){ .code = work->code, .is_note = work->is_note, .stage = stage, .count = count,
		    .since = rows_time(rows, i, 3), .what = work->what(arena, stage_name((enum stage)stage), reason, count, one),
		    .todo = work->todo(arena, stage_name((enum stage)stage), reason, one) });
	}
}

void
doctor_work(struct doctor *d)
{
	for (size_t i = 0; i < sizeof works / sizeof *works && d->session != NULL; i++)
		look(d, &works[i]);
}
