/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Finds the container, pod or systemd unit that a process belongs to by its
 * cgroup path alone: no daemon is asked, and a process that is gone can still
 * be placed.
 */
#ifndef PKTWHO_PROCESS_CONTAINER_H
#define PKTWHO_PROCESS_CONTAINER_H

#include "record.h"

/*
 * Fills @p's container id and runtime, pod uid and unit, where @p->cgroup
 * tells them.  Knows Docker, containerd, CRI-O, Podman, LXC and
 * systemd-nspawn, by cgroupfs and by systemd scopes.
 */
void container_identify(struct process *p);

/* The user whose session or manager @p's cgroup lies below; 0: no user's. */
uint32_t container_owner(const struct process *p);

#endif
