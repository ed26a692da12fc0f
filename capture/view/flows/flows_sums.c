/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "view/flows/flows_parts.h"

static void rate_turn(struct flow_rate *r, uint32_t second)
{
	if (second == r->second)
		return;
	for (int i = 0; i < 2; i++) {
		r->before[i] = second == r->second + 1 ? r->now[i] : 0;
		r->now[i] = 0;
	}
	r->second = second;
}

void flow_rate_add(struct flow_rate *r, enum flow_side side, uint32_t second,
		   uint32_t bytes)
{
	if (second >= r->second)
		rate_turn(r, second);
	r->now[side] += bytes;
}

/* The second before counts for what of it is less than a second ago. */
uint64_t flow_rate(const struct flow_rate *r, enum flow_side side,
		   uint64_t mono_ns)
{
	struct flow_rate now = *r;
	uint32_t second = (uint32_t)(mono_ns / SECOND);

	/* A packet that waited for its owner is of an earlier second. */
	if (second < r->second)
		return r->before[side];
	rate_turn(&now, second);
	return now.now[side] +
	       now.before[side] * (SECOND - mono_ns % SECOND) / SECOND;
}

void flow_sums(const struct flow *f, uint64_t packets[2], uint64_t bytes[2])
{
	packets[0] = packets[1] = bytes[0] = bytes[1] = 0;
	for (const struct flow_part *p = &f->part; p; p = p->next)
		for (int i = 0; i < 2; i++) {
			packets[i] += p->packets[i];
			bytes[i] += p->bytes[i];
		}
}

void flow_part_sums(const struct flow_part *part, enum flow_side side,
		    struct actor_sums *s)
{
	memset(s, 0, sizeof(*s));
	s->sent_packets = part->packets[side];
	s->sent_bytes = part->bytes[side];
	s->received_packets = part->packets[!side];
	s->received_bytes = part->bytes[!side];
	if (part->actors[0] != part->actors[1])
		return;
	s->sent_packets = s->received_packets = s->own_packets =
		part->packets[0] + part->packets[1];
	s->sent_bytes = s->received_bytes = part->bytes[0] + part->bytes[1];
}

const struct flow_part *flow_next_part(const struct flow *f,
				       const struct flow_part *p)
{
	return p->next || p->copy ? p->next : f->copies;
}

#define SAME_ACTOR ACTOR_KINDS

static bool are_alike(const struct actor *a, const struct actor *b,
		      enum actor_kind kind)
{
	if (a == b)
		return true;
	return kind != SAME_ACTOR && actor_is_here(a) && actor_is_here(b) &&
	       !strcmp(actor_exact(a, kind), actor_exact(b, kind));
}

/* Whether no actor like that of @part on @side comes before it in @f. */
static bool is_first(const struct flow *f, const struct flow_part *part,
		     int side, enum actor_kind kind)
{
	for (const struct flow_part *p = &f->part; p; p = flow_next_part(f, p))
		for (int i = 0; i < 2; i++) {
			if (p == part && i == side)
				return true;
			if (are_alike(p->actors[i], part->actors[side], kind))
				return false;
		}
	return true;
}

/* Rows of many count once what two of them exchange. */
static void add_shared(const struct flow *f, const struct flow_part *p,
		       int side)
{
	struct actor *a = p->actors[side];
	bool is_new = is_first(f, p, side, SAME_ACTOR);

	for (enum actor_kind k = 0; k < ACTOR_KINDS; k++) {
		if (side && a != p->actors[0] && are_alike(a, p->actors[0], k))
			a->shared[k].packets += p->packets[0] + p->packets[1];
		if (is_new && !is_first(f, p, side, k))
			a->shared[k].flows++;
	}
}

void flows_to_past(const struct flow *f)
{
	struct actor_sums s;

	for (const struct flow_part *p = &f->part; p; p = flow_next_part(f, p))
		for (int side = 0; side < 2; side++) {
			if (side && p->actors[0] == p->actors[1])
				continue;
			flow_part_sums(p, (enum flow_side)side, &s);
			s.flows = is_first(f, p, side, SAME_ACTOR);
			actor_sums_add(&p->actors[side]->past, &s);
			add_shared(f, p, side);
		}
}

void flow_set_speech(struct flow *f, const char *app, bool guessed,
		     const char *host, const char *detail)
{
	struct flow_speech *old = f->speech, *new;
	size_t lens[3];
	char *at;

	if (old) {
		if (!*app || (guessed && !old->guessed)) {
			app = old->app;
			guessed = old->guessed;
		}
		host = *host ? host : old->host;
		detail = *detail ? detail : old->detail;
	}
	if (!*app)
		return;
	lens[0] = strlen(app) + 1;
	lens[1] = strlen(host) + 1;
	lens[2] = strlen(detail) + 1;
	new = malloc(sizeof(*new) + lens[0] + lens[1] + lens[2]);
	if (!new)
		return;
	at = new->text;
	new->guessed = guessed;
	new->app = memcpy(at, app, lens[0]);
	new->host = memcpy(at + lens[0], host, lens[1]);
	new->detail = memcpy(at + lens[0] + lens[1], detail, lens[2]);
	free(old);
	f->speech = new;
}
