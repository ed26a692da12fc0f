/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a process that reads hostile bytes can no longer ask of the kernel,
 * for good and in all its threads: new privileges, new programs, other
 * processes' memory, mounts, namespaces, modules, keys, packets.
 *
 * It is a list of what a capture never does, and those calls fail with EPERM.
 * What is open stays open.
 */
#ifndef PKTWHO_HOST_SANDBOX_H
#define PKTWHO_HOST_SANDBOX_H

#include <stdbool.h>

/* Whether this kernel filters system calls. */
bool sandbox_can_filter(void);

/*
 * To be called once all is open.  No core is dumped any more, either, and
 * nobody of the same user may trace us.  A warning says what is not to be had.
 */
void sandbox_enter(void);

#endif
