/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "packet/flow_hash.h"

#include <stdlib.h>
#include <string.h>

#include "packet/flow_key.h"

void flow_hash_init(struct flow_hash *h)
{
	arc4random_buf(h, sizeof(*h));
}

/* Numbers in a row make a series, which would meet itself here and there. */
static inline uint64_t mix(uint64_t sum)
{
	return (sum ^ sum >> 32) * 0x9e3779b97f4a7c15u;
}

static uint32_t finish_hash(uint64_t sum)
{
	return (uint32_t)(mix(sum) >> 32);
}

/* Multilinear-HM: one product for each two words. */
static inline uint64_t sum_words(const struct flow_hash *h,
				 const uint32_t *words, size_t count)
{
	const uint64_t *secrets = h->secrets;
	uint64_t sum = h->offset;

	for (size_t i = 0; i < count; i += 2)
		sum += (secrets[i] + words[i]) *
		       (secrets[i + 1] + words[i + 1]);
	return sum;
}

static inline uint64_t sum_address(const struct flow_hash *h,
				   const uint8_t addr[16])
{
	uint32_t words[4];

	memcpy(words, addr, sizeof(words));
	return sum_words(h, words, 4);
}

/* Mixed: the sum of two ends would not tell who has which port. */
static inline uint64_t sum_end(const struct flow_hash *h,
			       const uint8_t addr[16], uint16_t port)
{
	return mix(sum_address(h, addr) + h->secrets[4] * port);
}

uint32_t flow_hash(const struct flow_hash *h, const struct flow_key *k)
{
	uint16_t far = flow_has_no_ports(k) ? k->local_port : k->remote_port;

	return finish_hash(sum_end(h, k->local, k->local_port) +
			   sum_end(h, k->remote, far) +
			   h->secrets[5] * k->proto);
}

/* Of a flow and its reverse it is true of one, unless they are the same. */
static bool goes_back(const struct flow_key *k)
{
	int order = memcmp(k->local, k->remote, sizeof(k->local));
	struct flow_key reversed;

	if (!order) {
		reversed = flow_reversed(k);
		order = memcmp(k, &reversed, sizeof(reversed));
	}
	return order > 0;
}

uint32_t flow_hash_one_way(const struct flow_hash *h, const struct flow_key *k)
{
	return flow_hash(h, k) ^ goes_back(k);
}

uint32_t flow_hash_address(const struct flow_hash *h, const uint8_t addr[16])
{
	return finish_hash(sum_address(h, addr));
}

uint32_t flow_hash_number(const struct flow_hash *h, uint64_t number)
{
	const uint32_t words[2] = { (uint32_t)number,
				    (uint32_t)(number >> 32) };

	return finish_hash(sum_words(h, words, 2));
}

uint16_t flow_spread(const struct flow_key *k)
{
	uint32_t local, remote;

	memcpy(&local, k->local + 12, sizeof(local));
	memcpy(&remote, k->remote + 12, sizeof(remote));
	local = (local ^ k->local_port) * 0x9e3779b9u;
	remote = (remote ^ k->remote_port) * 0x85ebca6bu;
	return (uint16_t)((local ^ remote) >> 16);
}
