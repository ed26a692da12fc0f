/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who has read what sockets had, for the packets that wait to be read.
 *
 * Fixed memory, no clock, no I/O.  Times are CLOCK_MONOTONIC nanoseconds.
 */
#ifndef PKTWHO_OWNER_PACKETS_READTAB_H
#define PKTWHO_OWNER_PACKETS_READTAB_H

#include <stdbool.h>
#include <stdint.h>

struct proc;
struct readtab;

/* Nanoseconds between two times, either of which may be the earlier. */
static inline uint64_t time_distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

/* A process has read what a socket had up to a position. */
struct socket_read {
	uint64_t cookie;
	uint64_t position; /* as in struct probe_event */
	uint64_t mono_ns;
	struct proc *owner;
	uint32_t tid;
	uint32_t length; /* of the datagram; 0: not known */
	uint8_t attr;	 /* enum attr */
	bool stream;	 /* TCP: the position is a sequence number */
};

/* NULL without memory. */
struct readtab *readtab_new(void);
void readtab_free(struct readtab *t);

/* Holds a reference to the owner while it remembers that. */
void readtab_add(struct readtab *t, const struct socket_read *r);

/*
 * Of a connection: the first that read past @sequence, or as far.  It may have
 * before @mono_ns: what comes then was sent again.  NULL: nobody yet.
 */
const struct socket_read *readtab_past(const struct readtab *t, uint64_t cookie,
				       uint64_t mono_ns, uint32_t sequence);

/* Of datagrams: who read the one at that place.  NULL: nobody yet. */
const struct socket_read *readtab_at(const struct readtab *t, uint64_t cookie,
				     uint64_t position);

/*
 * Who is kept from telling what it has read is told late: then that is not as long
 * as what came, @length (0: not known), and what another read beside it is.
 */
bool readtab_is_anothers(const struct readtab *t,
			 const struct socket_read *read, uint32_t length);

#endif
