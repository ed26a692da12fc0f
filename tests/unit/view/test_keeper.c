/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who is killed leaves a terminal that works; who goes by itself, also. */
#include "exact.h"

#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <term.h>
#include <unistd.h>

#include "view/screen/keeper.h"

#define LEAVE "\033[?1049l" /* xterm: the first screen again */

static int master, slave;
static struct termios before;

static int open_terminal(void **state)
{
	int err;

	(void)state;
	if (openpty(&master, &slave, NULL, NULL, NULL) ||
	    tcgetattr(slave, &before))
		return -1;
	return setupterm("xterm", slave, &err);
}

static int close_terminal(void **state)
{
	(void)state;
	del_curterm(cur_term);
	return close(master) || close(slave);
}

/* A program that draws, and then ends in that way. */
static void draw_and_end(int how)
{
	pid_t pid = fork();
	struct keeper k;

	if (!pid) {
		struct termios raw = before;

		close(master);
		keeper_start(&k, slave, &before);
		cfmakeraw(&raw);
		tcsetattr(slave, TCSANOW, &raw);
		if (!k.pid)
			_exit(9);
		if (how)
			raise(how);
		tcsetattr(slave, TCSANOW, &before);
		keeper_stop(&k);
		_exit(k.pid != 0);
	}
	assert_int_equal(waitpid(pid, &how, 0), pid);
	assert_true(WIFSIGNALED(how) || !WEXITSTATUS(how));
}

/* What the terminal is told, within so many milliseconds. */
static const char *told(int ms)
{
	static char bytes[512];
	struct pollfd p = { .fd = master, .events = POLLIN };
	size_t at = 0;

	*bytes = '\0';
	while (!strstr(bytes, LEAVE) && poll(&p, 1, ms) > 0) {
		ssize_t n = read(master, bytes + at, sizeof(bytes) - 1 - at);

		if (n <= 0)
			break;
		at += (size_t)n;
		bytes[at] = '\0';
	}
	bytes[at] = '\0';
	return bytes;
}

static bool has_echo(void)
{
	struct termios now;

	assert_int_equal(tcgetattr(slave, &now), 0);
	return now.c_lflag & ECHO;
}

static void after_a_kill_the_terminal_is_put_back(void **state)
{
	(void)state;
	draw_and_end(SIGKILL);
	assert_non_null(strstr(told(20000), LEAVE));
	/* That comes right after the words. */
	for (int i = 0; i < 2000 && !has_echo(); i++)
		poll(NULL, 0, 5);
	assert_true(has_echo());
}

/* Else what is moved or clicked on comes as keys to the shell. */
static void the_mouse_is_no_longer_told_of(void **state)
{
	static const char *const terminals[][2] = {
		{ "tmux-256color", "\033[?1000l" },
		{ "screen", "\033[?1000l" },
		{ "xterm-256color", "\033[?1006;1000l" },
	};
	int err;

	(void)state;
	for (size_t i = 0; i < sizeof(terminals) / sizeof(*terminals); i++) {
		TERMINAL *old = cur_term;

		/* Not every system knows of each. */
		if (setupterm(terminals[i][0], slave, &err))
			continue;
		del_curterm(old);
		draw_and_end(SIGKILL);
		assert_non_null(strstr(told(20000), terminals[i][1]));
	}
}

static void who_put_it_back_itself_needs_nobody(void **state)
{
	(void)state;
	draw_and_end(0);
	assert_string_equal(told(0), "");
	assert_true(has_echo());
}

static void without_one_nothing_has_to_be_stopped(void **state)
{
	struct keeper none = { 0 };

	(void)state;
	keeper_stop(&none);
	assert_int_equal(none.pid, 0);
}

#define test(f) \
	cmocka_unit_test_setup_teardown(f, open_terminal, close_terminal)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(after_a_kill_the_terminal_is_put_back),
		test(the_mouse_is_no_longer_told_of),
		test(who_put_it_back_itself_needs_nobody),
		test(without_one_nothing_has_to_be_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
