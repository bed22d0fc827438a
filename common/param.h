/*
 * param - configuration from one table of rows that documents itself.
 *
 * A row gives name, type, default, limits and meaning; the same rows read the
 * file, the environment and the arguments, print --help and the sample file.
 * Precedence: argument, environment, file, default.  Names are dotted lower
 * case ("database", "fee.url"); the environment has them upper case with
 * underscores and a prefix ("DOSSIER_FEE_URL"), arguments as --fee.url=VALUE.
 *
 * The file has lines `name = value`, `#` begins a comment at the start of a
 * line or after a blank; "double" quotes know \" \\ \n, 'single' ones nothing.
 * Numbers may carry a unit of the row's kind: ms, s, m, h; KiB, MiB, GiB.  An
 * empty variable counts as not set.
 */
#ifndef PARAM_H
#define PARAM_H

#include <stdint.h>
#include <stdio.h>

#include "err.h"
#include "text.h"

enum param_type { PARAM_TEXT, PARAM_SECRET, PARAM_INT, PARAM_BOOL };

struct param {
	const char	*name;
	enum param_type	type;
	void		*target;	/* const char **, int64_t * or bool * */
	const char	*fallback;	/* the default, as text; NULL: must be given */
	int64_t		least, most;	/* of PARAM_INT; both 0: any number */
	const char	*unit;		/* "ms", "s", "bytes"; NULL for none */
	const char	*doc;		/* one sentence */
};

/* Names that go through to a library unread: "kafka.consumer.fetch.wait.max.ms". */
struct param_pass {
	char	*name;
	char	*value;
	struct param_pass *next;
};

struct param_value;	/* param_value.h */

struct param_set {
	const char		*program;	/* "dossier-fee" */
	const char		*summary;	/* first line of --help */
	const struct param	*tables[6];	/* each ended by a row without name */
	struct param_pass	*pass;		/* kafka.*, in order */
	char			*file;		/* --config FILE or DOSSIER_CONFIG, or NULL */
	bool			operands;	/* in: arguments after the options are allowed */
	int			operand;	/* out: index of the first of them in argv; argc if none */
	struct param_value	*values;	/* what loading allocated; private */
};

/*
 * Fills every target.  PARAM_SECRET also accepts NAME_FILE (environment) or
 * @path (value; @@ is a plain @).  FAULT_FATAL names the parameter, where it
 * came from (file and line, variable, argument), what is wrong and what is
 * allowed; then nothing has changed.  No message contains a secret.
 * A key of another service ("dispatch.url" for dossier-fee) is accepted in
 * the shared file and ignored.  What would break a promise of the design
 * ("kafka.enable.auto.commit") is refused with the reason.
 * *help is set when --help, --version or --print-config was asked: the answer
 * has been printed and the program should end with 0.
 */
ERR_CHECK enum fault param_load(struct param_set *set, int argc, char **argv, bool *help, struct err *err);

/* Frees what loading allocated (values too). */
void param_done(struct param_set *set);

/* The generated reference: a Markdown table of the rows; and a sample file. */
void param_write_reference(const struct param_set *set, FILE *out);
void param_write_sample(const struct param_set *set, FILE *out);

#endif
