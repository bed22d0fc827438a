/*
 * catalogue_files - schemas/catalogue, read and checked before anything is loaded.
 */
#ifndef CATALOGUE_FILES_H
#define CATALOGUE_FILES_H

#include "ctl.h"
#include "digest.h"
#include "doc.h"
#include "table.h"

enum file_kind { FILE_AGENCY, FILE_PROCEDURE, FILE_CALENDAR, FILE_KINDS };

struct catalogue_file {
	enum file_kind		kind;
	const char		*path;		/* below schemas/catalogue */
	struct text		bytes;		/* exact; what is loaded and digested */
	uint8_t			digest[DIGEST_BYTES];
	const struct doc_node	*body;		/* NULL when it is no JSON */
	struct text		code;		/* the year of a calendar */
	int64_t			version;	/* 1 where the file names none */
	int64_t			from_day, to_day;	/* INT_NONE: open */
};

struct catalogue_files {
	struct ctl		*ctl;
	struct catalogue_file	*list;		/* agencies, procedures, calendars */
	int			n;
	struct table		*problems;	/* one row each */
};

/* "agency", "procedure", "calendar": as in the database. */
const char *file_kind_name(enum file_kind kind);

/*
 * Reads every file and collects every problem: JSON, schema, and what only
 * shows between the files.  A fault is about reading, not about contents.
 */
ERR_CHECK enum fault catalogue_files_read(struct ctl *ctl, struct catalogue_files *out,
    struct err *err);

/* The rules between files and within one that no schema says; see catalogue_check.c. */
void catalogue_check(struct catalogue_files *files);

/* One more problem; message is printf-like. */
void catalogue_problem(struct catalogue_files *files, const struct catalogue_file *file,
    const char *pointer, const char *rule, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

#endif
