/* ledger_count - see ledger_count.h.  There are few names, so lists do. */
#include "ledger_count.h"

#include "ledger.h"

enum { OPS_MAX = 12, OUTCOMES_MAX = 40 };

struct outcome_count {
	const char	*name;
	int64_t		n;
};

static struct service_count {
	int64_t	requests, keys, repeats;
	struct op_count {
		const char		*name;
		int64_t			times, keys, repeats;
		struct outcome_count	outcomes[OUTCOMES_MAX];
	} ops[OPS_MAX];
} counts[SERVICES];

static struct op_count *
op_find(struct service_count *service, const char *name)
{
	for (int i = 0; i < OPS_MAX; i++) {
		struct op_count *op = &service->ops[i];

		if (op->name == NULL)
			op->name = mem_copy_text(name);
		if (strcmp(op->name, name) == 0)
			return op;
	}
	bug("too many operations");
}

static struct outcome_count *
outcome_find(struct op_count *op, const char *name)
{
	for (int i = 0; i < OUTCOMES_MAX; i++) {
		struct outcome_count *outcome = &op->outcomes[i];

		if (outcome->name == NULL)
			outcome->name = mem_copy_text(name);
		if (outcome->name == name || strcmp(outcome->name, name) == 0)
			return outcome;
	}
	bug("too many outcomes");
}

void
ledger_count(enum service which, const char *op_name, const char *outcome, uint32_t attempt,
    bool is_request)
{
	struct service_count *service = &counts[which];
	struct op_count *op = op_find(service, op_name);

	op->times++;
	op->keys += attempt == 1;
	op->repeats += attempt > 1;
	outcome_find(op, outcome)->n++;
	if (is_request) {
		service->requests++;
		service->keys += attempt == 1;
		service->repeats += attempt > 1;
	}
}

static void
write_op(struct buf *buf, const struct op_count *op)
{
	buf_printf(buf, "\"%s\":{\"times\":%lld,\"keys\":%lld,\"repeats\":%lld,\"outcomes\":{", op->name,
	    (long long)op->times, (long long)op->keys, (long long)op->repeats);
	for (int i = 0; i < OUTCOMES_MAX && op->outcomes[i].name != NULL; i++)
		buf_printf(buf, "%s\"%s\":%lld", i > 0 ? "," : "", op->outcomes[i].name,
		    (long long)op->outcomes[i].n);
	buf_puts(buf, "}}");
}

void
ledger_counts(struct buf *buf)
{
	for (int i = 0; i < SERVICES; i++) {
		const struct service_count *service = &counts[i];

		buf_printf(buf, "%s\"%s\":{\"requests\":%lld,\"keys\":%lld,\"repeats\":%lld,\"ops\":{",
		    i > 0 ? "," : "{", service_names[i], (long long)service->requests,
		    (long long)service->keys, (long long)service->repeats);
		for (int k = 0; k < OPS_MAX && service->ops[k].name != NULL; k++) {
			buf_puts(buf, k > 0 ? "," : "");
			write_op(buf, &service->ops[k]);
		}
		buf_puts(buf, "}}");
	}
	buf_puts(buf, "}\n");
}
