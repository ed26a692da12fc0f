/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is no file is not even opened: to a device that would be an act. */
#include "tree.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/inotify.h>

#include "host/regular.h"

/* Whether it was opened is the kernel's word; 0 or -errno is the caller's. */
static int open_watched(const char *name, bool *was_opened)
{
	char path[128], events[4096];
	int fd, watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", tree_path, name);
	assert_true(inotify_add_watch(watch, path, IN_OPEN) >= 0);
	fd = regular_open(tree_fd, name, &st);
	*was_opened = read(watch, events, sizeof(events)) > 0;
	close(watch);
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

static void what_it_is_is_told(void **state)
{
	struct stat st;
	char text[8] = "";
	int fd;

	(void)state;
	tree_text("file", "bytes");
	tree_link("link", "file");
	fd = regular_open(tree_fd, "link", &st);
	assert_true(fd >= 0);
	assert_int_equal(st.st_size, 5);
	assert_int_equal(read(fd, text, sizeof(text)), 5);
	assert_string_equal(text, "bytes");
	close(fd);
	assert_int_equal(regular_open(tree_fd, "nothing", &st), -ENOENT);
}

static void what_is_no_file_is_not_opened(void **state)
{
	bool was_opened;

	(void)state;
	tree_text("file", "");
	assert_int_equal(open_watched("file", &was_opened), 0);
	assert_true(was_opened);
	assert_int_equal(mkfifoat(tree_fd, "fifo", 0600), 0);
	assert_int_equal(open_watched("fifo", &was_opened), -EINVAL);
	assert_false(was_opened);
	mkdirat(tree_fd, "dir", 0755);
	tree_link("link", "dir");
	assert_int_equal(open_watched("link", &was_opened), -EINVAL);
	assert_false(was_opened);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(what_it_is_is_told),
		tree_test(what_is_no_file_is_not_opened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
