/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What flows.c and its parts share: TCP is followed in one, sums in another. */
#ifndef PKTWHO_VIEW_FLOWS_FLOWS_PARTS_H
#define PKTWHO_VIEW_FLOWS_FLOWS_PARTS_H

#include "view/flows/flows.h"

#define SECOND 1000000000ull
#define ACK    0x10

struct frame;
struct packet_traits;

/* So many bytes that @side has sent in that second, or in one before. */
void flow_rate_add(struct flow_rate *r, enum flow_side side, uint32_t second,
		   uint32_t bytes);

/* What a packet of @side does to the state, and what it tells. */
void flows_follow_tcp(struct flow *f, enum flow_side side,
		      const struct frame *h);

/* The same addresses and ports, and another connection. */
bool flows_begins_another(const struct flow *f,
			  const struct packet_traits *p);
enum flow_over flows_how_replaced(const struct flow *f);

/* Adds all of @f to its actors' past. */
void flows_to_past(const struct flow *f);

#endif
