/* lookup_rules - see lookup_rules.h. */
#include "lookup_rules.h"

static const char *const registry_names[LOOKUP_REGISTRIES] = { "population", "enterprise" };
static const char *const end_names[] = { "match", "mismatch", "not_found", "unavailable" };

const char *
lookup_registry_name(enum lookup_registry registry)
{
	return registry_names[registry];
}

const char *
lookup_end_name(enum lookup_end end)
{
	if (end == LOOKUP_END_OPEN)
		bug("lookup: a question without an answer");
	return end_names[end];
}

bool
lookup_registry_find(struct text name, enum lookup_registry *out)
{
	for (int i = 0; i < LOOKUP_REGISTRIES; i++)
		if (text_is(name, registry_names[i])) {
			*out = (enum lookup_registry)i;
			return true;
		}
	return false;
}

/* --- questions ----------------------------------------------------------------- */

/* Is there anything to ask with? */
static bool
is_declared(enum lookup_registry registry, const struct doc_node *person)
{
	return doc_get_text(person, registry == LOOKUP_POPULATION ? "number" : "tax_code").n > 0;
}

static int
question_add(struct lookup_question questions[QUESTIONS_MAX], int n, struct lookup_question question)
{
	if (n == QUESTIONS_MAX || !is_declared(question.registry, question.person))
		return n;
	for (int i = 0; i < n; i++)
		if (questions[i].registry == question.registry && text_is_equal(questions[i].subject, question.subject))
			return n;
	questions[n] = question;
	return n + 1;
}

int
lookup_questions(const struct procedure *procedure, const struct doc_node *submission,
    struct lookup_question questions[QUESTIONS_MAX])
{
	const struct doc_node *submitter = doc_get(submission, "submitter");
	int n = 0;

	for (struct doc_iter it = doc_iter(doc_get(procedure->body, "lookups")); doc_next(&it); ) {
		struct lookup_question question = { .subject = doc_get_text(it.value, "subject"),
		    .purpose = doc_get_text(it.value, "purpose"), .legal_basis = doc_get_text(it.value, "legal_basis") };

		if (!lookup_registry_find(doc_get_text(it.value, "registry"), &question.registry))
			continue;
		question.person = doc_find(submission, question.subject);
		n = question_add(questions, n, question);
		if (question.registry != LOOKUP_POPULATION || submitter == NULL)
			continue;
		question.subject = TEXT("submitter");
		question.person = submitter;
		n = question_add(questions, n, question);
	}
	return n;
}

/* --- verdicts ------------------------------------------------------------------ */

static void
answer_set(struct lookup_answer *answer, struct lookup_verdict verdict)
{
	static const enum lookup_end ends[] = { [LOOKUP_MATCH] = LOOKUP_END_MATCH,
	    [LOOKUP_MISMATCH] = LOOKUP_END_MISMATCH, [LOOKUP_NOT_FOUND] = LOOKUP_END_NOT_FOUND };

	answer->end = ends[verdict.outcome];
	answer->differing = verdict.differing | verdict.missing;
	if (answer->end != LOOKUP_END_MATCH)
		answer->filled = answer->filled_names = TEXT_NONE;	/* of somebody else, perhaps */
}

void
lookup_judge_person(struct arena *arena, const struct lookup_question *question, const struct lookup_person *known,
    struct lookup_answer *answer)
{
	struct text kind = doc_get_text(question->person, "kind");
	bool is_person = text_is_absent(kind) || text_is(kind, "citizen");
	struct lookup_person declared = { .number = doc_get_text(question->person, "number"),
	    .birth = doc_get_text(question->person, "birth_date") };

	/* A business is called otherwise than its representative, whose number it gives. */
	if (is_person)
		declared.name = doc_get_text(question->person, "name");
	answer_set(answer, lookup_match_person(arena, &declared, known));
}

void
lookup_judge_business(struct arena *arena, const struct lookup_question *question,
    const struct lookup_business *known, struct lookup_answer *answer)
{
	struct lookup_business declared = { .tax_code = doc_get_text(question->person, "tax_code"),
	    .name = doc_get_text(question->person, "name"), .is_usable = true };

	answer_set(answer, lookup_match_business(arena, &declared, known));
}

/* --- what it means for the dossier --------------------------------------------- */

struct text
lookup_fields(struct arena *arena, const struct lookup_answer *answer)
{
	struct buf buf = buf_in(arena);
	int n = 0;

	if (answer->differing == 0)
		return text_is_absent(answer->filled_names) ? TEXT("[]") : answer->filled_names;
	buf_puts(&buf, "[");
	for (int field = LOOKUP_NAME; field <= LOOKUP_STATUS; field *= 2)
		if ((answer->differing & field) != 0)
			buf_printf(&buf, "%s\"%s\"", n++ > 0 ? "," : "", lookup_field_name((enum lookup_field)field));
	buf_puts(&buf, "]");
	return buf_get(&buf);
}

static struct text
outcomes_write(struct arena *arena, const struct lookup_question *questions, const struct lookup_answer *answers, int n)
{
	struct buf buf = buf_in(arena);

	buf_puts(&buf, "[");
	for (int i = 0; i < n; i++) {
		buf_printf(&buf, "%s{\"registry\":\"%s\",\"subject\":", i > 0 ? "," : "",
		    registry_names[questions[i].registry]);
		buf_json_text(&buf, questions[i].subject);
		buf_printf(&buf, ",\"outcome\":\"%s\",\"fields\":", lookup_end_name(answers[i].end));
		buf_text(&buf, lookup_fields(arena, &answers[i]));
		buf_puts(&buf, "}");
	}
	buf_puts(&buf, "]");
	return buf_get(&buf);
}

/* A component speaks of the applicant, so the applicant's match alone replaces it. */
static bool
is_replaced(const struct doc_node *component, const struct lookup_question *questions,
    const struct lookup_answer *answers, int n)
{
	struct text by = doc_get_text(component, "replaceable_by");

	for (int i = 0; i < n; i++)
		if (answers[i].end == LOOKUP_END_MATCH && text_is(questions[i].subject, "applicant") &&
		    text_is(by, registry_names[questions[i].registry]))
			return true;
	return false;
}

static void
put_code(struct buf *buf, struct text code)
{
	if (buf->n > 1)
		buf_puts(buf, ",");
	buf_json_text(buf, code);
}

void
lookup_conclude(struct arena *arena, const struct doc_node *its_case, const struct doc_node *missing,
    const struct lookup_question *questions, const struct lookup_answer *answers, int n,
    struct lookup_verdict_facts *out)
{
	struct buf replaced = buf_in(arena), left = buf_in(arena);

	buf_puts(&replaced, "[");
	buf_puts(&left, "[");
	for (struct doc_iter it = doc_iter(doc_get(its_case, "components")); doc_next(&it); ) {
		struct text code = doc_get_text(it.value, "code");

		if (is_replaced(it.value, questions, answers, n))
			put_code(&replaced, code);
		else if (texts_hold(missing, code))
			put_code(&left, code);
	}
	buf_puts(&replaced, "]");
	buf_puts(&left, "]");
	out->outcomes = outcomes_write(arena, questions, answers, n);
	out->replaced = buf_get(&replaced);
	out->missing = buf_get(&left);
}
