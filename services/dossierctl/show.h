/* show - one dossier as show prints it, of now or of an earlier moment. */
#ifndef SHOW_H
#define SHOW_H

#include "belongings.h"

void show_print(struct ctl *ctl, const struct dossier *dos, const struct belongings *belongings);

#endif
