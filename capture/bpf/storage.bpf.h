/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is remembered of each socket and flow, and how user space is told.
 */
#ifndef PKTWHO_BPF_STORAGE_BPF_H
#define PKTWHO_BPF_STORAGE_BPF_H

#include "bpf/kernel_types.bpf.h"

#define RING_BYTES    (8u << 20)
#define RING_WAKE     (RING_BYTES / 4)
#define FILE_RELEASED 1 /* the file may be gone any time */

/*
 * Of the last users: who sends, who reads.  They are one until another reads
 * what @owner does not, after it has sent (SOCK_SPLIT).
 */
struct sock_info {
	struct probe_owner owner;
	struct probe_owner reader; /* if SOCK_SPLIT */
	__u64 cookie;
	__u64 netns;
	__u64 address;	    /* of the struct sock, for CO-RE reads */
	__u64 file;	    /* see file_of(); 0: not looked for */
	__u64 reads;	    /* datagrams read so far, */
	__u64 untold_reads; /* ... and when the last came that was not told */
	__u64 read_jiffies; /* when the last was read; 0: none was */
	__u64 held_jiffies; /* when its reader had it, but for that */
	__u64 read_ns;	    /* when a datagram was last read; 0: never, */
	__u64 emptied_ns;   /* ... and nothing was left */
	__u64 awaited_until; /* who reads up to here is to be told; TCP: sequence */
	__u64 pending_ns; /* when it last had holders; 0: long ago */
	__u64 full_ns;	  /* when that was last told; 0: it never was */
	__u64 shared_ns;  /* when another process last took over sending */
	__u32 flags;	  /* enum probe_owner_flags */
	__u32 roles;	  /* enum sock_roles */
	__u32 epoch;	  /* when it was last told */
	__u32 tx_seen;	  /* generation of last_tx when it was told, + 1 */
	__u32 rx_seen;
	/* Apart from @roles: another processor may be writing that. */
	__u8 told;	   /* user space knows of the socket, */
	__u8 tx_told;	   /* of a connection's flow as it sends, */
	__u8 rx_told;	   /* and as it receives */
	__u8 wrote;	   /* @wrote_seq is known */
	__u8 threads;	   /* the owner has several */
	__u8 stream;	   /* a connection: bytes may wait in it */
	__u8 awaited;	   /* bool: TCP: @awaited_until is known */
	__u8 read;	   /* @read_seq is known */
	__u8 table_shared; /* whoever read last shares its descriptors */
	__u8 untold;	   /* bool: so came packets that may be unread */
	__u8 several;	   /* bool: others had it when it was last used */
	__u8 writers; /* bool: several processes have written, as of @shared_ns */
	__u8 disputed; /* bool: from @disputed_seq to @wrote_seq any of them */
	__u8 subflow;  /* bool: of MPTCP */
	__u8 first;    /* bool: nothing came for a while before @pending_ns */
	__u8 reserved;
	__u64 waiting_ns;      /* what waited then has been read ... */
	__u64 waiting_until;   /* ... with that many of @reads; 0: none does */
	__u64 backlog_jiffies; /* when packets behind others were last told, */
	__u32 backlog_told;    /* and how many */
	__u32 read_by;	       /* process id of who last read a datagram */
	__u32 wrote_seq; /* of a connection: after what is written so far */
	__u32 disputed_seq;
	__u32 read_seq;	    /* ... after what is read so far */
	__u32 ahead;	    /* ... of MPTCP's numbers when that was set; or 0 */
	__u32 maker;	    /* process id of who used or accepted it first */
	__u64 renamed_over; /* a time of renamed_ns of which no packet waits */
	struct flow_key last_tx;
	struct flow_key last_rx;
};

enum sock_roles {
	SOCK_SENT = 1,	/* @owner has sent, not only made the socket */
	SOCK_SPLIT = 2, /* another process reads */
};

/* What a process does with a socket. */
enum use {
	USE_NONE,
	USE_SEND,
	USE_READ,
	USE_HOLD, /* creates, binds, connects, accepts it */
	USE_END,  /* closes it, perhaps unseen in a queue */
};

struct reported {
	__u64 cookie;
	__u64 shared_ns; /* when another socket got it; 0: long ago */
	__u64 sent_ns;	 /* ... sent it */
	__u64 epoch;	 /* when the flow was last told */
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

/* A datagram that a process has sent and a firewall has yet to let go. */
struct delayed {
	struct probe_owner sender;
	__u64 socket; /* address of the struct sock */
	__u32 len;
	__u32 unsure; /* bool: another may have let another go */
};

/* By where the datagram lies. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 2048);
	__type(key, __u64);
	__type(value, struct delayed);
} delayed SEC(".maps");

/* There has been one. */
__u8 delays_seen;

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

__u64 lost; /* events for which the ring had no room */

/*
 * User space counts it up once it has forgotten something, or an event was
 * lost: what was told before is told again, when it is next seen.
 */
__u32 epoch;

/* User space says that on_recv_length or on_inet_recvmsg runs. */
__u8 reads_told;

/*
 * When a process was last seen that shares its descriptors with another, as
 * clone(CLONE_FILES) makes them, in jiffies; 0: there is none.
 */
__u64 tables_shared;

/* Which processes do, or did; LeakSanitizer makes each of its own do so. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32); /* process id */
	__type(value, __u8);
} table_sharers SEC(".maps");

/* When a process with such a number last forked, or passed descriptors, in jiffies. */
__u64 forked[PROBE_FORKERS];
__u64 forked_ns[PROBE_FORKERS]; /* the same, CLOCK_MONOTONIC */
/* ... or took another name, or executed a program, CLOCK_MONOTONIC. */
__u64 renamed_ns[PROBE_FORKERS];

/*
 * As which user the last process with such a number was told last.  One that acts
 * as several in turn has sockets that were told of each.
 */
struct {
	__u32 tgid;
	__u32 uid;
} told_users[PROBE_FORKERS];

/*
 * See event.h.  User space clears the older of two and makes it current.  No
 * variable: libbpf would write its two megabytes of zeros first, which takes
 * a tenth of the start.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, __u8[PROBE_ARRIVALS]);
} arrivals SEC(".maps");
__u32 arrivals_now;

/* See event.h.  Of datagrams only if reads_told. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, PROBE_PROGRESS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct probe_progress);
} progress SEC(".maps");

/* Somebody waits for execs: --hash. */
__u8 wake_at_exec;

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
		       BPF_RB_FORCE_WAKEUP :
		       BPF_RB_NO_WAKEUP;
}

static __always_inline bool is_inet(struct sock *sk)
{
	__u16 family = sk->__sk_common.skc_family;

	return family == AF_INET || family == AF_INET6;
}

static __always_inline bool runs_deleted(struct task_struct *t)
{
	struct file *exe = BPF_CORE_READ(t, mm, exe_file);

	return exe && !BPF_CORE_READ(exe, f_inode, i_nlink);
}

/*
 * By CO-RE reads: for each pointer that a program follows itself, on each
 * path, the verifier searches all types of the kernel (Linux 6.4 to 6.18).
 */
static __always_inline void fill_owner(struct probe_owner *o,
				       struct task_struct *t)
{
	struct task_struct *leader = BPF_CORE_READ(t, group_leader);
	const struct cred *cred = BPF_CORE_READ(t, cred);

	o->tgid = t->tgid;
	o->tid = t->pid;
	o->tid_start = t->start_boottime;
	o->start_ns = BPF_CORE_READ(leader, start_boottime);
	o->exec_gen = t->self_exec_id;
	o->exe_deleted = runs_deleted(t);
	o->uid = BPF_CORE_READ(cred, euid.val);
	o->gid = BPF_CORE_READ(cred, egid.val);
	o->netns_ino = BPF_CORE_READ(leader, nsproxy, net_ns, ns.inum);
	if (!o->netns_ino)
		o->netns_ino = BPF_CORE_READ(t, nsproxy, net_ns, ns.inum);
	o->seen_ns = bpf_ktime_get_ns();
	bpf_core_read(o->comm, sizeof(o->comm), &leader->comm);
}

/* Not inlined: the verifier walks through the task's type once. */
__noinline int fill_current(struct probe_owner *o)
{
	if (o)
		fill_owner(o, bpf_get_current_task_btf());
	return 0;
}

static __always_inline void note_told(const struct probe_owner *o)
{
	__u32 at = o->tgid % PROBE_FORKERS;

	told_users[at].tgid = o->tgid;
	told_users[at].uid = o->uid;
}

/* The same for an event. */
static __always_inline void tell_current(struct probe_event *e)
{
	fill_current(&e->owner);
	note_told(&e->owner);
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

/*
 * Another processor may set @since, 0 for never, after this one has looked at
 * the clock: then it is less than nothing ago.
 */
static __always_inline bool is_recent(__u64 since, __u64 now, __u64 span)
{
	return since && (__s64)(now - since) < (__s64)span;
}

enum told {
	TOLD_NOT,
	TOLD_CLOSING, /* each packet, and user space need not know */
	TOLD_EACH,    /* what is not told is another's */
};

/* Of a flow or socket that has got another user at @since. */
static __always_inline enum told told_since(__u64 since, __u64 now, __u64 span)
{
	if (!is_recent(since, now, 2 * span))
		return TOLD_NOT;
	return is_recent(since, now, span) ? TOLD_EACH : TOLD_CLOSING;
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
	if (!(roles & PROBE_SENDER) && s->roles & SOCK_SPLIT)
		e->owner = s->reader;
	else
		e->owner = s->owner;
	e->flags = s->flags;
	e->roles = roles;
	if (kind == PROBE_OWNER && roles & PROBE_SENDER && s->wrote) {
		e->flags |= PROBE_WRITES;
		e->position = s->wrote_seq;
		if (s->disputed)
			e->disputed = PROBE_SEQUENCE | s->disputed_seq;
		s->disputed = false;
	}
	if (key)
		e->key = *key;
	/* Other kinds tell who may have been told as another user since. */
	if (kind == PROBE_OWNER)
		note_told(&e->owner);
	bpf_ringbuf_submit(e, wakeup());
}

#endif
