/* dispatch: the way out, news of a parcel, the post's language, the parcel's row. */
#include <criterion/criterion.h>

#include "../../services/dispatch/dispatch_gateway.h"
#include "../../services/dispatch/dispatch_rules.h"

static struct arena *arena;

static void
setup(void)
{
	arena = arena_new(0);
}

static void
teardown(void)
{
	arena_free(arena);
}

TestSuite(dispatch, .init = setup, .fini = teardown);

#define NOW INT64_C(1795233600000000)
#define ID "b1661369-e78b-8578-bc9d-2cdf61a3257a"
#define PARCEL ID ".P9"
#define ITEM "EA123456785VN"

static struct dossier
dossier_in(int dispatch, const char *delivery)
{
	struct dossier dos;
	uint8_t id[UUID_BYTES];

	uuid_from_text(TEXT(ID), id);
	dossier_init(&dos, id);
	dos.code = TEXT("H55.242-261121-0001");
	dos.state[STAGE_CASEWORK] = CASEWORK_DECIDED;
	dos.state[STAGE_DISPATCH] = dispatch;
	dos.delivery = text_of(delivery);
	return dos;
}

Test(dispatch, the_way_out)
{
	static const struct { const char *delivery; int state; enum event_type type; } cases[] = {
		{ "online", DISPATCH_NONE, EV_DISPATCH_RELEASED },
		{ "counter", DISPATCH_NONE, EV_DISPATCH_COUNTER_READY },
		{ "postal", DISPATCH_NONE, EV_DISPATCH_PARCEL_ORDERED },
		{ NULL, DISPATCH_NONE, EV_DISPATCH_COUNTER_READY },
		{ "online", DISPATCH_RELEASED, EVENT_TYPES },
		{ "counter", DISPATCH_COUNTER, EVENT_TYPES },
		{ "postal", DISPATCH_ORDERING, EVENT_TYPES },
		{ "postal", DISPATCH_DELIVERED, EVENT_TYPES },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct dossier dos = dossier_in(cases[i].state, cases[i].delivery);

		cr_expect_eq(dispatch_way(&dos), cases[i].type, "%zu", i);
	}
}

Test(dispatch, news)
{
	static const struct {
		const char	*name;
		int		state;
		const char	*item;		/* on record; "-": no such parcel */
		int		attempts;
		const char	*news;
		int64_t		attempt;
		enum event_type	type;
		const char	*rule;
	} cases[] = {
		{ "posted before the answer", DISPATCH_ORDERING, NULL, 0, "posted", INT_NONE, EV_DISPATCH_PARCEL_POSTED, NULL },
		{ "posted", DISPATCH_PLACED, ITEM, 0, "posted", INT_NONE, EV_DISPATCH_PARCEL_POSTED, NULL },
		{ "posted twice", DISPATCH_POSTED, ITEM, 0, "posted", INT_NONE, EV_DISPATCH_PARCEL_NOTED, NULL },
		{ "in transit", DISPATCH_POSTED, ITEM, 0, "in_transit", INT_NONE, EV_DISPATCH_PARCEL_IN_TRANSIT, NULL },
		{ "in transit, posted skipped", DISPATCH_PLACED, ITEM, 0, "in_transit", INT_NONE, EV_DISPATCH_PARCEL_IN_TRANSIT, NULL },
		{ "posted after transit", DISPATCH_IN_TRANSIT, ITEM, 0, "posted", INT_NONE, EV_DISPATCH_PARCEL_NOTED, NULL },
		{ "nobody at home", DISPATCH_IN_TRANSIT, ITEM, 0, "attempt_failed", 1, EV_DISPATCH_PARCEL_ATTEMPT_FAILED, NULL },
		{ "told again", DISPATCH_ATTEMPT_FAILED, ITEM, 1, "attempt_failed", 1, EV_DISPATCH_PARCEL_NOTED, NULL },
		{ "second attempt", DISPATCH_ATTEMPT_FAILED, ITEM, 1, "attempt_failed", 2, EV_DISPATCH_PARCEL_ATTEMPT_FAILED, NULL },
		{ "without a number", DISPATCH_ATTEMPT_FAILED, ITEM, 1, "attempt_failed", INT_NONE, EV_DISPATCH_PARCEL_ATTEMPT_FAILED, NULL },
		{ "out again", DISPATCH_ATTEMPT_FAILED, ITEM, 1, "in_transit", INT_NONE, EV_DISPATCH_PARCEL_IN_TRANSIT, NULL },
		{ "delivered", DISPATCH_ATTEMPT_FAILED, ITEM, 1, "delivered", INT_NONE, EV_DISPATCH_PARCEL_DELIVERED, NULL },
		{ "returned", DISPATCH_IN_TRANSIT, ITEM, 1, "returned", INT_NONE, EV_DISPATCH_PARCEL_RETURNED, NULL },
		{ "delivered twice", DISPATCH_DELIVERED, ITEM, 1, "delivered", INT_NONE, EV_DISPATCH_PARCEL_NOTED, NULL },
		{ "returned after delivery", DISPATCH_DELIVERED, ITEM, 1, "returned", INT_NONE, EV_DISPATCH_PARCEL_NOTED, NULL },
		{ "delivered after return", DISPATCH_RETURNED, ITEM, 1, "delivered", INT_NONE, EV_DISPATCH_PARCEL_NOTED, NULL },
		{ "other item", DISPATCH_PLACED, "EA000000005VN", 0, "posted", INT_NONE, EV_DISPATCH_REFUSED, "postal.item_code" },
		{ "unknown parcel", DISPATCH_NONE, "-", 0, "posted", INT_NONE, EV_DISPATCH_REFUSED, "postal.unknown_parcel" },
		{ "turned down", DISPATCH_FAILED, NULL, 0, "posted", INT_NONE, EV_DISPATCH_REFUSED, "postal.not_sent" },
		{ "unknown state", DISPATCH_PLACED, ITEM, 0, "lost", INT_NONE, EV_DISPATCH_REFUSED, "postal.state" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct dossier dos = dossier_in(cases[i].state, "postal");
		bool none = cases[i].item != NULL && strcmp(cases[i].item, "-") == 0;
		struct parcel parcel = { .parcel_id = TEXT(PARCEL), .item_code = text_of(cases[i].item),
			.state = text_of(state_name(STAGE_DISPATCH, cases[i].state)), .attempts = cases[i].attempts };
		struct postal_news news = { .parcel = TEXT(PARCEL), .item_code = TEXT(ITEM),
			.state = text_of(cases[i].news), .at = NOW, .attempt = cases[i].attempt };
		const struct rule_error *why = NULL;
		enum event_type type = dispatch_judge_news(&dos, none ? NULL : &parcel, &news, &why);

		cr_expect_eq(type, cases[i].type, "%s: %s", cases[i].name, event_name(type));
		cr_expect(type == EV_DISPATCH_REFUSED || dossier_may(&dos, type), "%s", cases[i].name);
		cr_expect_eq(why == NULL, cases[i].rule == NULL, "%s", cases[i].name);
		if (why != NULL && cases[i].rule != NULL)
			cr_expect_str_eq(why->rule, cases[i].rule, "%s", cases[i].name);
	}
}

Test(dispatch, the_order_is_taken)
{
	static const struct { int state; const char *item; enum event_type type; } cases[] = {
		{ DISPATCH_ORDERING, NULL, EV_DISPATCH_PARCEL_PLACED },
		{ DISPATCH_POSTED, ITEM, EVENT_TYPES },
		{ DISPATCH_POSTED, "EA000000005VN", EV_DISPATCH_PARCEL_NOTED },
		{ DISPATCH_DELIVERED, ITEM, EVENT_TYPES },
		{ DISPATCH_FAILED, NULL, EVENT_TYPES },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct dossier dos = dossier_in(cases[i].state, "postal");
		struct parcel parcel = { .item_code = text_of(cases[i].item) };

		cr_expect_eq(dispatch_judge_placed(&dos, &parcel, TEXT(ITEM)), cases[i].type, "%zu", i);
		cr_expect_eq(dispatch_judge_placed(&dos, NULL, TEXT(ITEM)), EVENT_TYPES);
	}
}

/* --- the post's language ------------------------------------------------------- */

static const struct doc_node *
parsed(const char *json)
{
	const struct doc_node *node;
	struct doc_error why;

	cr_assert_eq(doc_parse(arena, text_of(json), NULL, &node, &why), FAULT_NONE);
	return node;
}

#define ADDRESS(name) "{\"name\":\"" name "\",\"phone\":\"+84912345678\",\"province\":\"19\",\"commune\":\"05443\",\"detail\":\"Số 1\"}"
#define POSTAL(name) "{\"delivery\":{\"method\":\"postal\",\"address\":" ADDRESS(name) "}}"

Test(dispatch, address)
{
	static const struct { const char *name, *kind[3], *body[3]; const char *who; } cases[] = {
		{ "first", { "submission" }, { POSTAL("A") }, "A" },
		{ "changed", { "submission", "delivery" }, { POSTAL("A"), POSTAL("B") }, "B" },
		{ "twice", { "submission", "delivery", "delivery" }, { POSTAL("A"), POSTAL("B"), POSTAL("C") }, "C" },
		{ "supplement between", { "submission", "supplement" }, { POSTAL("A"), "{\"components\":[]}" }, "A" },
		{ "note behind", { "submission", "delivery", "note" }, { POSTAL("A"), POSTAL("B"), "{}" }, "B" },
		{ "never by post", { "submission" }, { "{\"delivery\":{\"method\":\"online\"}}" }, NULL },
		{ "nothing", { NULL }, { NULL }, NULL },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct content contents[3];
		const struct doc_node *address;
		int n = 0;

		for (; n < 3 && cases[i].kind[n] != NULL; n++)
			contents[n] = (struct content){ .kind = text_of(cases[i].kind[n]), .data = parsed(cases[i].body[n]) };
		address = dispatch_address(contents, n);
		cr_expect(text_is_equal(doc_get_text(address, "name"), text_of(cases[i].who)), "%s", cases[i].name);
	}
}

Test(dispatch, order_says_where_and_not_what)
{
	struct dossier dos = dossier_in(DISPATCH_NONE, "postal");
	struct text body;
	const struct doc_node *node;
	int64_t cod = -1;

	dos.result = TEXT("denied");
	body = dispatch_order_body(&dos, TEXT(PARCEL), "DVC", parsed(ADDRESS("Trung tâm")), parsed(ADDRESS("Lý \\\"A\\\"")), arena);
	node = parsed(body.s);
	cr_expect(text_is(doc_get_text(node, "OrderNumber"), PARCEL));
	cr_expect(text_is(doc_get_text(node, "CustomerCode"), "DVC"));
	cr_expect(text_is(doc_get_text(node, "SenderName"), "Trung tâm"));
	cr_expect(text_is(doc_get_text(node, "ReceiverName"), "Lý \"A\""));
	cr_expect(text_is(doc_get_text(node, "ReceiverCommune"), "05443"));
	cr_expect(doc_get_int64(node, "CODAmount", &cod) && cod == 0);
	cr_expect_eq(doc_length(node), 13);
	cr_expect_null(memmem(body.s, body.n, "denied", 6));
}

Test(dispatch, answers)
{
	static const struct { const char *name; int http; const char *body; enum dispatch_reply reply; const char *said; } cases[] = {
		{ "taken", 200, "{\"Status\":\"100\",\"ItemCode\":\"" ITEM "\"}", DISPATCH_REPLY_PLACED, ITEM },
		{ "taken before", 200, "{\"Status\":\"101\",\"ItemCode\":\"" ITEM "\"}", DISPATCH_REPLY_PLACED, ITEM },
		{ "asked", 200, "{\"Status\":\"100\",\"ItemCode\":\"" ITEM "\",\"State\":\"posted\"}", DISPATCH_REPLY_PLACED, ITEM },
		{ "taken, no item", 200, "{\"Status\":\"100\"}", DISPATCH_REPLY_UNCLEAR, NULL },
		{ "another parcel's", 200, "{\"Status\":\"100\",\"OrderNumber\":\"X\",\"ItemCode\":\"" ITEM "\"}", DISPATCH_REPLY_UNCLEAR,
		  NULL },
		{ "this parcel's", 200, "{\"Status\":\"100\",\"OrderNumber\":\"" PARCEL "\",\"ItemCode\":\"" ITEM "\"}",
		  DISPATCH_REPLY_PLACED, ITEM },
		{ "bad address", 200, "{\"Status\":\"400\"}", DISPATCH_REPLY_FAILED, "address_invalid" },
		{ "bad address by HTTP", 400, "{\"Status\":\"400\"}", DISPATCH_REPLY_FAILED, "address_invalid" },
		{ "will not", 422, "{\"Status\":\"422\"}", DISPATCH_REPLY_FAILED, "post_refused" },
		{ "who are we", 200, "{\"Status\":\"401\"}", DISPATCH_REPLY_NEVER, NULL },
		{ "too often", 200, "{\"Status\":\"429\"}", DISPATCH_REPLY_LATER, NULL },
		{ "too often by HTTP", 429, "{}", DISPATCH_REPLY_LATER, NULL },
		{ "broken", 500, "{\"Status\":\"400\"}", DISPATCH_REPLY_LATER, NULL },
		{ "sent elsewhere", 302, "{\"Status\":\"100\",\"ItemCode\":\"" ITEM "\"}", DISPATCH_REPLY_UNCLEAR, NULL },
		{ "just below", 499, "{}", DISPATCH_REPLY_NEVER, NULL },
		{ "no word", 200, "{}", DISPATCH_REPLY_UNCLEAR, NULL },
		{ "not there", 404, "{}", DISPATCH_REPLY_NEVER, NULL },
	};
	struct err err;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct outcome outcome = { .status = cases[i].http, .body = parsed(cases[i].body) };
		struct text item = TEXT_NONE;
		const char *reason = NULL;

		cr_expect_eq(dispatch_reply(&outcome, TEXT(PARCEL), &item, &reason, &err), cases[i].reply, "%s", cases[i].name);
		cr_expect(text_is_equal(reason != NULL ? text_of(reason) : item, text_of(cases[i].said)), "%s", cases[i].name);
	}
	cr_expect_eq(dispatch_asked(200, parsed("{\"Status\":\"100\",\"ItemCode\":\"" ITEM "\"}"), TEXT(PARCEL)), ASKED_HAPPENED);
	cr_expect_eq(dispatch_asked(200, parsed("{\"Status\":\"100\"}"), TEXT(PARCEL)), ASKED_UNCLEAR);
	cr_expect_eq(dispatch_asked(200, parsed("{\"Status\":\"404\"}"), TEXT(PARCEL)), ASKED_NOT);
	cr_expect_eq(dispatch_asked(404, parsed("{\"Status\":\"404\"}"), TEXT(PARCEL)), ASKED_NOT);
	cr_expect_eq(dispatch_asked(200, parsed("{\"Status\":\"404\",\"OrderNumber\":\"X\"}"), TEXT(PARCEL)), ASKED_UNCLEAR);
	cr_expect_eq(dispatch_asked(404, NULL, TEXT(PARCEL)), ASKED_UNCLEAR);
	cr_expect_eq(dispatch_asked(500, parsed("{\"Status\":\"404\"}"), TEXT(PARCEL)), ASKED_UNCLEAR);
}

/* --- the parcel's row ---------------------------------------------------------- */

Test(dispatch, rows_are_folds)
{
	static const struct {
		const char *name; int n;
		struct { enum event_type type; int64_t attempt; } step[6];
		const char *state; int attempts; bool unsure;
	} cases[] = {
		{ "ordered", 1, { { EV_DISPATCH_PARCEL_ORDERED, INT_NONE } }, "ordering", 0, false },
		{ "placed", 2, { { EV_DISPATCH_PARCEL_ORDERED, INT_NONE }, { EV_DISPATCH_PARCEL_PLACED, INT_NONE } }, "placed", 0, false },
		{ "unsure", 2, { { EV_DISPATCH_PARCEL_ORDERED, INT_NONE }, { EV_DISPATCH_PARCEL_UNSURE, INT_NONE } }, "ordering", 0, true },
		{ "unsure, then news", 3, { { EV_DISPATCH_PARCEL_ORDERED, INT_NONE }, { EV_DISPATCH_PARCEL_UNSURE, INT_NONE },
		  { EV_DISPATCH_PARCEL_POSTED, INT_NONE } }, "posted", 0, false },
		{ "failed", 2, { { EV_DISPATCH_PARCEL_ORDERED, INT_NONE }, { EV_DISPATCH_PARCEL_FAILED, INT_NONE } }, "failed", 0, false },
		{ "attempts by number", 4, { { EV_DISPATCH_PARCEL_ORDERED, INT_NONE }, { EV_DISPATCH_PARCEL_ATTEMPT_FAILED, 1 },
		  { EV_DISPATCH_PARCEL_ATTEMPT_FAILED, 3 }, { EV_DISPATCH_PARCEL_NOTED, 2 } }, "attempt_failed", 3, false },
		{ "attempts counted", 4, { { EV_DISPATCH_PARCEL_ORDERED, INT_NONE }, { EV_DISPATCH_PARCEL_ATTEMPT_FAILED, INT_NONE },
		  { EV_DISPATCH_PARCEL_IN_TRANSIT, INT_NONE }, { EV_DISPATCH_PARCEL_ATTEMPT_FAILED, INT_NONE } }, "attempt_failed", 2, false },
		{ "returned, noted", 3, { { EV_DISPATCH_PARCEL_ORDERED, INT_NONE }, { EV_DISPATCH_PARCEL_RETURNED, INT_NONE },
		  { EV_DISPATCH_PARCEL_NOTED, INT_NONE } }, "returned", 0, false },
		{ "delivered", 2, { { EV_DISPATCH_PARCEL_ORDERED, INT_NONE }, { EV_DISPATCH_PARCEL_DELIVERED, INT_NONE } }, "delivered", 0, false },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fold_rows rows = { .n = 0 };
		const struct parcel *parcel;
		struct err err;

		for (int k = 0; k < cases[i].n; k++) {
			struct event *event = event_new(arena, cases[i].step[k].type);

			event->parcel = TEXT(PARCEL);
			event->item_code = k > 0 ? TEXT(ITEM) : TEXT_NONE;
			event->attempt = cases[i].step[k].attempt;
			event->version = 9 + k;
			event->at = NOW + k;
			cr_assert_eq(dispatch_fold.apply(event, &rows, arena, &err), FAULT_NONE, "%s", err.text);
		}
		parcel = rows.row[0];
		cr_expect_eq(rows.n, 1, "%s", cases[i].name);
		cr_expect(rows.changed[0]);
		cr_expect(text_is(parcel->state, cases[i].state), "%s", cases[i].name);
		cr_expect_eq(parcel->attempts, cases[i].attempts, "%s", cases[i].name);
		cr_expect_eq(parcel->unsure, cases[i].unsure, "%s", cases[i].name);
		cr_expect_eq(parcel->version, 8 + cases[i].n, "%s", cases[i].name);
		cr_expect_eq(parcel->ordered_at, NOW, "%s", cases[i].name);
		cr_expect_eq(parcel->updated_at, NOW + cases[i].n - 1, "%s", cases[i].name);
	}
	cr_expect_eq(dispatch_fold.n_columns, 9);
}

Test(dispatch, an_event_that_fits_no_row)
{
	static const enum event_type moves[] = { EV_DISPATCH_PARCEL_PLACED, EV_DISPATCH_PARCEL_UNSURE,
	    EV_DISPATCH_PARCEL_NOTED, EV_DISPATCH_PARCEL_DELIVERED };

	for (size_t i = 0; i < sizeof moves / sizeof *moves; i++) {
		struct fold_rows rows = { .n = 0 };
		struct event *event = event_new(arena, moves[i]);
		struct err err;

		event->parcel = TEXT(PARCEL);
		cr_expect_eq(dispatch_fold.apply(event, &rows, arena, &err), FAULT_PARK, "%zu", i);
		cr_expect_eq(rows.n, 0);
	}
}
