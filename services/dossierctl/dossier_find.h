/* dossier_find - the dossier that a person names by its code or its id. */
#ifndef DOSSIER_FIND_H
#define DOSSIER_FIND_H

#include "dossier.h"
#include "session.h"

/* *found is false when there is none; texts are in the command's arena. */
ERR_CHECK enum fault dossier_find(struct ctl *ctl, struct session *session, const char *word,
    struct dossier *out, bool *found, struct err *err);

#endif
