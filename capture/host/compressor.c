/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "host/compressor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "bytes.h"

#define GZIP_BITS   (15 + 16)	/* the largest window, and gzip's header */
#define GZIP_MEMORY 8		/* zlib's default */

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
					   GZIP_BITS, GZIP_MEMORY,
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
		       0 : out.pos;
}

static size_t run_gzip(struct compressor *c, const uint8_t *piece, size_t len)
{
	z_stream *z = &c->gzip;

	deflateReset(z);
	z->next_in = bytes_unconst(piece);
	z->avail_in = (uInt)len;
	z->next_out = c->bytes;
	z->avail_out = (uInt)c->room;
	return deflate(z, Z_FINISH) == Z_STREAM_END ?
		       c->room - z->avail_out : 0;
}

size_t compressor_run(struct compressor *c, const uint8_t *piece, size_t len,
		      bool last, const uint8_t **out)
{
	*out = c->bytes;
	return c->zstd ? run_zstd(c, piece, len, last) :
			 run_gzip(c, piece, len);
}

/* ---- the other way ---- */

#define UNDO_BYTES 65536

struct undo {
	int fd;
	size_t max;
	uint8_t in[UNDO_BYTES];
	size_t in_len;
	size_t in_at;
	uint8_t *out;
	size_t len;
	size_t room;
};

/* Some room behind what is there: 0, -EFBIG or -ENOMEM. */
static int grow_unpacked(struct undo *u)
{
	size_t room = u->room ? 2 * u->room : 16 * UNDO_BYTES;
	uint8_t *out;

	if (u->room - u->len >= UNDO_BYTES)
		return 0;
	if (room > u->max)
		return -EFBIG;
	out = realloc(u->out, room);
	if (!out)
		return -ENOMEM;
	u->out = out;
	u->room = room;
	return 0;
}

/* 1, 0 at the end, or -errno. */
static int read_more(struct undo *u)
{
	ssize_t n;

	if (u->in_at < u->in_len)
		return 1;
	do
		n = read(u->fd, u->in, sizeof(u->in));
	while (n < 0 && errno == EINTR);
	u->in_at = 0;
	u->in_len = n > 0 ? (size_t)n : 0;
	return n < 0 ? -errno : n > 0;
}

/* What is broken ends it as if the file did. */
static int undo_zstd(struct undo *u)
{
	ZSTD_DStream *z = ZSTD_createDStream();
	int err = z ? 0 : -ENOMEM, more = 1;

	while (!err && (more = read_more(u)) > 0 && !(err = grow_unpacked(u))) {
		ZSTD_inBuffer in = { u->in, u->in_len, u->in_at };
		ZSTD_outBuffer out = { u->out, u->room, u->len };

		if (ZSTD_isError(ZSTD_decompressStream(z, &out, &in)))
			break;
		u->in_at = in.pos;
		u->len = out.pos;
	}
	ZSTD_freeDStream(z);
	return err ? err : more < 0 ? more : 0;
}

static int undo_gzip(struct undo *u)
{
	z_stream z = { 0 };
	int err = inflateInit2(&z, GZIP_BITS) ? -ENOMEM : 0, more = 1, end = 0;

	if (err)
		return err;
	while (!err && (more = read_more(u)) > 0 && !(err = grow_unpacked(u))) {
		if (end == Z_STREAM_END)
			inflateReset(&z);
		z.next_in = u->in + u->in_at;
		z.avail_in = (uInt)(u->in_len - u->in_at);
		z.next_out = u->out + u->len;
		z.avail_out = UNDO_BYTES;
		end = inflate(&z, Z_NO_FLUSH);
		u->in_at = u->in_len - z.avail_in;
		u->len += UNDO_BYTES - z.avail_out;
		if (end != Z_OK && end != Z_STREAM_END)
			break;
	}
	inflateEnd(&z);
	return err ? err : more < 0 ? more : 0;
}

int compressor_undo(int fd, size_t max, uint8_t **out, size_t *len)
{
	static const uint8_t zstd[] = { 0x28, 0xb5, 0x2f, 0xfd };
	struct undo *u = calloc(1, sizeof(*u));
	int err = u ? 0 : -ENOMEM;

	*out = NULL;
	if (err)
		return err;
	u->fd = fd;
	u->max = max;
	err = read_more(u);
	if (err > 0 && u->in_len >= 4 && !memcmp(u->in, zstd, 4))
		err = undo_zstd(u);
	else if (err > 0 && u->in_len >= 2 && u->in[0] == 31 &&
		 u->in[1] == 139)
		err = undo_gzip(u);
	if (err >= 0) {
		*out = u->out;
		*len = u->len;
		err = 0;
	} else {
		free(u->out);
	}
	free(u);
	return err;
}
