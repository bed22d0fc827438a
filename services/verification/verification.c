/*
 * NAME
 *	dossier-verification - is everything there, and is it what was declared?
 *
 * SUMMARY
 *	Checks the components of a round against the declared case, and size and
 *	SHA-256 of each file against the object store.
 *
 * DESCRIPTION
 *	Every registration and every supplement is answered with one event for its
 *	round: passed, or lacking with the codes of what is missing and what is
 *	wrong with what was sent.  The files of the round are read from the object
 *	store, a few of one dossier at once and many dossiers side by side, and
 *	only digested; files of earlier rounds were judged then.
 *
 *	A file that the store does not have, or has otherwise, is the applicant's
 *	matter.  A store that does not answer is ours: the dossier waits and the
 *	file is asked for again, behind a breaker and with back-off.
 *
 * INPUT
 *	dossier.intake		registered, supplemented
 *
 * OUTPUT
 *	dossier.verification	passed, lacking
 *
 * FAULTS
 *	A store that refuses or fails: retried for verification.patience_ms, then
 *	parked.  A procedure version that is not in the catalogue: waits.
 *
 * PARAMETERS
 *	verification.fetch, verification.objects.url, verification.timeout,
 *	verification.patience_ms
 *
 * LIMITS
 *	Signatures are not looked at.  A component that an officer did not ask for
 *	again counts as he left it, even where an earlier round found fault with it.
 */
#include <stdlib.h>

#include "breaker.h"
#include "calendar.h"
#include "service.h"

#include "verification_rules.h"

/* A store that stands still is noticed in seconds, however long a large file may take. */
enum { AT_ONCE = 6, PROBE_PAUSE_MS = 100, SILENCE_S = 5 };

static const char *fetch, *objects_url;
static int64_t timeout_ms, patience_ms;

static const struct param params[] = {
	{ "verification.fetch", PARAM_TEXT, &fetch, "all", 0, 0, NULL,
	  "Which files to read and digest: all, or none (taken as declared)." },
	{ "verification.objects.url", PARAM_TEXT, &objects_url, "http://127.0.0.1:8081/objects", 0, 0, NULL,
	  "Where the object store answers; a file's uri is appended after a slash." },
	{ "verification.timeout", PARAM_INT, &timeout_ms, "30000", 100, 600000, "ms",
	  "How long reading one file may take." },
	{ "verification.patience_ms", PARAM_INT, &patience_ms, "86400000", 1000, 604800000, "ms",
	  "How long a file is asked for again before the dossier is parked for an operator." },
	{ 0 }
};

static const struct breaker_rule store_rule = { .failures = 10, .delay = { 500, 5000 }, .probe_ms = 30000 };
static const struct backoff file_backoff = { 200, 10000 };

struct verification {
	struct breaker		store;
};

/* What an inquiry finds out: one entry a file of the round. */
struct file_facts {
	const struct doc_node	*file;
	enum file_state		state;
	int			failures;
	uint32_t		ticket;
};

struct round_facts {
	size_t			n, next;	/* next: the first that was not asked for yet */
	struct file_facts	*file;
};

/* --- life ---------------------------------------------------------------------- */

static enum fault
start(struct worker *worker, struct err *err)
{
	struct verification *own;

	if (strcmp(fetch, "all") != 0 && strcmp(fetch, "none") != 0)
		return err_set(err, FAULT_FATAL, "start", "verification.fetch", "verification.fetch is all or none");
	own = mem_new(1, sizeof *own);
	breaker_init(&own->store, &store_rule);
	worker_watch(worker, "objects", &own->store);
	worker_set_state(worker, own);
	return FAULT_NONE;
}

static void
stop(struct worker *worker)
{
	free(worker_state(worker));
}

/* --- finding out --------------------------------------------------------------- */

static bool
inquires(struct worker *worker, const struct job *job)
{
	(void)worker;
	return job->event != NULL;
}

/* 0 for a registration. */
static int
round_of(const struct event *event)
{
	return event->round == INT_NONE ? 0 : (int)event->round;
}

static bool
is_round(const struct content *content)
{
	return content->data != NULL && (text_is(content->kind, "submission") || text_is(content->kind, "supplement"));
}

static const struct doc_node *
data_of(const struct inquiry *q)
{
	for (int i = 0; i < q->n_contents; i++)
		if (is_round(&q->contents[i]) && q->contents[i].round == round_of(q->event))
			return q->contents[i].data;
	return NULL;
}

static uint64_t
seed_of(const struct inquiry *q, int tag)
{
	uint64_t seed;

	memcpy(&seed, q->dossier + 8, sizeof seed);
	return seed + (uint64_t)tag;
}

static bool ask_file(struct inquiry *q, int tag);

/* Goes on until something is under way for this place, or nothing is left. */
static void
ask_next(struct inquiry *q)
{
	struct round_facts *facts = q->facts;

	if (facts->next < facts->n)
		(void)ask_file(q, (int)facts->next++);
}

/* Has the patience with the store run out? */
static bool
is_over(const struct inquiry *q)
{
	return worker_now(q->worker) - q->asked_at > patience_ms * 1000;
}

/* Until it may be tried again; a probe that is out is waited for in short steps. */
static int64_t
store_pause_ms(const struct breaker *store, int64_t now_us)
{
	if (store->state == BREAKER_PROBING)
		return PROBE_PAUSE_MS;
	return (breaker_next_us(store) - now_us) / 1000 + 1;
}

static bool
ask_file(struct inquiry *q, int tag)
{
	struct verification *own = worker_state(q->worker);
	struct file_facts *file = &((struct round_facts *)q->facts)->file[tag];
	int64_t now_us = clock_span_us(), size = 0;
	struct http_request request = { .peer = "objects", .timeout_ms = timeout_ms, .silence_s = SILENCE_S,
	    .digest_only = true };

	file->ticket = breaker_enter(&own->store, now_us, seed_of(q, tag));
	if (file->ticket == 0) {
		if (is_over(q)) {
			file->state = FILE_UNREACHABLE;
			ask_next(q);
			return false;
		}
		inquiry_later(q, store_pause_ms(&own->store, now_us) + (int64_t)(backoff_mix(seed_of(q, tag)) % 200), tag);
		return false;
	}
	(void)doc_get_int64(file->file, "size", &size);
	request.url = arena_printf(q->arena, "%s/%.*s", objects_url, TEXT_ARG(doc_get_text(file->file, "uri"))).s;
	request.answer_max_bytes = (size_t)size;
	inquiry_ask(q, &request, tag);
	return true;
}

static void
inquire(struct inquiry *q)
{
	const struct doc_node *data = data_of(q);
	struct round_facts *facts = ARENA_NEW(q->arena, struct round_facts);

	q->facts = facts;
	if (strcmp(fetch, "none") == 0)
		return;
	facts->n = verification_files(data);
	facts->file = ARENA_ARRAY(q->arena, struct file_facts, facts->n + 1);
	for (size_t i = 0; i < facts->n; i++)
		facts->file[i].file = verification_file(data, i);
	for (int i = 0; i < AT_ONCE; i++)
		ask_next(q);
}

/* What the answer says, or nothing: then the store is to be asked again. */
static bool
answer_read(const struct http_call *call, struct file_facts *file)
{
	int64_t size = 0;

	(void)doc_get_int64(file->file, "size", &size);
	if (call->end == HTTP_UNKNOWN && call->reason != NULL && strcmp(call->reason, "too_large") == 0)
		file->state = file_state_of(size, TEXT_NONE, (uint64_t)size + 1, NULL);
	else if (call->end != HTTP_ANSWERED || !file_status_is_certain(call->status))
		return false;
	else if (call->status == 200)
		file->state = file_state_of(size, doc_get_text(file->file, "sha256"), call->bytes, call->digest);
	else
		file->state = FILE_ABSENT;
	return true;
}

static void
answered(struct inquiry *q, const struct http_call *call)
{
	struct verification *own = worker_state(q->worker);
	struct file_facts *file = &((struct round_facts *)q->facts)->file[call->tag];
	bool read = answer_read(call, file);

	worker_peer(q->worker, "objects", call, read);
	breaker_leave(&own->store, file->ticket, !read, clock_span_us(), seed_of(q, call->tag));
	if (read) {
		ask_next(q);
		return;
	}
	if (call->retry_after_s > 0)
		breaker_hold(&own->store, clock_span_us() + call->retry_after_s * SECOND_US);
	worker_count(q->worker, "store_failed");
	file->failures++;
	if (is_over(q)) {
		file->state = FILE_UNREACHABLE;
		ask_next(q);
		return;
	}
	inquiry_later(q, backoff_ms(&file_backoff, file->failures, seed_of(q, call->tag)) +
	    call->retry_after_s * INT64_C(1000), call->tag);
}

static void
again(struct inquiry *q, int tag)
{
	(void)ask_file(q, tag);
}

/* --- deciding ------------------------------------------------------------------ */

/* The codes that the officer asked for with the supplement that this round answers. */
static const struct doc_node *
asked_of(const struct decision *d, int round)
{
	const struct doc_node *asked = NULL;

	if (round == 0 || text_is_absent(d->dos->missing))
		return NULL;
	if (doc_parse(d->arena, d->dos->missing, NULL, &asked, &(struct doc_error){ 0 }) != FAULT_NONE)
		bug("dossier.missing is no JSON");
	return asked;
}

static void
request_fill(const struct decision *d, struct verification_request *request)
{
	const struct inquiry *q = d->inquiry;
	const struct round_facts *facts = q->facts;
	struct verification_round *rounds = ARENA_ARRAY(d->arena, struct verification_round, (size_t)q->n_contents + 1);
	enum file_state *files = ARENA_ARRAY(d->arena, enum file_state, facts->n + 1);

	for (int i = 0; i < q->n_contents; i++)
		if (is_round(&q->contents[i]))
			rounds[request->n_rounds++] = (struct verification_round){ q->contents[i].round, q->contents[i].data };
	for (size_t i = 0; i < facts->n; i++)
		files[i] = facts->file[i].state;
	request->rounds = rounds;
	request->files = files;
	request->n_files = facts->n;
	request->round = round_of(d->job->event);
	request->asked = asked_of(d, request->round);
}

static bool
some_unreachable(const struct round_facts *facts)
{
	for (size_t i = 0; i < facts->n; i++)
		if (facts->file[i].state == FILE_UNREACHABLE)
			return true;
	return false;
}

/* Ours to mend, not the applicant's. */
static void
park(struct decision *d, const char *code, const char *why)
{
	err_set(&d->job->why, FAULT_PARK, "verify", code, "%s", why);
	d->job->end = END_PARKED;
}

static void
decide(struct decision *d)
{
	const struct procedure *procedure;
	struct verification_request request = { 0 };
	struct verification_verdict verdict;
	struct event *event;

	if (dossier_is_finished(d->dos))
		return;		/* for good: nobody waits for the answer */
	procedure = decide_procedure(d);
	if (procedure == NULL)
		return;
	if (data_of(d->inquiry) == NULL) {
		park(d, "contents", "the contents of the round are not in core.content");
		return;
	}
	if (some_unreachable(d->inquiry->facts)) {
		park(d, "store", "the object store did not answer for a file in time");
		return;
	}
	request.its_case = procedure_case(procedure, d->dos->case_code);
	request_fill(d, &request);
	verification_judge(&request, d->arena, &verdict);
	event = decide_event(d, verdict.is_passed ? EV_VERIFICATION_PASSED : EV_VERIFICATION_LACKING);
	event->round = request.round;
	event->procedure_version = d->dos->procedure_version;	/* lookup asks before it sees the row */
	event->missing = verdict.missing;
	event->problems = verdict.problems;
	decide_give(d, event);
}

/* --- the table ----------------------------------------------------------------- */

static const enum event_type wakes[] = { EV_INTAKE_REGISTERED, EV_INTAKE_SUPPLEMENTED };

static const struct service service = {
	.stage = STAGE_VERIFICATION,
	.summary = "checks that the components are complete and the files what was declared",
	.params = params,
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
