/* belongings - see belongings.h: orders, parcels and unfinished jobs as tables. */
#include "belongings.h"

#include "fold.h"

const char *
job_kind_name(int kind)
{
	static const char *const names[] = { "message", "effect", "timer", "hand-over" };

	return kind >= 0 && kind < 4 ? names[kind] : "?";
}

static const struct table_column order_columns[] = {
	{ "ORDER", "order", false }, { "STATE", "state", false }, { "PHÍ", "phi", true },
	{ "LỆ PHÍ", "le_phi", true }, { "AMOUNT", "amount", true },
	{ "CITATION", "citation", false }, { "ORDERED", "ordered_at", false },
	{ "EXPIRES", "expires_at", false }, { "PAID", "paid_at", false },
	{ "TRANSACTION", "transaction", false }, { "REFUND", "refund", false },
	{ NULL, "refund_transaction", false }, { "UNSURE", "unsure", false },
	{ NULL, "version", true }
};

static const struct table_column parcel_columns[] = {
	{ "PARCEL", "parcel", false }, { "STATE", "state", false },
	{ "ITEM", "item_code", false }, { "ORDERED", "ordered_at", false },
	{ "UPDATED", "updated_at", false }, { "ATTEMPTS", "attempts", true },
	{ "UNSURE", "unsure", false }, { NULL, "version", true }
};

static const struct table_column job_columns[] = {
	{ "STAGE", "stage", false }, { "LANE", "lane", true }, { NULL, "origin", true },
	{ NULL, "ord", true }, { "KIND", "kind", false }, { "PURPOSE", "purpose", false },
	{ "DUE", "due_at", false }, { "ATTEMPTS", "attempts", true },
	{ "REASON", "reason", false }, { "SINCE", "created_at", false }
};

void
belongings_empty(struct ctl *ctl, struct belongings *out)
{
	out->orders = table_new(ctl, order_columns, sizeof order_columns / sizeof *order_columns);
	out->parcels = table_new(ctl, parcel_columns, sizeof parcel_columns / sizeof *parcel_columns);
	out->jobs = table_new(ctl, job_columns, sizeof job_columns / sizeof *job_columns);
}

/* The tables have the folds' columns in their order, but for the dossier, which stands second. */
void
belongings_put(struct table *table, const struct fold *fold, const void *row)
{
	for (int c = 0; c < fold->n_columns; c++) {
		const void *value = (const char *)row + fold->columns[c].offset;

		if (c == 1)
			continue;
		switch (fold->columns[c].type) {
		case DB_TEXT:
			table_text(table, *(const struct text *)value);
			break;
		case DB_TIME:
			table_time(table, *(const time_us *)value);
			break;
		case DB_BOOL:
			table_bool(table, *(const bool *)value);
			break;
		case DB_INT4:
			table_int(table, *(const int32_t *)value);
			break;
		default:
			table_int(table, *(const int64_t *)value);
		}
	}
	table_end(table);
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
    struct table *out, struct err *err)
{
	const struct rows *rows;
	enum fault fault = session_run(session, SQL_ORDERS_OF, by_dossier(ctl, dos), &rows, err);

	for (int i = 0; fault == FAULT_NONE && i < rows_count(rows); i++) {
		table_text(out, rows_text(rows, i, 0));
		table_text(out, rows_text(rows, i, 1));
		for (int c = 2; c <= 4; c++)
			table_int(out, rows_int8(rows, i, c));
		table_text(out, rows_text(rows, i, 5));
		for (int c = 6; c <= 8; c++)
			table_time(out, rows_time(rows, i, c));
		for (int c = 9; c <= 11; c++)
			table_text(out, rows_text(rows, i, c));
		table_bool(out, rows_bool(rows, i, 12));
		table_int(out, rows_int4(rows, i, 13));
		table_end(out);
	}
	return fault;
}

static enum fault
read_parcels(struct ctl *ctl, struct session *session, const struct dossier *dos,
    struct table *out, struct err *err)
{
	const struct rows *rows;
	enum fault fault = session_run(session, SQL_PARCELS_OF, by_dossier(ctl, dos), &rows, err);

	for (int i = 0; fault == FAULT_NONE && i < rows_count(rows); i++) {
		for (int c = 0; c <= 2; c++)
			table_text(out, rows_text(rows, i, c));
		for (int c = 3; c <= 4; c++)
			table_time(out, rows_time(rows, i, c));
		table_int(out, rows_int4(rows, i, 5));
		table_bool(out, rows_bool(rows, i, 6));
		table_int(out, rows_int4(rows, i, 7));
		table_end(out);
	}
	return fault;
}

static enum fault
read_jobs(struct ctl *ctl, struct session *session, const struct dossier *dos,
    struct table *out, struct err *err)
{
	const struct rows *rows;
	enum fault fault = session_run(session, SQL_JOBS_OF, by_dossier(ctl, dos), &rows, err);

	for (int i = 0; fault == FAULT_NONE && i < rows_count(rows); i++) {
		table_text(out, rows_text(rows, i, 0));
		for (int c = 1; c <= 3; c++)
			table_int(out, rows_int8(rows, i, c));
		table_name(out, job_kind_name(rows_int4(rows, i, 4)));
		table_text(out, rows_text(rows, i, 5));
		table_time(out, rows_time(rows, i, 6));
		table_int(out, rows_int4(rows, i, 7));
		table_text(out, rows_text(rows, i, 8));
		table_time(out, rows_time(rows, i, 9));
		table_end(out);
	}
	return fault;
}

enum fault
belongings_read(struct ctl *ctl, struct session *session, const struct dossier *dos,
    struct belongings *out, struct err *err)
{
	enum fault fault;

	belongings_empty(ctl, out);
	fault = read_orders(ctl, session, dos, out->orders, err);
	if (fault == FAULT_NONE)
		fault = read_parcels(ctl, session, dos, out->parcels, err);
	return fault == FAULT_NONE ? read_jobs(ctl, session, dos, out->jobs, err) : fault;
}
