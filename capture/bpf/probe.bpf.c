// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Which process owns a socket, told by the kernel in that process's own
 * context.  Every inet socket has a storage (struct sock_info) with its last
 * user; whoever creates, connects, accepts, sends or reads takes it over.
 * User space hears of each change, and of each flow the socket takes part in.
 *
 * No kprobes, no fentry: cgroup hooks, sockops, tracepoints, an iterator.
 * Programs the kernel does not know are left out by user space one by one.
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

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define MSG_PEEK	2
#define SOCK_STREAM	1
#define SOCK_RAW	3
#define AF_INET		2
#define AF_INET6	10
#define AF_PACKET	17
#define ETH_P_IP	0x0800
#define ETH_P_IPV6	0x86dd
#define MAX_EXTENSIONS	8	/* as packet/parse.c */
#define IPPROTO_HOPOPTS	0
#define IPPROTO_ICMP	1
#define IPPROTO_TCP	6
#define IPPROTO_UDP	17
#define IPPROTO_DCCP	33
#define IPPROTO_ROUTING	43
#define IPPROTO_FRAGMENT 44
#define IPPROTO_ICMPV6	58
#define IPPROTO_DSTOPTS	60
#define IPPROTO_SCTP	132
#define IPPROTO_UDPLITE	136
#define IPPROTO_MPTCP	262
#define ICMP_ECHOREPLY	0
#define ICMP_ECHO	8
#define ICMP_TIMESTAMP	13
#define ICMP_ADDRESSREPLY 18
#define ICMPV6_ECHO_REQUEST 128
#define ICMPV6_ECHO_REPLY   129
#define MLD_QUERY	130
#define MLD_REDUCTION	132
#define NDISC_NEIGHBOUR_SOLICITATION 135
#define NDISC_REDIRECT	137
#define MLD2_REPORT	143
#define IP_OFFSET	0x1fff
#define IP6_OFFSET	0xfff8
#define TCP_OFFSET	12	/* of data, in the header; the flags follow */
#define TCP_SYN		0x02
#define PF_EXITING	0x00000004
#define PF_IO_WORKER	0x00000010
#define PF_KTHREAD	0x00200000
#define TS_COMPAT	2
#define S_IWOTH		2

#define SHARED_NS	1000000000ull	/* several users lately: tell each packet */

#define RING_BYTES	(8u << 20)
#define RING_WAKE	(RING_BYTES / 4)

/*
 * Of the last users: who sends, who reads.  They are one until another reads
 * what @owner does not, after it has sent (SOCK_SPLIT).
 */
struct sock_info {
	struct probe_owner owner;
	struct probe_owner reader;	/* if SOCK_SPLIT */
	__u64 cookie;
	__u64 netns;
	__u64 address;		/* of the struct sock, for CO-RE reads */
	__u64 file;		/* of its struct file, once it is known */
	__u64 reads;		/* datagrams read so far */
	__u64 pending_ns;	/* when it last had holders; 0: long ago */
	__u64 shared_ns;	/* when another process last took over sending */
	__u32 flags;		/* enum probe_owner_flags */
	__u32 roles;		/* enum sock_roles */
	__u32 epoch;		/* when it was last told */
	__u32 tx_seen;		/* generation of last_tx when it was told, + 1 */
	__u32 rx_seen;
	/* Apart from @roles: another processor may be writing that. */
	__u8 told;		/* user space knows of the socket, */
	__u8 tx_told;		/* of a connection's flow as it sends, */
	__u8 rx_told;		/* and as it receives */
	__u8 wrote;		/* @wrote_seq is known */
	__u8 threads;		/* the owner has several */
	__u8 reserved[7];
	__u32 wrote_seq;	/* of a connection: after what is written so far */
	__u32 maker;		/* process id of who made or accepted it */
	struct flow_key last_tx;
	struct flow_key last_rx;
};

enum sock_roles {
	SOCK_SENT = 1,		/* @owner has sent, not only made the socket */
	SOCK_SPLIT = 2,		/* another process reads */
};

/* What a process does with a socket. */
enum use {
	USE_NONE,
	USE_SEND,
	USE_READ,
	USE_HOLD,		/* creates, binds, connects, accepts it */
	USE_END,		/* closes it, perhaps unseen in a queue */
};

struct reported {
	__u64 cookie;
	__u64 shared_ns;	/* when another socket had the flow; 0: never */
	__u64 epoch;		/* when the flow was last told */
};

struct flow_id {
	__u64 netns;
	struct flow_key key;
};

/* CLONE: an accepted connection starts with its listener's owner. */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_CLONE);
	__type(key, int);
	__type(value, struct sock_info);
} sockets SEC(".maps");

/* The last socket reported for each flow, so that a flow is reported once. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct flow_id);
	__type(value, struct reported);
} reported_flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, RING_BYTES);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct probe_exec);
} exec_scratch SEC(".maps");

__u64 lost;	/* events for which the ring had no room */

/*
 * User space counts it up once it has forgotten something, or an event was
 * lost: what was told before is told again, when it is next seen.
 */
__u32 epoch;

/*
 * Counts the changes of what is in reported_flows for keys of a local port, of
 * several ports together.  While it stands a socket need not look there.
 */
#define GENERATIONS 4096
__u32 generations[GENERATIONS];

/*
 * Where a task's registers lie above the start of its stack, which the
 * iterator finds out; 0: not known yet.
 */
__u64 regs_at;

/*
 * A wakeup per event costs more than everything else here; user space drains
 * the ring before it resolves packets.  Only a filling ring wakes it.
 */
static __always_inline __u64 wakeup(void)
{
	return bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA) > RING_WAKE ?
		       BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP;
}

/* Through pointers that the verifier knows: a read costs no call. */
static __always_inline bool runs_deleted(struct task_struct *t)
{
	struct file *exe = t->mm ? t->mm->exe_file : NULL;

	return exe && !exe->f_inode->i_nlink;
}

static __always_inline void fill_owner(struct probe_owner *o,
				       struct task_struct *t)
{
	struct task_struct *leader = t->group_leader;
	const struct cred *cred = t->cred;

	o->tgid = t->tgid;
	o->tid = t->pid;
	o->start_ns = leader->start_boottime;
	o->exec_gen = t->self_exec_id;
	o->exe_deleted = runs_deleted(t);
	o->uid = cred->euid.val;
	o->gid = cred->egid.val;
	o->netns_ino = leader->nsproxy->net_ns->ns.inum;
	if (!o->netns_ino)
		o->netns_ino = t->nsproxy->net_ns->ns.inum;
	o->seen_ns = bpf_ktime_get_ns();
	__builtin_memcpy(o->comm, leader->comm, sizeof(o->comm));
}

static __always_inline struct probe_event *event_begin(__u8 kind)
{
	struct probe_event *e;

	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e) {
		__sync_fetch_and_add(&lost, 1);
		return NULL;
	}
	__builtin_memset(e, 0, sizeof(*e));
	e->kind = kind;
	e->ts_ns = bpf_ktime_get_ns();
	return e;
}

/* Of a socket that has neither flow nor port nobody needs to know. */
static __always_inline void tell_socket(__u8 kind, struct sock_info *s,
					const struct flow_key *key, __u8 roles)
{
	struct probe_event *e;

	if (kind == PROBE_FLOW || kind == PROBE_BOUND)
		s->told = true;
	else if (!s->told)
		return;
	e = event_begin(kind);
	if (!e)
		return;
	e->cookie = s->cookie;
	e->netns = s->netns;
	if (roles == PROBE_READER && s->roles & SOCK_SPLIT)
		e->owner = s->reader;
	else
		e->owner = s->owner;
	e->flags = s->flags;
	e->roles = roles;
	if (kind == PROBE_OWNER && roles & PROBE_SENDER && s->wrote) {
		e->flags |= PROBE_WRITES;
		e->position = s->wrote_seq;
	}
	if (key)
		e->key = *key;
	bpf_ringbuf_submit(e, wakeup());
}

/* The same thread of the same process under the same user as last time. */
static __always_inline bool is_user(const struct probe_owner *o,
				    struct task_struct *t)
{
	/* A reused pid is another process. */
	return o->tid == (__u32)t->pid &&
	       o->start_ns == t->group_leader->start_boottime &&
	       o->uid == t->cred->euid.val;
}

/* Neither executed another program nor renamed itself since. */
static __always_inline bool is_program(const struct probe_owner *o,
				       struct task_struct *t)
{
	const __u64 *known = (const __u64 *)o->comm;
	__u64 comm[2];

	__builtin_memcpy(comm, t->group_leader->comm, sizeof(comm));
	return o->exec_gen == (__u32)t->self_exec_id && known[0] == comm[0] &&
	       known[1] == comm[1];
}

#define PROVISIONAL (PROBE_INHERITED | PROBE_SCANNED | PROBE_KERNEL)

static __always_inline void set_owner(struct sock_info *s,
				      struct task_struct *t, __u8 roles)
{
	__u32 before = s->owner.tgid;

	fill_owner(&s->owner, t);
	if (before && before != s->owner.tgid)
		s->shared_ns = bpf_ktime_get_ns();
	s->flags &= ~PROVISIONAL;
	s->threads = t->signal->nr_threads > 1;
	if (!s->maker)
		s->maker = s->owner.tgid;
	tell_socket(PROBE_OWNER, s, NULL, roles);
}

static __always_inline bool reads(struct sock_info *s, struct task_struct *t)
{
	if (s->roles & SOCK_SPLIT && is_user(&s->reader, t))
		return false;
	if (is_user(&s->owner, t)) {
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
	fill_owner(&s->reader, t);
	s->roles |= SOCK_SPLIT;
	tell_socket(PROBE_OWNER, s, NULL, PROBE_READER);
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
	if (!provisional && is_user(&s->owner, t) &&
	    (use != USE_SEND || !s->wrote || is_program(&s->owner, t))) {
		if (use == USE_SEND)
			s->roles |= SOCK_SENT;
		return false;
	}
	if (use != USE_SEND || provisional)
		s->roles = 0;
	if (use == USE_SEND)
		s->roles |= SOCK_SENT;
	set_owner(s, t, s->roles & SOCK_SPLIT ? PROBE_SENDER :
						PROBE_SENDER | PROBE_READER);
	return true;
}

/* ---- cgroup hooks: the process's own context ---- */

static __always_inline void map_ipv4(__u8 out[16], __u32 addr)
{
	__u32 *word = (__u32 *)out;

	word[0] = 0;
	word[1] = 0;
	word[2] = bpf_htonl(0xffff);
	word[3] = addr;
}

/* Of those that the kernel has sockets for. */
static __always_inline bool has_ports(__u8 proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP ||
	       proto == IPPROTO_UDPLITE || proto == IPPROTO_SCTP ||
	       proto == IPPROTO_DCCP;
}

/* The verifier allows no arithmetic on a socket's pointer: launder it. */
static __always_inline __u64 address_of(void *sk)
{
	__u64 address = 0;

	bpf_probe_read_kernel(&address, sizeof(address), &sk);
	return address;
}

static __always_inline struct sock_info *info_of(struct bpf_sock *sk, void *ctx)
{
	struct sock_info *s;

	s = bpf_sk_storage_get(&sockets, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
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

static __always_inline int used_by_current(struct bpf_sock *sk, void *ctx,
					   enum use use)
{
	struct sock_info *s = sk ? info_of(sk, ctx) : NULL;

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

/* Not yet with a file; the kernel's own are not told. */
SEC("cgroup/sock_create")
int on_sock_create(struct bpf_sock *ctx)
{
	struct sock_info *s = info_of(ctx, ctx);

	if (s)
		take_over(s, USE_HOLD);
	return 1;
}

/* A TCP socket has its port for others once it listens. */
static __always_inline int on_bound(struct bpf_sock *sk, struct flow_key *k)
{
	struct sock_info *s;

	used_by_current(sk, sk, USE_HOLD);
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

SEC("cgroup/connect4")
int on_connect4(struct bpf_sock_addr *ctx)
{
	return used_by_current(ctx->sk, ctx, USE_HOLD);
}

SEC("cgroup/connect6")
int on_connect6(struct bpf_sock_addr *ctx)
{
	return used_by_current(ctx->sk, ctx, USE_HOLD);
}

SEC("cgroup/sendmsg4")
int on_sendmsg4(struct bpf_sock_addr *ctx)
{
	return used_by_current(ctx->sk, ctx, USE_SEND);
}

SEC("cgroup/sendmsg6")
int on_sendmsg6(struct bpf_sock_addr *ctx)
{
	return used_by_current(ctx->sk, ctx, USE_SEND);
}

SEC("cgroup/recvmsg4")
int on_recvmsg4(struct bpf_sock_addr *ctx)
{
	return used_by_current(ctx->sk, ctx, USE_READ);
}

SEC("cgroup/recvmsg6")
int on_recvmsg6(struct bpf_sock_addr *ctx)
{
	return used_by_current(ctx->sk, ctx, USE_READ);
}

/*
 * accept(fd, &addr, ...) asks for the peer's name, too.  Who asks later does
 * not use the connection.
 */
static __always_inline int on_accepted(struct bpf_sock_addr *ctx)
{
	struct sock_info *s = ctx->sk ? info_of(ctx->sk, ctx) : NULL;

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
	struct sock_info *s;

	if (ctx->protocol == IPPROTO_TCP || ctx->protocol == IPPROTO_MPTCP)
		return 1;
	s = bpf_sk_storage_get(&sockets, ctx, 0, 0);
	if (s && s->cookie)
		tell_socket(PROBE_CLOSE, s, NULL, 0);
	return 1;
}

/* ---- keys ---- */

static __always_inline void set_ports(struct flow_key *k, bool egress,
				      __u16 source, __u16 dest)
{
	k->local_port = egress ? source : dest;
	k->remote_port = egress ? dest : source;
}

/* Ports, or identifier and role, from the transport header's first bytes. */
static __always_inline void header_key(const __u8 b[8], struct flow_key *k,
				       bool egress)
{
	bool asks, answers;

	if (k->proto == IPPROTO_ICMP || k->proto == IPPROTO_ICMPV6) {
		asks = k->proto == IPPROTO_ICMP ? b[0] == ICMP_ECHO :
						  b[0] == ICMPV6_ECHO_REQUEST;
		answers = k->proto == IPPROTO_ICMP ? b[0] == ICMP_ECHOREPLY :
						     b[0] == ICMPV6_ECHO_REPLY;
		if (!asks && !answers)
			return;
		k->local_port = b[4] << 8 | b[5];
		k->remote_port = asks == egress ? FLOW_ECHO_ASKS :
						  FLOW_ECHO_ANSWERS;
	} else if (has_ports(k->proto)) {
		set_ports(k, egress, b[0] << 8 | b[1], b[2] << 8 | b[3]);
	}
}

/* What tells a packet from the others of its flow. */
struct packet_print {
	__u64 fingerprint;
	__u32 seq_end;		/* TCP: of its payload */
	__u32 payload;		/* TCP: its bytes */
};

static __always_inline __u64 skb_fingerprint(struct __sk_buff *skb, __u32 off,
					     __u8 proto, __u16 ip_id,
					     const __u8 head[8])
{
	__u64 payload[FLOW_PAYLOAD] = {}, start;
	__u32 n = skb->len;

	off += 8;
	n = n > off ? n - off : 0;
	if (n > sizeof(payload))
		n = sizeof(payload);
	/* The verifier must see that it is not 0. */
	if (n > 0)
		bpf_skb_load_bytes(skb, off, payload, n);
	__builtin_memcpy(&start, head, sizeof(start));
	return flow_fingerprint(proto, ip_id, start, payload);
}

/*
 * Returns TCP's flags, or the type of another header that begins with one.  A
 * packet too short for a transport header keeps zeros: user space makes the
 * same key of it.  Not inlined, as skb_key().
 */
__noinline int transport_key(struct __sk_buff *skb, __u32 off,
			     struct flow_key *k, __u32 ip_id_egress,
			     struct packet_print *print)
{
	bool egress = ip_id_egress & 1;
	__u16 ip_id = ip_id_egress >> 1;
	__u8 b[8] = {}, tcp[2] = {};

	if (!k)
		return 0;
	if (!bpf_skb_load_bytes(skb, off, b, sizeof(b)))
		header_key(b, k, egress);
	if (print)
		print->fingerprint = skb_fingerprint(skb, off, k->proto, ip_id,
						     b);
	if (k->proto != IPPROTO_TCP)
		return b[0];
	bpf_skb_load_bytes(skb, off + TCP_OFFSET, tcp, sizeof(tcp));
	if (print) {
		__u32 seq = (__u32)b[4] << 24 | b[5] << 16 | b[6] << 8 | b[7];
		__u32 head = off + (tcp[0] >> 4) * 4;

		print->payload = skb->len > head ? skb->len - head : 0;
		print->seq_end = seq + print->payload;
	}
	return tcp[1];
}

static __always_inline int ipv4_key(struct __sk_buff *skb, struct flow_key *k,
				    bool egress, struct packet_print *print)
{
	__u8 h[20];
	__u32 src, dst;

	if (bpf_skb_load_bytes(skb, 0, h, sizeof(h)))
		return -1;
	__builtin_memcpy(&src, h + 12, 4);
	__builtin_memcpy(&dst, h + 16, 4);
	map_ipv4(k->local, egress ? src : dst);
	map_ipv4(k->remote, egress ? dst : src);
	k->proto = h[9];
	if ((h[6] << 8 | h[7]) & IP_OFFSET)
		return 0;
	return transport_key(skb, (h[0] & 0xf) * 4, k,
			     (h[4] << 8 | h[5]) << 1 | egress, print);
}

static __always_inline int ipv6_key(struct __sk_buff *skb, struct flow_key *k,
				    bool egress, struct packet_print *print)
{
	__u8 h[40];
	__u32 off;

	if (bpf_skb_load_bytes(skb, 0, h, sizeof(h)))
		return -1;
	__builtin_memcpy(k->local, egress ? h + 8 : h + 24, 16);
	__builtin_memcpy(k->remote, egress ? h + 24 : h + 8, 16);
	k->proto = h[6];
	off = sizeof(h);
	for (int i = 0; i < MAX_EXTENSIONS; i++) {
		bool fragment = k->proto == IPPROTO_FRAGMENT;

		if (!fragment && k->proto != IPPROTO_HOPOPTS &&
		    k->proto != IPPROTO_ROUTING && k->proto != IPPROTO_DSTOPTS)
			return transport_key(skb, off, k, egress, print);
		if (bpf_skb_load_bytes(skb, off, h, 8))
			return 0;
		k->proto = h[0];
		if (fragment && (h[2] << 8 | h[3]) & IP6_OFFSET)
			return 0;
		off += fragment ? 8 : (h[1] + 1) * 8;
	}
	return 0;
}

/*
 * transport_key()'s answer, 0 for a later fragment, -1 if it is not IP.  Not
 * inlined: the verifier walks through the headers once, not for each caller.
 */
__noinline int skb_key(struct __sk_buff *skb, struct flow_key *k, bool egress,
		       struct packet_print *print)
{
	if (!k)
		return -1;
	if (skb->protocol == bpf_htons(ETH_P_IP))
		return ipv4_key(skb, k, egress, print);
	if (skb->protocol == bpf_htons(ETH_P_IPV6))
		return ipv6_key(skb, k, egress, print);
	return -1;
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

/*
 * A raw socket of a process, for the kernel has some as well, can write what
 * it likes: a flow with ports is never its own.
 */
static __always_inline bool is_forger(const struct sock_info *s,
				      const struct bpf_sock *sk,
				      const struct flow_key *k)
{
	return sk->type == SOCK_RAW && has_ports(k->proto) &&
	       !(s->flags & PROBE_KERNEL);
}

/* True if several sockets have this flow, so that each packet is told. */
static __always_inline bool tell_flow(struct sock_info *s,
				      const struct flow_key *k, __u8 roles)
{
	struct flow_id id = { .netns = s->netns, .key = *k };
	struct reported *r = bpf_map_lookup_elem(&reported_flows, &id);
	/* The kernel's own, one for each CPU, are all nobody's. */
	struct reported now = {
		.cookie = s->flags & PROBE_KERNEL ? ~0ull : s->cookie,
		.epoch = epoch,
	};
	__u64 ns;

	if (r && r->epoch != now.epoch)
		r = NULL;
	if (r && r->cookie == now.cookie && !r->shared_ns)
		return false;
	if (r && r->cookie == now.cookie &&
	    bpf_ktime_get_ns() - r->shared_ns < SHARED_NS)
		return true;
	__sync_fetch_and_add(&generations[k->local_port % GENERATIONS], 1);
	ns = bpf_ktime_get_ns();
	if (r && r->cookie != now.cookie) {
		bool told = r->shared_ns && ns - r->shared_ns < SHARED_NS;

		r->cookie = now.cookie;
		/* A connection begins anew under the same ports. */
		r->shared_ns = k->proto == IPPROTO_TCP ||
					       roles != PROBE_READER ? 0 : ns;
		if (!told || !r->shared_ns)
			tell_socket(PROBE_FLOW, s, k, roles);
		return true;
	}
	bpf_map_update_elem(&reported_flows, &id, &now, BPF_ANY);
	tell_socket(PROBE_FLOW, s, k, roles);
	return false;
}

static __always_inline void forget_reported(const struct sock_info *s,
					const struct flow_key *k)
{
	struct flow_id id = { .netns = s->netns, .key = *k };

	bpf_map_delete_elem(&reported_flows, &id);
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
	s = sk ? info_of(sk, ctx) : NULL;
	if (!s)
		return 1;
	sockops_key(ctx, &k);
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
		s->roles = 0;
		s->told = true;
		s->wrote = false;
		s->maker = 0;
		s->file = 0;
		s->pending_ns = 0;
		s->shared_ns = 0;
		s->flags = (s->flags & ~PROBE_LISTENING) | PROBE_INHERITED;
	}
	s->last_tx = k;
	s->last_rx = k;
	s->tx_told = s->rx_told = false;
	/* connect() tried again: its first flow has ended. */
	if (op == BPF_SOCK_OPS_TCP_CONNECT_CB)
		forget_reported(s, &k);
	tell_flow(s, &k, PROBE_SENDER | PROBE_READER);
	return 1;
}

/* ---- cgroup_skb: every packet that has a socket ---- */

#ifdef __TARGET_ARCH_arm64
#define SYSCALL_NR(regs)  BPF_CORE_READ(regs, syscallno)
#define SYSCALL_ARG0(regs) BPF_CORE_READ(regs, orig_x0)
#define SYSCALL_ARG2(regs) BPF_CORE_READ(regs, regs[2])
#else
#define SYSCALL_NR(regs)  (int)BPF_CORE_READ(regs, orig_ax)
#define SYSCALL_ARG0(regs) BPF_CORE_READ(regs, di)
#define SYSCALL_ARG2(regs) BPF_CORE_READ(regs, dx)
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

/* What the running system call does with the descriptor in @fd. */
static __always_inline enum use use_of(int nr)
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
	case __NR_setsockopt:
		return USE_SEND;
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
 * Whether the running task sends, reads or closes @sk, or only happens to run:
 * it lets a queued packet go (NFQUEUE), or holds the lock to look at the
 * socket (ss -i, TCP_INFO).  Its system call and that call's descriptor tell.
 */
static __always_inline enum use current_use(struct sock *sk)
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
	/* A ring of io_uring. */
	if (!regs_at || flags & PF_IO_WORKER)
		return USE_SEND;
#ifndef __TARGET_ARCH_arm64
	/* The numbers of 32-bit programs are others. */
	if (bpf_core_field_exists(t->thread_info.status) &&
	    t->thread_info.status & TS_COMPAT)
		return USE_SEND;
#endif
	regs = t->stack + regs_at;
	nr = SYSCALL_NR(regs);
#ifdef __NR_dup2
	if (nr == __NR_dup2)
		return USE_END;
#endif
	if (nr == __NR_close || nr == __NR_close_range || nr == __NR_dup3)
		return USE_END;
	if (nr == __NR_io_uring_enter)
		return USE_SEND;
	use = use_of(nr);
	if (use == USE_NONE)
		return use;
	fd = nr == __NR_splice ? SYSCALL_ARG2(regs) : SYSCALL_ARG0(regs);
	used = sock_of_fd(t, fd);
	if (used == sk || (used &&
			   BPF_CORE_READ(used, sk_protocol) == IPPROTO_MPTCP))
		return use;
	return USE_NONE;
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
	struct task_struct *t = bpf_get_current_task_btf();
	struct sock *ksk = (void *)s->address;
	bool tcp = sk->protocol == IPPROTO_TCP || sk->protocol == IPPROTO_MPTCP;
	enum use use;

	if (!(s->flags & PROVISIONAL) && s->roles & SOCK_SENT &&
	    is_user(&s->owner, t) && (!tcp || is_program(&s->owner, t)))
		return true;
	if (tcp ? sk->state == BPF_TCP_LISTEN ||
			  !BPF_CORE_READ(ksk, sk_lock.owned) :
		  !BPF_CORE_READ(ksk, sk_socket, file))
		return false;
	use = current_use(ksk);
	if (use == USE_NONE)
		return false;
	take_over(s, tcp ? use : USE_SEND);
	return use != USE_END;
}

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

/* Datagrams that wait to be read. */
static __always_inline __u32 queued(struct sock *sk, __u8 proto)
{
	struct udp_sock *up = (void *)sk;
	__u32 n = BPF_CORE_READ(sk, sk_receive_queue.qlen);

	if (proto == IPPROTO_UDP || proto == IPPROTO_UDPLITE)
		n += BPF_CORE_READ(up, reader_queue.qlen);
	return n;
}

/*
 * One packet of a socket or flow that has several users: the answer holds for
 * it alone.  Without @sends nobody is known to have sent it.
 */
static __always_inline void tell_packet(struct sock_info *s,
					struct __sk_buff *skb, bool egress,
					bool sends, __u32 flags)
{
	struct packet_print print = {};
	struct probe_event *e;
	struct flow_key k = {};

	if (skb_key(skb, &k, egress, &print) < 0)
		return;
	/* Nobody reads what has no bytes. */
	if (k.proto == IPPROTO_TCP && flags & PROBE_PENDING && !print.payload)
		return;
	e = event_begin(PROBE_PACKET);
	if (!e)
		return;
	e->cookie = s->cookie;
	e->netns = s->netns;
	e->key = k;
	e->fingerprint = print.fingerprint;
	e->flags = s->flags | flags | (egress ? PROBE_SENDS : 0);
	/* Another processor may be writing the storage. */
	if (flags & PROBE_PENDING)
		e->position = k.proto == IPPROTO_TCP ? print.seq_end :
			      s->reads + 1 +
			      queued((void *)s->address, k.proto);
	else if (egress && sends)
		fill_owner(&e->owner, bpf_get_current_task_btf());
	else if (!egress && s->roles & SOCK_SPLIT)
		e->owner = s->reader;
	else if (!egress)
		e->owner = s->owner;
	/* Unread for long: its threads, not others, may have held the socket. */
	if (flags & PROBE_PENDING && s->threads && !s->shared_ns &&
	    !(s->roles & SOCK_SPLIT))
		e->owner = s->owner;
	bpf_ringbuf_submit(e, wakeup());
}

/*
 * Several processes may hold the socket, or threads of one wait for it: who
 * reads is known when it is read.
 */
static __always_inline bool has_holders(struct sock_info *s)
{
	struct file___before_6_13 *old;
	struct file *file = (void *)s->file;
	struct sock *sk = (void *)s->address;

	/* A subflow of MPTCP has another's, through which nobody reads it. */
	if (!file && BPF_CORE_READ(sk, sk_socket, sk) == sk) {
		file = BPF_CORE_READ(sk, sk_socket, file);
		s->file = (__u64)file;
	}
	if (!file)
		return false;
	old = (void *)file;
	if (bpf_core_field_exists(file->f_ref))
		return BPF_CORE_READ(file, f_ref.refcnt.counter) > 0;
	return BPF_CORE_READ(old, f_count.counter) > 1;
}

/*
 * Threads come and go between two packets, and user space takes what it is not
 * told of a flow for missing, as long as SHARED_NS.
 */
static __always_inline bool is_pending(struct sock_info *s)
{
	__u64 now = bpf_ktime_get_ns();

	if (has_holders(s))
		s->pending_ns = now;
	else if (s->pending_ns && now - s->pending_ns > 2 * SHARED_NS)
		s->pending_ns = 0;
	return s->pending_ns;
}

static __always_inline struct sock_info *packet_info(struct __sk_buff *skb,
						     struct bpf_sock *sk)
{
	struct sock_info *s;
	struct sock *ksk;

	s = bpf_sk_storage_get(&sockets, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!s || (s->address && s->cookie))
		return s;
	s->address = address_of(sk);
	if (!s->cookie)
		s->cookie = bpf_get_socket_cookie(skb);
	ksk = (void *)s->address;
	if (!s->netns)
		s->netns = BPF_CORE_READ(ksk, __sk_common.skc_net.net,
					 net_cookie);
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

static __always_inline __u32 generation_of(const struct flow_key *k)
{
	return generations[k->local_port % GENERATIONS] + 1;
}

static __always_inline bool equal16(const __u8 a[16], const __u8 b[16])
{
	const __u64 *x = (const __u64 *)a, *y = (const __u64 *)b;

	return x[0] == y[0] && x[1] == y[1];
}

static __always_inline bool equal_mapped(const __u8 a[16], const __u8 ipv4[4])
{
	const __u32 *x = (const __u32 *)a;

	return x[2] == bpf_htonl(0xffff) && x[3] == *(const __u32 *)ipv4;
}

/* Whether it is one more datagram of the flow @k; looks at the plain case. */
static __always_inline bool is_of(struct __sk_buff *skb,
				  const struct flow_key *k, bool egress)
{
	const __u8 *h = (void *)(long)skb->data;
	const __u8 *end = (void *)(long)skb->data_end;
	const __u8 *local = egress ? k->local : k->remote;
	const __u8 *remote = egress ? k->remote : k->local;
	__u16 source = bpf_htons(egress ? k->local_port : k->remote_port);
	__u16 dest = bpf_htons(egress ? k->remote_port : k->local_port);

	if (k->proto != IPPROTO_UDP || h + 28 > end)
		return false;
	if (h[0] == 0x45)
		return h[9] == IPPROTO_UDP && !(h[6] & 0x3f) && !h[7] &&
		       equal_mapped(local, h + 12) &&
		       equal_mapped(remote, h + 16) &&
		       *(const __u16 *)(h + 20) == source &&
		       *(const __u16 *)(h + 22) == dest;
	return h + 48 <= end && h[0] >> 4 == 6 && h[6] == IPPROTO_UDP &&
	       equal16(local, h + 8) && equal16(remote, h + 24) &&
	       *(const __u16 *)(h + 40) == source &&
	       *(const __u16 *)(h + 42) == dest;
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

	if (s->epoch != epoch)
		return false;
	if (!egress && (s->pending_ns || has_holders(s)))
		return false;
	if (egress ? s->tx_told : s->rx_told)
		return sk->state != BPF_TCP_LISTEN;
	return !s->shared_ns &&
	       (egress ? s->tx_seen : s->rx_seen) == generation_of(last) &&
	       is_of(skb, last, egress);
}

/* The flow is told: remember how far that holds. */
static __always_inline void set_old(struct sock_info *s,
				    const struct bpf_sock *sk, bool egress,
				    __u32 generation)
{
	if (sk->type == SOCK_STREAM && egress)
		s->tx_told = true;
	else if (sk->type == SOCK_STREAM)
		s->rx_told = true;
	else if (egress)
		s->tx_seen = generation;
	else
		s->rx_seen = generation;
}

/*
 * Whether each packet is told: its flow has several sockets, or its socket
 * several users.  Who sends from one port in turn is told before the packet.
 */
static __always_inline bool is_shared(struct sock_info *s, bool egress,
				      bool flow_shared)
{
	if (s->shared_ns && bpf_ktime_get_ns() - s->shared_ns > SHARED_NS)
		s->shared_ns = 0;
	return egress ? s->shared_ns : flow_shared;
}

static __always_inline int tell_new(struct sock_info *s,
				    const struct bpf_sock *sk,
				    struct __sk_buff *skb, bool egress,
				    bool sends)
{
	__u8 roles = egress ? PROBE_SENDER : PROBE_READER;
	bool listening = sk->state == BPF_TCP_LISTEN, flow_shared;
	struct flow_key k = {};
	__u32 generation;
	int detail;

	detail = skb_key(skb, &k, egress, NULL);
	if (detail < 0 || (!egress && is_copy(sk, &k, detail)))
		return 1;
	if (egress && is_forger(s, sk, &k)) {
		tell_packet(s, skb, true, sends, PROBE_ALONE);
		return 1;
	}
	/*
	 * A listener is told afresh: between two of its SYNs the same key may
	 * have been a child's.  What else reaches it comes too late for a child
	 * that is gone, and is the kernel's to answer.
	 */
	if (listening && !egress && !(detail & TCP_SYN))
		return 1;
	if (s->epoch != epoch)
		tell_users_again(s);
	*(egress ? &s->last_tx : &s->last_rx) = k;
	if (listening)
		s->flags |= PROBE_LISTENING;
	generation = generation_of(&k);
	flow_shared = tell_flow(s, &k, roles);
	if (s->flags & PROBE_KERNEL || listening)
		return 1;
	if (!egress && is_pending(s)) {
		tell_packet(s, skb, false, false, PROBE_PENDING);
	} else if (is_shared(s, egress, flow_shared) &&
		   sk->protocol != IPPROTO_TCP) {
		tell_packet(s, skb, egress, sends, 0);
	}
	if (!flow_shared)
		set_old(s, sk, egress, generation);
	return 1;
}

static __always_inline int on_packet(struct __sk_buff *skb, bool egress)
{
	struct bpf_sock *sk = skb->sk;
	struct sock_info *s;
	bool sends = false;

	sk = sk ? bpf_sk_fullsock(sk) : NULL;
	s = sk ? packet_info(skb, sk) : NULL;
	if (!s)
		return 1;
	if (egress)
		sends = sender_takes_over(s, sk);
	return is_old(s, sk, skb, egress) ? 1 :
					    tell_new(s, sk, skb, egress, sends);
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

static __always_inline void tell_user(struct sock *sk, __u64 cookie)
{
	struct task_struct *t = bpf_get_current_task_btf();
	struct probe_event *e;

	if (!cookie)
		return;
	e = event_begin(PROBE_OWNER);
	if (!e)
		return;
	e->cookie = cookie;
	e->netns = BPF_CORE_READ(sk, __sk_common.skc_net.net, net_cookie);
	e->roles = PROBE_SENDER | PROBE_READER;
	fill_owner(&e->owner, t);
	bpf_ringbuf_submit(e, wakeup());
}

/* ---- tracepoints: sends and reads that pass no cgroup hook ---- */

static __always_inline bool is_inet(struct sock *sk)
{
	__u16 family = sk->__sk_common.skc_family;

	return family == AF_INET || family == AF_INET6;
}

static __always_inline struct sock_info *traced_info(struct sock *sk)
{
	struct sock_info *s;

	s = bpf_sk_storage_get(&sockets, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (s && !s->cookie) {
		s->cookie = bpf_get_socket_cookie(sk);
		s->netns = sk->__sk_common.skc_net.net->net_cookie;
		s->epoch = epoch;
	}
	return s;
}

static __always_inline int traced_use(struct sock *sk, enum use use)
{
	struct sock_info *s = is_inet(sk) ? traced_info(sk) : NULL;

	if (s && take_over(s, use))
		tell_user(sk, subflow_cookie(sk));
	return 0;
}

static __always_inline void tell_read(struct sock_info *s, __u64 position)
{
	struct probe_event *e = event_begin(PROBE_READ);

	if (!e)
		return;
	e->cookie = s->cookie;
	e->netns = s->netns;
	e->flags = s->flags;
	e->position = position;
	fill_owner(&e->owner, bpf_get_current_task_btf());
	bpf_ringbuf_submit(e, wakeup());
}

/* Linux 6.3 and later: also io_uring, also SQPOLL. */
SEC("tp_btf/sock_send_length")
int BPF_PROG(on_send_length, struct sock *sk)
{
	struct tcp_sock *tp;
	struct sock_info *s;

	traced_use(sk, USE_SEND);
	if (!is_inet(sk) || sk->sk_protocol != IPPROTO_TCP)
		return 0;
	s = bpf_sk_storage_get(&sockets, sk, 0, 0);
	tp = bpf_skc_to_tcp_sock(sk);
	if (s && tp) {
		s->wrote_seq = tp->write_seq;
		s->wrote = true;
	}
	return 0;
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(on_recv_length, struct sock *sk, int ret, int flags)
{
	struct sock_info *s;

	if (ret < 0 || flags & MSG_PEEK)
		return 0;
	traced_use(sk, USE_READ);
	if (!is_inet(sk) || sk->sk_protocol == IPPROTO_TCP)
		return 0;
	s = bpf_sk_storage_get(&sockets, sk, 0, 0);
	if (!s)
		return 0;
	__sync_fetch_and_add(&s->reads, 1);
	if (s->pending_ns)
		tell_read(s, s->reads);
	return 0;
}

/* A TCP reader; runs in softirq too, where the socket is not locked. */
SEC("tp_btf/tcp_rcv_space_adjust")
int BPF_PROG(on_rcv_space, struct sock *sk)
{
	struct tcp_sock *tp;
	struct sock_info *s;

	if (!sk->sk_lock.owned)
		return 0;
	traced_use(sk, USE_READ);
	s = bpf_sk_storage_get(&sockets, sk, 0, 0);
	tp = bpf_skc_to_tcp_sock(sk);
	if (s && tp && s->pending_ns)
		tell_read(s, tp->copied_seq);
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(on_set_state, struct sock *sk, int oldstate, int newstate)
{
	struct sock_info *s;

	if (sk->sk_protocol != IPPROTO_TCP)
		return 0;
	if (newstate == BPF_TCP_SYN_SENT || newstate == BPF_TCP_LISTEN)
		return traced_use(sk, USE_HOLD);
	if (newstate == BPF_TCP_CLOSE) {
		s = bpf_sk_storage_get(&sockets, sk, 0, 0);
		if (s && s->cookie)
			tell_socket(PROBE_CLOSE, s, NULL, 0);
	}
	return 0;
}

/*
 * accept(fd, NULL) passes no hook: find the new descriptor's socket.  Its
 * storage cannot be reached from here, so only user space hears of it; the
 * first packet or read updates the storage.
 */
struct sys_exit_args {
	__u64 common;
	long id;
	long ret;
};

static __always_inline int on_accept(long fd)
{
	struct task_struct *t = bpf_get_current_task_btf();
	struct file **files, *file = NULL;
	struct socket *socket;
	struct sock *sk;
	__u16 family;

	if (fd < 0)
		return 0;
	files = BPF_CORE_READ(t, files, fdt, fd);
	bpf_probe_read_kernel(&file, sizeof(file), files + fd);
	socket = BPF_CORE_READ(file, private_data);
	sk = BPF_CORE_READ(socket, sk);
	family = BPF_CORE_READ(sk, __sk_common.skc_family);
	if (family != AF_INET && family != AF_INET6)
		return 0;
	tell_user(sk, BPF_CORE_READ(sk, __sk_common.skc_cookie.counter));
	tell_user(sk, subflow_cookie(sk));
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

/* ---- AF_PACKET: frames made by a process, past every socket hook ---- */

/*
 * Returns the packet's fingerprint, or 0.  Not IP: the kind of frame is all
 * there is of a key.
 */
static __always_inline __u64 frame_key(struct sk_buff *skb, struct flow_key *k,
				       bool egress)
{
	void *at = (void *)BPF_CORE_READ(skb, head) +
		   BPF_CORE_READ(skb, network_header);
	__u64 payload[FLOW_PAYLOAD] = {}, start;
	__u16 ip_id = 0;
	__u8 h[48] = {};
	__u64 n;

	k->proto = FLOW_FRAME;
	k->local_port = bpf_ntohs(BPF_CORE_READ(skb, protocol));
	if (bpf_probe_read_kernel(h, sizeof(h), at))
		return 0;
	if (k->local_port == ETH_P_IP && h[0] >> 4 == 4) {
		__u32 src, dst;

		__builtin_memcpy(&src, h + 12, 4);
		__builtin_memcpy(&dst, h + 16, 4);
		map_ipv4(k->local, egress ? src : dst);
		map_ipv4(k->remote, egress ? dst : src);
		k->proto = h[9];
		k->local_port = 0;
		ip_id = h[4] << 8 | h[5];
		n = (h[2] << 8 | h[3]) - (h[0] & 0xf) * 4;
		at += (h[0] & 0xf) * 4;
	} else if (k->local_port == ETH_P_IPV6 && h[0] >> 4 == 6) {
		__builtin_memcpy(k->local, egress ? h + 8 : h + 24, 16);
		__builtin_memcpy(k->remote, egress ? h + 24 : h + 8, 16);
		k->proto = h[6];
		k->local_port = 0;
		n = h[4] << 8 | h[5];
		at += 40;
	} else {
		/* The verifier must see its bounds. */
		n = (__u16)(BPF_CORE_READ(skb, tail) -
			    BPF_CORE_READ(skb, network_header));
	}
	if (n < 8 || n > 0xffff || bpf_probe_read_kernel(h, 8, at))
		return 0;
	header_key(h, k, egress);
	n -= 8;
	if (n > sizeof(payload))
		n = sizeof(payload);
	if (n && bpf_probe_read_kernel(payload, n, at + 8))
		return 0;
	__builtin_memcpy(&start, h, sizeof(start));
	return flow_fingerprint(k->proto, ip_id, start, payload);
}

/*
 * Told for each frame: the packet socket says nothing of flows, so the answer
 * holds for this frame alone.
 */
static __always_inline int tell_frame(struct sk_buff *skb, __u8 roles)
{
	struct task_struct *t = bpf_get_current_task_btf();
	struct sock *sk = skb->sk;
	struct probe_event *e;

	if (!sk || sk->__sk_common.skc_family != AF_PACKET ||
	    t->flags & PF_KTHREAD)
		return 0;
	/* A sniffer that reads all there is must not crowd out the rest. */
	if (roles == PROBE_READER &&
	    bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA) > RING_WAKE)
		return 0;
	e = event_begin(PROBE_FRAME);
	if (!e)
		return 0;
	e->netns = BPF_CORE_READ(sk, __sk_common.skc_net.net, net_cookie);
	e->roles = roles;
	fill_owner(&e->owner, t);
	e->fingerprint = frame_key(skb, &e->key, roles == PROBE_SENDER);
	bpf_ringbuf_submit(e, wakeup());
	return 0;
}

SEC("tp_btf/net_dev_queue")
int BPF_PROG(on_dev_queue, struct sk_buff *skb)
{
	return tell_frame(skb, PROBE_SENDER);
}

/* Who reads through a mapped ring sniffs: frames are not for it. */
SEC("tp_btf/skb_copy_datagram_iovec")
int BPF_PROG(on_copy_datagram, struct sk_buff *skb)
{
	return tell_frame(skb, PROBE_READER);
}

/* ---- processes ---- */

/*
 * Paths are written from their end.  The offset lives in the map's memory
 * (volatile), so each turn of the loop reads it back as an unknown number
 * and the verifier sees one state, not forty.
 */
static __always_inline void put_component(char *buf, __u32 mask, __u32 room,
					  volatile __u32 *at,
					  const void *name, __u32 len)
{
	__u32 off = *at;

	if (off < room)
		return;
	off = (off - (len & 255)) & mask;
	bpf_probe_read_kernel(buf + off, len & 255, name);
	off = (off - 1) & mask;
	buf[off] = '/';
	*at = off;
}

static __always_inline void exec_path(struct probe_exec *x, struct file *file)
{
	struct dentry *d = BPF_CORE_READ(file, f_path.dentry);
	struct vfsmount *vfs = BPF_CORE_READ(file, f_path.mnt);
	struct mount *m = (void *)vfs - bpf_core_field_offset(struct mount, mnt);
	volatile __u32 *at = &x->path_at;
	struct dentry *parent;

	*at = PROBE_PATH_LEN - 1;
	x->path[PROBE_PATH_LEN - 1] = '\0';
	for (int i = 0; i < 40; i++) {
		if (d == BPF_CORE_READ(m, mnt.mnt_root)) {
			struct mount *up = BPF_CORE_READ(m, mnt_parent);

			if (up == m)
				return;
			d = BPF_CORE_READ(m, mnt_mountpoint);
			m = up;
			continue;
		}
		parent = BPF_CORE_READ(d, d_parent);
		if (*at < PROBE_NAME_MAX + 1)
			break;
		put_component(x->path, PROBE_PATH_LEN - 1, PROBE_NAME_MAX + 1,
			      at, BPF_CORE_READ(d, d_name.name),
			      BPF_CORE_READ(d, d_name.len));
		if (parent == d)
			return;		/* no file system: a memfd */
		d = parent;
	}
	x->exe_flags |= PROBE_PATH_CUT;
}

#define CTIME_NSEC	0x7fffffff	/* without I_CTIME_QUERIED, Linux 6.13 */

static __always_inline __u64 inode_changed_ns(struct inode *inode)
{
	struct inode___before_6_11 *old = (void *)inode;
	struct inode___before_6_6 *older = (void *)inode;

	if (bpf_core_field_exists(inode->i_ctime_sec))
		return BPF_CORE_READ(inode, i_ctime_sec) * 1000000000 +
		       (BPF_CORE_READ(inode, i_ctime_nsec) & CTIME_NSEC);
	if (bpf_core_field_exists(old->__i_ctime))
		return BPF_CORE_READ(old, __i_ctime.tv_sec) * 1000000000 +
		       (BPF_CORE_READ(old, __i_ctime.tv_nsec) & CTIME_NSEC);
	return BPF_CORE_READ(older, i_ctime.tv_sec) * 1000000000 +
	       BPF_CORE_READ(older, i_ctime.tv_nsec);
}

static __always_inline void exec_exe_flags(struct probe_exec *x,
					   struct file *file)
{
	struct dentry *d = BPF_CORE_READ(file, f_path.dentry);
	struct dentry *parent = BPF_CORE_READ(d, d_parent);
	struct inode *inode = BPF_CORE_READ(file, f_inode);

	x->exe_inode = BPF_CORE_READ(inode, i_ino);
	x->exe_dev = BPF_CORE_READ(inode, i_sb, s_dev);
	x->exe_generation = BPF_CORE_READ(inode, i_generation);
	x->exe_changed_ns = inode_changed_ns(inode);
	if (BPF_CORE_READ(inode, i_nlink) == 0) {
		x->exe_flags |= PROBE_EXE_DELETED;
		if (parent == d)
			x->exe_flags |= PROBE_EXE_MEMFD;
	} else if (BPF_CORE_READ(parent, d_inode, i_mode) & S_IWOTH) {
		x->exe_flags |= PROBE_EXE_WORLD_WRITABLE;
	}
}

static __always_inline struct kernfs_node *kernfs_parent(struct kernfs_node *kn)
{
	struct kernfs_node___before_6_15 *old = (void *)kn;

	if (bpf_core_field_exists(kn->__parent))
		return BPF_CORE_READ(kn, __parent);
	return BPF_CORE_READ(old, parent);
}

/*
 * The unified hierarchy's cgroup, or where that is the root the one of
 * version 1's memory controller, under which container runtimes put theirs.
 */
static __always_inline struct kernfs_node *cgroup_of(struct task_struct *t)
{
	struct kernfs_node *kn = BPF_CORE_READ(t, cgroups, dfl_cgrp, kn);
	struct cgroup_subsys_state *css = NULL;
	struct css_set *set;
	int i;

	if (kernfs_parent(kn) ||
	    !bpf_core_enum_value_exists(enum cgroup_subsys_id, memory_cgrp_id))
		return kn;
	i = bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id);
	set = BPF_CORE_READ(t, cgroups);
	bpf_core_read(&css, sizeof(css), &set->subsys[i]);
	return css ? BPF_CORE_READ(css, cgroup, kn) : kn;
}

static __always_inline void exec_cgroup(struct probe_exec *x,
					struct task_struct *t)
{
	struct kernfs_node *kn = cgroup_of(t);
	volatile __u32 *at = &x->cgroup_at;
	struct kernfs_node *parent;
	const char *from;
	long n;

	*at = PROBE_CGROUP_LEN - 1;
	x->cgroup[PROBE_CGROUP_LEN - 1] = '\0';
	for (int i = 0; i < 32; i++) {
		parent = kernfs_parent(kn);
		if (!parent)
			return;
		from = BPF_CORE_READ(kn, name);
		/* Only to know its length: what args are for comes later. */
		n = bpf_probe_read_kernel_str(x->args, PROBE_NAME_MAX, from);
		if (n <= 1)
			return;
		put_component(x->cgroup, PROBE_CGROUP_LEN - 1,
			      PROBE_NAME_MAX + 1, at, from, n - 1);
		kn = parent;
	}
}

static __always_inline void exec_args(struct probe_exec *x,
				      struct task_struct *t)
{
	unsigned long start = BPF_CORE_READ(t, mm, arg_start);
	unsigned long len = BPF_CORE_READ(t, mm, arg_end) - start;

	if (len > PROBE_ARGS_LEN - 1) {
		len = PROBE_ARGS_LEN - 1;
		x->exe_flags |= PROBE_ARGS_CUT;
	}
	len &= PROBE_ARGS_LEN - 1;
	if (bpf_probe_read_user(x->args, len, (void *)start))
		len = 0;
	x->args_len = len;
}

static __always_inline void exec_namespaces(struct probe_exec *x,
					    struct task_struct *t)
{
	struct pid *pid = BPF_CORE_READ(t, thread_pid);
	unsigned int level = BPF_CORE_READ(pid, level);
	/* An element is the kernel's size, which ours is not. */
	struct upid *upid = (void *)pid->numbers +
			    level * bpf_core_type_size(struct upid);

	x->vpid = BPF_CORE_READ(upid, nr);
	x->netns_ino = BPF_CORE_READ(t, nsproxy, net_ns, ns.inum);
	x->loginuid = ~0u;
	if (bpf_core_field_exists(t->loginuid))
		x->loginuid = BPF_CORE_READ(t, loginuid.val);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *t, int old_pid,
	     struct linux_binprm *bprm)
{
	struct file *file = BPF_CORE_READ(bprm, file);
	struct task_struct *parent = BPF_CORE_READ(t, real_parent);
	struct probe_exec *x;
	__u32 zero = 0, size;

	x = bpf_map_lookup_elem(&exec_scratch, &zero);
	if (!x)
		return 0;
	__builtin_memset(&x->event, 0, sizeof(x->event));
	x->event.kind = PROBE_EXEC;
	x->event.ts_ns = bpf_ktime_get_ns();
	fill_owner(&x->event.owner, t);
	x->ppid = BPF_CORE_READ(parent, tgid);
	BPF_CORE_READ_STR_INTO(&x->pcomm, parent, group_leader, comm);
	x->exe_flags = 0;
	exec_namespaces(x, t);
	exec_exe_flags(x, file);
	exec_path(x, file);
	exec_cgroup(x, t);
	exec_args(x, t);

	size = __builtin_offsetof(struct probe_exec, args) +
	       (x->args_len & (PROBE_ARGS_LEN - 1));
	if (bpf_ringbuf_output(&events, x, size, wakeup()))
		__sync_fetch_and_add(&lost, 1);
	return 0;
}

static __always_inline int tell_task(__u8 kind, struct task_struct *t,
				     __u32 parent_tgid, __u32 exit_status)
{
	struct probe_event *e = event_begin(kind);

	if (!e)
		return 0;
	fill_owner(&e->owner, t);
	e->parent_tgid = parent_tgid;
	e->exit_status = exit_status;
	bpf_ringbuf_submit(e, wakeup());
	return 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child)
{
	if (child->tgid != child->pid)
		return 0;		/* a thread */
	return tell_task(PROBE_FORK, child, parent->tgid, 0);
}

/* The process ends with its last thread, whichever that is. */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *t)
{
	int status = t->exit_code;

	if (BPF_CORE_READ(t, signal, live.counter) != 0)
		return 0;
	if (t->signal->group_exit_code)
		status = t->signal->group_exit_code;
	return tell_task(PROBE_EXIT, t, 0, status);
}

/* prctl(PR_SET_NAME) of the group leader; the thread names itself. */
SEC("tp_btf/task_rename")
int BPF_PROG(on_rename, struct task_struct *t, const char *comm)
{
	struct probe_event *e;

	if (t->tgid != t->pid)
		return 0;
	e = event_begin(PROBE_RENAME);
	if (!e)
		return 0;
	fill_owner(&e->owner, t);
	bpf_probe_read_kernel_str(e->owner.comm, sizeof(e->owner.comm), comm);
	bpf_ringbuf_submit(e, wakeup());
	return 0;
}

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
	struct task_struct *t = ctx->task;
	struct file *file = ctx->file;
	struct probe_holder h = {};
	struct socket *socket;
	struct sock_info *s;
	struct sock *sk;

	if (!t || !file)
		return 0;
	if (!regs_at)
		regs_at = bpf_task_pt_regs(bpf_get_current_task_btf()) -
			  (__u64)bpf_get_current_task_btf()->stack;
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
	s = traced_info(sk);
	if (!s)
		return 0;
	fill_owner(&h.owner, t);
	s->told = true;
	if (!s->owner.tgid) {
		s->owner = h.owner;
		s->maker = h.owner.tgid;
		s->flags |= PROBE_SCANNED;
		if (sk->__sk_common.skc_state == BPF_TCP_LISTEN)
			s->flags |= PROBE_LISTENING;
	} else if (!(s->flags & PROVISIONAL)) {
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
