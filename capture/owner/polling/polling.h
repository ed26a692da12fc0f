/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Owners without eBPF: asks sock_diag for the flow's socket and /proc for who
 * holds it, when a packet comes.  What has ended by then is missed, and an
 * answer says ATTR_SCAN.
 */
#ifndef PKTWHO_OWNER_POLLING_POLLING_H
#define PKTWHO_OWNER_POLLING_POLLING_H

#include <stdbool.h>
#include <stdint.h>

#include "owner/flowtab/flowtab.h"

struct lookup;
struct polling;
struct proctab;

/*
 * All are borrowed, also @diag, a sockdiag_open() of the namespace whose cookie
 * @netns is.  NULL without memory.
 */
struct polling *polling_new(struct flowtab *flows, struct proctab *processes,
			    struct lookup *lookup, int diag, uint64_t netns);
void polling_free(struct polling *f); /* NULL is fine */

/*
 * Looks for the socket of @key and tells the flow table.  Asks again for the
 * same key only after a second, or at once if @begins (a SYN).
 */
void polling_learn(struct polling *f, const struct flow_key *key,
		   uint64_t ts_ns, bool begins);

#endif
