/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The laws of reader.h: no bytes do harm, and it does not matter in which
 * pieces they come.
 */
#include <string.h>

#include "fuzz.h"
#include "owner/owned_packet.h"
#include "view/reader.h"

struct sums {
	uint64_t packets, bytes, named;
	int err;
};

static void add(void *ctx, const struct owned_packet *p)
{
	struct sums *s = ctx;

	s->packets++;
	s->bytes += p->frame->len;
	s->named += (p->src != NULL) + (p->dst != NULL);
	LAW(p->frame->interface < READER_INTERFACES);
	LAW(!p->src || memchr(p->src->name, 0, sizeof(p->src->name)));
}

static struct sums take(const uint8_t *data, size_t size, size_t piece)
{
	struct reader *r = reader_new();
	struct sums s = { 0 };

	LAW(r);
	for (size_t at = 0; at < size && !s.err; at += piece)
		s.err = reader_take(r, data + at,
				    size - at < piece ? size - at : piece, add,
				    &s);
	LAW(!s.err || reader_take(r, data, 0, add, &s) == s.err);
	reader_free(r);
	return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sums whole = take(data, size, size + 1);
	struct sums parts = take(data, size, 37);

	LAW(whole.packets == parts.packets && whole.bytes == parts.bytes);
	LAW(whole.named == parts.named && whole.err == parts.err);
	return 0;
}
