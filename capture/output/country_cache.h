/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Address to country for every packet: geo.h behind a small cache. */
#ifndef PKTWHO_OUTPUT_COUNTRY_CACHE_H
#define PKTWHO_OUTPUT_COUNTRY_CACHE_H

#include <stdint.h>

struct country_cache;
struct geo;

/* Takes @geo over, which may be NULL.  NULL without memory. */
struct country_cache *country_cache_new(struct geo *geo);
void country_cache_free(struct country_cache *c);

/* How often a database had to be asked. */
uint64_t country_cache_lookups(const struct country_cache *c);

/*
 * The user's databases come first; what is installed answers the rest.
 * 0 or -errno (logged).
 */
int country_cache_databases(const char *const *paths, int count,
			    struct geo **geo);

/* It will be asked for soon: its memory is fetched meanwhile. */
void country_cache_prepare(const struct country_cache *c,
			   const uint8_t addr[16]);

/* ISO 3166-1 alpha-2, or ""; borrowed until the next call. */
const char *country_cache_get(struct country_cache *c, const uint8_t addr[16]);

#endif
