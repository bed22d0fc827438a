/*
 * replay_home - see replay_home.h: the table of dossiers, and applying.
 *
 * Rows rest packed; to apply an event its dossier is unpacked into scratch
 * memory, moved on, and packed again.  Ids are digests, so their first bytes
 * are the hash.
 */
#include "replay_home.h"

#include <stdlib.h>

#include "replay_slot.h"

enum { SCRATCH_BYTES = 1 << 20, FIRST_SIZE = 1024 };

struct replay_home *
replay_home_new(const struct replay_home_options *options)
{
	struct replay_home *home = mem_new(1, sizeof *home);

	home->options = *options;
	home->scratch = arena_new(SCRATCH_BYTES);
	home->size = FIRST_SIZE;
	home->slots = mem_new(home->size, sizeof *home->slots);
	return home;
}

static void
slot_free(struct slot *slot)
{
	if (slot == NULL)
		return;
	packed_free(&slot->rebuilt);
	packed_free(&slot->stored);
	for (int f = 0; f < REPLAY_FOLDS; f++) {
		for (int i = 0; i < slot->folds[f].n; i++) {
			packed_free(&slot->folds[f].rows[i].rebuilt);
			packed_free(&slot->folds[f].rows[i].stored);
		}
		free(slot->folds[f].rows);
	}
	while (slot->early != NULL) {
		struct early *next = slot->early->next;

		free(slot->early);
		slot->early = next;
	}
	free(slot);
}

void
replay_home_free(struct replay_home *home)
{
	if (home == NULL)
		return;
	for (size_t i = 0; i < home->size; i++)
		slot_free(home->slots[i]);
	free(home->slots);
	arena_free(home->scratch);
	free(home);
}

const struct fold *
replay_home_fold(const struct replay_home *home, int fold)
{
	return home->options.folds[fold];
}

/* --- the table ----------------------------------------------------------- */

static size_t
place_of(struct slot *const *slots, size_t size, const uint8_t id[UUID_BYTES])
{
	uint64_t hash;
	size_t i;

	memcpy(&hash, id, sizeof hash);
	for (i = hash & (size - 1); slots[i] != NULL; i = (i + 1) & (size - 1))
		if (memcmp(slots[i]->id, id, UUID_BYTES) == 0)
			break;
	return i;
}

static void
grow(struct replay_home *home)
{
	size_t size = 2 * home->size;
	struct slot **slots = mem_new(size, sizeof *slots);

	for (size_t i = 0; i < home->size; i++)
		if (home->slots[i] != NULL)
			slots[place_of(slots, size, home->slots[i]->id)] = home->slots[i];
	free(home->slots);
	home->slots = slots;
	home->size = size;
}

static struct slot *
slot_of(struct replay_home *home, const uint8_t id[UUID_BYTES])
{
	size_t i;

	if (3 * home->n > 2 * home->size)
		grow(home);
	i = place_of(home->slots, home->size, id);
	if (home->slots[i] == NULL) {
		home->slots[i] = mem_new(1, sizeof **home->slots);
		memcpy(home->slots[i]->id, id, UUID_BYTES);
		home->n++;
	}
	return home->slots[i];
}

/* --- what the database has ----------------------------------------------- */

void
replay_home_stored(struct replay_home *home, const struct dossier *dos)
{
	arena_reset(home->scratch);
	row_pack(dossier_columns, dossier_n_columns, dos, home->scratch,
	    &slot_of(home, dos->id)->stored);
}

static struct fold_pair *
pair_add(struct fold_pairs *pairs)
{
	pairs->rows = mem_grow(pairs->rows, (size_t)pairs->n + 1, sizeof *pairs->rows);
	memset(&pairs->rows[pairs->n], 0, sizeof *pairs->rows);
	return &pairs->rows[pairs->n++];
}

void
replay_home_stored_row(struct replay_home *home, int fold, const void *row)
{
	const struct fold *f = home->options.folds[fold];
	const uint8_t *id = (const uint8_t *)row + f->columns[1].offset;

	arena_reset(home->scratch);
	row_pack(f->columns, f->n_columns, row, home->scratch,
	    &pair_add(&slot_of(home, id)->folds[fold])->stored);
}

/* --- applying ------------------------------------------------------------ */

static void
differ(struct replay_home *home, const struct slot *slot, const char *what, struct text journal)
{
	char uuid[UUID_TEXT_BYTES];

	uuid_to_text(slot->id, uuid);
	home->options.differ(home->options.ctx, &(struct difference){ .table = "core.dossier",
	    .key = text_of(uuid), .journal = journal, .what = what });
}

/* The pair whose text key is that of the row, in either form; or a fresh one. */
static struct fold_pair *
pair_of(struct replay_home *home, const struct fold *f, struct fold_pairs *pairs, const void *row)
{
	struct text key = *(const struct text *)(const void *)((const char *)row +
	    f->columns[0].offset);
	void *other = arena_take(home->scratch, 1, f->row_bytes);

	for (int i = 0; i < pairs->n; i++) {
		const struct fold_pair *p = &pairs->rows[i];

		row_unpack(f->columns, f->n_columns, p->rebuilt.n > 0 ? &p->rebuilt : &p->stored, other);
		if (text_is_equal(*(const struct text *)(const void *)((const char *)other +
		    f->columns[0].offset), key))
			return &pairs->rows[i];
	}
	return pair_add(pairs);
}

static enum fault
fold_event(struct replay_home *home, struct slot *slot, int fold, const struct event *event,
    struct err *err)
{
	const struct fold *f = home->options.folds[fold];
	struct fold_pairs *pairs = &slot->folds[fold];
	struct fold_rows rows = { .n = 0 };

	for (int i = 0; i < pairs->n && rows.n < FOLD_ROWS_MAX; i++) {
		if (pairs->rows[i].rebuilt.n == 0)
			continue;
		rows.row[rows.n] = arena_take(home->scratch, 1, f->row_bytes);
		row_unpack(f->columns, f->n_columns, &pairs->rows[i].rebuilt, rows.row[rows.n++]);
	}
	if (f->apply(event, &rows, home->scratch, err) != FAULT_NONE)
		return err->fault;
	for (int i = 0; i < rows.n; i++)
		if (rows.changed[i])
			row_pack(f->columns, f->n_columns, rows.row[i], home->scratch,
			    &pair_of(home, f, pairs, rows.row[i])->rebuilt);
	return FAULT_NONE;
}

/* An event that is in the chain and may not happen: said once, and its dossier ends here. */
static void
break_off(struct replay_home *home, struct slot *slot, const struct event *event, const char *why)
{
	slot->broken = true;
	differ(home, slot, why, arena_printf(home->scratch, "\"%s/%d/%lld\"",
	    stage_name(event_stage(event->type)), event->home, (long long)event->number));
}

static void
apply_event(struct replay_home *home, struct slot *slot, const struct event *event)
{
	struct dossier dos;
	struct err err;

	if (slot->rebuilt.n == 0)
		dossier_init(&dos, slot->id);
	else
		row_unpack(dossier_columns, dossier_n_columns, &slot->rebuilt, &dos);
	if (dossier_apply(&dos, event, home->scratch, &err) != FAULT_NONE) {
		break_off(home, slot, event, err.text);
		return;
	}
	row_pack(dossier_columns, dossier_n_columns, &dos, home->scratch, &slot->rebuilt);
	slot->version = dos.version;
	home->applied++;
	for (int f = 0; f < REPLAY_FOLDS; f++)
		if (home->options.folds[f]->stage == event_stage(event->type) &&
		    fold_event(home, slot, f, event, &err) != FAULT_NONE)
			break_off(home, slot, event, err.text);
}

/* --- what comes early ---------------------------------------------------- */

static void
keep_early(struct replay_home *home, struct slot *slot, const struct record *record,
    const struct event *event)
{
	struct buf buf = buf_in(home->scratch);
	struct early *early, **p = &slot->early;

	record_pack(record, &buf);
	early = mem_new(1, sizeof *early + buf.n);
	early->version = event->version;
	early->n = buf.n;
	memcpy(early->packed, buf.s, buf.n);
	while (*p != NULL && (*p)->version < early->version)
		p = &(*p)->next;
	early->next = *p;
	*p = early;
	home->waiting++;
}

/* Those whose turn has come.  They were decoded once: they decode again. */
static void
apply_early(struct replay_home *home, struct slot *slot)
{
	while (!slot->broken && slot->early != NULL && slot->early->version == slot->version + 1) {
		struct early *early = slot->early;
		struct record record;
		struct event *event;
		struct err err;

		arena_reset(home->scratch);
		if (!record_unpack((struct text){ early->packed, early->n }, &record) ||
		    event_decode(&record, home->scratch, &event, &err) != FAULT_NONE)
			bug("an event that waited cannot be read any more");
		apply_event(home, slot, event);
		slot->early = early->next;
		free(early);
		home->waiting--;
	}
}

void
replay_home_apply(struct replay_home *home, const struct record *record,
    const struct event *event)
{
	struct slot *slot;

	if (event_is_answer(event->type))
		return;
	slot = slot_of(home, event->dossier);
	if (slot->broken)
		return;
	arena_reset(home->scratch);
	if (event->version > slot->version + 1) {
		keep_early(home, slot, record, event);
		return;
	}
	apply_event(home, slot, event);
	apply_early(home, slot);
}

int64_t
replay_home_applied(const struct replay_home *home)
{
	return home->applied;
}

int64_t
replay_home_waiting(const struct replay_home *home)
{
	return home->waiting;
}
