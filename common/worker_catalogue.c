/*
 * worker_catalogue - the law, kept for every service: loaded before the
 * service starts, and looked at again now and then, or soon when somebody has
 * missed something in it.
 *
 * A catalogue that cannot be read anew stays as it was, and goes on being good.
 */
#include "catalogue.h"
#include "worker.h"

enum { SOON_US = 250 * 1000, WAIT_SHIFT_MOST = 8 };

static void
next_look(struct worker *w)
{
	w->law_seen_us = clock_span_us();
	w->law_at_us = w->law_seen_us + w->set.catalogue_ms * 1000;
}

enum fault
law_begin(struct worker *w, struct err *err)
{
	enum fault fault = catalogue_load(w->db, &w->catalogue, err);

	if (fault != FAULT_NONE)
		return fault;
	if (w->service->read_law != NULL)
		catalogue_prepare(w->catalogue, w->service->read_law);
	next_look(w);
	return FAULT_NONE;
}

enum fault
worker_catalogue_now(struct worker *w, struct err *err)
{
	struct catalogue *before = w->catalogue;
	enum fault fault = catalogue_refresh(w->db, &w->catalogue, err);

	next_look(w);
	if (w->catalogue != before && w->service->read_law != NULL)
		catalogue_prepare(w->catalogue, w->service->read_law);
	return fault;
}

void
law_tick(struct worker *w)
{
	struct err err = { .fault = FAULT_NONE };

	if (clock_span_us() >= w->law_at_us && worker_catalogue_now(w, &err) != FAULT_NONE) {
		tell_fault(w, "catalogue_not_read", &err);
		worker_count(w, "catalogue_refresh_failed");
	}
}

void
law_end(struct worker *w)
{
	catalogue_free(w->catalogue);
}

const struct catalogue *
worker_catalogue(const struct worker *w)
{
	return w->catalogue;
}

void
worker_catalogue_soon(struct worker *w)
{
	if (w->law_at_us > w->law_seen_us + SOON_US)
		w->law_at_us = w->law_seen_us + SOON_US;
}

const struct procedure *
decide_procedure(struct decision *d)
{
	const struct procedure *procedure = catalogue_procedure_version(d->worker->catalogue, d->dos->procedure,
	    d->dos->procedure_version);
	int shift = d->job->attempts < WAIT_SHIFT_MOST ? d->job->attempts : WAIT_SHIFT_MOST;

	if (procedure != NULL)
		return procedure;
	/* Whoever received the dossier knows it already. */
	worker_catalogue_soon(d->worker);
	d->job->attempts++;
	decide_wait(d, d->now + ((int64_t)SOON_US << shift), "catalogue");
	return NULL;
}
