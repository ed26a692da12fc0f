/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Address to country for every packet: geo.h behind a small cache. */
#ifndef PKTWHO_COUNTRY_H
#define PKTWHO_COUNTRY_H

#include <stdint.h>

struct countries;
struct geo;

/* Takes @geo over, which may be NULL.  NULL without memory. */
struct countries *countries_new(struct geo *geo);
void countries_free(struct countries *c);

/* ISO 3166-1 alpha-2, or ""; borrowed until the next call. */
const char *country_of(struct countries *c, const uint8_t addr[16]);

#endif
