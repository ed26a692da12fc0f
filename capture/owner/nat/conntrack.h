/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fills a table of translations (nat.h) from the kernel's connection tracking
 * in one network namespace, off the packet path: the kernel tells when one
 * begins and ends, and is asked for those that were there before.  Nothing is
 * asked for a packet, and where nothing is translated nothing is told.
 */
#ifndef PKTWHO_OWNER_NAT_CONNTRACK_H
#define PKTWHO_OWNER_NAT_CONNTRACK_H

#include <stdbool.h>
#include <stdint.h>

struct conntrack;
struct lookup;
struct nat;

/*
 * Of the one that this thread is in, which is @namespace to the lookup process.
 * Both are borrowed.  0 or -errno: -EPERM without CAP_NET_ADMIN, or the kernel
 * has none.
 */
int conntrack_open(struct conntrack **out, struct nat *nat,
		   struct lookup *lookup, unsigned namespace);
void conntrack_close(struct conntrack *c); /* NULL is fine */

/* Readable when there are changes; -1: never. */
int conntrack_fd(const struct conntrack *c); /* NULL is fine */

/* Whether the kernel tracks connections here, whoever may ask for them. */
bool conntrack_is_kept(void);

/* Whether some that are there have not been told yet.  NULL is fine. */
bool conntrack_is_incomplete(const struct conntrack *c);

/*
 * Looks how it is now; @changed: there are changes, which are taken in.  NULL
 * is fine.
 */
void conntrack_refresh(struct conntrack *c, bool changed);

#endif
