/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <signal.h>
#include <stdio.h>

#include "remote/ssh.h"
#include "tree.h"

static size_t read_all(int fd, char *to, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while ((n = read(fd, to + len, size - 1 - len)) > 0)
		len += (size_t)n;
	to[len] = '\0';
	close(fd);
	return len;
}

static void start(struct ssh *s, const struct options *o, const char *path)
{
	char *before = strdup(getenv("PATH"));

	setenv("PATH", path, 1);
	assert_int_equal(ssh_start(s, o, "exec sh -c x"), 0);
	setenv("PATH", before, 1);
	free(before);
	fcntl(s->out, F_SETFL, 0);
}

/* What an ssh of the test has to say, and with which status it ends. */
static int run(const struct options *o, const char *path, char *said,
	       size_t size)
{
	struct ssh s;
	size_t len;

	start(&s, o, path);
	close(s.in);
	len = read_all(s.out, said, size);
	read_all(s.err, said + len, size - len);
	return ssh_wait(&s);
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

/* Whoever has become another user asks a process that has not. */
static void it_can_be_signalled(void **state)
{
	struct options o = { .remote.host = "web" };
	char path[64], said[512];
	struct ssh s;

	(void)state;
	tree_text("ssh", "#!/bin/sh\necho up\nexec sleep 100\n");
	assert_int_equal(fchmodat(tree_fd, "ssh", 0755, 0), 0);
	snprintf(path, sizeof(path), "%s:/usr/bin:/bin", tree_path);
	start(&s, &o, path);
	assert_int_equal(read(s.out, said, 3), 3);
	kill(s.child.pid, SIGSTOP);
	ssh_signal(&s, SIGKILL);
	read_all(s.out, said, sizeof(said));
	close(s.in);
	close(s.err);
	assert_int_equal(ssh_wait(&s), SIGKILL);
	ssh_signal(&s, SIGKILL);
}

/* Its user may have ended that process. */
static void one_that_cannot_be_told_is_left(void **state)
{
	struct options o = { .remote.host = "web" };
	char path[64], said[512];
	struct ssh s;
	pid_t pid;

	(void)state;
	tree_text("ssh", "#!/bin/sh\necho up\nexec sleep 100\n");
	assert_int_equal(fchmodat(tree_fd, "ssh", 0755, 0), 0);
	snprintf(path, sizeof(path), "%s:/usr/bin:/bin", tree_path);
	start(&s, &o, path);
	pid = s.child.pid;
	assert_int_equal(read(s.out, said, 3), 3);
	kill(s.signaller, SIGKILL);
	ssh_signal(&s, SIGTERM);
	assert_int_equal(s.child.missed, SIGTERM);
	assert_int_equal(ssh_wait(&s), 0);
	kill(pid, SIGKILL);
	close(s.in);
	close(s.out);
	close(s.err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(it_is_told_where_and_what),
		tree_test(that_there_is_none_is_said),
		tree_test(it_can_be_signalled),
		tree_test(one_that_cannot_be_told_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
