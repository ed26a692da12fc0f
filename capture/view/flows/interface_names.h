/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the interfaces of connections are called: those that are captured, by
 * their numbers, and behind them the devices of `any`, as they turn up.
 */
#ifndef PKTWHO_VIEW_FLOWS_INTERFACE_NAMES_H
#define PKTWHO_VIEW_FLOWS_INTERFACE_NAMES_H

#include <stdint.h>

struct devices;
struct interface_names;
struct owned_packet;

/* @captured and @devices, of each, are borrowed.  NULL without memory. */
struct interface_names *interface_names_new(const char *const *captured,
					    uint32_t count,
					    struct devices *const *devices);
void interface_names_free(struct interface_names *n); /* NULL is fine */

/* By that number; it grows, and stays where it is. */
const char *const *interface_names_all(const struct interface_names *n);

uint32_t interface_names_number(struct interface_names *n,
				const struct owned_packet *p);

#endif
