/*
 * load_mix - what portals send in the bench's mixes: the n-th dossier is the
 * same in every run, so that two runs differ in nothing but time.
 */
#ifndef LOAD_MIX_H
#define LOAD_MIX_H

#include "buf.h"

struct mix {
	bool	full;		/* not plain: paid, posted, supplemented */
	int	enterprise;	/* so many of a hundred ask the register of enterprises */
};

/* Does the n-th dossier ask the register of enterprises?  The others never do. */
bool mix_asks_enterprise(const struct mix *mix, int64_t n);

/* The data of its submission, in the arena. */
struct text mix_submission(const struct mix *mix, int64_t n, struct arena *arena);

/* How a malformed message is wrong; they take turns.  The nameless one becomes a dead letter, the others are refused. */
enum mix_wrong { WRONG_TORN, WRONG_NAMELESS, WRONG_CONTRACT, WRONG_NOISE, WRONGS };

/* Its data; WRONG_NAMELESS has good ones, and lacks its ce_type. */
struct text mix_malformed(const struct mix *mix, enum mix_wrong wrong, int64_t n, struct arena *arena);

#endif
