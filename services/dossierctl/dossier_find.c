/* dossier_find - see dossier_find.h. */
#include "dossier_find.h"

enum fault
dossier_find(struct ctl *ctl, struct session *session, const char *word, struct dossier *out,
    bool *found, struct err *err)
{
	struct db_args *args = db_args_new(ctl->arena, 2);
	uint8_t id[UUID_BYTES];
	const struct rows *rows;
	enum fault fault;

	db_put_text(args, text_of(word));
	db_put_uuid(args, uuid_from_text(text_of(word), id) ? id : NULL);
	fault = session_run(session, SQL_DOSSIER_FIND, args, &rows, err);
	if (fault != FAULT_NONE)
		return fault;
	*found = rows_count(rows) > 0;
	if (*found)
		columns_get(rows, 0, 0, dossier_columns, dossier_n_columns, ctl->arena, out);
	return FAULT_NONE;
}
