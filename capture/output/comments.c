/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "output/comments.h"

#include "host/pages.h"
#include "packet/flow_hash.h"

#define SLOTS 65536 /* a power of two */

/* All zero: no file has the number 0. */
struct slot {
	uint32_t flow;
	uint32_t file;
	uint32_t text;
	uint32_t told; /* up to COMMENTS_FIRST */
};

struct comments {
	struct flow_hash place;
	struct flow_hash flow; /* other numbers: tells apart what meets there */
	struct slot slots[SLOTS];
};

struct comments *comments_new(void)
{
	struct comments *c = pages_new(sizeof(*c));

	if (!c)
		return NULL;
	flow_hash_init(&c->place);
	flow_hash_init(&c->flow);
	return c;
}

void comments_free(struct comments *c)
{
	pages_free(c, sizeof(*c));
}

void comments_prepare(const struct comments *c, const struct flow_key *flow)
{
	uint32_t slot = flow_hash_one_way(&c->place, flow) & (SLOTS - 1);

	/* Both ways, and the first interfaces, lie in one line of memory. */
	__builtin_prefetch(&c->slots[slot]);
}

struct comment_place comments_find(const struct comments *c,
				   const struct packet *packet,
				   uint32_t interface, uint32_t file,
				   uint32_t text)
{
	/* The same packet on two interfaces is in two captures. */
	const struct flow_key *flow = &packet->outer.key;
	uint32_t near = flow_hash_one_way(&c->place, flow) ^ interface << 1;

	return (struct comment_place){
		.slot = near & (SLOTS - 1),
		.flow = flow_hash(&c->flow, flow) ^ near,
		.file = file,
		.text = text,
		.begins = packet->outer.tcp_flags & PACKET_TCP_SYN,
	};
}

static bool is_known(const struct slot *s, const struct comment_place *p)
{
	return s->flow == p->flow && s->file == p->file && !p->begins;
}

bool comments_due(const struct comments *c, const struct comment_place *p)
{
	const struct slot *s = &c->slots[p->slot];

	return !is_known(s, p) || s->text != p->text ||
	       s->told < COMMENTS_FIRST;
}

void comments_told(struct comments *c, const struct comment_place *p)
{
	struct slot *s = &c->slots[p->slot];

	if (!is_known(s, p))
		*s = (struct slot){ .flow = p->flow, .file = p->file };
	s->text = p->text;
	if (s->told < COMMENTS_FIRST)
		s->told++;
}
