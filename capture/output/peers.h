/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The addresses and countries of a file's packets, for what its end says of
 * them.  Of more addresses than there is room for the networks are kept.
 */
#ifndef PKTWHO_OUTPUT_PEERS_H
#define PKTWHO_OUTPUT_PEERS_H

#include <stddef.h>
#include <stdint.h>

struct contents;
struct peers;

#define PEERS_NETWORKS	4000 /* of IPv4 and IPv6 together */
#define PEERS_COUNTRIES (26 * 26)
#define PEERS_MAX	(2 * PEERS_COUNTRIES + 16 * PEERS_NETWORKS) /* bytes */

struct peers *peers_new(void);	  /* NULL without memory */
void peers_free(struct peers *p); /* NULL is fine */

/* For the next file. */
void peers_clear(struct peers *p);

/* Of one packet; IPv4 as ::ffff:a.b.c.d.  Allocates nothing. */
void peers_add(struct peers *p, const uint8_t a[16], const uint8_t b[16]);
void peers_add_country(struct peers *p, const char country[3]); /* "": none */

/* The bytes that they take in the file now; an address adds 16 at most. */
size_t peers_size(const struct peers *p);

/* Fills in what is of them; @c borrows it until the next call. */
void peers_tell(struct peers *p, struct contents *c);

#endif
