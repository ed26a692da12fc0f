/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who puts the terminal back when we cannot: a process that does nothing but
 * wait for our end.  Killed outright, we would leave a terminal without echo
 * on its other screen.
 */
#ifndef PKTWHO_VIEW_SCREEN_KEEPER_H
#define PKTWHO_VIEW_SCREEN_KEEPER_H

#include <sys/types.h>
#include <termios.h>

struct keeper {
	pid_t pid; /* 0: there is none */
	int fd;
};

/*
 * To be called after curses has begun; @before is from before that.  Without
 * a process to be had there is none: nothing is lost but this.
 */
void keeper_start(struct keeper *k, int terminal, const struct termios *before);

/* The terminal is as it was: nothing is left to be done. */
void keeper_stop(struct keeper *k);

#endif
