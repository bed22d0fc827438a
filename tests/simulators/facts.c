/* facts - see facts.h.  Values repeat a lot, so each is kept once. */
#include "facts.h"

#include "bridge.h"
#include "table.h"

static struct table dossiers;	/* struct facts */
static struct table words;	/* struct text */
static bool is_read;

static struct text
word_keep(struct text t)
{
	struct text *kept;
	void **slot;

	if (text_is_absent(t))
		return t;
	slot = table_slot(&words, hash_text(0, t));
	if (*slot == NULL) {
		char *s = mem_new(t.n + 1, 1);

		memcpy(s, t.s, t.n);
		kept = mem_new(1, sizeof *kept);
		*kept = (struct text){ s, t.n };
		*slot = kept;
	}
	kept = *slot;
	return *kept;
}

static void
seen(const struct arrival *arrival)
{
	const struct doc_node *data;
	struct doc_error why;
	struct facts *facts;
	void **slot;

	if (!text_is(arrival->type, "vn.dossier.intake.registered.v1") ||
	    doc_parse(arrival->arena, arrival->value, NULL, &data, &why) != FAULT_NONE)
		return;
	slot = table_slot(&dossiers, hash_text(0, arrival->dossier));
	if (*slot != NULL)
		return;
	facts = mem_new(1, sizeof *facts);
	facts->procedure = word_keep(doc_get_text(data, "procedure"));
	facts->agency = word_keep(doc_get_text(data, "agency"));
	facts->source = word_keep(doc_get_text(data, "source"));
	*slot = facts;
}

void
facts_read(int64_t from)
{
	is_read = true;
	bridge_read("dossier.intake", from, seen);
}

struct facts
facts_of(struct text dossier)
{
	const struct facts *facts = table_find(&dossiers, hash_text(0, dossier));

	return facts != NULL ? *facts : (struct facts){ TEXT_NONE, TEXT_NONE, TEXT_NONE };
}

bool
facts_are_awaited(struct text dossier)
{
	return is_read && text_is_absent(facts_of(dossier).source);
}
