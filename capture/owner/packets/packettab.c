/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "owner/packets/packettab.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/event.h"
#include "bytes.h"
#include "host/pages.h"
#include "packet/flow_hash.h"
#include "process/proctab.h"
#include "record.h"

#define PACKETS		32768u	/* far more than come while one is waited for */
#define BUCKETS		(4 * PACKETS)	/* few share one: each is waited for */
#define SHARED		8192u	/* flows; a power of two, as is PACKETS */
#define TOLD		8192u
#define WAYS		4u	/* places of one flow in that table */
#define SEEN		2u	/* on so many interfaces is a packet captured */
#define HELD_NS		1000000000ull	/* far longer than a packet is held */
#define KEEP_NS		(PROBE_SENT_NS + HELD_NS)
#define NEAR_NS		60000000ull	/* a queue may hold a packet up */
#define SAME_NS		5000000ull	/* within it two alike cannot be told apart */
#define COPY_NS		500000ull	/* copies are made one after another */
#define AT_ONCE_NS	200000ull	/* two send on two processors */
#define COPIES_NS	300000000000ull	/* LLDP is sent every 30 s */

/*
 * Packets are numbered as they are told; a link is the number of one, which may
 * be forgotten: entry_at().  So what is forgotten need not be looked for.
 */
struct entry {
	struct packettab_packet packet;
	uint32_t next;			/* of its bucket, the one told before */
	bool contested;			/* another has its place in the queue */
};

/* A flow end of which each packet from then until then is told. */
struct shared {
	struct flow_key key;
	uint64_t first_ns;
	uint64_t until_ns;
	bool sends;
	bool used;
};

struct packettab {
	struct flow_hash hash;
	struct entry entries[PACKETS];	/* a ring */
	uint32_t buckets[BUCKETS];	/* links: the newest of each */
	uint32_t places[PACKETS];	/* ... and who was last told of a place */
	uint32_t at;			/* the number of the next */
	uint32_t oldest;		/* that is not forgotten yet */
	const uint32_t *soon;		/* the bucket that was asked for last */
	uint32_t awaited;		/* captured packets that may ask for one */
	uint64_t told_ns[TOLD];		/* the latest of flows that meet there */
	uint64_t shared_until_ns;	/* the latest of flows that are shared */
	uint64_t copies_until_ns;
	struct readtab *reads;
	/* A pending packet with its readers, each once. */
	struct packettab_packet readers[PACKETTAB_READERS];
	unsigned reader_count;
	struct packettab_packet former;	/* for PACKETTAB_FORMER */
	struct shared shared[SHARED];
};

struct packettab *packettab_new(void)
{
	struct packettab *t = pages_new(sizeof(*t));

	if (!t)
		return NULL;
	flow_hash_init(&t->hash);
	t->at = t->oldest = 1;		/* 0 is no link, before all are used */
	t->reads = readtab_new();
	if (t->reads)
		return t;
	pages_free(t, sizeof(*t));
	return NULL;
}

/* NULL if it is forgotten. */
static struct entry *entry_at(const struct packettab *t, uint32_t link)
{
	if (link - t->oldest >= t->at - t->oldest)
		return NULL;
	return bytes_unconst(&t->entries[link & (PACKETS - 1)]);
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

static uint32_t bucket_of(uint64_t fingerprint)
{
	return (uint32_t)(fingerprint * 0x9e3779b97f4a7c15u >> 40) &
	       (BUCKETS - 1);
}

static const struct entry *newest_with(const struct packettab *t,
				       uint64_t fingerprint)
{
	return entry_at(t, t->buckets[bucket_of(fingerprint)]);
}

static const struct entry *told_before(const struct packettab *t,
				       const struct entry *e)
{
	return entry_at(t, e->next);
}

static bool is_key(const struct flow_key *a, const struct flow_key *b)
{
	return !memcmp(a, b, sizeof(*a));
}

/* The flow's place, or with @make the place that was unused for longest. */
static struct shared *shared_of(const struct packettab *t,
				const struct packettab_packet *p, bool make)
{
	uint32_t at = flow_hash(&t->hash, &p->key) + (p->sends ? WAYS : 0);
	const struct shared *oldest = NULL;

	for (uint32_t i = 0; i < WAYS; i++) {
		const struct shared *s = &t->shared[(at + i) & (SHARED - 1)];

		if (s->used && s->sends == p->sends && is_key(&s->key, &p->key))
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
	struct shared *s = shared_of(t, p, true);
	bool same = s->used && s->sends == p->sends && is_key(&s->key, &p->key);

	if (!same || s->until_ns < p->mono_ns)
		*s = (struct shared){ .key = p->key, .sends = p->sends,
				      .first_ns = p->mono_ns, .used = true };
	if (p->mono_ns < s->first_ns)
		s->first_ns = p->mono_ns;
	if (p->closing)
		s->until_ns = p->mono_ns;
	else if (until_ns > s->until_ns)
		s->until_ns = until_ns;
	if (s->until_ns > t->shared_until_ns)
		t->shared_until_ns = s->until_ns;
}

/*
 * A packet that comes in while another is being read, and is not counted yet,
 * is told that one's place; so is one that finds no room, and the next.
 */
static void take_place(struct packettab *t, struct entry *e, uint32_t number)
{
	const struct packettab_packet *p = &e->packet;
	uint64_t h = (p->cookie ^ p->position << 40) * 0x9e3779b97f4a7c15u;
	uint32_t *place = &t->places[h >> 40 & (PACKETS - 1)];
	struct entry *last = entry_at(t, *place);

	*place = number;
	e->contested = last && last->packet.pending &&
		       last->packet.cookie == p->cookie &&
		       last->packet.position == p->position;
	if (e->contested)
		last->contested = true;
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

	make_room(t, p->mono_ns);
	e->packet = *p;
	e->next = *bucket;
	e->contested = false;
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

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

/* What is sent is told before the queue that it may wait in. */
static bool is_near(const struct packettab_packet *p,
		    const struct packettab_packet *q)
{
	if (q->sends && q->mono_ns > p->mono_ns)
		return q->mono_ns - p->mono_ns < PROBE_SENT_NS;
	return distance(p->mono_ns, q->mono_ns) < NEAR_NS;
}

static bool is_same(const struct packettab_packet *p,
		    const struct packettab_packet *q)
{
	return p->fingerprint == q->fingerprint && p->sends == q->sends &&
	       p->copy == q->copy && is_near(p, q) && is_key(&p->key, &q->key);
}

/* Its own namespace first, then the one told nearest in time. */
static bool is_better(const struct packettab_packet *p,
		      const struct packettab_packet *best,
		      const struct packettab_packet *q)
{
	if (!best)
		return true;
	if ((p->netns == q->netns) != (best->netns == q->netns))
		return p->netns == q->netns;
	return distance(p->mono_ns, q->mono_ns) <
	       distance(best->mono_ns, q->mono_ns);
}

/* Of several receivers of one packet each is right; of senders one is. */
static bool is_rival(const struct packettab_packet *p,
		     const struct packettab_packet *best,
		     const struct packettab_packet *q)
{
	if (p == best || p->owner == best->owner)
		return false;
	if (p->netns != best->netns)
		return best->netns != q->netns;
	/* Any of them may have waited as long as the nearest has. */
	return q->sends && (distance(p->mono_ns, best->mono_ns) < SAME_NS ||
			    distance(best->mono_ns, q->mono_ns) > SAME_NS);
}

/*
 * Whoever takes a socket over is told with the first packet.  Who had it until
 * then may just be sending too, and has not seen that: what is not told is
 * theirs.
 */
static bool is_formers(const struct shared *s, const struct packettab_packet *q)
{
	return q->sends && q->fingerprint &&
	       distance(q->mono_ns, s->first_ns) < AT_ONCE_NS;
}

static enum packettab_found not_told(struct packettab *t,
				     const struct packettab_packet *q,
				     const struct packettab_packet **out)
{
	const struct shared *s = NULL;

	if (q->mono_ns < t->shared_until_ns)
		s = shared_of(t, q, false);
	if (s && is_formers(s, q)) {
		t->former.mono_ns = s->first_ns;
		*out = &t->former;
		return PACKETTAB_FORMER;
	}
	return s && q->mono_ns >= s->first_ns &&
		       q->mono_ns < s->until_ns ?
		       PACKETTAB_MISSING : PACKETTAB_NOT_SHARED;
}

/* Whoever read its place, and if another packet may have it, the next, too. */
static enum packettab_found datagram_reader(struct packettab *t,
					    const struct entry *e,
					    const struct socket_read **out)
{
	const struct packettab_packet *p = &e->packet;
	const struct socket_read *r = readtab_at(t->reads, p->cookie, p->position);
	const struct socket_read *next;

	if (!r || r->mono_ns < p->mono_ns)
		return PACKETTAB_MISSING;
	if (readtab_is_swapped(t->reads, r))
		return PACKETTAB_AMBIGUOUS;
	*out = r;
	if (!e->contested)
		return PACKETTAB_FOUND;
	next = readtab_at(t->reads, p->cookie, p->position + 1);
	if (!next)
		return PACKETTAB_MISSING;
	return next->owner == r->owner && !readtab_is_swapped(t->reads, next) ?
		       PACKETTAB_FOUND : PACKETTAB_AMBIGUOUS;
}

static void add_reader(struct packettab *t, const struct packettab_packet *p,
		       const struct socket_read *r)
{
	struct packettab_packet *reader = &t->readers[t->reader_count];

	for (unsigned i = 0; i < t->reader_count; i++)
		if (t->readers[i].owner == r->owner)
			return;
	if (t->reader_count == PACKETTAB_READERS)
		return;
	t->reader_count++;
	*reader = *p;
	reader->mono_ns = r->mono_ns;
	reader->owner = r->owner;
	reader->tid = r->tid;
	/* What came before the accept was not for a socket of its yet. */
	reader->attr = p->attr == ATTR_LISTENER ? ATTR_ACCEPTED : r->attr;
}

static enum packettab_found answer_pending(struct packettab *t,
					   const struct entry *e)
{
	const struct packettab_packet *p = &e->packet;
	enum packettab_found found = PACKETTAB_FOUND;
	const struct socket_read *r = NULL;

	if (p->key.proto == IPPROTO_TCP)
		r = readtab_past(t->reads, p->cookie, p->mono_ns,
				 (uint32_t)p->position);
	else
		found = datagram_reader(t, e, &r);
	if (found != PACKETTAB_FOUND)
		return found;
	if (!r)
		return PACKETTAB_MISSING;
	add_reader(t, p, r);
	return PACKETTAB_FOUND;
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

/* Itself, or what another socket got of it at the same time. */
static bool is_copy_of(const struct packettab_packet *p,
		       const struct packettab_packet *best)
{
	return p == best || (p->pending && p->netns == best->netns &&
			     p->cookie != best->cookie &&
			     distance(p->mono_ns, best->mono_ns) < COPY_NS);
}

/*
 * Several sockets may have a copy each: whoever has read one is a reader.  One
 * whose reader cannot be told keeps nobody else from being named.
 */
static enum packettab_found find_readers(struct packettab *t,
					 const struct packettab_packet *best,
					 const struct packettab_packet *q,
					 const struct packettab_packet **out)
{
	const struct entry *e = newest_with(t, q->fingerprint);
	bool missing = false;

	for (; e; e = told_before(t, e)) {
		if (is_copy_of(&e->packet, best) && is_same(&e->packet, q))
			missing |= answer_pending(t, e) == PACKETTAB_MISSING;
	}
	if (t->reader_count)
		*out = t->readers;
	if (missing)
		return best->alone && best->owner && !t->reader_count ?
			       PACKETTAB_AWAITED : PACKETTAB_MISSING;
	return t->reader_count ? PACKETTAB_FOUND : PACKETTAB_AMBIGUOUS;
}

const struct packettab_packet *packettab_readers(const struct packettab *t,
						 unsigned *count)
{
	*count = t->reader_count;
	return t->readers;
}

enum packettab_found packettab_find(struct packettab *t,
				    const struct packettab_packet *q,
				    const struct packettab_packet **out)
{
	const struct packettab_packet *best = NULL;
	const struct entry *newest = newest_with(t, q->fingerprint), *e;

	t->reader_count = 0;
	if (!q->fingerprint)
		return not_told(t, q, out);
	for (e = newest; e; e = told_before(t, e))
		if (is_same(&e->packet, q) && is_better(&e->packet, best, q))
			best = &e->packet;
	if (!best)
		return not_told(t, q, out);
	for (e = newest; e; e = told_before(t, e))
		if (is_same(&e->packet, q) && is_rival(&e->packet, best, q))
			return PACKETTAB_AMBIGUOUS;
	*out = best;
	return best->pending ? find_readers(t, best, q, out) : PACKETTAB_FOUND;
}

void packettab_prepare(struct packettab *t, uint64_t fingerprint)
{
	const uint32_t *bucket = &t->buckets[bucket_of(fingerprint)];
	const struct entry *e = t->soon ? entry_at(t, *t->soon) : NULL;

	if (!t->awaited)
		return;
	t->awaited--;
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
	__builtin_prefetch(&t->told_ns[told_at(key)]);
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
