/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "interface/source.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/log.h"
#include "packet/parse.h"
#include "interface/links.h"
#include "interface/ring.h"
#include "printable.h"

#define BLOCK_MS	10	/* the kernel hands a block over at least so often */
#define PROMPT_MS	1
#define DEFAULT_MIB	16
#define SLL2_BYTES	20
#define SLL_BYTES	16
#define BESIDE		((uint32_t)SKF_AD_OFF)

struct source {
	char *name;
	int dlt;
	uint32_t linktype;
	uint32_t snaplen;
	struct ring *ring;
	struct bpf_program filter;	/* that the kernel cannot apply */
	bool promiscuous;
	uint32_t if_dropped;		/* before us */
};

/* What a user can do about it belongs in the line. */
static int refuse_interface(const char *device, int err)
{
	switch (err) {
	case -EPERM:
	case -EACCES:
		log_error("no permission to capture on %s: pktwho doctor "
			  "says why", device);
		return -EPERM;
	case -ENODEV:
		log_error("there is no interface %s: pktwho -D lists them",
			  device);
		break;
	case -ENETDOWN:
		log_error("%s is not up: ip link set %s up", device, device);
		break;
	default:
		log_error("cannot capture on %s: %s", device, strerror(-err));
		break;
	}
	return err;
}

/*
 * libpcap also captures USB, Bluetooth, D-Bus and the like, whose privilege to
 * read is not given with that to capture.
 */
static bool is_network(const char *name)
{
	return !strcmp(name, "any") || if_nametoindex(name);
}

/* ---- the filter ---- */

static bool has_cooked_header(const struct source *s)
{
	return s->linktype == LINKTYPE_LINUX_SLL2 ||
	       s->linktype == LINKTYPE_LINUX_SLL;
}

/*
 * The kernel filters before the cooked header is there.  What a filter asks of
 * it, the kernel knows beside the packet, or not at all.
 */
static bool without_header(struct sock_filter *f, bool sll2)
{
	uint32_t header = sll2 ? SLL2_BYTES : SLL_BYTES;
	uint32_t protocol = sll2 ? 0 : 14, type = sll2 ? 10 : 0;
	uint32_t mode = BPF_MODE(f->code);

	if ((BPF_CLASS(f->code) != BPF_LD && BPF_CLASS(f->code) != BPF_LDX) ||
	    (mode != BPF_ABS && mode != BPF_IND && mode != BPF_MSH) ||
	    f->k >= BESIDE)
		return true;
	if (f->k >= header)
		f->k -= header;
	else if (f->k == protocol)
		f->k = BESIDE + SKF_AD_PROTOCOL;
	else if (f->k == type)
		f->k = BESIDE + SKF_AD_PKTTYPE;
	else if (sll2 && f->k == 4)
		f->k = BESIDE + SKF_AD_IFINDEX;
	else if (sll2 && f->k == 8)
		f->k = BESIDE + SKF_AD_HATYPE;
	else
		return false;
	return true;
}

/* On `any` a packet of the loopback would come twice, going out and in. */
static unsigned short put_loopback_once(struct sock_filter *out)
{
	static const struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, BESIDE + SKF_AD_PKTTYPE),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_OUTGOING, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, BESIDE + SKF_AD_HATYPE),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARPHRD_LOOPBACK, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};

	memcpy(out, code, sizeof(code));
	return sizeof(code) / sizeof(*code);
}

/* Appends the program for the kernel; false if it cannot apply it. */
static bool append_for_kernel(const struct source *s,
			      const struct bpf_program *program,
			      struct sock_fprog *out)
{
	struct sock_filter *f = out->filter + out->len;

	if (program->bf_len + out->len > BPF_MAXINSNS)
		return false;
	memcpy(f, program->bf_insns, program->bf_len * sizeof(*f));
	for (unsigned i = 0; has_cooked_header(s) && i < program->bf_len; i++)
		if (!without_header(&f[i], s->linktype == LINKTYPE_LINUX_SLL2))
			return false;
	out->len += (unsigned short)program->bf_len;
	return true;
}

/* What stands beside a packet can be asked only where the kernel filters. */
static bool asks_beside(const struct bpf_program *program)
{
	for (unsigned i = 0; i < program->bf_len; i++) {
		const struct bpf_insn *f = &program->bf_insns[i];

		if (BPF_CLASS(f->code) == BPF_LD && f->k >= BESIDE &&
		    BPF_MODE(f->code) == BPF_ABS)
			return true;
	}
	return false;
}

/*
 * A VLAN's tag stands beside its packet, too; libpcap knows that only of a
 * capture that runs.
 */
static pcap_t *open_compiler(const struct source *s, const char *filter)
{
	char errbuf[PCAP_ERRBUF_SIZE];
	pcap_t *pcap;

	if (!strstr(filter, "vlan"))
		return pcap_open_dead(s->dlt, (int)s->snaplen);
	pcap = pcap_create(s->name, errbuf);
	if (!pcap)
		return NULL;
	pcap_set_snaplen(pcap, (int)s->snaplen);
	if (pcap_activate(pcap) >= 0 && !pcap_set_datalink(pcap, s->dlt))
		return pcap;
	pcap_close(pcap);
	return NULL;
}

static int compile_filter(struct source *s, const char *filter,
			  struct sock_fprog *out)
{
	pcap_t *pcap = open_compiler(s, filter);
	struct bpf_program program;
	int err;

	if (!pcap) {
		log_error("cannot compile a filter for %s", s->name);
		return -ENOMEM;
	}
	err = pcap_compile(pcap, &program, filter, 1, PCAP_NETMASK_UNKNOWN);
	if (err)
		log_error("bad filter \"%s\": %s", filter, pcap_geterr(pcap));
	pcap_close(pcap);
	if (err)
		return -EINVAL;
	if (append_for_kernel(s, &program, out)) {
		pcap_freecode(&program);
		return 0;
	}
	s->filter = program;
	out->filter[out->len++] =
		(struct sock_filter)BPF_STMT(BPF_RET | BPF_K, s->snaplen);
	if (!asks_beside(&program))
		return 0;
	log_error("the filter is too long for the kernel, which takes %d "
		  "instructions; without direction and VLAN any longer ones "
		  "work", BPF_MAXINSNS);
	return -EINVAL;
}

/* ---- open and close ---- */

static enum ring_header header_of(const struct source *s)
{
	switch (s->linktype) {
	case LINKTYPE_ETHERNET:
		return RING_ETHERNET;
	case LINKTYPE_LINUX_SLL:
		return RING_SLL;
	case LINKTYPE_LINUX_SLL2:
		return RING_SLL2;
	default:
		return RING_AS_IT_IS;
	}
}

static int open_ring(struct source *s, const struct source_options *o)
{
	bool any = !strcmp(o->device, "any");
	struct ring_options r = {
		.ifindex = if_nametoindex(o->device),
		.header = header_of(s),
		.is_loopback = !strcmp(o->device, "lo"),
		/* Of all interfaces none can be. */
		.promiscuous = o->promiscuous && !any,
		.snaplen = s->snaplen,
		.mib = o->buffer_mib ? o->buffer_mib : DEFAULT_MIB,
		.block_ms = o->prompt ? PROMPT_MS : BLOCK_MS,
	};
	int err;

	s->promiscuous = r.promiscuous;
	if (!r.ifindex && !any)
		return refuse_interface(o->device, -ENODEV);
	r.filter.filter = calloc(BPF_MAXINSNS, sizeof(*r.filter.filter));
	if (!r.filter.filter)
		return -ENOMEM;
	if (any)
		r.filter.len = put_loopback_once(r.filter.filter);
	err = compile_filter(s, o->filter ? o->filter : "", &r.filter);
	if (err)
		goto out;
	err = ring_open(&s->ring, &r);
	if (err)
		refuse_interface(o->device, err);
out:
	free(r.filter.filter);
	return err;
}

/* As libpcap: of these a capture that is not promiscuous had no part. */
static uint32_t interface_drops(const struct source *s, uint32_t unknown)
{
	return s->promiscuous ? links_drops(s->name, unknown) : unknown;
}

int source_open(struct source **out, const struct source_options *o)
{
	struct source *s = calloc(1, sizeof(*s));
	struct source_dlt dlt;
	int err = -ENOMEM;

	if (s)
		s->name = strdup(o->device);
	if (s && s->name) {
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
	pcap_freecode(&s->filter);
	free(s->name);
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

int source_read(struct source *s,
		void (*fn)(void *ctx, const struct source_packet *p), void *ctx)
{
	struct filtered f = { &s->filter, fn, ctx };
	int n = s->filter.bf_len ? ring_read(s->ring, filter_packet, &f) :
				   ring_read(s->ring, fn, ctx);

	if (n < 0)
		log_error("%s: the interface is gone", s->name);
	return n;
}

int source_resume(struct source *s)
{
	unsigned index = links_index(s->name);
	int err = index ? ring_resume(s->ring, index) : -ENODEV;

	if (err)
		return err;
	log_info("%s: the interface is back", s->name);
	s->if_dropped = interface_drops(s, 0);
	return 0;
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

int source_each(void (*fn)(void *ctx, const struct source_device *d),
		void *ctx)
{
	char errbuf[PCAP_ERRBUF_SIZE];
	pcap_if_t *all;

	if (pcap_findalldevs(&all, errbuf)) {
		log_error("cannot list interfaces: %s", errbuf);
		return -EIO;
	}
	for (const pcap_if_t *i = all; i; i = i->next) {
		struct source_device d = {
			.name = i->name,
			.description = i->description ? i->description : "",
		};

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

/* ---- link types ---- */

/* As libpcap 1.10 maps the kernel's types; of most others it makes SLL. */
static int dlt_of_type(int type)
{
	switch (type) {
	case ARPHRD_ETHER:
	case ARPHRD_LOOPBACK:
		return DLT_EN10MB;
	case ARPHRD_TUNNEL:
	case ARPHRD_TUNNEL6:
	case ARPHRD_SIT:
	case ARPHRD_NONE:
	case ARPHRD_RAWIP:
		return DLT_RAW;
	case ARPHRD_IEEE80211:
		return DLT_IEEE802_11;
	case ARPHRD_IEEE80211_PRISM:
		return DLT_PRISM_HEADER;
	case ARPHRD_IEEE80211_RADIOTAP:
		return DLT_IEEE802_11_RADIO;
	default:
		return DLT_LINUX_SLL;
	}
}

const char *source_hardware(unsigned type)
{
	int dlt = dlt_of_type((int)type);

	if (type == ARPHRD_LOOPBACK)
		return "Loopback";
	return dlt == DLT_LINUX_SLL ? NULL :
				      pcap_datalink_val_to_description(dlt);
}

static int guess_dlt(const char *device)
{
	struct ifreq request = { 0 };
	int fd, err;

	if (!strcmp(device, "any"))
		return DLT_LINUX_SLL2;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return DLT_EN10MB;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", device);
	err = ioctl(fd, SIOCGIFHWADDR, &request);
	close(fd);
	return err ? DLT_EN10MB : dlt_of_type(request.ifr_hwaddr.sa_family);
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

int source_print_filter(const char *device, const char *filter)
{
	pcap_t *pcap = pcap_open_dead(guess_dlt(device), 262144);
	struct bpf_program program;
	int err;

	if (!pcap)
		return -ENOMEM;
	err = pcap_compile(pcap, &program, filter ? filter : "", 1,
			   PCAP_NETMASK_UNKNOWN);
	if (err) {
		log_error("bad filter \"%s\": %s", filter, pcap_geterr(pcap));
		err = -EINVAL;
	} else {
		bpf_dump(&program, 1);
		pcap_freecode(&program);
	}
	pcap_close(pcap);
	return err;
}

int source_list_linktypes(const char *device)
{
	struct source_dlt dlt;

	if (!is_network(device))
		return refuse_interface(device, -ENODEV);
	source_guess_dlt(device, &dlt);
	printf("%s (%s)\n", dlt.name, dlt.description);
	return 0;
}
