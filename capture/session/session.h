/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One capture from start to end: owns the parts and the event loop.
 *
 *   source -> hold -> owners (who?) -> output
 */
#ifndef PKTWHO_SESSION_SESSION_H
#define PKTWHO_SESSION_SESSION_H

#include "options.h"

struct session;
struct child;

/*
 * Opens everything; nothing is left behind on failure.  0, -EPIPE when a
 * pipe's reader has gone already, or -errno (logged).
 * @o and @command are borrowed; @command is NULL without "-- COMMAND".
 */
int session_open(struct session **out, const struct options *o,
		 struct child *command);

/*
 * Captures until a limit, a signal, the command's end or a failure.  0, or a
 * capture's -errno (logged); the file's is session_close()'s to tell.
 */
int session_run(struct session *s);

/* Closes the file.  0, or the writer's last error (logged). */
int session_close(struct session *s);

#endif
