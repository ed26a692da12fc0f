/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Nobody waits for a terminal that takes nothing, and it gets all in the end. */
#include "exact.h"

#include <fcntl.h>
#include <pty.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "host/clocks.h"
#include "view/screen/outlet.h"

#define MUCH 100000 /* no terminal takes as much at once */

static int master, slave;
static struct outlet outlet;

static int open_all(void **state)
{
	struct termios raw;

	(void)state;
	if (openpty(&master, &slave, NULL, NULL, NULL) ||
	    tcgetattr(slave, &raw))
		return -1;
	cfmakeraw(&raw);
	raw.c_iflag |= IXON;
	return tcsetattr(slave, TCSANOW, &raw) || outlet_open(&outlet, slave) ||
	       fcntl(master, F_SETFL, O_NONBLOCK);
}

static int close_all(void **state)
{
	(void)state;
	outlet_close(&outlet);
	return close(master) || close(slave);
}

static char byte_at(size_t i)
{
	return (char)('a' + i % 26);
}

/* As curses does, in pieces. */
static void draw(size_t from, size_t to)
{
	char piece[777];

	outlet_catch(&outlet);
	while (from < to) {
		size_t n = 0;

		for (; n < sizeof(piece) && from < to; n++)
			piece[n] = byte_at(from++);
		assert_int_equal(write(outlet.curses, piece, n), n);
	}
	outlet_release(&outlet);
}

/* What has come so far of what begins with the @at-th byte. */
static size_t come(size_t at)
{
	char bytes[4096];
	size_t all = 0;
	ssize_t n;

	while ((n = read(master, bytes, sizeof(bytes))) > 0)
		for (ssize_t i = 0; i < n; i++)
			assert_int_equal(bytes[i], byte_at(at + all++));
	return all;
}

static void all_of_it_comes_as_it_is_taken(void **state)
{
	uint64_t begin = clock_ns(CLOCK_MONOTONIC);
	size_t had = 0;

	(void)state;
	draw(0, MUCH);
	assert_false(outlet_flush(&outlet, 20));
	assert_true(clock_ns(CLOCK_MONOTONIC) - begin < 2000000000ull);
	outlet_add(&outlet, (char[]){ byte_at(MUCH) }, 1);
	while (!outlet_flush(&outlet, 20))
		had += come(had);
	while (had < MUCH + 1)
		had += come(had);
	assert_int_equal(had, MUCH + 1);
	/* And again, from the beginning of an empty memory. */
	assert_int_equal(lseek(outlet.memory, 0, SEEK_END), 0);
	draw(0, 100);
	assert_true(outlet_flush(&outlet, 1000));
	for (had = 0; had < 100;)
		had += come(had);
}

/* Otherwise the terminal is there, for what curses asks of it. */
static void it_is_a_terminal_but_while_it_is_caught(void **state)
{
	(void)state;
	assert_true(isatty(outlet.curses));
	outlet_catch(&outlet);
	assert_false(isatty(outlet.curses));
	outlet_release(&outlet);
	assert_true(isatty(outlet.curses));
}

static void what_is_dropped_never_comes(void **state)
{
	char bytes[4096];
	ssize_t n;

	(void)state;
	draw(0, MUCH);
	assert_false(outlet_flush(&outlet, 0));
	outlet_drop(&outlet);
	/* There is room for what follows, which needs nobody who reads. */
	assert_int_equal(write(outlet.blocking, "!", 1), 1);
	do
		n = read(master, bytes, sizeof(bytes));
	while (n > 0 && bytes[n - 1] != '!');
	assert_true(n > 0);
	assert_true(outlet_flush(&outlet, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(all_of_it_comes_as_it_is_taken,
						open_all, close_all),
		cmocka_unit_test_setup_teardown(
			it_is_a_terminal_but_while_it_is_caught, open_all,
			close_all),
		cmocka_unit_test_setup_teardown(what_is_dropped_never_comes,
						open_all, close_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
