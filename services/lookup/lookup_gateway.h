/*
 * lookup_gateway - how the registers are spoken to.  Pure: texts in, texts out.
 *
 * The population register (CSDL quốc gia về dân cư) and the enterprise
 * register (CSDL quốc gia về đăng ký doanh nghiệp) answer through the
 * government's service bus.  Every request says who asks, for which dossier,
 * why and on what basis (Decree 47/2020, Art. 24, 35).
 */
#ifndef LOOKUP_GATEWAY_H
#define LOOKUP_GATEWAY_H

#include "lookup_rules.h"

/* Of the dossier that is asked for. */
struct lookup_caller {
	struct text	dossier;	/* its id */
	struct text	procedure, agency;
	const char	*integration, *application;	/* who we are */
};

/* Unique for (dossier, round, registry, subject); a repeat has the same. */
struct text lookup_request_id(struct arena *arena, struct text dossier, int round,
    const struct lookup_question *question);

/* The body of TraCuuThongTinCongDan. */
struct text population_request(struct arena *arena, const struct lookup_caller *caller, struct text request_id,
    const struct lookup_question *question);

/* Path and query of ChiTietDoanhNghiep; and its headers, "Name: value", NULL at the end. */
struct text enterprise_path(struct arena *arena, const struct lookup_question *question);
void enterprise_headers(struct arena *arena, const struct lookup_caller *caller, struct text request_id,
    const struct lookup_question *question, const char *headers[6]);

/*
 * Reads an answer of status 200 and compares.  False when it is no answer to
 * the question (no JSON, another shape, an error code, somebody else's
 * record): then the register is to be asked again.
 */
bool population_answer(struct arena *arena, const struct lookup_question *question, struct text body,
    struct lookup_answer *answer);
bool enterprise_answer(struct arena *arena, const struct lookup_question *question, struct text body,
    struct lookup_answer *answer);

/* Is it JSON at all, or the page of somebody on the way? */
bool lookup_is_document(struct arena *arena, struct text body);

#endif
