/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

#include "host/log.h"
#include "host/netns.h"

/* The files are the test's: "net" below the tree stands for one of them. */
static char opened[256], said[512];
static int set_error, types, entered;

static const char *below(const char *path, char *out, size_t size)
{
	snprintf(out, size, "/proc/self/fd/%d%s", tree_fd, path);
	return out;
}

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
	char real[512];

	return __real_open(strcmp(path, "/proc/self/ns/net") ?
				   path :
				   below(path, real, sizeof(real)),
			   flags);
}

int __real_openat(int dir, const char *path, int flags, ...);
int __wrap_openat(int dir, const char *path, int flags, ...);
int __wrap_openat(int dir, const char *path, int flags, ...)
{
	char real[512];

	if (dir != AT_FDCWD)
		return __real_openat(dir, path, flags, 0644);
	snprintf(opened, sizeof(opened), "%s", path);
	return __real_openat(dir, below(path, real, sizeof(real)), flags);
}

int __wrap_access(const char *path, int mode);
int __wrap_access(const char *path, int mode)
{
	char real[512];

	return faccessat(AT_FDCWD, below(path, real, sizeof(real)), mode, 0);
}

int __wrap_stat(const char *path, struct stat *st);
int __wrap_stat(const char *path, struct stat *st)
{
	char real[512];

	return fstatat(AT_FDCWD, below(path, real, sizeof(real)), st, 0);
}

int __real_scandir(const char *dir, struct dirent ***entries,
		   int (*filter)(const struct dirent *e),
		   int (*compare)(const struct dirent **a,
				  const struct dirent **b));
int __wrap_scandir(const char *dir, struct dirent ***entries,
		   int (*filter)(const struct dirent *e),
		   int (*compare)(const struct dirent **a,
				  const struct dirent **b));
int __wrap_scandir(const char *dir, struct dirent ***entries,
		   int (*filter)(const struct dirent *e),
		   int (*compare)(const struct dirent **a,
				  const struct dirent **b))
{
	char real[512];

	return __real_scandir(below(dir, real, sizeof(real)), entries, filter,
			      compare);
}

int __wrap_setns(int fd, int type);
int __wrap_setns(int fd, int type)
{
	assert_true(fd >= 0);
	types |= type;
	entered++;
	errno = set_error;
	return set_error ? -1 : 0;
}

static void hear(const char *line)
{
	snprintf(said, sizeof(said), "%s", line);
}

static struct netns_list l;

static int open_all(const char *words)
{
	*said = '\0';
	return netns_open(&l, words);
}

static int make(void **state)
{
	set_error = types = entered = 0;
	if (tree_make(state))
		return -1;
	tree_text("proc/self/ns/net", "");
	tree_text("run/netns/blue", "");
	tree_text("run/netns/12monkeys", "");
	tree_text("run/netns/77", "");
	tree_text("proc/4711/ns/net", "");
	tree_text("proc/99/ns/net", "");
	tree_text("proc/stat", "");
	tree_text("proc/12345/status", "");
	tree_dirs("proc/1/ns/");
	return linkat(tree_fd, "proc/self/ns/net", tree_fd, "proc/1/ns/net", 0);
}

static void a_word_is_a_name_a_number_a_process(void **state)
{
	static const char *const words[][2] = {
		{ "blue", "/run/netns/blue" },
		{ "4711", "/proc/4711/ns/net" },
		{ "/proc/99/ns/net", "/proc/99/ns/net" },
		{ "12monkeys", "/run/netns/12monkeys" },
		{ "77", "/run/netns/77" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		assert_int_equal(open_all(words[i][0]), 0);
		assert_string_equal(opened, words[i][1]);
		assert_int_equal(l.count, 1);
		netns_close(&l);
	}
	assert_int_equal(types, CLONE_NEWNET);
	assert_string_equal(said, "");
}

static void several_have_commas_between(void **state)
{
	(void)state;
	assert_int_equal(open_all("blue,/proc/99/ns/net,4711"), 0);
	assert_int_equal(l.count, 3);
	assert_false(l.all);
	assert_string_equal(l.one[0].name, "blue");
	assert_string_equal(l.one[1].name, "99");
	assert_string_equal(l.one[2].name, "4711");
	entered = 0;
	assert_int_equal(netns_enter(&l, 2), 0);
	netns_leave(&l);
	assert_int_equal(entered, 2);
	netns_close(&l);
	assert_int_equal(open_all("blue,"), -EINVAL);
	assert_non_null(strstr(said, "has no name"));
	assert_int_equal(open_all(""), -EINVAL);
	assert_int_equal(open_all("blue,4711,/run/netns/blue"), -EEXIST);
	assert_non_null(strstr(said, "is in the list twice"));
}

static void without_a_word_nothing_is_entered(void **state)
{
	(void)state;
	assert_int_equal(open_all(NULL), 0);
	assert_int_equal(l.count, 1);
	assert_string_equal(l.one[0].name, "");
	assert_int_equal(netns_enter(&l, 0), 0);
	netns_leave(&l);
	assert_int_equal(entered, 0);
	netns_close(&l);
}

/* Ours, those with a name, and those that only processes have. */
static void all_are_found_once(void **state)
{
	static const char *const names[] = { "", "12monkeys", "77", "blue",
					     "99" };

	(void)state;
	unlinkat(tree_fd, "proc/4711/ns/net", 0);
	assert_int_equal(linkat(tree_fd, "run/netns/blue", tree_fd,
				"proc/4711/ns/net", 0),
			 0);
	assert_int_equal(open_all("all"), 0);
	assert_true(l.all);
	assert_int_equal(l.count, 5);
	for (int i = 0; i < 5; i++)
		assert_string_equal(l.one[i].name, names[i]);
	netns_close(&l);
}

static void no_more_than_there_is_room_for(void **state)
{
	char name[64];

	(void)state;
	for (int i = 0; i < NETNS_MAX; i++) {
		snprintf(name, sizeof(name), "run/netns/x%d", i);
		tree_text(name, "");
	}
	assert_int_equal(open_all("all"), 0);
	assert_int_equal(l.count, NETNS_MAX);
	assert_non_null(strstr(said, "128 network namespaces are captured, and "
				     "not all: there are too many"));
	assert_int_equal(open_all("all,blue"), -ENOENT);
	assert_non_null(strstr(said, "a list of one word"));
	netns_close(&l);
}

static void what_is_not_there_is_said(void **state)
{
	(void)state;
	assert_int_equal(open_all("blue,green"), -ENOENT);
	assert_non_null(strstr(said, "there is no network namespace green"));
	assert_int_equal(l.count, 0);
}

/* The caller of sudo may not see it. */
static void what_is_there_is_not_said(void **state)
{
	static const char *const paths[] = { "/proc/nothing", "/proc/stat",
					     "/proc/1", "/proc/stat/x" };

	(void)state;
	set_error = EINVAL;
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		char words[128];

		snprintf(words, sizeof(words),
			 "there is no network namespace %s: ", paths[i]);
		assert_int_equal(open_all(paths[i]), -ENOENT);
		assert_non_null(strstr(said, words));
	}
}

static void who_may_is_said(void **state)
{
	(void)state;
	set_error = EPERM;
	assert_int_equal(open_all("blue"), -EPERM);
	assert_non_null(strstr(said, "cannot enter"));
	assert_non_null(strstr(said, "run as root"));
	assert_int_equal(open_all("all"), 0);
	assert_non_null(strstr(said, "1 network namespace is captured"));
	assert_int_equal(netns_enter(&l, 0), -EPERM);
	assert_non_null(strstr(said, "cannot enter a network namespace: "));
	assert_non_null(strstr(said, "run as root"));
	netns_close(&l);
}

#define test(f) cmocka_unit_test_setup_teardown(f, make, tree_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_word_is_a_name_a_number_a_process),
		test(several_have_commas_between),
		test(without_a_word_nothing_is_entered),
		test(all_are_found_once),
		test(no_more_than_there_is_room_for),
		test(what_is_not_there_is_said),
		test(what_is_there_is_not_said),
		test(who_may_is_said),
	};

	log_set_sink(hear, LOG_INFO);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
