/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/view.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "geo.h"
#include "host/clocks.h"
#include "host/log.h"
#include "host/watch.h"
#include "options.h"
#include "output/country_cache.h"
#include "output/opener.h"
#include "owner/owned_packet.h"
#include "printable.h"
#include "view/rows/columns.h"
#include "view/lines/destination.h"
#include "view/metrics/exporter.h"
#include "view/metrics/metrics.h"
#include "view/lines/printer.h"
#include "view/lines/report.h"
#include "view/dissect/speech.h"
#include "view/lines/stream.h"
#include "view/saved/saved.h"
#include "view/screen/top.h"

#define MAX_FLOWS	131072	/* 50 MB, if there are so many */
#define MAX_ACTORS	16384
#define MAX_NAMES	16384	/* 5 MB */
#define METRICS_NS	1000000000ull	/* between two exports */
#define TOP_INTERVAL_NS 1000000000ull
#define BATCH_WIDTH	180	/* there is room for everything */
#define LOG_WAITS	(4u << 20)	/* bytes, some thousand lines */
#define REPORT_WAITS	(128u << 20)	/* of all rows there can be */

struct view {
	const struct options *options;
	enum table_group group;
	struct country_cache *countries;
	struct actors *actors;
	struct flows *flows;
	struct exporter *exporter;	/* of the metrics, or NULL */
	struct metrics *metrics;
	uint64_t exported_ns;
	struct resolved *names;
	struct speech *speech;		/* NULL: nobody listens */
	bool speech_told;		/* why it does not work */
	struct opener *opener;		/* of the log's files, or NULL */
	struct stream *stream;		/* of the log and of reports, or NULL */
	struct top *top;		/* or NULL */
	struct saved *saved;		/* of its packets, or NULL */
	struct printer *printer;	/* of packets, and nothing else; or NULL */
	struct table *table;		/* of reports */
	const char *own_interfaces[OPTIONS_MAX_INTERFACES];
	const char *const *interfaces;
	char title[64];			/* where the packets are from */
	struct view_losses losses;
	uint64_t interval_ns;		/* 0: none */
	uint64_t next_ns;		/* 0: not begun */
	uint64_t now_ns;		/* the packets' monotonic clock */
	uint64_t epoch_ns;		/* to be added for Unix time */
	uint64_t reports;
};

static const char *country(void *ctx, const uint8_t addr[16])
{
	struct view *v = ctx;

	return country_cache_get(v->countries, addr);
}

static void on_begun(void *ctx, const struct flow *f)
{
	struct view *v = ctx;

	stream_add(v->stream, "start", f, f->first_ns);
}

static void on_heard(void *ctx, struct flow *f, const struct owned_packet *p)
{
	struct view *v = ctx;

	speech_heard(v->speech, f, p);
}

static void on_ended(void *ctx, const struct flow *f)
{
	struct view *v = ctx;

	if (v->speech)
		speech_await(v->speech, f);
	stream_add(v->stream, "end", f, f->last_ns);
}

/* ---- open ---- */

static void name_interfaces(struct view *v, const char *const *interfaces)
{
	const struct options *o = v->options;
	size_t at = 0, size = sizeof(v->title);

	v->interfaces = interfaces ? interfaces : v->own_interfaces;
	if (interfaces)
		snprintf(v->title, size, "%s", o->read);
	for (int i = 0; !interfaces && i < o->interface_count; i++) {
		v->own_interfaces[i] = o->interfaces[i].name;
		if (at < size)
			at += (size_t)snprintf(v->title + at, size - at,
					       "%s%s", i ? " " : "",
					       v->own_interfaces[i]);
	}
	printable_replace(v->title);
}

static int find_group(const char *by, enum table_group *group)
{
	for (int g = 0; g < GROUPS; g++) {
		if (by && strcmp(by, table_group_names[g]))
			continue;
		*group = (enum table_group)g;
		return 0;
	}
	log_error("there are no rows by \"%s\", but by connections, processes, "
		  "programs, hosts, countries, users and containers", by);
	return -EINVAL;
}

static int open_metrics(struct view *v)
{
	if (!v->options->metrics)
		return 0;
	v->metrics = metrics_new();
	return v->metrics ? exporter_start(&v->exporter, v->options->metrics) :
			    -ENOMEM;
}

static int open_tables(struct view *v)
{
	bool log = v->options->action == ACTION_LOG;
	struct flows_options fo = {
		.max = MAX_FLOWS,
		.keep = !log,
		.ctx = v,
		.country = country,
		.begun = log ? on_begun : NULL,
		.ended = log ? on_ended : NULL,
	};

	v->actors = fo.actors = actors_new(MAX_ACTORS);
	v->names = resolved_new(MAX_NAMES);
	if (!v->actors || !v->names)
		return -ENOMEM;
	if (!v->options->no_tshark) {
		v->speech = speech_new(v->names, v->options->read);
		if (!v->speech)
			return -ENOMEM;
		fo.heard = on_heard;
	}
	v->flows = flows_new(&fo);
	v->table = table_new();
	return v->flows && v->table ? 0 : -ENOMEM;
}

static int open_stream(struct view *v)
{
	const struct options *o = v->options;
	const struct limits limits = {
		.bytes = o->log_limits.bytes,
		.duration_ns = o->log_limits.duration_ns,
		.interval_ns = o->log_limits.interval_ns,
	};
	int fd, err = destination_open(o, &v->opener, &fd);

	if (err)
		return err;
	v->stream = stream_new(fd, v->interfaces,
			       o->batch ? REPORT_WAITS : LOG_WAITS, !o->read);
	if (!v->stream)
		return -ENOMEM;
	stream_set_names(v->stream, v->names);
	if (o->log_file)
		err = stream_compress(v->stream, compression_of(
						o->compression, o->log_file));
	if (v->opener)
		stream_set_files(v->stream, v->opener, &limits);
	if (o->journal)
		stream_set_journal(v->stream);
	return err;
}

/* Where all of them are, or NULL. */
static const char *file_of_packets(const struct options *o)
{
	if (o->read)
		return strcmp(o->read, "-") ? o->read : NULL;
	return o->write;
}

/* Where nothing can be written all else works. */
static void open_saved(struct view *v)
{
	const struct saved_options so = {
		.interfaces = v->interfaces,
		.countries = v->countries,
		.names = v->names,
		.comments = v->options->comments,
	};

	if (!file_of_packets(v->options) && saved_open(&v->saved, &so))
		v->saved = NULL;
}

static int open_top(struct view *v)
{
	struct top_options to = {
		.title = v->title,
		.file = file_of_packets(v->options),
		.saved = v->saved,
		.group = v->group,
		.countries = v->options->countries,
		.interval_ns = v->interval_ns,
		.flows = v->flows,
		.actors = v->actors,
		.names = v->names,
	};

	return top_open(&v->top, &to);
}

static int open_reader(struct view *v)
{
	if (v->options->action != ACTION_TOP || v->options->batch)
		return open_stream(v);
	open_saved(v);
	return open_top(v);
}

/* Packet by packet: no table is made of them. */
static int open_printer(struct view *v)
{
	const struct options *o = v->options;
	struct stream *out = stream_new(STDOUT_FILENO, v->interfaces, LOG_WAITS,
					!o->read);

	if (out)
		v->printer = printer_new(out, !o->no_tshark, o->read);
	return v->printer ? 0 : -ENOMEM;
}

static void free_view(struct view *v)
{
	printer_free(v->printer);
	top_close(v->top);
	saved_close(v->saved);
	stream_free(v->stream);
	opener_stop(v->opener);
	table_free(v->table);
	speech_free(v->speech);
	flows_free(v->flows);
	resolved_free(v->names);
	exporter_stop(v->exporter);
	metrics_free(v->metrics);
	actors_free(v->actors);
	country_cache_free(v->countries);
	free(v);
}

static int open_lists(struct view *v)
{
	int err = find_group(v->options->by, &v->group);

	if (!err)
		err = open_metrics(v);
	if (!err)
		err = open_tables(v);
	return err ? err : open_reader(v);
}

int view_open(struct view **out, const struct options *o, struct geo *geo,
	      const char *const *interfaces)
{
	struct view *v = calloc(1, sizeof(*v));
	int err;

	if (v)
		v->countries = country_cache_new(geo);
	if (!v || !v->countries) {
		geo_free(geo);
		free(v);
		return -ENOMEM;
	}
	v->options = o;
	v->interval_ns = o->interval_ns;
	if (!v->interval_ns && o->action == ACTION_TOP)
		v->interval_ns = TOP_INTERVAL_NS;
	name_interfaces(v, interfaces);
	err = o->print ? open_printer(v) : open_lists(v);
	if (err) {
		free_view(v);
		return err;
	}
	*out = v;
	return 0;
}

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
	struct report r = { .table = v->table, .group = v->group,
			    .now_ns = v->now_ns + v->epoch_ns,
			    .losses = v->losses };
	size_t len = 0;
	char *text;

	if (table_build(v->table, v->flows, v->actors, &spec))
		log_warn("not enough memory for all rows");
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
	return v->options->max_reports &&
	       v->reports >= v->options->max_reports;
}

static int tell_failure(const struct view *v, int err)
{
	if (err && err != -EPIPE)
		log_error("cannot write %s: %s", v->options->log_file ?
			  v->options->log_file : "to the standard output",
			  strerror(-err));
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
	int err;

	if (v->options->batch && !is_enough(v))
		add_lines(v);
	err = flush_lines(v, true);
	if (!err && stream_lost(v->stream))
		log_warn("%llu lines were lost: the reader was too slow",
			 (unsigned long long)stream_lost(v->stream));
	return err;
}

int view_close(struct view *v)
{
	int err = 0;

	if (!v)
		return 0;
	if (v->printer) {
		err = tell_failure(v, printer_finish(v->printer));
		free_view(v);
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
	free_view(v);
	return err == -EPIPE ? 0 : err;
}
