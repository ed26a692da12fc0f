/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Owners without eBPF: asks sock_diag for the flow's socket and /proc for who
 * holds it, when a packet comes.  What has ended by then is missed, and an
 * answer says ATTR_SCAN.
 */
#ifndef PKTWHO_FALLBACK_H
#define PKTWHO_FALLBACK_H

#include <stdbool.h>
#include <stdint.h>

#include "flowtab.h"

struct fallback;
struct proctab;

/* Tables are borrowed.  0 or -errno. */
int fallback_open(struct fallback **out, struct flowtab *flows,
		  struct proctab *processes, int proc_fd, uint64_t netns);
void fallback_close(struct fallback *f);

/*
 * Looks for the socket of @key and tells the flow table.  Asks again for the
 * same key only after a second, or at once if @begins (a SYN).
 */
void fallback_learn(struct fallback *f, const struct flow_key *key,
		    uint64_t ts_ns, bool begins);

#endif
