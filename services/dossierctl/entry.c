/* entry - see entry.h. */
#include "entry.h"

#include "journal.h"

/* Steps through a block to its k-th entry. */
static bool
block_entry(struct text entries, int64_t k, struct text *packed)
{
	size_t at = 0;

	do {
		if (!journal_unpack(entries, &at, packed))
			return false;
	} while (k-- > 0);
	return true;
}

enum fault
entry_read(struct ctl *ctl, struct session *session, enum stage stage, int lane, int64_t number,
    struct entry *out, struct err *err)
{
	struct db_args *args = db_args_new(ctl->arena, 3);
	const struct rows *rows;
	struct text packed;
	enum fault fault;

	db_put_int2(args, (int)stage);
	db_put_int4(args, lane);
	db_put_int8(args, number);
	fault = session_run(session, SQL_BLOCK_OF, args, &rows, err);
	if (fault != FAULT_NONE)
		return fault;
	if (rows_count(rows) == 0 || rows_int8(rows, 0, 0) > number ||
	    !block_entry(rows_text(rows, 0, 2), number - rows_int8(rows, 0, 0), &packed) ||
	    !record_unpack(arena_text(ctl->arena, packed), &out->record))
		return err_set(err, FAULT_PARK, "read a journal entry", "missing",
		    "core.journal does not hold %s/%d/%lld", stage_name(stage), lane,
		    (long long)number);
	return event_decode(&out->record, ctl->arena, &out->event, err);
}

bool
cause_is_entry(struct text cause, enum stage *stage, int *lane, int64_t *number)
{
	const char *first = cause.n > 0 ? memchr(cause.s, '/', cause.n) : NULL, *second;
	size_t n = first != NULL ? (size_t)(first - cause.s) : 0;
	int64_t partition;

	if (n == 0 || !stage_find((struct text){ cause.s, n }, stage))
		return false;
	second = memchr(first + 1, '/', cause.n - n - 1);
	if (second == NULL || !text_to_int64((struct text){ first + 1,
	    (size_t)(second - first - 1) }, &partition) || partition < 0 || partition > INT32_MAX)
		return false;
	*lane = (int)partition;
	return text_to_int64((struct text){ second + 1,
	    (size_t)(cause.s + cause.n - second - 1) }, number);
}
