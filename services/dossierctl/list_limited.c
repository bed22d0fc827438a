/* list_limited - see table.h: lists that are one statement with a limit. */
#include "session.h"
#include "table.h"

int
list_limited(struct ctl *ctl, int statement, int64_t limit, struct table *table,
    void (*put)(struct table *table, const struct rows *rows), const char *empty)
{
	struct db_args *args = db_args_new(ctl->arena, 1);
	struct session *session = NULL;
	const struct rows *rows;
	struct err err;
	enum fault fault = session_open(ctl, "dossier_auditor", &session, &err);

	db_put_int8(args, limit);
	if (fault == FAULT_NONE)
		fault = session_run(session, statement, args, &rows, &err);
	if (fault == FAULT_NONE)
		put(table, rows);
	session_close(session);
	if (fault != FAULT_NONE)
		return ctl_fail(ctl, &err);
	table_print(table, empty);
	return CTL_YES;
}
