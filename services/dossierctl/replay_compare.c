/*
 * replay_compare - what the journals say against what the database has.
 *
 * Both directions: a row that only one side knows is a difference as a whole;
 * a row that both know differs column by column.
 */
#include "replay_slot.h"

/* One kind of row and how it is called. */
struct sort {
	const char		*table;
	const struct column	*columns;
	int			n;
	size_t			bytes;
	int			key;		/* column that names a row */
};

static struct text
written(struct arena *arena, const struct column *column, const void *row)
{
	struct buf buf = buf_in(arena);

	column_write(column, row, &buf);
	return buf_get(&buf);
}

/* A row's name without the quotes of JSON. */
static struct text
key_of(struct arena *arena, const struct sort *sort, const void *row)
{
	struct text json = written(arena, &sort->columns[sort->key], row);

	return json.n >= 2 && json.s[0] == '"' ? (struct text){ json.s + 1, json.n - 2 } : json;
}

static void *
unpacked(struct arena *arena, const struct sort *sort, const struct packed *packed)
{
	void *row = arena_take(arena, 1, sort->bytes);

	row_unpack(sort->columns, sort->n, packed, row);
	return row;
}

static void
compare_columns(struct replay_home *home, const struct sort *sort, const void *rebuilt,
    const void *stored)
{
	struct arena *arena = home->scratch;

	for (int c = 0; c < sort->n; c++) {
		const struct column *column = &sort->columns[c];

		if (columns_differ(column, 1, rebuilt, stored) == NULL)
			continue;
		home->options.differ(home->options.ctx, &(struct difference){ .table = sort->table,
		    .key = key_of(arena, sort, rebuilt), .column = column->name,
		    .journal = written(arena, column, rebuilt),
		    .database = written(arena, column, stored), .what = "the values differ" });
	}
}

static void
compare_row(struct replay_home *home, const struct sort *sort, const struct packed *rebuilt,
    const struct packed *stored)
{
	struct arena *arena = home->scratch;

	if (packed_equal(rebuilt, stored))
		return;
	arena_reset(arena);
	if (rebuilt->n > 0 && stored->n > 0) {
		compare_columns(home, sort, unpacked(arena, sort, rebuilt), unpacked(arena, sort, stored));
		return;
	}
	home->options.differ(home->options.ctx, &(struct difference){ .table = sort->table,
	    .key = key_of(arena, sort, unpacked(arena, sort, rebuilt->n > 0 ? rebuilt : stored)),
	    .journal = rebuilt->n > 0 ? TEXT("true") : TEXT_NONE,
	    .database = stored->n > 0 ? TEXT("true") : TEXT_NONE,
	    .what = rebuilt->n > 0 ? "the journals tell of it, the database has it not" :
	    "the database has it, no journal tells of it" });
}

/* Events whose turn never came: a version is missing before them. */
static void
compare_early(struct replay_home *home, const struct slot *slot)
{
	char uuid[UUID_TEXT_BYTES];

	arena_reset(home->scratch);
	uuid_to_text(slot->id, uuid);
	home->options.differ(home->options.ctx, &(struct difference){ .table = "core.dossier",
	    .key = text_of(uuid), .column = "version",
	    .journal = arena_printf(home->scratch, "%d", slot->early->version),
	    .what = arena_printf(home->scratch, "no journal has the event of version %d, but one of "
	    "version %d is there", slot->version + 1, slot->early->version).s });
}

static void
compare_slot(struct replay_home *home, const struct slot *slot)
{
	static const struct sort dossiers = { "core.dossier", NULL, 0, sizeof(struct dossier), 0 };
	struct sort sort = dossiers;

	if (slot->broken)
		return;
	if (slot->early != NULL) {
		compare_early(home, slot);
		return;
	}
	sort.columns = dossier_columns;
	sort.n = dossier_n_columns;
	compare_row(home, &sort, &slot->rebuilt, &slot->stored);
	for (int f = 0; f < REPLAY_FOLDS; f++) {
		const struct fold *fold = home->options.folds[f];

		sort = (struct sort){ fold->table, fold->columns, fold->n_columns, fold->row_bytes, 0 };
		for (int i = 0; i < slot->folds[f].n; i++)
			compare_row(home, &sort, &slot->folds[f].rows[i].rebuilt,
			    &slot->folds[f].rows[i].stored);
	}
}

void
replay_home_compare(struct replay_home *home)
{
	for (size_t i = 0; i < home->size; i++)
		if (home->slots[i] != NULL)
			compare_slot(home, home->slots[i]);
}

int64_t
replay_home_dossiers(const struct replay_home *home)
{
	int64_t n = 0;

	for (size_t i = 0; i < home->size; i++)
		n += home->slots[i] != NULL && home->slots[i]->rebuilt.n > 0;
	return n;
}

int64_t
replay_home_rows(const struct replay_home *home)
{
	int64_t n = 0;

	for (size_t i = 0; i < home->size; i++)
		for (int f = 0; home->slots[i] != NULL && f < REPLAY_FOLDS; f++)
			for (int k = 0; k < home->slots[i]->folds[f].n; k++)
				n += home->slots[i]->folds[f].rows[k].rebuilt.n > 0;
	return n;
}
