/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bytes are those of draft-ietf-opsawg-pcapng, written out. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bytes.h"
#include "host/clocks.h"
#include "exact.h"
#include "pcapng.h"
#include "output/pcapng/pcapng_writer.h"

#define SECOND_NS 1000000000ull

static char path[] = "/tmp/pktwho-test-XXXXXX";
static uint8_t file[4 << 20];

static int make_file(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	signal(SIGPIPE, SIG_IGN); /* as the session does */
	signal(SIGXFSZ, SIG_IGN);
	return close(fd);
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

static size_t read_file(void)
{
	int fd = open(path, O_RDONLY);
	ssize_t n = read(fd, file, sizeof(file));

	assert_in_range(n, 0, sizeof(file) - 1);
	close(fd);
	return (size_t)n;
}

static struct pcapng_writer *open_writer(const char *where)
{
	struct pcapng_writer *w = NULL;

	assert_int_equal(pcapng_writer_take(&w, pcapng_output_open(where)), 0);
	assert_non_null(w);
	return w;
}

static int write_packet(struct pcapng_writer *w, const void *data,
			uint32_t caplen)
{
	struct pcapng_packet p = { .caplen = caplen,
				   .len = caplen,
				   .ts_ns = 0x0123456789abcdef,
				   .data = data };

	return pcapng_writer_packet(w, &p);
}

/* Walks whole blocks to the end of the file; the number of them. */
static int count_blocks(size_t size)
{
	int n = 0;

	for (size_t at = 0; at < size; n++) {
		uint64_t total;

		assert_true(size - at >= 12);
		total = get_le(file + at + 4, 4);
		assert_int_equal(total % 4, 0);
		assert_in_range(total, 12, size - at);
		assert_int_equal(get_le(file + at + total - 4, 4), total);
		at += total;
	}
	return n;
}

/* ---- blocks ---- */

static void names_of_addresses_have_known_bytes(void **state)
{
	static const uint8_t v4[16] = { [10] = 0xff, [11] = 0xff, 192, 0, 2, 1 };
	static const uint8_t v6[16] = { 0x20, 1, [15] = 7 };
	/* clang-format off */
	static const uint8_t want[] = {
		4, 0, 0, 0, 28, 0, 0, 0, 1, 0, 7, 0,
		192, 0, 2, 1, 'a', 'b', 0, 0, 0, 0, 0, 0,
		28, 0, 0, 0,
		4, 0, 0, 0, 40, 0, 0, 0, 2, 0, 20, 0,
		0x20, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7,
		'a', 'b', 'c', 0, 0, 0, 0, 0,
		40, 0, 0, 0,
	};
	/* clang-format on */
	struct pcapng_writer *w = open_writer(path);

	(void)state;
	assert_int_equal(pcapng_writer_name(w, v4, "ab"), 0);
	assert_int_equal(pcapng_writer_name(w, v6, "abc"), 0);
	assert_int_equal(pcapng_writer_close(w), 0);
	assert_int_equal(read_file(), sizeof(want));
	assert_memory_equal(file, want, sizeof(want));
}

static void a_file_has_known_bytes(void **state)
{
	/* clang-format off */
	static const uint8_t want[] = {
		/* Section Header Block */
		0x0a, 0x0d, 0x0d, 0x0a, 52, 0, 0, 0,
		0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		3, 0, 5, 0, 'L', 'i', 'n', 'u', 'x', 0, 0, 0,
		4, 0, 2, 0, 'p', 'w', 0, 0,
		0, 0, 0, 0, 52, 0, 0, 0,
		/* Interface Description Block, Ethernet, snaplen 256 */
		1, 0, 0, 0, 48, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0,
		2, 0, 2, 0, 'l', 'o', 0, 0,
		9, 0, 1, 0, 9, 0, 0, 0,
		11, 0, 3, 0, 0, 'i', 'p', 0,
		0, 0, 0, 0, 48, 0, 0, 0,
		/* Enhanced Packet Block, 5 of 9 bytes, one option */
		6, 0, 0, 0, 52, 0, 0, 0, 0, 0, 0, 0,
		0x67, 0x45, 0x23, 0x01, 0xef, 0xcd, 0xab, 0x89,
		5, 0, 0, 0, 9, 0, 0, 0,
		'h', 'e', 'l', 'l', 'o', 0, 0, 0,
		2, 0, 4, 0, 1, 0, 0, 0,
		0, 0, 0, 0, 52, 0, 0, 0,
		/* Custom Block, PEN 32473 */
		0xad, 0x0b, 0, 0, 20, 0, 0, 0, 0xd9, 0x7e, 0, 0,
		'P', 'W', '!', 0, 20, 0, 0, 0,
	};
	/* clang-format on */
	static const struct pcapng_interface lo = {
		.name = "lo",
		.filter = "ip",
		.linktype = 1,
		.snaplen = 256,
	};
	struct iovec flags = { "\2\0\4\0\1\0\0", 8 };
	struct pcapng_packet p = { .caplen = 5,
				   .len = 9,
				   .ts_ns = 0x0123456789abcdef,
				   .data = (const uint8_t *)"hello",
				   .options = &flags,
				   .option_count = 1 };
	struct pcapng_writer *w = open_writer(path);

	(void)state;
	assert_int_equal(pcapng_writer_section(w, NULL, "Linux", "pw", NULL),
			 0);
	assert_int_equal(pcapng_writer_interface(w, &lo), 0);
	assert_int_equal(pcapng_writer_packet(w, &p), 0);
	assert_int_equal(pcapng_writer_custom(w, "PW!", 3), 0);
	assert_int_equal(pcapng_writer_close(w), 0);
	assert_int_equal(read_file(), sizeof(want));
	assert_memory_equal(file, want, sizeof(want));
	assert_int_equal(pcapng_writer_close(NULL), 0);
}

static void statistics_have_known_bytes(void **state)
{
	/* clang-format off */
	static const uint8_t want[] = {
		5, 0, 0, 0, 108, 0, 0, 0, 1, 0, 0, 0,
		2, 0, 0, 0, 3, 0, 0, 0,			/* at its end */
		1, 0, 2, 0, 'o', 'k', 0, 0,
		2, 0, 8, 0, 0, 0, 0, 0, 7, 0, 0, 0,	/* high half first */
		3, 0, 8, 0, 2, 0, 0, 0, 3, 0, 0, 0,
		4, 0, 8, 0, 9, 0, 0, 0, 1, 0, 0, 0,
		5, 0, 8, 0, 4, 0, 0, 0, 0, 0, 0, 0,
		7, 0, 8, 0, 5, 0, 0, 0, 0, 0, 0, 0,
		8, 0, 8, 0, 6, 0, 0, 0, 0, 0, 0, 0,
		0, 0, 0, 0, 108, 0, 0, 0,
	};
	/* clang-format on */
	struct pcapng_statistics s = {
		.interface = 1,
		.start_ns = 7,
		.end_ns = 0x200000003,
		.received = 0x100000009,
		.if_dropped = 4,
		.os_dropped = 5,
		.delivered = 6,
		.comment = "ok",
	};
	struct pcapng_writer *w = open_writer(path);

	(void)state;
	assert_int_equal(pcapng_writer_statistics(w, &s), 0);
	assert_int_equal(pcapng_writer_flush(w), 0);
	assert_int_equal(read_file(), sizeof(want));
	assert_memory_equal(file, want, sizeof(want));
	assert_int_equal(pcapng_writer_close(w), 0);
}

/* Each length of everything that is padded, several interfaces. */
static void every_block_is_whole(void **state)
{
	static const char text[] = "0123456789";
	struct pcapng_writer *w = open_writer(path);
	int blocks = 0;

	(void)state;
	for (size_t n = 0; n < sizeof(text); n++) {
		const char *s = text + sizeof(text) - 1 - n;
		struct pcapng_interface i = { .name = s, .filter = s, .os = s };
		struct pcapng_statistics stats = { .comment = s };
		const char *const comments[] = { s, s, NULL };

		assert_int_equal(pcapng_writer_section(w, s, s, s, comments),
				 0);
		assert_int_equal(pcapng_writer_interface(w, &i), 0);
		assert_int_equal(pcapng_writer_interface(w, &i), 0);
		assert_int_equal(write_packet(w, s, (uint32_t)n), 0);
		assert_int_equal(pcapng_writer_custom(w, s, n), 0);
		assert_int_equal(pcapng_writer_statistics(w, &stats), 0);
		blocks += 6;
	}
	assert_int_equal(pcapng_writer_close(w), 0);
	assert_int_equal(count_blocks(read_file()), blocks);
}

/* The largest packets, far more than the buffer holds. */
static void large_blocks_are_written(void **state)
{
	static uint8_t data[262144];
	struct pcapng_writer *w = open_writer(path);

	(void)state;
	for (int i = 0; i < 12; i++) {
		memset(data, i, sizeof(data));
		assert_int_equal(write_packet(w, data, sizeof(data)), 0);
		assert_int_equal(write_packet(w, "x", 1), 0);
	}
	assert_int_equal(pcapng_writer_close(w), 0);
	assert_int_equal(count_blocks(read_file()), 24);
	assert_int_equal(file[28 + 1000], 0);
	/* What Wireshark takes as one, and the packet's own length. */
	assert_int_equal(get_le(file + 4, 4), PCAPNG_MAX_BLOCK);
	assert_int_equal(get_le(file + 20, 4), PCAPNG_MAX_BLOCK - 36);
	assert_int_equal(get_le(file + 24, 4), sizeof(data));
}

/* It is the block that fails, not the file. */
static void a_block_too_large_is_left_out(void **state)
{
	struct pcapng_writer *w = open_writer(path);

	(void)state;
	assert_int_equal(write_packet(w, "x", 1), 0);
	assert_int_equal(pcapng_writer_custom(w, file, sizeof(file)),
			 -EMSGSIZE);
	assert_int_equal(write_packet(w, "x", 1), 0);
	assert_int_equal(pcapng_writer_close(w), 0);
	assert_int_equal(count_blocks(read_file()), 2);
}

static void a_long_filter_is_cut(void **state)
{
	struct pcapng_interface i = { .name = "lo" };
	struct pcapng_writer *w = open_writer(path);
	char *filter = malloc(100001);

	(void)state;
	memset(filter, 'f', 100000);
	filter[100000] = '\0';
	i.filter = filter;
	assert_int_equal(pcapng_writer_interface(w, &i), 0);
	assert_int_equal(pcapng_writer_close(w), 0);
	assert_int_equal(count_blocks(read_file()), 1);
	free(filter);
}

/* ---- files ---- */

static void a_file_is_its_owners_alone(void **state)
{
	struct pcapng_writer *w;
	struct stat st;

	(void)state;
	unlink(path);
	w = open_writer(path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(write_packet(w, "x", 1), 0);
	assert_int_equal(pcapng_writer_close(w), 0);

	w = open_writer(path); /* again: emptied */
	assert_int_equal(pcapng_writer_close(w), 0);
	assert_int_equal(read_file(), 0);
}

static void a_file_that_cannot_be_made_is_refused(void **state)
{
	(void)state;
	assert_int_equal(pcapng_output_open("/nonexistent/x"), -ENOENT);
	assert_int_equal(pcapng_output_open("/"), -EISDIR);
	assert_int_equal(pcapng_output_open(""), -ENOENT);
}

/* Whatever is tried after it, the first error is the answer. */
static void assert_failed(struct pcapng_writer *w, int err)
{
	static const struct pcapng_interface lo = { .name = "lo" };
	struct pcapng_statistics s = { 0 };

	for (int i = 0; i < 20000; i++)
		assert_int_equal(write_packet(w, "0123456789", 10), err);
	assert_int_equal(pcapng_writer_section(w, NULL, NULL, NULL, NULL), err);
	assert_int_equal(pcapng_writer_interface(w, &lo), err);
	assert_int_equal(pcapng_writer_custom(w, "x", 1), err);
	assert_int_equal(pcapng_writer_statistics(w, &s), err);
	assert_int_equal(pcapng_writer_flush(w), err);
	assert_int_equal(pcapng_writer_close(w), err);
}

static void a_full_disk_is_told(void **state)
{
	struct pcapng_writer *w = open_writer("/dev/full");

	(void)state;
	assert_int_equal(write_packet(w, "x", 1), 0);
	assert_int_equal(pcapng_writer_flush(w), -ENOSPC);
	assert_failed(w, -ENOSPC);

	w = open_writer("/dev/full"); /* or at the very end */
	assert_int_equal(write_packet(w, "x", 1), 0);
	assert_int_equal(pcapng_writer_close(w), -ENOSPC);
}

static void a_reader_that_leaves_is_told(void **state)
{
	struct pcapng_writer *w;
	char name[32];
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fds[1]);
	w = open_writer(name);
	assert_int_equal(write_packet(w, "x", 1), 0);
	assert_int_equal(pcapng_writer_flush(w), 0);
	close(fds[0]);
	close(fds[1]);
	assert_int_equal(write_packet(w, "x", 1), 0);
	assert_int_equal(pcapng_writer_flush(w), -EPIPE);
	assert_failed(w, -EPIPE);
}

/* Some blocks of 40 bytes, and a limit anywhere within them. */
static void a_file_ends_with_a_whole_block(void **state)
{
	struct rlimit old, limit;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	for (rlim_t most = 0; most < 200; most++) {
		struct pcapng_writer *w = open_writer(path);

		limit = old;
		limit.rlim_cur = most;
		setrlimit(RLIMIT_FSIZE, &limit);
		for (int i = 0; i < 2; i++)
			assert_int_equal(write_packet(w, "0123", 4), 0);
		pcapng_writer_flush(w);
		for (int i = 0; i < 3; i++)
			write_packet(w, "0123", 4);
		assert_int_equal(pcapng_writer_flush(w), -EFBIG);
		assert_int_equal(pcapng_writer_close(w), -EFBIG);
		setrlimit(RLIMIT_FSIZE, &old);
		/* The two of a flush that worked, and all whole ones since. */
		assert_int_equal(read_file(), most / 40 * 40);
		count_blocks(read_file());
	}
}

/* Two of the five are out by then, if there is room; the rest is counted. */
static void what_a_failure_takes_is_counted(void **state)
{
	struct rlimit old, limit;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	for (rlim_t most = 80; most < 200; most += 4) {
		struct pcapng_writer *w = open_writer(path);

		limit = old;
		limit.rlim_cur = most;
		setrlimit(RLIMIT_FSIZE, &limit);
		for (int i = 0; i < 5; i++) {
			assert_int_equal(write_packet(w, "0123", 4), 0);
			if (i == 1)
				assert_int_equal(pcapng_writer_flush(w), 0);
		}
		assert_int_equal(pcapng_writer_flush(w), -EFBIG);
		/* What is refused is the caller's to count. */
		assert_int_equal(write_packet(w, "0123", 4), -EFBIG);
		assert_int_equal(pcapng_writer_unwritten(w), 5 - most / 40);
		assert_int_equal(pcapng_writer_close(w), -EFBIG);
		setrlimit(RLIMIT_FSIZE, &old);
	}
}

static int write_when_there_is_room(struct pcapng_writer *w,
				    const uint8_t *data, size_t size)
{
	struct pollfd p = { .fd = STDOUT_FILENO, .events = POLLOUT };
	int err;

	while ((err = write_packet(w, data, size)) == -EAGAIN) {
		poll(&p, 1, 1000);
		pcapng_writer_flush(w);
	}
	return err;
}

/* A child writes to its stdout; what comes out of it and how it ended. */
static size_t through_stdout(int flags, int *status)
{
	static uint8_t data[1000];
	size_t got = 0;
	ssize_t n;
	int fds[2];
	pid_t pid;

	assert_int_equal(pipe2(fds, flags), 0);
	fcntl(fds[0], F_SETFL, 0);
	pid = fork();
	if (!pid) {
		struct pcapng_writer *w = NULL;
		int err = dup2(fds[1], STDOUT_FILENO) < 0;

		err |= pcapng_writer_take(&w, STDOUT_FILENO);
		for (int i = 0; i < 2000 && !err; i++)
			err = write_when_there_is_room(w, data, sizeof(data));
		pcapng_writer_be_patient(w, SECOND_NS, -1);
		_exit(pcapng_writer_close(w) || err);
	}
	close(fds[1]);
	usleep(20000); /* until its pipe is full */
	while ((n = read(fds[0], file + got, sizeof(file) - got)) > 0)
		got += (size_t)n;
	close(fds[0]);
	assert_int_equal(waitpid(pid, status, 0), pid);
	return got;
}

/* Until it refuses one: the number of packets. */
static int fill(struct pcapng_writer *w)
{
	static uint8_t data[1000];
	int err = 0, written = 0;

	for (; !err && written < 10000; written++)
		err = write_packet(w, data, sizeof(data));
	assert_int_equal(err, -EAGAIN);
	return written;
}

/* A writer to fds[1], as its stdout. */
static struct pcapng_writer *open_stdout(const int fds[2], int *saved)
{
	fflush(stdout);
	*saved = dup(STDOUT_FILENO);
	assert_true(dup2(fds[1], STDOUT_FILENO) >= 0);
	return open_writer("-");
}

static void close_stdout(const int fds[2], int saved)
{
	dup2(saved, STDOUT_FILENO);
	close(saved);
	close(fds[0]);
	close(fds[1]);
}

/* A pipe takes half a packet, too, and that is none for its reader. */
static void what_a_reader_leaves_is_counted(void **state)
{
	(void)state;
	for (int reads = 0; reads < 3; reads++) {
		int fds[2], saved, taken, missing = 0;
		struct pcapng_writer *w;
		ssize_t got = 0;

		assert_int_equal(pipe(fds), 0);
		w = open_stdout(fds, &saved);
		taken = fill(w) - 1;
		for (int i = 0; i < reads; i++) {
			got += read(fds[0], file + got, 9999);
			pcapng_writer_flush(w);
		}
		fcntl(fds[0], F_SETFL, O_NONBLOCK);
		for (ssize_t n; (n = read(fds[0], file + got,
					  sizeof(file) - (size_t)got)) > 0;)
			got += n;
		close(fds[0]);
		missing = (int)pcapng_writer_unwritten(w);
		pcapng_writer_close(w);
		close_stdout(fds, saved);
		assert_int_equal(taken - missing, got / 1036);
		assert_true(got % 1036);
	}
}

/* A reader that sleeps costs no call more than a refusal, and no end a hang. */
static void a_reader_that_sleeps_is_not_waited_for(void **state)
{
	(void)state;
	for (int is_socket = 0; is_socket < 2; is_socket++) {
		int fds[2], saved, written, patient;
		struct pcapng_writer *w;

		assert_int_equal(is_socket ? socketpair(AF_UNIX, SOCK_STREAM, 0,
							fds) :
					     pipe(fds),
				 0);
		w = open_stdout(fds, &saved);
		written = fill(w);
		patient = pcapng_writer_be_patient(w, 10 * SECOND_NS, -1);
		assert_int_equal(pcapng_writer_close(w), -ETIMEDOUT);
		close_stdout(fds, saved);
		assert_int_equal(patient, -ETIMEDOUT);
		/* 512 KiB of ours, and 64 KiB of a pipe to 1 MiB. */
		assert_in_range(written, 500, 1600);
	}
}

/* Then blocks are refused as before, and the end may be waited for anew. */
static void patience_has_an_end(void **state)
{
	uint64_t begin = clock_ns(CLOCK_MONOTONIC);
	struct pcapng_writer *w;
	int fds[2], saved, err;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	w = open_stdout(fds, &saved);
	fill(w);
	err = pcapng_writer_be_patient(w, SECOND_NS / 10, -1);
	assert_int_equal(fill(w), 1);
	assert_in_range(clock_ns(CLOCK_MONOTONIC) - begin, SECOND_NS / 10,
			9 * SECOND_NS);
	/* This pipe can be read: somebody does not want to wait. */
	err |= pcapng_writer_be_patient(w, 10 * SECOND_NS, fds[0]) + ETIMEDOUT;
	assert_int_equal(write_packet(w, "x", 1), -ETIMEDOUT);
	assert_int_equal(pcapng_writer_close(w), -ETIMEDOUT);
	close_stdout(fds, saved);
	assert_int_equal(err, 0);
	assert_in_range(clock_ns(CLOCK_MONOTONIC) - begin, 0, 9 * SECOND_NS);
}

/* Even if someone else made it non-blocking. */
static void stdout_takes_it_all(void **state)
{
	static const int flags[] = { 0, O_NONBLOCK };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		int status = -1;
		size_t size = through_stdout(flags[i], &status);

		assert_int_equal(status, 0);
		assert_int_equal(count_blocks(size), 2000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_has_known_bytes),
		cmocka_unit_test(names_of_addresses_have_known_bytes),
		cmocka_unit_test(statistics_have_known_bytes),
		cmocka_unit_test(every_block_is_whole),
		cmocka_unit_test(large_blocks_are_written),
		cmocka_unit_test(a_block_too_large_is_left_out),
		cmocka_unit_test(a_long_filter_is_cut),
		cmocka_unit_test(a_file_is_its_owners_alone),
		cmocka_unit_test(a_file_that_cannot_be_made_is_refused),
		cmocka_unit_test(a_full_disk_is_told),
		cmocka_unit_test(a_reader_that_leaves_is_told),
		cmocka_unit_test(a_file_ends_with_a_whole_block),
		cmocka_unit_test(what_a_failure_takes_is_counted),
		cmocka_unit_test(what_a_reader_leaves_is_counted),
		cmocka_unit_test(stdout_takes_it_all),
		cmocka_unit_test(a_reader_that_sleeps_is_not_waited_for),
		cmocka_unit_test(patience_has_an_end),
	};

	return cmocka_run_group_tests_name("pcapng_writer", tests, make_file,
					   remove_file);
}
