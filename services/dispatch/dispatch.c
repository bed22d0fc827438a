/*
 * NAME
 *	dossier-dispatch - how the result reaches the applicant's hands
 *
 * SUMMARY
 *	decided -> released online, ready at the counter, or one parcel by post
 *
 * DESCRIPTION
 *	A result, granted or denied, goes out the way the applicant chose last.
 *	Online it is released at once; at the counter it waits until an officer
 *	books the hand-over; by post exactly one parcel is ordered, and its life
 *	is followed to the door or back.
 *
 * INPUT
 *	dossier.casework (decided, handed_over), postal.updates; dossier.fee and
 *	dossier.intake are read for cash on delivery and later changes.
 *
 * OUTPUT
 *	dossier.dispatch.  Effect "parcel" at the post, under the id
 *	<dossier>.P<version>; the post can be asked about it.
 *
 * FAULTS
 *	A post that does not answer is asked again.  An address that it turns
 *	down is its decision and ends as failed, for a person to call.  Contents
 *	without an address, or an agency without one, park the message.
 *
 * PARAMETERS
 *	See the table below, or --help.
 *
 * LIMITS
 *	One parcel a dossier; a returned one is not sent again by itself.  No
 *	cash on delivery yet.
 */
#include <stdlib.h>

#include "catalogue.h"
#include "dispatch_gateway.h"
#include "dispatch_rules.h"

#include "dispatch_sql.h"

enum { ANSWER_BYTES_MAX = 64 * 1024 };

static const char *post_url, *post_customer;
static int64_t timeout_ms;

static const struct param params[] = {
	{ .name = "dispatch.post.url", .type = PARAM_TEXT, .target = &post_url,
	  .doc = "Address of the postal operator, before /orders." },
	{ .name = "dispatch.post.customer", .type = PARAM_TEXT, .target = &post_customer, .fallback = "DVC",
	  .doc = "Our name at the post (CustomerCode)." },
	{ .name = "dispatch.post.timeout", .type = PARAM_INT, .target = &timeout_ms, .fallback = "10s",
	  .least = 100, .most = 60000, .unit = "ms", .doc = "How long one call to the post may take." },
	{ .name = NULL },
};

/* --- the way out --------------------------------------------------------------- */

static void
park(struct decision *d, const char *code, const char *what)
{
	d->job->end = END_PARKED;
	err_set(&d->job->why, FAULT_PARK, "send a result", code, "%s", what);
}

/* Where a parcel goes back to: the agency as it is now. */
static const struct doc_node *
sender_of(const struct decision *d)
{
	const struct catalogue *catalogue = worker_catalogue(d->worker);
	const struct agency *agency = catalogue_agency(catalogue, d->dos->agency, calendar_local_day(d->now));

	if (agency == NULL)
		agency = catalogue_agency(catalogue, d->dos->agency, calendar_local_day(d->dos->received_at));
	return agency != NULL ? doc_get(agency->body, "return_address") : NULL;
}

static void
give_parcel(struct decision *d)
{
	const struct doc_node *receiver = d->inquiry == NULL ? NULL :
	    dispatch_address(d->inquiry->contents, d->inquiry->n_contents);
	const struct doc_node *sender = sender_of(d);
	struct event *event;
	char id[UUID_TEXT_BYTES];

	if (receiver == NULL || sender == NULL) {
		park(d, "address", receiver == NULL ? "the contents hold no postal address" :
		    "the catalogue holds no return address of the agency");
		return;
	}
	uuid_to_text(d->dos->id, id);
	event = decide_event(d, EV_DISPATCH_PARCEL_ORDERED);
	event->parcel = arena_printf(d->arena, "%s.P%d", id, d->dos->version + 1);
	decide_give(d, event);
	decide_effect(d, "parcel", event->parcel, dispatch_order_body(d->dos, event->parcel, post_customer, sender,
	    receiver, d->arena));
}

static void
on_decided(struct decision *d)
{
	enum event_type type = dispatch_way(d->dos);
	struct event *event;

	if (type == EVENT_TYPES)
		return;
	if (type == EV_DISPATCH_PARCEL_ORDERED) {
		give_parcel(d);
		return;
	}
	event = decide_event(d, type);
	if (type == EV_DISPATCH_RELEASED)
		event->document = d->dos->document;
	decide_give(d, event);
}

static void
on_handed_over(struct decision *d)
{
	if (dossier_may(d->dos, EV_DISPATCH_HANDED_OVER))
		decide_give(d, decide_event(d, EV_DISPATCH_HANDED_OVER));
}

/* --- news of a parcel ---------------------------------------------------------- */

static const struct parcel *
parcel_of(const struct decision *d, struct text id)
{
	int i = fold_find(&dispatch_fold, d->rows, id);

	return i >= 0 ? d->rows->row[i] : NULL;
}

static void
on_news(struct decision *d)
{
	const struct rule_error *why = NULL;
	struct postal_news news;
	enum event_type type;
	struct event *event;

	postal_news_read(d->job->data, d->job->place.at, &news);
	type = dispatch_judge_news(d->dos, parcel_of(d, news.parcel), &news, &why);
	event = decide_event(d, type);
	if (type == EV_DISPATCH_REFUSED) {
		event->request = d->job->ce_type;
		event->errors = rule_error_list(why, d->arena);
	} else {
		event->parcel = news.parcel;
		event->item_code = news.item_code;
		event->postal_state = news.state;
		event->happened_at = news.at;
		event->attempt = news.attempt;
	}
	decide_give(d, event);
}

/* --- the post's answers -------------------------------------------------------- */

static void
give_placed(struct decision *d, struct text item_code)
{
	const struct parcel *parcel = parcel_of(d, d->job->key);
	enum event_type type = dispatch_judge_placed(d->dos, parcel, item_code);
	struct event *event;

	if (type == EVENT_TYPES)
		return;
	event = decide_event(d, type);
	event->parcel = d->job->key;
	event->item_code = item_code;
	if (type == EV_DISPATCH_PARCEL_NOTED) {
		event->postal_state = parcel->state;
		event->happened_at = d->now;
	}
	decide_give(d, event);
}

static void
give_trouble(struct decision *d, enum event_type type, const char *reason)
{
	struct event *event;

	if (!dossier_may(d->dos, type))
		return;
	event = decide_event(d, type);
	event->parcel = d->job->key;
	event->reason = text_of(reason);
	decide_give(d, event);
}

static void
on_effect(struct decision *d)
{
	struct text item_code;
	const char *reason;
	struct err err;

	if (d->job->outcome->unsure) {
		give_trouble(d, EV_DISPATCH_PARCEL_UNSURE, "no_answer");
		return;
	}
	switch (dispatch_reply(d->job->outcome, d->job->key, &item_code, &reason, &err)) {
	case DISPATCH_REPLY_PLACED:
		give_placed(d, item_code);
		break;
	case DISPATCH_REPLY_FAILED:
		give_trouble(d, EV_DISPATCH_PARCEL_FAILED, reason);
		break;
	case DISPATCH_REPLY_LATER:
		decide_again(d);
		break;
	case DISPATCH_REPLY_UNCLEAR:
		decide_unclear(d);
		break;
	case DISPATCH_REPLY_NEVER:
		d->job->end = END_PARKED;
		d->job->why = err;
		break;
	}
}

static void
tell_parcel(struct worker *worker, const struct job *job, struct http_request *out, struct arena *arena)
{
	(void)worker;
	out->url = arena_printf(arena, "%s/orders", post_url).s;
	out->post = true;
	out->body = job->body;
	out->headers[0] = arena_printf(arena, "Idempotency-Key: %.*s", TEXT_ARG(job->key)).s;
	out->timeout_ms = timeout_ms;
	out->answer_max_bytes = ANSWER_BYTES_MAX;
}

static void
ask_parcel(struct worker *worker, const struct job *job, struct http_request *out, struct arena *arena)
{
	(void)worker;
	out->url = arena_printf(arena, "%s/orders/%.*s", post_url, TEXT_ARG(job->key)).s;
	out->timeout_ms = timeout_ms;
	out->answer_max_bytes = ANSWER_BYTES_MAX;
}

static enum asked
asked_parcel(const struct job *job, int status, const struct doc_node *body)
{
	return dispatch_asked(status, body, job->key);
}

/* --- callbacks ----------------------------------------------------------------- */

/* Only a parcel needs the address; casework says with its decision how the result goes out. */
static bool
dispatch_inquires(struct worker *worker, const struct job *job)
{
	(void)worker;
	return job->kind != JOB_EFFECT && job->event != NULL && job->event->type == EV_CASEWORK_DECIDED &&
	    (text_is_absent(job->event->delivery) || text_is(job->event->delivery, "postal"));
}

/* The contents are all that is needed, and they are there. */
static void
dispatch_inquire(struct inquiry *q)
{
	(void)q;
}

static void
dispatch_decide(struct decision *d)
{
	if (d->job->kind == JOB_EFFECT)
		on_effect(d);
	else if (d->job->outside)
		on_news(d);
	else if (d->job->event->type == EV_CASEWORK_DECIDED)
		on_decided(d);
	else
		on_handed_over(d);
}

static const enum event_type wakes[] = { EV_CASEWORK_DECIDED, EV_CASEWORK_HANDED_OVER };
static const struct outside_type outside[] = {
	{ "postal.updates", "vn.dossier.postal.update.v1", "urn:vn:dossier:schema:postal.update.v1" },
	{ NULL, NULL, NULL },
};
static const struct effect effects[] = {
	{ "parcel", "post", true, tell_parcel, ask_parcel, asked_parcel },
	{ .purpose = NULL },
};

static const struct service service = {
	.stage = STAGE_DISPATCH,
	.summary = "how the result reaches the applicant's hands",
	.params = params,
	.sql = dispatch_sql, .n_sql = SQL_DISPATCH_COUNT,
	.wakes = wakes, .n_wakes = sizeof wakes / sizeof *wakes,
	.outside = outside,
	.ev_unknown = EV_DISPATCH_UNKNOWN, .ev_repeated = EV_DISPATCH_REPEATED, .ev_refused = EV_DISPATCH_REFUSED,
	.fold = &dispatch_fold,
	.fold_load = &dispatch_sql[SQL_DISPATCH_LOAD], .fold_save = &dispatch_sql[SQL_DISPATCH_SAVE],
	.effects = effects,
	.inquires = dispatch_inquires, .inquire = dispatch_inquire,
	.decide = dispatch_decide,
};

int
main(int argc, char **argv)
{
	return worker_main(&service, argc, argv);
}
