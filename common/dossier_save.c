/* dossier_save - see dossier_save.h. */
#include "dossier_save.h"

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
write_text(struct dossier_save *save)
{
	struct arena *arena = arena_new_small(sizeof save->text);
	struct buf buf = buf_in(arena);
	struct text text;

	for (int i = 0; i < save->n_saved; i++)
		buf_printf(&buf, "%s %s = u.%s", i == 0 ? "update core.dossier d set" : ",", save->saved[i].name,
		    save->saved[i].name);
	buf_puts(&buf, " from unnest($1::tid[]");
	for (int i = 0; i < save->n_saved; i++)
		buf_printf(&buf, ", $%d::%s[]", i + 2, type_name(save->saved[i].type));
	buf_puts(&buf, ") as u(place");
	for (int i = 0; i < save->n_saved; i++)
		buf_printf(&buf, ", %s", save->saved[i].name);
	buf_puts(&buf, ") where d.ctid = u.place");
	text = buf_get(&buf);
	if (text.n >= sizeof save->text)
		bug("%s: a statement of more than %zu bytes", save->name, sizeof save->text);
	memcpy(save->text, text.s, text.n + 1);
	arena_free(arena);
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
