/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "output/peers.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "record.h"

#define SLOTS  8192		/* a power of two, twice what is kept */
#define MAPPED 12		/* bytes before an IPv4 address */

enum family { IPV4, IPV6 };

/* What is kept of an address, less whenever there is no room. */
static const uint8_t kept_bytes[2][6] = { { 4, 3, 2, 1, 0, 0 },
					  { 16, 8, 6, 4, 2, 0 } };

struct slot {
	uint8_t addr[16];
	bool used;
};

/* All zero: there are none. */
struct peers {
	unsigned count[2];
	unsigned step[2];		/* in kept_bytes */
	bool countries[PEERS_COUNTRIES];
	unsigned country_count;
	uint8_t last[2][16];
	bool has_last;
	struct slot slots[SLOTS];
	union {				/* what is made anew from these */
		struct slot old[SLOTS];
		uint8_t told[PEERS_MAX];
	};
};

struct peers *peers_new(void)
{
	return calloc(1, sizeof(struct peers));
}

void peers_free(struct peers *p)
{
	free(p);
}

void peers_clear(struct peers *p)
{
	memset(p, 0, sizeof(*p));
}

/* ---- addresses ---- */

static enum family family_of(const uint8_t addr[16])
{
	static const uint8_t mapped[MAPPED] = { [10] = 0xff, [11] = 0xff };

	return memcmp(addr, mapped, sizeof(mapped)) ? IPV6 : IPV4;
}

static unsigned kept_length(const struct peers *p, enum family f)
{
	return kept_bytes[f][p->step[f]];
}

/* A product's high bits depend on all bits of its factor, the low ones not. */
static uint32_t home_of(const uint8_t addr[16])
{
	uint64_t w[2];

	memcpy(w, addr, sizeof(w));
	w[0] = (w[0] ^ w[0] >> 32) * 0xd6e8feb86659fd93u;
	w[1] = (w[0] ^ w[1] ^ w[1] >> 32) * 0x9e3779b97f4a7c15u;
	return (uint32_t)(w[1] >> 32) % SLOTS;
}

static void add_network(struct peers *p, const uint8_t addr[16], enum family f)
{
	uint8_t kept[16] = { 0 };
	uint32_t i;

	memcpy(kept, addr, (f == IPV4 ? MAPPED : 0) + kept_length(p, f));
	for (i = home_of(kept); p->slots[i].used; i = (i + 1) % SLOTS)
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
