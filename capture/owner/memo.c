/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "owner/memo.h"

#include <stdlib.h>
#include <string.h>

#include "packet/flow_hash.h"

#define ANSWERS 128u /* a power of two */
/* The tables forget what was not asked for in a while: ask again before. */
#define HOLDS_NS 100000000ull

/* What an answer depends on, besides the time; compared as memory. */
struct likeness {
	struct flow_key sent;
	uint8_t direction;
	uint8_t tcp_flags; /* of FIN, SYN and RST */
	uint8_t data;	   /* bool: TCP with bytes */
	uint8_t reserved[5];
};

_Static_assert(sizeof(struct likeness) == 48, "no holes: compared as memory");

struct answer {
	struct likeness like;
	uint64_t from_ns;
	uint64_t told;
	struct verdict verdict;
	bool settled;
};

struct memo {
	const uint64_t *told;
	struct answer answers[ANSWERS];
};

struct memo *memo_new(const uint64_t *told)
{
	struct memo *m = calloc(1, sizeof(*m));

	if (m)
		m->told = told;
	return m;
}

void memo_free(struct memo *m)
{
	free(m);
}

static struct likeness likeness_of(const struct packet_traits *t,
				   uint8_t direction)
{
	return (struct likeness){
		.sent = t->key,
		.direction = direction,
		.tcp_flags = t->tcp_flags &
			     (PACKET_TCP_FIN | PACKET_TCP_SYN | PACKET_TCP_RST),
		.data = t->tcp_payload != 0,
	};
}

/* Flows that meet in one place are asked for again and again, no more. */
static uint32_t place_of_flow(const struct flow_key *k)
{
	return flow_spread(k) & (ANSWERS - 1);
}

/* Of whom no more is to be known than who has the flow. */
static bool can_be_repeated(const struct packet *p)
{
	const struct packet_traits *t = &p->outer;

	return p->kind == PACKET_IP && !p->is_error && !p->is_tunnel &&
	       !t->fragment && !t->no_ports && !t->source_routed;
}

bool memo_find(const struct memo *m, const struct packet *p, uint64_t ts_ns,
	       uint8_t direction, struct verdict *v, bool *settled)
{
	const struct answer *a = &m->answers[place_of_flow(&p->outer.key)];
	struct likeness like;

	if (!can_be_repeated(p) || a->told != *m->told || ts_ns < a->from_ns ||
	    ts_ns > a->from_ns + HOLDS_NS)
		return false;
	like = likeness_of(&p->outer, direction);
	if (memcmp(&like, &a->like, sizeof(like)))
		return false;
	*v = a->verdict;
	*settled = a->settled;
	return true;
}

void memo_keep(struct memo *m, const struct packet *p, uint64_t ts_ns,
	       uint8_t direction, const struct verdict *v, bool settled)
{
	struct answer *a = &m->answers[place_of_flow(&p->outer.key)];

	if (!v->steady || !can_be_repeated(p))
		return;
	*a = (struct answer){ .like = likeness_of(&p->outer, direction),
			      .from_ns = ts_ns,
			      .told = *m->told,
			      .verdict = *v,
			      .settled = settled };
}
