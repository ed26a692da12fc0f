/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which packets have got to a socket.  A flow's owner does not read what the
 * firewall drops, a wrong checksum ends, or was sent to another's Ethernet
 * address: of what no socket got nobody is told.
 *
 * The kernel marks one of two tables (bpf/event.h); the older is cleared and
 * takes its place.  A mark may be another packet's: one in fifty at
 * 50,000 packets/s, far fewer at less.  Fixed memory; CLOCK_MONOTONIC.
 */
#ifndef PKTWHO_OWNER_PACKETS_ARRIVALS_H
#define PKTWHO_OWNER_PACKETS_ARRIVALS_H

#include <stdbool.h>
#include <stdint.h>

#define ARRIVALS_TURN_NS 1000000000ull
#define ARRIVAL_LATE_NS	 1000000ull /* from the capture to a socket */

struct arrivals {
	uint8_t *tables[2]; /* PROBE_ARRIVALS bytes each, borrowed */
	uint32_t *now;	    /* which of them is marked, borrowed */
	uint64_t turned_ns; /* when that was last changed */
	uint64_t since_ns;  /* all that came from then on is marked */
};

/*
 * Lets the older table be marked from now on, if it is time for that.  True if
 * it did: turned_ns is then to be read from the clock, since the process may
 * have been stopped after it has read @now_ns.
 */
bool arrivals_turn(struct arrivals *a, uint64_t now_ns);

enum arrived {
	ARRIVED,	   /* or it is not known */
	ARRIVED_ELSEWHERE, /* another socket got it */
	ARRIVED_NOWHERE,
};

/* What a packet's find looks at is fetched. */
void arrivals_prepare(const struct arrivals *a, uint64_t arrival,
		      uint16_t port);

/* @arrival by flow_arrival(), 0: not known; @port of the socket, host order. */
enum arrived arrivals_find(const struct arrivals *a, uint64_t arrival,
			   uint16_t port, uint64_t ts_ns);

/* Of TCP: its first byte had come to its socket before.  False if not known. */
bool arrivals_is_again(const struct arrivals *a, uint64_t arrival);

#define ARRIVALS_MORE 63 /* half of what PROBE_READS_MASK tells apart */

/*
 * Whether it got to its socket when so many datagrams had been read there, or at
 * most @more, as far as PROBE_READS_MASK tells: of so many that are read at once
 * that it begins anew, one that came long before is taken for that; so is one
 * that begins as a later one does.  False if it is not known.
 */
bool arrivals_is_after(const struct arrivals *a, uint64_t arrival,
		       uint8_t reads, uint8_t more);

#endif
