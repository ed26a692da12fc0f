/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/captures.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host/clocks.h"
#include "options.h"
#include "host/log.h"
#include "host/netns.h"
#include "output/interfaces.h"
#include "output/output.h"
#include "interface/devices.h"
#include "packet/parse.h"
#include "packet/queue.h"
#include "interface/source.h"

#define HOLD_BYTES     (16u << 20) /* all queues together */
#define HOLD_LEAST     (1u << 20)  /* above the largest packet, twice */
#define ROOM_PACKETS   1024	   /* leave a full queue together */
#define INTERFACE_NAME (NETNS_NAME + IF_NAMESIZE) /* for the file */
#define PARSED_BYTES   256	    /* of a packet, however few are kept */
#define MANY_PACKETS   256	    /* in one look: waking costs */
#define GONE_NS	       500000000ull /* looking for an interface again */
#define MANY_MIB       64	    /* rings of many namespaces together */

struct capture {
	const struct captures_room *room; /* while it is read */
	const struct options_interface *asked;
	unsigned namespace;
	struct source *source;
	struct queue *hold;
	uint64_t own_drops;
	uint32_t interface;
	uint32_t snaplen; /* bytes that are kept of a packet */
	bool gone;	  /* with its interface */
};

struct captures {
	const struct options *options;
	struct capture captures[CAPTURES_MAX];
	char name[CAPTURES_MAX][INTERFACE_NAME];
	const char *names[CAPTURES_MAX]; /* these, or as options have them */
	struct devices *devices[CAPTURES_MAX]; /* NULL: they are not known */
	int count;
	struct devices *of_namespace[NETNS_MAX];
	bool may_rest;
	uint64_t gone_ns; /* when to look for interfaces again */
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
	parse_packet(&h->packet, source_linktype(c->source), p->data,
		     p->caplen);
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
	struct capture *one = c->captures;

	if (now < c->gone_ns)
		return;
	c->gone_ns = now + GONE_NS;
	for (int i = 0; i < c->count; i++, one++)
		if (one->gone)
			one->gone = source_resume(one->source) != 0;
}

int captures_read(struct captures *c, const struct captures_room *room)
{
	bool has_room = true;
	int err = 0, total = 0;

	look_for_gone(c);
	for (int i = 0; i < c->count; i++) {
		struct capture *one = &c->captures[i];
		int n;

		if (one->gone)
			continue;
		one->room = room;
		n = source_read(one->source, on_packet, one);
		has_room &= source_has_room(one->source);
		if (n >= 0) {
			total += n;
			continue;
		}
		one->gone = true;
		if (all_are_gone(c))
			err = n;
	}
	c->may_rest = has_room && total >= MANY_PACKETS;
	return err;
}

bool captures_may_rest(const struct captures *c)
{
	return c->may_rest;
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

const struct frame *captures_ahead(struct captures *c, uint32_t interface)
{
	return queue_ahead(c->captures[interface].hold);
}

void captures_pop(struct captures *c, uint32_t interface)
{
	queue_pop(c->captures[interface].hold);
}

void captures_lose(struct captures *c, uint32_t interface)
{
	c->captures[interface].own_drops++;
}

void captures_give_up(struct captures *c)
{
	struct capture *one = c->captures;

	for (int i = 0; i < c->count; i++, one++)
		one->own_drops += source_give_up(one->source);
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

struct devices *const *captures_devices(const struct captures *c)
{
	return c->devices;
}

uint32_t captures_linktype(const struct captures *c, uint32_t interface)
{
	return source_linktype(c->captures[interface].source);
}

unsigned captures_namespace(const struct captures *c, uint32_t interface)
{
	return c->captures[interface].namespace;
}

const char *const *captures_names(const struct captures *c)
{
	return c->names;
}

void captures_describe(struct captures *c, struct pcapng_interface *interfaces)
{
	for (int i = 0; i < c->count; i++) {
		const struct capture *one = &c->captures[i];
		uint32_t snaplen = source_snaplen(one->source);
		const struct device *device = devices_named(c->devices[i],
							    one->asked->name);

		interfaces[i] = (struct pcapng_interface){
			.name = c->names[i],
			.filter = one->asked->filter,
			.linktype = (uint16_t)source_linktype(one->source),
			.snaplen = snaplen < one->snaplen ? snaplen :
							    one->snaplen,
		};
		if (device)
			interface_describe(&interfaces[i], device);
	}
}

/* "blue/eth0": the same name may be in each namespace. */
static const char *name_of(struct captures *c, const char *netns,
			   const char *device)
{
	if (!*netns)
		return device;
	snprintf(c->name[c->count], sizeof(*c->name), "%s/%s", netns, device);
	return c->name[c->count];
}

/* A ring for each of a hundred namespaces must not be a large one. */
static int ring_mib(const struct options *o, const struct options_how *how)
{
	int rings = o->namespaces->count * o->interface_count;

	if (how->buffer_mib || o->namespaces->count == 1)
		return how->buffer_mib;
	return rings < MANY_MIB ? MANY_MIB / rings : 1;
}

static int open_source(struct captures *c, const struct options_interface *i,
		       int namespace, bool prompt)
{
	const struct options_how *how = &i->how;
	struct capture *one = &c->captures[c->count];
	const char *netns = c->options->namespaces->one[namespace].name;
	struct source_options so = {
		.device = i->name,
		.label = name_of(c, netns, i->name),
		.filter = i->filter,
		.snaplen = how->snaplen < PARSED_BYTES ? PARSED_BYTES :
							 how->snaplen,
		.buffer_mib = ring_mib(c->options, how),
		.promiscuous = !how->no_promiscuous,
		.prompt = prompt,
	};
	int err = source_open(&one->source, &so);

	if (err)
		return err;
	one->asked = i;
	one->namespace = (unsigned)namespace;
	one->interface = (uint32_t)c->count;
	one->snaplen = (uint32_t)how->snaplen;
	c->devices[c->count] = c->of_namespace[namespace];
	c->names[c->count] = so.label;
	c->count++;
	return 0;
}

/* Of all namespaces there are, not each has it. */
static bool is_missing(const struct captures *c, const char *name, int netns)
{
	const struct device *d = devices_named(c->of_namespace[netns], name);

	return c->options->namespaces->all && strcmp(name, "any") &&
	       (!d || !d->up);
}

/* In the namespace that this thread is in. */
static int open_those_of(struct captures *c, int namespace, bool prompt)
{
	const struct options *o = c->options;
	int err = devices_open(&c->of_namespace[namespace]);

	if (err)
		log_debug("devices are not known: %s", strerror(-err));
	err = 0;
	for (int i = 0; !err && i < o->interface_count; i++) {
		if (is_missing(c, o->interfaces[i].name, namespace))
			continue;
		err = c->count == CAPTURES_MAX ?
			      -ENOSPC :
			      open_source(c, &o->interfaces[i], namespace,
					  prompt);
	}
	return err;
}

/* Each that was asked for is somewhere. */
static int check_all(const struct captures *c)
{
	const struct options *o = c->options;

	for (int i = 0; i < o->interface_count; i++) {
		const struct options_interface *asked = &o->interfaces[i];
		int n = 0;

		while (n < c->count && c->captures[n].asked != asked)
			n++;
		if (n < c->count)
			continue;
		log_error("no network namespace has an interface %s that is "
			  "up",
			  asked->name);
		return -ENODEV;
	}
	return 0;
}

static int open_sources(struct captures *c, bool prompt)
{
	const struct netns_list *l = c->options->namespaces;
	int err = 0;

	for (int i = 0; !err && i < l->count; i++) {
		err = netns_enter(l, i);
		err = err ? err : open_those_of(c, i, prompt);
		netns_leave(l);
	}
	if (err == -ENOSPC) {
		log_warn("of more interfaces %d are captured", c->count);
		return 0;
	}
	return err ? err : check_all(c);
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
	for (int i = 0; i < NETNS_MAX; i++)
		devices_close(c->of_namespace[i]);
	free(c);
}
