/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Tells which interfaces there are now, by netlink: if_nametoindex() and the
 * like take a socket that the sandbox of a capture does not let it have.
 */
#ifndef PKTWHO_INTERFACE_LINKS_H
#define PKTWHO_INTERFACE_LINKS_H

#include <stdbool.h>
#include <stdint.h>

/* 0: there is none of that name, or it cannot be known. */
unsigned links_index(const char *name);

/* True also if that cannot be known. */
bool links_have(unsigned index);

/*
 * Packets that the interface had no room for, of which the kernel's stack never
 * heard; it counts for ever.  @unknown if that cannot be known.
 */
uint32_t links_drops(const char *name, uint32_t unknown);

#endif
