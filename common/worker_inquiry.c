/*
 * worker_inquiry - finding out before deciding.
 *
 * An inquiry belongs to one message of one dossier.  It is begun with the
 * dossier's contents, asks many at once in the background, and is complete
 * when nothing is under way any more.  What answers within the turn's budget
 * goes on in the same turn; the rest waits as a job, and completeness calls
 * that job up.
 */
#include <stdlib.h>

#include "kill_point.h"
#include "worker.h"

enum { LATER_MAX = 8, BLOCK_BYTES = 8 * 1024, READY_MAX = 200, SILENT_US = 1000 * 1000, PACE_US = 100 * 1000 };

/* What was taken in once can be read again, whatever message.bytes says today. */
static const struct doc_limits content_limits = { 16 * 1024 * 1024, 32 };

static struct asking **
bucket_of(struct worker *w, const uint8_t *dossier)
{
	uint32_t h;

	memcpy(&h, dossier, sizeof h);
	return &w->asking[h % ASKING_BUCKETS];
}

struct asking *
asking_find(struct worker *w, const uint8_t *dossier, int64_t number)
{
	for (struct asking *a = *bucket_of(w, dossier); a != NULL; a = a->next)
		if (a->q.number == number && memcmp(a->q.dossier, dossier, UUID_BYTES) == 0)
			return a;
	return NULL;
}

bool
asking_is_complete(const struct asking *a)
{
	return a->q.pending == 0;
}

/* One thing less under way; the last one makes it ready to be called up. */
static void
one_less(struct asking *a)
{
	if (--a->q.pending == 0 && !a->announced)
		a->q.worker->n_ready++;
}

void
asking_free(struct worker *w, struct asking *a)
{
	struct asking **p = bucket_of(w, a->q.dossier);

	while (*p != a)
		p = &(*p)->next;
	*p = a->next;
	w->n_asking--;
	if (asking_is_complete(a) && !a->announced)
		w->n_ready--;
	/* Looking for calls is looking through all of them. */
	if (a->q.pending > a->n_later)
		http_forget(w->http, a);
	for (int i = 0; i < PEERS_MAX; i++)
		w->peers[i].n_asking -= a->calls[i] > 0;
	arena_free(a->q.arena);
	free(a);
}

void
inquiries_forget(struct worker *w, bool all)
{
	/* Whatever the turn at hand meant to do with them is void. */
	asking_keep_all(w);
	for (int b = 0; b < ASKING_BUCKETS && w->n_asking > 0; b++)
		for (struct asking *a = w->asking[b], *next; a != NULL; a = next) {
			next = a->next;
			if (all || owned_lane(w, a->lane) == NULL)
				asking_free(w, a);
		}
}

/* The turn that took them up is over: with a commit, or to be taken again. */
static void
turn_over(struct worker *w, bool committed)
{
	if (w->n_used == 0 && w->n_called == 0)
		return;
	for (int b = 0; b < ASKING_BUCKETS; b++)
		for (struct asking *a = w->asking[b], *next; a != NULL; a = next) {
			next = a->next;
			if (a->called && !committed) {
				a->announced = false;
				w->n_ready++;
			}
			a->called = false;
			if (a->used && committed)
				asking_free(w, a);
			else
				a->used = false;
		}
	w->n_used = w->n_called = 0;
}

void
asking_keep_all(struct worker *w)
{
	turn_over(w, false);
}

void
asking_free_used(struct worker *w)
{
	turn_over(w, true);
}

/* The number of its calls to this peer. */
static uint8_t *
calls_of(struct asking *a, const struct peer *peer)
{
	return &a->calls[peer - a->q.worker->peers];
}

/* Answers are counted for a while; how long one took in the while before is the pace. */
static void
pace_begin(struct peer *peer, int64_t answer_us)
{
	peer->answer_us = answer_us;
	peer->paced_us = clock_span_us();
	peer->n_answers = 0;
}

static void
call_ended(struct asking *a, const struct http_call *call)
{
	struct peer *peer = peer_of(a->q.worker, call->peer);

	if (--*calls_of(a, peer) == 0)
		peer->n_asking--;
	if (call->end != HTTP_ANSWERED)
		return;
	peer->answered_us = clock_span_us();
	peer->n_answers++;
	if (peer->answered_us - peer->paced_us >= PACE_US)
		pace_begin(peer, (peer->answered_us - peer->paced_us) / peer->n_answers);
}

void
inquiry_ask(struct inquiry *q, const struct http_request *request, int tag)
{
	struct http_request copy = *request;
	struct peer *peer;

	if (copy.peer == NULL)
		bug("a request to a peer without a name");
	peer = peer_of(q->worker, copy.peer);
	if ((*calls_of((struct asking *)q, peer))++ == 0 && peer->n_asking++ == 0)
		pace_begin(peer, peer->answer_us);
	copy.owner = q;		/* the first field of struct asking */
	copy.tag = tag;
	q->pending++;
	http_start(q->worker->http, &copy);
}

void
inquiry_later(struct inquiry *q, int64_t delay_ms, int tag)
{
	struct asking *a = (struct asking *)q;

	if (a->n_later == LATER_MAX)
		bug("an inquiry with more than %d retries at once", LATER_MAX);
	a->later[a->n_later].due_us = clock_span_us() + delay_ms * 1000;
	if (a->later[a->n_later].due_us < q->worker->later_us)
		q->worker->later_us = a->later[a->n_later].due_us;
	a->later[a->n_later++].tag = tag;
	q->pending++;
}

/* --- calls ------------------------------------------------------------------- */

static void
serve_asking(struct asking *a, int64_t now_us)
{
	struct worker *w = a->q.worker;

	for (int i = 0; i < a->n_later; i++) {
		int tag = a->later[i].tag;

		if (a->later[i].due_us > now_us) {
			if (a->later[i].due_us < w->later_us)
				w->later_us = a->later[i].due_us;
			continue;
		}
		a->later[i--] = a->later[--a->n_later];
		w->service->again(&a->q, tag);
		one_less(a);
	}
}

static void
serve_later(struct worker *w)
{
	int64_t now_us = clock_span_us();

	if (now_us < w->later_us)
		return;
	w->later_us = INT64_MAX;
	for (int b = 0; b < ASKING_BUCKETS; b++)
		for (struct asking *a = w->asking[b]; a != NULL; a = a->next)
			serve_asking(a, now_us);
}

/* Calls go on; with hear, a message from the broker ends the wait too. */
static void
drive_calls(struct worker *w, int wait_ms, bool hear)
{
	struct http_call *call;
	int fd = hear && w->consumer != NULL ? consumer_fd(w->consumer) : -1;
	int64_t left_ms = wait_ms;

	/* Paused, nobody is asked again. */
	if (!w->paused) {
		serve_later(w);
		left_ms = (w->later_us - clock_span_us()) / 1000 + 1;
	}
	http_drive(w->http, left_ms < wait_ms ? (int)left_ms : wait_ms, &fd, fd >= 0);
	while ((call = http_take(w->http)) != NULL) {
		count_call(w, call);
		if (call->tag != FLIGHT_TAG) {
			struct asking *a = call->owner;

			w->n_answers++;
			call_ended(a, call);
			kill_point(KILL_INQUIRY_ANSWERED);
			w->service->answered(&a->q, call);
			one_less(a);
			http_call_free(call);
		} else
			flight_end(w, call);
	}
}

/* --- beginning ---------------------------------------------------------------- */

/* Number that tells one inquiry of a dossier from the next. */
int64_t
inquiry_number(const struct job *job)
{
	/* Numbers are dense per journal; a stage may read several. */
	return job->event != NULL
	    ? job->event->number << 3 | (int64_t)event_stage(job->event->type)
	    : -1 - job->place.offset * TOPICS_MAX - job->place.topic;
}

static bool
needs_inquiry(struct turn *t, const struct job *job)
{
	const struct service *s = t->worker->service;

	return job->end == END_OPEN && job->kind != JOB_EFFECT && job->kind != JOB_TIMER &&
	    s->inquires != NULL && s->inquires(t->worker, job);
}

static struct asking *
asking_new(struct turn *t, const struct job *job)
{
	struct worker *w = t->worker;
	struct asking *a = mem_new(1, sizeof *a);
	struct record *record;
	struct event *event = NULL;
	struct err err;
	struct buf buf;

	a->q.worker = w;
	a->q.arena = arena_new_small(BLOCK_BYTES);
	memcpy(a->q.dossier, job->dossier, UUID_BYTES);
	a->q.number = inquiry_number(job);
	a->lane = job->lane;
	a->started_us = clock_span_us();
	a->q.asked_at = job->stored ? job->created_at : t->now;
	if (job->event != NULL) {
		/* The inquiry outlives the turn, so it reads the message again into its own arena. */
		buf = buf_in(a->q.arena);
		record_pack(&job->record, &buf);
		record = ARENA_NEW(a->q.arena, struct record);
		if (!record_unpack(buf_get(&buf), record) ||
		    event_decode(record, a->q.arena, &event, &err) != FAULT_NONE)
			bug("an event that was read cannot be read again");
		a->q.event = event;
	} else if (job->data != NULL) {
		buf = buf_in(a->q.arena);
		doc_write(&buf, job->data);
		if (doc_parse(a->q.arena, buf_get(&buf), &content_limits, &a->q.data,
		    &(struct doc_error){ 0 }) !=
		    FAULT_NONE)
			bug("a document that was read cannot be read again");
	}
	a->announced = true;	/* until it goes on after this turn */
	a->next = *bucket_of(w, a->q.dossier);
	*bucket_of(w, a->q.dossier) = a;
	w->n_asking++;
	return a;
}

/* Where a dossier's contents begin among those of all, which come in the order of dossiers. */
static int
first_of(const struct rows *rows, const uint8_t *dossier)
{
	int from = 0, to = rows_count(rows);

	while (from < to) {
		int middle = from + (to - from) / 2;

		if (memcmp(rows_uuid(rows, middle, 0), dossier, UUID_BYTES) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

static void
take_contents(struct asking *a, const struct rows *rows)
{
	struct content *contents;
	int first = first_of(rows, a->q.dossier), end = first;

	while (end < rows_count(rows) && memcmp(rows_uuid(rows, end, 0), a->q.dossier, UUID_BYTES) == 0)
		end++;
	contents = ARENA_ARRAY(a->q.arena, struct content, (size_t)(end - first));
	a->q.contents = contents;
	for (int r = first; r < end; r++) {
		struct content *c = &contents[a->q.n_contents];

		memcpy(c->dossier, a->q.dossier, UUID_BYTES);
		c->version = rows_int4(rows, r, 1);
		c->round = rows_int4(rows, r, 2);
		c->kind = arena_text(a->q.arena, rows_text(rows, r, 3));
		c->salt = arena_text(a->q.arena, rows_text(rows, r, 4));
		c->body = arena_text(a->q.arena, rows_text(rows, r, 5));
		/* Contents of rejected submissions may be no JSON at all. */
		if (doc_parse(a->q.arena, c->body, &content_limits, &c->data, &(struct doc_error){ 0 }) !=
		    FAULT_NONE)
			c->data = NULL;
		a->q.n_contents++;
	}
}

static enum fault
load_contents(struct worker *w, struct asking *const *fresh, int n, const struct rows **rows,
    struct err *err)
{
	struct db_args *args = db_args_new(w->arena, 1);
	struct db_array *ids = db_put_array(args, DB_UUID);

	for (int i = 0; i < n; i++)
		db_add_uuid(ids, fresh[i]->q.dossier);
	return db_run(w->db, core_stmt(SQL_CONTENT_LOAD), args, rows, err);
}

/* Those about which no call is under way: complete, or asked again later. */
static int
count_silent(struct asking *const *fresh, int n)
{
	int silent = 0;

	for (int i = 0; i < n; i++)
		silent += fresh[i]->q.pending == fresh[i]->n_later;
	return silent;
}

/* Whose answer may be what kills should get it while it is being tried (promise 9). */
static int64_t
budget_of(const struct turn *t)
{
	enum { ALONE_US = 2000 * 1000, CAREFUL_US = 200 * 1000 };
	int64_t usual_us = t->worker->set.budget_ms * 1000;
	int64_t least_us = t->only_alone ? ALONE_US : is_careful(t->worker) ? CAREFUL_US : 0;

	return usual_us > least_us ? usual_us : least_us;
}

/*
 * The budget bounds what a turn waits for a register that does not answer.
 * While answers come at a pace at which the rest of those who answer, older
 * calls too, is a matter of moments, it waits for them: a job that waits costs
 * the database three rows and a turn, and jobs that wait make those after them
 * wait.
 */
static bool
is_worth_waiting(int64_t left, int64_t ended, int64_t spent_us, int64_t quiet_us, int64_t budget_us)
{
	enum { MOMENTS = 20, MOST = 25 };

	if (spent_us < budget_us)
		return true;
	if (left == 0 || quiet_us >= 2 * budget_us || spent_us >= MOST * budget_us)
		return false;
	/* The first answers take a while to come, and say little about the pace of the rest. */
	return spent_us < 2 * budget_us || spent_us * left / ended < MOMENTS * budget_us;
}

static void
wait_within_budget(struct turn *t, struct asking *const *fresh, int n)
{
	struct worker *w = t->worker;
	int64_t budget_us = budget_of(t), start_us = clock_span_us(), now_us = start_us, heard_us = start_us;
	int64_t first = w->n_answers, before = first;

	while (count_silent(fresh, n) < n && is_worth_waiting(http_in_flight_answering(w->http, start_us - SILENT_US),
	    w->n_answers - first, now_us - start_us, now_us - heard_us, budget_us)) {
		/* New messages would wake it again and again, and cannot be taken up now. */
		drive_calls(w, 1 + (int)(budget_us / 2000), false);
		now_us = clock_span_us();
		if (w->n_answers > before)
			heard_us = now_us;
		before = w->n_answers;
	}
}

/*
 * What is taken up beside many older ones cannot end within its turn: it
 * becomes a row, and each such turn leaves more of them.  So new messages stay
 * in hand while peers of whom many ask are about to answer them all; but never
 * for long, and a peer that is slow or silent keeps nobody.
 */
bool
inquiries_catch_up(const struct worker *w)
{
	enum { MANY = 100, SOON_US = 500 * 1000, MOST_US = 1000 * 1000 };
	int64_t now_us = clock_span_us();
	int n = 0;

	if (w->n_asking < MANY || now_us - w->took_up_us > MOST_US)
		return false;
	for (const struct peer *p = w->peers; p < w->peers + PEERS_MAX && p->name != NULL; p++)
		if (p->n_asking > 0 && now_us - p->answered_us < SILENT_US && p->n_asking * p->answer_us < SOON_US)
			n += p->n_asking;
	return n >= MANY;
}

/* Room for new ones, the jobs of which are rows: what is freed here begins anew when its row comes due. */

/* Those that only wait for a later retry. */
static void
free_later(struct worker *w)
{
	for (int b = 0; b < ASKING_BUCKETS && w->n_asking >= w->set.inquiries / 2; b++)
		for (struct asking *a = w->asking[b], *next; a != NULL; a = next) {
			next = a->next;
			if (a->n_later > 0 && a->n_later == a->q.pending)
				asking_free(w, a);
		}
}

static int
compare_started(const void *a, const void *b)
{
	const struct asking *x = *(struct asking *const *)a, *y = *(struct asking *const *)b;

	return (x->started_us > y->started_us) - (x->started_us < y->started_us);
}

/* Those that wait for nothing but this peer, oldest first. */
static int
askings_of(struct worker *w, const struct peer *peer, struct asking **them)
{
	int n = 0;

	for (int b = 0; b < ASKING_BUCKETS; b++)
		for (struct asking *a = w->asking[b]; a != NULL; a = a->next)
			if (*calls_of(a, peer) > 0 && *calls_of(a, peer) + a->n_later == a->q.pending)
				them[n++] = a;
	qsort(them, (size_t)n, sizeof(struct asking *), compare_started);
	return n;
}

/*
 * The newest of a peer that has fallen silent, beyond half of all places.  The
 * oldest stay: by their end the service's breaker learns of it.
 */
static void
free_silent(struct worker *w, const struct peer *peer)
{
	struct asking **them = ARENA_ARRAY(w->arena, struct asking *, (size_t)w->n_asking);
	int n = askings_of(w, peer, them);
	int64_t silent_since_us = clock_span_us() - SILENT_US;

	if (n == 0 || peer->answered_us > silent_since_us || them[0]->started_us > silent_since_us)
		return;
	while (n > w->set.inquiries / 2)
		asking_free(w, them[--n]);
}

static void
make_room(struct worker *w, int n)
{
	if (w->n_asking + n > w->set.inquiries)
		free_later(w);
	for (int i = 0; i < PEERS_MAX && w->n_asking + n > w->set.inquiries; i++)
		if (2 * w->peers[i].n_asking > w->set.inquiries)
			free_silent(w, &w->peers[i]);
}

enum fault
inquiries_begin(struct turn *t, struct err *err)
{
	struct worker *w = t->worker;
	struct job *const *jobs = t->jobs.items;
	struct asking **fresh = ARENA_ARRAY(w->arena, struct asking *, (size_t)t->jobs.n + 1);
	const struct rows *rows;
	int n = 0, n_most = 0;
	enum fault fault;

	for (int i = 0; i < t->jobs.n; i++)
		n_most += needs_inquiry(t, jobs[i]);
	make_room(w, n_most);
	/* Those that have waited for room come before those that have just arrived. */
	for (int i = 0; i < 2 * t->jobs.n; i++) {
		const struct job *job = jobs[i % t->jobs.n];

		if (w->n_asking < w->set.inquiries && job->stored == (i < t->jobs.n) && needs_inquiry(t, job) &&
		    asking_find(w, job->dossier, inquiry_number(job)) == NULL)
			fresh[n++] = asking_new(t, job);
	}
	if (n == 0)
		return FAULT_NONE;
	fault = load_contents(w, fresh, n, &rows, err);
	if (fault != FAULT_NONE) {
		for (int i = 0; i < n; i++)
			asking_free(w, fresh[i]);
		return fault;
	}
	for (int i = 0; i < n; i++)
		take_contents(fresh[i], rows);
	for (int i = 0; i < n; i++)
		w->service->inquire(&fresh[i]->q);
	kill_point(KILL_INQUIRY_BEGUN);
	wait_within_budget(t, fresh, n);
	w->took_up_us = clock_span_us();
	/* Complete ones are decided in this turn; the others call their job up. */
	for (int i = 0; i < n; i++)
		fresh[i]->announced = asking_is_complete(fresh[i]);
	return FAULT_NONE;
}

/* --- going on ------------------------------------------------------------------ */

void
drive_http(struct worker *w, int wait_ms)
{
	drive_calls(w, wait_ms, true);
}

void
drive_http_alone(struct worker *w, int wait_ms)
{
	drive_calls(w, wait_ms, false);
}

int
inquiry_ready(struct worker *w, const uint8_t (**ids)[UUID_BYTES])
{
	uint8_t (*out)[UUID_BYTES];
	int most = care_room(w, READY_MAX), n = 0;

	if (w->n_ready == 0)
		return 0;
	out = arena_take(w->arena, READY_MAX, UUID_BYTES);
	for (int b = 0; b < ASKING_BUCKETS && n < most; b++)
		for (struct asking *a = w->asking[b]; a != NULL && n < most; a = a->next)
			if (asking_is_complete(a) && !a->announced) {
				memcpy(out[n++], a->q.dossier, UUID_BYTES);
				a->announced = a->called = true;
				w->n_called++;
			}
	w->n_ready -= n;
	*ids = (const uint8_t (*)[UUID_BYTES])out;
	return n;
}

void
inquiry_call_again(struct worker *w, const struct job *job)
{
	for (struct asking *a = *bucket_of(w, job->dossier); a != NULL; a = a->next)
		if (a->called && memcmp(a->q.dossier, job->dossier, UUID_BYTES) == 0) {
			a->called = a->announced = false;
			w->n_called--;
			w->n_ready++;
		}
}
