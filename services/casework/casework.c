/*
 * NAME
 *	dossier-casework - the officers' decision, and the clock it runs against
 *
 * SUMMARY
 *	complete and paid -> accept, supplement, refuse, assign, decide, hand over
 *
 * DESCRIPTION
 *	People decide here.  The worker checks that what their software asks is
 *	open to them, books it at the moment the broker had it, and reckons the
 *	times that the law ties to it: the first answer, the end of a
 *	supplement, the appointment on the slip.  It acts by itself only where
 *	the law does: a dossier that was not supplemented or not paid in time is
 *	stopped, one that is late is marked overdue, one that the applicant
 *	takes back is closed.
 *
 * INPUT
 *	dossier.fee (deferred, waived, paid, unchanged, expired), dossier.intake
 *	(withdrawn), agency.actions.
 *
 * OUTPUT
 *	dossier.casework.  Nothing outside.  An officer's note is kept with the
 *	contents, never in the journal.
 *
 * FAULTS
 *	A year that the calendar does not hold parks the message; it is never
 *	reckoned on a guess.  A supplement that intake has not read yet holds
 *	its own deadline open.
 *
 * PARAMETERS
 *	None of its own.
 *
 * LIMITS
 *	After a supplement the clock starts anew whatever supplement_clock says:
 *	the row does not keep how much of the term was used before ("pause" thus
 *	gives the agency more time than it has).  It starts with the moment the
 *	fee stage was through with the round.  At most one supplement before
 *	acceptance and two in all.
 */
#include <stdlib.h>

#include "casework_rules.h"
#include "service.h"

#include "casework_sql.h"

static const struct param params[] = { { .name = NULL } };

struct state {
	time_us			intake_read_to;	/* as of this turn */
	uint8_t			(*waiting)[UUID_BYTES];	/* of this turn's timers, those with something at intake */
	int			n_waiting;
	uint8_t			seed[DIGEST_BYTES];	/* of the salts of notes */
};

/* --- leaves -------------------------------------------------------------------- */

static void
park(struct decision *d, const struct err *why)
{
	d->job->end = END_PARKED;
	d->job->why = *why;
}

static const struct calendar *
calendar_of(const struct decision *d)
{
	return catalogue_calendar(worker_catalogue(d->worker));
}

/* NULL, and the job is set aside, where the law it was received under is not there. */
static const struct casework_case *
case_of(struct decision *d, const struct casework_law **law)
{
	const struct procedure *procedure = decide_procedure(d);
	const struct casework_case *its_case;
	struct err err;

	if (procedure == NULL)
		return NULL;
	*law = procedure->cache;
	its_case = casework_law_case(*law, d->dos->case_code);
	if (its_case == NULL) {
		err_set(&err, FAULT_PARK, "read the catalogue", "case", "procedure %.*s has no case %.*s",
		    TEXT_ARG(d->dos->procedure), TEXT_ARG(d->dos->case_code));
		park(d, &err);
	}
	return its_case;
}

/* --- actions ------------------------------------------------------------------- */

static void
give_action_refused(struct decision *d, const struct rule_error *why)
{
	struct event *event = decide_event(d, EV_CASEWORK_ACTION_REFUSED);

	event->request = d->job->ce_type;
	event->errors = rule_error_list(why, d->arena);
	decide_give(d, event);
}

static struct text
json_of(const struct doc_node *node, struct arena *arena)
{
	struct buf buf = buf_in(arena);

	if (node == NULL)
		return TEXT_NONE;
	doc_write(&buf, node);
	return buf_get(&buf);
}

/* What only some actions say; FAULT_PARK when a time cannot be reckoned. */
static enum fault
fill_action(struct decision *d, const struct action *action, const struct casework_law *law,
    const struct casework_case *its_case, struct event *event, struct err *err)
{
	switch (action->kind) {
	case ACTION_ACCEPT:
		event->accepted_at = action->arrived_at;
		event->slip = arena_printf(d->arena, "%.*s/01", TEXT_ARG(d->dos->code));
		return casework_due(calendar_of(d), &its_case->rule, action->arrived_at, &event->due_at, err);
	case ACTION_SUPPLEMENT:
		event->missing = json_of(action->components, d->arena);
		return deadline_supplement_expiry(calendar_of(d), action->arrived_at, law->supplement_days,
		    &event->expires_at, err);
	case ACTION_DECIDE:
		event->result = action->result;
		event->document = json_of(action->document, d->arena);
		event->decided_at = action->arrived_at;
		event->delivery = d->dos->delivery;	/* dispatch then knows what it must look up */
		break;
	case ACTION_HAND_OVER:
		event->relation = action->relation;
		event->receiver = action->document_kind;
		break;
	default:
		break;
	}
	return FAULT_NONE;
}

/* Salted from a seed of this process and the message: recorded with the note, guessed by nobody. */
static void
keep_note(struct decision *d)
{
	struct state *state = worker_state(d->worker);
	uint8_t line[DIGEST_BYTES + 2 * INPUT_BYTES], digest[DIGEST_BYTES];

	memcpy(line, state->seed, DIGEST_BYTES);
	memcpy(line + DIGEST_BYTES, d->job->input, 2 * INPUT_BYTES);
	digest_bytes(line, sizeof line, digest);
	decide_content(d, "note", digest, d->job->record.value);
}

static void
set_timer_after(struct decision *d, const struct event *event)
{
	switch (event->type) {
	case EV_CASEWORK_ACCEPTED:
	case EV_CASEWORK_RESUMED:
		decide_timer(d, event->due_at);
		break;
	case EV_CASEWORK_SUPPLEMENT_REQUESTED:
		decide_timer(d, event->expires_at);
		break;
	case EV_CASEWORK_OPENED:	/* there is none yet */
	case EV_CASEWORK_ASSIGNED:	/* the clock runs on */
	case EV_CASEWORK_HANDED_OVER:
		break;
	default:
		decide_timer(d, TIME_NONE);
		break;
	}
}

static void
on_action(struct decision *d)
{
	const struct casework_law *law;
	const struct casework_case *its_case;
	const struct rule_error *why;
	struct action action;
	struct event *event;
	struct err err;

	if (!action_read(d->job->ce_type, d->job->data, d->job->place.at, &action))
		bug("a message that is no action");
	/* A rejected submission has no law: then the state alone forbids it. */
	its_case = d->dos->state[STAGE_INTAKE] == INTAKE_REJECTED ? NULL : case_of(d, &law);
	if (its_case == NULL && d->job->end != END_OPEN)
		return;
	why = action_check(d->dos, &action, its_case);
	if (why != NULL) {
		give_action_refused(d, why);
		return;
	}
	event = decide_event(d, action_event(action.kind));
	event->officer = action.officer;
	event->reason = action.reason;
	event->citation = action.citation;
	if (fill_action(d, &action, law, its_case, event, &err) != FAULT_NONE) {
		park(d, &err);
		return;
	}
	decide_give(d, event);
	set_timer_after(d, event);
	if (action.has_note)
		keep_note(d);
}

/* --- what happens by itself ---------------------------------------------------- */

static enum fault
fill_wake(struct decision *d, struct event *event, struct err *err)
{
	const struct casework_law *law;
	const struct casework_case *its_case;

	if (event->type != EV_CASEWORK_WITHDRAWN && event->type != EV_CASEWORK_STOPPED)
		event->round = d->dos->round;
	switch (event->type) {
	case EV_CASEWORK_OPENED:
		event->missing = text_is_absent(d->dos->missing) ? TEXT("[]") : d->dos->missing;
		return casework_first_answer(calendar_of(d), d->dos, &event->due_at, err);
	case EV_CASEWORK_REOPENED:
		event->missing = text_is_absent(d->dos->missing) ? TEXT("[]") : d->dos->missing;
		break;
	case EV_CASEWORK_RESUMED:
		its_case = case_of(d, &law);
		if (its_case == NULL)
			return FAULT_RETRY;
		return casework_due(calendar_of(d), &its_case->rule, d->job->event->at, &event->due_at, err);
	case EV_CASEWORK_STOPPED:
		event->reason = TEXT("payment_expired");
		break;
	default:
		break;
	}
	return FAULT_NONE;
}

static void
on_wake(struct decision *d)
{
	enum event_type type = casework_wake(d->dos, d->job->event);
	struct event *event;
	struct err err;

	if (type == EVENT_TYPES)
		return;
	event = decide_event(d, type);
	switch (fill_wake(d, event, &err)) {
	case FAULT_NONE:
		decide_give(d, event);
		set_timer_after(d, event);
		break;
	case FAULT_RETRY:	/* the job waits already */
		break;
	default:
		park(d, &err);
		break;
	}
}

static bool
waits_at_intake(const struct state *state, const struct dossier *dos)
{
	for (int i = 0; i < state->n_waiting; i++)
		if (memcmp(state->waiting[i], dos->id, UUID_BYTES) == 0)
			return true;
	return false;
}

static void
on_timer(struct decision *d)
{
	struct state *state = worker_state(d->worker);
	time_us again;
	/* What stands still at intake counts as not read yet. */
	enum event_type type = casework_timer(d->dos, d->now, waits_at_intake(state, d->dos) ? TIME_NONE
	    : state->intake_read_to, &again);
	struct event *event;

	if (type == EVENT_TYPES) {
		decide_timer(d, again);
		return;
	}
	event = decide_event(d, type);
	if (type == EV_CASEWORK_OVERDUE)
		event->due_at = d->dos->due_at;
	else
		event->reason = TEXT("supplement_expired");
	decide_give(d, event);
}

/* --- callbacks ----------------------------------------------------------------- */

static enum fault
casework_start(struct worker *worker, struct err *err)
{
	struct state *state = mem_new(1, sizeof *state);

	(void)err;
	random_bytes(state->seed, sizeof state->seed);
	state->intake_read_to = TIME_NONE;
	worker_set_state(worker, state);
	return FAULT_NONE;
}

static void
casework_stop(struct worker *worker)
{
	free(worker_state(worker));
}

/* Only a turn with timers needs to know how far intake is, and what stands there. */
static enum fault
casework_prepare(struct worker *worker, struct job *const *jobs, int n, struct err *err)
{
	struct state *state = worker_state(worker);
	struct db *db = worker_db(worker);
	struct db_args *args = db_args_new(worker_arena(worker), 1);
	struct db_array *ids = db_put_array(args, DB_UUID);
	const struct rows *rows;
	enum fault fault;
	int timers = 0, read_to, waits;

	state->intake_read_to = TIME_NONE;
	state->n_waiting = 0;
	for (int i = 0; i < n; i++)
		if (jobs[i]->kind == JOB_TIMER) {
			db_add_uuid(ids, jobs[i]->dossier);
			timers++;
		}
	if (timers == 0)
		return FAULT_NONE;
	/* In this order: what intake had not read when asked, the second answer cannot miss. */
	read_to = db_queue(db, &casework_sql[SQL_CASEWORK_INTAKE_READ_TO], NULL);
	waits = db_queue(db, &casework_sql[SQL_CASEWORK_INTAKE_WAITS], args);
	fault = db_trip(db, false, err);
	if (fault != FAULT_NONE)
		return fault;
	rows = db_rows(db, read_to);
	if (rows_count(rows) == 1)
		state->intake_read_to = rows_int8(rows, 0, 0);
	rows = db_rows(db, waits);
	state->waiting = arena_take(worker_arena(worker), (size_t)rows_count(rows), UUID_BYTES);
	for (int r = 0; r < rows_count(rows); r++)
		memcpy(state->waiting[state->n_waiting++], rows_uuid(rows, r, 0), UUID_BYTES);
	return FAULT_NONE;
}

static void
casework_decide(struct decision *d)
{
	if (d->job->kind == JOB_TIMER)
		on_timer(d);
	else if (d->job->outside)
		on_action(d);
	else
		on_wake(d);
}

static const enum event_type wakes[] = { EV_FEE_DEFERRED, EV_FEE_WAIVED, EV_FEE_PAID, EV_FEE_UNCHANGED,
    EV_FEE_EXPIRED, EV_INTAKE_WITHDRAWN };

#define ACTION_TYPE(name) { "agency.actions", "vn.dossier.action." name ".v1", \
    "urn:vn:dossier:schema:action." name ".v1" }
static const struct outside_type outside[] = {
	ACTION_TYPE("accept"), ACTION_TYPE("refuse"), ACTION_TYPE("supplement"), ACTION_TYPE("assign"),
	ACTION_TYPE("decide"), ACTION_TYPE("hand_over"), { NULL, NULL, NULL },
};

static const struct service service = {
	.stage = STAGE_CASEWORK,
	.summary = "the officers' decision, and the clock it runs against",
	.params = params,
	.sql = casework_sql, .n_sql = SQL_CASEWORK_COUNT,
	.wakes = wakes, .n_wakes = sizeof wakes / sizeof *wakes,
	.outside = outside,
	.ev_unknown = EV_CASEWORK_UNKNOWN, .ev_repeated = EV_CASEWORK_REPEATED,
	.ev_refused = EV_CASEWORK_ACTION_REFUSED,
	.start = casework_start, .stop = casework_stop, .read_law = casework_law_make, .prepare = casework_prepare,
	.decide = casework_decide,
};

int
main(int argc, char **argv)
{
	return worker_main(&service, argc, argv);
}
