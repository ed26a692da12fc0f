/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whole blocks out of what another machine sends, in whatever pieces it comes.
 * Any bytes are safe.  Pure, and allocates nothing.
 */
#ifndef PKTWHO_REMOTE_BLOCKS_H
#define PKTWHO_REMOTE_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define BLOCKS_MAX (320u << 10) /* for one the writer always has room */

/* All zero is an empty one. */
struct blocks {
	bool begun;		   /* a block was taken: it is a capture */
	size_t len;		   /* of what waits */
	uint8_t bytes[BLOCKS_MAX]; /* from a block's start on */
};

/* Where more may be put, and how much; then say how much that was. */
uint8_t *blocks_room(struct blocks *b, size_t *room);
void blocks_add(struct blocks *b, size_t len);

/*
 * The length of the whole block at @at, which is where one begins; 0: more of
 * it has to come, or -EBADMSG: none of ours begins like that.
 */
ssize_t blocks_length(const struct blocks *b, size_t at);

/* Everything before @at has been taken. */
void blocks_take(struct blocks *b, size_t at);

#endif
