/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "packet/source.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "host/clocks.h"
#include "host/log.h"
#include "printable.h"
#include "packet/parse.h"

#define BLOCK_MS	10	/* the kernel hands a block over at least so often */
#define PROMPT_MS	1
#define AT_ONCE		8192	/* packets, then others have their turn */
#define DEFAULT_MIB	4
#define UNFILTERED_NS	1000000000u	/* they are in the first blocks */
#define ATTACH_NS	1000000u	/* packets under way as a filter is attached */
#define SLL2_HATYPE	8	/* offsets in the cooked headers */
#define SLL2_PKTTYPE	10
#define SLL_HATYPE	2
#define SLL_PKTTYPE	1
#define PKT_OUTGOING	4	/* PACKET_OUTGOING, linux/if_packet.h */

struct handle {
	pcap_t *pcap;
	uint8_t direction;
	uint64_t since_ns;	/* earlier packets may not have been filtered */
	uint64_t until_ns;	/* ... and come by then (monotonic); 0: unread */
};

struct source {
	struct handle handles[SOURCE_HANDLES];
	int count;
	char *name;
	uint32_t linktype;
};

/* What a user can do about it belongs in the line. */
static int report(const char *device, pcap_t *pcap, int status)
{
	const char *detail = pcap_geterr(pcap);

	switch (status) {
	case PCAP_ERROR_PERM_DENIED:
		log_error("no permission to capture on %s: pktwho doctor "
			  "says why", device);
		return -EPERM;
	case PCAP_ERROR_NO_SUCH_DEVICE:
		log_error("there is no interface %s: pktwho -D lists them",
			  device);
		return -ENODEV;
	case PCAP_ERROR_IFACE_NOT_UP:
		log_error("%s is not up: ip link set %s up", device, device);
		return -ENETDOWN;
	default:
		log_error("cannot capture on %s: %s", device,
			  *detail ? detail : pcap_statustostr(status));
		return -EIO;
	}
}

/* "inbound and (FILTER)"; the caller frees it. */
static char *directed(const char *direction, const char *filter)
{
	char *s;

	if (!direction)
		return strdup(filter ? filter : "");
	if (!filter || !*filter)
		return strdup(direction);
	return asprintf(&s, "%s and (%s)", direction, filter) < 0 ? NULL : s;
}

/*
 * libpcap filters a first block itself, because packets that came before the
 * filter may be in it; but it cannot tell the direction, and would drop them
 * all (1.10.3, blocks_to_filter_in_userland).  So a filter with a direction
 * goes to the kernel past libpcap, and what came before goes by its time.
 */
static int attach_filter(struct handle *h, const struct bpf_program *program)
{
	struct sock_fprog kernel = {
		.len = (unsigned short)program->bf_len,
		.filter = (struct sock_filter *)program->bf_insns,
	};

	if (program->bf_len > BPF_MAXINSNS)
		return -E2BIG;
	if (setsockopt(pcap_fileno(h->pcap), SOL_SOCKET, SO_ATTACH_FILTER,
		       &kernel, sizeof(kernel)))
		return -errno;
	h->since_ns = clock_ns(CLOCK_REALTIME) + ATTACH_NS;
	return 0;
}

static int set_filter(struct handle *h, const char *filter, bool directed)
{
	struct bpf_program program;
	int err;

	if (pcap_compile(h->pcap, &program, filter, 1, PCAP_NETMASK_UNKNOWN))
		return -EINVAL;
	if (directed)
		err = attach_filter(h, &program);
	else
		err = pcap_setfilter(h->pcap, &program) ? -EINVAL : 0;
	pcap_freecode(&program);
	return err;
}

static bool knows_direction(pcap_t *pcap)
{
	struct bpf_program program;

	if (pcap_compile(pcap, &program, "inbound", 1, PCAP_NETMASK_UNKNOWN))
		return false;
	pcap_freecode(&program);
	return true;
}

static int activate(pcap_t *pcap, const struct source_options *o)
{
	int mib = o->buffer_mib ? o->buffer_mib : DEFAULT_MIB;
	/* Of all interfaces none can be; libpcap 1.10.5 would complain. */
	bool promiscuous = o->promiscuous && strcmp(o->device, "any");
	int err;

	/* All but the last fail only on a capture that is active already. */
	err = pcap_set_snaplen(pcap, o->snaplen);
	if (!err)
		err = pcap_set_promisc(pcap, promiscuous);
	if (!err)
		err = pcap_set_timeout(pcap, o->prompt ? PROMPT_MS : BLOCK_MS);
	if (!err)
		err = pcap_set_buffer_size(pcap, mib << 20);
	if (!err)
		err = pcap_set_tstamp_precision(pcap,
						PCAP_TSTAMP_PRECISION_NANO);
	if (err)
		return err;
	err = pcap_activate(pcap);
	if (err > 0)
		log_warn("%s: %s", o->device, pcap_geterr(pcap));
	return err > 0 ? 0 : err;
}

/*
 * libpcap also captures USB, Bluetooth, D-Bus and the like, whose privilege to
 * read is not given with that to capture.
 */
static bool is_network(const char *name)
{
	return !strcmp(name, "any") || if_nametoindex(name);
}

/* An activated, unfiltered capture, or NULL with *@err. */
static pcap_t *open_capture(const struct source_options *o, int *err)
{
	char errbuf[PCAP_ERRBUF_SIZE];
	pcap_t *pcap;
	int status;

	if (!is_network(o->device)) {
		log_error("there is no interface %s: pktwho -D lists them",
			  o->device);
		*err = -ENODEV;
		return NULL;
	}
	pcap = pcap_create(o->device, errbuf);
	if (!pcap) {
		log_error("cannot open %s: %s", o->device, errbuf);
		*err = -ENODEV;
		return NULL;
	}
	status = activate(pcap, o);
	if (!status)
		status = pcap_setnonblock(pcap, 1, errbuf);
	if (status) {
		*err = report(o->device, pcap, status);
		pcap_close(pcap);
		return NULL;
	}
	return pcap;
}

static int add_handle(struct source *s, pcap_t *pcap, uint8_t direction,
		      const struct source_options *o)
{
	/* On loopback libpcap wants a packet once, but the kernel counts two. */
	static const char *const words[] = {
		[SOURCE_IN] = "inbound",
		[SOURCE_OUT] = "outbound",
		[SOURCE_LOOPBACK] = "inbound",
	};
	struct handle *h = &s->handles[s->count];
	char *filter = directed(words[direction], o->filter);
	int err;

	if (!filter)
		return -ENOMEM;
	h->pcap = pcap;
	h->direction = direction;
	err = *filter ? set_filter(h, filter, direction != SOURCE_UNKNOWN) : 0;
	free(filter);
	if (err == -E2BIG) {
		log_error("the filter is too long for the kernel, which takes "
			  "%d instructions; on the interface any longer ones "
			  "work", BPF_MAXINSNS);
		return -EINVAL;
	}
	if (err) {
		log_error("bad filter \"%s\": %s", o->filter ? o->filter : "",
			  err == -EINVAL ? pcap_geterr(pcap) : strerror(-err));
		return -EINVAL;
	}
	s->count++;
	return 0;
}

/* DLT_ and LINKTYPE_ differ for a few old types; of ours only for raw IP. */
static uint32_t linktype_of(pcap_t *pcap)
{
	int dlt = pcap_datalink(pcap);

	return dlt == DLT_RAW ? (uint32_t)LINKTYPE_RAW : (uint32_t)dlt;
}

/* Of the first capture: `any` tells the direction of each packet. */
static enum source_direction first_direction(const struct source *s,
					     pcap_t *pcap)
{
	if (s->linktype == LINKTYPE_LINUX_SLL ||
	    s->linktype == LINKTYPE_LINUX_SLL2 || !knows_direction(pcap))
		return SOURCE_UNKNOWN;
	return strcmp(s->name, "lo") ? SOURCE_IN : SOURCE_LOOPBACK;
}

static int open_handles(struct source *s, const struct source_options *o)
{
	enum source_direction first;
	pcap_t *pcap, *second;
	int err = 0;

	pcap = open_capture(o, &err);
	if (!pcap)
		return err;
	/* Without SLL2 it stays the older cooked header, which we read, too. */
	if (!strcmp(s->name, "any") && pcap_set_datalink(pcap, DLT_LINUX_SLL2))
		log_warn("%s: %s", s->name, pcap_geterr(pcap));
	s->linktype = linktype_of(pcap);
	first = first_direction(s, pcap);
	err = add_handle(s, pcap, first, o);
	if (err) {
		pcap_close(pcap);
		return err;
	}
	if (first != SOURCE_IN)
		return 0;
	second = open_capture(o, &err);
	if (!second)
		return err;
	err = add_handle(s, second, SOURCE_OUT, o);
	if (err)
		pcap_close(second);
	return err;
}

/* Whoever is told that we capture may send at once: that must count. */
static void await_first(const struct source *s)
{
	static const struct timespec attach = { .tv_nsec = ATTACH_NS };

	if (s->handles[0].since_ns)
		nanosleep(&attach, NULL);
}

int source_open(struct source **out, const struct source_options *o)
{
	struct source *s = calloc(1, sizeof(*s));
	int err = -ENOMEM;

	if (s)
		s->name = strdup(o->device);
	if (s && s->name)
		err = open_handles(s, o);
	if (err) {
		source_close(s);
		return err;
	}
	await_first(s);
	*out = s;
	return 0;
}

void source_close(struct source *s)
{
	if (!s)
		return;
	for (int i = 0; i < s->count; i++)
		pcap_close(s->handles[i].pcap);
	free(s->name);
	free(s);
}

uint32_t source_linktype(const struct source *s)
{
	return s->linktype;
}

uint32_t source_snaplen(const struct source *s)
{
	return (uint32_t)pcap_snapshot(s->handles[0].pcap);
}

int source_handles(const struct source *s)
{
	return s->count;
}

int source_fd(const struct source *s, int handle)
{
	return pcap_get_selectable_fd(s->handles[handle].pcap);
}

struct delivery {
	const struct source *source;
	uint64_t since_ns;
	uint8_t direction;
	void (*fn)(void *ctx, const struct source_packet *p);
	void *ctx;
};

static uint8_t cooked_direction(const struct delivery *d,
				const struct pcap_pkthdr *h, const u_char *data)
{
	bool sll2 = d->source->linktype == LINKTYPE_LINUX_SLL2;
	size_t type = sll2 ? SLL2_PKTTYPE : SLL_PKTTYPE;
	size_t hardware = sll2 ? SLL2_HATYPE : SLL_HATYPE;

	if (h->caplen <= SLL2_PKTTYPE)
		return SOURCE_UNKNOWN;
	if (data[type] == PKT_OUTGOING)
		return SOURCE_OUT;
	return (data[hardware] << 8 | data[hardware + 1]) == ARPHRD_LOOPBACK ?
		       SOURCE_LOOPBACK : SOURCE_IN;
}

static void deliver(u_char *user, const struct pcap_pkthdr *h,
		    const u_char *data)
{
	const struct delivery *d = (const void *)user;
	struct source_packet p = {
		.data = data,
		.caplen = h->caplen,
		.len = h->len,
		/* With nanosecond precision tv_usec holds nanoseconds. */
		.ts_ns = (uint64_t)h->ts.tv_sec * 1000000000u +
			 (uint64_t)h->ts.tv_usec,
		.direction = d->direction,
	};

	if (p.ts_ns < d->since_ns)
		return;
	if (d->source->linktype == LINKTYPE_LINUX_SLL2 ||
	    d->source->linktype == LINKTYPE_LINUX_SLL)
		p.direction = cooked_direction(d, h, data);
	d->fn(d->ctx, &p);
}

int source_read(struct source *s, int handle,
		void (*fn)(void *ctx, const struct source_packet *p), void *ctx)
{
	struct handle *h = &s->handles[handle];
	struct delivery d = { s, h->since_ns, h->direction, fn, ctx };
	int n;

	/* Somebody may set the clock back. */
	if (h->since_ns && !h->until_ns)
		h->until_ns = clock_ns(CLOCK_MONOTONIC) + UNFILTERED_NS;
	else if (h->since_ns && clock_ns(CLOCK_MONOTONIC) > h->until_ns)
		h->since_ns = d.since_ns = 0;
	n = pcap_dispatch(h->pcap, AT_ONCE, deliver, (u_char *)&d);

	if (n >= 0)
		return n;
	log_error("%s: %s", s->name, pcap_geterr(h->pcap));
	return -EIO;
}

void source_stats(struct source *s, struct source_stats *stats)
{
	struct pcap_stat ps;

	memset(stats, 0, sizeof(*stats));
	for (int i = 0; i < s->count; i++) {
		if (pcap_stats(s->handles[i].pcap, &ps))
			continue;
		stats->received += ps.ps_recv;
		stats->dropped += ps.ps_drop;
		stats->if_dropped = ps.ps_ifdrop;
	}
}

static void join_addresses(const pcap_if_t *d, char *out, size_t size)
{
	char text[INET6_ADDRSTRLEN];
	size_t at = 0;

	*out = '\0';
	for (const pcap_addr_t *a = d->addresses; a; a = a->next) {
		const struct sockaddr *sa = a->addr;
		const void *addr = NULL;

		if (sa && sa->sa_family == AF_INET)
			addr = &((const struct sockaddr_in *)sa)->sin_addr;
		else if (sa && sa->sa_family == AF_INET6)
			addr = &((const struct sockaddr_in6 *)sa)->sin6_addr;
		if (!addr || !inet_ntop(sa->sa_family, addr, text, sizeof(text)))
			continue;
		if (at + strlen(text) + 3 > size)
			return;
		at += (size_t)snprintf(out + at, size - at, "%s%s",
				       at ? ", " : "", text);
	}
}

int source_each(void (*fn)(void *ctx, const struct source_device *d),
		void *ctx)
{
	char errbuf[PCAP_ERRBUF_SIZE], addresses[256];
	pcap_if_t *all;

	if (pcap_findalldevs(&all, errbuf)) {
		log_error("cannot list interfaces: %s", errbuf);
		return -EIO;
	}
	for (const pcap_if_t *i = all; i; i = i->next) {
		struct source_device d = {
			.name = i->name,
			.description = i->description ? i->description : "",
			.addresses = addresses,
		};

		join_addresses(i, addresses, sizeof(addresses));
		if (is_network(d.name))
			fn(ctx, &d);
	}
	pcap_freealldevs(all);
	return 0;
}

struct nth {
	unsigned left;
	char *name;
};

static void take_nth(void *ctx, const struct source_device *d)
{
	struct nth *n = ctx;

	if (!--n->left)
		n->name = strdup(d->name);
}

char *source_numbered(const char *number)
{
	struct nth n = { .left = (unsigned)strtoul(number, NULL, 10) };

	if (!*number || number[strspn(number, "0123456789")] ||
	    if_nametoindex(number))
		return NULL;
	source_each(take_nth, &n);
	return n.name;
}

static void print_device(void *ctx, const struct source_device *d)
{
	int *n = ctx;

	char line[512];

	/* Whoever may make an interface may give it any name. */
	snprintf(line, sizeof(line), *d->description ? "%d. %s (%s)" :
		 "%d. %s", ++*n, d->name, d->description);
	printable_replace(line);
	puts(line);
}

int source_list(void)
{
	int n = 0;

	return source_each(print_device, &n);
}

/* As libpcap 1.10 maps the kernel's types; most are Ethernet or raw IP. */
static int guess_dlt(const char *device)
{
	char path[80], text[16] = "";
	FILE *f;

	if (!strcmp(device, "any"))
		return DLT_LINUX_SLL2;
	snprintf(path, sizeof(path), "/sys/class/net/%.40s/type", device);
	f = fopen(path, "re");
	if (!f)
		return DLT_EN10MB;
	if (!fgets(text, sizeof(text), f))
		*text = '\0';
	fclose(f);
	switch (atoi(text)) {
	case ARPHRD_ETHER:
	case ARPHRD_LOOPBACK:
		return DLT_EN10MB;
	case ARPHRD_TUNNEL:
	case ARPHRD_TUNNEL6:
	case ARPHRD_SIT:
	case ARPHRD_NONE:
	case ARPHRD_RAWIP:
		return DLT_RAW;
	default:
		return DLT_LINUX_SLL;
	}
}

void source_guess_dlt(const char *device, struct source_dlt *dlt)
{
	dlt->number = guess_dlt(device);
	dlt->name = pcap_datalink_val_to_name(dlt->number);
	dlt->description = pcap_datalink_val_to_description(dlt->number);
}

int source_check_filter(const char *device, const char *filter, char *why,
			size_t size)
{
	struct bpf_program program;
	pcap_t *pcap = pcap_open_dead(guess_dlt(device), 262144);
	int err = 0;

	if (!pcap) {
		snprintf(why, size, "%s", strerror(ENOMEM));
		return -EINVAL;
	}
	if (pcap_compile(pcap, &program, filter, 1, PCAP_NETMASK_UNKNOWN)) {
		snprintf(why, size, "%s", pcap_geterr(pcap));
		err = -EINVAL;
	} else {
		pcap_freecode(&program);
	}
	pcap_close(pcap);
	return err;
}

int source_list_linktypes(const char *device)
{
	struct source_options o = { .device = device, .snaplen = 64 };
	int *list = NULL, err = 0, n;
	pcap_t *pcap = open_capture(&o, &err);

	if (!pcap)
		return err;
	n = pcap_list_datalinks(pcap, &list);
	for (int i = 0; i < n; i++)
		printf("%s (%s)\n", pcap_datalink_val_to_name(list[i]),
		       pcap_datalink_val_to_description(list[i]));
	pcap_free_datalinks(list);
	pcap_close(pcap);
	return n < 0 ? -EIO : 0;
}
