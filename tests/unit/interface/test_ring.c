/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Blocks as the kernel hands them over (packet_mmap.rst, TPACKET_V3), in
 * memory of the test: what becomes of each packet in them.
 */
#include "exact.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if_arp.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/clocks.h"
#include "interface/links.h"
#include "interface/ring.h"

#define LINKS	    9
#define BLOCK_BYTES (128u << 10)
#define BLOCKS	    8 /* of a MiB */
#define MS	    1000000ull

/* ---- the kernel ---- */

static uint8_t *map;
static unsigned mib = 1;
static int so_error, refused = -1; /* errno of an option, if not -1 */
static uint16_t type = ARPHRD_ETHER;
static uint16_t bound_protocol;
static enum link_state link_state = LINK_UP;
static uint64_t now_ns;

int __wrap_socket(int domain, int type_, int protocol);
int __wrap_socket(int domain, int type_, int protocol)
{
	(void)type_;
	assert_int_equal(domain, AF_PACKET);
	assert_int_equal(protocol, 0); /* nothing comes before bind() */
	return dup(STDERR_FILENO);
}

int __wrap_setsockopt(int fd, int level, int name, const void *value,
		      socklen_t len);
int __wrap_setsockopt(int fd, int level, int name, const void *value,
		      socklen_t len)
{
	(void)fd;
	(void)level;
	(void)value;
	(void)len;
	errno = EPERM;
	return name == refused ? -1 : 0;
}

int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *len);
int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
	(void)fd;
	if (level == SOL_SOCKET && name == SO_ERROR) {
		memcpy(value, &so_error, sizeof(so_error));
		so_error = 0;
		return 0;
	}
	assert_int_equal(name, PACKET_STATISTICS);
	assert_int_equal(*len, sizeof(struct tpacket_stats_v3));
	*(struct tpacket_stats_v3 *)value = (struct tpacket_stats_v3){
		.tp_packets = 5, .tp_drops = 2
	};
	return 0;
}

int __wrap_bind(int fd, const struct sockaddr *a, socklen_t len);
int __wrap_bind(int fd, const struct sockaddr *a, socklen_t len)
{
	(void)fd;
	(void)len;
	bound_protocol = ntohs(((const struct sockaddr_ll *)a)->sll_protocol);
	return 0;
}

int __wrap_getsockname(int fd, struct sockaddr *a, socklen_t *len);
int __wrap_getsockname(int fd, struct sockaddr *a, socklen_t *len)
{
	(void)fd;
	(void)len;
	((struct sockaddr_ll *)a)->sll_hatype = type;
	return 0;
}

void *__real_mmap(void *at, size_t len, int prot, int flags, int fd,
		  off_t offset);
void *__wrap_mmap(void *at, size_t len, int prot, int flags, int fd,
		  off_t offset);
void *__wrap_mmap(void *at, size_t len, int prot, int flags, int fd,
		  off_t offset)
{
	(void)fd;
	assert_int_equal(len, mib * BLOCKS * BLOCK_BYTES);
	map = __real_mmap(at, len, prot, flags | MAP_ANONYMOUS, -1, offset);
	return map;
}

enum link_state __wrap_links_state(int fd, unsigned index);
enum link_state __wrap_links_state(int fd, unsigned index)
{
	assert_int_equal(fd, LINKS);
	assert_int_equal(index, 7);
	return link_state;
}

uint64_t __wrap_clock_ns(clockid_t clock);
uint64_t __wrap_clock_ns(clockid_t clock)
{
	(void)clock;
	return now_ns;
}

/* ---- blocks ---- */

struct made {
	uint8_t pkttype;
	uint16_t hatype;
	uint32_t len; /* on the wire, 0: as captured */
};

static uint32_t at; /* in the block that is filled */

static struct tpacket_hdr_v1 *block(uint32_t n)
{
	return &((struct tpacket_block_desc *)(void *)(map + n * BLOCK_BYTES))
			->hdr.bh1;
}

static void begin(uint32_t n)
{
	memset(map + n * BLOCK_BYTES, 0, BLOCK_BYTES);
	at = block(n)->offset_to_first_pkt = 64;
}

/* As tpacket_rcv() lays it out; 32 bytes stay free before the packet. */
static void add(uint32_t n, const void *bytes, uint32_t caplen,
		const struct made *m)
{
	struct tpacket3_hdr *h = (void *)(map + n * BLOCK_BYTES + at);
	struct sockaddr_ll *ll = (void *)((uint8_t *)h +
					  TPACKET_ALIGN(sizeof(*h)));
	uint32_t mac = TPACKET_ALIGN(TPACKET3_HDRLEN) + 32;

	*h = (struct tpacket3_hdr){
		.tp_sec = 2,
		.tp_nsec = 5,
		.tp_mac = (uint16_t)mac,
		.tp_snaplen = caplen,
		.tp_len = m->len ? m->len : caplen,
		.tp_next_offset = TPACKET_ALIGN(mac + caplen),
	};
	*ll = (struct sockaddr_ll){
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_IP),
		.sll_ifindex = 3,
		.sll_pkttype = m->pkttype,
		.sll_hatype = m->hatype ? m->hatype : ARPHRD_ETHER,
		.sll_halen = 6,
		.sll_addr = { 1, 2, 3, 4, 5, 6 },
	};
	memcpy((uint8_t *)h + mac, bytes, caplen);
	at += h->tp_next_offset;
	block(n)->num_pkts++;
}

static void hand_over(uint32_t n)
{
	block(n)->block_status = TP_STATUS_USER;
}

static struct source_packet last;
static uint8_t last_bytes[256];
static int count;

static void on_packet(void *ctx, const struct source_packet *p)
{
	(void)ctx;
	last = *p;
	memcpy(last_bytes, p->data, p->caplen);
	count++;
}

/* ---- tests ---- */

static struct ring *open_ring(enum link_header header)
{
	struct ring_options o = { .ifindex = 7,
				  .links = LINKS,
				  .header = header,
				  .snaplen = 200,
				  .mib = mib,
				  .block_ms = 10,
				  .promiscuous = true };
	struct ring *r = NULL;

	so_error = 0;
	refused = -1;
	link_state = LINK_UP;
	now_ns = MS;
	count = 0;
	assert_int_equal(ring_open(&r, &o), 0);
	assert_int_equal(bound_protocol, ETH_P_ALL);
	return r;
}

static const uint8_t frame[20] = { 1, 1, 1, 1, 1,    1,	  2,   2,   2,	 2,
				   2, 2, 8, 0, 0x45, 'a', 'b', 'c', 'd', 'e' };

static void one(struct ring *r, struct made m)
{
	begin(0);
	add(0, frame, sizeof(frame), &m);
	hand_over(0);
	assert_int_equal(ring_read(r, on_packet, NULL), 1);
}

static void a_packet_is_as_it_was(void **state)
{
	struct ring *r = open_ring(LINK_HEADER_ETHERNET);

	(void)state;
	one(r, (struct made){ .pkttype = PACKET_HOST, .len = 1500 });
	assert_int_equal(last.caplen, sizeof(frame));
	assert_int_equal(last.len, 1500);
	assert_int_equal(last.ts_ns, 2000000005);
	assert_int_equal(last.direction, SOURCE_IN);
	assert_memory_equal(last_bytes, frame, sizeof(frame));
	/* The block is the kernel's again. */
	assert_int_equal(block(0)->block_status, TP_STATUS_KERNEL);
	ring_close(r);
}

static void the_kernel_tells_the_direction(void **state)
{
	struct ring *r = open_ring(LINK_HEADER_ETHERNET);

	(void)state;
	begin(0);
	add(0, frame, 20, &(struct made){ .pkttype = PACKET_OUTGOING });
	hand_over(0);
	ring_read(r, on_packet, NULL);
	assert_int_equal(last.direction, SOURCE_OUT);
	begin(1);
	add(1, frame, 20,
	    &(struct made){ .pkttype = PACKET_HOST,
			    .hatype = ARPHRD_LOOPBACK });
	hand_over(1);
	ring_read(r, on_packet, NULL);
	assert_int_equal(last.direction, SOURCE_LOOPBACK);
	ring_close(r);
}

static void the_snaplen_counts_what_was_put_before(void **state)
{
	struct ring *r = open_ring(LINK_HEADER_SLL2);
	uint8_t bytes[190] = { 0 };

	(void)state;
	begin(0);
	add(0, bytes, sizeof(bytes), &(struct made){ 0 });
	hand_over(0);
	ring_read(r, on_packet, NULL);
	assert_int_equal(last.caplen, 200);
	assert_int_equal(last.len, 210);
	ring_close(r);
}

/* Blocks are taken in turn, over the end of the ring, and only whole ones. */
static void blocks_come_in_their_order(void **state)
{
	struct ring *r = open_ring(LINK_HEADER_OF_DEVICE);

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (uint32_t n = 0; n < BLOCKS; n++) {
			begin(n);
			for (int i = 0; i < 3; i++)
				add(n, frame, 20, &(struct made){ 0 });
			hand_over(n);
		}
		assert_int_equal(ring_read(r, on_packet, NULL), 3 * BLOCKS);
	}
	begin(1);
	hand_over(1);
	assert_int_equal(ring_read(r, on_packet, NULL), 0);
	ring_close(r);
}

/* One with very many packets is taken whole, then others have their turn. */
static void a_flood_does_not_hold_others_up(void **state)
{
	struct ring *r = open_ring(LINK_HEADER_OF_DEVICE);
	uint32_t per_block = 700, total = 0;
	int n;

	(void)state;
	for (uint32_t b = 0; b < BLOCKS; b++) {
		begin(b);
		for (uint32_t i = 0; i < per_block; i++)
			add(b, frame, 20, &(struct made){ 0 });
		hand_over(b);
	}
	while ((n = ring_read(r, on_packet, NULL)) > 0)
		total += (uint32_t)n;
	assert_int_equal(total, BLOCKS * per_block);
	ring_close(r);
}

static void fill(uint32_t from, uint32_t blocks)
{
	for (uint32_t b = from; b < from + blocks; b++) {
		begin(b);
		add(b, frame, sizeof(frame), &(struct made){ 0 });
		hand_over(b);
	}
}

/* Of 16 MiB 12 have to be free. */
static void there_is_room_for_a_burst_or_not(void **state)
{
	struct ring *r;

	(void)state;
	mib = 16;
	r = open_ring(LINK_HEADER_ETHERNET);
	mib = 1;
	assert_int_equal(ring_read(r, on_packet, NULL), 0);
	assert_true(ring_has_room(r));
	fill(0, 32);
	assert_false(ring_has_room(r)); /* it is not read yet */
	ring_read(r, on_packet, NULL);
	assert_true(ring_has_room(r));
	fill(32, 33);
	ring_read(r, on_packet, NULL);
	assert_false(ring_has_room(r));
	ring_close(r);
	/* A small ring never has. */
	r = open_ring(LINK_HEADER_ETHERNET);
	ring_read(r, on_packet, NULL);
	assert_false(ring_has_room(r));
	ring_close(r);
}

static void
an_interface_that_vanished_is_told_after_its_last_block(void **state)
{
	struct ring *r = open_ring(LINK_HEADER_ETHERNET);

	(void)state;
	so_error = ENETDOWN;
	assert_int_equal(ring_read(r, on_packet, NULL), 0);
	link_state = LINK_GONE;
	now_ns += 15 * MS;
	assert_int_equal(ring_read(r, on_packet, NULL), 0);
	one(r, (struct made){ 0 });
	now_ns += 10 * MS;
	assert_int_equal(ring_read(r, on_packet, NULL), -ENODEV);
	/* Another of that name: of the same kind it goes on. */
	type = ARPHRD_NONE;
	assert_int_equal(ring_resume(r, 9), -EPROTOTYPE);
	assert_int_equal(bound_protocol, 0);
	type = ARPHRD_ETHER;
	assert_int_equal(ring_resume(r, 9), 0);
	assert_int_equal(bound_protocol, ETH_P_ALL);
	assert_int_equal(ring_read(r, on_packet, NULL), 0);
	ring_close(r);
}

static void one_that_is_only_down_is_waited_for(void **state)
{
	struct ring *r = open_ring(LINK_HEADER_ETHERNET);

	(void)state;
	so_error = ENETDOWN;
	link_state = LINK_DOWN;
	assert_int_equal(ring_read(r, on_packet, NULL), 0);
	assert_false(ring_is_down(r)); /* packets from before may come */
	for (int i = 0; i < 10; i++) {
		now_ns += 1000 * MS;
		assert_int_equal(ring_read(r, on_packet, NULL), 0);
		assert_true(ring_is_down(r));
	}
	one(r, (struct made){ 0 });
	assert_false(ring_is_down(r));
	/* Up again before that was noticed. */
	so_error = ENETDOWN;
	assert_int_equal(ring_read(r, on_packet, NULL), 0);
	link_state = LINK_UP;
	now_ns += 1000 * MS;
	assert_int_equal(ring_read(r, on_packet, NULL), 0);
	assert_false(ring_is_down(r));
	/* What was up is not asked for. */
	link_state = LINK_GONE;
	assert_int_equal(ring_read(r, on_packet, NULL), 0);
	ring_close(r);
}

static void what_the_kernel_refuses_is_the_error(void **state)
{
	static const int options[] = {
		PACKET_VERSION,	  PACKET_RESERVE,	 PACKET_RX_RING,
		SO_ATTACH_FILTER, PACKET_ADD_MEMBERSHIP,
	};
	struct ring_options o = {
		.ifindex = 7, .links = LINKS, .mib = 1, .promiscuous = true
	};
	struct ring *r;

	(void)state;
	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++) {
		refused = options[i];
		assert_int_equal(ring_open(&r, &o), -EPERM);
	}
	refused = -1;
	so_error = ENETDOWN;
	assert_int_equal(ring_open(&r, &o), -ENETDOWN);
	ring_close(NULL);
}

static void counters_add_up(void **state)
{
	struct ring *r = open_ring(LINK_HEADER_ETHERNET);
	uint64_t received, dropped;

	(void)state;
	ring_stats(r, &received, &dropped);
	ring_stats(r, &received, &dropped);
	assert_int_equal(received, 10);
	assert_int_equal(dropped, 4);
	ring_close(r);
}

static void what_nobody_reads_is_told_once_at_the_end(void **state)
{
	struct ring *r = open_ring(LINK_HEADER_ETHERNET);
	uint64_t received, dropped;

	(void)state;
	one(r, (struct made){ 0 });
	assert_int_equal(ring_give_up(r), 2);
	ring_stats(r, &received, &dropped);
	assert_int_equal(received, 5);
	assert_int_equal(dropped, 2);
	ring_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_packet_is_as_it_was),
		cmocka_unit_test(the_kernel_tells_the_direction),
		cmocka_unit_test(the_snaplen_counts_what_was_put_before),
		cmocka_unit_test(blocks_come_in_their_order),
		cmocka_unit_test(a_flood_does_not_hold_others_up),
		cmocka_unit_test(there_is_room_for_a_burst_or_not),
		cmocka_unit_test(
			an_interface_that_vanished_is_told_after_its_last_block),
		cmocka_unit_test(one_that_is_only_down_is_waited_for),
		cmocka_unit_test(what_the_kernel_refuses_is_the_error),
		cmocka_unit_test(counters_add_up),
		cmocka_unit_test(what_nobody_reads_is_told_once_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
