/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What curses says to the terminal, as far as the terminal takes it at once:
 * one that is stopped by ^S, or at the other end of a link that stalls, must
 * not stop the capture.  Curses writes into memory meanwhile.
 */
#ifndef PKTWHO_VIEW_SCREEN_OUTLET_H
#define PKTWHO_VIEW_SCREEN_OUTLET_H

#include <stdbool.h>
#include <stddef.h>

struct outlet {
	int curses;   /* the terminal, where curses writes and asks */
	int blocking; /* the same */
	int terminal; /* and not waiting; -1: nothing is kept */
	int memory;   /* what waits */
	long sent;    /* of that */
};

/*
 * Of the terminal that @fd is.  Where it cannot be opened once more, as that of
 * another user, it is written to as ever.  0 or -errno.
 */
int outlet_open(struct outlet *o, int fd);
void outlet_close(struct outlet *o);

/* Between these two calls what is written to @o->curses is kept. */
void outlet_catch(struct outlet *o);
void outlet_release(struct outlet *o);

void outlet_add(struct outlet *o, const char *bytes, size_t n);

/* True if the terminal has had all of it, within that time. */
bool outlet_flush(struct outlet *o, int timeout_ms);

/* What it has not taken by now it never gets. */
void outlet_drop(struct outlet *o);

#endif
