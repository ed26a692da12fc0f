/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sends and reads that pass no hook of a cgroup. */
#ifndef PKTWHO_BPF_TRACED_BPF_H
#define PKTWHO_BPF_TRACED_BPF_H

#include "bpf/current.bpf.h"
#include "bpf/readers.bpf.h"
#include "bpf/user.bpf.h"

/* @written: the sequence number where what it writes begins; NULL: not known. */
static __always_inline void tell_user(struct sock *sk, __u64 cookie, __u8 roles,
				      const __u32 *written)
{
	struct probe_event *e;

	if (!cookie)
		return;
	e = event_begin(PROBE_OWNER);
	if (!e)
		return;
	e->cookie = cookie;
	e->netns = netns_of(sk);
	e->roles = roles;
	if (written) {
		e->flags = PROBE_WRITES;
		e->position = *written;
	}
	tell_current(e);
	bpf_ringbuf_submit(e, wakeup());
}

static __always_inline struct sock_info *traced_info(struct sock *sk)
{
	struct sock_info *s;

	s = bpf_sk_storage_get(&sockets, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (s && !s->cookie) {
		s->cookie = bpf_get_socket_cookie(sk);
		s->netns = netns_of(sk);
		s->epoch = epoch;
	}
	return s;
}

/* As whom the running task has taken over. */
static __always_inline __u8 roles_after(const struct sock_info *s, enum use use)
{
	if (!(s->roles & SOCK_SPLIT))
		return PROBE_SENDER | PROBE_READER;
	return use == USE_READ ? PROBE_READER : PROBE_SENDER;
}

/* NULL if it is not of IP, or its packets are not seen. */
static __always_inline struct sock_info *seen_info(struct sock *sk)
{
	if (!is_inet(sk))
		return NULL;
	return is_seen_socket(sk) ? traced_info(sk) :
				    bpf_sk_storage_get(&sockets, sk, 0, 0);
}

/*
 * Whether it has taken over from another user.  @from: where a subflow has what
 * it writes; NULL: after what is known to be written.
 */
static __always_inline bool traced_use(struct sock_info *s, struct sock *sk,
				       enum use use, const __u32 *from)
{
	bool taken = s && take_over(s, use);
	__u64 cookie = taken ? subflow_cookie(sk) : 0;
	const struct subflow *f;
	__u8 roles;

	if (!cookie)
		return taken;
	roles = roles_after(s, use);
	f = from ? NULL : subflow_of(cookie);
	if (f)
		from = &f->written;
	/* It may be the same process under another name. */
	tell_user(sk, cookie, roles | PROBE_RENAMED,
		  roles & PROBE_SENDER ? from : NULL);
	return true;
}

static __always_inline void tell_read(struct sock_info *s, __u8 proto,
				      __u64 position, __u32 length)
{
	struct probe_event *e = event_begin(PROBE_READ);

	if (!e)
		return;
	e->cookie = s->cookie;
	e->netns = s->netns;
	e->flags = s->flags;
	e->position = position;
	e->length = length;
	e->key.proto = proto;
	tell_current(e);
	bpf_ringbuf_submit(e, wakeup());
}

/* The socket of @cookie has @s's reader from where the one before has stopped. */
static __always_inline void tell_reader(struct sock_info *s, __u64 cookie,
					bool renamed)
{
	struct probe_event *e = event_begin(PROBE_OWNER);

	if (!e)
		return;
	e->cookie = cookie;
	e->netns = s->netns;
	e->flags = s->flags;
	e->roles = PROBE_READER | PROBE_READS | (renamed ? PROBE_RENAMED : 0);
	if (s->read) {
		e->position = s->read_seq;
		e->key.proto = IPPROTO_TCP;
	} else {
		e->position = s->read_ns ? s->read_ns : NEVER_READ;
		e->emptied_ns = s->emptied_ns;
		e->reads = (s->reads - 1) & PROBE_READS_MASK;
	}
	tell_current(e);
	bpf_ringbuf_submit(e, wakeup());
}

/*
 * Packets that were not told were left for this read: one may have come just
 * as the one before found nothing more.
 */
static __always_inline bool had_untold(const struct sock_info *s)
{
	return s->untold || (s->reads && s->untold_reads >= s->reads - 1);
}

/*
 * Each packet that was told is its reader's.  Of the others only that is known:
 * what has come since the last read was there for this one.  @taken: the socket
 * was another's until now.  True if another reads, or under another name.
 */
static __always_inline bool note_reader(struct sock_info *s, __u64 cookie,
					bool taken)
{
	__u32 tgid = bpf_get_current_task_btf()->tgid;
	bool renamed = renamed_ns[tgid % PROBE_FORKERS] > s->read_ns;
	bool another = taken || renamed || s->read_by != tgid;

	/* Another may have sent since, and passes for who reads, too. */
	if (cookie != s->cookie && s->owner.seen_ns > s->read_ns)
		another = true;
	/*
	 * Of what a subflow gets nothing is noted for its socket.  What comes while
	 * the first is read that another takes is not told either.
	 */
	if (another &&
	    (cookie == s->cookie ?
		     s->told && (had_untold(s) ? s->read_ns :
						 taken && !s->pending_ns) :
		     cookie))
		tell_reader(s, cookie, renamed);
	s->read_by = tgid;
	s->read_ns = bpf_ktime_get_ns();
	return another;
}

/* Until when what came has been read; 0: that is not known. */
static __always_inline __u64 datagrams_until(struct sock_info *s,
					     struct sock *sk)
{
	/* No call is cheaper. */
	__u32 waiting = sk->sk_backlog.rmem_alloc.counter ?
				queued(sk, sk->sk_protocol) :
				0;
	__u64 until = s->waiting_until ? s->waiting_ns :
		      s->emptied_ns    ? 0 :
					 NEVER_READ;

	if (!waiting) {
		s->emptied_ns = s->read_ns;
		s->untold = false;
		s->waiting_until = 0;
		return s->read_ns;
	}
	if (s->reads < s->waiting_until)
		return 0;
	s->waiting_ns = s->read_ns;
	s->waiting_until = s->reads + waiting;
	return until;
}

/*
 * MPTCP's bytes wait for their subflow.  What this write has added is counted
 * once, and what another adds before it is told may be either's.
 */
static __always_inline void on_subflow_sent(struct sock_info *s,
					    struct sock *sk, int sent)
{
	struct mptcp_sock *msk = (void *)sk;
	__u64 cookie = subflow_cookie(sk);
	/* Once: another may be writing. */
	__u64 counted = BPF_CORE_READ(msk, write_seq), before;
	struct subflow *f = written_subflow(s, msk, cookie, counted, sent);
	__u32 from, sender;

	s->stream = true;
	if (!f) {
		traced_use(s, sk, USE_SEND, NULL);
		return;
	}
	before = __sync_lock_test_and_set(&f->counted, counted);
	if ((__s64)(counted - before) < 0) {
		f->counted = before;
		return;
	}
	from = f->ahead + (__u32)before;
	f->written = f->ahead + (__u32)counted;
	if (is_subflow_disputed(s, f, counted - before, sent)) {
		/* What another has counted is at the end of that. */
		if (counted == before)
			from -= sent;
		tell_disputed(f, cookie, s->netns, from, f->written);
		return;
	}
	sender = f->sender;
	f->sender = 0;
	/* Another may have sent since, and pass for who writes. */
	if (!traced_use(s, sk, USE_SEND, &from) && sender &&
	    sender != s->owner.tgid)
		tell_user(sk, cookie, PROBE_SENDER | PROBE_RENAMED, &from);
	end_writes(f, s);
	if (*(volatile __u64 *)&f->counted != counted && has_writers(s)) {
		tell_disputed(f, cookie, s->netns, from, f->written);
		f->sender = NOT_KNOWN;
	}
}

static __always_inline int on_sent(struct sock *sk, int sent)
{
	struct sock_info *s = seen_info(sk);
	bool mptcp = s && sk->sk_protocol == IPPROTO_MPTCP;
	struct tcp_sock *tp = s && sk->sk_protocol == IPPROTO_TCP ?
				      bpf_skc_to_tcp_sock(sk) :
				      NULL;
	/* Once: another may be writing. */
	__u32 written = tp ? tp->write_seq : 0;

	/* A connection has no room now and then: who then writes nothing is nobody. */
	if ((tp || mptcp) && sent < 0)
		return 0;
	if (tp && is_disputed(s, tp, written, sent))
		return 0;
	if (mptcp)
		on_subflow_sent(s, sk, sent);
	else
		traced_use(s, sk, USE_SEND, NULL);
	if (s && !(s->roles & SOCK_SPLIT)) {
		note_holders(s, sk);
		s->held_jiffies = bpf_jiffies64();
	}
	if (tp)
		note_written(s, written);
	return 0;
}

static __always_inline int on_received(struct sock *sk, int ret, int flags)
{
	struct sock_info *s;
	__u64 cookie, until, reads;
	bool another;

	if (ret < 0 || flags & (MSG_PEEK | MSG_ERRQUEUE))
		return 0;
	s = seen_info(sk);
	another = traced_use(s, sk, USE_READ, NULL);
	if (!s || sk->sk_protocol == IPPROTO_TCP)
		return 0;
	if (sk->sk_protocol == IPPROTO_MPTCP) {
		cookie = subflow_cookie(sk);
		another = note_reader(s, cookie, another);
		note_progress(s, cookie, connection_until(s, sk, ret), another);
		return 0;
	}
	/* Another processor may be counting the next. */
	reads = __sync_fetch_and_add(&s->reads, 1) + 1;
	note_read(s, sk);
	another = note_reader(s, s->cookie, another);
	until = datagrams_until(s, sk);
	if (until)
		until = (until & ~(__u64)PROBE_READS_MASK) |
			(reads & PROBE_READS_MASK);
	note_progress(s, s->cookie, until, another);
	if (s->pending_ns || reads <= s->awaited_until)
		tell_read(s, sk->sk_protocol, reads,
			  sk->sk_protocol == IPPROTO_UDP ? ret : 0);
	return 0;
}

/* Linux 6.3 and later: also io_uring, also SQPOLL. */
SEC("tp_btf/sock_send_length")
int BPF_PROG(on_send_length, struct sock *sk, int ret)
{
	if (sk->__sk_common.skc_family != AF_UNIX)
		return on_sent(sk, ret);
	note_passed(bpf_get_current_task_btf());
	return 0;
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(on_recv_length, struct sock *sk, int ret, int flags)
{
	return on_received(sk, ret, flags);
}

/* MSG_PEEK only looks.  The kernel notes now and then how far was read. */
static __always_inline bool has_read(const struct sock_info *s,
				     const struct tcp_sock *tp)
{
	return tp->copied_seq !=
	       (s->read ? s->read_seq : BPF_CORE_READ(tp, rcvq_space.seq));
}

/* A TCP reader; runs in softirq too, where the socket is not locked. */
SEC("tp_btf/tcp_rcv_space_adjust")
int BPF_PROG(on_rcv_space, struct sock *sk)
{
	struct tcp_sock *tp;
	struct sock_info *s;
	bool another;

	if (!sk->sk_lock.owned)
		return 0;
	s = seen_info(sk);
	tp = bpf_skc_to_tcp_sock(sk);
	if (!s || !tp || !has_read(s, tp))
		return 0;
	another = take_over(s, USE_READ);
	note_read(s, sk);
	another = note_reader(s, s->cookie, another);
	s->read_seq = tp->copied_seq;
	s->read = true;
	if (tp->rcv_nxt == s->read_seq && !sk->sk_backlog.len &&
	    !tp->out_of_order_queue.rb_node)
		s->untold = false;
	note_progress(s, s->cookie, PROBE_SEQUENCE | s->read_seq, another);
	if (s->pending_ns || s->awaited)
		tell_read(s, IPPROTO_TCP, tp->copied_seq, 0);
	/* Of what was told some may be left for the next. */
	if (s->awaited) {
		s->awaited = 0;
		barrier();
		if ((__s32)(s->awaited_until - tp->copied_seq) > 0)
			s->awaited = 1;
	}
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(on_set_state, struct sock *sk, int oldstate, int newstate)
{
	struct sock_info *s;

	if (sk->sk_protocol != IPPROTO_TCP)
		return 0;
	if (newstate == BPF_TCP_SYN_SENT || newstate == BPF_TCP_LISTEN)
		traced_use(seen_info(sk), sk, USE_HOLD, NULL);
	if (newstate == BPF_TCP_CLOSE) {
		s = bpf_sk_storage_get(&sockets, sk, 0, 0);
		if (s && s->cookie)
			tell_socket(PROBE_CLOSE, s, NULL, 0);
	}
	return 0;
}

#endif
