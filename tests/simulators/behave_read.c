/*
 * behave_read - rules and chances out of JSON.
 *
 * A rule with an unknown word is an error: a misspelt fault that is never
 * injected would make a test pass for nothing.
 */
#include "behave_rule.h"

#include <stdlib.h>

#define WORDS_MAX 64

static const char *const field_names[FIELDS] = {
	"number", "dossier", "key", "name", "procedure", "agency", "event"
};

/* Several names for one setting, as each service calls its own. */
static const struct {
	const char	*name;
	enum setting	setting;
} setting_names[] = {
	{ "latency_ms", SET_LATENCY },
	{ "after_ms", SET_AFTER }, { "pay_after_ms", SET_AFTER }, { "step_ms", SET_AFTER },
	{ "officer_ms", SET_AFTER }, { "citizen_ms", SET_AFTER },
	{ "document_bytes", SET_BYTES }, { "file_bytes", SET_BYTES },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static enum fault
wrong(struct err *err, struct text word, const char *what)
{
	return err_set(err, FAULT_PARK, "behaviour", NULL, "%s: %.*s", what,
	    word.n < WORDS_MAX ? (int)word.n : WORDS_MAX, word.s != NULL ? word.s : "");
}

enum deed
deed_find(struct text name)
{
	for (int i = 0; i < DEED_N; i++)
		if (text_is(name, deed_names[i]))
			return (enum deed)i;
	return DEED_N;
}

static bool
setting_find(struct text name, enum setting *out)
{
	for (size_t i = 0; i < COUNT(setting_names); i++)
		if (text_is(name, setting_names[i].name)) {
			*out = setting_names[i].setting;
			return true;
		}
	return false;
}

/* A star or an ellipsis stands for anything. */
static struct pattern
pattern_of(struct text t)
{
	static const struct text stars[] = { { "*", 1 }, { "\xe2\x80\xa6", 3 } };

	for (size_t i = 0; i < t.n; i++)
		for (size_t k = 0; k < COUNT(stars); k++)
			if (i + stars[k].n <= t.n && memcmp(t.s + i, stars[k].s, stars[k].n) == 0) {
				size_t after = i + stars[k].n;

				return (struct pattern){ { t.s, i }, { t.s + after, t.n - after }, true };
			}
	return (struct pattern){ .before = t };
}

static enum fault
read_match(const struct doc_node *match, struct rule *rule, struct err *err)
{
	for (struct doc_iter it = doc_iter(match); doc_next(&it); ) {
		int field = 0;

		if (text_is(it.key, "amount") && doc_int64(it.value, &rule->amount))
			continue;
		while (field < FIELDS && !text_is(it.key, field_names[field]))
			field++;
		if (field == FIELDS || doc_kind(it.value) != DOC_TEXT)
			return wrong(err, it.key, "match has no such text");
		rule->is_asked[field] = true;
		rule->match[field] = pattern_of(doc_text(it.value));
	}
	return FAULT_NONE;
}

static enum fault
read_member(struct arena *arena, struct text key, const struct doc_node *value, struct rule *rule,
    struct err *err)
{
	struct conduct *conduct = &rule->conduct;

	if (text_is(key, "service"))
		return (rule->service = service_find(doc_text(value))) < SERVICES ? FAULT_NONE
		    : wrong(err, doc_text(value), "no such service");
	if (text_is(key, "do"))
		return (conduct->deed = deed_find(doc_text(value))) < DEED_N ? FAULT_NONE
		    : wrong(err, doc_text(value), "no such deed");
	if (text_is(key, "match"))
		return read_match(value, rule, err);
	if (text_is(key, "op"))
		return !text_is_absent(rule->op = doc_text(value)) ? FAULT_NONE : wrong(err, key, "no text");
	if (text_is(key, "reason"))
		return !text_is_absent(conduct->reason = doc_text(value)) ? FAULT_NONE : wrong(err, key, "no text");
	if (text_is(key, "components")) {
		struct buf buf = buf_in(arena);

		doc_write(&buf, value);
		conduct->components = buf_get(&buf);
		return doc_kind(value) == DOC_ARRAY ? FAULT_NONE : wrong(err, key, "no array");
	}
	if ((text_is(key, "times") && doc_int64(value, &rule->times)) ||
	    (text_is(key, "total") && doc_int64(value, &rule->total)) ||
	    (text_is(key, "ms") && doc_int64(value, &conduct->ms)) ||
	    (text_is(key, "status") && doc_int64(value, &conduct->status)) ||
	    (text_is(key, "amount") && doc_int64(value, &conduct->amount)))
		return FAULT_NONE;
	return wrong(err, key, "a rule has no such member, or not of this kind");
}

static enum fault
read_rule(struct arena *arena, const struct doc_node *node, struct rule *rule, struct err *err)
{
	static uint64_t ids;

	*rule = (struct rule){ .id = ++ids, .service = SERVICES,
	    .conduct = { .deed = DEED_N, .ms = -1 } };
	for (struct doc_iter it = doc_iter(node); doc_next(&it); ) {
		enum fault fault = read_member(arena, it.key, it.value, rule, err);

		if (fault != FAULT_NONE)
			return fault;
	}
	if (rule->service == SERVICES || rule->conduct.deed == DEED_N)
		return wrong(err, TEXT("service, do"), "a rule needs");
	return FAULT_NONE;
}

/* New rules stand before the old ones. */
static enum fault
read_rules(struct arena *arena, const struct doc_node *rules, struct behaviour *out, struct err *err)
{
	size_t fresh = doc_length(rules);
	struct rule *all = ARENA_ARRAY(arena, struct rule, fresh + out->n + 1);

	for (size_t i = 0; i < fresh; i++) {
		enum fault fault = read_rule(arena, doc_at(rules, i), &all[i], err);

		if (fault != FAULT_NONE)
			return fault;
	}
	if (out->n > 0)
		memcpy(all + fresh, out->rules, out->n * sizeof all[0]);
	out->rules = all;
	out->n += fresh;
	return FAULT_NONE;
}

static enum fault
read_defaults(const struct doc_node *defaults, struct behaviour *out, struct err *err)
{
	for (struct doc_iter it = doc_iter(defaults); doc_next(&it); ) {
		enum service service = service_find(it.key);

		if (service == SERVICES)
			return wrong(err, it.key, "no such service");
		for (struct doc_iter set = doc_iter(it.value); doc_next(&set); ) {
			enum deed deed = deed_find(set.key);
			enum setting setting;

			if (setting_find(set.key, &setting) &&
			    doc_int64(set.value, &out->settings[service][setting]))
				continue;
			if (deed == DEED_N || !doc_real(set.value, &out->chance[service][deed]))
				return wrong(err, set.key, "no such default, or not of this kind");
		}
	}
	return FAULT_NONE;
}

static enum fault
check_companies(const struct doc_node *companies, struct err *err)
{
	for (struct doc_iter it = doc_iter(companies); doc_next(&it); )
		if (text_is_absent(doc_get_text(it.value, "name")))
			return wrong(err, it.key, "a company needs a name");
	return FAULT_NONE;
}

/* Cannot fail, because the table is shared with the rules in force. */
static void
put_companies(struct arena *arena, const struct doc_node *companies, struct behaviour *out)
{
	for (struct doc_iter it = doc_iter(companies); doc_next(&it); ) {
		struct company *company = ARENA_NEW(arena, struct company);

		company->name = doc_get_text(it.value, "name");
		company->representative = doc_get_text(it.value, "representative");
		*table_slot(&out->companies, hash_text(0, it.key)) = company;
	}
}

enum fault
behaviour_read(struct arena *arena, const struct doc_node *root, const struct behaviour *base,
    struct behaviour *out, struct err *err)
{
	struct behaviour fresh = *base;
	enum fault fault = FAULT_NONE;
	bool magic = !fresh.has_no_magic, replace;

	for (struct doc_iter it = doc_iter(root); fault == FAULT_NONE && doc_next(&it); ) {
		if (text_is(it.key, "rules"))
			fault = read_rules(arena, it.value, &fresh, err);
		else if (text_is(it.key, "defaults"))
			fault = read_defaults(it.value, &fresh, err);
		else if (text_is(it.key, "companies"))
			fault = check_companies(it.value, err);
		else if (!(text_is(it.key, "magic") && doc_bool(it.value, &magic)) &&
		    !(text_is(it.key, "replace") && doc_bool(it.value, &replace)))
			fault = wrong(err, it.key, "no such member, or not of this kind");
	}
	if (fault == FAULT_NONE && doc_kind(root) != DOC_OBJECT)
		fault = wrong(err, TEXT_NONE, "not an object");
	if (fault != FAULT_NONE)
		return fault;
	put_companies(arena, doc_get(root, "companies"), &fresh);
	fresh.has_no_magic = !magic;
	*out = fresh;
	return FAULT_NONE;
}
