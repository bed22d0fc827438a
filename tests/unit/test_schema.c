/*
 * test_schema - what is particular to this evaluator.
 *
 * Every keyword is proven by the official suite (tests/contract/suite).  Here:
 * pointers, rules and words of errors, formats of Viet Nam, what is refused at
 * compile time, and bounds.
 */
#include <criterion/criterion.h>
#include <stdio.h>

#include "schema.h"

static struct arena *arena;
static struct schema_set *set;

static void
setup(void)
{
	arena = arena_new(0);
	set = schema_set_new(SCHEMA_STRICT);
}

static void
teardown(void)
{
	schema_set_free(set);
	arena_free(arena);
}

TestSuite(schema, .init = setup, .fini = teardown);

static const struct schema *
compile(const char *json)
{
	static int number;
	struct text uri = arena_printf(arena, "test:%d", number++);
	const struct schema *schema = NULL;
	struct err err = { .text = "" };

	cr_assert_eq(schema_set_add(set, uri.s, text_of(json), &err), FAULT_NONE, "%s", err.text);
	cr_assert_eq(schema_compile(set, uri.s, &schema, &err), FAULT_NONE, "%s", err.text);
	return schema;
}

static const struct doc_node *
parse(struct text json)
{
	const struct doc_node *root = NULL;
	struct doc_error why;

	cr_assert_eq(doc_parse(arena, json, NULL, &root, &why), FAULT_NONE, "%.*s", TEXT_ARG(json));
	return root;
}

/* "pointer rule, pointer rule": the errors of json. */
static const char *
errors_of(const struct schema *schema, struct text json)
{
	struct schema_errors errors;
	struct buf buf = buf_in(arena);
	bool valid = schema_check(schema, parse(json), arena, SCHEMA_ERRORS_MAX, &errors);

	cr_expect_eq(valid, errors.n == 0);
	cr_expect_eq(valid, schema_check(schema, parse(json), arena, 0, NULL));
	for (int i = 0; i < errors.n; i++)
		buf_printf(&buf, "%s%s %s", i > 0 ? ", " : "", errors.list[i].pointer.s, errors.list[i].rule);
	return buf_get(&buf).s;
}

/* --- where and which ---------------------------------------------------------- */

#define PERSON "{\"type\":\"object\",\"required\":[\"name\",\"id\"],\"additionalProperties\":false," \
	"\"properties\":{\"name\":{\"type\":\"string\",\"minLength\":2,\"maxLength\":5}," \
	"\"id\":{\"$ref\":\"#/$defs/id\"},\"age\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":150}," \
	"\"tags\":{\"type\":\"array\",\"items\":{\"enum\":[\"a\",\"b\"]},\"uniqueItems\":true}}," \
	"\"$defs\":{\"id\":{\"type\":\"string\",\"format\":\"personal-id-vn\"}}}"

static const struct { struct text json; const char *errors; } persons[] = {
	{ TEXT("{\"name\":\"Ánh\",\"id\":\"079190012345\"}"), "" },
	{ TEXT("{\"name\":\"Á\",\"id\":\"079190012345\"}"), "/name minLength" },
	{ TEXT("{\"name\":\"Ấẩẫậă\",\"id\":\"079190012345\"}"), "" },
	{ TEXT("{\"name\":\"Ấẩẫậăx\",\"id\":\"079190012345\"}"), "/name maxLength" },
	{ TEXT("{}"), "/name required, /id required" },
	{ TEXT("[]"), " type" },
	{ TEXT("null"), " type" },
	{ TEXT("{\"name\":null,\"id\":1}"), "/name type, /id type" },
	{ TEXT("{\"name\":\"An\",\"id\":\"07919001234\"}"), "/id format" },
	{ TEXT("{\"name\":\"An\",\"id\":\"079190012345\",\"fee\":1}"), "/fee additionalProperties" },
	{ TEXT("{\"name\":\"An\",\"id\":\"079190012345\",\"Nguyễn An\":1}"), " additionalProperties" },
	{ TEXT("{\"name\":\"An\",\"id\":\"079190012345\",\"a/b\":1}"), " additionalProperties" },
	{ TEXT("{\"name\":\"An\",\"id\":\"079190012345\",\"age\":0}"), "" },
	{ TEXT("{\"name\":\"An\",\"id\":\"079190012345\",\"age\":-1}"), "/age minimum" },
	{ TEXT("{\"name\":\"An\",\"id\":\"079190012345\",\"age\":150.0}"), "" },
	{ TEXT("{\"name\":\"An\",\"id\":\"079190012345\",\"age\":151}"), "/age maximum" },
	{ TEXT("{\"name\":\"An\",\"id\":\"079190012345\",\"age\":1.5}"), "/age type" },
	{ TEXT("{\"name\":\"An\",\"id\":\"079190012345\",\"tags\":[\"a\",\"c\"]}"), "/tags/1 enum" },
	{ TEXT("{\"name\":\"An\",\"id\":\"079190012345\",\"tags\":[\"a\",\"a\"]}"), "/tags uniqueItems" },
};

Test(schema, pointers_and_rules)
{
	const struct schema *schema = compile(PERSON);

	for (size_t i = 0; i < sizeof persons / sizeof persons[0]; i++)
		cr_expect_str_eq(errors_of(schema, persons[i].json), persons[i].errors, "%zu: %s", i,
		    errors_of(schema, persons[i].json));
}

/* The branch that its const singles out explains itself; else the whole is one error. */
Test(schema, branches)
{
	const struct schema *schema = compile("{\"oneOf\":["
	    "{\"properties\":{\"kind\":{\"const\":\"person\"},\"id\":{\"minLength\":3}},\"required\":[\"kind\"]},"
	    "{\"properties\":{\"kind\":{\"const\":\"business\"},\"tax\":{\"minLength\":3}},\"required\":[\"kind\",\"tax\"]}]}");

	cr_expect_str_eq(errors_of(schema, TEXT("{\"kind\":\"person\"}")), "");
	cr_expect_str_eq(errors_of(schema, TEXT("{\"kind\":\"person\",\"id\":\"1\"}")), "/id minLength");
	cr_expect_str_eq(errors_of(schema, TEXT("{\"kind\":\"business\"}")), "/tax required");
	cr_expect_str_eq(errors_of(schema, TEXT("{\"kind\":\"ship\"}")), " oneOf");
	schema = compile("{\"oneOf\":[{\"minimum\":1},{\"maximum\":9}]}");
	cr_expect_str_eq(errors_of(schema, TEXT("5")), " oneOf");
}

Test(schema, fifty_errors)
{
	const struct schema *schema = compile("{\"items\":{\"type\":\"string\"}}");
	struct schema_errors errors;
	struct buf buf = buf_in(arena);

	for (int i = 0; i < 51; i++)
		buf_printf(&buf, "%s%d", i == 0 ? "[" : ",", i);
	cr_expect_not(schema_check(schema, parse(arena_printf(arena, "%s]", buf_get(&buf).s)), arena, 99, &errors));
	cr_expect(errors.n == 50 && errors.more);
	cr_expect_not(schema_check(schema, parse(TEXT("[1,2]")), arena, 2, &errors));
	cr_expect(errors.n == 2 && !errors.more);
	cr_expect_not(schema_check(schema, parse(TEXT("[1,2,3]")), arena, 2, &errors));
	cr_expect(errors.n == 2 && errors.more);
}

/* --- words ------------------------------------------------------------------- */

Test(schema, messages)
{
	const struct schema *schema = compile("{\"properties\":{"
	    "\"name\":{\"title\":\"Full name\",\"x-title_vi\":\"Họ và tên\",\"minLength\":2,\"pattern\":\"^[A-Z]\","
	    "\"x-hint_vi\":\"Viết hoa chữ đầu.\",\"x-hint_en\":\"Begin with a capital.\"},"
	    "\"id\":{\"$ref\":\"#/$defs/id\"},\"n\":{\"type\":[\"integer\",\"null\"]}},\"required\":[\"id\"],"
	    "\"$defs\":{\"id\":{\"title\":\"Id\",\"x-title_vi\":\"Số định danh\"}}}");
	struct schema_errors errors;
	struct buf buf = buf_in(arena);

	cr_expect_not(schema_check(schema, parse(TEXT("{\"name\":\"\",\"n\":\"BÍ MẬT\"}")), arena, 50, &errors));
	schema_errors_write(&buf, &errors);
	cr_expect_str_eq(buf_get(&buf).s, "["
	    "{\"pointer\":\"/id\",\"rule\":\"required\","
	    "\"message_vi\":\"“Số định danh”: Thiếu trường bắt buộc. Hãy điền trường này.\","
	    "\"message_en\":\"\\\"Id\\\": A required field is missing. Fill it in.\"},"
	    "{\"pointer\":\"/name\",\"rule\":\"minLength\","
	    "\"message_vi\":\"“Họ và tên”: Nội dung quá ngắn. Hãy nhập ít nhất 2 ký tự.\","
	    "\"message_en\":\"\\\"Full name\\\": The text is too short. Enter at least 2 characters.\"},"
	    "{\"pointer\":\"/name\",\"rule\":\"pattern\","
	    "\"message_vi\":\"“Họ và tên”: Nội dung không đúng mẫu quy định. Hãy kiểm tra và nhập lại. Viết hoa chữ đầu.\","
	    "\"message_en\":\"\\\"Full name\\\": The text does not have the required form. Check it and enter it again. Begin with a capital.\"},"
	    "{\"pointer\":\"/n\",\"rule\":\"type\","
	    "\"message_vi\":\"Sai kiểu dữ liệu. Hãy gửi số nguyên hoặc null.\","
	    "\"message_en\":\"Wrong type. Send an integer or null.\"}]", "%s", buf_get(&buf).s);
	buf = buf_in(arena);
	schema_errors_write(&buf, &(struct schema_errors){ .n = 0 });
	cr_expect_str_eq(buf_get(&buf).s, "[]");
}

/* Every rule has its sentences, and none lets a value through. */
static const struct { const char *schema; struct text json; } broken[] = {
	{ "{\"type\":\"object\"}", TEXT("\"SECRET\"") }, { "{\"const\":1}", TEXT("\"SECRET\"") },
	{ "{\"enum\":[1]}", TEXT("\"SECRET\"") }, { "{\"enum\":[]}", TEXT("\"SECRET\"") },
	{ "{\"minimum\":1}", TEXT("-77777") }, { "{\"maximum\":1}", TEXT("77777") },
	{ "{\"exclusiveMinimum\":1.5}", TEXT("-77777") }, { "{\"exclusiveMaximum\":1}", TEXT("77777") },
	{ "{\"multipleOf\":0.01}", TEXT("77777.001") }, { "{\"minLength\":9}", TEXT("\"SECRET\"") },
	{ "{\"maxLength\":1}", TEXT("\"SECRET\"") }, { "{\"pattern\":\"^x\"}", TEXT("\"SECRET\"") },
	{ "{\"format\":\"email\"}", TEXT("\"SECRET\"") }, { "{\"minItems\":2}", TEXT("[\"SECRET\"]") },
	{ "{\"maxItems\":0}", TEXT("[\"SECRET\"]") }, { "{\"uniqueItems\":true}", TEXT("[\"SECRET\",\"SECRET\"]") },
	{ "{\"contains\":{\"type\":\"null\"}}", TEXT("[\"SECRET\"]") },
	{ "{\"contains\":{},\"minContains\":2}", TEXT("[\"SECRET\"]") },
	{ "{\"contains\":{},\"maxContains\":1}", TEXT("[\"SECRET\",1]") },
	{ "{\"required\":[\"x\"]}", TEXT("{\"SECRET\":1}") },
	{ "{\"dependentRequired\":{\"SECRET\":[\"x\"]}}", TEXT("{\"SECRET\":1}") },
	{ "{\"minProperties\":2}", TEXT("{\"SECRET\":1}") }, { "{\"maxProperties\":0}", TEXT("{\"SECRET\":1}") },
	{ "{\"additionalProperties\":false}", TEXT("{\"SECRET 7\":1}") },
	{ "{\"unevaluatedProperties\":false}", TEXT("{\"SECRET 7\":1}") },
	{ "{\"unevaluatedItems\":false}", TEXT("[\"SECRET\"]") }, { "false", TEXT("\"SECRET\"") },
	{ "{\"propertyNames\":{\"maxLength\":1}}", TEXT("{\"SECRET\":1}") },
	{ "{\"anyOf\":[false,{\"minLength\":9}]}", TEXT("\"SECRET\"") }, { "{\"oneOf\":[true,true]}", TEXT("\"SECRET\"") },
	{ "{\"not\":true}", TEXT("\"SECRET\"") },
};

Test(schema, no_value_in_messages)
{
	for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
		const struct schema *schema = compile(broken[i].schema);
		struct schema_errors errors;
		struct buf buf = buf_in(arena);
		const char *s;

		cr_expect_not(schema_check(schema, parse(broken[i].json), arena, 50, &errors), "%s", broken[i].schema);
		cr_expect_geq(errors.n, 1);
		schema_errors_write(&buf, &errors);
		s = buf_get(&buf).s;
		cr_expect_null(strstr(s, "SECRET"), "%s", s);
		cr_expect_null(strstr(s, "7777"), "%s", s);
		cr_expect_null(strstr(s, "%s"), "%s", s);
	}
}

/* --- formats ----------------------------------------------------------------- */

static const struct { const char *format; const char *text; bool valid; } formats[] = {
	{ "personal-id-vn", "079190012345", true }, { "personal-id-vn", "001300000000", true },
	{ "personal-id-vn", "07919001234", false }, { "personal-id-vn", "0791900123456", false },
	{ "personal-id-vn", "O79190012345", false }, { "personal-id-vn", "000190012345", false },
	{ "personal-id-vn", "079390012345", true }, { "personal-id-vn", "079490012345", false },
	{ "personal-id-vn", "079190 12345", false }, { "personal-id-vn", "", false },
	{ "tax-code-vn", "0100109106", true }, { "tax-code-vn", "0100112437", true },
	{ "tax-code-vn", "0300588569", true }, { "tax-code-vn", "0101243150", true },
	{ "tax-code-vn", "0100109107", false }, { "tax-code-vn", "0100109106-001", true },
	{ "tax-code-vn", "0100109106-999", true }, { "tax-code-vn", "0100109106-000", false },
	{ "tax-code-vn", "0100109106-01", false }, { "tax-code-vn", "0100109106001", false },
	{ "tax-code-vn", "079190012345", true }, { "tax-code-vn", "0000000000", false },
	{ "phone-vn", "0903123456", true }, { "phone-vn", "+84903123456", true },
	{ "phone-vn", "84903123456", true }, { "phone-vn", "090312345", false },
	{ "phone-vn", "09031234567", false }, { "phone-vn", "0603123456", false },
	{ "phone-vn", "0|03123456", false }, { "phone-vn", "02438251234", true },
	{ "phone-vn", "0243825123", true }, { "phone-vn", "024382512", false },
	{ "phone-vn", "0903 123456", false }, { "phone-vn", "+84", false }, { "phone-vn", "", false },
	{ "date", "2028-02-29", true }, { "date", "2026-02-29", false }, { "date", "2026-02-30", false },
	{ "date", "31-12-2026", false }, { "date", "26-12-31", false }, { "date", "2026-12-31 ", false },
	{ "date-time", "2026-11-22T08:30:00+07:00", true }, { "date-time", "2026-11-22T08:30:00", false },
	{ "time", "08:30:00Z", true }, { "time", "24:00:00Z", false },
	{ "email", "an@example.vn", true }, { "email", "an@", false }, { "email", "an@example..vn", false },
	{ "uri", "https://example.vn/a?b#c", true }, { "uri", "/a", false }, { "uri", "https://example.vn/a b", false },
	{ "uri", "urn:x:ế", false }, { "uuid", "2eb8aa08-aa98-11ea-b4aa-73b441d16380", true },
	{ "uuid", "2eb8aa08aa98-11ea-b4aa73b441d16380", false },
};

Test(schema, formats)
{
	for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
		const struct schema *schema = compile(arena_printf(arena, "{\"format\":\"%s\"}", formats[i].format).s);
		bool valid = schema_check(schema, parse(arena_printf(arena, "\"%s\"", formats[i].text)), arena, 0, NULL);

		cr_expect_eq(valid, formats[i].valid, "%s %s", formats[i].format, formats[i].text);
	}
}

/* --- refused ----------------------------------------------------------------- */

static const struct { const char *schema; const char *keyword; const char *place; } refused[] = {
	{ "{\"minLenght\":1}", "minLenght", "#:" }, { "{\"properties\":{\"a\":{\"fmt\":1}}}", "fmt", "#/properties/a:" },
	{ "{\"$defs\":{\"a\":{\"fmt\":1}}}", "fmt", "#/$defs/a:" }, { "{\"allOf\":[{},{\"fmt\":1}]}", "fmt", "#/allOf/1:" },
	{ "{\"definitions\":{}}", "definitions", "#:" }, { "{\"format\":\"hostname\"}", "format", "#:" },
	{ "{\"type\":\"text\"}", "type", "#:" }, { "{\"type\":[]}", "type", "#:" },
	{ "{\"pattern\":\"(\"}", "pattern", "#:" }, { "{\"pattern\":\"(?R)\"}", "pattern", "#:" },
	{ "{\"pattern\":\"(*LIMIT_MATCH=9)a\"}", "pattern", "#:" }, { "{\"pattern\":\"(?i)a\"}", "pattern", "#:" },
	{ "{\"pattern\":\"\\\\Aa\"}", "pattern", "#:" }, { "{\"minLength\":-1}", "minLength", "#:" },
	{ "{\"minLength\":1.5}", "minLength", "#:" }, { "{\"multipleOf\":0}", "multipleOf", "#:" },
	{ "{\"items\":[]}", "items", "#:" }, { "{\"allOf\":[]}", "allOf", "#:" }, { "{\"allOf\":{}}", "allOf", "#:" },
	{ "{\"required\":\"a\"}", "required", "#:" }, { "{\"$ref\":\"#/$defs/none\"}", "$ref", "#:" },
	{ "{\"$ref\":\"https://example.vn/other\"}", "$ref", "#:" }, { "{\"$ref\":\"#none\"}", "$ref", "#:" },
	{ "{\"$schema\":\"http://json-schema.org/draft-07/schema#\"}", "$schema", "#:" },
	{ "{\"properties\":[]}", "properties", "#:" }, { "{\"not\":1}", "schema", "#/not:" }, { "1", "schema", "#:" },
};

Test(schema, refused_at_compile_time)
{
	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
		const char *uri = arena_printf(arena, "bad:%zu", i).s;
		const struct schema *schema = NULL;
		struct err err = { .text = "" };

		cr_assert_eq(schema_set_add(set, uri, text_of(refused[i].schema), &err), FAULT_NONE, "%s", err.text);
		cr_expect_eq(schema_compile(set, uri, &schema, &err), FAULT_PARK, "%s", refused[i].schema);
		cr_expect_str_eq(err.code, refused[i].keyword, "%s: %s", refused[i].schema, err.text);
		cr_expect_not_null(strstr(err.text, refused[i].place), "%s", err.text);
		/* And again: nothing half-made was kept. */
		cr_expect_eq(schema_compile(set, uri, &schema, &err), FAULT_PARK);
		cr_expect_null(schema);
	}
}

Test(schema, refused_when_added)
{
	struct err err;
	const struct schema *schema;

	cr_expect_eq(schema_set_add(set, NULL, TEXT("{"), &err), FAULT_PARK);
	cr_expect_eq(schema_set_add(set, NULL, TEXT("{}"), &err), FAULT_PARK);
	cr_expect_eq(schema_set_add(set, NULL, TEXT("{\"$id\":\"urn:a\",\"type\":\"null\"}"), &err), FAULT_NONE);
	cr_expect_eq(schema_set_add(set, NULL, TEXT("{\"$id\":\"urn:a\"}"), &err), FAULT_PARK);
	cr_expect_eq(schema_set_add(set, "urn:b", TEXT("{\"$defs\":{\"x\":{\"$id\":\"urn:a\"}}}"), &err), FAULT_PARK);
	cr_expect_eq(schema_set_add(set, "urn:c",
	    TEXT("{\"$defs\":{\"x\":{\"$anchor\":\"q\"},\"y\":{\"$anchor\":\"q\"}}}"), &err), FAULT_PARK);
	cr_expect_eq(schema_compile(set, "urn:b", &schema, &err), FAULT_PARK);
	cr_expect_eq(schema_compile(set, "urn:a", &schema, &err), FAULT_NONE);
	cr_expect(schema_check(schema, parse(TEXT("null")), arena, 0, NULL));
}

/* --- bounds ------------------------------------------------------------------ */

Test(schema, no_endless_schema)
{
	const struct schema *schema = compile("{\"$ref\":\"#\"}");

	cr_expect_str_eq(errors_of(schema, TEXT("1")), " schema.depth");
	cr_expect_str_eq(errors_of(compile("{\"not\":{\"$ref\":\"#\"}}"), TEXT("1")), " schema.depth");
}

Test(schema, no_exponential_schema)
{
	const struct schema *schema = compile("{\"$defs\":{\"a\":{\"properties\":{\"a\":"
	    "{\"allOf\":[{\"$ref\":\"#/$defs/a\"},{\"$ref\":\"#/$defs/a\"}]}}}},\"$ref\":\"#/$defs/a\"}");
	struct buf buf = buf_in(arena);

	for (int i = 0; i < 31; i++)
		buf_puts(&buf, "{\"a\":");
	buf_puts(&buf, "1");
	for (int i = 0; i < 31; i++)
		buf_puts(&buf, "}");
	cr_expect_str_eq(errors_of(schema, buf_get(&buf)), " schema.effort");
}

Test(schema, no_exponential_pattern)
{
	const struct schema *schema = compile("{\"pattern\":\"^(a+)+$\"}");

	cr_expect_str_eq(errors_of(schema, TEXT("\"aaaaaaaa\"")), "");
	cr_expect_str_eq(errors_of(schema, TEXT("\"aaaaaaaab\"")), " pattern");
	cr_expect_str_eq(errors_of(schema, TEXT("\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\"")), " pattern.limit");
	schema = compile("{\"not\":{\"pattern\":\"^(a+)+$\"}}");
	cr_expect_str_eq(errors_of(schema, TEXT("\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\"")), " pattern.limit");
}

Test(schema, many_equal_elements)
{
	const struct schema *schema = compile("{\"uniqueItems\":true}");
	struct buf buf = buf_in(arena);

	for (int i = 0; i < 50000; i++)
		buf_printf(&buf, "%s[%d]", i == 0 ? "[" : ",", i);
	buf_puts(&buf, "]");
	cr_expect_str_eq(errors_of(schema, buf_get(&buf)), "");
}

Test(schema, the_error_of_a_rule_is_a_list_of_one)
{
	static const struct rule_error error = { "/citation", "action.citation_missing", "Nêu \"căn cứ\"", "Cite" };
	struct arena *own = arena_new(0);

	cr_expect_str_eq(rule_error_list(&error, own).s, "[{\"pointer\":\"/citation\",\"rule\":"
	    "\"action.citation_missing\",\"message_vi\":\"Nêu \\\"căn cứ\\\"\",\"message_en\":\"Cite\"}]");
	arena_free(own);
}
