/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "packet/queue.h"

#include <stdbool.h>
#include <stdlib.h>

#include "host/pages.h"

#define ALIGN 16u
/* Few of them are in use as a rule, and stay in a processor's cache. */
#define CHUNK_BYTES (512u << 10)

struct entry {
	uint32_t size; /* with what is before the next one */
	struct frame held;
};

struct chunk {
	struct chunk *next; /* newer, or of the spare ones */
	uint8_t *bytes;
	uint32_t head; /* its oldest entry */
	uint32_t tail; /* where the next one goes */
	bool touched;
};

/* A list of chunks.  The one that was emptied last is the next to be filled. */
struct queue {
	uint8_t *bytes;
	uint32_t chunk_bytes;
	uint32_t count;
	uint32_t used; /* chunks in the list */
	uint32_t most; /* of them, since queue_shrink() */
	struct chunk *first;
	struct chunk *last;
	struct chunk *spare;
	struct chunk *ahead; /* queue_ahead(): where the next one is, */
	uint32_t ahead_at;
	uint32_t ahead_by; /* so many after the oldest */
	struct chunk chunks[];
};

static void put_aside(struct queue *q, struct chunk *c)
{
	c->next = q->spare;
	q->spare = c;
}

struct queue *queue_new(size_t size)
{
	uint32_t bytes = size / 2 < CHUNK_BYTES ? (uint32_t)size / 2 :
						  CHUNK_BYTES;
	uint32_t count;
	struct queue *q;

	bytes &= ~(ALIGN - 1);
	count = bytes ? (uint32_t)(size / bytes) : 0;
	q = calloc(1, sizeof(*q) + count * sizeof(*q->chunks));
	if (!q)
		return NULL;
	q->chunk_bytes = bytes;
	q->count = count;
	q->bytes = aligned_alloc(ALIGN, (size_t)count * bytes);
	if (!q->bytes) {
		free(q);
		return NULL;
	}
	while (count--) {
		q->chunks[count].bytes = q->bytes + (size_t)count * bytes;
		put_aside(q, &q->chunks[count]);
	}
	return q;
}

void queue_free(struct queue *q)
{
	if (!q)
		return;
	free(q->bytes);
	free(q);
}

static struct chunk *add_chunk(struct queue *q)
{
	struct chunk *c = q->spare;

	if (!c)
		return NULL;
	q->spare = c->next;
	c->next = NULL;
	c->head = c->tail = 0;
	if (q->last)
		q->last->next = c;
	else
		q->first = c;
	q->last = c;
	c->touched = true;
	q->used++;
	if (q->used > q->most)
		q->most = q->used;
	return c;
}

static struct entry *entry_at(const struct chunk *c, uint32_t at)
{
	return (struct entry *)(c->bytes + at);
}

struct frame *queue_push(struct queue *q, uint32_t caplen)
{
	size_t need = sizeof(struct entry) + caplen;
	struct chunk *c = q->last;
	struct entry *e;

	need = (need + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	if (need > q->chunk_bytes)
		return NULL;
	if (!c || need > q->chunk_bytes - c->tail)
		c = add_chunk(q);
	if (!c)
		return NULL;
	e = entry_at(c, c->tail);
	e->size = (uint32_t)need;
	c->tail += e->size;
	return &e->held;
}

struct frame *queue_first(const struct queue *q)
{
	return q->first ? &entry_at(q->first, q->first->head)->held : NULL;
}

const struct frame *queue_ahead(struct queue *q)
{
	const struct entry *e;

	if (!q->ahead_by) {
		q->ahead = q->first;
		q->ahead_at = q->first ? q->first->head : 0;
	}
	if (!q->ahead || q->ahead_by == QUEUE_AHEAD)
		return NULL;
	if (q->ahead_at == q->ahead->tail) {
		if (!q->ahead->next)
			return NULL;
		q->ahead = q->ahead->next;
		q->ahead_at = 0;
	}
	e = entry_at(q->ahead, q->ahead_at);
	q->ahead_at += e->size;
	q->ahead_by++;
	return &e->held;
}

void queue_pop(struct queue *q)
{
	struct chunk *c = q->first;

	q->ahead_by -= q->ahead_by != 0;
	c->head += entry_at(c, c->head)->size;
	if (c->head < c->tail)
		return;
	q->first = c->next;
	if (!q->first)
		q->last = NULL;
	q->used--;
	put_aside(q, c);
}

/* Those that were emptied lately are the first of the spare ones. */
void queue_shrink(struct queue *q)
{
	uint32_t recent = q->most - q->used;

	for (struct chunk *c = q->spare; c; c = c->next) {
		if (recent) {
			recent--;
		} else if (c->touched) {
			pages_give_back(c->bytes, q->chunk_bytes);
			c->touched = false;
		}
	}
	q->most = q->used;
}

unsigned queue_fill(const struct queue *q)
{
	return q->used * 100 / q->count;
}
