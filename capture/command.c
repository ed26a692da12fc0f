/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log.h"

static bool parse_id(const char *name, unsigned long *id)
{
	const char *s = getenv(name);
	char *end;

	if (!s || !*s)
		return false;
	*id = strtoul(s, &end, 10);
	return !*end;
}

/* Becomes the user behind sudo, groups and home included. */
static int become_caller(void)
{
	unsigned long uid, gid;
	struct passwd *pw;

	if (geteuid() || !parse_id("SUDO_UID", &uid) ||
	    !parse_id("SUDO_GID", &gid))
		return 0;
	pw = getpwuid((uid_t)uid);
	if (pw ? initgroups(pw->pw_name, (gid_t)gid) : setgroups(0, NULL))
		return -errno;
	if (setgid((gid_t)gid) || setuid((uid_t)uid))
		return -errno;
	if (pw) {
		setenv("HOME", pw->pw_dir, 1);
		setenv("USER", pw->pw_name, 1);
		setenv("LOGNAME", pw->pw_name, 1);
	}
	return 0;
}

static _Noreturn void child(char **argv, int go_fd)
{
	sigset_t none;
	char go;
	int err;

	if (read(go_fd, &go, 1) != 1)
		_exit(0);	/* the capture did not start */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	err = become_caller();
	if (err) {
		log_error("cannot become the user who called sudo: %s",
			  strerror(-err));
		_exit(126);
	}
	execvp(argv[0], argv);
	log_error("cannot run %s: %s", argv[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

int command_fork(struct command *c, char **argv)
{
	int fds[2], err;

	if (pipe2(fds, O_CLOEXEC)) {
		err = -errno;
		log_error("cannot start %s: %s", argv[0], strerror(-err));
		return err;
	}
	c->name = argv[0];
	c->pid = fork();
	if (!c->pid) {
		close(fds[1]);
		child(argv, fds[0]);
	}
	err = -errno;
	close(fds[0]);
	c->go_fd = fds[1];
	c->pid_fd = -1;
	if (c->pid < 0) {
		close(c->go_fd);
		log_error("cannot start %s: %s", argv[0], strerror(-err));
		return err;
	}
	c->pid_fd = (int)syscall(SYS_pidfd_open, c->pid, 0);
	return 0;
}

void command_go(struct command *c)
{
	/* A child that is gone already shows at its pid_fd. */
	if (write(c->go_fd, "", 1) != 1)
		log_debug("%s is gone", c->name);
	close(c->go_fd);
	c->go_fd = -1;
}

int command_wait(struct command *c)
{
	int status = 0;

	if (c->go_fd >= 0)
		close(c->go_fd);
	while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (c->pid_fd >= 0)
		close(c->pid_fd);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
				     WEXITSTATUS(status);
}
