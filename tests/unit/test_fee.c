/* fee: what is owed now, what a payment means, the platform's language, the order's row. */
#include <criterion/criterion.h>

#include "../../services/fee/fee_gateway.h"
#include "../../services/fee/fee_rules.h"

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

TestSuite(fee, .init = setup, .fini = teardown);

#define NOON INT64_C(1795233600000000)	/* 2026-11-21, 11:00 local */
#define ID "b1661369-e78b-8578-bc9d-2cdf61a3257a"
#define ORDER ID ".F5"

static const char procedure_json[] = "{\"name_vi\":\"Cấp giấy\",\"cases\":[{\"code\":\"default\"},{\"code\":\"late\"},"
    "{\"code\":\"free\"},{\"code\":\"later\"}],"
    "\"tariff\":[{\"code\":\"LP01\",\"name_vi\":\"Lệ phí\",\"kind\":\"le_phi\",\"amount\":8000,\"online_amount\":4000,"
    "\"online_citation\":\"NQ 1\",\"moment\":\"reception\",\"cases\":[\"default\",\"late\"],"
    "\"effective_from\":\"2026-07-01\",\"effective_to\":null,\"citation\":\"TT 1\"},"
    "{\"code\":\"P01\",\"name_vi\":\"Phí\",\"kind\":\"phi\",\"amount\":100000,\"online_amount\":null,"
    "\"moment\":\"reception\",\"cases\":[\"late\"],\"effective_from\":\"2026-07-01\",\"effective_to\":null,"
    "\"citation\":\"TT 2\"},"
    "{\"code\":\"P02\",\"name_vi\":\"Phí\",\"kind\":\"phi\",\"amount\":5,\"online_amount\":null,"
    "\"moment\":\"result\",\"cases\":[\"later\"],\"effective_from\":\"2026-07-01\",\"effective_to\":null,"
    "\"citation\":\"TT 3\"}],"
    "\"exemptions\":[{\"code\":\"poor\",\"percent\":100,\"citation\":\"Luật 97\"},"
    "{\"code\":\"merit\",\"percent\":50,\"citation\":\"TT 9\"}],"
    "\"payment\":{\"term_minutes\":60,\"refundable\":true}}";

static const struct fee_law *
law_of(bool refundable)
{
	struct procedure procedure = { .version = 1 };
	struct doc_error why;
	struct fee_law *law;

	cr_assert_eq(doc_parse(arena, text_of(procedure_json), NULL, &procedure.body, &why), FAULT_NONE);
	fee_law_make(&procedure, arena);
	law = procedure.cache;
	law->is_refundable = refundable;
	return law;
}

static struct dossier
dossier_in(int fee, int casework)
{
	struct dossier dos;
	uint8_t id[UUID_BYTES];

	uuid_from_text(TEXT(ID), id);
	dossier_init(&dos, id);
	dos.state[STAGE_INTAKE] = INTAKE_REGISTERED;
	dos.state[STAGE_FEE] = fee;
	dos.state[STAGE_CASEWORK] = casework;
	dos.received_at = NOON;
	dos.code = TEXT("H55.242-261121-0001");
	dos.procedure = TEXT("1.001193");
	dos.agency = TEXT("H55.242");
	dos.channel = TEXT("online");
	dos.case_code = TEXT("default");
	return dos;
}

Test(fee, what_is_said_after_lookup)
{
	static const struct {
		const char	*name;
		int		fee, casework;
		bool		withdrawn;
		const char	*its_case, *channel, *exemption, *missing;
		enum event_type	type;
		const char	*reason, *citation;
		int64_t		phi, le_phi;
	} cases[] = {
		{ "online", FEE_NONE, 0, false, "default", "online", NULL, "[]", EV_FEE_ORDERED, NULL, "TT 1; NQ 1", 0, 4000 },
		{ "counter", FEE_NONE, 0, false, "default", "counter", NULL, "[]", EV_FEE_ORDERED, NULL, "TT 1", 0, 8000 },
		{ "postal", FEE_NONE, 0, false, "late", "postal", NULL, NULL, EV_FEE_ORDERED, NULL, "TT 1; TT 2", 100000, 8000 },
		{ "half", FEE_NONE, 0, false, "late", "postal", "merit", "[]", EV_FEE_ORDERED, NULL, "TT 1; TT 2; TT 9", 50000, 4000 },
		{ "exempt", FEE_NONE, 0, false, "default", "online", "poor", "[]", EV_FEE_WAIVED, "exempt", "Luật 97", 0, 0 },
		{ "free", FEE_NONE, 0, false, "free", "online", NULL, "[]", EV_FEE_WAIVED, "no_fee", NULL, 0, 0 },
		{ "missing", FEE_NONE, 0, false, "default", "online", NULL, "[\"TP01\"]", EV_FEE_DEFERRED, NULL, NULL, 0, 0 },
		{ "missing again", FEE_DEFERRED, CASEWORK_SUPPLEMENT, false, "default", "online", NULL, "[\"TP01\"]",
		  EV_FEE_DEFERRED, NULL, NULL, 0, 0 },
		{ "complete now", FEE_DEFERRED, CASEWORK_SUPPLEMENT, false, "default", "online", NULL, "[]",
		  EV_FEE_ORDERED, NULL, "TT 1; NQ 1", 0, 4000 },
		{ "owed", FEE_OWED, 0, false, "default", "online", NULL, "[\"TP01\"]", EV_FEE_UNCHANGED, NULL, NULL, 0, 0 },
		{ "paid", FEE_PAID, CASEWORK_SUPPLEMENT, false, "default", "online", NULL, "[]", EV_FEE_UNCHANGED, NULL, NULL, 0, 0 },
		{ "waived", FEE_WAIVED, CASEWORK_SUPPLEMENT, false, "default", "online", NULL, "[]", EV_FEE_UNCHANGED, NULL, NULL, 0, 0 },
		{ "expired", FEE_EXPIRED, 0, false, "default", "online", NULL, "[]", EVENT_TYPES, NULL, NULL, 0, 0 },
		{ "refunding", FEE_REFUNDING, 0, false, "default", "online", NULL, "[]", EVENT_TYPES, NULL, NULL, 0, 0 },
		{ "withdrawn", FEE_NONE, 0, true, "default", "online", NULL, "[]", EVENT_TYPES, NULL, NULL, 0, 0 },
		{ "stopped", FEE_DEFERRED, CASEWORK_STOPPED, false, "default", "online", NULL, "[]", EVENT_TYPES, NULL, NULL, 0, 0 },
	};
	const struct fee_law *law = law_of(false);

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct dossier dos = dossier_in(cases[i].fee, cases[i].casework);
		struct fee_answer answer;
		struct err err;

		if (cases[i].withdrawn)
			dos.state[STAGE_INTAKE] = INTAKE_WITHDRAWN;
		dos.case_code = text_of(cases[i].its_case);
		dos.channel = text_of(cases[i].channel);
		dos.exemption = text_of(cases[i].exemption);
		cr_assert_eq(fee_assess(&dos, law, text_of(cases[i].missing), NOON, 0, arena, &answer, &err),
		    FAULT_NONE, "%s", cases[i].name);
		cr_expect_eq(answer.type, cases[i].type, "%s: %d", cases[i].name, answer.type);
		cr_expect(text_is_equal(text_of(answer.reason), text_of(cases[i].reason)), "%s", cases[i].name);
		cr_expect(text_is_equal(answer.citation, text_of(cases[i].citation)), "%s: %.*s", cases[i].name,
		    TEXT_ARG(answer.citation));
		if (answer.type == EV_FEE_ORDERED) {
			cr_expect_eq(answer.due.phi_dong, cases[i].phi, "%s", cases[i].name);
			cr_expect_eq(answer.due.le_phi_dong, cases[i].le_phi, "%s", cases[i].name);
			cr_expect_eq(answer.expires_at, NOON + 60 * MINUTE_US, "%s", cases[i].name);
		}
	}
}

Test(fee, term_and_law_that_cannot_be_applied)
{
	static const struct { const char *its_case; time_us received; const char *code; } cases[] = {
		{ "nowhere", NOON, "case" }, { "later", NOON, "moment" },
		{ "default", NOON - 365 * DAY_US, "no_tariff" },
	};
	const struct fee_law *law = law_of(false);
	struct dossier dos = dossier_in(FEE_NONE, 0);
	struct fee_answer answer;
	struct err err;

	cr_assert_eq(fee_assess(&dos, law, TEXT("[]"), NOON, 5 * SECOND_US, arena, &answer, &err), FAULT_NONE);
	cr_expect_eq(answer.expires_at, NOON + 5 * SECOND_US);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		dos.case_code = text_of(cases[i].its_case);
		dos.received_at = cases[i].received;
		cr_expect_eq(fee_assess(&dos, law, TEXT("[]"), NOON, 0, arena, &answer, &err), FAULT_PARK);
		cr_expect_str_eq(err.code, cases[i].code);
	}
}

static struct fee_order
order_in(const char *state)
{
	return (struct fee_order){ .order_id = TEXT(ORDER), .state = text_of(state), .amount = 4000,
	    .ordered_at = NOON, .expires_at = NOON + HOUR_US, .paid_at = TIME_NONE, .version = 5 };
}

Test(fee, payments)
{
	static const struct {
		const char	*name;
		int		fee, casework;
		bool		withdrawn;
		const char	*order_state;	/* NULL: no such order */
		int64_t		amount;
		const char	*currency, *outcome, *transaction;
		time_us		arrived;
		enum fee_deed	deed;
		const char	*said;		/* rule or reason */
	} cases[] = {
		{ "in time", FEE_OWED, 0, false, "placed", 4000, "VND", "paid", "T1", NOON, FEE_DO_PAY, NULL },
		{ "last moment", FEE_OWED, 0, false, "placed", 4000, "VND", "paid", "T1", NOON + HOUR_US, FEE_DO_PAY, NULL },
		{ "too late", FEE_OWED, 0, false, "placed", 4000, "VND", "paid", "T1", NOON + HOUR_US + 1,
		  FEE_DO_EXPIRE_REFUND, "paid_too_late" },
		{ "never placed", FEE_OWED, 0, false, "ordered", 4000, "VND", "paid", "T1", NOON + 2 * HOUR_US, FEE_DO_PAY, NULL },
		{ "before its answer", FEE_OWED, 0, false, "ordered", 4000, "VND", "paid", "T1", NOON, FEE_DO_PAY, NULL },
		{ "unknown", FEE_OWED, 0, false, NULL, 4000, "VND", "paid", "T1", NOON, FEE_DO_REFUSE, "payment.unknown_order" },
		{ "less", FEE_OWED, 0, false, "placed", 3999, "VND", "paid", "T1", NOON, FEE_DO_REFUSE, "payment.amount" },
		{ "more", FEE_OWED, 0, false, "placed", 4001, "VND", "paid", "T1", NOON, FEE_DO_REFUSE, "payment.amount" },
		{ "dollars", FEE_OWED, 0, false, "placed", 4000, "USD", "paid", "T1", NOON, FEE_DO_REFUSE, "payment.amount" },
		{ "failed", FEE_OWED, 0, false, "placed", 4000, "VND", "failed", "T1", NOON, FEE_DO_REFUSE, "payment.failed" },
		{ "expired", FEE_EXPIRED, CASEWORK_STOPPED, false, "expired", 4000, "VND", "paid", "T1", NOON, FEE_DO_REFUND, "paid_too_late" },
		{ "cancelled", FEE_CANCELLED, CASEWORK_WITHDRAWN, false, "cancelled", 4000, "VND", "paid", "T1", NOON, FEE_DO_REFUND, "dossier_ended" },
		{ "withdrawn, untold", FEE_OWED, 0, true, "placed", 4000, "VND", "paid", "T1", NOON, FEE_DO_CANCEL_REFUND, "dossier_ended" },
		{ "refused, untold", FEE_OWED, CASEWORK_REFUSED, false, "placed", 4000, "VND", "paid", "T1", NOON,
		  FEE_DO_CANCEL_REFUND, "dossier_ended" },
		{ "same again", FEE_PAID, 0, false, "paid", 4000, "VND", "paid", "T0", NOON, FEE_DO_REFUSE, "payment.repeated" },
		{ "twice", FEE_PAID, 0, false, "paid", 4000, "VND", "paid", "T1", NOON, FEE_DO_REFUSE, "payment.twice" },
		{ "twice, refunded", FEE_REFUNDED, 0, false, "refunded", 4000, "VND", "paid", "T1", NOON, FEE_DO_REFUSE, "payment.twice" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct dossier dos = dossier_in(cases[i].fee, cases[i].casework);
		struct fee_order order = order_in(cases[i].order_state != NULL ? cases[i].order_state : "");
		struct fee_payment payment = { .order = TEXT(ORDER), .currency = text_of(cases[i].currency),
			.outcome = text_of(cases[i].outcome), .transaction = text_of(cases[i].transaction),
			.amount = cases[i].amount, .paid_at = NOON, .arrived_at = cases[i].arrived };
		const struct rule_error *why = NULL;
		const char *reason = NULL;

		if (cases[i].withdrawn)
			dos.state[STAGE_INTAKE] = INTAKE_WITHDRAWN;
		order.transaction_id = TEXT("T0");
		cr_expect_eq(fee_judge_payment(&dos, cases[i].order_state != NULL ? &order : NULL, &payment, &why,
		    &reason), cases[i].deed, "%s", cases[i].name);
		cr_expect(text_is_equal(text_of(why != NULL ? why->rule : reason), text_of(cases[i].said)), "%s",
		    cases[i].name);
	}
}

Test(fee, end_of_the_case)
{
	static const struct {
		const char	*name;
		int		fee;
		bool		refundable, accepted;
		enum event_type	ended;
		enum fee_deed	deed;
	} cases[] = {
		{ "owed, withdrawn", FEE_OWED, false, false, EV_CASEWORK_WITHDRAWN, FEE_DO_CANCEL },
		{ "owed, refused", FEE_OWED, true, false, EV_CASEWORK_REFUSED, FEE_DO_CANCEL },
		{ "owed, stopped", FEE_OWED, false, false, EV_CASEWORK_STOPPED, FEE_DO_CANCEL },
		{ "paid, refused", FEE_PAID, true, false, EV_CASEWORK_REFUSED, FEE_DO_REFUND },
		{ "paid, refused, not refundable", FEE_PAID, false, false, EV_CASEWORK_REFUSED, FEE_DO_NOTHING },
		{ "paid, withdrawn before", FEE_PAID, true, false, EV_CASEWORK_WITHDRAWN, FEE_DO_REFUND },
		{ "paid, withdrawn after", FEE_PAID, true, true, EV_CASEWORK_WITHDRAWN, FEE_DO_NOTHING },
		{ "paid, stopped", FEE_PAID, true, false, EV_CASEWORK_STOPPED, FEE_DO_NOTHING },
		{ "waived", FEE_WAIVED, true, false, EV_CASEWORK_REFUSED, FEE_DO_NOTHING },
		{ "deferred", FEE_DEFERRED, true, false, EV_CASEWORK_WITHDRAWN, FEE_DO_NOTHING },
		{ "expired", FEE_EXPIRED, true, false, EV_CASEWORK_STOPPED, FEE_DO_NOTHING },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct dossier dos = dossier_in(cases[i].fee, CASEWORK_WITHDRAWN);
		const char *reason;

		dos.accepted_at = cases[i].accepted ? NOON : TIME_NONE;
		cr_expect_eq(fee_judge_end(&dos, law_of(cases[i].refundable), cases[i].ended, &reason),
		    cases[i].deed, "%s", cases[i].name);
	}
}

Test(fee, end_of_the_term)
{
	static const struct { int fee; const char *state; time_us now; enum fee_deed deed; } cases[] = {
		{ FEE_OWED, "placed", NOON + HOUR_US - 1, FEE_DO_WAIT },
		{ FEE_OWED, "placed", NOON + HOUR_US, FEE_DO_EXPIRE },
		{ FEE_OWED, "ordered", NOON + HOUR_US, FEE_DO_WAIT },
		{ FEE_OWED, "ordered", NOON + 100 * HOUR_US, FEE_DO_WAIT },
		{ FEE_PAID, "paid", NOON + HOUR_US, FEE_DO_NOTHING },
		{ FEE_OWED, NULL, NOON + HOUR_US, FEE_DO_NOTHING },
	};
	static const struct { const char *state; time_us placed, until; } extensions[] = {
		{ "ordered", NOON + SECOND_US, TIME_NONE }, { "ordered", NOON + MINUTE_US, TIME_NONE },
		{ "ordered", NOON + MINUTE_US + 1, NOON + MINUTE_US + 1 + HOUR_US },
		{ "ordered", NOON + 5 * HOUR_US, NOON + 6 * HOUR_US }, { "placed", NOON + 5 * HOUR_US, TIME_NONE },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct dossier dos = dossier_in(cases[i].fee, 0);
		struct fee_order order = order_in(cases[i].state != NULL ? cases[i].state : "");

		cr_expect_eq(fee_judge_term(&dos, cases[i].state != NULL ? &order : NULL, cases[i].now), cases[i].deed,
		    "%zu", i);
	}
	for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++) {
		struct fee_order order = order_in(extensions[i].state);

		cr_expect_eq(fee_extend(&order, extensions[i].placed), extensions[i].until, "%zu", i);
	}
}

/* --- the platform's language --------------------------------------------------- */

static const struct doc_node *
parsed(struct text json)
{
	const struct doc_node *node;
	struct doc_error why;

	cr_assert_eq(doc_parse(arena, json, NULL, &node, &why), FAULT_NONE, "%.*s", TEXT_ARG(json));
	return node;
}

static const struct fee_platform platform = { "http://127.0.0.1:1", "DVC", "secret", 1000 };

Test(fee, init_is_what_the_platform_wants)
{
	struct dossier dos = dossier_in(FEE_NONE, 0);
	const struct fee_law *law = law_of(false);
	struct fee_answer answer;
	struct event *event = event_new(arena, EV_FEE_ORDERED);
	struct http_request request = { .url = NULL };
	const struct doc_node *body;
	char hex[2 * DIGEST_BYTES + 1];
	uint8_t digest[DIGEST_BYTES];
	struct err err;
	int64_t amount;

	dos.case_code = TEXT("late");
	cr_assert_eq(fee_assess(&dos, law, TEXT("[]"), NOON, 0, arena, &answer, &err), FAULT_NONE);
	event->order = TEXT(ORDER);
	event->amount = answer.due.total_dong;
	event->expires_at = answer.expires_at;
	event->at = NOON;
	fee_request(&platform, "/init", TEXT(ORDER), fee_init_body(&dos, event, &answer.due, law, arena), &request, arena);
	cr_expect_str_eq(request.url, "http://127.0.0.1:1/init");
	cr_expect_str_eq(request.headers[0], "Idempotency-Key: " ORDER);
	cr_expect(request.post);
	body = parsed(request.body);
	cr_expect(doc_get_int64(body, "SoTien", &amount) && amount == 104000);
	cr_expect(text_is(doc_get_text(body, "ThoiGianGD"), "20261121110000"), "%s", doc_get_text(body, "ThoiGianGD").s);
	cr_expect(text_is(doc_get_text(body, "HanThanhToan"), "2026-11-21T05:00:00Z") ||
	    text_is(doc_get_text(body, "HanThanhToan"), "2026-11-21T05:00:00.000000Z"), "%s", doc_get_text(body, "HanThanhToan").s);
	cr_expect(text_is(doc_get_text(body, "MaDoiTac"), "DVC"));
	cr_expect_eq(doc_length(doc_pointer(body, "/ThongTinBienLai/PhiLePhi")), 2);
	cr_expect(text_is(doc_text(doc_pointer(body, "/ThongTinBienLai/MaTTHC")), "1.001193"));
	digest_bytes("INIT|" ORDER "|104000||secret", strlen("INIT|" ORDER "|104000||secret"), digest);
	text_hex(digest, sizeof digest, hex);
	cr_expect(text_is(doc_get_text(body, "MaXacThuc"), hex));
	cr_expect(memmem(request.body.s, request.body.n, "\"secret\"", 8) == NULL);
}

/* An answer of the platform, sealed as it does. */
static const struct doc_node *
answered(const char *members, const char *sealed)
{
	uint8_t digest[DIGEST_BYTES];
	char hex[2 * DIGEST_BYTES + 1];

	digest_bytes(sealed, strlen(sealed), digest);
	text_hex(digest, sizeof digest, hex);
	return parsed(arena_printf(arena, "{%s,\"MaXacThuc\":\"%s\"}", members, hex));
}

Test(fee, answers)
{
	static const char ok[] = "\"MaLoi\":\"00\",\"MaThamChieu\":\"" ORDER "\"", seal[] = "|" ORDER "|||secret";
	static const struct {
		const char	*name;
		int		status;
		const char	*members, *sealed;
		enum fee_reply	reply;
	} cases[] = {
		{ "done", 200, ok, seal, FEE_REPLY_DONE },
		{ "forged", 200, ok, "|" ORDER "|||guess", FEE_REPLY_UNCLEAR },
		{ "other order", 200, "\"MaLoi\":\"00\",\"MaThamChieu\":\"X\"", "|X|||secret", FEE_REPLY_UNCLEAR },
		{ "asked", 200, "\"MaLoi\":\"00\",\"MaThamChieu\":\"" ORDER "\",\"TrangThaiGD\":1,\"SoTien\":4000,\"MaGiaoDich\":\"T1\"",
		  "|" ORDER "|4000|T1|secret", FEE_REPLY_DONE },
		{ "not there yet", 200, "\"MaLoi\":\"02\",\"MaThamChieu\":\"" ORDER "\"", seal, FEE_REPLY_LATER },
		{ "unknown, of what it is told", 200, "\"MaLoi\":\"01\",\"MaThamChieu\":\"" ORDER "\"", seal, FEE_REPLY_UNCLEAR },
		{ "conflict", 200, "\"MaLoi\":\"09\",\"MaThamChieu\":\"" ORDER "\"", seal, FEE_REPLY_NEVER },
		{ "our seal", 200, "\"MaLoi\":\"97\",\"MaThamChieu\":\"" ORDER "\"", seal, FEE_REPLY_NEVER },
		{ "no code", 200, "\"MaThamChieu\":\"" ORDER "\"", seal, FEE_REPLY_NEVER },
		{ "busy", 503, ok, seal, FEE_REPLY_LATER },
		{ "too many", 429, ok, seal, FEE_REPLY_LATER },
		{ "bad request", 400, ok, seal, FEE_REPLY_NEVER },
		{ "just below 500", 499, ok, seal, FEE_REPLY_NEVER },
		{ "500", 500, ok, seal, FEE_REPLY_LATER },
		{ "redirect", 302, ok, seal, FEE_REPLY_UNCLEAR },
	};
	struct outcome nothing = { .status = 200 };
	struct err err;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct outcome outcome = { .status = cases[i].status,
			.body = answered(cases[i].members, cases[i].sealed) };

		cr_expect_eq(fee_reply(&outcome, TEXT(ORDER), "secret", &err), cases[i].reply, "%s", cases[i].name);
	}
	cr_expect_eq(fee_reply(&nothing, TEXT(ORDER), "secret", &err), FEE_REPLY_UNCLEAR);
	cr_expect_eq(fee_asked(200, answered(ok, seal), text_of(ORDER), "secret"), ASKED_HAPPENED);
	cr_expect_eq(fee_asked(200, answered("\"MaLoi\":\"01\",\"MaThamChieu\":\"" ORDER "\"", seal), text_of(ORDER), "secret"), ASKED_NOT);
	cr_expect_eq(fee_asked(200, answered("\"MaLoi\":\"97\",\"MaThamChieu\":\"" ORDER "\"", seal), text_of(ORDER), "secret"), ASKED_UNCLEAR);
	cr_expect_eq(fee_asked(200, answered(ok, "forged"), text_of(ORDER), "secret"), ASKED_UNCLEAR);
	cr_expect_eq(fee_asked(500, answered(ok, seal), text_of(ORDER), "secret"), ASKED_UNCLEAR);
	cr_expect_eq(fee_asked(200, NULL, text_of(ORDER), "secret"), ASKED_UNCLEAR);
	cr_expect_eq(fee_asked(200, answered(ok, seal), TEXT("another"), "secret"), ASKED_UNCLEAR);	/* about somebody else */
}

Test(fee, bodies_of_refund_and_query)
{
	struct event *event = event_new(arena, EV_FEE_REFUND_ORDERED);
	struct text body;

	event->refund = TEXT(ID ".R9");
	event->order = TEXT(ORDER);
	event->amount = 4000;
	event->reason = TEXT("paid_too_late");
	body = fee_refund_body(event, arena);
	cr_expect(text_is(body, "{\"LoaiBanTin\":\"REFUND\",\"MaThamChieu\":\"" ID ".R9\",\"MaThamChieuGoc\":\"" ORDER
	    "\",\"SoTien\":4000,\"LyDo\":\"paid_too_late\"}"), "%s", body.s);
	body = fee_query_body(TEXT(ORDER), arena);
	cr_expect(text_is(body, "{\"LoaiBanTin\":\"QUERY\",\"MaThamChieu\":\"" ORDER "\"}"), "%s", body.s);
}

/* --- the order's row ----------------------------------------------------------- */

static struct event *
fold_event(enum event_type type, int version)
{
	struct event *event = event_new(arena, type);

	event->version = version;
	event->at = NOON + version * SECOND_US;
	event->order = TEXT(ORDER);
	return event;
}

static const struct fee_order *
folded(const enum event_type *types, int n, struct fold_rows *rows)
{
	struct event *event;
	struct err err;

	for (int i = 0; i < n; i++) {
		event = fold_event(types[i], 5 + i);
		event->phi = 1;
		event->le_phi = 2;
		event->amount = 3;
		event->expires_at = types[i] == EV_FEE_ORDERED ? NOON + HOUR_US : TIME_NONE;
		event->transaction = TEXT("T1");
		event->refund = TEXT(ID ".R9");
		if (types[i] == EV_FEE_REFUNDED || types[i] == EV_FEE_REFUND_UNSURE)
			event->order = TEXT_NONE;
		cr_assert_eq(fee_fold.apply(event, rows, arena, &err), FAULT_NONE, "%s", err.text);
	}
	return rows->n > 0 ? rows->row[0] : NULL;
}

Test(fee, rows_are_folds)
{
	static const struct { const char *name; int n; enum event_type types[6]; const char *state; bool unsure; } cases[] = {
		{ "ordered", 1, { EV_FEE_ORDERED }, "ordered", false },
		{ "placed", 2, { EV_FEE_ORDERED, EV_FEE_PLACED }, "placed", false },
		{ "unsure", 2, { EV_FEE_ORDERED, EV_FEE_ORDER_UNSURE }, "ordered", true },
		{ "unsure, then paid", 3, { EV_FEE_ORDERED, EV_FEE_ORDER_UNSURE, EV_FEE_PAID }, "paid", false },
		{ "paid before placed", 3, { EV_FEE_ORDERED, EV_FEE_PAID, EV_FEE_PLACED }, "paid", false },
		{ "expired", 3, { EV_FEE_ORDERED, EV_FEE_PLACED, EV_FEE_EXPIRED }, "expired", false },
		{ "cancelled", 2, { EV_FEE_ORDERED, EV_FEE_CANCELLED }, "cancelled", false },
		{ "refunding", 4, { EV_FEE_ORDERED, EV_FEE_PLACED, EV_FEE_EXPIRED, EV_FEE_REFUND_ORDERED }, "refunding", false },
		{ "refund unsure", 4, { EV_FEE_ORDERED, EV_FEE_PAID, EV_FEE_REFUND_ORDERED, EV_FEE_REFUND_UNSURE }, "refunding", true },
		{ "refunded", 4, { EV_FEE_ORDERED, EV_FEE_PAID, EV_FEE_REFUND_ORDERED, EV_FEE_REFUNDED }, "refunded", false },
		{ "unchanged", 3, { EV_FEE_ORDERED, EV_FEE_PAID, EV_FEE_UNCHANGED }, "paid", false },
		{ "refused", 2, { EV_FEE_ORDERED, EV_FEE_REFUSED }, "ordered", false },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fold_rows rows = { .n = 0 };
		const struct fee_order *order = folded(cases[i].types, cases[i].n, &rows);
		bool silent = cases[i].types[cases[i].n - 1] == EV_FEE_UNCHANGED ||
		    cases[i].types[cases[i].n - 1] == EV_FEE_REFUSED;

		cr_expect_eq(rows.n, 1, "%s", cases[i].name);
		cr_expect(text_is(order->state, cases[i].state), "%s: %.*s", cases[i].name, TEXT_ARG(order->state));
		cr_expect_eq(order->unsure, cases[i].unsure, "%s", cases[i].name);
		cr_expect_eq(order->version, 5 + cases[i].n - 1 - silent, "%s", cases[i].name);
		cr_expect_eq(order->expires_at, NOON + HOUR_US, "%s", cases[i].name);
	}
}

Test(fee, rows_of_nothing_and_longer_terms)
{
	static const enum event_type none[] = { EV_FEE_WAIVED, EV_FEE_UNCHANGED, EV_FEE_DEFERRED };
	static const enum event_type one[] = { EV_FEE_ORDERED };
	struct fold_rows rows = { .n = 0 };
	const struct fee_order *order;
	struct event *placed;
	struct err err;

	cr_expect_null(folded(none, 3, &rows));
	order = folded(one, 1, &rows);
	placed = fold_event(EV_FEE_PLACED, 6);
	placed->expires_at = NOON + 9 * HOUR_US;
	cr_expect_eq(fee_fold.apply(placed, &rows, arena, &err), FAULT_NONE);
	cr_expect_eq(order->expires_at, NOON + 9 * HOUR_US);
	cr_expect_eq(fee_fold.n_columns, 15);
	cr_expect(fee_list_is_empty(TEXT("[]")) && fee_list_is_empty(TEXT_NONE) && !fee_list_is_empty(TEXT("[\"A\"]")));
}

/* For a worker a bug, for a replay a difference: the fold itself only says so, and changes nothing. */
Test(fee, an_event_that_fits_no_row)
{
	static const enum event_type one[] = { EV_FEE_ORDERED };
	struct fold_rows rows = { .n = 0 };
	struct event *event = fold_event(EV_FEE_PAID, 6);
	struct err err;

	cr_expect_eq(fee_fold.apply(event, &rows, arena, &err), FAULT_PARK);
	cr_expect_str_eq(err.text, "vn.dossier.fee.paid.v1 fits no row of fee.order");
	cr_expect_eq(rows.n, 0);
	for (int i = 0; i < FOLD_ROWS_MAX; i++)
		(void)folded(one, 1, &rows);
	cr_expect_eq(rows.n, FOLD_ROWS_MAX);
	event = fold_event(EV_FEE_ORDERED, 9);
	cr_expect_eq(fee_fold.apply(event, &rows, arena, &err), FAULT_PARK);
	cr_expect_eq(rows.n, FOLD_ROWS_MAX);
}
