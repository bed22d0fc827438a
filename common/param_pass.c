/*
 * param_pass - names that go through to librdkafka unread, the few that may
 * not, and the nearest known name to a misspelt one.
 *
 * "kafka.X" is meant for both clients, "kafka.consumer.X" and
 * "kafka.producer.X" for one.  A setting that carries a promise of the design
 * is refused under each of these names and under the library's aliases.
 */
#include <stdlib.h>

#include "mem.h"
#include "param_value.h"

#define OP "param_load"

static const struct {
	const char	*name;
	const char	*reason;
} invariants[] = {
	{ "enable.auto.commit", "positions are kept in PostgreSQL and move with the decision alone" },
	{ "auto.commit.enable", "positions are kept in PostgreSQL and move with the decision alone" },
	{ "enable.auto.offset.store", "positions are kept in PostgreSQL and move with the decision alone" },
	{ "enable.idempotence", "a journal must stay contiguous when the producer sends again" },
	{ "acks", "an entry counts as published when every in-sync replica has it" },
	{ "request.required.acks", "an entry counts as published when every in-sync replica has it" },
	{ "isolation.level", "readers trust the journal's numbers and chain; all workers must see the same" },
	{ "partition.assignment.strategy", "lanes are claimed under the eager protocol that all workers share" },
	{ "group.id", "the group is the stage: two groups would fight over its lanes" },
	{ "auto.offset.reset", "a position that the broker lost must stop the lane, not jump" },
	{ "enable.partition.eof", "the end of a partition is how a lane knows how far in time it has read" },
	{ "transactional.id", "PostgreSQL decides; transactions of the broker are not used" },
};

static const char *const secret_parts[] = { "password", "secret", ".pem", "oauthbearer.config" };

bool
param_pass_is_secret(const char *name)
{
	for (size_t i = 0; i < sizeof secret_parts / sizeof secret_parts[0]; i++)
		if (strstr(name, secret_parts[i]) != NULL)
			return true;
	return false;
}

static enum fault
invariant_check(const char *name, const struct param_place *place, struct err *err)
{
	const char *bare = name + strlen("kafka.");

	if (strncmp(bare, "consumer.", 9) == 0 || strncmp(bare, "producer.", 9) == 0)
		bare += 9;
	if (strncmp(bare, "topic.", 6) == 0 && strncmp(bare, "topic.metadata.", 15) != 0)
		bare += 6;
	if (*bare == '\0')
		return err_set(err, FAULT_FATAL, OP, NULL, "%s: %s names no setting", place->text, name);
	for (size_t i = 0; i < sizeof invariants / sizeof invariants[0]; i++)
		if (strcmp(invariants[i].name, bare) == 0)
			return err_set(err, FAULT_FATAL, OP, NULL, "%s: %s cannot be changed: %s",
			    place->text, name, invariants[i].reason);
	return FAULT_NONE;
}

enum fault
param_pass_set(struct param_pass **list, const char *name, const char *text, const struct param_place *place,
    struct err *err)
{
	struct param_pass **at = list;
	struct param_passed *passed;
	enum fault fault = invariant_check(name, place, err);
	char *value = NULL;

	if (fault != FAULT_NONE)
		return fault;
	while (*at != NULL && strcmp((*at)->name, name) != 0)
		at = &(*at)->next;
	passed = (struct param_passed *)*at;
	if (passed != NULL && passed->place.origin == place->origin)
		return err_set(err, FAULT_FATAL, OP, NULL, "%s: %s is given twice; first at %s", place->text,
		    name, passed->place.text);
	if (param_pass_is_secret(name) && text[0] == '@' &&
	    (fault = param_secret_read(text + 1, name, place, &value, err)) != FAULT_NONE)
		return fault;
	if (passed == NULL) {
		passed = mem_new(1, sizeof *passed);
		passed->pass.name = mem_copy_text(name);
		*at = &passed->pass;
	}
	free(passed->pass.value);
	passed->pass.value = value != NULL ? value : mem_copy_text(text);
	passed->place = *place;
	return FAULT_NONE;
}

/* --- nearest name --------------------------------------------------------------- */

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Levenshtein distance; a swap of neighbours counts as two. */
static size_t
distance(const char *a, const char *b)
{
	size_t row[PARAM_NAME_BYTES], na = strlen(a), nb = strlen(b);

	if (na >= PARAM_NAME_BYTES || nb >= PARAM_NAME_BYTES)
		return SIZE_MAX;
	for (size_t j = 0; j <= nb; j++)
		row[j] = j;
	for (size_t i = 1; i <= na; i++) {
		size_t corner = row[0];

		row[0] = i;
		for (size_t j = 1; j <= nb; j++) {
			size_t above = row[j];

			row[j] = least(least(above, row[j - 1]) + 1, corner + (a[i - 1] != b[j - 1]));
			corner = above;
		}
	}
	return row[nb];
}

const char *
param_nearest(const struct param_set *set, const char *name)
{
	const char *nearest = NULL;
	size_t best = strlen(name) / 3 + 1;

	for (const struct param_value *v = set->values; v->row != NULL; v++) {
		size_t d = distance(name, v->row->name);

		if (d < best || (d == best && nearest == NULL)) {
			best = d;
			nearest = v->row->name;
		}
	}
	return nearest;
}
