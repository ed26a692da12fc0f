/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What ends a capture from outside, as something to be polled. */
#ifndef PKTWHO_SIGNALS_H
#define PKTWHO_SIGNALS_H

#include <stdbool.h>

/*
 * Blocks SIGINT, SIGTERM and SIGHUP, and ignores those that tell of a lost
 * reader and of a file that grew too large: the writer does.  A signalfd(2)
 * for the three, which does not block, or -errno.
 */
int signals_open(void);

/* Whoever started us ends us by closing it: reads what is there. */
bool signals_stdin_ended(void);

/* A child's: all as they were. */
void signals_restore(void);

#endif
