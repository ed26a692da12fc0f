/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Flows in hash tables.  Who connects to this host chooses half of each key:
 * with a hash that everybody can compute they could put all of their flows
 * into one chain.  Multilinear hashing has secret numbers against that: D.
 * Lemire, O. Kaser, "Strongly Universal String Hashing is Fast", The Computer
 * Journal 57(11), 2014.
 */
#ifndef PKTWHO_FLOWHASH_H
#define PKTWHO_FLOWHASH_H

#include <linux/types.h>
#include <stdint.h>

#include "flow.h"

#define FLOWHASH_WORDS (sizeof(struct flow_key) / sizeof(uint32_t))

struct flowhash {
	uint64_t offset;
	uint64_t factors[FLOWHASH_WORDS];
};

/* Numbers of its own for each table. */
void flowhash_init(struct flowhash *h);

uint32_t flowhash(const struct flowhash *h, const struct flow_key *k);

#endif
