/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The signals that end a capture, as something to be polled. */
#ifndef PKTWHO_SIGNALS_H
#define PKTWHO_SIGNALS_H

/*
 * Blocks SIGINT, SIGTERM and SIGHUP, and ignores those that tell of a lost
 * reader and of a file that grew too large: the writer does.  A signalfd(2)
 * for the three, which does not block, or -errno.
 */
int signals_open(void);

/* A child's: all as they were. */
void signals_restore(void);

#endif
