/*
 * NAME
 *	dossier-intake - takes in what applicants send
 *
 * SUMMARY
 *	Registers or rejects submissions, gives dossiers their code (mã hồ sơ),
 *	takes supplements, withdrawals and changes of delivery.
 *
 * DESCRIPTION
 *	A submission is judged by the law in force on the day on which the broker
 *	took it: is the procedure open at that agency, for that applicant, in
 *	that case; are the components known; does the form keep the procedure's
 *	form schema.  A good one is registered under a new code, a bad one is
 *	rejected with all its errors; both keep the exact bytes.  The id of a
 *	dossier is derived from source and id of its submission, so the row
 *	itself tells a repeat: same content, same answer; other content, a
 *	conflict that touches nothing.
 *
 *	Before a submission is rejected because its procedure or agency is
 *	unknown, the catalogue is looked at again: a row that was added a moment
 *	ago must not cost anybody a dossier.
 *
 * INPUT
 *	dossier.submissions	vn.dossier.submitted.v1
 *	citizen.requests	vn.dossier.supplemented.v1, vn.dossier.withdrawal_requested.v1,
 *				vn.dossier.delivery_change_requested.v1
 *
 * OUTPUT
 *	dossier.intake		registered, rejected, supplemented, delivery_changed,
 *				withdrawn, refused; answers: repeated, conflict, unknown
 *
 * FAULTS
 *	Without the database nothing is decided.  An agency row that says no code
 *	form parks its submissions.  A procedure version that this process has not
 *	read yet makes a request wait.
 *
 * PARAMETERS
 *	intake.code.block
 *
 * LIMITS
 *	When the stored content of a submission has been removed, a second one
 *	under its id can no longer be compared and counts as a repeat.
 *	Serial numbers left over when a process ends are burnt.
 */
#include <stdlib.h>

#include "service.h"

#include "intake_event.h"
#include "intake_sql.h"
#include "intake_store.h"

#define TYPE_SUBMITTED "vn.dossier.submitted.v1"
#define TYPE_SUPPLEMENTED "vn.dossier.supplemented.v1"
#define TYPE_WITHDRAWAL "vn.dossier.withdrawal_requested.v1"
#define TYPE_DELIVERY "vn.dossier.delivery_change_requested.v1"

static const char reason_salt[] = "salt", reason_serial[] = "serial";

static int64_t code_block;

static const struct param params[] = {
	{ "intake.code.block", PARAM_INT, &code_block, "50", 1, 100000, NULL,
	  "Serial numbers of dossier codes that are taken at once for an agency and a day." },
	{ 0 }
};

struct intake {
	struct serials		*serials;
	struct digest		*digest;
	uint8_t			secret[DIGEST_BYTES];	/* salts are derived from it; never leaves the process */
	struct salts		salts;
};

/* --- life ---------------------------------------------------------------------- */

static enum fault
start(struct worker *worker, struct err *err)
{
	struct intake *intake = mem_new(1, sizeof *intake);

	(void)err;
	intake->serials = serials_new();
	intake->digest = digest_new();
	random_bytes(intake->secret, sizeof intake->secret);
	worker_set_state(worker, intake);
	return FAULT_NONE;
}

static void
stop(struct worker *worker)
{
	struct intake *intake = worker_state(worker);

	if (intake == NULL)
		return;
	serials_free(intake->serials);
	digest_free(intake->digest);
	free(intake);
	worker_set_state(worker, NULL);
}

/* --- before the transaction ---------------------------------------------------- */

static bool
is_submission(const struct job *job)
{
	return job->outside && text_is(job->ce_type, TYPE_SUBMITTED);
}

/*
 * Count the serial numbers that the turn may need; false when a submission
 * names a procedure or an agency that is not in the catalogue at hand.
 */
static bool
needs_count(const struct catalogue *catalogue, struct job *const *jobs, int n, struct serial_need *needs, int *n_needs)
{
	bool all_known = true;

	*n_needs = 0;
	for (int i = 0; i < n; i++) {
		struct text procedure = doc_get_text(jobs[i]->data, "procedure"),
		    agency = doc_get_text(jobs[i]->data, "agency");
		int64_t day;

		if (jobs[i]->end != END_OPEN || !is_submission(jobs[i]) || jobs[i]->data == NULL ||
		    !text_is_absent(jobs[i]->errors))
			continue;
		day = calendar_local_day(jobs[i]->place.at);
		if (catalogue_procedure(catalogue, procedure, day) == NULL ||
		    catalogue_agency(catalogue, agency, day) == NULL)
			all_known = false;
		else
			*n_needs = serial_need_add(needs, *n_needs, agency, day);
	}
	return all_known;
}

/* A job that waits for the salt has seen the row: then no content means that it was removed. */
static enum fault
salts_fill(struct worker *worker, struct job *const *jobs, int n, struct err *err)
{
	struct intake *intake = worker_state(worker);

	salts_clear(&intake->salts);
	for (int i = 0; i < n; i++)
		if (jobs[i]->stored && is_submission(jobs[i]))
			salts_want(&intake->salts, jobs[i]->dossier, text_is(jobs[i]->reason, reason_salt));
	return salts_load(&intake->salts, worker_db(worker), worker_arena(worker), &intake_sql[SQL_SALT_LOAD], err);
}

static enum fault
prepare(struct worker *worker, struct job *const *jobs, int n, struct err *err)
{
	struct intake *intake = worker_state(worker);
	struct serial_need *needs = ARENA_ARRAY(worker_arena(worker), struct serial_need, (size_t)n + 1);
	int n_needs;

	if (!needs_count(worker_catalogue(worker), jobs, n, needs, &n_needs)) {
		if (worker_catalogue_now(worker, err) != FAULT_NONE)
			return err->fault;
		(void)needs_count(worker_catalogue(worker), jobs, n, needs, &n_needs);
	}
	n_needs = serials_short(intake->serials, needs, n_needs, code_block);
	if (n_needs > 0 && serials_load(intake->serials, worker_db(worker), worker_arena(worker),
	    &intake_sql[SQL_SERIAL_TAKE], needs, n_needs, err) != FAULT_NONE)
		return err->fault;
	return salts_fill(worker, jobs, n, err);
}

/* --- salts and digests ---------------------------------------------------------- */

static void
salt_make(const struct decision *d, uint8_t salt[SALT_BYTES])
{
	struct intake *intake = worker_state(d->worker);

	intake_salt_make(intake->digest, intake->secret, d->job, salt);
}

static struct text
content_digest(const struct decision *d, const uint8_t salt[SALT_BYTES])
{
	struct intake *intake = worker_state(d->worker);

	return intake_content_digest(intake->digest, d->arena, d->job, salt);
}

/* --- submissions --------------------------------------------------------------- */

static void
give_rejected(struct decision *d, struct text errors, const struct intake_verdict *verdict)
{
	struct event *event = decide_event(d, EV_INTAKE_REJECTED);
	struct text body = d->job->record.value;
	uint8_t salt[SALT_BYTES];

	salt_make(d, salt);
	intake_put_submission(event, d->job, content_digest(d, salt));
	event->errors = errors;
	if (verdict != NULL && verdict->procedure != NULL)
		event->procedure = verdict->procedure->code;
	if (verdict != NULL && verdict->agency != NULL)
		event->agency = verdict->agency->code;
	decide_give(d, event);
	decide_content(d, "rejected", salt, text_is_absent(body) ? TEXT("") : body);
}

static void
give_registered(struct decision *d, const struct intake_verdict *verdict)
{
	struct intake *intake = worker_state(d->worker);
	int64_t day = calendar_local_day(d->job->place.at), serial;
	struct event *event;
	uint8_t salt[SALT_BYTES];
	struct text code;

	serial = serials_take(intake->serials, verdict->agency->code, day);
	if (serial == 0) {
		decide_wait(d, d->now, reason_serial);
		return;
	}
	if (intake_code_make(d->arena, verdict->agency, day, serial, &code, &d->job->why) != FAULT_NONE) {
		d->job->end = END_PARKED;
		return;
	}
	event = decide_event(d, EV_INTAKE_REGISTERED);
	salt_make(d, salt);
	intake_put_submission(event, d->job, content_digest(d, salt));
	intake_put_law(event, d->job->data, verdict);
	event->code = code;
	decide_give(d, event);
	decide_content(d, "submission", salt, d->job->record.value);
}

static void
decide_first(struct decision *d)
{
	const struct job *job = d->job;
	struct intake_verdict verdict;

	if (!text_is_absent(job->errors)) {
		give_rejected(d, job->errors, NULL);
		return;
	}
	if (job->data == NULL) {
		give_rejected(d, intake_error_json(d->arena, "json"), NULL);
		return;
	}
	intake_judge_submission(worker_catalogue(d->worker), job->data, job->place.at, d->arena, &verdict);
	if (verdict.warnings != 0)
		worker_count(d->worker, "personal_number_doubtful");
	if (verdict.errors.n > 0)
		give_rejected(d, intake_errors_json(&verdict.errors), &verdict);
	else
		give_registered(d, &verdict);
}

/* The id is taken: the same content gets the same answer, another one is a conflict. */
static void
decide_second(struct decision *d)
{
	struct intake *intake = worker_state(d->worker);
	const struct salt *salt = salts_find(&intake->salts, d->job->dossier);
	struct event *event;
	struct text digest;
	uint8_t bytes[DIGEST_BYTES];

	if (salt == NULL || salt->state == SALT_NO_ROW) {
		decide_wait(d, d->now, reason_salt);
		return;
	}
	digest = salt->state == SALT_FOUND ? content_digest(d, salt->salt) : TEXT_NONE;
	if (salt->state == SALT_REMOVED || (text_unhex(digest, bytes, sizeof bytes) &&
	    text_is_equal((struct text){ (const char *)bytes, sizeof bytes }, d->dos->digest))) {
		event = decide_event(d, EV_INTAKE_REPEATED);
		d->job->end = END_REPEATED;
	} else {
		event = decide_event(d, EV_INTAKE_CONFLICT);
		event->digest = digest;
		event->errors = intake_error_json(d->arena, "request.conflict");
	}
	event->source = d->job->ce_source;
	event->submission = d->job->ce_id;
	event->input = text_of(d->job->input);
	event->request = d->job->ce_type;
	decide_give(d, event);
}

/* --- requests about a dossier -------------------------------------------------- */

/* A dossier that was rejected or withdrawn takes no more events: that answer changes nothing. */
static void
give_refused(struct decision *d, const struct intake_errors *errors)
{
	bool living = dossier_may(d->dos, EV_INTAKE_REFUSED);
	struct event *event = decide_event(d, living ? EV_INTAKE_REFUSED : EV_INTAKE_UNKNOWN);

	event->input = text_of(d->job->input);
	event->request = d->job->ce_type;
	event->errors = intake_errors_json(errors);
	decide_give(d, event);
}

static void
give_granted(struct decision *d, enum intake_request request)
{
	static const enum event_type types[] = { [INTAKE_SUPPLEMENT] = EV_INTAKE_SUPPLEMENTED,
	    [INTAKE_WITHDRAWAL] = EV_INTAKE_WITHDRAWN, [INTAKE_DELIVERY_CHANGE] = EV_INTAKE_DELIVERY_CHANGED };
	struct event *event = decide_event(d, types[request]);
	uint8_t salt[SALT_BYTES];

	event->input = text_of(d->job->input);
	salt_make(d, salt);
	if (request == INTAKE_SUPPLEMENT) {
		event->round = d->dos->round + 1;
		event->digest = content_digest(d, salt);
		event->received_at = d->job->place.at;
	} else if (request == INTAKE_DELIVERY_CHANGE) {
		event->delivery = doc_get_text(doc_get(d->job->data, "delivery"), "method");
		event->round = d->dos->round;
	}
	decide_give(d, event);
	if (request != INTAKE_WITHDRAWAL)
		decide_content(d, request == INTAKE_SUPPLEMENT ? "supplement" : "delivery", salt, d->job->record.value);
}

static void
decide_request(struct decision *d, enum intake_request request)
{
	struct intake_errors errors = { .arena = d->arena };
	const struct procedure *procedure = NULL;

	/* What has ended is refused by itself, and a withdrawal asks for no law. */
	if (request != INTAKE_WITHDRAWAL && !dossier_is_finished(d->dos)) {
		procedure = decide_procedure(d);
		if (procedure == NULL)
			return;
	}
	intake_judge_request(request, d->dos, procedure, d->job->ce_source, d->job->data, d->job->place.at, &errors);
	if (errors.n > 0)
		give_refused(d, &errors);
	else
		give_granted(d, request);
}

static void
decide(struct decision *d)
{
	if (is_submission(d->job)) {
		if (d->dos->version == 0)
			decide_first(d);
		else
			decide_second(d);
	} else if (text_is(d->job->ce_type, TYPE_SUPPLEMENTED)) {
		decide_request(d, INTAKE_SUPPLEMENT);
	} else if (text_is(d->job->ce_type, TYPE_WITHDRAWAL)) {
		decide_request(d, INTAKE_WITHDRAWAL);
	} else {
		decide_request(d, INTAKE_DELIVERY_CHANGE);
	}
}

/* --- the table ----------------------------------------------------------------- */

static const struct outside_type outside[] = {
	{ "dossier.submissions", TYPE_SUBMITTED, "urn:vn:dossier:schema:submitted.v1" },
	{ "citizen.requests", TYPE_SUPPLEMENTED, "urn:vn:dossier:schema:supplemented.v1" },
	{ "citizen.requests", TYPE_WITHDRAWAL, "urn:vn:dossier:schema:withdrawal_requested.v1" },
	{ "citizen.requests", TYPE_DELIVERY, "urn:vn:dossier:schema:delivery_change_requested.v1" },
	{ 0 }
};

static const struct service service = {
	.stage = STAGE_INTAKE,
	.summary = "takes in submissions, supplements, withdrawals and changes of delivery",
	.params = params,
	.sql = intake_sql, .n_sql = SQL_INTAKE_COUNT,
	.outside = outside,
	.ev_unknown = EV_INTAKE_UNKNOWN, .ev_repeated = EV_INTAKE_REPEATED, .ev_refused = EV_INTAKE_REFUSED,
	.start = start, .stop = stop, .read_law = intake_procedure_prepare,
	.prepare = prepare, .decide = decide,
};

int
main(int argc, char **argv)
{
	return worker_main(&service, argc, argv);
}
