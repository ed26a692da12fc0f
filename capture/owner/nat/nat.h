/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Behind address translation: the addresses a flow has for the sockets at its
 * two ends.  A table of fixed size, with neither I/O nor clock, which
 * conntrack.h fills.
 */
#ifndef PKTWHO_OWNER_NAT_NAT_H
#define PKTWHO_OWNER_NAT_NAT_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "packet/flow.h"

struct nat;

/* Room for @max translations; NULL without memory. */
struct nat *nat_new(size_t max);
void nat_free(struct nat *n); /* NULL is fine */

/*
 * A flow is translated: its first packet has the key @first as it comes in,
 * its answers have @answer as they come in.  @watched: its end will be told.
 */
void nat_add(struct nat *n, const struct flow_key *first,
	     const struct flow_key *answer, bool watched);

/* It is translated no longer. */
void nat_end(struct nat *n, const struct flow_key *first,
	     const struct flow_key *answer);

/*
 * What is told from now on happened after @since_ns, when all was told that
 * had happened before, and until @now_ns.
 */
void nat_look(struct nat *n, uint64_t since_ns, uint64_t now_ns);

/*
 * All that there are follow, by nat_add().  What has not come when the check
 * is over has ended: of the unwatched, or of @all.
 */
void nat_check_begin(struct nat *n, bool all);
void nat_check_end(struct nat *n);

/* How many have not ended whose end nobody will tell. */
size_t nat_unwatched(const struct nat *n);

/* How many did not fit: not being found means nothing any more. */
uint64_t nat_lost(const struct nat *n);

/* Counted up whenever another answer is possible. */
uint64_t nat_changes(const struct nat *n);

/* The keys that a packet has for the sockets at its ends. */
struct nat_ends {
	struct flow_key sender;
	struct flow_key receiver;
	bool sender_sure; /* or it is as it was, or will be, or as in another */
	bool receiver_sure; /* of conntrack's zones, or it is an answer */
};

/*
 * Of a packet of this key, as it was seen then (CLOCK_MONOTONIC).  False if the
 * flow is not translated.
 */
bool nat_find(const struct nat *n, const struct flow_key *sent, uint64_t ts_ns,
	      struct nat_ends *ends);

#endif
