/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Address to country, city and network, through libmaxminddb.  Reads both
 * schemas in use: MaxMind's (country.iso_code, names.en) and the flat one of
 * the free databases (country_code), which has no country names.  What a
 * database is for is not asked of its metadata, where anything may stand:
 * each value is looked for in each schema.
 *
 * A file is copied into memory when it is added, so it may be replaced, cut
 * short or written over at any time; who wants the new one adds it anew.
 * Damage is survived; a file made to do harm is not: libmaxminddb up to 1.7.1
 * follows values nested a million deep until the stack ends.
 */
#ifndef PKTWHO_GEO_H
#define PKTWHO_GEO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct geo;

/*
 * Empty strings and asn 0 where the databases say nothing.  Text is UTF-8
 * without control characters, cut to its array between characters.
 */
struct geo_place {
	char country[3];       /* two capitals, ISO 3166-1 alpha-2 */
	char country_name[64]; /* English */
	char city[64];
	uint32_t asn;
	char org[128]; /* who runs that network */
};

/* An empty set of databases; NULL without memory.  Free with geo_free(). */
struct geo *geo_new(void);
void geo_free(struct geo *g); /* NULL is fine */

/*
 * Adds one database file, of at most 1 GiB.  An earlier one wins, value by value, so add the
 * best first; a later one adds a name or city only to the country that it
 * sees too, an organization only to the number.
 * 0, -ENOENT and the like for a file that cannot be opened, -EISDIR,
 * -EBADMSG for one that is not a database or is damaged, -EFBIG for one that
 * is too large, -ENOSPC past eight.
 */
int geo_add(struct geo *g, const char *path);

/*
 * Adds what is installed: City, Country and ASN, of each the first that
 * opens as GeoIP2 or else GeoLite2 in /usr/share/GeoIP and /var/lib/GeoIP,
 * then the country database that comes with pktwho, or where that is not
 * installed the one in the folder of @program, which is this program's or
 * plugin's own file.  Returns how many were added; damaged files are skipped.
 */
int geo_add_installed(struct geo *g, const char *program);

/* "PATH of 2026-11-01"; false if there are not so many. */
bool geo_describe(const struct geo *g, size_t which, char *out, size_t size);

/*
 * Tells what is known of @addr: IPv6 in network order, or IPv4 as
 * ::ffff:a.b.c.d; of NAT64, 6to4 and Teredo that in it.  True if anything is.
 * Allocates nothing; a damaged database gives no
 * answer or a wrong one, nothing worse.
 *
 * An address that is not public has no place, whatever a database says.
 * Documentation addresses (RFC 5737, 3849, 9637) are the exception: no
 * database of the real world has them, one made for a test or an example
 * does.
 *
 * A country is where the address is; for an address in no one place, where
 * it is registered.
 */
bool geo_lookup(const struct geo *g, const uint8_t addr[16],
		struct geo_place *place);

/*
 * False for addresses the IANA special-purpose registries (RFC 6890) call
 * not globally reachable, documentation among them, for multicast and
 * broadcast, and for IPv6 outside of 2000::/3 and 64:ff9b::/96.
 */
bool geo_is_public(const uint8_t addr[16]);

#endif
