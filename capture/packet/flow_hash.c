/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "packet/flow_hash.h"

#include <stdlib.h>
#include <string.h>

void flow_hash_init(struct flow_hash *h)
{
	arc4random_buf(h, sizeof(*h));
}

uint32_t flow_hash(const struct flow_hash *h, const struct flow_key *k)
{
	uint32_t words[FLOW_HASH_WORDS];
	uint64_t sum = h->offset;

	memcpy(words, k, sizeof(words));
	for (size_t i = 0; i < FLOW_HASH_WORDS; i++)
		sum += h->factors[i] * words[i];
	/* Ports in a row make a series, which would meet itself here and there. */
	sum = (sum ^ sum >> 32) * 0x9e3779b97f4a7c15u;
	return (uint32_t)(sum >> 32);
}
