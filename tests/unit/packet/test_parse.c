/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Frames are put together from headers written out byte by byte, so that the
 * expected key can be read off them.  Every frame is parsed from a copy of
 * exactly its size, and so is every cut of it.
 */
#include <arpa/inet.h>
#include <stdbool.h>

#include "exact.h"
#include "packet/parse.h"

#define TCP    6
#define UDP    17
#define ICMP   1
#define ICMPV6 58

struct frame {
	uint32_t linktype;
	size_t len;
	uint8_t bytes[512];
};

static void add(struct frame *f, const void *bytes, size_t n)
{
	assert_true(f->len + n <= sizeof(f->bytes));
	memcpy(f->bytes + f->len, bytes, n);
	f->len += n;
}

#define ADD(f, ...)                              \
	add(f, (const uint8_t[]){ __VA_ARGS__ }, \
	    sizeof((const uint8_t[]){ __VA_ARGS__ }))

static const uint8_t nowhere[16];
static const uint8_t v4_src[16] = { [10] = 0xff, 0xff, 10, 0, 0, 1 };
static const uint8_t v4_dst[16] = { [10] = 0xff, 0xff, 10, 0, 0, 2 };
static const uint8_t v6_src[16] = { 0x20, 1, 0xd, 0xb8, [15] = 1 };
static const uint8_t v6_dst[16] = { 0x20, 1, 0xd, 0xb8, [15] = 2 };

static void add_ipv4(struct frame *f, uint8_t proto, uint16_t fragment)
{
	ADD(f, 0x45, 0, 0, 0, 0x12, 0x34, (uint8_t)(fragment >> 8),
	    (uint8_t)fragment, 64, proto, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2);
}

static void add_ipv6(struct frame *f, uint8_t next)
{
	ADD(f, 0x60, 0, 0, 0, 0, 0, next, 64);
	add(f, v6_src, 16);
	add(f, v6_dst, 16);
}

/* Port 4660 to port 443, with these flags; 14 bytes, as far as they. */
static void add_tcp(struct frame *f, uint8_t flags)
{
	ADD(f, 0x12, 0x34, 0x01, 0xbb, 0, 0, 0, 1, 0, 0, 0, 2, 0x50, flags);
}

static void add_udp(struct frame *f)
{
	ADD(f, 0x12, 0x34, 0x01, 0xbb, 0, 8, 0, 0);
}

static struct frame ethernet(uint16_t type)
{
	struct frame f = { .linktype = LINKTYPE_ETHERNET };

	ADD(&f, 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, (uint8_t)(type >> 8),
	    (uint8_t)type);
	return f;
}

static struct packet parse_cut(const struct frame *f, size_t n)
{
	uint8_t *copy = exact_copy(f->bytes, n);
	struct packet p;

	memset(&p, 0xee, sizeof(p));
	parse_packet(&p, f->linktype, copy, n);
	free(copy);
	return p;
}

static bool key_empty(const struct flow_key *k)
{
	static const struct flow_key none;

	return !memcmp(k, &none, sizeof(none));
}

static void assert_involution(const struct flow_key *k)
{
	struct flow_key there = flow_reversed(k), back = flow_reversed(&there);

	assert_memory_equal(&back, k, sizeof(*k));
}

/*
 * A cut frame is malformed, or tells a part of what the whole one tells;
 * the parts that are missing are zero.
 */
static void assert_cuts_are_safe(const struct frame *f)
{
	struct packet whole = parse_cut(f, f->len);
	const struct flow_key *of_whole = &whole.outer.key;

	for (size_t n = 0; n < f->len; n++) {
		struct packet p = parse_cut(f, n);
		const struct flow_key *k = &p.outer.key;

		assert_involution(&p.outer.key);
		assert_involution(&p.inner.key);
		if (p.kind == PACKET_MALFORMED) {
			assert_all_zero(p.outer.key.local, 16);
			assert_all_zero(p.outer.key.remote, 16);
			continue;
		}
		assert_int_equal(p.kind, whole.kind);
		assert_memory_equal(k->local, of_whole->local, 16);
		assert_memory_equal(k->remote, of_whole->remote, 16);
		assert_true(!k->local_port ||
			    k->local_port == of_whole->local_port);
		assert_true(!p.outer.tcp_flags ||
			    p.outer.tcp_flags == whole.outer.tcp_flags);
		assert_true(!p.is_error || whole.is_error);
		assert_true(!p.is_tunnel || whole.is_tunnel);
	}
}

static struct packet parse(const struct frame *f)
{
	struct packet p = parse_cut(f, f->len);

	assert_int_equal(p.kind, PACKET_IP);
	assert_involution(&p.outer.key);
	assert_involution(&p.inner.key);
	assert_cuts_are_safe(f);
	return p;
}

static void assert_key(const struct flow_key *k, const uint8_t *local,
		       const uint8_t *remote, uint8_t proto,
		       uint16_t local_port, uint16_t remote_port)
{
	assert_memory_equal(k->local, local, 16);
	assert_memory_equal(k->remote, remote, 16);
	assert_int_equal(k->proto, proto);
	assert_int_equal(k->local_port, local_port);
	assert_int_equal(k->remote_port, remote_port);
	assert_all_zero(k->reserved, sizeof(k->reserved));
}

#define assert_v4(k, proto, port, peer) \
	assert_key(k, v4_src, v4_dst, proto, port, peer)
#define assert_v6(k, proto, port, peer) \
	assert_key(k, v6_src, v6_dst, proto, port, peer)

/* ---- links ---- */

static void ethernet_carries_ip(void **state)
{
	struct frame f = ethernet(0x0800);
	struct packet p;

	(void)state;
	add_ipv4(&f, TCP, 0x4000); /* do not fragment */
	add_tcp(&f, PACKET_TCP_SYN);
	p = parse(&f);
	assert_v4(&p.outer.key, TCP, 4660, 443);
	assert_int_equal(p.ethertype, 0x0800);
	assert_int_equal(p.outer.tcp_flags, PACKET_TCP_SYN);
	assert_false(p.outer.fragment);
	assert_false(p.is_error);

	f = ethernet(0x86dd);
	add_ipv6(&f, UDP);
	add_udp(&f);
	p = parse(&f);
	assert_v6(&p.outer.key, UDP, 4660, 443);
	assert_int_equal(p.ethertype, 0x86dd);
	assert_int_equal(p.outer.tcp_flags, 0);
}

static void vlan_tags_are_stepped_over(void **state)
{
	struct frame f = ethernet(0x8100);
	struct packet p;

	(void)state;
	ADD(&f, 0, 5, 0x08, 0x00);
	add_ipv4(&f, UDP, 0);
	add_udp(&f);
	p = parse(&f);
	assert_v4(&p.outer.key, UDP, 4660, 443);
	assert_int_equal(p.ethertype, 0x0800);

	f = ethernet(0x88a8); /* IEEE 802.1ad, QinQ */
	ADD(&f, 0, 5, 0x81, 0x00, 0, 6, 0x86, 0xdd);
	add_ipv6(&f, TCP);
	add_tcp(&f, PACKET_TCP_RST);
	p = parse(&f);
	assert_v6(&p.outer.key, TCP, 4660, 443);
	assert_int_equal(p.outer.tcp_flags, PACKET_TCP_RST);
}

static void endless_vlan_tags_are_not_ip(void **state)
{
	struct frame f = ethernet(0x8100);

	(void)state;
	for (int i = 0; i < 100; i++)
		ADD(&f, 0, 5, 0x81, 0x00);
	assert_int_equal(parse_cut(&f, f.len).kind, PACKET_NOT_IP);
	assert_cuts_are_safe(&f);
}

static void other_links_carry_ip_too(void **state)
{
	static const struct {
		uint32_t linktype;
		size_t len;
		uint8_t header[20];
	} links[] = {
		{ LINKTYPE_RAW, 0, { 0 } },
		{ LINKTYPE_IPV4, 0, { 0 } },
		{ LINKTYPE_NULL, 4, { 2 } },
		{ LINKTYPE_LOOP, 4, { 0, 0, 0, 2 } },
		/* type, ARPHRD, address length, address, protocol */
		{ LINKTYPE_LINUX_SLL,
		  16,
		  { 0, 4, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 0x08, 0x00 } },
		/* protocol, reserved, interface, ARPHRD, type, address */
		{ LINKTYPE_LINUX_SLL2,
		  20,
		  { 0x08, 0x00, 0, 0, 0, 0, 0, 2, 0, 1, 4, 6, 2 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(links) / sizeof(*links); i++) {
		struct frame f = { .linktype = links[i].linktype };
		struct packet p;

		add(&f, links[i].header, links[i].len);
		add_ipv4(&f, UDP, 0);
		add_udp(&f);
		p = parse(&f);
		assert_v4(&p.outer.key, UDP, 4660, 443);
	}
}

static void a_link_without_ethertype_tells_ip_versions_apart(void **state)
{
	static const uint32_t links[] = { LINKTYPE_RAW, LINKTYPE_IPV6 };

	(void)state;
	for (size_t i = 0; i < sizeof(links) / sizeof(*links); i++) {
		struct frame f = { .linktype = links[i] };
		struct packet p;

		add_ipv6(&f, UDP);
		add_udp(&f);
		p = parse(&f);
		assert_v6(&p.outer.key, UDP, 4660, 443);
		assert_int_equal(p.ethertype, 0);

		f.bytes[0] = 0x50;
		assert_int_equal(parse_cut(&f, f.len).kind, PACKET_MALFORMED);
	}
}

static void what_is_not_ip_is_named_by_its_ethertype(void **state)
{
	struct frame f = ethernet(0x0806);
	struct packet p;

	(void)state;
	p = parse_cut(&f, f.len);
	assert_int_equal(p.kind, PACKET_NOT_IP);
	assert_int_equal(p.ethertype, 0x0806);
	assert_key(&p.outer.key, nowhere, nowhere, FLOW_FRAME, 0x0806, 0);

	f.linktype = 105; /* IEEE 802.11, which is not ours */
	assert_int_equal(parse_cut(&f, f.len).kind, PACKET_NOT_IP);
	assert_int_equal(parse_cut(&f, 0).kind, PACKET_NOT_IP);
}

/* ---- IP ---- */

static void ipv4_options_are_stepped_over(void **state)
{
	struct frame f = { .linktype = LINKTYPE_RAW };
	struct packet p;

	(void)state;
	add_ipv4(&f, UDP, 0);
	ADD(&f, 0x94, 4, 0, 0, 1, 1, 1, 0); /* router alert, NOPs, end */
	f.bytes[0] = 0x47;
	add_udp(&f);
	p = parse(&f);
	assert_v4(&p.outer.key, UDP, 4660, 443);
}

static void an_impossible_ipv4_header_is_malformed(void **state)
{
	struct frame f = { .linktype = LINKTYPE_RAW };

	(void)state;
	add_ipv4(&f, UDP, 0);
	add_udp(&f);
	for (uint8_t words = 0; words < 5; words++) {
		f.bytes[0] = 0x40 | words;
		assert_int_equal(parse_cut(&f, f.len).kind, PACKET_MALFORMED);
	}
	f.bytes[0] = 0x4f; /* 60 bytes, of which there are 28 */
	assert_int_equal(parse_cut(&f, f.len).kind, PACKET_MALFORMED);
}

static void only_the_first_ipv4_fragment_has_ports(void **state)
{
	struct frame f = { .linktype = LINKTYPE_RAW };
	struct packet p;

	(void)state;
	add_ipv4(&f, UDP, 0x2000); /* more fragments */
	add_udp(&f);
	p = parse(&f);
	assert_v4(&p.outer.key, UDP, 4660, 443);
	assert_true(p.outer.fragment && p.outer.first_fragment);
	assert_int_equal(p.outer.fragment_id, 0x1234);

	f.len = 0;
	add_ipv4(&f, UDP, 0x00b9); /* the last one, at 1480 */
	add_udp(&f);
	p = parse(&f);
	assert_v4(&p.outer.key, UDP, 0, 0);
	assert_true(p.outer.fragment && !p.outer.first_fragment);
	assert_int_equal(p.outer.fragment_id, 0x1234);
}

static void ipv6_extensions_are_stepped_over(void **state)
{
	struct frame f = { .linktype = LINKTYPE_RAW };
	struct packet p;

	(void)state;
	add_ipv6(&f, 0);		  /* hop-by-hop, 8 bytes */
	ADD(&f, 60, 0, 1, 4, 0, 0, 0, 0); /* destination, 16 bytes */
	ADD(&f, 43, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
	ADD(&f, TCP, 0, 0, 0, 0, 0, 0, 0); /* routing, 8 bytes */
	add_tcp(&f, PACKET_TCP_SYN | PACKET_TCP_RST);
	p = parse(&f);
	assert_v6(&p.outer.key, TCP, 4660, 443);
	assert_int_equal(p.outer.tcp_flags, PACKET_TCP_SYN | PACKET_TCP_RST);
}

static void ports_are_found_behind_many_ipv6_extensions(void **state)
{
	struct frame f = { .linktype = LINKTYPE_RAW };
	struct packet p;

	(void)state;
	add_ipv6(&f, 60);
	for (int i = 1; i < FLOW_EXTENSIONS - 1; i++)
		ADD(&f, 60, 0, 1, 4, 0, 0, 0, 0);
	ADD(&f, TCP, 0, 1, 4, 0, 0, 0, 0);
	add_tcp(&f, PACKET_TCP_SYN);
	p = parse(&f);
	assert_v6(&p.outer.key, TCP, 4660, 443);
	assert_false(p.outer.no_ports);
}

static void endless_ipv6_extensions_have_no_ports(void **state)
{
	struct frame f = { .linktype = LINKTYPE_RAW };
	struct packet p;

	(void)state;
	add_ipv6(&f, 0);
	for (int i = 0; i < 50; i++)
		ADD(&f, 0, 0, 1, 4, 0, 0, 0, 0);
	p = parse(&f);
	assert_v6(&p.outer.key, 0, 0, 0);
	assert_true(p.outer.no_ports);
}

static void only_the_first_ipv6_fragment_has_ports(void **state)
{
	struct frame f = { .linktype = LINKTYPE_RAW };
	struct packet p;

	(void)state;
	add_ipv6(&f, 44);
	ADD(&f, UDP, 0, 0, 1, 0xde, 0xad, 0xbe, 0xef);
	add_udp(&f);
	p = parse(&f);
	assert_v6(&p.outer.key, UDP, 4660, 443);
	assert_true(p.outer.fragment && p.outer.first_fragment);
	assert_int_equal(p.outer.fragment_id, 0xdeadbeef);

	f.len = 40;
	ADD(&f, UDP, 0, 0x05, 0xa8, 0xde, 0xad, 0xbe, 0xef);
	add_udp(&f);
	p = parse(&f);
	assert_v6(&p.outer.key, UDP, 0, 0);
	assert_true(p.outer.fragment && !p.outer.first_fragment);
	assert_int_equal(p.outer.fragment_id, 0xdeadbeef);
	assert_false(p.outer.no_ports);

	/* RFC 6946: an atomic fragment is a whole packet. */
	f.len = 40;
	ADD(&f, UDP, 0, 0, 0, 0xde, 0xad, 0xbe, 0xef);
	add_udp(&f);
	p = parse(&f);
	assert_v6(&p.outer.key, UDP, 4660, 443);
	assert_false(p.outer.fragment);
}

/* Whoever gets the datagram gets it whole. */
static void a_first_fragment_arrives_as_its_datagram(void **state)
{
	static const uint8_t data[] = "what a datagram has";
	struct frame f = { .linktype = LINKTYPE_RAW };
	struct packet whole, first;

	(void)state;
	add_ipv4(&f, UDP, 0);
	add_udp(&f);
	add(&f, data, sizeof(data));
	whole = parse(&f);
	f.bytes[6] = 0x20; /* more fragments */
	first = parse(&f);
	assert_true(first.outer.first_fragment && first.outer.arrival);
	assert_int_equal(first.outer.arrival, whole.outer.arrival);

	f.len = 0;
	add_ipv6(&f, UDP);
	add_udp(&f);
	add(&f, data, sizeof(data));
	whole = parse(&f);
	f.len = 0;
	add_ipv6(&f, 44);
	ADD(&f, UDP, 0, 0, 1, 0xde, 0xad, 0xbe, 0xef);
	add_udp(&f);
	add(&f, data, sizeof(data));
	first = parse(&f);
	assert_true(first.outer.first_fragment && first.outer.arrival);
	assert_int_equal(first.outer.arrival, whole.outer.arrival);
}

/* Of IPv6, where no number of the packet tells them apart. */
static void a_segment_arrives_as_none_before_it(void **state)
{
	static const uint8_t time[] = { 1, 1, 8, 10, 0, 0, 0, 7, 0, 0, 0, 9 };
	struct frame f = { .linktype = LINKTYPE_RAW };
	uint64_t ack, data, again;

	(void)state;
	add_ipv6(&f, TCP);
	ADD(&f, 18, 52, 1, 187, 0, 0, 0, 1, 0, 0, 0, 2, 0x80, 16, 0, 9, 0, 0, 0,
	    0);
	add(&f, time, sizeof(time));
	f.bytes[5] = 32;
	ack = parse(&f).outer.arrival;
	f.bytes[5] = 33;
	ADD(&f, 'x');
	data = parse(&f).outer.arrival;
	f.bytes[40 + 27] = 8;
	again = parse(&f).outer.arrival;
	assert_true(ack && data && again);
	assert_true(ack != data && ack != again && data != again);

	/* What is cut before its time may be any of them. */
	f.len = 40 + 27;
	assert_int_equal(parse(&f).outer.arrival, 0);
}

static void protocols_with_sockets_have_ports(void **state)
{
	static const uint8_t protocols[] = { 33, 132, 136 };

	(void)state;
	for (size_t i = 0; i < sizeof(protocols); i++) {
		struct frame f = { .linktype = LINKTYPE_RAW };
		struct packet p;

		add_ipv4(&f, protocols[i], 0);
		add_udp(&f);
		p = parse(&f);
		assert_v4(&p.outer.key, protocols[i], 4660, 443);
		assert_int_equal(p.outer.tcp_flags, 0);
	}
}

static void other_protocols_have_no_ports(void **state)
{
	struct frame f = { .linktype = LINKTYPE_RAW };
	struct packet p;

	(void)state;
	add_ipv4(&f, 50, 0); /* ESP */
	ADD(&f, 0, 0, 8, 0, 1, 2, 3, 4);
	p = parse(&f);
	assert_v4(&p.outer.key, 50, 0, 0);
}

static void a_cut_before_the_ports_is_told(void **state)
{
	static const uint8_t protocols[] = { TCP, UDP, 1 };

	(void)state;
	for (size_t i = 0; i < sizeof(protocols); i++) {
		struct frame f = { .linktype = LINKTYPE_RAW };
		size_t least = protocols[i] == 1 ? 28 : 24;

		add_ipv4(&f, protocols[i], 0);
		add_tcp(&f, 0);
		assert_true(parse_cut(&f, least - 1).outer.no_ports);
		assert_true(parse_cut(&f, 20).outer.no_ports);
		assert_false(parse_cut(&f, least).outer.no_ports);
	}
}

/* A TCP segment may be cut before its flags and still have its ports. */
static void flags_are_read_only_where_there_are_any(void **state)
{
	struct frame f = { .linktype = LINKTYPE_RAW };
	struct packet p;

	(void)state;
	add_ipv4(&f, TCP, 0);
	add_tcp(&f, PACKET_TCP_RST);
	p = parse_cut(&f, f.len - 1);
	assert_v4(&p.outer.key, TCP, 4660, 443);
	assert_int_equal(p.outer.tcp_flags, 0);
	assert_int_equal(parse(&f).outer.tcp_flags, PACKET_TCP_RST);
}

/* ---- ICMP ---- */

static void an_echo_is_keyed_by_identifier_and_role(void **state)
{
	static const struct {
		uint8_t proto, type, role;
	} echoes[] = {
		{ ICMP, 8, FLOW_ECHO_ASKS },
		{ ICMP, 0, FLOW_ECHO_ANSWERS },
		{ ICMPV6, 128, FLOW_ECHO_ASKS },
		{ ICMPV6, 129, FLOW_ECHO_ANSWERS },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(echoes) / sizeof(*echoes); i++) {
		struct frame f = { .linktype = LINKTYPE_RAW };
		struct packet p;

		if (echoes[i].proto == ICMP)
			add_ipv4(&f, ICMP, 0);
		else
			add_ipv6(&f, ICMPV6);
		ADD(&f, echoes[i].type, 0, 0, 0, 0x12, 0x34, 0, 1);
		p = parse(&f);
		assert_int_equal(p.outer.key.local_port, 0x1234);
		assert_int_equal(p.outer.key.remote_port, echoes[i].role);
		assert_false(p.is_error);
	}
}

/* What is sent as a question is received as one to be answered. */
static void an_echo_changes_its_role_when_reversed(void **state)
{
	struct flow_key k = { .proto = ICMP,
			      .local_port = 7,
			      .remote_port = FLOW_ECHO_ASKS },
			r;

	(void)state;
	memcpy(k.local, v4_src, 16);
	memcpy(k.remote, v4_dst, 16);
	r = flow_reversed(&k);
	assert_key(&r, v4_dst, v4_src, ICMP, 7, FLOW_ECHO_ANSWERS);

	k.proto = UDP;
	k.remote_port = 9;
	r = flow_reversed(&k);
	assert_key(&r, v4_dst, v4_src, UDP, 9, 7);
}

static void an_icmp_error_quotes_its_packet(void **state)
{
	static const uint8_t errors[] = { 3, 4, 5, 11, 12 };

	(void)state;
	for (size_t i = 0; i < sizeof(errors); i++) {
		struct frame f = { .linktype = LINKTYPE_RAW };
		struct packet p;

		add_ipv4(&f, ICMP, 0);
		ADD(&f, errors[i], 1, 0, 0, 0, 0, 0, 0);
		add_ipv4(&f, TCP, 0);
		add_tcp(&f, PACKET_TCP_SYN);
		p = parse(&f);
		assert_true(p.is_error);
		assert_v4(&p.outer.key, ICMP, 0, 0);
		assert_v4(&p.inner.key, TCP, 4660, 443);
		assert_int_equal(p.outer.tcp_flags, 0); /* not its own */
	}
}

static void an_icmpv6_error_quotes_its_packet(void **state)
{
	struct frame f = { .linktype = LINKTYPE_RAW };
	struct packet p;

	(void)state;
	add_ipv6(&f, ICMPV6);
	ADD(&f, 1, 4, 0, 0, 0, 0, 0, 0);
	add_ipv6(&f, 44); /* quoted: a fragment */
	ADD(&f, ICMPV6, 0, 0, 1, 0, 0, 0, 1);
	ADD(&f, 128, 0, 0, 0, 0x12, 0x34, 0, 1);
	p = parse(&f);
	assert_true(p.is_error);
	assert_v6(&p.inner.key, ICMPV6, 0x1234, FLOW_ECHO_ASKS);
	assert_false(p.outer.fragment); /* the error is not one */

	f.bytes[40] = 135; /* neighbour solicitation */
	p = parse(&f);
	assert_false(p.is_error);
	assert_true(key_empty(&p.inner.key));
}

/* An error about an error is not chased: the quoted key ends at ICMP. */
static void quotes_are_not_followed_twice(void **state)
{
	struct frame f = { .linktype = LINKTYPE_RAW };
	struct packet p;

	(void)state;
	for (int i = 0; i < 8; i++) {
		add_ipv4(&f, ICMP, 0);
		ADD(&f, 3, 1, 0, 0, 0, 0, 0, 0);
	}
	add_ipv4(&f, UDP, 0);
	add_udp(&f);
	p = parse(&f);
	assert_true(p.is_error);
	assert_v4(&p.inner.key, ICMP, 0, 0);
}

static void a_quote_that_is_not_ip_is_no_error(void **state)
{
	struct frame f = { .linktype = LINKTYPE_RAW };

	(void)state;
	add_ipv4(&f, ICMP, 0);
	ADD(&f, 3, 1, 0, 0, 0, 0, 0, 0);
	for (uint8_t version = 0; version < 16; version++) {
		f.len = 28;
		ADD(&f, (uint8_t)(version << 4), 1, 2, 3, 4, 5, 6, 7);
		assert_false(parse(&f).is_error);
	}
}

/* ---- tunnels ---- */

static void assert_tunnel(const struct frame *f)
{
	struct packet p = parse(f);

	assert_true(p.is_tunnel);
	assert_false(p.is_error);
	assert_v6(&p.inner.key, TCP, 4660, 443);
	assert_int_equal(p.outer.tcp_flags, 0); /* not its own */
}

static void a_tunnel_shows_the_packet_inside(void **state)
{
	struct frame f = { .linktype = LINKTYPE_RAW };
	struct packet p;

	(void)state;
	add_ipv4(&f, 41, 0); /* 6in4 */
	add_ipv6(&f, TCP);
	add_tcp(&f, PACKET_TCP_SYN);
	assert_tunnel(&f);

	f.len = 0;
	add_ipv6(&f, 4); /* IPIP */
	add_ipv4(&f, UDP, 0);
	add_udp(&f);
	p = parse(&f);
	assert_true(p.is_tunnel);
	assert_v4(&p.inner.key, UDP, 4660, 443);
}

static void gre_may_have_more_words(void **state)
{
	/* checksum, key, sequence number: each adds four bytes */
	static const uint8_t flags[] = { 0, 0x80, 0x20, 0x10, 0xb0 };
	static const uint8_t words[12];

	(void)state;
	for (size_t i = 0; i < sizeof(flags); i++) {
		size_t n = (flags[i] >> 7 & 1) + (flags[i] >> 5 & 1) +
			   (flags[i] >> 4 & 1);
		struct frame f = { .linktype = LINKTYPE_RAW };

		add_ipv4(&f, 47, 0);
		ADD(&f, flags[i], 0, 0x86, 0xdd);
		add(&f, words, 4 * n);
		add_ipv6(&f, TCP);
		add_tcp(&f, PACKET_TCP_SYN);
		assert_tunnel(&f);

		f.bytes[21] = 1; /* PPTP's version */
		assert_false(parse(&f).is_tunnel);
		f.bytes[21] = 0;
		f.bytes[20] |= 0x40; /* source routing */
		assert_false(parse(&f).is_tunnel);
	}
}

static void an_ethernet_frame_may_be_inside(void **state)
{
	struct frame inner = ethernet(0x86dd);
	struct frame f = { .linktype = LINKTYPE_RAW };
	struct packet p;

	(void)state;
	add_ipv6(&inner, TCP);
	add_tcp(&inner, PACKET_TCP_SYN);

	add_ipv4(&f, 47, 0);
	ADD(&f, 0, 0, 0x65, 0x58); /* Ethernet in GRE */
	add(&f, inner.bytes, inner.len);
	assert_tunnel(&f);

	f.len = 0;
	add_ipv4(&f, UDP, 0); /* VXLAN, to port 4789 */
	ADD(&f, 0x12, 0x34, 0x12, 0xb5, 0, 0, 0, 0);
	ADD(&f, 8, 0, 0, 0, 0, 0, 7, 0);
	add(&f, inner.bytes, inner.len);
	assert_tunnel(&f);
	p = parse(&f);
	assert_v4(&p.outer.key, UDP, 4660, 4789);
	assert_int_equal(p.inner.tcp_flags, PACKET_TCP_SYN);
	assert_int_equal(p.inner.tcp_seq, 1);
	assert_int_equal(p.outer.tcp_flags, 0);
	/* Its own socket is told of the same packet without the tunnel. */
	assert_int_equal(p.inner.fingerprint, parse(&inner).outer.fingerprint);
	assert_true(p.inner.fingerprint && p.outer.fingerprint);
	assert_true(p.inner.fingerprint != p.outer.fingerprint);

	f.bytes[28] = 0; /* without a network id */
	assert_false(parse(&f).is_tunnel);
	f.bytes[28] = 8;
	f.bytes[23] = 0xb6; /* to another port */
	assert_tunnel(&f);
	f.bytes[35] = 1; /* reserved, zero when sent */
	assert_false(parse(&f).is_tunnel);

	f.len = 28;
	ADD(&f, 1, 0, 0x65, 0x58, 0, 0, 7, 0, 9, 9, 9, 0); /* Geneve */
	add(&f, inner.bytes, inner.len);
	assert_tunnel(&f);
	f.bytes[28] = 0x41; /* of a later version */
	assert_false(parse(&f).is_tunnel);
}

/* ---- what hosts refuse ---- */

static void a_source_route_is_seen(void **state)
{
	struct frame f = { .linktype = LINKTYPE_RAW };
	struct frame v6 = { .linktype = LINKTYPE_RAW };

	(void)state;
	add_ipv4(&f, TCP, 0);
	f.bytes[0] = 0x47;
	ADD(&f, 1, 131, 7, 4, 192, 0, 2, 1); /* no operation, loose route */
	add_tcp(&f, 0);
	assert_true(parse(&f).outer.source_routed);
	{
		struct packet p = parse(&f);

		assert_v4(&p.outer.key, TCP, 4660, 443);
	}
	f.bytes[21] = 68; /* a timestamp */
	assert_false(parse(&f).outer.source_routed);
	f.bytes[22] = 0; /* of no length */
	assert_false(parse(&f).outer.source_routed);

	add_ipv6(&v6, 43);
	ADD(&v6, TCP, 0, 4, 0, 0, 0, 0, 0); /* no segments left */
	add_tcp(&v6, 0);
	assert_false(parse(&v6).outer.source_routed);
	v6.bytes[43] = 1;
	assert_true(parse(&v6).outer.source_routed);
}

static void a_mapped_address_on_the_wire_is_nobodys(void **state)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct frame f = { .linktype = LINKTYPE_RAW };
	struct packet p;

	(void)state;
	add_ipv6(&f, TCP);
	add_tcp(&f, 0);
	memcpy(f.bytes + 24, mapped, sizeof(mapped));
	parse_packet(&p, f.linktype, f.bytes, f.len);
	assert_int_equal(p.kind, PACKET_MALFORMED);
	assert_int_equal(p.outer.key.local_port, 0);
}

static void tunnels_are_not_followed_twice(void **state)
{
	struct frame f = { .linktype = LINKTYPE_RAW };
	struct packet p;

	(void)state;
	for (int i = 0; i < 10; i++)
		add_ipv4(&f, 4, 0);
	add_ipv4(&f, UDP, 0);
	add_udp(&f);
	p = parse(&f);
	assert_true(p.is_tunnel);
	assert_v4(&p.inner.key, 4, 0, 0);
}

static uint64_t fingerprint(const uint8_t *bytes, size_t len)
{
	struct packet p;

	parse_packet(&p, LINKTYPE_RAW, bytes, len);
	return p.outer.fingerprint;
}

/* Of 28 + 40 bytes: TTL and checksums change on the way, padding is no part. */
static void a_fingerprint_tells_packets_of_one_flow_apart(void **state)
{
	uint8_t a[100] = {
		0x45, 0, 0, 68, 0x12, 0x34, 0, 0, 64, UDP, 0,  0, 10,
		0,    0, 1, 10, 0,    0,    2, 0, 53, 0,   53, 0, 48
	};
	uint8_t b[100];
	uint64_t print = fingerprint(a, 68);

	(void)state;
	assert_int_not_equal(print, 0);
	memcpy(b, a, sizeof(b));
	b[8] = 63;	   /* TTL */
	b[10] = b[26] = 1; /* checksums */
	b[80] = 1;	   /* padding */
	assert_int_equal(fingerprint(b, sizeof(b)), print);
	b[30] = 1;
	assert_int_not_equal(fingerprint(b, 68), print);
	b[30] = 0;
	b[5]++;
	assert_int_not_equal(fingerprint(b, 68), print);
	/* Where too little was captured there is none. */
	assert_int_equal(fingerprint(a, 59), 0);
	assert_int_equal(fingerprint(a, 60), print);
}

/* 5 bytes of a protocol that may have as few. */
static void a_fingerprint_is_of_short_packets_too(void **state)
{
	uint8_t a[25] = { 0x45, 0, 0, 25, 0x12, 0x34, 0, 0, 64, 253, 0, 0, 10,
			  0,	0, 1, 10, 0,	0,    2, 1, 2,	3,   4, 5 };
	uint64_t print = fingerprint(a, sizeof(a));

	(void)state;
	assert_int_not_equal(print, 0);
	assert_int_equal(fingerprint(a, sizeof(a) - 1), 0);
	a[24]++;
	assert_int_not_equal(fingerprint(a, sizeof(a)), print);
}

/* Who asks and answers in equal measure counts both numbers up by as much. */
static void a_fingerprint_tells_turns_of_a_dialogue_apart(void **state)
{
	uint32_t sent = 0, acked;
	__u64 payload[FLOW_PAYLOAD], last = 0, now;

	(void)state;
	for (uint32_t turn = 0; turn < 1000; turn++) {
		sent = htonl(ntohl(sent) + 100);
		acked = htonl(ntohl(sent) + 0x10000000);
		memset(payload, 0, sizeof(payload));
		memcpy(payload, &acked, sizeof(acked));
		now = flow_fingerprint(TCP, 0, (uint64_t)sent << 32, payload);
		assert_int_not_equal(now, last);
		last = now;
	}
}

/* The IP header, not what was captured, says how long the payload is. */
static void tcp_numbers_are_read(void **state)
{
	struct frame v4 = ethernet(0x0800), v6 = ethernet(0x86dd);
	struct packet p;

	(void)state;
	ADD(&v4, 0x45, 0, 0, 20 + 20 + 7, 0, 0, 0, 0, 64, TCP, 0, 0, 10, 0, 0,
	    1, 10, 0, 0, 2);
	add_tcp(&v4, PACKET_TCP_SYN);
	p = parse(&v4);
	assert_int_equal(p.outer.tcp_seq, 1);
	assert_int_equal(p.outer.tcp_ack, 2);
	assert_int_equal(p.outer.tcp_payload, 7);

	ADD(&v6, 0x60, 0, 0, 0, 0, 8 + 20 + 9, 60, 64);
	add(&v6, v6_src, 16);
	add(&v6, v6_dst, 16);
	ADD(&v6, TCP, 0, 0, 0, 0, 0, 0, 0);
	add_tcp(&v6, 0);
	assert_int_equal(parse(&v6).outer.tcp_payload, 9);
	/* Less than its own header says. */
	v6.bytes[14 + 5] = 8 + 12;
	assert_int_equal(parse(&v6).outer.tcp_payload, 0);
}

/* Of 10.0.0.1:4660 to 10.0.0.2:443, @n bytes of 0x41, and padding. */
static struct frame datagram(size_t n, uint16_t checksum)
{
	struct frame f = ethernet(0x0800);

	ADD(&f, 0x45, 0, 0, (uint8_t)(28 + n), 0x12, 0x34, 0, 0, 64, UDP, 0, 0,
	    10, 0, 0, 1, 10, 0, 0, 2);
	ADD(&f, 0x12, 0x34, 0x01, 0xbb, 0, (uint8_t)(8 + n),
	    (uint8_t)(checksum >> 8), (uint8_t)checksum);
	for (size_t i = 0; i < n; i++)
		ADD(&f, 0x41);
	ADD(&f, 0xde, 0xad, 0xbe);
	return f;
}

static bool is_wrong(const struct frame *f, size_t n)
{
	uint8_t *copy = exact_copy(f->bytes, n);
	struct packet p;

	parse_packet(&p, f->linktype, copy, n);
	assert_false(p.wrong_checksum);
	parse_checksum(&p, copy, n);
	free(copy);
	return p.wrong_checksum;
}

/* As tshark calculates them. */
static void a_wrong_checksum_is_seen(void **state)
{
	struct frame even = datagram(100, 0x1866), odd = datagram(7, 0xd31a);
	struct frame wrong = datagram(100, 0x1866 ^ 0x100);
	struct frame none = datagram(100, 0);
	struct frame v6 = ethernet(0x86dd);

	(void)state;
	assert_false(is_wrong(&even, even.len));
	assert_false(is_wrong(&odd, odd.len));
	assert_true(is_wrong(&wrong, wrong.len));
	assert_false(is_wrong(&none, none.len));
	/* What is not all there cannot be compared. */
	for (size_t n = 0; n < wrong.len - 3; n++)
		assert_false(is_wrong(&wrong, n));
	assert_true(is_wrong(&wrong, wrong.len - 3));

	add_ipv6(&v6, UDP);
	v6.bytes[14 + 5] = 10;
	ADD(&v6, 0x12, 0x34, 0x01, 0xbb, 0, 10, 0x8f, 0x74, 1, 2);
	assert_false(is_wrong(&v6, v6.len));
	v6.bytes[v6.len - 1]++;
	assert_true(is_wrong(&v6, v6.len));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ethernet_carries_ip),
		cmocka_unit_test(vlan_tags_are_stepped_over),
		cmocka_unit_test(endless_vlan_tags_are_not_ip),
		cmocka_unit_test(other_links_carry_ip_too),
		cmocka_unit_test(
			a_link_without_ethertype_tells_ip_versions_apart),
		cmocka_unit_test(what_is_not_ip_is_named_by_its_ethertype),
		cmocka_unit_test(ipv4_options_are_stepped_over),
		cmocka_unit_test(an_impossible_ipv4_header_is_malformed),
		cmocka_unit_test(only_the_first_ipv4_fragment_has_ports),
		cmocka_unit_test(ipv6_extensions_are_stepped_over),
		cmocka_unit_test(ports_are_found_behind_many_ipv6_extensions),
		cmocka_unit_test(endless_ipv6_extensions_have_no_ports),
		cmocka_unit_test(only_the_first_ipv6_fragment_has_ports),
		cmocka_unit_test(a_first_fragment_arrives_as_its_datagram),
		cmocka_unit_test(a_segment_arrives_as_none_before_it),
		cmocka_unit_test(protocols_with_sockets_have_ports),
		cmocka_unit_test(other_protocols_have_no_ports),
		cmocka_unit_test(a_cut_before_the_ports_is_told),
		cmocka_unit_test(flags_are_read_only_where_there_are_any),
		cmocka_unit_test(an_echo_is_keyed_by_identifier_and_role),
		cmocka_unit_test(an_echo_changes_its_role_when_reversed),
		cmocka_unit_test(an_icmp_error_quotes_its_packet),
		cmocka_unit_test(an_icmpv6_error_quotes_its_packet),
		cmocka_unit_test(quotes_are_not_followed_twice),
		cmocka_unit_test(a_quote_that_is_not_ip_is_no_error),
		cmocka_unit_test(a_tunnel_shows_the_packet_inside),
		cmocka_unit_test(gre_may_have_more_words),
		cmocka_unit_test(an_ethernet_frame_may_be_inside),
		cmocka_unit_test(tunnels_are_not_followed_twice),
		cmocka_unit_test(a_source_route_is_seen),
		cmocka_unit_test(a_mapped_address_on_the_wire_is_nobodys),
		cmocka_unit_test(a_fingerprint_tells_packets_of_one_flow_apart),
		cmocka_unit_test(a_fingerprint_is_of_short_packets_too),
		cmocka_unit_test(a_fingerprint_tells_turns_of_a_dialogue_apart),
		cmocka_unit_test(tcp_numbers_are_read),
		cmocka_unit_test(a_wrong_checksum_is_seen),
	};

	return cmocka_run_group_tests_name("packet", tests, NULL, NULL);
}
