/*
 * simulators - the world outside, in one process, for demo, tests and load.
 *
 * Population and business registers, payment platform, post, object store,
 * SMS and mail over HTTP on loopback; an officer and a citizen over the
 * broker.  One thread, one loop: a request is handled when it is complete,
 * everything later is a timer.  What was asked and told stands in ledgers,
 * how to misbehave in rules.
 *
 *	web ──► population enterprise payment postal objects message control
 *	             │          behave (rules)        ledger
 *	             ▼
 *	bridge ──► payment.results postal.updates      ◄── payment, post
 *	       ──► agency.actions citizen.requests     ◄── officer, citizen
 *	       ◄── dossier.casework dossier.dispatch dossier.intake
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "actor.h"
#include "ledger.h"
#include "log.h"
#include "loop.h"
#include "serve.h"

enum { FLUSH_MS = 100, CLOSE_MS = 700, AGAIN_S = 60, PATH_BYTES = 4096, FILE_BYTES_MAX = 1024 * 1024 };

static struct {
	const char	*listen, *port_file, *bootstrap, *partitioner, *state, *behaviour, *from;
	int64_t		parent;
	bool		has_officer, has_citizen, reads_intake, is_quiet;
} args = { .listen = "127.0.0.1:0", .from = "end" };

static const char usage[] =
    "simulators: the world outside of dossier processing, on loopback\n"
    "\n"
    "  --listen ADDRESS:PORT   where to listen; port 0 chooses one   (127.0.0.1:0)\n"
    "  --port-file FILE        write the port there when ready\n"
    "  --bootstrap HOST:PORT   the broker; without it no bridges, officer or citizen\n"
    "  --partitioner NAME      librdkafka's; murmur2_random is Java's (consistent_random)\n"
    "  --state DIR             keep the ledgers there over restarts\n"
    "  --behaviour FILE|JSON   rules and chances; see README.md\n"
    "  --seed N                of chance and of made-up numbers   (1)\n"
    "  --secret TEXT           shared with the payment partner   (secret)\n"
    "  --officer               act on dossier.casework and dossier.dispatch\n"
    "  --citizen               supply what is asked for\n"
    "  --portal SOURCE         ce_source of the citizen\n"
    "  --intake                read dossier.intake too: rules by procedure and agency, true agency and portal\n"
    "  --home                  officer and citizen answer to the journal's partition\n"
    "  --from end|beginning|SECONDS   where officer and citizen begin to read   (end)\n"
    "  --parent PID            end with that process\n"
    "  --quiet                 log errors only\n";

static void
usage_end(int status)
{
	fputs(usage, status == 0 ? stdout : stderr);
	exit(status);
}

static int64_t
number_arg(const char *value)
{
	int64_t n;

	if (!text_to_int64(text_of(value), &n) || n < 0)
		usage_end(64);
	return n;
}

/* --- arguments ---------------------------------------------------------------- */

static const struct option options[] = {
	{ "listen", 1, NULL, 'l' }, { "port-file", 1, NULL, 'p' }, { "bootstrap", 1, NULL, 'b' },
	{ "partitioner", 1, NULL, 'P' }, { "state", 1, NULL, 's' }, { "behaviour", 1, NULL, 'B' },
	{ "seed", 1, NULL, 'n' }, { "secret", 1, NULL, 'S' }, { "officer", 0, NULL, 'o' },
	{ "citizen", 0, NULL, 'c' }, { "portal", 1, NULL, 'C' }, { "intake", 0, NULL, 'i' },
	{ "home", 0, NULL, 'H' }, { "from", 1, NULL, 'f' }, { "parent", 1, NULL, 'T' },
	{ "quiet", 0, NULL, 'q' }, { "help", 0, NULL, 'h' }, { NULL, 0, NULL, 0 }
};

static void
arg_take(int c)
{
	switch (c) {
	case 'l': args.listen = optarg; break;
	case 'p': args.port_file = optarg; break;
	case 'b': args.bootstrap = optarg; break;
	case 'P': args.partitioner = optarg; break;
	case 's': args.state = optarg; break;
	case 'B': args.behaviour = optarg; break;
	case 'n': sim_options.seed = (uint64_t)number_arg(optarg); break;
	case 'S': sim_options.secret = optarg; break;
	case 'o': args.has_officer = true; break;
	case 'c': args.has_citizen = true; break;
	case 'C': sim_options.portal = optarg; break;
	case 'i': args.reads_intake = true; break;
	case 'H': sim_options.to_home = true; break;
	case 'f': args.from = optarg; break;
	case 'T': args.parent = number_arg(optarg); break;
	case 'q': args.is_quiet = true; break;
	default: usage_end(c == 'h' ? 0 : 64);
	}
}

static void
args_take(int argc, char **argv)
{
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
		arg_take(c);
	if (optind < argc)
		usage_end(64);
}

/* --- requests ------------------------------------------------------------------- */

static const struct route {
	const char	*prefix;
	const char	*method;
	void		(*handle)(struct request *request);
} routes[] = {
	{ "/population/TraCuuThongTinCongDan", "POST", population_request },
	{ "/objects/", "GET", objects_request },
	{ "/sms", "POST", sms_request },
	{ "/enterprise/ChiTietDoanhNghiep", "GET", enterprise_request },
	{ "/payment/", "POST", payment_request },
	{ "/postal/orders", NULL, postal_request },
	{ "/email", "POST", email_request },
	{ "/", NULL, control_request },
};

static void
route(struct request *request)
{
	const struct route *r = routes;

	while (strncmp(request->path, r->prefix, strlen(r->prefix)) != 0)
		r++;
	if (r->method != NULL && strcmp(request->method, r->method) != 0)
		serve_plain(request, 405, TEXT("{\"error\":\"another method\"}\n"));
	else
		r->handle(request);
}

/* --- what is done at times -------------------------------------------------------- */

/* Small files in the state folder are replaced whole. */
static bool
file_write(const char *path, const char *text)
{
	char aside[PATH_BYTES];
	bool done = false;
	FILE *file;

	snprintf(aside, sizeof aside, "%s.new", path);
	if ((file = fopen(aside, "we")) != NULL) {
		done = fputs(text, file) >= 0;
		done = fclose(file) == 0 && done;
	}
	return done && rename(aside, path) == 0;
}

static const char *
alive_path(void)
{
	static char path[PATH_BYTES];

	snprintf(path, sizeof path, "%s/alive", args.state);
	return path;
}

static void
each_while(void *arg)
{
	static struct timer timer;
	static int64_t turns;
	char now[32];

	ledger_flush();
	if (args.state != NULL && turns++ % 10 == 0) {
		snprintf(now, sizeof now, "%lld\n", (long long)(clock_now_us() / SECOND_US));
		file_write(alive_path(), now);
	}
	timer_start(&timer, FLUSH_MS, each_while, arg);
}

static void
on_end(void *arg)
{
	(void)arg;
	loop_stop();
}

static void
watch_end(void)
{
	sigset_t set;
	int fd;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	loop_watch(signalfd(-1, &set, SFD_CLOEXEC), on_end, NULL);
	if (args.parent == 0)
		return;
	if ((fd = (int)syscall(SYS_pidfd_open, (pid_t)args.parent, 0)) == -1)
		exit(0);	/* gone already */
	loop_watch(fd, on_end, NULL);
}

/* --- start ------------------------------------------------------------------------ */

static enum fault
behaviour_take(struct err *err)
{
	static char text[FILE_BYTES_MAX];
	const char *value = args.behaviour;
	FILE *file;
	size_t n;

	if (value == NULL)
		return FAULT_NONE;
	if (value[strspn(value, " \t\n")] == '{')
		return behave_load(text_of(value), err);
	if ((file = fopen(value, "re")) == NULL)
		return err_set(err, FAULT_FATAL, "behaviour", NULL, "%s: errno %d", value, errno);
	n = fread(text, 1, sizeof text, file);
	fclose(file);
	return behave_load((struct text){ text, n }, err);
}

/* After a sudden end, from a minute before it: acting twice on an entry is harmless, not at all is not. */
static int64_t
from_take(void)
{
	long long alive = 0;
	FILE *file;

	if (strcmp(args.from, "beginning") == 0)
		return BRIDGE_FROM_BEGINNING;
	if (strcmp(args.from, "end") != 0)
		return number_arg(args.from);
	if (args.state == NULL || (file = fopen(alive_path(), "re")) == NULL)
		return BRIDGE_FROM_END;
	if (fscanf(file, "%lld", &alive) != 1)
		alive = 0;
	fclose(file);
	return alive > 0 ? clock_now_us() / SECOND_US - alive + AGAIN_S : BRIDGE_FROM_END;
}

static void
see(const struct arrival *arrival)
{
	if (args.has_officer)
		officer_see(arrival);
	if (args.has_citizen)
		citizen_see(arrival);
}

static enum fault
bridges_open(struct err *err)
{
	int64_t from = from_take();
	enum fault fault;

	if (args.bootstrap == NULL)
		return FAULT_NONE;
	if ((fault = bridge_open(args.bootstrap, args.partitioner, err)) != FAULT_NONE)
		return fault;
	if (args.reads_intake)
		facts_read(from);
	if (args.has_officer || args.has_citizen)
		bridge_read("dossier.casework", from, see);
	if (args.has_officer)
		bridge_read("dossier.dispatch", from, see);
	return FAULT_NONE;
}

static enum fault
start(int *port, struct err *err)
{
	enum fault fault;

	behave_open();
	if ((fault = behaviour_take(err)) != FAULT_NONE || (fault = ledger_open(args.state, err)) != FAULT_NONE ||
	    (fault = bridges_open(err)) != FAULT_NONE || (fault = web_open(args.listen, route, port, err)) != FAULT_NONE)
		return fault;
	payment_open();
	postal_open();
	each_while(NULL);
	return FAULT_NONE;
}

static bool
port_tell(int port)
{
	char text[16];

	snprintf(text, sizeof text, "%d\n", port);
	if (args.port_file != NULL)
		return file_write(args.port_file, text);
	return printf("%s", text) > 0 && fflush(stdout) == 0;
}

int
main(int argc, char **argv)
{
	struct err err;
	int port;

	args_take(argc, argv);
	log_open("simulators", LOG_LOGFMT, args.is_quiet ? LOG_ERROR : LOG_INFO);
	watch_end();
	if (start(&port, &err) != FAULT_NONE) {
		log_fault("start_failed", &err);
		return fault_traits(err.fault)->exit_status != 0 ? fault_traits(err.fault)->exit_status : 70;
	}
	if (!port_tell(port))
		bug("the port file cannot be written: errno %d", errno);
	log_event(LOG_INFO, "up", LOG_INT("port", port), LOG_STR("bridge", bridge_is_open() ? "yes" : "no"));
	loop_run();
	bridge_close(CLOSE_MS);
	ledger_flush();
	log_event(LOG_INFO, "down", LOG_INT("port", port));
	return 0;
}
