/* stage - see stage.h. */
#include "stage.h"

struct state_row {
	const char	*name;
	bool		final;
	const char	*waits;
};

struct move_row {
	int		stage;
	const char	*name;
	const char	*type;
	unsigned	from;		/* bit per sub-state */
	int		to;		/* sub-state, MOVE_STAYS or MOVE_ANSWER */
};

#define MOVES_TABLE
#include "moves.h"

static const struct {
	const char *name, *journal, *source;
	int states;
	const char *topics[8];
} stages[STAGES] = {
	[STAGE_INTAKE] = { "intake", "dossier.intake", "/dossier/intake", INTAKE_STATES,
	    { "dossier.submissions", "citizen.requests" } },
	[STAGE_VERIFICATION] = { "verification", "dossier.verification", "/dossier/verification", VERIFICATION_STATES,
	    { "dossier.intake" } },
	[STAGE_LOOKUP] = { "lookup", "dossier.lookup", "/dossier/lookup", LOOKUP_STATES,
	    { "dossier.verification" } },
	[STAGE_FEE] = { "fee", "dossier.fee", "/dossier/fee", FEE_STATES,
	    { "dossier.lookup", "payment.results", "dossier.casework", "dossier.dispatch" } },
	[STAGE_CASEWORK] = { "casework", "dossier.casework", "/dossier/casework", CASEWORK_STATES,
	    { "dossier.fee", "dossier.intake", "agency.actions" } },
	[STAGE_DISPATCH] = { "dispatch", "dossier.dispatch", "/dossier/dispatch", DISPATCH_STATES,
	    { "dossier.casework", "dossier.fee", "dossier.intake", "postal.updates" } },
	[STAGE_TRACKING] = { "tracking", "dossier.notifications", "/dossier/tracking", TRACKING_STATES,
	    { "dossier.intake", "dossier.verification", "dossier.lookup", "dossier.fee",
	    "dossier.casework", "dossier.dispatch" } },
};

const char *
stage_name(enum stage stage)
{
	return stages[stage].name;
}

const char *
stage_journal(enum stage stage)
{
	return stages[stage].journal;
}

const char *
stage_source(enum stage stage)
{
	return stages[stage].source;
}

bool
stage_find(struct text name, enum stage *out)
{
	for (int s = 0; s < STAGES; s++)
		if (text_is(name, stages[s].name)) {
			*out = (enum stage)s;
			return true;
		}
	return false;
}

bool
stage_of_journal(struct text topic, enum stage *out)
{
	for (int s = 0; s < STAGES; s++)
		if (text_is(topic, stages[s].journal)) {
			*out = (enum stage)s;
			return true;
		}
	return false;
}

const char *const *
stage_topics(enum stage stage, int *n)
{
	for (*n = 0; stages[stage].topics[*n] != NULL; )
		++*n;
	return stages[stage].topics;
}

int
stage_states(enum stage stage)
{
	return stages[stage].states;
}

const char *
state_name(enum stage stage, int state)
{
	return state >= 0 && state < stages[stage].states ? state_rows[stage][state].name : "?";
}

bool
state_is_final(enum stage stage, int state)
{
	return state_rows[stage][state].final;
}

const char *
state_waits(enum stage stage, int state)
{
	return state_rows[stage][state].waits;
}

enum stage
event_stage(enum event_type type)
{
	return (enum stage)move_rows[type].stage;
}

const char *
event_name(enum event_type type)
{
	return move_rows[type].name;
}

const char *
event_type_name(enum event_type type)
{
	return move_rows[type].type;
}

bool
event_find(struct text type_name, enum event_type *out)
{
	for (int t = 0; t < EVENT_TYPES; t++)
		if (text_is(type_name, move_rows[t].type)) {
			*out = (enum event_type)t;
			return true;
		}
	return false;
}

bool
event_is_answer(enum event_type type)
{
	return move_rows[type].to == MOVE_ANSWER;
}

bool
move_find(enum event_type type, int from, int *to)
{
	const struct move_row *row = &move_rows[type];

	if (row->to == MOVE_ANSWER || (row->from & 1u << from) == 0)
		return false;
	*to = row->to == MOVE_STAYS ? from : row->to;
	return true;
}
