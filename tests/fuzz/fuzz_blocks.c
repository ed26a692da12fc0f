/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The laws of blocks.h, by what a far host sends: whatever it is and in which
 * pieces it comes, blocks that are handed on are whole and lie one behind
 * another, and no more waits than there is room for.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "fuzz.h"
#include "pcapng.h"
#include "remote/blocks.h"

struct taken {
	size_t bytes;
	size_t blocks;
	ssize_t err;
};

/* Takes all that is whole; each block is that part of what was sent. */
static void take(struct blocks *b, struct taken *t, const uint8_t *sent)
{
	size_t at = 0;
	ssize_t len;

	while ((len = blocks_length(b, at)) > 0) {
		LAW(len >= 12 && len % 4 == 0);
		LAW((size_t)len <= b->len - at);
		LAW(!memcmp(b->bytes + at, sent + t->bytes, (size_t)len));
		LAW(get_le(b->bytes + at + 4, 4) == (uint64_t)len);
		LAW(get_le(b->bytes + at + len - 4, 4) == (uint64_t)len);
		LAW(t->blocks || get_le(b->bytes, 4) == PCAPNG_BLOCK_SHB);
		at += (size_t)len;
		t->bytes += (size_t)len;
		t->blocks++;
	}
	LAW(len == 0 || len == -EBADMSG);
	t->err = len;
	blocks_take(b, at);
}

static struct taken send(const uint8_t *data, size_t size, size_t piece)
{
	struct blocks *b = calloc(1, sizeof(*b));
	struct taken t = { 0 };
	size_t at = 0;

	LAW(b);
	while (at < size && !t.err) {
		size_t n = size - at < piece ? size - at : piece, room;
		uint8_t *to = blocks_room(b, &room);

		/* What is too long to come is refused before it is all here. */
		LAW(room > 0);
		n = n < room ? n : room;
		memcpy(to, data + at, n);
		blocks_add(b, n);
		at += n;
		take(b, &t, data);
	}
	LAW(t.err || t.bytes + b->len == size);
	free(b);
	return t;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct taken whole = send(data, size, size + 1);
	struct taken parts = send(data, size, 37);

	LAW(whole.bytes == parts.bytes && whole.blocks == parts.blocks);
	LAW(whole.err == parts.err);
	return 0;
}
