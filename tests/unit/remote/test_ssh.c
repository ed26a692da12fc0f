/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <sys/wait.h>

#include "remote/ssh.h"
#include "tree.h"

/* What an ssh of the test has to say, and with which status it ends. */
static int run(const struct options *o, const char *path, char *said,
	       size_t size)
{
	int fds[2], status;
	size_t len = 0;
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (!pid) {
		setenv("PATH", path, 1);
		ssh_run(o, "exec sh -c x",
			(int[]){ STDIN_FILENO, fds[1], fds[1] });
	}
	close(fds[1]);
	while ((n = read(fds[0], said + len, size - 1 - len)) > 0)
		len += (size_t)n;
	close(fds[0]);
	said[len] = '\0';
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void it_is_told_where_and_what(void **state)
{
	struct options o = { .remote.host = "web", .log_level = LOG_INFO };
	char path[64], said[512];

	(void)state;
	tree_text("ssh", "#!/bin/sh\nprintf '%s|' \"$@\"\nexit 7\n");
	assert_int_equal(fchmodat(tree_fd, "ssh", 0755, 0), 0);
	snprintf(path, sizeof(path), "%s:/usr/bin:/bin", tree_path);
	assert_int_equal(run(&o, path, said, sizeof(said)), 7);
	assert_string_equal(said, "-T|--|web|exec sh -c x|");
	o.remote.port = 2222;
	o.log_level = LOG_WARN;
	assert_int_equal(run(&o, path, said, sizeof(said)), 7);
	assert_string_equal(said, "-T|-o|LogLevel=ERROR|-p|2222|--|web|"
			    "exec sh -c x|");
}

static void that_there_is_none_is_said(void **state)
{
	struct options o = { .remote.host = "web" };
	char said[512];

	(void)state;
	assert_int_equal(run(&o, "/nonexistent", said, sizeof(said)), 127);
	assert_non_null(strstr(said, "cannot run ssh"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(it_is_told_where_and_what),
		tree_test(that_there_is_none_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
