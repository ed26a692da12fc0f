/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Behind address translation: the addresses a flow has for the sockets at its
 * two ends, asked of the kernel's connection tracking (ctnetlink) in this
 * network namespace.  Answers, also that there is none, are kept for a second.
 */
#ifndef PKTWHO_OWNER_NAT_H
#define PKTWHO_OWNER_NAT_H

#include <linux/types.h>
#include <stdbool.h>
#include <stdint.h>

#include "packet/flow.h"

struct nat;

/* 0 or -errno: -EPERM without CAP_NET_ADMIN, or the kernel has none. */
int nat_open(struct nat **out);
void nat_close(struct nat *c);	/* NULL is fine */

/*
 * For a packet of this key, as it was seen: the key its sender's socket has,
 * and the key its receiver's has.  False if the flow is not translated.
 */
bool nat_find(struct nat *c, const struct flow_key *sent,
		    uint64_t now_ns, struct flow_key *sender,
		    struct flow_key *receiver);

#endif
