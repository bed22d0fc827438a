/* actor - see actor.h. */
#include "actor.h"

#include <stdlib.h>

#include "ledger.h"
#include "loop.h"
#include "table.h"

/* An entry that waits to be acted upon; its texts stand behind it. */
struct errand {
	struct timer		timer;
	const struct duty	*duty;
	enum service		service;
	int			partition;
	int			looks;		/* for its facts */
	struct conduct		plan;
	struct text		type, id, dossier, value;
	char			bytes[];
};

static struct table taken;

static struct subject
subject_of(const struct errand *errand)
{
	struct facts facts = facts_of(errand->dossier);

	return (struct subject){ .service = errand->service, .op = errand->duty->op, .key = errand->id,
	    .dossier = errand->dossier, .procedure = facts.procedure, .agency = facts.agency, .event = errand->type };
}

static void
do_it(void *arg)
{
	static struct arena *arena;
	struct errand *errand = arg;
	struct cause cause = { .service = errand->service, .op = errand->duty->op, .id = errand->id,
	    .dossier = errand->dossier, .facts = facts_of(errand->dossier),
	    .partition = sim_options.to_home ? errand->partition : PARTITION_BY_KEY, .plan = errand->plan };
	struct doc_error why;

	if (arena == NULL)
		arena = arena_new(256 * 1024);
	cause.arena = arena;
	if (cause.plan.deed == DO_NEVER)
		actor_leave(&cause, "never");
	else if (doc_parse(arena, errand->value, NULL, &cause.data, &why) == FAULT_NONE)
		errand->duty->act(&cause);
	arena_reset(arena);
	free(errand);
}

enum { LOOKS_MAX = 20, LOOK_MS = 250 };

/* The plan is made when the usual time is over, because by then the facts are known, or will be soon. */
static void
plan_it(void *arg)
{
	struct errand *errand = arg;
	struct subject subject = subject_of(errand);
	int64_t waited_ms = behave_setting(errand->service, SET_AFTER);

	if (facts_are_awaited(errand->dossier) && errand->looks++ < LOOKS_MAX) {
		timer_start(&errand->timer, LOOK_MS, plan_it, errand);
		return;
	}
	errand->plan = behave(&subject, PHASE_LIFE);
	if (errand->plan.ms > waited_ms)
		timer_start(&errand->timer, errand->plan.ms - waited_ms, do_it, errand);
	else
		do_it(errand);
}

static struct text
keep(char **at, struct text t)
{
	struct text kept = { *at, t.n };

	if (t.n > 0)
		memcpy(*at, t.s, t.n);
	*at += t.n;
	return kept;
}

static bool
is_new(enum service service, const struct arrival *arrival)
{
	return table_count(&taken, hash_text(hash_text(service, arrival->id), arrival->dossier)) == 1;
}

void
actor_take(enum service service, const struct duty *duties, const struct arrival *arrival)
{
	struct errand *errand;
	char *at;

	while (duties->type != NULL && !text_is(arrival->type, duties->type))
		duties++;
	if (duties->type == NULL || text_is_absent(arrival->id) || text_is_absent(arrival->dossier) ||
	    !is_new(service, arrival))
		return;
	errand = mem_new(1, sizeof *errand + arrival->type.n + arrival->id.n + arrival->dossier.n + arrival->value.n);
	at = errand->bytes;
	errand->type = keep(&at, arrival->type);
	errand->id = keep(&at, arrival->id);
	errand->dossier = keep(&at, arrival->dossier);
	errand->value = keep(&at, arrival->value);
	errand->duty = duties;
	errand->service = service;
	errand->partition = arrival->partition;
	timer_start(&errand->timer, behave_setting(service, SET_AFTER), plan_it, errand);
}

static void
note(const struct cause *cause, const char *outcome, struct text sent)
{
	struct subject about = { .service = cause->service, .op = cause->op, .key = cause->id, .dossier = cause->dossier };

	ledger_note(&(struct entry){ .about = &about, .outcome = outcome, .extra = { { "sent", sent } },
	    .deed = cause->plan.deed != DO_USUAL ? deed_names[cause->plan.deed] : NULL });
}

void
actor_send(const struct cause *cause, struct message *message, const char *outcome)
{
	message->partition = cause->partition;
	message->dossier = cause->dossier;
	note(cause, outcome, message->id);
	bridge_send(message);
	if (cause->plan.deed == DO_TWICE)
		bridge_send(message);
}

void
actor_leave(const struct cause *cause, const char *outcome)
{
	note(cause, outcome, TEXT_NONE);
}
