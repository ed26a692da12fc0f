/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What ends a capture from outside, as something to be polled. */
#ifndef PKTWHO_HOST_SIGNALS_H
#define PKTWHO_HOST_SIGNALS_H

#include <stdbool.h>

/* Ignores what tells of a lost reader or too large a file: write() does. */
void signals_ignore(void);

/*
 * Blocks SIGINT, SIGTERM and, unless nohup(1) ignores it for us, SIGHUP.  A
 * signalfd(2) for them, @with_questions also for SIGUSR1, SIGUSR2 and SIGRTMIN,
 * which does not block, or -errno.
 */
int signals_open(bool with_questions);

/* Whoever started us ends us by closing it: reads what is there. */
bool signals_stdin_ended(void);

/* A child's: all as they were. */
void signals_restore(void);

#endif
