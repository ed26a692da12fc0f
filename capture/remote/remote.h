/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Capture on another machine: the user's own ssh, with their keys, agent and
 * configuration, runs pktwho there, and what that writes is copied here.  The
 * SSH connection itself is left out of the capture, by its two ends.
 */
#ifndef PKTWHO_REMOTE_REMOTE_H
#define PKTWHO_REMOTE_REMOTE_H

#include <stddef.h>

#include "options.h"

/*
 * Captures until the other side ends, a signal, or the reader of a pipe is
 * gone.  0 or -errno (logged).
 */
int remote_capture(const struct options *o);

/*
 * The command for the shell there, without a copy of the program.  0 or
 * -ENOSPC.
 */
int remote_command(const struct options *o, char *out, size_t size);

/*
 * The capture filter for @filter, which may be NULL, without the connection
 * @exclude, "ADDRESS PORT ADDRESS PORT" as sshd(8) puts it into
 * SSH_CONNECTION; empty or "UNKNOWN ..." are one that is not of TCP.  The
 * caller frees it.  NULL if that is no connection.
 */
char *remote_exclude(const char *filter, const char *exclude);

#endif
