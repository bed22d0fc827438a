/*
 * NAME
 *	dossier-tracking - what applicants, portals and the national portal see
 *
 * SUMMARY
 *	every journal -> status snapshots, notices by SMS and e-mail
 *
 * DESCRIPTION
 *	Every step of every stage comes by here.  What changes an applicant's
 *	view is shown as a snapshot of the committed row on dossier.status, in
 *	the ten states of the national portal.  What an applicant should know
 *	without looking is told by SMS, or by e-mail where there is no number,
 *	in the language the dossier was submitted in.
 *
 * INPUT
 *	All six journals, intake first.
 *
 * OUTPUT
 *	dossier.status (compacted; sent before the position is committed) and
 *	dossier.notifications, its journal.  Effects "sms" and "email" under the
 *	key <dossier>.N<version>; they cannot be asked about and are never told
 *	twice.
 *
 * FAULTS
 *	A snapshot that the broker does not acknowledge fails the turn, which is
 *	taken again.  A message that may have gone out ends as notice_unsure.
 *	What the gateway refuses for the number it was given ends as
 *	notice_failed; the portal still shows everything.
 *
 * PARAMETERS
 *	See the table below, or --help.
 *
 * LIMITS
 *	The applicant is told, not the submitter.  Who gave neither a telephone
 *	nor an e-mail sees the portal only.
 */
#include <stdlib.h>

#include "tracking_again.h"
#include "tracking_notice.h"
#include "tracking_status.h"

#include "tracking_sql.h"

enum { ANSWER_BYTES_MAX = 64 * 1024, SENT_SLOTS = 1 << 15, PIECE_BLOCKS = 8,
	PIECE_IDS = 256, PIECES_US = 20 * 1000, LISTED_LEAST = 2000, LISTED_MAX = 2 * LISTED_LEAST };

static const char *sms_url, *email_url, *notices;
static int64_t timeout_ms, resend_ms;

static const struct param params[] = {
	{ .name = "tracking.sms.url", .type = PARAM_TEXT, .target = &sms_url,
	  .doc = "Where an SMS is handed in." },
	{ .name = "tracking.email.url", .type = PARAM_TEXT, .target = &email_url,
	  .doc = "Where an e-mail is handed in." },
	{ .name = "tracking.timeout", .type = PARAM_INT, .target = &timeout_ms, .fallback = "10s", .least = 100,
	  .most = 60000, .unit = "ms", .doc = "How long one call to a gateway may take." },
	{ .name = "tracking.notices", .type = PARAM_TEXT, .target = &notices, .fallback = "all",
	  .doc = "What applicants are told: \"all\" changes, or only the \"end\"." },
	{ .name = "tracking.resend", .type = PARAM_INT, .target = &resend_ms, .fallback = "60s", .least = 0,
	  .most = 3600000, .unit = "ms",
	  .doc = "After a claim, snapshots of this long ago are sent again; at least the producer's message.timeout.ms." },
	{ .name = NULL },
};

/* The version of a dossier that this process has sent last; a later dossier in the slot forgets it. */
struct sent {
	uint8_t	dossier[UUID_BYTES];
	int32_t	version;
	int32_t	piece;		/* of what is sent again: when it was last sent */
	bool	listed;		/* to be sent */
};

struct state {
	bool			only_end;
	int32_t			piece;
	struct sent		sent[SENT_SLOTS];
	uint8_t			listed[LISTED_MAX][UUID_BYTES];	/* what the next turn shows; some may stand there twice */
	int			n_listed;
	struct arena		*arena;		/* of some snapshots */
	struct again		again;
};

/* --- snapshots ----------------------------------------------------------------- */

static struct sent *
slot_of(struct state *state, const uint8_t dossier[UUID_BYTES])
{
	uint32_t h;

	memcpy(&h, dossier, sizeof h);
	return &state->sent[h % SENT_SLOTS];
}

/* The dossier is shown by the next turn, unless it is on the list already or has been shown with this version. */
static void
list_dossier(struct state *state, enum event_type type, const uint8_t dossier[UUID_BYTES], int32_t version)
{
	struct sent *slot = slot_of(state, dossier);
	bool is_same = memcmp(slot->dossier, dossier, UUID_BYTES) == 0;

	/* The same submission again gets the same answer again. */
	if (type != EV_INTAKE_REPEATED && (!status_is_visible(type) || (is_same && slot->version >= version)))
		return;
	if (is_same && slot->listed)
		return;
	if (state->n_listed == LISTED_MAX)
		bug("more than %d dossiers to be shown", LISTED_MAX);
	if (!is_same)
		*slot = (struct sent){ .version = 0 };
	memcpy(slot->dossier, dossier, UUID_BYTES);
	slot->listed = true;
	memcpy(state->listed[state->n_listed++], dossier, UUID_BYTES);
}

/* Of some dossiers; nothing of it is needed when they have been sent. */
static enum fault
send_some(struct worker *worker, const uint8_t (*ids)[UUID_BYTES], int n, bool unless_sent, struct err *err)
{
	struct state *state = worker_state(worker);
	struct dossier *dossiers[PIECE_IDS];
	struct record record;
	enum fault fault;

	arena_reset(state->arena);
	fault = worker_load(worker, state->arena, ids, n, dossiers, err);
	for (int i = 0; fault == FAULT_NONE && i < n; i++) {
		struct dossier *dos = dossiers[i];
		struct sent *slot = dos != NULL ? slot_of(state, dos->id) : NULL;

		if (dos == NULL || (unless_sent && memcmp(slot->dossier, dos->id, UUID_BYTES) == 0 &&
		    slot->version >= dos->version))
			continue;
		status_record(dos, state->arena, &record);
		worker_snapshot(worker, "dossier.status", dos->home, &record);
		if (memcmp(slot->dossier, dos->id, UUID_BYTES) == 0)
			slot->version = dos->version;
	}
	return fault;
}

static enum fault
send_snapshots(struct worker *worker, const uint8_t (*ids)[UUID_BYTES], int n, bool unless_sent, struct err *err)
{
	enum fault fault = FAULT_NONE;

	for (int from = 0; fault == FAULT_NONE && from < n; from += PIECE_IDS)
		fault = send_some(worker, ids + from, n - from < PIECE_IDS ? n - from : PIECE_IDS, unless_sent, err);
	return fault;
}

static enum fault
flush(struct worker *worker, struct err *err)
{
	struct state *state = worker_state(worker);
	enum fault fault = worker_flush(worker, err);

	/* Nobody knows which of them arrived. */
	if (fault != FAULT_NONE)
		memset(state->sent, 0, sizeof state->sent);
	return fault;
}

static enum fault
show_listed(struct worker *worker, struct err *err)
{
	struct state *state = worker_state(worker);
	enum fault fault = send_snapshots(worker, (const uint8_t (*)[UUID_BYTES])state->listed, state->n_listed, false, err);

	if (fault == FAULT_NONE)
		fault = flush(worker, err);
	if (fault != FAULT_NONE)
		return fault;	/* they stay on the list */
	for (int i = 0; i < state->n_listed; i++)
		slot_of(state, state->listed[i])->listed = false;
	state->n_listed = 0;
	return FAULT_NONE;
}

/* Whatever is shown is sent before the position behind it is committed. */
static enum fault
tracking_prepare(struct worker *worker, struct job *const *jobs, int n, struct err *err)
{
	struct state *state = worker_state(worker);
	struct arena *arena = worker_arena(worker);
	struct record record;
	int n_answers = 0;

	/* After turns that have failed there may be little room. */
	if (state->n_listed > LISTED_LEAST && show_listed(worker, err) != FAULT_NONE)
		return err->fault;
	for (int i = 0; i < n; i++) {
		const struct event *event = jobs[i]->event;

		if (event == NULL || (jobs[i]->stored && !jobs[i]->unread))
			continue;
		if (status_answer_name(event->type) != NULL) {
			status_answer_record(event, arena, &record);
			worker_snapshot(worker, "dossier.status", event->home, &record);
			n_answers++;
		}
		list_dossier(state, event->type, event->dossier, event->version);
	}
	return state->n_listed + n_answers > 0 ? show_listed(worker, err) : FAULT_NONE;
}

/* What nobody is told about, and what answers nobody, is at most shown. */
static bool
tracking_passes(struct worker *worker, enum event_type type, const struct record *record)
{
	struct state *state = worker_state(worker);
	uint8_t dossier[UUID_BYTES];
	int64_t version;

	if (notice_may_be(type, state->only_end) || status_answer_name(type) != NULL)
		return false;
	if (!status_is_visible(type))
		return true;
	if (state->n_listed >= LISTED_LEAST || !uuid_from_text(record_find(record, "ce_subject"), dossier) ||
	    !text_to_int64(record_find(record, "ce_version"), &version))
		return false;
	list_dossier(state, type, dossier, (int32_t)version);
	return true;
}

/* --- a predecessor's late snapshots -------------------------------------------- */

/* Some blocks of the lane's journals, copied: sending asks the database again. */
static enum fault
read_piece(struct worker *worker, int lane, struct text *blocks, int *n, struct err *err)
{
	struct state *state = worker_state(worker);
	const struct again_lane *a = &state->again.lanes[lane];
	struct arena *arena = worker_arena(worker);
	struct db_args *args = db_args_new(arena, 5);
	const struct rows *rows;
	enum fault fault;

	db_put_int2(args, a->stage);
	db_put_int4(args, lane);
	db_put_time(args, a->since);
	db_put_int8(args, a->last);
	db_put_int4(args, PIECE_BLOCKS);
	fault = db_run(worker_db(worker), &tracking_sql[SQL_TRACKING_RECENT], args, &rows, err);
	if (fault != FAULT_NONE)
		return fault;
	*n = rows_count(rows);
	for (int r = 0; r < *n; r++)
		blocks[r] = arena_text(arena, rows_text(rows, r, 1));
	again_done(&state->again, lane, *n, PIECE_BLOCKS, *n > 0 ? rows_int8(rows, *n - 1, 0) : 0);
	return FAULT_NONE;
}

static enum fault
send_block(struct worker *worker, struct text block, bool is_first, struct err *err)
{
	struct state *state = worker_state(worker);
	uint8_t ids[PIECE_IDS][UUID_BYTES];
	size_t at = 0;
	bool more = true;
	enum fault fault = FAULT_NONE;

	while (more && fault == FAULT_NONE) {
		int n = 0;

		while (n < PIECE_IDS && (more = again_dossier(block, &at, ids[n]))) {
			struct sent *slot = slot_of(state, ids[n]);

			if (slot->piece == state->piece && memcmp(slot->dossier, ids[n], UUID_BYTES) == 0)
				continue;
			if (memcmp(slot->dossier, ids[n], UUID_BYTES) != 0)
				*slot = (struct sent){ .version = 0 };
			memcpy(slot->dossier, ids[n++], UUID_BYTES);
			slot->piece = state->piece;
		}
		fault = send_snapshots(worker, (const uint8_t (*)[UUID_BYTES])ids, n, is_first, err);
	}
	return fault;
}

static bool
send_piece(struct worker *worker)
{
	struct state *state = worker_state(worker);
	int lane = again_next(&state->again, clock_span_us(), worker_now(worker), resend_ms * 1000), n = 0;
	struct text blocks[PIECE_BLOCKS];
	enum fault fault;
	struct err err;
	bool is_first;

	if (lane < 0)
		return false;
	state->piece++;
	is_first = state->again.lanes[lane].pass == 0;
	fault = read_piece(worker, lane, blocks, &n, &err);
	for (int i = 0; fault == FAULT_NONE && i < n; i++)
		fault = send_block(worker, blocks[i], is_first, &err);
	if (fault == FAULT_NONE && (n == 0 || flush(worker, &err) == FAULT_NONE))
		return true;
	again_claim(&state->again, lane, clock_span_us(), resend_ms * 1000);	/* from the start */
	return false;
}

/* Many pieces are empty; a turn that waits behind them does not wait long. */
static void
send_again(struct worker *worker)
{
	int64_t until_us = clock_span_us() + PIECES_US;

	while (send_piece(worker) && clock_span_us() < until_us)
		;
}

static void
tracking_claimed(struct worker *worker, int lane)
{
	struct state *state = worker_state(worker);

	if (resend_ms > 0)
		again_claim(&state->again, lane, clock_span_us(), resend_ms * 1000);
}

/* --- notices ------------------------------------------------------------------- */

static void
on_event(struct decision *d)
{
	struct state *state = worker_state(d->worker);
	enum notice notice = notice_of(d->job->event, state->only_end);
	struct notice_facts facts = { .dos = d->dos, .event = d->job->event };
	struct notice_text text;
	struct text to;
	enum contact contact;
	struct event *event;
	char id[UUID_TEXT_BYTES];

	if (notice == NOTICE_NONE || d->inquiry == NULL)
		return;
	/* A lane that starts in the middle of history tells nobody about the past. */
	if (d->job->event->at < worker_lane_born(d->worker, d->job->lane))
		return;
	contact = notice_contact(d->inquiry->contents, d->inquiry->n_contents, &to);
	if (contact == CONTACT_NONE)
		return;
	facts.procedure = catalogue_procedure_version(worker_catalogue(d->worker), d->dos->procedure,
	    d->dos->procedure_version);
	facts.agency = catalogue_agency(worker_catalogue(d->worker), d->dos->agency, calendar_local_day(d->now));
	notice_write(notice, &facts, d->arena, &text);
	uuid_to_text(d->dos->id, id);
	event = decide_event(d, EV_TRACKING_NOTICE_ORDERED);
	event->notice = text_of(notice_name(notice));
	event->channel = text_of(contact == CONTACT_SMS ? "sms" : "email");
	event->key = arena_printf(d->arena, "%s.N%d", id, d->dos->version + 1);
	event->about = d->job->event->version;
	decide_give(d, event);
	decide_effect(d, event->channel.s, event->key, notice_body(contact, to, &text, d->arena));
}

/* A 5xx may have gone out; the gateway cannot be asked, and nobody is told twice. */
static void
on_effect(struct decision *d)
{
	const struct outcome *outcome = d->job->outcome;
	enum event_type type = EV_TRACKING_NOTICE_FAILED;
	struct event *event;

	if (!outcome->unsure && outcome->status == 429) {
		decide_again(d);
		return;
	}
	if (!outcome->unsure && outcome->status >= 200 && outcome->status < 300)
		type = EV_TRACKING_NOTICE_SENT;
	else if (outcome->unsure || outcome->status >= 500)
		type = EV_TRACKING_NOTICE_UNSURE;
	event = decide_event(d, type);
	event->key = d->job->key;
	if (outcome->unsure)
		event->reason = TEXT("no_answer");
	else if (type != EV_TRACKING_NOTICE_SENT)
		event->reason = arena_printf(d->arena, "http.%d", outcome->status);
	decide_give(d, event);
}

static void
tell(const char *url, const struct job *job, struct http_request *out, struct arena *arena)
{
	out->url = url;
	out->post = true;
	out->body = job->body;
	out->headers[0] = arena_printf(arena, "Idempotency-Key: %.*s", TEXT_ARG(job->key)).s;
	out->timeout_ms = timeout_ms;
	out->answer_max_bytes = ANSWER_BYTES_MAX;
}

static void
tell_sms(struct worker *worker, const struct job *job, struct http_request *out, struct arena *arena)
{
	(void)worker;
	tell(sms_url, job, out, arena);
}

static void
tell_email(struct worker *worker, const struct job *job, struct http_request *out, struct arena *arena)
{
	(void)worker;
	tell(email_url, job, out, arena);
}

/* --- callbacks ----------------------------------------------------------------- */

static enum fault
tracking_start(struct worker *worker, struct err *err)
{
	struct state *state;

	if (strcmp(notices, "all") != 0 && strcmp(notices, "end") != 0)
		return err_set(err, FAULT_FATAL, "start", NULL, "tracking.notices must be all or end");
	state = mem_new(1, sizeof *state);
	state->only_end = strcmp(notices, "end") == 0;
	state->arena = arena_new(512 * 1024);
	worker_set_state(worker, state);
	return FAULT_NONE;
}

static void
tracking_stop(struct worker *worker)
{
	struct state *state = worker_state(worker);

	if (state != NULL)
		arena_free(state->arena);
	free(state);
}

static bool
tracking_inquires(struct worker *worker, const struct job *job)
{
	struct state *state = worker_state(worker);

	return job->kind == JOB_MESSAGE && job->event != NULL &&
	    notice_of(job->event, state->only_end) != NOTICE_NONE;
}

/* Only what somebody is told about needs the row; snapshots and answers are sent without it. */
static bool
tracking_matters(struct worker *worker, const struct event *event)
{
	struct state *state = worker_state(worker);

	return notice_of(event, state->only_end) != NOTICE_NONE;
}

/* The contents are all that is needed, and they are there. */
static void
tracking_inquire(struct inquiry *q)
{
	(void)q;
}

static void
tracking_decide(struct decision *d)
{
	if (d->job->kind == JOB_EFFECT)
		on_effect(d);
	else if (d->job->kind == JOB_MESSAGE)
		on_event(d);
}

static const struct effect effects[] = {
	{ .purpose = "sms", .peer = "sms", .tell = tell_sms },
	{ .purpose = "email", .peer = "email", .tell = tell_email },
	{ .purpose = NULL },
};

int
main(int argc, char **argv)
{
	const struct service service = {
		.stage = STAGE_TRACKING,
		.summary = "what applicants, portals and the national portal see",
		.params = params,
		.sql = tracking_sql, .n_sql = SQL_TRACKING_COUNT,
		.wakes = notice_events, .n_wakes = notice_n_events, .matters = tracking_matters, .passes = tracking_passes,
		.effects = effects,
		.start = tracking_start, .stop = tracking_stop, .prepare = tracking_prepare,
		.claimed = tracking_claimed, .tick = send_again,
		.inquires = tracking_inquires, .inquire = tracking_inquire,
		.decide = tracking_decide,
	};

	return worker_main(&service, argc, argv);
}
