/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a packet is known by, as packet/parse.c makes it: its flow, its arrival. */
#ifndef PKTWHO_BPF_KEY_BPF_H
#define PKTWHO_BPF_KEY_BPF_H

#include "bpf/kernel_types.bpf.h"
#include "bpf/storage.bpf.h"

static __always_inline void map_ipv4(__u8 out[16], __u32 addr)
{
	__u32 *word = (__u32 *)out;

	word[0] = 0;
	word[1] = 0;
	word[2] = bpf_htonl(0xffff);
	word[3] = addr;
}

/* Of those that the kernel has sockets for. */
static __always_inline bool has_ports(__u8 proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP ||
	       proto == IPPROTO_UDPLITE || proto == IPPROTO_SCTP ||
	       proto == IPPROTO_DCCP;
}

static __always_inline void set_ports(struct flow_key *k, bool egress,
				      __u16 source, __u16 dest)
{
	k->local_port = egress ? source : dest;
	k->remote_port = egress ? dest : source;
}

/* Ports, or identifier and role, from the transport header's first bytes. */
static __always_inline void header_key(const __u8 b[8], struct flow_key *k,
				       bool egress)
{
	bool asks, answers;

	if (k->proto == IPPROTO_ICMP || k->proto == IPPROTO_ICMPV6) {
		asks = k->proto == IPPROTO_ICMP ? b[0] == ICMP_ECHO :
						  b[0] == ICMPV6_ECHO_REQUEST;
		answers = k->proto == IPPROTO_ICMP ? b[0] == ICMP_ECHOREPLY :
						     b[0] == ICMPV6_ECHO_REPLY;
		if (!asks && !answers)
			return;
		k->local_port = b[4] << 8 | b[5];
		k->remote_port = asks == egress ? FLOW_ECHO_ASKS :
						  FLOW_ECHO_ANSWERS;
	} else if (has_ports(k->proto)) {
		set_ports(k, egress, b[0] << 8 | b[1], b[2] << 8 | b[3]);
	}
}

/* What tells a packet from the others of its flow. */
struct packet_print {
	__u64 fingerprint;
	__u32 seq_end; /* TCP: of its payload */
	__u32 payload; /* TCP, UDP: its bytes */
};

/* Up to sizeof(*word) bytes, by sizes that each kernel's verifier follows. */
static __always_inline void load_word(struct __sk_buff *skb, __u32 off,
				      __u32 left, __u64 *word)
{
	if (left >= sizeof(*word)) {
		bpf_skb_load_bytes(skb, off, word, sizeof(*word));
		return;
	}
	for (__u32 i = 0; i < sizeof(*word) - 1; i++)
		if (i < left)
			bpf_skb_load_bytes(skb, off + i, (__u8 *)word + i, 1);
}

static __always_inline __u64 skb_fingerprint(struct __sk_buff *skb, __u32 off,
					     __u8 proto, __u16 ip_id,
					     const __u8 head[8])
{
	__u64 payload[FLOW_PAYLOAD] = {}, start;
	__u32 left = skb->len;

	off += 8;
	left = left > off ? left - off : 0;
	for (int i = 0; i < FLOW_PAYLOAD; i++) {
		load_word(skb, off + i * 8, left, &payload[i]);
		left = left > 8 ? left - 8 : 0;
	}
	__builtin_memcpy(&start, head, sizeof(start));
	return flow_fingerprint(proto, ip_id, start, payload);
}

/*
 * Returns TCP's flags, or the type of another header that begins with one.  A
 * packet too short for a transport header keeps zeros: user space makes the
 * same key of it.  Not inlined, as skb_key().
 */
__noinline int transport_key(struct __sk_buff *skb, __u32 off,
			     struct flow_key *k, __u32 ip_id_egress,
			     struct packet_print *print)
{
	bool egress = ip_id_egress & 1;
	__u16 ip_id = ip_id_egress >> 1;
	__u8 b[8] = {}, tcp[2] = {};
	__u64 start = 0;

	if (!k)
		return 0;
	if (!bpf_skb_load_bytes(skb, off, b, sizeof(b)))
		header_key(b, k, egress);
	else if (print && skb->len > off)
		load_word(skb, off, skb->len - off, &start);
	if (start)
		__builtin_memcpy(b, &start, sizeof(b));
	if (print)
		print->fingerprint = skb_fingerprint(skb, off, k->proto, ip_id,
						     b);
	if (print && k->proto == IPPROTO_UDP)
		print->payload = (b[4] << 8 | b[5]) - sizeof(b);
	if (k->proto != IPPROTO_TCP)
		return b[0];
	bpf_skb_load_bytes(skb, off + TCP_OFFSET, tcp, sizeof(tcp));
	if (print) {
		__u32 seq = (__u32)b[4] << 24 | b[5] << 16 | b[6] << 8 | b[7];
		__u32 head = off + (tcp[0] >> 4) * 4;

		print->payload = skb->len > head ? skb->len - head : 0;
		print->seq_end = seq + print->payload;
	}
	return tcp[1];
}

static __always_inline int ipv4_key(struct __sk_buff *skb, struct flow_key *k,
				    bool egress, struct packet_print *print)
{
	__u8 h[20];
	__u32 src, dst;

	if (bpf_skb_load_bytes(skb, 0, h, sizeof(h)))
		return -1;
	__builtin_memcpy(&src, h + 12, 4);
	__builtin_memcpy(&dst, h + 16, 4);
	map_ipv4(k->local, egress ? src : dst);
	map_ipv4(k->remote, egress ? dst : src);
	k->proto = h[9];
	if ((h[6] << 8 | h[7]) & IP_OFFSET)
		return 0;
	return transport_key(skb, (h[0] & 0xf) * 4, k,
			     (h[4] << 8 | h[5]) << 1 | egress, print);
}

static __always_inline int ipv6_key(struct __sk_buff *skb, struct flow_key *k,
				    bool egress, struct packet_print *print)
{
	__u8 h[40];
	__u32 off;

	if (bpf_skb_load_bytes(skb, 0, h, sizeof(h)))
		return -1;
	__builtin_memcpy(k->local, egress ? h + 8 : h + 24, 16);
	__builtin_memcpy(k->remote, egress ? h + 24 : h + 8, 16);
	k->proto = h[6];
	off = sizeof(h);
	for (int i = 0; i < FLOW_EXTENSIONS; i++) {
		bool fragment = k->proto == IPPROTO_FRAGMENT;

		if (!fragment && k->proto != IPPROTO_HOPOPTS &&
		    k->proto != IPPROTO_ROUTING && k->proto != IPPROTO_DSTOPTS)
			return transport_key(skb, off, k, egress, print);
		if (bpf_skb_load_bytes(skb, off, h, 8))
			return 0;
		k->proto = h[0];
		if (fragment && (h[2] << 8 | h[3]) & IP6_OFFSET)
			return 0;
		off += fragment ? 8 : (h[1] + 1) * 8;
	}
	return -1;
}

/*
 * transport_key()'s answer, 0 for a later fragment, -1 if it is not IP or has too
 * many headers.  Not inlined: the verifier walks through the headers once, not
 * for each caller.
 */
__noinline int skb_key(struct __sk_buff *skb, struct flow_key *k, bool egress,
		       struct packet_print *print)
{
	if (!k)
		return -1;
	if (skb->protocol == bpf_htons(ETH_P_IP))
		return ipv4_key(skb, k, egress, print);
	if (skb->protocol == bpf_htons(ETH_P_IPV6))
		return ipv6_key(skb, k, egress, print);
	return -1;
}

/* flow_segment() of a packet that has at least 20 bytes behind its IPv6 header. */
static __always_inline __u64 segment_of(const __u8 *h, const __u8 *end)
{
	__u64 options = 0;

	if (h + 60 > end)
		return 0;
	if (h + 40 + FLOW_SEGMENT <= end)
		__builtin_memcpy(&options, h + 60, sizeof(options));
	return flow_segment(h[52], options, h[4] << 8 | h[5]);
}

/*
 * flow_arrival() of a plain packet, as packet/parse.c knows them, the port that it
 * came to, and of TCP its number; 0: it is not plain.
 */
static __always_inline __u64 arrival_of(struct __sk_buff *skb, __u16 *port,
					__u32 *sequence)
{
	const __u8 *h = (void *)(long)skb->data;
	const __u8 *end = (void *)(long)skb->data_end;
	__u64 words[FLOW_ARRIVAL] = {};
	__u32 off = 40;
	__u16 ip_id = 0;
	__u8 proto;

	/* The transport's header is never in a later piece of the packet. */
	if (h + 28 > end)
		return 0;
	if (h[0] == 0x45) {
		proto = h[9];
		ip_id = h[4] << 8 | h[5];
		*port = h[22] << 8 | h[23];
		off = 20;
	} else {
		if (h + 48 > end)
			return 0;
		proto = h[6];
		*port = h[42] << 8 | h[43];
	}
	if (proto == IPPROTO_TCP) {
		bpf_skb_load_bytes(skb, off + 4, words, sizeof(words[0]));
		if (off == 40)
			words[1] = segment_of(h, end);
		*sequence = bpf_ntohl((__u32)words[0]);
	} else if (proto != IPPROTO_UDP) {
		return 0;
	} else if (bpf_skb_load_bytes(skb, off + 8, words, sizeof(words))) {
		bpf_skb_load_bytes(skb, off + 8, words, sizeof(words[0]));
	}
	return flow_arrival(ip_id, words);
}

/* Linux 6.1 does not follow how a place is made: only the mask tells it. */
static __always_inline void mark_place(__u8 *table, __u32 at, __u8 mark)
{
	barrier_var(at);
	table[at % PROBE_ARRIVALS] = mark;
}

/* How far its socket was when it came. */
static __always_inline __u8 mark_of(struct bpf_sock *sk,
				    const struct sock_info *s, __u32 sequence)
{
	const struct bpf_tcp_sock *tp;

	if (!s)
		return PROBE_ARRIVED;
	if (sk->protocol != IPPROTO_TCP)
		return PROBE_ARRIVED | (s->reads & PROBE_READS_MASK);
	/* A handshake's last packet comes to its listener. */
	tp = sk->state != BPF_TCP_LISTEN ? bpf_tcp_sock(sk) : NULL;
	return PROBE_ARRIVED |
	       (tp && (__s32)(sequence - tp->rcv_nxt) < 0 ? PROBE_AGAIN : 0);
}

/* A socket gets this packet: nothing on its way has refused it. */
static __always_inline void mark_arrival(struct __sk_buff *skb,
					 struct bpf_sock *sk,
					 const struct sock_info *s)
{
	__u32 now = arrivals_now & 1, sequence = 0;
	__u16 port;
	__u64 arrival = arrival_of(skb, &port, &sequence);
	__u8 *table = arrival ? bpf_map_lookup_elem(&arrivals, &now) : NULL;
	__u8 mark;

	if (!table)
		return;
	mark = mark_of(sk, s, sequence);
	mark_place(table, arrival_place(arrival), mark);
	mark_place(table, arrival_port_place(arrival, port), mark);
}

#endif
