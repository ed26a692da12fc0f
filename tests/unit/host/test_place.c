/* SPDX-License-Identifier: GPL-3.0-or-later */
/* On the way to a file nobody else's link is followed. */
#include "tree.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/place.h"

#define NOBODY 65534

/* Opened, and closed: 0 or -errno.  @path is below the tree. */
static int reach(const char *path)
{
	char whole[4096];
	const char *name;
	int fd;

	snprintf(whole, sizeof(whole), "%s/%s", tree_path, path);
	fd = place_open(whole, &name);
	if (fd < 0)
		return fd;
	assert_string_equal(name, strrchr(whole, '/') + 1);
	close(fd);
	return 0;
}

/* A link in a directory that anybody may write. */
static void make_shared(const char *to)
{
	tree_dirs("shared/");
	assert_int_equal(fchmodat(tree_fd, "shared", 0777, 0), 0);
	tree_link("shared/link", to);
}

static void give_away(const char *path)
{
	assert_int_equal(fchownat(tree_fd, path, NOBODY, NOBODY,
				  AT_SYMLINK_NOFOLLOW),
			 0);
}

static bool is_shared(const char *path)
{
	int fd = openat(tree_fd, path, O_PATH | O_CLOEXEC);
	bool is = place_is_shared(fd);

	close(fd);
	return is;
}

static void a_name_alone_is_here(void **state)
{
	const char *name;
	int fd;

	(void)state;
	assert_int_equal(fchdir(tree_fd), 0);
	tree_text("here", "");
	fd = place_open("here", &name);
	assert_true(fd >= 0);
	assert_string_equal(name, "here");
	assert_int_equal(faccessat(fd, name, F_OK, 0), 0);
	close(fd);
}

static void what_is_no_directory_is_told(void **state)
{
	(void)state;
	tree_text("file", "");
	assert_int_equal(reach("file/x"), -ENOTDIR);
	assert_int_equal(reach("nothing/x"), -ENOENT);
	assert_int_equal(reach("nothing"), 0);
	assert_int_equal(reach(""), -EISDIR);
}

static void links_of_ones_own_are_followed(void **state)
{
	char to[64];

	(void)state;
	tree_dirs("a/b/");
	make_shared("../a");
	assert_int_equal(reach("shared/link/b/x"), 0);
	assert_int_equal(reach("shared/link/c/x"), -ENOENT);
	assert_int_equal(reach("shared/link/b/../../a//b/x"), 0);
	snprintf(to, sizeof(to), "%s/shared/link/b", tree_path);
	tree_link("absolute", to);
	assert_int_equal(reach("absolute/x"), 0);
}

static void links_of_others_are_not(void **state)
{
	(void)state;
	if (geteuid())
		skip();
	tree_dirs("a/");
	make_shared("../a");
	give_away("shared/link");
	assert_int_equal(reach("shared/link/x"), -ELOOP);
	/* Not by a link of our own either. */
	tree_link("ours", "shared/link");
	assert_int_equal(reach("ours/x"), -ELOOP);
	/* The last name is its user's business. */
	assert_int_equal(reach("shared/link"), 0);
	/* Where only we may write, we have let it be there. */
	assert_int_equal(fchmodat(tree_fd, "shared", 0755, 0), 0);
	assert_int_equal(reach("shared/link/x"), 0);
}

static void a_circle_has_an_end(void **state)
{
	(void)state;
	tree_link("round", "round");
	assert_int_equal(reach("round/x"), -ELOOP);
}

static void who_else_may_write_shares_it(void **state)
{
	(void)state;
	make_shared("x");
	tree_dirs("mine/");
	assert_true(is_shared("shared"));
	assert_false(is_shared("mine"));
	assert_true(is_shared("nothing"));
	if (!geteuid()) {
		give_away("mine");
		assert_true(is_shared("mine"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(a_name_alone_is_here),
		tree_test(what_is_no_directory_is_told),
		tree_test(links_of_ones_own_are_followed),
		tree_test(links_of_others_are_not),
		tree_test(a_circle_has_an_end),
		tree_test(who_else_may_write_shares_it),
	};

	return cmocka_run_group_tests_name("place", tests, NULL, NULL);
}
