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

#include "host/clocks.h"
#include "interface/link_header.h"
#include "interface/links.h"

/*
 * Paused for a second, we lose nothing of a trickle that fills no block: each
 * is handed over after block_ms all the same.  One holds the largest packet of
 * segmentation offload; only BIG TCP has larger ones, which are cut.
 */
#define BLOCK_BYTES (128u << 10)
#define AT_ONCE	    8192 /* packets, then others have their turn */
#define ROOM_BLOCKS 96	 /* for a burst, until the next look */

struct ring {
	int fd;
	int links; /* to ask for them through */
	unsigned ifindex;
	enum link_header header;
	uint32_t snaplen;
	uint16_t type; /* of the interface, ARPHRD_ */
	bool promiscuous;
	bool is_down;
	bool stays_down;   /* still, and still there */
	uint64_t down_ns;  /* since when, CLOCK_MONOTONIC */
	uint64_t block_ns; /* after which a block is handed over */
	uint8_t *map;
	uint32_t blocks;
	uint32_t next;	     /* the block that is handed over next */
	uint32_t ready;	     /* when it was last read */
	uint32_t most_ready; /* since somebody asked */
	uint64_t received;
	uint64_t dropped;
	uint64_t taken; /* out of blocks */
	bool given_up;
};

/* ---- open and close ---- */

static int set_packet_option(int fd, int name, int value)
{
	return setsockopt(fd, SOL_PACKET, name, &value, sizeof(value)) ?
		       -errno :
		       0;
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
			  sizeof(m)) ?
		       -errno :
		       0;
}

/* Asks what the kernel has to tell of the socket, once. */
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

/* Begins: packets come from here on, as everything else has been set. */
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
	r->is_down = r->stays_down = false;
	return err;
}

static int open_socket(struct ring *r, const struct ring_options *o)
{
	int type = link_header_is_cooked(o->header) ? SOCK_DGRAM : SOCK_RAW;
	int err;

	r->fd = socket(AF_PACKET, type | SOCK_CLOEXEC, 0);
	if (r->fd < 0)
		return -errno;
	err = set_packet_option(r->fd, PACKET_VERSION, TPACKET_V3);
	if (err)
		return err;
	err = set_packet_option(r->fd, PACKET_RESERVE,
				link_header_room(o->header));
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
	r->links = o->links;
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

/* A local sender leaves its checksum out, and some devices compare it. */
static bool is_unchecked(const struct tpacket3_hdr *h,
			 const struct sockaddr_ll *ll)
{
	return ll->sll_pkttype != PACKET_OUTGOING &&
	       !(h->tp_status &
		 (TP_STATUS_CSUMNOTREADY | TP_STATUS_CSUM_VALID));
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
	const struct sockaddr_ll *ll = (const void *)((const uint8_t *)h +
						      TPACKET_ALIGN(
							      sizeof(*h)));
	struct source_packet p = {
		.data = (const uint8_t *)h + h->tp_mac,
		.caplen = h->tp_snaplen,
		.len = h->tp_len,
		.ts_ns = (uint64_t)h->tp_sec * 1000000000u + h->tp_nsec,
		.direction = direction_of_packet(ll),
		.unchecked = is_unchecked(h, ll),
	};

	link_header_complete(&p, r->header, h, ll);
	if (p.caplen > r->snaplen)
		p.caplen = r->snaplen;
	return p;
}

/* ---- blocks ---- */

static struct tpacket_hdr_v1 *block_at(const struct ring *r, uint32_t n)
{
	struct tpacket_block_desc *b = (void *)(r->map +
						(size_t)n * BLOCK_BYTES);

	return &b->hdr.bh1;
}

static bool is_ready(const struct ring *r, uint32_t n)
{
	return __atomic_load_n(&block_at(r, n)->block_status,
			       __ATOMIC_ACQUIRE) &
	       TP_STATUS_USER;
}

static void count_ready(struct ring *r)
{
	uint32_t n = 0;

	while (n < r->blocks && is_ready(r, (r->next + n) % r->blocks))
		n++;
	r->ready = n;
	if (n > r->most_ready)
		r->most_ready = n;
}

bool ring_has_room(const struct ring *r)
{
	return !is_ready(r, r->next) && r->ready + ROOM_BLOCKS <= r->blocks;
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
	enum link_state state;

	if (pending_error(r) == -ENETDOWN) {
		r->is_down = r->ifindex;
		r->down_ns = clock_ns(CLOCK_MONOTONIC);
	}
	if (!r->is_down ||
	    clock_ns(CLOCK_MONOTONIC) < r->down_ns + 2 * r->block_ns)
		return 0;
	state = links_state(r->links, r->ifindex);
	r->is_down = state != LINK_UP;
	r->stays_down = state == LINK_DOWN;
	return state == LINK_GONE ? -ENODEV : 0;
}

bool ring_is_down(const struct ring *r)
{
	return r->stays_down;
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
	r->taken += total;
	if (!total)
		return check_link(r);
	if (r->stays_down)
		r->is_down = r->stays_down = false;
	return (int)total;
}

/* The kernel's counters begin again with each reading. */
static void count_more(struct ring *r)
{
	struct tpacket_stats_v3 st;
	socklen_t len = sizeof(st);

	if (getsockopt(r->fd, SOL_PACKET, PACKET_STATISTICS, &st, &len))
		return;
	r->received += st.tp_packets;
	r->dropped += st.tp_drops;
}

void ring_stats(struct ring *r, uint64_t *received, uint64_t *dropped)
{
	if (!r->given_up)
		count_more(r);
	*received = r->received;
	*dropped = r->dropped;
}

uint64_t ring_give_up(struct ring *r)
{
	count_more(r);
	r->given_up = true;
	return r->received - r->dropped - r->taken;
}
