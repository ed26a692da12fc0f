/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "host/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/privilege/sudo_user.h"
#include "host/log.h"
#include "host/privilege/privilege.h"
#include "host/signals.h"
#include "host/watch.h"

void child_ends_with_parent(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}

bool child_reap(pid_t pid, int *status, int ms)
{
	for (; waitpid(pid, status, WNOHANG) != pid; ms -= 5) {
		if (ms <= 0)
			return false;
		watch_wait(NULL, 0, 5);
	}
	return true;
}

static void set_words(enum child_words words)
{
	int null;

	if (words == CHILD_LEAVES_STDOUT)
		dup2(STDERR_FILENO, STDOUT_FILENO);
	if (words != CHILD_LEAVES_TERMINAL)
		return;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (isatty(fd))
			dup2(null, fd);
}

void child_become_caller(void)
{
	int err;

	signals_restore();
	privilege_drop();
	privilege_restore_environment();
	err = sudo_user_become();
	if (err) {
		log_error("cannot become the user who called sudo: %s",
			  strerror(-err));
		_exit(126);
	}
}

static _Noreturn void wait_and_become(char **argv, enum child_words words,
				      int go_fd)
{
	char go;

	if (read(go_fd, &go, 1) != 1)
		_exit(0); /* the capture did not start */
	set_words(words);
	child_become_caller();
	execvp(argv[0], argv);
	log_error("cannot run %s: %s", argv[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

int child_fork(struct child *c, char **argv, enum child_words words)
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
		wait_and_become(argv, words, fds[0]);
	}
	err = -errno;
	close(fds[0]);
	c->go_fd = fds[1];
	c->pid_fd = -1;
	c->signal_fd = -1;
	c->missed = 0;
	if (c->pid < 0) {
		close(c->go_fd);
		log_error("cannot start %s: %s", argv[0], strerror(-err));
		return err;
	}
	c->pid_fd = (int)syscall(SYS_pidfd_open, c->pid, 0);
	return 0;
}

int child_fork_pipes(struct child_pipes *p)
{
	int out[2], err[2], failure;

	if (pipe2(out, O_CLOEXEC))
		return -errno;
	if (pipe2(err, O_CLOEXEC)) {
		close(out[0]);
		close(out[1]);
		return -errno;
	}
	p->pid = fork();
	failure = errno;
	if (!p->pid) {
		dup2(out[1], STDOUT_FILENO);
		dup2(err[1], STDERR_FILENO);
		close(out[0]);
		close(err[0]);
	}
	close(out[1]);
	close(err[1]);
	p->out = out[0];
	p->err = err[0];
	if (p->pid < 0) {
		close(out[0]);
		close(err[0]);
		log_error("cannot start another process: %s",
			  strerror(failure));
		return -failure;
	}
	return 0;
}

ssize_t child_pass_on(int fd)
{
	char bytes[4096];
	ssize_t n = read(fd, bytes, sizeof(bytes) - 1);

	if (n > 0) {
		bytes[n] = '\0';
		log_pass_on(bytes);
	}
	return n;
}

int child_wait_pipes(struct child_pipes *p)
{
	int status;

	close(p->err);
	if (waitpid(p->pid, &status, 0) < 0)
		return 1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void child_go(struct child *c)
{
	/* A child that is gone already shows at its pid_fd. */
	if (write(c->go_fd, "", 1) != 1)
		log_debug("%s is gone", c->name);
	close(c->go_fd);
	c->go_fd = -1;
}

bool child_runs(const struct child *c)
{
	struct watch end = { .fd = c->pid_fd, .events = POLLIN };

	return c->pid_fd >= 0 && !watch_wait(&end, 1, 0);
}

/* It may be the last thing that we do: what came of it is waited for. */
static bool let_signal(const struct child *c, int signal)
{
	unsigned char number = (unsigned char)signal;

	return write(c->signal_fd, &number, 1) == 1 &&
	       read(c->signal_fd, &number, 1) == 1;
}

void child_pass_signals(int fd, pid_t pid)
{
	unsigned char number;

	while (read(fd, &number, 1) == 1) {
		kill(pid, number);
		if (write(fd, &number, 1) != 1)
			break;
	}
}

void child_signal(struct child *c, int signal)
{
	if (signal == SIGINT)
		return;
	if (c->signal_fd < 0) {
		kill(c->pid, signal);
	} else if (!let_signal(c, signal)) {
		log_warn("%s cannot be told of signal %d", c->name, signal);
		c->missed = signal;
	}
}

/* The number of the signal that ended the wait, or 0. */
static int wait_for_end(const struct child *c)
{
	struct watch end[] = { { .fd = c->pid_fd, .events = POLLIN },
			       { .fd = signals_open(false),
				 .events = POLLIN } };
	struct signalfd_siginfo info;
	int signal = 0;

	if (watch_wait(end, 2, -1) > 0 && !end[0].ready &&
	    read(end[1].fd, &info, sizeof(info)) == sizeof(info))
		signal = (int)info.ssi_signo;
	if (end[1].fd >= 0)
		close(end[1].fd);
	return signal;
}

int child_wait(struct child *c)
{
	int status = 0, signal = 0;

	if (c->go_fd >= 0)
		close(c->go_fd);
	if (c->pid_fd >= 0) {
		signal = c->missed ? 0 : wait_for_end(c);
		close(c->pid_fd);
	}
	if (signal)
		child_signal(c, signal);
	signal = signal ? signal : c->missed;
	if (c->signal_fd >= 0)
		close(c->signal_fd);
	if (signal)
		return 128 + signal;
	while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
				     WEXITSTATUS(status);
}
