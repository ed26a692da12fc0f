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

/* True if several sockets have this flow, so that each packet is told. */
static __always_inline bool tell_flow(struct sock_info *s,
				      const struct flow_key *k, __u8 roles)
{
	struct flow_id id = { .netns = s->netns, .key = *k };
	struct reported *r = bpf_map_lookup_elem(&reported_flows, &id);
	/* The kernel's own, one for each CPU, are all nobody's. */
	struct reported now = {
		.cookie = s->flags & PROBE_KERNEL ? ~0ull : s->cookie,
		.epoch = epoch,
	};
	__u64 ns;

	if (r && r->epoch != now.epoch)
		r = NULL;
	if (r && r->cookie == now.cookie && !r->shared_ns)
		return false;
	ns = bpf_ktime_get_ns();
	if (r && r->cookie == now.cookie &&
	    is_recent(r->shared_ns, ns, SHARED_NS))
		return true;
	__sync_fetch_and_add(&generations[k->local_port % GENERATIONS], 1);
	if (r && r->cookie != now.cookie) {
		bool told = is_recent(r->shared_ns, ns, SHARED_NS);

		r->cookie = now.cookie;
		/* A connection begins anew under the same ports. */
		r->shared_ns = k->proto == IPPROTO_TCP ||
					       roles != PROBE_READER ? 0 : ns;
		if (!told || !r->shared_ns)
			tell_socket(PROBE_FLOW, s, k, roles);
		return true;
	}
	bpf_map_update_elem(&reported_flows, &id, &now, BPF_ANY);
	tell_socket(PROBE_FLOW, s, k, roles);
	return false;
}

static __always_inline void forget_reported(const struct sock_info *s,
					const struct flow_key *k)
{
	struct flow_id id = { .netns = s->netns, .key = *k };

	bpf_map_delete_elem(&reported_flows, &id);
}

#endif
