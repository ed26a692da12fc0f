/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Capture on another machine: the user's own ssh, with their keys, agent and
 * configuration, runs pktwho there, and what that writes is copied here.  The
 * SSH connection itself is left out of the capture, by its two ends.
 */
#ifndef PKTWHO_REMOTE_REMOTE_H
#define PKTWHO_REMOTE_REMOTE_H

#include "options.h"

/*
 * Captures until the other side ends, a signal, or the reader of a pipe is
 * gone.  0 or -errno (logged).
 */
int remote_capture(const struct options *o);

#endif
