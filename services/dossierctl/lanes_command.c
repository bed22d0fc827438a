/*
 * lanes - whose each lane is, where it stands, and whether its counters balance.
 */
#include "lanes_read.h"
#include "table.h"

static const struct table_column columns[] = {
	{ "STAGE", "stage", false }, { "LANE", "lane", true }, { "OWNER", "owner", false },
	{ "RELEASE", "owner_version", false }, { "EPOCH", "epoch", true },
	{ "CLAIMED", "claimed_at", false }, { "POSITION", "next_offset", false },
	{ "GIVEN", "given", true }, { "ACKED", "acked", true }, { NULL, "given_hash", false },
	{ "TAKEN", "taken", true }, { "IN", "handed_in", true }, { "ORDERED", "ordered", true },
	{ "DONE", "done", true }, { "REPEATED", "repeated", true }, { "DEAD", "dead", true },
	{ "OUT", "handed_out", true }, { "WAITING", "waiting", true }, { "PARKED", "parked", true },
	{ "UNCLEAN", "unclean", true }, { "NOTE", "step_note", false },
	{ NULL, "balanced", false }
};
enum { N_COLUMNS = sizeof columns / sizeof *columns };

static bool
is_balanced(const struct lane_row *l)
{
	const int64_t *c = l->counts;

	return c[COUNT_TAKEN] + c[COUNT_HANDED_IN] + c[COUNT_ORDERED] == c[COUNT_DONE] +
	    c[COUNT_REPEATED] + c[COUNT_DEAD] + c[COUNT_HANDED_OUT] + c[COUNT_WAITING] +
	    c[COUNT_PARKED];
}

/* "12 0 7", lead first; - where nothing has been read yet. */
static void
put_position(struct ctl *ctl, struct table *table, const struct lane_row *l)
{
	struct buf shown = buf_in(ctl->arena), json = buf_in(ctl->arena);

	for (int t = 0; t < l->n_topics; t++) {
		buf_puts(&shown, t > 0 ? " " : "");
		if (l->next_offset[t] < 0)
			buf_puts(&shown, "-");
		else
			buf_int(&shown, l->next_offset[t]);
		buf_puts(&json, t > 0 ? "," : "[");
		buf_int(&json, l->next_offset[t]);
	}
	buf_puts(&json, "]");
	table_both(table, buf_get(&shown), buf_get(&json));
}

static void
put_lane(struct ctl *ctl, struct table *table, const struct lane_row *l)
{
	table_name(table, stage_name(l->stage));
	table_int(table, l->lane);
	table_text(table, l->owner);
	table_text(table, l->owner_version);
	table_int(table, l->epoch);
	table_time(table, l->claimed_at);
	put_position(ctl, table, l);
	table_int(table, l->given);
	table_int(table, l->acked);
	table_hex(table, l->given_hash.s, l->given_hash.n);
	for (int c = 0; c < COUNTS; c++)
		table_int(table, l->counts[c]);
	table_tone(table, l->counts[COUNT_PARKED] > 0 ? TONE_BAD : TONE_PLAIN);
	table_int(table, l->unclean);
	table_tone(table, l->unclean > 0 ? TONE_BAD : TONE_PLAIN);
	table_text(table, l->step_note);
	table_bool(table, is_balanced(l));
	table_end(table);
}

static int
lanes(struct ctl *ctl)
{
	struct table *table = table_new(ctl, columns, N_COLUMNS);
	struct lane_row *list;
	struct err err;
	int n;
	enum fault fault = lanes_read(ctl, &list, &n, &err);

	if (fault != FAULT_NONE)
		return ctl_fail(ctl, &err);
	for (int i = 0; i < n; i++)
		put_lane(ctl, table, &list[i]);
	table_print(table, "no lanes: dossierctl topics apply makes them");
	return CTL_YES;
}

const struct command lanes_command = {
	.path = "lanes", .arguments = "", .run = lanes,
	.summary = "whose each lane is, positions, counters",
	.about = "taken + in + ordered = done + repeated + dead + out + waiting + parked, in every lane.\n"
	    "Positions are offsets in the order of the stage's topics, the lead first.\n",
	.examples = "  dossierctl lanes -o json | jq 'select(.owner == null)'\n",
};
