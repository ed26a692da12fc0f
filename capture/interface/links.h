/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Tells which interfaces there are now, through a descriptor of netlink_open():
 * if_nametoindex() and the like take a socket, which the sandbox of a capture
 * does not let it have, and which would be of its own network namespace.
 */
#ifndef PKTWHO_INTERFACE_LINKS_H
#define PKTWHO_INTERFACE_LINKS_H

#include <stdint.h>

/* 0: there is none of that name, or it cannot be known. */
unsigned links_index(int fd, const char *name);

enum link_state { LINK_GONE, LINK_DOWN, LINK_UP };

/* LINK_UP also if that cannot be known. */
enum link_state links_state(int fd, unsigned index);

/*
 * Packets that the interface had no room for, of which the kernel's stack never
 * heard; it counts for ever.  @unknown if that cannot be known.
 */
uint32_t links_drops(int fd, const char *name, uint32_t unknown);

#endif
