/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * "-- COMMAND": a child that waits until the capture runs, then becomes the
 * user who called sudo, and the command.
 *
 * It is forked before anything is opened, so that no capture socket, map or
 * file of ours reaches it.
 */
#ifndef PKTWHO_HOST_CHILD_H
#define PKTWHO_HOST_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

struct child {
	pid_t pid;
	int go_fd;     /* closing it unwritten makes the child end */
	int pid_fd;    /* readable when it ended */
	int signal_fd; /* to who does, as we may not; -1: we may */
	int missed;    /* a signal that it could not be told of, or 0 */
	const char *name;
};

enum child_words {
	CHILD_SPEAKS,
	CHILD_LEAVES_STDOUT,  /* to the capture; its output joins its errors */
	CHILD_LEAVES_TERMINAL /* to a screen: it neither reads nor writes */
};

/* Strings are borrowed.  0 or -errno (logged). */
int child_fork(struct child *c, char **argv, enum child_words words);

/* Lets it run. */
void child_go(struct child *c);

/*
 * In a child that executes a program of the caller's: signals as they were, no
 * privilege, the environment, and with sudo its caller.  Ends it (logged) if
 * that is refused.
 */
void child_become_caller(void);

/* Not yet ended. */
bool child_runs(const struct child *c);

/* A signal came to us that it should have, too; a terminal's ^C it has had. */
void child_signal(struct child *c, int signal);

/*
 * For who may do it, and does for the other end of @fd, a socket, whose
 * @signal_fd that is: until it is closed.
 */
void child_pass_signals(int fd, pid_t pid);

/*
 * Another kind, which goes on with our program: what it writes and says comes
 * through two pipes.  0 or -errno (logged); in the child @pid is 0.
 */
struct child_pipes {
	pid_t pid;
	int out;
	int err;
};

int child_fork_pipes(struct child_pipes *p);

/* From that pipe to our own errors: bytes, 0 at the end, or -errno. */
ssize_t child_pass_on(int fd);

/* The exit status a shell would report; closes @err. */
int child_wait_pipes(struct child_pipes *p);

/*
 * In a child that need not finish: what ends our parent ends us, also if we
 * are stopped, but for a root's child whose parent has become nobody.  Whoever
 * becomes another user afterwards lives on.
 */
void child_ends_with_parent(void);

/*
 * Waits for the end of a helper, which somebody may have stopped, and no longer
 * than that.
 */
bool child_reap(pid_t pid, int *status, int ms);

/*
 * Waits for its end, or for a signal to us: then it is left alone, as is one
 * that missed such a signal.  The exit
 * status a shell would report (128 + signal).  Closes what is open.
 */
int child_wait(struct child *c);

#endif
