/*
 * casework_deadline - when an answer is due, and why.
 *
 * Pure: the calendar, the procedure's rule and the recorded instants go in,
 * the due time comes out, with the reckoning day by day for whoever asks.
 * Instants are taken by the minute, as the appointment slip prints them, so
 * that what is printed can be reckoned again.  "End of the day" is 24:00, that
 * is 00:00 of the next day (Civil Code 2015, Art. 148(1)).
 *
 * Two ways of counting are in use and a procedure names its own:
 *   civil  the day of reception is not counted, due at the end of day N
 *          (Civil Code Art. 147(2)-(3), 148)
 *   hours  N working days are N times 8 working hours from the minute of
 *          reception (Art. 147(1); how provincial systems book them)
 */
#ifndef CASEWORK_DEADLINE_H
#define CASEWORK_DEADLINE_H

#include "calendar.h"
#include "mem.h"

enum deadline_unit {
	DEADLINE_WORKING_DAY,
	DEADLINE_WORKING_HOUR,	/* always by hours */
	DEADLINE_CALENDAR_DAY,	/* always civil; a last day of rest moves on, Art. 148(5) */
	DEADLINE_IMMEDIATE	/* on the day of reception; amount is not read */
};

enum deadline_mode { DEADLINE_CIVIL, DEADLINE_HOURS };

enum deadline_start {
	DEADLINE_FROM_ACCEPTED,		/* a complete, valid dossier: Decree 61/2018, Art. 19(4) */
	DEADLINE_FROM_PAID		/* complete and paid: Decree 297/2025, Art. 6(2) */
};

enum deadline_supplement {
	DEADLINE_RESTART,	/* from zero on completion: Decree 61/2018, Art. 19(4) */
	DEADLINE_PAUSE		/* goes on where it stood: what some sector rules say */
};

enum { DEADLINE_NO_CUTOFF = -1, DEADLINE_CUTOFF_DEFAULT = 17 * 60, DEADLINE_MOST = 3660 };

struct deadline_rule {			/* law as data, one per procedure version */
	int				amount;		/* 1..DEADLINE_MOST */
	enum deadline_unit		unit;
	enum deadline_mode		mode;
	enum deadline_start		start;
	enum deadline_supplement	supplement;
	/*
	 * Received after this minute of the local day, or on a day of rest:
	 * as if at opening time of the next working day (Decree 297/2025,
	 * Art. 3(5): 17:00; Decree 63/2024, Art. 7(2): 15:00).
	 */
	int				cutoff_minute;
	/* The same for the last working hour of the day (Decree 297/2025, Art. 6(3)). */
	bool				last_hour_rule;
};

enum deadline_stop_kind {
	DEADLINE_STOP_SUPPLEMENT,	/* asked after acceptance; obeys rule.supplement */
	DEADLINE_STOP_PAYMENT		/* waiting for the applicant to pay: always a pause */
};

struct deadline_stop {
	enum deadline_stop_kind	kind;
	time_us			from;
	time_us			until;	/* TIME_NONE: still open, the last one only */
};

struct deadline_facts {
	time_us				accepted_at;
	time_us				paid_at;	/* TIME_NONE; read for DEADLINE_FROM_PAID */
	const struct deadline_stop	*stops;		/* by time, not overlapping */
	size_t				n_stops;
};

struct deadline_step {			/* one line of the reckoning */
	int64_t		day;
	struct text	text;		/* "2026-11-24 holiday: Ngày Văn hóa Việt Nam" */
};

struct deadline {
	time_us			received_at;	/* when it counts as received, after cut-off and restart */
	time_us			starts_at;	/* civil: 00:00 of the next day; hours: first working minute */
	time_us			due_at;		/* TIME_NONE: the clock stands still, or is not started */
	struct deadline_step	*steps;
	size_t			n_steps;
};

/*
 * Reckon.  arena NULL: no steps.  PARK for a calendar year that is not loaded,
 * a rule that makes no sense, stops out of order.  Without the payment that a
 * FROM_PAID rule waits for, all three instants are TIME_NONE and that is no
 * fault.  A due time that passed before a stop began stays.
 *
 * With DEADLINE_PAUSE in civil counting a day at whose end the dossier stands
 * stopped is not counted.  (No text read says how; this never makes a day of
 * standstill the last one, and moves the due day by the days of the stop.)
 */
enum fault deadline_reckon(const struct calendar *cal, const struct deadline_rule *rule,
    const struct deadline_facts *facts, struct arena *arena, struct deadline *out,
    struct err *err) ERR_CHECK;

enum deadline_channel { DEADLINE_ONLINE, DEADLINE_COUNTER, DEADLINE_POSTAL };

/*
 * First answer to a submission: 8 working hours from its arrival online; the
 * end of the next working day at the counter or by post (Decree 297/2025,
 * Art. 6(4)(a); resolution on replacing components by data, clauses 1-2).
 * amount > 0 is the procedure's own number of these units.
 */
enum fault deadline_first_answer(const struct calendar *cal, time_us submitted_at,
    enum deadline_channel channel, int amount, time_us *out, struct err *err) ERR_CHECK;

/* The officer is told within 2 working hours of the submission (Decree 297/2025, Art. 6(4)). */
enum fault deadline_officer_alert(const struct calendar *cal, time_us submitted_at, time_us *out,
    struct err *err) ERR_CHECK;

/* A supplement not made expires: end of 15 working days, or of the procedure's own (Art. 6(4)(a)). */
enum fault deadline_supplement_expiry(const struct calendar *cal, time_us asked_at, int days,
    time_us *out, struct err *err) ERR_CHECK;

/* Last moment to return an accepted dossier as ineligible: 3 working days (Decree 61/2018, Art. 19(4)). */
enum fault deadline_return_by(const struct calendar *cal, time_us received_at, int days,
    time_us *out, struct err *err) ERR_CHECK;

/*
 * Last moment to ask for an extension: one working day before the due time, at
 * the same clock time (Decree 61/2018, Art. 19(9)).  Earlier than the reception
 * where the term is shorter than that: then there is no extension in time.
 */
enum fault deadline_extend_by(const struct calendar *cal, time_us due_at, time_us *out,
    struct err *err) ERR_CHECK;

#endif
