/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Frames of AF_PACKET, made or read by a process past every socket hook, and
 * what raw sockets read of others' ports.
 */
#ifndef PKTWHO_BPF_FRAMES_BPF_H
#define PKTWHO_BPF_FRAMES_BPF_H

#include "bpf/storage.bpf.h"
#include "bpf/key.bpf.h"

/*
 * Returns the packet's fingerprint, or 0.  Not IP: the kind of frame is all
 * there is of a key.
 */
static __always_inline __u64 frame_key(struct sk_buff *skb, struct flow_key *k,
				       bool egress)
{
	void *at = (void *)BPF_CORE_READ(skb, head) +
		   BPF_CORE_READ(skb, network_header);
	__u64 payload[FLOW_PAYLOAD] = {}, start;
	__u16 ip_id = 0;
	__u8 h[48] = {};
	__u64 n;

	k->proto = FLOW_FRAME;
	k->local_port = bpf_ntohs(BPF_CORE_READ(skb, protocol));
	if (bpf_probe_read_kernel(h, sizeof(h), at))
		return 0;
	if (k->local_port == ETH_P_IP && h[0] >> 4 == 4) {
		__u32 src, dst;

		__builtin_memcpy(&src, h + 12, 4);
		__builtin_memcpy(&dst, h + 16, 4);
		map_ipv4(k->local, egress ? src : dst);
		map_ipv4(k->remote, egress ? dst : src);
		k->proto = h[9];
		k->local_port = 0;
		ip_id = h[4] << 8 | h[5];
		n = (h[2] << 8 | h[3]) - (h[0] & 0xf) * 4;
		at += (h[0] & 0xf) * 4;
	} else if (k->local_port == ETH_P_IPV6 && h[0] >> 4 == 6) {
		__builtin_memcpy(k->local, egress ? h + 8 : h + 24, 16);
		__builtin_memcpy(k->remote, egress ? h + 24 : h + 8, 16);
		k->proto = h[6];
		k->local_port = 0;
		n = h[4] << 8 | h[5];
		at += 40;
	} else {
		/* The verifier must see its bounds. */
		n = (__u16)(BPF_CORE_READ(skb, tail) -
			    BPF_CORE_READ(skb, network_header));
	}
	if (n < 8 || n > 0xffff || bpf_probe_read_kernel(h, 8, at))
		return 0;
	header_key(h, k, egress);
	n -= 8;
	if (n > sizeof(payload))
		n = sizeof(payload);
	if (n && bpf_probe_read_kernel(payload, n, at + 8))
		return 0;
	__builtin_memcpy(&start, h, sizeof(start));
	return flow_fingerprint(k->proto, ip_id, start, payload);
}

/* A raw socket that gets a copy of what a protocol with ports delivers. */
static __always_inline bool hears_ports(struct sock *sk)
{
	return is_inet(sk) && sk->sk_type == SOCK_RAW &&
	       has_ports(sk->sk_protocol);
}

/* Who has made frames of which protocol, and may read the answers. */
struct frame_maker {
	__u32 tgid, protocol;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, struct frame_maker);
	__type(value, __u8);
} frame_makers SEC(".maps");

/* Reads whatever comes, and has not asked by a frame: it reads copies. */
static __always_inline bool only_listens(struct sock *sk,
					 const struct frame_maker *reader)
{
	struct packet_sock *po = (void *)sk;

	return bpf_core_type_exists(struct packet_sock) &&
	       BPF_CORE_READ(po, num) == bpf_htons(ETH_P_ALL) &&
	       !BPF_CORE_READ(sk, sk_filter) &&
	       !bpf_map_lookup_elem(&frame_makers, reader);
}

/* Whether the running task makes this frame, or reads it for itself. */
static __always_inline bool has_frame(struct sock *sk, struct sk_buff *skb,
				      __u8 roles)
{
	struct frame_maker task;
	const __u8 yes = 1;

	/* Of nearly all that is sent no more is to be asked. */
	if (sk->__sk_common.skc_family != AF_PACKET)
		return roles == PROBE_READER && hears_ports(sk);
	task.tgid = bpf_get_current_pid_tgid() >> 32;
	task.protocol = BPF_CORE_READ(skb, protocol);
	if (roles == PROBE_READER)
		return !only_listens(sk, &task);
	if (!bpf_map_lookup_elem(&frame_makers, &task))
		bpf_map_update_elem(&frame_makers, &task, &yes, BPF_ANY);
	return true;
}

/*
 * Told for each frame: the packet socket says nothing of flows, so the answer
 * holds for this frame alone.
 */
static __always_inline int tell_frame(struct sk_buff *skb, __u8 roles)
{
	struct task_struct *t = bpf_get_current_task_btf();
	struct sock *sk = skb->sk;
	struct probe_event *e;

	if (!sk || t->flags & PF_KTHREAD || !has_frame(sk, skb, roles))
		return 0;
	/* A sniffer that reads all there is must not crowd out the rest. */
	if (roles == PROBE_READER &&
	    bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA) > RING_WAKE)
		return 0;
	e = event_begin(PROBE_FRAME);
	if (!e)
		return 0;
	e->netns = netns_of(sk);
	e->roles = roles;
	tell_current(e);
	e->fingerprint = frame_key(skb, &e->key, roles == PROBE_SENDER);
	bpf_ringbuf_submit(e, wakeup());
	return 0;
}

SEC("tp_btf/net_dev_queue")
int BPF_PROG(on_dev_queue, struct sk_buff *skb)
{
	return tell_frame(skb, PROBE_SENDER);
}

/* Who reads through a mapped ring sniffs: frames are not for it. */
SEC("tp_btf/skb_copy_datagram_iovec")
int BPF_PROG(on_copy_datagram, struct sk_buff *skb)
{
	return tell_frame(skb, PROBE_READER);
}

#endif
