/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The answer for one packet: who sent it, who receives it, and how that is
 * known.  Asks the flow table twice, once for each end, at the packet's own
 * time.
 */
#ifndef PKTWHO_OWNER_RESOLVE_RESOLVE_H
#define PKTWHO_OWNER_RESOLVE_RESOLVE_H

#include <stdbool.h>
#include <stdint.h>

#include "owner/flowtab/flowtab.h"
#include "packet/parse.h"

struct resolver;
struct arrivals;
struct local;
struct packettab;
struct nat;
struct unread;

struct verdict_end {
	struct proc *owner; /* borrowed until the next kernel event */
	uint64_t as_of_ns;  /* when the owner wrote or read it; 0: then */
	uint32_t tid;
	uint8_t attr;	/* enum attr; ATTR_NONE: not on this host */
	uint8_t reason; /* enum reason */
};

#define VERDICT_OTHERS 15 /* receivers beyond the first */

struct verdict {
	struct verdict_end src;
	struct verdict_end dst;
	const struct verdict_end *others; /* who got it besides dst; borrowed */
	uint8_t other_count; /* until the next packet is asked of */
	uint64_t reader_cookie; /* of dst's socket, if each read is not told; or 0 */
	uint8_t direction;	/* enum direction */
	bool steady;		/* holds on for packets like it; see memo.h */
	uint64_t unread; /* cookie of the socket where it waits; 0: in none */
};

/*
 * NULL without memory.  All that it asks is borrowed and outlives it.
 */
struct resolver *resolver_new(struct flowtab *flows, struct packettab *packets,
			      const struct local *local, const struct nat *nat,
			      uint64_t netns);
void resolver_free(struct resolver *r);

/*
 * Without the kernel's word for every socket, "no socket" cannot be claimed:
 * such ends of packets up to @until_ns are unknown.  @reason says why.
 */
void resolver_doubt(struct resolver *r, uint8_t reason, uint64_t until_ns);

/* The same for all packets, whatever becomes of other doubts. */
void resolver_claim_nothing(struct resolver *r, uint8_t reason);

/*
 * Whether packets that come in may be held for longer than they are here, by a
 * process (NFQUEUE) or a queueing discipline, before their sockets get them.
 */
void resolver_expect_delays(struct resolver *r, bool expected);

/* From now on what no socket got has no reader.  Borrowed. */
void resolver_watch_arrivals(struct resolver *r, const struct arrivals *a);

/* From now on a datagram waits until somebody has read it.  Borrowed. */
void resolver_watch_reads(struct resolver *r, const struct unread *u);

/*
 * Takes back what cannot be said of a packet whose time is not known: all but
 * whether an end is here.
 */
void verdict_forget(struct verdict *v);

/*
 * All kernel events up to then (CLOCK_MONOTONIC) are in.  Without this call
 * no packet waits for its own.
 */
void resolver_told_until(struct resolver *r, uint64_t mono_ns);

/* Whether a verdict on another packet of its flow holds for this one. */
bool resolver_holds(struct resolver *r, const struct packet *p, uint64_t ts_ns,
		    uint8_t direction, const struct verdict *v);

/*
 * Whether another receiver may still be told of a packet, though the verdict on
 * its flow is steady.
 */
bool resolver_is_early(const struct resolver *r, const struct packet *p,
		       uint64_t ts_ns, const struct verdict *v);

/*
 * True if the verdict is final; false while a late event may still name an
 * end.  @ts_ns: CLOCK_MONOTONIC; @direction: enum source_direction.
 */
bool resolve(struct resolver *r, const struct packet *p, uint64_t ts_ns,
	     uint8_t direction, struct verdict *v);

#endif
