/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Behind address translation: the addresses a flow has for the sockets at its
 * two ends, asked of the kernel's connection tracking (ctnetlink) in this
 * network namespace.  Answers, also that there is none, are kept for a second.
 */
#ifndef PKTWHO_CONNTRACK_H
#define PKTWHO_CONNTRACK_H

#include <linux/types.h>
#include <stdbool.h>
#include <stdint.h>

#include "flow.h"

struct conntrack;

/* 0 or -errno: -EPERM without CAP_NET_ADMIN, or the kernel has none. */
int conntrack_open(struct conntrack **out);
void conntrack_close(struct conntrack *c);	/* NULL is fine */

/*
 * For a packet of this key, as it was seen: the key its sender's socket has,
 * and the key its receiver's has.  False if the flow is not translated.
 */
bool conntrack_find(struct conntrack *c, const struct flow_key *sent,
		    uint64_t now_ns, struct flow_key *sender,
		    struct flow_key *receiver);

#endif
