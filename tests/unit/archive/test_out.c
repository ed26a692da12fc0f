/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>

#include "archive/out.h"
#include "bytes.h"
#include "output/pcapng/pcapng_writer.h"
#include "pcapng.h"
#include "single.h"
#include "tree.h"

static uint8_t block[28];

static void make_block(void)
{
	struct wbuf w = wbuf_of(block, sizeof(block));

	wbuf_u32(&w, PCAPNG_BLOCK_SHB);
	wbuf_u32(&w, sizeof(block));
	wbuf_u32(&w, PCAPNG_BYTE_ORDER_MAGIC);
	wbuf_u16(&w, PCAPNG_VERSION_MAJOR);
	wbuf_u16(&w, PCAPNG_VERSION_MINOR);
	wbuf_u64(&w, UINT64_MAX);
	wbuf_u32(&w, sizeof(block));
	assert_false(w.failed);
}

static void each_block_is_written_as_it_is(void **state)
{
	uint8_t got[100];
	char path[64];
	struct opener *to;
	struct pcapng_writer *w;
	int fd;

	(void)state;
	make_block();
	snprintf(path, sizeof(path), "%s/out", tree_path);
	to = single(path);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(archive_out_open(&w, to, COMPRESSION_NONE), 0);
	opener_stop(to);
	assert_int_equal(archive_out_block(w, block, sizeof(block)), 0);
	assert_int_equal(archive_out_block(w, block, sizeof(block)), 0);
	assert_int_equal(archive_out_close(w, 0), 0);
	fd = openat(tree_fd, "out", O_RDONLY);
	assert_int_equal(read(fd, got, sizeof(got)), 2 * sizeof(block));
	close(fd);
	assert_memory_equal(got, block, sizeof(block));
	assert_memory_equal(got + sizeof(block), block, sizeof(block));
}

static void the_first_error_is_the_one_that_counts(void **state)
{
	struct opener *to;
	struct pcapng_writer *w;
	char path[64];

	(void)state;
	make_block();
	snprintf(path, sizeof(path), "%s/out", tree_path);
	to = single(path);
	assert_int_equal(archive_out_open(&w, to, COMPRESSION_NONE), 0);
	opener_stop(to);
	assert_int_equal(archive_out_close(w, -EBADMSG), -EBADMSG);
	to = single(tree_path);
	assert_int_equal(archive_out_open(&w, to, COMPRESSION_NONE), -EISDIR);
	opener_stop(to);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(each_block_is_written_as_it_is),
		tree_test(the_first_error_is_the_one_that_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
