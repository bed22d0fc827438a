/*
 * casework_rules - what an officer's action may do to a dossier, and what the
 * dossier does by itself when something else has happened.
 *
 * Pure: the locked row, the action or event and the law go in; the event to
 * give, or what is wrong with the action, comes out.  Instants are inputs.
 *
 * An action is refused for what the dossier is, never for what our machinery
 * lacks: a calendar that is not loaded is a fault and nobody's mistake.
 */
#ifndef CASEWORK_RULES_H
#define CASEWORK_RULES_H

#include "casework_law.h"
#include "dossier.h"
#include "schema.h"

enum action_kind { ACTION_ACCEPT, ACTION_REFUSE, ACTION_SUPPLEMENT, ACTION_ASSIGN, ACTION_DECIDE,
    ACTION_HAND_OVER, ACTION_KINDS };

struct action {
	enum action_kind	kind;
	time_us			arrived_at;	/* the broker's time: when the state acted */
	struct text		officer;
	struct text		reason, citation, result;
	const struct doc_node	*components;	/* of supplement */
	const struct doc_node	*document;	/* of decide */
	struct text		relation, document_kind;	/* of hand_over */
	bool			has_note;
};

/* type is the message's ce_type; false when it is no action of ours. */
bool action_read(struct text type, const struct doc_node *data, time_us arrived_at, struct action *out);

/* The event that the action leads to when it is allowed. */
enum event_type action_event(enum action_kind kind);

/* NULL when the action may be done now, else the first thing that forbids it. */
const struct rule_error *action_check(const struct dossier *dos, const struct action *action,
    const struct casework_case *its_case);

/*
 * The event that an event of another stage leads to; EVENT_TYPES: none,
 * because what blocks it is final or ends on a topic that casework reads.
 */
enum event_type casework_wake(const struct dossier *dos, const struct event *event);

enum { SUPPLEMENT_GRACE_DAYS = 30 };

/*
 * What the dossier's timer leads to now; EVENT_TYPES: look again at *again
 * (TIME_NONE: never).  intake_read_to is how far in time intake has read: a
 * supplement that lies unread must not be too late through our fault.  Where a
 * supplement has been taken in and is still being checked, the answer waits
 * for it, up to SUPPLEMENT_GRACE_DAYS.
 */
enum event_type casework_timer(const struct dossier *dos, time_us now, time_us intake_read_to, time_us *again);

/* When the first answer is due: 8 working hours online, else one working day. */
ERR_CHECK enum fault casework_first_answer(const struct calendar *cal, const struct dossier *dos, time_us *out,
    struct err *err);

/* When the result is due for what was complete at that instant. */
ERR_CHECK enum fault casework_due(const struct calendar *cal, const struct deadline_rule *rule,
    time_us complete_at, time_us *out, struct err *err);

#endif
