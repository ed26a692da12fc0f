/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whoever writes it says neither how much is read nor whose file it is. */
#include "tree.h"

#include <stdbool.h>

#include "lookup/json_file.h"

#define OTHER 65534

static bool is_read(size_t most, uid_t uid)
{
	json_t *json = json_file_load(tree_fd, "file", most, uid);
	bool is = json_is_array(json);

	json_decref(json);
	return is;
}

static void one_that_is_too_long_is_not_read(void **state)
{
	(void)state;
	tree_text("file", "[1,2]");
	assert_true(is_read(5, 0));
	assert_false(is_read(4, 0));
	tree_text("file", "");
	assert_false(is_read(4, 0));
}

static void another_users_is_not_read(void **state)
{
	(void)state;
	if (geteuid())
		skip();
	tree_text("file", "[]");
	assert_false(is_read(5, OTHER));
	assert_int_equal(fchownat(tree_fd, "file", OTHER, OTHER, 0), 0);
	assert_true(is_read(5, OTHER));
	assert_true(is_read(5, 0));
}

static void what_is_no_file_is_not_read(void **state)
{
	(void)state;
	assert_false(is_read(5, 0));
	assert_int_equal(mkfifoat(tree_fd, "file", 0600), 0);
	assert_false(is_read(5, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(one_that_is_too_long_is_not_read),
		tree_test(another_users_is_not_read),
		tree_test(what_is_no_file_is_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
