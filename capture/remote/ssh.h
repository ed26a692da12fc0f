/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The user's own ssh, with their keys, agent and configuration. */
#ifndef PKTWHO_REMOTE_SSH_H
#define PKTWHO_REMOTE_SSH_H

#include "options.h"

/*
 * Becomes ssh, with these as its standard files.  Passwords and passphrases
 * are its business, ^C is ours.
 */
_Noreturn void ssh_run(const struct options *o, const char *command,
		       const int fds[3]);

#endif
