/* intake_store - see intake_store.h. */
#include "intake_store.h"

#include "kill_point.h"

/* --- serial numbers ------------------------------------------------------------ */

static void
block_put(struct serials *serials, const struct serial_need *needs, int n, struct text agency, int64_t day,
    int64_t next)
{
	for (int i = 0; i < n; i++)
		if (needs[i].day == day && text_is_equal(needs[i].agency, agency)) {
			serials_put(serials, agency, day, next, needs[i].n);
			return;
		}
	bug("a block of serials that nobody asked for");
}

enum fault
serials_load(struct serials *serials, struct db *db, struct arena *arena, const struct stmt *stmt,
    const struct serial_need *needs, int n, struct err *err)
{
	struct db_args *args = db_args_new(arena, 3);
	struct db_array *agency = db_put_array(args, DB_TEXT), *day = db_put_array(args, DB_INT8),
	    *count = db_put_array(args, DB_INT8);
	const struct rows *rows;

	for (int i = 0; i < n; i++) {
		db_add_text(agency, needs[i].agency);
		db_add_int8(day, needs[i].day);
		db_add_int8(count, needs[i].n);
	}
	if (db_run(db, stmt, args, &rows, err) != FAULT_NONE)
		return err->fault;
	if (rows_count(rows) != n)
		bug("%d blocks of serials for %d", rows_count(rows), n);
	for (int i = 0; i < n; i++)
		block_put(serials, needs, n, rows_text(rows, i, 0), rows_int8(rows, i, 1), rows_int8(rows, i, 2));
	kill_point(KILL_SERIAL_TAKEN);
	return FAULT_NONE;
}

/* --- salts --------------------------------------------------------------------- */

void
salts_clear(struct salts *salts)
{
	salts->n = 0;
}

struct salt *
salts_find(struct salts *salts, const uint8_t dossier[UUID_BYTES])
{
	for (int i = 0; i < salts->n; i++)
		if (memcmp(salts->list[i].dossier, dossier, UUID_BYTES) == 0)
			return &salts->list[i];
	return NULL;
}

void
salts_want(struct salts *salts, const uint8_t dossier[UUID_BYTES], bool exists)
{
	struct salt *salt = salts_find(salts, dossier);

	if (salt == NULL) {
		if (salts->n == SALTS_MAX)
			return;
		salt = &salts->list[salts->n++];
		*salt = (struct salt){ .state = SALT_NO_ROW };
		memcpy(salt->dossier, dossier, UUID_BYTES);
	}
	if (exists)
		salt->state = SALT_REMOVED;
}

enum fault
salts_load(struct salts *salts, struct db *db, struct arena *arena, const struct stmt *stmt, struct err *err)
{
	struct db_args *args;
	struct db_array *ids;
	const struct rows *rows;

	if (salts->n == 0)
		return FAULT_NONE;
	args = db_args_new(arena, 1);
	ids = db_put_array(args, DB_UUID);
	for (int i = 0; i < salts->n; i++)
		db_add_uuid(ids, salts->list[i].dossier);
	if (db_run(db, stmt, args, &rows, err) != FAULT_NONE) {
		salts->n = 0;
		return err->fault;
	}
	for (int i = 0; i < rows_count(rows); i++) {
		struct salt *salt = salts_find(salts, rows_uuid(rows, i, 0));

		if (salt == NULL || rows_text(rows, i, 1).n != SALT_BYTES)
			bug("a salt that nobody asked for, or of another size");
		memcpy(salt->salt, rows_text(rows, i, 1).s, SALT_BYTES);
		salt->state = SALT_FOUND;
	}
	return FAULT_NONE;
}
