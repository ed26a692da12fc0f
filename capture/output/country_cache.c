/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "output/country_cache.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "geo.h"

#define SLOTS 4096	/* a power of two */

struct slot {
	uint8_t addr[16];
	char country[3];
	bool used;
};

struct country_cache {
	struct geo *geo;
	struct slot slots[SLOTS];
};

struct country_cache *country_cache_new(struct geo *geo)
{
	struct country_cache *c = calloc(1, sizeof(*c));

	if (c)
		c->geo = geo;
	return c;
}

void country_cache_free(struct country_cache *c)
{
	if (!c)
		return;
	geo_free(c->geo);
	free(c);
}

static void look_up(const struct country_cache *c, struct slot *s,
		    const uint8_t addr[16])
{
	struct geo_place place = { 0 };

	if (c->geo)
		geo_lookup(c->geo, addr, &place);
	memcpy(s->addr, addr, sizeof(s->addr));
	memcpy(s->country, place.country, sizeof(s->country));
	s->used = true;
}

const char *country_cache_get(struct country_cache *c, const uint8_t addr[16])
{
	struct slot *s;
	uint64_t w[2];

	memcpy(w, addr, sizeof(w));
	s = &c->slots[(w[0] ^ w[1] * 3) * 0x9e3779b97f4a7c15u >> 40 &
		      (SLOTS - 1)];
	if (!s->used || memcmp(s->addr, addr, sizeof(s->addr)))
		look_up(c, s, addr);
	return s->country;
}
