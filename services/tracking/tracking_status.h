/*
 * tracking_status - what an applicant can see: the snapshot on dossier.status.
 *
 * Pure: the committed row goes in, JSON and record come out.  A snapshot says
 * where a dossier stands in the ten states of the national portal; its version
 * is the row's, and readers keep the highest.  An answer says what became of
 * one message that changed nothing; it has a key of its own, so that it never
 * covers the dossier's status.
 */
#ifndef TRACKING_STATUS_H
#define TRACKING_STATUS_H

#include "dossier.h"

/* Does this event change what an applicant can see? */
bool status_is_visible(enum event_type type);

/* Does it answer a single message?  Then what the answer is called: "conflict", "unknown", "refused", "repeated". */
const char *status_answer_name(enum event_type type);

/* The value: schemas/messages/vn.dossier.status.v1.json. */
struct text status_json(const struct dossier *dos, struct arena *arena);

/* The value: schemas/messages/vn.dossier.status.answer.v1.json. */
struct text status_answer_json(const struct event *event, struct arena *arena);

/* The whole record; texts in the arena. */
void status_record(const struct dossier *dos, struct arena *arena, struct record *out);
void status_answer_record(const struct event *event, struct arena *arena, struct record *out);

#endif
