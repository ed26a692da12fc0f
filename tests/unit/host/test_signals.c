/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "exact.h"

#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "host/signals.h"

/* The number of the next signal, or 0. */
static int next_signal(int fd)
{
	struct signalfd_siginfo info;

	return read(fd, &info, sizeof(info)) == sizeof(info) ?
		       (int)info.ssi_signo :
		       0;
}

static void what_ends_a_capture_can_be_read(void **state)
{
	int fd = signals_open(false);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(next_signal(fd), 0);
	assert_int_equal(errno, EAGAIN);
	raise(SIGINT);
	assert_int_equal(next_signal(fd), SIGINT);
	raise(SIGTERM);
	assert_int_equal(next_signal(fd), SIGTERM);
	raise(SIGHUP);
	assert_int_equal(next_signal(fd), SIGHUP);
	close(fd);
}

static void nohup_is_respected(void **state)
{
	int fd;

	(void)state;
	signals_restore();
	signal(SIGHUP, SIG_IGN);
	fd = signals_open(false);
	raise(SIGHUP);
	assert_int_equal(next_signal(fd), 0);
	signal(SIGHUP, SIG_DFL);
	close(fd);
}

static void a_lost_reader_is_an_error_and_no_end(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	close(fds[0]);
	signals_ignore();
	assert_int_equal(write(fds[1], "x", 1), -1);
	assert_int_equal(errno, EPIPE);
	close(fds[1]);
}

static void a_child_has_all_as_it_was(void **state)
{
	struct sigaction pipe_action;
	sigset_t blocked;

	(void)state;
	signals_ignore();
	close(signals_open(false));
	signals_restore();
	assert_int_equal(sigprocmask(SIG_SETMASK, NULL, &blocked), 0);
	assert_false(sigismember(&blocked, SIGTERM));
	assert_int_equal(sigaction(SIGPIPE, NULL, &pipe_action), 0);
	assert_ptr_equal(pipe_action.sa_handler, SIG_DFL);
}

static void the_end_of_the_input_is_told_from_more_of_it(void **state)
{
	int fds[2], old = dup(STDIN_FILENO);
	bool more, end;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_true(dup2(fds[0], STDIN_FILENO) >= 0);
	assert_int_equal(write(fds[1], "more", 4), 4);
	more = !signals_stdin_ended();
	close(fds[1]);
	end = signals_stdin_ended();
	dup2(old, STDIN_FILENO);
	close(old);
	close(fds[0]);
	assert_true(more);
	assert_true(end);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_ends_a_capture_can_be_read),
		cmocka_unit_test(nohup_is_respected),
		cmocka_unit_test(a_lost_reader_is_an_error_and_no_end),
		cmocka_unit_test(a_child_has_all_as_it_was),
		cmocka_unit_test(the_end_of_the_input_is_told_from_more_of_it),
	};

	signal(SIGHUP, SIG_DFL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
