/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "interface/source_parts.h"

#include <errno.h>
#include <linux/filter.h>
#include <net/if.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "host/log.h"
#include "host/near.h"
#include "interface/links.h"
#include "interface/netlink.h"
#include "interface/ring.h"
#include "packet/parse.h"
#include "printable.h"

#define BLOCK_MS    10 /* the kernel hands a block over at least so often */
#define PROMPT_MS   1
#define DEFAULT_MIB 16

struct source {
	char *name;
	char *label;
	int dlt;
	uint32_t linktype;
	uint32_t snaplen;
	struct ring *ring;
	struct bpf_program filter; /* that the kernel cannot apply */
	int links;		   /* a descriptor to ask for them through */
	bool promiscuous;
	bool is_down;
	uint32_t if_dropped; /* before us */
};

#define NEAR_LENGTH 4 /* shorter names are all near each other */

/* One that has another name than "eht0", but by little; or "". */
static void find_near(const char *name, char near[IF_NAMESIZE])
{
	struct if_nameindex *all = if_nameindex();

	*near = '\0';
	for (struct if_nameindex *i = all; i && i->if_name; i++)
		if (!strcasecmp(name, i->if_name) ||
		    (strlen(name) >= NEAR_LENGTH && !*near &&
		     near_is(name, i->if_name)))
			snprintf(near, IF_NAMESIZE, "%s", i->if_name);
	if (all)
		if_freenameindex(all);
	printable_replace(near);
}

/* Of "blue/eth0", "blue/" is the network namespace's. */
static void refuse_name(const char *label, const char *device)
{
	int netns = (int)(strlen(label) - strlen(device));
	char near[IF_NAMESIZE];

	find_near(device, near);
	if (*near)
		log_error("there is no interface %s: did you mean %.*s%s?",
			  label, netns, label, near);
	else if (netns)
		log_error("there is no interface %s: pktwho --netns %.*s -D "
			  "lists them",
			  label, netns - 1, label);
	else
		log_error("there is no interface %s: pktwho -D lists them",
			  label);
}

int source_refuse(const char *label, const char *device, int err)
{
	switch (err) {
	case -EPERM:
	case -EACCES:
		log_error("no permission to capture on %s: pktwho doctor "
			  "says why",
			  label);
		return -EPERM;
	case -ENODEV:
		refuse_name(label, device);
		break;
	case -ENETDOWN:
		log_error("%s is not up: ip-link(8) sets it up", label);
		break;
	default:
		log_error("cannot capture on %s: %s", label, strerror(-err));
		break;
	}
	return err;
}

static enum link_header header_of(const struct source *s)
{
	switch (s->linktype) {
	case LINKTYPE_ETHERNET:
		return LINK_HEADER_ETHERNET;
	case LINKTYPE_LINUX_SLL:
		return LINK_HEADER_SLL;
	case LINKTYPE_LINUX_SLL2:
		return LINK_HEADER_SLL2;
	default:
		return LINK_HEADER_OF_DEVICE;
	}
}

static int open_ring(struct source *s, const struct source_options *o)
{
	bool any = !strcmp(o->device, "any");
	struct ring_options r = {
		.ifindex = any ? 0 : links_index(s->links, o->device),
		.header = header_of(s),
		.is_loopback = !strcmp(o->device, "lo"),
		/* All interfaces together cannot be. */
		.promiscuous = o->promiscuous && !any,
		.snaplen = s->snaplen,
		.mib = o->buffer_mib ? o->buffer_mib : DEFAULT_MIB,
		.block_ms = o->prompt ? PROMPT_MS : BLOCK_MS,
		.links = s->links,
	};
	const struct source_filter f = {
		.text = o->filter ? o->filter : "",
		.device = o->device,
		.dlt = s->dlt,
		.snaplen = s->snaplen,
	};
	int err;

	s->promiscuous = r.promiscuous;
	if (!r.ifindex && !any)
		return source_refuse(o->label, o->device, -ENODEV);
	r.filter.filter = calloc(BPF_MAXINSNS, sizeof(*r.filter.filter));
	if (!r.filter.filter)
		return -ENOMEM;
	if (any)
		source_filter_put_loopback_once(&r.filter);
	err = source_filter_compile(&f, &r.filter, &s->filter);
	if (err)
		goto out;
	err = ring_open(&s->ring, &r);
	if (err)
		source_refuse(o->label, o->device, err);
out:
	free(r.filter.filter);
	return err;
}

/*
 * Counts them only if promiscuous, as libpcap does: others had no part in them.
 */
static uint32_t interface_drops(const struct source *s, uint32_t unknown)
{
	return s->promiscuous ? links_drops(s->links, s->name, unknown) :
				unknown;
}

int source_open(struct source **out, const struct source_options *o)
{
	struct source *s = calloc(1, sizeof(*s));
	struct source_dlt dlt;
	int err = -ENOMEM;

	if (!s)
		return err;
	s->links = netlink_open(NETLINK_ROUTE);
	s->name = strdup(o->device);
	s->label = strdup(o->label);
	if (s->links < 0)
		err = source_refuse(o->label, o->device, s->links);
	else if (s->name && s->label) {
		source_guess_dlt(o->device, &dlt);
		s->dlt = dlt.number;
		/* They differ for a few old types; of ours only for raw IP. */
		s->linktype = dlt.number == DLT_RAW ? (uint32_t)LINKTYPE_RAW :
						      (uint32_t)dlt.number;
		s->snaplen = (uint32_t)o->snaplen;
		err = open_ring(s, o);
	}
	if (err) {
		source_close(s);
		return err;
	}
	s->if_dropped = interface_drops(s, 0);
	*out = s;
	return 0;
}

void source_close(struct source *s)
{
	if (!s)
		return;
	ring_close(s->ring);
	if (s->links >= 0)
		close(s->links);
	pcap_freecode(&s->filter);
	free(s->name);
	free(s->label);
	free(s);
}

uint32_t source_linktype(const struct source *s)
{
	return s->linktype;
}

uint32_t source_snaplen(const struct source *s)
{
	return s->snaplen;
}

int source_fd(const struct source *s)
{
	return ring_fd(s->ring);
}

struct filtered {
	const struct bpf_program *filter;
	void (*fn)(void *ctx, const struct source_packet *p);
	void *ctx;
};

static void filter_packet(void *ctx, const struct source_packet *p)
{
	const struct filtered *f = ctx;
	const struct pcap_pkthdr h = { .caplen = p->caplen, .len = p->len };

	if (pcap_offline_filter(f->filter, &h, p->data))
		f->fn(f->ctx, p);
}

static void tell_down(struct source *s)
{
	s->is_down = !s->is_down;
	if (s->is_down)
		log_warn("%s: the interface is down; the capture goes on when "
			 "it is up again",
			 s->label);
	else
		log_info("%s: the interface is up again", s->label);
}

int source_read(struct source *s,
		void (*fn)(void *ctx, const struct source_packet *p), void *ctx)
{
	struct filtered f = { &s->filter, fn, ctx };
	int n = s->filter.bf_len ? ring_read(s->ring, filter_packet, &f) :
				   ring_read(s->ring, fn, ctx);

	if (n < 0)
		log_error("%s: the interface is gone", s->label);
	else if (ring_is_down(s->ring) != s->is_down)
		tell_down(s);
	return n;
}

int source_resume(struct source *s)
{
	unsigned index = links_index(s->links, s->name);
	int err = index ? ring_resume(s->ring, index) : -ENODEV;

	if (err)
		return err;
	log_info("%s: the interface is back", s->label);
	s->if_dropped = interface_drops(s, 0);
	return 0;
}

bool source_has_room(const struct source *s)
{
	return ring_has_room(s->ring);
}

unsigned source_fill(struct source *s)
{
	return ring_fill(s->ring);
}

void source_stats(struct source *s, struct source_stats *stats)
{
	ring_stats(s->ring, &stats->received, &stats->dropped);
	stats->if_dropped = interface_drops(s, s->if_dropped) - s->if_dropped;
}

uint64_t source_give_up(struct source *s)
{
	return ring_give_up(s->ring);
}
