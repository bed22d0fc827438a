/*
 * doctor_lanes - whether each lane has an owner that works, and what stops it.
 *
 * Lanes of a stage with the same trouble are one finding.
 */
#include <inttypes.h>

#include "doctor.h"

/* A kind of trouble: does this lane have it? */
typedef bool (*has_trouble)(const struct doctor *d, int i);

static const char *
name_of(int stage)
{
	return stage_name((enum stage)stage);
}

/* The lanes of the stage that have it. */
static int
lanes_with(const struct doctor *d, int stage, has_trouble has, const int **out)
{
	int *list = ARENA_ARRAY(d->ctl->arena, int, (size_t)d->n_lanes + 1), n = 0;

	for (int i = 0; i < d->n_lanes; i++)
		if ((int)d->lanes[i].stage == stage && has(d, i))
			list[n++] = d->lanes[i].lane;
	*out = list;
	return n;
}

static int
lanes_of(const struct doctor *d, int stage, const struct lane_row **first)
{
	int n = 0;

	for (int i = 0; i < d->n_lanes; i++)
		if ((int)d->lanes[i].stage == stage && n++ == 0)
			*first = &d->lanes[i];
	return n;
}

/* Does its owner say that, and with which rest ("gap dossier.intake 17": " dossier.intake 17")? */
static bool
says(const struct lane_row *l, const char *word, struct text *rest)
{
	size_t at = 0, n = strlen(word);
	struct text one;

	while (note_next(l->note, &at, &one))
		if (text_has_prefix(one, word) && (one.n == n || one.s[n] == ' ')) {
			*rest = (struct text){ one.s + n, one.n - n };
			return true;
		}
	return false;
}

static bool
is_working(const struct doctor *d, int i)
{
	const struct lane_row *l = &d->lanes[i];

	return !text_is_absent(l->owner) && !lane_is_silent(l, d->now) && l->paused_at == TIME_NONE;
}

/* --- owners ------------------------------------------------------------------------ */

static bool
has_no_owner(const struct doctor *d, int i)
{
	return text_is_absent(d->lanes[i].owner);
}

static bool
has_silent_owner(const struct doctor *d, int i)
{
	return lane_is_silent(&d->lanes[i], d->now);
}

static void
check_owners(struct doctor *d, int stage, int total)
{
	struct arena *arena = d->ctl->arena;
	struct finding f = { .code = "no_owner", .stage = stage, .count = INT_NONE, .since = TIME_NONE };

	f.n_lanes = lanes_with(d, stage, has_no_owner, &f.lanes);
	if (f.n_lanes > 0) {
		f.what = f.n_lanes == total ? arena_printf(arena, "no worker of %s is running", name_of(stage))
		    : arena_printf(arena, "lanes of %s have no worker, though others have", name_of(stage));
		f.todo = f.n_lanes == total ? arena_printf(arena, "start dossier-%s; the last lines of its log say why it ended",
		    name_of(stage)) : arena_printf(arena, "wait for ten seconds; if it stays so, look for claim_failed in the "
		    "logs of dossier-%s", name_of(stage));
		doctor_say(d, &f);
	}
	f.code = "owner_silent";
	f.n_lanes = lanes_with(d, stage, has_silent_owner, &f.lanes);
	for (int i = 0; i < d->n_lanes; i++) {
		const struct lane_row *l = &d->lanes[i];

		if ((int)l->stage != stage || !has_silent_owner(d, i))
			continue;
		f.since = l->alive_at;
		f.what = arena_printf(arena, "the worker %.*s has not committed anything for %" PRId64 " s: it is dead, hangs, "
		    "or cannot reach the database", TEXT_ARG(l->owner), (d->now - l->alive_at) / SECOND_US);
		f.todo = arena_printf(arena, "is that process (host:pid) running? If not, start dossier-%s; if so, read its log, "
		    "and end it with SIGTERM or SIGKILL: both are safe", name_of(stage));
	}
	if (f.n_lanes > 0)
		doctor_say(d, &f);
}

static void
check_pause(struct doctor *d, int stage, const struct lane_row *first)
{
	struct arena *arena = d->ctl->arena;

	if (first->paused_at != TIME_NONE)
		doctor_say(d, &(struct finding){ .code = "stage_paused", .stage = stage, .count = INT_NONE,
		    .since = first->paused_at, .what = arena_printf(arena, "%s is paused by %.*s: %.*s", name_of(stage),
		    TEXT_ARG(first->paused_by), TEXT_ARG(first->paused_why)), .todo = arena_printf(arena,
		    "when the reason is gone: dossierctl resume %s --why '…'", name_of(stage)) });
}

/* --- what owners say ------------------------------------------------------------------ */

static bool
is_stepping(const struct doctor *d, int i)
{
	struct text rest;

	return says(&d->lanes[i], "stepping", &rest) || d->lanes[i].stuck > 1;
}

static bool
is_full(const struct doctor *d, int i)
{
	struct text rest;

	return says(&d->lanes[i], "full", &rest);
}

static bool
is_failing(const struct doctor *d, int i)
{
	struct text rest;

	return says(&d->lanes[i], "failing", &rest);
}

/* Committed and not at the broker: with a worker that is when it says so, without one always. */
static bool
is_unpublished(const struct doctor *d, int i)
{
	const struct lane_row *l = &d->lanes[i];
	struct text rest;

	return l->acked < l->given && (text_is_absent(l->owner) || lane_is_silent(l, d->now) || says(l, "unpublished", &rest));
}

static void
check_notes(struct doctor *d, int stage)
{
	static const struct { const char *code; has_trouble has; const char *what, *todo; } rows[] = {
		{ "stepping", is_stepping, "a message kills its worker or is refused by the database: it is found out one by one, and "
		    "parked", "nothing now; in a minute: dossierctl parked list" },
		{ "full", is_full, "too much is ordered outside or not acknowledged by the broker; nothing more is taken until it is less",
		    "look after the broker, and after the peers that are named here" },
		{ "failing", is_failing, "turns do not get through", "look for turn_failed in the worker's log" },
	};
	struct arena *arena = d->ctl->arena;

	for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
		struct finding f = { .code = rows[k].code, .stage = stage, .count = INT_NONE, .since = TIME_NONE,
		    .what = arena_printf(arena, "%s: %s", name_of(stage), rows[k].what), .todo = text_of(rows[k].todo) };
		struct text rest;

		f.n_lanes = lanes_with(d, stage, rows[k].has, &f.lanes);
		for (int i = 0; i < d->n_lanes; i++)
			if ((int)d->lanes[i].stage == stage && rows[k].has(d, i) && says(&d->lanes[i], rows[k].code, &rest)) {
				f.since = d->lanes[i].note_at;
				if (rest.n > 0)
					f.what = arena_printf(arena, "%s: %s:%.*s", name_of(stage), rows[k].what, TEXT_ARG(rest));
			}
		if (f.n_lanes > 0)
			doctor_say(d, &f);
	}
}

static void
check_unpublished(struct doctor *d, int stage)
{
	struct arena *arena = d->ctl->arena;
	struct finding f = { .code = "unpublished", .stage = stage, .count = 0, .since = TIME_NONE };

	f.n_lanes = lanes_with(d, stage, is_unpublished, &f.lanes);
	for (int i = 0; i < d->n_lanes; i++)
		if ((int)d->lanes[i].stage == stage && is_unpublished(d, i))
			f.count += d->lanes[i].given - d->lanes[i].acked;
	if (f.n_lanes == 0)
		return;
	f.what = arena_printf(arena, "%" PRId64 " entries of %s are committed and not at the broker: those who read them wait",
	    f.count, stage_journal((enum stage)stage));
	f.todo = arena_printf(arena, "a worker of %s publishes them when it and the broker run; where it cannot: dossierctl journal "
	    "resend %s %d", name_of(stage), name_of(stage), f.lanes[0]);
	doctor_say(d, &f);
}

/* --- peers ------------------------------------------------------------------------------- */

static struct text
peer_advice(struct arena *arena, struct text peer)
{
	static const struct { const char *name, *todo; } rows[] = {
		{ "population", "lookup.population.url" }, { "enterprise", "lookup.enterprise.url" },
		{ "objects", "verification.objects.url" }, { "payment", "fee.payment.url" }, { "post", "dispatch.post.url" },
		{ "sms", "tracking.sms.url" }, { "email", "tracking.email.url" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (text_is(peer, rows[i].name))
			return arena_printf(arena, "call whoever runs it; is the parameter %s right? Its dossiers wait and are tried "
			    "again by themselves, the others go on", rows[i].todo);
	return TEXT("call whoever runs it; its dossiers wait and are tried again by themselves");
}

/* "down NAME REASON" in two; false: it is about something else. */
static bool
split_down(struct text note, struct text *peer, struct text *reason)
{
	const char *blank;

	if (!text_has_prefix(note, "down "))
		return false;
	*peer = (struct text){ note.s + sizeof "down " - 1, note.n - (sizeof "down " - 1) };
	*reason = TEXT("");
	blank = memchr(peer->s, ' ', peer->n);
	if (blank != NULL) {
		*reason = (struct text){ blank + 1, peer->n - (size_t)(blank + 1 - peer->s) };
		peer->n = (size_t)(blank - peer->s);
	}
	return true;
}

/* One finding a peer. */
static void
check_peers(struct doctor *d, int stage)
{
	struct arena *arena = d->ctl->arena;
	struct text seen[16], one, peer, reason;
	int n = 0;

	for (int i = 0; i < d->n_lanes; i++) {
		const struct lane_row *l = &d->lanes[i];
		size_t at = 0;

		while ((int)l->stage == stage && note_next(l->note, &at, &one)) {
			bool known = false;

			if (!split_down(one, &peer, &reason))
				continue;
			for (int k = 0; k < n; k++)
				known |= text_is_equal(seen[k], peer);
			if (known || n == 16)
				continue;
			seen[n++] = peer;
			doctor_say(d, &(struct finding){ .code = "peer_down", .stage = stage, .count = INT_NONE, .since = l->note_at,
			    .what = arena_printf(arena, "%.*s does not answer %s%s%.*s", TEXT_ARG(peer), name_of(stage),
			    reason.n > 0 ? ": " : "", TEXT_ARG(reason)),
			    .todo = peer_advice(arena, peer) });
		}
	}
}

/* --- reading ------------------------------------------------------------------------------- */

static bool
is_behind(const struct doctor *d, int i)
{
	return d->lags != NULL && is_working(d, i) && d->lags[i].messages > 0 && d->lags[i].seconds > (double)d->lag_s;
}

static void
check_lag(struct doctor *d, int stage)
{
	struct finding f = { .code = "behind", .stage = stage, .count = 0, .since = TIME_NONE };

	f.n_lanes = lanes_with(d, stage, is_behind, &f.lanes);
	for (int i = 0; i < d->n_lanes; i++)
		if ((int)d->lanes[i].stage == stage && is_behind(d, i))
			f.count += d->lags[i].messages;
	if (f.n_lanes == 0)
		return;
	f.what = arena_printf(d->ctl->arena, "%s is behind by more than %" PRId64 " s: %" PRId64 " messages", name_of(stage),
	    d->lag_s, f.count);
	f.todo = arena_printf(d->ctl->arena, "look twice: dossierctl lag --stage %s; when it does not shrink, start another "
	    "dossier-%s, or read its log", name_of(stage), name_of(stage));
	doctor_say(d, &f);
}

static const struct lane_row *
writer_of(const struct doctor *d, const char *journal, int lane)
{
	enum stage stage;

	if (!stage_of_journal(text_of(journal), &stage))
		return NULL;
	for (int i = 0; i < d->n_lanes; i++)
		if (d->lanes[i].stage == stage && d->lanes[i].lane == lane)
			return &d->lanes[i];
	return NULL;
}

static void
say_gap(struct doctor *d, const struct lane_row *l, const char *topic, const struct lane_row *writer, int64_t want)
{
	struct arena *arena = d->ctl->arena;
	struct finding f = { .code = "gap", .stage = (int)l->stage, .n_lanes = 1, .lanes = &l->lane, .count = want,
	    .since = l->note_at };

	f.what = arena_printf(arena, "%s waits for entry %" PRId64 " of %s/%d, which the topic does not show", name_of(f.stage),
	    want, topic, l->lane);
	f.todo = arena_printf(arena, "dossierctl journal resend %s %d --from %" PRId64 " --yes --why 'gap'", stage_name(writer->stage),
	    l->lane, want);
	if (want > writer->given) {
		f.code = "foreign_entry";
		f.what = arena_printf(arena, "somebody has written a number into %s/%d that %s has not given; it was not taken", topic,
		    l->lane, stage_name(writer->stage));
		f.todo = TEXT("nothing is lost; find out who may write to that topic, and take the right away");
	}
	doctor_say(d, &f);
}

/*
 * Read to the end, and still not all that the broker has acknowledged: that
 * entry is not in the topic, or not where it was read.  Positions and numbers
 * are of one moment, and the ends were asked for later.
 */
static void
check_gaps(struct doctor *d, int i)
{
	const struct lane_row *l = &d->lanes[i];
	const char *const *topics = stage_topics(l->stage, &(int){ 0 });

	for (int t = 0; t < l->n_topics; t++) {
		const struct lane_row *writer = writer_of(d, topics[t], l->lane);
		struct text rest;
		bool is_gap;

		if (writer == NULL)
			continue;
		is_gap = d->lags != NULL && d->lags[i].unread[t] == 0 && l->seen[t] < writer->acked;
		if (!is_gap && says(l, "gap", &rest))
			is_gap = text_is_equal(rest, arena_printf(d->ctl->arena, " %s %" PRId64, topics[t], l->seen[t] + 1));
		if (is_gap)
			say_gap(d, l, topics[t], writer, l->seen[t] + 1);
	}
}

/* Of a journal the database has all entries; what came from outside and is gone is with its senders only. */
static struct text
gone_advice(const struct doctor *d, const struct lane_row *l, int topic, const struct lane_row *writer, int64_t first)
{
	return arena_printf(d->ctl->arena, "dossierctl topics verify (its retention); then put the lane's next_offset[%d] to %" PRId64
	    " (deploy/README.md, \"Messages are gone at the broker\"); start the worker; %s%s%s", topic + 1, first, writer != NULL ? "dossierctl journal resend " : "ask the senders to send again what has no answer",
	    writer != NULL ? stage_name(writer->stage) : "",
	    writer != NULL ? arena_printf(d->ctl->arena, " %d", l->lane).s : "");
}

static void
check_gone(struct doctor *d, int i)
{
	const struct lane_row *l = &d->lanes[i];
	const char *const *topics = stage_topics(l->stage, &(int){ 0 });

	for (int t = 0; d->lags != NULL && t < l->n_topics; t++) {
		int64_t gone = d->lags[i].gone[t];

		if (gone > 0)
			doctor_say(d, &(struct finding){ .code = "data_gone", .stage = (int)l->stage, .n_lanes = 1, .lanes = &l->lane,
			    .count = gone, .since = TIME_NONE, .what = arena_printf(d->ctl->arena, "%s/%d: %" PRId64 " messages were "
			    "deleted at the broker before %s has read them", topics[t], l->lane, gone, stage_name(l->stage)),
			    .todo = gone_advice(d, l, t, writer_of(d, topics[t], l->lane), l->next_offset[t] + gone) });
	}
}

void
doctor_lanes(struct doctor *d)
{
	for (int s = 0; s < STAGES; s++) {
		const struct lane_row *first = NULL;
		int total = lanes_of(d, s, &first);

		if (total == 0)
			continue;
		check_owners(d, s, total);
		check_pause(d, s, first);
		check_notes(d, s);
		check_unpublished(d, s);
		check_peers(d, s);
		check_lag(d, s);
	}
	for (int i = 0; i < d->n_lanes; i++) {
		check_gone(d, i);
		check_gaps(d, i);
	}
}
