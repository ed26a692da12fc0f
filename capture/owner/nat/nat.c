/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "owner/nat/nat.h"

#include <stdlib.h>

#include "packet/flow_hash.h"
#include "packet/parse.h"

#define NONE	 0		/* the first translation is nobody's */
#define KEEP_NS	 10000000000ull /* a packet is resolved long before */
#define DELAY_NS 50000000ull	/* from a packet to its translation, at most */

/*
 * Found by either of its keys, each in a chain of its own: a link is twice
 * the translation's number, plus which.
 */
struct translation {
	struct flow_key keys[2]; /* of the first packet, of its answers */
	uint64_t from_ns;	 /* it began after that */
	uint64_t ended_ns;	 /* it lasted until then; 0: it lasts */
	uint64_t gone_ns;	 /* and not until then */
	uint32_t links[2];
	uint32_t next_ended;
	uint16_t check; /* the last that it was seen in */
	bool watched;
};

struct nat {
	struct flow_hash hash;
	size_t max;
	size_t used; /* of all; the rest is untouched */
	size_t unwatched;
	uint64_t lost;
	uint64_t changes;
	uint64_t since_ns;
	uint64_t now_ns;
	uint16_t check;
	bool check_all;
	uint32_t first_ended; /* by time: their places are given again */
	uint32_t last_ended;
	uint32_t mask;
	uint32_t *chains;
	struct translation *all;
};

struct nat *nat_new(size_t max)
{
	struct nat *n = calloc(1, sizeof(*n));
	uint32_t chains = 1;

	if (!n)
		return NULL;
	while (chains < max)
		chains *= 2;
	flow_hash_init(&n->hash);
	n->max = max;
	n->mask = chains - 1;
	n->used = 1;
	n->all = calloc(max + 1, sizeof(*n->all));
	n->chains = calloc(chains, sizeof(*n->chains));
	if (n->all && n->chains)
		return n;
	nat_free(n);
	return NULL;
}

void nat_free(struct nat *n)
{
	if (!n)
		return;
	free(n->all);
	free(n->chains);
	free(n);
}

size_t nat_unwatched(const struct nat *n)
{
	return n->unwatched;
}

uint64_t nat_lost(const struct nat *n)
{
	return n->lost;
}

uint64_t nat_changes(const struct nat *n)
{
	return n->changes;
}

static uint32_t *chain_of(const struct nat *n, const struct flow_key *k)
{
	return &n->chains[flow_hash(&n->hash, k) & n->mask];
}

static struct translation *live(const struct nat *n,
				const struct flow_key *first,
				const struct flow_key *answer)
{
	for (uint32_t l = *chain_of(n, first); l != NONE;) {
		struct translation *t = &n->all[l >> 1];

		if (!t->ended_ns && flow_key_equal(&t->keys[0], first) &&
		    flow_key_equal(&t->keys[1], answer))
			return t;
		l = t->links[l & 1];
	}
	return NULL;
}

static void link_in(struct nat *n, struct translation *t)
{
	for (uint32_t way = 0; way < 2; way++) {
		uint32_t *chain = chain_of(n, &t->keys[way]);

		t->links[way] = *chain;
		*chain = (uint32_t)(t - n->all) << 1 | way;
	}
}

static void unlink_from(struct nat *n, const struct translation *t)
{
	for (uint32_t way = 0; way < 2; way++) {
		uint32_t self = (uint32_t)(t - n->all) << 1 | way;
		uint32_t *l = chain_of(n, &t->keys[way]);

		while (*l != self)
			l = &n->all[*l >> 1].links[*l & 1];
		*l = t->links[way];
	}
}

/* The place of what ended first. */
static struct translation *take_ended(struct nat *n)
{
	struct translation *t = &n->all[n->first_ended];

	n->first_ended = t->next_ended;
	if (n->first_ended == NONE)
		n->last_ended = NONE;
	unlink_from(n, t);
	return t;
}

/* An untouched place only while those of the ended may still be asked for. */
static struct translation *place(struct nat *n)
{
	uint32_t first = n->first_ended, last = n->last_ended;

	if (first != NONE &&
	    (n->used > n->max ||
	     n->all[first].ended_ns + KEEP_NS < n->all[last].ended_ns))
		return take_ended(n);
	return n->used <= n->max ? &n->all[n->used++] : NULL;
}

void nat_add(struct nat *n, const struct flow_key *first,
	     const struct flow_key *answer, bool watched)
{
	struct translation *t = live(n, first, answer);

	if (!t) {
		t = place(n);
		if (!t) {
			n->lost++;
			return;
		}
		*t = (struct translation){ .keys = { *first, *answer },
					   .from_ns = n->since_ns };
		link_in(n, t);
		n->unwatched++;
		n->changes++;
	}
	if (watched && !t->watched) {
		t->watched = true;
		n->unwatched--;
	}
	t->check = n->check;
}

void nat_look(struct nat *n, uint64_t since_ns, uint64_t now_ns)
{
	n->since_ns = since_ns;
	n->now_ns = now_ns;
}

static void end(struct nat *n, struct translation *t)
{
	uint32_t self = (uint32_t)(t - n->all);

	n->changes++;
	t->ended_ns = n->since_ns;
	t->gone_ns = n->now_ns;
	t->next_ended = NONE;
	if (n->last_ended == NONE)
		n->first_ended = self;
	else
		n->all[n->last_ended].next_ended = self;
	n->last_ended = self;
	if (!t->watched)
		n->unwatched--;
}

void nat_end(struct nat *n, const struct flow_key *first,
	     const struct flow_key *answer)
{
	struct translation *t = live(n, first, answer);

	if (t)
		end(n, t);
}

void nat_check_begin(struct nat *n, bool all)
{
	n->check++;
	n->check_all = all;
}

void nat_check_end(struct nat *n)
{
	for (size_t i = 1; i < n->used; i++) {
		struct translation *t = &n->all[i];

		if (!t->ended_ns && t->check != n->check &&
		    (n->check_all || !t->watched))
			end(n, t);
	}
}

/* In the time between two looks it may have been so or not. */
enum was { WAS_NOT, MAY_HAVE_BEEN, WAS };

static enum was lasted(const struct translation *t, uint64_t ts_ns)
{
	if (t->ended_ns && t->gone_ns < ts_ns)
		return WAS_NOT;
	return t->ended_ns && t->ended_ns < ts_ns ? MAY_HAVE_BEEN : WAS;
}

/* It began after a packet of that time; what is on its way @out was translated. */
static bool is_late(const struct translation *t, uint64_t ts_ns, bool out)
{
	return t->from_ns > ts_ns + (out ? 0 : DELAY_NS);
}

/* Where both ends are one, a packet may be on its way in or out. */
static void set_ends(struct nat_ends *ends, const struct translation *t,
		     bool answers, const struct flow_key *sent, bool certain)
{
	const struct flow_key back = flow_reversed(sent);

	ends->sender = t->keys[answers];
	ends->receiver = t->keys[!answers];
	if (flow_key_equal(sent, &back)) {
		ends->sender_sure = ends->receiver_sure = false;
		return;
	}
	ends->sender_sure = certain || flow_key_equal(&ends->sender, sent);
	ends->receiver_sure = certain || flow_key_equal(&ends->receiver, &back);
}

/*
 * A translation has two keys: what the first packet has as it comes in, and
 * what its answers have as they come in.  A packet that goes out has the
 * reverse of one of them.  Of translations that last at the same time no two
 * have one key as it comes in, unless in two of conntrack's zones.
 */
bool nat_find(const struct nat *n, const struct flow_key *sent, uint64_t ts_ns,
	      struct nat_ends *ends)
{
	const struct translation *best = NULL;
	struct flow_key reversed;
	bool best_out = false;

	if (n->used == 1)
		return false;
	reversed = flow_reversed(sent);
	for (uint32_t l = *chain_of(n, sent); l != NONE;) {
		const struct translation *t = &n->all[l >> 1];
		const struct flow_key *k = &t->keys[l & 1];
		bool in = flow_key_equal(k, sent);
		bool out = !in && flow_key_equal(k, &reversed);
		enum was was = lasted(t, ts_ns);
		/* Whose packet is it, of who began? */
		bool answers = (l & 1) != out;

		l = t->links[l & 1];
		if ((!in && !out) || was == WAS_NOT)
			continue;
		/* It came later than the packet, which another fits. */
		if (best && is_late(t, ts_ns, out))
			continue;
		if (best && !is_late(best, ts_ns, best_out)) {
			ends->sender_sure &= flow_key_equal(&ends->sender,
							    &t->keys[answers]);
			ends->receiver_sure &= flow_key_equal(
				&ends->receiver, &t->keys[!answers]);
			continue;
		}
		set_ends(ends, t, answers, sent, was == WAS);
		best = t;
		best_out = out;
	}
	return best;
}
