/* core_stmt - see core_stmt.h. */
#define CORE_STMT_TABLE
#include "core_stmt.h"

#include "core_sql.h"

const struct stmt *
core_stmt(int number)
{
	return &core_sql[number];
}

enum fault
core_prepare(struct db *db, struct err *err)
{
	return db_prepare(db, core_sql, SQL_CORE_COUNT, err);
}
