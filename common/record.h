/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The capture companion tells the plugin this: the owners of a packet, and
 * what is known of a process.  docs/file-format.md has the bytes.
 *
 * Nothing here allocates, does I/O or keeps state.  Decoders take any bytes.
 * Fields and trailing bytes that this version does not know are skipped, so
 * an older reader keeps working on a newer file.
 */
#ifndef PKTWHO_RECORD_H
#define PKTWHO_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Every payload of ours begins 'P', 'W', a kind, a version. */
enum record_kind {
	RECORD_ATTRIBUTION = 1, /* struct attribution */
	RECORD_PROCESS = 2,	/* struct process */
	RECORD_TABLE = 3,	/* struct table_header, then processes */
	RECORD_RECEIVER = 4,	/* struct packet_end: one more who received */
	RECORD_CONTENTS = 5,	/* struct contents */
};

#define RECORD_VERSION	1  /* ATTRIBUTION_VERSION is another */
#define RECORD_NAME_LEN 16 /* the kernel's TASK_COMM_LEN, NUL included */

/*
 * The kind of a payload, or -EBADMSG when it is too short or not ours,
 * -EPROTONOSUPPORT when its version is not this one.
 */
int record_kind(const void *buf, size_t size);

/* How an owner is known: proc.attr.  The numbers are in the file. */
/* clang-format off */
enum attr {
	ATTR_NONE = 0,		/* this end is not on this host */
	ATTR_SOCKET = 1,	/* the kernel named the socket's owner */
	ATTR_LISTENER = 2,	/* not accepted yet: owner of the listening socket */
	ATTR_SCAN = 3,		/* the socket was there before the capture */
	ATTR_FLOW = 4,		/* another packet of the flow told: fragment, ICMP error */
	ATTR_KERNEL = 5,	/* the kernel's own; the owner, if any, is whose behalf */
	ATTR_FORWARDED = 6,	/* passing through: no end is on this host */
	ATTR_UNKNOWN = 7,	/* an end is here and its owner is not known */
	ATTR_IMPORT = 8,	/* another tool's word; never written by us */
	ATTR_ACCEPTED = 9,	/* not accepted yet: who did so, or read it, afterwards */
	ATTR_HOLDER = 10,	/* nobody has read it yet: who holds the socket */
	ATTR_COUNT,		/* one past the last */
};

/* Why an end is kernel or unknown: proc.reason.  The numbers are in the file. */
enum reason {
	REASON_NONE = 0,
	REASON_RESET = 1,	/* RST for which no socket exists */
	REASON_TIME_WAIT = 2,	/* the socket is gone, the kernel finishes the flow */
	REASON_ICMP = 3,	/* echo reply, error or neighbour discovery */
	REASON_NO_SOCKET = 4,	/* no socket for this packet */
	REASON_NOT_IP = 5,	/* ARP and other link protocols */
	REASON_LOST = 6,	/* the kernel's event was lost, or came too late */
	REASON_MALFORMED = 7,	/* headers cut short or contradictory */
	REASON_BEFORE = 8,	/* the socket was closed before the capture began */
	REASON_FRAGMENT = 9,	/* a fragment whose first one was not seen */
	REASON_AMBIGUOUS = 10,	/* two network namespaces use these addresses */
	REASON_NOT_DELIVERED = 11, /* a socket has the port and did not get it */
	REASON_KERNEL_SOCKET = 12, /* a socket of the kernel's own: a tunnel */
};
/* clang-format on */

/* proc.direction.  The numbers are in the file. */
enum direction {
	DIRECTION_UNKNOWN = 0,
	DIRECTION_IN = 1,
	DIRECTION_OUT = 2,
	DIRECTION_LOCAL = 3, /* both ends are on this host */
	DIRECTION_FORWARDED = 4,
};

/*
 * The word a user types for each number, as in the man page and the fields;
 * "unknown" for numbers of a newer version, "" for the NONEs.
 */
const char *attr_name(unsigned attr);
const char *reason_name(unsigned reason);
const char *direction_name(unsigned direction);
const char *hash_reason_name(unsigned reason);

/* One end of a packet. */
struct packet_end {
	uint64_t id;		    /* process id, see process_id() */
	uint32_t pid;		    /* as the initial pid namespace sees it */
	uint32_t tid;		    /* these two are in no attribution: its */
				    /* thread has an option of its own, */
	uint32_t version;	    /* and of its record only we count them */
	bool present;		    /* a process is named */
	uint8_t attr;		    /* enum attr */
	uint8_t reason;		    /* enum reason */
	char country[3];	    /* ISO 3166-1 alpha-2, or "" */
	char name[RECORD_NAME_LEN]; /* the kernel's comm, NUL-terminated, any bytes */
	uint8_t reserved[6];
};

struct attribution {
	uint8_t direction;     /* enum direction */
	struct packet_end src; /* who sent */
	struct packet_end dst; /* who receives */
};

#define ATTRIBUTION_VERSION 2  /* that is written; 1 is read, too */
#define ATTRIBUTION_MAX	    68 /* bytes, as written, both ends */

/* Numbers that a byte of it can hold; above them is the last, unknown. */
#define ATTRIBUTION_MAX_NUMBER	  15 /* of attr and reason */
#define ATTRIBUTION_MAX_DIRECTION 7

/* Bytes written, or -ENOSPC. */
int attribution_encode(const struct attribution *a, void *buf, size_t size);

/* 0, -EBADMSG or -EPROTONOSUPPORT.  On error *@a is all zero. */
int attribution_decode(struct attribution *a, const void *buf, size_t size);

/*
 * Several sockets may receive one packet.  The attribution has the first of
 * them; each other one has a payload beside it.
 */
#define RECEIVERS_MAX 16 /* of one packet, the first included */
#define RECEIVER_MAX  33 /* bytes */

struct receivers {
	unsigned count;
	struct packet_end of[RECEIVERS_MAX - 1];
};

/* Only the attr and the process; bytes written, or -ENOSPC. */
int receiver_encode(const struct packet_end *e, void *buf, size_t size);

/* 0, -EBADMSG or -EPROTONOSUPPORT.  On error *@e is all zero. */
int receiver_decode(struct packet_end *e, const void *buf, size_t size);

/* Adds one; what is more than there is room for is left out. */
int receivers_take(struct receivers *s, const void *buf, size_t size);

/* Where a value stands; @len is 0 if it does not. */
struct byte_range {
	uint16_t at;
	uint16_t len;
};

/* One end's, in the bytes of an attribution. */
struct end_places {
	struct byte_range attr;
	struct byte_range reason;
	struct byte_range pid;
	struct byte_range id;
	struct byte_range name;
};

/* Returns what attribution_decode() does; on error *@out is all zero. */
int attribution_places(struct end_places *out, const void *buf, size_t size,
		       bool src);

/* struct process flags: proc.flags, FIELD_FLAGS in the file. */
#define PROCESS_EXE_DELETED	   (1u << 0)
#define PROCESS_EXE_MEMFD	   (1u << 1) /* runs from memory, no file */
#define PROCESS_EXE_WORLD_WRITABLE (1u << 2) /* it or its directory is */
#define PROCESS_EXEPATH_TRUNCATED  (1u << 3)
#define PROCESS_CMDLINE_TRUNCATED  (1u << 4)
#define PROCESS_CMDLINE_WITHHELD   (1u << 5) /* --cmdline=none */
#define PROCESS_FORKED		   (1u << 6) /* fork without exec */
#define PROCESS_EXITED		   (1u << 7) /* exit_status is valid */
#define PROCESS_CMDLINE_MASKED	   (1u << 8) /* secrets in it are stars */
#define PROCESS_EXE_USER_MOUNT	   (1u << 9) /* its path is a user's */

/* Why there is no hash: proc.sha256_reason.  The numbers are in the file. */
enum hash_reason {
	HASH_REASON_NONE = 0,
	HASH_REASON_GONE = 1,	 /* it had ended, and its file was deleted */
	HASH_REASON_CHANGED = 2, /* another file or bytes, or they may be */
	HASH_REASON_LARGE = 3,
	HASH_REASON_UNREADABLE = 4,
	HASH_REASON_LATE = 5,	 /* there was no time to read it */
	HASH_REASON_NO_FILE = 6, /* the kernel has not told which file */
};

/* Field types of a process record.  Stable; never reused. */
/* clang-format off */
enum field {
	FIELD_ID = 1, FIELD_PID, FIELD_PPID, FIELD_START, FIELD_NAME,
	FIELD_EXEPATH, FIELD_CMDLINE, FIELD_UID, FIELD_GID, FIELD_USER,
	FIELD_VPID, FIELD_LOGINUID, FIELD_PNAME, FIELD_CGROUP,
	FIELD_CONTAINER_ID, FIELD_CONTAINER_NAME, FIELD_CONTAINER_RUNTIME,
	FIELD_POD_UID, FIELD_UNIT, FIELD_NETNS, FIELD_FLAGS, FIELD_SHA256,
	FIELD_PACKETS, FIELD_BYTES, FIELD_FIRST_SEEN, FIELD_LAST_SEEN,
	FIELD_EXIT_STATUS,
	FIELD_CONTAINER_IMAGE, FIELD_POD_NAME, FIELD_POD_NAMESPACE,
	FIELD_HOST, FIELD_APID, FIELD_ANAME, FIELD_AEXE,
	FIELD_SHA256_REASON, FIELD_CWD, FIELD_SCRIPT, FIELD_TTY,
	FIELD_SESSION_ID, FIELD_SESSION_ADDRESS,
	FIELD_COUNT,			/* one past the last */
};
/* clang-format on */

#define PROCESS_ANCESTORS 8 /* at most, the parent first */

/*
 * This is known of a process.  A member counts only if its bit is set in
 * @has (process_has()); absent is not zero.  Strings are NUL-terminated,
 * bounded by their arrays, and otherwise any bytes: they are the process's
 * own words.
 */
struct process {
	uint64_t has;		/* 1 << enum field */
	uint64_t id;		/* process_id() */
	uint64_t start_ns;	/* since the Unix epoch */
	uint64_t netns;		/* inode of its network namespace */
	uint64_t packets;	/* these, and the exit status, only in */
				/* a process table */
	uint64_t bytes;		/* original lengths */
	uint64_t first_seen_ns; /* since the Unix epoch */
	uint64_t last_seen_ns;
	uint32_t exit_status; /* as wait(2) reports it */
	uint32_t pid;	      /* initial pid namespace */
	uint32_t ppid;
	uint32_t vpid; /* in its own pid namespace */
	uint32_t uid;  /* effective, initial user namespace */
	uint32_t gid;
	uint32_t loginuid;
	uint32_t flags;		/* PROCESS_* */
	uint32_t sha256_reason; /* enum hash_reason */
	uint16_t cmdline_len;	/* bytes; arguments are NUL-separated */
	uint16_t apid_len;	/* ancestors: process_ancestors() */
	uint16_t aname_len;
	uint16_t aexe_len;
	uint8_t sha256[32]; /* of the executable */
	char name[RECORD_NAME_LEN];
	char pname[RECORD_NAME_LEN];
	char user[64];
	char host[64]; /* its name, where it was captured */
	char container_runtime[16];
	char container_id[80];
	char container_name[128];
	char container_image[256];
	char pod_uid[40];
	char pod_name[256];
	char pod_namespace[64];
	char unit[256];
	char exepath[1024];
	char cgroup[1024];
	char cmdline[4096];
	uint8_t apid[4 * PROCESS_ANCESTORS + 1];
	char aname[RECORD_NAME_LEN * PROCESS_ANCESTORS];
	char aexe[256];
	char cwd[256];		  /* working directory */
	char script[256];	  /* of an interpreter */
	char tty[32];		  /* its terminal: pts/0 */
	char session_id[32];	  /* of the login */
	char session_address[64]; /* from where that came */
};

#define PROCESS_MAX 8192 /* bytes: no version writes a longer record */

static inline bool process_has(const struct process *p, enum field f)
{
	return p->has >> f & 1;
}

static inline void process_set_field(struct process *p, enum field f)
{
	p->has |= 1ull << f;
}

static inline void process_clear_field(struct process *p, enum field f)
{
	p->has &= ~(1ull << f);
}

/* One of a process's, as it was when that began; texts are not terminated. */
struct ancestor {
	uint32_t pid;
	size_t name_len;
	size_t exe_len; /* 0: not known, or no room */
	const char *name;
	const char *exe;
};

/* How many there are: the parent, its parent and so on. */
unsigned process_ancestors(const struct process *p,
			   struct ancestor out[PROCESS_ANCESTORS]);

/* Makes @parent, which may be *@p itself, and its ancestors those of @p. */
void process_descend(struct process *p, const struct process *parent);

/*
 * Bytes written, or -ENOSPC.  Never reads past an array, terminated or not.
 * Fields that were added since the first version are left out where they do
 * not fit PROCESS_MAX.
 */
int process_encode(const struct process *p, void *buf, size_t size);

/*
 * Decodes the record at the start of @buf, which may be followed by others.
 * Returns the record's own length, -EBADMSG (also where that is more than
 * PROCESS_MAX) or -EPROTONOSUPPORT; on error *@p is all zero.  A value longer
 * than its member is cut, and a repeated field counts once, the last time.
 * The work is bounded by the record's length and the size of *@p.
 */
int process_decode(struct process *p, const void *buf, size_t size);

/* A process table block: this header, then @count records. */
struct table_header {
	uint32_t length; /* bytes of the records that follow */
	uint32_t count;	 /* records that follow */
};

#define TABLE_HEADER_LEN 12

int table_header_encode(const struct table_header *t, void *buf, size_t size);
/* Refuses with -EBADMSG a length that passes the end of @buf. */
int table_header_decode(struct table_header *t, const void *buf, size_t size);

/*
 * What is in the packets of a file, told where it ends: who looks for something
 * else need not read them.  Of many addresses only their networks are told, so
 * that there may be more than there are, and never fewer.
 */
struct contents {
	uint64_t position;	  /* of the block that has it, in the file */
	bool has_all;		  /* the process table: whom packets name */
	uint32_t processes;	  /* in that table, under each of their names */
	const uint8_t *countries; /* two capitals each; borrowed */
	size_t country_count;
	uint8_t bits[2];	    /* of a network: of IPv4, of IPv6 */
	const uint8_t *networks[2]; /* so many bytes each; borrowed */
	size_t network_count[2];
};

#define CONTENTS_LEN 26 /* without countries and networks */

int contents_encode(const struct contents *c, void *buf, size_t size);
/* 0, -EBADMSG or -EPROTONOSUPPORT.  On error *@c is all zero. */
int contents_decode(struct contents *c, const void *buf, size_t size);

/*
 * The process id: a hash of what makes a process itself.  The same process
 * has the same id in every file of one boot; another process, another start
 * or another exec has another.  Never 0.
 * @boot_id: /proc/sys/kernel/random/boot_id, 16 bytes.
 * @start_ns: since boot; see docs/file-format.md where only a tick is known.
 */
uint64_t process_id(const uint8_t boot_id[16], uint32_t pid, uint64_t start_ns,
		    uint64_t exec_gen);

#endif
