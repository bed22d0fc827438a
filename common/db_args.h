/* db_args - the inside of parameters; private to db.c and db_args.c. */
#ifndef DB_ARGS_H
#define DB_ARGS_H

#include "buf.h"
#include "db.h"

/* PostgreSQL counts from 2000-01-01. */
#define PG_EPOCH_US (INT64_C(946684800) * SECOND_US)
#define PG_EPOCH_DAYS 10957

struct db_args {
	struct arena	*arena;
	int		n, n_max;
	const char	**values;
	int		*lengths;
	int		*formats;
};

struct db_array {
	struct db_args	*args;
	int		index;		/* of its parameter */
	enum db_type	type;
	struct buf	buf;
	int32_t		n;
	bool		has_null;
};

#endif
