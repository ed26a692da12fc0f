/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The addresses of this network namespace, kept up to date by rtnetlink. */
#ifndef PKTWHO_LOCALADDR_H
#define PKTWHO_LOCALADDR_H

#include <stdbool.h>
#include <stdint.h>

struct localaddr;

/* 0 or -errno. */
int localaddr_open(struct localaddr **out);
void localaddr_close(struct localaddr *l);

/* Readable when addresses changed. */
int localaddr_fd(const struct localaddr *l);

/* Takes changes in; cheap if there were none. */
void localaddr_refresh(struct localaddr *l);

/* IPv6, or IPv4 as ::ffff:a.b.c.d. */
bool localaddr_has(const struct localaddr *l, const uint8_t addr[16]);

/*
 * Multicast, or broadcast in a network of ours or everywhere: delivered, never
 * forwarded by us.
 */
bool localaddr_is_group(const struct localaddr *l, const uint8_t addr[16]);

#endif
