/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which packets wait in their socket: who had it last need not be who reads
 * them, even where nobody else had it when they came.
 *
 * The kernel keeps a table of how far sockets are read (bpf/event.h).  Of two
 * sockets in one place it is not known of the one that was read first.
 * CLOCK_MONOTONIC nanoseconds.
 */
#ifndef PKTWHO_OWNER_PACKETS_UNREAD_H
#define PKTWHO_OWNER_PACKETS_UNREAD_H

#include <stdbool.h>
#include <stdint.h>

struct arrivals;
struct probe_progress;

struct unread {
	const struct probe_progress *progress; /* PROBE_PROGRESS, borrowed */
	const uint64_t *forked_ns;	       /* PROBE_FORKERS, borrowed */
};

enum unread_state {
	UNREAD_NOT,	/* it has been read, or that is not known */
	UNREAD_TELLING, /* it has, but by whom is told later */
	UNREAD_WAITS,
};

struct unread_query {
	uint64_t cookie;		 /* of the socket, never 0 */
	const struct arrivals *arrivals; /* NULL: how late it came is not known */
	uint64_t arrival;		 /* of a datagram */
	uint64_t ts_ns;			 /* when it got the packet */
	uint32_t sequence;		 /* TCP: after its last byte */
};

/* All events up to @told_until_ns are in. */
enum unread_state unread_find(const struct unread *u,
			      const struct unread_query *q,
			      uint64_t told_until_ns);

/* When whoever read the socket last had it alone; 0: that is not known. */
uint64_t unread_held_ns(const struct unread *u, uint64_t cookie);

/*
 * Whether others may have the sockets that the process had alone then: it has
 * forked since, or passed descriptors.
 */
bool unread_has_forked(const struct unread *u, uint32_t pid, uint64_t since_ns);

#endif
