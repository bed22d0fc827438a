/* topics_list - see topics_list.h, and the head of schemas/topics.list for the format. */
#include "topics_list.h"

#include <stdlib.h>

#include "file.h"

enum { LIST_BYTES_MAX = 1 << 18, FIELDS = 7 };

/* Splits a line in place at blanks; the number of fields, at most FIELDS + 1. */
static int
split(char *line, char *fields[FIELDS + 1])
{
	char *rest = NULL;
	int n = 0;

	for (char *p = strtok_r(line, " \t\r", &rest); p != NULL && n <= FIELDS;
	    p = strtok_r(NULL, " \t\r", &rest))
		fields[n++] = p;
	return n;
}

static bool
is_one_of(const char *value, const char *const *allowed)
{
	for (; *allowed != NULL; allowed++)
		if (strcmp(value, *allowed) == 0)
			return true;
	return false;
}

/* What is wrong with a line, or NULL. */
static const char *
line_fault(char *const fields[], int n)
{
	static const char *const kinds[] = { "outside", "journal", "snapshot", "deadletter", NULL };
	static const char *const policies[] = { "delete", "compact", NULL };
	static const char *const stamps[] = { "LogAppendTime", "CreateTime", NULL };
	int64_t retention;

	if (n != FIELDS)
		return "seven fields are expected";
	if (!is_one_of(fields[1], kinds))
		return "unknown kind";
	if (!is_one_of(fields[2], policies))
		return "policy is delete or compact";
	if (!text_to_int64(text_of(fields[3]), &retention) || retention < -1)
		return "retention is milliseconds, or -1";
	if (!is_one_of(fields[4], stamps))
		return "timestamp is LogAppendTime or CreateTime";
	return NULL;
}

static struct topic_row
row_of(char *const fields[])
{
	return (struct topic_row){ fields[0], fields[1], {
	    { "cleanup.policy", fields[2] }, { "retention.ms", fields[3] },
	    { "message.timestamp.type", fields[4] } } };
}

enum fault
topics_list_read(struct ctl *ctl, struct topic_row **out, int *n, struct err *err)
{
	const char *schemas, *path, *why;
	char *fields[FIELDS + 1], *rest, *line;
	struct text whole;
	int number = 0, n_fields;
	enum fault fault = ctl_schemas(ctl, &schemas, err);

	if (fault != FAULT_NONE)
		return fault;
	path = arena_printf(ctl->arena, "%s/topics.list", schemas).s;
	if ((fault = file_read(ctl->arena, path, LIST_BYTES_MAX, &whole, err)) != FAULT_NONE)
		return fault;
	*n = 0;
	*out = ARENA_ARRAY(ctl->arena, struct topic_row, whole.n / 2 + 1);
	rest = (char *)(uintptr_t)whole.s;	/* ours: it lies in the arena */
	while ((line = strsep(&rest, "\n")) != NULL) {
		number++;
		line[strcspn(line, "#")] = '\0';
		if ((n_fields = split(line, fields)) == 0)
			continue;
		if ((why = line_fault(fields, n_fields)) != NULL)
			return err_set(err, FAULT_FATAL, "read the topics", NULL, "%s:%d: %s", path,
			    number, why);
		(*out)[(*n)++] = row_of(fields);
	}
	return FAULT_NONE;
}
