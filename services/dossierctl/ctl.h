/*
 * ctl - what every command of dossierctl shares.
 *
 * A command is a row of a table: its words, its help, its options and a
 * function.  The frame reads the options, prints help, and hands the function
 * a context; the function answers with an exit status.
 */
#ifndef CTL_H
#define CTL_H

#include "err.h"
#include "mem.h"

/* The exit status of every command. */
enum {
	CTL_YES = 0,	/* done; equal; nothing to complain of */
	CTL_NO = 1,	/* a negative result: different, refused, not found */
	CTL_CANNOT = 2	/* the question could not be answered: usage, database, broker */
};

enum option_kind { OPTION_FLAG, OPTION_TEXT, OPTION_INT };

struct option_row {
	const char		*name;		/* without dashes; NULL ends the table */
	enum option_kind	kind;
	void			*target;	/* bool *, const char ** or int64_t * */
	const char		*value;		/* what help calls the value; NULL for a flag */
	const char		*doc;
	int64_t			least, most;	/* of OPTION_INT */
};

struct ctl {
	struct arena		*arena;		/* as long as the command */
	const struct command	*command;
	const char		*database;	/* as given; see ctl_database */
	const char		*broker;
	const char		*schemas;
	bool			json;
	bool			colour;
	char			**words;	/* what is no option */
	int			n_words;
};

struct command {
	const char		*path;		/* "db migrate" */
	const char		*arguments;	/* "FILE…", or "" */
	const char		*summary;	/* one line */
	const char		*about;		/* paragraphs, or NULL */
	const char		*examples;	/* lines */
	const char		*exits;		/* what 0, 1 and 2 mean here, where it is special */
	const struct option_row	*options;	/* or NULL */
	int			words_min, words_max;
	int			(*run)(struct ctl *ctl);
};

/* Says what failed on standard error and gives CTL_CANNOT. */
int ctl_fail(const struct ctl *ctl, const struct err *err);
int ctl_usage(const struct ctl *ctl, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void ctl_note(const struct ctl *ctl, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * Where things are: option, environment (DATABASE, BROKER, DOSSIER_SCHEMAS),
 * then what a local start left in .state, or schemas here or where they are
 * installed.  FAULT_FATAL says where was looked.
 */
ERR_CHECK enum fault ctl_database(struct ctl *ctl, const char **out, struct err *err);
ERR_CHECK enum fault ctl_broker(struct ctl *ctl, const char **out, struct err *err);
ERR_CHECK enum fault ctl_schemas(struct ctl *ctl, const char **out, struct err *err);

#endif
