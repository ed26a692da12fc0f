/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Packets as the kernel hands them over: an AF_PACKET socket with a ring of
 * blocks that both of us map (TPACKET_V3).  It tells the direction of each
 * packet, so one ring has both, in order.
 */
#ifndef PKTWHO_INTERFACE_RING_H
#define PKTWHO_INTERFACE_RING_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>

#include "interface/link_header.h"
#include "packet/raw_packet.h"

struct ring;

struct ring_options {
	unsigned ifindex; /* 0: all interfaces */
	enum link_header header;
	bool is_loopback; /* what goes out comes in, and is taken once */
	bool promiscuous;
	uint32_t snaplen;
	int mib;
	int block_ms; /* a block is handed over at least so often */
	int links;    /* to ask for them through; borrowed */
	/* Needed, and in the kernel's words: for SLL without the header. */
	struct sock_fprog filter;
};

/* 0 or -errno; -ENETDOWN: the interface is not up. */
int ring_open(struct ring **out, const struct ring_options *o);
void ring_close(struct ring *r); /* NULL is fine */

/* Readable when there is a block; borrowed. */
int ring_fd(const struct ring *r);

/*
 * Calls @fn for the packets of the blocks that are ready, or of the first few
 * of them.  Returns their number, or -ENODEV when the interface is gone.
 */
int ring_read(struct ring *r,
	      void (*fn)(void *ctx, const struct source_packet *p), void *ctx);

/* It is not up, and still there; false again once a packet has come. */
bool ring_is_down(const struct ring *r);

/* After that, binds to the interface that has the name now.  0 or -errno. */
int ring_resume(struct ring *r, unsigned ifindex);

/*
 * All that was ready has been read, and what comes within some 10 ms has room
 * even if it comes much faster: 12 MiB.
 */
bool ring_has_room(const struct ring *r);

/* Percent of the blocks that were ready at once, at most since the last call. */
unsigned ring_fill(struct ring *r);

/* Since it was opened: packets that passed the filter, and had no room. */
void ring_stats(struct ring *r, uint64_t *received, uint64_t *dropped);

/*
 * At the end: answers how many of them nobody has read, as of the block that
 * is not handed over yet.  What comes from then on is not counted.
 */
uint64_t ring_give_up(struct ring *r);

#endif
