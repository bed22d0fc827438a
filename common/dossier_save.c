/* dossier_save - see dossier_save.h. */
#include "dossier_save.h"

#include <stdarg.h>
#include <stdio.h>

/* Beside what every event changes; the stage's own state is one of these. */
static const char *const changing[STAGES] = {
	[STAGE_INTAKE] = " intake round delivery inputs ",
	[STAGE_VERIFICATION] = " verification missing ",
	[STAGE_LOOKUP] = " lookup missing ",
	[STAGE_FEE] = " fee phi le_phi amount fee_order expires_at inputs ",
	[STAGE_CASEWORK] = " casework missing accepted_at due_at overdue supplements expires_at result document reason citation inputs ",
	[STAGE_DISPATCH] = " dispatch document parcel item_code inputs ",
	[STAGE_TRACKING] = " tracking ",
};
static const char *const always = " version updated_at trail ";

static const char *
type_name(enum db_type type)
{
	static const char *const names[] = {
		[DB_BOOL] = "boolean", [DB_INT2] = "smallint", [DB_INT4] = "integer", [DB_INT8] = "bigint",
		[DB_TEXT] = "text", [DB_BYTEA] = "bytea", [DB_UUID] = "uuid", [DB_TIME] = "timestamptz",
		[DB_DATE] = "date", [DB_TID] = "tid",
	};

	return names[type];
}

static bool
is_among(const char *names, const char *name)
{
	char word[64];

	snprintf(word, sizeof word, " %s ", name);
	return strstr(names, word) != NULL;
}

static void
add(struct dossier_save *save, size_t *n, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void
add(struct dossier_save *save, size_t *n, const char *fmt, ...)
{
	va_list ap;
	int more;

	va_start(ap, fmt);
	more = vsnprintf(save->text + *n, sizeof save->text - *n, fmt, ap);
	va_end(ap);
	*n += (size_t)more;
	if (more < 0 || *n >= sizeof save->text)
		bug("%s: a statement of more than %zu bytes", save->name, sizeof save->text);
}

static void
write_text(struct dossier_save *save)
{
	size_t n = 0;

	for (int i = 0; i < save->n_saved; i++)
		add(save, &n, "%s %s = u.%s", i == 0 ? "update core.dossier d set" : ",", save->saved[i].name, save->saved[i].name);
	add(save, &n, " from unnest($1::tid[]");
	for (int i = 0; i < save->n_saved; i++)
		add(save, &n, ", $%d::%s[]", i + 2, type_name(save->saved[i].type));
	add(save, &n, ") as u(place");
	for (int i = 0; i < save->n_saved; i++)
		add(save, &n, ", %s", save->saved[i].name);
	add(save, &n, ") where d.ctid = u.place");
	save->stmt = (struct stmt){ save->name, save->text };
}

static void
choose(struct dossier_save *save, const char *names)
{
	save->n_saved = save->n_others = 0;
	for (int i = dossier_n_fixed; i < dossier_n_columns; i++) {
		const struct column *column = &dossier_columns[i];

		if (names == NULL || is_among(names, column->name) || is_among(always, column->name))
			save->saved[save->n_saved++] = *column;
		else
			save->others[save->n_others++] = *column;
	}
	write_text(save);
}

void
dossier_save_stage(struct dossier_save *save, enum stage stage)
{
	snprintf(save->name, sizeof save->name, "dossier_save_%s", stage_name(stage));
	choose(save, changing[stage]);
}

void
dossier_save_all(struct dossier_save *save)
{
	snprintf(save->name, sizeof save->name, "dossier_save");
	choose(save, NULL);
}

bool
dossier_save_covers(const struct dossier_save *save, const struct dossier *before, const struct dossier *after)
{
	return columns_differ(save->others, save->n_others, before, after) == NULL;
}
