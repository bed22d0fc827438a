/*
 * catalogue_body - reading what a row of the catalogue says; see catalogue.h.
 */
#include <stdio.h>

#include "catalogue.h"

static void
put_row(struct digest *digest, const char *kind, struct text code, int32_t version, const uint8_t *row)
{
	char number[16];
	int n = snprintf(number, sizeof number, "%d", version);

	digest_lp(digest, text_of(kind));
	digest_lp(digest, code);
	digest_lp(digest, (struct text){ number, (size_t)n });
	digest_lp(digest, (struct text){ (const char *)row, DIGEST_BYTES });
}

void
rule_set_digest(const struct procedure *procedure, const struct agency *agency, uint8_t out[DIGEST_BYTES])
{
	struct digest *digest = digest_new();

	digest_begin(digest);
	put_row(digest, "procedure", procedure->code, procedure->version, procedure->digest);
	put_row(digest, "agency", agency->code, agency->version, agency->digest);
	digest_end(digest, out);
	digest_free(digest);
}

static const struct doc_node *
with_code(const struct doc_node *array, struct text code)
{
	if (code.n == 0)
		return NULL;
	for (struct doc_iter it = doc_iter(array); doc_next(&it); )
		if (text_is_equal(doc_get_text(it.value, "code"), code))
			return it.value;
	return NULL;
}

const struct doc_node *
procedure_case(const struct procedure *procedure, struct text case_code)
{
	return with_code(doc_get(procedure->body, "cases"), case_code);
}

const struct doc_node *
case_component(const struct doc_node *its_case, struct text component_code)
{
	return with_code(doc_get(its_case, "components"), component_code);
}

bool
texts_hold(const struct doc_node *array, struct text t)
{
	if (text_is_absent(t))
		return false;
	for (struct doc_iter it = doc_iter(array); doc_next(&it); )
		if (text_is_equal(doc_text(it.value), t))
			return true;
	return false;
}
