/*
 * dossier: the fold.  What an event does to the row and what it leaves alone,
 * the trail and the inputs, when a dossier is finished, and what the portal
 * says in every combination of sub-states.  The moves themselves: test_stage.
 */
#include <criterion/criterion.h>

#include "dossier.h"

static struct arena *arena;
static struct dossier dos;
static int64_t next_number;

static void
setup(void)
{
	static const uint8_t id[UUID_BYTES] = { 0x52, 0x56, 0xd6, 0x34 };

	arena = arena_new(8 << 20);
	dossier_init(&dos, id);
	next_number = 100;
}

static void
teardown(void)
{
	arena_free(arena);
}

TestSuite(dossier, .init = setup, .fini = teardown);

/* The next event of this dossier. */
static struct event *
next(enum event_type type)
{
	struct event *event = event_new(arena, type);

	memcpy(event->dossier, dos.id, UUID_BYTES);
	event->version = dos.version + 1;
	event->home = 3;
	event->number = next_number++;
	event->at = INT64_C(1795321822000000) + event->version;
	event->round = dos.round;
	return event;
}

static void
apply(const struct event *event)
{
	struct err err = { 0 };

	cr_assert_eq(dossier_apply(&dos, event, arena, &err), FAULT_NONE, "%s", err.text);
}

static void
happen(enum event_type type)
{
	apply(next(type));
}

static struct event *
registered(void)
{
	struct event *e = next(EV_INTAKE_REGISTERED);

	e->code = TEXT("H55.242-261122-0001");
	e->source = TEXT("https://dichvucong.example.vn");
	e->submission = TEXT("2026-0001");
	e->digest = TEXT("00ff10ef");
	e->procedure = TEXT("1.001193");
	e->procedure_version = 3;
	e->case_code = TEXT("default");
	e->agency = TEXT("H55.242");
	e->level = TEXT("toan_trinh");
	e->channel = TEXT("online");
	e->applicant_kind = TEXT("citizen");
	e->language = TEXT("vi");
	e->rule_set = TEXT("0123456789abcdef");
	e->received_at = 42 * SECOND_US;
	e->exemption = TEXT("merit");
	e->delivery = TEXT("postal");
	e->input = TEXT("00112233445566778899aabbccddeeff");
	return e;
}

#define IS(field, value) cr_expect(text_is(dos.field, value), "%s: %.*s", #field, TEXT_ARG(dos.field))
#define ABSENT(field) cr_expect(text_is_absent(dos.field), "%s: %.*s", #field, TEXT_ARG(dos.field))

/* --- the first event ----------------------------------------------------- */

Test(dossier, before_anything_happened)
{
	cr_expect_eq(dos.version, 0);
	cr_expect_eq(dos.round, 0);
	cr_expect_eq(dossier_steps(&dos), 0);
	for (int s = 0; s < STAGES; s++)
		cr_expect_eq(dos.state[s], 0);
	ABSENT(code);
	ABSENT(missing);
	cr_expect_eq(dos.received_at, TIME_NONE);
	cr_expect_eq(dos.due_at, TIME_NONE);
	cr_expect_eq(dos.expires_at, TIME_NONE);
	cr_expect_eq(dos.phi, INT_NONE);
	cr_expect_eq(dos.le_phi, INT_NONE);
	cr_expect_eq(dos.amount, INT_NONE);
	cr_expect(!text_is_absent(dos.trail) && !text_is_absent(dos.inputs), "the columns are not null");
	cr_expect_eq(dos.inputs.n, 0);
	cr_expect(!dossier_is_finished(&dos));
}

Test(dossier, registration)
{
	apply(registered());
	cr_expect_eq(dos.state[STAGE_INTAKE], INTAKE_REGISTERED);
	cr_expect_eq(dos.version, 1);
	cr_expect_eq(dos.home, 3);
	cr_expect_eq(dos.received_at, 42 * SECOND_US);
	cr_expect_eq(dos.updated_at, INT64_C(1795321822000001));
	IS(code, "H55.242-261122-0001");
	IS(source, "https://dichvucong.example.vn");
	IS(submission, "2026-0001");
	cr_expect(text_is_equal(dos.digest, TEXT("\0\xff\x10\xef")), "hexadecimal travels, bytes rest");
	cr_expect(text_is_equal(dos.rule_set, TEXT("\x01\x23\x45\x67\x89\xab\xcd\xef")));
	IS(procedure, "1.001193");
	cr_expect_eq(dos.procedure_version, 3);
	IS(case_code, "default");
	IS(agency, "H55.242");
	IS(level, "toan_trinh");
	IS(channel, "online");
	IS(applicant_kind, "citizen");
	IS(language, "vi");
	IS(exemption, "merit");
	IS(delivery, "postal");
	ABSENT(errors);
}

Test(dossier, rejection)
{
	struct event *e = next(EV_INTAKE_REJECTED);

	e->source = TEXT("s");
	e->submission = TEXT("i");
	e->digest = TEXT("00");
	e->received_at = 1;
	e->errors = TEXT("[{\"rule\":\"required\"}]");
	apply(e);
	IS(source, "s");
	IS(errors, "[{\"rule\":\"required\"}]");
	ABSENT(code);
	ABSENT(procedure);
	cr_expect_eq(dos.state[STAGE_INTAKE], INTAKE_REJECTED);
	cr_expect(dossier_is_finished(&dos));
	cr_expect_eq(dossier_portal_state(&dos), 0);
}

/* --- what is refused leaves no trace ------------------------------------- */

Test(dossier, only_the_next_version)
{
	static const struct { int32_t row, event; bool ok; } cases[] = {
		{ 0, 1, true }, { 0, 0, false }, { 0, 2, false }, { 0, -1, false }, { 5, 6, true }, { 5, 5, false },
		{ 5, 4, false }, { 5, 7, false }, { 5, 1, false }, { 5, 0, false }, { 5, INT32_MAX, false },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct event *e = registered();
		struct dossier row = dos, before;
		struct err err = { 0 };
		enum fault fault;

		row.version = cases[i].row;
		memcpy(&before, &row, sizeof row);
		e->version = cases[i].event;
		fault = dossier_apply(&row, e, arena, &err);
		cr_expect_eq(fault, cases[i].ok ? FAULT_NONE : FAULT_PARK, "%d on %d", cases[i].event, cases[i].row);
		if (cases[i].ok)
			continue;
		cr_expect_eq(memcmp(&before, &row, sizeof row), 0, "%d on %d left a trace", cases[i].event, cases[i].row);
		cr_expect_str_eq(err.code, "version");
	}
}

Test(dossier, answers_never_apply)
{
	for (int t = 0; t < EVENT_TYPES; t++) {
		struct event *e = next((enum event_type)t);
		struct dossier before;
		struct err err = { 0 };

		if (!event_is_answer(e->type))
			continue;
		memcpy(&before, &dos, sizeof dos);
		e->input = TEXT("00112233445566778899aabbccddeeff");
		e->missing = TEXT("[\"TP01\"]");
		cr_expect_eq(dossier_apply(&dos, e, arena, &err), FAULT_PARK, "%s", event_type_name(e->type));
		cr_expect_eq(memcmp(&before, &dos, sizeof dos), 0, "%s left a trace", event_type_name(e->type));
	}
}

/* --- trail and inputs ---------------------------------------------------- */

Test(dossier, trail)
{
	static const struct { enum event_type type; enum stage stage; int64_t number; } steps[] = {
		{ EV_INTAKE_REGISTERED, STAGE_INTAKE, 1 }, { EV_VERIFICATION_PASSED, STAGE_VERIFICATION, 255 },
		{ EV_LOOKUP_ANSWERED, STAGE_LOOKUP, 256 }, { EV_FEE_WAIVED, STAGE_FEE, INT64_MAX },
		{ EV_CASEWORK_OPENED, STAGE_CASEWORK, INT64_C(0x0102030405060708) },
		{ EV_TRACKING_NOTICE_ORDERED, STAGE_TRACKING, 65536 }, { EV_DISPATCH_RELEASED, STAGE_DISPATCH, 4294967296 },
	};
	enum { STEPS = sizeof steps / sizeof *steps };

	for (int i = 0; i < STEPS; i++) {
		struct event *e = next(steps[i].type);
		struct text before = arena_text(arena, dos.trail);

		e->number = steps[i].number;
		apply(e);
		cr_assert_eq(dossier_steps(&dos), i + 1);
		cr_assert_eq(dos.trail.n, before.n + TRAIL_BYTES);
		cr_assert_eq(memcmp(dos.trail.s, before.s, before.n), 0, "what stood there stands");
	}
	for (int i = 0; i < STEPS; i++) {
		enum stage stage = STAGES;
		int64_t number = 0;

		dossier_step(&dos, i, &stage, &number);
		cr_expect_eq(stage, steps[i].stage, "step %d", i);
		cr_expect_eq(number, steps[i].number, "step %d", i);
	}
	cr_expect_arr_eq(dos.trail.s + 4 * TRAIL_BYTES, "\x04\1\2\3\4\5\6\7\x08", TRAIL_BYTES);
}

Test(dossier, a_row_that_was_loaded_is_not_written_into)
{
	char trail[TRAIL_BYTES] = { 0 };

	dos.version = 1;
	dos.state[STAGE_INTAKE] = INTAKE_REGISTERED;
	dos.trail = (struct text){ trail, sizeof trail };
	happen(EV_VERIFICATION_PASSED);
	cr_expect_neq(dos.trail.s, trail, "the row as committed may still be needed");
	cr_expect_eq(dossier_steps(&dos), 2);
}

Test(dossier, inputs)
{
	static const struct { const char *name; struct text input; bool taken; } cases[] = {
		{ "none", { NULL, 0 }, false },
		{ "one", { "00112233445566778899aabbccddeeff", 32 }, true },
		{ "another", { "ffffffffffffffffffffffffffffffff", 32 }, true },
		{ "too short", { "00112233445566778899aabbccddee", 30 }, false },
		{ "no digits", { "x0112233445566778899aabbccddeeff", 32 }, false },
	};
	size_t n = 0;
	uint8_t bytes[INPUT_BYTES];

	apply(registered());
	n = dos.inputs.n;
	cr_assert_eq(n, INPUT_BYTES);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct event *e = next(EV_INTAKE_SUPPLEMENTED);

		e->input = cases[i].input;
		apply(e);
		n += cases[i].taken ? INPUT_BYTES : 0;
		cr_expect_eq(dos.inputs.n, n, "%s", cases[i].name);
	}
	cr_assert(text_unhex(cases[1].input, bytes, INPUT_BYTES));
	cr_expect(dossier_has_input(&dos, bytes));
	bytes[15] ^= 1;
	cr_expect(!dossier_has_input(&dos, bytes));
	memset(bytes, 0xff, sizeof bytes);
	cr_expect(dossier_has_input(&dos, bytes));
}

/* Sixteen bytes that stand across two inputs are none of them. */
Test(dossier, inputs_are_compared_whole)
{
	uint8_t both[2 * INPUT_BYTES];

	for (size_t i = 0; i < sizeof both; i++)
		both[i] = (uint8_t)i;
	dos.inputs = (struct text){ (const char *)both, sizeof both };
	cr_expect(dossier_has_input(&dos, both));
	cr_expect(dossier_has_input(&dos, both + INPUT_BYTES));
	for (size_t at = 1; at < INPUT_BYTES; at++)
		cr_expect(!dossier_has_input(&dos, both + at), "%zu", at);
	dos.inputs = TEXT("");
	cr_expect(!dossier_has_input(&dos, both));
}

/* --- facts --------------------------------------------------------------- */

Test(dossier, facts_that_come_with_any_event)
{
	struct event *e;

	apply(registered());
	e = next(EV_VERIFICATION_LACKING);
	e->missing = TEXT("[\"TP01\"]");
	apply(e);
	IS(missing, "[\"TP01\"]");
	happen(EV_VERIFICATION_PASSED);
	IS(missing, "[\"TP01\"]");	/* an absent fact changes nothing */
	e = next(EV_LOOKUP_ANSWERED);
	e->missing = TEXT("[]");
	apply(e);
	IS(missing, "[]");

	e = next(EV_FEE_ORDERED);
	e->order = TEXT("x.F5");
	e->phi = 50000;
	e->le_phi = 0;
	e->amount = 50000;
	e->expires_at = 9 * DAY_US;
	apply(e);
	IS(fee_order, "x.F5");
	cr_expect_eq(dos.phi, 50000);
	cr_expect_eq(dos.le_phi, 0);
	cr_expect_eq(dos.amount, 50000);
	cr_expect_eq(dos.expires_at, 9 * DAY_US);
	e = next(EV_FEE_PAID);
	e->amount = 50000;
	apply(e);
	cr_expect_eq(dos.expires_at, TIME_NONE, "nothing is waited for any more");
	cr_expect_eq(dos.phi, 50000);
	e = next(EV_FEE_REFUND_ORDERED);
	e->amount = 20000;
	apply(e);
	cr_expect_eq(dos.amount, 50000, "what was owed stays what it was");

	happen(EV_CASEWORK_OPENED);
	e = next(EV_CASEWORK_ACCEPTED);
	e->accepted_at = 10 * DAY_US;
	e->due_at = 20 * DAY_US;
	apply(e);
	cr_expect_eq(dos.accepted_at, 10 * DAY_US);
	cr_expect_eq(dos.due_at, 20 * DAY_US);
	e = next(EV_CASEWORK_DECIDED);
	e->result = TEXT("denied");
	e->document = TEXT("{\"uri\":\"a\"}");
	e->reason = TEXT("because");
	e->citation = TEXT("Điều 1");
	apply(e);
	IS(result, "denied");
	IS(document, "{\"uri\":\"a\"}");
	IS(reason, "because");
	IS(citation, "Điều 1");
	e = next(EV_DISPATCH_PARCEL_ORDERED);
	e->parcel = TEXT("x.P9");
	apply(e);
	e = next(EV_DISPATCH_PARCEL_PLACED);
	e->item_code = TEXT("EA123456785VN");
	apply(e);
	IS(parcel, "x.P9");
	IS(item_code, "EA123456785VN");
	/* And nothing of the registration has changed. */
	IS(code, "H55.242-261122-0001");
	cr_expect_eq(dos.received_at, 42 * SECOND_US);
	cr_expect_eq(dos.version, 12);
}

Test(dossier, supplements)
{
	struct event *e;

	apply(registered());
	happen(EV_CASEWORK_OPENED);
	e = next(EV_CASEWORK_ACCEPTED);
	e->due_at = 20 * DAY_US;
	apply(e);
	for (int i = 1; i <= 2; i++) {
		e = next(EV_CASEWORK_SUPPLEMENT_REQUESTED);
		e->missing = TEXT("[\"TP02\"]");
		e->reason = TEXT("unclear");
		e->expires_at = 30 * DAY_US;
		apply(e);
		cr_expect_eq(dos.supplements, i);
		cr_expect_eq(dos.expires_at, 30 * DAY_US);
		cr_expect_eq(dos.due_at, TIME_NONE, "the clock stands");
		IS(reason, "unclear");
		IS(missing, "[\"TP02\"]");
		e = next(EV_INTAKE_SUPPLEMENTED);
		e->round = i;
		apply(e);
		cr_expect_eq(dos.round, i);
		e = next(EV_CASEWORK_RESUMED);
		e->due_at = 40 * DAY_US;
		apply(e);
		cr_expect_eq(dos.due_at, 40 * DAY_US);
		cr_expect_eq(dos.expires_at, TIME_NONE);
	}
	cr_expect(!dos.overdue);
	happen(EV_CASEWORK_OVERDUE);
	cr_expect(dos.overdue);
	cr_expect_eq(dos.due_at, 40 * DAY_US);
}

Test(dossier, delivery_changes)
{
	struct event *e;

	apply(registered());
	e = next(EV_INTAKE_DELIVERY_CHANGED);
	e->delivery = TEXT("online");
	apply(e);
	IS(delivery, "online");
	cr_expect_eq(dos.state[STAGE_INTAKE], INTAKE_REGISTERED);
}

/* Of a later event, what only a registration may say is not taken over. */
Test(dossier, what_is_fixed_stays)
{
	struct event *e;
	struct dossier before;

	apply(registered());
	before = dos;
	for (int t = 0; t < EVENT_TYPES; t++) {
		dos = before;
		if (!dossier_may(&dos, (enum event_type)t))
			continue;
		e = registered();
		e->type = (enum event_type)t;
		e->code = e->source = e->submission = e->procedure = e->case_code = e->agency = e->level = e->channel =
		    e->applicant_kind = e->language = e->exemption = e->errors = TEXT("other");
		e->digest = e->rule_set = TEXT("ffff");
		e->procedure_version = 9;
		e->received_at = 9;
		e->home = 9;
		apply(e);
		cr_expect_null(columns_differ(dossier_columns, dossier_n_fixed, &before, &dos), "%s changed %s",
		    event_type_name(e->type), columns_differ(dossier_columns, dossier_n_fixed, &before, &dos)->name);
	}
}

/* --- finished, and the portal -------------------------------------------- */

/* Visits every combination of sub-states: each stage by itself reaches all of its own (test_stage). */
static void
each_combination(void (*visit)(const struct dossier *row))
{
	struct dossier row = dos;

	memset(row.state, 0, sizeof row.state);
	for (;;) {
		int s = 0;

		visit(&row);
		while (s < STAGES && ++row.state[s] == stage_states((enum stage)s))
			row.state[s++] = 0;
		if (s == STAGES)
			return;
	}
}

static bool
one_of(const struct dossier *row, enum stage stage, const char *names)
{
	const char *name = state_name(stage, row->state[stage]), *found = strstr(names, name);

	return found != NULL && (found == names || found[-1] == ' ') &&
	    (found[strlen(name)] == ' ' || found[strlen(name)] == '\0');
}

static void
visit_finished(const struct dossier *row)
{
	bool expected = one_of(row, STAGE_INTAKE, "rejected withdrawn") ||
	    one_of(row, STAGE_CASEWORK, "refused stopped withdrawn") ||
	    one_of(row, STAGE_DISPATCH, "released handed_over returned delivered failed");

	if (dossier_is_finished(row) != expected)
		cr_assert_fail("intake %d casework %d dispatch %d", row->state[0], row->state[4], row->state[5]);
}

Test(dossier, is_finished_in_every_combination)
{
	each_combination(visit_finished);
}

/* The ten codes of the national portal, from the words of the states. */
static int
expected_code(const struct dossier *row)
{
	if (one_of(row, STAGE_INTAKE, "rejected"))
		return 0;
	if (one_of(row, STAGE_DISPATCH, "released handed_over delivered"))
		return 10;					/* đã trả kết quả */
	if (one_of(row, STAGE_CASEWORK, "decided"))
		return 9;					/* đã xử lý xong */
	if (one_of(row, STAGE_INTAKE, "withdrawn") || one_of(row, STAGE_CASEWORK, "withdrawn"))
		return 7;					/* công dân yêu cầu rút hồ sơ */
	if (one_of(row, STAGE_CASEWORK, "refused"))
		return 3;					/* không được tiếp nhận */
	if (one_of(row, STAGE_CASEWORK, "stopped"))
		return 8;					/* dừng xử lý */
	if (one_of(row, STAGE_CASEWORK, "supplement"))
		return 5;					/* yêu cầu bổ sung giấy tờ */
	if (one_of(row, STAGE_CASEWORK, "processing"))
		return 4;					/* đang xử lý */
	if (one_of(row, STAGE_CASEWORK, "accepted"))
		return 2;					/* được tiếp nhận */
	if (one_of(row, STAGE_CASEWORK, "none") && one_of(row, STAGE_FEE, "owed"))
		return 6;					/* yêu cầu thực hiện nghĩa vụ tài chính */
	return 1;						/* mới đăng ký */
}

static int visited[11], visits;

static void
visit_portal(const struct dossier *row)
{
	int code = dossier_portal_state(row), expected = expected_code(row);

	if (code != expected)
		cr_assert_fail("intake %s, fee %s, casework %s, dispatch %s: %d, not %d", state_name(STAGE_INTAKE, row->state[0]),
		    state_name(STAGE_FEE, row->state[3]), state_name(STAGE_CASEWORK, row->state[4]),
		    state_name(STAGE_DISPATCH, row->state[5]), code, expected);
	visited[code]++;
	visits++;
}

Test(dossier, portal_state_in_every_combination)
{
	each_combination(visit_portal);
	cr_assert_eq(visits, 4 * 3 * 2 * 9 * 9 * 12 * 2);
	for (int code = 0; code <= 10; code++)
		cr_expect_gt(visited[code], 0, "%d", code);
}

/* By events that a dossier can really have, one after the other. */
Test(dossier, all_ten_codes_are_reached)
{
	static const struct { const char *name; int code; enum event_type events[12]; int n; } paths[] = {
		{ "newly registered", 1, { EV_INTAKE_REGISTERED }, 1 },
		{ "fee owed", 6, { EV_INTAKE_REGISTERED, EV_VERIFICATION_PASSED, EV_LOOKUP_ANSWERED, EV_FEE_ORDERED }, 4 },
		{ "fee paid", 1, { EV_INTAKE_REGISTERED, EV_VERIFICATION_PASSED, EV_LOOKUP_ANSWERED, EV_FEE_ORDERED,
		    EV_FEE_PAID }, 5 },
		{ "refused", 3, { EV_INTAKE_REGISTERED, EV_FEE_WAIVED, EV_CASEWORK_OPENED, EV_CASEWORK_REFUSED }, 4 },
		{ "received", 2, { EV_INTAKE_REGISTERED, EV_FEE_WAIVED, EV_CASEWORK_OPENED, EV_CASEWORK_ACCEPTED }, 4 },
		{ "in process", 4, { EV_INTAKE_REGISTERED, EV_CASEWORK_OPENED, EV_CASEWORK_ACCEPTED, EV_CASEWORK_ASSIGNED }, 4 },
		{ "supplement", 5, { EV_INTAKE_REGISTERED, EV_CASEWORK_OPENED, EV_CASEWORK_SUPPLEMENT_REQUESTED }, 3 },
		{ "withdrawn, heard by intake alone", 7, { EV_INTAKE_REGISTERED, EV_INTAKE_WITHDRAWN }, 2 },
		{ "withdrawn, heard by casework", 7, { EV_INTAKE_REGISTERED, EV_CASEWORK_OPENED, EV_INTAKE_WITHDRAWN,
		    EV_CASEWORK_WITHDRAWN }, 4 },
		{ "withdrawn after the decision: too late", 9, { EV_INTAKE_REGISTERED, EV_CASEWORK_OPENED,
		    EV_CASEWORK_ACCEPTED, EV_CASEWORK_DECIDED, EV_INTAKE_WITHDRAWN }, 5 },
		{ "stopped", 8, { EV_INTAKE_REGISTERED, EV_FEE_ORDERED, EV_FEE_EXPIRED, EV_CASEWORK_STOPPED }, 4 },
		{ "ready", 9, { EV_INTAKE_REGISTERED, EV_CASEWORK_OPENED, EV_CASEWORK_ACCEPTED, EV_CASEWORK_DECIDED }, 4 },
		{ "on its way", 9, { EV_INTAKE_REGISTERED, EV_CASEWORK_OPENED, EV_CASEWORK_ACCEPTED, EV_CASEWORK_DECIDED,
		    EV_DISPATCH_PARCEL_ORDERED, EV_DISPATCH_PARCEL_PLACED }, 6 },
		{ "came back", 9, { EV_INTAKE_REGISTERED, EV_CASEWORK_OPENED, EV_CASEWORK_ACCEPTED, EV_CASEWORK_DECIDED,
		    EV_DISPATCH_PARCEL_ORDERED, EV_DISPATCH_PARCEL_RETURNED }, 6 },
		{ "returned online", 10, { EV_INTAKE_REGISTERED, EV_CASEWORK_OPENED, EV_CASEWORK_ACCEPTED,
		    EV_CASEWORK_DECIDED, EV_DISPATCH_RELEASED }, 5 },
		{ "returned by post", 10, { EV_INTAKE_REGISTERED, EV_CASEWORK_OPENED, EV_CASEWORK_ACCEPTED,
		    EV_CASEWORK_DECIDED, EV_DISPATCH_PARCEL_ORDERED, EV_DISPATCH_PARCEL_PLACED,
		    EV_DISPATCH_PARCEL_DELIVERED }, 7 },
		{ "returned at the counter", 10, { EV_INTAKE_REGISTERED, EV_CASEWORK_OPENED, EV_CASEWORK_ACCEPTED,
		    EV_CASEWORK_DECIDED, EV_DISPATCH_COUNTER_READY, EV_DISPATCH_HANDED_OVER }, 6 },
	};
	static const uint8_t id[UUID_BYTES] = { 7 };
	unsigned reached = 0;

	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		dossier_init(&dos, id);
		for (int k = 0; k < paths[i].n; k++)
			happen(paths[i].events[k]);
		cr_expect_eq(dossier_portal_state(&dos), paths[i].code, "%s: %d", paths[i].name, dossier_portal_state(&dos));
		reached |= 1u << dossier_portal_state(&dos);
	}
	cr_assert_eq(reached, 0x7fe, "%x", reached);
}

Test(dossier, portal_names)
{
	static const char *const vi[] = { "Không hợp lệ", "Mới đăng ký", "Được tiếp nhận", "Không được tiếp nhận",
	    "Đang xử lý", "Yêu cầu bổ sung giấy tờ", "Yêu cầu thực hiện nghĩa vụ tài chính", "Công dân yêu cầu rút hồ sơ",
	    "Dừng xử lý", "Đã xử lý xong", "Đã trả kết quả" };
	static const char *const en[] = { "Rejected", "Submitted", "Accepted", "Not accepted", "In process",
	    "Supplement requested", "Payment required", "Withdrawn", "Stopped", "Processed", "Result returned" };

	for (int code = 0; code <= 10; code++) {
		cr_expect_str_eq(portal_state_name_vi(code), vi[code]);
		cr_expect_str_eq(portal_state_name_en(code), en[code]);
	}
}
