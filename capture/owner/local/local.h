/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The addresses of this network namespace, kept up to date by rtnetlink. */
#ifndef PKTWHO_OWNER_LOCAL_LOCAL_H
#define PKTWHO_OWNER_LOCAL_LOCAL_H

#include <linux/types.h>
#include <stdbool.h>
#include <stdint.h>

#include "packet/flow.h"

struct local;

/* 0 or -errno. */
int local_open(struct local **out);
void local_close(struct local *l);

/* Readable when addresses changed. */
int local_fd(const struct local *l);

/* Hears of changes.  Whether there may be any. */
bool local_refresh(struct local *l);

/*
 * Takes in what was heard of, before the next question: very many links may come
 * and go before one is asked.  Cheap if there was nothing.
 */
void local_catch_up(struct local *l);

/* IPv6, or IPv4 as ::ffff:a.b.c.d. */
bool local_has(const struct local *l, const uint8_t addr[16]);

/*
 * Multicast, or broadcast in a network of ours or everywhere: delivered, never
 * forwarded by us.
 */
bool local_is_group(const struct local *l, const uint8_t addr[16]);

/*
 * Whether a tunnel of this host, one right above IP, takes what the key's
 * remote end sends to its local one.
 */
bool local_has_tunnel(const struct local *l, const struct flow_key *key);

/*
 * Whether what comes in may wait in a queueing discipline of ours before it
 * gets to its socket.
 */
bool local_shapes(const struct local *l);

#endif
