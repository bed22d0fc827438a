/* casework_law - see casework_law.h. */
#include "casework_law.h"

static enum deadline_unit
unit_of(struct text t)
{
	if (text_is(t, "working_hour"))
		return DEADLINE_WORKING_HOUR;
	if (text_is(t, "calendar_day"))
		return DEADLINE_CALENDAR_DAY;
	return text_is(t, "immediate") ? DEADLINE_IMMEDIATE : DEADLINE_WORKING_DAY;
}

/* "15:00"; the catalogue's schema has seen to the form. */
static int
cutoff_of(struct text t)
{
	if (t.n != 5)
		return DEADLINE_NO_CUTOFF;
	return ((t.s[0] - '0') * 10 + t.s[1] - '0') * 60 + (t.s[3] - '0') * 10 + t.s[4] - '0';
}

static void
rule_read(const struct doc_node *its_case, const struct doc_node *deadline, struct deadline_rule *out)
{
	const struct doc_node *term = doc_get(its_case, "term");
	int64_t amount = 0;

	doc_get_int64(term, "amount", &amount);
	out->amount = amount > 0 && amount <= DEADLINE_MOST ? (int)amount : 0;
	out->unit = unit_of(doc_get_text(term, "unit"));
	out->mode = text_is(doc_get_text(deadline, "mode"), "hours") ? DEADLINE_HOURS : DEADLINE_CIVIL;
	out->start = DEADLINE_FROM_ACCEPTED;
	out->supplement = text_is(doc_get_text(deadline, "supplement_clock"), "pause") ? DEADLINE_PAUSE :
	    DEADLINE_RESTART;
	out->cutoff_minute = cutoff_of(doc_get_text(deadline, "cutoff"));
	doc_get_bool(deadline, "last_hour_rule", &out->last_hour_rule);
}

void
casework_law_make(struct procedure *procedure, struct arena *arena)
{
	const struct doc_node *cases = doc_get(procedure->body, "cases");
	const struct doc_node *deadline = doc_get(procedure->body, "deadline");
	struct casework_law *law = ARENA_NEW(arena, struct casework_law);
	int64_t days = 0;

	law->n_cases = doc_length(cases);
	law->cases = ARENA_ARRAY(arena, struct casework_case, law->n_cases);
	for (size_t i = 0; i < law->n_cases; i++) {
		law->cases[i].node = doc_at(cases, i);
		law->cases[i].code = doc_get_text(law->cases[i].node, "code");
		rule_read(law->cases[i].node, deadline, &law->cases[i].rule);
	}
	if (doc_get_int64(deadline, "supplement_days", &days) && days > 0 && days <= DEADLINE_MOST)
		law->supplement_days = (int)days;
	procedure->cache = law;
}

const struct casework_case *
casework_law_case(const struct casework_law *law, struct text code)
{
	for (size_t i = 0; i < law->n_cases; i++)
		if (text_is_equal(law->cases[i].code, code))
			return &law->cases[i];
	return NULL;
}
