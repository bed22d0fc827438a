/*
 * intake_store - what intake takes from the database before it decides.
 *
 * Serial numbers of dossier codes, in blocks, by a short transaction of its
 * own; and the salts of first contents, with which a repeat is told from a
 * conflict.
 */
#ifndef INTAKE_STORE_H
#define INTAKE_STORE_H

#include "db.h"
#include "intake_code.h"

/* One block for each need, as serials_short has ordered them. */
ERR_CHECK enum fault serials_load(struct serials *serials, struct db *db, struct arena *arena, const struct stmt *stmt,
    const struct serial_need *needs, int n, struct err *err);

enum { SALTS_MAX = 512 };

struct salt {
	uint8_t	dossier[UUID_BYTES];
	uint8_t	salt[SALT_BYTES];
	enum { SALT_NO_ROW, SALT_REMOVED, SALT_FOUND } state;
};

/* Of the dossiers that repeats wait for in this turn. */
struct salts {
	struct salt	list[SALTS_MAX];
	int		n;
};

void salts_clear(struct salts *salts);

/* exists: the dossier is known to be there, so that no content means that it was removed. What does not fit waits. */
void salts_want(struct salts *salts, const uint8_t dossier[UUID_BYTES], bool exists);

/* On failure there are none. */
ERR_CHECK enum fault salts_load(struct salts *salts, struct db *db, struct arena *arena, const struct stmt *stmt,
    struct err *err);

/* NULL when it was not wanted. */
struct salt *salts_find(struct salts *salts, const uint8_t dossier[UUID_BYTES]);

#endif
