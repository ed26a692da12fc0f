/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Tells a flow once, and again when another socket takes it over. */
#ifndef PKTWHO_BPF_FLOW_BPF_H
#define PKTWHO_BPF_FLOW_BPF_H

#include "bpf/storage.bpf.h"
#include "bpf/key.bpf.h"

/*
 * A raw socket of a process, for the kernel has some as well, can write what
 * it likes: a flow with ports is never its own.
 */
static __always_inline bool is_forger(const struct sock_info *s,
				      const struct bpf_sock *sk,
				      const struct flow_key *k)
{
	return sk->type == SOCK_RAW && has_ports(k->proto) &&
	       !(s->flags & PROBE_KERNEL);
}

/* The kernel's own, one for each CPU, are all nobody's. */
static __always_inline __u64 reported_cookie(const struct sock_info *s)
{
	return s->flags & PROBE_KERNEL ? ~0ull : s->cookie;
}

/* Another socket has the flow now. */
static __always_inline enum told move_flow(struct reported *r,
					   struct sock_info *s,
					   const struct flow_key *k, __u8 roles,
					   enum told told)
{
	/* A connection begins anew under the same ports. */
	bool lasts = k->proto != IPPROTO_TCP;

	r->cookie = reported_cookie(s);
	/* Whoever reads may answer, too, and the other way round. */
	r->shared_ns = r->sent_ns = lasts ? bpf_ktime_get_ns() : 0;
	if (told != TOLD_EACH || roles != PROBE_READER || !lasts)
		tell_socket(PROBE_FLOW, s, k, roles | PROBE_TAKES);
	return TOLD_EACH;
}

/* If several sockets have this flow each packet is told. */
static __always_inline enum told tell_flow(struct sock_info *s,
					   const struct flow_key *k, __u8 roles)
{
	__u64 span = roles == PROBE_READER ? PROBE_SHARED_NS : PROBE_SENT_NS;
	struct flow_id id = { .netns = s->netns, .key = *k };
	struct reported *r = bpf_map_lookup_elem(&reported_flows, &id);
	struct reported now = {
		.cookie = reported_cookie(s),
		.epoch = epoch,
	};
	enum told told = TOLD_NOT;
	bool known = r && r->epoch == now.epoch;
	__u64 since = 0;

	if (known)
		since = roles == PROBE_READER ? r->shared_ns : r->sent_ns;
	if (known && r->cookie == now.cookie && !since)
		return TOLD_NOT;
	told = told_since(since, bpf_ktime_get_ns(), span);
	if (known && r->cookie == now.cookie && told)
		return told;
	__sync_fetch_and_add(&generations[k->local_port % GENERATIONS], 1);
	if (!r &&
	    bpf_map_update_elem(&reported_flows, &id, &now, BPF_NOEXIST)) {
		/* Another processor has just told another socket's. */
		r = bpf_map_lookup_elem(&reported_flows, &id);
		known = r;
	}
	if (known && r->cookie != now.cookie)
		return move_flow(r, s, k, roles, told);
	if (known && roles == PROBE_SENDER)
		now.shared_ns = r->shared_ns;
	else if (known)
		now.sent_ns = r->sent_ns;
	if (r)
		*r = now;
	tell_socket(PROBE_FLOW, s, k, roles);
	return TOLD_NOT;
}

static __always_inline void forget_reported(const struct sock_info *s,
					    const struct flow_key *k)
{
	struct flow_id id = { .netns = s->netns, .key = *k };

	bpf_map_delete_elem(&reported_flows, &id);
}

static __always_inline __u32 generation_of(const struct flow_key *k)
{
	return generations[k->local_port % GENERATIONS] + 1;
}

static __always_inline bool equal16(const __u8 a[16], const __u8 b[16])
{
	const __u64 *x = (const __u64 *)a, *y = (const __u64 *)b;

	return x[0] == y[0] && x[1] == y[1];
}

static __always_inline bool equal_mapped(const __u8 a[16], const __u8 ipv4[4])
{
	const __u32 *x = (const __u32 *)a;

	return x[2] == bpf_htonl(0xffff) && x[3] == *(const __u32 *)ipv4;
}

/* Whether it is one more datagram of the flow @k; looks at the plain case. */
static __always_inline bool is_of(struct __sk_buff *skb,
				  const struct flow_key *k, bool egress)
{
	const __u8 *h = (void *)(long)skb->data;
	const __u8 *end = (void *)(long)skb->data_end;
	const __u8 *local = egress ? k->local : k->remote;
	const __u8 *remote = egress ? k->remote : k->local;
	__u16 source = bpf_htons(egress ? k->local_port : k->remote_port);
	__u16 dest = bpf_htons(egress ? k->remote_port : k->local_port);

	if (k->proto != IPPROTO_UDP || h + 28 > end)
		return false;
	if (h[0] == 0x45)
		return h[9] == IPPROTO_UDP && !(h[6] & 0x3f) && !h[7] &&
		       equal_mapped(local, h + 12) &&
		       equal_mapped(remote, h + 16) &&
		       *(const __u16 *)(h + 20) == source &&
		       *(const __u16 *)(h + 22) == dest;
	return h + 48 <= end && h[0] >> 4 == 6 && h[6] == IPPROTO_UDP &&
	       equal16(local, h + 8) && equal16(remote, h + 24) &&
	       *(const __u16 *)(h + 40) == source &&
	       *(const __u16 *)(h + 42) == dest;
}

#endif
