/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "exact.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/files/file_system.h"

static void one_that_is_mounted_is_opened_there(void **state)
{
	int fd = file_system_open("proc"), in;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	in = openat(fd, "self/stat", O_RDONLY);
	assert_true(in >= 0);
	close(in);
	close(fd);
}

static void one_that_the_kernel_has_not_is_an_error(void **state)
{
	(void)state;
	assert_true(file_system_open("no such type") < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_that_is_mounted_is_opened_there),
		cmocka_unit_test(one_that_the_kernel_has_not_is_an_error),
	};

	return cmocka_run_group_tests_name("file_system", tests, NULL, NULL);
}
