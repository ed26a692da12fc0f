/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Packets that wait for their owners: a bounded first-in, first-out queue,
 * one per capture handle.  A packet's bytes are copied once, on the way in.
 */
#ifndef PKTWHO_PACKET_QUEUE_H
#define PKTWHO_PACKET_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "packet/parse.h"

struct queue;

struct frame {
	uint64_t ts_ns; /* Unix epoch */
	uint32_t caplen;
	uint32_t len;
	uint32_t interface; /* in the file */
	uint8_t direction;  /* enum source_direction */
	struct packet packet;
	uint8_t data[]; /* caplen bytes */
};

/*
 * @size: bytes of the queue, all there will ever be, of which no more are
 * touched than were in use since queue_shrink().  NULL without memory.
 */
struct queue *queue_new(size_t size);
void queue_free(struct queue *q);

/*
 * Room for a packet of @caplen bytes at the end, to be filled by the caller,
 * or NULL when it does not fit until something is taken out.  A packet larger
 * than half the queue, or than 500 KiB, never fits.
 */
struct frame *queue_push(struct queue *q, uint32_t caplen);

/* The oldest packet, or NULL; it stays until queue_pop(). */
struct frame *queue_first(const struct queue *q);
void queue_pop(struct queue *q);

#define QUEUE_AHEAD 8
/*
 * Each packet once, so many before it is the oldest, or fewer where no more
 * are there; then NULL.
 */
const struct frame *queue_ahead(struct queue *q);

/* The kernel gets back what was not in use since the last call. */
void queue_shrink(struct queue *q);

/* Percent of it that is in use. */
unsigned queue_fill(const struct queue *q);

#endif
