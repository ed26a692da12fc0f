/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/landlock.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/privilege/landlock.h"
#include "host/privilege/sandbox.h"
#include "interface/netlink.h"

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
	union bpf_attr attr = { .map_type = BPF_MAP_TYPE_ARRAY,
				.key_size = 4,
				.value_size = 4,
				.max_entries = 1 };

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
		    -1 ||
	    errno == EPERM)
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

/* ---- what sees packets ---- */

/* How a child ends that tried @fn in there; what it said is in @said. */
static int in_capture(enum sandbox_mode mode, int (*fn)(void), char *said,
		      size_t size)
{
	int fds[2], status;
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (!pid) {
		dup2(fds[1], STDERR_FILENO);
		_exit(sandbox_enter_capture(mode) ? 99 : fn());
	}
	close(fds[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	n = read(fds[0], said, size - 1);
	said[n > 0 ? n : 0] = '\0';
	close(fds[0]);
	return status;
}

/* Under sanitizers, or in a kernel without, there is nothing to be tried. */
static void need_all(void)
{
	char lacks[64];

	if (SANDBOX_SANITIZED || sandbox_lacks(lacks, sizeof(lacks)))
		skip();
}

static int links_fd;

static void count_link(void *ctx, const struct nlmsghdr *h)
{
	(void)h;
	++*(int *)ctx;
}

static int try_capture(void)
{
	int fds[2], null, links = 0;
	char byte = 1;

	if (netlink_each(links_fd, RTM_GETLINK, RTM_NEWLINK, count_link,
			 &links) ||
	    !links)
		return 1;
	if (mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED)
		return 2;
	free(malloc(1 << 24));
	if (write(STDERR_FILENO, "", 0) < 0 || poll(NULL, 0, 1) < 0)
		return 3;
	if (faccessat(AT_FDCWD, "/proc/1", F_OK, 0))
		return 4;
	if (waitpid(-1, NULL, WNOHANG) >= 0 || errno != ECHILD)
		return 5;
	signal(SIGTSTP, SIG_IGN);
	if (kill(getpid(), SIGTSTP))
		return 12;
	if (!is_refused(kill(getpid(), SIGTERM)) ||
	    !is_refused(kill(getppid(), SIGTSTP)))
		return 13;
	/* These it has to be given. */
	null = open("/dev/null", O_RDONLY);
	if (null >= 0 || errno != EPERM)
		return 6;
	if (!is_refused(socketpair(AF_UNIX, SOCK_STREAM, 0, fds)))
		return 7;
	if (mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
		 -1, 0) != MAP_FAILED)
		return 8;
	if (!is_refused(socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE)))
		return 9;
	if (!is_refused(ioctl(STDERR_FILENO, TIOCSTI, &byte)))
		return 10;
	return sandbox_try() ? 11 : 0;
}

static void a_capture_does_only_what_it_must(void **state)
{
	char said[4096], *line;

	(void)state;
	need_all();
	links_fd = netlink_open(NETLINK_ROUTE);
	assert_int_equal(in_capture(SANDBOX_BEST, try_capture, said,
				    sizeof(said)),
			 0);
	close(links_fd);
	line = strstr(said, "has refused");
	assert_non_null(line);
	assert_null(strstr(line + 1, "has refused"));
	assert_non_null(strstr(said, "kill()"));
}

static int try_open(void)
{
	return open("/dev/null", O_RDONLY) < 0;
}

static void strict_ends_it(void **state)
{
	char said[256];
	int status;

	(void)state;
	need_all();
	status = in_capture(SANDBOX_STRICT, try_open, said, sizeof(said));
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSYS);
}

static int try_privileges(void)
{
	return try_open() || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1 ||
	       prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
}

static void off_gives_no_privilege_again(void **state)
{
	char said[256];

	(void)state;
	assert_int_equal(in_capture(SANDBOX_OFF, try_privileges, said,
				    sizeof(said)),
			 0);
	assert_string_equal(said, "");
}

/* ---- Landlock ---- */

static int try_paths(void)
{
	int dir = open("/tmp", O_PATH | O_DIRECTORY), fd;
	char name[64];

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    landlock_enter(dir, LANDLOCK_ACCESS_FS_WRITE_FILE |
					LANDLOCK_ACCESS_FS_MAKE_REG |
					LANDLOCK_ACCESS_FS_REMOVE_FILE |
					LANDLOCK_TRUNCATE))
		return 1;
	snprintf(name, sizeof(name), "pktwho-landlock-%d", getpid());
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL, 0600);
	if (fd < 0 || ftruncate(fd, 1) || unlinkat(dir, name, 0))
		return 2;
	if (open("/etc/passwd", O_RDONLY) >= 0 || errno != EACCES)
		return 3;
	if (open("/tmp", O_RDONLY) >= 0 || errno != EACCES)
		return 4;
	return 0;
}

static void no_path_but_one_is_left(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	if (landlock_version() < 0)
		skip();
	pid = fork();
	if (!pid)
		_exit(try_paths());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_capture_does_only_what_it_must),
		cmocka_unit_test(strict_ends_it),
		cmocka_unit_test(off_gives_no_privilege_again),
		cmocka_unit_test(no_path_but_one_is_left),
		cmocka_unit_test(what_no_capture_needs_is_refused),
		cmocka_unit_test(what_a_capture_needs_still_works),
		cmocka_unit_test(no_core_and_no_new_privileges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
