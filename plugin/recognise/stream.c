/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "recognise/stream.h"

#define TRIES	     8	 /* payloads that are looked at, each direction */
#define PIECES_MAX   64	 /* and what goes on with the first one */
#define BYTES_MAX    256 /* that are kept of one, or until all have come */
#define KEPT_MAX     8	 /* payloads of both directions */
#define KEPT_BYTES   512 /* of these, but for what comes late */
#define PATIENCE     32	 /* payloads that may come while one is missing */
#define ACKNOWLEDGED 16	 /* ... of which so many count as one that has it */

struct stream_piece {
	struct stream_piece *next;
	struct segment s; /* of which the beginning is in @bytes */
	bool is_done;	  /* it was looked at */
	uint8_t bytes[];
};

static bool is_before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

static uint32_t end_of_segment(const struct segment *s)
{
	return s->seq + (uint32_t)s->p.full;
}

static void forget_begun(struct stream_side *side)
{
	wmem_free(wmem_file_scope(), side->begun);
	side->begun = NULL;
}

void stream_begin(struct stream *t, unsigned way, uint32_t first)
{
	struct stream_side *side = &t->sides[way];

	if (side->has_first || side->tries)
		return;
	side->has_first = true;
	side->first = side->next = side->settled = first;
}

/* The first of its direction, as far as we know. */
static bool is_first(const struct stream *t, const struct segment *s)
{
	const struct stream_side *side = &t->sides[s->way];

	return side->has_first ? s->seq == side->first : !side->tries;
}

/* ---- the order ---- */

/* Has all of it been seen before?  What comes late has not. */
static bool is_old(const struct stream *t, const struct segment *s)
{
	const struct stream_side *side = &t->sides[s->way];

	for (const struct stream_piece *p = t->first; p; p = p->next)
		if (p->s.way == s->way && p->s.seq == s->seq &&
		    p->s.p.full >= s->p.full)
			return true;
	if (side->has_first && is_before(s->seq, side->first))
		return true;
	return side->tries && !is_before(s->seq, side->start) &&
	       !is_before(side->next, end_of_segment(s));
}

/* Bytes that the other end has acknowledged were sent before it did so. */
static bool was_sent_before(const struct segment *s,
			    const struct segment *other)
{
	return s->way == other->way ? is_before(s->seq, other->seq) :
				      !is_before(other->ack, end_of_segment(s));
}

static struct stream_piece **place_for(struct stream *t,
				       const struct segment *s)
{
	struct stream_piece **at = &t->first;

	while (*at && !was_sent_before(s, &(*at)->s))
		at = &(*at)->next;
	return at;
}

/* Nothing is missing before it, as far as we know. */
static bool is_ready(const struct stream *t, const struct segment *s)
{
	const struct stream_side *side = &t->sides[s->way];

	return !side->has_first || t->is_hasty ||
	       !is_before(side->next, s->seq);
}

static const struct stream_piece *waiting(const struct stream *t)
{
	const struct stream_piece *p = t->first;

	while (p && (p->is_done || is_ready(t, &p->s)))
		p = p->next;
	return p;
}

static void drop_last(struct stream *t)
{
	struct stream_piece **at = &t->first;

	while ((*at)->next)
		at = &(*at)->next;
	t->bytes -= (uint16_t)(*at)->s.p.len;
	t->count--;
	wmem_free(wmem_file_scope(), *at);
	*at = NULL;
}

static size_t kept_room(const struct stream *t, bool is_late)
{
	size_t left = t->bytes < KEPT_BYTES ? KEPT_BYTES - t->bytes : 0;

	return is_late ? BYTES_MAX : MIN(BYTES_MAX, left);
}

/* NULL: there is no room. */
static struct stream_piece *insert(struct stream *t, struct stream_piece **at,
				   const struct segment *s)
{
	size_t len = MIN(s->p.len, kept_room(t, *at != NULL));
	struct stream_piece *piece;

	if (!len)
		return NULL;
	piece = wmem_alloc(wmem_file_scope(), sizeof(*piece) + len);
	*piece = (struct stream_piece){ .next = *at, .s = *s };
	memcpy(piece->bytes, s->p.p, len);
	piece->s.p.p = piece->bytes;
	piece->s.p.len = len;
	*at = piece;
	t->count++;
	t->bytes += (uint16_t)len;
	return piece;
}

/* All is to be looked at again. */
static void rewind_all(struct stream *t)
{
	for (struct stream_piece *p = t->first; p; p = p->next)
		p->is_done = false;
	for (unsigned way = 0; way < 2; way++) {
		struct stream_side *side = &t->sides[way];

		forget_begun(side);
		side->tries = side->settled_tries;
		side->pieces = 0;
		side->len = 0;
		side->next = side->settled;
	}
}

/* All that was sent before it has been looked at, and is known to be all. */
static bool is_settled(const struct stream *t, const struct segment *now)
{
	const struct stream_side *side = &t->sides[now->way];
	const struct stream_side *other = &t->sides[!now->way];

	return !t->count && side->has_first && other->has_first &&
	       !is_before(side->next, now->seq) &&
	       !is_before(other->next, now->ack);
}

static void put_in_order(struct stream *t, const struct segment *now)
{
	struct stream_piece **at = place_for(t, now), *p;

	if (!*at && is_ready(t, now)) {
		t->is_next = true;
		t->is_settled = is_settled(t, now);
		return;
	}
	if (!*at && t->count == KEPT_MAX)
		return;
	p = t->fresh = insert(t, at, now);
	if (t->count > KEPT_MAX)
		drop_last(t);
	while (p && !p->is_done)
		p = p->next;
	if (p)
		rewind_all(t);
}

static void forget_order(struct stream *t)
{
	while (t->first) {
		struct stream_piece *p = t->first;

		t->first = p->next;
		wmem_free(wmem_file_scope(), p);
	}
	t->count = t->bytes = 0;
	t->fresh = NULL;
	t->is_over = true;
}

static void be_patient(struct stream *t, const struct segment *now)
{
	const struct stream_piece *p = waiting(t);
	bool has_it;

	if (!p)
		return;
	has_it = p->s.way != now->way &&
		 is_before(t->sides[p->s.way].next, now->ack);
	t->waited += has_it ? ACKNOWLEDGED : 1;
	if (t->waited >= PATIENCE)
		t->is_hasty = true;
}

void stream_put(struct stream *t, const struct segment *now)
{
	bool is_tcp = now->p.over == OVER_TCP;

	t->now = NULL;
	t->fresh = NULL;
	t->is_next = t->is_settled = false;
	if (t->sides[now->way].tries >= TRIES && !is_first(t, now))
		return;
	if (is_tcp)
		be_patient(t, now);
	if (is_tcp && is_old(t, now))
		return;
	t->now = now;
	if (t->count == KEPT_MAX && !waiting(t))
		forget_order(t);
	if (is_tcp && !t->is_over)
		put_in_order(t, now);
	else
		t->is_next = true;
}

void stream_give_up(struct stream *t)
{
	t->now = NULL;
	t->fresh = NULL;
	t->is_next = false;
	t->is_hasty = true;
}

static void settle(struct stream *t)
{
	for (unsigned way = 0; way < 2; way++) {
		t->sides[way].settled = t->sides[way].next;
		t->sides[way].settled_tries = t->sides[way].tries;
	}
}

/* It said nothing, but may be the beginning of something, or its end. */
static void keep_now(struct stream *t)
{
	struct stream_piece *p;

	if (!t->now || t->fresh || t->is_over || t->count >= KEPT_MAX ||
	    t->now->p.over != OVER_TCP)
		return;
	if (t->is_settled) {
		settle(t);
	} else {
		p = insert(t, place_for(t, t->now), t->now);
		if (p)
			p->is_done = true;
	}
	t->now = NULL;
}

const struct segment *stream_take(struct stream *t)
{
	if (t->is_next) {
		t->is_next = false;
		return t->now;
	}
	keep_now(t);
	for (struct stream_piece *p = t->first; p; p = p->next) {
		if (p->is_done || !is_ready(t, &p->s))
			continue;
		p->is_done = true;
		return p == t->fresh ? t->now : &p->s;
	}
	return NULL;
}

void stream_end(struct stream *t)
{
	forget_order(t);
	for (unsigned way = 0; way < 2; way++)
		forget_begun(&t->sides[way]);
}

/* ---- what it is ---- */

/* A first message may come in several segments: if so @p is all of it. */
static bool join(struct stream_side *side, struct payload *p, uint32_t seq)
{
	size_t room = BYTES_MAX - side->len, len = MIN(room, p->len);

	if (!side->begun || seq != side->next || !room)
		return false;
	side->begun = wmem_realloc(wmem_file_scope(), side->begun,
				   side->len + len);
	memcpy(side->begun + side->len, p->p, len);
	p->p = side->begun;
	p->before = NULL;
	p->full += side->len;
	p->len = side->len += (unsigned)len;
	return true;
}

static void begin(struct stream_side *side, const struct payload *p)
{
	if (p->over != OVER_TCP || p->len != p->full || p->len >= BYTES_MAX)
		return;
	side->begun = wmem_memdup(wmem_file_scope(), p->p, p->len);
	side->len = (unsigned)p->len;
}

static void remember(struct stream_side *side, const struct payload *p)
{
	memset(side->last, 0, SIGNATURE_KEPT);
	memcpy(side->last, p->p, MIN(p->len, SIGNATURE_KEPT));
}

/* Has what it sent first been seen, if it has sent anything yet? */
static bool has_begun(const struct stream *t, unsigned way,
		      const struct segment *taken)
{
	const struct stream_side *side = &t->sides[way];
	uint32_t sent = way == taken->way ? taken->seq : taken->ack;

	return side->has_first && (side->tries ? side->start == side->first :
						 !is_before(side->first, sent));
}

const struct signature *stream_find(struct stream *t,
				    const struct segment *taken)
{
	struct stream_side *side = &t->sides[taken->way];
	struct stream_side *other = &t->sides[!taken->way];
	bool is_begin = is_first(t, taken);
	struct payload p = taken->p, whole;
	const struct signature *s = NULL;
	bool joins;

	p.before = is_begin ? NULL : side->last;
	p.other = other->tries ? other->last : NULL;
	p.is_middle = !has_begun(t, 0, taken) || !has_begun(t, 1, taken);
	whole = p;
	joins = join(side, &whole, taken->seq);
	if (joins)
		s = signature_find(&whole);
	if (!s)
		s = signature_find(&p);
	if (!s && is_begin && !side->tries)
		begin(side, &p);
	if (!side->tries || is_before(taken->seq, side->start))
		side->start = taken->seq;
	/* What is typed by hand comes letter by letter. */
	if (!joins || ++side->pieces > PIECES_MAX)
		side->tries++;
	remember(side, &whole);
	side->next = end_of_segment(taken);
	if (s || side->len == BYTES_MAX || side->tries >= TRIES)
		forget_begun(side);
	return s;
}
