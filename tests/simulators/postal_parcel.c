/* postal_parcel - see postal_parcel.h. */
#include "postal_parcel.h"

#include <stdio.h>

#include "bridge.h"
#include "ledger.h"
#include "table.h"

enum { STEPS_MAX = 6, VALUE_BYTES = 512 };

static const char topic[] = "postal.updates";
static struct table parcels;
static struct table item_codes;

struct step {
	int		number;		/* the carrier's own, part of ce_id; 0 = end */
	const char	*state;
	int		attempt;
	const char	*fault;
};

/* The ways a parcel can go; times and repeats come from the conduct. */
static const struct step usual[STEPS_MAX] = {
	{ 1, "posted", 0, NULL }, { 2, "in_transit", 0, NULL }, { 3, "delivered", 1, NULL } };
static const struct step failed_once[STEPS_MAX] = {
	{ 1, "posted", 0, NULL }, { 2, "in_transit", 0, NULL }, { 3, "attempt_failed", 1, "recipient_absent" },
	{ 4, "delivered", 2, NULL } };
static const struct step returned[STEPS_MAX] = {
	{ 1, "posted", 0, NULL }, { 2, "in_transit", 0, NULL }, { 3, "attempt_failed", 1, "recipient_absent" },
	{ 4, "attempt_failed", 2, "recipient_absent" }, { 5, "returned", 2, "recipient_absent" } };
static const struct step out_of_order[STEPS_MAX] = {
	{ 2, "in_transit", 0, NULL }, { 1, "posted", 0, NULL }, { 3, "delivered", 1, NULL } };
static const struct step stuck[STEPS_MAX] = { { 1, "posted", 0, NULL } };
static const struct step nowhere[STEPS_MAX];

static const struct step *
way_of(const struct parcel *parcel)
{
	switch (parcel->plan.deed) {
	case DO_ATTEMPT_FAILED:	return failed_once;
	case DO_RETURNED:	return returned;
	case DO_OUT_OF_ORDER:	return out_of_order;
	case DO_STUCK:		return stuck;
	case DO_NEVER:		return nowhere;
	default:		return usual;
	}
}

struct parcel *
parcel_find(struct text id)
{
	return table_find(&parcels, hash_text(0, id));
}

/* S10: eight digits, weighted 8 6 4 2 3 5 9 7; 11 less the rest of 11, where 10 is 0 and 11 is 5. */
static void
item_code_write(uint32_t serial, char out[ITEM_CODE_BYTES])
{
	static const uint32_t weights[8] = { 8, 6, 4, 2, 3, 5, 9, 7 };
	uint32_t sum = 0, left = serial, check;

	for (int i = 7; i >= 0; i--, left /= 10)
		sum += weights[i] * (left % 10);
	check = 11 - sum % 11;
	check = check == 10 ? 0 : check == 11 ? 5 : check;
	snprintf(out, ITEM_CODE_BYTES, "EA%08u%uVN", serial % 100000000, check);
}

/* Follows from seed and id, and is nobody else's. */
static void
item_code_take(struct parcel *parcel)
{
	uint64_t hash = hash_text(sim_options.seed, text_of(parcel->id));
	void **slot;

	do {
		item_code_write((uint32_t)(hash++ % 100000000), parcel->item_code);
		slot = table_slot(&item_codes, hash_text(0, text_of(parcel->item_code)));
	} while (*slot != NULL);
	*slot = parcel;
}

struct parcel *
parcel_new(struct text id)
{
	struct parcel *parcel;

	if (id.n >= PARCEL_ID_BYTES)
		return NULL;
	parcel = mem_new(1, sizeof *parcel);
	memcpy(parcel->id, id.s, id.n);
	parcel->state = "accepted";
	item_code_take(parcel);
	*table_slot(&parcels, hash_text(0, id)) = parcel;
	return parcel;
}

/* --- updates ---------------------------------------------------------------- */

static struct text
update_write(const struct parcel *parcel, const struct step *step, struct text at, char out[VALUE_BYTES])
{
	int n = snprintf(out, VALUE_BYTES, "{\"parcel\":\"%s\",\"item_code\":\"%s\",\"state\":\"%s\",\"at\":\"%.*s\"",
	    parcel->id, parcel->item_code, step->state, TEXT_ARG(at));

	if (step->attempt > 0)
		n += snprintf(out + n, VALUE_BYTES - (size_t)n, ",\"attempt\":%d", step->attempt);
	if (step->fault != NULL)
		n += snprintf(out + n, VALUE_BYTES - (size_t)n, ",\"fault\":\"%s\"", step->fault);
	if (strcmp(step->state, "delivered") == 0)
		n += snprintf(out + n, VALUE_BYTES - (size_t)n,
		    ",\"receiver\":{\"relation\":\"owner\",\"document_kind\":\"identity_card\"}");
	n += snprintf(out + n, VALUE_BYTES - (size_t)n, "}");
	return (struct text){ out, (size_t)n };
}

static struct text
update_id(const struct parcel *parcel, const struct step *step, char *out, size_t size)
{
	int n = snprintf(out, size, "%s/%d", parcel->id, step->number);

	return (struct text){ out, (size_t)n };
}

static void
tell(const struct parcel *parcel, const struct step *step, struct text at)
{
	char value[VALUE_BYTES], id[PARCEL_ID_BYTES + 8];
	struct message message = { .topic = topic, .partition = PARTITION_BY_KEY,
	    .type = "vn.dossier.postal.update.v1", .source = TEXT("/bridge/post"),
	    .id = update_id(parcel, step, id, sizeof id),
	    .dossier = sim_dossier_of(text_of(parcel->id)), .value = update_write(parcel, step, at, value) };

	bridge_send(&message);
	if (parcel->plan.deed == DO_TWICE)
		bridge_send(&message);
}

void
parcel_recall(struct parcel *parcel, int64_t number, struct text at)
{
	const struct step *step = &way_of(parcel)[parcel->step];
	char id[PARCEL_ID_BYTES + 8];

	if (parcel->step == STEPS_MAX || step->number != number)
		return;		/* the rules have changed since: it stays where it is */
	parcel->step++;
	parcel->state = step->state;
	if (!bridge_has_sent(topic, update_id(parcel, step, id, sizeof id)))
		tell(parcel, step, at);
}

static void
act(void *arg)
{
	struct parcel *parcel = arg;
	const struct step *step = &way_of(parcel)[parcel->step++];
	char at[TIME_TEXT_BYTES], number[16];
	struct subject about = { .service = SERVICE_POSTAL, .op = "update", .key = text_of(parcel->id),
	    .dossier = sim_dossier_of(text_of(parcel->id)) };

	time_to_text(clock_now_us(), at);
	snprintf(number, sizeof number, "%d", step->number);
	parcel->state = step->state;
	ledger_note(&(struct entry){ .about = &about, .outcome = step->state,
	    .deed = parcel->plan.deed != DO_USUAL ? deed_names[parcel->plan.deed] : NULL,
	    .extra = { { "update", text_of(number) }, { "at", text_of(at) } } });
	tell(parcel, step, text_of(at));
	parcel_live(parcel);
}

void
parcel_live(struct parcel *parcel)
{
	int64_t ms = behave_setting(SERVICE_POSTAL, SET_AFTER);

	if (parcel->step == STEPS_MAX || way_of(parcel)[parcel->step].number == 0)
		return;
	timer_start(&parcel->timer, parcel->plan.ms >= 0 ? parcel->plan.ms : ms, act, parcel);
}
