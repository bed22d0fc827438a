/* behave - see behave.h. */
#include "behave_rule.h"

/* Built in, for demonstrations: the end of a personal number or tax code says what happens. */
static const struct rule magic_rules[] = {
#define MAGIC(n, end, how_often, what) { \
	.id = UINT64_MAX - (n), .service = SERVICES, .is_asked = { [FIELD_NUMBER] = true }, \
	.match = { [FIELD_NUMBER] = { .before = { "", 0 }, .after = { end, 4 }, .has_star = true } }, \
	.times = (how_often), .conduct = { .deed = (what), .ms = -1 } }
	MAGIC(0, "0404", 0, DO_NOT_FOUND),
	MAGIC(1, "0409", 0, DO_MISMATCH),
	MAGIC(2, "0503", 3, DO_FAIL),
	MAGIC(3, "0500", 0, DO_FAIL),
};

const char *const deed_names[DEED_N] = {
#define DEED_NAME(id, name, phase) [DO_##id] = name,
	DEEDS(DEED_NAME)
};

const enum phase deed_phases[DEED_N] = {
#define DEED_PHASE(id, name, phase) [DO_##id] = phase,
	DEEDS(DEED_PHASE)
};

const struct behaviour behaviour_default = {
	.settings = {
		[SERVICE_POPULATION] = { [SET_LATENCY] = 5 },
		[SERVICE_ENTERPRISE] = { [SET_LATENCY] = 5 },
		[SERVICE_PAYMENT] = { [SET_LATENCY] = 5, [SET_AFTER] = 300 },
		[SERVICE_POSTAL] = { [SET_LATENCY] = 5, [SET_AFTER] = 200 },
		[SERVICE_OBJECTS] = { [SET_LATENCY] = 1 },
		[SERVICE_SMS] = { [SET_LATENCY] = 2 },
		[SERVICE_EMAIL] = { [SET_LATENCY] = 2 },
		[SERVICE_OFFICER] = { [SET_AFTER] = 200, [SET_BYTES] = 2000 },
		[SERVICE_CITIZEN] = { [SET_AFTER] = 300, [SET_BYTES] = 20000 },
	},
};

static struct behaviour now;
static struct arena *kept;		/* rules for ever: others borrow their texts */
static struct table uses;		/* of rules with "times", per subject */
static struct table askings;		/* per subject, where chance plays */

void
behave_open(void)
{
	kept = arena_new(0);
	now = behaviour_default;
}

enum fault
behave_load(struct text json, struct err *err)
{
	struct behaviour blank = behaviour_default;
	const struct doc_node *root;
	struct doc_error why;
	bool replace = false;

	if (doc_parse(kept, json, NULL, &root, &why) != FAULT_NONE)
		return err_set(err, FAULT_PARK, "behaviour", NULL, "%s at byte %zu", why.rule, why.offset);
	doc_get_bool(root, "replace", &replace);
	blank.companies = now.companies;	/* who is known stays known */
	return behaviour_read(kept, root, replace ? &blank : &now, &now, err);
}

size_t
behave_rules(void)
{
	return now.n;
}

int64_t
behave_setting(enum service service, enum setting setting)
{
	return now.settings[service][setting];
}

bool
behave_company(struct text tax_code, struct company *out)
{
	const struct company *company = table_find(&now.companies, hash_text(0, tax_code));

	if (company == NULL)
		return false;
	*out = *company;
	return true;
}

/* --- which rule? ---------------------------------------------------------- */

static struct text
field_of(const struct subject *subject, int field)
{
	const struct text fields[FIELDS] = {
		subject->number, subject->dossier, subject->key, subject->name,
		subject->procedure, subject->agency, subject->event
	};

	return fields[field];
}

static bool
pattern_fits(const struct pattern *pattern, struct text t)
{
	if (!pattern->has_star)
		return text_is_equal(t, pattern->before);
	return t.n >= pattern->before.n + pattern->after.n &&
	    memcmp(t.s, pattern->before.s, pattern->before.n) == 0 &&
	    memcmp(t.s + t.n - pattern->after.n, pattern->after.s, pattern->after.n) == 0;
}

static bool
rule_fits(const struct rule *rule, const struct subject *subject, enum phase phase)
{
	if (deed_phases[rule->conduct.deed] != phase)
		return false;
	if (!text_is_absent(rule->op) && !text_is(rule->op, subject->op))
		return false;
	if (rule->amount != 0 && rule->amount != subject->amount)
		return false;
	for (int i = 0; i < FIELDS; i++) {
		struct text t;

		if (!rule->is_asked[i])
			continue;
		t = field_of(subject, i);
		if (text_is_absent(t) || !pattern_fits(&rule->match[i], t))
			return false;
	}
	return true;
}

/* What is asked about, without what differs from one attempt to the next. */
static uint64_t
hash_subject(const struct subject *subject)
{
	uint64_t hash = hash_text(subject->service, text_of(subject->op));

	hash = hash_text(hash, subject->dossier);
	if (subject->service == SERVICE_OFFICER || subject->service == SERVICE_CITIZEN)
		return hash;		/* their keys are of journal entries */
	if (!text_is_absent(subject->number))
		return hash_text(hash, subject->number);
	if (!text_is_absent(subject->name))
		return hash_text(hash, subject->name);
	return hash_text(hash, subject->key);
}

/* Uses the rule up by one; false when that was its end. */
static bool
rule_use(const struct rule *rule, const struct subject *subject)
{
	uint64_t about = text_is_absent(subject->number) ? hash_subject(subject) : hash_text(0, subject->number);

	return rule->times == 0 ||
	    table_count(&uses, hash_int(about, rule->id)) <= (uint64_t)rule->times;
}

/* --- chance --------------------------------------------------------------- */

/* In [0, 1), the same for the same asking. */
static double
chance_draw(const struct subject *subject, enum phase phase)
{
	uint64_t hash = hash_int(hash_subject(subject), (uint64_t)phase + 1);

	hash = hash_int(hash_int(hash, table_count(&askings, hash)), sim_options.seed);
	return (double)(hash >> 11) * 0x1.0p-53;
}

static enum deed
deed_by_chance(const struct subject *subject, enum phase phase, enum deed usual)
{
	const double *chance = now.chance[subject->service];
	double sum = 0, draw;

	for (int i = 0; i < DEED_N; i++)
		sum += deed_phases[i] == phase ? chance[i] : 0;
	if (!(sum > 0))
		return usual;
	draw = chance_draw(subject, phase);
	for (int i = 0; i < DEED_N; i++) {
		if (deed_phases[i] != phase)
			continue;
		if (draw < chance[i])
			return (enum deed)i;
		draw -= chance[i];
	}
	return usual;
}

struct conduct
behave(const struct subject *subject, enum phase phase)
{
	enum deed usual = phase == PHASE_ANSWER ? DO_NORMAL : DO_USUAL;
	bool is_registry = subject->service == SERVICE_POPULATION || subject->service == SERVICE_ENTERPRISE;

	for (size_t i = 0; i < now.n; i++) {
		struct rule *rule = &now.rules[i];

		if (rule->service != subject->service || !rule_fits(rule, subject, phase) ||
		    (rule->total != 0 && rule->used >= rule->total) || !rule_use(rule, subject))
			continue;
		rule->used++;
		return rule->conduct;
	}
	for (size_t i = 0; is_registry && !now.has_no_magic && i < sizeof magic_rules / sizeof magic_rules[0]; i++)
		if (rule_fits(&magic_rules[i], subject, phase) && rule_use(&magic_rules[i], subject))
			return magic_rules[i].conduct;
	return (struct conduct){ .deed = deed_by_chance(subject, phase, usual), .ms = -1 };
}
