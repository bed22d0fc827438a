/*
 * facts - what dossier.intake says about a dossier, for whoever acts later.
 *
 * Only with --intake.  Without it, or before the registration has been read,
 * everything is absent.
 */
#ifndef FACTS_H
#define FACTS_H

#include "text.h"

struct facts {
	struct text	procedure, agency, source;
};

void facts_read(int64_t from);

struct facts facts_of(struct text dossier);

/* With --intake: its registration has not been read yet, as after a start, when all journals are read anew. */
bool facts_are_awaited(struct text dossier);

#endif
