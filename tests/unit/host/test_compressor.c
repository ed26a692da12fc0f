/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "exact.h"

#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#include "bytes.h"
#include "host/files/compressor.h"

#define SIZE 300000

static uint8_t in[SIZE], out[SIZE];

static void fill(bool noise)
{
	uint32_t x = 1;

	for (size_t i = 0; i < SIZE; i++) {
		x = x * 1664525 + 1013904223;
		in[i] = noise ? (uint8_t)(x >> 24) : (uint8_t)(i / 100);
	}
}

struct reader {
	ZSTD_DStream *zstd; /* NULL: gzip */
};

/* What comes out of the piece, with all that came before but no more. */
static size_t undo(struct reader *r, const uint8_t *p, size_t len)
{
	ZSTD_inBuffer zin = { p, len, 0 };
	ZSTD_outBuffer zout = { out, SIZE, 0 };
	z_stream z = { .next_in = bytes_unconst(p),
		       .avail_in = (uInt)len,
		       .next_out = out,
		       .avail_out = SIZE };

	memset(out, 0xee, sizeof(out));
	if (r->zstd) {
		while (zin.pos < zin.size)
			assert_false(ZSTD_isError(
				ZSTD_decompressStream(r->zstd, &zout, &zin)));
		return zout.pos;
	}
	assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
	assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
	assert_int_equal(z.avail_in, 0);
	inflateEnd(&z);
	return SIZE - z.avail_out;
}

static void check_pieces(enum compression kind, struct reader *r)
{
	struct compressor *z;
	const uint8_t *p;

	assert_int_equal(compressor_new(&z, kind, SIZE), 0);
	for (size_t len = SIZE; len; len /= 7) {
		size_t n;

		fill(len % 2);
		n = compressor_run(z, in, len, len < 7, &p);
		assert_in_range(n, 1, compressor_bound(len));
		assert_int_equal(undo(r, p, n), len);
		assert_memory_equal(in, out, len);
	}
	compressor_free(z);
}

static void each_piece_can_be_read_at_once(void **state)
{
	struct reader gzip = { NULL }, zstd = { ZSTD_createDStream() };

	(void)state;
	check_pieces(COMPRESSION_GZIP, &gzip);
	check_pieces(COMPRESSION_ZSTD, &zstd);
	ZSTD_freeDStream(zstd.zstd);
	compressor_free(NULL);
}

static void noise_has_room(void **state)
{
	(void)state;
	fill(true);
	for (int c = COMPRESSION_GZIP; c < COMPRESSIONS; c++) {
		struct compressor *z;
		const uint8_t *p;

		assert_int_equal(compressor_new(&z, (enum compression)c, SIZE),
				 0);
		for (size_t len = 1; len <= SIZE; len = len * 3 / 2 + 1)
			assert_in_range(compressor_run(z, in, len, false, &p),
					1, compressor_bound(len));
		compressor_free(z);
	}
}

static void the_suffix_says_which(void **state)
{
	static const struct {
		const char *path;
		enum compression is;
		const char *suffix;
	} names[] = {
		{ "a.pcapng", COMPRESSION_NONE, "" },
		{ "a.pcapng.gz", COMPRESSION_GZIP, ".gz" },
		{ "a.pcapng.zst", COMPRESSION_ZSTD, ".zst" },
		{ ".gz", COMPRESSION_NONE, "" },
		{ "-", COMPRESSION_NONE, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		assert_int_equal(compression_of(COMPRESSION_BY_NAME,
						names[i].path),
				 names[i].is);
		assert_string_equal(compression_suffix(names[i].path),
				    names[i].suffix);
	}
	assert_int_equal(compression_of(COMPRESSION_NONE, "a.gz"),
			 COMPRESSION_NONE);
	assert_int_equal(compression_of(COMPRESSION_ZSTD, NULL),
			 COMPRESSION_ZSTD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_piece_can_be_read_at_once),
		cmocka_unit_test(noise_has_room),
		cmocka_unit_test(the_suffix_says_which),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
