/*
 * verification_rules - is everything there, and is it what was declared?  Pure.
 *
 * The components of a dossier are what its rounds bring together: a supplement
 * replaces or adds by code.  Only what the newest round brought is judged
 * anew; what an earlier one brought was judged then, and what was found wanting
 * with it stands in the row as missing until a supplement brings it.
 *
 * A required component that a register may replace still counts as missing
 * here; the next stage asks the register.
 */
#ifndef VERIFICATION_RULES_H
#define VERIFICATION_RULES_H

#include "catalogue.h"

enum file_state {
	FILE_DECLARED,		/* taken as declared: not fetched */
	FILE_GOOD,
	FILE_ABSENT,		/* the store does not know it */
	FILE_SIZE,		/* another size than declared */
	FILE_DIGEST,		/* other bytes than declared */
	FILE_UNREACHABLE,	/* the store did not answer: nothing is known */
	FILE_STATES
};

/* What an answer of the store says of a file; NULL digest: the answer was longer than declared. */
enum file_state file_state_of(int64_t declared_size, struct text declared_digest, uint64_t size, const uint8_t *digest);

/* Was that answer of the store about the file at all?  Everything else is a fault of the store, asked again. */
bool file_status_is_certain(int status);

/* What was sent in one round: a submission or a supplement. */
struct verification_round {
	int			round;
	const struct doc_node	*data;
};

struct verification_request {
	const struct doc_node			*its_case;	/* of the catalogue, as declared */
	const struct verification_round		*rounds;	/* oldest first; later ones than round are passed over */
	int					n_rounds;
	int					round;		/* the one to answer */
	const enum file_state			*files;		/* of that round, in order; none: all as declared */
	size_t					n_files;
	const struct doc_node			*asked;		/* codes that the officer asked for, or NULL */
};

struct verification_verdict {
	bool		is_passed;	/* nothing missing, no problem */
	struct text	missing;	/* JSON array of codes, in the order of the catalogue */
	struct text	problems;	/* JSON array of {component, file, rule, message_vi, message_en} */
};

void verification_judge(const struct verification_request *request, struct arena *arena,
    struct verification_verdict *out);

/* Files of a round in the order in which they are judged: n, or the i-th with its component. */
size_t verification_files(const struct doc_node *data);
const struct doc_node *verification_file(const struct doc_node *data, size_t i);

/* The i-th rule that has a sentence; NULL after the last. */
const char *verification_rule_name(size_t i);

#endif
