/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Connections of MPTCP: processes use their sockets, and packets are of their
 * subflows, which nobody but the kernel touches.
 */
#ifndef PKTWHO_BPF_MPTCP_BPF_H
#define PKTWHO_BPF_MPTCP_BPF_H

#include "bpf/storage.bpf.h"

/* An MPTCP connection that has one subflow. */
struct subflow {
	struct probe_owner writer;	/* the last */
	__u32 written;		/* sequence number after what is written so far */
	__u32 ahead;		/* of those of the connection; more with what is sent again */
	__u32 several;		/* bool: it was written by others, or another name */
	__u32 reserved;
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

static __always_inline const __u32 *subflow_written(__u64 cookie)
{
	struct subflow *f = subflow_of(cookie);

	return f ? &f->written : NULL;
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

static __always_inline void begin_writes(__u64 cookie, __u32 written,
					 __u32 ahead)
{
	const struct subflow f = { .written = written, .ahead = ahead };

	bpf_map_update_elem(&subflows, &cookie, &f, BPF_NOEXIST);
}

/* It is known that @s's owner has written. */
static __always_inline void end_writes(struct subflow *f,
				       const struct sock_info *s, __u32 written)
{
	f->written = written;
	f->several |= f->writer.tgid && f->writer.seen_ns != s->owner.seen_ns;
	f->writer = s->owner;
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
	struct probe_event *e;

	/* An end has a number of its own: of the connection, then of TCP. */
	if (!by || (state != BPF_TCP_ESTABLISHED && state != BPF_TCP_CLOSE_WAIT))
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
	e = event_begin(PROBE_OWNER);
	if (!e)
		return;
	e->cookie = cookie;
	e->netns = netns;
	e->owner = f->writer;
	e->roles = PROBE_SENDER | PROBE_RENAMED;
	e->flags = PROBE_WRITES;
	e->position = written + (__u32)BPF_CORE_READ(msk, write_seq) - next;
	e->position = (__u32)e->position;
	e->disputed = PROBE_SEQUENCE | from;
	bpf_ringbuf_submit(e, wakeup());
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

#endif
