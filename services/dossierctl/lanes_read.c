/* lanes_read - see lanes_read.h. */
#include "lanes_read.h"

#include "buf.h"

/* Columns of SQL_LANES, in order. */
enum { STAGE, NAME, LANE, EPOCH, OWNER, OWNER_VERSION, CLAIMED, UNCLEAN, STEP_NOTE, TOPICS,
    NEXT_OFFSET, READ_TO, GIVEN, ACKED, TAKEN, GIVEN_HASH = TAKEN + COUNTS, SEEN, ALIVE, NOTE, NOTE_AT,
    PAUSED, PAUSED_BY, PAUSED_WHY, STUCK };

/* Workers of a release before say nothing of themselves: then what they have read and claimed tells. */
static time_us
last_sign(const struct lane_row *l, time_us alive_at)
{
	time_us last = alive_at != TIME_NONE && alive_at > l->claimed_at ? alive_at : l->claimed_at;

	for (int t = 0; t < l->n_topics; t++)
		if (l->read_to[t] > last)
			last = l->read_to[t];
	return last;
}

static enum fault
row_read(const struct rows *rows, int i, struct arena *arena, struct lane_row *out,
    struct err *err)
{
	out->stage = (enum stage)rows_int4(rows, i, STAGE);
	out->lane = rows_int4(rows, i, LANE);
	(void)stage_topics(out->stage, &out->n_topics);
	if (rows_int4(rows, i, TOPICS) != out->n_topics)
		return err_set(err, FAULT_PARK, "read the lanes", NULL, "%s/%d was made for %d topics, "
		    "its stage has %d: dossierctl topics verify", stage_name(out->stage), out->lane,
		    rows_int4(rows, i, TOPICS), out->n_topics);
	out->epoch = rows_int8(rows, i, EPOCH);
	out->owner = arena_text(arena, rows_text(rows, i, OWNER));
	out->owner_version = arena_text(arena, rows_text(rows, i, OWNER_VERSION));
	out->claimed_at = rows_time(rows, i, CLAIMED);
	out->unclean = rows_int4(rows, i, UNCLEAN);
	out->step_note = arena_text(arena, rows_text(rows, i, STEP_NOTE));
	rows_int8s(rows, i, NEXT_OFFSET, out->next_offset, out->n_topics);
	rows_int8s(rows, i, READ_TO, out->read_to, out->n_topics);
	out->given = rows_int8(rows, i, GIVEN);
	out->acked = rows_int8(rows, i, ACKED);
	for (int c = 0; c < COUNTS; c++)
		out->counts[c] = rows_int8(rows, i, TAKEN + c);
	out->given_hash = arena_text(arena, rows_text(rows, i, GIVEN_HASH));
	rows_int8s(rows, i, SEEN, out->seen, out->n_topics);
	out->alive_at = last_sign(out, rows_time(rows, i, ALIVE));
	out->note = arena_text(arena, rows_text(rows, i, NOTE));
	out->note_at = rows_time(rows, i, NOTE_AT);
	out->paused_at = rows_time(rows, i, PAUSED);
	out->paused_by = arena_text(arena, rows_text(rows, i, PAUSED_BY));
	out->paused_why = arena_text(arena, rows_text(rows, i, PAUSED_WHY));
	out->stuck = rows_int4(rows, i, STUCK);
	return FAULT_NONE;
}

enum fault
lanes_read(struct ctl *ctl, struct lane_row **out, int *n, struct err *err)
{
	struct session *session;
	const struct rows *rows;
	enum fault fault = session_open(ctl, "dossier_auditor", &session, err);

	if (fault != FAULT_NONE)
		return fault;
	fault = session_run(session, SQL_LANES, NULL, &rows, err);
	*n = fault == FAULT_NONE ? rows_count(rows) : 0;
	*out = ARENA_ARRAY(ctl->arena, struct lane_row, (size_t)*n + 1);
	for (int i = 0; i < *n && fault == FAULT_NONE; i++)
		fault = row_read(rows, i, ctl->arena, &(*out)[i], err);
	session_close(session);
	return fault;
}

/* --- why it does not go on --------------------------------------------------------- */

bool
lane_is_silent(const struct lane_row *l, time_us now)
{
	return !text_is_absent(l->owner) && now - l->alive_at > LANE_SILENT_S * SECOND_US;
}

static void
because(struct buf *buf, struct text what)
{
	buf_puts(buf, buf->n > 0 ? "; " : "");
	buf_text(buf, what);
}

struct text
lane_because(struct arena *arena, const struct lane_row *l, time_us now)
{
	struct buf buf = buf_in(arena);
	struct text one;
	size_t at = 0;

	if (text_is_absent(l->owner))
		because(&buf, TEXT("no owner"));
	else if (lane_is_silent(l, now))
		because(&buf, arena_printf(arena, "its owner is silent for %lld s",
		    (long long)((now - l->alive_at) / SECOND_US)));
	if (l->paused_at != TIME_NONE)
		because(&buf, arena_printf(arena, "paused by %.*s: %.*s", TEXT_ARG(l->paused_by),
		    TEXT_ARG(l->paused_why)));
	while (note_next(l->note, &at, &one))
		if (!text_is(one, "paused"))
			because(&buf, one);
	if (l->stuck > 1)
		because(&buf, arena_printf(arena, "its workers ended here %d times in a row", l->stuck));
	return buf.n > 0 ? buf_get(&buf) : TEXT_NONE;
}
