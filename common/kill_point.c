/* kill_point - see kill_point.h. */
#include "kill_point.h"

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mem.h"

bool kill_points_armed;

static const struct { const char *name, *text; } points[KILL_POINTS_N] = {
#define KILL_POINT_ROW(id, name, text) { name, text },
	KILL_POINTS(KILL_POINT_ROW)
#undef KILL_POINT_ROW
};

static struct {
	long	left[KILL_POINTS_N];	/* visits until it happens; 0: never */
	bool	stops[KILL_POINTS_N];
	long	per_mille;
	uint64_t state;			/* of chance */
} armed;

/* --- reading ------------------------------------------------------------------ */

static bool
take_number(const char **at, long *out)
{
	char *end;

	if (**at != ':')
		return false;
	*out = strtol(*at + 1, &end, 10);
	if (end == *at + 1 || *out < 0)
		return false;
	*at = end;
	return true;
}

/* "random" has been read. */
static bool
arm_chance(const char *at)
{
	long seed;

	if (!take_number(&at, &seed) || !take_number(&at, &armed.per_mille) || *at != '\0')
		return false;
	/* One seed for many processes: each has its own sequence. */
	armed.state = ((uint64_t)seed << 32 ^ (uint64_t)getpid() * UINT64_C(0x9e3779b97f4a7c15)) | 1;
	return true;
}

static bool
arm_one(const char *item)
{
	const char *at = item + strcspn(item, ":");
	long nth = 1;

	if (strncmp(item, "random:", 7) == 0)
		return arm_chance(at);
	for (int i = 0; i < KILL_POINTS_N; i++) {
		if (strlen(points[i].name) != (size_t)(at - item) ||
		    strncmp(points[i].name, item, (size_t)(at - item)) != 0)
			continue;
		if (*at == ':' && (!take_number(&at, &nth) || nth == 0))
			return false;
		armed.left[i] = nth;
		armed.stops[i] = strcmp(at, ":stop") == 0;
		return *at == '\0' || armed.stops[i] || strcmp(at, ":kill") == 0;
	}
	return false;
}

enum fault
kill_points_arm(const char *setting, struct err *err)
{
	char *copy, *rest, *item;
	enum fault fault = FAULT_NONE;

	if (setting == NULL || setting[0] == '\0')
		return FAULT_NONE;
	copy = rest = mem_copy_text(setting);
	while (fault == FAULT_NONE && (item = strsep(&rest, ",")) != NULL)
		if (!arm_one(item))
			fault = err_set(err, FAULT_FATAL, "read DOSSIER_KILL_POINT", "kill_point",
			    "there is no \"%s\"; NAME[:NTH[:kill|stop]], random:SEED:PER_MILLE or list", item);
	free(copy);
	kill_points_armed = fault == FAULT_NONE;
	return fault;
}

void
kill_points_list(FILE *out)
{
	for (int i = 0; i < KILL_POINTS_N; i++)
		fprintf(out, "%-18s %s\n", points[i].name, points[i].text);
}

/* --- happening ------------------------------------------------------------------ */

/* xorshift64*: nobody's secret depends on it. */
static bool
by_chance(void)
{
	if (armed.per_mille == 0)
		return false;
	armed.state ^= armed.state >> 12;
	armed.state ^= armed.state << 25;
	armed.state ^= armed.state >> 27;
	return (long)((armed.state * UINT64_C(0x2545f4914f6cdd1d) >> 33) % 1000) < armed.per_mille;
}

void
kill_point_visit(enum kill_point point)
{
	bool now = armed.left[point] > 0 && --armed.left[point] == 0;
	char line[64];
	int n;

	if (!now && !by_chance())
		return;
	n = snprintf(line, sizeof line, "kill_point %s\n", points[point].name);
	if (write(STDERR_FILENO, line, (size_t)n) < 0)
		_exit(1);
	raise(now && armed.stops[point] ? SIGSTOP : SIGKILL);
}
