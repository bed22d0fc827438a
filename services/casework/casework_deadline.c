/*
 * casework_deadline - see casework_deadline.h.
 *
 * Reckoning goes in three steps: when does it count as received (payment,
 * restart, cut-off), which stops are pauses from there on, and then one of two
 * walks: over days, or over working minutes.  Both walk the calendar day by
 * day and write their steps as they go.
 */
#include "casework_deadline.h"

enum { LAST_HOUR_MINUTES = 60, MOST_STEPS = 2 * DEADLINE_MOST };
enum {
	OFFICER_ALERT_MINUTES = 2 * 60,
	FIRST_ANSWER_HOURS = 8,
	FIRST_ANSWER_DAYS = 1,
	SUPPLEMENT_DAYS = 15,
	RETURN_DAYS = 3
};

#define FOREVER INT64_MAX

/* One reckoning under way. */
struct walk {
	const struct calendar		*cal;
	const struct deadline_rule	*rule;
	const struct deadline_facts	*facts;
	struct arena			*arena;		/* NULL: no steps */
	struct deadline			*out;
	size_t				size_steps;
	size_t				first_pause;	/* stops before it are used up */
};

static time_us
whole_minute(time_us t)
{
	return calendar_instant(calendar_local_day(t), calendar_local_minute(t));
}

/* --- steps --------------------------------------------------------------------- */

static void
step_add(struct walk *w, int64_t day, struct text text)
{
	struct deadline *out = w->out;
	struct deadline_step *grown;

	if (w->arena == NULL || out->n_steps == MOST_STEPS)
		return;
	if (out->n_steps == w->size_steps) {
		w->size_steps = w->size_steps == 0 ? 16 : 2 * w->size_steps;
		grown = ARENA_ARRAY(w->arena, struct deadline_step, w->size_steps);
		if (out->n_steps > 0)
			memcpy(grown, out->steps, out->n_steps * sizeof *grown);
		out->steps = grown;
	}
	out->steps[out->n_steps++] = (struct deadline_step){ day, text };
}

/* "2026-11-23 what"; an arena is there. */
static struct text
dated(const struct walk *w, int64_t day, struct text what)
{
	char date[CALENDAR_DATE_BYTES];

	calendar_date_text(day, date);
	return arena_printf(w->arena, "%s %.*s", date, TEXT_ARG(what));
}

#define STEP(w, day, ...) do { \
	if ((w)->arena != NULL) \
		step_add((w), (day), dated((w), (day), arena_printf((w)->arena, __VA_ARGS__))); \
} while (0)

/* A day that nobody works. */
static void
step_rest(struct walk *w, int64_t day, const struct calendar_day *what)
{
	const char *kind = calendar_kind_name(what->kind);

	if (what->kind == CALENDAR_COMPENSATORY_OFF)
		kind = "compensatory day off";
	if (text_is_absent(what->name_vi))
		STEP(w, day, "%s", kind);
	else
		STEP(w, day, "%s: %.*s", kind, TEXT_ARG(what->name_vi));
}

#define CLOCK_FORMAT "%02d:%02d"
#define CLOCK_ARG(t) calendar_local_minute(t) / 60, calendar_local_minute(t) % 60

/* --- checks -------------------------------------------------------------------- */

static enum fault
rule_check(const struct deadline_rule *rule, struct err *err)
{
	if (rule->unit != DEADLINE_IMMEDIATE && (rule->amount < 1 || rule->amount > DEADLINE_MOST))
		return err_set(err, FAULT_PARK, "deadline", "bad_rule",
		    "a term of %d: the procedure's rule has no usable term", rule->amount);
	if (rule->cutoff_minute < DEADLINE_NO_CUTOFF || rule->cutoff_minute > CALENDAR_DAY_MINUTES)
		return err_set(err, FAULT_PARK, "deadline", "bad_rule",
		    "a cut-off at minute %d of the day", rule->cutoff_minute);
	return FAULT_NONE;
}

static enum fault
stops_check(const struct deadline_facts *facts, struct err *err)
{
	for (size_t i = 0; i < facts->n_stops; i++) {
		const struct deadline_stop *stop = &facts->stops[i];
		bool open = stop->until == TIME_NONE;

		if (stop->from == TIME_NONE || (open && i + 1 < facts->n_stops) ||
		    (!open && stop->until < stop->from) ||
		    (i > 0 && stop->from < facts->stops[i - 1].until))
			return err_set(err, FAULT_PARK, "deadline", "bad_stops",
			    "stop %zu of %zu of the clock is out of order", i + 1, facts->n_stops);
	}
	return FAULT_NONE;
}

/* --- reception ----------------------------------------------------------------- */

/* Too late for a working day, at this minute of it? */
static bool
is_late(const struct walk *w, int minute)
{
	if (w->rule->cutoff_minute != DEADLINE_NO_CUTOFF && minute > w->rule->cutoff_minute)
		return true;
	return w->rule->last_hour_rule &&
	    minute >= calendar_closing_minute(w->cal) - LAST_HOUR_MINUTES;
}

/* When what arrived at t counts as received.  Writes a step when told what arrived. */
static enum fault
reception(struct walk *w, time_us t, const char *what, time_us *out, struct err *err)
{
	int64_t day = calendar_local_day(t);
	bool working, has_rule = w->rule->cutoff_minute != DEADLINE_NO_CUTOFF ||
	    w->rule->last_hour_rule;
	enum fault fault = calendar_is_working(w->cal, day, &working, err);

	if (fault != FAULT_NONE)
		return fault;
	*out = whole_minute(t);
	if (what != NULL)
		STEP(w, day, "%s at " CLOCK_FORMAT, what, CLOCK_ARG(t));
	if (!has_rule || (working && !is_late(w, calendar_local_minute(t))))
		return FAULT_NONE;
	if (what != NULL)
		STEP(w, day, "%s: counts as received at opening time of the next working day",
		    working ? "after the cut-off" : "a day of rest");
	fault = calendar_next_working(w->cal, day, &day, err);
	if (fault == FAULT_NONE)
		*out = calendar_instant(day, calendar_opening_minute(w->cal));
	return fault;
}

/*
 * The instant that counting begins from: acceptance, payment where the rule
 * waits for it, or the completion of the last supplement that restarts.
 */
static enum fault
base_find(struct walk *w, struct err *err)
{
	time_us base = w->facts->accepted_at;
	const char *what = "accepted";

	if (w->rule->start == DEADLINE_FROM_PAID && w->facts->paid_at > base) {
		base = w->facts->paid_at;
		what = "paid";
	}
	for (size_t i = 0; i < w->facts->n_stops; i++) {
		const struct deadline_stop *stop = &w->facts->stops[i];

		if (w->rule->supplement == DEADLINE_RESTART &&
		    stop->kind == DEADLINE_STOP_SUPPLEMENT && stop->until != TIME_NONE) {
			base = stop->until > base ? stop->until : base;
			what = "supplemented, the term begins again,";
			w->first_pause = i + 1;
		}
	}
	return reception(w, base, what, &w->out->received_at, err);
}

/* When the clock runs again after a stop; FOREVER while it is open. */
static enum fault
resumption(struct walk *w, const struct deadline_stop *stop, time_us *out, struct err *err)
{
	if (stop->until == TIME_NONE) {
		*out = FOREVER;
		return FAULT_NONE;
	}
	*out = whole_minute(stop->until);
	if (stop->kind != DEADLINE_STOP_SUPPLEMENT)
		return FAULT_NONE;
	return reception(w, stop->until, NULL, out, err);
}

/* --- counting days ------------------------------------------------------------- */

/* Does the dossier stand stopped at the end of day?  open: and for good, as far as is known. */
static enum fault
is_stopped(struct walk *w, int64_t day, bool *stopped, bool *open, struct err *err)
{
	time_us end = calendar_instant(day, CALENDAR_DAY_MINUTES), resumes;
	enum fault fault;

	*stopped = *open = false;
	for (size_t i = w->first_pause; i < w->facts->n_stops; i++) {
		if (w->facts->stops[i].from >= end)
			break;
		fault = resumption(w, &w->facts->stops[i], &resumes, err);
		if (fault != FAULT_NONE)
			return fault;
		if (resumes >= end) {
			*stopped = true;
			*open = resumes == FOREVER;
		}
	}
	return FAULT_NONE;
}

static const char *
unit_name(const struct deadline_rule *rule)
{
	return rule->unit == DEADLINE_WORKING_DAY ? "working day" : "day";
}

/* Weigh one day: *counted goes up, *due tells that the term ends with it. */
static void
day_weigh(struct walk *w, int64_t day, const struct calendar_day *what, int amount, int *counted,
    bool *due)
{
	bool rolling = *counted == amount;

	*due = false;
	if (!what->is_working && (rolling || w->rule->unit != DEADLINE_CALENDAR_DAY)) {
		step_rest(w, day, what);
		return;
	}
	if (!rolling) {
		++*counted;
		STEP(w, day, "%s %d of %d%s", unit_name(w->rule), *counted, amount,
		    what->is_working ? "" : ", a day of rest");
	} else {
		STEP(w, day, "the last day was a day of rest: moved on to this one");
	}
	*due = *counted == amount && what->is_working;
}

/* From the day after reception to the end of the last day; standing still gives TIME_NONE. */
static enum fault
days_walk(struct walk *w, int64_t day, int amount, struct err *err)
{
	struct calendar_day what;
	bool stopped, open, due = false;
	int counted = 0;
	enum fault fault;

	for (; !due; day++) {
		fault = is_stopped(w, day, &stopped, &open, err);
		if (fault != FAULT_NONE)
			return fault;
		if (open) {
			STEP(w, day, "the clock stands still until the applicant has acted");
			return FAULT_NONE;
		}
		fault = calendar_day_get(w->cal, day, &what, err);
		if (fault != FAULT_NONE)
			return fault;
		if (stopped)
			STEP(w, day, "not counted: stopped at the end of the day");
		else
			day_weigh(w, day, &what, amount, &counted, &due);
	}
	w->out->due_at = calendar_instant(day, 0);
	STEP(w, day - 1, "due at the end of this day");
	return FAULT_NONE;
}

/*
 * On the day of reception, or of the first working minute; a day of rest, or
 * one that ends stopped, moves on.
 */
static enum fault
immediate_walk(struct walk *w, struct err *err)
{
	int64_t day;
	enum fault fault = FAULT_NONE;

	w->out->starts_at = w->out->received_at;
	if (w->rule->mode == DEADLINE_HOURS)
		fault = calendar_add_us(w->cal, w->out->received_at, 0, &w->out->starts_at, err);
	if (fault == FAULT_NONE)
		fault = days_walk(w, calendar_local_day(w->out->starts_at), 1, err);
	if (fault != FAULT_NONE || w->out->due_at == TIME_NONE || w->rule->mode != DEADLINE_HOURS)
		return fault;
	day = calendar_local_day(w->out->due_at - 1);
	w->out->due_at = calendar_instant(day, calendar_closing_minute(w->cal));
	STEP(w, day, "by hours: due at closing time");
	return FAULT_NONE;
}

/* --- counting working minutes -------------------------------------------------- */

/* Spend what is left on one day, within [from, until); *spent tells that it is all gone. */
static enum fault
minutes_spend(struct walk *w, int64_t day, time_us from, time_us until, int64_t *left, bool *spent,
    struct err *err)
{
	struct calendar_day what;
	int64_t here;
	enum fault fault = calendar_day_get(w->cal, day, &what, err);

	if (fault == FAULT_NONE)
		fault = calendar_us_between(w->cal, from, until, &here, err);
	if (fault != FAULT_NONE)
		return fault;
	if (!what.is_working)
		step_rest(w, day, &what);
	if (here >= *left) {
		fault = calendar_add_us(w->cal, from, *left, &w->out->due_at, err);
		if (fault != FAULT_NONE)
			return fault;
		here = *left;
		*spent = true;
	}
	*left -= here;
	if (here > 0)
		STEP(w, day, "%d h %02d min worked, %d h %02d min left", (int)(here / HOUR_US),
		    (int)(here / MINUTE_US % 60), (int)(*left / HOUR_US),
		    (int)(*left / MINUTE_US % 60));
	if (*spent)
		STEP(w, day, "due at " CLOCK_FORMAT, CLOCK_ARG(w->out->due_at));
	return FAULT_NONE;
}

/* From one stop to the next, day by day. */
static enum fault
stretch_walk(struct walk *w, time_us from, time_us until, int64_t *left, bool *spent,
    struct err *err)
{
	enum fault fault;

	while (from < until && !*spent) {
		int64_t day = calendar_local_day(from);
		time_us end = calendar_instant(day, CALENDAR_DAY_MINUTES);

		fault = minutes_spend(w, day, from, end < until ? end : until, left, spent, err);
		if (fault != FAULT_NONE)
			return fault;
		from = end;
	}
	return FAULT_NONE;
}

static enum fault
hours_walk(struct walk *w, int64_t left, struct err *err)
{
	time_us at = w->out->received_at, resumes, stops_at;
	bool spent = false;
	enum fault fault = calendar_add_us(w->cal, at, 0, &w->out->starts_at, err);

	for (size_t i = w->first_pause; fault == FAULT_NONE && !spent && i < w->facts->n_stops; i++) {
		stops_at = whole_minute(w->facts->stops[i].from);
		fault = resumption(w, &w->facts->stops[i], &resumes, err);
		if (fault == FAULT_NONE)
			fault = stretch_walk(w, at, stops_at, &left, &spent, err);
		if (fault != FAULT_NONE || spent)
			break;
		STEP(w, calendar_local_day(stops_at), "stopped at " CLOCK_FORMAT,
		    CLOCK_ARG(stops_at));
		if (resumes == FOREVER)
			return FAULT_NONE;
		at = resumes > at ? resumes : at;
		STEP(w, calendar_local_day(at), "runs again from " CLOCK_FORMAT, CLOCK_ARG(at));
	}
	if (fault == FAULT_NONE && !spent)
		fault = stretch_walk(w, at, FOREVER, &left, &spent, err);
	return fault;
}

/* --- the whole ----------------------------------------------------------------- */

static enum fault
term_walk(struct walk *w, struct err *err)
{
	int64_t day = calendar_local_day(w->out->received_at);

	switch (w->rule->unit) {
	case DEADLINE_IMMEDIATE:
		return immediate_walk(w, err);
	case DEADLINE_WORKING_HOUR:
		return hours_walk(w, w->rule->amount * HOUR_US, err);
	case DEADLINE_WORKING_DAY:
		if (w->rule->mode == DEADLINE_HOURS)
			return hours_walk(w, w->rule->amount *
			    (calendar_work_minutes(w->cal) * MINUTE_US), err);
		break;
	case DEADLINE_CALENDAR_DAY:
		break;
	}
	w->out->starts_at = calendar_instant(day + 1, 0);
	STEP(w, day, "day of reception, not counted");
	return days_walk(w, day + 1, w->rule->amount, err);
}

enum fault
deadline_reckon(const struct calendar *cal, const struct deadline_rule *rule,
    const struct deadline_facts *facts, struct arena *arena, struct deadline *out, struct err *err)
{
	struct deadline made = { TIME_NONE, TIME_NONE, TIME_NONE, NULL, 0 };
	struct walk w = { .cal = cal, .rule = rule, .facts = facts, .arena = arena, .out = &made };
	enum fault fault = rule_check(rule, err);

	if (fault == FAULT_NONE)
		fault = stops_check(facts, err);
	if (fault != FAULT_NONE)
		return fault;
	if (facts->accepted_at != TIME_NONE &&
	    (rule->start != DEADLINE_FROM_PAID || facts->paid_at != TIME_NONE)) {
		fault = base_find(&w, err);
		if (fault == FAULT_NONE)
			fault = term_walk(&w, err);
	}
	if (fault == FAULT_NONE)
		*out = made;
	return fault;
}

/* --- the small clocks ---------------------------------------------------------- */

/* End of the nth working day after the day of t. */
static enum fault
end_after_days(const struct calendar *cal, time_us t, int days, time_us *out, struct err *err)
{
	int64_t day;
	enum fault fault = calendar_add_days(cal, calendar_local_day(t), days, &day, err);

	if (fault == FAULT_NONE)
		*out = calendar_instant(day, CALENDAR_DAY_MINUTES);
	return fault;
}

enum fault
deadline_first_answer(const struct calendar *cal, time_us submitted_at,
    enum deadline_channel channel, int amount, time_us *out, struct err *err)
{
	if (channel == DEADLINE_ONLINE)
		return calendar_add_us(cal, whole_minute(submitted_at),
		    (amount > 0 ? amount : FIRST_ANSWER_HOURS) * HOUR_US, out, err);
	return end_after_days(cal, submitted_at, amount > 0 ? amount : FIRST_ANSWER_DAYS, out, err);
}

enum fault
deadline_officer_alert(const struct calendar *cal, time_us submitted_at, time_us *out,
    struct err *err)
{
	return calendar_add_minutes(cal, whole_minute(submitted_at), OFFICER_ALERT_MINUTES, out,
	    err);
}

enum fault
deadline_supplement_expiry(const struct calendar *cal, time_us asked_at, int days, time_us *out,
    struct err *err)
{
	return end_after_days(cal, asked_at, days > 0 ? days : SUPPLEMENT_DAYS, out, err);
}

enum fault
deadline_return_by(const struct calendar *cal, time_us received_at, int days, time_us *out,
    struct err *err)
{
	return end_after_days(cal, received_at, days > 0 ? days : RETURN_DAYS, out, err);
}

enum fault
deadline_extend_by(const struct calendar *cal, time_us due_at, time_us *out, struct err *err)
{
	/* A due time of 24:00 belongs to the day that it ends. */
	int64_t day = calendar_local_day(due_at - 1), before;
	int64_t into_day = due_at - calendar_instant(day, 0);
	enum fault fault = calendar_previous_working(cal, day, &before, err);

	if (fault == FAULT_NONE)
		*out = calendar_instant(before, 0) + into_day;
	return fault;
}
