/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which tunnels that run right above IP end at this host: ipip, sit, gre and
 * their kin, of this network namespace.  Also whether packets may wait in a
 * queue before they get to their sockets.
 */
#ifndef PKTWHO_OWNER_LOCAL_TUNNELS_H
#define PKTWHO_OWNER_LOCAL_TUNNELS_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "packet/flow.h"

struct tunnel {
	uint8_t local[16];  /* zero: any address of this host */
	uint8_t remote[16]; /* zero: anybody */
	bool gre;	    /* else it carries IP without a header between */
};

#define MAX_TUNNELS 1024

struct tunnels {
	size_t count;
	bool shapes; /* what comes in: it has an ifb device */
	struct tunnel tunnel[MAX_TUNNELS];
};

/* Asks the kernel for all there are, through a netlink_open().  0 or -errno. */
int tunnels_read(struct tunnels *t, int fd);

/* Whether one of them takes what this key's remote end sends to its local. */
bool tunnels_take(const struct tunnels *t, const struct flow_key *key);

#endif
