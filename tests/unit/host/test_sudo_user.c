/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tree.h"

#include <stdlib.h>

#include "host/privilege/sudo_user.h"

#define NOBODY 65534

static bool get(const char *uid, const char *gid)
{
	uid_t u = 1;
	gid_t g = 1;

	setenv("SUDO_UID", uid, 1);
	setenv("SUDO_GID", gid, 1);
	return sudo_user_get(&u, &g) && u == 1000 && g == 1001;
}

static void only_root_has_a_caller(void **state)
{
	(void)state;
	assert_int_equal(get("1000", "1001"), geteuid() == 0);
	assert_false(get("", "1001"));
	assert_false(get("1000x", "1001"));
	assert_false(get("1000", "root"));
	assert_false(get(" 1000", "1001"));
	unsetenv("SUDO_UID");
	assert_false(sudo_user_get(&(uid_t){ 0 }, &(gid_t){ 0 }));
}

/* -1 would leave us root, and more than 32 bits be another's. */
static void a_number_is_a_users(void **state)
{
	static const char *const none[] = {
		"-1",	      "4294967295",	      "4294967296",
		"4294968296", "18446744073709551616", "+1000",
	};
	uid_t u;
	gid_t g;

	(void)state;
	setenv("SUDO_GID", "1001", 1);
	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++) {
		setenv("SUDO_UID", none[i], 1);
		assert_false(sudo_user_get(&u, &g));
	}
}

/* Made between the two: whose is the file? */
static uid_t owner_of_made_file(void)
{
	struct sudo_user_rights root;
	struct stat st;
	int fd;

	assert_int_equal(sudo_user_enter(&root), 0);
	fd = openat(tree_fd, "made", O_WRONLY | O_CREAT | O_EXCL, 0600);
	sudo_user_leave(&root);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	close(fd);
	unlinkat(tree_fd, "made", 0);
	return st.st_uid;
}

static void what_is_made_is_the_callers(void **state)
{
	const bool root = !geteuid();

	(void)state;
	fchmod(tree_fd, 0777);
	unsetenv("SUDO_UID");
	assert_int_equal(owner_of_made_file(), geteuid());
	setenv("SUDO_UID", "65534", 1);
	setenv("SUDO_GID", "65534", 1);
	assert_int_equal(owner_of_made_file(), root ? NOBODY : geteuid());
	assert_int_equal(geteuid() == 0, root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_root_has_a_caller),
		cmocka_unit_test(a_number_is_a_users),
		tree_test(what_is_made_is_the_callers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
