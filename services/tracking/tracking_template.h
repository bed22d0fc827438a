/*
 * tracking_template - the words of the notices; data for tracking_notice.c.
 *
 * {name} is replaced by a fact: code, procedure, agency, received, accepted,
 * due, until, amount, phi, le_phi, order, missing, reason, citation, result,
 * slip, officer, item.
 */
#ifndef TRACKING_TEMPLATE_H
#define TRACKING_TEMPLATE_H

#include "tracking_notice.h"

struct template {
	const char	*name;
	const char	*subject_vi, *subject_en;
	const char	*text_vi, *text_en;
	bool		is_end;		/* ends the case for the applicant */
};

extern const struct template templates[NOTICES];

/* Reasons by code, in words for applicants; NULL for one that only the agency knows. */
struct reason {
	const char	*code, *vi, *en;
};

const struct reason *reason_find(struct text code);

#endif
