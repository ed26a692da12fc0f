/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is below no allowed directory is not reached; what is open stays so. */
#include "tree.h"

#include <errno.h>
#include <linux/landlock.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "host/privilege/landlock.h"

#define READS (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)

static bool may_read(const char *path)
{
	int fd = openat(tree_fd, path, O_RDONLY);

	if (fd >= 0)
		close(fd);
	else if (errno != EACCES)
		_exit(100);
	return fd >= 0;
}

static bool may_write(const char *path)
{
	int fd = openat(tree_fd, path, O_WRONLY | O_CREAT, 0600);

	if (fd >= 0)
		close(fd);
	else if (errno != EACCES)
		_exit(101);
	return fd >= 0;
}

/* It is for good, so that a child has to try it. */
static int confined(int dir_fd, uint64_t access, int (*fn)(void))
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		if (landlock_enter(dir_fd, access))
			_exit(99);
		_exit(fn());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* A bit for each that works. */
static int try_all(void)
{
	return (may_read("in/file") ? 1 : 0) | (may_write("in/file") ? 2 : 0) |
	       (may_write("in/new") ? 4 : 0) | (may_read("out/file") ? 8 : 0) |
	       (may_write("out/file") ? 16 : 0) |
	       (may_read("in/../out/file") ? 32 : 0) |
	       (may_read("in/link") ? 64 : 0);
}

static int make(void **state)
{
	if (tree_make(state))
		return -1;
	tree_text("in/file", "x");
	tree_text("out/file", "x");
	tree_link("in/link", "../out/file");
	return 0;
}

static void skip_without_landlock(void)
{
	int version = landlock_version();

	assert_int_not_equal(version, 0);
	if (version < 0)
		skip();
}

static void without_a_directory_no_path_is_left(void **state)
{
	(void)state;
	skip_without_landlock();
	assert_int_equal(confined(-1, 0, try_all), 0);
	assert_int_equal(confined(-1, READS, try_all), 0);
}

static void below_a_directory_only_what_is_allowed(void **state)
{
	int in = openat(tree_fd, "in", O_PATH | O_DIRECTORY);

	(void)state;
	skip_without_landlock();
	assert_int_equal(confined(in, READS, try_all), 1);
	/* Rights that this kernel does not know are not asked of it. */
	assert_int_equal(confined(in, READS | 1ull << 60, try_all), 1);
	assert_int_equal(confined(in,
				  READS | LANDLOCK_ACCESS_FS_WRITE_FILE |
					  LANDLOCK_ACCESS_FS_MAKE_REG |
					  LANDLOCK_TRUNCATE,
				  try_all),
			 1 | 2 | 4);
	close(in);
}

static int open_one;

static int use_what_is_open(void)
{
	char byte;

	return pread(open_one, &byte, 1, 0) == 1 && byte == 'x' ? 7 : 0;
}

static void what_is_open_stays_open(void **state)
{
	(void)state;
	skip_without_landlock();
	open_one = openat(tree_fd, "out/file", O_RDONLY);
	assert_int_equal(confined(-1, 0, use_what_is_open), 7);
	close(open_one);
}

static int enter_again(void)
{
	int root = open("/", O_PATH);

	/* Not even to open the way: what was given up does not come back. */
	if (root < 0)
		root = tree_fd;
	return landlock_enter(root, READS) ? 1 : try_all() | 128;
}

static void a_second_time_gives_nothing_back(void **state)
{
	(void)state;
	skip_without_landlock();
	assert_int_equal(confined(-1, 0, enter_again), 128);
}

#define test(f) cmocka_unit_test_setup_teardown(f, make, tree_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(without_a_directory_no_path_is_left),
		test(below_a_directory_only_what_is_allowed),
		test(what_is_open_stays_open),
		test(a_second_time_gives_nothing_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
