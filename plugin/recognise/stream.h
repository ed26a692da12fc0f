/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The first payloads of a conversation, to be looked at in the order in which
 * they were sent: TCP's may arrive in any.  Where its SYN was seen, what comes
 * after a gap waits for what is missing, though not for ever.  Where it was
 * not, what comes first is looked at, and all again if something turns up that
 * was sent before.
 *
 * Nothing is kept of a payload that is known at once, nor of one before which
 * nothing can turn up any more, but for the first message of each direction.
 * Up to 8 others have 256 bytes each, 512 together, until stream_end() or until
 * there are more of them.
 */
#ifndef PKTWHO_PLUGIN_RECOGNISE_STREAM_H
#define PKTWHO_PLUGIN_RECOGNISE_STREAM_H

#include "recognise/signature/signature.h"

struct segment {
	struct payload p;
	unsigned way; /* 0 or 1 */
	uint32_t seq; /* TCP's, of the first byte */
	uint32_t ack;
};

/* One direction. */
struct stream_side {
	uint8_t tries;
	uint8_t pieces;
	uint8_t last[SIGNATURE_KEPT]; /* bytes of the last payload */
	uint8_t *begun;	  /* what TCP has sent so far, NULL: not kept */
	unsigned len;	  /* of it */
	uint32_t start;	  /* TCP's number of the first byte seen */
	uint32_t next;	  /* ... and of the byte after all */
	uint32_t first;	  /* of the first of all, if the SYN was seen */
	uint32_t settled; /* of the first byte that may be looked at again */
	uint8_t settled_tries;
	bool has_first;
};

/* All zero at first. */
struct stream {
	struct stream_side sides[2];
	struct stream_piece *first; /* what is kept, in the order of sending */
	const struct segment *now;  /* what was put last, or NULL */
	struct stream_piece *fresh; /* it in @first, or NULL */
	uint16_t count;
	uint16_t bytes; /* that are kept of them */
	unsigned waited;
	bool is_next;	 /* @now is the next to be taken */
	bool is_settled; /* nothing before @now will turn up */
	bool is_hasty;	 /* what is missing will not come */
	bool is_over;	 /* nothing is kept any more */
};

/* SYN was seen: TCP's number of the first byte that way. */
void stream_begin(struct stream *s, unsigned way, uint32_t first);

/* @now stays where it is until all that can be was taken. */
void stream_put(struct stream *s, const struct segment *now);

/* What is missing will not come. */
void stream_give_up(struct stream *s);

/* The next to be looked at, borrowed until the next call, or NULL. */
const struct segment *stream_take(struct stream *s);

/* What it is, by itself or as the end of what came before; or NULL. */
const struct signature *stream_find(struct stream *s,
				    const struct segment *taken);

/* Enough is known: frees all. */
void stream_end(struct stream *s);

#endif
