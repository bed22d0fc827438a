/*
 * metric_process - the metrics that Prometheus expects of every process, read
 * when they are asked for.
 */
#include "metric_process.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

static const struct metric_family cpu = { "process_cpu_seconds_total", "User and system CPU time spent.", METRIC_COUNTER, .per_unit = 1000000 };
static const struct metric_family resident = { "process_resident_memory_bytes", "Resident memory size.", METRIC_GAUGE, .per_unit = 1 };
static const struct metric_family virtual = { "process_virtual_memory_bytes", "Virtual memory size.", METRIC_GAUGE, .per_unit = 1 };
static const struct metric_family files = { "process_open_fds", "Open file descriptors.", METRIC_GAUGE, .per_unit = 1 };
static const struct metric_family files_most = { "process_max_fds", "Most open file descriptors.", METRIC_GAUGE, .per_unit = 1 };
static const struct metric_family start = { "process_start_time_seconds", "When the process started, since 1970.", METRIC_GAUGE, .per_unit = 1000000 };

static void
write_one(struct buf *out, const struct metric_family *family, int64_t value)
{
	metric_write_head(out, family);
	metric_write_line(out, family, "", value);
}

static void
write_memory(struct buf *out)
{
	FILE *file = fopen("/proc/self/statm", "re");
	long long all = 0, present = 0, page = sysconf(_SC_PAGESIZE);
	bool is_read = file != NULL && fscanf(file, "%lld %lld", &all, &present) == 2;

	if (file != NULL)
		fclose(file);
	if (!is_read)
		return;
	write_one(out, &virtual, all * page);
	write_one(out, &resident, present * page);
}

static void
write_files(struct buf *out)
{
	DIR *dir = opendir("/proc/self/fd");
	struct rlimit limit;
	int64_t n = 0;

	/* Less ".", ".." and the one that looks. */
	if (dir != NULL) {
		while (readdir(dir) != NULL)
			n++;
		closedir(dir);
		write_one(out, &files, n - 3);
	}
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
		write_one(out, &files_most, (int64_t)limit.rlim_cur);
}

void
metrics_write_process(struct buf *out, time_us started_at)
{
	struct rusage used;

	if (getrusage(RUSAGE_SELF, &used) == 0)
		write_one(out, &cpu, (int64_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * SECOND_US +
		    used.ru_utime.tv_usec + used.ru_stime.tv_usec);
	write_memory(out);
	write_files(out);
	write_one(out, &start, started_at);
}
