/*
 * schema_branch - anyOf and oneOf, and what to say when no branch fits.
 *
 * Each branch keeps its errors apart.  When all fail, and all but one failed
 * on what they are (their type, or a const or enum near the top), the errors of that one are
 * what the sender needs; else the whole is one error.
 */
#include "schema_compile.h"

/*
 * Is this list what went wrong in the branch that was meant?  Not if it was
 * another branch by its kind: a type, const or enum at the value or just below.
 */
static bool
is_meant(const struct schema_errors *errors, size_t at)
{
	for (int i = 0; i < errors->n; i++) {
		const struct schema_error *e = &errors->list[i];
		const char *first = e->pointer.n > at ? memchr(e->pointer.s + at + 1, '/', e->pointer.n - at - 1) : NULL;

		if (first == NULL && (strcmp(e->rule, "type") == 0 || strcmp(e->rule, "const") == 0 ||
		    strcmp(e->rule, "enum") == 0 || strcmp(e->rule, "false") == 0))
			return false;
	}
	return errors->n > 0;
}

/* Say what was wrong in the only branch that can have been meant, else that none fits. */
static bool
report_branches(struct run *run, const struct op *op, const struct frame *frame,
    const struct schema_errors *branches)
{
	const struct schema_errors *meant = NULL;
	size_t at = schema_path_text(run->arena, frame->path).n;
	int n = 0;

	for (size_t i = 0; i < op->schemas.n; i++)
		if (is_meant(&branches[i], at)) {
			meant = &branches[i];
			n++;
		}
	if (n != 1)
		return schema_report(run, frame, op->keyword->name, TEXT_NONE);
	if (run->errors->list == NULL)
		run->errors->list = ARENA_ARRAY(run->arena, struct schema_error, (size_t)run->max);
	for (int i = 0; i < meant->n; i++) {
		if (run->errors->n == run->max) {
			run->errors->more = true;
			break;
		}
		run->errors->list[run->errors->n++] = meant->list[i];
	}
	return false;
}

/* Run the branches until enough are valid; their number. */
static size_t
branches_run(struct run *run, const struct op *op, const struct frame *frame, size_t enough,
    struct schema_errors *errors)
{
	struct schema_errors *outer = run->errors;
	size_t valid = 0;

	for (size_t i = 0; i < op->schemas.n && valid < enough && run->gave_up == NULL; i++) {
		run->errors = errors != NULL ? &errors[i] : NULL;
		valid += schema_beside(run, frame, op->schemas.list[i]);
	}
	run->errors = outer;
	return valid;
}

static struct schema_errors *
branch_errors(struct run *run, const struct op *op)
{
	return run->errors != NULL ? ARENA_ARRAY(run->arena, struct schema_errors, op->schemas.n) : NULL;
}

bool
check_any_of(struct run *run, const struct op *op, const struct frame *frame)
{
	struct schema_errors *errors = branch_errors(run, op);

	if (branches_run(run, op, frame, frame->seen != NULL ? SIZE_MAX : 1, errors) > 0)
		return true;
	return errors != NULL && run->gave_up == NULL && report_branches(run, op, frame, errors);
}

bool
check_one_of(struct run *run, const struct op *op, const struct frame *frame)
{
	struct schema_errors *errors = branch_errors(run, op);
	size_t valid = branches_run(run, op, frame, 2, errors);

	if (valid == 1 || run->gave_up != NULL)
		return run->gave_up == NULL;
	if (valid > 1)
		return schema_report(run, frame, "oneOf", TEXT("2"));
	return errors != NULL && report_branches(run, op, frame, errors);
}
