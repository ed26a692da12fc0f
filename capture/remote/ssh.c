/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "remote/ssh.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bytes.h"
#include "host/log.h"
#include "host/privilege/privilege.h"
#include "host/privilege/sandbox.h"

#define PATIENCE_S 2 /* for whom somebody may have stopped */

/* ---- its process ---- */

static _Noreturn void be_ssh(const struct options *o, const char *command,
			     const int fds[3])
{
	const char *argv[12];
	char port[8];
	int n = 0;

	for (int i = 0; i < 3; i++)
		dup2(fds[i], i);
	child_become_caller();
	signal(SIGINT, SIG_IGN);
	argv[n++] = "ssh";
	argv[n++] = "-T";
	if (o->log_level < LOG_INFO) {
		/* No banner, and no word of a new host key. */
		argv[n++] = "-o";
		argv[n++] = "LogLevel=ERROR";
	}
	if (o->remote.port) {
		snprintf(port, sizeof(port), "%d", o->remote.port);
		argv[n++] = "-p";
		argv[n++] = port;
	}
	argv[n++] = "--";
	argv[n++] = o->remote.host;
	argv[n++] = command;
	argv[n] = NULL;
	execvp("ssh", bytes_unconst(argv));
	dprintf(2, "cannot run ssh: %s\n", strerror(errno));
	_exit(127);
}

/* ---- who may signal it ---- */

/* It holds none of our files, or their other ends would never see them go. */
static _Noreturn void be_signaller(int fd, pid_t ssh)
{
	dup2(fd, STDIN_FILENO);
	close(STDOUT_FILENO);
	close_range(STDERR_FILENO + 1, ~0u, 0);
	if (privilege_become_reader())
		_exit(1);
	privilege_keep_nothing();
	child_ends_with_parent();
	sandbox_enter();
	child_pass_signals(STDIN_FILENO, ssh);
	_exit(0);
}

static int start_signaller(struct ssh *s)
{
	const struct timeval patience = { .tv_sec = PATIENCE_S };
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
		return -errno;
	s->signaller = fork();
	if (!s->signaller)
		be_signaller(fds[1], s->child.pid);
	close(fds[1]);
	s->child.signal_fd = fds[0];
	setsockopt(fds[0], SOL_SOCKET, SO_RCVTIMEO, &patience,
		   sizeof(patience));
	return s->signaller < 0 ? -errno : 0;
}

/* ---- the parent ---- */

/* Both ends are -1 where there is no pipe. */
static int open_pipes(int pipes[3][2])
{
	for (int i = 0; i < 3; i++)
		pipes[i][0] = pipes[i][1] = -1;
	for (int i = 0; i < 3; i++)
		if (pipe2(pipes[i], O_CLOEXEC))
			return -errno;
	return 0;
}

int ssh_start(struct ssh *s, const struct options *o, const char *command)
{
	int pipes[3][2], err = open_pipes(pipes);

	s->child = (struct child){
		.go_fd = -1, .pid_fd = -1, .signal_fd = -1, .name = "ssh"
	};
	s->child.pid = err ? -1 : fork();
	if (!s->child.pid)
		be_ssh(o, command,
		       (int[]){ pipes[0][0], pipes[1][1], pipes[2][1] });
	if (s->child.pid < 0 && !err)
		err = -errno;
	s->in = pipes[0][1];
	s->out = pipes[1][0];
	s->err = pipes[2][0];
	for (int i = 0; i < 3; i++)
		if (pipes[i][i > 0] >= 0)
			close(pipes[i][i > 0]);
	if (err) {
		s->child.pid = 0;
		return err;
	}
	fcntl(s->in, F_SETFL, O_NONBLOCK);
	fcntl(s->out, F_SETFL, O_NONBLOCK);
	s->child.pid_fd = (int)syscall(SYS_pidfd_open, s->child.pid, 0);
	err = start_signaller(s);
	if (err) {
		kill(s->child.pid, SIGKILL);
		ssh_wait(s);
	}
	return err;
}

void ssh_signal(struct ssh *s, int signal)
{
	if (s->child.pid)
		child_signal(&s->child, signal);
}

int ssh_wait(struct ssh *s)
{
	int status = 0, how = s->child.missed ? WNOHANG : 0;

	while (waitpid(s->child.pid, &status, how) < 0 && errno == EINTR)
		;
	s->child.pid = 0;
	close(s->child.pid_fd);
	close(s->child.signal_fd);
	if (s->signaller > 0)
		child_reap(s->signaller, NULL, PATIENCE_S * 1000);
	return WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
}
