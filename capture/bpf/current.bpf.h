/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whether the running task is who sends the packet at hand. */
#ifndef PKTWHO_BPF_CURRENT_BPF_H
#define PKTWHO_BPF_CURRENT_BPF_H

#include "bpf/mptcp.bpf.h"
#include "bpf/user.bpf.h"

#ifdef __TARGET_ARCH_arm64
#define SYSCALL_NR(regs)   BPF_CORE_READ(regs, syscallno)
#define SYSCALL_ARG0(regs) BPF_CORE_READ(regs, orig_x0)
#define SYSCALL_ARG1(regs) BPF_CORE_READ(regs, regs[1])
#define SYSCALL_ARG2(regs) BPF_CORE_READ(regs, regs[2])
#define SYSCALL_IS_OVER(regs) \
	(BPF_CORE_READ(regs, regs[0]) != BPF_CORE_READ(regs, orig_x0))
#else
#define SYSCALL_NR(regs)      (int)BPF_CORE_READ(regs, orig_ax)
#define SYSCALL_ARG0(regs)    BPF_CORE_READ(regs, di)
#define SYSCALL_ARG1(regs)    BPF_CORE_READ(regs, si)
#define SYSCALL_ARG2(regs)    BPF_CORE_READ(regs, dx)
#define SYSCALL_IS_OVER(regs) ((int)BPF_CORE_READ(regs, ax) != -ENOSYS)
#endif

static __always_inline struct sock *sock_of_fd(struct task_struct *t, __u32 fd)
{
	struct fdtable *table = BPF_CORE_READ(t, files, fdt);
	struct file **files, *file = NULL;
	struct socket *socket;

	if (!table || fd >= BPF_CORE_READ(table, max_fds))
		return NULL;
	files = BPF_CORE_READ(table, fd);
	bpf_probe_read_kernel(&file, sizeof(file), files + fd);
	socket = BPF_CORE_READ(file, private_data);
	return BPF_CORE_READ(socket, sk);
}

/*
 * What the running system call does with the descriptor in @fd.  An option of
 * a connection lets go what was written to it; UDP_CORK what another may have.
 */
static __always_inline enum use use_of(int nr, bool tcp)
{
	switch (nr) {
	case __NR_sendto:
	case __NR_sendmsg:
	case __NR_sendmmsg:
	case __NR_write:
	case __NR_writev:
	case __NR_pwritev2:
	case __NR_sendfile:
	case __NR_splice:
	case __NR_connect:
	case __NR_shutdown:
		return USE_SEND;
	case __NR_setsockopt:
		return tcp ? USE_SEND : USE_NONE;
	case __NR_read:
	case __NR_readv:
	case __NR_preadv2:
	case __NR_recvfrom:
	case __NR_recvmsg:
	case __NR_recvmmsg:
		return USE_READ;
	default:
		return USE_NONE;
	}
}

/*
 * What waited in a ring of io_uring is sent on the way back to its process, from
 * whichever call, or from none at all.
 */
static __always_inline bool returns_to_ring(struct task_struct *t,
					    struct pt_regs *regs)
{
	return bpf_core_field_exists(t->io_uring) &&
	       BPF_CORE_READ(t, io_uring) && SYSCALL_IS_OVER(regs);
}

/* A ring of io_uring has none; the numbers of 32-bit programs are others. */
static __always_inline bool has_syscall(const struct task_struct *t)
{
	if (!regs_at || t->flags & PF_IO_WORKER)
		return false;
#ifndef __TARGET_ARCH_arm64
	if (bpf_core_field_exists(t->thread_info.status) &&
	    t->thread_info.status & TS_COMPAT)
		return false;
#endif
	return true;
}

/* The call's descriptors lie in memory. */
static __always_inline bool takes_from_memory(struct task_struct *t,
					      struct pt_regs *regs, int nr)
{
	return nr == __NR_io_uring_enter || nr == __NR_io_submit ||
	       returns_to_ring(t, regs);
}

/*
 * Whether the running task sends, reads or closes @sk, or only happens to run:
 * it lets a queued packet go (NFQUEUE), or holds the lock to look at the
 * socket (ss -i, TCP_INFO).  Its system call and that call's descriptor tell.
 */
static __always_inline enum use current_use(struct sock *sk, bool tcp)
{
	struct task_struct *t = bpf_get_current_task_btf();
	__u32 flags = t->flags;
	struct sock *used;
	struct pt_regs *regs;
	enum use use;
	__u32 fd;
	int nr;

	if (flags & PF_KTHREAD)
		return USE_NONE;
	if (flags & PF_EXITING)
		return USE_END;
	if (!has_syscall(t))
		return USE_SEND;
	regs = t->stack + regs_at;
	nr = SYSCALL_NR(regs);
#ifdef __NR_dup2
	if (nr == __NR_dup2)
		return USE_END;
#endif
	if (nr == __NR_close || nr == __NR_close_range || nr == __NR_dup3)
		return USE_END;
	if (takes_from_memory(t, regs, nr))
		return USE_SEND;
	use = use_of(nr, tcp);
	if (use == USE_NONE)
		return use;
	fd = nr == __NR_splice ? SYSCALL_ARG2(regs) : SYSCALL_ARG0(regs);
	used = sock_of_fd(t, fd);
	if (used == sk ||
	    (used && BPF_CORE_READ(used, sk_protocol) == IPPROTO_MPTCP))
		return use;
	return USE_NONE;
}

/* Whether its system call need not tell that it sends. */
static __always_inline bool is_unsure(struct task_struct *t)
{
	struct pt_regs *regs = t->stack + regs_at;

	return !has_syscall(t) || takes_from_memory(t, regs, SYSCALL_NR(regs));
}

/* What was corked is of who wrote it, whoever lets it go. */
static __always_inline bool is_corked(struct sock *sk, __u32 protocol)
{
	return protocol == IPPROTO_UDP &&
	       BPF_CORE_READ((struct udp_sock *)sk, pending);
}

/*
 * A firewall is to decide about a packet of @sk (NFQUEUE), which leaves later,
 * when that runs.  Its own may follow where another has been.
 */
static __always_inline void note_delayed(struct sk_buff *skb, struct sock *sk)
{
	__u64 at = (__u64)BPF_CORE_READ(skb, head);
	struct delayed q = { .socket = address_of(sk), .len = skb->len };

	delays_seen = 1;
	if (current_use(sk, false) != USE_SEND ||
	    is_corked(sk, sk->sk_protocol)) {
		bpf_map_delete_elem(&delayed, &at);
		return;
	}
	q.unsure = is_unsure(bpf_get_current_task_btf());
	fill_current(&q.sender);
	bpf_map_update_elem(&delayed, &at, &q, BPF_ANY);
}

static __always_inline bool is_one_of_users(const struct sock_info *s,
					    __u32 tgid)
{
	return s->owner.tgid == tgid || s->maker == tgid ||
	       s->read_by == tgid ||
	       (s->roles & SOCK_SPLIT && s->reader.tgid == tgid);
}

/* Who sent a packet that a firewall lets go now; NULL: that is not known. */
static __always_inline const struct probe_owner *
delayed_sender(struct __sk_buff *ctx, const struct sock_info *s)
{
	struct sk_buff *skb = (void *)address_of(ctx);
	__u64 at = (__u64)BPF_CORE_READ(skb, head);
	const struct delayed *q = bpf_map_lookup_elem(&delayed, &at);

	return q && q->socket == s->address && q->len == ctx->len &&
			       is_recent(q->sender.seen_ns, bpf_ktime_get_ns(),
					 PROBE_SENT_NS) &&
			       (!q->unsure ||
				is_one_of_users(s, q->sender.tgid)) ?
		       &q->sender :
		       NULL;
}

/* Nothing was written before what it sends first, if that is no SYN. */
static __always_inline void note_first_sent(struct sock_info *s, __u32 next)
{
	struct sock *sk = (void *)s->address;

	if (s->wrote || s->subflow ||
	    BPF_CORE_READ(sk, __sk_common.skc_state) == BPF_TCP_SYN_SENT)
		return;
	s->wrote_seq = next;
	s->wrote = true;
}

/*
 * One process takes a connection over that another has written to: what has left
 * and is in no write that has ended is of one that goes on.  So may be what waits.
 */
static __always_inline void note_writer(struct sock_info *s, enum use use)
{
	struct tcp_sock *tp = (void *)s->address;
	__u32 tgid = bpf_get_current_task_btf()->tgid;
	const struct subflow *f = subflow_of(s->cookie);
	__u32 next;

	/* Who reads from MPTCP is told with the connection, not its subflow. */
	if (f) {
		s->wrote_seq = f->written;
		s->wrote = true;
		s->roles |= SOCK_SPLIT;
	}
	if (use != USE_SEND)
		return;
	next = BPF_CORE_READ(tp, snd_nxt);
	if (!(s->roles & SOCK_SENT) || s->owner.tgid == tgid) {
		note_first_sent(s, next);
		return;
	}
	s->writers = true;
	if (!s->wrote)
		begin_written(s, tp, next);
	if ((__s32)(next - s->wrote_seq) <= 0)
		return;
	s->disputed = true;
	s->disputed_seq = s->wrote_seq;
	s->wrote_seq = BPF_CORE_READ(tp, write_seq);
}

/*
 * Whether `current` may be the sender.  TCP: a socket locked by a process is
 * never transmitted on by a softirq, which would be queued behind it.  Others
 * transmit synchronously, except the kernel's control sockets, which borrow
 * whatever task is running and have no file.  True if it is.
 */
static __always_inline bool sender_takes_over(struct sock_info *s,
					      struct bpf_sock *sk)
{
	struct sock *ksk = (void *)s->address;
	bool tcp = sk->protocol == IPPROTO_TCP || sk->protocol == IPPROTO_MPTCP;
	enum use use;

	if (s->subflow)
		follow_connection(s);
	if (!(s->flags & PROVISIONAL) && s->roles & SOCK_SENT &&
	    is_told_user(&s->owner) && (!tcp || is_program(&s->owner)))
		return true;
	if (tcp ? sk->state == BPF_TCP_LISTEN ||
			    !BPF_CORE_READ(ksk, sk_lock.owned) :
		  !BPF_CORE_READ(ksk, sk_socket, file))
		return false;
	use = current_use(ksk, tcp);
	if (use == USE_NONE)
		return false;
	if (is_corked(ksk, sk->protocol))
		return false;
	if (tcp)
		note_writer(s, use);
	take_over(s, tcp ? use : USE_SEND);
	if (s->subflow)
		note_subflow_sender(s);
	return use != USE_END;
}

/*
 * What is sent with descriptors, or credentials: whoever gets them may be the
 * only one to have a socket.  Of a ring it is not known.
 */
static __always_inline void note_passed(struct task_struct *t)
{
	struct pt_regs *regs = t->stack + regs_at;
	__u64 size = 1;

	if (regs_at && SYSCALL_NR(regs) == __NR_sendmsg)
		bpf_probe_read_user(&size, sizeof(size),
				    (void *)SYSCALL_ARG1(regs) +
					    MSG_CONTROLLEN);
	else if (regs_at && SYSCALL_NR(regs) != __NR_io_uring_enter &&
		 SYSCALL_NR(regs) != __NR_sendmmsg)
		return;
	if (size)
		note_fork(t);
}

#endif
