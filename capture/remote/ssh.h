/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The user's own ssh, with their keys, agent and configuration. */
#ifndef PKTWHO_REMOTE_SSH_H
#define PKTWHO_REMOTE_SSH_H

#include "host/child.h"
#include "options.h"

struct ssh {
	struct child child;
	pid_t signaller;
	/* Our ends of its standard files; whoever starts it closes them. */
	int in;
	int out;
	int err;
};

/*
 * Starts it as the caller, with all their rights: it may need another program
 * of more.  Passwords and passphrases are its business, ^C is ours.  A process
 * of the caller's stays that may signal it, when we may not any more.  0 or
 * -errno; @child.pid is 0 then.
 */
int ssh_start(struct ssh *s, const struct options *o, const char *command);

/* Not once it was waited for. */
void ssh_signal(struct ssh *s, int signal);

/*
 * Its exit status, or the number of the signal that ended it.  Who could not be
 * told of one (@child.missed) is left to itself.
 */
int ssh_wait(struct ssh *s);

#endif
