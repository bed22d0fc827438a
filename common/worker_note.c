/*
 * worker_note - why a lane does not go on, said in the database for operators.
 *
 * Looked at once a second, and written only when it has changed: a lane that
 * works says nothing.  Notes decide nothing; one of an earlier owner is void
 * by its epoch.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "log.h"
#include "worker.h"

enum { LOOK_US = 1000 * 1000, SINCE_US = 5 * 1000 * 1000, NOTE_BYTES = 400 };

/* --- composing ---------------------------------------------------------------- */

struct note {
	char	s[NOTE_BYTES];
	size_t	n;
};

static void __attribute__((format(printf, 2, 3)))
say(struct note *note, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (note->n > 0 && note->n + 3 < sizeof note->s) {
		memcpy(note->s + note->n, "; ", 3);
		note->n += 2;
	}
	va_start(ap, fmt);
	n = vsnprintf(note->s + note->n, sizeof note->s - note->n, fmt, ap);
	va_end(ap);
	note->n += n > 0 ? (size_t)n : 0;
	if (note->n >= sizeof note->s)
		note->n = sizeof note->s - 1;
}

/* "down population status 503", "down post refused" */
static void
say_peer(const struct peer *peer, struct note *note)
{
	if (peer->told_us == 0)
		say(note, "down %s", peer->name);
	else if (strcmp(peer->reason, "status") == 0)
		say(note, "down %s status %d", peer->name, peer->status);
	else
		say(note, "down %s %s", peer->name, peer->reason);
}

/* What holds all lanes of this process. */
static void
say_process(const struct worker *w, int64_t now_us, struct note *note)
{
	if (w->paused)
		say(note, "paused");
	if (w->failing_us != 0 && now_us - w->failing_us > SINCE_US)
		say(note, "failing %s: %s", w->failing.code, w->failing.op);
	if (w->full_us != 0 && now_us - w->full_us > SINCE_US)
		say(note, "full");
	for (int i = 0; i < PEERS_MAX && w->peers[i].name != NULL; i++)
		if (peer_is_down(&w->peers[i]))
			say_peer(&w->peers[i], note);
}

/* The broker has not acknowledged anything of it for a while, though there is something. */
static bool
is_unpublished(struct lane *lane, int64_t now_us)
{
	if (lane->acked == lane->state.given || lane->acked != lane->noted_acked)
		lane->acked_us = now_us;
	lane->noted_acked = lane->acked;
	return now_us - lane->acked_us > SINCE_US;
}

static void
say_lane(const struct worker *w, struct lane *lane, int64_t now_us, struct note *note)
{
	if (lane->stepping)
		say(note, "stepping");
	if (is_unpublished(lane, now_us))
		say(note, "unpublished");
	for (int k = 0; k < w->n_topics; k++)
		if (lane->gap_since_us[k] != 0 && now_us - lane->gap_since_us[k] > SINCE_US)
			say(note, "gap %s %lld", w->topics[k], (long long)lane->state.seen[k] + 1);
}

/* --- telling ------------------------------------------------------------------- */

static bool
has_changed(struct lane *lane, const struct note *note)
{
	const char *before = lane->note_epoch == lane->epoch && lane->note != NULL ? lane->note : "";

	return strcmp(before, note->s) != 0;
}

static void
remember(struct lane *lane, const struct note *note)
{
	free(lane->note);
	lane->note = mem_copy_text(note->s);
	lane->note_epoch = lane->epoch;
}

/* The notes that have changed, as arguments of lane_tell; how many they are. */
static int
collect_changed(struct worker *w, int64_t now_us, struct db_args *args)
{
	struct db_array *lanes, *epochs, *texts;
	struct note common = { .n = 0 };
	int n = 0;

	db_put_int2(args, (int)w->stage);
	lanes = db_put_array(args, DB_INT4);
	epochs = db_put_array(args, DB_INT8);
	texts = db_put_array(args, DB_TEXT);
	say_process(w, now_us, &common);
	for (int i = 0; i <= w->most_lane; i++) {
		struct lane *lane = owned_lane(w, i);
		struct note note = common;

		if (lane == NULL)
			continue;
		say_lane(w, lane, now_us, &note);
		if (!has_changed(lane, &note))
			continue;
		remember(lane, &note);
		db_add_int4(lanes, i);
		db_add_int8(epochs, lane->epoch);
		db_add_text(texts, note.n > 0 ? text_of(lane->note) : TEXT_NONE);
		n++;
	}
	return n;
}

/* It is not known what stands there: everything is written anew. */
static void
forget(struct worker *w)
{
	for (int i = 0; i <= w->most_lane; i++)
		if (owned_lane(w, i) != NULL) {
			free(w->lanes[i]->note);
			w->lanes[i]->note = mem_copy_text("?");
		}
}

void
notes_tell(struct worker *w)
{
	struct err err = { .fault = FAULT_NONE };
	struct arena *arena;
	struct db_args *args;
	int64_t now_us = clock_span_us();

	if (now_us < w->note_at_us || db_is_broken(w->db))
		return;
	w->note_at_us = now_us + LOOK_US;
	arena = arena_new_small(1024);
	args = db_args_new(arena, 4);
	if (collect_changed(w, now_us, args) > 0 &&
	    db_run(w->db, core_stmt(SQL_LANE_TELL), args, NULL, &err) != FAULT_NONE) {
		log_fault("note_unwritten", &err);
		forget(w);
	}
	arena_free(arena);
}

void
note_standing(struct worker *w, const struct lane *lane, const struct err *why)
{
	struct err err = { .fault = FAULT_NONE };
	struct note note = { .n = 0 };
	struct arena *arena;
	struct db_args *args;

	if (db_is_broken(w->db))
		return;
	arena = arena_new_small(1024);
	args = db_args_new(arena, 4);
	say(&note, "stands %s: %s", why->code, why->text);
	db_put_int2(args, (int)w->stage);
	db_add_int4(db_put_array(args, DB_INT4), lane->lane);
	db_add_int8(db_put_array(args, DB_INT8), lane->epoch);
	db_add_text(db_put_array(args, DB_TEXT), text_of(note.s));
	if (db_run(w->db, core_stmt(SQL_LANE_TELL), args, NULL, &err) != FAULT_NONE)
		log_fault("note_unwritten", &err);
	arena_free(arena);
}
