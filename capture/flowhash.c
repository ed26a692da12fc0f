/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flowhash.h"

#include <stdlib.h>
#include <string.h>

void flowhash_init(struct flowhash *h)
{
	arc4random_buf(h, sizeof(*h));
}

uint32_t flowhash(const struct flowhash *h, const struct flow_key *k)
{
	uint32_t words[FLOWHASH_WORDS];
	uint64_t sum = h->offset;

	memcpy(words, k, sizeof(words));
	for (size_t i = 0; i < FLOWHASH_WORDS; i++)
		sum += h->factors[i] * words[i];
	/* Ports in a row make a series, which would meet itself here and there. */
	sum = (sum ^ sum >> 32) * 0x9e3779b97f4a7c15u;
	return (uint32_t)(sum >> 32);
}
