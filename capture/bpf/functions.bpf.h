/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Functions of the kernel, where programs may be put to them: for hooks that it
 * lacks, or that cost more.
 */
#ifndef PKTWHO_BPF_FUNCTIONS_BPF_H
#define PKTWHO_BPF_FUNCTIONS_BPF_H

#include "bpf/traced.bpf.h"

/* ---- before Linux 6.3: what sock_send_length and sock_recv_length tell ---- */
SEC("fexit/inet_sendmsg")
int BPF_PROG(on_inet_sendmsg, struct socket *socket, void *message,
	     unsigned long size, int ret)
{
	return on_sent(socket->sk, ret);
}

SEC("fexit/inet6_sendmsg")
int BPF_PROG(on_inet6_sendmsg, struct socket *socket, void *message,
	     unsigned long size, int ret)
{
	return on_sent(socket->sk, ret);
}

SEC("fexit/unix_stream_sendmsg")
int BPF_PROG(on_unix_stream_sendmsg)
{
	note_passed(bpf_get_current_task_btf());
	return 0;
}

SEC("fexit/unix_dgram_sendmsg")
int BPF_PROG(on_unix_dgram_sendmsg)
{
	note_passed(bpf_get_current_task_btf());
	return 0;
}

SEC("fexit/inet_recvmsg")
int BPF_PROG(on_inet_recvmsg, struct socket *socket, void *message,
	     unsigned long size, int flags, int ret)
{
	return on_received(socket->sk, ret, flags);
}

SEC("fexit/inet6_recvmsg")
int BPF_PROG(on_inet6_recvmsg, struct socket *socket, void *message,
	     unsigned long size, int flags, int ret)
{
	return on_received(socket->sk, ret, flags);
}

/* Of raw sockets of IPv6, L2TP. */
SEC("fexit/sock_common_recvmsg")
int BPF_PROG(on_common_recvmsg, struct socket *socket, void *message,
	     unsigned long size, int flags, int ret)
{
	return on_received(socket->sk, ret, flags);
}

/* ---- NFQUEUE ---- */

static __always_inline void on_sent_to_queue(struct sk_buff *skb)
{
	struct sock *sk = skb->sk;

	if (sk && is_inet(sk) &&
	    sk->__sk_common.skc_state != BPF_TCP_NEW_SYN_RECV &&
	    sk->__sk_common.skc_state != BPF_TCP_TIME_WAIT &&
	    sk->sk_protocol != IPPROTO_TCP && is_seen_socket(sk))
		note_delayed(skb, sk);
}

/* What comes in may have its socket, too. */
SEC("fentry/nf_queue")
int BPF_PROG(on_queue, struct sk_buff *skb, struct nf_hook_state *state)
{
	if (state->hook == NF_INET_LOCAL_OUT ||
	    state->hook == NF_INET_POST_ROUTING)
		on_sent_to_queue(skb);
	return 0;
}

/*
 * Where no program may be put to a function: all that is sent, where a process
 * has bound a queue, before whatever may put it there.
 */
SEC("netfilter")
int on_output(struct bpf_nf_ctx *ctx)
{
	on_sent_to_queue(ctx->skb);
	return NF_ACCEPT;
}

/* ---- accept() ---- */

/*
 * The new socket of accept(), also by io_uring, gets its file.  MPTCP's began
 * with all that was known of its listener, whose user may be who accepts.
 */
SEC("fentry/security_sock_graft")
int BPF_PROG(on_graft, struct sock *sk)
{
	struct task_struct *t = bpf_get_current_task_btf();
	struct sock_info *s = seen_info(sk);

	if (s && !(t->flags & PF_KTHREAD) && !traced_use(s, sk, USE_HOLD, NULL))
		tell_user(sk, subflow_cookie(sk), PROBE_SENDER | PROBE_READER,
			  NULL);
	return 0;
}

/*
 * Where no program may be put to a function accept(fd, NULL) passes no hook:
 * find the new descriptor's socket.  Its storage cannot be reached from here,
 * so only user space hears of it; the first packet or read updates the storage.
 */
struct sys_exit_args {
	__u64 common;
	long id;
	long ret;
};

static __always_inline int on_accept(long fd)
{
	const __u8 both = PROBE_SENDER | PROBE_READER;
	struct sock *sk;
	__u16 family;

	if (fd < 0)
		return 0;
	sk = sock_of_fd(bpf_get_current_task_btf(), (__u32)fd);
	family = BPF_CORE_READ(sk, __sk_common.skc_family);
	if (family != AF_INET && family != AF_INET6)
		return 0;
	tell_user(sk, BPF_CORE_READ(sk, __sk_common.skc_cookie.counter), both,
		  NULL);
	tell_user(sk, subflow_cookie(sk), both, NULL);
	return 0;
}

SEC("tp/syscalls/sys_exit_accept4")
int on_exit_accept4(struct sys_exit_args *ctx)
{
	return on_accept(ctx->ret);
}

SEC("tp/syscalls/sys_exit_accept")
int on_exit_accept(struct sys_exit_args *ctx)
{
	return on_accept(ctx->ret);
}

#endif
