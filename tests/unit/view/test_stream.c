/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "exact.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/files/unpacker.h"
#include "view/lines/stream.h"

#define LIMIT (256u << 10)

static int reader;

static int open_stream(void **state)
{
	int fds[2];

	if (pipe(fds))
		return -1;
	reader = fds[0];
	fcntl(reader, F_SETFL, O_NONBLOCK);
	*state = stream_new(fds[1], NULL, LIMIT, false);
	return !*state;
}

static int close_stream(void **state)
{
	stream_free(*state);
	return close(reader);
}

static size_t put_lines(struct stream *s, char letter, size_t bytes)
{
	char line[1024];

	memset(line, letter, sizeof(line));
	line[sizeof(line) - 1] = '\n';
	for (size_t at = 0; at < bytes; at += sizeof(line))
		stream_put(s, line, sizeof(line));
	return bytes;
}

/* How many bytes of that letter wait in the pipe; no others do. */
static size_t read_all(char letter)
{
	char bytes[65536];
	size_t all = 0;
	ssize_t n;

	while ((n = read(reader, bytes, sizeof(bytes))) > 0) {
		for (ssize_t i = 0; i < n; i++)
			if (bytes[i] != '\n')
				assert_int_equal(bytes[i], letter);
		all += (size_t)n;
	}
	return all;
}

static void nothing_is_written_before_it_is_flushed(void **state)
{
	struct stream *s = *state;
	char line[8] = "";

	stream_put(s, "a line\n", 7);
	assert_int_equal(read(reader, line, 7), -1);
	assert_int_equal(stream_flush(s, false), 0);
	assert_int_equal(read(reader, line, 7), 7);
	assert_string_equal(line, "a line\n");
	assert_int_equal(stream_lost(s), 0);
}

/* A pipe takes 64 KiB at once; more waits here, in order. */
static void a_slow_reader_gets_all_in_pieces(void **state)
{
	struct stream *s = *state;
	size_t all = put_lines(s, 'a', 200 << 10), had = 0;

	for (int i = 0; i < 100 && had < all; i++) {
		assert_int_equal(stream_flush(s, false), 0);
		had += read_all('a');
	}
	assert_int_equal(had, all);
	assert_int_equal(stream_lost(s), 0);
}

static void what_is_too_much_is_lost_as_whole_lines(void **state)
{
	struct stream *s = *state;
	size_t had = 0, n;

	put_lines(s, 'a', 1 << 20);
	assert_true(stream_lost(s) > 0);
	while (!stream_flush(s, false) && (n = read_all('a')))
		had += n;
	assert_true(had >= LIMIT / 2);
	assert_int_equal(had % 1024, 0);
	assert_int_equal(had / 1024 + stream_lost(s), 1024);
}

static size_t size_of(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return (size_t)st.st_size;
}

static void compress(enum compression c)
{
	char path[] = "/tmp/pktwho-stream-XXXXXX";
	int fd = mkstemp(path), from = open(path, O_RDONLY);
	struct stream *s = stream_new(fd, NULL, LIMIT, false);
	size_t all, len, before;
	uint8_t *bytes;

	unlink(path);
	assert_int_equal(stream_compress(s, c), 0);
	/* Much does not wait, */
	all = put_lines(s, 'a', 150 << 10);
	assert_int_equal(stream_flush(s, false), 0);
	before = size_of(from);
	assert_in_range(before, 1, all / 10);
	/* a few lines do, but not for long. */
	for (int i = 0; i < 500 && size_of(from) == before; i++) {
		all += put_lines(s, 'a', 1024);
		assert_int_equal(stream_flush(s, false), 0);
		usleep(10000);
	}
	assert_true(size_of(from) > before);
	all += put_lines(s, 'a', 1024);
	assert_int_equal(stream_flush(s, true), 0);
	assert_int_equal(unpacker_all(from, 1 << 20, &bytes, &len), 0);
	assert_int_equal(len, all);
	for (size_t i = 0; i < len; i++)
		assert_int_equal(bytes[i], i % 1024 == 1023 ? '\n' : 'a');
	free(bytes);
	stream_free(s);
	close(from);
}

static void a_file_is_compressed_by_pieces(void **state)
{
	(void)state;
	compress(COMPRESSION_GZIP);
	compress(COMPRESSION_ZSTD);
}

/* What the disk takes yet; and then it says ENOSPC. */
static size_t disk_room = SIZE_MAX;

ssize_t __real_write(int fd, const void *bytes, size_t len);
ssize_t __wrap_write(int fd, const void *bytes, size_t len);

ssize_t __wrap_write(int fd, const void *bytes, size_t len)
{
	if (!disk_room) {
		errno = ENOSPC;
		return -1;
	}
	if (len > disk_room)
		len = disk_room;
	if (disk_room != SIZE_MAX)
		disk_room -= len;
	return __real_write(fd, bytes, len);
}

/* Whole lines at any moment, and all of them once there is room again. */
static void a_full_disk_is_endured(void **state)
{
	char path[] = "/tmp/pktwho-stream-XXXXXX", bytes[8];
	int fd = mkstemp(path), from = open(path, O_RDONLY);
	struct stream *s = stream_new(fd, NULL, LIMIT, false);

	(void)state;
	unlink(path);
	stream_endure(s);
	disk_room = 1024 + 500;
	put_lines(s, 'a', 3 << 10);
	assert_int_equal(stream_flush(s, false), 0);
	assert_int_equal(size_of(from), 1024);
	put_lines(s, 'b', 1 << 10);
	assert_int_equal(stream_flush(s, true), 0);
	assert_int_equal(size_of(from), 1024);
	assert_int_equal(stream_lost(s), 0);
	disk_room = 2048;
	assert_int_equal(stream_flush(s, false), 0);
	assert_int_equal(size_of(from), 3 << 10);
	assert_int_equal(stream_end(s), -ENOSPC);
	assert_int_equal(stream_lost(s), 1);
	assert_int_equal(pread(from, bytes, 2, 3069), 2);
	assert_memory_equal(bytes, "aa", 2);
	disk_room = SIZE_MAX;
	stream_free(s);
	close(from);
}

/* What a reader has of the file now, of which no piece is half there. */
static size_t unpacked(int from)
{
	uint8_t *bytes;
	size_t len;

	assert_int_equal(lseek(from, 0, SEEK_SET), 0);
	assert_int_equal(unpacker_all(from, 1 << 20, &bytes, &len), 0);
	free(bytes);
	return bytes ? len : 0;
}

static void endure_compressed(enum compression c)
{
	char path[] = "/tmp/pktwho-stream-XXXXXX";
	int fd = mkstemp(path), from = open(path, O_RDONLY);
	struct stream *s = stream_new(fd, NULL, LIMIT, false);
	size_t all, first;

	unlink(path);
	assert_int_equal(stream_compress(s, c), 0);
	stream_endure(s);
	all = put_lines(s, 'a', 64 << 10);
	assert_int_equal(stream_flush(s, false), 0);
	first = size_of(from);
	assert_int_equal(unpacked(from), all);
	disk_room = 30;
	all += put_lines(s, 'b', 150 << 10);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(stream_flush(s, i == 2), 0);
		disk_room = 30;
		assert_int_equal(size_of(from), first);
	}
	disk_room = SIZE_MAX;
	all += put_lines(s, 'c', 1024);
	assert_int_equal(stream_flush(s, true), 0);
	assert_int_equal(stream_end(s), -ENOSPC);
	assert_int_equal(stream_lost(s), 0);
	assert_int_equal(unpacked(from), all);
	stream_free(s);
	close(from);
}

static void a_full_disk_is_endured_by_pieces(void **state)
{
	(void)state;
	endure_compressed(COMPRESSION_GZIP);
	endure_compressed(COMPRESSION_ZSTD);
}

static void a_full_disk_ends_others(void **state)
{
	char path[] = "/tmp/pktwho-stream-XXXXXX";
	struct stream *s = stream_new(mkstemp(path), NULL, LIMIT, false);

	(void)state;
	unlink(path);
	disk_room = 0;
	put_lines(s, 'a', 1024);
	assert_int_equal(stream_flush(s, false), -ENOSPC);
	assert_int_equal(stream_end(s), 0);
	disk_room = SIZE_MAX;
	stream_free(s);
}

static void a_line_that_could_not_be_made_is_lost(void **state)
{
	struct stream *s = *state;

	stream_put(s, "", 0);
	assert_int_equal(stream_lost(s), 1);
}

static void a_reader_that_has_gone_is_told_once_and_again(void **state)
{
	struct stream *s = *state;

	close(reader);
	reader = dup(0);
	stream_put(s, "a\n", 2);
	assert_int_equal(stream_flush(s, false), -EPIPE);
	assert_int_equal(stream_flush(s, true), -EPIPE);
}

/* What begins an entry, as systemd's JOURNAL_NATIVE_PROTOCOL.md has it. */
#define ENTRY "SYSLOG_IDENTIFIER=pktwho\nPRIORITY=6\nMESSAGE="

/* Its socket has room for a few at a time; the others wait. */
static void each_line_is_an_entry_of_the_journal(void **state)
{
	char entry[4096], line[64];
	struct stream *s;
	int fds[2], n = 0;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0,
				    fds),
			 0);
	s = stream_new(fds[1], NULL, LIMIT, true);
	assert_non_null(s);
	stream_set_journal(s);
	for (int i = 0; i < 2000; i++) {
		snprintf(line, sizeof(line), "{ \"line\": %d }\n", i);
		stream_put(s, line, strlen(line));
	}
	for (ssize_t len; n < 2000; n++) {
		assert_int_equal(stream_flush(s, false), 0);
		len = read(fds[0], entry, sizeof(entry) - 1);
		assert_true(len > 0);
		entry[len] = '\0';
		snprintf(line, sizeof(line), "{ \"line\": %d }\n", n);
		assert_int_equal(strlen(entry),
				 sizeof(ENTRY) - 1 + strlen(line));
		assert_memory_equal(entry, ENTRY, sizeof(ENTRY) - 1);
		assert_string_equal(entry + sizeof(ENTRY) - 1, line);
	}
	assert_int_equal(read(fds[0], entry, sizeof(entry)), -1);
	assert_int_equal(stream_lost(s), 0);
	/* Where it has ended the capture does not. */
	close(fds[0]);
	stream_put(s, "{}\n", 3);
	assert_int_equal(stream_flush(s, true), 0);
	assert_int_equal(stream_lost(s), 1);
	stream_free(s);
}

static void what_nobody_took_by_the_end_is_lost(void **state)
{
	struct stream *s = *state;
	size_t had;

	put_lines(s, 'a', 200 << 10);
	assert_int_equal(stream_flush(s, true), 0);
	had = read_all('a');
	assert_int_equal(stream_end(s), 0);
	/* Of a line that was cut the rest is not there. */
	assert_int_equal(stream_lost(s), 200 - had / 1024);
}

#define test(f) cmocka_unit_test_setup_teardown(f, open_stream, close_stream)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_full_disk_is_endured),
		cmocka_unit_test(a_full_disk_is_endured_by_pieces),
		test(a_full_disk_ends_others),
		test(nothing_is_written_before_it_is_flushed),
		test(a_slow_reader_gets_all_in_pieces),
		test(what_is_too_much_is_lost_as_whole_lines),
		cmocka_unit_test(a_file_is_compressed_by_pieces),
		test(a_line_that_could_not_be_made_is_lost),
		test(a_reader_that_has_gone_is_told_once_and_again),
		test(what_nobody_took_by_the_end_is_lost),
		cmocka_unit_test(each_line_is_an_entry_of_the_journal),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
