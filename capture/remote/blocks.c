/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "remote/blocks.h"

#include <errno.h>
#include <string.h>

#include "bytes.h"
#include "pcapng.h"

uint8_t *blocks_room(struct blocks *b, size_t *room)
{
	*room = sizeof(b->bytes) - b->len;
	return b->bytes + b->len;
}

void blocks_add(struct blocks *b, size_t len)
{
	b->len += len;
}

ssize_t blocks_length(const struct blocks *b, size_t at)
{
	const uint8_t *p = b->bytes + at;
	size_t left = b->len - at;
	uint32_t total;

	if (left < 8)
		return 0;
	total = (uint32_t)get_le(p + 4, 4);
	if (!b->begun && !at && get_le(p, 4) != PCAPNG_BLOCK_SHB)
		return -EBADMSG;
	if (total < 12 || total % 4 || total > sizeof(b->bytes))
		return -EBADMSG;
	if (total > left)
		return 0;
	/* Else a reader that goes backwards would lose its way in our file. */
	return get_le(p + total - 4, 4) == total ? (ssize_t)total : -EBADMSG;
}

void blocks_take(struct blocks *b, size_t at)
{
	b->begun |= at > 0;
	b->len -= at;
	memmove(b->bytes, b->bytes + at, b->len);
}
