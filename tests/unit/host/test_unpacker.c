/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was compressed comes as it was, however little comes at a time. */
#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "host/files/compressor.h"
#include "host/files/unpacker.h"

#define SIZE 300000

static uint8_t plain[SIZE], packed[2 * SIZE], got[2 * SIZE];
static size_t packed_len, got_len;
static size_t second; /* where the second piece begins */

static void fill(size_t len)
{
	for (size_t i = 0; i < len; i++)
		plain[i] = (uint8_t)(i * i >> 5);
}

/* In pieces, of which each is a member of its own where it is gzip's. */
static void pack(enum compression kind, size_t len, size_t piece)
{
	struct compressor *c;
	const uint8_t *p;

	packed_len = len;
	memcpy(packed, plain, len);
	if (kind == COMPRESSION_NONE)
		return;
	packed_len = 0;
	assert_int_equal(compressor_new(&c, kind, piece), 0);
	for (size_t at = 0, n; at < len; at += n) {
		size_t made;

		n = piece < len - at ? piece : len - at;
		made = compressor_run(c, plain + at, n, at + n == len, &p);
		memcpy(packed + packed_len, p, made);
		packed_len += made;
		second = at ? second : packed_len;
	}
	compressor_free(c);
}

/* Into @got, so many bytes at a time; 0 or -errno. */
static int unpack(size_t step)
{
	struct unpacker *u = unpacker_new();
	const uint8_t *bytes;
	int fds[2];
	size_t at = 0;
	ssize_t n = 1;

	assert_non_null(u);
	assert_int_equal(pipe(fds), 0);
	got_len = 0;
	while (n > 0) {
		size_t len = step < packed_len - at ? step : packed_len - at;

		assert_int_equal(write(fds[1], packed + at, len), len);
		at += len;
		if (!len)
			close(fds[1]);
		assert_int_equal(unpacker_read(u, fds[0]), len);
		while ((n = unpacker_take(u, &bytes)) > 0) {
			assert_in_range(n, 1, UNPACKER_BYTES);
			assert_true((size_t)n <= sizeof(got) - got_len);
			memcpy(got + got_len, bytes, (size_t)n);
			got_len += (size_t)n;
		}
		n = n < 0 ? n : (ssize_t)len;
	}
	if (n < 0)
		close(fds[1]);
	close(fds[0]);
	unpacker_free(u);
	return (int)n;
}

static void bytes_are_as_they_were(void **state)
{
	static const size_t steps[] = { 1, 3, 4096, UNPACKER_BYTES };

	(void)state;
	for (int c = COMPRESSION_NONE; c < COMPRESSIONS; c++)
		for (size_t i = 0; i < 4; i++) {
			size_t len = i < 2 ? 5000 : SIZE;

			fill(len);
			pack((enum compression)c, len, len / 3 + 1);
			assert_int_equal(unpack(steps[i]), 0);
			assert_int_equal(got_len, len);
			assert_memory_equal(got, plain, len);
		}
}

/* Not even what begins as if it were compressed. */
static void what_is_not_compressed_passes(void **state)
{
	static const char *const texts[] = { "",       "(",	 "\x1f",
					     "(\xb5/", "(\xb5x", "\x1f\x1f",
					     "text" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		for (size_t step = 1; step < 5; step++) {
			packed_len = strlen(texts[i]);
			memcpy(packed, texts[i], packed_len);
			assert_int_equal(unpack(step), 0);
			assert_int_equal(got_len, packed_len);
			assert_memory_equal(got, packed, packed_len);
		}
}

/* A little that becomes much comes in pieces, and is not kept. */
static void much_of_little_comes_in_pieces(void **state)
{
	struct unpacker *u = unpacker_new();
	const uint8_t *bytes;
	size_t sum = 0;
	ssize_t n;
	int fds[2];

	(void)state;
	assert_non_null(u);
	memset(plain, 0, SIZE);
	pack(COMPRESSION_ZSTD, SIZE, SIZE);
	assert_int_equal(pipe(fds), 0);
	assert_in_range(packed_len, 1, 200);
	assert_int_equal(write(fds[1], packed, packed_len), packed_len);
	assert_int_equal(unpacker_read(u, fds[0]), packed_len);
	while ((n = unpacker_take(u, &bytes)) > 0) {
		assert_in_range(n, 1, UNPACKER_BYTES);
		sum += (size_t)n;
	}
	assert_int_equal(n, 0);
	assert_int_equal(sum, SIZE);
	close(fds[0]);
	close(fds[1]);
	unpacker_free(u);
	unpacker_free(NULL);
}

static void what_is_cut_short_is_what_there_is(void **state)
{
	(void)state;
	for (int c = COMPRESSION_GZIP; c < COMPRESSIONS; c++) {
		fill(SIZE);
		pack((enum compression)c, SIZE, SIZE / 3);
		packed_len -= 10;
		assert_int_equal(unpack(4096), 0);
		assert_in_range(got_len, SIZE / 3, SIZE);
		assert_memory_equal(got, plain, got_len);
	}
}

static void what_is_broken_is_told(void **state)
{
	uint8_t *all;
	size_t len;
	int fd;

	(void)state;
	for (int c = COMPRESSION_GZIP; c < COMPRESSIONS; c++) {
		fill(SIZE);
		pack((enum compression)c, SIZE, SIZE / 3);
		memset(packed + second, 0xff, 20);
		assert_int_equal(unpack(UNPACKER_BYTES), -EBADMSG);
		assert_in_range(got_len, 1, SIZE / 3);
		assert_memory_equal(got, plain, got_len);
		/* Of a file that is the end. */
		tree_file("broken", packed, packed_len);
		fd = openat(tree_fd, "broken", O_RDONLY);
		assert_int_equal(unpacker_all(fd, 2 * SIZE, &all, &len), 0);
		assert_int_equal(len, got_len);
		free(all);
		assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
		assert_int_equal(unpacker_all(fd, 1000, &all, &len), -EFBIG);
		assert_null(all);
		close(fd);
	}
}

static void a_file_that_is_not_compressed_has_nothing(void **state)
{
	uint8_t *all = got;
	size_t len;
	int fd;

	(void)state;
	tree_text("plain", "(text");
	fd = openat(tree_fd, "plain", O_RDONLY);
	assert_int_equal(unpacker_all(fd, 1000, &all, &len), 0);
	assert_null(all);
	close(fd);
	assert_int_equal(unpacker_all(-1, 1000, &all, &len), -EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_are_as_they_were),
		cmocka_unit_test(what_is_not_compressed_passes),
		cmocka_unit_test(much_of_little_comes_in_pieces),
		cmocka_unit_test(what_is_cut_short_is_what_there_is),
		tree_test(what_is_broken_is_told),
		tree_test(a_file_that_is_not_compressed_has_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
