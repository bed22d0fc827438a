/*
 * metric - see metric.h.  Series hang in a list per family, to whose end the
 * writer adds; a reader follows it as far as it goes.
 */
#include "metric.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "err.h"

enum { SERIES_MAX = 64 };

struct metric {
	const struct metric_family *family;
	_Atomic(struct metric *) next;
	char			*values[METRIC_LABELS];
	char			*labels;		/* as written between the braces */
	_Atomic int64_t		value;			/* of a histogram: the sum */
	_Atomic int64_t		bucket[];		/* each for itself, the last without a bound */
};

struct metrics {
	const struct metric_family *rows;
	int			n;
	char			*constant;
	struct family_list { _Atomic(struct metric *) first; int n; } *lists;
};

/* --- words ------------------------------------------------------------------ */

static int64_t
read_word(const _Atomic int64_t *word)
{
	return atomic_load_explicit(word, memory_order_relaxed);
}

/* There is one writer, so nothing is lost between the two. */
static void
add_word(_Atomic int64_t *word, int64_t n)
{
	atomic_store_explicit(word, read_word(word) + n, memory_order_relaxed);
}

void
metric_add(struct metric *m, int64_t n)
{
	add_word(&m->value, n);
}

void
metric_set(struct metric *m, int64_t value)
{
	atomic_store_explicit(&m->value, value, memory_order_relaxed);
}

int64_t
metric_value(const struct metric *m)
{
	return read_word(&m->value);
}

static int
bounds_count(const struct metric_family *family)
{
	int n = 0;

	while (n < METRIC_BOUNDS && family->bounds[n] != 0)
		n++;
	return n;
}

void
metric_observe(struct metric *m, int64_t value)
{
	const int64_t *bounds = m->family->bounds;
	int i = 0;

	while (i < METRIC_BOUNDS && bounds[i] != 0 && value > bounds[i])
		i++;
	add_word(&m->bucket[i], 1);
	add_word(&m->value, value);
}

/* --- making ----------------------------------------------------------------- */

struct metrics *
metrics_new(const struct metric_family *rows, int n, const char *constant)
{
	struct metrics *all = mem_new(1, sizeof *all);

	all->rows = rows;
	all->n = n;
	all->constant = constant != NULL ? mem_copy_text(constant) : NULL;
	all->lists = mem_new((size_t)n, sizeof *all->lists);
	return all;
}

static void
metric_free(struct metric *m)
{
	for (int i = 0; i < METRIC_LABELS; i++)
		free(m->values[i]);
	free(m->labels);
	free(m);
}

void
metrics_free(struct metrics *all)
{
	if (all == NULL)
		return;
	for (int i = 0; i < all->n; i++)
		for (struct metric *m = all->lists[i].first, *next; m != NULL; m = next) {
			next = m->next;
			metric_free(m);
		}
	free(all->lists);
	free(all->constant);
	free(all);
}

static bool
has_values(const struct metric *m, const char *const *values)
{
	for (int i = 0; i < METRIC_LABELS && m->family->labels[i] != NULL; i++)
		if (strcmp(m->values[i], values[i]) != 0)
			return false;
	return true;
}

static struct metric *
metric_new(const struct metrics *all, const struct metric_family *family, const char *const *values)
{
	int n_bounds = bounds_count(family);
	struct metric *m = mem_new(1, sizeof *m + sizeof m->bucket[0] * (size_t)(n_bounds + 1));
	struct arena *arena = arena_new(0);
	struct buf buf = buf_in(arena);

	m->family = family;
	m->value = family->kind == METRIC_GAUGE ? METRIC_ABSENT : 0;
	if (all->constant != NULL)
		buf_puts(&buf, all->constant);
	for (int i = 0; i < METRIC_LABELS && family->labels[i] != NULL; i++) {
		if (buf.n > 0)
			buf_puts(&buf, ",");
		metric_write_label(&buf, family->labels[i], values[i]);
		m->values[i] = mem_copy_text(values[i]);
	}
	m->labels = mem_copy_text(buf_get(&buf).s);
	arena_free(arena);
	return m;
}

struct metric *
metric_of(struct metrics *all, int index, const char *first, const char *second, const char *third)
{
	static const char *const others[METRIC_LABELS] = { "other", "other", "other" };
	const struct metric_family *family = &all->rows[index];
	const char *given[METRIC_LABELS] = { first, second, third };
	const char *const *values = given;
	struct family_list *list = &all->lists[index];
	_Atomic(struct metric *) *end = &list->first;

	for (int i = 0; i < METRIC_LABELS; i++)
		if ((family->labels[i] != NULL) != (given[i] != NULL))
			bug("%s: label %d", family->name, i);
	for (struct metric *m = list->first; m != NULL; m = m->next) {
		if (has_values(m, values))
			return m;
		end = &m->next;
	}
	/* The last place is for all that has none of its own. */
	if (list->n >= (family->series_max > 0 ? family->series_max : SERIES_MAX)) {
		for (struct metric *m = list->first; m != NULL; m = m->next)
			if (has_values(m, others))
				return m;
		values = others;
	}
	list->n++;
	*end = metric_new(all, family, values);		/* complete before it can be seen */
	return *end;
}

const struct metric *
metric_next(const struct metrics *all, int index, const struct metric *after)
{
	return after != NULL ? after->next : all->lists[index].first;
}

const char *
metric_label(const struct metric *m)
{
	return m->values[0];
}

/* --- writing ---------------------------------------------------------------- */

static void
write_escaped(struct buf *out, const char *s, bool quotes)
{
	for (; *s != '\0'; s++)
		if (*s == '\n')
			buf_puts(out, "\\n");
		else if (*s == '\\' || (quotes && *s == '"'))
			buf_printf(out, "\\%c", *s);
		else
			buf_put(out, s, 1);
}

void
metric_write_label(struct buf *out, const char *name, const char *value)
{
	buf_printf(out, "%s=\"", name);
	write_escaped(out, value, true);
	buf_puts(out, "\"");
}

/* As a decimal of the family's unit, exactly. */
static void
write_value(struct buf *out, const struct metric_family *family, int64_t value)
{
	int64_t per_unit = family->per_unit > 0 ? family->per_unit : 1;
	uint64_t size = value < 0 ? 0 - (uint64_t)value : (uint64_t)value, rest = size % (uint64_t)per_unit;

	if (value < 0)
		buf_puts(out, "-");
	buf_int(out, (int64_t)(size / (uint64_t)per_unit));
	if (rest > 0)
		buf_puts(out, ".");
	for (; rest > 0; rest %= (uint64_t)per_unit) {
		per_unit /= 10;
		buf_int(out, (int64_t)(rest / (uint64_t)per_unit));
	}
}

void
metric_write_head(struct buf *out, const struct metric_family *family)
{
	static const char *const kinds[] = { "counter", "gauge", "histogram" };

	buf_printf(out, "# HELP %s ", family->name);
	write_escaped(out, family->help, false);
	buf_printf(out, "\n# TYPE %s %s\n", family->name, kinds[family->kind]);
}

static void
write_named(struct buf *out, const struct metric_family *family, const char *suffix, const char *labels,
    const char *more)
{
	bool both = labels[0] != '\0' && more[0] != '\0';

	buf_printf(out, "%s%s", family->name, suffix);
	if (labels[0] != '\0' || more[0] != '\0')
		buf_printf(out, "{%s%s%s}", labels, both ? "," : "", more);
	buf_puts(out, " ");
}

void
metric_write_line(struct buf *out, const struct metric_family *family, const char *labels, int64_t value)
{
	write_named(out, family, "", labels, "");
	write_value(out, family, value);
	buf_puts(out, "\n");
}

/* Prometheus wants every bucket to hold those below it too. */
static void
write_histogram(struct buf *out, const struct metric *m)
{
	const struct metric_family *family = m->family;
	struct arena *arena = arena_new(0);
	int n = bounds_count(family);
	int64_t below = 0;

	for (int i = 0; i <= n; i++) {
		struct buf le = buf_in(arena);

		below += read_word(&m->bucket[i]);
		buf_puts(&le, "le=\"");
		if (i < n)
			write_value(&le, family, family->bounds[i]);
		else
			buf_puts(&le, "+Inf");
		buf_puts(&le, "\"");
		write_named(out, family, "_bucket", m->labels, buf_get(&le).s);
		buf_printf(out, "%lld\n", (long long)below);
	}
	write_named(out, family, "_sum", m->labels, "");
	write_value(out, family, read_word(&m->value));
	buf_puts(out, "\n");
	write_named(out, family, "_count", m->labels, "");
	buf_printf(out, "%lld\n", (long long)below);
	arena_free(arena);
}

void
metrics_write(const struct metrics *all, struct buf *out)
{
	for (int i = 0; i < all->n; i++) {
		bool has_head = false;

		for (const struct metric *m = all->lists[i].first; m != NULL; m = m->next) {
			int64_t value = read_word(&m->value);

			if (m->family->kind == METRIC_GAUGE && value == METRIC_ABSENT)
				continue;
			if (!has_head)
				metric_write_head(out, m->family);
			has_head = true;
			if (m->family->kind == METRIC_HISTOGRAM)
				write_histogram(out, m);
			else
				metric_write_line(out, m->family, m->labels, value);
		}
	}
}
