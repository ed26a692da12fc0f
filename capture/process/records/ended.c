/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "process/records/ended.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "bytes.h"

#define PIECE	65536		 /* so many bytes are compressed together */
#define LEN	sizeof(uint16_t) /* before each record */
#define FASTEST 1

struct piece {
	struct piece *next;
	size_t len;
	uint8_t bytes[];
};

struct ended_records {
	struct piece *first, **last;
	size_t compressed; /* bytes, of all pieces */
	size_t len;	   /* of what is not compressed yet */
	uint8_t bytes[PIECE];
	uint8_t smaller[ZSTD_COMPRESSBOUND(PIECE)];
};

void ended_clear(struct ended_records *e)
{
	for (struct piece *p = e->first, *next; p; p = next) {
		next = p->next;
		free(p);
	}
	e->first = NULL;
	e->last = &e->first;
	e->compressed = e->len = 0;
}

struct ended_records *ended_new(void)
{
	struct ended_records *e = malloc(sizeof(*e));

	if (!e)
		return NULL;
	e->first = NULL;
	ended_clear(e);
	return e;
}

void ended_free(struct ended_records *e)
{
	if (!e)
		return;
	ended_clear(e);
	free(e);
}

static int compress_piece(struct ended_records *e)
{
	size_t len = ZSTD_compress(e->smaller, sizeof(e->smaller), e->bytes,
				   e->len, FASTEST);
	struct piece *p = ZSTD_isError(len) ? NULL : malloc(sizeof(*p) + len);

	if (!p)
		return -ENOMEM;
	*p = (struct piece){ .len = len };
	memcpy(p->bytes, e->smaller, len);
	*e->last = p;
	e->last = &p->next;
	e->compressed += len;
	e->len = 0;
	return 0;
}

int ended_add(struct ended_records *e, const uint8_t *record, size_t len)
{
	int err;

	if (e->compressed >= ENDED_MAX)
		return -ENOSPC;
	if (e->len + LEN + len > sizeof(e->bytes)) {
		err = compress_piece(e);
		if (err)
			return err;
	}
	put_le(e->bytes + e->len, len, LEN);
	memcpy(e->bytes + e->len + LEN, record, len);
	e->len += LEN + len;
	return 0;
}

static int each_in(uint8_t *bytes, size_t len,
		   int (*fn)(void *ctx, uint8_t *record, size_t len), void *ctx)
{
	size_t record_len;
	int err = 0;

	for (size_t at = 0; at < len && !err; at += record_len) {
		record_len = get_le(bytes + at, LEN);
		at += LEN;
		err = fn(ctx, bytes + at, record_len);
	}
	return err;
}

int ended_each(const struct ended_records *e,
	       int (*fn)(void *ctx, uint8_t *record, size_t len), void *ctx)
{
	uint8_t *bytes = malloc(PIECE);
	int err = bytes ? 0 : -ENOMEM;
	size_t len;

	for (const struct piece *i = e->first; i && !err; i = i->next) {
		len = ZSTD_decompress(bytes, PIECE, i->bytes, i->len);
		err = ZSTD_isError(len) ? -ENOMEM :
					  each_in(bytes, len, fn, ctx);
	}
	if (!err) {
		memcpy(bytes, e->bytes, e->len);
		err = each_in(bytes, e->len, fn, ctx);
	}
	free(bytes);
	return err;
}
