/*
 * catalogue - law as data, from schemas/catalogue into the database.
 *
 * All files are checked first; one problem and nothing is loaded.  What is
 * loaded is never changed: another text under the same code and version is
 * refused, because dossiers were received under the one that is there.  Write
 * a new version.  A year's calendar is the exception the law makes (days off
 * are decided late), and takes a flag.
 */
#include "calendar.h"
#include "catalogue_files.h"
#include "session.h"

static struct {
	bool	new_calendar;
} opt;

static const struct option_row apply_options[] = {
	{ "new-calendar", OPTION_FLAG, &opt.new_calendar, NULL,
	    "replace calendars that have changed: due times will differ", 0, 0 },
	{ .name = NULL }
};

enum state { SAME, MISSING, DIFFERENT, ONLY_THERE };
static const char *const state_names[] = { "same", "missing", "different", "only in the database" };

struct there {				/* a row of the database */
	struct text	kind, code, digest;
	int64_t		version;
	bool		met;
};

struct catalogue_run {
	struct ctl		*ctl;
	struct catalogue_files	files;
	struct session		*session;
	struct there		*there;
	int			n_there;
	struct table		*table;
	bool			apply;
	bool			load;		/* and there is nothing to complain of */
	int			complaints;
};

/* --- what is there ------------------------------------------------------- */

static enum fault
read_there(struct catalogue_run *run, struct err *err)
{
	struct arena *arena = run->ctl->arena;
	const struct rows *rows;
	enum fault fault = session_run(run->session, SQL_CATALOGUE_DIGESTS, NULL, &rows, err);

	if (fault != FAULT_NONE)
		return fault;
	run->n_there = rows_count(rows);
	run->there = ARENA_ARRAY(arena, struct there, (size_t)run->n_there + 1);
	for (int i = 0; i < run->n_there; i++)
		run->there[i] = (struct there){ arena_text(arena, rows_text(rows, i, 0)),
		    arena_text(arena, rows_text(rows, i, 1)), arena_text(arena, rows_text(rows, i, 3)),
		    rows_int8(rows, i, 2), false };
	return FAULT_NONE;
}

static enum state
state_of(struct catalogue_run *run, const struct catalogue_file *file)
{
	struct text digest = { (const char *)file->digest, DIGEST_BYTES };

	for (int i = 0; i < run->n_there; i++) {
		struct there *row = &run->there[i];

		if (!text_is(row->kind, file_kind_name(file->kind)) ||
		    !text_is_equal(row->code, file->code) || row->version != file->version)
			continue;
		row->met = true;
		return text_is_equal(row->digest, digest) ? SAME : DIFFERENT;
	}
	return MISSING;
}

/* --- loading ------------------------------------------------------------- */

static struct text
date_text(struct arena *arena, int64_t day)
{
	char date[CALENDAR_DATE_BYTES];

	if (day == INT_NONE)
		return TEXT_NONE;
	calendar_date_text(day, date);
	return arena_copy(arena, date, strlen(date));
}

static enum fault
load(struct catalogue_run *run, const struct catalogue_file *file, struct err *err)
{
	struct db_args *args = db_args_new(run->ctl->arena, 7);
	struct text digest = { (const char *)file->digest, DIGEST_BYTES };
	int64_t year = 0;

	if (file->kind == FILE_CALENDAR) {
		(void)text_to_int64(file->code, &year);
		db_put_int4(args, (int32_t)year);
		db_put_bytea(args, digest);
		db_put_text(args, file->bytes);
		return session_run(run->session, SQL_CALENDAR_PUT, args, NULL, err);
	}
	db_put_text(args, text_of(file_kind_name(file->kind)));
	db_put_text(args, file->code);
	db_put_int4(args, (int32_t)file->version);
	db_put_text(args, date_text(run->ctl->arena, file->from_day));
	db_put_text(args, date_text(run->ctl->arena, file->to_day));
	db_put_bytea(args, digest);
	db_put_text(args, file->bytes);
	return session_run(run->session, SQL_CATALOGUE_PUT, args, NULL, err);
}

static void
put_row(struct catalogue_run *run, const char *kind, struct text code, int64_t version,
    const char *state, enum table_tone tone, const char *advice)
{
	table_name(run->table, kind);
	table_text(run->table, code);
	table_int(run->table, version);
	table_name(run->table, state);
	table_tone(run->table, tone);
	table_name(run->table, advice);
	table_end(run->table);
}

/* May apply make it so? */
static bool
may_load(const struct catalogue_file *file, enum state state)
{
	return state == MISSING || (state == DIFFERENT && file->kind == FILE_CALENDAR &&
	    opt.new_calendar);
}

static enum fault
one_file(struct catalogue_run *run, const struct catalogue_file *file, struct err *err)
{
	enum state state = state_of(run, file);
	bool calendar = file->kind == FILE_CALENDAR;
	bool wanted = run->load && may_load(file, state);
	enum fault fault = wanted ? load(run, file, err) : FAULT_NONE;

	if (fault != FAULT_NONE)
		return fault;
	put_row(run, file_kind_name(file->kind), file->code, file->version,
	    wanted ? state == MISSING ? "loaded" : "replaced" : state_names[state],
	    wanted ? TONE_GOOD : state == SAME ? TONE_PLAIN : TONE_BAD,
	    wanted || state != DIFFERENT ? NULL : calendar ? "--new-calendar replaces it" :
	    "a change is a new version");
	return FAULT_NONE;
}

/* One that is refused refuses all. */
static void
count_complaints(struct catalogue_run *run)
{
	for (int i = 0; i < run->files.n; i++) {
		enum state state = state_of(run, &run->files.list[i]);

		run->complaints += state != SAME && !(run->apply &&
		    may_load(&run->files.list[i], state));
	}
	run->load = run->apply && run->complaints == 0;
}

static enum fault
all_files(struct catalogue_run *run, struct err *err)
{
	enum fault fault = session_script(run->session, "begin", err);

	if (fault == FAULT_NONE)
		fault = read_there(run, err);
	if (fault == FAULT_NONE)
		count_complaints(run);
	for (int i = 0; i < run->files.n && fault == FAULT_NONE; i++)
		fault = one_file(run, &run->files.list[i], err);
	return fault == FAULT_NONE ? session_script(run->session, "commit", err) : fault;
}

static int
verdict(struct catalogue_run *run)
{
	for (int i = 0; i < run->n_there; i++) {
		struct there *row = &run->there[i];

		if (!row->met)	/* an older version, most likely: no complaint */
			put_row(run, row->kind.s, row->code, row->version, state_names[ONLY_THERE],
			    TONE_DIM, NULL);
	}
	table_print(run->table, NULL);
	if (run->complaints > 0 && run->apply)
		ctl_note(run->ctl, "nothing was loaded, because of %d of them", run->complaints);
	return run->complaints == 0 ? CTL_YES : CTL_NO;
}

static int
run_catalogue(struct ctl *ctl, bool apply)
{
	static const struct table_column columns[] = {
		{ "KIND", "kind", false }, { "CODE", "code", false }, { "VERSION", "version", true },
		{ "STATE", "state", false }, { "ADVICE", "advice", false }
	};
	struct catalogue_run run = { .ctl = ctl, .apply = apply, .table = table_new(ctl, columns, 5) };
	struct err err;
	enum fault fault = catalogue_files_read(ctl, &run.files, &err);

	if (fault != FAULT_NONE)
		return ctl_fail(ctl, &err);
	if (table_rows(run.files.problems) > 0) {
		table_print(run.files.problems, NULL);
		ctl_note(ctl, "%d problems in the files; the database was not touched",
		    table_rows(run.files.problems));
		return CTL_NO;
	}
	fault = session_open(ctl, apply ? "dossier_owner" : "dossier_auditor", &run.session, &err);
	if (fault == FAULT_NONE)
		fault = all_files(&run, &err);
	session_close(run.session);
	return fault == FAULT_NONE ? verdict(&run) : ctl_fail(ctl, &err);
}

static int
apply(struct ctl *ctl)
{
	return run_catalogue(ctl, true);
}

static int
verify(struct ctl *ctl)
{
	return run_catalogue(ctl, false);
}

const struct command catalogue_apply_command = {
	.path = "catalogue apply", .arguments = "", .run = apply, .options = apply_options,
	.summary = "load procedures, agencies and calendars",
	.about = "Checks every file of schemas/catalogue, then loads what is new, all or nothing.\n"
	    "What is loaded is never changed: a change is a new version.\n",
	.exits = "Exit status: 0 all loaded, 1 a file is wrong or differs from what is loaded, 2 could not.\n",
	.examples = "  dossierctl catalogue apply\n",
};

const struct command catalogue_verify_command = {
	.path = "catalogue verify", .arguments = "", .run = verify,
	.summary = "are the files right, and the same as in the database?",
	.exits = "Exit status: 0 yes, 1 a file is wrong, missing or different, 2 could not ask.\n",
	.examples = "  dossierctl catalogue verify -o json | jq 'select(.state != \"same\")'\n",
};
