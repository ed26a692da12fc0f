/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "packet/queue.h"

#include <stdlib.h>

#define ALIGN 16u

/*
 * A ring of entries, each whole: one that would cross the end starts at the
 * beginning, and a zero size marks the rest as skipped.
 */
struct entry {
	uint32_t size;		/* of the entry; 0: go to the beginning */
	struct frame held;
};

struct queue {
	uint8_t *ring;
	size_t size;
	size_t head;		/* the oldest entry */
	size_t tail;		/* where the next one goes */
	size_t used;
};

struct queue *queue_new(size_t size)
{
	struct queue *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->size = size & ~(size_t)(ALIGN - 1);
	h->ring = aligned_alloc(ALIGN, h->size);
	if (!h->ring) {
		free(h);
		return NULL;
	}
	return h;
}

void queue_free(struct queue *h)
{
	if (!h)
		return;
	free(h->ring);
	free(h);
}

static struct entry *entry_at(const struct queue *h, size_t at)
{
	return (struct entry *)(h->ring + at);
}

struct frame *queue_push(struct queue *h, uint32_t caplen)
{
	size_t need = sizeof(struct entry) + caplen;
	size_t rest = h->size - h->tail;
	struct entry *e;

	need = (need + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	if (need > h->size / 2)
		return NULL;
	if (need > rest) {
		if (h->used + rest + need > h->size)
			return NULL;
		if (rest)
			entry_at(h, h->tail)->size = 0;
		h->used += rest;
		h->tail = 0;
	} else if (h->used + need > h->size) {
		return NULL;
	}
	e = entry_at(h, h->tail);
	e->size = (uint32_t)need;
	h->tail += need;
	h->used += need;
	if (h->tail == h->size)
		h->tail = 0;
	return &e->held;
}

/* The oldest entry's place, past a skipped rest. */
static size_t first_at(const struct queue *h)
{
	return entry_at(h, h->head)->size ? h->head : 0;
}

struct frame *queue_first(const struct queue *h)
{
	return h->used ? &entry_at(h, first_at(h))->held : NULL;
}

void queue_pop(struct queue *h)
{
	size_t at = first_at(h), size = entry_at(h, at)->size;

	if (at != h->head)
		h->used -= h->size - h->head;
	h->used -= size;
	h->head = at + size;
	if (h->head == h->size)
		h->head = 0;
	if (!h->used)
		h->head = h->tail = 0;
}

unsigned queue_fill(const struct queue *h)
{
	return (unsigned)(h->used * 100 / h->size);
}
