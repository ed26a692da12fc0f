/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the capture cannot see costs little: packets of other devices
 * are passed over, and nothing is remembered of a socket until one of its
 * packets may be seen.
 */
#ifndef PKTWHO_BPF_SEEN_BPF_H
#define PKTWHO_BPF_SEEN_BPF_H

#include "bpf/kernel_types.bpf.h"

/* Of the capture; set before the programs are loaded. */
const volatile __u8 seen;	 /* enum probe_seen */
const volatile __u64 seen_netns; /* if PROBE_SEEN_LOOPBACK */
const volatile bool tells_netns; /* of a packet, at once: Linux 6.15 */

/* Device 0 is one that is not known (a connection's backlog). */
static __always_inline bool is_seen(const struct __sk_buff *skb)
{
	if (seen == PROBE_SEEN_LOOPBACK)
		return skb->ifindex <= LOOPBACK_IFINDEX;
	if (seen == PROBE_SEEN_OTHERS)
		return skb->ifindex != LOOPBACK_IFINDEX;
	return true;
}

/* Whether others than @seen_netns need not be looked at. */
static __always_inline bool sees_one_netns(void)
{
	return seen == PROBE_SEEN_LOOPBACK;
}

static __always_inline bool is_loopback_ipv4(__u32 address)
{
	return (address & bpf_htonl(0xff000000)) == bpf_htonl(0x7f000000);
}

static __always_inline bool is_loopback(const __u32 address[4])
{
	if (address[0] || address[1])
		return false;
	if (address[2] == bpf_htonl(0xffff))
		return is_loopback_ipv4(address[3]);
	return !address[2] && address[3] == bpf_htonl(1);
}

/*
 * Whether packets to and from there may be seen.  If one is all the same,
 * since it was redirected, the socket is remembered from then on.
 */
static __always_inline bool is_seen_peer(const __u32 address[4])
{
	return seen != PROBE_SEEN_OTHERS || !is_loopback(address);
}

static __always_inline bool is_seen_socket(struct sock *sk)
{
	struct sock_common *c = &sk->__sk_common;

	if (sees_one_netns())
		return c->skc_net.net->net_cookie == seen_netns;
	if (seen != PROBE_SEEN_OTHERS)
		return true;
	if (c->skc_family == AF_INET)
		return !is_loopback_ipv4(c->skc_daddr);
	return !is_loopback(c->skc_v6_daddr.in6_u.u6_addr32);
}

#endif
