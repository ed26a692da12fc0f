/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One of the network namespaces that are captured: its addresses, translations
 * and queues, and the answer for a packet that was seen in it.
 */
#ifndef PKTWHO_OWNER_NAMESPACE_H
#define PKTWHO_OWNER_NAMESPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "owner/resolve/resolve.h"
#include "packet/parse.h"

struct arrivals;
struct lookup;
struct namespace;
struct proctab;

/* What all of them share; borrowed. */
struct namespace_options {
	struct flowtab *flows;
	struct packettab *packets;
	struct lookup *lookup;
	const uint64_t *told; /* counts the events that are in those tables */
	unsigned number;      /* lookup_track() */
	size_t max_translations;
};

/* That which this thread is in.  0 or -errno. */
int namespace_open(struct namespace **out, const struct namespace_options *o);
void namespace_close(struct namespace *n); /* NULL is fine */

/* SO_NETNS_COOKIE; 0: not known. */
uint64_t namespace_cookie(const struct namespace *n);

/* Borrowed, for what depends on more than this namespace. */
struct resolver *namespace_resolver(struct namespace *n);

/* Whether a process decides about packets here (NFQUEUE). */
bool namespace_has_queue(const struct namespace *n);

/* Whether the kernel translates here, and we are not told. */
bool namespace_may_translate(const struct namespace *n);

/* Each UDP socket: sockdiag_each_udp(). */
int namespace_each_udp(struct namespace *n,
		       void (*found)(void *ctx, uint64_t cookie,
				     const struct flow_key *key),
		       void *ctx);

/* Sockets are asked for from now on, as no event tells of them.  0 or -errno. */
int namespace_poll(struct namespace *n, struct proctab *processes);

/* Two descriptors that are readable when something has changed; -1: never. */
int namespace_fd(const struct namespace *n, int which);
#define NAMESPACE_FDS 2

/* Takes in what has changed; false if no answer depends on it. */
bool namespace_refresh(struct namespace *n, bool changed);

/* From time to time: what nothing tells of. */
void namespace_watch(struct namespace *n);

/* The latest time before which not all translations are known; 0: all are. */
uint64_t namespace_doubted_until(const struct namespace *n, uint64_t now_ns);

/* resolve(), or what it has answered for a packet like this one. */
bool namespace_resolve(struct namespace *n, const struct packet *p,
		       uint64_t mono_ns, uint8_t direction, struct verdict *v);

#endif
