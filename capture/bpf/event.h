/* SPDX-License-Identifier: GPL-3.0-or-later OR BSD-2-Clause */
/*
 * What the kernel program tells user space, through one ring buffer.  The
 * including side provides __u8 .. __u64 and flow.h.
 *
 * Events of one socket or task arrive in the order they happened; those of
 * different CPUs may be a few microseconds out of order, so each carries its
 * time.
 */
#ifndef PKTWHO_BPF_EVENT_H
#define PKTWHO_BPF_EVENT_H

#define PROBE_COMM_LEN	 16
#define PROBE_PATH_LEN	 1024 /* executable, cgroup: longer ones are cut */
#define PROBE_CGROUP_LEN 1024
#define PROBE_CWD_LEN	 512
#define PROBE_ARGS_LEN	 2048
#define PROBE_TTY_LEN	 16
#define PROBE_NAME_MAX	 256 /* room past a path for one component */

enum probe_kind {
	PROBE_OWNER = 1, /* the socket has another owner */
	PROBE_FLOW,	 /* the socket sends or receives on this key */
	PROBE_CLOSE,	 /* the socket ended */
	PROBE_FORK,	 /* owner is the child; parent_tgid */
	PROBE_EXIT,	 /* the last thread of owner ended; exit_status */
	PROBE_RENAME,	 /* owner.comm is the new name */
	PROBE_FRAME,	 /* a packet socket sends or reads this one frame */
	PROBE_EXEC,	 /* struct probe_exec */
	PROBE_PACKET,	 /* the socket sends or receives this one packet */
	PROBE_READ,	 /* owner read what the socket has up to position */
	PROBE_BOUND,	 /* the socket has the key's local end; no remote */
	PROBE_MOVED,	 /* struct probe_exec: owner is in that cgroup now */
};

/* How the socket's owner is known. */
enum probe_owner_flags {
	PROBE_INHERITED = 1, /* a listener's child, not accepted yet */
	PROBE_SCANNED = 2,   /* held by this process when the capture began */
	PROBE_KERNEL = 4,    /* a kernel socket: nobody's */
	PROBE_LISTENING = 8,
	PROBE_SENDS = 16,   /* PROBE_PACKET: it sends, else it receives */
	PROBE_ALONE = 32,   /* ... and the others of its flow are not told */
	PROBE_PENDING = 64, /* ... and PROBE_READ tells who reads it */
	PROBE_WRITES = 128, /* PROBE_OWNER: what it sends begins at position */
};

/* As whom the process uses the socket, often as both; or the frame. */
enum probe_roles {
	PROBE_SENDER = 1,
	PROBE_READER = 2,
	PROBE_RENAMED = 4, /* the same process, as another program or name */
	PROBE_READS = 8,   /* it reads where another did: see position */
	PROBE_TAKES = 16,  /* PROBE_FLOW: another socket has had it until now */
};

/*
 * PROBE_PACKET: for so long after a flow or socket has got another user each
 * packet is told, and for as long again with @closing.  What is sent may wait
 * in a queue, or for its neighbour's address.
 */
#define PROBE_SHARED_NS 1000000000ull
#define PROBE_SENT_NS	2000000000ull

/*
 * What came to a socket of late is found in a table by its flow_arrival(), which
 * marks two places there: one of its own, and near to that one of its own and
 * its socket's port.  The mark tells how many datagrams had been read from the
 * socket by then, as far as its other bits can.
 */
#define PROBE_AGAIN	 1 /* of TCP: its first byte had come before */
#define PROBE_ARRIVED	 128
#define PROBE_READS_MASK 127
#define PROBE_ARRIVALS	 (1u << 20)

static inline __u32 arrival_place(__u64 arrival)
{
	return arrival >> 44;
}

static inline __u32 arrival_port_place(__u64 arrival, __u16 port)
{
	__u64 h = (arrival ^ port) * 0x9e3779b97f4a7c15ull;

	return arrival_place(arrival) ^ ((h >> 44 & 4094) + 1);
}

/* Processes share a place in tables by process id. */
#define PROBE_FORKERS 1024

/* How far a socket is read, in a table by its cookie, which sockets share, too. */
#define PROBE_PROGRESS (1u << 15)
#define PROBE_SEQUENCE (1ull << 63)

#pragma GCC diagnostic push
#pragma GCC diagnostic error "-Wpadded"

/* Times are CLOCK_MONOTONIC nanoseconds. */
struct probe_progress {
	__u64 cookie;	/* of the socket that was read last, of those here */
	__u64 until;	/* what came until then is read; PROBE_SEQUENCE:
				   what was sent before that sequence number.
				   Of datagrams PROBE_READS_MASK is how many */
	__u64 held_ns;	/* when its reader had it alone; 0: others had it */
	__u64 taken_ns; /* events until then tell who has read it */
};

struct probe_owner {
	__u32 tgid; /* initial pid namespace; 0: no owner known */
	__u32 tid;
	__u64 start_ns;	   /* group leader's start, CLOCK_BOOTTIME */
	__u64 seen_ns;	   /* when it was like this, CLOCK_MONOTONIC */
	__u32 exec_gen;	   /* task_struct.self_exec_id: execs so far */
	__u32 exe_deleted; /* bool: its executable has no name any more */
	__u32 uid;	   /* effective, initial user namespace */
	__u32 gid;
	__u32 netns_ino; /* the leader's namespace, or its own once that ended */
	__u32 tid_start; /* the thread's own start, CLOCK_BOOTTIME, cut off */
	char comm[PROBE_COMM_LEN]; /* the group leader's */
};

struct probe_event {
	__u64 ts_ns;  /* CLOCK_MONOTONIC */
	__u64 cookie; /* SO_COOKIE of the socket; of no use in PROBE_FRAME */
	__u64 netns;  /* SO_NETNS_COOKIE of the socket */
	struct probe_owner owner;
	struct flow_key key;
	union {
		__u64 fingerprint; /* PROBE_PACKET, PROBE_FRAME; 0: none */
		__u64 emptied_ns; /* PROBE_READS: when a read last left nothing */
		__u64 disputed;	  /* PROBE_WRITES, with PROBE_SEQUENCE: what is
				      from there to position may be another's; or 0 */
	};
	/*
	 * PROBE_PENDING, PROBE_READ: among the datagrams that the socket reads;
	 * of a connection the sequence number after it.  PROBE_WRITES: the
	 * sequence number of the first byte.  PROBE_READS: when the one before
	 * last read, CLOCK_MONOTONIC nanoseconds; if key.proto is TCP the sequence
	 * number of the first byte.
	 */
	__u64 position;
	union {
		__u32 parent_tgid; /* PROBE_FORK */
		__u32 length; /* PROBE_PENDING, PROBE_READ: the datagram's bytes;
				 0: not known */
	};
	__u32 exit_status; /* PROBE_EXIT, as wait(2) reports it */
	__u8 kind;	   /* enum probe_kind */
	__u8 flags;	   /* enum probe_owner_flags */
	__u8 roles;	   /* enum probe_roles */
	__u8 closing;	   /* bool, PROBE_PACKET: the next may not be told */
	__u8 reads;	   /* PROBE_READS: of others before, PROBE_READS_MASK */
	__u8 meets; /* bool, PROBE_PENDING: one that is not captured may have
			its position */
	__u8 reserved[2];
};

/* Which devices' packets the capture can see. */
enum probe_seen {
	PROBE_SEEN_ALL,
	PROBE_SEEN_LOOPBACK, /* no other, in one network namespace */
	PROBE_SEEN_OTHERS,   /* all but loopbacks */
};

/* Facts about the executable, found while it is being started. */
enum probe_exe_flags {
	PROBE_EXE_DELETED = 1,
	PROBE_EXE_MEMFD = 2,
	PROBE_EXE_WORLD_WRITABLE = 4,
	PROBE_PATH_CUT = 8,
	PROBE_ARGS_CUT = 16,
	PROBE_CWD_CUT = 32,
	PROBE_EXE_USER_MOUNT = 64,
};

/*
 * What is not PROBE_EXEC has nothing but the cgroup in it.
 * Paths are built from their end: they start at path[path_at] and end at the
 * array's NUL.  Only args_len bytes of args are sent.
 */
struct probe_exec {
	struct probe_event event;
	__u64 exe_inode;
	__u64 exe_changed_ns; /* its inode's ctime */
	__u32 exe_dev;	      /* the kernel's own: 12 bits, then 20 */
	__u32 exe_generation; /* of its inode number */
	__u32 ppid;
	__u32 vpid; /* in its own pid namespace */
	__u32 netns_ino;
	__u32 loginuid;
	__u32 exe_flags;
	__u32 path_at;
	__u32 cgroup_at;
	__u32 args_len;
	__u32 sessionid; /* of the login; ~0: none */
	__u32 cwd_at;
	char pcomm[PROBE_COMM_LEN]; /* the parent's name */
	char tty[PROBE_TTY_LEN];    /* the driver's name and a number: pts0 */
	char path[PROBE_PATH_LEN + PROBE_NAME_MAX];
	char cgroup[PROBE_CGROUP_LEN + PROBE_NAME_MAX];
	char cwd[PROBE_CWD_LEN + PROBE_NAME_MAX]; /* working directory */
	char args[PROBE_ARGS_LEN];
};

/* A socket that was there before us, one per open file, from the iterator. */
struct probe_holder {
	__u64 cookie;
	__u64 netns;
	struct probe_owner owner;
	struct flow_key key; /* remote all zero: not connected */
	__u32 state;	     /* TCP_* of the kernel */
	__u32 reserved;
};

#pragma GCC diagnostic pop

_Static_assert(sizeof(struct probe_event) == 160, "probe_event is shared ABI");
_Static_assert(sizeof(struct probe_holder) == 128,
	       "probe_holder is shared ABI");

#endif
