/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Flow to owner, as a timeline: which socket a flow belonged to, and who
 * owned that socket, at the time a packet was seen.
 *
 * Fixed memory, no clock of its own, no I/O.  All times are CLOCK_MONOTONIC
 * nanoseconds.  When full it forgets closed flows first, the longest unused
 * of them; flowtab_stats() counts what was forgotten while still open.
 */
#ifndef PKTWHO_OWNER_FLOWTAB_FLOWTAB_H
#define PKTWHO_OWNER_FLOWTAB_FLOWTAB_H

#include <linux/types.h>
#include <stdbool.h>
#include <stdint.h>

#include "packet/flow.h"

struct flowtab;
struct proc;

/*
 * A packet whose socket is not known yet waits this long for a late event.
 * Measured: with both cores busy nothing came later than 20 ms.
 */
#define FLOWTAB_HOLD_NS 50000000ull

/* As whom the owner uses the socket: another may read than sends. */
enum flowtab_roles {
	FLOWTAB_SENDER = 1,
	FLOWTAB_READER = 2,
};

struct flowtab_event {
	uint64_t ts_ns;
	uint64_t cookie;    /* of the socket, never 0 */
	uint64_t netns;	    /* cookie of its network namespace */
	struct proc *owner; /* NULL: nobody, or not known */
	uint32_t tid;
	uint32_t sequence; /* if writes or reads: of the first byte, in TCP */
	uint8_t attr;	   /* enum attr: how the owner is known */
	uint8_t roles;	   /* enum flowtab_roles; 0: both */
	/* If it reads datagrams where another did: when that one last did, 0: else, */
	uint64_t read_ns;
	uint64_t emptied_ns; /* and when a read last left nothing */
	uint64_t used_ns;    /* when the owner used it, if it was told later */
	uint32_t disputed_from;
	bool kernel;	     /* a socket of the kernel's own */
	bool writes;	     /* the owner's bytes begin at sequence, */
	bool disputed;	     /* those from disputed_from to there may be, */
	bool reads;	     /* what it reads does */
	bool renamed;	     /* the owner is another program now */
	bool takes;	     /* a flow that another socket has had */
	uint8_t read_before; /* with read_ns: datagrams, PROBE_READS_MASK */
};

/* NULL without memory.  @max_flows is also the most sockets it remembers. */
struct flowtab *flowtab_new(uint32_t max_flows);
void flowtab_free(struct flowtab *t);

/* The socket has this owner from now on. */
void flowtab_owner(struct flowtab *t, const struct flowtab_event *e);
/* The socket sends or receives under this key; carries its owner too. */
void flowtab_flow(struct flowtab *t, const struct flowtab_event *e,
		  const struct flow_key *key);
/*
 * The socket is bound to the key's local end, all zero for any address, and
 * has no remote end of its own; a TCP socket listens.
 */
void flowtab_bound(struct flowtab *t, const struct flowtab_event *e,
		   const struct flow_key *key);
/* A socket that is bound, and open. */
struct flowtab_socket {
	const struct proc *owner; /* who reads it last; NULL: not known */
	const uint8_t *address;	  /* zero: all of this host's */
	uint16_t port;
	uint8_t proto;
	uint8_t attr;
	bool kernel;
};

/* In that namespace; in any if @netns is 0. */
void flowtab_each_bound(const struct flowtab *t, uint64_t netns,
			void (*fn)(void *ctx, const struct flowtab_socket *s),
			void *ctx);

/* Whether an event told of this socket. */
bool flowtab_has(const struct flowtab *t, uint64_t cookie);
/*
 * A process made this one packet by itself (AF_PACKET): the answer holds for
 * FLOWTAB_FRAME_NS, and for its sender only.  The cookie is not used.
 */
#define FLOWTAB_FRAME_NS 1000000ull
void flowtab_frame(struct flowtab *t, const struct flowtab_event *e,
		   const struct flow_key *key);
/* The socket ended; its flows are kept for what the kernel sends afterwards. */
void flowtab_close(struct flowtab *t, uint64_t cookie, uint64_t ts_ns);

/*
 * Packets of before are resolved.  If we were stopped, all events since come before
 * the packets since: what is over for them may not be for these.
 */
void flowtab_done(struct flowtab *t, uint64_t mono_ns);

struct flowtab_query {
	struct flow_key key;
	uint64_t ts_ns;	       /* when the packet was seen */
	uint64_t netns;	       /* where: this namespace is searched first, */
	uint32_t sequence;     /* if data: of the segment's first byte, */
	uint32_t sequence_end; /* after its last */
	bool elsewhere;	       /* ... or not at all, */
	bool only_here;	       /* ... or no other */
	bool sends;	       /* the local end is the sender */
	bool untold; /* another user of its socket would be told with it */
	bool quoted; /* it was sent before, nobody knows when */
	bool data;   /* TCP: it has bytes, which may have waited */
	bool syn;    /* TCP, SYN set: it may begin a flow */
	bool rst;    /* TCP, RST set */
	bool fin;    /* TCP, FIN set, and this host sent it */
};

struct flowtab_answer {
	struct proc *owner; /* borrowed until the next event; may be NULL */
	uint64_t as_of_ns;  /* when it wrote or accepted; 0: at that time */
	uint64_t from_ns;   /* when its socket was first told of for the flow */
	uint64_t used_ns;   /* ... and when that was first used */
	uint64_t cookie;    /* of the socket */
	uint64_t had_ns;    /* when the owner was first told of to have it */
	uint64_t taken_ns;  /* when the owner took it over from another process;
				   0: never, or neither quoted nor TCP */
	uint32_t tid;
	uint8_t attr;	     /* enum attr; ATTR_NONE: no socket known */
	uint8_t reason;	     /* enum reason */
	bool here;	     /* the socket is of the namespace asked for */
	bool closed;	     /* by now, the socket, */
	bool ended;	     /* ... and before the packet */
	bool ends;	     /* TCP: it has sent FIN, TIME_WAIT may follow */
	bool waits;	     /* a receiver: a later event may tell another */
	bool steady;	     /* holds later, too, while nothing is told */
	uint8_t read_before; /* PROBE_READS_MASK of what had been read then: */
	uint64_t next_read_ns; /* since the packet, the last before another reads;
				   0: there was none */
};

/*
 * Who owned this end of the flow at the packet's time.  False if no socket is
 * known for it; a late event may still tell, for FLOWTAB_HOLD_NS.  A true
 * answer is final once all events up to the packet's arrival are in.
 */
bool flowtab_find(struct flowtab *t, const struct flowtab_query *q,
		  struct flowtab_answer *a);

/* A packet, or an event, will ask for it soon: the memory is there by then. */
void flowtab_prepare(struct flowtab *t, const struct flow_key *key);
void flowtab_prepare_socket(const struct flowtab *t, uint64_t cookie);

/* Who has the port of a key's local end, if no event told of the packet. */
enum flowtab_port {
	FLOWTAB_PORT_FREE,
	FLOWTAB_PORT_KERNEL, /* a socket of the kernel's own */
	FLOWTAB_PORT_BOUND,  /* a process's socket, which did not get it */
};

/* Of q->netns alone; the remote end is not looked at. */
enum flowtab_port flowtab_port(const struct flowtab *t,
			       const struct flowtab_query *q);

struct flowtab_stats {
	uint64_t flows; /* in use now */
	uint64_t sockets;
	uint64_t evicted_open; /* forgotten while open, for want of room */
};

void flowtab_stats(const struct flowtab *t, struct flowtab_stats *s);

#endif
