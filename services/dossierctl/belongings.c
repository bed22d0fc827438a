/* belongings - see belongings.h: orders, parcels and unfinished jobs as tables. */
#include "belongings.h"

const char *
job_kind_name(int kind)
{
	static const char *const names[] = { "message", "effect", "timer", "hand-over" };

	return kind >= 0 && kind < 4 ? names[kind] : "?";
}

static struct db_args *
by_dossier(struct ctl *ctl, const struct dossier *dos)
{
	struct db_args *args = db_args_new(ctl->arena, 1);

	db_put_uuid(args, dos->id);
	return args;
}

static enum fault
read_orders(struct ctl *ctl, struct session *session, const struct dossier *dos,
    struct table **out, struct err *err)
{
	static const struct table_column columns[] = {
		{ "ORDER", "order", false }, { "STATE", "state", false }, { "PHÍ", "phi", true },
		{ "LỆ PHÍ", "le_phi", true }, { "AMOUNT", "amount", true },
		{ "CITATION", "citation", false }, { "ORDERED", "ordered_at", false },
		{ "EXPIRES", "expires_at", false }, { "PAID", "paid_at", false },
		{ "TRANSACTION", "transaction", false }, { "REFUND", "refund", false },
		{ NULL, "refund_transaction", false }, { "UNSURE", "unsure", false },
		{ NULL, "version", true }
	};
	const struct rows *rows;
	enum fault fault = session_run(session, SQL_ORDERS_OF, by_dossier(ctl, dos), &rows, err);

	*out = table_new(ctl, columns, 14);
	for (int i = 0; fault == FAULT_NONE && i < rows_count(rows); i++) {
		table_text(*out, rows_text(rows, i, 0));
		table_text(*out, rows_text(rows, i, 1));
		for (int c = 2; c <= 4; c++)
			table_int(*out, rows_int8(rows, i, c));
		table_text(*out, rows_text(rows, i, 5));
		for (int c = 6; c <= 8; c++)
			table_time(*out, rows_time(rows, i, c));
		for (int c = 9; c <= 11; c++)
			table_text(*out, rows_text(rows, i, c));
		table_bool(*out, rows_bool(rows, i, 12));
		table_int(*out, rows_int4(rows, i, 13));
		table_end(*out);
	}
	return fault;
}

static enum fault
read_parcels(struct ctl *ctl, struct session *session, const struct dossier *dos,
    struct table **out, struct err *err)
{
	static const struct table_column columns[] = {
		{ "PARCEL", "parcel", false }, { "STATE", "state", false },
		{ "ITEM", "item_code", false }, { "ORDERED", "ordered_at", false },
		{ "UPDATED", "updated_at", false }, { "ATTEMPTS", "attempts", true },
		{ "UNSURE", "unsure", false }, { NULL, "version", true }
	};
	const struct rows *rows;
	enum fault fault = session_run(session, SQL_PARCELS_OF, by_dossier(ctl, dos), &rows, err);

	*out = table_new(ctl, columns, 8);
	for (int i = 0; fault == FAULT_NONE && i < rows_count(rows); i++) {
		for (int c = 0; c <= 2; c++)
			table_text(*out, rows_text(rows, i, c));
		for (int c = 3; c <= 4; c++)
			table_time(*out, rows_time(rows, i, c));
		table_int(*out, rows_int4(rows, i, 5));
		table_bool(*out, rows_bool(rows, i, 6));
		table_int(*out, rows_int4(rows, i, 7));
		table_end(*out);
	}
	return fault;
}

static enum fault
read_jobs(struct ctl *ctl, struct session *session, const struct dossier *dos,
    struct table **out, struct err *err)
{
	static const struct table_column columns[] = {
		{ "STAGE", "stage", false }, { "LANE", "lane", true }, { NULL, "origin", true },
		{ NULL, "ord", true }, { "KIND", "kind", false }, { "PURPOSE", "purpose", false },
		{ "DUE", "due_at", false }, { "ATTEMPTS", "attempts", true },
		{ "REASON", "reason", false }, { "SINCE", "created_at", false }
	};
	const struct rows *rows;
	enum fault fault = session_run(session, SQL_JOBS_OF, by_dossier(ctl, dos), &rows, err);

	*out = table_new(ctl, columns, 10);
	for (int i = 0; fault == FAULT_NONE && i < rows_count(rows); i++) {
		table_text(*out, rows_text(rows, i, 0));
		for (int c = 1; c <= 3; c++)
			table_int(*out, rows_int8(rows, i, c));
		table_name(*out, job_kind_name(rows_int4(rows, i, 4)));
		table_text(*out, rows_text(rows, i, 5));
		table_time(*out, rows_time(rows, i, 6));
		table_int(*out, rows_int4(rows, i, 7));
		table_text(*out, rows_text(rows, i, 8));
		table_time(*out, rows_time(rows, i, 9));
		table_end(*out);
	}
	return fault;
}

enum fault
belongings_read(struct ctl *ctl, struct session *session, const struct dossier *dos,
    struct belongings *out, struct err *err)
{
	enum fault fault = read_orders(ctl, session, dos, &out->orders, err);

	if (fault == FAULT_NONE)
		fault = read_parcels(ctl, session, dos, &out->parcels, err);
	return fault == FAULT_NONE ? read_jobs(ctl, session, dos, &out->jobs, err) : fault;
}
