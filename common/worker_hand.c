/*
 * worker_hand - what has been read and is not decided yet.
 *
 * Most of what a stage reads wakes nobody there: entries that only have to be
 * counted, and checked against the chain of their journal.  That is done as they
 * come, and of a run of them only the last one's place and hash are kept, so that
 * they fill neither the turn nor the memory.
 *
 * A lane's messages are checked ahead of the turns that take them: behind its
 * committed state, and behind those in hand.  A turn takes them in the order in
 * which they came, and of a lane that was lost none, so it finds what was found here.
 */
#include "log.h"
#include "worker.h"

/* So many that wake nobody make a turn of their own, or so old ones. */
enum { NOTED_MAX = 2000, NOTED_US = 250 * 1000, BYTES_MAX = 4 * 1024 * 1024 };

void
hand_init(struct worker *w)
{
	for (int i = 0; i < SPARE_MAX; i++)
		w->spare[i] = &w->messages[i];
	w->n_spare = SPARE_MAX;
}

/* Where a lane's messages in hand end. */
static struct ahead *
ahead_of(struct lane *lane, int topic)
{
	struct ahead *ahead = &lane->ahead[topic];

	if (lane->ahead_epoch != lane->epoch) {
		memset(lane->ahead, 0, sizeof lane->ahead);
		lane->ahead_epoch = lane->epoch;
	}
	if (ahead->n_items == 0) {
		ahead->seen = lane->state.seen[topic];
		memcpy(ahead->hash, lane->state.seen_hash[topic], DIGEST_BYTES);
	}
	return ahead;
}

static void
note_gap(struct worker *w, struct lane *lane, int topic, int64_t want, int64_t found)
{
	if (lane->gap_since_us[topic] == 0) {
		lane->gap_since_us[topic] = clock_span_us();
		log_event(LOG_WARN, "journal_gap", LOG_STR("topic", w->topics[topic]),
		    LOG_INT("lane", lane->lane), LOG_INT("want", want), LOG_INT("found", found));
	}
}

/* Is it the next entry of its journal, with a chain that fits (promise 4)? Then what is in hand ends with it. */
static bool
fits(struct worker *w, struct lane *lane, struct ahead *ahead, const struct message *m)
{
	int topic = m->place.topic;
	uint8_t hash[DIGEST_BYTES], claimed[DIGEST_BYTES];
	int64_t number;

	if (m->torn || !event_number(&m->record, &number))
		return false;
	if (number != ahead->seen + 1) {
		if (number > ahead->seen)
			note_gap(w, lane, topic, ahead->seen + 1, number);
		return false;	/* a repeat; or too early, and it will come again in its place */
	}
	chain_hash(w->digest, ahead->hash, number, &m->record, hash);
	if (!text_unhex(record_find(&m->record, HEADER_CHAIN), claimed, DIGEST_BYTES) ||
	    memcmp(hash, claimed, DIGEST_BYTES) != 0) {
		log_event(LOG_ERROR, "chain_broken", LOG_STR("topic", w->topics[topic]),
		    LOG_INT("lane", lane->lane), LOG_INT("number", number));
		return false;
	}
	ahead->seen = number;
	memcpy(ahead->hash, hash, DIGEST_BYTES);
	lane->gap_since_us[topic] = 0;
	return true;
}

/* By its type alone.  One that we do not know is left to who decodes it. */
bool
is_for_others(const struct worker *w, const struct record *record)
{
	enum event_type type;

	return event_find(record_find(record, "ce_type"), &type) && !wakes(w->service, type);
}

/* Is the next entry of its journal no job here? */
static bool
passes(struct worker *w, const struct record *record)
{
	enum event_type type;

	if (w->service->passes == NULL)
		return is_for_others(w, record);
	return event_find(record_find(record, "ce_type"), &type) && w->service->passes(w, type, record);
}

static struct item *
item_add(struct worker *w, const struct lane *lane, struct ahead *ahead, const struct place *place)
{
	struct item *item = &w->items[w->n_items++];

	*item = (struct item){ .epoch = lane->epoch, .n = 1, .place = *place };
	ahead->n_items++;
	ahead->last = w->n_taken + w->n_items;
	return item;
}

/* The run that ends what is in hand of this lane and topic, or a new one. */
static struct item *
run_of(struct worker *w, const struct lane *lane, struct ahead *ahead, const struct place *place)
{
	struct item *item = ahead->n_items > 0 ? &w->items[ahead->last - w->n_taken - 1] : NULL;

	if (item == NULL || item->message != NULL || item->n == 0)
		return item_add(w, lane, ahead, place);
	item->n++;
	item->place.offset = place->offset;
	if (place->at > item->place.at)
		item->place.at = place->at;
	return item;
}

struct message *
hand_spare(struct worker *w)
{
	return w->spare[w->n_spare - 1];
}

void
hand_take(struct worker *w, struct lane *lane, struct message *m)
{
	struct ahead *ahead = ahead_of(lane, m->place.topic);
	bool is_next = w->is_journal[m->place.topic] && fits(w, lane, ahead, m);
	struct item *item;

	if (is_next && passes(w, &m->record)) {
		item = run_of(w, lane, ahead, &m->place);
		if (w->n_noted++ == 0)
			w->noted_us = clock_span_us();
		consumer_release(m);
	} else {
		item = item_add(w, lane, ahead, &m->place);
		item->message = m;
		w->n_spare--;
		w->n_messages++;
		w->items_bytes += m->record.value.n;
	}
	if (is_next) {
		item->number = ahead->seen;
		memcpy(item->hash, ahead->hash, DIGEST_BYTES);
	}
}

bool
hand_has_room(const struct worker *w, int room)
{
	return w->n_messages < room && w->n_noted < NOTED_MAX && w->n_items < ITEMS_MAX && w->items_bytes < BYTES_MAX;
}

bool
hand_is_due(const struct worker *w)
{
	return w->n_messages > 0 || (w->n_noted > 0 &&
	    (w->n_noted >= NOTED_MAX || clock_span_us() - w->noted_us >= NOTED_US));
}

/* It keeps its place until the turn that passes it has committed. */
void
hand_drop(struct worker *w, struct item *item)
{
	struct lane *lane = w->lanes[item->place.partition];

	if (item->n == 0)
		return;
	if (lane->ahead_epoch == item->epoch)
		lane->ahead[item->place.topic].n_items--;
	if (item->message != NULL) {
		w->items_bytes -= item->message->record.value.n;
		consumer_release(item->message);
		w->spare[w->n_spare++] = item->message;
		w->n_messages--;
	} else
		w->n_noted -= item->n;
	item->n = 0;
}

/* The oldest n are done with. */
void
hand_done(struct worker *w, int n)
{
	for (int i = 0; i < n; i++)
		hand_drop(w, &w->items[i]);
	w->n_items -= n;
	w->n_taken += n;
	memmove(w->items, w->items + n, (size_t)w->n_items * sizeof *w->items);
	w->noted_us = clock_span_us();
}
