/*
 * param_show - what the rows say about themselves: --help, the reference, the
 * sample file, and the effective values with their origin.  Secrets, and
 * passwords inside addresses, are printed as ***.
 */
#include "mem.h"
#include "param_value.h"

#define MASK "***"

enum { COLUMN_DOC = 34 };

/* Row after row over all tables; NULL at the end. */
static const struct param *
row_next(const struct param_set *set, size_t *table, const struct param *row)
{
	if (row != NULL)
		row++;
	for (; *table < sizeof set->tables / sizeof set->tables[0]; ++*table) {
		if (row == NULL)
			row = set->tables[*table];
		if (row != NULL && row->name != NULL)
			return row;
		row = NULL;
	}
	return NULL;
}

/* "ms, 1 to 60000"; empty for text. */
static void
kind_text(const struct param *row, char *out, size_t size)
{
	if (row->type == PARAM_INT)
		param_limits_text(row, out, size);
	else
		snprintf(out, size, "%s",
		    row->type == PARAM_BOOL ? "true or false" : row->type == PARAM_SECRET ? "secret" : "text");
}

static const char *
default_text(const struct param *row)
{
	if (row->fallback == NULL)
		return "must be given";
	return row->fallback[0] != '\0' ? row->fallback : "empty";
}

static void
show_row(const struct param *row, FILE *out)
{
	char kind[80];
	int n = fprintf(out, "  --%s=%s", row->name, row->type == PARAM_INT ? "N" : row->type == PARAM_BOOL ?
	    "BOOL" : row->type == PARAM_SECRET ? "@FILE" : "TEXT");

	kind_text(row, kind, sizeof kind);
	if (n >= COLUMN_DOC - 1)
		n = fprintf(out, "\n") * 0;
	fprintf(out, "%*s%s\n", COLUMN_DOC - n, "", row->doc);
	fprintf(out, "%*s", COLUMN_DOC, "");
	if (row->fallback == NULL)
		fprintf(out, "(%s; must be given)\n", kind);
	else
		fprintf(out, "(%s; default %s)\n", kind, default_text(row));
}

/* A row worth showing in the examples: the first number, else the first row. */
static const struct param *
row_example(const struct param_set *set)
{
	const struct param *first = NULL;
	size_t table = 0;

	for (const struct param *row = row_next(set, &table, NULL); row != NULL; row = row_next(set, &table, row)) {
		if (first == NULL)
			first = row;
		if (row->type == PARAM_INT && row->fallback != NULL)
			return row;
	}
	return first;
}

void
param_show_help(const struct param_set *set, FILE *out)
{
	const struct param *example = row_example(set);
	const char *rest = set->operands ? " [--] ARGUMENT..." : "";
	char name[PARAM_NAME_BYTES];
	size_t table = 0;

	fprintf(out, "%s - %s\n\n", set->program, set->summary);
	fprintf(out, "usage: %s [--config FILE] [--NAME=VALUE ...]%s\n", set->program, rest);
	fprintf(out, "       %s --help | --version | --print-config\n\n", set->program);
	fprintf(out, "  %-*s%s\n", COLUMN_DOC - 2, "--config FILE", "lines `name = value`; also DOSSIER_CONFIG");
	fprintf(out, "  %-*s%s\n\n", COLUMN_DOC - 2, "--print-config", "the effective values and their origin");
	fprintf(out, "Parameters (argument over environment over file over default):\n\n");
	for (const struct param *row = row_next(set, &table, NULL); row != NULL; row = row_next(set, &table, row))
		show_row(row, out);
	fprintf(out, "  %-*s%s\n", COLUMN_DOC - 2, "--kafka.SETTING=TEXT",
	    "goes to librdkafka; kafka.consumer. and kafka.producer. for one side");
	fprintf(out, "\nExamples:\n\n  %s --config /etc/dossier/dossier.conf\n", set->program);
	if (example != NULL) {
		param_environment_name(example->name, name);
		fprintf(out, "  %s --config dossier.conf --%s=%s\n", set->program, example->name,
		    example->fallback != NULL && example->fallback[0] != '\0' ? example->fallback : "...");
		fprintf(out, "  %s=%s %s --print-config\n", name,
		    example->fallback != NULL && example->fallback[0] != '\0' ? example->fallback : "...",
		    set->program);
	}
}

/* Markdown has meanings of its own for some bytes. */
static void
put_cell(const char *text, FILE *out)
{
	for (; *text != '\0'; text++) {
		if (*text == '|' || *text == '<' || *text == '*')
			fputc('\\', out);
		fputc(*text, out);
	}
}

void
param_write_reference(const struct param_set *set, FILE *out)
{
	size_t table = 0;

	fprintf(out, "| name | variable | value | default | meaning |\n| --- | --- | --- | --- | --- |\n");
	for (const struct param *row = row_next(set, &table, NULL); row != NULL; row = row_next(set, &table, row)) {
		const char *mark = row->fallback != NULL && row->fallback[0] != '\0' ? "`" : "";
		char kind[80], name[PARAM_NAME_BYTES];

		kind_text(row, kind, sizeof kind);
		param_environment_name(row->name, name);
		fprintf(out, "| `%s` | `%s%s` | %s | %s%s%s | ", row->name, name,
		    row->type == PARAM_SECRET ? "_FILE" : "", kind, mark, default_text(row), mark);
		put_cell(row->doc, out);
		fprintf(out, " |\n");
	}
}

void
param_write_sample(const struct param_set *set, FILE *out)
{
	size_t table = 0;

	fprintf(out, "# %s - %s\n", set->program, set->summary);
	for (const struct param *row = row_next(set, &table, NULL); row != NULL; row = row_next(set, &table, row)) {
		char kind[80];

		kind_text(row, kind, sizeof kind);
		fprintf(out, "\n# %s\n# %s\n", row->doc, kind);
		if (row->fallback == NULL)
			fprintf(out, "%s =%s\n", row->name, row->type == PARAM_SECRET ? " @/path/of/file" : "");
		else
			fprintf(out, "#%s =%s%s\n", row->name, row->fallback[0] != '\0' ? " " : "", row->fallback);
	}
}

/* --- effective values ----------------------------------------------------------- */

/*
 * How many bytes at p are a password: after "password=", or between the colon
 * and the @ of an address whose "//" ends just before p.
 */
static size_t
password_at(const char *start, const char *p)
{
	size_t n;

	if (p - start >= 9 && strncmp(p - 9, "password=", 9) == 0) {
		if (*p == '\'')
			return 1 + strcspn(p + 1, "'") + (strchr(p + 1, '\'') != NULL);
		return strcspn(p, " &");
	}
	if (p > start && p[-1] == ':' && *p != '/') {
		const char *slashes = p - 1;

		while (slashes > start && slashes[-1] != '/')
			slashes--;
		n = strcspn(p, "@/ ");
		if (slashes - start >= 2 && slashes[-2] == '/' && p[n] == '@')
			return n;
	}
	return 0;
}

/* As the file would have it, so that it can be read back. */
static void
show_text(const char *text, FILE *out)
{
	bool quoted = text[0] == '\0' || text[strcspn(text, " \t\r\n#\"'\\")] != '\0';

	if (quoted)
		fputc('"', out);
	for (const char *p = text; *p != '\0'; ) {
		size_t secret = password_at(text, p);

		if (secret > 0) {
			fputs(MASK, out);
			p += secret;
			continue;
		}
		if (*p == '"' || *p == '\\')
			fputc('\\', out);
		if (*p == '\n')
			fputs("\\n", out);
		else
			fputc(*p, out);
		p++;
	}
	if (quoted)
		fputc('"', out);
}

static void
show_value(const char *name, const char *text, bool secret, const struct param_place *place, FILE *out)
{
	fprintf(out, "%s = ", name);
	if (secret && text[0] != '\0')
		fputs(MASK, out);
	else
		show_text(text, out);
	fprintf(out, "\t# %s\n", place->text);
}

void
param_show_values(const struct param_set *set, FILE *out)
{
	for (const struct param_value *v = set->values; v->row != NULL; v++)
		show_value(v->row->name, v->text, v->row->type == PARAM_SECRET, &v->place, out);
	for (const struct param_pass *pass = set->pass; pass != NULL; pass = pass->next)
		show_value(pass->name, pass->value, param_pass_is_secret(pass->name),
		    &((const struct param_passed *)pass)->place, out);
}
