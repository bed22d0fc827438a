/*
 * submit - speaks as a portal does (or an agency, a bank, the post).
 *
 * A file holds the data of one message; its envelope is a CloudEvent in Kafka
 * binary mode, and nothing here is special: what this publishes, kcat can.
 * The data are checked against the contract first, all files before any is
 * sent, and the form against the procedure's form where the catalogue is at
 * hand.  The same source and id again is a retry and makes no second dossier.
 */
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>

#include "catalogue.h"
#include "digest.h"
#include "file.h"
#include "kafka_producer.h"
#include "schema.h"
#include "table.h"

enum { MESSAGE_BYTES_MAX = 1000000, SCHEMA_BYTES_MAX = 1 << 20, FILES_MAX = 100000,
    SEND_TIMEOUT_MS = 15000, ID_RANDOM_BYTES = 6 };

static struct {
	const char	*type, *source, *id, *dossier;
	int64_t		partition;
	bool		no_check;
} opt = { .type = "vn.dossier.submitted.v1", .source = "/portal/dossierctl", .partition = -1 };

static const struct option_row options[] = {
	{ "source", OPTION_TEXT, &opt.source, "S", "ce_source (/portal/dossierctl)", 0, 0 },
	{ "id", OPTION_TEXT, &opt.id, "ID", "ce_id, of one file; else its name and a random end", 0, 0 },
	{ "type", OPTION_TEXT, &opt.type, "TYPE", "ce_type (vn.dossier.submitted.v1)", 0, 0 },
	{ "dossier", OPTION_TEXT, &opt.dossier, "UUID", "ce_subject, of all but submissions", 0, 0 },
	{ "partition", OPTION_INT, &opt.partition, "P", "publish there; else by the key", 0, 16383 },
	{ "no-check", OPTION_FLAG, &opt.no_check, NULL, "publish even what breaks the contract", 0, 0 },
	{ .name = NULL }
};

/* Which topic takes which types. */
static const struct { const char *prefix, *topic; } topics[] = {
	{ "vn.dossier.submitted.", "dossier.submissions" },
	{ "vn.dossier.supplemented.", "citizen.requests" },
	{ "vn.dossier.withdrawal_requested.", "citizen.requests" },
	{ "vn.dossier.delivery_change_requested.", "citizen.requests" },
	{ "vn.dossier.action.", "agency.actions" },
	{ "vn.dossier.payment.", "payment.results" },
	{ "vn.dossier.postal.", "postal.updates" },
};

struct letter {
	const char	*path;
	const char	*id;
	struct text	body;
	uint8_t		dossier[UUID_BYTES];
};

struct submit {
	struct ctl	*ctl;
	const char	*schemas;
	const char	*topic;
	bool		is_submission;
	struct letter	*letters;
	int		n;
	struct table	*problems;
	int		delivered;
};

static const char *
topic_of(const char *type)
{
	for (size_t i = 0; i < sizeof topics / sizeof *topics; i++)
		if (strncmp(type, topics[i].prefix, strlen(topics[i].prefix)) == 0)
			return topics[i].topic;
	return NULL;
}

/* --- reading ------------------------------------------------------------- */

static const char *
fresh_id(struct ctl *ctl, const char *path)
{
	char *copy = (char *)(uintptr_t)arena_copy(ctl->arena, path, strlen(path)).s;
	uint8_t salt[ID_RANDOM_BYTES];
	char hex[2 * ID_RANDOM_BYTES + 1];

	random_bytes(salt, sizeof salt);
	text_hex(salt, sizeof salt, hex);
	return arena_printf(ctl->arena, "%.60s-%s", strcmp(path, "-") == 0 ? "stdin" : basename(copy),
	    hex).s;
}

static enum fault
read_letters(struct submit *s, struct err *err)
{
	s->n = s->ctl->n_words;
	s->letters = ARENA_ARRAY(s->ctl->arena, struct letter, (size_t)s->n);
	for (int i = 0; i < s->n; i++) {
		struct letter *l = &s->letters[i];
		enum fault fault = file_read(s->ctl->arena, s->ctl->words[i],
		    opt.no_check ? 8 * MESSAGE_BYTES_MAX : MESSAGE_BYTES_MAX, &l->body, err);

		if (fault != FAULT_NONE)
			return fault;
		l->path = s->ctl->words[i];
		l->id = opt.id != NULL ? opt.id : fresh_id(s->ctl, l->path);
		if (s->is_submission)
			dossier_id_derive(text_of(opt.source), text_of(l->id), l->dossier);
		else if (!uuid_from_text(text_of(opt.dossier), l->dossier))
			return err_set(err, FAULT_FATAL, "read --dossier", NULL, "it is no UUID");
	}
	return FAULT_NONE;
}

/* --- checking ------------------------------------------------------------ */

static void
put_problem(struct submit *s, const struct letter *l, struct text pointer, const char *rule,
    struct text message)
{
	table_name(s->problems, l->path);
	table_text(s->problems, pointer);
	table_name(s->problems, rule);
	table_text(s->problems, message);
	table_end(s->problems);
}

static void
check_with(struct submit *s, const struct letter *l, const struct schema *schema,
    const struct doc_node *data, const char *below)
{
	struct schema_errors errors;

	if (schema_check(schema, data, s->ctl->arena, SCHEMA_ERRORS_MAX, &errors))
		return;
	for (int i = 0; i < errors.n; i++)
		put_problem(s, l, arena_printf(s->ctl->arena, "%s%.*s", below,
		    TEXT_ARG(errors.list[i].pointer)), errors.list[i].rule, errors.list[i].message_en);
}

/* The form, where the catalogue beside us has the procedure; intake has the last word. */
static void
check_form(struct submit *s, const struct letter *l, const struct doc_node *data)
{
	struct text code = doc_get_text(data, "procedure"), json;
	struct catalogue *cat = catalogue_new();
	const struct procedure *procedure;
	struct err ignored;

	if (doc_name_is_plain(code) && file_read(s->ctl->arena, arena_printf(s->ctl->arena,
	    "%s/catalogue/procedures/%.*s.json", s->schemas, TEXT_ARG(code)).s, SCHEMA_BYTES_MAX,
	    &json, &ignored) == FAULT_NONE &&
	    catalogue_add_procedure(cat, json, &ignored) == FAULT_NONE &&
	    catalogue_seal(cat, &ignored) == FAULT_NONE &&
	    (procedure = catalogue_procedure_at(cat, 0)) != NULL)
		check_with(s, l, procedure->form, doc_get(data, "form"), "/form");
	catalogue_free(cat);
}

static void
check_letter(struct submit *s, const struct letter *l, const struct schema *schema)
{
	const struct doc_node *data;
	struct doc_error why;

	if (doc_parse(s->ctl->arena, l->body, NULL, &data, &why) != FAULT_NONE) {
		put_problem(s, l, why.pointer, why.rule, arena_printf(s->ctl->arena, "byte %zu: %s",
		    why.offset, why.message_en));
		return;
	}
	check_with(s, l, schema, data, "");
	if (s->is_submission)
		check_form(s, l, data);
}

static enum fault
check_letters(struct submit *s, struct err *err)
{
	struct schema_set *set = schema_set_new(SCHEMA_STRICT);
	const struct schema *schema;
	struct text json;
	const char *id = arena_printf(s->ctl->arena, "urn:vn:dossier:schema:%s",
	    opt.type + strlen("vn.dossier.")).s;
	enum fault fault = file_read(s->ctl->arena, arena_printf(s->ctl->arena, "%s/messages/%s.json",
	    s->schemas, opt.type).s, SCHEMA_BYTES_MAX, &json, err);

	if (fault == FAULT_NONE)
		fault = schema_set_add(set, id, json, err);
	if (fault == FAULT_NONE)
		fault = schema_compile(set, id, &schema, err);
	for (int i = 0; i < s->n && fault == FAULT_NONE; i++)
		check_letter(s, &s->letters[i], schema);
	schema_set_free(set);
	return fault;
}

/* --- sending ------------------------------------------------------------- */

static void
on_delivered(void *ctx, struct mark mark, int64_t offset)
{
	struct submit *s = ctx;

	(void)mark;
	(void)offset;
	s->delivered++;
}

static struct record
record_of(struct submit *s, const struct letter *l)
{
	struct record record = { .value = l->body };
	char uuid[UUID_TEXT_BYTES], stamp[TIME_TEXT_BYTES];
	struct arena *arena = s->ctl->arena;

	uuid_to_text(l->dossier, uuid);
	time_to_text(clock_now_us(), stamp);
	record.key = arena_copy(arena, uuid, UUID_TEXT_BYTES - 1);
	record_header(&record, "ce_specversion", TEXT("1.0"));
	record_header(&record, "ce_id", text_of(l->id));
	record_header(&record, "ce_source", text_of(opt.source));
	record_header(&record, "ce_type", text_of(opt.type));
	record_header(&record, "ce_time", arena_copy(arena, stamp, strlen(stamp)));
	if (!s->is_submission)
		record_header(&record, "ce_subject", record.key);
	record_header(&record, "content-type", TEXT("application/json"));
	return record;
}

static enum fault
send_one(struct submit *s, struct producer *producer, const struct letter *l, struct err *err)
{
	struct record record = record_of(s, l);
	struct header none = { TEXT_NONE, TEXT_NONE };
	enum fault fault;

	do {
		producer_poll(producer, 0);
		fault = producer_send(producer, s->topic, (int)opt.partition, &record, none,
		    (struct mark){ 0, 0, 0 }, err);
		if (fault == FAULT_RETRY)
			producer_poll(producer, 20);
	} while (fault == FAULT_RETRY && !producer_failed(producer, err));
	return fault;
}

static enum fault
send_letters(struct submit *s, struct err *err)
{
	struct producer_options wish = { .client = "dossierctl", .ctx = s,
	    .message_timeout_ms = SEND_TIMEOUT_MS, .delivered = on_delivered };
	struct producer *producer;
	enum fault fault = ctl_broker(s->ctl, &wish.bootstrap, err);

	if (fault == FAULT_NONE)
		fault = producer_open(&wish, &producer, err);
	if (fault != FAULT_NONE)
		return fault;
	for (int i = 0; i < s->n && fault == FAULT_NONE; i++)
		fault = send_one(s, producer, &s->letters[i], err);
	while (fault == FAULT_NONE && s->delivered < s->n) {
		if (producer_failed(producer, err))
			fault = err->fault;
		else
			producer_poll(producer, 50);
	}
	producer_free(producer);
	return fault;
}

static void
print_letters(struct submit *s)
{
	static const struct table_column columns[] = {
		{ "FILE", "file", false }, { "DOSSIER", "dossier", false }, { "ID", "id", false },
		{ "SOURCE", "source", false }, { "TOPIC", "topic", false }
	};
	struct table *table = table_new(s->ctl, columns, 5);

	for (int i = 0; i < s->n; i++) {
		table_name(table, s->letters[i].path);
		table_uuid(table, s->letters[i].dossier);
		table_name(table, s->letters[i].id);
		table_name(table, opt.source);
		table_name(table, s->topic);
		table_end(table);
	}
	table_print(table, NULL);
}

static int
submit(struct ctl *ctl)
{
	static const struct table_column columns[] = {
		{ "FILE", "file", false }, { "WHERE", "pointer", false }, { "RULE", "rule", false },
		{ "PROBLEM", "message", false }
	};
	struct submit s = { .ctl = ctl, .topic = topic_of(opt.type),
	    .problems = table_new(ctl, columns, 4) };
	struct err err;
	enum fault fault;

	if (s.topic == NULL)
		return ctl_usage(ctl, "\"%s\" is no type that others publish", opt.type);
	s.is_submission = strcmp(s.topic, "dossier.submissions") == 0;
	if (opt.id != NULL && ctl->n_words > 1)
		return ctl_usage(ctl, "--id names one file");
	if (!s.is_submission && opt.dossier == NULL)
		return ctl_usage(ctl, "%s needs --dossier", opt.type);
	fault = ctl_schemas(ctl, &s.schemas, &err);
	if (fault == FAULT_NONE)
		fault = read_letters(&s, &err);
	if (fault == FAULT_NONE && !opt.no_check)
		fault = check_letters(&s, &err);
	if (fault == FAULT_NONE && table_rows(s.problems) > 0) {
		table_print(s.problems, NULL);
		ctl_note(ctl, "nothing was sent");
		return CTL_NO;
	}
	if (fault == FAULT_NONE)
		fault = send_letters(&s, &err);
	if (fault != FAULT_NONE)
		return ctl_fail(ctl, &err);
	print_letters(&s);
	return CTL_YES;
}

const struct command submit_command = {
	.path = "submit", .arguments = "FILE…", .run = submit, .options = options,
	.words_min = 1, .words_max = FILES_MAX,
	.summary = "publish submissions, as a portal does",
	.about = "Each file is the JSON data of one message (- reads standard input). Prints the\n"
	    "dossier's id, which follows from source and id alone. Other messages go with --type\n"
	    "and --dossier.\n",
	.exits = "Exit status: 0 the broker has all, 1 a file breaks the contract (nothing sent), 2 could not.\n",
	.examples = "  dossierctl submit birth.json\n"
	    "  dossierctl submit birth.json --source /portal/my --id 2026-000123\n"
	    "  echo '{}' | dossierctl submit - --type vn.dossier.withdrawal_requested.v1 --dossier UUID\n",
};
