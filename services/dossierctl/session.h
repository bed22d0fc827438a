/*
 * session - a connection of one command, under the role that the command needs.
 *
 * Statements are those of dossierctl.sql; each is prepared when it is first
 * used, because a fresh database has not the tables of all of them.
 */
#ifndef SESSION_H
#define SESSION_H

#include "ctl.h"
#include "db.h"
#include "dossierctl_sql.h"

struct session;

/* role: "dossier_auditor" and so on; what the connection string names stands before it. */
ERR_CHECK enum fault session_open(struct ctl *ctl, const char *role, struct session **out,
    struct err *err);
void session_close(struct session *session);

/* One of SQL_…; rows die with the next call. args and out may be NULL. */
ERR_CHECK enum fault session_run(struct session *session, int statement, struct db_args *args,
    const struct rows **out, struct err *err);

/* Text with several statements, as migrations have. */
ERR_CHECK enum fault session_script(struct session *session, const char *sql, struct err *err);

/* The connection itself, for modules of common/ that bring their own statements. */
struct db *session_db(struct session *session);

/* Gives up the open transaction. */
void session_rollback(struct session *session);

#endif
