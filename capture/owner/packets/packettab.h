/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Packets that the kernel program told one by one, since the flow's history
 * cannot tell whose they are: several processes send on their socket or hold
 * it to read, several sockets receive under their addresses, or a process
 * forged them.
 *
 * Fixed memory, no clock, no I/O.  Times are CLOCK_MONOTONIC nanoseconds.
 */
#ifndef PKTWHO_OWNER_PACKETS_PACKETTAB_H
#define PKTWHO_OWNER_PACKETS_PACKETTAB_H

#include <linux/types.h>
#include <stdbool.h>
#include <stdint.h>

#include "owner/packets/readtab.h"
#include "packet/flow.h"

struct packettab;
struct proc;

struct packettab_packet {
	struct flow_key key;
	uint64_t fingerprint; /* flow_fingerprint(); 0: none, never found */
	uint64_t mono_ns;
	uint64_t netns;
	struct proc *owner; /* NULL: nobody is known to have sent it */
	uint32_t tid;
	uint32_t length;   /* if pending: of the datagram, 0: not known */
	uint8_t attr;	   /* enum attr */
	bool sends;	   /* the local end of the key is the sender */
	bool alone;	   /* the others of its flow are not told */
	bool closing;	   /* ... from now on they may not be */
	bool copy;	   /* of a packet socket, beside whom it is for */
	bool meets;	   /* if pending: another may have its position */
	bool pending;	   /* who reads it is its owner, or else @owner */
	uint64_t cookie;   /* if pending: of its socket */
	uint64_t position; /* ... and its place there, as in struct probe_event;
				   of what is looked for in TCP: after its first byte */
};

enum packettab_found {
	PACKETTAB_NOT_SHARED, /* the flow's history tells whose it is */
	PACKETTAB_FOUND,
	PACKETTAB_UNSURE,    /* as that, unless its reader is told late */
	PACKETTAB_MISSING,   /* its flow is shared, and it was not told (yet) */
	PACKETTAB_FORMER,    /* ... since that had not begun for who sent it */
	PACKETTAB_AWAITED,   /* the flow's history, unless it is read yet */
	PACKETTAB_AMBIGUOUS, /* two processes sent the same */
};

#define PACKETTAB_READERS 16 /* of one packet that are told */

/* NULL without memory. */
struct packettab *packettab_new(void);
void packettab_free(struct packettab *t);

/* Holds a reference to the owner while it remembers the packet. */
void packettab_add(struct packettab *t, const struct packettab_packet *p);

/* As flowtab_done(): who was told of none from before is not asked for any more. */
void packettab_done(struct packettab *t, uint64_t mono_ns);

/* Holds a reference to the owner while it remembers that. */
void packettab_read(struct packettab *t, const struct socket_read *r);

/*
 * Looks for the packet @q: its key, fingerprint, time and end, seen in the
 * namespace q->netns.  *@out is valid until the next call.  A pending packet is
 * missing until all who got it have read it, and then has the time of that;
 * *@out is set for it in both cases.  For PACKETTAB_FORMER it has nothing but the
 * time of the first that was told: who had the flow before sent it.
 */
enum packettab_found packettab_find(struct packettab *t,
				    const struct packettab_packet *q,
				    const struct packettab_packet **out);

/*
 * A packet with that fingerprint is to be found soon, or one of that flow, or one
 * is to be added: the memory is there by then.
 */
void packettab_prepare(struct packettab *t, uint64_t fingerprint);
void packettab_prepare_flow(const struct packettab *t,
			    const struct flow_key *key);
void packettab_prepare_told(const struct packettab *t, uint64_t fingerprint);

/*
 * Who has read the packet that was found last, or is missing yet: each process
 * once, the first of them in *@out above.  Valid until the next find.
 */
const struct packettab_packet *packettab_readers(const struct packettab *t,
						 unsigned *count);

/* Of the flow nothing was told that a packet from then on could be. */
bool packettab_is_quiet(const struct packettab *t, const struct flow_key *key,
			uint64_t mono_ns);

/* A process has a packet socket: it may read what comes after. */
void packettab_expect_copies(struct packettab *t, uint64_t mono_ns);
/* Whether who reads a frame of that time may still be told. */
bool packettab_copies_expected(const struct packettab *t, uint64_t mono_ns);

#endif
