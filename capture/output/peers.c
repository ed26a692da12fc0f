/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "output/peers.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "packet/flow_hash.h"
#include "packet/flow_key.h"
#include "record.h"

#define SLOTS  8192 /* a power of two, twice what is kept */
#define MAPPED 12   /* bytes before an IPv4 address */

enum family { IPV4, IPV6 };

/* What is kept of an address, less whenever there is no room. */
static const uint8_t kept_bytes[2][6] = { { 4, 3, 2, 1, 0, 0 },
					  { 16, 8, 6, 4, 2, 0 } };

struct slot {
	uint8_t addr[16];
	bool used;
};

/* All zero from @count on: there are none. */
struct peers {
	struct flow_hash hash; /* who sends chooses an address */
	unsigned count[2];
	unsigned step[2]; /* in kept_bytes */
	bool countries[PEERS_COUNTRIES];
	unsigned country_count;
	uint8_t last[2][16];
	bool has_last;
	struct slot slots[SLOTS];
	union { /* what is made anew from these */
		struct slot old[SLOTS];
		uint8_t told[PEERS_MAX];
	};
};

struct peers *peers_new(void)
{
	struct peers *p = calloc(1, sizeof(*p));

	if (p)
		flow_hash_init(&p->hash);
	return p;
}

void peers_free(struct peers *p)
{
	free(p);
}

void peers_clear(struct peers *p)
{
	size_t from = offsetof(struct peers, count);

	memset((uint8_t *)p + from, 0, sizeof(*p) - from);
}

/* ---- addresses ---- */

static enum family family_of(const uint8_t addr[16])
{
	return address_is_ipv4(addr) ? IPV4 : IPV6;
}

static unsigned kept_length(const struct peers *p, enum family f)
{
	return kept_bytes[f][p->step[f]];
}

static void add_network(struct peers *p, const uint8_t addr[16], enum family f)
{
	uint8_t kept[16] = { 0 };
	uint32_t i;

	memcpy(kept, addr, (f == IPV4 ? MAPPED : 0) + kept_length(p, f));
	for (i = flow_hash_address(&p->hash, kept) % SLOTS; p->slots[i].used;
	     i = (i + 1) % SLOTS)
		if (!memcmp(p->slots[i].addr, kept, sizeof(kept)))
			return;
	memcpy(p->slots[i].addr, kept, sizeof(kept));
	p->slots[i].used = true;
	p->count[f]++;
}

/* The family that has most gets shorter networks. */
static void shorten_most(struct peers *p)
{
	enum family most = p->count[IPV4] >= p->count[IPV6] ? IPV4 : IPV6;

	memcpy(p->old, p->slots, sizeof(p->old));
	memset(p->slots, 0, sizeof(p->slots));
	memset(p->count, 0, sizeof(p->count));
	p->step[most]++;
	for (int i = 0; i < SLOTS; i++)
		if (p->old[i].used)
			add_network(p, p->old[i].addr,
				    family_of(p->old[i].addr));
}

static void add_address(struct peers *p, const uint8_t addr[16])
{
	add_network(p, addr, family_of(addr));
	while (p->count[IPV4] + p->count[IPV6] > PEERS_NETWORKS)
		shorten_most(p);
}

/* Most packets have those of the one before, or of its answer. */
void peers_add(struct peers *p, const uint8_t a[16], const uint8_t b[16])
{
	bool turned = memcmp(p->last[0], a, 16);

	if (p->has_last && !memcmp(p->last[turned], a, 16) &&
	    !memcmp(p->last[!turned], b, 16))
		return;
	add_address(p, a);
	add_address(p, b);
	memcpy(p->last[0], a, 16);
	memcpy(p->last[1], b, 16);
	p->has_last = true;
}

/* ---- countries ---- */

void peers_add_country(struct peers *p, const char country[3])
{
	unsigned a = (unsigned)(uint8_t)country[0] - 'A', b;

	if (a >= 26)
		return;
	b = (unsigned)(uint8_t)country[1] - 'A';
	if (b >= 26 || p->countries[a * 26 + b])
		return;
	p->countries[a * 26 + b] = true;
	p->country_count++;
}

/* ---- what the file is told ---- */

size_t peers_size(const struct peers *p)
{
	return 2 * p->country_count + p->count[IPV4] * kept_length(p, IPV4) +
	       p->count[IPV6] * kept_length(p, IPV6);
}

static uint8_t *put_countries(const struct peers *p, uint8_t *out)
{
	for (int n = 0; n < PEERS_COUNTRIES; n++) {
		if (!p->countries[n])
			continue;
		*out++ = (uint8_t)('A' + n / 26);
		*out++ = (uint8_t)('A' + n % 26);
	}
	return out;
}

static uint8_t *put_networks(const struct peers *p, enum family f, uint8_t *out)
{
	size_t from = f == IPV4 ? MAPPED : 0, len = kept_length(p, f);

	for (int i = 0; i < SLOTS; i++) {
		if (!p->slots[i].used || family_of(p->slots[i].addr) != f)
			continue;
		memcpy(out, p->slots[i].addr + from, len);
		out += len;
	}
	return out;
}

void peers_tell(struct peers *p, struct contents *c)
{
	uint8_t *out = p->told;

	c->countries = out;
	c->country_count = p->country_count;
	out = put_countries(p, out);
	for (int f = IPV4; f <= IPV6; f++) {
		c->bits[f] = (uint8_t)(8 * kept_length(p, (enum family)f));
		c->network_count[f] = p->count[f];
		c->networks[f] = out;
		out = put_networks(p, (enum family)f, out);
	}
}
