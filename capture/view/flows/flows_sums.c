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
	s->sent_bytes = s->received_bytes = s->own_bytes =
		part->bytes[0] + part->bytes[1];
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
