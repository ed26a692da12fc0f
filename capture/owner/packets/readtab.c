/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "owner/packets/readtab.h"

#include <stdlib.h>

#include "process/proctab.h"

#define READS	8192u		/* of sockets with pending packets; a power of two */
#define SWAP_NS	10000ull	/* two that read at once are told in any order */

struct entry {
	struct socket_read read;
	uint32_t older;		/* of its bucket: index + 1; 0: none */
	uint32_t newer;
	bool used;
};

struct readtab {
	struct entry entries[READS];	/* a ring */
	uint32_t heads[READS];		/* index + 1 */
	uint32_t at;
};

struct readtab *readtab_new(void)
{
	return calloc(1, sizeof(struct readtab));
}

/* Of a connection any later read will do, of datagrams that one place. */
static uint32_t bucket_of(uint64_t cookie, bool stream, uint64_t position)
{
	uint64_t h = stream ? cookie : cookie ^ position << 40;

	return (h * 0x9e3779b97f4a7c15u >> 40) & (READS - 1);
}

static uint32_t *head_of(struct readtab *t, const struct socket_read *r)
{
	return &t->heads[bucket_of(r->cookie, r->stream, r->position)];
}

/* The oldest of all, and so of its bucket. */
static void forget(struct readtab *t, struct entry *e)
{
	if (!e->used)
		return;
	if (e->newer)
		t->entries[e->newer - 1].older = 0;
	else
		*head_of(t, &e->read) = 0;
	if (e->read.owner)
		e->read.owner->refs--;
	e->used = false;
}

void readtab_free(struct readtab *t)
{
	if (!t)
		return;
	for (uint32_t i = 0; i < READS; i++)
		forget(t, &t->entries[t->at++ & (READS - 1)]);
	free(t);
}

void readtab_add(struct readtab *t, const struct socket_read *told)
{
	struct entry *e = &t->entries[t->at++ & (READS - 1)];
	uint32_t *head = head_of(t, told);
	uint32_t self = (uint32_t)(e - t->entries) + 1;

	forget(t, e);
	*e = (struct entry){ .read = *told, .older = *head, .used = true };
	if (told->owner)
		told->owner->refs++;
	if (*head)
		t->entries[*head - 1].newer = self;
	*head = self;
}

const struct socket_read *readtab_past(const struct readtab *t,
				       uint64_t cookie, uint64_t mono_ns,
				       uint32_t sequence)
{
	uint32_t i = t->heads[bucket_of(cookie, true, 0)];
	const struct socket_read *best = NULL;

	/* The newest come first; sequence numbers wrap around. */
	for (; i; i = t->entries[i - 1].older) {
		const struct socket_read *r = &t->entries[i - 1].read;

		if (r->cookie != cookie || !r->stream)
			continue;
		if (r->mono_ns < mono_ns)
			break;
		if ((int32_t)((uint32_t)r->position - sequence) >= 0)
			best = r;
	}
	return best;
}

const struct socket_read *readtab_at(const struct readtab *t, uint64_t cookie,
				     uint64_t position)
{
	uint32_t i = t->heads[bucket_of(cookie, false, position)];

	for (; i; i = t->entries[i - 1].older) {
		const struct socket_read *r = &t->entries[i - 1].read;

		if (r->cookie == cookie && r->position == position &&
		    !r->stream)
			return r;
	}
	return NULL;
}

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

bool readtab_is_swapped(const struct readtab *t,
			const struct socket_read *read)
{
	const struct socket_read *r;

	for (uint64_t at = read->position - 1; at <= read->position + 1; at++) {
		r = readtab_at(t, read->cookie, at);
		if (r && r->owner != read->owner &&
		    distance(r->mono_ns, read->mono_ns) < SWAP_NS)
			return true;
	}
	return false;
}
