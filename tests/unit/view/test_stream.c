/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "exact.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "view/stream.h"

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

#define test(f) cmocka_unit_test_setup_teardown(f, open_stream, close_stream)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(nothing_is_written_before_it_is_flushed),
		test(a_slow_reader_gets_all_in_pieces),
		test(what_is_too_much_is_lost_as_whole_lines),
		test(a_line_that_could_not_be_made_is_lost),
		test(a_reader_that_has_gone_is_told_once_and_again),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
