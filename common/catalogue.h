/*
 * catalogue - law as data: procedures, agencies and calendars in force.
 *
 * Rows of core.catalogue and core.calendar, read and compiled once and kept
 * for the process (promise 12).  Everything found here is const, lives as long
 * as the catalogue, and is chosen by the local day on which a dossier arrived;
 * from then on by the version that stands in the dossier's row.
 *
 * Days are local days since 1970-01-01; both ends of a period are in it.
 */
#ifndef CATALOGUE_H
#define CATALOGUE_H

#include "calendar.h"
#include "db.h"
#include "digest.h"
#include "doc.h"
#include "schema.h"

struct procedure {			/* thủ tục hành chính, one version of it */
	struct text		code;
	int32_t			version;
	int64_t			from_day, to_day;	/* INT64_MAX: open */
	uint8_t			digest[DIGEST_BYTES];	/* of its row */
	const struct doc_node	*body;		/* schemas/catalogue/schema/procedure.schema.json */
	const struct schema	*form;
	void			*cache;		/* a service's own reading of body, see catalogue_prepare */
};

struct agency {				/* cơ quan, bộ phận một cửa */
	struct text		code;
	int32_t			version;
	int64_t			from_day, to_day;
	uint8_t			digest[DIGEST_BYTES];
	const struct doc_node	*body;		/* schemas/catalogue/schema/agency.schema.json */
};

struct catalogue;

/*
 * Prepares its statements and reads everything.  FATAL when a row cannot be
 * used (the text names it), or when there is no procedure or no agency at all:
 * on an empty catalogue every dossier would be refused for want of law.
 */
ERR_CHECK enum fault catalogue_load(struct db *db, struct catalogue **out, struct err *err);
void catalogue_free(struct catalogue *cat);

/*
 * One small statement; loads anew when a row has changed and replaces
 * *catalogue.  What the old one handed out stays valid: the new one owns and
 * frees it.  On failure *catalogue is as it was and goes on being good.
 */
ERR_CHECK enum fault catalogue_refresh(struct db *db, struct catalogue **catalogue, struct err *err);

/* In force that day, or NULL.  Where versions overlap, the higher one. */
const struct procedure *catalogue_procedure(const struct catalogue *cat, struct text code, int64_t day);
const struct agency *catalogue_agency(const struct catalogue *cat, struct text code, int64_t day);

/* Whatever its dates, or NULL. */
const struct procedure *catalogue_procedure_version(const struct catalogue *cat, struct text code, int32_t version);

enum catalogue_when { CATALOGUE_UNKNOWN, CATALOGUE_NOT_YET, CATALOGUE_CLOSED, CATALOGUE_IN_FORCE };

/* Why there is none that day.  *edge: the day it opens, or the first day on which it was closed. */
enum catalogue_when catalogue_procedure_when(const struct catalogue *cat, struct text code, int64_t day,
    int64_t *edge);
enum catalogue_when catalogue_agency_when(const struct catalogue *cat, struct text code, int64_t day, int64_t *edge);

/* All years that are loaded. */
const struct calendar *catalogue_calendar(const struct catalogue *cat);

/* In order of code and version; NULL from the end on. */
const struct procedure *catalogue_procedure_at(const struct catalogue *cat, size_t i);
const struct agency *catalogue_agency_at(const struct catalogue *cat, size_t i);

/* Fill every procedure's cache, from an arena that lives as long as the catalogue; again after a refresh. */
void catalogue_prepare(struct catalogue *cat, void (*make)(struct procedure *procedure, struct arena *arena));

/* --- building one without a database: tests, dossierctl ----------------------- */

struct catalogue *catalogue_new(void);

/* Digests and dates are taken from the body.  PARK, and nothing added, when it cannot be used. */
ERR_CHECK enum fault catalogue_add_procedure(struct catalogue *cat, struct text json, struct err *err);
ERR_CHECK enum fault catalogue_add_agency(struct catalogue *cat, struct text json, struct err *err);
ERR_CHECK enum fault catalogue_add_calendar(struct catalogue *cat, struct text json, struct err *err);

/* After the last addition, before the first question. PARK when a code has one version twice. */
ERR_CHECK enum fault catalogue_seal(struct catalogue *cat, struct err *err);

/* --- reading a body ----------------------------------------------------------- */

/* The rule set a dossier is received under: both rows, by code, version and digest. */
void rule_set_digest(const struct procedure *procedure, const struct agency *agency, uint8_t out[DIGEST_BYTES]);

/* NULL where there is none. */
const struct doc_node *procedure_case(const struct procedure *procedure, struct text case_code);
const struct doc_node *case_component(const struct doc_node *its_case, struct text component_code);

/* Is t one of the texts in the array ("applicants", "agencies", "delivery", "kinds")? */
bool texts_hold(const struct doc_node *array, struct text t);

#endif
