/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/captures.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host/clocks.h"
#include "options.h"
#include "host/log.h"
#include "output/interfaces.h"
#include "output/output.h"
#include "interface/devices.h"
#include "packet/parse.h"
#include "packet/queue.h"
#include "interface/source.h"

#define HOLD_BYTES   (16u << 20)	/* all queues together */
#define HOLD_LEAST   (1u << 20)		/* above the largest packet, twice */
#define ROOM_PACKETS 1024		/* leave a full queue together */
#define INTERFACE_NAME 64		/* with its namespace, for the file */
#define PARSED_BYTES 256		/* of a packet, however few are kept */
#define GONE_NS	     500000000ull	/* looking for an interface again */

struct capture {
	const struct captures_room *room;	/* while it is read */
	struct source *source;
	struct queue *hold;
	uint64_t own_drops;
	uint32_t interface;
	uint32_t snaplen;		/* bytes that are kept of a packet */
	bool gone;			/* with its interface */
};

struct captures {
	const struct options *options;
	struct capture captures[OPTIONS_MAX_INTERFACES];
	char names[OPTIONS_MAX_INTERFACES][INTERFACE_NAME];
	int count;
	struct devices *devices;	/* NULL: they are not known */
	uint64_t gone_ns;		/* when to look for interfaces again */
};

static struct frame *make_room(struct capture *c, uint32_t caplen)
{
	const struct captures_room *room = c->room;
	struct frame *h = queue_push(c->hold, caplen);

	if (h)
		return h;
	/* A good many at once: to begin costs more than they do. */
	room->begin(room->ctx);
	for (int i = 0; i < ROOM_PACKETS && queue_first(c->hold); i++)
		room->release(room->ctx);
	while (!(h = queue_push(c->hold, caplen)) && queue_first(c->hold))
		room->release(room->ctx);
	return h;
}

static void on_packet(void *ctx, const struct source_packet *p)
{
	struct capture *c = ctx;
	uint32_t caplen = p->caplen < c->snaplen ? p->caplen : c->snaplen;
	struct frame *h = make_room(c, caplen);

	if (!h) {
		c->own_drops++;
		return;
	}
	h->ts_ns = p->ts_ns;
	h->caplen = caplen;
	h->len = p->len;
	h->interface = c->interface;
	h->direction = p->direction;
	memcpy(h->data, p->data, caplen);
	parse_packet(&h->packet, source_linktype(c->source), p->data, p->caplen);
	if (p->unchecked)
		parse_checksum(&h->packet, p->data, p->caplen);
}

static bool all_are_gone(const struct captures *c)
{
	for (int i = 0; i < c->count; i++)
		if (!c->captures[i].gone)
			return false;
	return true;
}

static void look_for_gone(struct captures *c)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC);

	if (now < c->gone_ns)
		return;
	c->gone_ns = now + GONE_NS;
	for (int i = 0; i < c->count; i++)
		if (c->captures[i].gone)
			c->captures[i].gone =
				source_resume(c->captures[i].source) != 0;
}

int captures_read(struct captures *c, const struct captures_room *room)
{
	int err = 0;

	look_for_gone(c);
	for (int i = 0; i < c->count; i++) {
		struct capture *one = &c->captures[i];
		int n;

		if (one->gone)
			continue;
		one->room = room;
		n = source_read(one->source, on_packet, one);
		if (n >= 0)
			continue;
		one->gone = true;
		if (all_are_gone(c))
			err = n;
	}
	return err;
}

const struct frame *captures_oldest(const struct captures *c, bool *gap)
{
	const struct frame *best = NULL;

	*gap = false;
	for (int i = 0; i < c->count; i++) {
		const struct frame *h = queue_first(c->captures[i].hold);

		if (!h)
			*gap |= !c->captures[i].gone;
		else if (!best || h->ts_ns < best->ts_ns)
			best = h;
	}
	return best;
}

void captures_pop(struct captures *c, uint32_t interface)
{
	queue_pop(c->captures[interface].hold);
}

void captures_lose(struct captures *c, uint32_t interface)
{
	c->captures[interface].own_drops++;
}

uint64_t captures_statistics(const struct captures *c,
			     struct output_interface_stats *stats)
{
	struct source_stats st;
	uint64_t dropped = 0;

	for (int i = 0; i < c->count; i++) {
		source_stats(c->captures[i].source, &st);
		stats[i] = (struct output_interface_stats){
			.received = st.received,
			.if_dropped = st.if_dropped,
			.os_dropped = st.dropped,
			.own_drops = c->captures[i].own_drops,
		};
		dropped += st.dropped + stats[i].own_drops;
	}
	return dropped;
}

void captures_shrink(struct captures *c)
{
	for (int i = 0; i < c->count; i++)
		queue_shrink(c->captures[i].hold);
}

void captures_fill(struct captures *c, struct captures_fill *f)
{
	*f = (struct captures_fill){ 0 };
	for (int i = 0; i < c->count; i++) {
		unsigned ring = source_fill(c->captures[i].source);
		unsigned queue = queue_fill(c->captures[i].hold);

		f->ring = ring > f->ring ? ring : f->ring;
		f->queue = queue > f->queue ? queue : f->queue;
	}
}

int captures_count(const struct captures *c)
{
	return c->count;
}

int captures_fd(const struct captures *c, int interface)
{
	const struct capture *one = &c->captures[interface];

	return one->gone ? -1 : source_fd(one->source);
}

bool captures_is_gone(const struct captures *c, int interface)
{
	return c->captures[interface].gone;
}

bool captures_miss_one(const struct captures *c)
{
	for (int i = 0; i < c->count; i++)
		if (c->captures[i].gone)
			return true;
	return false;
}

struct devices *captures_devices(const struct captures *c)
{
	return c->devices;
}

uint32_t captures_linktype(const struct captures *c, uint32_t interface)
{
	return source_linktype(c->captures[interface].source);
}

/* "blue/eth0": the same name may be in each namespace. */
static const char *name_of(struct captures *c, int i)
{
	const struct options *o = c->options;
	const char *netns = o->netns ? strrchr(o->netns, '/') : NULL;

	if (!o->netns)
		return o->interfaces[i].name;
	snprintf(c->names[i], sizeof(c->names[i]), "%s/%s",
		 netns ? netns + 1 : o->netns, o->interfaces[i].name);
	return c->names[i];
}

void captures_describe(struct captures *c,
		       struct pcapng_interface *interfaces)
{
	for (int i = 0; i < c->count; i++) {
		const struct source *source = c->captures[i].source;
		uint32_t snaplen = source_snaplen(source);
		uint32_t kept = c->captures[i].snaplen;
		const struct device *device = c->devices ?
			devices_named(c->devices, c->options->interfaces[i].name) :
			NULL;

		interfaces[i] = (struct pcapng_interface){
			.name = name_of(c, i),
			.filter = c->options->interfaces[i].filter,
			.linktype = (uint16_t)source_linktype(source),
			.snaplen = snaplen < kept ? snaplen : kept,
		};
		if (device)
			interface_describe(&interfaces[i], device);
	}
}

static int open_sources(struct captures *c, bool prompt)
{
	const struct options *o = c->options;

	for (int i = 0; i < o->interface_count; i++) {
		const struct options_how *how = &o->interfaces[i].how;
		struct source_options so = {
			.device = o->interfaces[i].name,
			.filter = o->interfaces[i].filter,
			.snaplen = how->snaplen < PARSED_BYTES ? PARSED_BYTES :
								 how->snaplen,
			.buffer_mib = how->buffer_mib,
			.promiscuous = !how->no_promiscuous,
			.prompt = prompt,
		};
		int err = source_open(&c->captures[i].source, &so);

		if (err)
			return err;
		c->captures[i].interface = (uint32_t)i;
		c->captures[i].snaplen = (uint32_t)how->snaplen;
		c->count++;
	}
	return 0;
}

static int open_holds(struct captures *c)
{
	size_t each = HOLD_BYTES / (size_t)c->count;

	for (int i = 0; i < c->count; i++) {
		c->captures[i].hold = queue_new(each < HOLD_LEAST ? HOLD_LEAST :
								    each);
		if (!c->captures[i].hold)
			return -ENOMEM;
	}
	return 0;
}

int captures_open(struct captures **out, const struct options *o, bool prompt)
{
	struct captures *c = calloc(1, sizeof(*c));
	int err;

	if (!c)
		return -ENOMEM;
	c->options = o;
	err = devices_open(&c->devices);
	if (err)
		log_debug("devices are not known: %s", strerror(-err));
	err = open_sources(c, prompt);
	if (err)
		goto fail;
	err = open_holds(c);
	if (err)
		goto fail;
	*out = c;
	return 0;
fail:
	captures_close(c);
	return err;
}

void captures_close(struct captures *c)
{
	if (!c)
		return;
	for (int i = 0; i < c->count; i++) {
		queue_free(c->captures[i].hold);
		source_close(c->captures[i].source);
	}
	devices_close(c->devices);
	free(c);
}
