// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Which process owns a socket, told by the kernel in that process's own
 * context.  Every inet socket has a storage (struct sock_info) with its last
 * user; whoever creates, connects, accepts, sends or reads takes it over.
 * User space hears of each change, and of each flow the socket takes part in.
 *
 * By hooks of cgroups, sockops, tracepoints and an iterator; functions of the
 * kernel only where that is allowed and cheaper, or the hook is missing.  What
 * the kernel does not know is left out by user space one by one.
 */
#include <stdbool.h>

#include <asm/unistd.h>
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "bpf/kernel_types.bpf.h"
#include "packet/flow.h"
#include "bpf/event.h"
#include "bpf/sockets.bpf.h"
#include "bpf/packets.bpf.h"
#include "bpf/traced.bpf.h"
#include "bpf/functions.bpf.h"
#include "bpf/frames.bpf.h"
#include "bpf/processes.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* ---- what was there before us ---- */

static __always_inline void holder_key(struct flow_key *k, struct sock *sk)
{
	struct sock_common *c = &sk->__sk_common;

	if (c->skc_family == AF_INET) {
		map_ipv4(k->local, c->skc_rcv_saddr);
		map_ipv4(k->remote, c->skc_daddr);
	} else {
		bpf_core_read(k->local, 16, &c->skc_v6_rcv_saddr);
		bpf_core_read(k->remote, 16, &c->skc_v6_daddr);
	}
	k->proto = sk->sk_protocol;
	k->local_port = c->skc_num;
	k->remote_port = bpf_ntohs(c->skc_dport);
}

/*
 * Several processes may hold one socket; the first becomes its provisional
 * owner, and the first that uses it its owner.
 */
SEC("iter/task_file")
int on_open_file(struct bpf_iter__task_file *ctx)
{
	struct task_struct *self = bpf_get_current_task_btf();
	struct task_struct *t = ctx->task;
	struct file *file = ctx->file;
	struct probe_holder h = {};
	struct socket *socket;
	struct tcp_sock *tp;
	struct sock_info *s;
	struct sock *sk;

	if (!t || !file)
		return 0;
	if (!regs_at)
		regs_at = address_of((void *)bpf_task_pt_regs(self)) -
			  (__u64)self->stack;
	socket = bpf_sock_from_file(file);
	sk = socket ? socket->sk : NULL;
	if (sk && sk->__sk_common.skc_family == AF_PACKET) {
		h.key.proto = FLOW_FRAME;
		fill_owner(&h.owner, t);
		bpf_seq_write(ctx->meta->seq, &h, sizeof(h));
		return 0;
	}
	if (!sk || !is_inet(sk))
		return 0;
	if (sees_one_netns() && netns_of(sk) != seen_netns)
		return 0;
	s = traced_info(sk);
	if (!s)
		return 0;
	tp = bpf_skc_to_tcp_sock(sk);
	if (tp)
		note_written(s, tp->write_seq);
	if (shares_table(t))
		share_table(t->tgid, t->tgid);
	fill_owner(&h.owner, t);
	s->told = true;
	if (!s->owner.tgid) {
		s->owner = h.owner;
		s->maker = h.owner.tgid;
		s->held_jiffies = bpf_jiffies64();
		s->flags |= PROBE_SCANNED;
		if (sk->__sk_common.skc_state == BPF_TCP_LISTEN)
			s->flags |= PROBE_LISTENING;
	} else if (s->owner.tgid != (__u32)t->tgid) {
		s->several = true;
	}
	if (s->owner.tgid && !(s->flags & PROVISIONAL)) {
		/* It was used since we are here, when nobody was told. */
		tell_socket(PROBE_OWNER, s, NULL, PROBE_SENDER | PROBE_READER);
	}
	h.cookie = s->cookie;
	h.netns = s->netns;
	h.state = sk->__sk_common.skc_state;
	holder_key(&h.key, sk);
	bpf_seq_write(ctx->meta->seq, &h, sizeof(h));
	return 0;
}
