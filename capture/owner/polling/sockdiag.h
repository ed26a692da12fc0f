/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sockets, asked of the kernel by sock_diag(7): that of a flow, for polling
 * where eBPF is refused, and those that no process holds.  This network
 * namespace only.
 */
#ifndef PKTWHO_OWNER_POLLING_SOCKDIAG_H
#define PKTWHO_OWNER_POLLING_SOCKDIAG_H

#include <linux/types.h>
#include <stdbool.h>
#include <stdint.h>

#include "packet/flow.h"

struct sockdiag_socket {
	uint64_t cookie;
	uint64_t inode; /* 0: no process holds it */
	bool listening;
};

/* A descriptor to ask through, or -errno. */
int sockdiag_open(void);

/* 0, -ENOENT if there is no such socket, or -errno. */
int sockdiag_find(int fd, const struct flow_key *key,
		  struct sockdiag_socket *s);

/* Each UDP socket of this network namespace.  0 or -errno. */
int sockdiag_each_udp(int fd,
		      void (*found)(void *ctx, uint64_t cookie,
				    const struct flow_key *key),
		      void *ctx);

#endif
