/*
 * behave - how a simulated service behaves, as data.
 *
 * Rules first, in order, then the built-in magic numbers, then chance.  Chance
 * is a pure function of (seed, service, dossier, subject, how often that was
 * asked), so that a run can be repeated whatever the order of requests.
 */
#ifndef BEHAVE_H
#define BEHAVE_H

#include "doc.h"
#include "sim.h"

/* What is asked: how to answer a request, or what happens afterwards (who pays, where the parcel goes). */
enum phase { PHASE_ANSWER, PHASE_LIFE };

/*
 * name, phase.  Before the effect: nothing was done.  After it: it was done,
 * and the answer is spoilt.
 */
#define DEEDS(X) \
	X(NORMAL, "normal", PHASE_ANSWER) \
	/* before the effect */ \
	X(FAIL, "fail", PHASE_ANSWER) \
	X(HANG, "hang", PHASE_ANSWER) \
	X(RESET, "reset", PHASE_ANSWER) \
	X(GARBAGE, "garbage", PHASE_ANSWER) \
	X(HTML, "html", PHASE_ANSWER) \
	/* instead of the effect: sounds well, and is forgotten */ \
	X(FORGET, "forget", PHASE_ANSWER) \
	/* after the effect */ \
	X(SLOW, "slow", PHASE_ANSWER) \
	X(LATE, "late", PHASE_ANSWER) \
	X(DROP, "drop", PHASE_ANSWER) \
	X(FAIL_AFTER, "fail_after", PHASE_ANSWER) \
	X(HALF, "half", PHASE_ANSWER) \
	X(ENDLESS, "endless", PHASE_ANSWER) \
	X(DRIP, "drip", PHASE_ANSWER) \
	/* another answer */ \
	X(NOT_FOUND, "not_found", PHASE_ANSWER) \
	X(MISMATCH, "mismatch", PHASE_ANSWER) \
	X(WRONG_PERSON, "wrong_person", PHASE_ANSWER) \
	X(NO_RIGHT, "no_right", PHASE_ANSWER) \
	X(CLOSED, "closed", PHASE_ANSWER) \
	X(WRONG_BYTES, "wrong_bytes", PHASE_ANSWER) \
	X(SHORT, "short", PHASE_ANSWER) \
	X(LONG, "long", PHASE_ANSWER) \
	/* afterwards: any service */ \
	X(USUAL, "usual", PHASE_LIFE) \
	X(NEVER, "never", PHASE_LIFE) \
	X(TWICE, "twice", PHASE_LIFE) \
	/* afterwards: payment */ \
	X(PAY_LATE, "pay_late", PHASE_LIFE) \
	X(WRONG_AMOUNT, "wrong_amount", PHASE_LIFE) \
	X(TWICE_OTHER, "twice_other", PHASE_LIFE) \
	X(FAIL_FIRST, "fail_first", PHASE_LIFE) \
	/* afterwards: post */ \
	X(ATTEMPT_FAILED, "attempt_failed", PHASE_LIFE) \
	X(RETURNED, "returned", PHASE_LIFE) \
	X(OUT_OF_ORDER, "out_of_order", PHASE_LIFE) \
	X(STUCK, "stuck", PHASE_LIFE) \
	/* officer and citizen */ \
	X(REFUSE, "refuse", PHASE_LIFE) \
	X(DENY, "deny", PHASE_LIFE) \
	X(SUPPLEMENT, "supplement", PHASE_LIFE) \
	X(WITHDRAW, "withdraw", PHASE_LIFE) \
	X(PARTIAL, "partial", PHASE_LIFE)

enum deed {
#define DEED_ENUM(id, name, phase) DO_##id,
	DEEDS(DEED_ENUM)
#undef DEED_ENUM
	DEED_N
};

extern const char *const deed_names[DEED_N];

/* DEED_N when there is none of that name. */
enum deed deed_find(struct text name);

struct conduct {
	enum deed	deed;
	int64_t		ms;		/* -1 unless the rule says */
	int64_t		status;		/* 0 unless … */
	int64_t		amount;		/* 0 unless … */
	struct text	components;	/* JSON array; absent unless … */
	struct text	reason;		/* absent unless … */
};

/* Numbers that are not chances, per service. */
enum setting { SET_LATENCY, SET_AFTER, SET_BYTES, SETTINGS };

/* What to do this time; counts the asking.  Texts are good for ever. */
struct conduct behave(const struct subject *subject, enum phase phase);
int64_t behave_setting(enum service service, enum setting setting);

struct company {
	struct text	name, representative;
};

/* A business made known by "companies"; false if it was not. */
bool behave_company(struct text tax_code, struct company *out);

/* Start with the built-in rules. */
void behave_open(void);

/*
 * Take rules in: before those there are, or instead of them (and of all
 * defaults, but not of companies) when "replace" is true.  FAULT_PARK, and
 * nothing changed, when one is wrong.
 */
ERR_CHECK enum fault behave_load(struct text json, struct err *err);

size_t behave_rules(void);

#endif
