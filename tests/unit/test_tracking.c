/* tracking: what shows, snapshots and answers, notices in two languages, what is sent again. */
#include <criterion/criterion.h>

#include "../../services/tracking/tracking_again.h"
#include "../../services/tracking/tracking_notice.h"
#include "../../services/tracking/tracking_status.h"
#include "../../services/tracking/tracking_template.h"

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

TestSuite(tracking, .init = setup, .fini = teardown);

#define NOW INT64_C(1795233600000000)	/* 2026-11-21, 11:00 local */
#define ID "b1661369-e78b-8578-bc9d-2cdf61a3257a"

static struct dossier
dossier_new(void)
{
	struct dossier dos;
	uint8_t id[UUID_BYTES];

	uuid_from_text(TEXT(ID), id);
	dossier_init(&dos, id);
	dos.version = 9;
	dos.home = 3;
	dos.state[STAGE_INTAKE] = INTAKE_REGISTERED;
	dos.code = TEXT("H55.242-261121-0001");
	dos.source = TEXT("https://dichvucong.example.vn");
	dos.submission = TEXT("hs-1");
	dos.procedure = TEXT("1.001193");
	dos.agency = TEXT("H55.242");
	dos.case_code = TEXT("default");
	dos.delivery = TEXT("online");
	dos.received_at = dos.updated_at = NOW;
	return dos;
}

static const struct doc_node *
parsed(struct text json)
{
	const struct doc_node *node;
	struct doc_error why;

	cr_assert_eq(doc_parse(arena, json, NULL, &node, &why), FAULT_NONE, "%.*s", TEXT_ARG(json));
	return node;
}

/* --- snapshots ----------------------------------------------------------------- */

Test(tracking, a_snapshot_tells_all_and_nothing_personal)
{
	struct dossier dos = dossier_new();
	const struct doc_node *node;
	struct record record;
	int64_t n;

	dos.state[STAGE_FEE] = FEE_OWED;
	dos.phi = 100000;
	dos.le_phi = 0;
	dos.amount = 100000;
	dos.fee_order = TEXT(ID ".F5");
	dos.missing = TEXT("[\"TP02\"]");
	status_record(&dos, arena, &record);
	node = parsed(record.value);
	cr_expect(text_is(record.key, ID));
	cr_expect(text_is(record_find(&record, "ce_version"), "9"));
	cr_expect(text_is(record_find(&record, "ce_type"), "vn.dossier.status.v1"));
	cr_expect(text_is(record_find(&record, "ce_id"), ID "/9"));
	cr_expect(text_is(record_find(&record, "ce_subject"), ID));
	cr_expect(text_is(record_find(&record, "ce_dataschema"), "urn:vn:dossier:schema:status.v1"));
	cr_expect(text_is(doc_get_text(node, "dossier"), ID));
	cr_expect(doc_get_int64(node, "state", &n) && n == 6);
	cr_expect(text_is(doc_get_text(node, "state_name_vi"), "Yêu cầu thực hiện nghĩa vụ tài chính"));
	cr_expect(text_is(doc_text(doc_pointer(node, "/fee/state")), "owed"));
	cr_expect(doc_int64(doc_pointer(node, "/fee/le_phi"), &n) && n == 0);
	cr_expect(text_is(doc_text(doc_pointer(node, "/missing/0")), "TP02"));
	cr_expect(text_is(doc_text(doc_pointer(node, "/delivery/state")), "none"));
	cr_expect_eq(doc_kind(doc_get(node, "due_at")), DOC_NULL);
	cr_expect_eq(doc_kind(doc_get(node, "result")), DOC_NULL);
	cr_expect_eq(doc_length(doc_get(node, "errors")), 0);
	cr_expect_eq(doc_length(node), 21);
}

Test(tracking, portal_states)
{
	static const struct { int intake, fee, casework, dispatch, state; } cases[] = {
		{ INTAKE_REJECTED, 0, 0, 0, 0 }, { INTAKE_REGISTERED, 0, 0, 0, 1 }, { INTAKE_REGISTERED, FEE_OWED, 0, 0, 6 },
		{ INTAKE_REGISTERED, FEE_PAID, CASEWORK_OPEN, 0, 1 }, { INTAKE_REGISTERED, FEE_PAID, CASEWORK_ACCEPTED, 0, 2 },
		{ INTAKE_REGISTERED, FEE_PAID, CASEWORK_REFUSED, 0, 3 }, { INTAKE_REGISTERED, FEE_PAID, CASEWORK_PROCESSING, 0, 4 },
		{ INTAKE_REGISTERED, FEE_DEFERRED, CASEWORK_SUPPLEMENT, 0, 5 },
		{ INTAKE_WITHDRAWN, FEE_PAID, CASEWORK_WITHDRAWN, 0, 7 }, { INTAKE_REGISTERED, FEE_EXPIRED, CASEWORK_STOPPED, 0, 8 },
		{ INTAKE_REGISTERED, FEE_PAID, CASEWORK_DECIDED, DISPATCH_IN_TRANSIT, 9 },
		{ INTAKE_REGISTERED, FEE_PAID, CASEWORK_DECIDED, DISPATCH_DELIVERED, 10 },
		{ INTAKE_REGISTERED, FEE_PAID, CASEWORK_DECIDED, DISPATCH_RELEASED, 10 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct dossier dos = dossier_new();
		int64_t state;

		dos.state[STAGE_INTAKE] = cases[i].intake;
		dos.state[STAGE_FEE] = cases[i].fee;
		dos.state[STAGE_CASEWORK] = cases[i].casework;
		dos.state[STAGE_DISPATCH] = cases[i].dispatch;
		cr_expect(doc_get_int64(parsed(status_json(&dos, arena)), "state", &state) && state == cases[i].state, "%zu", i);
	}
}

Test(tracking, a_rejected_submission_has_its_errors)
{
	struct dossier dos;
	uint8_t id[UUID_BYTES] = { 1 };
	const struct doc_node *node;

	dossier_init(&dos, id);
	dos.version = 1;
	dos.state[STAGE_INTAKE] = INTAKE_REJECTED;
	dos.source = dos.submission = TEXT("x");
	dos.received_at = dos.updated_at = NOW;
	dos.errors = TEXT("[{\"pointer\":\"/agency\",\"rule\":\"r\",\"message_vi\":\"v\",\"message_en\":\"e\"}]");
	node = parsed(status_json(&dos, arena));
	cr_expect(text_is(doc_text(doc_pointer(node, "/errors/0/pointer")), "/agency"));
	cr_expect_eq(doc_kind(doc_get(node, "code")), DOC_NULL);
	cr_expect_eq(doc_kind(doc_get(node, "fee")), DOC_NULL);
	cr_expect_eq(doc_kind(doc_get(node, "delivery")), DOC_NULL);
}

Test(tracking, answers)
{
	static const struct { enum event_type type; const char *name; bool derived; size_t errors; } cases[] = {
		{ EV_INTAKE_CONFLICT, "conflict", false, 1 }, { EV_INTAKE_UNKNOWN, "unknown", false, 1 },
		{ EV_CASEWORK_UNKNOWN, "unknown", false, 1 }, { EV_INTAKE_REPEATED, "repeated", true, 0 },
		{ EV_FEE_REPEATED, "repeated", false, 0 },
	};
	char derived[2 * INPUT_BYTES + 1];
	uint8_t digest[INPUT_BYTES];

	input_digest(TEXT("s"), TEXT("n"), digest);
	text_hex(digest, sizeof digest, derived);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct event *event = event_new(arena, cases[i].type);
		const struct doc_node *node;
		struct text input = cases[i].derived ? text_of(derived) : TEXT("1a0c595f7040158a8909274ca708633e");
		struct record record;

		uuid_from_text(TEXT(ID), event->dossier);
		event->at = NOW;
		event->number = 7;
		event->source = TEXT("s");
		event->submission = TEXT("n");
		if (!cases[i].derived)
			event->input = input;
		status_answer_record(event, arena, &record);
		node = parsed(record.value);
		cr_expect(text_is(record.key, arena_printf(arena, ID ":%.*s", TEXT_ARG(input)).s), "%s", cases[i].name);
		cr_expect(text_is(doc_get_text(node, "answer"), cases[i].name));
		cr_expect_eq(doc_length(doc_get(node, "errors")), cases[i].errors, "%s", cases[i].name);
		cr_expect(text_is(record_find(&record, "ce_type"), "vn.dossier.status.answer.v1"));
		cr_expect_not(status_is_visible(cases[i].type), "%s", cases[i].name);
	}
}

Test(tracking, a_refusal_brings_its_own_errors)
{
	struct event *event = event_new(arena, EV_CASEWORK_ACTION_REFUSED);
	const struct doc_node *node;

	event->request = TEXT("vn.dossier.action.accept.v1");
	event->input = TEXT("1a0c595f7040158a8909274ca708633e");
	event->errors = TEXT("[{\"pointer\":\"\",\"rule\":\"action.unpaid\",\"message_vi\":\"v\",\"message_en\":\"e\"}]");
	event->at = NOW;
	node = parsed(status_answer_json(event, arena));
	cr_expect(text_is(doc_get_text(node, "answer"), "refused"));
	cr_expect(text_is(doc_get_text(node, "request"), "vn.dossier.action.accept.v1"));
	cr_expect(text_is(doc_text(doc_pointer(node, "/errors/0/rule")), "action.unpaid"));
	cr_expect_eq(doc_kind(doc_get(node, "source")), DOC_ABSENT);
}

/* --- notices ------------------------------------------------------------------- */

/* What is told is never taken in passing, whatever stands in the event. */
Test(tracking, what_may_be_told)
{
	for (int type = 0; type < EVENT_TYPES; type++)
		for (int end = 0; end < 2; end++) {
			struct event *event = event_new(arena, (enum event_type)type);
			bool may = notice_may_be((enum event_type)type, end), told;

			event->delivery = TEXT("postal");
			told = notice_of(event, end) != NOTICE_NONE;
			cr_expect_eq(may, told, "%s, %d", event_type_name((enum event_type)type), end);
			cr_expect(!may || notice_may_be((enum event_type)type, false));
		}
	cr_expect(notice_may_be(EV_CASEWORK_DECIDED, false));
	cr_expect(notice_may_be(EV_DISPATCH_RELEASED, true));
	cr_expect_not(notice_may_be(EV_INTAKE_REGISTERED, true));
	cr_expect_not(notice_may_be(EV_LOOKUP_ANSWERED, false));
}

Test(tracking, which_event_is_told)
{
	static const struct { enum event_type type; const char *delivery; enum notice all, end; } cases[] = {
		{ EV_INTAKE_REGISTERED, NULL, NOTICE_REGISTERED, NOTICE_NONE },
		{ EV_INTAKE_REJECTED, NULL, NOTICE_REJECTED, NOTICE_REJECTED },
		{ EV_FEE_ORDERED, NULL, NOTICE_PAYMENT_NEEDED, NOTICE_NONE },
		{ EV_FEE_PLACED, NULL, NOTICE_NONE, NOTICE_NONE },
		{ EV_FEE_PAID, NULL, NOTICE_PAYMENT_RECEIVED, NOTICE_NONE },
		{ EV_CASEWORK_SUPPLEMENT_REQUESTED, NULL, NOTICE_SUPPLEMENT_REQUESTED, NOTICE_NONE },
		{ EV_CASEWORK_ACCEPTED, NULL, NOTICE_ACCEPTED, NOTICE_NONE },
		{ EV_CASEWORK_REFUSED, NULL, NOTICE_REFUSED, NOTICE_REFUSED },
		{ EV_CASEWORK_STOPPED, NULL, NOTICE_STOPPED, NOTICE_STOPPED },
		{ EV_CASEWORK_WITHDRAWN, NULL, NOTICE_WITHDRAWN, NOTICE_WITHDRAWN },
		{ EV_CASEWORK_OVERDUE, NULL, NOTICE_OVERDUE, NOTICE_NONE },
		{ EV_CASEWORK_DECIDED, "online", NOTICE_NONE, NOTICE_NONE },
		{ EV_CASEWORK_DECIDED, "counter", NOTICE_NONE, NOTICE_NONE },
		{ EV_CASEWORK_DECIDED, "postal", NOTICE_DECIDED, NOTICE_NONE },
		{ EV_DISPATCH_RELEASED, NULL, NOTICE_RELEASED, NOTICE_RELEASED },
		{ EV_DISPATCH_COUNTER_READY, NULL, NOTICE_COUNTER_READY, NOTICE_NONE },
		{ EV_DISPATCH_HANDED_OVER, NULL, NOTICE_HANDED_OVER, NOTICE_HANDED_OVER },
		{ EV_DISPATCH_PARCEL_DELIVERED, NULL, NOTICE_PARCEL_DELIVERED, NOTICE_PARCEL_DELIVERED },
		{ EV_DISPATCH_PARCEL_RETURNED, NULL, NOTICE_PARCEL_RETURNED, NOTICE_NONE },
		{ EV_DISPATCH_PARCEL_FAILED, NULL, NOTICE_PARCEL_FAILED, NOTICE_NONE },
		{ EV_CASEWORK_OPENED, NULL, NOTICE_NONE, NOTICE_NONE },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct event *event = event_new(arena, cases[i].type);

		event->delivery = text_of(cases[i].delivery);
		cr_expect_eq(notice_of(event, false), cases[i].all, "%s", event_name(cases[i].type));
		cr_expect_eq(notice_of(event, true), cases[i].end, "%s", event_name(cases[i].type));
	}
}

static const char procedure_json[] = "{\"name_vi\":\"Khai sinh\",\"name_en\":\"Birth\",\"cases\":[{\"code\":\"default\","
    "\"components\":[{\"code\":\"TP01\",\"name_vi\":\"Giấy chứng sinh\",\"name_en\":\"Birth paper\"}]}]}";
static const char agency_json[] = "{\"name_vi\":\"Phường A\",\"name_en\":\"Ward A\"}";

static struct event *
full_event(void)
{
	struct event *event = event_new(arena, EV_FEE_ORDERED);

	event->order = TEXT(ID ".F5");
	event->amount = 108000;
	event->phi = 100000;
	event->le_phi = 8000;
	event->expires_at = event->due_at = NOW + 13 * HOUR_US;	/* 24:00 */
	event->accepted_at = NOW;
	event->slip = TEXT("H55.242-261121-0001/01");
	event->officer = TEXT("o1");
	event->reason = TEXT("unreadable");
	event->citation = TEXT("Luật 1");
	event->item_code = TEXT("EA123456785VN");
	event->missing = TEXT("[\"TP01\",\"TP09\"]");
	return event;
}

static struct notice_text
written(enum notice notice, const char *language, bool known)
{
	static struct dossier dos;
	struct procedure procedure = { .body = parsed(TEXT(procedure_json)) };
	struct agency agency = { .body = parsed(TEXT(agency_json)) };
	struct notice_facts facts = { &dos, full_event(), known ? &procedure : NULL, known ? &agency : NULL };
	struct notice_text text;

	dos = dossier_new();
	dos.language = text_of(language);
	dos.result = TEXT("granted");
	notice_write(notice, &facts, arena, &text);
	return text;
}

Test(tracking, words)
{
	static const struct { enum notice notice; const char *language, *text; } cases[] = {
		{ NOTICE_REGISTERED, "vi", "Phường A đã nhận hồ sơ H55.242-261121-0001, thủ tục Khai sinh, lúc 11:00 ngày "
		  "21/11/2026. Dùng mã hồ sơ để tra cứu." },
		{ NOTICE_REGISTERED, "en", "Ward A has received dossier H55.242-261121-0001, Birth, at 11:00 on 21/11/2026. "
		  "Follow it by its code." },
		{ NOTICE_PAYMENT_NEEDED, "vi", "Hồ sơ H55.242-261121-0001 cần nộp 108.000 đồng (phí 100.000 đồng, lệ phí 8.000 "
		  "đồng), chậm nhất hết ngày 21/11/2026. Mã tham chiếu thanh toán: " ID ".F5." },
		{ NOTICE_PAYMENT_NEEDED, "en", "Dossier H55.242-261121-0001: please pay 108,000 VND (fee 100,000 VND, charge "
		  "8,000 VND) by the end of 21/11/2026. Payment reference: " ID ".F5." },
		{ NOTICE_SUPPLEMENT_REQUESTED, "vi", "Phường A đề nghị bổ sung hồ sơ H55.242-261121-0001: Giấy chứng sinh, TP09. "
		  "Lý do: giấy tờ không đọc được. Gửi bổ sung chậm nhất hết ngày 21/11/2026; quá hạn, hồ sơ sẽ dừng xử lý." },
		{ NOTICE_ACCEPTED, NULL, "Phường A đã tiếp nhận hồ sơ H55.242-261121-0001 lúc 11:00 ngày 21/11/2026. Giấy hẹn "
		  "H55.242-261121-0001/01. Hẹn trả kết quả: hết ngày 21/11/2026. Người tiếp nhận: o1." },
		{ NOTICE_RELEASED, "en", "The result of dossier H55.242-261121-0001 (granted) is on the portal." },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct notice_text text = written(cases[i].notice, cases[i].language, true);

		cr_expect(text_is(text.text, cases[i].text), "%s: %.*s", notice_name(cases[i].notice), TEXT_ARG(text.text));
	}
}

/* Combining marks would be another form than NFC. */
static bool
is_composed(struct text t)
{
	for (size_t i = 0; i + 1 < t.n; i++) {
		unsigned char a = (unsigned char)t.s[i], b = (unsigned char)t.s[i + 1];

		if (a == 0xcc || (a == 0xcd && b <= 0xaf))
			return false;
	}
	return true;
}

Test(tracking, every_notice_can_be_written)
{
	static const char *const languages[] = { "vi", "en" };

	for (int notice = 1; notice < NOTICES; notice++)
		for (int k = 0; k < 4; k++) {
			struct notice_text text = written((enum notice)notice, languages[k % 2], k < 2);

			cr_expect(text.subject.n > 0 && text.text.n > 0, "%s", notice_name((enum notice)notice));
			cr_expect_null(memchr(text.text.s, '{', text.text.n), "%s", notice_name((enum notice)notice));
			cr_expect(text_is_utf8(text.text) && is_composed(text.text) && is_composed(text.subject), "%s",
			    notice_name((enum notice)notice));
			cr_expect(k % 2 == 0 || templates[notice].text_en != templates[notice].text_vi);
		}
}

Test(tracking, contacts)
{
	static const struct { const char *name, *body; enum contact contact; const char *to; } cases[] = {
		{ "phone", "{\"applicant\":{\"phone\":\"+84912345678\",\"email\":\"a@b.vn\"}}", CONTACT_SMS, "+84912345678" },
		{ "mail", "{\"applicant\":{\"email\":\"a@b.vn\"}}", CONTACT_EMAIL, "a@b.vn" },
		{ "bad phone", "{\"applicant\":{\"phone\":\"call me\",\"email\":\"a@b.vn\"}}", CONTACT_EMAIL, "a@b.vn" },
		{ "7 digits", "{\"applicant\":{\"phone\":\"1234567\"}}", CONTACT_NONE, NULL },
		{ "8 digits", "{\"applicant\":{\"phone\":\"12345678\"}}", CONTACT_SMS, "12345678" },
		{ "15 digits", "{\"applicant\":{\"phone\":\"123456789012345\"}}", CONTACT_SMS, "123456789012345" },
		{ "16 digits", "{\"applicant\":{\"phone\":\"1234567890123456\"}}", CONTACT_NONE, NULL },
		{ "plus inside", "{\"applicant\":{\"phone\":\"84+912345678\"}}", CONTACT_NONE, NULL },
		{ "number as a number", "{\"applicant\":{\"phone\":912345678}}", CONTACT_NONE, NULL },
		{ "mail without a name", "{\"applicant\":{\"email\":\"@b.vn\"}}", CONTACT_NONE, NULL },
		{ "mail with a line", "{\"applicant\":{\"email\":\"a@b.vn\\nBcc: c\"}}", CONTACT_NONE, NULL },
		{ "two ats", "{\"applicant\":{\"email\":\"a@b@c\"}}", CONTACT_NONE, NULL },
		{ "nobody", "{}", CONTACT_NONE, NULL },
		{ "no JSON", NULL, CONTACT_NONE, NULL },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct content content = { .kind = TEXT("submission"),
			.data = cases[i].body != NULL ? parsed(text_of(cases[i].body)) : NULL };
		struct text to = TEXT_NONE;

		cr_expect_eq(notice_contact(&content, 1, &to), cases[i].contact, "%s", cases[i].name);
		cr_expect(text_is_equal(to, text_of(cases[i].to)), "%s", cases[i].name);
	}
}

Test(tracking, bodies)
{
	struct notice_text text = { TEXT("S"), TEXT("T \"q\"") };

	cr_expect(text_is(notice_body(CONTACT_SMS, TEXT("+84"), &text, arena), "{\"to\":\"+84\",\"text\":\"T \\\"q\\\"\"}"));
	cr_expect(text_is(notice_body(CONTACT_EMAIL, TEXT("a@b"), &text, arena),
	    "{\"to\":\"a@b\",\"subject\":\"S\",\"text\":\"T \\\"q\\\"\"}"));
}

/* --- sent again ---------------------------------------------------------------- */

Test(tracking, both_passes_go_through_all_journals)
{
	static struct again again;
	int64_t t_us = 60 * SECOND_US, stages = 0;

	cr_expect_eq(again_next(&again, 1000, NOW, t_us), -1);
	again_claim(&again, 5, 1000, t_us);
	cr_expect_eq(again_next(&again, 999, NOW, t_us), -1);
	for (; again_next(&again, 1000, NOW, t_us) == 5; stages++) {
		cr_expect_eq(again.lanes[5].since, NOW - t_us);
		again_done(&again, 5, 2, 8, 100);
	}
	cr_expect_eq(stages, STAGE_TRACKING);
	cr_expect_eq(again_next(&again, 1000 + t_us - 1, NOW, t_us), -1);
	cr_expect_eq(again_next(&again, 1000 + t_us, NOW + t_us, t_us), 5);
	cr_expect_eq(again.lanes[5].since, NOW - t_us);
	/* A full piece goes on in the same journal. */
	again_done(&again, 5, 8, 8, 100);
	cr_expect_eq(again.lanes[5].stage, 0);
	cr_expect_eq(again.lanes[5].last, 100);
	again_done(&again, 5, 7, 8, 200);
	cr_expect_eq(again.lanes[5].stage, 1);
	cr_expect_eq(again.lanes[5].last, 0);
	/* Claimed anew: from the start. */
	again_claim(&again, 5, 2000 + t_us, t_us);
	cr_expect_eq(again_next(&again, 1000 + t_us, NOW, t_us), -1);
	cr_expect_eq(again_next(&again, 2000 + t_us, NOW, t_us), 5);
}

Test(tracking, a_block_names_what_shows)
{
	static const enum event_type types[] = { EV_FEE_PLACED, EV_FEE_PAID, EV_FEE_UNKNOWN, EV_CASEWORK_ACCEPTED };
	struct buf block = buf_in(arena);
	uint8_t id[UUID_BYTES];
	size_t at = 0;
	int n = 0;

	for (size_t i = 0; i < 4; i++) {
		struct event *event = event_new(arena, types[i]);
		struct record record;
		struct buf packed = buf_in(arena);

		event->dossier[0] = (uint8_t)i;
		event->at = NOW;
		event->number = (int64_t)i + 1;
		event_encode(event, arena, &record);
		record_pack(&record, &packed);
		buf_lp(&block, buf_get(&packed).s, buf_get(&packed).n);
	}
	while (again_dossier(buf_get(&block), &at, id))
		cr_expect_eq(id[0], n++ == 0 ? 1 : 3);
	cr_expect_eq(n, 2);
}
