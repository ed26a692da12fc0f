/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "packet/parse.h"

#include <linux/if_ether.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <string.h>

#include "bytes.h"
#include "packet/parse_marks.h"

#define IP4_MIN		 20
#define IP6_LEN		 40
#define IP6_FRAGMENT_LEN 8
#define IP_MF_OFFSET	 0x3fff /* more fragments, offset: RFC 791 */
#define IP_OFFSET	 0x1fff
#define IP6_OFFSET	 0xfff8 /* RFC 8200, section 4.5 */
#define IP6_MORE	 0x0001
#define GRE_CHECKSUM	 0x8000
#define GRE_ROUTING	 0x4000
#define GRE_SEQUENCE	 0x1000
#define GRE_VERSION	 0x0007
#define VXLAN_HAS_VNI	 0x08
#define GENEVE_LENGTH	 0x3f /* of the options, in words */
#define MAX_VLAN_TAGS	 4
#define REST_AT		 offsetof(struct packet, above_ip)

static uint16_t be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)be16(p) << 16 | be16(p + 2);
}

static void parse_network(struct packet *p, struct packet_traits *t,
			  struct rbuf *r);

static bool is_inside(const struct packet *p, const struct packet_traits *t)
{
	return t == &p->inner;
}

/* Around an inner packet that makes no sense the outer one still does. */
static void call_malformed(struct packet *p, const struct packet_traits *t)
{
	if (!is_inside(p, t))
		p->kind = PACKET_MALFORMED;
}

static bool is_echo(uint8_t proto, uint8_t type, bool *asks)
{
	if (proto == IPPROTO_ICMP) {
		*asks = type == ICMP_ECHO;
		return *asks || type == ICMP_ECHOREPLY;
	}
	*asks = type == ICMP6_ECHO_REQUEST;
	return *asks || type == ICMP6_ECHO_REPLY;
}

/* The errors that quote the packet they are about. */
static bool is_error(uint8_t proto, uint8_t type)
{
	if (proto == IPPROTO_ICMP)
		return type == ICMP_DEST_UNREACH ||
		       type == ICMP_SOURCE_QUENCH || type == ICMP_REDIRECT ||
		       type == ICMP_TIME_EXCEEDED || type == ICMP_PARAMETERPROB;
	return !(type & ICMP6_INFOMSG_MASK);
}

static void parse_icmp(struct packet *p, struct packet_traits *t,
		       struct rbuf *r)
{
	struct flow_key *key = &t->key;
	const uint8_t *h = rbuf_claim(r, 8);
	bool asks;

	if (!h) {
		t->no_ports = true;
		return;
	}
	if (is_echo(key->proto, h[0], &asks)) {
		key->local_port = be16(h + 4);
		key->remote_port = asks ? FLOW_ECHO_ASKS : FLOW_ECHO_ANSWERS;
	} else if (!is_inside(p, t) && is_error(key->proto, h[0])) {
		parse_network(p, &p->inner, r);
		p->is_error = p->inner.key.proto != 0;
	}
}

static void parse_inside(struct packet *p, struct rbuf *r, uint16_t ethertype)
{
	if (ethertype == ETH_P_TEB) {
		rbuf_claim(r, 12);
		ethertype = rbuf_be16(r);
	}
	if (r->failed || (ethertype != ETH_P_IP && ethertype != ETH_P_IPV6))
		return;
	parse_network(p, &p->inner, r);
	p->is_tunnel = p->inner.key.proto != 0;
}

/* RFC 2784 and 2890; version 1 is PPTP's and carries PPP. */
static void parse_gre(struct packet *p, struct rbuf *r)
{
	uint16_t flags = rbuf_be16(r), type = rbuf_be16(r);

	for (uint16_t bit = GRE_CHECKSUM; bit >= GRE_SEQUENCE; bit >>= 1)
		if (flags & bit && bit != GRE_ROUTING)
			rbuf_claim(r, 4);
	if (!(flags & (GRE_VERSION | GRE_ROUTING)))
		parse_inside(p, r, type);
}

/*
 * VXLAN (RFC 7348) and Geneve (RFC 8926) run on any port.  What only looks like
 * them has nobody's flow inside.
 */
static void parse_udp_tunnel(struct packet *p, struct rbuf *r)
{
	const uint8_t *h;

	rbuf_claim(r, 4);
	h = rbuf_claim(r, 8);
	if (!h || h[7])
		return;
	if (h[0] == VXLAN_HAS_VNI && !h[1] && !be16(h + 2)) {
		parse_inside(p, r, ETH_P_TEB);
	} else if (h[0] <= GENEVE_LENGTH && !(h[1] & GENEVE_LENGTH)) {
		rbuf_claim(r, (size_t)h[0] * 4);
		parse_inside(p, r, be16(h + 2));
	}
}

/* Leaves padding of the link behind.  @len: 0 where the kernel left it out. */
static size_t leave_padding(struct rbuf *r, size_t len)
{
	if (!len)
		return r->left;
	if (len < r->left)
		r->left = len;
	return len;
}

/* RFC 9293, section 3.1, from the sequence number on. */
static void parse_tcp(struct packet_traits *t, struct rbuf *r, size_t rest)
{
	const uint8_t *h = rbuf_claim(r, 10);
	size_t header;

	if (!h)
		return;
	header = (size_t)(h[8] >> 4) * 4;
	t->tcp_seq = be32(h);
	t->tcp_ack = be32(h + 4);
	t->tcp_flags = h[9];
	t->tcp_payload = rest > header ? (uint32_t)(rest - header) : 0;
}

/* @rest: how much there was of the packet from here on. */
static void parse_ports(struct packet *p, struct packet_traits *t,
			struct rbuf *r, size_t rest)
{
	const uint8_t *h = rbuf_claim(r, 4);

	if (!h) {
		t->no_ports = true;
		return;
	}
	t->key.local_port = be16(h);
	t->key.remote_port = be16(h + 2);
	if (t->key.proto == IPPROTO_TCP)
		parse_tcp(t, r, rest);
	else if (t->key.proto == IPPROTO_UDP && !is_inside(p, t))
		parse_udp_tunnel(p, r);
}

/* Of a packet inside another no further one is looked for. */
static void parse_tunnel(struct packet *p, uint8_t proto, struct rbuf *r)
{
	switch (proto) {
	case IPPROTO_GRE:
		parse_gre(p, r);
		break;
	case IPPROTO_IPIP:
		parse_inside(p, r, ETH_P_IP);
		break;
	case IPPROTO_IPV6:
		parse_inside(p, r, ETH_P_IPV6);
		break;
	}
}

/* @rest: as above. */
static void parse_transport(struct packet *p, struct packet_traits *t,
			    struct rbuf *r, size_t rest)
{
	switch (t->key.proto) {
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		parse_icmp(p, t, r);
		break;
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		parse_ports(p, t, r, rest);
		break;
	default:
		if (!is_inside(p, t))
			parse_tunnel(p, t->key.proto, r);
	}
}

static void set_fragment(struct packet_traits *t, uint32_t id, bool first)
{
	t->fragment = true;
	t->first_fragment = first;
	t->fragment_id = id;
}

static bool is_source_routed(const uint8_t *options, size_t len)
{
	for (size_t i = 0; i + 1 < len;) {
		if (options[i] == IPOPT_EOL)
			break;
		if (options[i] == IPOPT_LSRR || options[i] == IPOPT_SSRR)
			return true;
		if (options[i] != IPOPT_NOP && options[i + 1] < 2)
			break;
		i += options[i] == IPOPT_NOP ? 1 : options[i + 1];
	}
	return false;
}

static void parse_ipv4(struct packet *p, struct packet_traits *t,
		       struct rbuf *r)
{
	struct flow_key *key = &t->key;
	size_t len = (size_t)(r->p[0] & 0xf) * 4;
	const uint8_t *h = rbuf_claim(r, len < IP4_MIN ? IP4_MIN : len);
	uint16_t fragment;
	size_t rest;

	if (!h || len < IP4_MIN) {
		call_malformed(p, t);
		return;
	}
	address_from_ipv4(key->local, h + 12);
	address_from_ipv4(key->remote, h + 16);
	key->proto = h[9];
	if (!is_inside(p, t))
		p->above_ip = (uint32_t)r->left;
	t->source_routed = is_source_routed(h + IP4_MIN, len - IP4_MIN);
	fragment = be16(h + 6);
	if (fragment & IP_MF_OFFSET)
		set_fragment(t, be16(h + 4), !(fragment & IP_OFFSET));
	if (fragment & IP_OFFSET)
		return;
	rest = leave_padding(r, be16(h + 2) > len ? be16(h + 2) - len : 0);
	t->fingerprint = parse_fingerprint(key->proto, be16(h + 4), r, rest);
	if (len == IP4_MIN)
		parse_arrival(t, be16(h + 4), r, rest);
	parse_transport(p, t, r, rest);
}

/*
 * Steps over extension headers (RFC 8200, section 4) to the protocol above.
 * False if what follows is not its beginning.
 */
static bool skip_extensions(struct packet_traits *t, struct rbuf *r)
{
	struct flow_key *key = &t->key;

	for (int i = 0; i < FLOW_EXTENSIONS; i++) {
		const uint8_t *h;
		uint16_t fragment;

		switch (key->proto) {
		case IPPROTO_HOPOPTS:
		case IPPROTO_ROUTING:
		case IPPROTO_DSTOPTS:
			h = rbuf_claim(r, 8);
			if (!h || !rbuf_claim(r, (size_t)h[1] * 8))
				return false;
			/* Segments left: the address is not the last one. */
			if (key->proto == IPPROTO_ROUTING && h[3])
				t->source_routed = true;
			key->proto = h[0];
			break;
		case IPPROTO_FRAGMENT:
			h = rbuf_claim(r, 8);
			if (!h)
				return false;
			key->proto = h[0];
			fragment = be16(h + 2);
			if (fragment & (IP6_OFFSET | IP6_MORE))
				set_fragment(t,
					     (uint32_t)be16(h + 4) << 16 |
						     be16(h + 6),
					     !(fragment & IP6_OFFSET));
			if (fragment & IP6_OFFSET)
				return false;
			break;
		default:
			return true;
		}
	}
	return false;
}

static void parse_ipv6(struct packet *p, struct packet_traits *t,
		       struct rbuf *r)
{
	struct flow_key *key = &t->key;
	const uint8_t *h = rbuf_claim(r, IP6_LEN);
	size_t rest, before;

	if (!h) {
		call_malformed(p, t);
		return;
	}
	/* Nobody receives these: our keys mean IPv4 by them. */
	if (address_is_ipv4(h + 8) || address_is_ipv4(h + 24)) {
		call_malformed(p, t);
		return;
	}
	memcpy(key->local, h + 8, 16);
	memcpy(key->remote, h + 24, 16);
	key->proto = h[6];
	if (!is_inside(p, t))
		p->above_ip = (uint32_t)r->left;
	rest = leave_padding(r, be16(h + 4));
	before = r->left;
	if (!skip_extensions(t, r)) {
		/* A later fragment has its ports in the first one. */
		t->no_ports = !t->fragment || t->first_fragment;
		return;
	}
	rest -= before - r->left;
	/* Without extensions, or with what ends with reassembly. */
	if (before - r->left == (t->fragment ? IP6_FRAGMENT_LEN : 0))
		parse_arrival(t, 0, r, rest);
	t->fingerprint = parse_fingerprint(key->proto, 0, r, rest);
	parse_transport(p, t, r, rest);
}

static void parse_network(struct packet *p, struct packet_traits *t,
			  struct rbuf *r)
{
	uint8_t version = r->left ? r->p[0] >> 4 : 0;

	if (version == 4)
		parse_ipv4(p, t, r);
	else if (version == 6)
		parse_ipv6(p, t, r);
	else
		call_malformed(p, t);
}

static void not_ip(struct packet *p, struct rbuf *r, enum packet_kind kind)
{
	p->kind = kind;
	p->outer.key.proto = FLOW_FRAME;
	p->outer.key.local_port = p->ethertype;
	if (!r->failed)
		p->outer.fingerprint = parse_fingerprint(FLOW_FRAME, 0, r,
							 r->left);
}

static void parse_ethertype(struct packet *p, struct rbuf *r, uint16_t type)
{
	for (int i = 0; i < MAX_VLAN_TAGS; i++) {
		if (type != ETH_P_8021Q && type != ETH_P_8021AD)
			break;
		rbuf_claim(r, 2);
		type = rbuf_be16(r);
	}
	p->ethertype = type;
	if (type == ETH_P_IP || type == ETH_P_IPV6)
		parse_network(p, &p->outer, r);
	else
		not_ip(p, r, r->failed ? PACKET_MALFORMED : PACKET_NOT_IP);
}

void parse_packet(struct packet *p, uint32_t linktype, const uint8_t *data,
		  size_t caplen)
{
	struct rbuf r = rbuf_of(data, caplen);
	uint16_t type;

	/* In one piece it would be a string instruction, which takes longer. */
	p->outer = (struct packet_traits){ 0 };
	p->inner = (struct packet_traits){ 0 };
	memset((uint8_t *)p + REST_AT, 0, sizeof(*p) - REST_AT);
	switch (linktype) {
	case LINKTYPE_ETHERNET:
		rbuf_claim(&r, 12);
		type = rbuf_be16(&r);
		break;
	case LINKTYPE_LINUX_SLL:
		rbuf_claim(&r, 14);
		type = rbuf_be16(&r);
		break;
	case LINKTYPE_LINUX_SLL2:
		type = rbuf_be16(&r);
		rbuf_claim(&r, 18);
		break;
	case LINKTYPE_NULL:
	case LINKTYPE_LOOP:
		/* Not needed: IP's version is in its own first byte. */
		rbuf_claim(&r, 4);
		/* fall through */
	case LINKTYPE_RAW:
	case LINKTYPE_IPV4:
	case LINKTYPE_IPV6:
		parse_network(p, &p->outer, &r);
		return;
	default:
		not_ip(p, &r, PACKET_NOT_IP);
		return;
	}
	if (r.failed)
		p->kind = PACKET_MALFORMED;
	else
		parse_ethertype(p, &r, type);
}

unsigned parse_device(uint32_t linktype, const uint8_t *data, size_t caplen)
{
	struct rbuf header = rbuf_of(data, caplen);

	if (linktype != LINKTYPE_LINUX_SLL2)
		return 0;
	rbuf_claim(&header, 4);
	return ntohl(rbuf_u32(&header));
}
