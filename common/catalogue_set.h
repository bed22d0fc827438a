/* catalogue_set - the inside of a catalogue; private to catalogue.c and catalogue_load.c. */
#ifndef CATALOGUE_SET_H
#define CATALOGUE_SET_H

#include "catalogue.h"

/* Pointers to rows of one sort; ordered by code, then version, once sealed. */
struct catalogue_rows {
	void	**row;
	size_t	n, room;
};

/* Schemas of forms: one set a form, since two versions of a procedure may keep one $id. */
struct catalogue_form {
	struct schema_set	*set;
	struct catalogue_form	*next;
};

struct catalogue {
	struct arena		*arena;
	struct catalogue_rows	procedures, agencies;
	struct catalogue_form	*forms;
	struct calendar		*calendar;
	struct catalogue	*before;	/* the one it replaced: its rows may still be held */
	uint8_t			mark[DIGEST_BYTES];	/* over the digests of all rows */
	bool			sealed;
};

#endif
