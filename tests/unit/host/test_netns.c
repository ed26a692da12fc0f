/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "exact.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

#include "host/log.h"
#include "host/netns.h"

static char opened[256], said[512];
static int open_error, set_error, types;

int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
	(void)flags;
	snprintf(opened, sizeof(opened), "%s", path);
	errno = open_error;
	return open_error ? -1 : dup(STDERR_FILENO);
}

int __wrap_setns(int fd, int type);
int __wrap_setns(int fd, int type)
{
	assert_true(fd >= 0);
	types |= type;
	errno = set_error;
	return set_error ? -1 : 0;
}

static void hear(const char *line)
{
	snprintf(said, sizeof(said), "%s", line);
}

static int enter(const char *which)
{
	*said = '\0';
	return netns_enter(which);
}

static void a_word_is_a_name_a_number_a_process(void **state)
{
	(void)state;
	open_error = set_error = types = 0;
	assert_int_equal(enter("blue"), 0);
	assert_string_equal(opened, "/run/netns/blue");
	assert_int_equal(enter("4711"), 0);
	assert_string_equal(opened, "/proc/4711/ns/net");
	assert_int_equal(enter("/proc/1/ns/net"), 0);
	assert_string_equal(opened, "/proc/1/ns/net");
	assert_int_equal(enter("12monkeys"), 0);
	assert_string_equal(opened, "/run/netns/12monkeys");
	assert_int_equal(types, CLONE_NEWNET);
	assert_string_equal(said, "");
}

static void what_is_not_there_is_said(void **state)
{
	(void)state;
	open_error = ENOENT;
	assert_int_equal(enter("blue"), -ENOENT);
	assert_non_null(strstr(said, "there is no network namespace blue"));
}

static void who_may_is_said(void **state)
{
	(void)state;
	open_error = 0;
	set_error = EPERM;
	assert_int_equal(enter("blue"), -EPERM);
	assert_non_null(strstr(said, "cannot enter"));
	assert_non_null(strstr(said, "run as root"));
	set_error = EINVAL;
	assert_int_equal(enter("/etc/passwd"), -EINVAL);
	assert_null(strstr(said, "run as root"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_word_is_a_name_a_number_a_process),
		cmocka_unit_test(what_is_not_there_is_said),
		cmocka_unit_test(who_may_is_said),
	};

	log_set_sink(hear, LOG_INFO);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
