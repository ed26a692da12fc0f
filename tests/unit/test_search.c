/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is in files that are there; in a child, as it gives up its rights. */
#include <sys/stat.h>
#include <sys/wait.h>

#include "search.h"
#include "tree.h"

#define SAMPLE SAMPLES "/two-services.pcapng"

static char out[64];

static int run(char **words)
{
	int argc = 0, status;
	struct options o;
	pid_t pid;

	while (words[argc])
		argc++;
	pid = fork();
	if (!pid) {
		unsetenv("SUDO_UID");
		unsetenv("SUDO_GID");
		dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
		dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
		_exit(options_parse(&o, argc, words) ? 2 : search(&o) ? 1 : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

#define RUN(...) run((char *[]){ "pktwho", __VA_ARGS__, NULL })

static off_t size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) ? -1 : st.st_size;
}

static void what_is_found_is_written(void **state)
{
	(void)state;
	snprintf(out, sizeof(out), "%s/out", tree_path);
	assert_int_equal(RUN("cut", "--proc", "curl", "-w", out, SAMPLE), 0);
	assert_true(size_of(out) > 1000);
	assert_int_equal(RUN("find", "--proc", "curl", SAMPLE), 0);
	assert_int_equal(RUN("find", "--proc", "nobody-has-it", SAMPLE), 1);
}

static void a_file_is_overwritten_only_by_force(void **state)
{
	off_t size;

	(void)state;
	snprintf(out, sizeof(out), "%s/out", tree_path);
	assert_int_equal(RUN("cut", "--proc", "curl", "-w", out, SAMPLE), 0);
	size = size_of(out);
	assert_int_equal(RUN("cut", "--proc", "shop", "-w", out, SAMPLE), 1);
	assert_int_equal(size_of(out), size);
	assert_int_equal(RUN("strip", "--force", "-w", out, SAMPLE), 0);
	assert_true(size_of(out) != size);
}

static void what_is_read_is_not_written(void **state)
{
	off_t size;

	(void)state;
	snprintf(out, sizeof(out), "%s/out", tree_path);
	assert_int_equal(RUN("cut", "--proc", "curl", "-w", out, SAMPLE), 0);
	size = size_of(out);
	assert_int_equal(RUN("cut", "--proc", "curl", "--force", "-w", out,
			     out),
			 1);
	assert_int_equal(size_of(out), size);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(what_is_found_is_written),
		tree_test(a_file_is_overwritten_only_by_force),
		tree_test(what_is_read_is_not_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
