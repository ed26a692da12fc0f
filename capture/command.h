/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * "-- COMMAND": a child that waits until the capture runs, then becomes the
 * user who called sudo, and the command.
 *
 * It is forked before anything is opened, so that no capture socket, map or
 * file of ours reaches it.
 */
#ifndef PKTWHO_COMMAND_H
#define PKTWHO_COMMAND_H

#include <stdbool.h>
#include <sys/types.h>

struct command {
	pid_t pid;
	int go_fd;		/* closing it unwritten makes the child end */
	int pid_fd;		/* readable when it ended */
	const char *name;
};

/* Strings are borrowed.  0 or -errno (logged). */
int command_fork(struct command *c, char **argv);

/* Lets it run. */
void command_go(struct command *c);

/*
 * Waits for its end; the exit status a shell would report (128 + signal).
 * Closes what is open.
 */
int command_wait(struct command *c);

#endif
