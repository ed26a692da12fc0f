/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "owner/packets/packettab_table.h"

#include <netinet/in.h>

#include "bpf/event.h"
#include "host/pages.h"
#include "process/proctab.h"

#define WAYS	  4u		/* places of one flow in that table */
#define SEEN	  2u		/* on so many interfaces is a packet captured */
#define HELD_NS	  1000000000ull /* far longer than a packet is held */
#define KEEP_NS	  (PROBE_SENT_NS + HELD_NS)
#define COPIES_NS 300000000000ull /* LLDP is sent every 30 s */

struct packettab *packettab_new(void)
{
	struct packettab *t = pages_new(sizeof(*t));

	if (!t)
		return NULL;
	flow_hash_init(&t->hash);
	t->at = t->oldest = 1; /* 0 is no link, before all are used */
	t->done_ns = UINT64_MAX;
	t->reads = readtab_new();
	if (t->reads)
		return t;
	pages_free(t, sizeof(*t));
	return NULL;
}

static void forget_oldest(struct packettab *t)
{
	struct entry *e = entry_at(t, t->oldest);

	if (e->packet.owner)
		e->packet.owner->refs--;
	t->oldest++;
}

void packettab_free(struct packettab *t)
{
	if (!t)
		return;
	while (t->oldest != t->at)
		forget_oldest(t);
	readtab_free(t->reads);
	pages_free(t, sizeof(*t));
}

/* A place of that flow, as that end has it. */
static bool is_shared_of(const struct shared *s,
			 const struct packettab_packet *p)
{
	return s->used && s->sends == p->sends &&
	       flow_key_equal(&s->key, &p->key);
}

struct shared *packettab_shared(const struct packettab *t,
				const struct packettab_packet *p, bool make)
{
	uint32_t at = flow_hash(&t->hash, &p->key) + (p->sends ? WAYS : 0);
	const struct shared *oldest = NULL;

	for (uint32_t i = 0; i < WAYS; i++) {
		const struct shared *s = &t->shared[(at + i) & (SHARED - 1)];

		if (is_shared_of(s, p))
			return bytes_unconst(s);
		if (!oldest || s->until_ns < oldest->until_ns)
			oldest = s;
	}
	return make ? bytes_unconst(oldest) : NULL;
}

static void mark_shared(struct packettab *t, const struct packettab_packet *p)
{
	uint64_t until_ns = p->mono_ns +
			    (p->sends ? PROBE_SENT_NS : PROBE_SHARED_NS);
	struct shared *s = packettab_shared(t, p, true);

	if (!is_shared_of(s, p) || s->until_ns < p->mono_ns)
		*s = (struct shared){ .key = p->key,
				      .sends = p->sends,
				      .first_ns = p->mono_ns,
				      .used = true };
	if (p->mono_ns < s->first_ns)
		s->first_ns = p->mono_ns;
	if (p->closing)
		s->until_ns = p->mono_ns;
	else if (until_ns > s->until_ns)
		s->until_ns = until_ns;
	if (s->until_ns > t->shared_until_ns)
		t->shared_until_ns = s->until_ns;
}

static uint32_t *place_of(struct packettab *t, uint64_t cookie,
			  uint64_t position)
{
	uint64_t h = (cookie ^ position << 40) * 0x9e3779b97f4a7c15u;

	return &t->places[h >> 40 & (PACKETS - 1)];
}

struct entry *packettab_last_at(struct packettab *t, uint64_t cookie,
				uint64_t position)
{
	struct entry *e = entry_at(t, *place_of(t, cookie, position));

	return e && e->packet.pending && e->packet.cookie == cookie &&
			       e->packet.position == position ?
		       e :
		       NULL;
}

/* The one before may have the place that this is told, and is not read yet. */
static bool is_behind_late(struct packettab *t,
			   const struct packettab_packet *p)
{
	const struct entry *before = packettab_last_at(t, p->cookie,
						       p->position - 1);
	const struct socket_read *r;

	if (!before || !before->late)
		return false;
	r = readtab_at(t->reads, p->cookie, p->position - 1);
	return !r || r->mono_ns > p->mono_ns;
}

/*
 * A packet that comes in while another is being read, and is not counted yet,
 * is told that one's place; so is one that finds no room, and the next.  While
 * that goes on, what comes behind it is told a place too low, too.
 */
static void take_place(struct packettab *t, struct entry *e, uint32_t number)
{
	const struct packettab_packet *p = &e->packet;
	struct entry *last = packettab_last_at(t, p->cookie, p->position);

	if (last)
		last->contested = true;
	e->late = last || is_behind_late(t, p);
	e->contested = e->late || p->meets;
	*place_of(t, p->cookie, p->position) = number;
}

/* Who wants two flows to meet makes them dearer, no more. */
static uint32_t told_at(const struct flow_key *key)
{
	return flow_spread(key) & (TOLD - 1);
}

/* Room for one; of what is old more goes, and with it its processes may. */
static void make_room(struct packettab *t, uint64_t now_ns)
{
	for (int i = 0; i < 2 && t->oldest != t->at; i++) {
		if (t->at - t->oldest < PACKETS &&
		    entry_at(t, t->oldest)->packet.mono_ns + KEEP_NS >= now_ns)
			return;
		forget_oldest(t);
	}
}

void packettab_add(struct packettab *t, const struct packettab_packet *p)
{
	uint32_t *bucket = &t->buckets[bucket_of(p->fingerprint)];
	struct entry *e = &t->entries[t->at & (PACKETS - 1)];
	uint64_t *told_ns;

	make_room(t, p->mono_ns < t->done_ns ? p->mono_ns : t->done_ns);
	e->packet = *p;
	e->next = *bucket;
	e->contested = e->late = false;
	if (p->pending && p->key.proto != IPPROTO_TCP)
		take_place(t, e, t->at);
	if (p->owner)
		p->owner->refs++;
	*bucket = t->at++;
	if (t->awaited < PACKETS)
		t->awaited += SEEN;
	told_ns = &t->told_ns[told_at(&p->key)];
	if (p->mono_ns > *told_ns)
		*told_ns = p->mono_ns;
	if (!p->alone)
		mark_shared(t, p);
}

void packettab_done(struct packettab *t, uint64_t mono_ns)
{
	t->done_ns = mono_ns;
}

void packettab_read(struct packettab *t, const struct socket_read *r)
{
	readtab_add(t->reads, r);
}

bool packettab_is_quiet(const struct packettab *t, const struct flow_key *key,
			uint64_t mono_ns)
{
	return t->told_ns[told_at(key)] + PROBE_SENT_NS < mono_ns;
}

void packettab_prepare(struct packettab *t, uint64_t fingerprint)
{
	const uint32_t *bucket;
	const struct entry *e;

	if (!t->awaited)
		return;
	t->awaited--;
	e = t->soon ? entry_at(t, *t->soon) : NULL;
	bucket = &t->buckets[bucket_of(fingerprint)];
	__builtin_prefetch(bucket);
	t->soon = bucket;
	if (e) {
		__builtin_prefetch(e);
		__builtin_prefetch(&e->packet.owner);
	}
}

void packettab_prepare_flow(const struct packettab *t,
			    const struct flow_key *key)
{
	const struct flow_key back = flow_reversed(key);

	__builtin_prefetch(&t->told_ns[told_at(key)]);
	__builtin_prefetch(&t->told_ns[told_at(&back)]);
}

void packettab_prepare_told(const struct packettab *t, uint64_t fingerprint)
{
	__builtin_prefetch(&t->buckets[bucket_of(fingerprint)]);
}

void packettab_expect_copies(struct packettab *t, uint64_t mono_ns)
{
	t->copies_until_ns = mono_ns + COPIES_NS;
}

bool packettab_copies_expected(const struct packettab *t, uint64_t mono_ns)
{
	return mono_ns < t->copies_until_ns;
}
