/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/view_state.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "geo.h"
#include "host/clocks.h"
#include "host/log.h"
#include "options.h"
#include "output/country_cache.h"
#include "output/files/opener.h"
#include "printable.h"
#include "view/flows/interface_names.h"
#include "view/lines/destination.h"
#include "view/metrics/exporter.h"
#include "view/metrics/metrics.h"
#include "view/lines/printer.h"
#include "view/dissect/speech.h"
#include "view/lines/stream.h"
#include "view/saved/saved.h"
#include "view/screen/top.h"

#define MAX_FLOWS	131072 /* 60 MB, if there are so many */
#define MAX_ACTORS	16384
#define MAX_NAMES	16384 /* 5 MB */
#define TOP_INTERVAL_NS 1000000000ull
#define LOG_WAITS	(4u << 20)   /* bytes, some thousand lines */
#define REPORT_WAITS	(128u << 20) /* of all rows there can be */

static const char *country(void *ctx, const uint8_t addr[16])
{
	struct view *v = ctx;

	return country_cache_get(v->countries, addr);
}

static uint32_t interface_number(void *ctx, const struct owned_packet *p)
{
	struct view *v = ctx;

	return interface_names_number(v->interface_names, p);
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

/* Where the packets are from. */
static void set_title(struct view *v)
{
	const struct options *o = v->options;
	size_t size = sizeof(v->title);
	const char *place = o->remote.host ? o->remote.host :
			    o->read	   ? o->read :
			    o->netns	   ? o->netns :
					     NULL;
	bool is_file = o->read && !o->remote.host;
	size_t at = (size_t)snprintf(v->title, size, "%s%s", place ? place : "",
				     place && !is_file ? "/" : "");

	for (int i = 0; !is_file && i < o->interface_count && at < size; i++)
		at += (size_t)snprintf(v->title + at, size - at, "%s%s",
				       i ? " " : "", o->interfaces[i].name);
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
		  "programs, hosts, countries, users and containers",
		  by);
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

static int open_view_tables(struct view *v)
{
	bool log = v->options->action == ACTION_LOG;
	struct flows_options fo = {
		.max = MAX_FLOWS,
		.keep = !log,
		.ctx = v,
		.interface = v->interface_names ? interface_number : NULL,
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
		err = stream_compress(v->stream, compression_of(o->compression,
								o->log_file));
	if (o->log_file)
		stream_endure(v->stream);
	if (v->opener)
		stream_set_files(v->stream, v->opener, &limits);
	if (o->journal)
		stream_set_journal(v->stream);
	return err;
}

/* The file that all of them are in, or NULL: a ring's are in many. */
static const char *file_of_packets(const struct options *o)
{
	if (o->read)
		return strcmp(o->read, "-") ? o->read : NULL;
	return o->ring.asked ? NULL : o->write;
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
	if (!options_draw(v->options))
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

void view_free(struct view *v)
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
	interface_names_free(v->interface_names);
	free(v);
}

static int open_lists(struct view *v)
{
	int err = find_group(v->options->by, &v->group);

	if (err)
		return err;
	err = open_metrics(v);
	if (err)
		return err;
	err = open_view_tables(v);
	return err ? err : open_reader(v);
}

static int name_interfaces(struct view *v, const struct view_interfaces *i)
{
	if (!i->devices)
		return 0;
	v->interface_names = interface_names_new(i->names, i->count,
						 i->devices);
	if (!v->interface_names)
		return -ENOMEM;
	v->interfaces = interface_names_all(v->interface_names);
	return 0;
}

int view_open(struct view **out, const struct options *o, struct geo *geo,
	      const struct view_interfaces *interfaces)
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
	v->interfaces = interfaces->names;
	/* Until a packet says it better; a file has its own time alone. */
	if (!o->read)
		v->epoch_ns = clock_ns(CLOCK_REALTIME) -
			      clock_ns(CLOCK_MONOTONIC);
	set_title(v);
	err = name_interfaces(v, interfaces);
	err = err ? err : o->print ? open_printer(v) : open_lists(v);
	if (err) {
		view_free(v);
		return err;
	}
	*out = v;
	return 0;
}
