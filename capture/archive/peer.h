/* SPDX-License-Identifier: GPL-3.0-or-later */
/* With whom a packet is exchanged: a host, a network, a country.  Pure. */
#ifndef PKTWHO_ARCHIVE_PEER_H
#define PKTWHO_ARCHIVE_PEER_H

#include <stdbool.h>

#include "packet/network.h"

struct archive_packet;
struct contents;

struct peer {
	struct network network; /* bits 0: any */
	char country[3];	/* "": any */
};

/*
 * "192.0.2.1", "2001:db8::/32"; "JP" in any case.  NULL: any.  0 or -EINVAL
 * (logged).
 */
int peer_parse(struct peer *p, const char *host, const char *country);

bool peer_is_any(const struct peer *p);

/* Either end will do, and the same for both. */
bool peer_has(const struct peer *p, const struct archive_packet *packet);

/* Whether a file with those contents can have such a packet. */
bool peer_may_be_in(const struct peer *p, const struct contents *c);

#endif
