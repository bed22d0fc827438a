/* casework: what officers may do, what other stages and time lead to, due times by procedure. */
#include <criterion/criterion.h>

#include "../../services/casework/casework_rules.h"

static struct arena *arena;
static struct calendar *cal;

static void
setup(void)
{
	static const struct calendar_row rows[] = {
		{ 20781, CALENDAR_HOLIDAY, TEXT("Ngày Văn hóa Việt Nam"), TEXT("Culture day") },	/* 2026-11-24 */
	};
	struct err err;

	arena = arena_new(0);
	cal = calendar_new(NULL);
	cr_assert_eq(calendar_add_year(cal, 2026, TEXT("test"), rows, 1, &err), FAULT_NONE);
}

static void
teardown(void)
{
	calendar_free(cal);
	arena_free(arena);
}

TestSuite(casework, .init = setup, .fini = teardown);

static time_us
at(int day, int hour, int minute)
{
	return calendar_instant(days_from_civil(2026, 11, day), hour * 60 + minute);
}

static const struct casework_law *
law_of(const char *mode, const char *cutoff, const char *term)
{
	struct procedure procedure = { .version = 1 };
	struct doc_error why;
	struct text json = arena_printf(arena, "{\"cases\":[{\"code\":\"default\",\"term\":%s,\"components\":["
	    "{\"code\":\"TP01\"},{\"code\":\"TP02\"}]}],\"deadline\":{\"mode\":\"%s\",\"cutoff\":%s,"
	    "\"last_hour_rule\":false,\"supplement_days\":15,\"supplement_clock\":\"restart\"}}", term, mode, cutoff);

	cr_assert_eq(doc_parse(arena, json, NULL, &procedure.body, &why), FAULT_NONE);
	casework_law_make(&procedure, arena);
	return procedure.cache;
}

#define THREE_DAYS "{\"amount\":3,\"unit\":\"working_day\"}"

static struct dossier
dossier_in(int casework, int fee)
{
	static const uint8_t id[UUID_BYTES] = { 1 };
	struct dossier dos;

	dossier_init(&dos, id);
	dos.state[STAGE_INTAKE] = INTAKE_REGISTERED;
	dos.state[STAGE_FEE] = fee;
	dos.state[STAGE_CASEWORK] = casework;
	dos.received_at = at(23, 15, 0);
	dos.channel = TEXT("online");
	dos.case_code = TEXT("default");
	dos.missing = TEXT("[]");
	return dos;
}

/* --- actions ------------------------------------------------------------------- */

static struct action
action_of(const char *name, const char *data)
{
	const struct doc_node *node;
	struct doc_error why;
	struct action action;
	struct text type = arena_printf(arena, "vn.dossier.action.%s.v1", name);

	cr_assert_eq(doc_parse(arena, text_of(data), NULL, &node, &why), FAULT_NONE);
	cr_assert(action_read(type, node, at(23, 10, 0), &action));
	return action;
}

#define OFFICER "\"officer\":{\"id\":\"o1\"}"
#define ACCEPT "{" OFFICER "}"
#define REFUSE "{" OFFICER ",\"reason\":\"not_eligible\",\"citation\":\"Luật\"}"
#define ASK "{" OFFICER ",\"reason\":\"unreadable\",\"components\":[\"TP02\"]}"
#define GRANT "{" OFFICER ",\"result\":\"granted\"}"
#define HAND "{" OFFICER ",\"receiver\":{\"relation\":\"owner\",\"document_kind\":\"passport\"}}"

struct try {
	const char	*name;
	int		casework, fee;
	const char	*action, *data;
	const char	*rule;		/* NULL: allowed */
	/* what differs from the ordinary */
	const char	*missing, *delivery;
	int		supplements, dispatch;
	bool		accepted, withdrawn;
};

static const struct try tries[] = {
	{ .name = "accept", .casework = CASEWORK_OPEN, .fee = FEE_WAIVED, .action = "accept", .data = ACCEPT },
	{ .name = "accept paid", .casework = CASEWORK_OPEN, .fee = FEE_PAID, .action = "accept", .data = ACCEPT },
	{ .name = "accept owed", .casework = CASEWORK_OPEN, .fee = FEE_OWED, .action = "accept", .data = ACCEPT, .rule = "action.unpaid" },
	{ .name = "accept deferred", .casework = CASEWORK_OPEN, .fee = FEE_DEFERRED, .action = "accept", .data = ACCEPT, .rule = "action.unpaid" },
	{ .name = "accept incomplete", .casework = CASEWORK_OPEN, .fee = FEE_WAIVED, .action = "accept", .data = ACCEPT,
	  .missing = "[\"TP01\"]", .rule = "action.incomplete" },
	{ .name = "incomplete and owed", .casework = CASEWORK_OPEN, .fee = FEE_OWED, .action = "accept", .data = ACCEPT,
	  .missing = "[\"TP01\"]", .rule = "action.incomplete" },
	{ .name = "accept too early", .casework = CASEWORK_NONE, .fee = FEE_WAIVED, .action = "accept", .data = ACCEPT, .rule = "action.not_allowed" },
	{ .name = "accept twice", .casework = CASEWORK_ACCEPTED, .fee = FEE_WAIVED, .action = "accept", .data = ACCEPT, .rule = "action.not_allowed" },
	{ .name = "accept in supplement", .casework = CASEWORK_SUPPLEMENT, .fee = FEE_WAIVED, .action = "accept", .data = ACCEPT, .rule = "action.not_allowed" },
	{ .name = "accept withdrawn", .casework = CASEWORK_OPEN, .fee = FEE_WAIVED, .action = "accept", .data = ACCEPT,
	  .withdrawn = true, .rule = "action.withdrawn" },
	{ .name = "decide withdrawn", .casework = CASEWORK_PROCESSING, .fee = FEE_WAIVED, .action = "decide", .data = GRANT,
	  .withdrawn = true, .rule = "action.withdrawn" },
	{ .name = "refuse", .casework = CASEWORK_OPEN, .fee = FEE_OWED, .action = "refuse", .data = REFUSE },
	{ .name = "refuse without basis", .casework = CASEWORK_OPEN, .fee = FEE_OWED, .action = "refuse", .data = ACCEPT, .rule = "action.citation_missing" },
	{ .name = "refuse accepted", .casework = CASEWORK_ACCEPTED, .fee = FEE_PAID, .action = "refuse", .data = REFUSE, .rule = "action.not_allowed" },
	{ .name = "ask", .casework = CASEWORK_OPEN, .fee = FEE_DEFERRED, .action = "supplement", .data = ASK },
	{ .name = "ask again before", .casework = CASEWORK_OPEN, .fee = FEE_DEFERRED, .action = "supplement", .data = ASK,
	  .supplements = 1, .rule = "action.supplement_twice" },
	{ .name = "ask after", .casework = CASEWORK_ACCEPTED, .fee = FEE_PAID, .action = "supplement", .data = ASK, .supplements = 1, .accepted = true },
	{ .name = "ask while processing", .casework = CASEWORK_PROCESSING, .fee = FEE_PAID, .action = "supplement", .data = ASK, .accepted = true },
	{ .name = "ask a third time", .casework = CASEWORK_PROCESSING, .fee = FEE_PAID, .action = "supplement", .data = ASK,
	  .supplements = 2, .accepted = true, .rule = "action.supplement_twice" },
	{ .name = "ask for more than the list", .casework = CASEWORK_OPEN, .fee = FEE_DEFERRED, .action = "supplement",
	  .data = "{" OFFICER ",\"reason\":\"x\",\"components\":[\"TP02\",\"TP03\"]}", .rule = "action.component_unknown" },
	{ .name = "assign", .casework = CASEWORK_ACCEPTED, .fee = FEE_PAID, .action = "assign", .data = ACCEPT },
	{ .name = "assign twice", .casework = CASEWORK_PROCESSING, .fee = FEE_PAID, .action = "assign", .data = ACCEPT, .rule = "action.not_allowed" },
	{ .name = "decide", .casework = CASEWORK_PROCESSING, .fee = FEE_PAID, .action = "decide", .data = GRANT },
	{ .name = "decide at once", .casework = CASEWORK_ACCEPTED, .fee = FEE_PAID, .action = "decide", .data = GRANT },
	{ .name = "decide unaccepted", .casework = CASEWORK_OPEN, .fee = FEE_PAID, .action = "decide", .data = GRANT, .rule = "action.not_allowed" },
	{ .name = "decide twice", .casework = CASEWORK_DECIDED, .fee = FEE_PAID, .action = "decide", .data = GRANT, .rule = "action.not_allowed" },
	{ .name = "deny", .casework = CASEWORK_PROCESSING, .fee = FEE_PAID, .action = "decide",
	  .data = "{" OFFICER ",\"result\":\"denied\",\"citation\":\"Luật\"}" },
	{ .name = "deny without basis", .casework = CASEWORK_PROCESSING, .fee = FEE_PAID, .action = "decide",
	  .data = "{" OFFICER ",\"result\":\"denied\"}", .rule = "action.citation_missing" },
	{ .name = "hand over", .casework = CASEWORK_DECIDED, .fee = FEE_PAID, .action = "hand_over", .data = HAND,
	  .delivery = "counter", .dispatch = DISPATCH_COUNTER },
	{ .name = "hand over at once", .casework = CASEWORK_DECIDED, .fee = FEE_PAID, .action = "hand_over", .data = HAND, .delivery = "counter" },
	{ .name = "hand over twice", .casework = CASEWORK_DECIDED, .fee = FEE_PAID, .action = "hand_over", .data = HAND,
	  .delivery = "counter", .dispatch = DISPATCH_HANDED_OVER, .rule = "action.not_allowed" },
	{ .name = "hand over by post", .casework = CASEWORK_DECIDED, .fee = FEE_PAID, .action = "hand_over", .data = HAND,
	  .delivery = "postal", .rule = "action.not_counter" },
	{ .name = "hand over undecided", .casework = CASEWORK_PROCESSING, .fee = FEE_PAID, .action = "hand_over", .data = HAND,
	  .delivery = "counter", .rule = "action.not_allowed" },
	{ .name = "act on refused", .casework = CASEWORK_REFUSED, .fee = FEE_PAID, .action = "accept", .data = ACCEPT, .rule = "action.not_allowed" },
	{ .name = "act on stopped", .casework = CASEWORK_STOPPED, .fee = FEE_PAID, .action = "supplement", .data = ASK, .rule = "action.not_allowed" },
	{ .name = "act on closed", .casework = CASEWORK_WITHDRAWN, .fee = FEE_PAID, .action = "assign", .data = ACCEPT,
	  .withdrawn = true, .rule = "action.withdrawn" },
};

Test(casework, actions)
{
	const struct casework_case *its_case = casework_law_case(law_of("civil", "null", THREE_DAYS), TEXT("default"));

	for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
		const struct try *t = &tries[i];
		struct dossier dos = dossier_in(t->casework, t->fee);
		struct action action = action_of(t->action, t->data);
		const struct rule_error *why;

		dos.supplements = t->supplements;
		dos.state[STAGE_DISPATCH] = t->dispatch;
		dos.delivery = text_of(t->delivery);
		dos.accepted_at = t->accepted ? at(23, 9, 0) : TIME_NONE;
		if (t->missing != NULL)
			dos.missing = text_of(t->missing);
		if (t->withdrawn)
			dos.state[STAGE_INTAKE] = INTAKE_WITHDRAWN;
		why = action_check(&dos, &action, its_case);
		cr_expect(text_is_equal(text_of(why != NULL ? why->rule : NULL), text_of(t->rule)), "%s: %s", t->name,
		    why != NULL ? why->rule : "allowed");
		/* What is allowed is a move, and what is not can be said. */
		cr_expect(why != NULL ? dossier_may(&dos, EV_CASEWORK_ACTION_REFUSED) :
		    dossier_may(&dos, action_event(action.kind)), "%s", t->name);
	}
}

Test(casework, actions_are_read)
{
	struct action action = action_of("hand_over", HAND);

	cr_expect(text_is(action.officer, "o1") && text_is(action.relation, "owner"));
	cr_expect(text_is(action.document_kind, "passport") && !action.has_note);
	action = action_of("accept", "{" OFFICER ",\"note\":\"x\"}");
	cr_expect(action.has_note && action.arrived_at == at(23, 10, 0));
	cr_expect_not(action_read(TEXT("vn.dossier.action.dance.v1"), NULL, 0, &action));
	cr_expect_not(action_read(TEXT("vn.dossier.action.accept.v2"), NULL, 0, &action));
}

/* --- wakes --------------------------------------------------------------------- */

Test(casework, wakes)
{
	static const struct {
		const char	*name;
		int		casework;
		enum event_type	event;
		int64_t		event_round;
		int		round, supplements;
		bool		accepted, withdrawn;
		enum event_type	type;
	} cases[] = {
		{ "waived", CASEWORK_NONE, EV_FEE_WAIVED, 0, 0, 0, false, false, EV_CASEWORK_OPENED },
		{ "paid", CASEWORK_NONE, EV_FEE_PAID, INT_NONE, 0, 0, false, false, EV_CASEWORK_OPENED },
		{ "deferred", CASEWORK_NONE, EV_FEE_DEFERRED, 0, 0, 0, false, false, EV_CASEWORK_OPENED },
		{ "paid later", CASEWORK_OPEN, EV_FEE_PAID, INT_NONE, 1, 1, false, false, EVENT_TYPES },
		{ "paid after withdrawal", CASEWORK_NONE, EV_FEE_PAID, INT_NONE, 0, 0, false, true, EVENT_TYPES },
		{ "expired", CASEWORK_NONE, EV_FEE_EXPIRED, INT_NONE, 0, 0, false, false, EV_CASEWORK_STOPPED },
		{ "expired, open", CASEWORK_OPEN, EV_FEE_EXPIRED, INT_NONE, 1, 1, false, false, EV_CASEWORK_STOPPED },
		{ "expired, supplement", CASEWORK_SUPPLEMENT, EV_FEE_EXPIRED, INT_NONE, 1, 1, false, false, EV_CASEWORK_STOPPED },
		{ "expired, refused", CASEWORK_REFUSED, EV_FEE_EXPIRED, INT_NONE, 0, 0, false, false, EVENT_TYPES },
		{ "supplemented", CASEWORK_SUPPLEMENT, EV_FEE_WAIVED, 1, 1, 1, false, false, EV_CASEWORK_REOPENED },
		{ "supplemented, incomplete", CASEWORK_SUPPLEMENT, EV_FEE_DEFERRED, 1, 1, 1, false, false, EV_CASEWORK_REOPENED },
		{ "supplemented, then paid", CASEWORK_SUPPLEMENT, EV_FEE_PAID, INT_NONE, 1, 1, false, false, EV_CASEWORK_REOPENED },
		{ "supplemented after acceptance", CASEWORK_SUPPLEMENT, EV_FEE_UNCHANGED, 2, 2, 2, true, false, EV_CASEWORK_RESUMED },
		{ "an older round", CASEWORK_SUPPLEMENT, EV_FEE_UNCHANGED, 1, 2, 1, true, false, EVENT_TYPES },
		{ "not supplemented", CASEWORK_SUPPLEMENT, EV_FEE_DEFERRED, 0, 0, 1, false, false, EVENT_TYPES },
		{ "paid, not supplemented", CASEWORK_SUPPLEMENT, EV_FEE_PAID, INT_NONE, 0, 1, false, false, EVENT_TYPES },
		{ "processing", CASEWORK_PROCESSING, EV_FEE_UNCHANGED, 1, 1, 1, true, false, EVENT_TYPES },
		{ "withdrawn, none", CASEWORK_NONE, EV_INTAKE_WITHDRAWN, INT_NONE, 0, 0, false, true, EV_CASEWORK_WITHDRAWN },
		{ "withdrawn, processing", CASEWORK_PROCESSING, EV_INTAKE_WITHDRAWN, INT_NONE, 0, 0, true, true, EV_CASEWORK_WITHDRAWN },
		{ "withdrawn, decided", CASEWORK_DECIDED, EV_INTAKE_WITHDRAWN, INT_NONE, 0, 0, true, true, EVENT_TYPES },
		{ "withdrawn, stopped", CASEWORK_STOPPED, EV_INTAKE_WITHDRAWN, INT_NONE, 0, 0, false, true, EVENT_TYPES },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct dossier dos = dossier_in(cases[i].casework, FEE_PAID);
		struct event *event = event_new(arena, cases[i].event);
		enum event_type type;

		event->round = cases[i].event_round;
		dos.round = cases[i].round;
		dos.supplements = cases[i].supplements;
		dos.accepted_at = cases[i].accepted ? at(23, 9, 0) : TIME_NONE;
		if (cases[i].withdrawn)
			dos.state[STAGE_INTAKE] = INTAKE_WITHDRAWN;
		type = casework_wake(&dos, event);
		cr_expect_eq(type, cases[i].type, "%s", cases[i].name);
		cr_expect(type == EVENT_TYPES || dossier_may(&dos, type), "%s", cases[i].name);
	}
}

/* --- the timer ----------------------------------------------------------------- */

#define T INT64_C(1795233600000000)

Test(casework, timer)
{
	static const struct {
		const char	*name;
		int		casework;
		bool		overdue;
		int		round;		/* one supplement was asked for */
		time_us		now, intake;
		enum event_type	type;
		time_us		again;
	} cases[] = {
		{ "not yet", CASEWORK_ACCEPTED, false, 0, T - 1, T, EVENT_TYPES, T },
		{ "late", CASEWORK_ACCEPTED, false, 0, T, TIME_NONE, EV_CASEWORK_OVERDUE, TIME_NONE },
		{ "late, processing", CASEWORK_PROCESSING, false, 0, T + 1, TIME_NONE, EV_CASEWORK_OVERDUE, TIME_NONE },
		{ "late already", CASEWORK_PROCESSING, true, 0, T + 1, TIME_NONE, EVENT_TYPES, TIME_NONE },
		{ "decided", CASEWORK_DECIDED, false, 0, T + 1, TIME_NONE, EVENT_TYPES, TIME_NONE },
		{ "supplement, not yet", CASEWORK_SUPPLEMENT, false, 0, T - 1, T, EVENT_TYPES, T },
		{ "supplement, intake behind", CASEWORK_SUPPLEMENT, false, 0, T + HOUR_US, T + 2 * SECOND_US - 1, EVENT_TYPES,
		  T + HOUR_US + MINUTE_US },
		{ "supplement, intake unknown", CASEWORK_SUPPLEMENT, false, 0, T + HOUR_US, TIME_NONE, EVENT_TYPES,
		  T + HOUR_US + MINUTE_US },
		{ "supplement, intake past", CASEWORK_SUPPLEMENT, false, 0, T + HOUR_US, T + 2 * SECOND_US, EV_CASEWORK_STOPPED,
		  TIME_NONE },
		{ "supplemented, being checked", CASEWORK_SUPPLEMENT, false, 1, T + HOUR_US, T + HOUR_US, EVENT_TYPES,
		  T + 2 * HOUR_US },
		{ "checked for a month", CASEWORK_SUPPLEMENT, false, 1, T + 30 * DAY_US - 1, T + 30 * DAY_US, EVENT_TYPES,
		  T + 30 * DAY_US - 1 + HOUR_US },
		{ "given up", CASEWORK_SUPPLEMENT, false, 1, T + 30 * DAY_US, T + 30 * DAY_US, EV_CASEWORK_STOPPED, TIME_NONE },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct dossier dos = dossier_in(cases[i].casework, FEE_PAID);
		time_us again = 0;

		dos.overdue = cases[i].overdue;
		dos.due_at = dos.expires_at = T;
		dos.round = cases[i].round;
		dos.supplements = 1;
		cr_expect_eq(casework_timer(&dos, cases[i].now, cases[i].intake, &again), cases[i].type, "%s", cases[i].name);
		cr_expect_eq(again, cases[i].again, "%s", cases[i].name);
	}
}

/* --- deadlines ----------------------------------------------------------------- */

Test(casework, due_times)
{
	static const struct {
		const char *mode, *cutoff, *term; int day, hour, minute; int due_day, due_hour, due_minute;
	} cases[] = {
		{ "civil", "\"17:00\"", THREE_DAYS, 23, 10, 0, 28, 0, 0 },
		{ "hours", "\"17:00\"", THREE_DAYS, 23, 10, 0, 27, 10, 0 },
		{ "hours", "\"17:00\"", THREE_DAYS, 20, 17, 30, 26, 17, 0 },
		{ "civil", "\"15:00\"", "{\"amount\":1,\"unit\":\"working_day\"}", 25, 15, 0, 27, 0, 0 },
		{ "civil", "\"15:00\"", "{\"amount\":1,\"unit\":\"working_day\"}", 25, 15, 1, 28, 0, 0 },
		{ "civil", "\"15:00\"", "{\"amount\":0,\"unit\":\"immediate\"}", 25, 9, 0, 26, 0, 0 },
		{ "civil", "null", "{\"amount\":4,\"unit\":\"working_hour\"}", 25, 9, 0, 25, 14, 0 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct casework_law *law = law_of(cases[i].mode, cases[i].cutoff, cases[i].term);
		time_us due = 0;
		struct err err;
		char text[TIME_TEXT_BYTES];

		cr_assert_eq(casework_due(cal, &law->cases[0].rule, at(cases[i].day, cases[i].hour, cases[i].minute), &due,
		    &err), FAULT_NONE, "%zu", i);
		time_to_text(due, text);
		cr_expect_eq(due, at(cases[i].due_day, cases[i].due_hour, cases[i].due_minute), "%zu: %s", i, text);
	}
}

Test(casework, first_answer)
{
	static const struct { const char *channel; int day, hour; } cases[] = {
		{ "online", 25, 15 }, { "counter", 26, 0 }, { "postal", 26, 0 },
	};
	struct dossier dos = dossier_in(CASEWORK_NONE, FEE_WAIVED);
	time_us due;
	struct err err;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		dos.channel = text_of(cases[i].channel);
		cr_assert_eq(casework_first_answer(cal, &dos, &due, &err), FAULT_NONE);
		cr_expect_eq(due, at(cases[i].day, cases[i].hour, 0), "%s", cases[i].channel);
	}
	/* A year that nobody loaded is a fault, not a guess. */
	dos.received_at += 365 * DAY_US;
	cr_expect_eq(casework_first_answer(cal, &dos, &due, &err), FAULT_PARK);
}

Test(casework, law_is_read)
{
	const struct casework_law *law = law_of("hours", "\"15:30\"", THREE_DAYS);

	cr_expect_eq(law->supplement_days, 15);
	cr_expect_eq(law->cases[0].rule.cutoff_minute, 15 * 60 + 30);
	cr_expect_eq(law->cases[0].rule.mode, DEADLINE_HOURS);
	cr_expect_eq(law_of("civil", "null", THREE_DAYS)->cases[0].rule.cutoff_minute, DEADLINE_NO_CUTOFF);
	cr_expect_null(casework_law_case(law, TEXT("late")));
}
