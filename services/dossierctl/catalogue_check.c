/*
 * catalogue_check - what must hold between the files of the catalogue.
 *
 * A procedure that breaks one of these would be accepted by its schema and
 * fail an applicant later: at an agency that does not exist, in a case that no
 * tariff knows, for a component that "the state already holds" in a register
 * that is never asked.
 */
#include <stdio.h>

#include "catalogue.h"
#include "catalogue_files.h"

static const struct catalogue_file *
find_file(const struct catalogue_files *files, enum file_kind kind, struct text code)
{
	for (int i = 0; i < files->n; i++)
		if (files->list[i].kind == kind && files->list[i].body != NULL &&
		    text_is_equal(files->list[i].code, code))
			return &files->list[i];
	return NULL;
}

/* --- one procedure ------------------------------------------------------- */

static void
check_agencies(struct catalogue_files *files, const struct catalogue_file *file)
{
	struct doc_iter it;

	for (it = doc_iter(doc_get(file->body, "agencies")); doc_next(&it); ) {
		struct text code = doc_text(it.value);
		const struct catalogue_file *agency = find_file(files, FILE_AGENCY, code);

		if (agency == NULL)
			catalogue_problem(files, file, "/agencies", "agency",
			    "there is no agency %.*s", TEXT_ARG(code));
		else if (agency->to_day != INT_NONE && agency->to_day < file->from_day)
			catalogue_problem(files, file, "/agencies", "agency",
			    "%.*s ended before this procedure begins", TEXT_ARG(code));
	}
}

/* Is value the member key of an element of array? */
static bool
holds(const struct doc_node *array, const char *key, struct text value)
{
	struct doc_iter it;

	for (it = doc_iter(array); doc_next(&it); )
		if (text_is_equal(doc_get_text(it.value, key), value))
			return true;
	return false;
}

static void
check_unique(struct catalogue_files *files, const struct catalogue_file *file,
    const struct doc_node *array, const char *pointer)
{
	for (size_t i = 0; i < doc_length(array); i++)
		for (size_t k = 0; k < i; k++)
			if (text_is_equal(doc_get_text(doc_at(array, i), "code"),
			    doc_get_text(doc_at(array, k), "code")))
				catalogue_problem(files, file, pointer, "unique", "%.*s stands twice",
				    TEXT_ARG(doc_get_text(doc_at(array, i), "code")));
}

static void
check_cases(struct catalogue_files *files, const struct catalogue_file *file)
{
	const struct doc_node *cases = doc_get(file->body, "cases");
	const struct doc_node *lookups = doc_get(file->body, "lookups");
	struct doc_iter it, component;

	check_unique(files, file, cases, "/cases");
	for (it = doc_iter(cases); doc_next(&it); ) {
		check_unique(files, file, doc_get(it.value, "components"), "/cases/components");
		for (component = doc_iter(doc_get(it.value, "components")); doc_next(&component); ) {
			struct text registry = doc_get_text(component.value, "replaceable_by");

			if (!text_is_absent(registry) && !holds(lookups, "registry", registry))
				catalogue_problem(files, file, "/cases/components", "replaceable_by",
				    "%.*s may be replaced by %.*s, which no lookup asks",
				    TEXT_ARG(doc_get_text(component.value, "code")), TEXT_ARG(registry));
		}
	}
}

static void
check_tariff(struct catalogue_files *files, const struct catalogue_file *file)
{
	const struct doc_node *cases = doc_get(file->body, "cases");
	struct doc_iter it, name;
	int64_t amount, online;

	for (it = doc_iter(doc_get(file->body, "tariff")); doc_next(&it); ) {
		for (name = doc_iter(doc_get(it.value, "cases")); doc_next(&name); )
			if (!holds(cases, "code", doc_text(name.value)))
				catalogue_problem(files, file, "/tariff/cases", "case",
				    "there is no case %.*s", TEXT_ARG(doc_text(name.value)));
		if (doc_get_int64(it.value, "amount", &amount) &&
		    doc_get_int64(it.value, "online_amount", &online) && online > amount)
			catalogue_problem(files, file, "/tariff", "online_amount",
			    "%.*s costs more online", TEXT_ARG(doc_get_text(it.value, "code")));
	}
	check_unique(files, file, doc_get(file->body, "exemptions"), "/exemptions");
}

static void
check_name(struct catalogue_files *files, const struct catalogue_file *file)
{
	const char *name = strchr(file->path, '/') + 1;
	struct text id = arena_printf(files->ctl->arena, "urn:vn:dossier:form:%.*s:%lld",
	    TEXT_ARG(file->code), (long long)file->version);

	if (strncmp(name, file->code.s, file->code.n) != 0)
		catalogue_problem(files, file, "", "name", "the file of %.*s begins with that code",
		    TEXT_ARG(file->code));
	if (file->kind == FILE_PROCEDURE &&
	    !text_is_equal(doc_get_text(doc_get(file->body, "form"), "$id"), id))
		catalogue_problem(files, file, "/form/$id", "const", "must be %.*s", TEXT_ARG(id));
}

/* --- as the workers will load it ----------------------------------------- */

static enum fault
add(struct catalogue *cat, const struct catalogue_file *file, struct err *err)
{
	switch (file->kind) {
	case FILE_AGENCY:
		return catalogue_add_agency(cat, file->bytes, err);
	case FILE_PROCEDURE:
		return catalogue_add_procedure(cat, file->bytes, err);
	default:
		return catalogue_add_calendar(cat, file->bytes, err);
	}
}

/* The examples of a form are what portals copy: they must be right. */
static void
check_examples(struct catalogue_files *files, const struct catalogue_file *file,
    const struct catalogue *cat)
{
	const struct procedure *procedure = catalogue_procedure_version(cat, file->code,
	    (int32_t)file->version);
	struct schema_errors errors;
	struct doc_iter it;

	if (procedure == NULL)
		return;
	for (it = doc_iter(doc_pointer(file->body, "/form/examples")); doc_next(&it); )
		if (!schema_check(procedure->form, it.value, files->ctl->arena, 1, &errors))
			catalogue_problem(files, file, "/form/examples", errors.list[0].rule,
			    "at %.*s: %.*s", TEXT_ARG(errors.list[0].pointer),
			    TEXT_ARG(errors.list[0].message_en));
}

static void
check_as_loaded(struct catalogue_files *files)
{
	struct catalogue *cat = catalogue_new();
	struct err err;

	for (int i = 0; i < files->n; i++)
		if (files->list[i].body != NULL && add(cat, &files->list[i], &err) != FAULT_NONE)
			catalogue_problem(files, &files->list[i], "", err.code, "%s", err.text);
	if (catalogue_seal(cat, &err) != FAULT_NONE)
		catalogue_problem(files, &files->list[0], "", err.code, "%s", err.text);
	else
		for (int i = 0; i < files->n; i++)
			if (files->list[i].kind == FILE_PROCEDURE && files->list[i].body != NULL)
				check_examples(files, &files->list[i], cat);
	catalogue_free(cat);
}

void
catalogue_check(struct catalogue_files *files)
{
	for (int i = 0; i < files->n; i++) {
		const struct catalogue_file *file = &files->list[i];

		if (file->body == NULL)
			continue;
		check_name(files, file);
		if (file->kind != FILE_PROCEDURE)
			continue;
		check_agencies(files, file);
		check_cases(files, file);
		check_tariff(files, file);
	}
	check_as_loaded(files);
}
