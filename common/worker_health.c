/*
 * worker_health - does this worker live, is it ready, and if not, what is
 * broken?  See health.h for the server.
 *
 * The loop finds out what is broken, a few times a second, and writes the list
 * down; the server's thread only reads that list and the metrics.  It also
 * looks when the loop has turned last, which is all that living means: nothing
 * outside has a part in it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "log.h"
#include "metric_process.h"
#include "worker_watch.h"

enum { REFRESH_US = 250 * 1000, LATE_US = 3 * 1000 * 1000 };

/* --- the loop's side --------------------------------------------------------------------- */

void
beat(struct worker *w)
{
	alarm(HANG_S);	/* a loop that does not turn any more ends, and is restarted */
	atomic_store_explicit(&w->watch->beat_us, clock_span_us(), memory_order_relaxed);
}

void
doing(struct worker *w, const char *what)
{
	atomic_store_explicit(&w->watch->doing, what, memory_order_relaxed);
}

void
health_refresh(struct worker *w, bool now)
{
	struct watch *watch = w->watch;

	if (!now && clock_span_us() < watch->refresh_at_us)
		return;
	watch->refresh_at_us = clock_span_us() + REFRESH_US;
	find_broken(w);
	pthread_mutex_lock(&watch->lock);
	watch->shown.n = watch->found.n;
	memcpy(watch->shown.item, watch->found.item, sizeof watch->found.item[0] * (size_t)watch->found.n);
	pthread_mutex_unlock(&watch->lock);
	metrics_refresh(w);
}

/* --- pages: on the server's thread ------------------------------------------------------ */

static int64_t
silence_us(const struct watch *watch)
{
	return clock_span_us() - atomic_load_explicit(&watch->beat_us, memory_order_relaxed);
}

/* What is broken, as the loop wrote it down; and the loop itself. */
static void
read_broken(struct watch *watch, struct broken_list *out)
{
	int64_t silent_us = silence_us(watch);
	struct broken *b;

	pthread_mutex_lock(&watch->lock);
	*out = watch->shown;
	pthread_mutex_unlock(&watch->lock);
	if (silent_us < LATE_US || out->n == BROKEN_MAX)
		return;
	b = &out->item[out->n++];
	snprintf(b->what, sizeof b->what, "loop");
	snprintf(b->why, sizeof b->why, "has not turned since; last seen to %s",
	    atomic_load_explicit(&watch->doing, memory_order_relaxed));
	b->since = clock_now_us() - silent_us;
}

static void
write_json(struct buf *out, const struct broken_list *list)
{
	char since[TIME_TEXT_BYTES];

	buf_printf(out, "{\"ready\":%s,\"broken\":[", list->n == 0 ? "true" : "false");
	for (int i = 0; i < list->n; i++) {
		time_to_text(list->item[i].since, since);
		buf_puts(out, i > 0 ? ",{\"what\":" : "{\"what\":");
		buf_json_text(out, text_of(list->item[i].what));
		buf_puts(out, ",\"why\":");
		buf_json_text(out, text_of(list->item[i].why));
		buf_printf(out, ",\"since\":\"%s\"}", since);
	}
	buf_puts(out, "]}\n");
}

static void
write_lines(struct buf *out, const struct broken_list *list)
{
	char since[TIME_TEXT_BYTES];

	for (int i = 0; i < list->n; i++) {
		time_to_text(list->item[i].since, since);
		buf_printf(out, "%s: %s (since %s)\n", list->item[i].what, list->item[i].why, since);
	}
	if (list->n == 0)
		buf_puts(out, "ready\n");
}

static void
page_ready(struct worker *w, bool json, struct health_page *page)
{
	struct broken_list list;

	read_broken(w->watch, &list);
	page->status = list.n == 0 ? 200 : 503;
	if (json) {
		page->type = "application/json";
		write_json(&page->body, &list);
	} else
		write_lines(&page->body, &list);
}

static void
page_live(struct worker *w, bool json, struct health_page *page)
{
	int64_t silent_us = silence_us(w->watch);
	bool lives = silent_us < HANG_S * SECOND_US;

	page->status = lives ? 200 : 503;
	if (json) {
		page->type = "application/json";
		buf_printf(&page->body, "{\"live\":%s,\"turned_ms_ago\":%lld}\n", lives ? "true" : "false",
		    (long long)(silent_us / 1000));
	} else if (lives)
		buf_puts(&page->body, "live\n");
	else
		buf_printf(&page->body, "the loop has not turned for %lld s\n", (long long)(silent_us / SECOND_US));
}

/* Readiness and what breaks it, for alerts. */
static void
write_ready(struct worker *w, struct buf *out)
{
	static const struct metric_family ready = { "dossier_ready", "1 when nothing that this worker needs is broken.",
	    METRIC_GAUGE, .per_unit = 1 };
	static const struct metric_family broken = { "dossier_dependency_broken_since_seconds",
	    "Since when something that this worker needs is broken; no series when nothing is.", METRIC_GAUGE, .per_unit = 1000000 };
	static const struct metric_family silence = { "dossier_loop_silence_seconds", "Time since the loop has turned last.",
	    METRIC_GAUGE, .per_unit = 1000000 };
	struct broken_list list;
	char labels[32];

	read_broken(w->watch, &list);
	snprintf(labels, sizeof labels, "stage=\"%s\"", stage_name(w->stage));
	metric_write_head(out, &ready);
	metric_write_line(out, &ready, labels, list.n == 0);
	metric_write_head(out, &silence);
	metric_write_line(out, &silence, labels, silence_us(w->watch));
	if (list.n > 0)
		metric_write_head(out, &broken);
	for (int i = 0; i < list.n; i++) {
		struct buf with = buf_in(out->arena);

		buf_printf(&with, "%s,", labels);
		metric_write_label(&with, "dependency", list.item[i].what);
		metric_write_line(out, &broken, buf_get(&with).s, list.item[i].since);
	}
}

static void
page_metrics(struct worker *w, struct health_page *page)
{
	page->type = "text/plain; version=0.0.4; charset=utf-8";
	metrics_write(w->metrics, &page->body);
	write_ready(w, &page->body);
	metrics_write_process(&page->body, w->started_at);
}

static void
on_page(void *ctx, const char *path, bool json, struct health_page *page)
{
	struct worker *w = ctx;

	if (strcmp(path, "/livez") == 0)
		page_live(w, json, page);
	else if (strcmp(path, "/readyz") == 0)
		page_ready(w, json, page);
	else if (strcmp(path, "/metrics") == 0)
		page_metrics(w, page);
	else {
		page->status = 404;
		buf_puts(&page->body, "There are /livez, /readyz and /metrics.\n");
	}
}

/* --- life --------------------------------------------------------------------------------- */

void
health_begin(struct worker *w)
{
	w->watch = mem_new(1, sizeof *w->watch);
	pthread_mutex_init(&w->watch->lock, NULL);
	atomic_store(&w->watch->beat_us, clock_span_us());
	atomic_store(&w->watch->doing, "start");
	metrics_begin(w);
}

enum fault
health_serve(struct worker *w, struct err *err)
{
	struct health_options options = { .listen = w->set.listen, .ctx = w, .page = on_page };
	enum fault fault;

	health_refresh(w, true);
	if (w->set.listen[0] == '\0')
		return FAULT_NONE;
	fault = health_open(&options, &w->watch->health, err);
	if (fault == FAULT_NONE)
		log_event(LOG_INFO, "watched", LOG_STR("listen", health_address(w->watch->health)));
	return fault;
}

const char *
health_listen(const struct worker *w)
{
	return w->watch->health != NULL ? health_address(w->watch->health) : "";
}

void
health_is_up(struct worker *w)
{
	w->watch->is_up = true;
	health_refresh(w, true);
}

void
health_is_stopping(struct worker *w)
{
	w->watch->is_stopping = true;
	health_refresh(w, true);
}

void
health_end(struct worker *w)
{
	health_close(w->watch->health);
	metrics_end(w);
	pthread_mutex_destroy(&w->watch->lock);
	free(w->watch);
}
