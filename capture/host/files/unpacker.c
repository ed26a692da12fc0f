/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "host/files/unpacker.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "host/files/compressor.h"

static const struct {
	enum compression kind;
	size_t len;
	uint8_t bytes[4];
} beginnings[] = {
	{ COMPRESSION_GZIP, 2, { 31, 139 } },
	{ COMPRESSION_ZSTD, 4, { 0x28, 0xb5, 0x2f, 0xfd } },
};

struct unpacker {
	enum compression kind; /* COMPRESSION_BY_NAME: not known yet */
	ZSTD_DStream *zstd;
	z_stream gzip;
	bool has_gzip;
	bool member_ended; /* of gzip's, and another may follow */
	bool is_full;	   /* there may be more of what was read */
	size_t len;	   /* of what was read */
	size_t at;	   /* what was taken of it */
	uint8_t in[UNPACKER_BYTES];
	uint8_t out[UNPACKER_BYTES];
};

struct unpacker *unpacker_new(void)
{
	return calloc(1, sizeof(struct unpacker));
}

void unpacker_free(struct unpacker *u)
{
	if (!u)
		return;
	ZSTD_freeDStream(u->zstd);
	if (u->has_gzip)
		inflateEnd(&u->gzip);
	free(u);
}

ssize_t unpacker_read(struct unpacker *u, int fd)
{
	ssize_t n;

	/* Less than a beginning may have come: it is kept. */
	if (u->at == u->len)
		u->at = u->len = 0;
	do
		n = read(fd, u->in + u->len, sizeof(u->in) - u->len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	/* What is no beginning by its end never will be one. */
	if (!n && u->kind == COMPRESSION_BY_NAME)
		u->kind = COMPRESSION_NONE;
	u->len += (size_t)n;
	return n;
}

/* True when it is known, with what that needs. */
static bool find_kind(struct unpacker *u)
{
	bool may_be = !u->len;

	if (u->kind != COMPRESSION_BY_NAME)
		return true;
	for (size_t i = 0; i < sizeof(beginnings) / sizeof(*beginnings); i++) {
		size_t len = beginnings[i].len;

		if (memcmp(u->in, beginnings[i].bytes,
			   u->len < len ? u->len : len))
			continue;
		may_be = true;
		if (u->len >= len)
			u->kind = beginnings[i].kind;
	}
	if (!may_be)
		u->kind = COMPRESSION_NONE;
	return u->kind != COMPRESSION_BY_NAME;
}

static ssize_t take_zstd(struct unpacker *u)
{
	ZSTD_inBuffer in = { u->in, u->len, u->at };
	ZSTD_outBuffer out = { u->out, sizeof(u->out), 0 };

	if (!u->zstd)
		u->zstd = ZSTD_createDStream();
	if (!u->zstd)
		return -ENOMEM;
	if (ZSTD_isError(ZSTD_decompressStream(u->zstd, &out, &in)))
		return -EBADMSG;
	u->at = in.pos;
	return (ssize_t)out.pos;
}

static ssize_t take_gzip(struct unpacker *u)
{
	z_stream *z = &u->gzip;
	int end;

	if (!u->has_gzip && inflateInit2(z, COMPRESSION_GZIP_BITS) != Z_OK)
		return -ENOMEM;
	u->has_gzip = true;
	if (u->member_ended)
		inflateReset(z);
	z->next_in = u->in + u->at;
	z->avail_in = (uInt)(u->len - u->at);
	z->next_out = u->out;
	z->avail_out = sizeof(u->out);
	end = inflate(z, Z_NO_FLUSH);
	/* It had nothing more to say of what was there. */
	if (end == Z_BUF_ERROR)
		end = Z_OK;
	if (end != Z_OK && end != Z_STREAM_END)
		return -EBADMSG;
	u->member_ended = end == Z_STREAM_END;
	u->at = u->len - z->avail_in;
	return (ssize_t)(sizeof(u->out) - z->avail_out);
}

static ssize_t take_piece(struct unpacker *u, const uint8_t **out)
{
	size_t n = u->len - u->at;

	*out = u->out;
	if (u->kind == COMPRESSION_GZIP)
		return take_gzip(u);
	if (u->kind == COMPRESSION_ZSTD)
		return take_zstd(u);
	*out = u->in + u->at;
	u->at = u->len;
	return (ssize_t)n;
}

ssize_t unpacker_take(struct unpacker *u, const uint8_t **out)
{
	ssize_t n = 0;

	if (!find_kind(u))
		return 0;
	/* What fills all room may not be all, though nothing is left to read. */
	while (!n && (u->at < u->len || u->is_full)) {
		n = take_piece(u, out);
		u->is_full = n == UNPACKER_BYTES && *out == u->out;
	}
	return n;
}

/* ---- whole files ---- */

struct unpacked {
	uint8_t *bytes;
	size_t len;
	size_t room;
};

static int add_unpacked(struct unpacked *a, const uint8_t *bytes, size_t n,
			size_t max)
{
	size_t room = a->room ? a->room : 16 * UNPACKER_BYTES;
	uint8_t *more;

	while (room < a->len + n)
		room *= 2;
	if (a->len + n > max)
		return -EFBIG;
	if (room != a->room) {
		more = realloc(a->bytes, room);
		if (!more)
			return -ENOMEM;
		a->bytes = more;
		a->room = room;
	}
	memcpy(a->bytes + a->len, bytes, n);
	a->len += n;
	return 0;
}

static int unpack_all(struct unpacker *u, int fd, size_t max,
		      struct unpacked *a)
{
	const uint8_t *bytes;
	ssize_t n = 0;
	int err = 0;

	while (!err && n >= 0 && (n = unpacker_read(u, fd)) > 0) {
		if (find_kind(u) && u->kind == COMPRESSION_NONE)
			return 0;
		while (!err && (n = unpacker_take(u, &bytes)) > 0)
			err = add_unpacked(a, bytes, (size_t)n, max);
	}
	return err ? err : n == -EBADMSG ? 0 : (int)n;
}

int unpacker_all(int fd, size_t max, uint8_t **out, size_t *len)
{
	struct unpacker *u = unpacker_new();
	struct unpacked a = { 0 };
	int err = u ? unpack_all(u, fd, max, &a) : -ENOMEM;

	unpacker_free(u);
	if (err) {
		free(a.bytes);
		a = (struct unpacked){ 0 };
	}
	*out = a.bytes;
	*len = a.len;
	return err;
}
