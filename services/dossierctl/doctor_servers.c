/* doctor_servers - do database and broker answer, and are schema and topics those of this release? */
#include "doctor.h"
#include "file.h"

enum { ASK_MS = 5000 };

/* --- the database --------------------------------------------------------------- */

static void
say_database(struct doctor *d, const struct err *err)
{
	struct arena *arena = d->ctl->arena;
	bool is_old = strncmp(err->code, "42", 2) == 0 || strcmp(err->code, "3F000") == 0;

	doctor_say(d, &(struct finding){ .code = is_old ? "database_old" : "database_down", .stage = -1,
	    .count = INT_NONE, .since = TIME_NONE,
	    .what = arena_printf(arena, "%s: %s [%s]", is_old ? "the database has not the schema of this release"
	    : "the database cannot be asked", err->text, err->code),
	    .todo = is_old ? TEXT("dossierctl db status; dossierctl db migrate")
	    : TEXT("look after the server and --database (or DATABASE); workers wait for it and lose nothing") });
}

/* Files that are not applied; without the folder nobody can say. */
static void
check_schema(struct doctor *d)
{
	const char *schemas, **names;
	const struct rows *rows;
	struct err err;
	int n, applied;

	if (ctl_schemas(d->ctl, &schemas, &err) != FAULT_NONE || file_list(d->ctl->arena,
	    arena_printf(d->ctl->arena, "%s/database", schemas).s, ".sql", &names, &n, &err) != FAULT_NONE ||
	    session_run(d->session, SQL_MIGRATIONS_APPLIED, NULL, &rows, &err) != FAULT_NONE)
		return;
	applied = rows_count(rows);
	if (applied == n)
		return;
	doctor_say(d, &(struct finding){ .code = applied < n ? "database_old" : "database_new", .stage = -1,
	    .count = applied < n ? n - applied : applied - n, .since = TIME_NONE,
	    .what = arena_printf(d->ctl->arena, "the database has %d migrations, this release %d", applied, n),
	    .todo = applied < n ? TEXT("dossierctl db status; dossierctl db migrate")
	    : TEXT("use the dossierctl of the newer release") });
}

static void
open_database(struct doctor *d)
{
	struct err err;

	if (session_open(d->ctl, "dossier_auditor", &d->session, &err) != FAULT_NONE) {
		d->session = NULL;
		say_database(d, &err);
		return;
	}
	check_schema(d);
	if (lanes_read(d->ctl, &d->lanes, &d->n_lanes, &err) == FAULT_NONE)
		return;
	d->n_lanes = 0;
	say_database(d, &err);
	session_close(d->session);
	d->session = NULL;
}

/* --- the broker ------------------------------------------------------------------- */

static void
say_broker(struct doctor *d, const char *code, const struct err *err, struct text todo)
{
	doctor_say(d, &(struct finding){ .code = code, .stage = -1, .count = INT_NONE, .since = TIME_NONE,
	    .what = arena_printf(d->ctl->arena, "%s: could not %s: %s [%s]", strcmp(code, "broker_down") == 0
	    ? "the broker cannot be asked" : "a topic cannot be read", err->op, err->text, err->code), .todo = todo });
}

/* Each stage reads its lanes' partitions of all its topics. */
static void
check_topics(struct doctor *d)
{
	for (int s = 0; s < STAGES; s++) {
		int n, lanes = 0, partitions;
		const char *const *topics = stage_topics((enum stage)s, &n);
		struct err err;

		for (int i = 0; i < d->n_lanes; i++)
			lanes += d->lanes[i].stage == (enum stage)s;
		for (int t = 0; t < n && lanes > 0; t++) {
			if (reader_partitions(d->reader, topics[t], ASK_MS, &partitions, &err) != FAULT_NONE)
				return;
			if (partitions >= lanes)
				continue;
			doctor_say(d, &(struct finding){ .code = "topic_short", .stage = s, .count = partitions,
			    .since = TIME_NONE, .what = arena_printf(d->ctl->arena, "%s has %d partitions, and there are "
			    "%d lanes", topics[t], partitions, lanes), .todo = TEXT("dossierctl topics verify") });
		}
	}
}

static void
open_broker(struct doctor *d)
{
	const char *broker = "";
	struct err err;
	int n;
	enum fault fault = ctl_broker(d->ctl, &broker, &err);

	if (fault == FAULT_NONE)
		fault = reader_open(broker, "dossierctl", NULL, &d->reader, &err);
	if (fault == FAULT_NONE)
		fault = reader_partitions(d->reader, stage_journal(STAGE_INTAKE), ASK_MS, &n, &err);
	if (fault != FAULT_NONE) {
		reader_close(d->reader);
		d->reader = NULL;
		say_broker(d, "broker_down", &err, arena_printf(d->ctl->arena,
		    "look after the broker%s%s; what is committed is published when it is back", broker[0] != '\0' ? " " : "", broker));
		return;
	}
	check_topics(d);
	d->lags = ARENA_ARRAY(d->ctl->arena, struct lag, (size_t)d->n_lanes + 1);
	if (lag_read(d->ctl, d->reader, d->lanes, d->n_lanes, d->lags, &err) == FAULT_NONE)
		return;
	d->lags = NULL;
	say_broker(d, "topic_unreadable", &err, TEXT("dossierctl topics verify; look at that partition's leader"));
}

void
doctor_servers(struct doctor *d)
{
	open_database(d);
	open_broker(d);
}
