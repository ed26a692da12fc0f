/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "output/country_cache.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "geo.h"
#include "host/log.h"
#include "host/privilege/sudo_user.h"

#define SET_BITS 16
#define WAYS	 4 /* 100,000 peers in turn find 9 of 10 of themselves */

struct slot {
	uint8_t addr[16];
	char country[3];
	uint8_t used;
};

struct set {
	struct slot slots[WAYS]; /* the newest first */
};

struct country_cache {
	struct geo *geo;
	uint64_t lookups;
	struct set sets[1 << SET_BITS];
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

uint64_t country_cache_lookups(const struct country_cache *c)
{
	return c->lookups;
}

/* A product's high bits depend on all bits of its factor, the low ones not. */
static uint32_t set_of(const uint8_t addr[16])
{
	uint64_t w[2];

	memcpy(w, addr, sizeof(w));
	w[1] = (w[1] ^ w[1] >> 32) * 0xd6e8feb86659fd93u;
	w[1] ^= w[0];
	w[1] = (w[1] ^ w[1] >> 32) * 0x9e3779b97f4a7c15u;
	return (uint32_t)(w[1] >> (64 - SET_BITS));
}

/* In place of the oldest. */
static const struct slot *look_up(struct country_cache *c, struct set *set,
				  const uint8_t addr[16])
{
	struct geo_place place = { 0 };
	struct slot *s = set->slots;

	if (c->geo)
		geo_lookup(c->geo, addr, &place);
	c->lookups++;
	memmove(s + 1, s, (WAYS - 1) * sizeof(*s));
	memcpy(s->addr, addr, sizeof(s->addr));
	memcpy(s->country, place.country, sizeof(s->country));
	s->used = 1;
	return s;
}

void country_cache_prepare(const struct country_cache *c,
			   const uint8_t addr[16])
{
	const struct set *set = &c->sets[set_of(addr)];

	__builtin_prefetch(set);
	__builtin_prefetch((const uint8_t *)set + sizeof(*set) - 1);
}

const char *country_cache_get(struct country_cache *c, const uint8_t addr[16])
{
	struct set *set = &c->sets[set_of(addr)];

	for (int i = 0; i < WAYS && set->slots[i].used; i++)
		if (!memcmp(set->slots[i].addr, addr, 16))
			return set->slots[i].country;
	return look_up(c, set, addr)->country;
}

/* The caller of sudo names it, and is not to have others' read. */
static int add_as_user(struct geo *geo, const char *path)
{
	struct sudo_user_rights root;
	int err = sudo_user_enter(&root);

	err = err ? err : geo_add(geo, path);
	sudo_user_leave(&root);
	return err;
}

int country_cache_databases(const char *const *paths, int count,
			    struct geo **geo)
{
	*geo = geo_new();
	if (!*geo)
		return -ENOMEM;
	for (int i = 0; i < count; i++) {
		int err = add_as_user(*geo, paths[i]);

		if (err) {
			log_error("cannot use %s: %s", paths[i],
				  err == -EBADMSG ? "not an mmdb database" :
						    strerror(-err));
			geo_free(*geo);
			return err;
		}
	}
	geo_add_installed(*geo, "/proc/self/exe");
	return 0;
}
