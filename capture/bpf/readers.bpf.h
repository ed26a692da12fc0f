/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who may read what a socket gets, and whether that is to be told. */
#ifndef PKTWHO_BPF_READERS_BPF_H
#define PKTWHO_BPF_READERS_BPF_H

#include "bpf/mptcp.bpf.h"
#include "bpf/storage.bpf.h"

#define NEVER_READ    1	  /* CLOCK_MONOTONIC */
#define BACKLOG_BURST 256 /* of one socket's that are told at once, */
#define BACKLOG_TOLD  32  /* ... and then at each tick */

/* When a datagram last came to a socket that several may read, in jiffies. */
__u64 pending_jiffies;
#define PENDING_JIFFIES 1000	    /* a second at least */
#define UNSEEN_NS	10000000ull /* since which what is not captured is told */

/* Only threads of one process have used it. */
static __always_inline bool is_of_threads(const struct sock_info *s)
{
	return s->threads && !s->shared_ns && !(s->roles & SOCK_SPLIT);
}

/*
 * The socket of @cookie has been read so far.  After the events that tell who
 * reads.  User space looks while this writes.
 */
static __always_inline void note_progress(struct sock_info *s, __u64 cookie,
					  __u64 until, bool another)
{
	__u32 place = cookie % PROBE_PROGRESS;
	struct probe_progress *p = bpf_map_lookup_elem(&progress, &place);

	if (!p || (!until && p->cookie != cookie))
		return;
	if (p->cookie != cookie) {
		p->cookie = 0;
		another = true;
	}
	if (another)
		p->taken_ns = bpf_ktime_get_ns();
	/* Some of what came is left, and the next read may tell. */
	if (!until)
		return;
	barrier();
	p->held_ns = s->several && !is_of_threads(s) ? 0 : s->read_ns;
	p->until = until;
	barrier();
	p->cookie = cookie;
}

/*
 * The first subflow of a connection whose bytes nobody has read yet; who reads
 * those of others is not told.
 */
static __always_inline void begin_subflow(struct sock_info *s)
{
	struct sock *sk = (void *)s->address;
	__u32 place = s->cookie % PROBE_PROGRESS;
	struct probe_progress *p = bpf_map_lookup_elem(&progress, &place);

	if (!reads_told || !p || p->cookie == s->cookie ||
	    subflow_cookie(BPF_CORE_READ(sk, sk_socket, sk)) != s->cookie)
		return;
	note_progress(s, s->cookie, NEVER_READ, false);
	p->held_ns = bpf_ktime_get_ns();
}

/* Datagrams that wait to be read: mostly none, which one read tells. */
static __always_inline __u32 queued(struct sock *sk, __u8 proto)
{
	struct udp_sock *up = (void *)sk;
	__u32 n = 0;

	if (!BPF_CORE_READ(sk, sk_backlog.rmem_alloc.counter))
		return 0;
	/* First where a reader moves all to, or it may be counted in both. */
	if (proto == IPPROTO_UDP || proto == IPPROTO_UDPLITE)
		n = BPF_CORE_READ(up, reader_queue.qlen);
	barrier();
	return n + BPF_CORE_READ(sk, sk_receive_queue.qlen);
}

/*
 * What is read meanwhile may be missing in both: then another packet has the
 * same place, and user space knows neither's.  Never in both counted.
 */
static __always_inline __u64 place_of(struct sock *sk, __u8 proto,
				      struct sock_info *s)
{
	/* With a full barrier, as await_place() has it. */
	__u64 reads = __sync_fetch_and_add(&s->reads, 0);

	return reads + 1 + queued(sk, proto);
}

/*
 * Who reads up to there is to be told, and the next datagram, whose place it may
 * be instead.  Somebody may be reading just now what came before, and takes from
 * @awaited what he sees of @awaited_until.
 */
static __always_inline void await_read(struct sock_info *s, __u8 proto,
				       __u64 position)
{
	position += proto != IPPROTO_TCP;
	if (proto != IPPROTO_TCP ?
		    position > s->awaited_until :
		    !s->awaited || (__s32)(position - s->awaited_until) > 0)
		s->awaited_until = position;
	barrier();
	s->awaited = 1;
}

/*
 * The place of a datagram that is not there yet.  Who reads what came before,
 * and was counted before it was awaited, has not told: its place is after that.
 */
static __always_inline __u64 await_place(struct sock_info *s, struct sock *sk,
					 __u8 proto)
{
	__u64 place = place_of(sk, proto, s), again;

	await_read(s, proto, place);
	again = place_of(sk, proto, s);
	if (again <= place)
		return place;
	await_read(s, proto, again);
	return again;
}

/* Threads of one process share their descriptors, too. */
static __always_inline bool shares_table(struct task_struct *t)
{
	return BPF_CORE_READ(t, files, count.counter) >
	       BPF_CORE_READ(t, signal, nr_threads);
}

/* Of what had several holders: whether it has still. */
static __always_inline void note_holders(struct sock_info *s, struct sock *sk)
{
	struct file *file;

	if (!s->several)
		return;
	file = BPF_CORE_READ(sk, sk_socket, file);
	s->several = !file || has_users(file);
}

/* No packet has come since others may have got it: by a fork, or who made it. */
static __always_inline bool may_be_held(const struct sock_info *s)
{
	__u32 tgid = bpf_get_current_task_btf()->tgid;

	return (s->maker && s->maker != tgid) ||
	       forked_ns[tgid % PROBE_FORKERS] > s->read_ns;
}

static __always_inline void note_read(struct sock_info *s, struct sock *sk)
{
	s->several |= may_be_held(s);
	note_holders(s, sk);
	s->read_jiffies = bpf_jiffies64();
	s->table_shared = tables_shared &&
			  shares_table(bpf_get_current_task_btf());
}

/* Others may have the same descriptor, which counts as one of the file's. */
static __always_inline bool has_shared_table(const struct sock_info *s)
{
	return tables_shared &&
	       (s->table_shared ||
		(s->read_jiffies <= tables_shared &&
		 bpf_map_lookup_elem(&table_sharers, &s->owner.tgid)));
}

enum holders {
	HOLDERS_NONE,	/* whose reads would be told */
	HOLDERS_COMING, /* it is not accepted yet */
	HOLDERS_ONE,
	HOLDERS_SEVERAL, /* or threads of one wait for it */
};

/*
 * Through which file it is used, once it is accepted; looked for once, as that
 * stays until it is released.  NULL: through none of its own, as a subflow of
 * MPTCP, which has another's socket, through which nobody reads it.
 */
static __always_inline struct file *file_of(struct sock_info *s, __u8 proto,
					    struct socket *socket)
{
	struct file *file = socket ? BPF_CORE_READ(socket, file) : NULL;

	if (!file || (proto == IPPROTO_TCP &&
		      (__u64)BPF_CORE_READ(socket, sk) != s->address))
		return NULL;
	if (s->file != FILE_RELEASED)
		s->file = (__u64)file;
	return file;
}

/* By whom it can be read: who reads a packet is known when it is read. */
static __always_inline enum holders holders_of(struct sock_info *s,
					       const struct bpf_sock *own)
{
	struct sock *sk = (void *)s->address;
	struct file *file = (void *)s->file;
	struct socket *socket;

	if (own->protocol != IPPROTO_TCP && !reads_told)
		return HOLDERS_NONE;
	if (s->file <= FILE_RELEASED) {
		socket = BPF_CORE_READ(sk, sk_socket);
		if (!socket && s->flags & PROBE_INHERITED)
			return HOLDERS_COMING;
		file = file_of(s, own->protocol, socket);
	}
	if (!file)
		return HOLDERS_NONE;
	return has_users(file) || has_shared_table(s) ? HOLDERS_SEVERAL :
							HOLDERS_ONE;
}

/* Threads come and go between two packets. */
static __always_inline enum told pending_since(struct sock_info *s, bool held)
{
	__u64 now = bpf_ktime_get_ns(), since = held ? now : s->pending_ns;
	enum told told = told_since(since, now, PROBE_SHARED_NS);

	if (held) {
		s->first = !is_recent(s->pending_ns, now, UNSEEN_NS);
		s->pending_ns = now;
		pending_jiffies = bpf_jiffies64();
	}
	/* Another processor may just be setting what was never set. */
	if (since && !told)
		s->pending_ns = s->full_ns = 0;
	return told;
}

static __always_inline bool has_forked_since(const struct sock_info *s,
					     __u64 jiffies)
{
	__u32 tgid = s->roles & SOCK_SPLIT ? s->reader.tgid : s->owner.tgid;

	return forked[tgid % PROBE_FORKERS] >= jiffies;
}

/*
 * Whether its last reader has forked since, or passed a descriptor on: another
 * may have it alone now.
 */
static __always_inline bool may_be_inherited(const struct sock_info *s)
{
	return has_forked_since(s, s->read_jiffies);
}

/*
 * Whether its last user has it still: nobody else had it then, or was given it
 * since.  Who accepted it may not be known here.
 */
static __always_inline bool is_held(const struct sock_info *s)
{
	const struct probe_owner *o = s->roles & SOCK_SPLIT ? &s->reader :
							      &s->owner;

	if (s->flags & PROBE_INHERITED)
		return true;
	if (s->several && !is_of_threads(s))
		return false;
	/* Jiffies do not tell what it did right before it took the socket. */
	if (forked_ns[o->tgid % PROBE_FORKERS] < o->seen_ns)
		return true;
	return !may_be_inherited(s) || !has_forked_since(s, s->held_jiffies);
}

/* How many of a burst have been told. */
static __always_inline __u32 backlog_told(const struct sock_info *s, __u64 now)
{
	__u64 again = (now - s->backlog_jiffies) * BACKLOG_TOLD;

	return s->backlog_told > again ? s->backlog_told - again : 0;
}

/*
 * Its reader has not come to what is there already: by when it does, another may
 * read.  Of a flood that lasts some are told at each tick.
 */
static __always_inline bool has_backlog(const struct sock_info *s, __u8 proto)
{
	return proto != IPPROTO_TCP && queued((void *)s->address, proto) &&
	       backlog_told(s, bpf_jiffies64()) < BACKLOG_BURST;
}

static __always_inline void count_backlog(struct sock_info *s)
{
	__u64 now = bpf_jiffies64();
	__u32 told = backlog_told(s, now);

	s->backlog_jiffies = now;
	s->backlog_told = told < BACKLOG_BURST ? told + 1 : told;
}

/*
 * Who used a socket last need not be who reads it next: it may be held for a
 * service that starts with the first datagram, or be passed on; another may have
 * sent with it since.  Where somebody has read just now, the same goes on; jiffies
 * cost next to nothing.
 */
static __always_inline bool is_idle(const struct sock_info *s,
				    enum holders holders, __u8 proto)
{
	return (holders == HOLDERS_ONE || holders == HOLDERS_COMING) &&
	       !(s->flags & PROBE_KERNEL) &&
	       (s->several || bpf_jiffies64() > s->read_jiffies + 1 ||
		may_be_inherited(s) || has_backlog(s, proto));
}

/*
 * The kernel drops what comes, whatever is told of it: datagrams for which
 * there is no room.  Until Linux 6.15 the first of them still had some.
 */
static __always_inline bool is_full(const struct sock_info *s,
				    const struct bpf_sock *own,
				    const struct __sk_buff *skb)
{
	struct sock *sk = (void *)s->address;
	__s64 least = own->protocol == IPPROTO_UDP ? skb->len + SKB_OVERHEAD :
						     0;

	return BPF_CORE_READ(sk, sk_backlog.rmem_alloc.counter) + least >
	       BPF_CORE_READ(sk, sk_rcvbuf);
}

static __always_inline bool is_flood_told(const struct sock_info *s, __u64 now)
{
	return is_recent(s->full_ns, now, PROBE_SHARED_NS / 2);
}

/*
 * A flood is told now and then: what is not told meanwhile, nobody may have
 * read, and what is read once there is room again is told.
 */
static __always_inline bool is_flooded(struct sock_info *s)
{
	__u64 now = bpf_ktime_get_ns();

	if (is_flood_told(s, now))
		return true;
	s->full_ns = now;
	return false;
}

/* As one that is read at once and need not be told. */
static __always_inline void note_untold(struct sock_info *s)
{
	s->untold = true;
	s->untold_reads = s->reads;
}

/* Nothing is to be told of what comes now. */
static __always_inline bool is_drowned(const struct sock_info *s,
				       const struct bpf_sock *own,
				       const struct __sk_buff *skb)
{
	return s->full_ns && is_flood_told(s, bpf_ktime_get_ns()) &&
	       is_full(s, own, skb);
}

static __always_inline bool is_multicast(const struct flow_key *k)
{
	const __u32 *word = (const __u32 *)k->local;

	return k->local[0] == 0xff ||
	       (!word[0] && !word[1] && word[2] == bpf_htonl(0xffff) &&
		k->local[12] >> 4 == 0xe);
}

/*
 * Whether other sockets may get a copy: who has read it is who it was for, not
 * whichever got it last.
 */
static __always_inline bool has_twins(const struct bpf_sock *sk,
				      const struct __sk_buff *skb,
				      const struct flow_key *k,
				      bool flow_shared)
{
	return reads_told && sk->protocol != IPPROTO_TCP &&
	       (flow_shared || sk->type == SOCK_RAW ||
		skb->pkt_type != PACKET_HOST || is_multicast(k));
}

#endif
