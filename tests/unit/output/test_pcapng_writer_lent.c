/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Large packets, which a file gets from where they are. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <unistd.h>

#include "bytes.h"
#include "exact.h"
#include "host/clocks.h"
#include "output/pcapng/pcapng_writer.h"

static const uint32_t sizes[] = {
	60, 16383, 16384, 60, 16385, 16386, 16387, 65535, 200001, 3, 262144,
	262144, 16384,
};

#define PACKETS (sizeof(sizes) / sizeof(*sizes))
#define ROOM	(2u << 20)

static uint8_t data[262144], of_file[ROOM], of_memory[ROOM];
static char path[] = "/tmp/pktwho-test-XXXXXX";
static int calls;

ssize_t __real_writev(int fd, const struct iovec *parts, int count);
ssize_t __wrap_writev(int fd, const struct iovec *parts, int count);
ssize_t __wrap_writev(int fd, const struct iovec *parts, int count)
{
	calls++;
	return __real_writev(fd, parts, count);
}

static int begin(void **state)
{
	(void)state;
	signal(SIGXFSZ, SIG_IGN);	/* as the session does */
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7 >> 3);
	return close(mkstemp(path));
}

static int end(void **state)
{
	(void)state;
	return unlink(path);
}

static int put(struct pcapng_writer *w, uint32_t size)
{
	const struct iovec flags = { bytes_unconst("\2\0\4\0abcd"), 8 };
	const struct pcapng_packet p = {
		.caplen = size, .len = size, .ts_ns = size, .data = data,
		.options = &flags, .option_count = 1,
	};

	return pcapng_writer_packet(w, &p);
}

static size_t bytes_of(int fd, uint8_t *bytes)
{
	ssize_t n = pread(fd, bytes, ROOM, 0);

	assert_in_range(n, 0, ROOM - 1);
	return (size_t)n;
}

static size_t bytes_of_file(void)
{
	int fd = open(path, O_RDONLY);
	size_t n = bytes_of(fd, of_file);

	close(fd);
	return n;
}

/* What has no name takes copies. */
static size_t copied(void)
{
	int fd = memfd_create("copied", 0);
	struct pcapng_writer *w;
	size_t n;

	calls = 0;
	assert_int_equal(pcapng_writer_take(&w, dup(fd)), 0);
	for (size_t i = 0; i < PACKETS; i++)
		assert_int_equal(put(w, sizes[i]), 0);
	assert_int_equal(pcapng_writer_close(w), 0);
	assert_int_equal(calls, 0);
	n = bytes_of(fd, of_memory);
	close(fd);
	return n;
}

static struct pcapng_writer *open_file(void)
{
	struct pcapng_writer *w;

	calls = 0;
	assert_int_equal(pcapng_writer_open(&w, path), 0);
	return w;
}

static void a_file_is_the_same(void **state)
{
	size_t whole = copied();
	struct pcapng_writer *w = open_file();

	(void)state;
	for (size_t i = 0; i < PACKETS; i++)
		assert_int_equal(put(w, sizes[i]), 0);
	assert_int_equal(calls, 9);
	assert_int_equal(pcapng_writer_position(w), whole);
	assert_int_equal(pcapng_writer_size(w), whole);
	assert_int_equal(pcapng_writer_close(w), 0);
	assert_int_equal(bytes_of_file(), whole);
	assert_memory_equal(of_file, of_memory, whole);
}

/* All of it comes once there is room, wherever that had ended. */
static void a_full_disk_takes_the_rest_later(void **state)
{
	size_t whole = copied();
	struct rlimit old, limit;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	limit = old;
	for (limit.rlim_cur = 1; limit.rlim_cur < 120000;
	     limit.rlim_cur += 1777) {
		struct pcapng_writer *w = open_file();
		size_t n;

		pcapng_writer_endure(w);
		setrlimit(RLIMIT_FSIZE, &limit);
		for (size_t i = 0; i < 8; i++)
			assert_int_equal(put(w, sizes[i]), 0);
		assert_int_equal(pcapng_writer_flush(w), 0);
		assert_int_equal(pcapng_writer_full(w), -EFBIG);
		n = bytes_of_file();
		assert_in_range(n, 0, limit.rlim_cur);
		assert_memory_equal(of_file, of_memory, n);
		setrlimit(RLIMIT_FSIZE, &old);
		for (size_t i = 8; i < PACKETS; i++)
			while (put(w, sizes[i]) == -EAGAIN)
				pcapng_writer_be_patient(w, 1000000000, -1);
		assert_int_equal(pcapng_writer_unwritten(w), 0);
		assert_int_equal(pcapng_writer_close(w), 0);
		assert_int_equal(bytes_of_file(), whole);
		assert_memory_equal(of_file, of_memory, whole);
	}
}

static void what_somebody_cuts_is_seen(void **state)
{
	struct pcapng_writer *w = open_file();

	(void)state;
	assert_int_equal(put(w, 20000), 0);
	assert_false(pcapng_writer_is_cut(w));
	assert_int_equal(truncate(path, 100), 0);
	put(w, 20000);
	assert_true(pcapng_writer_is_cut(w));
	pcapng_writer_close(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_the_same),
		cmocka_unit_test(a_full_disk_takes_the_rest_later),
		cmocka_unit_test(what_somebody_cuts_is_seen),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
