/*
 * topics - the topics of schemas/topics.list, and the lanes that read them.
 *
 * apply makes what is missing and touches nothing that is there: a topic with
 * other settings, or another number of partitions, is shown as different, and
 * a person decides (shortening a retention deletes; more partitions move
 * keys).  A lane row stands for each stage and partition, at the beginning of
 * all the stage's topics.
 */
#include <stdio.h>

#include "session.h"
#include "stage.h"
#include "table.h"
#include "topics_list.h"

enum { TIMEOUT_MS = 10000, PARTITIONS_DEFAULT = 8, PARTITIONS_MAX = 1024 };

static struct {
	int64_t		partitions;
} opt;

static const struct option_row options[] = {
	{ "partitions", OPTION_INT, &opt.partitions, "N",
	    "of every topic; else as many as the topics that exist, else 8", 1, PARTITIONS_MAX },
	{ .name = NULL }
};

enum mode { PLAN, APPLY, VERIFY };

struct topics {
	struct ctl		*ctl;
	enum mode		mode;
	struct admin		*admin;
	struct session		*session;
	struct topic_row	*rows;
	int			*partitions;	/* that each has; 0: missing */
	int			n;
	int			wanted;		/* partitions */
	struct table		*table;
	int			differences;
};

static void
put_row(struct topics *t, const char *what, int partitions, const char *state,
    enum table_tone tone, struct text detail)
{
	table_name(t->table, what);
	table_int(t->table, partitions);
	table_name(t->table, state);
	table_tone(t->table, tone);
	table_text(t->table, detail);
	table_end(t->table);
}

/* --- topics -------------------------------------------------------------- */

static enum fault
count_partitions(struct topics *t, struct err *err)
{
	int most = 0;

	t->partitions = ARENA_ARRAY(t->ctl->arena, int, (size_t)t->n + 1);
	for (int i = 0; i < t->n; i++) {
		enum fault fault = admin_partitions(t->admin, t->rows[i].name, TIMEOUT_MS,
		    &t->partitions[i], err);

		if (fault != FAULT_NONE)
			return fault;
		most = t->partitions[i] > most ? t->partitions[i] : most;
	}
	t->wanted = opt.partitions > 0 ? (int)opt.partitions : most > 0 ? most : PARTITIONS_DEFAULT;
	return FAULT_NONE;
}

static enum fault
missing_topic(struct topics *t, const struct topic_row *row, struct err *err)
{
	enum fault fault = FAULT_NONE;

	if (t->mode == APPLY)
		fault = admin_create(t->admin, row->name, t->wanted, row->wish, TOPIC_WISHES,
		    TIMEOUT_MS, err);
	if (fault != FAULT_NONE)
		return fault;
	t->differences += t->mode != APPLY;
	put_row(t, row->name, t->wanted, t->mode == APPLY ? "created" : "missing",
	    t->mode == APPLY ? TONE_GOOD : TONE_BAD, TEXT_NONE);
	return FAULT_NONE;
}

static enum fault
present_topic(struct topics *t, const struct topic_row *row, int partitions, struct err *err)
{
	const char *names[TOPIC_WISHES], *values[TOPIC_WISHES];
	struct buf why = buf_in(t->ctl->arena);
	enum fault fault;

	for (int i = 0; i < TOPIC_WISHES; i++)
		names[i] = row->wish[i].name;
	fault = admin_settings(t->admin, row->name, names, TOPIC_WISHES, TIMEOUT_MS, t->ctl->arena,
	    values, err);
	if (fault != FAULT_NONE)
		return fault;
	if (partitions != t->wanted)
		buf_printf(&why, "%d partitions, should be %d; ", partitions, t->wanted);
	for (int i = 0; i < TOPIC_WISHES; i++)
		if (values[i] == NULL || strcmp(values[i], row->wish[i].value) != 0)
			buf_printf(&why, "%s is %s, should be %s; ", names[i],
			    values[i] != NULL ? values[i] : "unknown", row->wish[i].value);
	if (why.n > 0)
		why.n -= 2;
	t->differences += why.n > 0;
	put_row(t, row->name, partitions, why.n > 0 ? "different" : "as it should be",
	    why.n > 0 ? TONE_BAD : TONE_PLAIN, why.n > 0 ? buf_get(&why) : TEXT_NONE);
	return FAULT_NONE;
}

static enum fault
topics_run(struct topics *t, struct err *err)
{
	enum fault fault = count_partitions(t, err);

	for (int i = 0; i < t->n && fault == FAULT_NONE; i++)
		fault = t->partitions[i] == 0 ? missing_topic(t, &t->rows[i], err) :
		    present_topic(t, &t->rows[i], t->partitions[i], err);
	return fault;
}

/* --- lanes --------------------------------------------------------------- */

struct lane_count {
	int	present;
	int	odd;		/* made for another number of topics, or beyond the partitions */
};

static enum fault
count_lanes(struct topics *t, struct lane_count counts[STAGES], struct err *err)
{
	const struct rows *rows;
	enum fault fault = session_run(t->session, SQL_LANES_MADE, NULL, &rows, err);

	if (fault != FAULT_NONE)
		return fault;
	for (int i = 0; i < rows_count(rows); i++) {
		int stage = rows_int4(rows, i, 0), n_topics;

		(void)stage_topics((enum stage)stage, &n_topics);
		counts[stage].present++;
		counts[stage].odd += rows_int4(rows, i, 1) >= t->wanted ||
		    rows_int4(rows, i, 2) != n_topics;
	}
	return FAULT_NONE;
}

static enum fault
add_lanes(struct topics *t, enum stage stage, int *made, struct err *err)
{
	struct db_args *args = db_args_new(t->ctl->arena, 3);
	const struct rows *rows;
	int n_topics;
	enum fault fault;

	(void)stage_topics(stage, &n_topics);
	db_put_int2(args, (int)stage);
	db_put_int4(args, t->wanted);
	db_put_int4(args, n_topics);
	fault = session_run(t->session, SQL_LANES_ADD, args, &rows, err);
	if (fault == FAULT_NONE)
		*made = rows_count(rows);
	return fault;
}

static void
lanes_row(struct topics *t, enum stage stage, const struct lane_count *count, int made)
{
	const char *what = arena_printf(t->ctl->arena, "lanes of %s", stage_name(stage)).s;
	struct text detail = TEXT_NONE;
	int missing = t->wanted + count->odd - count->present - made;

	if (count->odd > 0)
		detail = arena_printf(t->ctl->arena,
		    "%d made for other topics or partitions than there are", count->odd);
	else if (missing > 0)
		detail = arena_printf(t->ctl->arena, "%d missing", missing);
	t->differences += !text_is_absent(detail);
	put_row(t, what, count->present + made, count->odd > 0 ? "different" : missing > 0 ?
	    "missing" : made > 0 ? "created" : "as it should be",
	    !text_is_absent(detail) ? TONE_BAD : made > 0 ? TONE_GOOD : TONE_PLAIN, detail);
}

static enum fault
lanes_run(struct topics *t, struct err *err)
{
	struct lane_count counts[STAGES] = { { 0, 0 } };
	enum fault fault = count_lanes(t, counts, err);

	for (int s = 0; s < STAGES && fault == FAULT_NONE; s++) {
		int made = 0;

		if (t->mode == APPLY)
			fault = add_lanes(t, (enum stage)s, &made, err);
		if (fault == FAULT_NONE)
			lanes_row(t, (enum stage)s, &counts[s], made);
	}
	return fault;
}

/* --- the commands -------------------------------------------------------- */

static enum fault
run_all(struct topics *t, struct err *err)
{
	const char *broker;
	enum fault fault = topics_list_read(t->ctl, &t->rows, &t->n, err);

	if (fault == FAULT_NONE)
		fault = ctl_broker(t->ctl, &broker, err);
	if (fault == FAULT_NONE)
		fault = session_open(t->ctl, t->mode == APPLY ? "dossier_owner" : "dossier_auditor",
		    &t->session, err);
	if (fault == FAULT_NONE)
		fault = admin_open(broker, "dossierctl", NULL, &t->admin, err);
	if (fault == FAULT_NONE)
		fault = topics_run(t, err);
	return fault == FAULT_NONE ? lanes_run(t, err) : fault;
}

static int
run(struct ctl *ctl, enum mode mode)
{
	static const struct table_column columns[] = {
		{ "WHAT", "what", false }, { "PARTITIONS", "partitions", true },
		{ "STATE", "state", false }, { "DETAIL", "detail", false }
	};
	struct topics t = { .ctl = ctl, .mode = mode, .table = table_new(ctl, columns, 4) };
	struct err err;
	enum fault fault = run_all(&t, &err);

	admin_close(t.admin);
	session_close(t.session);
	table_print(t.table, NULL);
	if (fault != FAULT_NONE)
		return ctl_fail(ctl, &err);
	return t.differences == 0 || mode == PLAN ? CTL_YES : CTL_NO;
}

static int
plan(struct ctl *ctl)
{
	return run(ctl, PLAN);
}

static int
apply(struct ctl *ctl)
{
	return run(ctl, APPLY);
}

static int
verify(struct ctl *ctl)
{
	return run(ctl, VERIFY);
}

const struct command topics_plan_command = {
	.path = "topics plan", .arguments = "", .run = plan, .options = options,
	.summary = "what topics apply would do",
	.examples = "  dossierctl topics plan --partitions 48\n",
};

const struct command topics_apply_command = {
	.path = "topics apply", .arguments = "", .run = apply, .options = options,
	.summary = "create missing topics and lanes",
	.about = "Creates what is missing of schemas/topics.list, and the lane rows. Never deletes and\n"
	    "never changes: what is there and different is shown, for a person to decide.\n",
	.exits = "Exit status: 0 all is as it should be, 1 something that exists is different, 2 could not.\n",
	.examples = "  dossierctl topics apply --partitions 8\n",
};

const struct command topics_verify_command = {
	.path = "topics verify", .arguments = "", .run = verify, .options = options,
	.summary = "are topics and lanes as they should be?",
	.exits = "Exit status: 0 yes, 1 missing or different, 2 could not ask.\n",
	.examples = "  dossierctl topics verify -o json | jq 'select(.state != \"as it should be\")'\n",
};
