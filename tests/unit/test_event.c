/*
 * event: every type goes out and comes back whole, its headers stand in their
 * order, what it says is what its contract in schemas/messages says, and the
 * chain notices every byte.
 */
#include <criterion/criterion.h>
#include <stdio.h>

#include "event.h"
#include "file.h"
#include "schema.h"

static struct arena *arena;
static struct digest *digest;

static void
setup(void)
{
	arena = arena_new(8 << 20);
	digest = digest_new();
}

static void
teardown(void)
{
	digest_free(digest);
	arena_free(arena);
}

TestSuite(event, .init = setup, .fini = teardown);

/* The facts once more, as a table of this test. */
static const struct fact {
	const char	*json;
	enum fact_kind	kind;
	size_t		offset;
} facts[] = {
#define ROW(name, kind, json) { json, kind, offsetof(struct event, name) },
	EVENT_FACTS(ROW)
};
enum { FACTS = sizeof facts / sizeof *facts };

static struct text *
fact_text(struct event *event, int i)
{
	return (struct text *)(void *)((char *)event + facts[i].offset);
}

static int64_t *
fact_number(struct event *event, int i)
{
	return (int64_t *)(void *)((char *)event + facts[i].offset);
}

static bool
is_number(int i)
{
	return facts[i].kind == FACT_INT || facts[i].kind == FACT_TIME;
}

static struct event *
bare(enum event_type type)
{
	struct event *event = event_new(arena, type);

	for (int i = 0; i < UUID_BYTES; i++)
		event->dossier[i] = (uint8_t)(0x10 + i);
	event->version = 7;
	event->home = 3;
	event->number = 1234567890123;
	event->at = INT64_C(1795321822000123);
	event->cause = TEXT("dossier.submissions/3/17");
	return event;
}

/* Every fact set, each to something else, with all that JSON must escape. */
static struct event *
full(enum event_type type)
{
	struct event *event = bare(type);

	event->trace = TEXT("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
	for (int i = 0; i < FACTS; i++)
		if (facts[i].kind == FACT_TEXT)
			*fact_text(event, i) = arena_printf(arena, "\"%s\" \\ %d\n\tlý do", facts[i].json, i);
		else if (facts[i].kind == FACT_JSON)
			*fact_text(event, i) = arena_printf(arena, "[{\"%s\":%d,\"x\":[null,true,1.50,\"é\"]}]",
			    facts[i].json, i);
		else if (facts[i].kind == FACT_INT)
			*fact_number(event, i) = i % 2 == 0 ? INT64_MAX - i : -i;
		else
			*fact_number(event, i) = i * DAY_US + i;
	return event;
}

static bool
same(struct text a, struct text b)
{
	return text_is_absent(a) == text_is_absent(b) && text_is_equal(a, b);
}

static void
expect_same(struct event *a, struct event *b)
{
	const char *type = event_type_name(a->type);

	cr_expect_eq(a->type, b->type, "%s", type);
	cr_expect_arr_eq(a->dossier, b->dossier, UUID_BYTES, "%s", type);
	cr_expect_eq(a->version, b->version, "%s", type);
	cr_expect_eq(a->home, b->home, "%s", type);
	cr_expect_eq(a->number, b->number, "%s", type);
	cr_expect_eq(a->at, b->at, "%s", type);
	cr_expect(same(a->cause, b->cause), "%s", type);
	cr_expect(same(a->trace, b->trace), "%s", type);
	for (int i = 0; i < FACTS; i++)
		if (is_number(i))
			cr_expect_eq(*fact_number(a, i), *fact_number(b, i), "%s: %s", type, facts[i].json);
		else
			cr_expect(same(*fact_text(a, i), *fact_text(b, i)), "%s: %s", type, facts[i].json);
}

static struct event *
decoded(const struct record *record)
{
	struct event *event = NULL;
	struct err err = { 0 };

	cr_assert_eq(event_decode(record, arena, &event, &err), FAULT_NONE, "%s", err.text);
	return event;
}

/* --- out and back -------------------------------------------------------- */

Test(event, every_type_with_every_fact)
{
	for (int t = 0; t < EVENT_TYPES; t++) {
		struct event *event = full((enum event_type)t);
		struct record record, again;
		struct event *back;

		event_encode(event, arena, &record);
		back = decoded(&record);
		expect_same(event, back);
		event_encode(back, arena, &again);
		cr_expect(text_is_equal(record.value, again.value), "%s", event_type_name(event->type));
	}
}

Test(event, every_type_without_facts)
{
	for (int t = 0; t < EVENT_TYPES; t++) {
		struct event *event = bare((enum event_type)t);
		struct record record;

		event_encode(event, arena, &record);
		cr_expect(text_is(record.value, "{}"));
		expect_same(event, decoded(&record));
	}
}

Test(event, each_fact_alone)
{
	struct event *all = full(EV_INTAKE_REGISTERED);

	for (int i = 0; i < FACTS; i++) {
		struct event *event = bare(EV_INTAKE_REGISTERED);
		struct record record;

		if (is_number(i))
			*fact_number(event, i) = *fact_number(all, i);
		else
			*fact_text(event, i) = *fact_text(all, i);
		event_encode(event, arena, &record);
		cr_expect(text_has_prefix(record.value, arena_printf(arena, "{\"%s\":", facts[i].json).s), "%s",
		    facts[i].json);
		expect_same(event, decoded(&record));
	}
}

Test(event, names_of_facts_are_one_each)
{
	for (int i = 0; i < FACTS; i++)
		for (int k = 0; k < i; k++)
			cr_expect_str_neq(facts[i].json, facts[k].json);
}

Test(event, numbers_at_their_limits)
{
	static const struct { int32_t version, home; int64_t number; time_us at; } cases[] = {
		{ 0, 0, 1, 0 }, { INT32_MAX, INT32_MAX, INT64_MAX, INT64_C(253402300799999999) }, { 1, 0, 1, -1 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct event *event = bare(EV_FEE_PAID);
		struct record record;

		event->version = cases[i].version;
		event->home = cases[i].home;
		event->number = cases[i].number;
		event->at = cases[i].at;
		event->cause = i == 0 ? TEXT("") : TEXT_NONE;
		event_encode(event, arena, &record);
		expect_same(event, decoded(&record));
	}
}

/* Bug B1: what a platform may send as a time has to go out and come back, or our own readers stop for ever. */
Test(event, bug_1_a_time_from_outside_can_be_read_again)
{
	static const char *const times[] = { "9999-12-31T23:59:59-07:00", "0001-01-01T00:00:00+07:00",
	    "9999-12-31T16:59:59.999999-07:00", "0001-01-01T07:00:00+07:00", "9999-12-31T23:59:59.999999Z" };
	int taken = 0;

	for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
		struct event *event = bare(EV_FEE_PAID);
		struct record record;

		if (!time_from_text(text_of(times[i]), &event->paid_at))
			continue;	/* refused on arrival: good as well */
		taken++;
		event_encode(event, arena, &record);
		expect_same(event, decoded(&record));
	}
	cr_expect_eq(taken, 3, "the last three are in range");
}

/* --- the envelope -------------------------------------------------------- */

static const char *const order[] = { "ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "ce_subject",
	"ce_dataschema", "content-type", "traceparent", "ce_stage", "ce_sequence", "ce_version", "ce_home", "ce_cause",
	"ce_answer" };

Test(event, headers_stand_in_their_order)
{
	for (int t = 0; t < EVENT_TYPES; t++)
		for (int traced = 0; traced < 2; traced++) {
			struct event *event = bare((enum event_type)t);
			struct record record;
			int n = 0;

			event->trace = traced ? TEXT("00-x-y-01") : TEXT_NONE;
			event_encode(event, arena, &record);
			for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
				if ((strcmp(order[i], "traceparent") == 0 && !traced) ||
				    (strcmp(order[i], "ce_answer") == 0 && !event_is_answer(event->type)))
					continue;
				cr_assert_lt(n, record.n_headers);
				cr_expect(text_is(record.headers[n].name, order[i]), "%s", order[i]);
				n++;
			}
			cr_expect_eq(record.n_headers, n);
			cr_expect_lt(n, RECORD_HEADERS_MAX, "no room for the chain");
		}
}

Test(event, values_of_headers)
{
	static const struct { const char *name, *value; } cases[] = {
		{ "ce_specversion", "1.0" }, { "ce_id", "intake/3/1234567890123" }, { "ce_source", "/dossier/intake" },
		{ "ce_type", "vn.dossier.intake.registered.v1" }, { "ce_time", "2026-11-22T04:30:22.000123Z" },
		{ "ce_subject", "10111213-1415-1617-1819-1a1b1c1d1e1f" },
		{ "ce_dataschema", "urn:vn:dossier:schema:intake.registered.v1" }, { "content-type", "application/json" },
		{ "ce_stage", "intake" }, { "ce_sequence", "1234567890123" }, { "ce_version", "7" }, { "ce_home", "3" },
		{ "ce_cause", "dossier.submissions/3/17" },
	};
	struct record record;

	event_encode(bare(EV_INTAKE_REGISTERED), arena, &record);
	cr_expect(text_is(record.key, "10111213-1415-1617-1819-1a1b1c1d1e1f"));
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		cr_expect(text_is(record_find(&record, cases[i].name), cases[i].value), "%s", cases[i].name);
	cr_expect(text_is_absent(record_find(&record, "ce_answer")));
	event_encode(bare(EV_INTAKE_CONFLICT), arena, &record);
	cr_expect(text_is(record_find(&record, "ce_answer"), "1"));
}

static void
header_set(struct record *record, const char *name, struct text value)
{
	for (int i = 0; i < record->n_headers; i++)
		if (text_is(record->headers[i].name, name))
			record->headers[i].value = value;
}

/* Refused: the code; untouched is the output. */
static const char *
refused(const struct record *record)
{
	static struct err err;
	struct event *event = NULL;

	err = (struct err){ 0 };
	cr_expect_eq(event_decode(record, arena, &event, &err), FAULT_PARK);
	cr_expect_eq(err.fault, FAULT_PARK);
	cr_expect_null(event);
	return err.code;
}

#define BYTES(literal) { literal, sizeof(literal) - 1 }

Test(event, unknown_types)
{
	static const struct text types[] = { { NULL, 0 }, BYTES(""), BYTES("vn.dossier.intake.registered.v2"),
	    BYTES("vn.dossier.intake.registered.v1 "), BYTES("vn.dossier.intake.registered.v"),
	    BYTES("VN.dossier.intake.registered.v1"), BYTES("vn.dossier.submitted.v1"),
	    BYTES("vn.dossier.intake.registered.v1\0"), BYTES("\xff\xfe"), BYTES("\n\"forged\""),
	    BYTES("vn.dossier.a.type.that.is.much.longer.than.what.an.error.text.can.quote.of.it.v1") };
	struct record record;

	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		event_encode(bare(EV_INTAKE_REGISTERED), arena, &record);
		header_set(&record, "ce_type", types[i]);
		cr_expect_str_eq(refused(&record), "unknown_type");
	}
	/* Said before anything else is looked at: it stops the lane, whatever else is wrong. */
	event_encode(bare(EV_INTAKE_REGISTERED), arena, &record);
	header_set(&record, "ce_type", TEXT("vn.dossier.intake.foretold.v1"));
	header_set(&record, "ce_sequence", TEXT("0"));
	record.value = TEXT("no JSON");
	cr_expect_str_eq(refused(&record), "unknown_type");
}

Test(event, envelopes_that_are_not_ours)
{
	static const struct { const char *header; struct text value; bool ok; } cases[] = {
		{ "ce_sequence", BYTES("1"), true }, { "ce_sequence", BYTES("0"), false },
		{ "ce_sequence", BYTES("-1"), false }, { "ce_sequence", BYTES("9223372036854775807"), true },
		{ "ce_sequence", BYTES("9223372036854775808"), false }, { "ce_sequence", BYTES("1a"), false },
		{ "ce_sequence", BYTES(""), false }, { "ce_sequence", { NULL, 0 }, false },
		{ "ce_version", BYTES("0"), true }, { "ce_version", BYTES("-1"), false },
		{ "ce_version", BYTES("2147483647"), true }, { "ce_version", BYTES("2147483648"), false },
		{ "ce_version", { NULL, 0 }, false }, { "ce_version", BYTES("x"), false },
		{ "ce_home", BYTES("0"), true }, { "ce_home", BYTES("-1"), false },
		{ "ce_home", BYTES("2147483647"), true }, { "ce_home", BYTES("2147483648"), false },
		{ "ce_home", { NULL, 0 }, false },
		{ "ce_time", BYTES("2026-11-22T11:30:22+07:00"), true }, { "ce_time", BYTES("2026-11-22"), false },
		{ "ce_time", BYTES(""), false }, { "ce_time", { NULL, 0 }, false },
		{ "ce_subject", BYTES("10111213-1415-1617-1819-1A1B1C1D1E1F"), true },
		{ "ce_subject", BYTES("10111213-1415-1617-1819-1a1b1c1d1e1"), false },
		{ "ce_subject", BYTES(""), false }, { "ce_subject", { NULL, 0 }, false },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct record record;

		event_encode(bare(EV_FEE_PAID), arena, &record);
		header_set(&record, cases[i].header, cases[i].value);
		if (cases[i].ok)
			decoded(&record);
		else
			cr_expect_str_eq(refused(&record), "envelope", "%s %.*s", cases[i].header, TEXT_ARG(cases[i].value));
	}
}

Test(event, numbers)
{
	struct record record;
	int64_t number = 0;

	event_encode(bare(EV_FEE_PAID), arena, &record);
	cr_assert(event_number(&record, &number));
	cr_assert_eq(number, 1234567890123);
	header_set(&record, "ce_sequence", TEXT("0"));
	cr_assert(!event_number(&record, &number));
	record.n_headers = 0;
	cr_assert(!event_number(&record, &number));
}

/* --- the data ------------------------------------------------------------ */

static struct record
with_data(struct text data)
{
	struct record record;

	event_encode(bare(EV_FEE_PAID), arena, &record);
	record.value = data;
	return record;
}

Test(event, facts_of_a_wrong_type)
{
	static const struct { const char *json; bool fits[4]; } values[] = {	/* as text, int, time, json */
		{ "\"abc\"", { true, false, false, true } }, { "\"\"", { true, false, false, true } },
		{ "\"2026-11-22T04:30:22Z\"", { true, false, true, true } },
		{ "\"2026-11-22\"", { true, false, false, true } }, { "\"5\"", { true, false, false, true } },
		{ "5", { false, true, false, true } }, { "-9223372036854775807", { false, true, false, true } },
		{ "9223372036854775807", { false, true, false, true } }, { "1.5", { false, false, false, true } },
		{ "null", { false, false, false, true } }, { "true", { false, false, false, true } },
		{ "[]", { false, false, false, true } }, { "{}", { false, false, false, true } },
	};

	for (int i = 0; i < FACTS; i++)
		for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
			struct record record = with_data(arena_printf(arena, "{\"%s\":%s}", facts[i].json, values[v].json));

			if (values[v].fits[facts[i].kind])
				decoded(&record);
			else
				cr_expect_str_eq(refused(&record), "type", "%s: %s", facts[i].json, values[v].json);
		}
}

Test(event, members_that_a_later_release_added)
{
	static const char *const names[] = { "later", "", "rounds", "roun", "roun\\u0064s", "a", "at_", "Round", "code ",
	    "zzz", "tỉnh" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct record record = with_data(arena_printf(arena,
		    "{\"%s\":{\"deep\":[1,\"two\"]},\"round\":2}", names[i]));

		cr_expect_eq(decoded(&record)->round, 2, "%s", names[i]);
	}
}

Test(event, data_that_is_none)
{
	static const struct { struct text data; const char *code; } cases[] = {
		{ { NULL, 0 }, NULL }, { BYTES(""), NULL }, { BYTES("{"), NULL }, { BYTES("{}x"), NULL },
		{ BYTES("{\"round\":1,\"round\":2}"), NULL }, { BYTES("[]"), "type" }, { BYTES("null"), "type" },
		{ BYTES("1"), "type" }, { BYTES("{\"code\":\"\xff\"}"), NULL },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct record record = with_data(cases[i].data);
		const char *code = refused(&record);

		if (cases[i].code != NULL)
			cr_expect_str_eq(code, cases[i].code, "%.*s", TEXT_ARG(cases[i].data));
		else
			cr_expect_eq(strncmp(code, "json.", 5), 0, "%.*s: %s", TEXT_ARG(cases[i].data), code);
	}
}

Test(event, torn_data)
{
	struct record record, torn;

	event_encode(full(EV_INTAKE_REGISTERED), arena, &record);
	for (size_t n = 0; n < record.value.n; n++) {
		torn = record;
		torn.value = arena_copy(arena, record.value.s, n);
		refused(&torn);
	}
}

/* --- contracts ----------------------------------------------------------- */

/* A value for each fact that any contract allows, where the contract itself does not name one. */
static const struct { const char *json, *value; } samples[] = {
	{ "round", "1" }, { "input", "00112233445566778899aabbccddeeff" }, { "request", "vn.dossier.supplemented.v1" },
	{ "source", "https://dichvucong.example.vn" }, { "submission", "2026-0001" }, { "code", "H55.242-261122-0001" },
	{ "procedure", "1.001193" }, { "procedure_version", "3" }, { "case", "default" }, { "agency", "H55.242" },
	{ "rule_set", "0123456789abcdef" }, { "exemption", "merit" },
	{ "digest", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
	{ "missing", "[\"TP01\",\"TP02\"]" }, { "replaced", "[\"TP03\"]" }, { "problems", "[]" }, { "outcomes", "[]" },
	{ "phi", "50000" }, { "le_phi", "8000" }, { "amount", "58000" },
	{ "order", "5256d634-54c0-8061-8fc2-d731c293ce38.F5" }, { "refund", "5256d634-54c0-8061-8fc2-d731c293ce38.R9" },
	{ "parcel", "5256d634-54c0-8061-8fc2-d731c293ce38.P12" }, { "transaction", "TX-1" }, { "reason", "late" },
	{ "citation", "Điều 1" }, { "officer", "cb.01" }, { "slip", "H55.242-261122-0001" },
	{ "document", "{\"uri\":\"results/1.pdf\",\"sha256\":"
	    "\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\",\"size\":20000}" },
	{ "item_code", "EA123456785VN" }, { "attempt", "1" }, { "notice", "accepted" }, { "about", "4" },
	{ "key", "5256d634-54c0-8061-8fc2-d731c293ce38.N4" },
	{ "errors", "[{\"pointer\":\"/form\",\"rule\":\"required\",\"message_vi\":\"Thiếu\",\"message_en\":\"Missing\"}]" },
};

static struct text
file_of(const char *path)
{
	struct text whole;
	struct err err;

	cr_assert_eq(file_read(arena, path, 1 << 20, &whole, &err), FAULT_NONE,
	    "%s: run the tests from the root of the repository", err.text);
	return whole;
}

static int
fact_of(struct text json)
{
	for (int i = 0; i < FACTS; i++)
		if (text_is(json, facts[i].json))
			return i;
	return -1;
}

/* The property with what it refers to: its own keywords go first. */
static const struct doc_node *
keyword(const struct doc_node *root, const struct doc_node *property, const char *name)
{
	const struct doc_node *own = doc_get(property, name);
	struct text ref = doc_get_text(property, "$ref");

	if (own != NULL || text_is_absent(ref))
		return own;
	return doc_get(doc_pointer(root, ref.s + 1), name);
}

static struct text
sample_of(const struct doc_node *root, const struct doc_node *property, const char *json)
{
	const struct doc_node *fixed = keyword(root, property, "const");

	if (fixed == NULL)
		fixed = doc_at(keyword(root, property, "enum"), 0);
	if (fixed != NULL) {
		struct buf buf = buf_in(arena);

		if (doc_kind(fixed) == DOC_TEXT)
			return doc_text(fixed);
		doc_write(&buf, fixed);
		return buf_get(&buf);
	}
	for (size_t i = 0; i < sizeof samples / sizeof *samples; i++)
		if (strcmp(samples[i].json, json) == 0)
			return text_of(samples[i].value);
	return TEXT_NONE;
}

static void
fact_set(struct event *event, int i, struct text sample)
{
	if (facts[i].kind == FACT_TIME)
		*fact_number(event, i) = INT64_C(1795321822000000) + i;
	else if (facts[i].kind == FACT_INT)
		cr_assert(text_to_int64(sample, fact_number(event, i)), "%s", facts[i].json);
	else {
		cr_assert(!text_is_absent(sample), "no sample of %s", facts[i].json);
		*fact_text(event, i) = sample;
	}
}

static void
fact_clear(struct event *event, int i)
{
	if (is_number(i))
		*fact_number(event, i) = INT_NONE;
	else
		*fact_text(event, i) = TEXT_NONE;
}

static const char *
verdict(const struct schema *schema, const struct event *event)
{
	struct record record;
	const struct doc_node *data;
	struct schema_errors errors;
	struct doc_error why;

	event_encode(event, arena, &record);
	cr_assert_eq(doc_parse(arena, record.value, NULL, &data, &why), FAULT_NONE);
	if (schema_check(schema, data, arena, 1, &errors))
		return "";
	return arena_printf(arena, "%.*s %s", TEXT_ARG(errors.list[0].pointer), errors.list[0].rule).s;
}

struct contract {
	const struct schema	*schema;
	const struct doc_node	*root;
};

static struct contract
contract_of(struct schema_set *set, enum event_type type)
{
	struct text name = text_of(event_type_name(type));
	struct text json = file_of(arena_printf(arena, "schemas/messages/%s.json", name.s).s), uri;
	struct contract contract = { NULL, NULL };
	struct record record;
	struct err err = { 0 };
	struct doc_error why;

	/* The contract is found by what the event itself says of it. */
	event_encode(bare(type), arena, &record);
	uri = record_find(&record, "ce_dataschema");
	cr_assert_eq(schema_set_add(set, NULL, json, &err), FAULT_NONE, "%s: %s", name.s, err.text);
	cr_assert_eq(schema_compile(set, uri.s, &contract.schema, &err), FAULT_NONE, "%s: %s", name.s, err.text);
	cr_assert_eq(doc_parse(arena, json, NULL, &contract.root, &why), FAULT_NONE, "%s", name.s);
	return contract;
}

static bool
fits(enum fact_kind kind, const struct doc_node *root, const struct doc_node *property)
{
	struct text type = doc_text(keyword(root, property, "type"));
	struct text format = doc_text(keyword(root, property, "format"));

	if (keyword(root, property, "const") != NULL)
		return kind == (doc_kind(keyword(root, property, "const")) == DOC_INT ? FACT_INT : FACT_TEXT);
	if (text_is(type, "integer"))
		return kind == FACT_INT;
	if (text_is(type, "string"))
		return kind == (text_is(format, "date-time") ? FACT_TIME : FACT_TEXT);
	return kind == FACT_JSON && (text_is(type, "array") || text_is(type, "object"));
}

/* Filled with all that its contract documents it is valid; without any one that is required it is not. */
Test(event, contracts)
{
	struct schema_set *set = schema_set_new(SCHEMA_STRICT);

	for (int t = 0; t < EVENT_TYPES; t++) {
		const char *type = event_type_name((enum event_type)t);
		struct contract contract = contract_of(set, (enum event_type)t);
		struct event *event = bare((enum event_type)t);
		const struct doc_node *required = doc_get(contract.root, "required");
		struct doc_iter it;

		for (it = doc_iter(doc_get(contract.root, "properties")); doc_next(&it); ) {
			int i = fact_of(it.key);

			cr_assert_geq(i, 0, "%s: %.*s is no fact", type, TEXT_ARG(it.key));
			cr_expect(fits(facts[i].kind, contract.root, it.value), "%s: %s is of another kind", type, facts[i].json);
			fact_set(event, i, sample_of(contract.root, it.value, facts[i].json));
		}
		cr_expect_str_eq(verdict(contract.schema, event), "", "%s, all facts: %s", type,
		    verdict(contract.schema, event));
		for (size_t r = 0; r < doc_length(required); r++) {
			int i = fact_of(doc_text(doc_at(required, r)));
			struct event without = *event;

			cr_assert_geq(i, 0, "%s", type);
			fact_clear(&without, i);
			cr_expect_str_neq(verdict(contract.schema, &without), "", "%s without %s", type, facts[i].json);
		}
	}
	schema_set_free(set);
}

/* --- the chain ----------------------------------------------------------- */

static const char *
chained(const uint8_t before[DIGEST_BYTES], int64_t number, const struct record *record)
{
	static char out[4][2 * DIGEST_BYTES + 1];
	static int turn;
	uint8_t hash[DIGEST_BYTES];

	turn = (turn + 1) % 4;
	chain_hash(digest, before, number, record, hash);
	text_hex(hash, sizeof hash, out[turn]);
	return out[turn];
}

/* Every text of the record, so that each of its bytes can be changed. */
static struct text *
part_of(struct record *record, int i)
{
	if (i == 0)
		return &record->key;
	if (i == 1)
		return &record->value;
	i -= 2;
	if (i >= 2 * record->n_headers)
		return NULL;
	return i % 2 == 0 ? &record->headers[i / 2].name : &record->headers[i / 2].value;
}

Test(event, chain_notices_every_byte)
{
	uint8_t before[DIGEST_BYTES] = { 1, 2, 3 };
	struct record record;
	const char *first;

	event_encode(full(EV_INTAKE_CONFLICT), arena, &record);
	first = arena_text(arena, text_of(chained(before, 5, &record))).s;
	cr_assert_str_eq(chained(before, 5, &record), first, "the same again");
	for (int i = 0; part_of(&record, i) != NULL; i++) {
		struct text whole = *part_of(&record, i);
		struct text changed = arena_copy(arena, whole.s, whole.n);
		char *bytes = (char *)(uintptr_t)changed.s;

		*part_of(&record, i) = changed;
		cr_expect_str_eq(chained(before, 5, &record), first, "an equal copy");
		for (size_t k = 0; k < whole.n; k++) {
			bytes[k] ^= 0x20;
			cr_expect_str_neq(chained(before, 5, &record), first, "part %d, byte %zu", i, k);
			bytes[k] ^= 0x20;
		}
		part_of(&record, i)->n--;
		cr_expect_str_neq(chained(before, 5, &record), first, "part %d, one short", i);
		*part_of(&record, i) = whole;
	}
	for (int k = 0; k < DIGEST_BYTES; k++) {
		before[k] ^= 1;
		cr_expect_str_neq(chained(before, 5, &record), first, "hash before, byte %d", k);
		before[k] ^= 1;
	}
	cr_expect_str_neq(chained(before, 6, &record), first);
	cr_expect_str_neq(chained(before, 50, &record), first);
	cr_expect_str_neq(chained(before, -5, &record), first);
	cr_expect_str_eq(chained(before, 5, &record), first);
}

Test(event, chain_notices_order_and_number_of_headers)
{
	static const uint8_t before[DIGEST_BYTES];
	struct record a = { .key = TEXT("k"), .value = TEXT("v"), .n_headers = 2,
	    .headers = { { TEXT("a"), TEXT("1") }, { TEXT("b"), TEXT("2") } } }, b = a;

	b.headers[0] = a.headers[1];
	b.headers[1] = a.headers[0];
	cr_expect_str_neq(chained(before, 1, &a), chained(before, 1, &b), "order");
	b = a;
	b.n_headers = 1;
	cr_expect_str_neq(chained(before, 1, &a), chained(before, 1, &b), "one fewer");
	b = a;
	b.headers[0].value = TEXT("1b");
	b.headers[1].name = TEXT("");
	cr_expect_str_neq(chained(before, 1, &a), chained(before, 1, &b), "a border moved");
	b = a;
	b.key = TEXT("v");
	b.value = TEXT("k");
	cr_expect_str_neq(chained(before, 1, &a), chained(before, 1, &b), "key and value changed places");
}

Test(event, chain_leaves_itself_out)
{
	static const uint8_t before[DIGEST_BYTES];
	struct record record, with;
	const char *first;

	event_encode(full(EV_FEE_PAID), arena, &record);
	first = chained(before, 9, &record);
	with = record;
	record_header(&with, HEADER_CHAIN, TEXT("0123"));
	cr_expect_str_eq(chained(before, 9, &with), first);
	with.headers[with.n_headers - 1].name = TEXT("CE_Chain");
	cr_expect_str_eq(chained(before, 9, &with), first);
	with.headers[with.n_headers - 1].name = TEXT("ce_chains");
	cr_expect_str_neq(chained(before, 9, &with), first);
	/* Wherever it stands. */
	with = record;
	memmove(with.headers + 1, record.headers, (size_t)record.n_headers * sizeof *record.headers);
	with.headers[0] = (struct header){ TEXT(HEADER_CHAIN), TEXT("0123") };
	with.n_headers++;
	cr_expect_str_eq(chained(before, 9, &with), first);
}

/* LP(number) LP(key) {LP(name) LP(value)}* LP(value) after the hash before, put together by hand. */
Test(event, chain_by_hand)
{
	uint8_t before[DIGEST_BYTES], hash[DIGEST_BYTES];
	struct record record = { .key = TEXT("key"), .value = TEXT("{}"), .n_headers = 2,
	    .headers = { { TEXT("ce_id"), TEXT("x/1/42") }, { TEXT(HEADER_CHAIN), TEXT("f00d") } } };
	struct buf buf = buf_in(arena);
	char hex[2 * DIGEST_BYTES + 1];

	memset(before, 0xab, sizeof before);
	buf_put(&buf, before, sizeof before);
	buf_lp(&buf, "42", 2);
	buf_lp(&buf, "key", 3);
	buf_lp(&buf, "ce_id", 5);
	buf_lp(&buf, "x/1/42", 6);
	buf_lp(&buf, "{}", 2);
	digest_bytes(buf_get(&buf).s, buf_get(&buf).n, hash);
	text_hex(hash, sizeof hash, hex);
	cr_assert_str_eq(chained(before, 42, &record), hex);
}
