/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sockets in their processes' own context, and connections by address. */
#ifndef PKTWHO_BPF_SOCKETS_BPF_H
#define PKTWHO_BPF_SOCKETS_BPF_H

#include "bpf/flow.bpf.h"
#include "bpf/user.bpf.h"

static __always_inline int used_by_current(struct bpf_sock *sk, void *ctx,
					   enum use use, bool expected)
{
	struct sock_info *s = sk ? info_of(sk, ctx, expected) : NULL;

	if (!s)
		return 1;
	/*
	 * Who adds a tunnel does not use its socket.  TCP's may be a subflow of
	 * MPTCP, which has no file either.
	 */
	if (!s->owner.tgid && sk->protocol != IPPROTO_TCP &&
	    is_kernels((void *)s->address))
		s->flags |= PROBE_KERNEL;
	else
		take_over(s, use);
	return 1;
}

/* Others' datagrams may be read by it: so is what nobody else has. */
static __always_inline void expect_copies(void)
{
	struct probe_event *e = event_begin(PROBE_FRAME);

	if (!e)
		return;
	e->roles = PROBE_READER;
	bpf_ringbuf_submit(e, wakeup());
}

/*
 * Not yet with a file; the kernel's own are not told.  Connections and
 * datagrams pass another hook before their first packet.
 */
SEC("cgroup/sock_create")
int on_sock_create(struct bpf_sock *ctx)
{
	struct sock_info *s;

	if (ctx->protocol == IPPROTO_TCP || ctx->protocol == IPPROTO_UDP)
		return 1;
	s = info_of(ctx, ctx, true);
	if (s)
		take_over(s, USE_HOLD);
	if (ctx->type == SOCK_RAW && has_ports(ctx->protocol))
		expect_copies();
	return 1;
}

/* A TCP socket has its port for others once it listens. */
static __always_inline int on_bound(struct bpf_sock *sk, struct flow_key *k)
{
	struct sock_info *s;

	used_by_current(sk, sk, USE_HOLD, true);
	k->proto = sk->protocol;
	k->local_port = sk->src_port;
	s = bpf_sk_storage_get(&sockets, sk, 0, 0);
	if (s && has_ports(k->proto) && k->proto != IPPROTO_TCP)
		tell_socket(PROBE_BOUND, s, k, PROBE_SENDER | PROBE_READER);
	return 1;
}

SEC("cgroup/post_bind4")
int on_post_bind4(struct bpf_sock *ctx)
{
	struct flow_key k = {};

	map_ipv4(k.local, ctx->src_ip4);
	return on_bound(ctx, &k);
}

SEC("cgroup/post_bind6")
int on_post_bind6(struct bpf_sock *ctx)
{
	struct flow_key k = {};
	__u32 *local = (__u32 *)k.local;

	local[0] = ctx->src_ip6[0];
	local[1] = ctx->src_ip6[1];
	local[2] = ctx->src_ip6[2];
	local[3] = ctx->src_ip6[3];
	return on_bound(ctx, &k);
}

static __always_inline int used_with_ipv4(struct bpf_sock_addr *ctx,
					  enum use use)
{
	__u32 peer[4];

	map_ipv4((__u8 *)peer, ctx->user_ip4);
	return used_by_current(ctx->sk, ctx, use, is_seen_peer(peer));
}

static __always_inline int used_with_ipv6(struct bpf_sock_addr *ctx,
					  enum use use)
{
	const __u32 peer[4] = { ctx->user_ip6[0], ctx->user_ip6[1],
				ctx->user_ip6[2], ctx->user_ip6[3] };

	return used_by_current(ctx->sk, ctx, use, is_seen_peer(peer));
}

SEC("cgroup/connect4")
int on_connect4(struct bpf_sock_addr *ctx)
{
	return used_with_ipv4(ctx, USE_HOLD);
}

SEC("cgroup/connect6")
int on_connect6(struct bpf_sock_addr *ctx)
{
	return used_with_ipv6(ctx, USE_HOLD);
}

SEC("cgroup/sendmsg4")
int on_sendmsg4(struct bpf_sock_addr *ctx)
{
	return used_with_ipv4(ctx, USE_SEND);
}

SEC("cgroup/sendmsg6")
int on_sendmsg6(struct bpf_sock_addr *ctx)
{
	return used_with_ipv6(ctx, USE_SEND);
}

SEC("cgroup/recvmsg4")
int on_recvmsg4(struct bpf_sock_addr *ctx)
{
	return used_with_ipv4(ctx, USE_READ);
}

SEC("cgroup/recvmsg6")
int on_recvmsg6(struct bpf_sock_addr *ctx)
{
	return used_with_ipv6(ctx, USE_READ);
}

/*
 * accept(fd, &addr, ...) asks for the peer's name, too.  Who asks later does
 * not use the connection.
 */
static __always_inline int on_accepted(struct bpf_sock_addr *ctx)
{
	struct sock_info *s = ctx->sk ? info_of(ctx->sk, ctx, false) : NULL;

	if (s && s->flags & PROBE_INHERITED)
		take_over(s, USE_HOLD);
	return 1;
}

SEC("cgroup/getpeername4")
int on_getpeername4(struct bpf_sock_addr *ctx)
{
	return on_accepted(ctx);
}

SEC("cgroup/getpeername6")
int on_getpeername6(struct bpf_sock_addr *ctx)
{
	return on_accepted(ctx);
}

/* UDP and raw sockets end here; TCP says so through its state. */
SEC("cgroup/sock_release")
int on_sock_release(struct bpf_sock *ctx)
{
	struct sock_info *s = bpf_sk_storage_get(&sockets, ctx, 0, 0);

	if (!s)
		return 1;
	s->file = FILE_RELEASED;
	if (s->cookie && ctx->protocol != IPPROTO_TCP &&
	    ctx->protocol != IPPROTO_MPTCP)
		tell_socket(PROBE_CLOSE, s, NULL, 0);
	return 1;
}

/* ---- sockops: TCP connections by address, before their first packet ---- */

static __always_inline void sockops_key(struct bpf_sock_ops *ctx,
					struct flow_key *k)
{
	if (ctx->family == AF_INET) {
		map_ipv4(k->local, ctx->local_ip4);
		map_ipv4(k->remote, ctx->remote_ip4);
		/* Or clang merges both branches' loads into one by pointer. */
		barrier();
	} else {
		__u32 *local = (__u32 *)k->local, *remote = (__u32 *)k->remote;

		local[0] = ctx->local_ip6[0];
		local[1] = ctx->local_ip6[1];
		local[2] = ctx->local_ip6[2];
		local[3] = ctx->local_ip6[3];
		remote[0] = ctx->remote_ip6[0];
		remote[1] = ctx->remote_ip6[1];
		remote[2] = ctx->remote_ip6[2];
		remote[3] = ctx->remote_ip6[3];
	}
	k->proto = IPPROTO_TCP;
	k->local_port = ctx->local_port;
	k->remote_port = bpf_ntohl(ctx->remote_port);
}

SEC("sockops")
int on_sockops(struct bpf_sock_ops *ctx)
{
	struct bpf_sock *sk = ctx->sk;
	struct flow_key k = {};
	struct sock_info *s;
	__u32 op = ctx->op;

	if (op != BPF_SOCK_OPS_TCP_CONNECT_CB &&
	    op != BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB &&
	    op != BPF_SOCK_OPS_TCP_LISTEN_CB)
		return 1;
	if (!sk)
		return 1;
	sockops_key(ctx, &k);
	if (!is_seen_peer((const __u32 *)k.remote)) {
		/* The clone's is its listener's. */
		if (op == BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB)
			bpf_sk_storage_delete(&sockets, sk);
		return 1;
	}
	s = info_of(sk, ctx, true);
	if (!s)
		return 1;
	if (op == BPF_SOCK_OPS_TCP_LISTEN_CB) {
		s->flags |= PROBE_LISTENING;
		take_over(s, USE_HOLD);
		tell_socket(PROBE_BOUND, s, &k, PROBE_SENDER | PROBE_READER);
		return 1;
	}
	if (op == BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB) {
		/* The clone brought everything of the listener's along. */
		s->cookie = bpf_get_socket_cookie(ctx);
		s->netns = bpf_get_netns_cookie(ctx);
		s->epoch = epoch;
		s->address = address_of(sk);
		s->file = 0;
		s->roles = 0;
		s->told = true;
		s->wrote = s->read = s->writers = false;
		s->maker = 0;
		s->pending_ns = s->full_ns = 0;
		s->read_jiffies = 0;
		s->held_jiffies = bpf_jiffies64();
		s->awaited = 0;
		s->shared_ns = 0;
		s->several = false;
		s->flags = (s->flags & ~PROBE_LISTENING) | PROBE_INHERITED;
	}
	s->last_tx = k;
	s->last_rx = k;
	s->tx_told = s->rx_told = false;
	s->stream = true;
	/* connect() tried again: its first flow has ended. */
	if (op == BPF_SOCK_OPS_TCP_CONNECT_CB)
		forget_reported(s, &k);
	tell_flow(s, &k, PROBE_SENDER | PROBE_READER);
	return 1;
}

#endif
