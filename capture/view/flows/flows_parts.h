/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What flows.c and its parts share: TCP is followed in one, owners are counted in
 * another, and sums are made in a third.
 */
#ifndef PKTWHO_VIEW_FLOWS_FLOWS_PARTS_H
#define PKTWHO_VIEW_FLOWS_FLOWS_PARTS_H

#include "view/flows/flows.h"

#define SECOND 1000000000ull
#define ACK    0x10

struct frame;
struct owned_packet;
struct packet_traits;

/* Memory for what flows have besides: parts of other owners, and copies. */
struct flow_pool {
	struct actors *actors; /* borrowed */
	struct flow_part *all;
	uint32_t left;		/* of these, not used yet */
	struct flow_part *free; /* linked by next */
	uint64_t mixed;		/* as in struct flows_stats */
};

/* False without memory. */
bool flow_pool_init(struct flow_pool *t, struct actors *actors, uint32_t count);
void flow_pool_fini(struct flow_pool *t);

/* Of @side, for the owners of both and for who received it as well. */
void flow_pool_count(struct flow_pool *t, struct flow *f, enum flow_side side,
		     struct actor *const actors[2],
		     const struct owned_packet *packet);

/* Gives back what it has. */
void flow_pool_clear(struct flow_pool *t, struct flow *f);

/* So many bytes that @side has sent in that second, or in one before. */
void flow_rate_add(struct flow_rate *r, enum flow_side side, uint32_t second,
		   uint32_t bytes);

/* What a packet of @side does to the state, and what it tells. */
void flows_follow_tcp(struct flow *f, enum flow_side side,
		      const struct frame *h);

/* The same addresses and ports, and another connection. */
bool flows_begins_another(const struct flow *f, const struct packet_traits *p);
enum flow_over flows_how_replaced(const struct flow *f);

/* Adds all of @f to its actors' past. */
void flows_to_past(const struct flow *f);

#endif
