/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which files are searched: of a directory what is one, and what is new. */
#include "tree.h"

#include <errno.h>
#include <sys/stat.h>

#include "archive/list.h"
#include "host/log.h"

static struct archive_list list;

static void put(const char *name, time_t changed)
{
	const struct timespec times[2] = { { .tv_sec = changed },
					   { .tv_sec = changed } };

	tree_text(name, "x");
	assert_int_equal(utimensat(tree_fd, name, times, 0), 0);
}

static int open_paths(uint64_t from_ns, const char *name, const char *second)
{
	static char one[128], two[128];
	char *paths[3] = { one, second ? two : NULL, NULL };

	snprintf(one, sizeof(one), "%s/%s", tree_path, name);
	snprintf(two, sizeof(two), "%s/%s", tree_path, second ? second : "");
	log_set_level(LOG_ERROR);
	return archive_list_open(&list, paths, from_ns);
}

static const char *name_of(size_t i)
{
	assert_true(i < list.count);
	return strrchr(list.files[i].path, '/') + 1;
}

static void files_of_a_directory_come_by_age(void **state)
{
	(void)state;
	put("b", 100);
	put("c", 50);
	put("a", 100);
	put(".hidden", 100);
	mkdirat(tree_fd, "folder", 0755);
	assert_int_equal(mkfifoat(tree_fd, "pipe", 0644), 0);
	tree_link("dangling", "nowhere");
	assert_int_equal(open_paths(0, ".", NULL), 0);
	assert_int_equal(list.count, 3);
	assert_string_equal(name_of(0), "c");
	assert_string_equal(name_of(1), "a");
	assert_string_equal(name_of(2), "b");
	archive_list_close(&list);
	assert_int_equal(list.count, 0);
	assert_null(list.files);
}

static void what_is_older_is_left_out(void **state)
{
	(void)state;
	put("old", 100);
	put("new", 200);
	assert_int_equal(open_paths(150000000000, ".", NULL), 0);
	assert_int_equal(list.count, 1);
	assert_string_equal(name_of(0), "new");
	archive_list_close(&list);
	/* Also of those that are named. */
	assert_int_equal(open_paths(150000000000, "old", "new"), 0);
	assert_int_equal(list.count, 1);
	archive_list_close(&list);
}

/* In a directory a ring may have removed it meanwhile; a name is a request. */
static void what_is_named_has_to_be_a_file(void **state)
{
	(void)state;
	put("there", 1);
	assert_int_equal(open_paths(0, "there", "gone"), 0);
	assert_int_equal(list.count, 1);
	assert_true(list.has_failed);
	archive_list_close(&list);
	assert_int_equal(mkfifoat(tree_fd, "pipe", 0644), 0);
	assert_int_equal(open_paths(0, "pipe", NULL), 0);
	assert_int_equal(list.count, 0);
	assert_true(list.has_failed);
	archive_list_close(&list);
	assert_int_equal(open_paths(0, "", NULL), 0);
	assert_false(list.has_failed);
	archive_list_close(&list);
}

static void an_empty_directory_has_no_files(void **state)
{
	(void)state;
	assert_int_equal(open_paths(0, ".", NULL), 0);
	assert_int_equal(list.count, 0);
	archive_list_close(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(files_of_a_directory_come_by_age),
		tree_test(what_is_older_is_left_out),
		tree_test(what_is_named_has_to_be_a_file),
		tree_test(an_empty_directory_has_no_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
