/*
 * dossier - the noun: one dossier (hồ sơ) as the journals tell it.
 *
 * The row is a fold of the journals of all seven stages.  It has one sub-state
 * a stage and one version for all, and it changes only by dossier_apply
 * (promise 6): pure, reading nothing but the row and the event.  Replaying the
 * journals through it rebuilds the table exactly.
 */
#ifndef DOSSIER_H
#define DOSSIER_H

#include "column.h"
#include "event.h"

struct dossier {
	uint8_t		id[UUID_BYTES];
	int32_t		home;
	int32_t		version;
	int32_t		round;		/* 0, then one more with each supplement */
	int32_t		state[STAGES];
	struct text	code;		/* mã hồ sơ; absent when rejected */
	struct text	source;		/* the portal that sent it */
	struct text	submission;	/* the portal's own id for it */
	struct text	digest;		/* salted, of the submission's type and data */
	time_us		received_at;	/* when the broker took it: the legal time of arrival */
	struct text	procedure;
	int32_t		procedure_version;
	struct text	case_code;
	struct text	agency;
	struct text	level;
	struct text	channel;
	struct text	applicant_kind;
	struct text	language;
	struct text	rule_set;	/* digest of the law it was received under */
	struct text	exemption;
	struct text	delivery;
	struct text	missing;	/* JSON array of component codes */
	time_us		accepted_at;
	time_us		due_at;
	bool		overdue;
	int32_t		supplements;	/* asked for so far */
	int64_t		phi, le_phi, amount;
	struct text	fee_order;
	time_us		expires_at;
	struct text	result;
	struct text	document;	/* JSON: where the result is, and its digest */
	struct text	parcel;
	struct text	item_code;
	struct text	reason;
	struct text	citation;
	struct text	errors;		/* JSON array */
	time_us		updated_at;
	struct text	inputs;		/* 16 bytes for each outside message taken */
	struct text	trail;		/* 9 bytes a version: stage, number */
};

enum { TRAIL_BYTES = 9 };

/*
 * The columns of core.dossier in the order of its statements.  The first
 * dossier_n_fixed are written once, when it is registered; the rest change.
 */
extern const struct column dossier_columns[];
extern const int dossier_n_columns, dossier_n_fixed;

/* A row that has not happened yet: version 0, every sub-state none. */
void dossier_init(struct dossier *dos, const uint8_t id[UUID_BYTES]);

/*
 * The only writer.  Moves the sub-state of the event's stage, takes over its
 * facts, raises the version to the event's and extends the trail.  Texts are
 * borrowed from the event or made in the arena.  FAULT_PARK, and nothing
 * changed, when the move is not in the table or the version is not the next:
 * for our own code that is a bug, for a replay a difference.
 */
ERR_CHECK enum fault dossier_apply(struct dossier *dos, const struct event *event,
    struct arena *arena, struct err *err);

/* May this event happen now? */
bool dossier_may(const struct dossier *dos, enum event_type type);

/* Has this outside message been taken before? */
bool dossier_has_input(const struct dossier *dos, const uint8_t input[INPUT_BYTES]);

/* Nothing more will be decided: rejected, refused, stopped or withdrawn, or the result is out. */
bool dossier_is_finished(const struct dossier *dos);

/* The national portal's status code, 1 to 10; 0 for a rejected submission. */
int dossier_portal_state(const struct dossier *dos);
const char *portal_state_name_vi(int state);
const char *portal_state_name_en(int state);

/* The i-th step of the trail: which stage, which number in its journal. */
int dossier_steps(const struct dossier *dos);
void dossier_step(const struct dossier *dos, int i, enum stage *stage, int64_t *number);

#endif
