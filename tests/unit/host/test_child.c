/* SPDX-License-Identifier: GPL-3.0-or-later */
/* "-- COMMAND": it runs when it may, and its status is ours. */
#include "tree.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "host/child.h"

static struct child start(enum child_words words, char **argv)
{
	struct child c;

	assert_int_equal(child_fork(&c, argv, words), 0);
	assert_true(c.pid > 0 && c.pid_fd >= 0);
	return c;
}

#define START(...) start(CHILD_SPEAKS, (char *[]){ __VA_ARGS__, NULL })

static void its_status_is_what_a_shell_says(void **state)
{
	struct child c = START("sh", "-c", "exit 3");

	(void)state;
	child_go(&c);
	assert_int_equal(child_wait(&c), 3);
	c = START("sh", "-c", "kill -9 $$");
	child_go(&c);
	assert_int_equal(child_wait(&c), 128 + SIGKILL);
	c = START("pktwho-no-such-program");
	child_go(&c);
	assert_int_equal(child_wait(&c), 127);
	c = START("/");
	child_go(&c);
	assert_int_equal(child_wait(&c), 126);
}

static void it_does_not_run_before_it_may(void **state)
{
	char path[64];
	struct child c;

	(void)state;
	snprintf(path, sizeof(path), "%s/ran", tree_path);
	c = START("touch", path);
	assert_int_equal(child_wait(&c), 0); /* no child_go() */
	assert_int_equal(access(path, F_OK), -1);
	c = START("touch", path);
	child_go(&c);
	assert_int_equal(child_wait(&c), 0);
	assert_int_equal(access(path, F_OK), 0);
}

static void its_end_can_be_polled(void **state)
{
	struct child c = START("sleep", "60");
	struct pollfd fd = { c.pid_fd, POLLIN, 0 };

	(void)state;
	child_go(&c);
	assert_int_equal(poll(&fd, 1, 0), 0);
	child_signal(&c, SIGTERM);
	assert_int_equal(poll(&fd, 1, 10000), 1);
	assert_int_equal(child_wait(&c), 128 + SIGTERM);
}

/* Who passes signals on may be gone, or stopped; then nobody waits for it. */
static void one_that_misses_a_signal_is_left(void **state)
{
	struct child c = START("sleep", "60");
	int ends[2];
	pid_t pid = c.pid;

	(void)state;
	child_go(&c);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	close(ends[1]);
	signal(SIGPIPE, SIG_IGN);
	c.signal_fd = ends[0];
	child_signal(&c, SIGTERM);
	assert_int_equal(child_wait(&c), 128 + SIGTERM);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void where_the_capture_goes_it_does_not_write(void **state)
{
	int old = dup(STDOUT_FILENO), old_err = dup(STDERR_FILENO);
	FILE *out = tmpfile(), *err = tmpfile();
	char *argv[] = { "echo", "hello", NULL }, text[16] = "";
	struct child c;
	int status;

	(void)state;
	fflush(stdout);
	dup2(fileno(out), STDOUT_FILENO);
	dup2(fileno(err), STDERR_FILENO);
	c = start(CHILD_LEAVES_STDOUT, argv);
	child_go(&c);
	status = child_wait(&c);
	dup2(old, STDOUT_FILENO);
	dup2(old_err, STDERR_FILENO);
	close(old);
	close(old_err);
	assert_int_equal(status, 0);
	assert_int_equal(lseek(fileno(out), 0, SEEK_END), 0);
	rewind(err);
	assert_non_null(fgets(text, sizeof(text), err));
	assert_string_equal(text, "hello\n");
	fclose(out);
	fclose(err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(its_status_is_what_a_shell_says),
		tree_test(it_does_not_run_before_it_may),
		tree_test(its_end_can_be_polled),
		tree_test(one_that_misses_a_signal_is_left),
		tree_test(where_the_capture_goes_it_does_not_write),
	};

	unsetenv("SUDO_UID");
	setenv("PATH", "/usr/bin:/bin", 1); /* which everybody may read */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
