/* lanes_read - see lanes_read.h. */
#include "lanes_read.h"

/* Columns of SQL_LANES, in order. */
enum { STAGE, NAME, LANE, EPOCH, OWNER, OWNER_VERSION, CLAIMED, UNCLEAN, STEP_NOTE, TOPICS,
    NEXT_OFFSET, READ_TO, GIVEN, ACKED, TAKEN, GIVEN_HASH = TAKEN + COUNTS };

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
