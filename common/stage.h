/*
 * stage - the seven steps of the pipeline, their sub-states, their events.
 *
 * The moves are data: schemas/states/X.moves, compiled into one table at build
 * time.  An event belongs to the stage that gives it and moves only that
 * stage's sub-state.
 */
#ifndef STAGE_H
#define STAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "text.h"

enum stage { STAGE_INTAKE, STAGE_VERIFICATION, STAGE_LOOKUP, STAGE_FEE, STAGE_CASEWORK,
    STAGE_DISPATCH, STAGE_TRACKING, STAGES };

enum { MOVES_STATES_MAX = 16, MOVE_STAYS = -1, MOVE_ANSWER = -2 };

#include "moves.h"

const char *stage_name(enum stage stage);
const char *stage_journal(enum stage stage);		/* its topic */
const char *stage_source(enum stage stage);		/* ce_source of what it writes */
bool stage_find(struct text name, enum stage *out);
bool stage_of_journal(struct text topic, enum stage *out);

/* The topics it reads, in the order of its lane's arrays: lead first. */
const char *const *stage_topics(enum stage stage, int *n);

int stage_states(enum stage stage);			/* how many sub-states */
const char *state_name(enum stage stage, int state);
bool state_is_final(enum stage stage, int state);
/* "EVENT@TOPIC,…,timer,effect": who wakes a dossier that rests here; "" for nobody. */
const char *state_waits(enum stage stage, int state);

enum stage event_stage(enum event_type type);
const char *event_name(enum event_type type);		/* "registered" */
const char *event_type_name(enum event_type type);	/* "vn.dossier.intake.registered.v1" */
bool event_find(struct text type_name, enum event_type *out);

/* Answers change nothing: published, never applied, not in the trail. */
bool event_is_answer(enum event_type type);

/* May this event happen in this sub-state of its stage, and where does it lead? */
bool move_find(enum event_type type, int from, int *to);

#endif
