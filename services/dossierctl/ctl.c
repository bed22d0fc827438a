/*
 * ctl - see ctl.h: where things are, and how a command says what went wrong.
 */
#include "ctl.h"

#include <libgen.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "file.h"

int
ctl_fail(const struct ctl *ctl, const struct err *err)
{
	const char *hint = "";

	if (strncmp(err->code, "42501", 5) == 0)
		hint = " (this role may not do that: dossier_owner migrates, dossier_auditor reads, "
		    "dossier_agency sees contents)";
	else if (strcmp(err->code, "42P01") == 0 || strcmp(err->code, "3F000") == 0)
		hint = " (run: dossierctl db migrate)";
	fprintf(stderr, "dossierctl %s: could not %s: %s%s%s%s%s\n", ctl->command->path, err->op,
	    err->text, err->code[0] != '\0' ? " [" : "", err->code,
	    err->code[0] != '\0' ? "]" : "", hint);
	return CTL_CANNOT;
}

int
ctl_usage(const struct ctl *ctl, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "dossierctl %s: ", ctl->command->path);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "; see dossierctl %s --help\n", ctl->command->path);
	return CTL_CANNOT;
}

void
ctl_note(const struct ctl *ctl, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "dossierctl %s: ", ctl->command->path);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

/* --- where things are ---------------------------------------------------- */

/* The first line of a file that a local start left behind, or NULL. */
static const char *
first_line(struct ctl *ctl, const char *path)
{
	struct text whole;
	struct err ignored;
	char *line, *end;

	if (file_read(ctl->arena, path, 4096, &whole, &ignored) != FAULT_NONE || whole.n == 0)
		return NULL;
	line = arena_take(ctl->arena, whole.n + 1, 1);
	memcpy(line, whole.s, whole.n);
	if ((end = strchr(line, '\n')) != NULL)
		*end = '\0';
	return line;
}

static const char *
or_environment(const char *given, const char *variable)
{
	const char *v = given != NULL ? given : getenv(variable);

	return v != NULL && v[0] != '\0' ? v : NULL;
}

enum fault
ctl_database(struct ctl *ctl, const char **out, struct err *err)
{
	const char *v = or_environment(ctl->database, "DATABASE");

	if (v == NULL)
		v = first_line(ctl, ".state/database/conninfo");
	if (v == NULL)
		return err_set(err, FAULT_FATAL, "find the database", NULL,
		    "no --database, no DATABASE in the environment, no .state/database/conninfo");
	*out = v;
	return FAULT_NONE;
}

enum fault
ctl_broker(struct ctl *ctl, const char **out, struct err *err)
{
	const char *v = or_environment(ctl->broker, "BROKER");

	if (v == NULL)
		v = first_line(ctl, ".state/broker/address");
	if (v == NULL)
		return err_set(err, FAULT_FATAL, "find the broker", NULL,
		    "no --broker, no BROKER in the environment, no .state/broker/address");
	*out = v;
	return FAULT_NONE;
}

/* Beside the program: PREFIX/bin with PREFIX/share, or build/bin within a checkout. */
static const char *
schemas_beside(struct ctl *ctl)
{
	static const char *const places[] = { "../share/dossier/schemas", "../../schemas",
	    "../../../schemas" };
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	const char *folder, *found = NULL;

	if (n <= 0)
		return NULL;
	self[n] = '\0';
	folder = dirname(self);
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		found = arena_printf(ctl->arena, "%s/%s", folder, places[i]).s;
		if (file_is_folder(arena_printf(ctl->arena, "%s/database", found).s))
			return found;
	}
	return NULL;
}

enum fault
ctl_schemas(struct ctl *ctl, const char **out, struct err *err)
{
	const char *v = or_environment(ctl->schemas, "DOSSIER_SCHEMAS");

	if (v == NULL && file_is_folder("schemas/database"))
		v = "schemas";
	if (v == NULL)
		v = schemas_beside(ctl);
	if (v == NULL || !file_is_folder(v))
		return err_set(err, FAULT_FATAL, "find the schemas", NULL,
		    "no folder %.120s; say --schemas DIR", v != NULL ? v : "schemas");
	*out = v;
	return FAULT_NONE;
}
