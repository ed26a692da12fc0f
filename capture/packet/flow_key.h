/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What user space does with a flow's key and the addresses in it.  Pure.
 */
#ifndef PKTWHO_PACKET_FLOW_KEY_H
#define PKTWHO_PACKET_FLOW_KEY_H

#include <linux/types.h>
#include <stdbool.h>
#include <string.h>

#include "packet/flow.h"

/* Whether it is the same flow, seen by the same end. */
static inline bool flow_key_equal(const struct flow_key *a,
				  const struct flow_key *b)
{
	return !memcmp(a, b, sizeof(*a));
}

/* The same flow as the other end sees it. */
struct flow_key flow_reversed(const struct flow_key *k);

/* Of ICMP: local_port is an echo's identifier, at both ends. */
bool flow_has_no_ports(const struct flow_key *k);

/* Whether it is ::ffff:a.b.c.d (RFC 4291, section 2.5.5.2), and how to make it. */
bool address_is_ipv4(const __u8 addr[16]);
void address_from_ipv4(__u8 out[16], const __u8 addr[4]);

/* Whether it is :: or 0.0.0.0, as a host sends from that has no address yet. */
bool address_is_unspecified(const __u8 addr[16]);

#endif
