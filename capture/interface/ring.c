/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "interface/ring.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "bytes.h"
#include "host/clocks.h"
#include "interface/links.h"

/*
 * Paused for a second, we lose nothing of a trickle that fills no block: each
 * is handed over after block_ms all the same.  One holds the largest packet of
 * segmentation offload; only BIG TCP has larger ones, which are cut.
 */
#define BLOCK_BYTES   (128u << 10)
#define AT_ONCE	      8192	/* packets, then others have their turn */
#define COOKED_RESERVE 32	/* room for a header that we write */
#define VLAN_TAG      4
#define ETHERNET_VLAN 12	/* where a tag stands in the header */
#define SLL_BYTES     16
#define SLL2_BYTES    20

struct ring {
	int fd;
	unsigned ifindex;
	enum ring_header header;
	uint32_t snaplen;
	uint16_t type;		/* of the interface, ARPHRD_ */
	bool promiscuous;
	bool is_down;
	uint64_t down_ns;	/* since when, CLOCK_MONOTONIC */
	uint64_t block_ns;	/* after which a block is handed over */
	uint8_t *map;
	uint32_t blocks;
	uint32_t next;		/* the block that is handed over next */
	uint32_t most_ready;	/* since somebody asked */
	uint64_t received;
	uint64_t dropped;
};

/* ---- open and close ---- */

static bool makes_cooked_header(enum ring_header header)
{
	return header == RING_SLL || header == RING_SLL2;
}

static int set_packet_option(int fd, int name, int value)
{
	return setsockopt(fd, SOL_PACKET, name, &value, sizeof(value)) ?
		       -errno : 0;
}

static int open_map(struct ring *r, const struct ring_options *o)
{
	uint32_t blocks = ((uint32_t)o->mib << 20) / BLOCK_BYTES;
	struct tpacket_req3 request = {
		.tp_block_size = BLOCK_BYTES,
		.tp_block_nr = blocks,
		.tp_frame_size = BLOCK_BYTES,
		.tp_frame_nr = blocks,
		.tp_retire_blk_tov = (unsigned)o->block_ms,
	};

	if (setsockopt(r->fd, SOL_PACKET, PACKET_RX_RING, &request,
		       sizeof(request)))
		return -errno;
	r->map = mmap(NULL, (size_t)blocks * BLOCK_BYTES,
		      PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, 0);
	if (r->map == MAP_FAILED) {
		r->map = NULL;
		return -errno;
	}
	r->blocks = blocks;
	return 0;
}

static int be_promiscuous(const struct ring *r)
{
	struct packet_mreq m = { .mr_ifindex = (int)r->ifindex,
				 .mr_type = PACKET_MR_PROMISC };

	return setsockopt(r->fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &m,
			  sizeof(m)) ? -errno : 0;
}

/* What the kernel has to tell of the socket, once. */
static int pending_error(const struct ring *r)
{
	socklen_t len = sizeof(int);
	int err = 0;

	getsockopt(r->fd, SOL_SOCKET, SO_ERROR, &err, &len);
	return -err;
}

static int bind_to(const struct ring *r, uint16_t protocol)
{
	struct sockaddr_ll ll = { .sll_family = AF_PACKET,
				  .sll_protocol = htons(protocol),
				  .sll_ifindex = (int)r->ifindex };

	return bind(r->fd, (struct sockaddr *)&ll, sizeof(ll)) ? -errno : 0;
}

static uint16_t bound_type(const struct ring *r)
{
	struct sockaddr_ll ll = { 0 };
	socklen_t len = sizeof(ll);

	getsockname(r->fd, (struct sockaddr *)&ll, &len);
	return ll.sll_hatype;
}

/* From here on packets come: everything else has been set. */
static int bind_at_last(struct ring *r)
{
	int err = bind_to(r, ETH_P_ALL);

	if (err)
		return err;
	r->type = bound_type(r);
	return pending_error(r);
}

/* Its packets stand in the file with a link type that must not change. */
static int bind_again(struct ring *r)
{
	int err = bind_to(r, ETH_P_ALL);

	if (err)
		return err;
	err = pending_error(r);
	if (err)
		return err;
	if (bound_type(r) != r->type)
		return -EPROTOTYPE;
	return r->promiscuous ? be_promiscuous(r) : 0;
}

int ring_resume(struct ring *r, unsigned ifindex)
{
	int err;

	r->ifindex = ifindex;
	err = bind_again(r);
	if (err)
		bind_to(r, 0);
	r->is_down = false;
	return err;
}

static int open_socket(struct ring *r, const struct ring_options *o)
{
	bool cooked = makes_cooked_header(o->header);
	int err;

	r->fd = socket(AF_PACKET, (cooked ? SOCK_DGRAM : SOCK_RAW) |
				  SOCK_CLOEXEC, 0);
	if (r->fd < 0)
		return -errno;
	err = set_packet_option(r->fd, PACKET_VERSION, TPACKET_V3);
	if (err)
		return err;
	err = set_packet_option(r->fd, PACKET_RESERVE,
				cooked ? COOKED_RESERVE : VLAN_TAG);
	if (err)
		return err;
	if (o->is_loopback) {
		err = set_packet_option(r->fd, PACKET_IGNORE_OUTGOING, 1);
		if (err)
			return err;
	}
	err = open_map(r, o);
	if (err)
		return err;
	if (setsockopt(r->fd, SOL_SOCKET, SO_ATTACH_FILTER, &o->filter,
		       sizeof(o->filter)))
		return -errno;
	err = o->promiscuous ? be_promiscuous(r) : 0;
	return err ? err : bind_at_last(r);
}

int ring_open(struct ring **out, const struct ring_options *o)
{
	struct ring *r = calloc(1, sizeof(*r));
	int err;

	if (!r)
		return -ENOMEM;
	r->ifindex = o->ifindex;
	r->header = o->header;
	r->snaplen = o->snaplen;
	r->promiscuous = o->promiscuous;
	r->block_ns = (uint64_t)o->block_ms * 1000000;
	err = open_socket(r, o);
	if (err) {
		ring_close(r);
		return err;
	}
	*out = r;
	return 0;
}

void ring_close(struct ring *r)
{
	if (!r)
		return;
	if (r->map)
		munmap(r->map, (size_t)r->blocks * BLOCK_BYTES);
	if (r->fd >= 0)
		close(r->fd);
	free(r);
}

int ring_fd(const struct ring *r)
{
	return r->fd;
}

/* ---- one packet ---- */

static void put16(uint8_t *out, uint16_t v)
{
	v = htons(v);
	memcpy(out, &v, sizeof(v));
}

/* @protocol: in host byte order; the kernel's may be that of a tag's content. */
static void put_sll(uint8_t *out, const struct sockaddr_ll *ll,
		    uint16_t protocol)
{
	put16(out, ll->sll_pkttype);
	put16(out + 2, ll->sll_hatype);
	put16(out + 4, ll->sll_halen);
	memcpy(out + 6, ll->sll_addr, 8);
	put16(out + 14, protocol);
}

static void put_sll2(uint8_t *out, const struct sockaddr_ll *ll,
		     uint16_t protocol)
{
	uint32_t ifindex = htonl((uint32_t)ll->sll_ifindex);

	put16(out, protocol);
	put16(out + 2, 0);
	memcpy(out + 4, &ifindex, 4);
	put16(out + 8, ll->sll_hatype);
	out[10] = ll->sll_pkttype;
	out[11] = ll->sll_halen;
	memcpy(out + 12, ll->sll_addr, 8);
}

static void prepend(struct source_packet *p, uint32_t bytes)
{
	p->data -= bytes;
	p->caplen += bytes;
	p->len += bytes;
}

static uint16_t tag_type(const struct tpacket3_hdr *h)
{
	return h->tp_status & TP_STATUS_VLAN_TPID_VALID ? h->hv1.tp_vlan_tpid :
							  ETH_P_8021Q;
}

/* The kernel keeps a tag beside its packet; here it goes where it was. */
static void put_tag_back(struct source_packet *p, const struct tpacket3_hdr *h)
{
	uint8_t *data;

	if (!(h->tp_status & TP_STATUS_VLAN_VALID) ||
	    p->caplen < ETHERNET_VLAN)
		return;
	prepend(p, VLAN_TAG);
	data = bytes_unconst(p->data);
	memmove(data, data + VLAN_TAG, ETHERNET_VLAN);
	put16(data + ETHERNET_VLAN, tag_type(h));
	put16(data + ETHERNET_VLAN + 2, (uint16_t)h->hv1.tp_vlan_tci);
}

static uint16_t be16_at(const struct source_packet *p, uint32_t at)
{
	return (uint16_t)(p->data[at] << 8 | p->data[at + 1]);
}

/* So long that its second two bytes are not another's by chance. */
static bool is_ipv4(const struct source_packet *p)
{
	return p->data[0] >> 4 == 4 && (p->data[0] & 0xf) >= 5 &&
	       be16_at(p, 2) <= p->len;
}

/*
 * Whether a tag is the first of the packet's own bytes, though the kernel names
 * the protocol within as the packet's, as it does without an Ethernet header:
 * Linux 6.11, vlan_get_protocol_dgram().
 */
static bool begins_with_tag(const struct source_packet *p, uint16_t protocol)
{
	uint16_t next;

	if (p->caplen <= VLAN_TAG)
		return false;
	next = be16_at(p, 2);
	if (next == ETH_P_8021Q || next == ETH_P_8021AD)
		return !is_ipv4(p);
	if (next != protocol)
		return false;
	if (protocol == ETH_P_IP)
		return p->data[VLAN_TAG] >> 4 == 4 && !is_ipv4(p);
	return protocol != ETH_P_IPV6 || p->data[VLAN_TAG] >> 4 == 6;
}

/*
 * Makes all tags part of the packet and returns its protocol in front of them.
 * What is told of a tag is the outermost's, which is beside the packet or in
 * it: of two with the same number one is beside it if it is a provider's.
 */
static uint16_t tag_cooked(struct source_packet *p,
			   const struct tpacket3_hdr *h, uint16_t protocol)
{
	uint16_t tci = (uint16_t)h->hv1.tp_vlan_tci, type = tag_type(h);
	uint8_t *data;

	if (!(h->tp_status & TP_STATUS_VLAN_VALID))
		return protocol;
	if (begins_with_tag(p, protocol)) {
		if (be16_at(p, 0) == tci &&
		    (type == ETH_P_8021Q || be16_at(p, 2) != protocol))
			return type;
		protocol = ETH_P_8021Q;
	}
	prepend(p, VLAN_TAG);
	data = bytes_unconst(p->data);
	put16(data, tci);
	put16(data + 2, protocol);
	return type;
}

static void complete(const struct ring *r, struct source_packet *p,
		     const struct tpacket3_hdr *h, const struct sockaddr_ll *ll)
{
	uint16_t protocol;

	switch (r->header) {
	case RING_AS_IT_IS:
		break;
	case RING_ETHERNET:
		put_tag_back(p, h);
		break;
	case RING_SLL:
		protocol = tag_cooked(p, h, ntohs(ll->sll_protocol));
		prepend(p, SLL_BYTES);
		put_sll(bytes_unconst(p->data), ll, protocol);
		break;
	case RING_SLL2:
		protocol = tag_cooked(p, h, ntohs(ll->sll_protocol));
		prepend(p, SLL2_BYTES);
		put_sll2(bytes_unconst(p->data), ll, protocol);
		break;
	}
	if (p->caplen > r->snaplen)
		p->caplen = r->snaplen;
}

static uint8_t direction_of_packet(const struct sockaddr_ll *ll)
{
	if (ll->sll_pkttype == PACKET_OUTGOING)
		return SOURCE_OUT;
	return ll->sll_hatype == ARPHRD_LOOPBACK ? SOURCE_LOOPBACK : SOURCE_IN;
}

static struct source_packet packet_of(const struct ring *r,
				      const struct tpacket3_hdr *h)
{
	const struct sockaddr_ll *ll = (const void *)
		((const uint8_t *)h + TPACKET_ALIGN(sizeof(*h)));
	struct source_packet p = {
		.data = (const uint8_t *)h + h->tp_mac,
		.caplen = h->tp_snaplen,
		.len = h->tp_len,
		.ts_ns = (uint64_t)h->tp_sec * 1000000000u + h->tp_nsec,
		.direction = direction_of_packet(ll),
	};

	complete(r, &p, h, ll);
	return p;
}

/* ---- blocks ---- */

static struct tpacket_hdr_v1 *block_at(const struct ring *r, uint32_t n)
{
	struct tpacket_block_desc *b =
		(void *)(r->map + (size_t)n * BLOCK_BYTES);

	return &b->hdr.bh1;
}

static bool is_ready(const struct ring *r, uint32_t n)
{
	return __atomic_load_n(&block_at(r, n)->block_status,
			       __ATOMIC_ACQUIRE) & TP_STATUS_USER;
}

static void count_ready(struct ring *r)
{
	uint32_t n = 0;

	while (n < r->blocks && is_ready(r, (r->next + n) % r->blocks))
		n++;
	if (n > r->most_ready)
		r->most_ready = n;
}

unsigned ring_fill(struct ring *r)
{
	unsigned percent = r->most_ready * 100 / r->blocks;

	r->most_ready = 0;
	return percent;
}

static uint32_t
read_ring_block(const struct ring *r, uint32_t n,
		void (*fn)(void *ctx, const struct source_packet *p), void *ctx)
{
	const struct tpacket_hdr_v1 *b = block_at(r, n);
	const uint8_t *at = r->map + (size_t)n * BLOCK_BYTES +
			    b->offset_to_first_pkt;
	uint32_t count = b->num_pkts;

	for (uint32_t i = 0; i < count; i++) {
		const struct tpacket3_hdr *h = (const void *)at;
		struct source_packet p;

		at += h->tp_next_offset;
		__builtin_prefetch(at);
		p = packet_of(r, h);
		fn(ctx, &p);
	}
	return count;
}

/*
 * One that is down may come up again, or go away, of which nobody tells.  Its
 * last packets are in a block that is not handed over yet: twice as long as
 * that takes, for a timer that is late.
 */
static int check_link(struct ring *r)
{
	if (pending_error(r) == -ENETDOWN) {
		r->is_down = r->ifindex;
		r->down_ns = clock_ns(CLOCK_MONOTONIC);
	}
	if (!r->is_down || links_have(r->ifindex))
		return 0;
	return clock_ns(CLOCK_MONOTONIC) < r->down_ns + 2 * r->block_ns ?
		       0 : -ENODEV;
}

int ring_read(struct ring *r,
	      void (*fn)(void *ctx, const struct source_packet *p), void *ctx)
{
	uint32_t total = 0;

	count_ready(r);
	while (total < AT_ONCE && is_ready(r, r->next)) {
		total += read_ring_block(r, r->next, fn, ctx);
		__atomic_store_n(&block_at(r, r->next)->block_status,
				 TP_STATUS_KERNEL, __ATOMIC_RELEASE);
		r->next = r->next + 1 == r->blocks ? 0 : r->next + 1;
	}
	if (!total)
		return check_link(r);
	if (r->is_down && links_have(r->ifindex))
		r->is_down = false;
	return (int)total;
}

/* The kernel's counters begin again with each reading. */
void ring_stats(struct ring *r, uint64_t *received, uint64_t *dropped)
{
	struct tpacket_stats_v3 st;
	socklen_t len = sizeof(st);

	if (!getsockopt(r->fd, SOL_PACKET, PACKET_STATISTICS, &st, &len)) {
		r->received += st.tp_packets;
		r->dropped += st.tp_drops;
	}
	*received = r->received;
	*dropped = r->dropped;
}
