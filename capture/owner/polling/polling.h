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

/* All are borrowed.  0 or -errno. */
int polling_open(struct polling **out, struct flowtab *flows,
		  struct proctab *processes, struct lookup *lookup,
		  uint64_t netns);
void polling_close(struct polling *f);

/*
 * Looks for the socket of @key and tells the flow table.  Asks again for the
 * same key only after a second, or at once if @begins (a SYN).
 */
void polling_learn(struct polling *f, const struct flow_key *key,
		    uint64_t ts_ns, bool begins);

#endif
