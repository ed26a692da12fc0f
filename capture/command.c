/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "caller.h"
#include "log.h"
#include "signals.h"

static _Noreturn void child(char **argv, int go_fd)
{
	char go;
	int err;

	if (read(go_fd, &go, 1) != 1)
		_exit(0);	/* the capture did not start */
	signals_restore();
	err = caller_become();
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
