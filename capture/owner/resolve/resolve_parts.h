/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What resolve.c and its parts share.  Each part decides one thing: who has one
 * end of a packet (resolve_end.c), who has both behind address translation
 * (resolve_ends.c), what an end of ours is that no socket has (resolve_nobody.c),
 * whose the packet inside an error or a tunnel is (resolve_inner.c), whether a
 * packet got to its socket at all (resolve_arrival.c), and whether a process has
 * read it there (resolve_read.c).
 *
 * No I/O, no clock, no allocation but in resolver_new().  Times are
 * CLOCK_MONOTONIC nanoseconds, ports are in host order.
 */
#ifndef PKTWHO_OWNER_RESOLVE_RESOLVE_PARTS_H
#define PKTWHO_OWNER_RESOLVE_RESOLVE_PARTS_H

#include "owner/packets/packettab.h"
#include "owner/resolve/resolve.h"
#include "packet/flow_key.h"
#include "record.h"

#define TOLD_NS	    2000000ull	  /* from a packet to its receiver's event */
#define LOOPBACK_NS 40000000ull	  /* from a packet to its receiver */
#define FORMER_NS   1000000000ull /* from a packet's send to its way out */

struct resolver {
	struct flowtab *flows;
	struct packettab *packets;
	const struct local *local;
	const struct nat *nat;
	const struct arrivals *arrivals; /* NULL: nobody tells */
	const struct unread *unread;	 /* the same */
	uint64_t netns;
	uint8_t blind; /* enum reason: doubt for good */
	uint8_t doubt; /* enum reason; 0: none */
	uint64_t doubt_until_ns;
	uint64_t told_until_ns;
	bool delays;		     /* before what came gets to its socket */
	uint64_t untracked_until_ns; /* addresses are translated unseen */
	struct verdict_end others[VERDICT_OTHERS]; /* of the last verdict */
	uint8_t other_count;
	struct fragments *fragments;
};

/*
 * One packet that is asked about, and what the answers have told so far.  It
 * lives as long as the call of resolve().
 */
struct question {
	struct resolver *r;
	const struct packet *p;
	uint64_t ts_ns;
	uint8_t direction;		   /* enum source_direction */
	const struct packet_traits *asked; /* of p, or its whole datagram */
	bool from_wire;
	bool reader_here;	/* in the namespace that is captured */
	bool reader_ends;	/* it has sent its FIN */
	bool reader_closed;	/* its socket, by now */
	uint64_t reader_cookie; /* its socket, if each read is not told; or 0 */
	uint16_t reader_port;
	bool is_forged;	 /* it came in, and says that it is ours */
	bool waits;	 /* its own event may still come, */
	uint64_t unread; /* the socket that has yet to be read; 0: none */
	bool steady;	 /* only its flow's history was asked */
};

/* ---- an end ---- */

static inline void verdict_end_set(struct verdict_end *end, uint8_t attr,
				   uint8_t reason)
{
	*end = (struct verdict_end){ .attr = attr, .reason = reason };
}

/* On the host that captures. */
static inline bool verdict_end_is_here(const struct verdict_end *end)
{
	return end->attr != ATTR_NONE;
}

/*
 * It was found by another key than the packet itself has.  Who listens need not
 * be who reads, whichever key told.
 */
static inline void verdict_end_by_flow(struct verdict_end *end)
{
	if (end->attr == ATTR_SOCKET || end->attr == ATTR_SCAN ||
	    end->attr == ATTR_ACCEPTED)
		end->attr = ATTR_FLOW;
}

/* Whether events that followed a packet of that time may not be in yet. */
static inline bool resolve_is_early(const struct resolver *r, uint64_t ts_ns)
{
	return ts_ns + TOLD_NS > r->told_until_ns;
}

/* ---- resolve_end.c: who has one end ---- */

/*
 * Who has the local end of @key, for what sets the packet asked about apart.
 * True if a socket, or a process that made the packet without one, has it.
 */
bool resolve_ask(struct question *q, const struct flow_key *key, bool sends,
		 struct verdict_end *end);

/*
 * A connection from before the capture that nobody has accepted yet has no
 * owner but its listener's.  Leaves @end alone if there is no listener.
 */
void resolve_ask_listener(struct question *q, struct flow_key key,
			  struct verdict_end *end);

/* Anybody on the wire can write the address of a socket of ours. */
void resolve_forged(struct question *q, struct verdict_end *end);

/* ---- resolve_nobody.c: what no socket has ---- */

/* An end of ours that has no socket. */
void resolve_no_socket(struct question *q, bool sends, struct verdict_end *end);

/* Why it is not certain that nobody has what no event tells of; 0: it is. */
uint8_t resolve_doubt(const struct question *q);

/* Who has the port of the key's local end. */
enum flowtab_port resolve_port(const struct question *q,
			       const struct flow_key *key);

/*
 * Whether a socket may get the packet that no event has told of: later, or by
 * another address, as in segment routing, which needs no tunnel's device.
 */
bool resolve_may_be_delivered(const struct question *q);

/* The kernel's tunnels send from any port to the one that they listen on. */
bool resolve_is_tunnels(const struct question *q, const struct flow_key *sent);

/* ---- resolve_ends.c, resolve_inner.c, resolve_arrival.c, resolve_read.c ---- */

/*
 * Both ends of the packet, behind address translation too.  False while the
 * receiver may still be told.
 */
bool resolve_ends(struct question *q, struct verdict *v);

/* The sender of the packet that an ICMP error is about gets the error. */
bool resolve_error(struct question *q, struct verdict *v);

/*
 * The packet in a tunnel of the kernel's, which is nobody's itself.  False as
 * above.
 */
bool resolve_tunnel(struct question *q, struct verdict *v);

/* The flow has a reader, and this packet may not have got there. */
void resolve_arrival(struct question *q, struct verdict *v);

/* Whether it got to the reader that others of its flow got to. */
bool resolve_has_arrived(const struct question *q);

/* The flow has a reader, who may not have come to this datagram yet. */
void resolve_read(struct question *q, struct verdict *v);

/*
 * Nobody has read it yet: who used its socket last has that, if it had it alone
 * then and has not forked since.  0: it may not have had it alone.
 */
void resolve_holder(const struct question *q, uint64_t since_ns,
		    struct verdict_end *end);

/* Whether its first byte had come before: of a connection alone it is known. */
bool resolve_came_again(const struct resolver *r,
			const struct packet_traits *t);

/* Whether who read others of its flow has read it. */
bool resolve_is_read(const struct resolver *r, const struct packet_traits *t,
		     uint64_t ts_ns, const struct verdict *v);

#endif
