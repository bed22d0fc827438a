/* list_command - what other commands about dossiers share with list. */
#ifndef LIST_COMMAND_H
#define LIST_COMMAND_H

#include "dossier.h"

/* A local date, or RFC 3339. */
bool since_read(const char *text, time_us *out);

/* The last stage before tracking that has done something for it. */
enum stage furthest_stage(const struct dossier *dos);

#endif
