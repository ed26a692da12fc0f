/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "exact.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "host/watch.h"

static char calls[8];
static int pipes[2][2];

static void note(void *ctx)
{
	strcat(calls, ctx);
}

static int open_pipes(void **state)
{
	(void)state;
	*calls = '\0';
	return pipe(pipes[0]) || pipe(pipes[1]);
}

static int close_pipes(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++)
		close(pipes[i / 2][i % 2]);
	return 0;
}

static void only_what_is_ready_is_called(void **state)
{
	struct watch w[] = { { pipes[0][0], POLLIN, 0, note, "a" },
			     { pipes[1][0], POLLIN, 0, note, "b" },
			     { pipes[1][1], POLLOUT, 0, NULL, NULL } };

	(void)state;
	assert_int_equal(write(pipes[1][1], "x", 1), 1);
	assert_int_equal(watch_wait(w, 3, 1000), 2);
	assert_string_equal(calls, "b");
	assert_int_equal(w[0].ready, 0);
	assert_int_equal(w[1].ready, POLLIN);
	assert_int_equal(w[2].ready, POLLOUT);
}

static void they_are_called_in_their_order(void **state)
{
	struct watch w[] = { { pipes[1][0], POLLIN, 0, note, "b" },
			     { pipes[0][0], POLLIN, 0, note, "a" } };

	(void)state;
	assert_int_equal(write(pipes[0][1], "x", 1), 1);
	assert_int_equal(write(pipes[1][1], "x", 1), 1);
	assert_int_equal(watch_wait(w, 2, 1000), 2);
	assert_string_equal(calls, "ba");
}

static void nothing_is_waited_for_without_a_descriptor(void **state)
{
	struct watch w[] = { { -1, POLLIN, POLLIN, note, "a" } };

	(void)state;
	assert_int_equal(watch_wait(w, 1, 0), 0);
	assert_int_equal(w[0].ready, 0);
	assert_string_equal(calls, "");
	assert_int_equal(watch_wait(NULL, 0, 1), 0);
}

static void a_lost_reader_is_told_without_being_asked_for(void **state)
{
	struct watch w[] = { { pipes[0][1], 0, 0, note, "a" } };

	(void)state;
	assert_int_equal(watch_wait(w, 1, 0), 0);
	close(pipes[0][0]);
	assert_int_equal(watch_wait(w, 1, 1000), 1);
	assert_int_equal(w[0].ready, POLLERR);
	assert_string_equal(calls, "a");
	pipes[0][0] = dup(pipes[1][0]);
}

static void ignore(int signal)
{
	(void)signal;
}

/* What was ready before is not ready again because a signal came. */
static void a_signal_ends_the_wait(void **state)
{
	struct sigaction action = { .sa_handler = ignore };
	struct itimerval often = { { 0, 1000 }, { 0, 1000 } };
	struct itimerval never = { { 0, 0 }, { 0, 0 } };
	struct watch w[] = { { pipes[0][0], POLLIN, POLLIN, note, "a" } };

	(void)state;
	assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
	assert_int_equal(watch_wait(w, 1, -1), -EINTR);
	setitimer(ITIMER_REAL, &never, NULL);
	assert_int_equal(w[0].ready, 0);
	assert_string_equal(calls, "");
}

#define test(f) cmocka_unit_test_setup_teardown(f, open_pipes, close_pipes)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(only_what_is_ready_is_called),
		test(they_are_called_in_their_order),
		test(nothing_is_waited_for_without_a_descriptor),
		test(a_lost_reader_is_told_without_being_asked_for),
		test(a_signal_ends_the_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
