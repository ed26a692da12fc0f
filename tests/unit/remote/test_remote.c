/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An ssh of the test, which brings whatever it likes. */
#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>

#include "remote/remote.h"
#include "tree.h"

#define SAMPLE SAMPLES "/loopback-http.pcapng"

/* Captures in a child, as it will be confined.  Its error. */
static int capture(const char *script, char **words)
{
	char path[64], text[1024];
	int argc = 0, status;
	struct options o;
	pid_t pid;

	snprintf(text, sizeof(text), "#!/bin/sh\n%s\n", script);
	tree_text("ssh", text);
	assert_int_equal(fchmodat(tree_fd, "ssh", 0755, 0), 0);
	snprintf(text, sizeof(text), "%s:/usr/bin:/bin", tree_path);
	snprintf(path, sizeof(path), "%s/out", tree_path);
	while (words[argc])
		argc++;
	pid = fork();
	if (!pid) {
		setenv("PATH", text, 1);
		dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
		if (options_parse(&o, argc, words))
			_exit(255);
		o.write = path;
		_exit(-remote_capture(&o));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return -WEXITSTATUS(status);
}

#define CAPTURE(script, ...) \
	capture(script, (char *[]){ "pktwho", "--remote", "web", __VA_ARGS__ })

static size_t read_tree(const char *name, char *out, size_t size)
{
	int fd = openat(tree_fd, name, O_RDONLY);
	ssize_t n = read(fd, out, size - 1);

	assert_true(fd >= 0 && n >= 0);
	close(fd);
	out[n] = '\0';
	return (size_t)n;
}

static bool is_written(void)
{
	return !faccessat(tree_fd, "out", F_OK, 0);
}

static void what_ssh_brings_is_written(void **state)
{
	static char got[1 << 20], expected[1 << 20];
	FILE *f = fopen(SAMPLE, "r");
	size_t len = fread(expected, 1, sizeof(expected), f);

	(void)state;
	fclose(f);
	assert_int_equal(CAPTURE("cat " SAMPLE, NULL), 0);
	assert_int_equal(read_tree("out", got, sizeof(got)), len);
	assert_memory_equal(got, expected, len);
}

static void what_is_no_capture_is_refused(void **state)
{
	(void)state;
	assert_int_equal(CAPTURE("echo Welcome to web, have a nice day.", NULL),
			 -EBADMSG);
	assert_false(is_written());
}

static void an_ssh_that_fails_leaves_no_file(void **state)
{
	(void)state;
	assert_int_equal(CAPTURE("exit 255", NULL), -EIO);
	assert_false(is_written());
	assert_int_equal(CAPTURE("exit 0", NULL), -EIO);
	assert_false(is_written());
}

/* Half a block is not passed on: a reader would stumble over it. */
static void a_capture_that_is_cut_short_ends_at_a_block(void **state)
{
	static char got[1 << 20];
	uint32_t length;
	size_t len, at;

	(void)state;
	assert_int_equal(CAPTURE("head -c 5001 " SAMPLE, NULL), -EIO);
	len = read_tree("out", got, sizeof(got));
	assert_in_range(len, 1000, 5000);
	for (at = 0; at < len; at += length) {
		assert_true(len - at >= 12);
		memcpy(&length, got + at + 4, 4);
		assert_in_range(length, 12, len - at);
	}
	assert_int_equal(at, len);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(what_ssh_brings_is_written),
		tree_test(what_is_no_capture_is_refused),
		tree_test(an_ssh_that_fails_leaves_no_file),
		tree_test(a_capture_that_is_cut_short_ends_at_a_block),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
