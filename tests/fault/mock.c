/*
 * mock - librdkafka's mock cluster as a process of its own, that errs as it is told.
 *
 *   mock BROKERS            prints its bootstrap servers, then obeys its standard input; at the end of that it is gone
 *
 *   topic NAME PARTITIONS BROKER          made, led by that broker
 *   leader NAME PARTITION BROKER          moves it; -1: nobody leads
 *   errors API ERROR COUNT                so many requests of that kind fail so, whoever asks
 *   refuse BROKER API ERROR MS            from now on every one that this broker gets, after so many milliseconds …
 *   accept BROKER API                     … until now; answers when the last refusal has been fetched or 2 s have passed
 *   rtt BROKER MS                         each answer takes so long
 *   down BROKER, up BROKER
 *
 * One line is answered for each: "ok", or "error" and why.  Errors have the client's names, as NOT_ENOUGH_REPLICAS; _TRANSPORT
 * cuts the connection.
 */
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { BROKERS_MAX = 8, APIS = 64, STOCK = 10 };

struct refusal {
	bool			on;
	rd_kafka_resp_err_t	error;
	int			ms;
};

static rd_kafka_mock_cluster_t *cluster;
static struct refusal refusals[BROKERS_MAX + 1][APIS];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void
die(const char *what)
{
	fprintf(stderr, "mock: %s\n", what);
	exit(2);
}

static bool
api_of(const char *name, int *api)
{
	static const struct { const char *name; int number; } all[] = {
		{ "Produce", 0 }, { "Fetch", 1 }, { "ListOffsets", 2 }, { "Metadata", 3 }, { "OffsetCommit", 8 },
		{ "FindCoordinator", 10 }, { "JoinGroup", 11 }, { "Heartbeat", 12 }, { "SyncGroup", 14 },
		{ "InitProducerId", 22 },
	};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (strcmp(all[i].name, name) == 0) {
			*api = all[i].number;
			return true;
		}
	return false;
}

static bool
error_of(const char *name, rd_kafka_resp_err_t *error)
{
	const struct rd_kafka_err_desc *all;
	size_t n;

	rd_kafka_get_err_descs(&all, &n);
	for (size_t i = 0; i < n; i++)
		if (all[i].name != NULL && strcmp(all[i].name, name) == 0) {
			*error = all[i].code;
			return true;
		}
	return false;
}

static size_t
stock(int broker, int api)
{
	size_t n = 0;

	rd_kafka_mock_broker_error_stack_cnt(cluster, broker, (int16_t)api, &n);
	return n;
}

/* A broker's errors are used up one a request and cannot be taken back: there are always a few, never many. */
static void *
keep_refusing(void *unused)
{
	(void)unused;
	for (;;) {
		pthread_mutex_lock(&mutex);
		for (int b = 1; b <= BROKERS_MAX; b++)
			for (int a = 0; a < APIS; a++) {
				const struct refusal *r = &refusals[b][a];

				for (size_t n = r->on ? stock(b, a) : STOCK; n < STOCK; n++)
					rd_kafka_mock_broker_push_request_error_rtts(cluster, b, (int16_t)a, 1,
					    r->error, r->ms);
			}
		pthread_mutex_unlock(&mutex);
		usleep(5000);
	}
	return NULL;
}

static const char *
errors(const char *api_name, const char *error_name, int count)
{
	rd_kafka_resp_err_t error;
	int api;

	if (!api_of(api_name, &api) || !error_of(error_name, &error))
		return "no such request or error";
	for (int i = 0; i < count; i++)
		rd_kafka_mock_push_request_errors(cluster, (int16_t)api, 1, error);
	return NULL;
}

static const char *
refuse(int broker, const char *api_name, const char *error_name, int ms)
{
	struct refusal r = { .on = true, .ms = ms };
	int api;

	if (broker < 1 || broker > BROKERS_MAX || !api_of(api_name, &api) || !error_of(error_name, &r.error))
		return "no such broker, request or error";
	pthread_mutex_lock(&mutex);
	refusals[broker][api] = r;
	pthread_mutex_unlock(&mutex);
	return NULL;
}

static const char *
accept_again(int broker, const char *api_name)
{
	int api;

	if (broker < 1 || broker > BROKERS_MAX || !api_of(api_name, &api))
		return "no such broker or request";
	pthread_mutex_lock(&mutex);
	refusals[broker][api].on = false;
	pthread_mutex_unlock(&mutex);
	for (int tries = 0; tries < 200 && stock(broker, api) > 0; tries++)
		usleep(10000);
	return NULL;
}

static const char *
code(rd_kafka_resp_err_t error)
{
	return error == RD_KAFKA_RESP_ERR_NO_ERROR ? NULL : rd_kafka_err2str(error);
}

static const char *
make_topic(const char *name, int partitions, int leader)
{
	const char *why = code(rd_kafka_mock_topic_create(cluster, name, partitions, 1));

	for (int p = 0; why == NULL && p < partitions; p++)
		why = code(rd_kafka_mock_partition_set_leader(cluster, name, p, leader));
	return why;
}

static const char *
obey(char *line)
{
	char a[128] = "", b[128] = "";
	int i = 0, k = 0;

	if (sscanf(line, "topic %127s %d %d", a, &i, &k) == 3)
		return make_topic(a, i, k);
	if (sscanf(line, "leader %127s %d %d", a, &i, &k) == 3)
		return code(rd_kafka_mock_partition_set_leader(cluster, a, i, k));
	if (sscanf(line, "errors %127s %127s %d", a, b, &i) == 3)
		return errors(a, b, i);
	if (sscanf(line, "refuse %d %127s %127s %d", &i, a, b, &k) == 4)
		return refuse(i, a, b, k);
	if (sscanf(line, "accept %d %127s", &i, a) == 2)
		return accept_again(i, a);
	if (sscanf(line, "rtt %d %d", &i, &k) == 2)
		return code(rd_kafka_mock_broker_set_rtt(cluster, i, k));
	if (sscanf(line, "down %d", &i) == 1)
		return code(rd_kafka_mock_broker_set_down(cluster, i));
	if (sscanf(line, "up %d", &i) == 1)
		return code(rd_kafka_mock_broker_set_up(cluster, i));
	return "what?";
}

int
main(int argc, char **argv)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_t *rk;
	pthread_t thread;
	char why[200], line[400];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* The handle only lends its threads: it has no broker of its own. */
	if (rd_kafka_conf_set(conf, "log_level", "4", why, sizeof why) != RD_KAFKA_CONF_OK)
		die(why);
	rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
	if (argc != 2 || atoi(argv[1]) < 1 || atoi(argv[1]) > BROKERS_MAX || rk == NULL)
		die("usage: mock BROKERS");
	cluster = rd_kafka_mock_cluster_new(rk, atoi(argv[1]));
	if (cluster == NULL || pthread_create(&thread, NULL, keep_refusing, NULL) != 0)
		die("no cluster");
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("%s\n", rd_kafka_mock_cluster_bootstraps(cluster));
	while (fgets(line, sizeof line, stdin) != NULL) {
		const char *trouble = obey(line);

		printf(trouble != NULL ? "error %s\n" : "ok\n", trouble);
	}
	_exit(0);
}
