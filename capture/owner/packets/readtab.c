/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "owner/packets/readtab.h"

#include <stdlib.h>

#include "process/proctab.h"

#define READS	 8192u /* of sockets with pending packets; a power of two */
#define AGAIN_NS 2000000000ull /* a segment may be sent again so long after */
#define LATE	 4u /* reads that are told before one that began first */

/* Linked by number, as packettab_table.h has it. */
struct entry {
	struct socket_read read;
	uint32_t older; /* of its bucket */
};

struct readtab {
	struct entry entries[READS]; /* a ring */
	uint32_t buckets[READS];     /* links: the newest of each */
	uint32_t at;		     /* the number of the next */
};

struct readtab *readtab_new(void)
{
	struct readtab *t = calloc(1, sizeof(*t));

	if (t)
		t->at = READS + 1; /* what was never set leads nowhere */
	return t;
}

/* NULL if it is forgotten. */
static const struct entry *at_link(const struct readtab *t, uint32_t link)
{
	return t->at - link <= READS ? &t->entries[link & (READS - 1)] : NULL;
}

/* Of a connection any later read will do, of datagrams that one place. */
static uint32_t bucket_of(uint64_t cookie, bool stream, uint64_t position)
{
	uint64_t h = stream ? cookie : cookie ^ position << 40;

	return (h * 0x9e3779b97f4a7c15u >> 40) & (READS - 1);
}

static void forget(struct entry *e)
{
	if (e->read.owner)
		e->read.owner->refs--;
	e->read.owner = NULL;
}

void readtab_free(struct readtab *t)
{
	if (!t)
		return;
	for (uint32_t i = 0; i < READS; i++)
		forget(&t->entries[i]);
	free(t);
}

void readtab_add(struct readtab *t, const struct socket_read *told)
{
	struct entry *e = &t->entries[t->at & (READS - 1)];
	uint32_t n = bucket_of(told->cookie, told->stream, told->position);

	forget(e);
	*e = (struct entry){ *told, t->buckets[n] };
	if (told->owner)
		told->owner->refs++;
	t->buckets[n] = t->at++;
}

const struct socket_read *readtab_past(const struct readtab *t, uint64_t cookie,
				       uint64_t mono_ns, uint32_t sequence)
{
	uint32_t link = t->buckets[bucket_of(cookie, true, 0)];
	const struct socket_read *best = NULL;
	const struct entry *e;

	/* The newest come first; sequence numbers wrap around. */
	for (; (e = at_link(t, link)); link = e->older) {
		const struct socket_read *r = &e->read;

		if (r->cookie != cookie || !r->stream)
			continue;
		if ((int32_t)((uint32_t)r->position - sequence) >= 0 &&
		    r->mono_ns + AGAIN_NS > mono_ns)
			best = r;
		else if (r->mono_ns < mono_ns)
			break;
	}
	return best;
}

const struct socket_read *readtab_at(const struct readtab *t, uint64_t cookie,
				     uint64_t position)
{
	uint32_t link = t->buckets[bucket_of(cookie, false, position)];
	const struct entry *e;

	for (; (e = at_link(t, link)); link = e->older) {
		const struct socket_read *r = &e->read;

		if (r->cookie == cookie && r->position == position &&
		    !r->stream)
			return r;
	}
	return NULL;
}

bool readtab_is_anothers(const struct readtab *t,
			 const struct socket_read *read, uint32_t length)
{
	uint64_t last = read->position + LATE;
	uint64_t first = last > 2 * LATE ? last - 2 * LATE : 0;
	const struct socket_read *r;

	if (!length || !read->length || read->length == length)
		return false;
	for (uint64_t at = first; at <= last; at++) {
		r = readtab_at(t, read->cookie, at);
		if (r && r->owner != read->owner && r->length == length)
			return true;
	}
	return false;
}
