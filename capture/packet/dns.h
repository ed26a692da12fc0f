/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which names have which addresses, as an answer of DNS (RFC 1035) says. */
#ifndef PKTWHO_PACKET_DNS_H
#define PKTWHO_PACKET_DNS_H

#include <stddef.h>
#include <stdint.h>

#include "packet/parse.h"

#define DNS_NAME 254 /* with its end */

/*
 * If that packet is an answer over UDP, calls @found for each address in it,
 * IPv4's mapped, with the name that was asked for: not its aliases.  Names of
 * other than letters, digits, "-" and "_" are left out.
 */
void dns_read(const struct packet *p, const uint8_t *data, size_t caplen,
	      void (*found)(void *ctx, const char *name,
			    const uint8_t addr[16]),
	      void *ctx);

/* The same of a message alone. */
void dns_read_message(const uint8_t *message, size_t len,
		      void (*found)(void *ctx, const char *name,
				    const uint8_t addr[16]),
		      void *ctx);

#endif
