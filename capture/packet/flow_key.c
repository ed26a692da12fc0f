/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "packet/flow_key.h"

#include <endian.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define PORTS_AT offsetof(struct flow_key, local_port)

static const __u8 mapped[12] = { [10] = 0xff, [11] = 0xff };

bool address_is_ipv4(const __u8 addr[16])
{
	return !memcmp(addr, mapped, sizeof(mapped));
}

void address_from_ipv4(__u8 out[16], const __u8 addr[4])
{
	memcpy(out, mapped, sizeof(mapped));
	memcpy(out + sizeof(mapped), addr, 4);
}

/*
 * The last word of a key, where local_port is the first in memory.  Stored in
 * parts it would have to be waited for by who reads it whole.
 */
static uint64_t swap_ports(uint64_t word)
{
	uint64_t w = le64toh(word);

	return htole64((w & ~0xffffffffull) | (uint32_t)(w << 16) |
		       (w >> 16 & 0xffff));
}

static void swap_echo(struct flow_key *k)
{
	if (k->remote_port)
		k->remote_port = FLOW_ECHO_ASKS + FLOW_ECHO_ANSWERS -
				 k->remote_port;
}

bool flow_has_no_ports(const struct flow_key *k)
{
	return k->proto == IPPROTO_ICMP || k->proto == IPPROTO_ICMPV6;
}

struct flow_key flow_reversed(const struct flow_key *k)
{
	bool echo = flow_has_no_ports(k);
	struct flow_key r;
	uint64_t word;

	memcpy(r.local, k->remote, sizeof(r.local));
	memcpy(r.remote, k->local, sizeof(r.remote));
	memcpy(&word, (const uint8_t *)k + PORTS_AT, sizeof(word));
	if (!echo)
		word = swap_ports(word);
	memcpy((uint8_t *)&r + PORTS_AT, &word, sizeof(word));
	if (echo)
		swap_echo(&r);
	return r;
}

bool address_is_unspecified(const __u8 addr[16])
{
	static const __u8 any6[16], any4[16] = { [10] = 0xff, [11] = 0xff };

	return !memcmp(addr, any6, 16) || !memcmp(addr, any4, 16);
}
