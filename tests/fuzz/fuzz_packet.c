/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The laws of packet.h, for any link type (the first two bytes) and any
 * frame (the rest): the answer depends on nothing else, and a flow seen from
 * the other end and back is the same flow.
 */
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

#include "fuzz.h"
#include "packet/dns.h"
#include "packet/parse.h"

#define ICMP   1
#define ICMPV6 58

static bool is_icmp(const struct flow_key *k)
{
	return k->proto == ICMP || k->proto == ICMPV6;
}

static void key_laws(const struct flow_key *k)
{
	static const uint8_t zero[sizeof(k->reserved)];
	struct flow_key there = flow_reversed(k), back = flow_reversed(&there);

	LAW(!memcmp(&back, k, sizeof(*k)));
	LAW(!memcmp(there.local, k->remote, sizeof(k->remote)));
	LAW(!memcmp(k->reserved, zero, sizeof(zero)));
	LAW(!is_icmp(k) || k->remote_port <= FLOW_ECHO_ANSWERS);
}

static void traits_laws(const struct packet_traits *t)
{
	LAW(!t->first_fragment || t->fragment);
	LAW(!t->fragment || t->first_fragment || !t->key.local_port);
	key_laws(&t->key);
}

static void packet_laws(const struct packet *p)
{
	static const uint8_t nowhere[16];
	bool addresses = memcmp(p->outer.key.local, nowhere, sizeof(nowhere)) ||
			 memcmp(p->outer.key.remote, nowhere, sizeof(nowhere));

	LAW(p->kind <= PACKET_MALFORMED);
	LAW(p->kind == PACKET_IP || !addresses);
	LAW(p->kind == PACKET_IP || (!p->is_error && !p->is_tunnel));
	LAW(p->kind != PACKET_NOT_IP || p->outer.key.proto == FLOW_FRAME);
	LAW(!p->is_error || is_icmp(&p->outer.key));
	LAW(!p->is_error || !p->is_tunnel);
	traits_laws(&p->outer);
	traits_laws(&p->inner);
}

/* Of an answer of DNS, as far as one can be read out of the bytes. */
static void check_name(void *ctx, const char *name, const uint8_t addr[16])
{
	(void)ctx;
	(void)addr;
	LAW(*name && memchr(name, 0, DNS_NAME));
	LAW(!name[strspn(name, "-_.0123456789abcdefghijklmnopqrstuvwxyz"
			       "ABCDEFGHIJKLMNOPQRSTUVWXYZ")]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct packet p, again;
	uint32_t linktype;

	if (size < 2)
		return 0;
	linktype = data[0] | (uint32_t)data[1] << 8;
	memset(&p, 0xee, sizeof(p));
	parse_packet(&p, linktype, data + 2, size - 2);
	packet_laws(&p);

	memset(&again, 0x11, sizeof(again));
	parse_packet(&again, linktype, data + 2, size - 2);
	parse_checksum(&again, data + 2, size - 2);
	LAW(!again.wrong_checksum || again.outer.key.proto == IPPROTO_UDP);
	again.wrong_checksum = false;
	dns_read(&p, data + 2, size - 2, check_name, NULL);
	dns_read_message(data + 2, size - 2, check_name, NULL);
	LAW(!memcmp(&p, &again, sizeof(p)));
	return 0;
}
