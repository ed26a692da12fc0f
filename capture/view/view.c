/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/view_state.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "host/clocks.h"
#include "host/log.h"
#include "host/plural.h"
#include "host/watch.h"
#include "options.h"
#include "owner/owned_packet.h"
#include "view/rows/columns.h"
#include "view/metrics/exporter.h"
#include "view/metrics/metrics.h"
#include "view/lines/printer.h"
#include "view/lines/report.h"
#include "view/dissect/speech.h"
#include "view/lines/stream.h"
#include "view/saved/saved.h"
#include "view/screen/top.h"

#define METRICS_NS  1000000000ull /* between two exports */
#define BATCH_WIDTH 180		  /* there is room for everything */

/* Of the output nothing but POLLERR is asked: its reader is gone. */
int view_fd(const struct view *v, short *events)
{
	bool elsewhere = v->options->log_file || v->options->journal;

	*events = v->top ? POLLIN : 0;
	return v->top ? top_fd(v->top) : elsewhere ? -1 : STDOUT_FILENO;
}

void view_set_owners(struct view *v, const struct owners *o)
{
	if (v->top)
		top_set_owners(v->top, o);
}

void view_set_last(struct view *v)
{
	if (v->top)
		top_set_last(v->top);
}

bool view_waits(const struct view *v)
{
	return v->top != NULL;
}

void view_packet(struct view *v, const struct owned_packet *p)
{
	const struct flow *f;

	if (v->printer) {
		printer_packet(v->printer, p);
		return;
	}
	v->epoch_ns = p->frame->ts_ns - p->mono_ns;
	f = flows_packet(v->flows, p);
	if (v->saved)
		saved_packet(v->saved, f, p);
	if (v->metrics)
		metrics_packet(v->metrics, p);
}

/* ---- lines ---- */

static void add_interval(void *ctx, const struct flow *f)
{
	struct view *v = ctx;

	stream_add(v->stream, "interval", f, v->now_ns + v->epoch_ns);
}

static int width_of_output(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_col)
		return BATCH_WIDTH;
	return size.ws_col;
}

static void add_report(struct view *v)
{
	struct query everything = { 0 };
	struct table_spec spec = {
		.group = v->group,
		.sort = COLUMN_AGE,
		.compare = column_compare,
		.ended = true,
		.query = &everything,
		.names = v->names,
		.countries = v->options->countries,
		.now_mono_ns = v->now_ns,
	};
	struct report r = { .table = v->table,
			    .group = v->group,
			    .now_ns = v->now_ns + v->epoch_ns,
			    .losses = v->losses };
	size_t len = 0;
	char *text;

	if (table_build(v->table, v->flows, v->actors, &spec))
		log_warn("not enough memory for all rows");
	if (v->options->json)
		table_tell_apart(v->table, v->flows);
	flows_stats(v->flows, &r.flows);
	text = v->options->json ? report_json(&r, &len) :
				  report_text(&r, width_of_output(), &len);
	stream_put(v->stream, text, text ? len : 0);
	free(text);
	v->reports++;
}

static void add_lines(struct view *v)
{
	if (v->options->batch)
		add_report(v);
	else
		flows_each(v->flows, add_interval, v);
}

static bool is_enough(const struct view *v)
{
	return v->options->max_reports && v->reports >= v->options->max_reports;
}

/* The end finds the same again. */
static int tell_failure(struct view *v, int err)
{
	if (err && err != -EPIPE && !v->failure_told)
		log_error("cannot write %s: %s",
			  v->options->log_file ? v->options->log_file :
						 "to the standard output",
			  strerror(-err));
	v->failure_told = v->failure_told || err;
	return err;
}

static int flush_lines(struct view *v, bool patient)
{
	return tell_failure(v, stream_flush(v->stream, patient));
}

/* On a screen it is the last line that says it. */
static void hear(struct view *v)
{
	const char *why;

	if (!v->speech)
		return;
	speech_work(v->speech);
	why = speech_why(v->speech);
	if (!why || v->speech_told)
		return;
	v->speech_told = true;
	if (v->top)
		top_tell(v->top, "no applications and names", why);
	else if (!v->options->quiet)
		log_info("no applications and names: %s", why);
}

static void export_metrics(struct view *v)
{
	struct flows_stats stats;
	const char *text;
	size_t len;

	if (!v->metrics)
		return;
	flows_stats(v->flows, &stats);
	text = metrics_text(v->metrics, &stats, &v->losses,
			    v->stream ? stream_lost(v->stream) : 0, &len);
	if (text)
		exporter_put(v->exporter, text, len);
	v->exported_ns = clock_ns(CLOCK_MONOTONIC);
}

int view_update(struct view *v, const struct view_losses *losses,
		uint64_t now_ns)
{
	int err;

	if (v->printer)
		return tell_failure(v, printer_update(v->printer));
	v->losses = *losses;
	hear(v);
	v->losses.undissected = v->speech ? speech_missed(v->speech) : 0;
	v->now_ns = now_ns;
	flows_expire(v->flows, flows_time(v->flows, now_ns));
	if (clock_ns(CLOCK_MONOTONIC) >= v->exported_ns + METRICS_NS)
		export_metrics(v);
	if (v->saved)
		saved_update(v->saved);
	if (v->top)
		return top_update(v->top, &v->losses, now_ns,
				  now_ns + v->epoch_ns);
	if (!v->next_ns && now_ns)
		v->next_ns = now_ns + v->interval_ns;
	if (v->interval_ns && v->next_ns && now_ns >= v->next_ns &&
	    !is_enough(v)) {
		v->next_ns += v->interval_ns;
		add_lines(v);
	}
	err = flush_lines(v, false);
	return !err && is_enough(v) ? -EPIPE : err;
}

/* ---- close ---- */

static int close_stream(struct view *v)
{
	uint64_t lost;
	int err, full;

	if (v->options->batch && !is_enough(v))
		add_lines(v);
	err = flush_lines(v, true);
	full = stream_end(v->stream);
	lost = stream_lost(v->stream);
	if (!err && lost)
		log_warn("%llu lines were lost: %s", (unsigned long long)lost,
			 full ? strerror(-full) : "the reader was too slow");
	return err || !lost ? err : full;
}

/* On the terminal as it was: the file's name was but on the screen. */
static int finish_saved(struct view *v)
{
	const char *name;
	int err;

	if (!v->saved || !saved_goes_on(v->saved))
		return 0;
	top_close(v->top);
	v->top = NULL;
	err = saved_end(v->saved, &v->losses);
	name = saved_name(v->saved);
	if (err)
		log_error("cannot write %s: %s", name, strerror(-err));
	else if (!v->options->quiet)
		log_info("tshark -r %s  (%" PRIu64 " packet%s)", name,
			 saved_count(v->saved),
			 plural_s(saved_count(v->saved)));
	return err;
}

int view_close(struct view *v)
{
	int err = 0;

	if (!v)
		return 0;
	if (v->printer) {
		err = tell_failure(v, printer_finish(v->printer));
		view_free(v);
		return err == -EPIPE ? 0 : err;
	}
	if (v->stream && v->speech) {
		speech_finish(v->speech);
		hear(v);
	}
	flows_stop(v->flows);
	export_metrics(v);
	if (v->stream)
		err = close_stream(v);
	if (!err)
		err = finish_saved(v);
	view_free(v);
	return err == -EPIPE ? 0 : err;
}
