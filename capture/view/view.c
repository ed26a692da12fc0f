/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/view.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "geo.h"
#include "host/clocks.h"
#include "host/log.h"
#include "options.h"
#include "output/country_cache.h"
#include "owner/owned_packet.h"
#include "view/flows.h"
#include "view/stream.h"

#define MAX_FLOWS  131072	/* 50 MB, if there are so many */
#define MAX_ACTORS 16384

struct view {
	struct country_cache *countries;
	struct actors *actors;
	struct flows *flows;
	struct stream *stream;
	const char *interfaces[OPTIONS_MAX_INTERFACES];
	uint64_t interval_ns;		/* 0: none */
	uint64_t next_interval_ns;	/* CLOCK_MONOTONIC */
	uint64_t now_ns;		/* Unix epoch, of the lines being made */
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

static void on_ended(void *ctx, const struct flow *f)
{
	struct view *v = ctx;

	stream_add(v->stream, "end", f, f->last_ns);
}

static int open_parts(struct view *v, const struct options *o)
{
	struct flows_options fo = {
		.max = MAX_FLOWS,
		.ctx = v,
		.country = country,
		.begun = on_begun,
		.ended = on_ended,
	};

	v->actors = fo.actors = actors_new(MAX_ACTORS);
	if (!v->actors)
		return -ENOMEM;
	v->flows = flows_new(&fo);
	for (int i = 0; i < o->interface_count; i++)
		v->interfaces[i] = o->interfaces[i].name;
	v->stream = stream_new(STDOUT_FILENO, v->interfaces);
	return v->flows && v->stream ? 0 : -ENOMEM;
}

static void free_view(struct view *v)
{
	stream_free(v->stream);
	flows_free(v->flows);
	actors_free(v->actors);
	country_cache_free(v->countries);
	free(v);
}

int view_open(struct view **out, const struct options *o, struct geo *geo)
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
	v->interval_ns = o->interval_ns;
	err = open_parts(v, o);
	if (err) {
		free_view(v);
		return err;
	}
	*out = v;
	return 0;
}

/* Nothing but POLLERR: its reader is gone. */
int view_fd(const struct view *v, short *events)
{
	(void)v;
	*events = 0;
	return STDOUT_FILENO;
}

void view_packet(struct view *v, const struct owned_packet *p)
{
	flows_packet(v->flows, p);
}

static void add_interval(void *ctx, const struct flow *f)
{
	struct view *v = ctx;

	stream_add(v->stream, "interval", f, v->now_ns);
}

static int flush(struct view *v, bool patient)
{
	int err = stream_flush(v->stream, patient);

	if (err && err != -EPIPE)
		log_error("cannot write the log: %s", strerror(-err));
	return err;
}

int view_update(struct view *v, const struct view_losses *losses)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC);

	(void)losses;
	flows_expire(v->flows, now);
	if (!v->next_interval_ns)
		v->next_interval_ns = now + v->interval_ns;
	if (v->interval_ns && now >= v->next_interval_ns) {
		v->next_interval_ns += v->interval_ns;
		v->now_ns = clock_ns(CLOCK_REALTIME);
		flows_each(v->flows, add_interval, v);
	}
	return flush(v, false);
}

int view_close(struct view *v)
{
	int err;

	if (!v)
		return 0;
	flows_stop(v->flows);
	err = flush(v, true);
	if (!err && stream_lost(v->stream))
		log_warn("%llu lines were lost: the reader was too slow",
			 (unsigned long long)stream_lost(v->stream));
	free_view(v);
	return err == -EPIPE ? 0 : err;
}
