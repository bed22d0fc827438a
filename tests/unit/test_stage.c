/*
 * stage: the compiled table of moves against schemas/states, read here once
 * more in another way: for every event and every sub-state, what the table,
 * dossier_may and dossier_apply say is what the files say.
 */
#include <criterion/criterion.h>
#include <glob.h>
#include <stdio.h>

#include "dossier.h"

enum { FILE_EVENTS_MAX = 40 };

static const char *const names[STAGES] = { "intake", "verification", "lookup", "fee", "casework", "dispatch", "tracking" };

/* A .moves file as it stands: words, not numbers. */
struct state_line {
	char	name[40];
	int	code;
	bool	final;
	char	waits[600];
};
struct event_line {
	char	name[40];
	bool	answer;
	char	from[400];	/* ",a,b," */
	char	to[40];
};
struct moves {
	int			n_states, n_events;
	struct state_line	states[MOVES_STATES_MAX];
	struct event_line	events[FILE_EVENTS_MAX];
};

static struct moves files[STAGES];
static struct arena *arena;

static void
read_state(struct moves *moves, const char *line)
{
	struct state_line *s = &moves->states[moves->n_states++];
	char last[20] = "", waits[600] = "";

	cr_assert_geq(sscanf(line, "state %39s %d %19s %599s", s->name, &s->code, last, waits), 2, "%s", line);
	s->final = strcmp(last, "final") == 0;
	strcpy(s->waits, strcmp(last, "waits") == 0 ? waits : "");
	cr_assert(last[0] == '\0' || s->final || s->waits[0] != '\0', "%s", line);
}

static void
read_event(struct moves *moves, const char *line)
{
	struct event_line *e = &moves->events[moves->n_events++];
	char from[380] = "";

	cr_assert_leq(moves->n_events, FILE_EVENTS_MAX);
	e->answer = strncmp(line, "answer ", 7) == 0;
	if (e->answer)
		cr_assert_eq(sscanf(line, "answer %39s", e->name), 1, "%s", line);
	else
		cr_assert_eq(sscanf(line, "move %39s %379s %39s", e->name, from, e->to), 3, "%s", line);
	snprintf(e->from, sizeof e->from, ",%s,", from);
}

static void
read_file(const char *stage, struct moves *moves)
{
	char path[100], line[1000];
	FILE *in;

	snprintf(path, sizeof path, "schemas/states/%s.moves", stage);
	in = fopen(path, "r");
	cr_assert_not_null(in, "%s: run the tests from the root of the repository", path);
	memset(moves, 0, sizeof *moves);
	while (fgets(line, sizeof line, in) != NULL)
		if (strncmp(line, "state ", 6) == 0)
			read_state(moves, line);
		else if (strncmp(line, "move ", 5) == 0 || strncmp(line, "answer ", 7) == 0)
			read_event(moves, line);
		else
			cr_assert(line[0] == '#' || line[0] == '\n', "%s: %s", path, line);
	fclose(in);
}

static void
setup(void)
{
	arena = arena_new(8 << 20);
	for (int s = 0; s < STAGES; s++)
		read_file(names[s], &files[s]);
}

static void
teardown(void)
{
	arena_free(arena);
}

TestSuite(stage, .init = setup, .fini = teardown);

static const struct state_line *
state_named(enum stage stage, const char *name)
{
	for (int i = 0; i < files[stage].n_states; i++)
		if (strcmp(files[stage].states[i].name, name) == 0)
			return &files[stage].states[i];
	cr_assert_fail("%s has no state %s", names[stage], name);
	return NULL;
}

/* The line of an event, and where it leads from a state by the file: a code, or -1 where it is forbidden. */
static const struct event_line *
line_of(enum event_type type)
{
	const struct moves *moves = &files[event_stage(type)];

	for (int i = 0; i < moves->n_events; i++)
		if (strcmp(moves->events[i].name, event_name(type)) == 0)
			return &moves->events[i];
	cr_assert_fail("%s is in no file", event_type_name(type));
	return NULL;
}

static int
target(enum event_type type, int from)
{
	enum stage stage = event_stage(type);
	const struct event_line *line = line_of(type);
	char word[60];

	snprintf(word, sizeof word, ",%s,", state_name(stage, from));
	if (line->answer || strstr(line->from, word) == NULL)
		return -1;
	return strcmp(line->to, "=") == 0 ? from : state_named(stage, line->to)->code;
}

/* --- names --------------------------------------------------------------- */

Test(stage, stages)
{
	static const char *const journals[STAGES] = { "dossier.intake", "dossier.verification", "dossier.lookup",
	    "dossier.fee", "dossier.casework", "dossier.dispatch", "dossier.notifications" };
	enum stage found = STAGES;

	for (int s = 0; s < STAGES; s++) {
		cr_expect_str_eq(stage_name((enum stage)s), names[s]);
		cr_expect_str_eq(stage_journal((enum stage)s), journals[s]);
		cr_expect(stage_find(text_of(names[s]), &found) && (int)found == s, "%s", names[s]);
		cr_expect(stage_of_journal(text_of(journals[s]), &found) && (int)found == s, "%s", names[s]);
	}
	found = STAGES;
	cr_expect(!stage_find(TEXT("Intake"), &found));
	cr_expect(!stage_find(TEXT(""), &found));
	cr_expect(!stage_find(TEXT_NONE, &found));
	cr_expect(!stage_of_journal(TEXT("dossier.status"), &found));
	cr_expect(!stage_of_journal(TEXT("dossier.tracking"), &found));
	cr_expect_eq(found, STAGES, "untouched when not found");
}

Test(stage, topics)
{
	static const struct { int n; const char *lead, *last; } topics[STAGES] = {
		{ 2, "dossier.submissions", "citizen.requests" }, { 1, "dossier.intake", "dossier.intake" },
		{ 1, "dossier.verification", "dossier.verification" }, { 4, "dossier.lookup", "dossier.dispatch" },
		{ 3, "dossier.fee", "agency.actions" }, { 4, "dossier.casework", "postal.updates" },
		{ 6, "dossier.intake", "dossier.dispatch" },
	};

	for (int s = 0; s < STAGES; s++) {
		int n = 0;
		const char *const *list = stage_topics((enum stage)s, &n);

		cr_assert_eq(n, topics[s].n, "%s", names[s]);
		cr_expect_str_eq(list[0], topics[s].lead);
		cr_expect_str_eq(list[n - 1], topics[s].last);
		cr_expect_null(list[n]);
		for (int i = 0; i < n; i++)
			cr_expect_str_neq(list[i], stage_journal((enum stage)s), "%s reads itself", names[s]);
	}
}

Test(stage, states)
{
	for (int s = 0; s < STAGES; s++) {
		enum stage stage = (enum stage)s;

		cr_assert_eq(stage_states(stage), files[s].n_states, "%s", names[s]);
		for (int i = 0; i < files[s].n_states; i++) {
			const struct state_line *line = &files[s].states[i];

			cr_expect_lt(line->code, files[s].n_states, "%s: codes have gaps", names[s]);
			cr_expect_str_eq(state_name(stage, line->code), line->name);
			cr_expect_eq(state_is_final(stage, line->code), line->final, "%s %s", names[s], line->name);
			cr_expect_str_eq(state_waits(stage, line->code), line->waits);
		}
		cr_expect_str_eq(state_name(stage, 0), "none");
		cr_expect_str_eq(state_name(stage, -1), "?");
		cr_expect_str_eq(state_name(stage, files[s].n_states), "?");
	}
}

/* Who a resting dossier waits for is something that its stage reads. */
Test(stage, what_is_waited_for_is_read)
{
	for (int s = 0; s < STAGES; s++)
		for (int i = 0; i < files[s].n_states; i++) {
			char waits[600];

			strcpy(waits, files[s].states[i].waits);
			for (char *rest = waits, *word; (word = strsep(&rest, ",")) != NULL; ) {
				const char *at = strchr(word, '@');
				int n, known = *word == '\0' || strcmp(word, "timer") == 0 || strcmp(word, "effect") == 0;
				const char *const *topics = stage_topics((enum stage)s, &n);
				enum event_type type;
				enum stage giver;

				for (int t = 0; at != NULL && t < n; t++)
					known |= strcmp(at + 1, topics[t]) == 0;
				cr_expect(known, "%s %s: %s", names[s], files[s].states[i].name, word);
				if (at != NULL && stage_of_journal(text_of(at + 1), &giver)) {
					cr_expect(event_find((struct text){ word, (size_t)(at - word) }, &type), "%s", word);
					cr_expect_eq(event_stage(type), giver, "%s", word);
				}
			}
		}
}

Test(stage, events)
{
	int n = 0;

	for (int s = 0; s < STAGES; s++)
		for (int i = 0; i < files[s].n_events; i++, n++) {
			const struct event_line *line = &files[s].events[i];
			struct text name = arena_printf(arena, "vn.dossier.%s.%s.v1", names[s], line->name);
			enum event_type type = EVENT_TYPES;

			cr_assert(event_find(name, &type), "%s", name.s);
			cr_expect_eq((int)event_stage(type), s, "%s", name.s);
			cr_expect_str_eq(event_name(type), line->name);
			cr_expect_str_eq(event_type_name(type), name.s);
			cr_expect_eq(event_is_answer(type), line->answer, "%s", name.s);
		}
	cr_assert_eq(n, EVENT_TYPES, "the files have %d events", n);
}

Test(stage, events_that_are_none)
{
	static const char *const none[] = { "", "vn.dossier.intake.registered", "vn.dossier.intake.registered.v2",
		"vn.dossier.intake.Registered.v1", "registered", "vn.dossier.submitted.v1", "vn.dossier.fee.registered.v1" };
	enum event_type type = EVENT_TYPES;

	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		cr_expect(!event_find(text_of(none[i]), &type), "%s", none[i]);
	cr_expect(!event_find(TEXT_NONE, &type));
	cr_expect(!event_find(TEXT("vn.dossier.intake.registered.v1\0"), &type));
	cr_expect_eq(type, EVENT_TYPES, "untouched when not found");
}

/* Each contract of a stage's own message is of an event that it gives. (The other way round: test_event.) */
Test(stage, contracts_are_of_events)
{
	int n = 0;

	for (int s = 0; s < STAGES; s++) {
		struct text pattern = arena_printf(arena, "schemas/messages/vn.dossier.%s.*.json", names[s]);
		glob_t found;

		cr_assert_eq(glob(pattern.s, 0, NULL, &found), 0, "%s", pattern.s);
		for (size_t i = 0; i < found.gl_pathc; i++, n++) {
			const char *name = found.gl_pathv[i] + strlen("schemas/messages/");
			enum event_type type;

			cr_expect(event_find((struct text){ name, strlen(name) - strlen(".json") }, &type), "%s", name);
		}
		globfree(&found);
	}
	cr_assert_eq(n, EVENT_TYPES);
}

/* --- moves --------------------------------------------------------------- */

Test(stage, every_event_in_every_state)
{
	int allowed = 0, forbidden = 0;

	for (int t = 0; t < EVENT_TYPES; t++)
		for (int from = 0; from < stage_states(event_stage((enum event_type)t)); from++) {
			int expected = target((enum event_type)t, from), to = -1;
			bool may = move_find((enum event_type)t, from, &to);

			cr_expect_eq(may, expected >= 0, "%s in %s", event_type_name((enum event_type)t),
			    state_name(event_stage((enum event_type)t), from));
			cr_expect_eq(to, expected, "%s in %s: to %d", event_type_name((enum event_type)t),
			    state_name(event_stage((enum event_type)t), from), to);
			may ? allowed++ : forbidden++;
		}
	cr_assert_gt(allowed, EVENT_TYPES / 2);
	cr_assert_gt(forbidden, EVENT_TYPES / 2);
}

/* The same through the only writer, with the other sub-states at any value: they neither matter nor move. */
Test(stage, every_event_on_a_row_in_every_state)
{
	static const uint8_t id[UUID_BYTES] = { 1, 2, 3 };

	for (int t = 0; t < EVENT_TYPES; t++) {
		enum stage stage = event_stage((enum event_type)t);

		for (int from = 0; from < stage_states(stage); from++)
			for (int others = 0; others < 2; others++) {
				int expected = target((enum event_type)t, from);
				struct event *event = event_new(arena, (enum event_type)t);
				struct dossier dos, before;
				struct err err = { 0 };
				enum fault fault;

				dossier_init(&dos, id);
				for (int s = 0; s < STAGES; s++)
					dos.state[s] = others ? stage_states((enum stage)s) - 1 : 0;
				dos.state[stage] = from;
				dos.version = 4;
				memcpy(&before, &dos, sizeof dos);
				event->version = 5;
				event->number = 77;
				cr_expect_eq(dossier_may(&dos, event->type), expected >= 0);
				fault = dossier_apply(&dos, event, arena, &err);
				cr_assert_eq(fault, expected >= 0 ? FAULT_NONE : FAULT_PARK, "%s in %s",
				    event_type_name(event->type), state_name(stage, from));
				if (expected < 0) {
					cr_expect_eq(memcmp(&before, &dos, sizeof dos), 0, "%s in %s left a trace",
					    event_type_name(event->type), state_name(stage, from));
					cr_expect_str_eq(err.code, "move");
					continue;
				}
				before.state[stage] = expected;
				cr_expect_arr_eq(dos.state, before.state, sizeof dos.state, "%s in %s",
				    event_type_name(event->type), state_name(stage, from));
				cr_expect_eq(dos.version, 5);
				cr_expect_eq(err.fault, FAULT_NONE);
			}
	}
}

/* From none, by moves alone, every sub-state is reached; where a dossier rests and is not final, somebody is waited for. */
Test(stage, every_state_is_reached)
{
	for (int s = 0; s < STAGES; s++) {
		unsigned reached = 1, before = 0;

		while (reached != before) {
			before = reached;
			for (int t = 0; t < EVENT_TYPES; t++)
				for (int from = 0; from < files[s].n_states; from++)
					if ((int)event_stage((enum event_type)t) == s && (before & 1u << from) != 0 &&
					    target((enum event_type)t, from) >= 0)
						reached |= 1u << target((enum event_type)t, from);
		}
		cr_expect_eq(reached, (1u << files[s].n_states) - 1, "%s: %x", names[s], reached);
		for (int i = 1; i < files[s].n_states; i++)
			cr_expect(files[s].states[i].final || files[s].states[i].waits[0] != '\0', "%s %s waits for nobody",
			    names[s], files[s].states[i].name);
	}
}
