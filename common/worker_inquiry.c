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

#include "worker.h"

enum { LATER_MAX = 8, KEEP_BYTES = 256 * 1024 };

struct asking *
asking_find(struct worker *w, const uint8_t *dossier, int64_t number)
{
	for (struct asking *a = w->asking; a != NULL; a = a->next)
		if (a->q.number == number && memcmp(a->q.dossier, dossier, UUID_BYTES) == 0)
			return a;
	return NULL;
}

bool
asking_is_complete(const struct asking *a)
{
	return a->q.pending == 0;
}

void
asking_free(struct worker *w, struct asking *a)
{
	struct asking **p = &w->asking;

	while (*p != a)
		p = &(*p)->next;
	*p = a->next;
	http_forget(w->http, a);
	arena_free(a->q.arena);
	free(a);
}

void
inquiries_forget_lane(struct worker *w, int lane)
{
	for (struct asking *a = w->asking, *next; a != NULL; a = next) {
		next = a->next;
		if (lane < 0 || a->lane == lane)
			asking_free(w, a);
	}
}

void
inquiry_ask(struct inquiry *q, const struct http_request *request, int tag)
{
	struct http_request copy = *request;

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
	a->later[a->n_later++].tag = tag;
	q->pending++;
}

/* --- beginning ---------------------------------------------------------------- */

/* Number that tells one inquiry of a dossier from the next. */
static int64_t
inquiry_number(const struct job *job)
{
	return job->event != NULL ? job->event->number : -1 - job->place.offset;
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
	a->q.arena = arena_new(KEEP_BYTES);
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
		if (doc_parse(a->q.arena, buf_get(&buf), NULL, &a->q.data, &(struct doc_error){ 0 }) !=
		    FAULT_NONE)
			bug("a document that was read cannot be read again");
	}
	a->next = w->asking;
	w->asking = a;
	return a;
}

static void
take_contents(struct asking *a, const struct rows *rows)
{
	struct content *contents;
	int n = 0;

	for (int r = 0; r < rows_count(rows); r++)
		n += memcmp(rows_uuid(rows, r, 0), a->q.dossier, UUID_BYTES) == 0;
	contents = ARENA_ARRAY(a->q.arena, struct content, (size_t)n);
	a->q.contents = contents;
	for (int r = 0; r < rows_count(rows); r++) {
		struct content *c = &contents[a->q.n_contents];

		if (memcmp(rows_uuid(rows, r, 0), a->q.dossier, UUID_BYTES) != 0)
			continue;
		memcpy(c->dossier, a->q.dossier, UUID_BYTES);
		c->version = rows_int4(rows, r, 1);
		c->round = rows_int4(rows, r, 2);
		c->kind = arena_text(a->q.arena, rows_text(rows, r, 3));
		c->salt = arena_text(a->q.arena, rows_text(rows, r, 4));
		c->body = arena_text(a->q.arena, rows_text(rows, r, 5));
		/* Contents of rejected submissions may be no JSON at all. */
		if (doc_parse(a->q.arena, c->body, NULL, &c->data, &(struct doc_error){ 0 }) !=
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

static bool
all_complete(struct asking *const *fresh, int n)
{
	for (int i = 0; i < n; i++)
		if (!asking_is_complete(fresh[i]))
			return false;
	return true;
}

enum fault
inquiries_begin(struct turn *t, struct err *err)
{
	struct worker *w = t->worker;
	struct job *const *jobs = t->jobs.items;
	struct asking **fresh = ARENA_ARRAY(w->arena, struct asking *, (size_t)t->jobs.n + 1);
	const struct rows *rows;
	int64_t until_us;
	int n = 0;
	enum fault fault;

	for (int i = 0; i < t->jobs.n; i++)
		if (needs_inquiry(t, jobs[i]) &&
		    asking_find(w, jobs[i]->dossier, inquiry_number(jobs[i])) == NULL)
			fresh[n++] = asking_new(t, jobs[i]);
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
	until_us = clock_span_us() + w->set.budget_ms * 1000;
	while (!all_complete(fresh, n) && clock_span_us() < until_us)
		drive_http(w, (int)((until_us - clock_span_us()) / 1000) + 1);
	/* Complete ones are decided in this turn: nothing has to be called up. */
	for (int i = 0; i < n; i++)
		fresh[i]->announced = asking_is_complete(fresh[i]);
	return FAULT_NONE;
}

/* --- going on ------------------------------------------------------------------ */

static void
serve_later(struct worker *w)
{
	int64_t now_us = clock_span_us();

	for (struct asking *a = w->asking; a != NULL; a = a->next)
		for (int i = 0; i < a->n_later; i++)
			if (a->later[i].due_us <= now_us) {
				int tag = a->later[i].tag;

				a->later[i--] = a->later[--a->n_later];
				a->q.pending--;
				w->service->again(&a->q, tag);
			}
}

void
drive_http(struct worker *w, int wait_ms)
{
	struct http_call *call;
	int fd = w->consumer != NULL ? consumer_fd(w->consumer) : -1;

	serve_later(w);
	http_drive(w->http, wait_ms > 5 && w->asking != NULL && w->asking->n_later > 0 ? 5 : wait_ms,
	    &fd, fd >= 0);
	while ((call = http_take(w->http)) != NULL) {
		if (call->tag != FLIGHT_TAG) {
			struct inquiry *q = call->owner;

			q->pending--;
			w->service->answered(q, call);
			http_call_free(call);
		} else
			flight_end(w, call);
	}
}

int
inquiry_ready(struct worker *w, const uint8_t (**ids)[UUID_BYTES])
{
	uint8_t (*out)[UUID_BYTES];
	int n = 0;

	for (struct asking *a = w->asking; a != NULL; a = a->next)
		n += asking_is_complete(a) && !a->announced;
	out = arena_take(w->arena, (size_t)n, UUID_BYTES);
	n = 0;
	for (struct asking *a = w->asking; a != NULL; a = a->next)
		if (asking_is_complete(a) && !a->announced) {
			memcpy(out[n++], a->q.dossier, UUID_BYTES);
			a->announced = true;
		}
	*ids = (const uint8_t (*)[UUID_BYTES])out;
	return n;
}
