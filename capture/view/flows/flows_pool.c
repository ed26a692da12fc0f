/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which owners had how much of a flow. */
#include "view/flows/flows_parts.h"

#include <stdlib.h>
#include <string.h>

#include "owner/owned_packet.h"

bool flow_pool_init(struct flow_pool *t, struct actors *actors, uint32_t count)
{
	t->actors = actors;
	t->left = count;
	/* Not touched before it is used: the kernel gives no memory for it. */
	t->all = calloc(count, sizeof(*t->all));
	return t->all;
}

void flow_pool_fini(struct flow_pool *t)
{
	free(t->all);
}

static void leave_part(struct flow_pool *t, struct flow_part *p)
{
	for (int side = 0; side < 2; side++)
		actors_unref(t->actors, p->actors[side]);
}

static void free_parts(struct flow_pool *t, struct flow_part *p)
{
	struct flow_part *next;

	for (; p; p = next) {
		next = p->next;
		leave_part(t, p);
		p->next = t->free;
		t->free = p;
	}
}

static struct flow_part *part_take(struct flow_pool *t)
{
	struct flow_part *p = t->free;

	if (p)
		t->free = p->next;
	else if (t->left)
		p = &t->all[--t->left];
	return p;
}

static struct flow_part *part_add(struct flow_pool *t, struct flow *f,
				  struct actor *const actors[2])
{
	struct flow_part *p = part_take(t);

	if (!p)
		return NULL;
	*p = f->part; /* the present ones are the first */
	memset(&f->part, 0, sizeof(f->part));
	f->part.next = p;
	for (int i = 0; i < 2; i++) {
		f->part.actors[i] = actors[i];
		actors_ref(t->actors, actors[i]);
	}
	return &f->part;
}

static struct flow_part *part_of(struct flow_pool *t, struct flow *f,
				 struct actor *const actors[2])
{
	struct flow_part *new;
	int count = 0;

	for (struct flow_part *p = &f->part; p; p = p->next, count++)
		if (p->actors[0] == actors[0] && p->actors[1] == actors[1])
			return p;
	new = count < FLOW_PARTS ? part_add(t, f, actors) : NULL;
	if (!new)
		t->mixed++;
	return new ? new : &f->part;
}

/* That of @a, who got what the other side sent, too; NULL without room. */
static struct flow_part *copy_of(struct flow_pool *t, struct flow *f, int side,
				 struct actor *a)
{
	struct flow_part *p;
	int count = 0;

	for (p = f->copies; p; p = p->next, count++)
		if (p->actors[side] == a)
			return p;
	p = count < FLOW_PARTS ? part_take(t) : NULL;
	if (!p)
		return NULL;
	memset(p, 0, sizeof(*p));
	p->copy = true;
	p->actors[side] = a;
	p->actors[!side] = actors_nobody(t->actors, ATTR_NONE, 0);
	for (int i = 0; i < 2; i++)
		actors_ref(t->actors, p->actors[i]);
	p->next = f->copies;
	f->copies = p;
	return p;
}

/* As the file's process table: who sends it has it counted already. */
static void count_copies(struct flow_pool *t, struct flow *f, int side,
			 const struct owned_packet *packet)
{
	uint32_t len = packet->frame->len;

	for (unsigned i = 0; i < packet->other_count; i++) {
		const struct owned_other *o = &packet->others[i];
		struct flow_part *p;

		if (owned_packet_is_from(packet, o->program))
			continue;
		p = copy_of(t, f, !side, actors_get(t->actors, o->program));
		if (!p) {
			t->mixed++;
			continue;
		}
		p->attr = o->end.attr;
		p->packets[side]++;
		p->bytes[side] += len;
		flow_rate_add(&p->rate, (enum flow_side)side,
			      (uint32_t)(packet->mono_ns / SECOND), len);
	}
}

void flow_pool_count(struct flow_pool *t, struct flow *f, enum flow_side side,
		     struct actor *const actors[2],
		     const struct owned_packet *packet)
{
	struct flow_part *p = part_of(t, f, actors);
	uint32_t len = packet->frame->len;

	p->packets[side]++;
	p->bytes[side] += len;
	flow_rate_add(&p->rate, side, (uint32_t)(packet->mono_ns / SECOND),
		      len);
	count_copies(t, f, side, packet);
}

void flow_pool_clear(struct flow_pool *t, struct flow *f)
{
	leave_part(t, &f->part);
	free_parts(t, f->part.next);
	free_parts(t, f->copies);
	f->copies = NULL;
}
