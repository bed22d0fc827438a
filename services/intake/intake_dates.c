/* intake_dates - see intake_dates.h. */
#include "intake_dates.h"

#include "calendar.h"

/* --- finding the places -------------------------------------------------------- */

struct search {
	const struct doc_node	*schema;
	struct date_places	*out;
	struct date_place	at;
	int			visits;		/* references may go in circles */
};

enum { VISITS_MAX = 4096 };

static bool
place_is_known(const struct date_places *places, const struct date_place *place)
{
	for (int i = 0; i < places->n; i++) {
		const struct date_place *known = &places->place[i];
		int same = 0;

		while (known->n == place->n && same < place->n && text_is_equal(known->step[same], place->step[same]))
			same++;
		if (known->n == place->n && same == place->n)
			return true;
	}
	return false;
}

static void visit(struct search *search, const struct doc_node *node);

static void
visit_under(struct search *search, struct text step, const struct doc_node *node)
{
	if (search->at.n == DATE_DEPTH_MAX)
		return;
	search->at.step[search->at.n++] = step;
	visit(search, node);
	search->at.n--;
}

static void
visit_alternatives(struct search *search, const struct doc_node *node)
{
	static const char *const lists[] = { "allOf", "anyOf", "oneOf" }, *const single[] = { "if", "then", "else" };

	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		for (struct doc_iter it = doc_iter(doc_get(node, lists[i])); doc_next(&it); )
			visit(search, it.value);
	for (size_t i = 0; i < sizeof single / sizeof *single; i++)
		visit(search, doc_get(node, single[i]));
}

static void
visit(struct search *search, const struct doc_node *node)
{
	struct text ref = doc_get_text(node, "$ref");

	if (doc_kind(node) != DOC_OBJECT || search->visits++ > VISITS_MAX)
		return;
	if (text_is(doc_get_text(node, "x-date"), "past") && search->out->n < DATE_PLACES_MAX &&
	    !place_is_known(search->out, &search->at))
		search->out->place[search->out->n++] = search->at;
	if (text_is(ref, "#") || text_has_prefix(ref, "#/"))
		visit(search, doc_pointer(search->schema, ref.s + 1));
	for (struct doc_iter it = doc_iter(doc_get(node, "properties")); doc_next(&it); )
		visit_under(search, it.key, it.value);
	visit_under(search, TEXT_NONE, doc_get(node, "items"));
	visit_alternatives(search, node);
}

void
date_places_find(const struct doc_node *schema, struct arena *arena, struct date_places *out)
{
	struct search search = { .schema = schema, .out = out };

	out->n = 0;
	out->place = ARENA_ARRAY(arena, struct date_place, DATE_PLACES_MAX);
	visit(&search, schema);
}

/* --- checking a form ----------------------------------------------------------- */

bool
date_day(struct text t, int64_t *day)
{
	time_us at;

	if (calendar_date_from_text(t, day))
		return true;
	if (!time_from_text(t, &at))
		return false;
	*day = calendar_local_day(at);
	return true;
}

bool
date_is_ancient(int64_t day)
{
	return day < days_from_civil(1900, 1, 1);
}

struct check {
	const struct date_place	*place;
	int64_t			today;
	const char		*prefix;
	struct intake_errors	*errors;
	size_t			index[DATE_DEPTH_MAX];	/* where a step is "every element" */
};

static struct text
check_pointer(const struct check *check)
{
	struct buf buf = buf_in(check->errors->arena);

	buf_puts(&buf, check->prefix);
	for (int i = 0; i < check->place->n; i++) {
		buf_puts(&buf, "/");
		if (text_is_absent(check->place->step[i]))
			buf_int(&buf, (int64_t)check->index[i]);
		else
			buf_text(&buf, check->place->step[i]);
	}
	return buf_get(&buf);
}

static void
check_from(struct check *check, int step, const struct doc_node *node)
{
	int64_t day;

	if (node == NULL)
		return;
	if (step < check->place->n) {
		if (!text_is_absent(check->place->step[step])) {
			check_from(check, step + 1, doc_find(node, check->place->step[step]));
			return;
		}
		for (size_t i = 0; i < doc_length(node); i++) {
			check->index[step] = i;
			check_from(check, step + 1, doc_at(node, i));
		}
		return;
	}
	if (!date_day(doc_text(node), &day))
		return;		/* the form's schema has said so */
	if (day > check->today)
		intake_error_add(check->errors, check_pointer(check), "date.future", NULL, NULL);
	else if (date_is_ancient(day))
		intake_error_add(check->errors, check_pointer(check), "date.ancient", NULL, NULL);
}

void
date_places_check(const struct date_places *places, const struct doc_node *form, int64_t today, const char *prefix,
    struct intake_errors *errors)
{
	struct check check = { .today = today, .prefix = prefix, .errors = errors };

	for (int i = 0; i < places->n; i++) {
		check.place = &places->place[i];
		check_from(&check, 0, form);
	}
}
