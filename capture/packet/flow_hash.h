/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Flows in hash tables.  Who connects to this host chooses half of each key:
 * with a hash that everybody can compute they could put all of their flows
 * into one chain.  Multilinear hashing has secret numbers against that: D.
 * Lemire, O. Kaser, "Strongly Universal String Hashing is Fast", The Computer
 * Journal 57(11), 2014.
 */
#ifndef PKTWHO_PACKET_FLOW_HASH_H
#define PKTWHO_PACKET_FLOW_HASH_H

#include <linux/types.h>
#include <stdint.h>

#include "packet/flow.h"

#define FLOW_HASH_SECRETS 6 /* of an address 4, its port, the protocol */

struct flow_hash {
	uint64_t offset;
	uint64_t secrets[FLOW_HASH_SECRETS];
};

/* Numbers of its own for each table. */
void flow_hash_init(struct flow_hash *h);

/*
 * A flow and its reverse have the same, so that what is known of both ends lies
 * together.
 */
uint32_t flow_hash(const struct flow_hash *h, const struct flow_key *k);

/* The reverse has its neighbour: one of the two differs in the lowest bit. */
uint32_t flow_hash_one_way(const struct flow_hash *h, const struct flow_key *k);

/* Of one address. */
uint32_t flow_hash_address(const struct flow_hash *h, const uint8_t addr[16]);

/* The same of a number that somebody may have chosen, as a process id in a file. */
uint32_t flow_hash_number(const struct flow_hash *h, uint64_t number);

/*
 * 16 bits without a secret, for tables in which flows that meet are only dearer:
 * cheaper, as it looks at the ports and the last words of the addresses.
 */
uint16_t flow_spread(const struct flow_key *k);

#endif
