/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whether a process decides about packets, as application firewalls do: it may
 * hold what came in for as long as it likes (NFQUEUE, iptables-extensions(8)).
 */
#ifndef PKTWHO_OWNER_LOCAL_NFQUEUE_H
#define PKTWHO_OWNER_LOCAL_NFQUEUE_H

#include <stdbool.h>

/* The queues of this network namespace; -1 where the kernel has none. */
int nfqueue_open(void);

/* Whether a process has bound any. */
bool nfqueue_is_bound(int fd);

#endif
