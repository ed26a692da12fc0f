/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Every packet that has a socket, as it leaves or arrives. */
#ifndef PKTWHO_BPF_PACKETS_BPF_H
#define PKTWHO_BPF_PACKETS_BPF_H

#include "bpf/current.bpf.h"
#include "bpf/flow.bpf.h"
#include "bpf/readers.bpf.h"

/*
 * A raw socket gets a copy of what others asked for or the kernel handles.
 * Whose an echo is is told by who asks, or, if a process answers in place of
 * the kernel, by its answers.  Neighbours and group membership are the
 * kernel's; routers' advertisements may be a daemon's.
 */
static __always_inline bool is_copy(const struct bpf_sock *sk,
				    const struct flow_key *k, int type)
{
	if (sk->type != SOCK_RAW)
		return false;
	if (has_ports(k->proto))
		return true;
	if (k->proto == IPPROTO_ICMP)
		return k->remote_port ||
		       (type >= ICMP_TIMESTAMP && type <= ICMP_ADDRESSREPLY);
	return k->proto == IPPROTO_ICMPV6 &&
	       (k->remote_port || type == MLD2_REPORT ||
		(type >= MLD_QUERY && type <= MLD_REDUCTION) ||
		(type >= NDISC_NEIGHBOUR_SOLICITATION &&
		 type <= NDISC_REDIRECT));
}

/* When one that is not captured last came to such a local port, in jiffies. */
__u64 unseen_jiffies[PROBE_FORKERS];

static __always_inline void note_unseen(const struct __sk_buff *skb)
{
	const struct bpf_sock *sk = skb->sk;

	if (sk)
		unseen_jiffies[sk->src_port % PROBE_FORKERS] = bpf_jiffies64();
}

/* It may have come to the socket as this one does, and not been told. */
static __always_inline bool meets_unseen(const struct flow_key *k)
{
	return bpf_jiffies64() -
		       unseen_jiffies[k->local_port % PROBE_FORKERS] <=
	       1;
}

/*
 * One packet of a socket or flow that has several users: the answer holds for
 * it alone.  Without @known nobody is known to have sent it, or another than
 * the last user may read it.  @delayed has sent it before, if not NULL.  @k: the
 * packet's key, made again with its print.
 */
static __always_inline void tell_packet(struct sock_info *s,
					struct __sk_buff *skb,
					struct flow_key *k, bool egress,
					bool known, __u32 flags, enum told told,
					const struct probe_owner *delayed)
{
	struct packet_print print = {};
	struct probe_event *e;

	if (skb_key(skb, k, egress, &print) < 0)
		return;
	/* Nobody reads what has no bytes. */
	if (k->proto == IPPROTO_TCP && flags & PROBE_PENDING && !print.payload)
		return;
	e = event_begin(PROBE_PACKET);
	if (!e)
		return;
	e->cookie = s->cookie;
	e->netns = s->netns;
	e->key = *k;
	e->fingerprint = print.fingerprint;
	e->closing = told == TOLD_CLOSING;
	/* Once accepted it is a listener's no more, if nobody has used it yet. */
	e->flags = (s->flags & ~PROBE_INHERITED) | flags |
		   (egress ? PROBE_SENDS : 0);
	if (flags & PROBE_PENDING && k->proto == IPPROTO_TCP) {
		e->position = print.seq_end;
		await_read(s, k->proto, e->position);
	} else if (flags & PROBE_PENDING) {
		e->position = await_place(s, (void *)s->address, k->proto);
		e->length = print.payload;
		e->meets = s->first && !(flags & PROBE_ALONE) &&
			   meets_unseen(k);
	}
	/* Another processor may be writing the storage. */
	if (delayed) {
		e->owner = *delayed;
		e->ts_ns = delayed->seen_ns;
	} else if (!known)
		;
	else if (egress)
		tell_current(e);
	else if (s->roles & SOCK_SPLIT)
		e->owner = s->reader;
	else
		e->owner = s->owner;
	bpf_ringbuf_submit(e, wakeup());
}

/*
 * The kernel answers, by RST or echo, through a socket of each processor that it
 * lends to one namespace after the other: in each it is told as another.
 */
static __always_inline void follow_netns(struct sock_info *s,
					 struct __sk_buff *skb)
{
	__u64 netns = netns_of((void *)s->address);

	if (netns == s->netns)
		return;
	s->netns = netns;
	s->cookie = bpf_get_socket_cookie(skb) ^ netns << 40;
}

static __always_inline struct sock_info *packet_info(struct __sk_buff *skb,
						     struct bpf_sock *sk)
{
	struct sock_info *s;
	struct sock *ksk;

	s = bpf_sk_storage_get(&sockets, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!s)
		return NULL;
	if (s->address && s->cookie) {
		if (s->flags & PROBE_KERNEL)
			follow_netns(s, skb);
		return s;
	}
	s->address = address_of(sk);
	if (!s->cookie)
		s->cookie = bpf_get_socket_cookie(skb);
	ksk = (void *)s->address;
	if (!s->netns)
		s->netns = netns_of(ksk);
	if (!s->owner.tgid && is_kernels(ksk))
		s->flags |= PROBE_KERNEL;
	return s;
}

static __always_inline void tell_users_again(struct sock_info *s)
{
	bool split = s->roles & SOCK_SPLIT;

	s->epoch = epoch;
	if (!s->owner.tgid)
		return;
	tell_socket(PROBE_OWNER, s, NULL,
		    split ? PROBE_SENDER : PROBE_SENDER | PROBE_READER);
	if (split)
		tell_socket(PROBE_OWNER, s, NULL, PROBE_READER);
}

/*
 * Whether its sender has taken another name since it has the socket, and of late:
 * what it had sent until then may wait for its neighbour's address still.
 */
static __always_inline bool is_renamed(struct sock_info *s)
{
	__u64 renamed = renamed_ns[s->owner.tgid % PROBE_FORKERS];

	if (renamed < s->owner.seen_ns || renamed == s->renamed_over)
		return false;
	if (is_recent(renamed, bpf_ktime_get_ns(), PROBE_SHARED_NS))
		return true;
	s->renamed_over = renamed;
	return false;
}

/*
 * Whether all is told that this packet could tell: a connection is nobody
 * else's; a datagram's flow is this socket's while the generation stands.
 */
static __always_inline bool is_old(struct sock_info *s,
				   const struct bpf_sock *sk,
				   struct __sk_buff *skb, bool egress)
{
	const struct flow_key *last = egress ? &s->last_tx : &s->last_rx;
	enum holders holders = egress ? HOLDERS_NONE : holders_of(s, sk);

	if (s->epoch != epoch)
		return false;
	if (!egress &&
	    (s->pending_ns || holders == HOLDERS_SEVERAL ||
	     is_idle(s, holders, sk->protocol)) &&
	    !is_drowned(s, sk, skb))
		return false;
	if (egress ? s->tx_told : s->rx_told)
		return sk->state != BPF_TCP_LISTEN;
	return !s->shared_ns && !(egress && is_renamed(s)) &&
	       (egress ? s->tx_seen : s->rx_seen) == generation_of(last) &&
	       is_of(skb, last, egress);
}

static __always_inline bool is_subflow(const struct sock_info *s)
{
	struct tcp_sock *tp = (void *)s->address;

	return bpf_core_field_exists(tp->is_mptcp) &&
	       BPF_CORE_READ(tp, is_mptcp);
}

/* The flow is told: remember how far that holds. */
static __always_inline void set_old(struct sock_info *s,
				    const struct bpf_sock *sk, bool egress,
				    __u32 generation)
{
	if (sk->type == SOCK_STREAM && egress) {
		s->subflow = is_subflow(s);
		s->tx_told = true;
	} else if (sk->type == SOCK_STREAM) {
		s->rx_told = true;
	} else if (egress) {
		s->tx_seen = generation;
	} else {
		s->rx_seen = generation;
	}
}

/*
 * Whether each packet is told: its flow has several sockets, or its socket
 * several users.
 */
static __always_inline enum told is_shared(struct sock_info *s, bool egress,
					   enum told flow)
{
	__u64 since = s->shared_ns;
	enum told own = told_since(since, bpf_ktime_get_ns(), PROBE_SENT_NS);

	/* Another processor may just be setting what was never set. */
	if (since && !own)
		s->shared_ns = 0;
	return egress && own > flow ? own : flow;
}

static __always_inline int
tell_new(struct sock_info *s, const struct bpf_sock *sk, struct __sk_buff *skb,
	 bool egress, bool sends, const struct probe_owner *delayed)
{
	__u8 roles = egress ? PROBE_SENDER : PROBE_READER;
	bool listening = sk->state == BPF_TCP_LISTEN, held, twins, idle, full,
	     known;
	enum told flow, told = TOLD_NOT;
	enum holders holders;
	struct flow_key k = {};
	__u32 generation;
	int detail;

	detail = skb_key(skb, &k, egress, NULL);
	if (detail < 0 || (!egress && is_copy(sk, &k, detail)))
		return 1;
	if (egress && is_forger(s, sk, &k)) {
		tell_packet(s, skb, &k, true, sends, PROBE_ALONE, TOLD_EACH,
			    delayed);
		return 1;
	}
	/*
	 * A listener is told afresh: between two of its SYNs the same key may
	 * have been a child's.  What else reaches it comes too late for a child
	 * that is gone, and is the kernel's to answer, in the listener's name
	 * or not.
	 */
	if (listening && !(detail & TCP_SYN))
		return 1;
	if (s->epoch != epoch)
		tell_users_again(s);
	*(egress ? &s->last_tx : &s->last_rx) = k;
	if (listening)
		s->flags |= PROBE_LISTENING;
	generation = generation_of(&k);
	flow = tell_flow(s, &k, roles);
	if (s->flags & PROBE_KERNEL || listening)
		return 1;
	holders = egress ? HOLDERS_NONE : holders_of(s, sk);
	held = holders == HOLDERS_SEVERAL;
	twins = !egress && has_twins(sk, skb, &k, flow == TOLD_EACH);
	idle = is_idle(s, holders, sk->protocol);
	full = idle && is_full(s, sk, skb);
	if (!egress)
		told = pending_since(s, held || twins || full);
	if (!egress && holders == HOLDERS_NONE && sk->protocol == IPPROTO_TCP)
		begin_subflow(s);
	if (full && is_flooded(s)) {
		if (!flow && !twins)
			set_old(s, sk, egress, generation);
		return 1;
	}
	s->several |= held;
	if (told) {
		/* If it stays unread: threads, not others, may hold it. */
		known = !(idle && s->full_ns) &&
			(!(held || s->several) || is_of_threads(s));
		tell_packet(s, skb, &k, false, known, PROBE_PENDING, told,
			    NULL);
	} else if (idle) {
		count_backlog(s);
		tell_packet(s, skb, &k, false, is_held(s),
			    PROBE_PENDING | PROBE_ALONE |
				    (holders == HOLDERS_COMING ?
					     PROBE_INHERITED :
					     0),
			    TOLD_EACH, NULL);
	} else {
		told = sk->protocol == IPPROTO_TCP ? TOLD_NOT :
						     is_shared(s, egress, flow);
		if (told || delayed ||
		    (egress && sends && sk->protocol != IPPROTO_TCP &&
		     is_renamed(s)))
			tell_packet(s, skb, &k, egress, sends || !egress,
				    told ? 0 : PROBE_ALONE, told, delayed);
		if (!egress)
			note_untold(s);
	}
	if (twins)
		s->rx_seen = 0;
	else if (!flow)
		set_old(s, sk, egress, generation);
	return 1;
}

/*
 * Whether it is not captured, but waits in a queue with what is: either's place
 * may be the other's.
 */
static __always_inline bool meets_pending(struct __sk_buff *skb)
{
	struct bpf_sock *sk = skb->sk;
	const struct sock_info *s;

	if (bpf_jiffies64() - pending_jiffies > PENDING_JIFFIES)
		return false;
	sk = sk ? bpf_sk_fullsock(sk) : NULL;
	if (!sk || sk->protocol == IPPROTO_TCP)
		return false;
	s = bpf_sk_storage_get(&sockets, sk, 0, 0);
	return s && s->pending_ns;
}

static __always_inline int on_packet(struct __sk_buff *skb, bool egress)
{
	const struct probe_owner *delayed = NULL;
	struct bpf_sock *sk = skb->sk;
	struct sock_info *s;
	bool sends = false;

	if (!is_seen(skb) && (egress || !meets_pending(skb))) {
		if (!egress)
			note_unseen(skb);
		return 1;
	}
	sk = sk ? bpf_sk_fullsock(sk) : NULL;
	if (sk && sees_one_netns() && packet_netns(skb, sk) != seen_netns)
		return 1;
	s = sk ? packet_info(skb, sk) : NULL;
	if (!egress)
		mark_arrival(skb, sk, s);
	if (!s)
		return 1;
	if (egress)
		sends = sender_takes_over(s, sk);
	if (egress && !sends && delays_seen)
		delayed = delayed_sender(skb, s);
	if (egress && !sends && s->subflow)
		note_sent_again(s);
	if (delayed || !is_old(s, sk, skb, egress))
		return tell_new(s, sk, skb, egress, sends, delayed);
	if (!egress)
		note_untold(s);
	return 1;
}

SEC("cgroup_skb/egress")
int on_egress(struct __sk_buff *skb)
{
	return on_packet(skb, true);
}

SEC("cgroup_skb/ingress")
int on_ingress(struct __sk_buff *skb)
{
	return on_packet(skb, false);
}

#endif
