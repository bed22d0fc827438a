/*
 * worker_receive - a message becomes a job, or is set aside at once.
 *
 * From a journal: only number n+1 whose chain fits is taken, everything else
 * is dropped (promise 4).  From outside: the envelope, then the contract; what
 * cannot be read goes to the dead letters byte for byte (promise 10).
 */
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "file.h"
#include "log.h"
#include "worker.h"

static struct text
cause_of(struct turn *t, const struct job *job)
{
	return record_place(t->worker->arena, t->worker->topics[job->place.topic], job->place.partition,
	    job->place.offset);
}

static void
set_dead(struct job *job, const char *code, const char *text)
{
	job->end = END_DEAD;
	err_set(&job->why, FAULT_PARK, "read a message", code, "%s", text);
}

/* --- journals ------------------------------------------------------------- */

/* What has been stored once mattered then, unless nobody had looked. */
static bool
is_first_seen(const struct job *job)
{
	return !job->stored || job->unread;
}

/* Our own events must be readable: an unknown type is a newer release's, and stops us. */
static void
read_event(struct turn *t, struct job *job)
{
	struct worker *w = t->worker;
	struct err err = { .fault = FAULT_NONE };

	/* Of what was set apart unread; what is new does not come so far (worker_hand.c). */
	if (is_first_seen(job) && is_for_others(w, &job->record) && w->service->passes == NULL) {
		job->end = END_DONE;
		return;
	}
	if (event_decode(&job->record, w->arena, &job->event, &err) != FAULT_NONE) {
		err.fault = FAULT_FATAL;
		w->fatal = err;
		return;
	}
	memcpy(job->dossier, job->event->dossier, UUID_BYTES);
	job->has_dossier = true;
	job->trace = job->event->trace;
	job->cause = record_place(w->arena, stage_name(event_stage(job->event->type)), job->event->home,
	    job->event->number);
	if (job->end == END_OPEN && is_first_seen(job) && w->service->matters != NULL &&
	    !w->service->matters(w, job->event))
		job->end = END_DONE;
}

/* --- from outside ----------------------------------------------------------- */

/* ASCII from least up to tilde, at most n_max: what our own contracts promise of names from outside. */
static bool
is_name(struct text t, unsigned char least, size_t n_max)
{
	for (size_t i = 0; i < t.n; i++)
		if ((unsigned char)t.s[i] < least || (unsigned char)t.s[i] > 0x7e)
			return false;
	return t.n > 0 && t.n <= n_max;
}

static bool
has_twice(const struct record *r)
{
	for (int i = 0; i < r->n_headers; i++)
		for (int k = 0; k < i; k++)
			if (r->headers[i].name.n == r->headers[k].name.n &&
			    strncasecmp(r->headers[i].name.s, r->headers[k].name.s,
			    r->headers[i].name.n) == 0 && text_has_prefix(r->headers[i].name, "ce_"))
				return true;
	return false;
}

static bool
read_envelope(struct job *job)
{
	const struct record *r = &job->record;
	struct text type = record_find(r, "content-type"), time = record_find(r, "ce_time");
	time_us at;

	job->ce_id = record_find(r, "ce_id");
	job->ce_source = record_find(r, "ce_source");
	job->ce_type = record_find(r, "ce_type");
	job->trace = record_find(r, "traceparent");
	if (has_twice(r))
		set_dead(job, "envelope.duplicate", "a CloudEvents header stands there twice");
	else if (!text_is(record_find(r, "ce_specversion"), "1.0"))
		set_dead(job, "envelope.specversion", "header ce_specversion must be 1.0");
	else if (!is_name(job->ce_id, 0x20, 128))
		set_dead(job, "envelope.id", "header ce_id must have 1 to 128 printable ASCII characters");
	else if (!is_name(job->ce_source, 0x21, 256))
		set_dead(job, "envelope.source",
		    "header ce_source must have 1 to 256 printable ASCII characters without blanks");
	else if (!is_name(job->ce_type, 0x21, 128))
		set_dead(job, "envelope.type", "header ce_type is missing");
	else if (!text_is_absent(time) && !time_from_text(time, &at))
		set_dead(job, "envelope.time", "header ce_time must be an RFC 3339 time");
	else if (text_is_absent(type) || !text_has_prefix(type, "application/json"))
		set_dead(job, "envelope.content_type", "header content-type must be application/json");
	if (!is_name(job->trace, 0x21, 128))
		job->trace = TEXT_NONE;
	return job->end == END_OPEN;
}

static int
find_type(const struct worker *w, const struct job *job)
{
	for (int i = 0; w->service->outside[i].topic != NULL; i++)
		if (strcmp(w->service->outside[i].topic, w->topics[job->place.topic]) == 0 &&
		    text_is(job->ce_type, w->service->outside[i].type))
			return i;
	return -1;
}

static void
error_list(struct turn *t, struct job *job, struct text pointer, const char *rule,
    const char *message_vi, const char *message_en)
{
	struct schema_error one = { text_is_absent(pointer) ? TEXT("") : pointer, rule, text_of(message_vi),
	    text_of(message_en) };
	struct schema_errors list = { &one, 1, false };
	struct buf buf = buf_in(t->worker->arena);

	schema_errors_write(&buf, &list);
	job->errors = buf_get(&buf);
}

static void
check_contract(struct turn *t, struct job *job)
{
	struct worker *w = t->worker;
	const struct schema *contract = w->contracts[find_type(w, job)];
	struct doc_limits limits = { (size_t)w->set.message_bytes, 32 };
	struct schema_errors errors;
	struct doc_error why;
	struct buf buf;

	if (text_is_absent(job->record.value)) {
		error_list(t, job, TEXT_NONE, "json.empty", "Thông điệp không có nội dung.",
		    "The message has no data.");
		return;
	}
	if (doc_parse(w->arena, job->record.value, &limits, &job->data, &why) != FAULT_NONE) {
		job->data = NULL;
		error_list(t, job, why.pointer, why.rule, why.message_vi, why.message_en);
		return;
	}
	if (schema_check(contract, job->data, w->arena, SCHEMA_ERRORS_MAX, &errors))
		return;
	buf = buf_in(w->arena);
	schema_errors_write(&buf, &errors);
	job->errors = buf_get(&buf);
}

void
receive_outside(struct turn *t, struct job *job)
{
	struct worker *w = t->worker;
	uint8_t input[INPUT_BYTES];

	job->outside = true;
	job->cause = cause_of(t, job);
	if (!read_envelope(job))
		return;
	if (find_type(w, job) < 0) {
		set_dead(job, "envelope.type", "this topic does not carry messages of this ce_type");
		return;
	}
	input_digest(job->ce_source, job->ce_id, input);
	text_hex(input, INPUT_BYTES, job->input);
	if (text_is(job->ce_type, "vn.dossier.submitted.v1"))
		dossier_id_derive(job->ce_source, job->ce_id, job->dossier);
	else if (!uuid_from_text(record_find(&job->record, "ce_subject"), job->dossier)) {
		set_dead(job, "envelope.subject", "header ce_subject must be the dossier's id");
		return;
	}
	job->has_dossier = true;
}

void
receive_torn(struct turn *t, struct job *job, struct text packed)
{
	job->outside = true;
	job->cause = cause_of(t, job);
	job->packed = packed;
	set_dead(job, "envelope.headers", "more headers than are taken");
}

/*
 * Outside the broker stamps the time; in a journal the writer does, and what
 * nobody of ours wrote says nothing.  Whatever a clock said, nobody reads further
 * than now.
 */
static void
has_read_to(const struct turn *t, struct lane_state *draft, const struct place *place)
{
	time_us at = place->at < t->now ? place->at : t->now;

	if (at > draft->read_to[place->topic])
		draft->read_to[place->topic] = at;
}

/* Entries that fit were found to do so behind those that this turn has taken before. */
static void
take_entries(struct turn *t, struct lane *lane, const struct item *item)
{
	int topic = item->place.topic;
	struct lane_state *draft = &lane->draft;

	if (item->number != draft->seen[topic] + item->n)
		bug("%s/%d: entry %lld is taken behind %lld", t->worker->topics[topic], lane->lane,
		    (long long)item->number, (long long)draft->seen[topic]);
	draft->seen[topic] = item->number;
	memcpy(draft->seen_hash[topic], item->hash, DIGEST_BYTES);
	has_read_to(t, draft, &item->place);
}

static void
receive_message(struct turn *t, struct lane *lane, const struct item *item)
{
	struct worker *w = t->worker;
	const struct message *m = item->message;
	struct job *job = ARENA_NEW(w->arena, struct job);

	*(struct job **)list_add(w->arena, &t->jobs, sizeof job) = job;
	job->kind = JOB_MESSAGE;
	job->lane = m->place.partition;
	job->place = m->place;
	job->record = m->record;
	t->n_messages++;
	if (w->is_journal[m->place.topic]) {
		job->cause = cause_of(t, job);
		job->has_dossier = uuid_from_text(m->record.key, job->dossier);
		if (item->number == 0)
			job->end = END_REPEATED;
		return;
	}
	has_read_to(t, &lane->draft, &m->place);
	if (m->torn)
		receive_torn(t, job, message_pack(m, w->arena));
	else
		receive_outside(t, job);
}

void
receive_item(struct turn *t, const struct item *item)
{
	struct lane *lane = owned_lane(t->worker, item->place.partition);
	struct counters *counters = &lane->draft.counters;

	lane->touched = true;
	lane->draft.next_offset[item->place.topic] = item->place.offset + 1;
	counters->taken += item->n;
	if (item->number != 0)
		take_entries(t, lane, item);
	if (item->message != NULL)
		receive_message(t, lane, item);
	else
		counters->done += item->n;
}

/*
 * What it says, when it is known who is suspect: whatever may be wrong with a
 * message, nothing has looked into it before that was noted (promise 9).
 */
void
receive_contents(struct turn *t)
{
	struct job *const *jobs = t->jobs.items;

	for (int i = 0; i < t->jobs.n && t->worker->fatal.fault == FAULT_NONE; i++) {
		struct job *job = jobs[i];

		if (job->end != END_OPEN)
			continue;
		if (job->flight != NULL)
			flight_read(t, job);
		else if ((job->kind == JOB_MESSAGE || job->kind == JOB_HANDOVER) && job->outside)
			check_contract(t, job);
		else if (job->kind == JOB_MESSAGE || job->kind == JOB_HANDOVER)
			read_event(t, job);
	}
}

/* --- contracts ---------------------------------------------------------------- */

enum { SCHEMA_BYTES_MAX = 1 << 20 };

static enum fault
load_schema_file(struct worker *w, const char *path, struct err *err)
{
	struct text whole;
	enum fault fault = file_read(w->arena, path, SCHEMA_BYTES_MAX, &whole, err);

	return fault == FAULT_NONE ? schema_set_add(w->schemas, NULL, whole, err) : fault;
}

/* Where contracts lie: as said, or else where they are installed beside this program. */
static void
find_schemas(struct worker *w)
{
	static char found[1100];
	static const char *const beside[] = { "../../share/dossier/schemas", "../share/dossier/schemas" };
	char self[1000] = "", *slash;

	if (access(w->set.schemas, R_OK) == 0 ||
	    readlink("/proc/self/exe", self, sizeof self - 1) <= 0 || (slash = strrchr(self, '/')) == NULL)
		return;
	*slash = '\0';
	for (size_t i = 0; i < sizeof beside / sizeof *beside; i++) {
		snprintf(found, sizeof found, "%s/%s", self, beside[i]);
		if (access(found, R_OK) == 0) {
			w->set.schemas = found;
			return;
		}
	}
}

static enum fault
load_schema_folder(struct worker *w, struct err *err)
{
	const char *folder = arena_printf(w->arena, "%s/messages", w->set.schemas).s, **names;
	enum fault fault;
	int n;

	if (file_list(w->arena, folder, ".json", &names, &n, err) != FAULT_NONE)
		return err_set(err, FAULT_FATAL, "load contracts", "folder",
		    "cannot open %s; set the parameter schemas", folder);
	fault = FAULT_NONE;
	for (int i = 0; i < n && fault == FAULT_NONE; i++)
		fault = load_schema_file(w, arena_printf(w->arena, "%s/%s", folder, names[i]).s, err);
	return fault;
}

enum fault
load_contracts(struct worker *w, struct err *err)
{
	enum fault fault;

	if (w->service->outside == NULL)
		return FAULT_NONE;
	find_schemas(w);
	w->schemas = schema_set_new(SCHEMA_STRICT);
	fault = load_schema_folder(w, err);
	for (int i = 0; fault == FAULT_NONE && w->service->outside[i].topic != NULL; i++)
		fault = schema_compile(w->schemas, w->service->outside[i].schema, &w->contracts[i], err);
	if (fault != FAULT_NONE)
		err->fault = fault = FAULT_FATAL;
	return fault;
}
