/* event - see event.h. */
#include "event.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

static const struct fact {
	const char	*json;
	enum fact_kind	kind;
	size_t		offset;
} facts[] = {
#define EVENT_ROW(name, kind, json) { json, kind, offsetof(struct event, name) },
	EVENT_FACTS(EVENT_ROW)
};

enum { N_FACTS = sizeof facts / sizeof *facts };

struct event *
event_new(struct arena *arena, enum event_type type)
{
	struct event *event = ARENA_NEW(arena, struct event);

	event->type = type;
	event->at = TIME_NONE;
	for (int i = 0; i < N_FACTS; i++)
		if (facts[i].kind == FACT_INT || facts[i].kind == FACT_TIME)
			*(int64_t *)((char *)event + facts[i].offset) = INT_NONE;
	return event;
}

/* --- writing ------------------------------------------------------------- */

static bool
fact_write(const struct fact *fact, const struct event *event, const char *before, struct buf *buf)
{
	const void *p = (const char *)event + fact->offset;
	const struct text *t = p;
	int64_t number;
	char stamp[TIME_TEXT_BYTES];

	if (fact->kind == FACT_TEXT || fact->kind == FACT_JSON) {
		if (t->s == NULL)
			return false;
	} else if ((number = *(const int64_t *)p) == INT_NONE)
		return false;
	buf_puts(buf, before);
	buf_puts(buf, fact->json);
	buf_puts(buf, "\":");
	if (fact->kind == FACT_TEXT)
		buf_json_text(buf, *t);
	else if (fact->kind == FACT_JSON)
		buf_text(buf, *t);
	else if (fact->kind == FACT_INT)
		buf_int(buf, number);
	else {
		time_to_text(number, stamp);
		buf_json_text(buf, text_of(stamp));
	}
	return true;
}

static struct text
facts_write(const struct event *event, struct arena *arena)
{
	struct buf buf = buf_in(arena);
	const char *before = "{\"";

	for (int i = 0; i < N_FACTS; i++)
		if (fact_write(&facts[i], event, before, &buf))
			before = ",\"";
	buf_puts(&buf, before[0] == '{' ? "{}" : "}");
	return buf_get(&buf);
}

static struct text
decimal(struct arena *arena, int64_t number)
{
	char digits[TEXT_DECIMAL_BYTES];

	return arena_copy(arena, digits, text_decimal(number, digits));
}

void
event_encode(const struct event *event, struct arena *arena, struct record *out)
{
	enum stage stage = event_stage(event->type);
	char uuid[UUID_TEXT_BYTES], stamp[TIME_TEXT_BYTES];
	struct text subject;

	uuid_to_text(event->dossier, uuid);
	time_to_text(event->at, stamp);
	subject = arena_copy(arena, uuid, UUID_TEXT_BYTES - 1);
	memset(out, 0, sizeof *out);
	out->key = subject;
	record_header(out, "ce_specversion", TEXT("1.0"));
	record_header(out, "ce_id", record_place(arena, stage_name(stage), event->home, event->number));
	record_header(out, "ce_source", text_of(stage_source(stage)));
	record_header(out, "ce_type", text_of(event_type_name(event->type)));
	record_header(out, "ce_time", arena_copy(arena, stamp, strlen(stamp)));
	record_header(out, "ce_subject", subject);
	record_header(out, "ce_dataschema", arena_printf(arena, "urn:vn:dossier:schema:%s.%s.v1",
	    stage_name(stage), event_name(event->type)));
	record_header(out, "content-type", TEXT("application/json"));
	if (!text_is_absent(event->trace))
		record_header(out, "traceparent", event->trace);
	record_header(out, "ce_stage", text_of(stage_name(stage)));
	record_header(out, "ce_sequence", decimal(arena, event->number));
	record_header(out, "ce_version", decimal(arena, event->version));
	record_header(out, "ce_home", decimal(arena, event->home));
	record_header(out, "ce_cause", event->cause);
	if (event_is_answer(event->type))
		record_header(out, "ce_answer", TEXT("1"));
	out->value = facts_write(event, arena);
}

/* --- reading ------------------------------------------------------------- */

static int
compare_fact(const void *key, const void *fact)
{
	const struct text *name = key;
	const char *json = (*(const struct fact *const *)fact)->json;
	int order = strncmp(name->s, json, name->n);

	return order != 0 ? order : json[name->n] == '\0' ? 0 : -1;
}

static int
compare_facts(const void *a, const void *b)
{
	return strcmp((*(const struct fact *const *)a)->json, (*(const struct fact *const *)b)->json);
}

static const struct fact *
fact_find(struct text name)
{
	static const struct fact *sorted[N_FACTS];
	const struct fact **found;

	if (sorted[0] == NULL) {
		for (int i = 0; i < N_FACTS; i++)
			sorted[i] = &facts[i];
		qsort(sorted, N_FACTS, sizeof *sorted, compare_facts);
	}
	found = bsearch(&name, sorted, N_FACTS, sizeof *sorted, compare_fact);
	return found != NULL ? *found : NULL;
}

/* A member that we do not know is one that a later release added: passed over. */
static bool
fact_read(struct text name, const struct doc_node *value, struct arena *arena, struct event *event)
{
	const struct fact *fact = fact_find(name);
	void *p;
	struct buf buf;

	if (fact == NULL)
		return true;
	p = (char *)event + fact->offset;
	switch (fact->kind) {
	case FACT_TEXT:
		*(struct text *)p = doc_text(value);
		return !text_is_absent(*(struct text *)p);
	case FACT_INT:
		return doc_int64(value, p);
	case FACT_TIME:
		return time_from_text(doc_text(value), p);
	case FACT_JSON:
		buf = buf_in(arena);
		doc_write(&buf, value);
		*(struct text *)p = buf_get(&buf);
		return true;
	}
	return false;
}

static enum fault
facts_read(struct text value, struct arena *arena, struct event *event, struct err *err)
{
	const struct doc_node *root;
	struct doc_error why;
	struct doc_iter it;

	if (doc_parse(arena, value, NULL, &root, &why) != FAULT_NONE)
		return err_set(err, FAULT_PARK, "decode an event", why.rule, "%s", why.message_en);
	if (doc_kind(root) != DOC_OBJECT)
		return err_set(err, FAULT_PARK, "decode an event", "type", "data is no object");
	for (it = doc_iter(root); doc_next(&it); )
		if (!fact_read(it.key, it.value, arena, event))
			return err_set(err, FAULT_PARK, "decode an event", "type",
			    "fact %.*s is of the wrong type", TEXT_ARG(it.key));
	return FAULT_NONE;
}

static bool
header_int32(const struct record *record, const char *name, int32_t *out)
{
	int64_t v;

	if (!text_to_int64(record_find(record, name), &v) || v < 0 || v > INT32_MAX)
		return false;
	*out = (int32_t)v;
	return true;
}

bool
event_number(const struct record *record, int64_t *out)
{
	return text_to_int64(record_find(record, "ce_sequence"), out) && *out > 0;
}

enum fault
event_decode(const struct record *record, struct arena *arena, struct event **out,
    struct err *err)
{
	enum event_type type;
	struct event *event;
	struct text name = record_find(record, "ce_type");
	enum fault fault;

	if (!event_find(name, &type))
		return err_set(err, FAULT_PARK, "decode an event", "unknown_type",
		    "type \"%.60s\" is not known to this release",
		    name.s != NULL && name.n < 60 && text_is_utf8(name) ?
		    arena_text(arena, name).s : "?");
	event = event_new(arena, type);
	event->cause = record_find(record, "ce_cause");
	event->trace = record_find(record, "traceparent");
	if (!uuid_from_text(record_find(record, "ce_subject"), event->dossier) ||
	    !event_number(record, &event->number) ||
	    !header_int32(record, "ce_version", &event->version) ||
	    !header_int32(record, "ce_home", &event->home) ||
	    !time_from_text(record_find(record, "ce_time"), &event->at))
		return err_set(err, FAULT_PARK, "decode an event", "envelope",
		    "a header of ours is missing or malformed");
	fault = facts_read(record->value, arena, event, err);
	if (fault == FAULT_NONE)
		*out = event;
	return fault;
}

/* --- the chain ----------------------------------------------------------- */

void
chain_hash(struct digest *digest, const uint8_t before[DIGEST_BYTES], int64_t number,
    const struct record *record, uint8_t out[DIGEST_BYTES])
{
	char decimal[TEXT_DECIMAL_BYTES];
	size_t n = text_decimal(number, decimal);

	digest_begin(digest);
	digest_raw(digest, before, DIGEST_BYTES);
	digest_lp(digest, (struct text){ decimal, n });
	digest_lp(digest, record->key);
	for (int i = 0; i < record->n_headers; i++) {
		const struct header *h = &record->headers[i];

		if (h->name.n == sizeof HEADER_CHAIN - 1 &&
		    strncasecmp(h->name.s, HEADER_CHAIN, h->name.n) == 0)
			continue;
		digest_lp(digest, h->name);
		digest_lp(digest, h->value);
	}
	digest_lp(digest, record->value);
	digest_end(digest, out);
}
