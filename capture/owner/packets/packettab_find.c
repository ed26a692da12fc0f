/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "owner/packets/packettab_table.h"

#include <netinet/in.h>

#include "bpf/event.h"
#include "process/proctab.h"
#include "record.h"

#define NEAR_NS	   60000000ull /* a queue may hold a packet up */
#define SAME_NS	   5000000ull  /* within it two alike cannot be told apart */
#define COPY_NS	   500000ull   /* copies are made one after another */
#define AT_ONCE_NS 200000ull   /* two send on two processors */

/* What is sent is told before the queue that it may wait in. */
static bool is_near(const struct packettab_packet *p,
		    const struct packettab_packet *q)
{
	if (q->sends && q->mono_ns > p->mono_ns)
		return q->mono_ns - p->mono_ns < PROBE_SENT_NS;
	return time_distance(p->mono_ns, q->mono_ns) < NEAR_NS;
}

static bool is_same(const struct packettab_packet *p,
		    const struct packettab_packet *q)
{
	return p->fingerprint == q->fingerprint && p->sends == q->sends &&
	       p->copy == q->copy && is_near(p, q) &&
	       flow_key_equal(&p->key, &q->key);
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
	return time_distance(p->mono_ns, q->mono_ns) <
	       time_distance(best->mono_ns, q->mono_ns);
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
	return q->sends &&
	       (time_distance(p->mono_ns, best->mono_ns) < SAME_NS ||
		time_distance(best->mono_ns, q->mono_ns) > SAME_NS);
}

/*
 * Whoever takes a socket over is told with the first packet.  Who had it until
 * then may just be sending too, and has not seen that: what is not told is
 * theirs.
 */
static bool is_formers(const struct shared *s, const struct packettab_packet *q)
{
	return q->sends && q->fingerprint &&
	       time_distance(q->mono_ns, s->first_ns) < AT_ONCE_NS;
}

static enum packettab_found not_told(struct packettab *t,
				     const struct packettab_packet *q,
				     const struct packettab_packet **out)
{
	const struct shared *s = NULL;

	if (q->mono_ns < t->shared_until_ns)
		s = packettab_shared(t, q, false);
	if (s && is_formers(s, q)) {
		t->former.mono_ns = s->first_ns;
		*out = &t->former;
		return PACKETTAB_FORMER;
	}
	return s && q->mono_ns >= s->first_ns && q->mono_ns < s->until_ns ?
		       PACKETTAB_MISSING :
		       PACKETTAB_NOT_SHARED;
}

/* Whether one process read both, as the same program and user. */
static bool is_same_reader(const struct socket_read *r,
			   const struct socket_read *next)
{
	const struct program *i = r->owner ? r->owner->program : NULL;

	while (i && i->from_mono_ns > next->mono_ns)
		i = i->older;
	return next->owner == r->owner && (!i || i->from_mono_ns <= r->mono_ns);
}

/* Whoever read its place, and if another packet may have it, the next, too. */
static enum packettab_found datagram_reader(struct packettab *t,
					    const struct entry *e,
					    const struct socket_read **out)
{
	const struct packettab_packet *p = &e->packet;
	const struct socket_read *r = readtab_at(t->reads, p->cookie,
						 p->position);
	const struct socket_read *next;
	enum packettab_found found;

	if (!r || r->mono_ns < p->mono_ns)
		return PACKETTAB_MISSING;
	if (readtab_is_anothers(t->reads, r, p->length) ||
	    packettab_is_swapped(t, r))
		return PACKETTAB_AMBIGUOUS;
	*out = r;
	/* Another datagram was as short, or there was no room for all of this. */
	found = r->length < p->length ? PACKETTAB_UNSURE : PACKETTAB_FOUND;
	if (!e->contested)
		return found;
	next = readtab_at(t->reads, p->cookie, p->position + 1);
	if (!next)
		return PACKETTAB_MISSING;
	return is_same_reader(r, next) && !packettab_is_swapped(t, next) ?
		       found :
		       PACKETTAB_AMBIGUOUS;
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

/* Of a segment two may have read a part each: then who read its first byte. */
static enum packettab_found answer_pending(struct packettab *t,
					   const struct entry *e,
					   const struct packettab_packet *q)
{
	const struct packettab_packet *p = &e->packet;
	enum packettab_found found = PACKETTAB_FOUND;
	const struct socket_read *r = NULL;

	if (p->key.proto == IPPROTO_TCP)
		r = readtab_past(t->reads, p->cookie, p->mono_ns,
				 (uint32_t)q->position);
	else
		found = datagram_reader(t, e, &r);
	if (found != PACKETTAB_FOUND && found != PACKETTAB_UNSURE)
		return found;
	if (!r)
		return PACKETTAB_MISSING;
	add_reader(t, p, r);
	return found;
}

/* Itself, or what another socket got of it at the same time. */
static bool is_copy_of(const struct packettab_packet *p,
		       const struct packettab_packet *best)
{
	return p == best ||
	       (p->pending && p->netns == best->netns &&
		p->cookie != best->cookie &&
		time_distance(p->mono_ns, best->mono_ns) < COPY_NS);
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
	bool missing = false, unsure = false;
	enum packettab_found found;

	for (; e; e = told_before(t, e)) {
		if (!is_copy_of(&e->packet, best) || !is_same(&e->packet, q))
			continue;
		found = answer_pending(t, e, q);
		missing |= found == PACKETTAB_MISSING;
		unsure |= found == PACKETTAB_UNSURE;
	}
	if (t->reader_count)
		*out = t->readers;
	if (missing)
		return best->alone && best->owner && !t->reader_count ?
			       PACKETTAB_AWAITED :
			       PACKETTAB_MISSING;
	if (!t->reader_count)
		return PACKETTAB_AMBIGUOUS;
	return unsure ? PACKETTAB_UNSURE : PACKETTAB_FOUND;
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
