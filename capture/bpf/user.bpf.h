/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who uses a socket: the one task, or two where one sends and one reads. */
#ifndef PKTWHO_BPF_USER_BPF_H
#define PKTWHO_BPF_USER_BPF_H

#include "bpf/seen.bpf.h"
#include "bpf/storage.bpf.h"

/*
 * Whether the running task is the same thread of the same process under the
 * same user as @o.  Not inlined, see fill_owner(); no CO-RE reads, as most
 * packets need nothing else.
 */
__noinline int is_user(const struct probe_owner *o)
{
	struct task_struct *t = bpf_get_current_task_btf();

	/* A reused pid is another thread. */
	return o && o->tid == (__u32)t->pid &&
	       o->tid_start == (__u32)t->start_boottime &&
	       o->uid == t->cred->euid.val;
}

/* ... and user space has not been told of it as another user since. */
static __always_inline bool is_told_user(const struct probe_owner *o)
{
	__u32 at = o->tgid % PROBE_FORKERS;

	return is_user(o) &&
	       (told_users[at].tgid != o->tgid || told_users[at].uid == o->uid);
}

/* Whether it neither executed another program nor renamed itself since. */
__noinline int is_program(const struct probe_owner *o)
{
	struct task_struct *t = bpf_get_current_task_btf();
	const __u64 *known;
	__u64 comm[2] = {};

	if (!o)
		return 0;
	bpf_core_read(comm, sizeof(comm), &t->comm);
	if (t->tgid != t->pid)
		BPF_CORE_READ_INTO(&comm, t, group_leader, comm);
	known = (const __u64 *)o->comm;
	return o->exec_gen == (__u32)t->self_exec_id && known[0] == comm[0] &&
	       known[1] == comm[1];
}

/* From now on another may have what this process has. */
static __always_inline void note_fork(const struct task_struct *t)
{
	forked[(__u32)t->tgid % PROBE_FORKERS] = bpf_jiffies64();
	forked_ns[(__u32)t->tgid % PROBE_FORKERS] = bpf_ktime_get_ns();
}

#define PROVISIONAL (PROBE_INHERITED | PROBE_SCANNED | PROBE_KERNEL)

/*
 * Not as user space may have heard of it last, which was told of an accept that
 * is not known here.
 */
static __always_inline __u8 renamed_since(const struct probe_owner *o)
{
	return is_user(o) && is_program(o) ? 0 : PROBE_RENAMED;
}

/* At once: another processor may be doing the same, or be reading it. */
static __always_inline void take_user(struct probe_owner *o)
{
	struct probe_owner now = {};

	fill_current(&now);
	*o = now;
}

static __always_inline void share(struct sock_info *s)
{
	s->shared_ns = bpf_ktime_get_ns();
	s->several = true;
}

static __always_inline void set_owner(struct sock_info *s,
				      struct task_struct *t, __u8 roles)
{
	__u32 before = s->owner.tgid, tgid = t->tgid;

	roles |= renamed_since(&s->owner);
	/* First: who had it may be sending, and is told by itself from now on. */
	if (before && before != tgid)
		share(s);
	if (!s->maker)
		s->maker = tgid;
	take_user(&s->owner);
	/* Two have begun to use it at the same time. */
	if (!before && *(const volatile __u32 *)&s->maker != tgid)
		share(s);
	s->flags &= ~PROVISIONAL;
	s->held_jiffies = bpf_jiffies64();
	s->threads = BPF_CORE_READ(t, signal, nr_threads) > 1;
	tell_socket(PROBE_OWNER, s, NULL, roles);
}

static __always_inline bool reads(struct sock_info *s, struct task_struct *t)
{
	__u8 roles;

	if (s->roles & SOCK_SPLIT && is_told_user(&s->reader))
		return false;
	if (is_told_user(&s->owner)) {
		if (!(s->roles & SOCK_SPLIT))
			return false;
		s->roles &= ~SOCK_SPLIT;
		tell_socket(PROBE_OWNER, s, NULL, PROBE_READER);
		return true;
	}
	/* Who has never sent is not kept as the sender: it handed over. */
	if (!(s->roles & (SOCK_SENT | SOCK_SPLIT))) {
		set_owner(s, t, PROBE_SENDER | PROBE_READER);
		return true;
	}
	roles = PROBE_READER | renamed_since(&s->reader);
	take_user(&s->reader);
	s->held_jiffies = bpf_jiffies64();
	s->several = true;
	s->roles |= SOCK_SPLIT;
	tell_socket(PROBE_OWNER, s, NULL, roles);
	return true;
}

/*
 * The running task uses this socket: from now on it is the owner, or one of
 * the two where one process sends and another reads.  Kernel threads never
 * are.  True if that was news, and told.
 */
static __always_inline bool take_over(struct sock_info *s, enum use use)
{
	struct task_struct *t = bpf_get_current_task_btf();
	bool provisional = s->flags & PROVISIONAL || !s->owner.tgid;

	if (use == USE_NONE || t->flags & PF_KTHREAD)
		return false;
	/* Who only got it in some way, or is the end of a queue it was in. */
	if (use == USE_END && !provisional && s->maker != (__u32)t->tgid)
		return false;
	if (use == USE_READ && !provisional)
		return reads(s, t);
	if (!provisional && is_told_user(&s->owner)) {
		if (use == USE_SEND)
			s->roles |= SOCK_SENT;
		if (use != USE_SEND || !s->stream || is_program(&s->owner))
			return false;
	}
	if (use != USE_SEND || provisional)
		s->roles = 0;
	if (use == USE_SEND)
		s->roles |= SOCK_SENT;
	set_owner(s, t,
		  s->roles & SOCK_SPLIT ? PROBE_SENDER :
					  PROBE_SENDER | PROBE_READER);
	return true;
}

#define WRITTEN_AT_ONCE (1u << 24) /* bytes, while a write ends */

/* What is written from now on begins there, or after what another has noted. */
static __always_inline void note_written(struct sock_info *s, __u32 written)
{
	if (!s->wrote || s->wrote_seq - written > WRITTEN_AT_ONCE)
		s->wrote_seq = written;
	s->wrote = true;
	s->stream = true;
}

/*
 * Where a connection begins, whose user sends before any write of its has ended.
 * Its SYN may be counted.
 */
static __always_inline void begin_written(struct sock_info *s,
					  const struct tcp_sock *tp, __u32 next)
{
	s->wrote_seq = BPF_CORE_READ(tp, snd_una) -
		       (__u32)BPF_CORE_READ(tp, bytes_acked);
	if (next - s->wrote_seq == 1)
		s->wrote_seq = next;
	s->wrote = true;
}

/* Others have it, too. */
static __always_inline bool has_users(struct file *file)
{
	struct file___before_6_13 *old = (void *)file;

	if (bpf_core_field_exists(file->f_ref))
		return BPF_CORE_READ(file, f_ref.refcnt.counter) > 0;
	return BPF_CORE_READ(old, f_count.counter) > 1;
}

/* Another process may have written to it just now, and not told yet. */
static __always_inline bool may_have_writers(const struct sock_info *s,
					     const struct tcp_sock *tp)
{
	struct file *file;

	if (s->writers &&
	    is_recent(s->shared_ns, bpf_ktime_get_ns(), PROBE_SHARED_NS))
		return true;
	file = BPF_CORE_READ((struct sock *)tp, sk_socket, file);
	return file && has_users(file);
}

/*
 * Several have written at the same time: more, or less, has come since the last
 * write than this one's @sent, until @written.  Whoever has it now goes on.
 */
static __always_inline bool is_disputed(struct sock_info *s,
					const struct tcp_sock *tp,
					__u32 written, int sent)
{
	__u32 tgid = bpf_get_current_task_btf()->tgid;
	bool another = s->roles & SOCK_SENT && s->owner.tgid != tgid;

	if (!sent || (!s->wrote && !another))
		return false;
	if (!s->wrote)
		begin_written(s, tp, written - sent);
	if (written - s->wrote_seq == (__u32)sent ||
	    (!another && !may_have_writers(s, tp)))
		return false;
	if (another)
		share(s);
	s->writers = true;
	if ((__s32)(written - s->wrote_seq) <= 0)
		return true;
	s->disputed = true;
	s->disputed_seq = s->wrote_seq;
	s->wrote_seq = written;
	tell_socket(PROBE_OWNER, s, NULL, PROBE_SENDER);
	return true;
}

/* The verifier allows no arithmetic on a kernel's pointer: launder it. */
static __always_inline __u64 address_of(void *pointer)
{
	__u64 address = 0;

	bpf_probe_read_kernel(&address, sizeof(address), &pointer);
	return address;
}

static __always_inline __u64 netns_of(struct sock *sk)
{
	return BPF_CORE_READ(sk, __sk_common.skc_net.net, net_cookie);
}

static __always_inline __u64 packet_netns(struct __sk_buff *skb,
					  struct bpf_sock *sk)
{
	if (tells_netns)
		return bpf_get_netns_cookie(skb);
	return netns_of((void *)address_of(sk));
}

/* NULL if nothing is known of the socket, nor @expected. */
static __always_inline struct sock_info *info_of(struct bpf_sock *sk, void *ctx,
						 bool expected)
{
	struct sock_info *s;

	if (sees_one_netns() && bpf_get_netns_cookie(ctx) != seen_netns)
		return NULL;
	s = bpf_sk_storage_get(&sockets, sk, 0,
			       expected ? BPF_SK_STORAGE_GET_F_CREATE : 0);
	if (s && !s->cookie) {
		s->cookie = bpf_get_socket_cookie(ctx);
		s->netns = bpf_get_netns_cookie(ctx);
		s->epoch = epoch;
		s->address = address_of(sk);
	}
	return s;
}

/* A socket that the kernel made for itself has no file. */
static __always_inline bool is_kernels(struct sock *sk)
{
	struct socket *socket = BPF_CORE_READ(sk, sk_socket);

	return socket && !BPF_CORE_READ(socket, file);
}

#endif
