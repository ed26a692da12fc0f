/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "owner/resolve/fragments.h"

#include <stdlib.h>
#include <string.h>

#define FRAGMENTS   1024
#define FRAGMENT_NS 30000000000ull /* ipfrag_time: then reassembly gives up */

/* A datagram, remembered from its first fragment. */
struct fragmented {
	struct packet_traits whole; /* key, marks and fragment_id */
	uint64_t ts_ns;
};

struct fragments {
	struct fragmented slots[FRAGMENTS];
};

struct fragments *fragments_new(void)
{
	return calloc(1, sizeof(struct fragments));
}

void fragments_free(struct fragments *f)
{
	free(f);
}

static struct fragmented *fragment_slot(struct fragments *f,
					const struct packet_traits *t)
{
	uint32_t h = t->fragment_id * 2654435761u;

	for (int i = 0; i < 16; i++)
		h = (h ^ t->key.local[i] ^ (uint32_t)t->key.remote[i] << 8) *
		    16777619u;
	return &f->slots[h % FRAGMENTS];
}

static void keep_fragment(struct fragmented *slot,
			  const struct packet_traits *t, uint64_t ts_ns)
{
	*slot = (struct fragmented){ .whole = { .key = t->key,
						.fingerprint = t->fingerprint,
						.arrival = t->arrival,
						.fragment_id = t->fragment_id },
				     .ts_ns = ts_ns };
}

/*
 * IPv4's identification counts for each protocol; in IPv6 a later fragment need
 * not know what the first one held behind extensions.
 */
static bool is_of_datagram(const struct packet_traits *whole,
			   const struct packet_traits *t)
{
	const struct flow_key *a = &whole->key, *b = &t->key;

	return whole->fragment_id == t->fragment_id &&
	       (!address_is_ipv4(b->local) || a->proto == b->proto) &&
	       !memcmp(a->local, b->local, sizeof(a->local)) &&
	       !memcmp(a->remote, b->remote, sizeof(a->remote));
}

const struct packet_traits *fragments_whole(struct fragments *f,
					    const struct packet_traits *t,
					    uint64_t ts_ns)
{
	struct fragmented *slot;

	if (!t->fragment)
		return t;
	slot = fragment_slot(f, t);
	if (t->first_fragment) {
		keep_fragment(slot, t, ts_ns);
		return t;
	}
	if (slot->ts_ns + FRAGMENT_NS < ts_ns ||
	    !is_of_datagram(&slot->whole, t))
		return NULL;
	return &slot->whole;
}
