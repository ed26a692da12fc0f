/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Connections of MPTCP: processes use their sockets, and packets are of their
 * subflows, which nobody but the kernel touches.
 */
#ifndef PKTWHO_BPF_MPTCP_BPF_H
#define PKTWHO_BPF_MPTCP_BPF_H

#include "bpf/user.bpf.h"

#define NOT_KNOWN ~0u

/* An MPTCP connection that has one subflow. */
struct subflow {
	struct probe_owner writer; /* the last */
	__u64 counted; /* the connection's number after what is written so far, */
	__u32 written; /* ... and TCP's */
	__u32 ahead; /* of those of the connection; more with what is sent again */
	__u32 several; /* bool: it was written by others, or another name */
	__u32 sender; /* process id of who has sent since, and was told; or 0 */
};

/* By the subflow's cookie. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 2048);
	__type(key, __u64);
	__type(value, struct subflow);
} subflows SEC(".maps");

static __always_inline struct subflow *subflow_of(__u64 cookie)
{
	return bpf_map_lookup_elem(&subflows, &cookie);
}

/*
 * An MPTCP socket's packets are its subflows': the first one, which nobody
 * but the kernel touches, is told beside it.
 */
static __always_inline __u64 subflow_cookie(struct sock *sk)
{
	struct mptcp_sock *msk = (void *)sk;
	struct sock *first;

	if (!bpf_core_field_exists(msk->first) ||
	    BPF_CORE_READ(sk, sk_protocol) != IPPROTO_MPTCP)
		return 0;
	first = BPF_CORE_READ(msk, first);
	return first ? BPF_CORE_READ(first, __sk_common.skc_cookie.counter) : 0;
}

static __always_inline bool has_one_subflow(const struct mptcp_sock *msk)
{
	struct list_head *first = BPF_CORE_READ(msk, conn_list.next);
	struct list_head *second = BPF_CORE_READ(first, next);

	return BPF_CORE_READ(second, next) == first;
}

/* Of one queue, to whose end softirqs add. */
static __always_inline __u32 bytes_between(struct sk_buff *first,
					   struct sk_buff *last)
{
	struct mptcp_skb_cb *a, *z;

	a = (void *)__builtin_preserve_access_index(&first->cb);
	z = (void *)__builtin_preserve_access_index(&last->cb);
	return BPF_CORE_READ(z, end_seq) - BPF_CORE_READ(a, end_seq) +
	       BPF_CORE_READ(first, len) - BPF_CORE_READ(a, offset);
}

/* What a connection has taken from its subflows, and no process yet. */
static __always_inline __u32 bytes_unread(struct sock *sk)
{
	struct mptcp_sock___before_6_15 *old = (void *)sk;
	struct sk_buff *first = NULL, *last = NULL;

	if (BPF_CORE_READ(sk, sk_receive_queue.qlen)) {
		last = BPF_CORE_READ(sk, sk_receive_queue.prev);
		first = BPF_CORE_READ(sk, sk_receive_queue.next);
	}
	if (bpf_core_field_exists(old->receive_queue) &&
	    BPF_CORE_READ(old, receive_queue.qlen)) {
		if (!last)
			last = BPF_CORE_READ(old, receive_queue.prev);
		first = BPF_CORE_READ(old, receive_queue.next);
	}
	return first ? bytes_between(first, last) : 0;
}

/* Its end has a number, too. */
static __always_inline bool has_taken_end(struct tcp_sock *tp, __u32 taken)
{
	__u8 state = BPF_CORE_READ((struct sock *)tp, __sk_common.skc_state);

	return (state == BPF_TCP_CLOSE_WAIT || state == BPF_TCP_LAST_ACK ||
		state == BPF_TCP_CLOSING) &&
	       taken == BPF_CORE_READ(tp, rcv_nxt);
}

/*
 * How far the first subflow of a connection is read.  Of several only if nothing
 * is left, and of one to which MPTCP has sent something again, that is dropped.
 * False: that is not known, as another processor is taking more.
 */
static __always_inline bool subflow_read(struct sock_info *s, struct sock *sk,
					 __u32 *sequence)
{
	struct mptcp_sock *msk = (void *)sk;
	struct tcp_sock *tp = (void *)BPF_CORE_READ(msk, first);
	__u32 taken = BPF_CORE_READ(tp, copied_seq);
	__u32 ahead = taken - (__u32)BPF_CORE_READ(msk, ack_seq);
	__u32 unread = bytes_unread(sk);

	if (bpf_core_field_exists(msk->backlog_len) &&
	    BPF_CORE_READ(msk, backlog_len))
		return false;
	if (unread &&
	    ((s->ahead && s->ahead != ahead) || !has_one_subflow(msk)))
		return false;
	*sequence = taken - unread - has_taken_end(tp, taken);
	if (taken != BPF_CORE_READ(tp, copied_seq) ||
	    unread != bytes_unread(sk))
		return false;
	s->ahead = ahead;
	return true;
}

/*
 * How far a connection is read of which a process has got @read bytes; 0: that is
 * not known, as another may be reading.
 */
static __always_inline __u64 connection_until(struct sock_info *s,
					      struct sock *sk, __u32 read)
{
	__u32 sequence = 0;
	bool known = subflow_read(s, sk, &sequence) &&
		     (!s->read || sequence - s->read_seq == read);

	s->read = known;
	s->read_seq = sequence;
	return known ? PROBE_SEQUENCE | sequence : 0;
}

/* From @from to @until it may be anybody's, and is the last writer's from there. */
static __always_inline void tell_disputed(struct subflow *f, __u64 cookie,
					  __u64 netns, __u32 from, __u32 until)
{
	struct probe_event *e = event_begin(PROBE_OWNER);

	if (!e)
		return;
	f->sender = 0;
	e->cookie = cookie;
	e->netns = netns;
	e->owner = f->writer;
	e->roles = PROBE_SENDER | PROBE_RENAMED;
	e->flags = PROBE_WRITES;
	e->position = until;
	e->disputed = PROBE_SEQUENCE | from;
	bpf_ringbuf_submit(e, wakeup());
}

/*
 * MPTCP has sent something again, behind what was written, or a byte to an end
 * that has no room: what comes after it moves.  Of several writers any may have
 * written that, and what was written since.
 */
static __always_inline void note_moved(struct subflow *f, __u64 cookie,
				       __u64 netns, struct tcp_sock *tp,
				       struct mptcp_sock *msk)
{
	__u32 written = BPF_CORE_READ(tp, write_seq);
	__u32 next = BPF_CORE_READ(msk, snd_nxt), from = f->written;
	__u32 by = written - next - f->ahead;
	__u8 state = BPF_CORE_READ((struct sock *)tp, __sk_common.skc_state);

	/* An end has a number of its own: of the connection, then of TCP. */
	if (!by ||
	    (state != BPF_TCP_ESTABLISHED && state != BPF_TCP_CLOSE_WAIT))
		return;
	if ((__s32)by < 0) {
		f->ahead += by;
		return;
	}
	if ((__s32)(written - by - from) < 0)
		from = written - by;
	f->ahead += by;
	f->written += by;
	if (!f->several)
		return;
	tell_disputed(f, cookie, netns, from,
		      written + (__u32)BPF_CORE_READ(msk, write_seq) - next);
}

/* Of a subflow on which the kernel sends by itself. */
static __always_inline void note_sent_again(struct sock_info *s)
{
	struct inet_connection_sock *icsk = (void *)s->address;
	struct subflow *f = subflow_of(s->cookie);
	struct mptcp_subflow_context *c;
	struct mptcp_sock *msk;

	if (!f)
		return;
	c = BPF_CORE_READ(icsk, icsk_ulp_data);
	msk = (void *)BPF_CORE_READ(c, conn);
	if (msk)
		note_moved(f, s->cookie, s->netns, (void *)icsk, msk);
}

/*
 * Another has written to the connection of a subflow since, which was told with
 * that: its storage cannot be reached from there.
 */
static __always_inline void follow_connection(struct sock_info *s)
{
	const struct subflow *f = subflow_of(s->cookie);

	if (f && f->writer.tgid && !f->sender)
		s->owner = f->writer;
}

/* Who sends on a subflow is told, whoever has written to its connection before. */
static __always_inline void note_subflow_sender(const struct sock_info *s)
{
	struct subflow *f = subflow_of(s->cookie);

	if (f)
		f->sender = s->owner.tgid;
}

/*
 * Of what is @counted, all before the last @sent bytes is known to be written.  Who
 * else has the connection may have sent some since, or any of it if that is more.
 */
static __always_inline struct subflow *
begin_writes(struct sock_info *s, struct mptcp_sock *msk, struct tcp_sock *tp,
	     __u64 cookie, __u64 counted, int sent)
{
	struct file *file = BPF_CORE_READ((struct sock *)msk, sk_socket, file);
	__u32 before = BPF_CORE_READ(tp, snd_una) -
		       (__u32)BPF_CORE_READ(tp, bytes_acked);
	struct subflow f = {};

	f.ahead = BPF_CORE_READ(tp, write_seq) -
		  (__u32)BPF_CORE_READ(msk, snd_nxt);
	f.counted = counted - sent;
	f.written = f.ahead + (__u32)f.counted;
	if (file && has_users(file)) {
		f.sender = NOT_KNOWN;
		before = f.written - before;
		/* Its SYN may be counted. */
		if (before > 1) {
			share(s);
			f.several = true;
			f.counted -= before;
			f.written -= before;
		}
	}
	bpf_map_update_elem(&subflows, &cookie, &f, BPF_NOEXIST);
	return subflow_of(cookie);
}

/*
 * Where a connection's bytes wait that has one subflow; NULL if it has another.
 * Of those the last @sent are not counted yet.
 */
static __always_inline struct subflow *written_subflow(struct sock_info *s,
						       struct mptcp_sock *msk,
						       __u64 cookie,
						       __u64 counted, int sent)
{
	struct tcp_sock *tp = (void *)BPF_CORE_READ(msk, first);
	struct subflow *f;
	__u32 next;

	if (!cookie)
		return NULL;
	if (!has_one_subflow(msk)) {
		bpf_map_delete_elem(&subflows, &cookie);
		return NULL;
	}
	f = subflow_of(cookie);
	next = BPF_CORE_READ(msk, snd_nxt);
	if (!f)
		return begin_writes(s, msk, tp, cookie, counted, sent);
	/* Another processor may be sending what waits. */
	if (next == (__u32)BPF_CORE_READ(msk, snd_nxt))
		note_moved(f, cookie, s->netns, tp, msk);
	return f;
}

/* Its processes may be writing at the same time. */
static __always_inline bool has_writers(const struct sock_info *s)
{
	return is_recent(s->shared_ns, bpf_ktime_get_ns(), PROBE_SHARED_NS);
}

/* As is_disputed(): @by bytes have come since. */
static __always_inline bool
is_subflow_disputed(struct sock_info *s, struct subflow *f, __u64 by, int sent)
{
	__u32 tgid = bpf_get_current_task_btf()->tgid;
	bool another = s->roles & SOCK_SENT && s->owner.tgid != tgid;

	if (!(f->several || another) || !sent || by == (__u64)sent)
		return false;
	if (another)
		share(s);
	else if (!has_writers(s))
		return false;
	f->several = true;
	f->writer = s->owner;
	return true;
}

/* @s's owner has written what the connection has, and that was told. */
static __always_inline void end_writes(struct subflow *f,
				       const struct sock_info *s)
{
	f->several |= f->writer.tgid && f->writer.seen_ns != s->owner.seen_ns;
	f->writer = s->owner;
}

#endif
