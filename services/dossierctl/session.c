/* session - see session.h. */
#include "session.h"

#include <stdlib.h>

enum { STATEMENT_TIMEOUT_MS = 120000 };

struct session {
	struct db	*db;
	bool		prepared[SQL_DOSSIERCTL_COUNT];
};

enum fault
session_open(struct ctl *ctl, const char *role, struct session **out, struct err *err)
{
	struct db_options options = { .role = role, .application = "dossierctl",
	    .statement_timeout_ms = STATEMENT_TIMEOUT_MS };
	struct db *db;
	enum fault fault = ctl_database(ctl, &options.conninfo, err);

	if (fault == FAULT_NONE)
		fault = db_open(&options, &db, err);
	if (fault != FAULT_NONE)
		return fault;
	*out = mem_new(1, sizeof **out);
	(*out)->db = db;
	return FAULT_NONE;
}

void
session_close(struct session *session)
{
	if (session == NULL)
		return;
	db_close(session->db);
	free(session);
}

enum fault
session_run(struct session *session, int statement, struct db_args *args,
    const struct rows **out, struct err *err)
{
	enum fault fault = FAULT_NONE;

	if (!session->prepared[statement])
		fault = db_prepare(session->db, &dossierctl_sql[statement], 1, err);
	if (fault != FAULT_NONE)
		return fault;
	session->prepared[statement] = true;
	return db_run(session->db, &dossierctl_sql[statement], args, out, err);
}

enum fault
session_script(struct session *session, const char *sql, struct err *err)
{
	return db_script(session->db, sql, err);
}

struct db *
session_db(struct session *session)
{
	return session->db;
}

void
session_rollback(struct session *session)
{
	db_rollback(session->db);
}
