/*
 * journal resend - the exact bytes of core.journal to the topic again.
 *
 * For a reader that waits for an entry that its topic does not show: lost at
 * the broker, or taken away.  Contiguous and in order, with the same numbers
 * and the same chain, so whoever has an entry drops it (promise 4).  Entries
 * that do not fit their own chain are not sent.
 */
#include <inttypes.h>
#include <stdio.h>

#include "journal.h"
#include "lanes_read.h"
#include "operation.h"
#include "table.h"

enum { BLOCKS_AT_ONCE = 16, MESSAGE_TIMEOUT_MS = 30000, POLL_MS = 20 };

static struct {
	int64_t	from, to;
} opt = { INT_NONE, INT_NONE };

static const struct option_row options[] = {
	{ "from", OPTION_INT, &opt.from, "N", "first number; else the first that some reader has not", 1, INT64_MAX },
	{ "to", OPTION_INT, &opt.to, "N", "last number; else the last that was given", 1, INT64_MAX },
	OPERATION_OPTIONS, WAIT_OPTION,
	{ .name = NULL }
};

struct resend {
	struct ctl	*ctl;
	struct session	*session;
	struct producer	*producer;	/* NULL while it is only counted */
	enum stage	stage;
	int		lane;
	int64_t		from, to;
	int64_t		given, least_seen;
	int64_t		entries, bytes;
	int64_t		acked;		/* contiguous from `from` on */
	struct digest	*digest;
};

/* --- who reads it ----------------------------------------------------------------- */

static enum fault
read_lanes(struct resend *r, struct table *readers, struct err *err)
{
	struct lane_row *list;
	int n;
	bool found = false;

	if (lanes_read(r->ctl, &list, &n, err) != FAULT_NONE)
		return err->fault;
	r->least_seen = INT64_MAX;
	for (int i = 0; i < n; i++) {
		const char *const *topics = stage_topics(list[i].stage, &(int){ 0 });

		if (list[i].lane != r->lane)
			continue;
		if (list[i].stage == r->stage) {
			r->given = list[i].given;
			found = true;
		}
		for (int t = 0; t < list[i].n_topics; t++) {
			if (strcmp(topics[t], stage_journal(r->stage)) != 0)
				continue;
			r->least_seen = list[i].seen[t] < r->least_seen ? list[i].seen[t] : r->least_seen;
			if (readers == NULL)
				continue;
			table_name(readers, stage_name(list[i].stage));
			table_int(readers, list[i].lane);
			table_int(readers, list[i].seen[t]);
			table_end(readers);
		}
	}
	return found ? FAULT_NONE : err_set(err, FAULT_FATAL, "find the lane", NULL, "%s has no lane %d",
	    stage_name(r->stage), r->lane);
}

/* --- going through the blocks ------------------------------------------------------- */

static struct db_args *
place_args(struct resend *r, struct arena *arena, int64_t number, int n)
{
	struct db_args *args = db_args_new(arena, n);

	db_put_int2(args, (int)r->stage);
	db_put_int4(args, r->lane);
	db_put_int8(args, number);
	return args;
}

static enum fault
torn(const struct resend *r, int64_t number, const char *what, struct err *err)
{
	return err_set(err, FAULT_PARK, "read core.journal", "torn", "%s/%d/%" PRId64 " %s: nothing was sent from there on; "
	    "dossierctl replay --verify --home %d says what is wrong", stage_name(r->stage), r->lane, number, what, r->lane);
}

/* A full queue empties at the broker's pace; without a broker the producer fails in time. */
static enum fault
send(struct resend *r, int64_t number, struct text packed, const uint8_t hash[DIGEST_BYTES], struct err *err)
{
	struct err why;

	for (;;) {
		enum fault fault = journal_send(r->producer, r->stage, r->lane, number, packed, hash, err);

		if (fault != FAULT_RETRY || producer_failed(r->producer, &why))
			return fault;
		producer_poll(r->producer, POLL_MS);
	}
}

/* One entry: into the chain; counted and, when it is time, sent. */
static enum fault
pass_entry(struct resend *r, int64_t number, struct text packed, uint8_t chain[DIGEST_BYTES], struct err *err)
{
	struct record record;

	if (!record_unpack(packed, &record))
		return torn(r, number, "is torn", err);
	chain_hash(r->digest, chain, number, &record, chain);
	if (number < r->from || number > r->to)
		return FAULT_NONE;
	if (r->producer != NULL)
		return send(r, number, packed, chain, err);
	r->entries++;
	r->bytes += (int64_t)packed.n;
	return FAULT_NONE;
}

static enum fault
pass_block(struct resend *r, int64_t first, struct text head, struct text entries, uint8_t chain[DIGEST_BYTES],
    int64_t *next, struct err *err)
{
	enum fault fault = FAULT_NONE;
	struct text packed;
	size_t at = 0;

	if (first != *next)
		return torn(r, *next, "is missing", err);
	for (; fault == FAULT_NONE && journal_unpack(entries, &at, &packed); (*next)++)
		fault = pass_entry(r, *next, packed, chain, err);
	if (fault == FAULT_NONE && (at != entries.n ||
	    !text_is_equal(head, (struct text){ (const char *)chain, DIGEST_BYTES })))
		return torn(r, *next - 1, "does not fit the chain of its block", err);
	return fault;
}

/* Some blocks from *next on. */
static enum fault
pass_blocks(struct resend *r, struct arena *arena, uint8_t chain[DIGEST_BYTES], int64_t *next, struct err *err)
{
	struct db_args *args = place_args(r, arena, *next - 1, 4);
	const struct rows *rows;
	enum fault fault;

	db_put_int8(args, BLOCKS_AT_ONCE);
	fault = session_run(r->session, SQL_REPLAY_BLOCKS, args, &rows, err);
	if (fault == FAULT_NONE && rows_count(rows) == 0)
		return torn(r, *next, "is missing", err);
	for (int i = 0; fault == FAULT_NONE && i < rows_count(rows) && *next <= r->to; i++)
		fault = pass_block(r, rows_int8(rows, i, 0), rows_text(rows, i, 1), rows_text(rows, i, 2), chain, next, err);
	return fault;
}

/* The block that holds `from` begins where the one before it ends, with that one's head. */
static enum fault
find_start(struct resend *r, struct arena *arena, uint8_t chain[DIGEST_BYTES], int64_t *next, struct err *err)
{
	struct db_args *args = place_args(r, arena, r->from - 1, 4);
	const struct rows *rows;
	enum fault fault;

	db_put_int8(args, 1);
	fault = session_run(r->session, SQL_REPLAY_BLOCKS, args, &rows, err);
	if (fault != FAULT_NONE)
		return fault;
	*next = rows_count(rows) > 0 ? rows_int8(rows, 0, 0) : r->from;
	memset(chain, 0, DIGEST_BYTES);
	if (*next <= 1)
		return FAULT_NONE;
	fault = session_run(r->session, SQL_JOURNAL_HEAD, place_args(r, arena, *next - 1, 3), &rows, err);
	if (fault == FAULT_NONE && (rows_count(rows) == 0 || rows_text(rows, 0, 0).n != DIGEST_BYTES))
		return torn(r, *next - 1, "is missing", err);
	if (fault == FAULT_NONE)
		memcpy(chain, rows_text(rows, 0, 0).s, DIGEST_BYTES);
	return fault;
}

/* All entries of the range in order: counted, or with a producer sent. */
static enum fault
pass_all(struct resend *r, struct err *err)
{
	struct arena *arena = arena_new(1 << 16);
	uint8_t chain[DIGEST_BYTES];
	int64_t next;
	enum fault fault = find_start(r, arena, chain, &next, err);

	while (fault == FAULT_NONE && next <= r->to) {
		arena_reset(arena);
		fault = pass_blocks(r, arena, chain, &next, err);
	}
	arena_free(arena);
	return fault;
}

/* --- sending --------------------------------------------------------------------------- */

static void
on_delivered(void *ctx, struct mark mark, int64_t offset)
{
	struct resend *r = ctx;

	(void)offset;
	if (mark.number == r->from + r->acked)
		r->acked++;
}

static enum fault
send_all(struct resend *r, struct err *err)
{
	struct producer_options how = { .client = "dossierctl", .message_timeout_ms = MESSAGE_TIMEOUT_MS,
	    .ctx = r, .delivered = on_delivered };
	struct producer *producer = NULL;
	struct err why;
	enum fault fault = ctl_broker(r->ctl, &how.bootstrap, err);

	if (fault == FAULT_NONE)
		fault = producer_open(&how, &producer, err);
	r->producer = producer;
	if (fault == FAULT_NONE)
		fault = pass_all(r, err);
	while (producer != NULL && producer_pending(producer) > 0 && !producer_failed(producer, &why))
		producer_poll(producer, POLL_MS);
	if (fault == FAULT_NONE && producer_failed(producer, &why)) {
		*err = why;
		fault = why.fault;
	}
	r->producer = NULL;
	producer_free(producer);
	return fault;
}

static enum fault
note(struct resend *r, const struct operation *operation, struct err *err)
{
	struct db_args *args = db_args_new(r->ctl->arena, 4);

	db_put_int8(args, operation->id);
	db_put_int2(args, (int)r->stage);
	db_put_int4(args, r->lane);
	db_put_text(args, arena_printf(r->ctl->arena, "%" PRId64 "-%" PRId64, r->from, r->to));
	return session_run(r->session, SQL_RESEND_NOTE, args, NULL, err);
}

static enum fault
do_it(struct resend *r, struct operation *operation, struct err *err)
{
	struct err ignored;
	enum fault fault = operation_begin(r->ctl, r->session, r->entries, operation, err);

	if (fault == FAULT_NONE)
		fault = note(r, operation, err);
	if (fault != FAULT_NONE)
		return fault;
	fault = send_all(r, err);
	operation->done = r->acked;
	if (operation_end(r->ctl, r->session, operation, fault == FAULT_NONE ? err : &ignored) != FAULT_NONE &&
	    fault == FAULT_NONE)
		fault = err->fault;
	return fault;
}

/* --- the command ------------------------------------------------------------------------ */

static int
preview(struct resend *r, struct table *readers)
{
	if (!r->ctl->json)
		printf("%s/%d: %" PRId64 " to %" PRId64 ", %" PRId64 " entries of %" PRId64 " bytes; given are %" PRId64 "\n\n",
		    stage_journal(r->stage), r->lane, r->from, r->to, r->entries, r->bytes, r->given);
	table_print(readers, "nobody reads it");
	operation_preview(r->ctl, r->entries, "would be sent again");
	return CTL_YES;
}

/* Have all readers what was sent?  That is not ours to bring about, but worth knowing. */
static int
tell(struct resend *r, const struct operation *operation)
{
	int64_t until_us = clock_span_us() + operation_opt.wait_s * SECOND_US;
	struct err err;

	while (read_lanes(r, NULL, &err) == FAULT_NONE && r->least_seen < r->to && clock_span_us() < until_us)
		operation_nap();
	if (r->ctl->json)
		printf("{\"operation\":%" PRId64 ",\"planned\":%" PRId64 ",\"done\":%" PRId64 ",\"least_seen\":%" PRId64 "}\n",
		    operation->id, r->entries, operation->done, r->least_seen == INT64_MAX ? 0 : r->least_seen);
	else
		printf("\noperation %" PRId64 ": %" PRId64 " entries are at the broker again; %s\n", operation->id, operation->done,
		    r->least_seen >= r->to ? "all readers have them" : "not all readers have taken them yet: dossierctl lanes");
	return r->least_seen >= r->to ? CTL_YES : CTL_NO;
}

static int
resend_in(struct resend *r)
{
	static const struct table_column columns[] = {
		{ "READER", "reader", false }, { "LANE", "lane", true }, { "HAS UP TO", "seen", true }
	};
	struct table *readers = table_new(r->ctl, columns, 3);
	struct operation operation;
	struct err err;

	if (read_lanes(r, readers, &err) != FAULT_NONE)
		return ctl_fail(r->ctl, &err);
	r->from = opt.from != INT_NONE ? opt.from : r->least_seen == INT64_MAX ? 1 : r->least_seen + 1;
	r->to = opt.to != INT_NONE ? opt.to : r->given;
	if (r->to > r->given)
		return ctl_usage(r->ctl, "%s/%d has given %" PRId64 " entries", stage_name(r->stage), r->lane, r->given);
	if (r->from > r->to) {
		if (r->ctl->json)
			puts("{\"planned\":0}");
		else
			printf("every reader has all %" PRId64 " entries: nothing to send (--from N sends all the same)\n", r->given);
		return CTL_YES;
	}
	if (pass_all(r, &err) != FAULT_NONE)
		return ctl_fail(r->ctl, &err);
	if (!operation_opt.yes)
		return preview(r, readers);
	if (do_it(r, &operation, &err) != FAULT_NONE) {
		ctl_note(r->ctl, "the broker has acknowledged %" PRId64 " to %" PRId64 "; go on with --from %" PRId64,
		    r->from, r->from + r->acked - 1, r->from + r->acked);
		return ctl_fail(r->ctl, &err);
	}
	return tell(r, &operation);
}

static int
resend(struct ctl *ctl)
{
	struct resend r = { .ctl = ctl };
	int64_t lane;
	struct err err;
	int status;

	if (!stage_find(text_of(ctl->words[0]), &r.stage))
		return ctl_usage(ctl, "there is no stage \"%s\"", ctl->words[0]);
	if (!text_to_int64(text_of(ctl->words[1]), &lane) || lane < 0 || lane > 16383)
		return ctl_usage(ctl, "\"%s\" is no lane", ctl->words[1]);
	if (!operation_usage(ctl))
		return CTL_CANNOT;
	r.lane = (int)lane;
	if (session_open(ctl, "dossier_operator", &r.session, &err) != FAULT_NONE)
		return ctl_fail(ctl, &err);
	r.digest = digest_new();
	status = resend_in(&r);
	digest_free(r.digest);
	session_close(r.session);
	return status;
}

const struct command journal_resend_command = {
	.path = "journal resend", .arguments = "STAGE LANE", .run = resend, .options = options,
	.words_min = 2, .words_max = 2,
	.summary = "entries of a journal to the topic again, where a reader lacks them",
	.about = "The exact bytes of core.journal, contiguous and in order. Harmless: a reader takes only the next\n"
	    "number whose chain fits, and drops what it has. Without --from it begins where the reader that is\n"
	    "furthest behind stands. Recorded with who and why: dossierctl operations list.\n",
	.exits = "Exit status: 0 shown, or sent and taken by all readers; 1 sent, and not taken by all within --wait;\n"
	    "2 could not, or not all of it.\n",
	.examples = "  dossierctl journal resend intake 2\n"
	    "  dossierctl journal resend intake 2 --from 17 --to 17 --yes --why 'gap after the broker lost its disk'\n",
};
