/*
 * NAME
 *	dossier-lookup - what the state's own registers say
 *
 * SUMMARY
 *	Compares the applicant with the registers, replaces the components that the
 *	state already holds, and records what was asked and why.
 *
 * DESCRIPTION
 *	Every round is answered with one event.  The procedure names the registers
 *	to ask; all are asked at once, many dossiers side by side.  An answer is a
 *	match, a mismatch, or that nobody is known; a register that does not answer
 *	within lookup.patience_ms counts as unavailable.  None of the four refuses
 *	anybody: what a matching register holds needs no paper, what it does not
 *	hold the applicant is asked for.  A match stands for later rounds, since
 *	supplements do not change who applied; everything else is asked again.
 *
 *	Each register has its breaker: while it is down its requests wait for a
 *	probe to succeed and cost the others nothing.
 *
 * INPUT
 *	dossier.verification	passed, lacking
 *
 * OUTPUT
 *	dossier.lookup		answered
 *	lookup.evidence		a row for every register asked, subject and round
 *
 * FAULTS
 *	A register that fails, refuses or answers nonsense is asked again with
 *	back-off.  Contents that are not there park the message.
 *
 * PARAMETERS
 *	lookup.population.url, lookup.enterprise.url, lookup.timeout,
 *	lookup.patience_ms, lookup.integration, lookup.application
 *
 * LIMITS
 *	The name of a business is not compared with the population register: the
 *	number it gives is its representative's.
 */
#include <stdlib.h>

#include "breaker.h"
#include "service.h"

#include "lookup_gateway.h"
#include "lookup_sql.h"

enum { TAG_BEGIN = QUESTIONS_MAX, BEGIN_PAUSE_MS = 1000, PROBE_PAUSE_MS = 100, ANSWER_MAX_BYTES = 256 * 1024,
    HTTP_OK = 200 };

static const char *urls[LOOKUP_REGISTRIES], *integration, *application;
static int64_t timeout_ms, patience_ms;

static const struct param params[] = {
	{ "lookup.population.url", PARAM_TEXT, &urls[LOOKUP_POPULATION], "http://127.0.0.1:8081/population", 0, 0, NULL,
	  "Where the population register answers." },
	{ "lookup.enterprise.url", PARAM_TEXT, &urls[LOOKUP_ENTERPRISE], "http://127.0.0.1:8081/enterprise", 0, 0, NULL,
	  "Where the enterprise register answers." },
	{ "lookup.timeout", PARAM_INT, &timeout_ms, "5000", 10, 600000, "ms", "How long one request may take." },
	{ "lookup.patience_ms", PARAM_INT, &patience_ms, "7200000", 0, 604800000, "ms",
	  "How long a register is asked again before the applicant is asked for the paper." },
	{ "lookup.integration", PARAM_TEXT, &integration, "DVC", 0, 0, NULL,
	  "Our code at the service bus (MaTichHop)." },
	{ "lookup.application", PARAM_TEXT, &application, "dossier-lookup", 0, 0, NULL,
	  "Who asks, as the registers log it (MaCanBo)." },
	{ 0 }
};

static const struct breaker_rule register_rule = { .failures = 5, .window = 20, .failed_percent = 50,
    .delay = { 500, 5000 }, .probe_ms = 15000 };
static const struct backoff asking_backoff = { 300, 10000 };

struct lookup {
	struct breaker		breaker[LOOKUP_REGISTRIES];
};

/* What an inquiry finds out. */
struct lookup_facts {
	const struct doc_node	*submission;
	struct lookup_caller	caller;
	int			round, n;
	struct lookup_question	question[QUESTIONS_MAX];
	struct lookup_answer	answer[QUESTIONS_MAX];
	int			failures[QUESTIONS_MAX];
	uint32_t		ticket[QUESTIONS_MAX];
};

/* A row of lookup.evidence. */
struct evidence {
	uint8_t		dossier[UUID_BYTES];
	int32_t		round;
	struct text	registry, subject, request_id, purpose, legal_basis;
	time_us		asked_at;
	struct text	outcome, fields, filled;
};

#define COLUMN(name, type) { #name, type, offsetof(struct evidence, name) }
static const struct column evidence_columns[] = {
	COLUMN(dossier, DB_UUID), COLUMN(round, DB_INT4), COLUMN(registry, DB_TEXT), COLUMN(subject, DB_TEXT),
	COLUMN(request_id, DB_TEXT), COLUMN(purpose, DB_TEXT), COLUMN(legal_basis, DB_TEXT),
	COLUMN(asked_at, DB_TIME), COLUMN(outcome, DB_TEXT), COLUMN(fields, DB_TEXT), COLUMN(filled, DB_TEXT),
};
static const struct rowset evidence_rows = { &lookup_sql[SQL_EVIDENCE_INSERT], evidence_columns,
    sizeof evidence_columns / sizeof *evidence_columns };

/* --- life ---------------------------------------------------------------------- */

static enum fault
start(struct worker *worker, struct err *err)
{
	struct lookup *own = mem_new(1, sizeof *own);

	(void)err;
	for (int i = 0; i < LOOKUP_REGISTRIES; i++) {
		breaker_init(&own->breaker[i], &register_rule);
		worker_watch(worker, lookup_registry_name((enum lookup_registry)i), &own->breaker[i]);
	}
	worker_set_state(worker, own);
	return FAULT_NONE;
}

static void
stop(struct worker *worker)
{
	free(worker_state(worker));
}

/* --- asking -------------------------------------------------------------------- */

static bool
inquires(struct worker *worker, const struct job *job)
{
	(void)worker;
	return job->event != NULL;
}

static uint64_t
seed_of(const struct inquiry *q, int tag)
{
	uint64_t seed;

	memcpy(&seed, q->dossier + 8, sizeof seed);
	return seed + (uint64_t)tag;
}

static int64_t
patience_left_ms(const struct inquiry *q)
{
	return patience_ms - (worker_now(q->worker) - q->asked_at) / 1000;
}

/* Ask this question again after a while, once more at the end of our patience, and then no more. */
static void
ask_later(struct inquiry *q, int64_t delay_ms, int tag)
{
	struct lookup_facts *facts = q->facts;
	int64_t left_ms = patience_left_ms(q);

	if (left_ms <= 0) {
		facts->answer[tag].end = LOOKUP_END_UNAVAILABLE;
		worker_count(q->worker, "unavailable");
		return;
	}
	inquiry_later(q, delay_ms < left_ms ? delay_ms : left_ms + 1, tag);
}

/* Until it may be tried again; a probe that is out is waited for in short steps. */
static int64_t
breaker_pause_ms(const struct breaker *breaker, int64_t now_us)
{
	if (breaker->state == BREAKER_PROBING)
		return PROBE_PAUSE_MS;
	return (breaker_next_us(breaker) - now_us) / 1000 + 1;
}

static void
ask(struct inquiry *q, int tag)
{
	struct lookup *own = worker_state(q->worker);
	struct lookup_facts *facts = q->facts;
	const struct lookup_question *question = &facts->question[tag];
	struct breaker *breaker = &own->breaker[question->registry];
	struct http_request request = { .peer = lookup_registry_name(question->registry), .timeout_ms = timeout_ms,
	    .answer_max_bytes = ANSWER_MAX_BYTES };
	const char *url = urls[question->registry];
	int64_t now_us = clock_span_us();
	struct text id;

	facts->ticket[tag] = breaker_enter(breaker, now_us, seed_of(q, tag));
	if (facts->ticket[tag] == 0) {
		ask_later(q, breaker_pause_ms(breaker, now_us) + (int64_t)(backoff_mix(seed_of(q, tag)) % 200), tag);
		return;
	}
	facts->answer[tag].asked_at = worker_now(q->worker);
	id = lookup_request_id(q->arena, facts->caller.dossier, facts->round, question);
	if (question->registry == LOOKUP_POPULATION) {
		request.url = arena_printf(q->arena, "%s/TraCuuThongTinCongDan", url).s;
		request.post = true;
		request.body = population_request(q->arena, &facts->caller, id, question);
	} else {
		request.url = arena_printf(q->arena, "%s%s", url, enterprise_path(q->arena, question).s).s;
		enterprise_headers(q->arena, &facts->caller, id, question, request.headers);
	}
	inquiry_ask(q, &request, tag);
}

static const struct doc_node *
submission_of(const struct inquiry *q)
{
	for (int i = 0; i < q->n_contents; i++)
		if (text_is(q->contents[i].kind, "submission"))
			return q->contents[i].data;
	return NULL;
}

/* An answer of an earlier round that stands; false when the database does not say. */
static bool
matches_load(struct inquiry *q, struct lookup_facts *facts)
{
	struct db *db = worker_db(q->worker);
	struct db_args *args;
	const struct rows *rows;
	struct err err;

	if (facts->round == 0 || facts->n == 0)
		return true;
	if (db == NULL || db_is_broken(db))
		return false;
	args = db_args_new(q->arena, 1);
	db_put_uuid(args, q->dossier);
	if (db_run(db, &lookup_sql[SQL_EVIDENCE_MATCHES], args, &rows, &err) != FAULT_NONE)
		return false;
	for (int r = 0; r < rows_count(rows); r++)
		for (int i = 0; i < facts->n; i++)
			if (text_is(rows_text(rows, r, 0), lookup_registry_name(facts->question[i].registry)) &&
			    text_is_equal(rows_text(rows, r, 1), facts->question[i].subject)) {
				facts->answer[i].end = LOOKUP_END_MATCH;
				facts->answer[i].filled_names = arena_text(q->arena, rows_text(rows, r, 2));
			}
	return true;
}

/* Find out what to ask, and ask; without the law or the earlier answers, a little later. */
static void
begin(struct inquiry *q)
{
	struct lookup_facts *facts = q->facts;
	const struct procedure *procedure = catalogue_procedure_version(worker_catalogue(q->worker),
	    doc_get_text(facts->submission, "procedure"), (int32_t)q->event->procedure_version);

	if (procedure != NULL)
		facts->n = lookup_questions(procedure, facts->submission, facts->question);
	for (int i = 0; i < facts->n; i++)
		facts->answer[i] = (struct lookup_answer){ .end = LOOKUP_END_OPEN };
	if (procedure == NULL)
		worker_catalogue_soon(q->worker);	/* intake knows it already */
	if (procedure == NULL || !matches_load(q, facts)) {
		inquiry_later(q, BEGIN_PAUSE_MS, TAG_BEGIN);
		return;
	}
	for (int i = 0; i < facts->n; i++)
		if (facts->answer[i].end == LOOKUP_END_OPEN) {
			facts->answer[i].is_new = true;
			ask(q, i);
		}
}

static void
inquire(struct inquiry *q)
{
	struct lookup_facts *facts = ARENA_NEW(q->arena, struct lookup_facts);
	char *id = arena_take(q->arena, UUID_TEXT_BYTES, 1);

	q->facts = facts;
	facts->submission = submission_of(q);
	if (facts->submission == NULL)
		return;		/* decide parks it */
	uuid_to_text(q->dossier, id);
	facts->round = q->event->round == INT_NONE ? 0 : (int)q->event->round;
	facts->caller = (struct lookup_caller){ text_of(id), doc_get_text(facts->submission, "procedure"),
	    doc_get_text(facts->submission, "agency"), integration, application };
	begin(q);
}

static bool
answer_read(struct inquiry *q, const struct http_call *call, int tag)
{
	struct lookup_facts *facts = q->facts;
	const struct lookup_question *question = &facts->question[tag];

	if (call->end != HTTP_ANSWERED || call->status != HTTP_OK)
		return false;
	if (question->registry == LOOKUP_POPULATION)
		return population_answer(q->arena, question, call->body, &facts->answer[tag]);
	return enterprise_answer(q->arena, question, call->body, &facts->answer[tag]);
}

/* Is the register itself in trouble?  That it will not tell us this is no sign of it. */
static bool
is_down(const struct inquiry *q, const struct http_call *call)
{
	return call->end != HTTP_ANSWERED || call->status == 429 || call->status >= 500 ||
	    (call->status == HTTP_OK && !lookup_is_document(q->arena, call->body));
}

static void
answered(struct inquiry *q, const struct http_call *call)
{
	struct lookup *own = worker_state(q->worker);
	struct lookup_facts *facts = q->facts;
	int tag = call->tag;
	struct breaker *breaker = &own->breaker[facts->question[tag].registry];
	bool read = answer_read(q, call, tag);

	worker_peer(q->worker, lookup_registry_name(facts->question[tag].registry), call, read);
	breaker_leave(breaker, facts->ticket[tag], !read && is_down(q, call), clock_span_us(), seed_of(q, tag));
	if (read)
		return;
	if (facts->answer[tag].is_stray)
		worker_distrust(q->worker, call);
	if (call->retry_after_s > 0)
		breaker_hold(breaker, clock_span_us() + call->retry_after_s * SECOND_US);
	worker_count(q->worker, "register_failed");
	facts->failures[tag]++;
	ask_later(q, backoff_ms(&asking_backoff, facts->failures[tag], seed_of(q, tag)) +
	    call->retry_after_s * INT64_C(1000), tag);
}

static void
again(struct inquiry *q, int tag)
{
	if (tag == TAG_BEGIN)
		begin(q);
	else
		ask(q, tag);
}

/* --- deciding ------------------------------------------------------------------ */

static void
put_evidence(struct decision *d, const struct lookup_facts *facts, int i)
{
	const struct lookup_question *question = &facts->question[i];
	const struct lookup_answer *answer = &facts->answer[i];
	struct evidence *row = ARENA_NEW(d->arena, struct evidence);

	memcpy(row->dossier, d->dos->id, UUID_BYTES);
	row->round = facts->round;
	row->registry = text_of(lookup_registry_name(question->registry));
	row->subject = question->subject;
	row->request_id = lookup_request_id(d->arena, facts->caller.dossier, facts->round, question);
	row->purpose = question->purpose;
	row->legal_basis = question->legal_basis;
	row->asked_at = answer->asked_at != 0 ? answer->asked_at : d->inquiry->asked_at;
	row->outcome = text_of(lookup_end_name(answer->end));
	row->fields = lookup_fields(d->arena, answer);
	row->filled = answer->filled;
	decide_row(d, &evidence_rows, row);
}

static void
decide(struct decision *d)
{
	const struct lookup_facts *facts = d->inquiry->facts;
	const struct doc_node *missing = NULL;
	const struct procedure *procedure;
	struct lookup_verdict_facts verdict;
	struct event *event;

	if (dossier_is_finished(d->dos))
		return;		/* for good: nobody waits for the answer */
	if (facts->submission == NULL) {
		err_set(&d->job->why, FAULT_PARK, "lookup", "contents", "the submission is not in core.content");
		d->job->end = END_PARKED;
		return;
	}
	procedure = decide_procedure(d);
	if (procedure == NULL)
		return;
	if (!text_is_absent(d->job->event->missing) && doc_parse(d->arena, d->job->event->missing, NULL, &missing,
	    &(struct doc_error){ 0 }) != FAULT_NONE)
		bug("verification's missing is no JSON");
	lookup_conclude(d->arena, procedure_case(procedure, d->dos->case_code), missing, facts->question, facts->answer,
	    facts->n, &verdict);
	event = decide_event(d, EV_LOOKUP_ANSWERED);
	event->round = facts->round;
	event->outcomes = verdict.outcomes;
	event->replaced = verdict.replaced;
	event->missing = verdict.missing;
	decide_give(d, event);
	for (int i = 0; i < facts->n; i++)
		if (facts->answer[i].is_new)
			put_evidence(d, facts, i);
}

/* --- the table ----------------------------------------------------------------- */

static const enum event_type wakes[] = { EV_VERIFICATION_PASSED, EV_VERIFICATION_LACKING };

static const struct service service = {
	.stage = STAGE_LOOKUP,
	.summary = "asks the state's registers instead of the applicant",
	.params = params,
	.sql = lookup_sql, .n_sql = SQL_LOOKUP_COUNT,
	.wakes = wakes, .n_wakes = sizeof wakes / sizeof *wakes,
	.start = start, .stop = stop,
	.inquires = inquires, .inquire = inquire, .answered = answered, .again = again,
	.decide = decide,
};

int
main(int argc, char **argv)
{
	return worker_main(&service, argc, argv);
}
