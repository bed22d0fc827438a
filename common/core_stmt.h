/* core_stmt - the statements of core.sql, by number; the table stands in core_stmt.c. */
#ifndef CORE_STMT_H
#define CORE_STMT_H

#include "db.h"

#ifndef CORE_STMT_TABLE
#define SQL_ENUM_ONLY
#include "core_sql.h"
#undef SQL_ENUM_ONLY
#endif

const struct stmt *core_stmt(int number);
ERR_CHECK enum fault core_prepare(struct db *db, struct err *err);

#endif
