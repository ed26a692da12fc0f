/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A host or a network by its address.  Pure. */
#ifndef PKTWHO_PACKET_NETWORK_H
#define PKTWHO_PACKET_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

struct network {
	uint8_t addr[16]; /* IPv4 as ::ffff:a.b.c.d (RFC 4291) */
	uint8_t bits;	  /* of it that count, 128 for a host */
};

/* "192.0.2.1", "192.0.2.0/24", "2001:db8::/32".  0 or -EINVAL. */
int network_parse(struct network *n, const char *text);

bool network_has(const struct network *n, const uint8_t addr[16]);

#endif
