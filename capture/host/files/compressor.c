/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "host/files/compressor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "bytes.h"

#define GZIP_MEMORY 8 /* zlib's default */

struct compressor {
	ZSTD_CCtx *zstd;
	z_stream gzip;
	bool has_gzip;
	size_t room;
	uint8_t bytes[];
};

static const char *const names[] = {
	[COMPRESSION_NONE] = "none",
	[COMPRESSION_GZIP] = "gzip",
	[COMPRESSION_ZSTD] = "zstd",
};

static const char *const suffixes[COMPRESSIONS] = {
	[COMPRESSION_GZIP] = ".gz",
	[COMPRESSION_ZSTD] = ".zst",
};

const char *compression_name(enum compression c)
{
	return names[c];
}

static bool ends_with(const char *path, size_t len, const char *suffix)
{
	size_t n = suffix ? strlen(suffix) : 0;

	return n && len > n && !strcmp(path + len - n, suffix);
}

enum compression compression_of(enum compression asked, const char *path)
{
	size_t len = path ? strlen(path) : 0;

	if (asked != COMPRESSION_BY_NAME)
		return asked;
	for (int c = COMPRESSION_GZIP; c < COMPRESSIONS; c++)
		if (ends_with(path, len, suffixes[c]))
			return (enum compression)c;
	return COMPRESSION_NONE;
}

const char *compression_suffix(const char *path)
{
	const char *s = suffixes[compression_of(COMPRESSION_BY_NAME, path)];

	return path + strlen(path) - (s ? strlen(s) : 0);
}

/* Above zlib's and zstd's own bounds, which differ by version. */
size_t compressor_bound(size_t len)
{
	return len + len / 128 + 128;
}

int compressor_new(struct compressor **out, enum compression kind,
		   size_t piece_max)
{
	size_t room = compressor_bound(piece_max);
	struct compressor *c = calloc(1, sizeof(*c) + room);

	if (!c)
		return -ENOMEM;
	c->room = room;
	if (kind == COMPRESSION_ZSTD)
		c->zstd = ZSTD_createCCtx();
	else
		c->has_gzip = deflateInit2(&c->gzip, Z_BEST_SPEED, Z_DEFLATED,
					   COMPRESSION_GZIP_BITS, GZIP_MEMORY,
					   Z_DEFAULT_STRATEGY) == Z_OK;
	if (!c->zstd && !c->has_gzip) {
		free(c);
		return -ENOMEM;
	}
	if (c->zstd)
		ZSTD_CCtx_setParameter(c->zstd, ZSTD_c_compressionLevel, 1);
	*out = c;
	return 0;
}

void compressor_free(struct compressor *c)
{
	if (!c)
		return;
	ZSTD_freeCCtx(c->zstd);
	if (c->has_gzip)
		deflateEnd(&c->gzip);
	free(c);
}

void compressor_restart(struct compressor *c)
{
	/* Each piece of gzip's is the first. */
	if (c->zstd)
		ZSTD_CCtx_reset(c->zstd, ZSTD_reset_session_only);
}

static size_t run_zstd(struct compressor *c, const uint8_t *piece, size_t len,
		       bool last)
{
	ZSTD_inBuffer in = { piece, len, 0 };
	ZSTD_outBuffer out = { c->bytes, c->room, 0 };

	/* Else an error, or there is more, for which there would be room. */
	return ZSTD_compressStream2(c->zstd, &out, &in,
				    last ? ZSTD_e_end : ZSTD_e_flush) ?
		       0 :
		       out.pos;
}

static size_t run_gzip(struct compressor *c, const uint8_t *piece, size_t len)
{
	z_stream *z = &c->gzip;

	deflateReset(z);
	z->next_in = bytes_unconst(piece);
	z->avail_in = (uInt)len;
	z->next_out = c->bytes;
	z->avail_out = (uInt)c->room;
	return deflate(z, Z_FINISH) == Z_STREAM_END ? c->room - z->avail_out :
						      0;
}

size_t compressor_run(struct compressor *c, const uint8_t *piece, size_t len,
		      bool last, const uint8_t **out)
{
	*out = c->bytes;
	return c->zstd ? run_zstd(c, piece, len, last) :
			 run_gzip(c, piece, len);
}
