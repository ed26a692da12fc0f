/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/sandbox.h"

/* It is for good, so that a child has to try it: the exit status of @fn. */
static int in_sandbox(int (*fn)(void))
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		sandbox_enter();
		_exit(fn());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int is_refused(long result)
{
	return result == -1 && errno == EPERM;
}

/* The number of the first that is not refused. */
static int try_what_is_refused(void)
{
	char *argv[] = { "true", NULL };
	union bpf_attr attr = { .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4,
				.value_size = 4, .max_entries = 1 };

	if (!is_refused(execv("/bin/true", argv)))
		return 1;
	if (!is_refused(ptrace(PTRACE_TRACEME, 0, NULL, NULL)))
		return 2;
	if (!is_refused(socket(AF_INET, SOCK_STREAM, 0)))
		return 3;
	if (!is_refused(socket(AF_PACKET, SOCK_RAW, 0)))
		return 4;
	if (!is_refused(unshare(CLONE_NEWUSER)))
		return 5;
	if (!is_refused(syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr))))
		return 6;
	if (!is_refused(syscall(SYS_open_by_handle_at, AT_FDCWD, NULL, 0)))
		return 7;
	if (!is_refused(syscall(SYS_io_uring_setup, 1, NULL)))
		return 8;
	return 0;
}

static void what_no_capture_needs_is_refused(void **state)
{
	(void)state;
	assert_int_equal(in_sandbox(try_what_is_refused), 0);
}

static int try_what_is_needed(void)
{
	union bpf_attr attr = { .map_fd = (uint32_t)-1 };

	if (socket(AF_NETLINK, SOCK_RAW, 0) < 0)
		return 1;
	if (!if_nametoindex("lo"))
		return 2;
	if (open("/proc/self/stat", O_RDONLY) < 0)
		return 3;
	/* The kernel answers, and not for the lack of a permission. */
	if (syscall(SYS_bpf, BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr)) !=
		    -1 || errno == EPERM)
		return 4;
	return 0;
}

static void what_a_capture_needs_still_works(void **state)
{
	(void)state;
	assert_int_equal(in_sandbox(try_what_is_needed), 0);
}

static int look_at_process(void)
{
	struct rlimit core;

	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return 1;
	if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0))
		return 2;
	if (getrlimit(RLIMIT_CORE, &core) || core.rlim_cur || core.rlim_max)
		return 3;
	return 0;
}

static void no_core_and_no_new_privileges(void **state)
{
	(void)state;
	assert_int_equal(in_sandbox(look_at_process), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_no_capture_needs_is_refused),
		cmocka_unit_test(what_a_capture_needs_still_works),
		cmocka_unit_test(no_core_and_no_new_privileges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
