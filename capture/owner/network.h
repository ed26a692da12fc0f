/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One of the network namespaces that are captured: its addresses, translations
 * and queues, and the answer for a packet that was seen in it.
 */
#ifndef PKTWHO_OWNER_NETWORK_H
#define PKTWHO_OWNER_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "owner/resolve/resolve.h"
#include "packet/parse.h"

struct arrivals;
struct lookup;
struct network;
struct proctab;

/* What all of them share; borrowed. */
struct network_options {
	struct flowtab *flows;
	struct packettab *packets;
	struct lookup *lookup;
	const uint64_t *told;	/* counts the events that are in those tables */
	unsigned number;	/* lookup_track() */
	size_t max_translations;
};

/* That which this thread is in.  0 or -errno. */
int network_open(struct network **out, const struct network_options *o);
void network_close(struct network *n);		/* NULL is fine */

/* SO_NETNS_COOKIE; 0: not known. */
uint64_t network_cookie(const struct network *n);

/* Borrowed, for what depends on more than this network. */
struct resolver *network_resolver(struct network *n);

/* Whether the kernel translates here, and we are not told. */
bool network_may_translate(const struct network *n);

/* Each UDP socket: sockdiag_each_udp(). */
int network_each_udp(struct network *n,
		     void (*found)(void *ctx, uint64_t cookie,
				   const struct flow_key *key), void *ctx);

/* Sockets are asked for from now on, as no event tells of them.  0 or -errno. */
int network_poll(struct network *n, struct proctab *processes);

/* Two descriptors that are readable when something has changed; -1: never. */
int network_fd(const struct network *n, int which);
#define NETWORK_FDS 2

/* Takes in what has changed; false if no answer depends on it. */
bool network_refresh(struct network *n, bool changed);

/* From time to time: what nothing tells of. */
void network_watch(struct network *n);

/* The latest time before which not all translations are known; 0: all are. */
uint64_t network_doubted_until(const struct network *n, uint64_t now_ns);

/* resolve(), or what it has answered for a packet like this one. */
bool network_resolve(struct network *n, const struct packet *p,
		     uint64_t mono_ns, uint8_t direction, struct verdict *v);

#endif
